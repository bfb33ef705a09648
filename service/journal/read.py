"""Read the journal: the position of a day, the events after a known position, or a whole day.

Events never change, and they become visible in the order of `seq`. So a read up to a position returns the same at any
time, and a long day is loaded in chunks without a transaction. A reader that continues from a known `seq` reads that
event again, and compares its append id with the head that it remembers. If the id differs or the event is missing, the
database was restored or failed over, and the fold of the reader belongs to a journal that no longer exists.
"""

from collections.abc import AsyncGenerator, Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

import asyncpg
from msgspec import Struct

from service.domain.booking.booking_totals import BookingTotals, totals_from_json
from service.domain.events import Record
from service.domain.model import MISSED_AFTER_S, AppointmentId, HallId, TicketId, TicketState
from service.journal.faults import Rewritten
from service.journal.records import record_of
from service.journal.sql_files import statements
from service.journal.values import DayRow, Position

CHUNK_EVENTS = 1000
"""Events read at once when a day is loaded: about 5 ms of work, so that other halls are not delayed."""

DAYS_MAX = 400
"""Limit of `latest_days`. It includes days ahead that were opened by bookings, at most 366."""

_SQL = statements("read.sql")


class TicketPlace(Struct, frozen=True):
    """The day and the state of a ticket."""

    day: date
    state: TicketState


class LastDay(Struct, frozen=True):
    """A day that has begun, and its position."""

    day: date
    seq: int
    head: str


class Summary(Struct, frozen=True):
    """The data of an opened day from which its slots are computed.

    `booked` are the booking totals as JSON, `changes` is a JSON array of their changes since; `None` if the day never
    had a booking. If `revision` is older than that of the document, the plan of the day is outdated.
    """

    day: date
    seq: int
    head: str
    revision: int
    booked: str | None
    changes: str | None

    def sums(self) -> BookingTotals | None:
        """Return the booking totals; `None` if the day never had a booking."""
        return None if self.booked is None else totals_from_json(self.booked, self.changes)


class Ids(Struct, frozen=True):
    """The ids of the tickets and appointments of a day, as of the append `head`."""

    day: date
    head: str
    tickets: list[str]
    appointments: list[str]


class ReadSource(Protocol):
    """A source of reads: the database, or a snapshot of it."""

    async def fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Execute a query and return its rows."""


class Reader:
    """Reads the journal. All methods raise `StorageUnavailable` if PostgreSQL does not answer."""

    def __init__(self, source: ReadSource) -> None:
        self._source = source

    async def position(self, hall: HallId, day: date) -> Position | None:
        """Return the position of a day, and whether it has begun; `None` if the day is not opened."""
        rows = await self._source.fetch(_SQL["position"], hall, day)
        return Position(rows[0]["seq"], str(rows[0]["head"]), rows[0]["at"], rows[0]["begun"]) if rows else None

    async def since(self, hall: HallId, day: date, seq: int, head: str) -> tuple[list[Record], Position]:
        """Return the events after `seq`, and the position of the last of them.

        Raises:
            Rewritten: the event `seq` is missing, or another append than `head` wrote it.
            UnknownKind: a newer release wrote an event.
        """
        return records_after(await self._source.fetch(_SQL["since"], hall, day, seq), head)

    async def load(self, hall: HallId, day: date, position: Position) -> AsyncGenerator[list[Record], None]:
        """Yield a day's events up to a position, in order, in chunks of at most `CHUNK_EVENTS`.

        Raises:
            Rewritten: an event is missing, or another append than that of the position wrote the last one.
            UnknownKind: a newer release wrote an event.
        """
        seq = 0
        while seq < position.seq:
            upto = min(seq + CHUNK_EVENTS, position.seq)
            rows = await self._source.fetch(_SQL["chunk"], hall, day, seq, upto)
            if len(rows) != upto - seq or (upto == position.seq and str(rows[-1]["append_id"]) != position.head):
                raise Rewritten(f"{hall} {day}: event {upto} is gone or another's")
            yield [record_of(row) for row in rows]
            seq = upto

    async def events(self, hall: HallId, day: date) -> list[Record]:
        """Return all events of a day, in order; none if it is not opened. Raises Rewritten."""
        position = await self.position(hall, day)
        if position is None:
            return []
        return [record async for records in self.load(hall, day, position) for record in records]

    async def records_of_ticket(
        self, hall: HallId, day: date, ticket: TicketId, *, after_seq: int, limit: int
    ) -> list[Record]:
        """Return the events of one ticket after event `after_seq`, in order.

        The database searches the whole day, and sends only these events.
        """
        rows = await self._source.fetch(_SQL["records_of_ticket"], hall, day, ticket, after_seq, limit)
        return [record_of(row) for row in rows]

    async def last_begun_before(self, hall: HallId, day: date) -> LastDay | None:
        """Return the last day before `day` that has begun, with its position; `None` if no day has begun."""
        rows = await self._source.fetch(_SQL["last_begun_before"], hall, day)
        return LastDay(rows[0]["day"], rows[0]["seq"], str(rows[0]["head"])) if rows else None

    async def announcements_of(self, hall: HallId, last: LastDay) -> list[Record]:
        """Return the suspension and notice events of a day up to its position, in order. Takes as long as a load.

        Later events are left out, so the result for one head never changes.
        """
        return [
            record_of(row) for row in await self._source.fetch(_SQL["announcements_until"], hall, last.day, last.seq)
        ]

    async def latest_days(self, hall: HallId, limit: int = DAYS_MAX) -> list[DayRow]:
        """Return the opened days of a hall, newest first, at most `limit`."""
        rows = await self._source.fetch(_SQL["latest_days"], hall, limit)
        return [
            DayRow(row["day"], Position(row["seq"], str(row["head"]), row["at"]), row["ended"], row["begun"])
            for row in rows
        ]

    async def begun(self, hall: HallId, day: date) -> bool | None:
        """Tell whether a day has begun; `None` if it is not opened."""
        rows = await self._source.fetch(_SQL["begun"], hall, day)
        return rows[0]["begun"] if rows else None

    async def summaries(self, hall: HallId, first: date, last: date, known: Collection[str] = ()) -> list[Summary]:
        """Return the hall's opened days between two dates, in order; the other days have no bookings.

        Days whose head is in `known` are returned without booking totals.
        """
        rows = await self._source.fetch(_SQL["summaries"], hall, first, last, list(known))
        return [
            Summary(row["day"], row["seq"], str(row["head"]), row["revision"], row["booked"], row["changes"])
            for row in rows
        ]

    async def open_days_from(self, hall: HallId, day: date) -> list[date]:
        """Return the hall's days from `day` on that are opened and have not ended, in order."""
        return [row["day"] for row in await self._source.fetch(_SQL["open_days_from"], hall, day)]

    async def days_behind(self, first: date) -> list[tuple[HallId, date]]:
        """Return the days, of all halls, from a date on, whose plan is older than the hall's document."""
        return [(HallId(row["hall_id"]), row["day"]) for row in await self._source.fetch(_SQL["days_behind"], first)]

    async def find_appointment(self, hall: HallId, appointment: AppointmentId) -> date | None:
        """Return the day of an appointment; `None` if this hall does not have it."""
        rows = await self._source.fetch(_SQL["find_appointment"], hall, appointment)
        return rows[0]["day"] if rows else None

    async def ids_from(self, hall: HallId, first: date, known: Collection[str], *, but: date) -> list[Ids]:
        """Return the ids of tickets and appointments of the hall's days from `first` on, in order of the days.

        The day `but` and days whose head is in `known` are left out.
        """
        rows = await self._source.fetch(_SQL["ids_from"], hall, first, but, list(known))
        return [Ids(row["day"], str(row["head"]), row["tickets"], row["appointments"]) for row in rows]

    async def day_of_command(self, hall: HallId, first: date, command_id: str, on: date) -> date | None:
        """Return the day, from `first` on, on which a command was carried out; `on` if it is one of two such days."""
        rows = await self._source.fetch(_SQL["day_of_command"], hall, first, command_id, on)
        return rows[0]["day"] if rows else None

    async def days_with_expired_holds(self, now_at: datetime) -> list[tuple[HallId, date]]:
        """Return the days, of all halls, with holds that have expired by `now_at` but are still held."""
        rows = await self._source.fetch(_SQL["days_with_expired_holds"], now_at)
        return [(HallId(row["hall_id"]), row["day"]) for row in rows]

    async def days_with_expired_bookings(self, hall: HallId, person: str, now_at: datetime) -> list[date]:
        """Return the hall's days with expired or missed bookings of a person that still count, in order."""
        missed_at = now_at - timedelta(seconds=MISSED_AFTER_S)
        rows = await self._source.fetch(_SQL["days_with_expired_bookings"], hall, person, now_at, missed_at)
        return [row["day"] for row in rows]

    async def find_ticket(self, hall: HallId, ticket: TicketId) -> TicketPlace | None:
        """Return the day and state of a ticket; `None` if this hall does not have it."""
        rows = await self._source.fetch(_SQL["find_ticket"], hall, ticket)
        return TicketPlace(rows[0]["day"], TicketState(rows[0]["state"])) if rows else None


def records_after(rows: Sequence[asyncpg.Record], head: str) -> tuple[list[Record], Position]:
    """Decode rows of `since`: the events after the first row, and the position of the last row.

    Raises:
        Rewritten: there is no row, or another append than `head` wrote the first one.
        UnknownKind: a newer release wrote an event.
    """
    if not rows or str(rows[0]["append_id"]) != head:
        raise Rewritten("the last event known is gone or another's")
    last = rows[-1]
    return [record_of(row) for row in rows[1:]], Position(last["seq"], str(last["append_id"]), last["now_at"])
