"""Metrics: sound, counted from what happened, read from what is, open to whom they should be; and free of people."""

import asyncio
import json
import logging
import shutil
from pathlib import Path
from platform import python_version

import asyncpg
import pytest
import structlog
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from service.api.pages.serving import add_pages, metrics_route
from service.api.routes import ROUTES
from service.clock import FakeClock
from tests.api.booking import booked, changed, person
from tests.api.checked import Checked, at
from tests.api.story import a_morning
from tests.service import NOON_AT, Service, service_on

Sample = tuple[str, frozenset[tuple[str, str]]]

PERSON = {"name": "Zhang Unmistakable", "phone": "13955512345", "email": "unmistakable@example.org", "locale": "zh-CN"}


async def scrape(api: Checked) -> dict[Sample, float]:
    """All samples, by name and labels."""
    text = (await api.call("GET", "/metrics")).body.decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def sample(name: str, **labels: str) -> Sample:
    return name, frozenset((label.rstrip("_"), value) for label, value in labels.items())


async def test_the_text_is_prometheus_format_to_promtools_satisfaction(hall: Checked) -> None:
    await a_morning(hall)
    reply = await hall.call("GET", "/metrics")
    promtool = shutil.which("promtool")
    assert promtool is not None, "promtool is part of Prometheus' system package"

    process = await asyncio.create_subprocess_exec(
        promtool,
        "check",
        "metrics",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(reply.body)

    assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert (process.returncode, said.decode()) == (0, "")


async def test_what_happens_is_counted(hall: Checked, now: FakeClock) -> None:
    await hall.open("1")
    first, second, third = [await hall.take("enquiry", channel="qr") for _ in range(3)]
    now.advance(120)
    await hall.next("1")
    await hall.done(first, "start")
    now.advance(60)
    await hall.next("1", "done")
    await hall.done(second, "no-show")
    await hall.call("DELETE", f"tickets/{third['id']}", token=third["token"])

    found = await scrape(hall)

    kind = {"hall": hall.hall, "service": "enquiry", "class_": "walk_in"}
    assert found[sample("paihao_tickets_issued_total", **kind, channel="qr")] == 3
    assert found[sample("paihao_tickets_called_total", **kind, rule="credit")] == 2
    assert found[sample("paihao_tickets_finished_total", **kind, outcome="done")] == 1
    assert found[sample("paihao_tickets_no_show_total", **kind)] == 1
    assert found[sample("paihao_tickets_left_total", **kind, reason="self")] == 1
    assert found[sample("paihao_wait_seconds_sum", **kind)] == 120 + 180
    assert found[sample("paihao_service_seconds_sum", **kind)] == 60
    assert found[sample("paihao_build_info", version="0.2.0", python=python_version())] == 1


async def test_appointments_are_counted_once_in_each_state(hall: Checked, house: Service, now: FakeClock) -> None:
    held, over = [await booked(hall, at("15:00"), hold=True) for _ in range(2)]
    await changed(hall, held, {"state": "booked", "applicant": person()})
    moved, gone, missed = [await booked(hall, at("15:00")) for _ in range(3)]
    await changed(hall, moved, {"starts_at": "2026-11-24T02:00:00Z"})
    await changed(hall, moved, {"starts_at": "2026-11-24T03:00:00Z", "count": 2})
    await hall.staff("DELETE", f"appointments/{gone['id']}")
    now.put(at("14:30"))
    await hall.call("POST", "check-ins", {"code": held["code"]})
    now.put(at("15:30"))
    await house.running.jobs.sweep_appointments()

    found = await scrape(hall)

    counted = {
        state: found.get(sample("paihao_appointments_total", hall=hall.hall, service="enquiry", state=state), 0)
        for state in ("held", "booked", "checked_in", "cancelled", "expired", "missed")
    }
    assert counted == {"held": 2, "booked": 4, "checked_in": 1, "cancelled": 1, "expired": 1, "missed": 1}
    assert over["state"] == "held"
    assert missed["state"] == "booked"


async def test_what_is_now_is_read_from_the_day(hall: Checked) -> None:
    await hall.open("1", "2")
    for _ in range(3):
        await hall.take("enquiry")
    called = await hall.next("1")
    assert called is not None
    await hall.next("2")
    await hall.done(called, "start")
    await hall.staff("POST", "counters/2/pause", {"release": True})

    found = await scrape(hall)

    here = {"hall": hall.hall}
    assert found[sample("paihao_tickets_waiting", **here, service="enquiry", class_="walk_in")] == 2
    assert found[sample("paihao_tickets_at_counter", **here, service="enquiry", state="serving")] == 1
    assert found[sample("paihao_tickets_at_counter", **here, service="enquiry", state="called")] == 0
    assert [found[sample("paihao_counters", **here, state=state)] for state in ("open", "paused", "closed")] == [
        1,
        1,
        4,
    ]


async def test_nothing_is_counted_twice_when_it_is_repeated(hall: Checked) -> None:
    story = await a_morning(hall)
    before = {key: value for key, value in (await scrape(hall)).items() if ("hall", hall.hall) in key[1]}

    await story.again(hall)

    after = {key: value for key, value in (await scrape(hall)).items() if ("hall", hall.hall) in key[1]}
    assert after == before
    assert len(before) > 10


async def test_requests_are_counted_by_route_template_only(hall: Checked) -> None:
    ticket = await hall.take("enquiry")
    for path in (f"tickets/{ticket['id']}", "board?zone=main", "/nowhere/at-all", "/display/screen.js", "/docs"):
        await hall.staff("GET", path)
    await hall.call("PROPFIND", "board")

    found = await scrape(hall)

    labels = [dict(of) for name, of in found if name == "paihao_http_request_seconds_count"]
    pages = web.Application()
    add_pages(pages)
    templates = {metrics_route(resource.canonical) for resource in pages.router.resources()}
    assert {"/display", "/packed", "/pages"} <= templates, "the files of a folder are one"
    known = {*(route.path for route in ROUTES), *templates, "/openapi.json", "none"}
    assert {label["route"] for label in labels} <= known
    assert {label["method"] for label in labels} <= {
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "OPTIONS",
        "other",
    }
    route = "/v1/halls/{hall}/tickets/{ticket}"
    assert {"method": "GET", "route": route, "status": "200"} in labels


async def test_metrics_and_the_detail_of_readiness_need_a_token_where_the_setting_says_so(
    dsn: str, tmp_path: Path
) -> None:
    async with (
        service_on(dsn, tmp_path, FakeClock(NOON_AT), metrics_open=False) as closed,
        Checked(closed.api.base) as api,
    ):
        refused = [await api.call("GET", "/metrics"), await api.call("GET", "/metrics", token="x")]
        given = await api.staff("GET", "/metrics")
        bare = [await api.call("GET", "/readyz"), await api.call("GET", "/readyz", token="x")]
        detail = await api.staff("GET", "/readyz")
        alive = await api.call("GET", "/healthz")

    assert [(reply.status, reply.code) for reply in refused] == [(401, "token-missing"), (401, "token-invalid")]
    assert (given.status, alive.status, alive.body) == (200, 200, {"status": "ok"})
    assert [(reply.status, reply.body.get("checks")) for reply in bare] == [(200, None), (200, None)]
    assert detail.body["status"] == "ready"
    assert set(detail.body["checks"].values()) == {"ok"}


async def test_metrics_are_open_where_the_setting_says_so(hall: Checked) -> None:
    assert (await hall.call("GET", "/metrics")).status == 200
    assert (await hall.call("GET", "/readyz")).body["checks"]


async def test_a_person_is_in_one_table_and_nowhere_else(
    service: Service, own: Checked, dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as lines:
        ticket = await own.take("enquiry", applicant=PERSON)
        await own.call("POST", "tickets", {"service": "no-such", "applicant": PERSON})
        await own.call("POST", "tickets", {"service": "enquiry", "applicant": {**PERSON, "age": 1}})
        await own.open("1")
        await own.next("1")
        await own.done(ticket, "finish", {"outcome": "done"})
        shown = [
            await own.call("GET", "board"),
            await own.call("GET", "/v1/halls"),
            await own.staff("GET", "queue"),
            await own.staff("GET", f"tickets/{ticket['id']}"),
            await own.staff("GET", f"tickets/{ticket['id']}/history"),
            await own.call("GET", "/metrics"),
        ]
    connection = await asyncpg.connect(dsn)
    try:
        sums = ("day_sums", "day_sum_changes")
        tables = ("halls", "hall_days", *sums, "events", "tickets", "appointments", "applicants")
        rows = {name: str(await connection.fetch(f"SELECT * FROM {name}")) for name in tables}  # noqa: S608  (names above)
    finally:
        await connection.close()

    said = json.dumps([str(reply.body) for reply in shown] + [str(lines), caplog.text], ensure_ascii=False)
    assert service.running.lanes.in_use()[0].tickets
    for value in (PERSON["name"], PERSON["phone"], PERSON["email"]):
        assert value not in said
        assert [name for name, text in rows.items() if value in text] == ["applicants"]
