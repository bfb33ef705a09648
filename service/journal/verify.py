"""`./paihao verify`: check a whole database for consistency.

Every day is folded again from its events, and everything else is compared with the fold. Checked for each day: events
are numbered without gaps and end at the `seq` of `hall_days`; no command was carried out twice; the fold equals the
tables `tickets` and `appointments` in every column, the booking totals and the uses of invitations; ticket numbers are
unique and without gaps per prefix; no person is at two counters. Checked once: the named constraints exist and are
valid.

The database may be in use, so each day is read in one snapshot.

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
"""The constraints that enforce rules of the domain."""

ATTRIBUTE = {"class": "class_"}
"""Attributes whose names differ from those of their columns."""

_SQL = statements("verify.sql")


class Difference(Struct, frozen=True):
    """An inconsistency. `hall` and `day` are `None` if it concerns the whole database."""

    hall: HallId | None
    day: date | None
    what: str

    def __str__(self) -> str:
        where = f"{self.hall} {self.day}: " if self.hall is not None else ""
        return where + self.what


class Verified(Struct):
    """Counts of what was checked and found consistent."""

    days: int = 0
    events: int = 0
    tickets: int = 0
    appointments: int = 0


class _Snapshot:
    """The database as of the beginning of a transaction."""

    def __init__(self, connection: "PoolConnectionProxy[asyncpg.Record]") -> None:
        self._connection = connection

    async def fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Execute a query in the transaction."""
        return await self._connection.fetch(sql, *arguments)


class Verifier:
    """Checks one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.verified = Verified()

    async def differences(self) -> AsyncIterator[Difference]:
        """Yield all inconsistencies, by hall and day. Raises StorageUnavailable."""
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
        """Yield the inconsistencies of one day. Raises StorageUnavailable."""
        async with (
            self._database.reading() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            found = await self._check_day(_Snapshot(connection), hall, on)
        for description in found:
            yield Difference(hall, on, description)

    async def _check_day(self, snapshot: _Snapshot, hall: HallId, on: date) -> list[str]:
        reader = Reader(snapshot)
        position = await reader.position(hall, on)
        if position is None:
            return ["its row in hall_days is gone"]
        extent = (await snapshot.fetch(_SQL["extent"], hall, on))[0]
        found = list(_extent_differences(extent, position))
        found += [
            f"part {row['part']} of the command {row['command_id']} stands twice"
            for row in await snapshot.fetch(_SQL["commands_twice"], hall, on)
        ]
        if found:
            return found
        try:
            day = await _fold(reader, hall, on, position)
        except (Rewritten, UnknownKind, _Unfoldable) as error:
            return [f"cannot be folded: {error}"]
        tickets = await snapshot.fetch(_SQL["tickets"], hall, on)
        appointments = await snapshot.fetch(_SQL["appointments"], hall, on)
        found = [
            *_fold_differences(day),
            *_row_differences(_TICKETS, day.tickets, tickets),
            *_row_differences(_APPOINTMENTS, day.appointments, appointments),
            *_day_row_differences(day, await snapshot.fetch(_SQL["day_row"], hall, on)),
            *_invitation_differences(day, await snapshot.fetch(_SQL["uses"], hall, [*day.appointments, *day.tickets])),
        ]
        if not found:
            self.verified = Verified(
                self.verified.days + 1,
                self.verified.events + position.seq,
                self.verified.tickets + len(day.tickets),
                self.verified.appointments + len(day.appointments),
            )
        return found


async def _fold(reader: Reader, hall: HallId, on: date, position: Position) -> Day:
    """Fold a day from the journal. Raises StorageUnavailable, Rewritten, UnknownKind, _Unfoldable."""
    day = Day(hall, on)
    async for records in reader.load(hall, on, position):
        for record in records:
            try:
                evolve(day, record)
            except Exception as error:  # an edited event can cause any exception
                raise _Unfoldable(f"event {record.seq}: {type(error).__name__}: {error}") from error
    if not day.opened:
        raise _Unfoldable("event 1 does not open it")
    return day


class _Unfoldable(Exception):  # noqa: N818  (named after the state it reports)
    """An event does not fit to the events before it."""


def _extent_differences(extent: asyncpg.Record, position: Position) -> Iterator[str]:
    if extent["events"] == 0:
        yield "has no events"
    elif (extent["first"], extent["last"], extent["events"]) != (1, position.seq, position.seq):
        yield f"has {extent['events']} events from {extent['first']} to {extent['last']}, hall_days says {position.seq}"
    elif str(extent["head"]) != position.head:
        yield f"its last append is {extent['head']}, hall_days says {position.head}"


def _fold_differences(day: Day) -> Iterator[str]:
    """Yield violations of rules in the fold itself."""
    numbers = Tally(ticket.number for ticket in day.tickets.values())
    yield from (f"the number {number} was given {count} times" for number, count in numbers.items() if count > 1)
    leased = {lease.prefix for lease in day.leases.values()}
    for prefix, last in day.numbers.items():
        if prefix in leased:  # numbers leased to a kiosk may never be issued
            continue
        given = sum(1 for number in numbers if number.rstrip("0123456789") == prefix)
        if given != last:
            yield f"{given} numbers of {prefix} were given, the last is {last}"
    at_counters = Tally(ticket.counter for ticket in day.tickets.values() if ticket.counter is not None)
    yield from (f"{count} people are at counter {counter}" for counter, count in at_counters.items() if count > 1)
    for counter in day.counters.values():
        if counter.ticket is not None and day.tickets[counter.ticket].counter != counter.id:
            yield f"counter {counter.id} has {counter.ticket}, which is not at it"
        if counter.ticket is not None and counter.state is CounterState.CLOSED:
            yield f"counter {counter.id} is closed and has {counter.ticket}"


_TICKETS = ("ticket", "number")
_APPOINTMENTS = ("appointment", "code")
"""The word for a row in messages, and the attribute that names it."""


def _row_differences(kind: tuple[str, str], folded: Mapping[Any, Any], rows: list[asyncpg.Record]) -> Iterator[str]:
    """Yield differences between a table and the fold."""
    word, name = kind
    stored = {str(row["id"]): row for row in rows}
    for entity in folded.values():
        row = stored.pop(entity.id, None)
        label = getattr(entity, name)
        if row is None:
            yield f"the {word} {label} is in the journal and not in the table"
            continue
        for column, cell in row.items():
            stored_value, value = _plain(cell), _plain(getattr(entity, ATTRIBUTE.get(column, column)))
            if stored_value != value:
                yield f"{column} of {label} is {stored_value!r} in the table, {value!r} by the journal"
    yield from (f"the {word} {row[name]} is in the table and not in the journal" for row in stored.values())


def _day_row_differences(day: Day, rows: list[asyncpg.Record]) -> Iterator[str]:
    """Yield differences between the fold and the row of the day in `hall_days` and `day_sums`."""
    for row in rows:
        if not row["begun"] and day.tickets:
            yield "has tickets, and hall_days says that it has not begun"
        if row["revision"] not in {None, day.plan.revision}:  # an old release wrote NULL
            yield f"its plan is of revision {day.plan.revision}, hall_days says {row['revision']}"
        if row["booked"] is not None and not _are_totals(day.booking_totals, row["booked"], row["changes"]):
            yield "the sums of its bookings are not those of the journal"
        if row["booked"] is None and day.appointments:
            yield "has appointments, and no sums of its bookings"


def _are_totals(expected: BookingTotals, booked: str, changes: str | None) -> bool:
    try:
        return totals_from_json(booked, changes) == expected
    except (msgspec.DecodeError, LookupError):
        return False  # no valid totals, or changes that belong to other totals


def _invitation_differences(day: Day, rows: list[asyncpg.Record]) -> Iterator[str]:
    """Yield differences between the uses of invitations and the day's appointments and tickets."""
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
    """Return a value in a form that both sides share: ids as strings, tuples as lists."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, str) or type(value).__name__ == "UUID" else value
