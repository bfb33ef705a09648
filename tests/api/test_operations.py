"""All halls at once, the day of one, and screens that are missed: for those who watch, as it was lived by hand."""

from pathlib import Path
from typing import Any

import pytest
from msgspec import convert
from structlog.testing import capture_logs

from service.api.reports.overview import HALLS_MAX
from service.clock import FakeClock
from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.reports.missing_screens import MISSING_AFTER
from service.reports.overview import CONCURRENT_LOADS_MAX
from tests.api.booking import booked
from tests.api.checked import Checked, at, demo
from tests.api.conftest import Founder
from tests.api.staff import device, employed
from tests.api.test_admission import full, standby_of
from tests.api.test_documents import etag
from tests.api.test_metrics import sample, scrape
from tests.copies import copy, restore
from tests.service import ADMIN, Service, service_on


async def watched(api: Checked, query: str = "") -> dict[str, dict[str, Any]]:
    """All halls, by id."""
    reply = await api.staff("GET", f"/v1/ops{query}")
    assert reply.status == 200, reply.body
    return {one["id"]: one for one in reply.body["items"]}


async def day_of(hall: Checked) -> dict[str, Any]:
    reply = await hall.staff("GET", "ops")
    assert reply.status == 200, reply.body
    found: dict[str, Any] = reply.body
    return found


async def test_a_hall_is_told_as_it_is_now(hall: Checked, now: FakeClock) -> None:
    await hall.open("1", "2")
    await hall.take("enquiry")
    now.advance(60)
    second = await hall.take("enquiry")
    await hall.take("loan-first")
    await hall.next("1")
    now.advance(600)

    one = (await watched(hall))[hall.hall]

    assert (one["waiting"], one["standby"], one["at_counters"]) == (2, 0, 1)
    assert one["longest_since_at"] == second["issued_at"]
    assert (one["counters_open"], one["counters_planned"]) == (2, 5)
    assert (one["open"], one["closing_at"], one["opens_at"]) == (True, "2026-11-23T09:30:00.000Z", None)
    assert one["seq"] == await hall.seq()


async def test_counters_of_optional_stages_are_not_counted_as_those_planned(hall: Checked, now: FakeClock) -> None:
    await hall.open("1", "P1")
    now.put(at("12:30"))

    one = (await watched(hall))[hall.hall]

    assert (one["counters_open"], one["counters_planned"]) == (1, 3)


async def test_outside_of_its_hours_a_hall_has_no_counters_planned(hall: Checked, now: FakeClock) -> None:
    await hall.take("enquiry")
    now.put(at("18:00"))

    one = (await watched(hall))[hall.hall]

    assert (one["open"], one["counters_planned"]) == (False, 0)
    assert one["opens_at"] == "2026-11-24T01:00:00.000Z"


async def test_who_came_before_their_appointment_waits_from_its_time_on(hall: Checked, now: FakeClock) -> None:
    booking = await booked(hall, at("11:00"))
    now.put(at("10:30"))
    assert (await hall.call("POST", "check-ins", {"code": booking["code"]})).status == 201

    early = (await watched(hall))[hall.hall]
    now.put(at("11:20"))
    late = (await watched(hall))[hall.hall]

    assert (early["waiting"], early["longest_since_at"]) == (1, None)
    assert (late["waiting"], late["longest_since_at"]) == (1, "2026-11-23T03:00:00.000Z")


async def test_who_stands_by_is_told_apart_from_who_waits(hall: Checked, now: FakeClock) -> None:
    tickets, _ = await full(hall, now)
    standby = standby_of(tickets)

    one = (await watched(hall))[hall.hall]
    day = await day_of(hall)

    assert (one["standby"], one["waiting"]) == (len(standby), len(tickets) - len(standby))
    assert one["longest_since_at"] == tickets[0]["issued_at"]
    assert day["line"][-1]["waiting"] == len(tickets) - len(standby)


async def test_promises_kept_today_are_counted(hall: Checked, now: FakeClock) -> None:
    await hall.open("1")
    await hall.take("enquiry")
    await hall.next("1")
    await hall.take("enquiry")
    now.advance(7200)
    await hall.next("1", "done")

    one = (await watched(hall))[hall.hall]

    assert (one["scored"], one["held"]) == (2, 1)
    assert (await hall.staff("GET", "report")).body["total"]["promises"] == {"scored": 2, "held": 1}


async def test_a_suspended_hall_and_its_overtime_are_told(hall: Checked) -> None:
    await hall.staff("PUT", "suspension", {"text": "Fire alarm"})
    await hall.staff("PUT", "overtime", {"until_at": at("19:00").isoformat()})

    one = (await watched(hall))[hall.hall]

    assert (one["suspended"], one["overtime_until_at"]) == (True, "2026-11-23T11:00:00.000Z")


async def test_nothing_is_told_anew_as_long_as_nothing_has_happened(hall: Checked, now: FakeClock) -> None:
    await hall.take("enquiry")
    async with employed(hall, "manager") as manager:  # who sees this hall alone
        first = await manager.call("GET", "/v1/ops")
        now.advance(5)

        same = await manager.call("GET", "/v1/ops", headers={"If-None-Match": etag(first)})
        await hall.take("enquiry")
        other = await manager.call("GET", "/v1/ops", headers={"If-None-Match": etag(first)})

    assert (same.status, same.body) == (304, b"")
    assert other.status == 200
    assert etag(other) != etag(first)


async def test_halls_are_told_a_page_at_a_time(found: Founder) -> None:
    one, two = await found(), await found()
    ids = sorted(await watched(one))

    first = await one.staff("GET", "/v1/ops?limit=1")
    rest = await one.staff("GET", f"/v1/ops?cursor={first.body['next_cursor']}")

    assert [hall["id"] for hall in first.body["items"]] == ids[:1]
    assert [hall["id"] for hall in rest.body["items"]] == ids[1:]
    assert rest.body["next_cursor"] is None
    assert {one.hall, two.hall} <= set(ids)


@pytest.mark.parametrize("limit", ["0", "x", str(HALLS_MAX + 1)])
async def test_a_limit_that_is_none_is_refused(hall: Checked, limit: str) -> None:
    assert (await hall.staff("GET", f"/v1/ops?limit={limit}")).code == "body-invalid"


async def test_a_manager_watches_the_halls_they_manage(found: Founder) -> None:
    mine, other = await found(), await found()
    async with employed(mine, "manager") as manager, employed(other, "staff") as clerk:
        seen = await manager.call("GET", "/v1/ops")
        refused = await clerk.call("GET", "/v1/ops")

    assert [hall["id"] for hall in seen.body["items"]] == [mine.hall]
    assert (refused.status, refused.code) == (403, "forbidden")


async def test_a_manager_of_one_hall_who_is_a_clerk_of_another_watches_the_one(found: Founder) -> None:
    mine, other = await found(), await found()
    async with employed(mine, "manager", "two.halls") as manager:
        added = await other.staff("POST", "staff", {"name": "two.halls", "role": "staff"})
        assert added.status == 201

        seen = await manager.call("GET", "/v1/ops")

    assert [hall["id"] for hall in seen.body["items"]] == [mine.hall]


async def test_a_hall_that_nobody_has_in_memory_is_told_from_the_tables_and_then_read(
    own: Checked, clock: FakeClock, tmp_path: Path, dsn: str
) -> None:
    await own.open("1", "2")
    await own.take("enquiry")
    clock.advance(10)
    second = await own.take("enquiry")
    await own.next("1")
    async with service_on(dsn, tmp_path / "other", clock) as other, Checked(other.api.base) as elsewhere:
        before = (await watched(elsewhere))["demo"]
        await other.running.lanes.day(HallId("demo"))  # what the first look has begun
        after = (await watched(elsewhere))["demo"]

    assert (before["waiting"], before["counters_open"], before["at_counters"]) == (1, None, None)
    assert before["longest_since_at"] == second["issued_at"]
    assert (after["waiting"], after["counters_open"], after["at_counters"]) == (1, 2, 1)


async def test_a_fold_that_another_process_has_left_behind_is_caught_up(
    own: Checked, clock: FakeClock, tmp_path: Path, dsn: str
) -> None:
    await own.take("enquiry")
    async with service_on(dsn, tmp_path / "other", clock) as other, Checked(other.api.base) as elsewhere:
        await other.running.lanes.day(HallId("demo"))
        await own.take("enquiry")

        seen = (await watched(elsewhere))["demo"]

    assert seen["waiting"] == 2


@pytest.mark.parametrize("others", [0, 1, 2], ids=["behind what is remembered", "level with it", "beyond"])
async def test_a_fold_of_a_journal_that_was_put_back_is_read_anew(
    own: Checked, clock: FakeClock, tmp_path: Path, dsn: str, others: int
) -> None:
    await own.take("enquiry")
    await copy(dsn)
    await own.open("1")
    assert (await watched(own))["demo"]["counters_open"] == 1
    await restore(dsn)
    async with service_on(dsn, tmp_path / "other", clock) as other, Checked(other.api.base) as elsewhere:
        for _ in range(others):
            await elsewhere.take("enquiry")

    seen = (await watched(own))["demo"]

    assert (seen["waiting"], seen["counters_open"]) == (1 + others, 0)


async def test_a_hall_that_a_newer_release_has_written_in_is_told_from_the_tables_and_the_others_as_ever(
    own: Checked, service: Service, clock: FakeClock, tmp_path: Path, dsn: str
) -> None:
    assert await service.running.halls.create_if_absent(HallId("next-door"), convert(demo(), HallDocument))
    renamed = "UPDATE events SET kind = $3 WHERE hall_id = 'demo' AND seq = $1 AND kind = $2 RETURNING seq"
    await own.open("1", "2")
    async with service_on(dsn, tmp_path / "other", clock) as other, Checked(other.api.base) as elsewhere:
        for name in ("demo", "next-door"):
            await other.running.lanes.day(HallId(name))
        ticket = await own.take("enquiry")
        change = (ticket["seq"], "ticket_taken", "ticket_teleported")
        assert await service.running.database.fetch(renamed, *change)

        with capture_logs() as logs:
            unread = await watched(elsewhere)
            again = await watched(elsewhere)
        assert await service.running.database.fetch(renamed, *(change[0], *reversed(change[1:])))
        read = await watched(elsewhere)

    demo_unread = unread["demo"]
    assert (demo_unread["waiting"], demo_unread["counters_open"], demo_unread["at_counters"]) == (1, None, None)
    assert (demo_unread["seq"], unread["next-door"]["counters_open"]) == (ticket["seq"], 0)
    assert again == unread
    assert [line["hall"] for line in logs if line["event"] == "hall_not_read"] == ["demo"]
    assert (read["demo"]["waiting"], read["demo"]["counters_open"]) == (1, 2)


async def test_more_halls_than_are_read_at_once_are_all_read(own: Checked, service: Service) -> None:
    names = [HallId(f"hall-{n:02d}") for n in range(CONCURRENT_LOADS_MAX * 2 + 1)]
    document = demo()
    for name in names:
        assert await service.running.halls.create_if_absent(name, convert(document, HallDocument))

    seen = await watched(own)

    assert {name for name in names if name in seen} == set(names)
    assert all(seen[name]["counters_open"] == 0 for name in names), "a day that has not begun has no counters open"


# The day of a hall.


async def test_the_day_is_told_by_half_hours_until_now_and_as_planned_from_then_on(
    hall: Checked, now: FakeClock
) -> None:
    kept = await booked(hall, at("11:00"))
    await booked(hall, at("14:10"))
    await hall.open("1", "2")
    for _ in range(3):
        await hall.take("enquiry")
    now.put(at("10:55"))
    assert (await hall.call("POST", "check-ins", {"code": kept["code"]})).status == 201
    now.put(at("11:10"))

    day = await day_of(hall)

    halves = {half["from_at"][11:16]: half for half in day["halves"]}
    assert list(halves)[0::16] == ["01:00", "09:00"]  # 09:00 to 17:30 in Shanghai
    assert len(halves) == 17
    assert (halves["02:00"]["walk_ins"], halves["02:30"]["booked"]) == (3, 1)
    assert halves["06:00"]["booked_to_come"] == 1
    # two counters for people of 202.5 s on the mean: 17.8 in half an hour; five are planned
    assert halves["02:00"]["capacity"] == pytest.approx(2 * 1800 / 180, abs=0.1)
    assert halves["02:00"]["planned"] == pytest.approx(5 * 1800 / 180, abs=0.1)
    assert halves["03:00"]["capacity"] == halves["02:00"]["capacity"]
    assert halves["06:00"]["capacity"] == halves["06:00"]["planned"] == halves["02:00"]["planned"]
    assert halves["04:00"]["planned"] == pytest.approx(3 * 1800 / 180, abs=0.1)  # at noon
    assert (day["opens_at"], day["closes_at"]) == ("2026-11-23T01:00:00.000Z", "2026-11-23T09:30:00.000Z")
    assert day["line"][-1] == {"at": "2026-11-23T03:10:00.000Z", "waiting": 4}
    assert day["seq"] == await hall.seq()


async def test_who_came_before_the_opening_is_counted_in_its_first_half_hour(hall: Checked, now: FakeClock) -> None:
    now.put(at("08:40"))
    await hall.take("enquiry")
    now.put(at("09:10"))

    day = await day_of(hall)

    assert (day["halves"][0]["from_at"], day["halves"][0]["walk_ins"]) == ("2026-11-23T01:00:00.000Z", 1)


async def test_a_day_on_which_the_hall_is_closed_has_no_halves(found: Founder) -> None:
    hall = await found(exceptions=[{"on": "2026-11-23", "closed": True}])

    day = await day_of(hall)

    assert (day["halves"], day["line"][:-1], day["opens_at"]) == ([], [], None)


# Screens.


async def test_a_screen_with_a_key_is_missed_when_it_is_gone_and_not_when_it_is_back(
    hall: Checked, house: Service, now: FakeClock
) -> None:
    key = await device(hall, "kiosk")
    assert (await hall.call("PUT", "screen", {"zone": "main"}, token=key)).status == 204
    made = (await hall.staff("GET", "devices")).body["items"]
    gone = sample("paihao_screens_gone", hall=hall.hall, screen=made[0]["id"])

    await house.running.named_screens.refresh()
    there = (await watched(hall))[hall.hall]
    assert gone not in await scrape(hall)
    now.advance(MISSING_AFTER.total_seconds() + 1)
    await house.running.named_screens.refresh()
    missed = (await watched(hall))[hall.hall]
    assert (await scrape(hall))[gone] == 91
    await hall.call("PUT", "screen", {}, token=key)
    await house.running.named_screens.refresh()
    back = (await watched(hall))[hall.hall]

    assert (there["screens"], there["screens_gone"]) == (1, [])
    assert [(one["name"], one["zone"]) for one in missed["screens_gone"]] == [("a kiosk", "main")]
    assert missed["screens_gone"][0]["seen_at"] == "2026-11-23T02:00:00.000Z"
    assert back["screens_gone"] == []
    assert gone not in await scrape(hall)


async def test_two_screens_of_one_name_are_two_in_the_metrics_and_the_name_is_not_there(
    hall: Checked, house: Service, now: FakeClock
) -> None:
    named = {"name": "Wang Fang, 2F", "role": "kiosk"}
    made = [(await hall.staff("POST", "devices", named)).body for _ in range(2)]
    for one in made:
        await hall.call("PUT", "screen", {}, token=one["token"])
        now.advance(60)
    now.advance(60)

    await house.running.named_screens.refresh()

    scraped = await scrape(hall)
    gone = [scraped[sample("paihao_screens_gone", hall=hall.hall, screen=one["id"])] for one in made]
    assert gone == [180, 120]
    assert "Wang Fang" not in str(scraped)


async def test_a_screen_is_not_missed_at_night(hall: Checked, house: Service, now: FakeClock) -> None:
    key = await device(hall, "kiosk")
    await hall.call("PUT", "screen", {}, token=key)
    made = (await hall.staff("GET", "devices")).body["items"]
    now.put(at("20:00"))

    await house.running.named_screens.refresh()

    assert (await watched(hall))[hall.hall]["screens_gone"] == []
    assert sample("paihao_screens_gone", hall=hall.hall, screen=made[0]["id"]) not in await scrape(hall)


async def test_a_screen_whose_key_was_taken_back_is_nobodys_to_miss(
    hall: Checked, house: Service, now: FakeClock
) -> None:
    key = await device(hall, "kiosk")
    await hall.call("PUT", "screen", {}, token=key)
    made = (await hall.staff("GET", "devices")).body["items"]
    assert (await hall.staff("DELETE", f"devices/{made[0]['id']}")).status == 204
    now.advance(600)

    await house.running.named_screens.refresh()

    assert (await watched(hall))[hall.hall]["screens"] == 0


async def test_a_screen_is_kept_for_as_long_as_its_key_is(hall: Checked, house: Service) -> None:
    kept, taken_back = [(await hall.staff("POST", "devices", {"name": name, "role": "kiosk"})).body for name in "AB"]
    for one in (kept, taken_back):
        assert (await hall.call("PUT", "screen", {}, token=one["token"])).status == 204
    assert (await hall.staff("DELETE", f"devices/{taken_back['id']}")).status == 204

    await house.running.named_screens.delete_revoked()

    rows = await house.running.database.fetch("SELECT device FROM screens WHERE hall_id = $1", hall.hall)
    assert [str(row["device"]) for row in rows] == [kept["id"]]


async def test_a_screen_without_a_key_of_its_own_has_no_name_to_be_missed_by(hall: Checked, house: Service) -> None:
    assert (await hall.call("PUT", "screen", {}, token=ADMIN)).status == 204

    await house.running.named_screens.refresh()

    assert (await watched(hall))[hall.hall]["screens"] == 0


async def test_a_screen_of_a_zone_that_does_not_exist_is_refused(hall: Checked) -> None:
    reply = await hall.call("PUT", "screen", {"zone": "roof"}, token=await device(hall, "kiosk"))

    assert (reply.status, reply.code) == (422, "body-invalid")
