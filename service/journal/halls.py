"""The halls' documents, each with a revision that counts its changes."""

from datetime import datetime, timedelta

import asyncpg
import msgspec
from msgspec import Struct

from service.domain.document import HallDocument
from service.domain.model import HallId
from service.journal.database import Database
from service.journal.faults import DocumentConflict, HallMissing
from service.journal.statements import statements

CHANGES_OVERLAP_S = 10  # a change is stamped before it commits: one stamped earlier may become visible later

_SQL = statements("halls.sql")
_decode = msgspec.json.Decoder(HallDocument).decode


class HallRow(Struct, frozen=True):
    """A hall as it is stored."""

    hall: HallId
    document: HallDocument
    revision: int
    changed_at: datetime


class Halls:
    """Reads and writes halls. Everything here raises `StorageUnavailable` when PostgreSQL does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[HallRow]:
        """Every hall, by id."""
        return [_hall_of(row) for row in await self._database.fetch(_SQL["all"])]

    async def get(self, hall: HallId) -> HallRow | None:
        """One hall."""
        rows = await self._database.fetch(_SQL["get"], hall)
        return _hall_of(rows[0]) if rows else None

    async def changed_since(self, at: datetime) -> list[HallRow]:
        """The halls changed since an instant of the database's clock; one changed shortly before may come as well."""
        since = at - timedelta(seconds=CHANGES_OVERLAP_S)
        return [_hall_of(row) for row in await self._database.fetch(_SQL["changed_since"], since)]

    async def create_if_absent(self, hall: HallId, document: HallDocument) -> bool:
        """Make a hall, revision 1; tell whether it was made."""
        return bool(await self._database.fetch(_SQL["create_if_absent"], hall, _text_of(document)))

    async def replace(self, hall: HallId, document: HallDocument, if_revision: int) -> int:
        """Give a hall another document and return the new revision.

        Waits for days that are being opened from the old one. When no answer comes it may have been stored or not.

        Raises:
            DocumentConflict: the document has another revision than `if_revision`.
            HallMissing: there is no such hall.
        """
        rows = await self._database.fetch(_SQL["replace"], hall, _text_of(document), if_revision)
        if rows:
            revision: int = rows[0]["revision"]
            return revision
        present = await self.get(hall)
        if present is None:
            raise HallMissing(hall)
        raise DocumentConflict(present.revision)


def _hall_of(row: asyncpg.Record) -> HallRow:
    return HallRow(row["hall_id"], _decode(row["document"]), row["revision"], row["changed_at"])


def _text_of(document: HallDocument) -> str:
    return msgspec.json.encode(document).decode()
