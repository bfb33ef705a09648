"""Audit log of actions outside the journal: sign-ins and their refusals, staff, devices, hall documents.

An entry belongs to a hall, or to the whole service (`SERVICE_WIDE`). It contains ids and codes, never names, addresses
or typed text; names are looked up when the history is read.
"""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from service.identity.store import PACKAGE, Writer, read, transaction
from service.journal.database import Database
from service.journal.sql_files import statements
from service.primitives.ids import new_id

SERVICE_WIDE = "*"
"""The hall id of entries about the whole service."""

RETENTION = timedelta(days=400)
"""How long entries are kept: a year can be compared with the one before."""

_SQL = statements("audit_log.sql", PACKAGE)


async def record(  # noqa: PLR0913, PLR0917  (a row)
    writer: Writer, halls: list[str], now_at: datetime, actor: str, kind: str, data: dict[str, Any]
) -> None:
    """Write an entry for each hall, or one for the whole service if there are none, in the caller's transaction."""
    body = msgspec.json.encode(data).decode()
    await writer.execute(_SQL["record"], halls or [SERVICE_WIDE], new_id(), now_at, actor, kind, body)


class AuditEntry(Struct, frozen=True):
    """An entry of the history; `mark` orders entries of the same instant.

    For an event of the journal, `seq` is its seq, and `number` the number of its ticket if it has one.
    """

    at: datetime
    mark: str
    seq: int | None
    actor: str
    kind: str
    body: str
    number: str | None = None


class AuditLog:
    """Reads the history of a hall, and writes entries in their own transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def history(  # noqa: PLR0913  (a page of a hall's day)
        self, hall: str, on: date, *, from_at: datetime, before_at: datetime, after: tuple[datetime, str], limit: int
    ) -> list[AuditEntry]:
        """Read events of the journal and audit entries of a hall's day, newest first, after the entry `after`."""
        rows = await read(self._database, _SQL["history"], hall, on, from_at, before_at, *after, limit)
        return [
            AuditEntry(row["at"], row["mark"], row["seq"], row["actor"], row["kind"], row["body"], row["number"])
            for row in rows
        ]

    async def record(self, halls: list[str], now_at: datetime, actor: str, kind: str, **data: object) -> None:
        """Write an entry for each hall, or one for the whole service if there are none.

        Raises:
            StorageUnavailable, OutcomeUnknown: the database cannot be reached.
        """
        async with transaction(self._database) as writer:
            await record(writer, halls, now_at, actor, kind, data)

    async def sweep(self, now_at: datetime) -> None:
        """Delete entries older than `RETENTION`."""
        await read(self._database, _SQL["sweep"], now_at - RETENTION)
