"""The account of what happened outside the journal: sign-ins and refusals, staff, devices, documents.

A row belongs to a hall, or to none where it is about the whole service. It holds ids and codes, never a name, an
address, or what somebody typed: who an id is, is looked up when the history is read.
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
"""The hall of what belongs to none."""

RETENTION = timedelta(days=400)
"""How long it is known: a year can be compared with the one before, and no longer."""

_SQL = statements("audit_log.sql", PACKAGE)


async def record(  # noqa: PLR0913, PLR0917  (a row)
    writer: Writer, halls: list[str], now_at: datetime, actor: str, kind: str, data: dict[str, Any]
) -> None:
    """Note something in the account of each hall, or of none in that of the whole service, in its transaction."""
    body = msgspec.json.encode(data).decode()
    await writer.execute(_SQL["record"], halls or [SERVICE_WIDE], new_id(), now_at, actor, kind, body)


class AuditEntry(Struct, frozen=True):
    """One thing that happened; `mark` tells those of one instant apart.

    For an event of the day's journal `seq` is the day's, and `number` that of the ticket it is about.
    """

    at: datetime
    mark: str
    seq: int | None
    actor: str
    kind: str
    body: str
    number: str | None = None


class AuditLog:
    """Reads the account, and notes what is done elsewhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def history(  # noqa: PLR0913  (a page of a hall's day)
        self, hall: str, on: date, *, from_at: datetime, before_at: datetime, after: tuple[datetime, str], limit: int
    ) -> list[AuditEntry]:
        """What happened in a hall on a day, in the journal and outside it, newest first, from `after` on."""
        rows = await read(self._database, _SQL["history"], hall, on, from_at, before_at, *after, limit)
        return [
            AuditEntry(row["at"], row["mark"], row["seq"], row["actor"], row["kind"], row["body"], row["number"])
            for row in rows
        ]

    async def record(self, halls: list[str], now_at: datetime, actor: str, kind: str, **data: object) -> None:
        """Note something in the account of each hall; of none, in that of the whole service.

        Raises:
            StorageUnavailable, OutcomeUnknown: the database cannot be reached.
        """
        async with transaction(self._database) as writer:
            await record(writer, halls, now_at, actor, kind, data)

    async def sweep(self, now_at: datetime) -> None:
        """Remove what is older than `RETENTION`."""
        await read(self._database, _SQL["sweep"], now_at - RETENTION)
