"""Reading the journal: where a day stands, what came after what one knows, and a day from its beginning.

Events are never changed and become visible in the order of `seq`, so what is read up to a position is the same whenever
it is read: a long day is loaded in chunks without a transaction around them. A reader that goes on from a seq it knows
reads the event of that seq again and compares its append id with the head it remembers. Another id, or no such event,
means that the database was restored or failed over: what was folded is of a journal that is no more.
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

CHUNK_EVENTS = 1000  # a day is loaded in steps of so many, about 5 ms each, so that others get their turn
DAYS_MAX = 400  # how many days back the latest are looked for: bookings reach 366 days ahead

_SQL = statements("read.sql")


class TicketPlace(Struct, frozen=True):
    """The day of a ticket, and its state there."""

    day: date
    state: TicketState


class LastDay(Struct, frozen=True):
    """A day that has begun, and where it stands."""

    day: date
    seq: int
    head: str


class Summary(Struct, frozen=True):
    """An opened day, as the slots are reckoned from it.

    `booked` are the sums of its bookings, and `changes` an array of their changes since, as JSON; None when there were
    never any. A `revision` older than the document's says that the day's plan has still to follow it.
    """

    day: date
    seq: int
    head: str
    revision: int
    booked: str | None
    changes: str | None

    def sums(self) -> BookingTotals | None:
        """The sums of its bookings; None when nothing was ever booked."""
        return None if self.booked is None else totals_from_json(self.booked, self.changes)


class Ids(Struct, frozen=True):
    """The tickets and appointments of a day, as of the append `head`."""

    day: date
    head: str
    tickets: list[str]
    appointments: list[str]


class Fetches(Protocol):
    """What can be read from: the database as it is at each reading, or as it was at one instant."""

    async def fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Read."""


class Reader:
    """Reads the journal. Everything here raises `StorageUnavailable` when PostgreSQL does not answer."""

    def __init__(self, source: Fetches) -> None:
        self._source = source

    async def position(self, hall: HallId, day: date) -> Position | None:
        """Where a day's journal stands, and whether it has begun; None when the day is not opened."""
        rows = await self._source.fetch(_SQL["position"], hall, day)
        return Position(rows[0]["seq"], str(rows[0]["head"]), rows[0]["at"], rows[0]["begun"]) if rows else None

    async def since(self, hall: HallId, day: date, seq: int, head: str) -> tuple[list[Record], Position]:
        """The events after `seq`, and where the journal stands with the last of them.

        Raises:
            Rewritten: the journal is not the one in which `head` wrote `seq`.
            UnknownKind: a newer release wrote an event.
        """
        return continued(await self._source.fetch(_SQL["since"], hall, day, seq), head)

    async def load(self, hall: HallId, day: date, position: Position) -> AsyncGenerator[list[Record], None]:
        """A day's events up to a position, in order, in chunks of at most `CHUNK_EVENTS`.

        Raises:
            Rewritten: the journal is not the one the position is of.
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
        """All events of a day so far, in order; none when it is not opened. Raises Rewritten."""
        position = await self.position(hall, day)
        if position is None:
            return []
        return [record async for records in self.load(hall, day, position) for record in records]

    async def of_ticket(self, hall: HallId, day: date, ticket: TicketId, *, after_seq: int, limit: int) -> list[Record]:
        """What happened to one ticket after an event of the day, in order.

        The server looks through the day, and sends only these events.
        """
        rows = await self._source.fetch(_SQL["of_ticket"], hall, day, ticket, after_seq, limit)
        return [record_of(row) for row in rows]

    async def last_before(self, hall: HallId, day: date) -> LastDay | None:
        """Where the last day stands that began before `day`; None when none had."""
        rows = await self._source.fetch(_SQL["last_before"], hall, day)
        return LastDay(rows[0]["day"], rows[0]["seq"], str(rows[0]["head"])) if rows else None

    async def said_on(self, hall: HallId, last: LastDay) -> list[Record]:
        """What was said of suspensions and notices on a day, up to where it stands, in order; takes as long as a load.

        An event that came since is not among it, so it is what that head says for ever.
        """
        return [record_of(row) for row in await self._source.fetch(_SQL["said_until"], hall, last.day, last.seq)]

    async def latest_days(self, hall: HallId, limit: int = DAYS_MAX) -> list[DayRow]:
        """The days of a hall, the newest first, at most `limit`."""
        rows = await self._source.fetch(_SQL["latest_days"], hall, limit)
        return [
            DayRow(row["day"], Position(row["seq"], str(row["head"]), row["at"]), row["ended"], row["begun"])
            for row in rows
        ]

    async def begun(self, hall: HallId, day: date) -> bool | None:
        """Tell whether a day has begun; None when it is not even opened."""
        rows = await self._source.fetch(_SQL["begun"], hall, day)
        return rows[0]["begun"] if rows else None

    async def summaries(self, hall: HallId, first: date, last: date, known: Collection[str] = ()) -> list[Summary]:
        """The hall's opened days from the first to the last, in order; on the others nothing is booked.

        Those whose head is among the `known` come without sums.
        """
        rows = await self._source.fetch(_SQL["summaries"], hall, first, last, list(known))
        return [
            Summary(row["day"], row["seq"], str(row["head"]), row["revision"], row["booked"], row["changes"])
            for row in rows
        ]

    async def open_days_from(self, hall: HallId, day: date) -> list[date]:
        """The hall's days from `day` on that are opened and have not ended, in order."""
        return [row["day"] for row in await self._source.fetch(_SQL["open_days_from"], hall, day)]

    async def days_behind(self, first: date) -> list[tuple[HallId, date]]:
        """The days from a date on, of every hall, whose plan has still to follow the hall's document."""
        return [(HallId(row["hall_id"]), row["day"]) for row in await self._source.fetch(_SQL["days_behind"], first)]

    async def find_appointment(self, hall: HallId, appointment: AppointmentId) -> date | None:
        """The day of an appointment of this hall."""
        rows = await self._source.fetch(_SQL["find_appointment"], hall, appointment)
        return rows[0]["day"] if rows else None

    async def ids_from(self, hall: HallId, first: date, known: Collection[str], *, but: date) -> list[Ids]:
        """The tickets and appointments of the hall's days from the first on, in order of the days.

        The day `but` is left out, and so is each whose head is among the `known`.
        """
        rows = await self._source.fetch(_SQL["ids_from"], hall, first, but, list(known))
        return [Ids(row["day"], str(row["head"]), row["tickets"], row["appointments"]) for row in rows]

    async def day_of_command(self, hall: HallId, first: date, command_id: str, on: date) -> date | None:
        """The day from `first` on, on which a command was done; `on` if it is one of two."""
        rows = await self._source.fetch(_SQL["day_of_command"], hall, first, command_id, on)
        return rows[0]["day"] if rows else None

    async def holds_over(self, now_at: datetime) -> list[tuple[HallId, date]]:
        """The days, of every hall, with places that are held though the time for it is over."""
        rows = await self._source.fetch(_SQL["holds_over"], now_at)
        return [(HallId(row["hall_id"]), row["day"]) for row in rows]

    async def days_over_of_person(self, hall: HallId, person: str, now_at: datetime) -> list[date]:
        """The hall's days with places of a person that are over by `now_at` and still count, in order."""
        missed_at = now_at - timedelta(seconds=MISSED_AFTER_S)
        rows = await self._source.fetch(_SQL["days_over_of_person"], hall, person, now_at, missed_at)
        return [row["day"] for row in rows]

    async def find_ticket(self, hall: HallId, ticket: TicketId) -> TicketPlace | None:
        """The day and state of a ticket of this hall, whatever its day."""
        rows = await self._source.fetch(_SQL["find_ticket"], hall, ticket)
        return TicketPlace(rows[0]["day"], TicketState(rows[0]["state"])) if rows else None


def continued(rows: Sequence[asyncpg.Record], head: str) -> tuple[list[Record], Position]:
    """Read rows of `since`, the first of which the reader knows as `head`'s.

    Raises:
        Rewritten: it is another's, or there is none.
        UnknownKind: a newer release wrote an event.
    """
    if not rows or str(rows[0]["append_id"]) != head:
        raise Rewritten("the last event known is gone or another's")
    last = rows[-1]
    return [record_of(row) for row in rows[1:]], Position(last["seq"], str(last["append_id"]), last["now_at"])
