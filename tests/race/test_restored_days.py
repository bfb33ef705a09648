"""A database restored to the evening before: the present day begins again, after the day before has ended."""

import asyncio
from datetime import timedelta

import pytest

from service.clock import FakeClock
from service.domain.hall.demo import DEMO
from service.runtime import journaled_day
from service.runtime import lane as lane_module
from service.runtime.hall import Hall
from service.runtime.jobs import ENDS_SPREAD_S, Jobs
from service.runtime.lane import BATCH_MAX, Lane
from tests.copies import copy, restore
from tests.race.bookings import appointment_of, booked, instant, move
from tests.race.process import (
    DAY,
    MIDNIGHT_AT,
    NEXT_DAY,
    Process,
    kinds_in,
    new_ticket,
    number_of,
    one_story,
    rows_of,
)
from tests.race.test_midnight import midnight

KEY = "8e03978e"


async def hall_of(process: Process) -> Hall:
    return await process.halls.get(DEMO)


async def has_begun(dsn: str) -> bool:
    """Assert that the next day has begun, after the day before ended."""
    (row,) = await rows_of(dsn, "SELECT begun_at IS NOT NULL AS begun FROM hall_days WHERE day = $1", NEXT_DAY)
    return bool(row["begun"]) and (await kinds_in(dsn))[-1] == "day_ended"


async def a_night_and_a_restore(one: Process, dsn: str, *, ahead: bool = True, tickets: int = 3) -> None:
    """Copy the database in the evening, continue into the next day, and restore the copy."""
    await one.take()
    if ahead:
        await booked(one, NEXT_DAY)
    await copy(dsn)
    midnight(one)
    await one.lane(NEXT_DAY)
    for _ in range(tickets):
        await one.take()
    await restore(dsn)


LOST = pytest.mark.parametrize("tickets", [3, 0], ids=["events were lost", "only the beginning was lost"])


@LOST
@pytest.mark.parametrize("ahead", [True, False], ids=["opened ahead", "not there"])
async def test_a_command_begins_the_day_that_has_not_begun_in_the_copy(
    one: Process, dsn: str, tickets: int, *, ahead: bool
) -> None:
    await a_night_and_a_restore(one, dsn, ahead=ahead, tickets=tickets)

    assert await one.take() == "B001"

    assert await has_begun(dsn)
    await one_story([one])
    await one_story([one], NEXT_DAY)


async def test_a_command_begins_the_day_that_another_process_has_begun_and_the_copy_has_not(
    one: Process, other: Process, dsn: str
) -> None:
    await other.take()
    await booked(other, NEXT_DAY)
    await copy(dsn)
    midnight(one, other)
    for process in (other, one):
        await process.lane(NEXT_DAY)
    await restore(dsn)

    assert [await one.take(), await other.take()] == ["B001", "B002"]

    assert await has_begun(dsn)
    await one_story([one, other], NEXT_DAY)


async def test_only_the_first_append_of_a_day_that_was_opened_ahead_holds_its_row(one: Process) -> None:
    held = 0

    async def count() -> None:
        nonlocal held
        held += 1

    await booked(one, NEXT_DAY)
    one.journal.always["locked"] = count
    await one.take()
    midnight(one)

    assert [await one.take() for _ in range(3)] == ["B001", "B002", "B003"]
    assert held == 1


async def test_a_move_to_the_day_that_has_not_begun_in_the_copy_begins_it(one: Process, dsn: str) -> None:
    far = await booked(one, NEXT_DAY + timedelta(days=1), "16:00")
    await a_night_and_a_restore(one, dsn, tickets=0)

    moved = appointment_of(await move(one, far.id, NEXT_DAY, "17:00"))

    assert moved.starts_at == instant(NEXT_DAY, "17:00")
    assert await has_begun(dsn)
    await one_story([one], NEXT_DAY)


@LOST
async def test_a_look_begins_the_day_that_has_not_begun_in_the_copy(one: Process, dsn: str, tickets: int) -> None:
    await a_night_and_a_restore(one, dsn, tickets=tickets)

    day = await one.lanes.day(DEMO, now=True)

    assert (day.on, len(day.tickets)) == (NEXT_DAY, 0)
    assert await has_begun(dsn)
    assert [day.on for day in one.lanes.in_use() if not day.ended] == [NEXT_DAY]


async def test_a_booking_is_made_on_the_day_that_has_begun_again(one: Process, dsn: str) -> None:
    await a_night_and_a_restore(one, dsn)

    await booked(one, NEXT_DAY, "17:00")

    assert await has_begun(dsn)


async def test_all_who_ask_at_once_are_served_once_on_the_day_that_has_begun_again(one: Process, dsn: str) -> None:
    await a_night_and_a_restore(one, dsn)
    lane = await one.lane(NEXT_DAY)

    look = asyncio.create_task(lane.fresh(now=True))
    numbers = await asyncio.gather(*(one.take() for _ in range(BATCH_MAX + 1)))
    await look

    assert sorted(numbers) == [f"B{n:03d}" for n in range(1, BATCH_MAX + 2)]
    assert await has_begun(dsn)
    await one_story([one], NEXT_DAY)


async def test_the_job_ends_the_day_that_goes_on_in_the_copy(one: Process, dsn: str) -> None:
    await one.take()
    await copy(dsn)
    assert isinstance(one.clock, FakeClock)
    one.clock.put(MIDNIGHT_AT + timedelta(seconds=ENDS_SPREAD_S))
    await one.halls.refresh()
    jobs = Jobs(one.halls, one.lanes, one.clock)
    await jobs.end_days()
    await restore(dsn)
    await (await one.lanes.opened_lane(await hall_of(one), DAY)).fresh(now=True)
    assert (await kinds_in(dsn))[-1] == "ticket_taken"

    await jobs.end_days()

    assert (await kinds_in(dsn))[-1] == "day_ended"


async def test_a_key_of_the_evening_that_the_copy_lacks_is_a_new_request(one: Process, dsn: str) -> None:
    await one.take()
    await copy(dsn)
    command = new_ticket()
    assert await one.take(command, KEY) == "B002"
    midnight(one)
    await one.take()
    await restore(dsn)

    again = await one.do(command, KEY)

    assert (again.day.on, number_of(again)) == (NEXT_DAY, "B001")
    assert await kinds_in(dsn, NEXT_DAY) == ["day_opened", "ticket_taken"]
    assert await one.take(command, KEY) == "B001"


async def test_a_key_of_the_evening_that_the_copy_has_is_known(one: Process, dsn: str) -> None:
    await one.take()
    command = new_ticket()
    await one.take(command, KEY)
    await copy(dsn)
    midnight(one)
    await one.take()
    await restore(dsn)

    assert await one.take(command, KEY) == "B002"

    assert "ticket_taken" not in await kinds_in(dsn, NEXT_DAY)


async def test_without_beginning_anew_a_day_goes_on_that_never_began(
    one: Process, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lane, "begun", property(lambda _: True, lambda _, __: None), raising=False)
    for module in (lane_module, journaled_day):
        monkeypatch.setattr(module, "require_begun", lambda _, **__: None)
    await a_night_and_a_restore(one, dsn)
    lane = await one.lane(NEXT_DAY)

    await lane.do(one.request(new_ticket()))

    assert not await has_begun(dsn)
