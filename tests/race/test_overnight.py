"""Events in force carry over to the next day: once, by any process, and before any command there."""

import asyncio
from datetime import timedelta

import pytest

from service.clock import FakeClock
from service.domain.commands import CloseDay, LiftSuspension, PostNotice, RemoveNotice, Suspend
from service.domain.day import Day
from service.domain.events import NoticePosted, SuspensionBegan
from service.domain.hall.demo import DEMO
from service.domain.model import Notice, Suspension
from service.domain.refusals import DayHasEnded, HallSuspended, WrongDay
from service.journal import day_opening
from service.journal.verify import Verifier
from service.runtime.jobs import ENDS_SPREAD_S, Jobs
from service.runtime.lane_registry import SYSTEM
from tests.race.bookings import booked, with_one_place
from tests.race.process import (
    DAY,
    MIDNIGHT_AT,
    NEXT_DAY,
    Process,
    kinds_in,
    new_ticket,
    one_story,
    process_on,
    rows_of,
)

FIRE = {"en": "Fire alarm"}
LIFT = Notice("lift", {"en": "Lift out of order"}, ())
GOES_ON = ["suspension_began", "notice_posted"]


def midnight(*processes: Process, later: timedelta = timedelta(0)) -> None:
    """Set the clocks of these processes to midnight, or later."""
    for process in processes:
        assert isinstance(process.clock, FakeClock)
        process.clock.put(MIDNIGHT_AT + later)


async def suspended(process: Process) -> None:
    """Suspend the hall without an end, and post a notice."""
    await process.do(Suspend(FIRE))
    await process.do(PostNotice(LIFT))


async def in_force(process: Process) -> tuple[Suspension | None, list[Notice]]:
    """Return what is in force on the present day."""
    day = await process.lanes.day(DEMO, now=True)
    return day.suspended_at(process.clock.now_at()), list(day.notices.values())


async def test_a_day_begins_with_what_was_in_force_by_events_of_the_system(one: Process, dsn: str) -> None:
    await suspended(one)
    midnight(one)

    suspension, notices = await in_force(one)

    assert suspension == Suspension(text=FIRE, since_at=MIDNIGHT_AT)
    assert notices == [LIFT]
    rows = await rows_of(dsn, "SELECT kind, actor FROM events WHERE day = $1 ORDER BY seq", NEXT_DAY)
    assert [tuple(row) for row in rows] == [(kind, SYSTEM) for kind in ("day_opened", *GOES_ON)]
    await one_story([one], NEXT_DAY)
    assert [str(found) async for found in Verifier(one.database).differences()] == []


async def test_it_goes_on_from_day_to_day_and_over_days_that_nobody_began(one: Process, dsn: str) -> None:
    await suspended(one)
    midnight(one)
    await in_force(one)
    midnight(one, later=timedelta(days=3))

    suspension, notices = await in_force(one)

    assert suspension is not None
    assert notices == [LIFT]
    days = await rows_of(dsn, "SELECT DISTINCT day FROM events WHERE kind = 'suspension_began' ORDER BY day")
    assert [row[0] for row in days] == [DAY, NEXT_DAY, NEXT_DAY + timedelta(days=3)]


@pytest.mark.parametrize(("begins_after_h", "goes_on"), [(7, True), (9, False)])
async def test_a_suspension_whose_end_came_in_the_night_does_not_go_on(
    one: Process, *, begins_after_h: int, goes_on: bool
) -> None:
    await one.do(Suspend(FIRE, MIDNIGHT_AT + timedelta(hours=8)))
    midnight(one, later=timedelta(hours=begins_after_h))

    day = await one.lanes.day(DEMO)

    assert (day.suspension is not None) is goes_on


async def test_of_two_processes_that_begin_a_day_one_writes_what_goes_on(
    one: Process, other: Process, dsn: str
) -> None:
    await suspended(one)
    await other.lane()
    midnight(one, other)
    both = asyncio.Barrier(2)
    one.journal.first["open_day"] = other.journal.first["open_day"] = both.wait

    found = await asyncio.gather(in_force(one), in_force(other))

    assert found[0] == found[1]
    assert await kinds_in(dsn, NEXT_DAY) == ["day_opened", *GOES_ON]


async def test_what_a_manager_took_back_does_not_come_again_with_a_process_that_begins_the_day_later(
    one: Process, other: Process, dsn: str
) -> None:
    await suspended(one)
    await other.lane()
    midnight(one, other)
    await one.do(LiftSuspension())
    await one.do(RemoveNotice(LIFT.id))

    async with process_on(dsn, one.clock) as third:
        for process in (other, third):
            assert await in_force(process) == (None, [])
    assert (await kinds_in(dsn, NEXT_DAY))[3:] == ["suspension_ended", "notice_removed"]


async def test_a_day_ended_by_the_job_of_another_process_goes_on_all_the_same(one: Process, other: Process) -> None:
    await suspended(one)
    await other.halls.refresh()
    midnight(one, other, later=timedelta(seconds=ENDS_SPREAD_S))
    await Jobs(other.halls, other.lanes, other.clock).end_days()

    suspension, notices = await in_force(one)

    assert suspension is not None
    assert notices == [LIFT]


async def test_a_day_ahead_is_left_alone_and_has_it_once_it_begins(one: Process, other: Process, dsn: str) -> None:
    await with_one_place(one, other)
    await booked(one, NEXT_DAY)
    await other.lanes.lane_on(DEMO, NEXT_DAY)
    await suspended(one)
    assert await kinds_in(dsn, NEXT_DAY) == ["day_opened", "appointment_made"]
    midnight(one, other)

    suspension, notices = await in_force(other)

    assert suspension is not None
    assert notices == [LIFT]
    assert await kinds_in(dsn, NEXT_DAY) == ["day_opened", "appointment_made", *GOES_ON]
    await one_story([one, other], NEXT_DAY)
    assert [str(found) async for found in Verifier(one.database).differences()] == []


@pytest.mark.parametrize("ahead", [False, True])
async def test_a_process_that_dies_while_it_writes_what_goes_on_has_not_begun_the_day(
    one: Process, other: Process, dsn: str, monkeypatch: pytest.MonkeyPatch, *, ahead: bool
) -> None:
    await with_one_place(one, other)
    if ahead:
        await booked(one, NEXT_DAY)
    await suspended(one)
    midnight(one, other)

    def dies(*_: object) -> None:
        raise SystemError

    with monkeypatch.context() as patched:
        patched.setattr(day_opening, "_renumbered", dies)
        with pytest.raises(SystemError):
            await one.lanes.day(DEMO)
    begun = await rows_of(dsn, "SELECT FROM hall_days WHERE day = $1 AND begun_at IS NOT NULL", NEXT_DAY)

    suspension, _ = await in_force(other)

    assert begun == []
    assert suspension is not None


async def test_a_number_asked_for_at_midnight_is_refused_by_the_suspension_of_the_day_before(
    one: Process, other: Process
) -> None:
    await suspended(one)
    midnight(other)
    await other.lane(NEXT_DAY)  # the clock of the other process is a little late

    with pytest.raises(HallSuspended):
        await one.do(new_ticket())


async def test_what_is_taken_back_at_midnight_is_taken_back_on_the_new_day(one: Process, other: Process) -> None:
    await suspended(one)
    midnight(other)
    await other.lane(NEXT_DAY)

    await one.do(LiftSuspension())
    await one.do(RemoveNotice(LIFT.id))

    assert await in_force(other) == (None, [])


async def test_the_day_before_is_read_once_by_those_who_look_at_a_hall_whose_day_has_not_begun(
    one: Process, other: Process
) -> None:
    await suspended(one)
    midnight(one)
    hall, reads = await one.halls.get(DEMO), 0

    async def count() -> None:
        nonlocal reads
        reads += 1

    async def going_on() -> list[type]:
        return [type(event) for event in await one.lanes.carried_over_events(DEMO, NEXT_DAY)]

    one.journal.always["announcements_of"] = count
    assert [await going_on() for _ in range(3)] == [[SuspensionBegan, NoticePosted]] * 3
    assert reads == 1

    await other.do(LiftSuspension())  # its clock is late
    assert [await going_on() for _ in range(3)] == [[NoticePosted]] * 3
    assert reads == 2
    assert await one.lanes.day_if_begun(hall) is None


# Commands for one date.


async def not_closed(process: Process) -> Day:
    """Return the new day, which must not be closed."""
    day = await process.lanes.day(DEMO, now=True)
    assert (day.on, day.closed) == (NEXT_DAY, False)
    return day


async def test_to_close_a_day_that_another_process_has_ended_closes_no_other(one: Process, other: Process) -> None:
    await with_one_place(one, other)
    appointment = await booked(one, NEXT_DAY)
    await one.take()
    midnight(other)
    await other.lane(NEXT_DAY)

    with pytest.raises(DayHasEnded):
        await one.lanes.do_only_on(DEMO, DAY, one.request(CloseDay(DAY)))
    with pytest.raises(WrongDay):
        await one.do(CloseDay(DAY))

    assert (await not_closed(other)).appointments[appointment.id].state == "booked"


async def test_a_day_that_began_elsewhere_is_closed_by_a_process_whose_clock_is_late(
    one: Process, other: Process
) -> None:
    await one.take()
    midnight(other)
    await other.lane(NEXT_DAY)

    answer = await one.lanes.do_only_on(DEMO, NEXT_DAY, one.request(CloseDay(NEXT_DAY)))

    assert (answer.day.on, answer.day.closed) == (NEXT_DAY, True)


async def test_a_day_that_has_not_begun_is_not_closed_and_not_opened(one: Process, dsn: str) -> None:
    await one.take()

    with pytest.raises(WrongDay) as refused:
        await one.lanes.do_only_on(DEMO, NEXT_DAY, one.request(CloseDay(NEXT_DAY)))

    assert refused.value.fields == {"on": "2026-11-24"}
    assert await rows_of(dsn, "SELECT FROM hall_days WHERE day = $1", NEXT_DAY) == []


async def test_a_day_closed_with_a_key_is_answered_again_after_midnight(one: Process, other: Process) -> None:
    key = "close-the-day"
    before = await one.lanes.do_only_on(DEMO, DAY, one.request(CloseDay(DAY), key))
    midnight(other)
    request = other.request(CloseDay(DAY), key)

    again = await other.lanes.do_only_on(DEMO, NEXT_DAY, request)

    assert again.done == before.done
    await not_closed(other)
