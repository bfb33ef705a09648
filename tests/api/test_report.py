"""The report of a hall: of days lived by hand, of many of them at once, and for those who may read it."""

from datetime import date
from typing import Any

import pytest
from structlog.testing import capture_logs

from service.clock import FakeClock
from tests.api.booking import booked
from tests.api.checked import Checked, at
from tests.api.staff import employed
from tests.service import Service


async def report(hall: Checked, query: str = "") -> dict[str, Any]:
    reply = await hall.staff("GET", f"report{query}")
    assert reply.status == 200, reply.body
    found: dict[str, Any] = reply.body
    return found


async def a_visit(hall: Checked, now: FakeClock, waits_s: int, lasts_s: int) -> None:
    """Somebody comes, waits, and is served at counter 1."""
    await hall.take("enquiry")
    now.advance(waits_s)
    ticket = await hall.next("1")
    assert ticket is not None
    await hall.done(ticket, "start")
    now.advance(lasts_s)
    await hall.done(ticket, "finish", {"outcome": "done"})


async def test_the_present_day_is_reported_as_it_was_lived(hall: Checked, now: FakeClock) -> None:
    await hall.open("1")
    await a_visit(hall, now, 60, 120)
    await a_visit(hall, now, 180, 240)
    left = await hall.take("enquiry", count=2)
    await hall.call("DELETE", f"tickets/{left['id']}", token=left["token"])
    await hall.call("POST", "tickets", {"service": "loan-renewal"})
    await hall.take("loan-first")

    found = await report(hall)

    (day,) = found["items"]
    assert (found["from_on"], found["to_on"], day["day"]) == ("2026-11-23", "2026-11-23", "2026-11-23")
    assert day["seq"] == await hall.seq()
    assert day["visits"] == {
        "issued": 4,
        "people": 5,
        "served": 2,
        "no_show": 0,
        "left": {"self": 1, "unserved": 0, "booked": 0},
        "open": 1,
    }
    assert day["waits"] == {"number": 2, "mean_s": 120, "p50_s": 60, "p90_s": 180, "max_s": 180}
    assert day["lasted"] == {"number": 2, "mean_s": 180, "p50_s": 120, "p90_s": 240, "max_s": 240}
    assert day["outcomes"] == {"done": 2, "conditional": 0, "referred": 0}
    assert [(one["counter"], one["open_s"], one["serving_s"]) for one in day["counters"]] == [("1", 600, 360)]
    enquiry = next(one for one in day["services"] if one["service"] == "enquiry")
    assert enquiry["waits"]["walk_in"]["p90_s"] == 180
    assert (found["total"]["visits"], found["total"]["days"]) == (day["visits"], 1)


async def test_what_is_asked_again_has_gone_on_with_the_day(hall: Checked, now: FakeClock) -> None:
    await hall.open("1")
    assert (await report(hall))["total"]["visits"]["issued"] == 0

    await a_visit(hall, now, 60, 120)

    assert (await report(hall))["total"]["visits"]["served"] == 1


async def test_a_day_that_has_ended_is_kept_as_a_row_and_reported_as_before(
    own: Checked, service: Service, clock: FakeClock
) -> None:
    await own.open("1")
    await a_visit(own, clock, 60, 120)
    booking = await booked(own)
    today = await report(own, "?day=2026-11-23")
    clock.put(at("00:30", 24))
    await service.running.jobs.end_days()

    first = await report(own, "?day=2026-11-23")
    rows = await service.running.database.fetch("SELECT day FROM day_figures")
    again = await report(own, "?from=2026-11-23&to=2026-11-24")

    assert [row["day"].isoformat() for row in rows] == ["2026-11-23"]
    assert first["items"][0]["visits"] == today["items"][0]["visits"]
    assert first["items"][0]["waits"] == today["items"][0]["waits"]
    assert again["items"][0] == first["items"][0]
    assert booking["id"] not in str(again)


async def test_the_night_keeps_the_figures_before_anybody_asks(
    own: Checked, service: Service, clock: FakeClock
) -> None:
    await own.take("enquiry")
    clock.put(at("00:30", 24))
    await service.running.jobs.end_days()

    await service.running.reports.archive_ended()
    await service.running.reports.archive_ended()

    rows = await service.running.database.fetch("SELECT day, seq FROM day_figures")
    assert len(rows) == 1


async def test_a_day_that_a_newer_release_has_written_in_keeps_no_other_from_its_figures(
    own: Checked, service: Service, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.reports.day_reports.DAYS_PER_PASS", 1)
    for day in (23, 24):
        clock.put(at("10:00", day))
        await own.take("enquiry")
    clock.put(at("00:30", 25))
    await service.running.jobs.end_days()
    newer = "UPDATE events SET kind = 'ticket_teleported' WHERE day = $1 AND kind = 'ticket_taken' RETURNING seq"
    assert await service.running.database.fetch(newer, date(2026, 11, 24))

    with capture_logs() as logs:
        for _ in range(3):
            await service.running.reports.archive_ended()

    rows = await service.running.database.fetch("SELECT day FROM day_figures")
    assert [row["day"].isoformat() for row in rows] == ["2026-11-23"]
    assert [line["day"] for line in logs if line["event"] == "figures_not_kept"] == ["2026-11-24"]


async def test_appointments_and_what_is_done_online_are_counted(hall: Checked, house: Service, now: FakeClock) -> None:
    booking = await booked(hall, at("11:00"))
    await booked(hall, at("11:05"))
    now.put(at("10:55"))
    checked_in = await hall.call("POST", "check-ins", {"code": booking["code"]})
    assert checked_in.status == 201
    await hall.open("1")
    now.put(at("11:05"))
    await hall.next("1")
    for _ in range(2):
        await hall.call("POST", "tickets", {"service": "loan-renewal"})
    await house.running.sent_online.flush()

    total = (await report(hall))["total"]

    assert total["appointments"] == {
        "booked": 2,
        "checked_in": 1,
        "missed": 0,
        "cancelled": 0,
        "called_in_time": 1,
    }
    assert total["sent_online"] == {"loan-renewal": 2}


async def test_what_is_done_online_is_added_up_over_passes(hall: Checked, house: Service) -> None:
    for _ in range(3):
        await hall.call("POST", "tickets", {"service": "loan-renewal"})
        await house.running.sent_online.flush()

    assert (await report(hall))["total"]["sent_online"] == {"loan-renewal": 3}


async def test_days_that_have_not_begun_are_left_out(hall: Checked) -> None:
    await booked(hall)  # opens tomorrow
    await hall.take("enquiry")

    found = await report(hall, "?from=2026-11-01&to=2026-11-30")

    assert [day["day"] for day in found["items"]] == ["2026-11-23"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("?day=today", "day"),
        ("?day=2026-11-23&to=2026-11-24", "day"),
        ("?from=2026-11-24&to=2026-11-23", "to"),
        ("?from=2026-09-01&to=2026-11-23", "to"),
        ("?from=1&to=2026-11-23", "from"),
    ],
)
async def test_a_period_that_is_none_is_refused(hall: Checked, query: str, path: str) -> None:
    reply = await hall.staff("GET", f"report{query}")

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert [error["path"] for error in reply.body["errors"]] == [path]


async def test_sixty_two_days_are_one_report(hall: Checked) -> None:
    assert len((await report(hall, "?from=2026-09-23&to=2026-11-23"))["items"]) <= 62


async def test_managers_read_it_and_clerks_do_not(hall: Checked) -> None:
    async with employed(hall, "manager") as manager, employed(hall, "staff") as clerk:
        assert (await manager.call("GET", "report")).status == 200
        assert (await clerk.call("GET", "report")).status == 403
    assert (await hall.call("GET", "report")).status == 401


async def test_a_hall_that_does_not_exist_has_no_report(hall: Checked) -> None:
    assert (await hall.staff("GET", "/v1/halls/nowhere/report")).code == "hall-not-found"
