"""Find tickets and appointments: lists of a day, search by code, number, phone or name.

All queries read the tables that every append updates. A search also reads `applicants`, but returns nothing from it: a
known name or phone number leads to the ticket, not to further personal data.
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
"""The start of a search: all rows come after these positions."""

_SQL = statements("search.sql")


class FoundTicket(Struct, frozen=True, kw_only=True):
    """A row of the table `tickets`."""

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
    """A row of the table `appointments`."""

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
    """The kind of thing that a code identifies."""

    APPOINTMENT = "appointment"
    INVITATION = "invitation"
    TICKET = "ticket"


class FoundCode(Struct, frozen=True):
    """The ticket, appointment or invitation with a code. An invitation has no day; it is new, used or revoked."""

    kind: CodeKind
    id: str
    day: date | None
    state: str


class FoundInvitation(Struct, frozen=True, kw_only=True):
    """An invitation. `used_by` is the id of an appointment or a ticket."""

    id: str
    partner: str
    service: str | None
    prechecked: bool
    releases_at: datetime | None
    person: str | None
    applicant: str | None
    revoked_at: datetime | None
    used_by: str | None


class TicketQuery(Personal, frozen=True, kw_only=True):
    """Criteria of a search; all that are given must match.

    `phones` are the digits of one phone number in several notations. `code` and `number` are complete. `name` is any
    part of a name.
    """

    code: str | None = None
    number: str | None = None
    phones: tuple[str, ...] | None = None
    name: str | None = None


class Finder:
    """Finds tickets and appointments. All methods raise `StorageUnavailable` if PostgreSQL does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seq(self, hall: HallId, day: date) -> int:
        """Return the number of events of a day; 0 if it is not opened."""
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
        """Return tickets of a day in the order of issue, after ticket number `after_n` of the day."""
        return _found(await self._database.fetch(_SQL["list"], hall, day, after_n, limit, state, service))

    async def search(
        self, hall: HallId, days: tuple[date, date], query: TicketQuery, *, after: tuple[date, int] = NEWEST, limit: int
    ) -> list[FoundTicket]:
        """Return tickets of the days between two dates, newest first, after the ticket with this day and `n`."""
        rows = await self._database.fetch(
            _SQL["search"], hall, *days, limit, query.code, query.number, query.phones, query.name, *after
        )
        return _found(rows)

    async def appointments_of_day(self, hall: HallId, day: date, *, after_n: int, limit: int) -> list[FoundAppointment]:
        """Return appointments of a day in the order of booking, after appointment number `after_n` of the day."""
        return _appointments(await self._database.fetch(_SQL["appointments"], hall, day, after_n, limit))

    async def search_appointments(
        self,
        hall: HallId,
        days: tuple[date, date],
        query: TicketQuery,
        *,
        after: tuple[datetime, int] = LAST_START,
        limit: int,
    ) -> list[FoundAppointment]:
        """Return appointments of the days between two dates, latest start first, after the one with this start and `n`.

        A search by ticket number finds none, because appointments have no number.
        """
        if query.number is not None:
            return []
        rows = await self._database.fetch(
            _SQL["search_appointments"], hall, *days, limit, query.code, query.phones, query.name, *after
        )
        return _appointments(rows)

    async def applicant(self, hall: HallId, applicant: str) -> Applicant | None:
        """Return the personal data of an applicant; `None` if it was erased."""
        rows = await self._database.fetch(_SQL["applicant"], hall, applicant)
        return Applicant(id=applicant, **rows[0]) if rows else None

    async def persons_to_come(self, hall: HallId, persons: list[str]) -> list[str]:
        """Return, for each upcoming appointment of a person, the hash by which it is stored.

        Args:
            hall: the hall.
            persons: the keyed hashes of the person, one per secret.
        """
        return [row["person"] for row in await self._database.fetch(_SQL["persons_to_come"], hall, persons)]

    async def find_code(self, hall: HallId, code: str) -> FoundCode | None:
        """Find the ticket, appointment or invitation of the hall with a code."""
        rows = await self._database.fetch(_SQL["code"], hall, code)
        if not rows:
            return None
        row = rows[0]  # an old release could give a ticket the code of another thing, which is newer and comes first
        return FoundCode(CodeKind(row["kind"]), str(row["id"]), row["day"], row["state"])

    async def returned_at(self, hall: HallId, ticket: str) -> datetime | None:
        """Return when the right to return of a ticket was used, on any day; `None` if it was not used."""
        rows = await self._database.fetch(_SQL["returned_at"], hall, ticket)
        return rows[0]["issued_at"] if rows else None

    async def invitation(self, hall: HallId, invitation: str) -> FoundInvitation | None:
        """Return an invitation of the hall."""
        rows = await self._database.fetch(_SQL["invitation"], hall, invitation)
        return FoundInvitation(**_plain(rows[0])) if rows else None


def _appointments(rows: Iterable[asyncpg.Record]) -> list[FoundAppointment]:
    return [FoundAppointment(**_plain(row)) for row in rows]


def _plain(row: asyncpg.Record) -> dict[str, Any]:
    """Return a row as a dict, with ids as strings."""
    return {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}


def _found(rows: Iterable[asyncpg.Record]) -> list[FoundTicket]:
    return [FoundTicket(**{**row, "id": str(row["id"])}) for row in rows]
