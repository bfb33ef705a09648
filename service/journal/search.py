"""Finding tickets and appointments: a day's lists, what a code is for, and who has lost the slip.

All read the tables that every append keeps. A search reads `applicants` as well and answers nothing of them: who knows
a name or a phone number finds the ticket, not the person.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import Struct

from service.domain.model import HallId
from service.journal.database import Database
from service.journal.sql_files import statements
from service.journal.values import Applicant
from service.primitives.personal_data import Personal

NEWEST = (date(9999, 12, 31), 0)
LAST_START = (datetime(9999, 12, 31, tzinfo=UTC), 0)
"""After which all begin that are found."""

_SQL = statements("search.sql")


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


class FoundAppointment(Struct, frozen=True, kw_only=True):
    """An appointment as the table has it."""

    id: str
    n: int
    code: str
    day: date
    service: str
    starts_at: datetime
    ends_at: datetime
    state: str
    count: int
    channel: str
    expires_at: datetime | None
    prechecked: bool
    partner: str | None
    ticket: str | None
    applicant: str | None
    made_at: datetime
    sequence: int
    seq: int


class CodeKind(StrEnum):
    """What a code was given for."""

    APPOINTMENT = "appointment"
    INVITATION = "invitation"
    TICKET = "ticket"


class FoundCode(Struct, frozen=True):
    """What a code is of: a ticket or appointment of a day in some state; an invitation that is new, used or revoked."""

    kind: CodeKind
    id: str
    day: date | None
    state: str


class FoundInvitation(Struct, frozen=True, kw_only=True):
    """An invitation, as far as it concerns a day; `used_by` is an appointment or a ticket."""

    id: str
    partner: str
    service: str | None
    prechecked: bool
    releases_at: datetime | None
    person: str | None
    applicant: str | None
    revoked_at: datetime | None
    used_by: str | None


class Wanted(Personal, frozen=True, kw_only=True):
    """What is known of somebody's ticket: all of it has to fit.

    `phones` are digits of one, written in several ways, `code` and `number` as they were given out, `name` any part of
    one.
    """

    code: str | None = None
    number: str | None = None
    phones: tuple[str, ...] | None = None
    name: str | None = None


class Finder:
    """Looks up what people have. Everything here raises `StorageUnavailable` when PostgreSQL does not answer."""

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

    async def search(
        self, hall: HallId, days: tuple[date, date], wanted: Wanted, *, after: tuple[date, int] = NEWEST, limit: int
    ) -> list[FoundTicket]:
        """Tickets of the days from the first to the second, the newest first, after one with this day and `n`."""
        rows = await self._database.fetch(
            _SQL["search"], hall, *days, limit, wanted.code, wanted.number, wanted.phones, wanted.name, *after
        )
        return _found(rows)

    async def appointments_of_day(self, hall: HallId, day: date, *, after_n: int, limit: int) -> list[FoundAppointment]:
        """Appointments of a day in the order of making, after the `after_n`-th."""
        return _appointments(await self._database.fetch(_SQL["appointments"], hall, day, after_n, limit))

    async def search_appointments(
        self,
        hall: HallId,
        days: tuple[date, date],
        wanted: Wanted,
        *,
        after: tuple[datetime, int] = LAST_START,
        limit: int,
    ) -> list[FoundAppointment]:
        """Appointments of the days from the first to the second, the last start first, after one with this one and `n`.

        None has a number yet.
        """
        if wanted.number is not None:
            return []
        rows = await self._database.fetch(
            _SQL["search_appointments"], hall, *days, limit, wanted.code, wanted.phones, wanted.name, *after
        )
        return _appointments(rows)

    async def applicant(self, hall: HallId, applicant: str) -> Applicant | None:
        """A person, for who may change them; None when they were erased."""
        rows = await self._database.fetch(_SQL["applicant"], hall, applicant)
        return Applicant(id=applicant, **rows[0]) if rows else None

    async def persons_to_come(self, hall: HallId, persons: list[str]) -> list[str]:
        """By which of a person's keyed hashes each of their appointments to come is theirs."""
        return [row["person"] for row in await self._database.fetch(_SQL["persons_to_come"], hall, persons)]

    async def find_code(self, hall: HallId, code: str) -> FoundCode | None:
        """What a code of the hall was given for."""
        rows = await self._database.fetch(_SQL["code"], hall, code)
        if not rows:
            return None
        row = rows[0]  # a ticket of a former release may have the code of another kind, which is the newer
        return FoundCode(CodeKind(row["kind"]), str(row["id"]), row["day"], row["state"])

    async def returned_at(self, hall: HallId, ticket: str) -> datetime | None:
        """When somebody came back by the right of a ticket, on whatever day; None while nobody has."""
        rows = await self._database.fetch(_SQL["returned_at"], hall, ticket)
        return rows[0]["issued_at"] if rows else None

    async def invitation(self, hall: HallId, invitation: str) -> FoundInvitation | None:
        """An invitation of the hall."""
        rows = await self._database.fetch(_SQL["invitation"], hall, invitation)
        return FoundInvitation(**_plain(rows[0])) if rows else None


def _appointments(rows: Iterable[asyncpg.Record]) -> list[FoundAppointment]:
    return [FoundAppointment(**_plain(row)) for row in rows]


def _plain(row: asyncpg.Record) -> dict[str, Any]:
    """A row by its columns, ids as texts."""
    return {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}


def _found(rows: Iterable[asyncpg.Record]) -> list[FoundTicket]:
    return [FoundTicket(**{**row, "id": str(row["id"])}) for row in rows]
