"""Midnight: the old day ends first, one process opens the next, and idempotency keys stay valid."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta

import asyncpg
import pytest

from service.clock import FakeClock
from service.domain.command_results import CommandResult
from service.domain.commands import EndDay, OpenCounter
from service.domain.hall.demo import DEMO
from service.domain.model import CounterId, CounterState, HallId
from service.domain.refusals import DayHasEnded
from service.journal import day_opening
from service.runtime.hall import Hall
from service.runtime.jobs import ENDS_SPREAD_S, Jobs
from service.runtime.lanes import Lanes
from service.runtime.requests import Answer
from tests.race.process import (
    DAY,
    MIDNIGHT_AT,
    NEXT_DAY,
    Process,
    commands_in,
    kinds_in,
    new_ticket,
    number_of,
    numbers_in,
    one_story,
    process_on,
    rows_of,
    until_blocked,
)

KEY = "8e03978e"
OPEN = OpenCounter(CounterId("1"))


def midnight(*processes: Process) -> None:
    """Set the clocks of these processes to midnight."""
    for process in processes:
        assert isinstance(process.clock, FakeClock)
        process.clock.put(MIDNIGHT_AT)


async def test_a_command_that_meets_an_ended_day_goes_to_the_next(one: Process, other: Process, dsn: str) -> None:
    await one.take()
    midnight(other)
    await other.lane(NEXT_DAY)
    request = one.request(new_ticket())

    answer = await one.lanes.do(DEMO, request)

    assert answer.day.on == NEXT_DAY
    assert number_of(answer) == "B001", "numbers begin anew"
    assert (await commands_in(dsn)).count(request.command_id) == 1
    await one_story([one, other])
    await one_story([one, other], NEXT_DAY)


async def test_without_going_on_to_the_next_day_a_command_at_midnight_is_refused(one: Process, other: Process) -> None:
    await one.take()
    await (await other.lane()).do(other.request(EndDay()))

    with pytest.raises(DayHasEnded):
        await (await one.lane()).do(one.request(new_ticket()))


async def test_a_day_opened_by_two_processes_at_once_begins_once(one: Process, other: Process, dsn: str) -> None:
    both = asyncio.Barrier(2)
    one.journal.first["open_day"] = other.journal.first["open_day"] = both.wait

    first, second = await asyncio.gather(one.do(new_ticket()), other.do(new_ticket()))

    assert {number_of(first), number_of(second)} == {"B001", "B002"}
    assert await kinds_in(dsn) == ["day_opened", "ticket_taken", "ticket_taken"]
    await one_story([one, other])


async def test_without_the_lock_of_its_row_a_day_is_begun_twice_but_for_the_table(one: Process, dsn: str) -> None:
    await one.halls.get(DEMO)
    first, second = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    look = "SELECT count(*) FROM hall_days"
    begin = (
        "INSERT INTO hall_days (hall_id, day, seq, head, opened_at)"
        " VALUES ('demo', '2026-11-23', 0, '00000000-0000-0000-0000-000000000000', clock_timestamp())"
    )
    try:
        assert [await first.fetchval(look), await second.fetchval(look)] == [0, 0], "both believe it is theirs"
        await first.execute(begin)

        with pytest.raises(asyncpg.UniqueViolationError, match="day_once"):
            await second.execute(begin)
    finally:
        await first.close()
        await second.close()


async def test_a_day_ends_before_the_next_one_begins(one: Process, other: Process, dsn: str) -> None:
    await one.open("1")
    await one.take()
    await one.next("1")
    await one.take()
    await other.lane()
    midnight(one, other)
    ended: list[str] = []

    async def look() -> None:
        ended.extend(await kinds_in(dsn))

    both = asyncio.Barrier(2)
    one.journal.first["open_day"] = other.journal.first["open_day"] = both.wait
    one.journal.first["load"] = look

    await asyncio.gather(one.take(), other.take())

    assert ended.count("day_ended") == 1
    assert ended[-1] == "day_ended", "after it nothing happens"
    day = await one_story([one, other])
    assert not any(day.queue.counts.values())
    assert {counter.state for counter in day.counters.values()} == {CounterState.CLOSED}
    assert (await kinds_in(dsn, NEXT_DAY)).count("day_opened") == 1
    await one_story([one, other], NEXT_DAY)


async def test_both_days_are_ended_when_a_hall_slept_over_one(one: Process, dsn: str) -> None:
    await one.take()
    assert isinstance(one.clock, FakeClock)
    one.clock.put(MIDNIGHT_AT + timedelta(days=1))

    assert (await one.do(new_ticket())).day.on == NEXT_DAY + timedelta(days=1)

    assert (await kinds_in(dsn))[-1] == "day_ended"
    assert await kinds_in(dsn, NEXT_DAY) == []


async def test_without_ending_the_day_before_a_repeated_request_is_done_on_both(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def end_nothing(_lanes: Lanes, _hall: Hall, _on: date) -> None:
        pass

    monkeypatch.setattr(Lanes, "end_days_before", end_nothing)
    async with process_on(dsn) as one, process_on(dsn) as other:
        await one.lane()
        midnight(other)
        await other.lane(NEXT_DAY)
        await one.do(OPEN, KEY)  # its clock is a little late, and the day accepts the command

        await other.do(OPEN, KEY)

    assert (await commands_in(dsn)).count(f"key {KEY}") == 2


async def test_with_the_day_before_ended_a_late_clock_does_no_harm(one: Process, other: Process, dsn: str) -> None:
    await one.lane()
    midnight(other)
    await other.lane(NEXT_DAY)
    command = new_ticket()

    answer = await one.do(command, KEY)
    again = await other.do(command, KEY)

    assert answer.day.on == NEXT_DAY
    assert again.done == answer.done
    assert (await commands_in(dsn)).count(f"key {KEY}") == 1


async def asked_before_and_after_midnight(one: Process, other: Process) -> list[Answer]:
    """Send a keyed command to `other`, and after midnight again to `one`, whose copy of yesterday lacks it."""
    await one.take()
    answers = [await other.do(OPEN, KEY)]
    midnight(other, one)
    await other.lane(NEXT_DAY)
    answers.append(await one.do(OPEN, KEY))
    return answers


async def test_yesterdays_keys_are_known_today(one: Process, other: Process, dsn: str) -> None:
    before, after = await asked_before_and_after_midnight(one, other)

    assert before.done is not None
    assert before.done == after.done
    assert (await commands_in(dsn)).count(f"key {KEY}") == 1


async def test_a_process_that_was_away_knows_yesterdays_keys(one: Process, dsn: str) -> None:
    command = new_ticket()
    before = await one.do(command, KEY)
    async with process_on(dsn) as other:
        midnight(other)

        after = await other.do(command, KEY)

    assert after.done == before.done
    assert await numbers_in(dsn) == ["B001"]


async def know_nothing(_lanes: Lanes, _hall: HallId, _on: date) -> dict[str, CommandResult]:
    return {}


async def know_what_is_in_memory(lanes: Lanes, hall: HallId, on: date) -> dict[str, CommandResult]:
    lane = lanes._lanes.get((hall, on))
    return {} if lane is None else lane.committed.results


@pytest.mark.parametrize("keys", [know_nothing, know_what_is_in_memory])
async def test_without_yesterdays_last_keys_a_request_is_done_on_both_days(
    keys: object, one: Process, other: Process, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lanes, "_results_of", keys)

    await asked_before_and_after_midnight(one, other)

    assert (await commands_in(dsn)).count(f"key {KEY}") == 2


async def test_a_ticket_of_the_day_that_began_early_is_found(one: Process, other: Process) -> None:
    await one.lane()
    midnight(other)
    command = new_ticket()
    await other.do(command)

    day = await one.lanes.day_of_ticket(DEMO, command.ticket)

    assert day.on == NEXT_DAY


async def test_a_ticket_of_a_past_day_is_found_in_its_day(one: Process) -> None:
    command = new_ticket()
    await one.do(command)
    midnight(one)
    await one.take()

    day = await one.lanes.day_of_ticket(DEMO, command.ticket)

    assert day.on == DAY
    assert day.tickets[command.ticket].state == "left"


async def test_a_read_at_midnight_sees_the_new_day(one: Process) -> None:
    await one.open("1")
    midnight(one)

    day = await one.lanes.day(DEMO)

    assert day.on == NEXT_DAY
    assert day.opened
    assert day.counters[CounterId("1")].state is CounterState.CLOSED


async def begin_the_next_day_but_not_yet(dsn: str) -> asyncpg.Connection:
    """Do what a process does when it opens the next day, up to its commit."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("BEGIN")
    await connection.fetch(day_opening._SQL["document_held"], DEMO)
    begins = True
    await connection.fetch(day_opening._SQL["open_day"], DEMO, NEXT_DAY, begins)
    return connection


async def test_a_day_whose_successor_has_begun_cannot_begin(one: Process, other: Process, dsn: str) -> None:
    midnight(other)
    one.journal.first["open_day"] = lambda: other.lane(NEXT_DAY)  # its clock is late, and it has already looked

    answer = await one.do(new_ticket())

    assert answer.day.on == NEXT_DAY
    assert (await one.lanes.day(DEMO)).on == NEXT_DAY
    assert await kinds_in(dsn) == []
    await one_story([one, other], NEXT_DAY)


async def test_a_day_whose_successor_is_beginning_waits_for_it_and_cannot_begin(one: Process, dsn: str) -> None:
    await one.halls.get(DEMO)
    successor = await begin_the_next_day_but_not_yet(dsn)
    opening = asyncio.create_task(one.lane())
    await until_blocked(dsn)
    await successor.execute("COMMIT")

    with pytest.raises(DayHasEnded):
        await opening

    assert await rows_of(dsn, "SELECT FROM hall_days WHERE day = $1", DAY) == []
    await successor.close()


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        (
            "open_day",
            (
                "WHERE NOT EXISTS (SELECT FROM hall_days AS d"
                " WHERE d.hall_id = $1 AND d.day > $2 AND d.begun_at IS NOT NULL)"
            ),
        ),
        ("document_held", "FOR NO KEY UPDATE"),
    ],
)
async def test_without_its_guards_a_late_clock_opens_a_day_that_is_over(
    statement: str, guard: str, one: Process, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await one.halls.get(DEMO)
    successor = await begin_the_next_day_but_not_yet(dsn)
    sql: Mapping[str, str] = day_opening._SQL
    assert guard in sql[statement]
    monkeypatch.setattr(day_opening, "_SQL", {**sql, statement: sql[statement].replace(guard, "")})
    if statement == "open_day":
        await successor.execute("COMMIT")

    await one.lane()

    await successor.execute("COMMIT")
    assert len(await rows_of(dsn, "SELECT FROM hall_days")) == 2
    await successor.close()


async def test_jobs_of_two_processes_end_a_day_once(one: Process, other: Process, dsn: str) -> None:
    await one.take()
    for process in (one, other):
        await process.halls.refresh()
        assert isinstance(process.clock, FakeClock)
        process.clock.put(MIDNIGHT_AT + timedelta(seconds=ENDS_SPREAD_S))
    jobs = [Jobs(process.halls, process.lanes, process.clock) for process in (one, other)]

    await asyncio.gather(*(job.end_days() for job in jobs))

    assert (await kinds_in(dsn)).count("day_ended") == 1
    assert await kinds_in(dsn, NEXT_DAY) == [], "nobody asked for it yet"
