"""Moves of appointments to another day: on both days or on neither, once, with other processes at work."""

import asyncio
from datetime import date

import asyncpg
import pytest
from msgspec.structs import replace

from service.domain.commands import ChangeAppointment, EndDay
from service.domain.hall.demo import DEMO
from service.domain.model import Appointment, AppointmentId, AppointmentState, HallId
from service.domain.refusals import (
    AlreadyBooked,
    AppointmentNotFound,
    DayHasEnded,
    HoldExpired,
    KeyReused,
    Refusal,
    SlotFull,
    SlotNotOffered,
    WrongState,
)
from service.errors import OutcomeUnknown, StorageUnavailable
from service.journal import day_locks
from service.journal.append import Appender
from service.journal.append_sender import OnSend
from service.journal.database import Connection
from service.journal.day_locks import TwoDayLock
from service.journal.faults import ConstraintBroken
from service.journal.values import Append, Applicant, Committed, Lost, Position
from service.journal.verify import Verifier
from service.primitives.ids import new_id
from service.runtime.requests import Answer
from tests.proxy import Fault, Proxy
from tests.race.bookings import (
    FAR_DAY,
    PERSON,
    appointment_of,
    book,
    booked,
    booking,
    cancel,
    instant,
    move,
    moves,
    same_story,
    with_one_place,
)
from tests.race.process import (
    DAY,
    NEXT_DAY,
    WITHIN_S,
    Process,
    commands_in,
    kinds_in,
    process_on,
    rows_of,
    until_blocked,
)

KEY = "a-key-of-a-move"
DAYS = (NEXT_DAY, FAR_DAY)


async def one_place_of(dsn: str, appointment: Appointment) -> date:
    """Assert that exactly one day has the appointment, in its fold and in the table, and return that day."""
    async with process_on(dsn) as fresh:
        stories = {on: await same_story(fresh, on) for on in DAYS}
        there = [on for on, day in stories.items() if appointment.id in day.appointments]
        assert [str(one) async for one in Verifier(fresh.database).differences()] == []
    rows = await rows_of(dsn, "SELECT day FROM appointments WHERE id = $1", appointment.id)
    assert [row[0] for row in rows] == there
    assert len(there) == 1
    return there[0]


@pytest.mark.parametrize(("from_on", "to_on"), [DAYS, DAYS[::-1]])
async def test_an_appointment_moves_and_stays_what_it_is(
    from_on: date, to_on: date, one: Process, other: Process, dsn: str
) -> None:
    await with_one_place(one, other)
    before = await booked(one, from_on, person=PERSON)
    await other.lanes.lane_on(DEMO, from_on)

    after = appointment_of(await move(other, before.id, to_on, "17:30"))

    assert (after.id, after.code, after.made_at, after.person) == (before.id, before.code, before.made_at, PERSON)
    assert (after.starts_at, after.sequence, after.state) == (instant(to_on, "17:30"), 1, AppointmentState.BOOKED)
    assert (await kinds_in(dsn, from_on))[-1] == "appointment_moved_away"
    assert (await kinds_in(dsn, to_on))[-1] == "appointment_made"
    assert await one_place_of(dsn, before) == to_on
    for process in (one, other):
        assert (await process.lanes.day_of_appointment(DEMO, before.id)).on == to_on
        await same_story(process, from_on)
        await same_story(process, to_on)
    assert (await booked(one, from_on)).place == 1, "its place there is free"


async def test_a_move_rings_for_both_days(one: Process) -> None:
    await with_one_place(one)
    before = await booked(one, NEXT_DAY)
    await booked(one, FAR_DAY, "09:00")
    appends = len(one.heard.batches)

    await move(one, before.id, FAR_DAY)

    assert one.heard.batches[appends:] == [1, 1]


async def test_a_move_within_the_day_is_a_change(one: Process, dsn: str) -> None:
    await with_one_place(one)
    before = await booked(one, FAR_DAY)

    after = appointment_of(await move(one, before.id, FAR_DAY, "17:30"))

    assert after.starts_at == instant(FAR_DAY, "17:30")
    assert (await kinds_in(dsn, FAR_DAY))[-1] == "appointment_changed"


async def test_a_hold_is_confirmed_for_somebody_and_moved_in_one(one: Process, dsn: str) -> None:
    await with_one_place(one)
    held = appointment_of(await book(one, NEXT_DAY, booking(NEXT_DAY, hold=True)))
    person = Applicant(id=new_id(), name="李雷", phone="+8613800000000")
    command = ChangeAppointment(
        appointment=held.id, starts_at=instant(FAR_DAY, "09:00"), confirm=True, applicant=person.id, person=PERSON
    )

    request = replace(one.request(command), applicant=person)
    after = appointment_of(await moves(one).move(DEMO, FAR_DAY, request))

    assert (after.state, after.applicant, after.person) == (AppointmentState.BOOKED, person.id, PERSON)
    assert [row[0] for row in await rows_of(dsn, "SELECT name FROM applicants")] == ["李雷"]
    assert await one_place_of(dsn, held) == FAR_DAY


# Refusals.


async def test_a_move_to_a_full_start_leaves_everything_as_it_was(one: Process, other: Process, dsn: str) -> None:
    await with_one_place(one, other)
    before = await booked(one, NEXT_DAY)
    await booked(other, FAR_DAY)

    with pytest.raises(SlotFull):
        await move(one, before.id, FAR_DAY)

    assert "appointment_moved_away" not in await kinds_in(dsn, NEXT_DAY)
    assert await one_place_of(dsn, before) == NEXT_DAY
    await booked(one, NEXT_DAY, "09:00")


async def test_a_move_to_where_nothing_is_offered_is_refused(one: Process) -> None:
    await with_one_place(one)
    before = await booked(one, NEXT_DAY)

    for to_on, at in ((FAR_DAY, "16:07"), (date(2027, 11, 23), "16:00")):
        with pytest.raises(SlotNotOffered):
            await move(one, before.id, to_on, at)


async def test_what_is_over_does_not_move(one: Process) -> None:
    await with_one_place(one)
    cancelled = await booked(one, NEXT_DAY)
    await cancel(one, cancelled.id, NEXT_DAY)
    held = appointment_of(await book(one, NEXT_DAY, booking(NEXT_DAY, hold=True)))
    one.clock.advance(601)  # type: ignore[attr-defined]

    with pytest.raises(WrongState):
        await move(one, cancelled.id, FAR_DAY)
    with pytest.raises(HoldExpired):
        await move(one, held.id, FAR_DAY)
    with pytest.raises(AppointmentNotFound):
        await move(one, booking(FAR_DAY).appointment, FAR_DAY)


async def test_nothing_moves_to_a_day_that_has_ended(one: Process, other: Process, dsn: str) -> None:
    await with_one_place(one, other)
    before = await booked(one, NEXT_DAY)
    await one.lane()
    await (await other.lane()).do(other.request(EndDay()))

    with pytest.raises(DayHasEnded):
        await move(one, before.id, DAY, "23:30")

    assert await one_place_of(dsn, before) == NEXT_DAY


async def test_a_person_at_the_limit_moves_all_the_same(one: Process, dsn: str) -> None:
    await with_one_place(one, per_person=1)
    before = await booked(one, NEXT_DAY, person=PERSON)

    await move(one, before.id, FAR_DAY)

    assert [tuple(row) for row in await rows_of(dsn, "SELECT day, nth FROM appointments")] == [(FAR_DAY, 1)]
    with pytest.raises(AlreadyBooked):
        await booked(one, NEXT_DAY, person=PERSON)


async def test_an_appointment_that_two_want_to_be_theirs_at_one_start_is_refused_by_the_table(one: Process) -> None:
    await with_one_place(one)
    first, second = await booked(one, NEXT_DAY, person=PERSON), await booked(one, FAR_DAY, "09:00", person="another")
    command = ChangeAppointment(appointment=second.id, starts_at=instant(NEXT_DAY, "16:00"), person=PERSON)

    with pytest.raises(Refusal) as refused:
        await moves(one).move(DEMO, NEXT_DAY, one.request(command))

    assert type(refused.value) in {AlreadyBooked, SlotFull}
    assert first.id in (await one.lanes.day_on(DEMO, NEXT_DAY)).appointments


# Concurrent commands.


async def test_of_a_move_and_a_cancellation_one_comes_first(one: Process, other: Process, dsn: str) -> None:
    await with_one_place(one, other)
    before = await booked(one, NEXT_DAY)
    await other.lanes.lane_on(DEMO, NEXT_DAY)
    one.journal.first["lock_days"] = lambda: cancel(other, before.id, NEXT_DAY)

    with pytest.raises(WrongState):
        await move(one, before.id, FAR_DAY)

    assert await one_place_of(dsn, before) == NEXT_DAY


async def test_a_cancellation_follows_an_appointment_that_moves_away_under_it(
    one: Process, other: Process, dsn: str
) -> None:
    await with_one_place(one, other)
    before = await booked(one, NEXT_DAY)
    other.journal.first["append"] = lambda: move(one, before.id, FAR_DAY)

    answer = await cancel(other, before.id, NEXT_DAY)

    assert answer.day.on == FAR_DAY
    assert appointment_of(answer).state is AppointmentState.CANCELLED
    assert await one_place_of(dsn, before) == FAR_DAY


async def test_a_change_of_time_brings_back_what_moves_away_under_it(one: Process, other: Process, dsn: str) -> None:
    await with_one_place(one, other)
    before = await booked(one, NEXT_DAY)
    other.journal.first["append"] = lambda: move(one, before.id, FAR_DAY)

    after = appointment_of(await move(other, before.id, NEXT_DAY, "17:30"))

    assert (after.starts_at, after.sequence) == (instant(NEXT_DAY, "17:30"), 2)
    assert await one_place_of(dsn, before) == NEXT_DAY


async def test_what_came_back_while_it_was_looked_for_is_found(
    one: Process, other: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_one_place(one, other)
    before = await booked(one, NEXT_DAY)
    look = other.lanes.date_of_appointment
    other.journal.first["append"] = lambda: move(one, before.id, FAR_DAY)

    async def comes_back(hall: HallId, appointment: AppointmentId) -> date | None:
        monkeypatch.undo()
        await move(one, before.id, NEXT_DAY)
        return await look(hall, appointment)

    monkeypatch.setattr(other.lanes, "date_of_appointment", comes_back)
    answer = await cancel(other, before.id, NEXT_DAY)

    assert appointment_of(answer).state is AppointmentState.CANCELLED


async def test_a_booking_decided_before_a_move_takes_the_place_is_decided_again(
    one: Process, other: Process, dsn: str
) -> None:
    await with_one_place(one, other)
    before = await booked(one, NEXT_DAY)
    await other.lanes.lane_on(DEMO, FAR_DAY)
    other.journal.first["append"] = lambda: move(one, before.id, FAR_DAY)

    with pytest.raises(SlotFull):
        await booked(other, FAR_DAY)

    assert await one_place_of(dsn, before) == FAR_DAY


async def test_an_appointment_that_went_elsewhere_before_the_rows_were_held_is_moved_from_there(
    one: Process, other: Process, dsn: str
) -> None:
    await with_one_place(one, other)
    before = await booked(one, NEXT_DAY)
    one.journal.first["lock_days"] = lambda: move(other, before.id, DAY, "23:30")

    after = appointment_of(await move(one, before.id, FAR_DAY))

    assert after.sequence == 2
    assert await one_place_of(dsn, before) == FAR_DAY


async def test_two_who_move_one_appointment_to_one_place_both_find_it_there(
    one: Process, other: Process, dsn: str
) -> None:
    await with_one_place(one, other)
    before = await booked(one, NEXT_DAY)

    async with asyncio.timeout(WITHIN_S):
        await asyncio.gather(move(one, before.id, FAR_DAY), move(other, before.id, FAR_DAY))

    assert (await kinds_in(dsn, NEXT_DAY)).count("appointment_moved_away") == 1
    assert await one_place_of(dsn, before) == FAR_DAY


async def test_moves_in_both_directions_at_once_do_not_wait_for_each_other(
    one: Process, other: Process, dsn: str
) -> None:
    await with_one_place(one, other)
    near, far = await booked(one, NEXT_DAY), await booked(one, FAR_DAY, "17:00")
    for on in DAYS:
        await other.lanes.lane_on(DEMO, on)
    ready = asyncio.Barrier(2)
    one.journal.first["lock_days"] = other.journal.first["lock_days"] = ready.wait
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"

    async with asyncio.timeout(WITHIN_S):
        await asyncio.gather(move(one, near.id, FAR_DAY), move(other, far.id, NEXT_DAY, "17:00"))

    assert await one_place_of(dsn, near) == FAR_DAY
    assert await one_place_of(dsn, far) == NEXT_DAY
    assert (await rows_of(dsn, deadlocks))[0][0] == 0


async def test_without_the_order_of_dates_two_moves_wait_for_each_other(
    one: Process, other: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_one_place(one, other)
    near, far = await booked(one, NEXT_DAY), await booked(one, FAR_DAY, "17:00")
    each_has_one, orders = asyncio.Barrier(2), [DAYS, DAYS[::-1]]

    async def hold_as_it_comes(connection: Connection, hall: HallId, _days: object) -> dict[date, Position]:
        first, second = orders.pop()
        await connection.execute(day_locks._BEGIN)
        positions = {}
        for on in (first, second):
            row = await connection.fetchrow(day_locks._SQL["lock_day"], hall, on)
            assert row is not None
            positions[on] = Position(row["seq"], str(row["head"]), row["at"])
            if on == first:
                await each_has_one.wait()
        return positions

    monkeypatch.setattr(day_locks, "_lock_both", hold_as_it_comes)

    async with asyncio.timeout(WITHIN_S):
        answers = await asyncio.gather(
            move(one, near.id, FAR_DAY), move(other, far.id, NEXT_DAY, "17:00"), return_exceptions=True
        )

    assert sum(isinstance(answer, asyncpg.DeadlockDetectedError) for answer in answers) == 1


async def test_a_move_waits_for_who_holds_a_day(one: Process, other: Process, dsn: str) -> None:
    await with_one_place(one, other)
    before = await booked(one, NEXT_DAY)
    await booked(one, FAR_DAY, "09:00")
    appender = Appender(other.database)
    async with appender.lock_day(DEMO, FAR_DAY) as lock:
        assert lock is not None
        moving = asyncio.create_task(move(one, before.id, FAR_DAY))
        await until_blocked(dsn)
        assert not moving.done()

    assert isinstance(await moving, Answer)
    assert await one_place_of(dsn, before) == FAR_DAY


# Keys.


async def test_a_move_asked_twice_is_done_once_and_answered_alike(one: Process, other: Process, dsn: str) -> None:
    await with_one_place(one, other)
    before = await booked(one, FAR_DAY)

    first = await move(one, before.id, NEXT_DAY, key=KEY)
    again = await move(other, before.id, NEXT_DAY, key=KEY)

    assert appointment_of(first) == appointment_of(again)
    assert first.done == again.done
    assert (await kinds_in(dsn, FAR_DAY)).count("appointment_moved_away") == 1


async def test_a_move_asked_again_after_it_moved_on_is_answered_as_then(one: Process, dsn: str) -> None:
    await with_one_place(one)
    before = await booked(one, NEXT_DAY)
    first = await move(one, before.id, FAR_DAY, key=KEY)
    await move(one, before.id, DAY, "23:30")

    again = await move(one, before.id, FAR_DAY, key=KEY)

    assert again.done == first.done
    assert [row[0] for row in await rows_of(dsn, "SELECT day FROM appointments")] == [DAY]


async def test_the_same_move_at_two_processes_at_once_is_done_once(one: Process, other: Process, dsn: str) -> None:
    await with_one_place(one, other)
    before = await booked(one, NEXT_DAY)
    ready = asyncio.Barrier(2)
    one.journal.first["lock_days"] = other.journal.first["lock_days"] = ready.wait

    first, second = await asyncio.gather(
        move(one, before.id, FAR_DAY, key=KEY), move(other, before.id, FAR_DAY, key=KEY)
    )

    assert first.done == second.done
    assert (await kinds_in(dsn, FAR_DAY)).count("appointment_made") == 1


async def test_the_key_of_a_move_is_not_another_moves(one: Process) -> None:
    await with_one_place(one)
    before = await booked(one, NEXT_DAY)
    await move(one, before.id, FAR_DAY, key=KEY)

    with pytest.raises(KeyReused):
        await move(one, before.id, NEXT_DAY, key=KEY)


@pytest.mark.parametrize("first_on", [NEXT_DAY, DAY])
async def test_of_requests_with_one_key_and_several_days_one_is_done_and_the_others_are_refused(
    first_on: date, one: Process, other: Process, dsn: str
) -> None:
    await with_one_place(one, other)
    before = await booked(one, NEXT_DAY)
    for on in DAYS:
        await one.lanes.lane_on(DEMO, on)
    one.journal.first["lock_days"] = lambda: move(other, before.id, first_on, "23:30", key=KEY)

    with pytest.raises(KeyReused):
        await move(one, before.id, FAR_DAY, key=KEY)

    assert await kinds_in(dsn, FAR_DAY) == ["day_opened"]
    assert (await commands_in(dsn)).count(f"key {KEY}") == 1 + (first_on != NEXT_DAY)
    assert [tuple(row) for row in await rows_of(dsn, "SELECT day, starts_at FROM appointments")] == [
        (first_on, instant(first_on, "23:30"))
    ]


async def test_of_changes_to_three_days_with_one_key_at_once_one_is_done_and_none_is_a_fault(
    one: Process, other: Process
) -> None:
    await with_one_place(one, other)
    before = await booked(one, NEXT_DAY)
    ready = asyncio.Barrier(3)
    one.journal.first["append"] = one.journal.always["lock_days"] = other.journal.always["lock_days"] = ready.wait

    async with asyncio.timeout(WITHIN_S):
        answers = await asyncio.gather(
            move(one, before.id, NEXT_DAY, "23:30", key=KEY),
            move(one, before.id, FAR_DAY, key=KEY),
            move(other, before.id, DAY, "23:30", key=KEY),
            return_exceptions=True,
        )

    assert sorted(type(answer).__name__ for answer in answers) == ["Answer", "KeyReused", "KeyReused"]
    assert [str(one) async for one in Verifier(one.database).differences()] == []


# Lost answers. The statements are: begin, lock, lock, append, append, commit.

BEGIN_AND_HOLD, COMMIT = 3, 5


@pytest.mark.parametrize("nth", range(BEGIN_AND_HOLD, COMMIT + 1))
@pytest.mark.parametrize("cut", [Fault.CUT_BEFORE, Fault.CUT_AFTER])
async def test_a_move_whose_connection_is_cut_is_done_once(
    cut: Fault, nth: int, proxy: Proxy, far: Process, dsn: str
) -> None:
    await with_one_place(far)
    before = await booked(far, NEXT_DAY)
    await booked(far, FAR_DAY, "09:00")

    async def arm() -> None:
        proxy.arm(cut, after=nth)

    far.journal.first["lock_days"] = arm

    after = appointment_of(await move(far, before.id, FAR_DAY))

    assert proxy.struck.is_set()
    assert after.starts_at == instant(FAR_DAY, "16:00")
    assert (await kinds_in(dsn, NEXT_DAY)).count("appointment_moved_away") == 1
    assert await one_place_of(dsn, before) == FAR_DAY


@pytest.mark.parametrize("nth", range(BEGIN_AND_HOLD))
async def test_a_move_cut_before_it_wrote_anything_says_that_nothing_was_done(
    nth: int, proxy: Proxy, far: Process, dsn: str
) -> None:
    await with_one_place(far)
    before = await booked(far, NEXT_DAY)
    await booked(far, FAR_DAY, "09:00")

    async def arm() -> None:
        proxy.arm(Fault.CUT_AFTER, after=nth)

    far.journal.first["lock_days"] = arm

    with pytest.raises(StorageUnavailable):
        await move(far, before.id, FAR_DAY)

    assert proxy.struck.is_set()
    assert await one_place_of(dsn, before) == NEXT_DAY


async def take_a_cut_for_a_failure(lock: TwoDayLock, *_appends: object) -> Lost:
    """Act like a move that does not find out its outcome after an unanswered COMMIT."""
    assert lock is not None
    return Lost()


async def test_without_looking_again_a_move_that_landed_is_taken_for_one_that_failed(
    proxy: Proxy, far: Process, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TwoDayLock, "_find_outcome", take_a_cut_for_a_failure)
    await with_one_place(far)
    before = await booked(far, NEXT_DAY)
    await booked(far, FAR_DAY, "09:00")

    async def arm() -> None:
        proxy.arm(Fault.CUT_AFTER, after=COMMIT)

    far.journal.first["lock_days"] = arm

    answer = await move(far, before.id, FAR_DAY)  # it finds the appointment there, and treats the move as a no-op

    assert answer.done is None
    assert await one_place_of(dsn, before) == FAR_DAY


async def test_who_waits_too_long_for_a_commit_is_told_that_nothing_is_known(
    proxy: Proxy, far: Process, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_one_place(far)
    before = await booked(far, NEXT_DAY)
    await booked(far, FAR_DAY, "09:00")

    async def arm() -> None:
        proxy.arm(Fault.HOLD_AFTER, after=COMMIT)

    far.journal.first["lock_days"] = arm
    monkeypatch.setattr("service.booking.rescheduling.ANSWER_WITHIN_S", 0.5)
    with pytest.raises(OutcomeUnknown):
        await move(far, before.id, FAR_DAY, key=KEY)
    proxy.release()
    monkeypatch.setattr("service.booking.rescheduling.ANSWER_WITHIN_S", WITHIN_S)

    again = await move(far, before.id, FAR_DAY, key=KEY)

    assert appointment_of(again).starts_at == instant(FAR_DAY, "16:00")
    assert (await kinds_in(dsn, FAR_DAY)).count("appointment_made") == 2
    assert await one_place_of(dsn, before) == FAR_DAY


async def test_a_rule_over_several_days_that_another_has_just_broken_is_looked_at_again(
    one: Process, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_one_place(one)
    before = await booked(one, NEXT_DAY)
    refused: list[str] = []
    append_both = TwoDayLock.append

    async def refuse_once(lock: TwoDayLock, appends: tuple[Append, Append], on_send: OnSend) -> Committed | Lost:
        if refused:
            return await append_both(lock, appends, on_send)
        refused.append("person_limit_kept")
        raise ConstraintBroken(refused[0], "another day was first")

    monkeypatch.setattr(TwoDayLock, "append", refuse_once)

    after = appointment_of(await move(one, before.id, FAR_DAY))

    assert after.starts_at == instant(FAR_DAY, "16:00")
    assert refused == ["person_limit_kept"]
    assert await one_place_of(dsn, before) == FAR_DAY


async def test_a_move_of_a_day_that_was_rewritten_begins_anew(one: Process, dsn: str) -> None:
    await with_one_place(one)
    before = await booked(one, NEXT_DAY)
    await booked(one, FAR_DAY, "09:00")
    lane = await one.lanes.lane_on(DEMO, FAR_DAY)
    known, lane._head = lane._head, before.id  # as if the journal had been replaced

    after = appointment_of(await move(one, before.id, FAR_DAY))

    assert after.starts_at == instant(FAR_DAY, "16:00")
    assert lane._head != known
    assert await one_place_of(dsn, before) == FAR_DAY
