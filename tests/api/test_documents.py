"""The hall document over HTTP: read, replaced under its revision, tried out first; and what that does to the day."""

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from service.clock import FakeClock
from service.domain.hall.demo import demo_document
from service.domain.model import HallId
from tests.api.booking import booked, by_hand
from tests.api.checked import Checked, at, demo
from tests.service import NOON_AT, Reply, Service, service_on


async def put(hall: Checked, match: str | None = '"1"', query: str = "", **fields: Any) -> Reply:  # noqa: ANN401  (any JSON)
    headers = {} if match is None else {"If-Match": match}
    return await hall.staff("PUT", f"document{query}", {**demo(), **fields}, headers=headers)


def etag(reply: Reply) -> str:
    """The header, however its name is written."""
    return next(value for name, value in reply.headers.items() if name.lower() == "etag")


def more_counters() -> list[dict[str, Any]]:
    return [*demo()["counters"], {"id": "6", "zone": "main", "stage": "window", "services": ["enquiry"]}]


def without(service: str) -> dict[str, Any]:
    """The services and counters of a document that no longer has a service."""
    document = demo()
    for counter in document["counters"]:
        counter["services"] = [name for name in counter["services"] if name != service]
    return {
        "services": [one for one in document["services"] if one["id"] != service],
        "counters": [counter for counter in document["counters"] if counter["services"]],
    }


async def test_the_document_comes_with_its_etag(hall: Checked) -> None:
    reply = await hall.staff("GET", "document")

    assert etag(reply) == '"1"'
    assert reply.body == demo()


@pytest.mark.parametrize("known", ['"1"', 'W/"1"', '"7", "1"', "*"])
async def test_a_document_that_is_known_is_not_sent_again(hall: Checked, known: str) -> None:
    same = await hall.staff("GET", "document", headers={"If-None-Match": known})
    await put(hall, languages=["en"])
    other = await hall.staff("GET", "document", headers={"If-None-Match": '"1"'})

    assert (same.status, etag(same), same.body) == (304, '"1"', b"")
    assert (other.status, etag(other), other.body["languages"]) == (200, '"2"', ["en"])


@pytest.mark.parametrize("match", ['"1"', 'W/"1"', "*", '"999", "1"', 'W/"1" , "an older one"'])
async def test_a_document_is_replaced_under_its_revision(hall: Checked, match: str) -> None:
    reply = await put(hall, match, languages=["en"])

    assert (reply.status, etag(reply)) == (200, '"2"')
    assert reply.body["languages"] == ["en"]
    assert etag(await hall.staff("GET", "document")) == '"2"'
    assert (await hall.call("GET", f"/v1/halls/{hall.hall}")).body["languages"] == ["en"]


async def test_without_if_match_nothing_is_replaced(hall: Checked) -> None:
    reply = await put(hall, None, languages=["en"])

    assert (reply.status, reply.code) == (428, "if-match-missing")
    assert (await hall.staff("GET", "document")).body == demo()


@pytest.mark.parametrize("match", ['"1"', '"3"', "2", '"x"', '"1", "3"'])
async def test_a_document_that_changed_meanwhile_is_not_replaced(hall: Checked, match: str) -> None:
    await put(hall, languages=["en"])

    reply = await put(hall, match, languages=["zh-CN"])

    assert (reply.status, reply.code, reply.body["revision"]) == (412, "document-conflict", 2)
    assert (await hall.staff("GET", "document")).body["languages"] == ["en"]


async def test_of_two_that_replace_the_same_revision_at_once_one_wins(hall: Checked) -> None:
    replies = await asyncio.gather(put(hall, languages=["en"]), put(hall, languages=["zh-CN"]))

    assert sorted(reply.status for reply in replies) == [200, 412]
    winner = next(reply for reply in replies if reply.status == 200)
    assert (await hall.staff("GET", "document")).body == winner.body


async def test_a_dry_run_says_what_would_change_and_changes_nothing(hall: Checked) -> None:
    for _ in range(12):
        await hall.take("enquiry")
    counters = demo()["counters"][:1]
    staffing = [{"weekdays": [1], "from": "09:00", "to": "17:30", "counters": 1}]

    before = await hall.seq()

    reply = await put(hall, None, "?dry_run=1", counters=counters, staffing=staffing)

    assert (reply.status, reply.body["revision"], reply.body["seq"]) == (200, 1, before)
    assert reply.body["changed"] == ["counters", "staffing"]
    places = reply.body["places"]
    assert [one["on"] for one in places] == [str(date(2026, 11, 23) + timedelta(days=n)) for n in range(14)]
    assert all(one["before"] > one["after"] > 0 for one in places)
    assert reply.body["over_capacity"] == []
    waits = {change["service"]: change for change in reply.body["waits"]}
    assert waits["enquiry"]["after"]["p50_s"] > waits["enquiry"]["before"]["p50_s"]
    assert etag(await hall.staff("GET", "document")) == '"1"'
    assert await hall.seq() == before


async def test_a_dry_run_names_the_appointments_that_would_be_beyond_capacity(hall: Checked) -> None:
    kept, *over = [await booked(hall, at("10:00", 24)) for _ in range(3)]
    await booked(hall, at("10:00", 25))
    await hall.call("DELETE", f"appointments/{over[1]['id']}", token=over[1]["token"])
    few: dict[str, Any] = {"booking": by_hand(1), "exceptions": [{"on": "2026-11-26", "closed": True}]}

    dry = await put(hall, None, "?dry_run=1", **few)
    same = await put(hall, None, "?dry_run=1")
    real = await put(hall, **few)
    again = await put(hall, '"2"', "?dry_run=1", **few)

    assert dry.body["over_capacity"] == [over[0]["id"]]
    assert same.body["over_capacity"] == again.body["over_capacity"] == []  # nothing that this would change
    assert dry.body["over_capacity_already"] == []
    assert again.body["over_capacity_already"] == [over[0]["id"]]
    assert (real.status, real.headers["Paihao-Over-Capacity"]) == (200, "1")
    assert [one["after"] for one in dry.body["places"]][:4] == [17, 17, 17, 0]
    assert (await hall.staff("GET", f"appointments/{over[0]['id']}")).body["state"] == "booked"
    assert (await hall.staff("GET", f"appointments/{kept['id']}")).body["state"] == "booked"


async def test_a_closed_day_is_one_with_appointments_beyond_capacity(hall: Checked) -> None:
    appointment = await booked(hall, at("10:00", 24))

    dry = await put(hall, None, "?dry_run=1", exceptions=[{"on": "2026-11-24", "closed": True}])

    assert dry.body["over_capacity"] == [appointment["id"]]
    assert [one["after"] for one in dry.body["places"]][1] == 0


async def test_a_dry_run_tells_years_whose_holidays_are_not_all_known(hall: Checked) -> None:
    kept = await put(hall, None, "?dry_run=1", holidays=True, country="CN")
    elsewhere = await put(hall, None, "?dry_run=1", holidays=True, country="DE")

    assert kept.body["holidays_unknown"] == [2027]
    assert elsewhere.body["holidays_unknown"] == []


@pytest.mark.parametrize(("match", "status"), [('"2"', 200), ("*", 200), ('"1"', 412), ('"x"', 412)])
async def test_a_dry_run_that_says_what_it_would_replace_is_held_to_it(hall: Checked, match: str, status: int) -> None:
    await put(hall, languages=["en"])

    reply = await put(hall, match, "?dry_run=1")

    assert (reply.status, reply.body["revision"]) == (status, 2)


def one_short(until: str) -> list[dict[str, Any]]:
    """Today's staffing with one clerk less until a time."""
    return [*demo()["staffing"], {"on": "2026-11-23", "from": "10:00", "to": until, "counters": 4}]


async def test_a_dry_run_is_honest_where_more_counters_are_open_than_the_new_plan_has(hall: Checked) -> None:
    await hall.open("1", "2", "3", "4", "5")
    for _ in range(30):
        await hall.take("enquiry")

    reply = await put(hall, None, "?dry_run=1", staffing=one_short("12:00"))

    enquiry = next(change for change in reply.body["waits"] if change["service"] == "enquiry")
    assert enquiry["after"]["p50_s"] > 1.1 * enquiry["before"]["p50_s"]


async def test_a_dry_run_has_the_rest_of_the_day_in_quarters_of_an_hour(hall: Checked) -> None:
    await hall.open("1", "2", "3", "4", "5")
    for _ in range(15):
        await hall.take("enquiry")
        await hall.take("loan-first")  # of two stages

    body = (await put(hall, None, "?dry_run=1", staffing=one_short("14:00"))).body

    profile = body["profile"]
    assert [point["at"] for point in profile[:2]] == ["2026-11-23T02:00:00.000Z", "2026-11-23T02:15:00.000Z"]
    assert profile[-1]["at"] == "2026-11-23T09:15:00.000Z"
    assert all(point["after_p90_s"] >= point["before_p90_s"] for point in profile)
    assert all(point["after_p90_s"] > point["before_p90_s"] > 0 for point in profile[:2])
    assert body["arrivals_per_h"] == 30


async def test_one_clerk_short_today_is_a_change_of_the_document(hall: Checked) -> None:
    for _ in range(30):
        await hall.take("enquiry")
    before = (await hall.call("GET", f"/v1/halls/{hall.hall}")).body["services"][1]["wait"]["p50_s"]

    changed = await put(hall, staffing=one_short("14:00"))

    assert changed.status == 200
    after = (await hall.call("GET", f"/v1/halls/{hall.hall}")).body["services"][1]["wait"]["p50_s"]
    assert after > before


@pytest.mark.parametrize("days", [{}, {"weekdays": [1], "on": "2026-11-23"}, {"on": "23 November"}, {"weekdays": []}])
async def test_staffing_is_of_weekdays_or_of_a_date(hall: Checked, days: dict[str, Any]) -> None:
    reply = await put(hall, staffing=[{"from": "09:00", "to": "12:00", "counters": 4, **days}])

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert reply.body["errors"][0]["path"].startswith("staffing[")


async def test_only_a_dry_run_that_says_so_is_one(hall: Checked) -> None:
    unclear = await put(hall, '"1"', "?dry_run=yes", languages=["en"])
    real = await put(hall, '"1"', "?dry_run=0", languages=["en"])

    assert (unclear.status, unclear.code, unclear.body["errors"][0]["path"]) == (422, "body-invalid", "dry_run")
    assert etag(real) == '"2"'


async def test_a_new_counter_works_on_the_open_day(hall: Checked) -> None:
    ticket = await hall.take("enquiry")

    await put(hall, counters=more_counters())
    await hall.open("6")
    called = await hall.next("6")

    assert called is not None
    assert called["id"] == ticket["id"]


async def test_people_who_wait_for_a_service_that_is_gone_are_still_called(hall: Checked) -> None:
    await hall.open("1")
    ticket = await hall.take("enquiry")

    await put(hall, **without("enquiry"))
    refused = await hall.call("POST", "tickets", {"service": "enquiry"})
    called = await hall.next("1")

    assert refused.code == "service-not-found"
    assert called is not None
    assert called["id"] == ticket["id"]
    assert (await hall.done(called, "finish", {"outcome": "done"}))["state"] == "done"


async def test_a_counter_in_use_that_is_gone_finishes_with_its_person(hall: Checked) -> None:
    ticket = await hall.called("enquiry", "5")

    await put(hall, counters=[counter for counter in demo()["counters"] if counter["id"] != "5"])
    finished = await hall.done(ticket, "finish", {"outcome": "done"})
    closed = await hall.staff("POST", "counters/5/close")
    opened = await hall.staff("POST", "counters/5/open")

    assert finished["state"] == "done"
    assert closed.status == 200
    assert opened.code == "counter-not-found"


async def test_new_hours_count_at_once(hall: Checked) -> None:
    await hall.take("enquiry")

    await put(hall, hours=[{"weekdays": [2], "from": "08:00", "to": "12:00"}])
    refused = await hall.call("POST", "tickets", {"service": "enquiry"})

    assert (refused.code, refused.body["opens_at"]) == ("hall-closed", "2026-11-24T00:00:00.000Z")


async def test_a_hall_that_moves_to_another_time_zone_goes_on(hall: Checked) -> None:
    await hall.take("enquiry")

    moved = await put(hall, time_zone="Asia/Tokyo")
    taken = await hall.take("enquiry")

    assert moved.status == 200
    assert taken["number"] == "B002"


@pytest.mark.parametrize(
    ("local", "fields", "path"),
    [
        ("10:00", {"time_zone": "America/Los_Angeles"}, "time_zone"),
        ("20:00", {"time_zone": "Pacific/Kiritimati"}, "time_zone"),
        ("08:00", {"day_starts_at_local": "08:30"}, "day_starts_at_local"),
    ],
)
async def test_a_day_that_has_begun_keeps_its_date(
    hall: Checked, now: FakeClock, local: str, fields: dict[str, str], path: str
) -> None:
    ticket = await hall.take("enquiry")
    now.put(at(local))

    tried = await put(hall, query="?dry_run=1", **fields)
    refused = await put(hall, **fields)

    for reply in (tried, refused):
        assert (reply.status, reply.body["errors"][0]["path"]) == (422, path)
    assert (await hall.staff("GET", "document")).body == demo()
    assert (await hall.call("GET", f"tickets/{ticket['id']}", token=ticket["token"])).body["state"] == "waiting"


async def test_what_is_booked_keeps_its_date(hall: Checked, now: FakeClock) -> None:
    await booked(hall, at("10:00", 24))

    refused = await put(hall, time_zone="America/Los_Angeles")
    now.put(at("10:00", 25))
    moved = await put(hall, time_zone="America/Los_Angeles")

    assert (refused.status, refused.body["errors"][0]["path"]) == (422, "time_zone")
    assert moved.status == 200


async def test_a_hall_where_nothing_has_happened_takes_any_time_zone(hall: Checked) -> None:
    moved = await put(hall, time_zone="America/Los_Angeles", hours=[{"weekdays": [7], "from": "00:00", "to": "24:00"}])

    assert moved.status == 200
    assert (await hall.take("enquiry"))["day"] == "2026-11-22"


async def test_public_holidays_are_kept_where_the_hall_says_so(hall: Checked, now: FakeClock) -> None:
    await put(hall, holidays=True, country="DE", time_zone="Europe/Berlin")
    now.advance(32 * 86_400)

    refused = await hall.call("POST", "tickets", {"service": "enquiry"})

    assert now.now_at().date().isoformat() == "2026-12-25"
    assert refused.code == "hall-closed"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": "Asia"}, "time_zone"),
        ({"languages": []}, "languages"),
        ({"hours": [{"weekdays": [1], "from": "17:00", "to": "09:00"}]}, "hours[0]"),
        ({"hours": [{"weekdays": [8], "from": "09:00", "to": "17:00"}]}, "hours[0].weekdays[0]"),
        ({"exceptions": [{"on": "2026-12-24"}]}, "exceptions[0]"),
        ({"services": [*demo()["services"], demo()["services"][0]]}, "services"),
        ({"counters": [{"id": "1", "zone": "attic", "stage": "window", "services": ["enquiry"]}]}, "counters[0].zone"),
        ({"holidays": True, "country": None}, "country"),
        ({"holidays": True, "country": "ZZ"}, "region"),
        ({"admission": "some"}, "admission"),
    ],
)
async def test_a_document_that_is_not_sound_is_refused_with_the_place(
    hall: Checked, fields: dict[str, Any], path: str
) -> None:
    reply = await put(hall, **fields)

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert path in [error["path"] for error in reply.body["errors"]]
    assert etag(await hall.staff("GET", "document")) == '"1"'


async def test_another_process_goes_by_the_new_document_at_the_next_command(
    service: Service, own: Checked, dsn: str, tmp_path: Path
) -> None:
    async with service_on(dsn, tmp_path, FakeClock(NOON_AT)) as other:
        await other.api.take("enquiry")

        assert (await put(own, **without("enquiry"))).status == 200
        refused = await other.api.call("POST", "tickets", {"service": "enquiry"})

    assert refused.code == "service-not-found"
    assert service.running.halls.known()[0].revision == 2


async def test_a_hall_that_does_not_exist_has_no_document(hall: Checked) -> None:
    hall.hall = "nowhere"

    assert (await hall.staff("GET", "document")).code == "hall-not-found"
    assert (await put(hall)).code == "hall-not-found"


async def test_of_equal_requests_at_once_one_changes_the_document_and_all_get_its_answer(hall: Checked) -> None:
    document = {**demo(), "region": "BJ"}

    replies = await asyncio.gather(
        *(hall.staff("PUT", "document", document, key="the-same-change", headers={"If-Match": '"1"'}) for _ in range(4))
    )

    assert [reply.status for reply in replies] == [200] * 4
    assert {etag(reply) for reply in replies} == {'"2"'}


async def test_holidays_that_nobody_knows_are_refused(hall: Checked) -> None:
    reply = await put(hall, holidays=True, country="ZZ")

    assert reply.status == 422
    assert reply.code == "body-invalid"


async def test_a_stored_document_whose_holidays_nobody_knows_stops_neither_its_hall_nor_the_list(
    dsn: str, tmp_path: Path
) -> None:
    async with service_on(dsn, tmp_path, FakeClock(NOON_AT)) as service:
        strange = msgspec.structs.replace(demo_document(always_open=True), holidays=True, country="ZZ")
        await service.running.halls.create_if_absent(HallId("strange"), strange)

        listed = await service.api.call("GET", "/v1/halls")
        shown = await service.api.call("GET", "/v1/halls/strange")

    assert listed.status == shown.status == 200
