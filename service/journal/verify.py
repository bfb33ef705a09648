"""`./paihao verify`: a whole database, checked against what it promises.

The journal is the truth: every day is folded anew from its events, and everything else must follow from it. What is
checked, day by day: events are numbered without gaps and end where `hall_days` says; no command is done twice; the fold
equals the `tickets` and `appointments` tables in every column, the sums of bookings and the uses of invitations;
numbers are unique and gapless per prefix; nobody is at two counters. And once: the constraints named as rules exist and
are valid.

A database in use goes on meanwhile, so each day is read as it was at one instant.

Source: JOURNAL 1 and 7 (only commands write: a row edited by hand is found here).
"""

from collections import Counter as Tally
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date
from typing import Any

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy
from msgspec import Struct

from service.domain.booking.booking_totals import BookingTotals, totals_from_json
from service.domain.day import Day
from service.domain.evolve.evolve import evolve
from service.domain.model import LIVE, CounterState, HallId
from service.journal.database import Database
from service.journal.faults import Rewritten, UnknownKind
from service.journal.read import Reader
from service.journal.sql_files import statements
from service.journal.values import Position

RULES = frozenset(
    {
        "applicant_once",
        "appointment_checked_in",
        "appointment_code_once_per_hall",
        "appointment_once",
        "appointment_state",
        "at_a_counter",
        "booking_done_once",
        "code_once_per_hall",
        "command_done_once",
        "conditional_used_once",
        "day_once",
        "document_put_once",
        "event_once",
        "hall_once",
        "message_once",
        "invitation_code_once",
        "invitation_once",
        "invitation_used_once",
        "number_once_per_day",
        "one_person_per_counter",
        "ordinal_of_those_to_come",
        "person_limit_kept",
        "person_once_per_start",
        "person_within_limit",
        "place_within_slot",
        "revoked_is_unused",
        "slot_not_oversold",
        "sums_once_per_day",
        "ticket_once",
        "ticket_state",
    }
)
"""The constraints that stand behind the rules."""

ATTRIBUTE = {"class": "class_"}
"""What a column is called in Python, where the name is taken."""

_SQL = statements("verify.sql")


class Difference(Struct, frozen=True):
    """Something that is not as promised; `hall` and `day` are None when it is about the whole database."""

    hall: HallId | None
    day: date | None
    what: str

    def __str__(self) -> str:
        where = f"{self.hall} {self.day}: " if self.hall is not None else ""
        return where + self.what


class Verified(Struct):
    """How much was looked at."""

    days: int = 0
    events: int = 0
    tickets: int = 0
    appointments: int = 0


class _Instant:
    """The database as it was when its transaction began."""

    def __init__(self, connection: "PoolConnectionProxy[asyncpg.Record]") -> None:
        self._connection = connection

    async def fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Read."""
        return await self._connection.fetch(sql, *arguments)


class Verifier:
    """Checks one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.seen = Verified()

    async def differences(self) -> AsyncIterator[Difference]:
        """Everything that is not as promised, by hall and day. Raises StorageUnavailable."""
        found = {row["name"]: row["valid"] for row in await self._database.fetch(_SQL["constraints"])}
        for rule in sorted(RULES):
            if not found.get(rule):
                yield Difference(
                    None, None, f"the constraint {rule} {'is not valid' if rule in found else 'is missing'}"
                )
        for row in await self._database.fetch(_SQL["orphans"]):
            yield Difference(HallId(row["hall_id"]), row["day"], "has events or tickets, but no row in hall_days")
        for row in await self._database.fetch(_SQL["days"]):
            async for difference in self.differences_of(HallId(row["hall_id"]), row["day"]):
                yield difference

    async def differences_of(self, hall: HallId, on: date) -> AsyncIterator[Difference]:
        """What is not as promised on one day. Raises StorageUnavailable."""
        async with (
            self._database.reading() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            what = await self._look(_Instant(connection), hall, on)
        for one in what:
            yield Difference(hall, on, one)

    async def _look(self, then: _Instant, hall: HallId, on: date) -> list[str]:
        reader = Reader(then)
        position = await reader.position(hall, on)
        if position is None:
            return ["its row in hall_days is gone"]
        extent = (await then.fetch(_SQL["extent"], hall, on))[0]
        found = list(_faults_of_extent(extent, position))
        found += [
            f"part {row['part']} of the command {row['command_id']} stands twice"
            for row in await then.fetch(_SQL["commands_twice"], hall, on)
        ]
        if found:
            return found
        try:
            day = await _fold(reader, hall, on, position)
        except (Rewritten, UnknownKind, _Unfoldable) as error:
            return [f"cannot be folded: {error}"]
        tickets = await then.fetch(_SQL["tickets"], hall, on)
        appointments = await then.fetch(_SQL["appointments"], hall, on)
        found = [
            *_faults_of_day(day),
            *_faults_of(_TICKETS, day.tickets, tickets),
            *_faults_of(_APPOINTMENTS, day.appointments, appointments),
            *_faults_of_row(day, await then.fetch(_SQL["says"], hall, on)),
            *_faults_of_uses(day, await then.fetch(_SQL["uses"], hall, [*day.appointments, *day.tickets])),
        ]
        if not found:
            self.seen = Verified(
                self.seen.days + 1,
                self.seen.events + position.seq,
                self.seen.tickets + len(day.tickets),
                self.seen.appointments + len(day.appointments),
            )
        return found


async def _fold(reader: Reader, hall: HallId, on: date, position: Position) -> Day:
    """Fold a day anew. Raises StorageUnavailable, Rewritten, UnknownKind, _Unfoldable."""
    day = Day(hall, on)
    async for records in reader.load(hall, on, position):
        for record in records:
            try:
                evolve(day, record)
            except Exception as error:  # an event that was edited may be wrong in any way
                raise _Unfoldable(f"event {record.seq}: {type(error).__name__}: {error}") from error
    if not day.opened:
        raise _Unfoldable("event 1 does not open it")
    return day


class _Unfoldable(Exception):  # noqa: N818  (a difference, like all that is found here)
    """An event does not go with those before it; says which."""


def _faults_of_extent(extent: asyncpg.Record, position: Position) -> Iterator[str]:
    if extent["events"] == 0:
        yield "has no events"
    elif (extent["first"], extent["last"], extent["events"]) != (1, position.seq, position.seq):
        yield f"has {extent['events']} events from {extent['first']} to {extent['last']}, hall_days says {position.seq}"
    elif str(extent["head"]) != position.head:
        yield f"its last append is {extent['head']}, hall_days says {position.head}"


def _faults_of_day(day: Day) -> Iterator[str]:
    """What the fold itself must keep."""
    numbers = Tally(ticket.number for ticket in day.tickets.values())
    yield from (f"the number {number} was given {count} times" for number, count in numbers.items() if count > 1)
    leased = {lease.prefix for lease in day.leases.values()}
    for prefix, last in day.numbers.items():
        if prefix in leased:  # some of a kiosk's are never given out
            continue
        given = sum(1 for number in numbers if number.rstrip("0123456789") == prefix)
        if given != last:
            yield f"{given} numbers of {prefix} were given, the last is {last}"
    at_counters = Tally(ticket.counter for ticket in day.tickets.values() if ticket.counter is not None)
    yield from (f"{count} people are at counter {counter}" for counter, count in at_counters.items() if count > 1)
    for counter in day.counters.values():
        if counter.ticket is not None and day.tickets[counter.ticket].counter != counter.id:
            yield f"counter {counter.id} has {counter.ticket}, who is not there"
        if counter.ticket is not None and counter.state is CounterState.CLOSED:
            yield f"counter {counter.id} is closed and has {counter.ticket}"


_TICKETS = ("ticket", "number")
_APPOINTMENTS = ("appointment", "code")
"""What a row is called, and what it is named by."""


def _faults_of(kind: tuple[str, str], folded: Mapping[Any, Any], rows: list[asyncpg.Record]) -> Iterator[str]:
    """Where a table says something else than the fold."""
    what, name = kind
    stored = {str(row["id"]): row for row in rows}
    for one in folded.values():
        row = stored.pop(one.id, None)
        called = getattr(one, name)
        if row is None:
            yield f"the {what} {called} is in the journal and not in the table"
            continue
        for column, told in row.items():
            stored_value, value = _plain(told), _plain(getattr(one, ATTRIBUTE.get(column, column)))
            if stored_value != value:
                yield f"{column} of {called} is {stored_value!r} in the table, {value!r} by the journal"
    yield from (f"the {what} {row[name]} is in the table and not in the journal" for row in stored.values())


def _faults_of_row(day: Day, rows: list[asyncpg.Record]) -> Iterator[str]:
    """Where what is kept of the whole day is not what the fold of it says."""
    for row in rows:
        if not row["begun"] and day.tickets:
            yield "has tickets, and hall_days says that it has not begun"
        if row["revision"] not in {None, day.plan.revision}:  # none is what a former release writes
            yield f"its plan is of revision {day.plan.revision}, hall_days says {row['revision']}"
        if row["booked"] is not None and not _are_sums(day.booking_totals, row["booked"], row["changes"]):
            yield "the sums of its bookings are not those of the journal"
        if row["booked"] is None and day.appointments:
            yield "has appointments, and no sums of its bookings"


def _are_sums(expected: BookingTotals, booked: str, changes: str | None) -> bool:
    try:
        return totals_from_json(booked, changes) == expected
    except (msgspec.DecodeError, LookupError):
        return False  # they are none at all, or changes of others


def _faults_of_uses(day: Day, rows: list[asyncpg.Record]) -> Iterator[str]:
    """Where the uses of invitations are not those of the day's appointments and tickets."""
    stored = {(str(row["invitation_id"]), str(row["used_by"])) for row in rows}
    used = {
        (one.invitation, str(one.id))
        for one in day.appointments.values()
        if one.invitation is not None and one.state in LIVE
    }
    used |= {
        (ticket.invitation, str(ticket.appointment or ticket.id))
        for ticket in day.tickets.values()
        if ticket.invitation is not None
    }
    yield from (
        f"the invitation {invitation} is used by {by}, but not in the table" for invitation, by in used - stored
    )
    yield from (f"the invitation {invitation} is used by {by} in the table alone" for invitation, by in stored - used)


def _plain(value: Any) -> Any:  # noqa: ANN401  (whatever a column holds)
    """A value as both sides can say it."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, str) or type(value).__name__ == "UUID" else value
