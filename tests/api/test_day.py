"""Days: they begin and end by the hall's clock, whoever notices, and what was yesterday stays there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from service.clock import FakeClock
from tests.api.checked import Checked, at
from tests.api.conftest import Founder
from tests.service import NOON_AT, Service, service_on

AFTER_MIDNIGHT = timedelta(hours=14, minutes=5)
"""From 10:00 to 00:05, when the demo hall's day has surely been ended by its job."""


async def ends(dsn: str) -> list[tuple[str, int]]:
    """How often each day was ended, according to the journal."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT day::text, count(*) AS times FROM events WHERE kind = 'day_ended' GROUP BY day ORDER BY day"
        )
    finally:
        await connection.close()
    return [(row["day"], row["times"]) for row in rows]


async def test_at_the_end_of_the_day_nobody_is_left_over(service: Service, own: Checked, clock: FakeClock) -> None:
    await own.open("1", "2")
    called, serving, waiting, parked = [await own.take("enquiry") for _ in range(4)]
    await own.next("1")
    await own.next("2")
    await own.done(serving, "start")
    await own.done(parked, "park")
    clock.advance(AFTER_MIDNIGHT.total_seconds())

    await service.running.jobs.end_days()

    ended = {name: await own.seen(ticket) for name, ticket in [("called", called), ("serving", serving)]}
    assert (ended["called"]["state"], ended["serving"]["state"]) == ("no_show", "done")
    for ticket in (waiting, parked):
        left = await own.seen(ticket)
        history = (await own.staff("GET", f"tickets/{ticket['id']}/history")).body["items"]
        assert (left["state"], left["day"]) == ("left", "2026-11-23")
        assert (history[-1]["kind"], history[-1]["data"]["reason"]) == ("ticket_left", "unserved")
        assert history[-1]["actor"] == "system"


async def test_numbers_and_seq_begin_anew_each_day(own: Checked, clock: FakeClock) -> None:
    for _ in range(3):
        await own.take("loan-first")
    clock.put(at("09:00", 24))

    first = await own.take("loan-first")

    assert (first["number"], first["day"], first["seq"]) == ("A001", "2026-11-24", 2)
    assert (await own.staff("GET", "counters/1")).body["state"] == "closed"


async def test_a_day_ends_without_its_job_by_the_first_command_of_the_next(
    own: Checked, clock: FakeClock, dsn: str
) -> None:
    ticket = await own.take("enquiry")
    clock.put(at("09:00", 24))

    await own.take("enquiry")

    assert (await own.seen(ticket))["state"] == "left"
    assert await ends(dsn) == [("2026-11-23", 1)]


async def test_what_is_asked_of_yesterdays_ticket_is_refused_with_its_state(own: Checked, clock: FakeClock) -> None:
    ticket = await own.take("enquiry")
    clock.put(at("09:00", 24))

    watched = await own.call("GET", f"tickets/{ticket['id']}", token=ticket["token"])
    refused = [
        await own.call("DELETE", f"tickets/{ticket['id']}", token=ticket["token"]),
        await own.staff("PATCH", f"tickets/{ticket['id']}", {"class": "green", "reason": "urgent"}),
        *[await own.act(ticket, verb) for verb in ("recall", "start", "no-show", "park", "resume", "transfer", "undo")],
    ]

    assert (watched.status, watched.body["state"], watched.body["token"]) == (200, "left", ticket["token"])
    for reply in refused:
        assert (reply.status, reply.code, reply.body["state"]) == (409, "wrong-state", "left")


async def test_the_passes_do_the_same_once_more_and_in_two_processes_at_once(
    service: Service, own: Checked, clock: FakeClock, dsn: str, tmp_path: Path
) -> None:
    await own.take("enquiry")
    async with service_on(dsn, tmp_path, clock) as other:
        await other.api.take("enquiry")
        clock.advance(AFTER_MIDNIGHT.total_seconds())

        for running in (service.running, other.running, service.running, other.running):
            await running.jobs.end_days()
            await running.jobs.sweep_halls()

    assert await ends(dsn) == [("2026-11-23", 1)]


async def test_no_day_is_ended_before_its_midnight(service: Service, own: Checked, clock: FakeClock, dsn: str) -> None:
    await own.take("enquiry")
    clock.put(at("23:59:59"))

    await service.running.jobs.end_days()

    assert await ends(dsn) == []
    assert (await own.call("GET", "board")).body["day"] == "2026-11-23"


async def test_a_night_shift_belongs_to_the_day_it_began_on(found: Founder, now: FakeClock) -> None:
    hall = await found(day_starts_at_local="04:00", hours=[{"weekdays": [1], "from": "20:00", "to": "02:00"}])
    now.put(at("21:00"))
    evening = await hall.take("enquiry")
    now.put(at("01:59", 24))
    night = await hall.take("enquiry")
    now.put(at("04:00", 24))
    board = (await hall.call("GET", "board")).body

    assert [(ticket["day"], ticket["number"]) for ticket in (evening, night)] == [
        ("2026-11-23", "B001"),
        ("2026-11-23", "B002"),
    ]
    assert board["day"] == "2026-11-24"


@pytest.mark.parametrize(
    ("day", "last", "opens"),
    [
        ("2026-10-24", datetime(2026, 10, 24, 21, 59, 59, tzinfo=UTC), "2026-10-24T07:00:00.000Z"),
        ("2026-10-25", datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), "2026-10-25T08:00:00.000Z"),
        ("2027-03-28", datetime(2027, 3, 28, 21, 59, 59, tzinfo=UTC), "2027-03-28T07:00:00.000Z"),
    ],
)
async def test_days_on_which_the_clocks_change_end_at_their_own_midnight(
    found: Founder, now: FakeClock, day: str, last: datetime, opens: str
) -> None:
    hall = await found(time_zone="Europe/Berlin")
    now.put(datetime.fromisoformat(f"{day}T02:00:00+00:00"))
    seen = (await hall.call("GET", f"/v1/halls/{hall.hall}")).body
    before = (await hall.call("GET", "board")).body["day"]
    now.put(last)
    at_last = (await hall.call("GET", "board")).body["day"]
    now.put(last + timedelta(seconds=1))
    after = (await hall.call("GET", "board")).body["day"]

    assert seen["opens_at"] == opens
    assert (before, at_last) == (day, day)
    assert after > day


async def test_a_service_that_was_away_over_days_ends_what_it_left(dsn: str, tmp_path: Path) -> None:
    clock = FakeClock(NOON_AT)
    async with service_on(dsn, tmp_path, clock) as before:
        await before.api.take("enquiry")
    clock.advance(3 * 86_400)

    async with service_on(dsn, tmp_path, clock) as after:
        ticket = await after.api.take("enquiry")

    assert (ticket["day"], ticket["number"]) == ("2026-11-26", "B001")
    assert await ends(dsn) == [("2026-11-23", 1)]
