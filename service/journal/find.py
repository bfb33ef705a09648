"""Finding tickets: a day's list, and the search of a clerk whose visitor has lost the slip.

Both read the `tickets` table, which every append keeps. A search reads `applicants` as well and answers nothing of
them: who knows a name or a phone number finds the ticket, not the person.
"""

from collections.abc import Iterable
from datetime import date, datetime

import asyncpg
from msgspec import Struct

from service.domain.model import HallId
from service.journal.database import Database
from service.journal.statements import statements

_SQL = statements("find.sql")


class FoundTicket(Struct, frozen=True, kw_only=True):
    """A ticket as the table has it."""

    id: str
    n: int
    code: str
    number: str
    day: date
    service: str
    stage: str
    class_: str
    channel: str
    state: str
    admission: str
    count: int
    counter: str | None
    last_counter: str | None
    calls: int
    queue_at: datetime
    issued_at: datetime
    called_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str | None
    missing: list[str]
    due_on: date | None
    left_reason: str | None
    prechecked: bool


class Wanted(Struct, frozen=True, kw_only=True):
    """What is known of somebody's ticket: all of it has to fit.

    `phone` are digits, `code` and `number` as they were given out, `name` any part of one.
    """

    code: str | None = None
    number: str | None = None
    phone: str | None = None
    name: str | None = None

    def __repr__(self) -> str:
        return "Wanted()"  # personal data stays out of logs


class Finder:
    """Looks tickets up. Everything here raises `StorageUnavailable` when PostgreSQL does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seq(self, hall: HallId, day: date) -> int:
        """The day's seq; 0 when it has not begun."""
        rows = await self._database.fetch(_SQL["seq"], hall, day)
        return int(rows[0]["seq"]) if rows else 0

    async def of_day(  # noqa: PLR0913  (the last three by name)
        self,
        hall: HallId,
        day: date,
        *,
        after_n: int,
        limit: int,
        state: str | None,
        service: str | None,
    ) -> list[FoundTicket]:
        """Tickets of a day in the order of issue, after the `after_n`-th."""
        return _found(await self._database.fetch(_SQL["list"], hall, day, after_n, limit, state, service))

    async def search(self, hall: HallId, days: tuple[date, date], wanted: Wanted, limit: int) -> list[FoundTicket]:
        """Tickets of the days from the first to the second, the newest first."""
        rows = await self._database.fetch(
            _SQL["search"], hall, *days, limit, wanted.code, wanted.number, wanted.phone, wanted.name
        )
        return _found(rows)


def _found(rows: Iterable[asyncpg.Record]) -> list[FoundTicket]:
    return [FoundTicket(**{**row, "id": str(row["id"])}) for row in rows]
