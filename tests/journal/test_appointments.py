"""Appointments in the journal: the constraints of PostgreSQL, and the ordinals that it assigns."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace

from service.domain.model import AppointmentState, Ticket
from service.journal.append import Appender
from service.journal.database import Database
from service.journal.faults import ConstraintBroken
from service.journal.hall_documents import HallStore
from service.journal.read import Reader
from service.journal.search import CodeKind, Finder, TicketQuery
from service.journal.values import Append, Applicant
from tests.journal.samples import (
    DAY,
    HALL,
    NEXT_DAY,
    NOW,
    Writer,
    appointment,
    made,
    new_id,
    record,
    taken,
    ticket,
)

PERSON = "a keyed hash"
LATER = NOW + timedelta(minutes=5)
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
async def tomorrow(writer: Writer) -> Writer:
    """Return a writer of the next day, which has only bookings."""
    return await Writer(writer.appender, day=NEXT_DAY).open(begins=False)


async def nths(database: Database) -> list[tuple[int | None, str]]:
    rows = await database.fetch("SELECT nth, state FROM appointments WHERE person = $1 ORDER BY n", PERSON)
    return [(row["nth"], row["state"]) for row in rows]


async def used_by(database: Database) -> list[tuple[str, str]]:
    rows = await database.fetch("SELECT invitation_id, used_by FROM invitation_uses ORDER BY 1")
    return [(str(row[0]), str(row[1])) for row in rows]


def with_tickets(append: Append, *tickets: Ticket) -> Append:
    return replace(append, tickets=list(tickets))


async def a_place_twice(writer: Writer) -> Append:
    await writer.write(writer.booking(appointment(place=1)))
    return writer.booking(appointment(place=1))


async def a_place_twice_in_one_append(writer: Writer) -> Append:
    return writer.booking(appointment(place=1), appointment(place=1))


async def a_place_beyond_the_places(writer: Writer) -> Append:
    return writer.booking(appointment(place=5, places=4))


async def no_place(writer: Writer) -> Append:
    return writer.booking(appointment(place=0))


async def a_state_that_is_none(writer: Writer) -> Append:
    return writer.booking(replace(appointment(), state="dreaming"))


async def checked_in_without_a_ticket(writer: Writer) -> Append:
    return writer.booking(appointment(state=AppointmentState.CHECKED_IN))


async def the_same_code(writer: Writer) -> Append:
    return writer.booking(appointment(code="A7K3M9QX"), appointment(code="A7K3M9QX", place=2))


async def a_person_twice_at_a_start(writer: Writer) -> Append:
    await writer.write(writer.booking(appointment(person=PERSON)))
    return writer.booking(appointment(person=PERSON, place=2))


async def a_person_beyond_the_limit(writer: Writer) -> Append:
    await writer.write(writer.booking(appointment(person=PERSON), appointment(person=PERSON, at=LATER)))
    return writer.booking(appointment(person=PERSON, at=LATER + timedelta(minutes=5)))


async def a_person_beyond_the_limit_in_one_append(writer: Writer) -> Append:
    return writer.booking(*(appointment(person=PERSON, at=NOW + timedelta(minutes=5 * nth)) for nth in range(3)))


async def a_person_beyond_a_limit_that_became_smaller(writer: Writer) -> Append:
    first, second = appointment(person=PERSON), appointment(person=PERSON, at=LATER)
    await writer.write(writer.booking(first, second))
    await writer.write(writer.booking(replace(first, state=AppointmentState.CANCELLED)))
    return writer.booking(appointment(person=PERSON, place=2, per_person=1))


async def an_invitation_twice(writer: Writer) -> Append:
    invitation = new_id()
    await writer.write(writer.booking(appointment(invitation=invitation)))
    return writer.booking(appointment(invitation=invitation, place=2))


async def an_invitation_for_a_ticket_and_an_appointment(writer: Writer) -> Append:
    invited = replace(ticket(), invitation=new_id())
    await writer.write(with_tickets(writer.next(record(taken(invited))), invited))
    return writer.booking(appointment(invitation=invited.invitation))


async def an_invitation_for_two_tickets(writer: Writer) -> Append:
    first = replace(ticket(), invitation=new_id())
    second = replace(ticket(), invitation=first.invitation)
    return with_tickets(writer.next(record(taken(first)), record(taken(second))), first, second)


async def a_right_to_return_twice(writer: Writer) -> Append:
    first = replace(ticket(), returns_of=new_id())
    await writer.write(with_tickets(writer.next(record(taken(first))), first))
    second = replace(ticket(), returns_of=first.returns_of)
    return with_tickets(writer.next(record(taken(second))), second)


@pytest.mark.parametrize(
    ("impossible", "name"),
    [
        (a_place_twice, "slot_not_oversold"),
        (a_place_twice_in_one_append, "slot_not_oversold"),
        (a_place_beyond_the_places, "place_within_slot"),
        (no_place, "place_within_slot"),
        (a_state_that_is_none, "appointment_state"),
        (checked_in_without_a_ticket, "appointment_checked_in"),
        (the_same_code, "appointment_code_once_per_hall"),
        (a_person_twice_at_a_start, "person_once_per_start"),
        (a_person_beyond_the_limit, "person_within_limit"),
        (a_person_beyond_the_limit_in_one_append, "person_within_limit"),
        (a_person_beyond_a_limit_that_became_smaller, "person_within_limit"),
        (an_invitation_twice, "invitation_used_once"),
        (an_invitation_for_a_ticket_and_an_appointment, "invitation_used_once"),
        (an_invitation_for_two_tickets, "invitation_used_once"),
        (a_right_to_return_twice, "conditional_used_once"),
    ],
)
async def test_the_impossible_is_refused_by_the_name_of_its_rule(
    impossible: Callable[[Writer], Awaitable[Append]], name: str, writer: Writer, reader: Reader
) -> None:
    append = await impossible(writer)

    with pytest.raises(ConstraintBroken) as broken:
        await writer.appender.append(append)

    assert broken.value.name == name
    position = await reader.position(HALL, DAY)
    assert position is not None
    assert (position.seq, position.head) == (writer.seq, writer.head), "nothing is written"
    await writer.write()


async def test_what_is_cancelled_leaves_its_place_to_others_in_the_same_append(writer: Writer) -> None:
    first, second = appointment(place=1), appointment(place=1)
    await writer.write(writer.booking(first))

    await writer.write(writer.booking(second, replace(first, state=AppointmentState.CANCELLED)))


async def test_two_appointments_may_change_their_places_in_one_append(writer: Writer) -> None:
    first, second = appointment(place=1, person=PERSON), appointment(place=2, at=NOW)
    await writer.write(writer.booking(first, second))

    await writer.write(writer.booking(replace(first, place=2), replace(second, place=1)))


async def test_a_person_gets_the_lowest_ordinal_that_is_free(writer: Writer, database: Database) -> None:
    first, second, third = (appointment(person=PERSON, at=NOW + timedelta(minutes=5 * nth)) for nth in range(3))
    await writer.write(writer.booking(first, second))
    await writer.write(writer.booking(replace(first, state=AppointmentState.CANCELLED)))

    await writer.write(writer.booking(third))

    assert await nths(database) == [(None, "cancelled"), (2, "booked"), (1, "booked")]


async def test_who_has_come_may_book_again(writer: Writer, database: Database) -> None:
    first, second, third = (appointment(person=PERSON, at=NOW + timedelta(minutes=5 * nth)) for nth in range(3))
    await writer.write(writer.booking(first, second))
    here = replace(first, state=AppointmentState.CHECKED_IN, ticket=new_id())
    await writer.write(writer.booking(here))

    await writer.write(writer.booking(third))

    assert await nths(database) == [(None, "checked_in"), (2, "booked"), (1, "booked")]


@pytest.mark.parametrize("state", [AppointmentState.CANCELLED, AppointmentState.EXPIRED, AppointmentState.MISSED])
@pytest.mark.parametrize("order", [1, -1])
async def test_an_ordinal_that_becomes_free_in_an_append_is_given_again_in_it(
    state: AppointmentState, order: int, writer: Writer, database: Database
) -> None:
    first, second, third = (appointment(person=PERSON, at=NOW + timedelta(minutes=5 * nth)) for nth in range(3))
    await writer.write(writer.booking(first, second))

    await writer.write(writer.booking(*[replace(first, state=state), third][::order]))

    assert await nths(database) == [(None, state), (2, "booked"), (1, "booked")]


async def test_a_person_stays_within_the_limit_where_less_becomes_free_than_is_asked_for(writer: Writer) -> None:
    first, *others = (appointment(person=PERSON, at=NOW + timedelta(minutes=5 * nth)) for nth in range(4))
    await writer.write(writer.booking(first, others[0]))

    with pytest.raises(ConstraintBroken) as broken:
        await writer.appender.append(
            writer.booking(replace(first, state=AppointmentState.MISSED), others[1], others[2])
        )

    assert broken.value.name == "person_within_limit"


async def test_an_appointment_of_another_person_takes_that_persons_ordinal(writer: Writer, database: Database) -> None:
    theirs, mine = appointment(person="another hash"), appointment(person=PERSON, at=LATER)
    await writer.write(writer.booking(theirs, mine))

    await writer.write(writer.booking(replace(theirs, person=PERSON)))

    assert sorted(await nths(database)) == [(1, "booked"), (2, "booked")]


async def test_an_ordinal_is_kept_when_the_limit_becomes_smaller(writer: Writer, database: Database) -> None:
    first, second = appointment(person=PERSON), appointment(person=PERSON, at=LATER)
    await writer.write(writer.booking(first, second))

    await writer.write(writer.booking(replace(second, per_person=1, count=2)))

    assert await nths(database) == [(1, "booked"), (2, "booked")]


async def test_the_limit_of_a_person_is_over_all_days(writer: Writer, tomorrow: Writer) -> None:
    await writer.write(writer.booking(appointment(person=PERSON), appointment(person=PERSON, at=LATER)))

    with pytest.raises(ConstraintBroken) as broken:
        await tomorrow.appender.append(tomorrow.booking(appointment(person=PERSON, at=TOMORROW)))

    assert broken.value.name == "person_within_limit"


async def test_an_appointment_that_moves_to_another_day_keeps_code_ordinal_and_when_it_was_made(
    writer: Writer, tomorrow: Writer, database: Database
) -> None:
    first, second = appointment(person=PERSON), appointment(person=PERSON, at=LATER)
    await writer.write(writer.booking(first, second))

    await tomorrow.write(tomorrow.booking(replace(second, starts_at=TOMORROW, sequence=1, n=1, seq=2)))

    (row,) = await database.fetch("SELECT day, nth, code, made_at FROM appointments WHERE id = $1", second.id)
    assert tuple(row) == (NEXT_DAY, 2, second.code, NOW)
    await writer.write(writer.booking(appointment(at=LATER)))


async def test_an_invitation_of_a_cancelled_appointment_can_be_used_again(writer: Writer, database: Database) -> None:
    first = appointment(invitation=new_id())
    await writer.write(writer.booking(first))
    await writer.write(writer.booking(replace(first, state=AppointmentState.CANCELLED)))
    assert await used_by(database) == []

    second = appointment(invitation=first.invitation)
    await writer.write(writer.booking(second))

    assert await used_by(database) == [(second.invitation, second.id)]


async def test_the_ticket_of_an_appointment_uses_its_invitation(writer: Writer, database: Database) -> None:
    booked = appointment(invitation=new_id())
    await writer.write(writer.booking(booked))
    here = replace(ticket(), appointment=booked.id, invitation=booked.invitation)
    checked_in = replace(booked, state=AppointmentState.CHECKED_IN, ticket=here.id)

    append = writer.next(record(taken(here)))
    await writer.write(replace(append, tickets=[here], appointments=[checked_in]))

    assert await used_by(database) == [(booked.invitation, booked.id)]
    (row,) = await database.fetch("SELECT appointment_id, invitation_id FROM tickets")
    assert (str(row[0]), str(row[1])) == (booked.id, booked.invitation)


async def test_an_invitation_says_who_used_it(writer: Writer, database: Database) -> None:
    invitation = new_id()
    await database.fetch(
        "INSERT INTO invitations (hall_id, id, code, partner, batch, prechecked, made_at)"
        " VALUES ($1, $2, 'M7K3M9QX', 'school', $2, TRUE, clock_timestamp())",
        HALL,
        invitation,
    )
    finder = Finder(database)
    before = await finder.find_code(HALL, "M7K3M9QX")
    booked = appointment(invitation=invitation)

    await writer.write(writer.booking(booked))

    after, found = await finder.find_code(HALL, "M7K3M9QX"), await finder.invitation(HALL, invitation)
    assert before is not None
    assert after is not None
    assert found is not None
    assert (before.kind, before.id, before.day, before.state) == (CodeKind.INVITATION, invitation, None, "new")
    assert after.state == "used"
    assert (found.used_by, found.partner, found.prechecked) == (booked.id, "school", True)
    assert await finder.invitation(HALL, new_id()) is None


async def test_a_code_is_found_whatever_it_is_of(writer: Writer, database: Database) -> None:
    booked, waiting = appointment(code="A7K3M9QX"), ticket(code="07K3M9QX")
    await writer.write(writer.booking(booked))
    await writer.write(with_tickets(writer.next(record(taken(waiting))), waiting))
    finder = Finder(database)

    appointment_, ticket_ = await finder.find_code(HALL, "A7K3M9QX"), await finder.find_code(HALL, "07K3M9QX")

    assert appointment_ is not None
    assert ticket_ is not None
    assert (appointment_.kind, appointment_.id, appointment_.day) == (CodeKind.APPOINTMENT, booked.id, DAY)
    assert (ticket_.kind, ticket_.id, ticket_.state) == (CodeKind.TICKET, waiting.id, "waiting")
    assert await finder.find_code(HALL, "ZZZZZZZZ") is None


async def test_appointments_of_a_day_are_listed_in_the_order_of_making(writer: Writer, database: Database) -> None:
    booked = [appointment(place=place) for place in (1, 2, 3)]
    await writer.write(writer.booking(*booked))
    finder = Finder(database)

    first = await finder.appointments_of_day(HALL, DAY, after_n=0, limit=2)
    rest = await finder.appointments_of_day(HALL, DAY, after_n=first[-1].n, limit=2)

    assert [one.id for one in [*first, *rest]] == [one.id for one in booked]
    assert first[0].starts_at == NOW


async def test_a_clerk_finds_an_appointment_by_phone_name_and_code(writer: Writer, database: Database) -> None:
    person = Applicant(id=new_id(), name="李雷", phone="+8613800000000")
    booked = replace(appointment(person=PERSON), applicant=person.id)
    await writer.write(replace(writer.booking(booked), applicants=[person]))
    finder = Finder(database)
    days = (DAY, NEXT_DAY)

    for wanted in (TicketQuery(phones=("13800000000",)), TicketQuery(name="李"), TicketQuery(code=booked.code)):
        assert [one.id for one in await finder.search_appointments(HALL, days, wanted, limit=5)] == [booked.id]
    for wanted in (
        TicketQuery(phones=("13900000000", "8613900000000")),
        TicketQuery(name="韩"),
        TicketQuery(number="A001", code=booked.code),
    ):
        assert await finder.search_appointments(HALL, days, wanted, limit=5) == []


async def test_a_booking_reads_no_more_where_many_have_booked(dsn: str, writer: Writer) -> None:
    append = "SELECT append_appointments_3('demo', $1, $2)"
    read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'appointments'"
    many = (
        "INSERT INTO appointments SELECT (jsonb_populate_record(a, jsonb_build_object("
        " 'id', gen_random_uuid(), 'code', 'code ' || s.n, 'n', s.n,"
        " 'place', s.n, 'places', s.n, 'person', 'person ' || s.n))).*"
        " FROM appointments AS a, generate_series(100, 3000) AS s (n) WHERE a.n = 1"
    )

    def one(n: int) -> str:
        return msgspec.json.encode([replace(appointment(place=n, places=n, person=f"p{n}"), n=n)]).decode()

    connection = await asyncpg.connect(dsn)
    try:
        for n in range(1, 12):  # enough executions for a cached plan, while the table is small
            await connection.execute(append, writer.day, one(n))
        await connection.execute(many)
        async with connection.transaction():
            before = await connection.fetchval(read)  # also counts statistics that the server has not published yet
            await connection.execute(append, writer.day, one(12))

            rows_read = await connection.fetchval(read) - before
    finally:
        await connection.close()
    assert rows_read <= 8


async def test_the_summary_of_a_day_is_what_its_last_append_said(
    writer: Writer, tomorrow: Writer, reader: Reader
) -> None:
    append = replace(writer.booking(appointment()), booked=b'[1,{"a":2}]', revision=7)
    await writer.write(append)
    await writer.write()

    today, then = await reader.summaries(HALL, DAY, NEXT_DAY)

    assert (today.day, today.seq, today.head, today.revision) == (DAY, 3, writer.head, 7)
    assert (today.booked, today.changes) == ('[1,{"a":2}]', None)
    assert (then.day, then.seq, then.revision, then.booked) == (NEXT_DAY, tomorrow.seq, 1, None)
    assert await reader.summaries(HALL, NEXT_DAY + timedelta(days=1), NEXT_DAY + timedelta(days=9)) == []
    assert await reader.summaries(HALL, DAY, NEXT_DAY, [tomorrow.head]) == [today, then]
    assert await reader.summaries(HALL, DAY, NEXT_DAY, [today.head]) == [replace(today, booked=None), then]


async def test_the_day_of_an_appointment_and_of_a_command_is_found(writer: Writer, reader: Reader) -> None:
    booked = appointment()
    append = writer.next(record(made(booked), command_id="the-command", fingerprint=b"asked"))
    await writer.write(replace(append, appointments=[booked]))

    assert await reader.find_appointment(HALL, booked.id) == DAY
    assert await reader.find_appointment(HALL, appointment().id) is None
    assert await reader.day_of_command(HALL, DAY, "the-command", NEXT_DAY) == DAY
    assert await reader.day_of_command(HALL, NEXT_DAY, "the-command", NEXT_DAY) is None
    assert await reader.day_of_command(HALL, DAY, "another", DAY) is None


async def test_holds_that_are_over_are_found(writer: Writer, reader: Reader) -> None:
    held = replace(appointment(state=AppointmentState.HELD), expires_at=LATER)
    await writer.write(writer.booking(held))

    assert await reader.days_with_expired_holds(NOW) == []
    assert await reader.days_with_expired_holds(LATER) == [(HALL, DAY)]


# Days ahead.


async def test_days_ahead_are_opened_in_any_order_and_the_present_day_begins_all_the_same(
    appender: Appender, halls: HallStore, reader: Reader
) -> None:
    assert await halls.get(HALL) is not None
    await Writer(appender, day=NEXT_DAY + timedelta(days=5)).open(begins=False)
    await Writer(appender, day=NEXT_DAY).open(begins=False)

    await Writer(appender).open()

    assert [(row.day, row.begun) for row in await reader.latest_days(HALL)] == [
        (NEXT_DAY + timedelta(days=5), False),
        (NEXT_DAY, False),
        (DAY, True),
    ]
    assert [await reader.begun(HALL, day) for day in (DAY, NEXT_DAY)] == [True, False]
    assert await reader.begun(HALL, NEXT_DAY + timedelta(days=1)) is None


async def test_what_appends_have_changed_of_the_sums_is_kept_in_order_until_they_are_written_whole(
    writer: Writer, reader: Reader
) -> None:
    async def booked(**written: bytes) -> tuple[str | None, str | None]:
        await writer.write(replace(writer.next(), **written))
        (today,) = await reader.summaries(HALL, DAY, DAY)
        return today.booked, today.changes

    assert await booked(booked=b"[1]") == ("[1]", None)
    assert await booked(sum_change=b"[2]") == ("[1]", "[[2]]")
    assert await booked() == ("[1]", "[[2]]")
    assert await booked(sum_change=b"[3]") == ("[1]", "[[2], [3]]")
    assert await booked(booked=b"[4]") == ("[4]", None)
