"""Bookings of two processes: no place twice, no person above the limit, no code used twice, on any day."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta

import asyncpg
import pytest
from msgspec.structs import replace

from service.clock import FakeClock
from service.domain.commands import (
    BookAppointment,
    ChangeAppointment,
    EndDay,
    Invited,
    Returned,
    ReturnTicket,
)
from service.domain.day import Day
from service.domain.decide.appointments import HOLD_S
from service.domain.decide.decide import decide
from service.domain.events import AppointmentMade, Event
from service.domain.hall.demo import DEMO
from service.domain.model import MISSED_AFTER_S, AppointmentState, Channel, Outcome, ServiceId, TicketId
from service.domain.refusals import (
    AlreadyBooked,
    AppointmentNotFound,
    Busy,
    CodeNotFound,
    CodeUsed,
    DayHasEnded,
    KeyReused,
    Refusal,
    SlotFull,
    SlotNotOffered,
)
from service.errors import Fault
from service.journal import day_opening, faults
from service.journal.faults import ConstraintBroken
from service.journal.journal import Journal
from service.journal.verify import RULES, Verifier
from service.primitives.ids import new_code, new_id
from service.runtime.jobs import Jobs
from service.runtime.journaled_day import TOTALS_CHANGES_MAX
from service.runtime.lane import IDLE_AFTER_S
from service.runtime.rejected_appends import refusal_for
from service.runtime.requests import Answer
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
    one_place,
    same_story,
    with_one_place,
)
from tests.race.process import (
    DAY,
    MIDNIGHT_AT,
    NEXT_DAY,
    WITHIN_S,
    Process,
    commands_in,
    folded,
    kinds_in,
    new_ticket,
    number_of,
    renamed,
    rows_of,
    until_blocked,
)

KEY = "a-key-of-a-booking"


async def both(*asked: asyncio.Task[Answer]) -> list[Answer | BaseException]:
    async with asyncio.timeout(WITHIN_S):
        return await asyncio.gather(*asked, return_exceptions=True)


async def book_at_once(one: Process, other: Process, *bookings: tuple[date, BookAppointment]) -> list[object]:
    """Let both processes decide their bookings before one of them appends."""
    ready = asyncio.Barrier(2)
    one.journal.first["append"] = other.journal.first["append"] = ready.wait
    (first_on, first), (second_on, second) = bookings
    return list(
        await both(asyncio.create_task(book(one, first_on, first)), asyncio.create_task(book(other, second_on, second)))
    )


async def test_of_two_bookings_of_the_last_place_one_is_told_that_it_is_full(one: Process, other: Process) -> None:
    await with_one_place(one, other)
    for process in (one, other):
        await process.lanes.lane_on(DEMO, FAR_DAY)

    answers = await book_at_once(one, other, (FAR_DAY, booking(FAR_DAY)), (FAR_DAY, booking(FAR_DAY)))

    assert sorted(type(answer).__name__ for answer in answers) == ["Answer", "SlotFull"]
    day = await same_story(one, FAR_DAY)
    await same_story(other, FAR_DAY)
    assert len(day.appointments) == 1


def decide_and_never_find_it_full(day: Day, command: object, now_at: datetime) -> list[Event]:
    """A decider that always offers the first place."""
    if not isinstance(command, BookAppointment):
        return decide(day, command, now_at)  # type: ignore[arg-type]
    return [
        AppointmentMade(
            appointment=command.appointment,
            n=day.appointments_made + 1,
            code=command.code,
            service=command.service,
            starts_at=command.starts_at,
            ends_at=command.starts_at + timedelta(minutes=3),
            state=AppointmentState.BOOKED,
            channel=command.channel,
            place=1,
            places=1,
            per_person=2,
        )
    ]


async def test_without_the_decision_a_place_would_be_sold_twice_but_for_the_constraint(
    one: Process, other: Process, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_one_place(one, other)
    monkeypatch.setattr("service.runtime.lane.decide", decide_and_never_find_it_full)
    for process in (one, other):
        await process.lanes.lane_on(DEMO, FAR_DAY)

    answers = await book_at_once(one, other, (FAR_DAY, booking(FAR_DAY)), (FAR_DAY, booking(FAR_DAY)))

    assert sorted(type(answer).__name__ for answer in answers) == ["Answer", "Fault"]
    assert len(await rows_of(dsn, "SELECT FROM appointments")) == 1
    await rows_of(dsn, "ALTER TABLE appointments DROP CONSTRAINT slot_not_oversold")
    await book(one, FAR_DAY, booking(FAR_DAY))
    assert len(await rows_of(dsn, "SELECT FROM appointments")) == 2, "it was the constraint"


async def test_many_who_want_one_place_get_it_once(one: Process, other: Process) -> None:
    await with_one_place(one, other)

    answers = await asyncio.gather(
        *(book(process, FAR_DAY, booking(FAR_DAY)) for process in (one, other) for _ in range(20)),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, Answer) for answer in answers) == 1
    assert sum(isinstance(answer, SlotFull) for answer in answers) == 39
    await same_story(one, FAR_DAY)


async def test_a_place_given_up_in_one_process_is_free_in_the_other(one: Process, other: Process) -> None:
    await with_one_place(one, other)
    first = await booked(one, FAR_DAY)
    with pytest.raises(SlotFull):
        await booked(other, FAR_DAY)

    await cancel(one, first.id, FAR_DAY)

    assert (await booked(other, FAR_DAY)).place == 1


async def test_two_days_booked_at_once_by_one_person_at_the_limit_give_one_appointment(
    one: Process, other: Process
) -> None:
    await with_one_place(one, other, per_person=1)
    first, second = booking(NEXT_DAY, person=PERSON), booking(FAR_DAY, person=PERSON)

    answers = await book_at_once(one, other, (NEXT_DAY, first), (FAR_DAY, second))

    assert sorted(type(answer).__name__ for answer in answers) == ["AlreadyBooked", "Answer"]
    await same_story(one, NEXT_DAY)
    await same_story(one, FAR_DAY)


async def test_without_the_limit_of_the_table_a_person_has_more_on_two_days(
    one: Process, other: Process, dsn: str
) -> None:
    await with_one_place(one, other, per_person=1)
    await rows_of(dsn, "ALTER TABLE appointments DROP CONSTRAINT person_limit_kept")
    await rows_of(dsn, "ALTER TABLE appointments DROP CONSTRAINT person_within_limit")
    first, second = booking(NEXT_DAY, person=PERSON), booking(FAR_DAY, person=PERSON)

    answers = await book_at_once(one, other, (NEXT_DAY, first), (FAR_DAY, second))

    assert all(isinstance(answer, Answer) for answer in answers)


async def test_two_days_booked_at_once_by_one_person_below_the_limit_are_both_given(
    one: Process, other: Process, dsn: str
) -> None:
    await with_one_place(one, other, per_person=2)
    first, second = booking(NEXT_DAY, person=PERSON), booking(FAR_DAY, person=PERSON)

    answers = await book_at_once(one, other, (NEXT_DAY, first), (FAR_DAY, second))

    assert [type(answer) for answer in answers] == [Answer, Answer]
    assert sorted(row[0] for row in await rows_of(dsn, "SELECT nth FROM appointments")) == [1, 2]


@asynccontextmanager
async def booked_but_not_yet(dsn: str, on: date) -> AsyncIterator[None]:
    """Do what another process does when it books for the person on another day, up to its commit."""
    connection = await asyncpg.connect(dsn)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        "INSERT INTO appointments (hall_id, id, day, n, code, service, starts_at, ends_at, state, count, channel,"
        " person, nth, nth_most, prechecked, place, places, per_person, made_at, sequence, seq)"
        " VALUES ('demo', gen_random_uuid(), $1, 1, 'A7K3M9QX', 'enquiry', $2, $2, 'booked', 1, 'web', $3,"
        " 1, 2, FALSE, 1, 1, 2, $2, 0, 2)",
        on,
        instant(on, "09:00"),
        PERSON,
    )
    try:
        yield
    finally:
        await transaction.commit()
        await connection.close()


@pytest.mark.parametrize("again", [True, False])
async def test_a_booking_that_another_day_was_faster_with_is_tried_again_and_without_that_refused(
    one: Process, dsn: str, monkeypatch: pytest.MonkeyPatch, *, again: bool
) -> None:
    await with_one_place(one)
    await one.lanes.lane_on(DEMO, FAR_DAY)
    if not again:
        monkeypatch.setattr("service.runtime.lane.CROSS_DAY_CONSTRAINTS", frozenset())
    async with booked_but_not_yet(dsn, NEXT_DAY):
        waiting = asyncio.create_task(book(one, FAR_DAY, booking(FAR_DAY, person=PERSON)))
        await until_blocked(dsn)

    (answer,) = await both(waiting)

    assert isinstance(answer, Answer if again else AlreadyBooked)
    assert len(await rows_of(dsn, "SELECT FROM appointments WHERE nth = 2")) == again


async def test_a_person_within_the_limit_is_refused_a_second_one_at_the_same_start(one: Process) -> None:
    await with_one_place(one)
    await booked(one, FAR_DAY, person=PERSON)

    with pytest.raises(Refusal) as refused:
        await booked(one, FAR_DAY, person=PERSON)

    assert type(refused.value) in {AlreadyBooked, SlotFull}


async def over_on(process: Process, how: str) -> date:
    """Let one of a person's two bookings expire without an event, and return its day."""
    assert isinstance(process.clock, FakeClock)
    await booked(process, FAR_DAY, "09:00", person=PERSON)
    if how == "hold":
        await book(process, NEXT_DAY, booking(NEXT_DAY, person=PERSON, hold=True))
        process.clock.advance(HOLD_S)
        return NEXT_DAY
    await booked(process, DAY, "10:30", person=PERSON)
    process.clock.advance(2 * MISSED_AFTER_S)
    return DAY


@pytest.mark.parametrize("how", ["hold", "missed"])
async def test_a_place_that_is_over_does_not_count_on_its_day(how: str, one: Process, dsn: str) -> None:
    await with_one_place(one)
    on = await over_on(one, how)

    after = await booked(one, on, "17:00", person=PERSON)

    assert after.state is AppointmentState.BOOKED
    assert (await kinds_in(dsn, on))[-1:] == ["appointment_made"]
    await same_story(one, on)
    with pytest.raises(AlreadyBooked):
        await booked(one, on, "18:00", person=PERSON)


@pytest.mark.parametrize("how", ["hold", "missed"])
@pytest.mark.parametrize("elsewhere", [False, True])
async def test_a_place_that_is_over_does_not_count_on_other_days(
    how: str, one: Process, other: Process, dsn: str, *, elsewhere: bool
) -> None:
    await with_one_place(one, other)
    on = await over_on(one, how)
    assert isinstance(other.clock, FakeClock)
    other.clock.put(one.clock.now_at())
    process = other if elsewhere else one
    third_day = FAR_DAY + timedelta(days=1)

    after = await booked(process, third_day, person=PERSON)

    assert after.state is AppointmentState.BOOKED
    assert (await kinds_in(dsn, on))[-1] == ("appointment_expired" if how == "hold" else "appointment_missed")
    for day in (on, third_day, FAR_DAY):
        await same_story(one, day)
    with pytest.raises(AlreadyBooked):
        await booked(process, third_day, "18:00", person=PERSON)


async def test_a_person_whose_places_are_not_over_is_refused_and_nothing_is_written_down(
    one: Process, dsn: str
) -> None:
    await with_one_place(one, per_person=1)
    await booked(one, NEXT_DAY, person=PERSON)
    await book(one, FAR_DAY, booking(FAR_DAY, person="another", hold=True))
    assert isinstance(one.clock, FakeClock)
    one.clock.advance(HOLD_S)

    with pytest.raises(AlreadyBooked):
        await booked(one, FAR_DAY + timedelta(days=1), person=PERSON)

    assert (await kinds_in(dsn, FAR_DAY))[-1] == "appointment_made"


async def test_of_two_who_want_the_right_that_a_place_has_given_back_one_gets_it(one: Process, other: Process) -> None:
    await with_one_place(one, other)
    on = await over_on(one, "missed")
    assert isinstance(other.clock, FakeClock)
    other.clock.put(one.clock.now_at())
    days = (FAR_DAY + timedelta(days=1), FAR_DAY + timedelta(days=2))
    first, second = (booking(day, person=PERSON) for day in days)

    answers = await book_at_once(one, other, (days[0], first), (days[1], second))

    assert sorted(type(answer).__name__ for answer in answers) == ["AlreadyBooked", "Answer"]
    for day in (on, *days):
        await same_story(one, day)


@pytest.mark.parametrize("to_on", [None, FAR_DAY + timedelta(days=1)])
@pytest.mark.parametrize("confirm", [True, False])
async def test_an_appointment_becomes_that_of_somebody_whose_other_place_is_over(
    to_on: date | None, one: Process, dsn: str, *, confirm: bool
) -> None:
    await with_one_place(one)
    on = await over_on(one, "missed")
    theirs = appointment_of(await book(one, on, booking(on, "18:00", hold=confirm)))
    change = ChangeAppointment(appointment=theirs.id, confirm=confirm, applicant=new_id(), person=PERSON)

    if to_on is None:
        await one.lanes.do_on(DEMO, on, one.request(change))
    else:
        await moves(one).move(DEMO, to_on, one.request(replace(change, starts_at=instant(to_on, "09:00"))))

    rows = await rows_of(dsn, "SELECT state, nth FROM appointments WHERE person = $1 ORDER BY nth", PERSON)
    assert [tuple(row) for row in rows] == [("booked", 1), ("booked", 2), ("missed", None)]
    assert [str(one) async for one in Verifier(one.database).differences()] == []


async def test_a_person_at_the_limit_may_cancel_and_book_again_in_one_batch(one: Process) -> None:
    await with_one_place(one, per_person=1)
    before = await booked(one, FAR_DAY, person=PERSON)
    batches = len(one.heard.batches)

    cancelled, made = await asyncio.gather(
        cancel(one, before.id, FAR_DAY), book(one, FAR_DAY, booking(FAR_DAY, "09:00", person=PERSON))
    )

    assert appointment_of(cancelled).state is AppointmentState.CANCELLED
    assert appointment_of(made).state is AppointmentState.BOOKED
    assert one.heard.batches[batches:] == [2], "the ordinal that is given up is free for the other"


# Keys.


async def test_the_same_booking_asked_twice_is_done_once_and_answered_alike(
    one: Process, other: Process, dsn: str
) -> None:
    await with_one_place(one, other)
    command = booking(FAR_DAY)

    first, again = await asyncio.gather(book(one, FAR_DAY, command, KEY), book(other, FAR_DAY, command, KEY))

    assert first.done == again.done
    assert (await commands_in(dsn)).count(f"key {KEY}") == 1


async def test_a_key_of_a_booking_is_not_anothers_on_another_day(one: Process) -> None:
    await with_one_place(one)
    await book(one, FAR_DAY, booking(FAR_DAY), KEY)

    with pytest.raises(KeyReused):
        await book(one, NEXT_DAY, booking(NEXT_DAY), KEY)


async def book_on_two_days_with_one_key(one: Process, other: Process) -> list[object]:
    """Let both processes search for the key and decide before one of them appends."""
    for process in (one, other):
        for on in (FAR_DAY, NEXT_DAY):
            await process.lanes.lane_on(DEMO, on)
    ready = asyncio.Barrier(2)
    one.journal.first["append"] = other.journal.first["append"] = ready.wait
    return list(
        await both(
            asyncio.create_task(book(one, FAR_DAY, booking(FAR_DAY), KEY)),
            asyncio.create_task(book(other, NEXT_DAY, booking(NEXT_DAY), KEY)),
        )
    )


async def test_one_key_books_on_one_day_though_two_are_asked_for_at_once(
    one: Process, other: Process, dsn: str
) -> None:
    await with_one_place(one, other)

    answers = await book_on_two_days_with_one_key(one, other)

    assert sorted(type(answer).__name__ for answer in answers) == ["Answer", "KeyReused"]
    assert (await commands_in(dsn)).count(f"key {KEY}") == 1


async def test_without_the_constraint_one_key_books_on_two_days(one: Process, other: Process, dsn: str) -> None:
    await with_one_place(one, other)
    await rows_of(dsn, "ALTER TABLE events DROP CONSTRAINT booking_done_once")

    answers = await book_on_two_days_with_one_key(one, other)

    assert [type(answer).__name__ for answer in answers] == ["Answer", "Answer"], "it was the constraint"


async def test_a_booking_made_yesterday_is_answered_again_today(one: Process) -> None:
    await with_one_place(one)
    command = booking(DAY, "23:30")
    before = await book(one, DAY, command, KEY)
    midnight(one)
    await one.lane(NEXT_DAY)

    after = await book(one, DAY, command, KEY)

    assert after.done == before.done


# Facts from other days.


def returning(ticket: TicketId) -> ReturnTicket:
    returned = Returned(
        ticket=ticket,
        day=DAY - timedelta(days=3),
        service=ServiceId("enquiry"),
        due_on=FAR_DAY,
        outcome=Outcome.CONDITIONAL,
    )
    return ReturnTicket(ticket=TicketId(new_id()), code=new_code(), channel=Channel.KIOSK, returned=returned)


async def test_a_conditional_return_is_used_once_though_asked_for_on_two_days(
    one: Process, other: Process, dsn: str
) -> None:
    conditional = TicketId(new_id())
    await one.do(returning(conditional))
    midnight(one, other)

    with pytest.raises(CodeUsed):
        await other.do(returning(conditional))

    await rows_of(dsn, "ALTER TABLE tickets DROP CONSTRAINT conditional_used_once")
    assert (await other.do(returning(conditional))).done is not None, "it was the constraint"


async def test_an_invitation_is_used_once_though_asked_for_on_two_days(one: Process, other: Process, dsn: str) -> None:
    await with_one_place(one, other)
    invited = Invited(id=new_id(), partner="school")
    first, second = (replace(booking(on), invitation=invited) for on in (NEXT_DAY, FAR_DAY))

    answers = await book_at_once(one, other, (NEXT_DAY, first), (FAR_DAY, second))

    assert sorted(type(answer).__name__ for answer in answers) == ["Answer", "CodeUsed"]
    on, lost = (NEXT_DAY, first) if isinstance(answers[1], Answer) else (FAR_DAY, second)
    await rows_of(dsn, "ALTER TABLE invitation_uses DROP CONSTRAINT invitation_used_once")
    assert (await book(one, on, lost)).done is not None, "it was the constraint"


async def book_while_it_is_taken_back(one: Process, dsn: str) -> tuple[Answer | BaseException, list[dict[str, object]]]:
    """Revoke an invitation between its read and the append that uses it; return its row."""
    await with_one_place(one)
    invitation = new_id()
    await rows_of(
        dsn,
        "INSERT INTO invitations (hall_id, id, code, partner, batch, prechecked, made_at) "
        "VALUES ('demo', $1, 'MMMMMMMM', 'school', $1, false, now())",
        invitation,
    )

    async def take_back() -> None:
        await rows_of(dsn, "UPDATE invitations SET revoked_at = now()")

    await one.lanes.lane_on(DEMO, FAR_DAY)
    one.journal.first["append"] = take_back
    asked = replace(booking(FAR_DAY), invitation=Invited(id=invitation, partner="school"))
    [answer] = await both(asyncio.create_task(book(one, FAR_DAY, asked)))
    return answer, [dict(row) for row in await rows_of(dsn, "SELECT used_by IS NULL AS unused FROM invitations")]


async def test_an_invitation_that_is_taken_back_meanwhile_is_not_used(one: Process, dsn: str) -> None:
    answer, rows = await book_while_it_is_taken_back(one, dsn)

    assert isinstance(answer, CodeNotFound)
    assert rows == [{"unused": True}]


async def test_without_the_constraint_an_invitation_is_used_that_was_taken_back(one: Process, dsn: str) -> None:
    await rows_of(dsn, "ALTER TABLE invitations DROP CONSTRAINT revoked_is_unused")

    answer, rows = await book_while_it_is_taken_back(one, dsn)

    assert isinstance(answer, Answer)
    assert rows == [{"unused": False}], "it was the constraint"


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("appointment_code_once_per_hall", Busy),
        ("code_once_per_hall", Busy),
        ("conditional_used_once", CodeUsed),
        ("invitation_used_once", CodeUsed),
        ("revoked_is_unused", CodeNotFound),
        ("booking_done_once", KeyReused),
        ("person_limit_kept", AlreadyBooked),
        ("person_once_per_start", AlreadyBooked),
        ("person_within_limit", AlreadyBooked),
        ("command_done_once", Fault),  # the same request or another one: a search for the key tells
        ("place_within_slot", Fault),
        ("slot_not_oversold", Fault),
    ],
)
def test_a_rule_that_the_table_keeps_is_told_in_the_words_of_the_hall(rule: str, told: type[Refusal]) -> None:
    assert rule in RULES
    assert type(refusal_for(ConstraintBroken(rule, "would be broken"), DEMO, FAR_DAY)) is told


# Days ahead.


def midnight(*processes: Process) -> None:
    for process in processes:
        assert isinstance(process.clock, FakeClock)
        process.clock.put(MIDNIGHT_AT)


async def test_a_booking_opens_its_day_and_begins_nothing(one: Process, dsn: str) -> None:
    await with_one_place(one)
    await one.take()

    await booked(one, FAR_DAY)

    assert await kinds_in(dsn, FAR_DAY) == ["day_opened", "appointment_made"]
    assert await kinds_in(dsn) == ["day_opened", "ticket_taken"], "today goes on"
    assert await one.take() == "B002"
    assert [day.on for day in one.lanes.in_use()] == [DAY]
    assert (await one.lanes.day_on(DEMO, FAR_DAY)).on == FAR_DAY


async def test_days_are_booked_in_any_order_and_before_today_begins(one: Process, other: Process, dsn: str) -> None:
    await with_one_place(one, other)
    await booked(one, FAR_DAY)
    await booked(other, NEXT_DAY)

    assert number_of(await one.do(new_ticket())) == "B001"

    rows = await rows_of(dsn, "SELECT day, begun_at IS NOT NULL FROM hall_days ORDER BY day")
    assert [tuple(row) for row in rows] == [(DAY, True), (NEXT_DAY, False), (FAR_DAY, False)]


async def test_at_midnight_what_was_booked_is_there_and_tickets_begin_at_once(one: Process, other: Process) -> None:
    await with_one_place(one, other)
    await one.take()
    for_tomorrow = await booked(one, NEXT_DAY)
    midnight(one, other)

    answer = await other.do(new_ticket())

    assert (answer.day.on, number_of(answer)) == (NEXT_DAY, "B001")
    assert for_tomorrow.id in answer.day.appointments
    assert (await one.lanes.day(DEMO)).on == NEXT_DAY
    assert (await one.lanes.day_of_appointment(DEMO, for_tomorrow.id)).on == NEXT_DAY
    await same_story(one, NEXT_DAY)


async def test_today_ends_before_a_tomorrow_that_was_booked_on_begins(one: Process, dsn: str) -> None:
    await with_one_place(one)
    await one.take()
    await booked(one, NEXT_DAY)
    midnight(one)

    await one.take()

    assert (await kinds_in(dsn))[-1] == "day_ended"


async def test_keys_of_today_are_known_on_a_tomorrow_that_was_booked_on(one: Process, dsn: str) -> None:
    await with_one_place(one)
    command = new_ticket()
    before = await one.do(command, KEY)
    await booked(one, NEXT_DAY)
    midnight(one)

    after = await one.do(command, KEY)

    assert after.done == before.done
    assert (await commands_in(dsn)).count(f"key {KEY}") == 1


async def test_a_late_clock_cannot_begin_a_day_that_only_bookings_have_opened(one: Process, other: Process) -> None:
    await with_one_place(one, other)
    await booked(one, DAY, "23:30")  # begins today
    assert isinstance(other.clock, FakeClock)
    other.clock.put(MIDNIGHT_AT + timedelta(days=1))
    await booked(one, NEXT_DAY)
    await other.take()  # the day after tomorrow has begun in that process
    assert isinstance(one.clock, FakeClock)
    one.clock.put(MIDNIGHT_AT)

    answer = await one.do(new_ticket())

    assert answer.day.on == NEXT_DAY + timedelta(days=1)


GUARD = "AND NOT EXISTS (SELECT FROM hall_days AS d WHERE d.hall_id = $1 AND d.day > $2 AND d.begun_at IS NOT NULL)"


@pytest.mark.parametrize("guarded", [True, False])
async def test_a_day_ahead_whose_successor_has_begun_cannot_begin_and_without_the_guard_does(
    one: Process, other: Process, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    await with_one_place(one, other)
    assert isinstance(one.clock, FakeClock)
    assert isinstance(other.clock, FakeClock)
    other.clock.put(MIDNIGHT_AT + timedelta(days=1))
    other.journal.first["open_day"] = lambda: booked(one, NEXT_DAY)  # it has found no day to end
    await other.take()
    one.clock.put(MIDNIGHT_AT)
    if not guarded:
        sql: Mapping[str, str] = day_opening._SQL
        assert GUARD in sql["begin_day"]
        monkeypatch.setattr(day_opening, "_SQL", {**sql, "begin_day": sql["begin_day"].replace(GUARD, "")})

    answer = await one.do(new_ticket())

    assert answer.day.on == (NEXT_DAY + timedelta(days=1) if guarded else NEXT_DAY)


async def test_the_job_that_ends_days_leaves_those_ahead_alone(one: Process, dsn: str) -> None:
    await with_one_place(one)
    await one.take()
    await booked(one, FAR_DAY)
    midnight(one)
    hall = await one.halls.get(DEMO)

    await one.lanes.end_days_before(hall, NEXT_DAY)

    assert (await kinds_in(dsn))[-1] == "day_ended"
    assert "day_ended" not in await kinds_in(dsn, FAR_DAY)
    assert NEXT_DAY not in [row[0] for row in await rows_of(dsn, "SELECT day FROM hall_days")]


async def test_a_day_nobody_came_on_is_ended_with_its_appointments_missed(one: Process) -> None:
    await with_one_place(one)
    appointment = await booked(one, NEXT_DAY)
    assert isinstance(one.clock, FakeClock)
    one.clock.put(MIDNIGHT_AT + timedelta(days=1))

    await one.take()

    day = await one.lanes.day_of_appointment(DEMO, appointment.id)
    assert (day.ended, day.appointments[appointment.id].state) == (True, AppointmentState.MISSED)


async def test_what_lies_beyond_the_horizon_is_not_offered_and_not_opened(one: Process, dsn: str) -> None:
    await with_one_place(one)
    beyond = DAY + timedelta(days=31)

    with pytest.raises(SlotNotOffered):
        await booked(one, beyond)

    assert await rows_of(dsn, "SELECT FROM hall_days") == []


async def test_what_was_booked_before_the_horizon_came_nearer_can_be_cancelled_and_moved(one: Process) -> None:
    await with_one_place(one)
    first, second = await booked(one, FAR_DAY), await booked(one, FAR_DAY, "09:00")
    document = one_place()
    await one.replace(replace(document, booking=replace(document.booking, horizon_days=3)))

    await cancel(one, first.id, FAR_DAY)
    moved = await move(one, second.id, NEXT_DAY)

    assert moved.day.on == NEXT_DAY
    with pytest.raises(SlotNotOffered):
        await booked(one, FAR_DAY - timedelta(days=1))


async def test_a_past_day_is_over_and_not_opened(one: Process, dsn: str) -> None:
    await with_one_place(one)
    past = DAY - timedelta(days=1)

    with pytest.raises(DayHasEnded):
        await booked(one, past)

    assert await rows_of(dsn, "SELECT FROM hall_days") == []


async def test_a_booking_on_a_day_that_was_ended_meanwhile_is_refused(one: Process, other: Process) -> None:
    await with_one_place(one, other)
    await one.lane()
    await (await other.lane()).do(other.request(EndDay()))

    with pytest.raises(DayHasEnded):
        await booked(one, DAY, "23:30")


async def test_a_day_ahead_leaves_memory_when_nobody_uses_it(one: Process) -> None:
    await with_one_place(one)
    appointment = await booked(one, FAR_DAY)
    assert isinstance(one.clock, FakeClock)
    one.clock.advance(IDLE_AFTER_S + 1)

    await one.lanes.sweep()

    assert one.lanes._lanes == {}
    assert (await one.lanes.day_of_appointment(DEMO, appointment.id)).on == FAR_DAY


async def test_a_document_changed_in_one_process_reaches_a_day_ahead_opened_by_another(
    one: Process, other: Process, dsn: str
) -> None:
    await with_one_place(one, other)
    await booked(one, FAR_DAY)
    hall = await other.halls.get(DEMO)

    changed = await other.replace(renamed(hall.document, "Changed Hall"))
    await other.lanes.follow_document_now(changed)

    assert await kinds_in(dsn, FAR_DAY) == ["day_opened", "appointment_made", "plan_changed"]
    assert (await one.lanes.day_on(DEMO, FAR_DAY, now=True)).plan.names.hall == {"en": "Changed Hall"}
    rows = await rows_of(dsn, "SELECT revision FROM hall_days WHERE day = $1", FAR_DAY)
    assert rows[0][0] == changed.revision
    await same_story(one, FAR_DAY)


async def test_a_day_ahead_that_was_not_in_memory_follows_its_document_when_it_is_loaded(
    one: Process, other: Process
) -> None:
    await with_one_place(one, other)
    await booked(one, FAR_DAY)
    hall = await other.halls.get(DEMO)
    await other.replace(renamed(hall.document, "Changed Hall"))  # and dies before it updates the days

    lane = await other.lanes.lane_on(DEMO, FAR_DAY)
    await other.followed()

    assert lane.committed.plan.names.hall == {"en": "Changed Hall"}


async def test_a_day_ahead_in_nobodys_memory_follows_its_document_by_itself(
    one: Process, other: Process, dsn: str
) -> None:
    await with_one_place(one, other)
    await booked(one, FAR_DAY)
    hall = await other.halls.get(DEMO)
    await other.replace(renamed(hall.document, "Changed Hall"))  # and dies before it updates the days

    await other.lanes.sweep()
    await other.lanes.sweep()

    assert await kinds_in(dsn, FAR_DAY) == ["day_opened", "appointment_made", "plan_changed"]


async def test_a_sweep_without_a_database_does_no_harm(one: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_reader: object, _first: date) -> list[object]:
        raise faults.StorageUnavailable

    monkeypatch.setattr(Journal, "days_behind", away)

    await one.lanes.sweep()

    assert (await one.lanes.day(DEMO)).opened


# The person of an appointment.


async def test_an_appointment_is_found_on_its_day_by_a_process_that_has_not_seen_it(
    one: Process, other: Process
) -> None:
    await with_one_place(one, other)
    await other.lanes.lane_on(DEMO, FAR_DAY)
    appointment = await booked(one, FAR_DAY)

    day = await other.lanes.day_of_appointment(DEMO, appointment.id)

    assert day.appointments[appointment.id] == appointment
    with pytest.raises(AppointmentNotFound):
        await other.lanes.day_of_appointment(DEMO, booking(FAR_DAY).appointment)


async def test_a_command_about_an_appointment_of_another_day_is_done_there(one: Process) -> None:
    await with_one_place(one)
    appointment = await booked(one, FAR_DAY)

    answer = await cancel(one, appointment.id, NEXT_DAY)

    assert answer.day.on == FAR_DAY
    assert appointment_of(answer).state is AppointmentState.CANCELLED


# Time.


async def test_the_job_writes_down_holds_that_are_over_on_whatever_day(one: Process, other: Process) -> None:
    await with_one_place(one, other)
    held = appointment_of(await book(one, FAR_DAY, booking(FAR_DAY, hold=True)))
    for process in (one, other):
        await process.halls.refresh()
        assert isinstance(process.clock, FakeClock)
        process.clock.advance(601)

    await asyncio.gather(*(Jobs(p.halls, p.lanes, p.clock).sweep_appointments() for p in (one, other)))

    day = await same_story(one, FAR_DAY)
    assert day.appointments[held.id].state is AppointmentState.EXPIRED


async def test_the_job_writes_down_who_did_not_come(one: Process) -> None:
    await with_one_place(one)
    late = await booked(one, DAY, "10:30")
    assert isinstance(one.clock, FakeClock)
    one.clock.put(instant(DAY, "11:00"))

    await Jobs(one.halls, one.lanes, one.clock).sweep_appointments()

    assert (await one.lanes.day(DEMO)).appointments[late.id].state is AppointmentState.MISSED


async def test_the_sums_beside_a_day_are_those_of_its_bookings_whoever_wrote_them(one: Process, other: Process) -> None:
    await with_one_place(one, other)
    seen = set()

    for n in range(TOTALS_CHANGES_MAX + 8):
        appointment = await booked(other if n % 3 == 0 else one, FAR_DAY, f"{n // 2:02}:{30 * (n % 2):02}")
        if n % 4 == 0:
            await cancel(other, appointment.id, FAR_DAY)

        (summary,) = await other.journal.summaries(DEMO, FAR_DAY, FAR_DAY)
        assert summary.sums() == (await folded(one, FAR_DAY)).booking_totals
        seen.add(summary.changes is None)

    assert seen == {False, True}, "they were written whole, and as what has changed"
    await same_story(one, FAR_DAY)
