"""Open a day, and begin it, in one transaction that locks the hall's row.

The hall's document cannot change between its reading and the opening of the day. Days are opened in any order, because
people book far ahead, but they begin in order. The lock on the hall's row makes two processes that begin two days at
once do it one after the other, so the second sees the day that the first has begun.

Events that carry over from the day before are written in the same transaction. So they are there before any command,
and a day that has begun has all of them.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

import asyncpg
from msgspec import Struct
from msgspec.structs import replace

from service.domain.events import Record
from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.journal.append_statement import append_arguments
from service.journal.faults import DayPassed, HallMissing
from service.journal.hall_documents import document_of
from service.journal.sql_files import statements
from service.journal.values import Append
from service.primitives.ids import NIL

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

_SQL = statements("append.sql")

FirstRecord = Callable[[HallDocument, int], Record]
"""Makes the first event of a day from the hall's document and its revision."""


class DayOpening(Struct, frozen=True):
    """A day to open, and its first events; see `Appender.open_day`."""

    hall: HallId
    day: date
    append_id: str
    first: FirstRecord
    begins: bool
    carried_over: Sequence[Record]


async def open_day(connection: "PoolConnectionProxy[asyncpg.Record]", opening: DayOpening) -> bool:
    """Open a day, inside a transaction; return whether this call opened it. Raises as `Appender.open_day`."""
    hall, day = opening.hall, opening.day
    row = await connection.fetchrow(_SQL["document_held"], hall)
    if row is None:
        raise HallMissing(hall)
    if await connection.fetchrow(_SQL["open_day"], hall, day, opening.begins) is None:
        if opening.begins:
            await _begin_opened_day(connection, opening)
        has_begun = await connection.fetchval(_SQL["begun"], hall, day)
        if has_begun is None or (opening.begins and not has_begun):
            raise DayPassed(f"{hall} has begun a day after {day}")
        return False
    record = opening.first(document_of(hall, row["document"]), row["revision"])
    append = Append(
        hall=hall,
        day=day,
        seq=0,
        head=NIL,
        append_id=opening.append_id,
        records=[record, *(_renumbered(opening.carried_over, record.seq, record.at) if opening.begins else ())],
        revision=row["revision"],
    )
    at = await connection.fetchval(_SQL["append"], *append_arguments(append))
    assert at is not None, "no other transaction can append to a day that this one has opened"
    return True


async def _begin_opened_day(connection: "PoolConnectionProxy[asyncpg.Record]", opening: DayOpening) -> None:
    """Begin a day that was opened ahead of its time, with the events that carry over."""
    hall, day = opening.hall, opening.day
    begun_now = await connection.fetchrow(_SQL["begin_day"], hall, day)
    if begun_now is None or not opening.carried_over:
        return
    seq, head = begun_now["seq"], str(begun_now["head"])
    at = await connection.fetchval(_SQL["at"], hall, day, seq)
    records = _renumbered(opening.carried_over, seq, at)
    append = Append(hall=hall, day=day, seq=seq, head=head, append_id=opening.append_id, records=records)
    written = await connection.fetchval(_SQL["append"], *append_arguments(append))
    assert written is not None, "this transaction locks the row of the day that it has begun"


def _renumbered(records: Sequence[Record], seq: int, at: datetime) -> list[Record]:
    """Return the events numbered from `seq` + 1, and none earlier than `at`."""
    return [replace(record, seq=nth, at=max(record.at, at)) for nth, record in enumerate(records, seq + 1)]
