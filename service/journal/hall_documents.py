"""Hall documents, each with a revision that counts its changes; learned values of halls."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy
from msgspec import Struct

from service.domain.calendar.learned import Learned
from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.journal.database import Database
from service.journal.faults import DocumentConflict, HallMissing, UnknownKind
from service.journal.sql_files import statements

PUTS_KEPT = timedelta(days=4)
"""How long PUT requests are remembered. An idempotency key is valid for a day of the hall and the next day."""

CHANGES_OVERLAP_S = 10
"""Overlap of two reads of changes: a change gets its time before it commits, so it can become visible later."""

_SQL = statements("hall_documents.sql")
_decode = msgspec.json.Decoder(HallDocument).decode
_decode_learned = msgspec.json.Decoder(Learned).decode


class HallRow(Struct, frozen=True):
    """A stored hall."""

    hall: HallId
    document: HallDocument
    revision: int
    changed_at: datetime


class UnreadableRow(Struct, frozen=True):
    """A hall whose stored document this release cannot read."""

    hall: HallId
    revision: int
    changed_at: datetime
    why: str


ChangeRecorder: TypeAlias = Callable[["PoolConnectionProxy[asyncpg.Record]", HallDocument, int], Awaitable[None]]
"""Records a change in its transaction. Arguments: connection, previous document, new revision."""


class DocumentPut(Struct, frozen=True, kw_only=True):
    """A request that replaces a document.

    `if_revisions` are the revisions that it may replace; `None` means any. `command_id` is derived from the idempotency
    key. `fingerprint` is the keyed hash of the body, `None` without a key; `fingerprints_before` are the hashes with
    older secrets.
    """

    if_revisions: frozenset[int] | None
    command_id: str
    fingerprint: bytes | None
    fingerprints_before: tuple[bytes, ...] = ()
    record_change: ChangeRecorder | None = None


class PutResult(Struct, frozen=True):
    """The revision that a PUT stored. `before`: an earlier sending stored it, whose body had `fingerprint`."""

    revision: int
    before: bool = False
    fingerprint: bytes | None = None


class DatesInUse(Struct, frozen=True):
    """Dates of a hall in use: the day that began last and whether it has ended; future appointments as (day, start)."""

    last_begun: date | None
    ended: bool
    starts: list[tuple[date, datetime]]


class LearnedRow(Struct, frozen=True):
    """Values that a hall has learned from `days` days of one weekday; `weekday` 0 means all weekdays."""

    hall: HallId
    weekday: int
    learned: Learned
    days: int
    changed_at: datetime


class Written(NamedTuple):
    """Counts of halls and of learned rows, and for both the sum of their times of writing.

    The sums are in microseconds since 1970, by the database's clock. They change with every write, and with a restore.
    """

    halls: int
    written_us: int
    learned: int
    learned_us: int


class HallStore:
    """Reads and writes halls. All methods raise `StorageUnavailable` if PostgreSQL does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[HallRow | UnreadableRow]:
        """Return all halls, by id."""
        return [_row_of(row) for row in await self._database.fetch(_SQL["all"])]

    async def get(self, hall: HallId) -> HallRow | None:
        """Return one hall. Raises UnknownKind if a newer release wrote its document."""
        rows = await self._database.fetch(_SQL["get"], hall)
        return _hall_of(rows[0]) if rows else None

    async def changed_since(self, at: datetime) -> list[HallRow | UnreadableRow]:
        """Return the halls changed since `CHANGES_OVERLAP_S` before an instant of the database's clock."""
        since = at - timedelta(seconds=CHANGES_OVERLAP_S)
        return [_row_of(row) for row in await self._database.fetch(_SQL["changed_since"], since)]

    async def written(self) -> Written:
        """Return counts and times of writing of all halls and learned rows."""
        row = (await self._database.fetch(_SQL["written"]))[0]
        return Written(row["halls"], int(row["written_us"]), row["learned"], int(row["learned_us"]))

    async def learned_since(self, at: datetime | None) -> list[LearnedRow]:
        """Return the values learned since an instant, with the overlap of `changed_since`; all if it is `None`."""
        since = None if at is None else at - timedelta(seconds=CHANGES_OVERLAP_S)
        return [
            LearnedRow(row["hall_id"], row["weekday"], _decode_learned(row["learned"]), row["days"], row["changed_at"])
            for row in await self._database.fetch(_SQL["learned_since"], since)
        ]

    async def dates_in_use(self, hall: HallId, now_at: datetime) -> DatesInUse:
        """Return the dates of a hall that are in use at `now_at`."""
        begun = await self._database.fetch(_SQL["last_begun"], hall)
        last, ended = (begun[0]["day"], begun[0]["ended"]) if begun else (None, False)
        starts = await self._database.fetch(_SQL["starts_to_come"], hall, now_at)
        return DatesInUse(last, ended, [(row["day"], row["starts_at"]) for row in starts])

    async def create_if_absent(self, hall: HallId, document: HallDocument) -> bool:
        """Create a hall with revision 1; return whether it was created."""
        return bool(await self._database.fetch(_SQL["create_if_absent"], hall, _text_of(document)))

    async def replace(self, hall: HallId, document: HallDocument, if_revision: int) -> int:
        """Replace a hall's document and return the new revision.

        Waits for transactions that open a day with the old document. Without an answer it may be stored or not.

        Raises:
            DocumentConflict: the document has another revision than `if_revision`.
            HallMissing: the hall does not exist.
        """
        rows = await self._database.fetch(_SQL["replace"], hall, _text_of(document), if_revision)
        if rows:
            revision: int = rows[0]["revision"]
            return revision
        present = await self.get(hall)
        if present is None:
            raise HallMissing(hall)
        raise DocumentConflict(present.revision)

    async def put(self, hall: HallId, document: HallDocument, request: DocumentPut) -> PutResult:
        """Replace a hall's document, once per idempotency key across all processes.

        One transaction locks the hall's row, and stores the document and the key. Equal requests at the same time wait
        for the first and find its key. Without an answer it may be stored or not.

        Raises:
            DocumentConflict: the document has another revision than the request replaces.
            HallMissing: the hall does not exist.
            UnknownKind: a newer release wrote the present document, and its unknown parts would be lost.
        """
        async with self._database.reading() as connection, connection.transaction():
            locked = await connection.fetchrow(_SQL["lock"], hall)
            if locked is None:
                raise HallMissing(hall)
            if request.fingerprint is not None:
                before = await connection.fetchrow(_SQL["put_before"], hall, request.command_id)
                if before is not None:
                    return PutResult(before["revision"], before=True, fingerprint=before["fingerprint"])
            previous = document_of(hall, locked["document"])
            if request.if_revisions is not None and locked["revision"] not in request.if_revisions:
                raise DocumentConflict(locked["revision"])
            row = await connection.fetchrow(_SQL["replace"], hall, _text_of(document), locked["revision"])
            assert row is not None, "the row is locked by this transaction"
            if request.record_change is not None:
                await request.record_change(connection, previous, row["revision"])
            if request.fingerprint is not None:
                await connection.execute(
                    _SQL["insert_put"], hall, request.command_id, request.fingerprint, row["revision"]
                )
                await connection.execute(_SQL["delete_old_puts"], hall, PUTS_KEPT)
            return PutResult(row["revision"])


def document_of(hall: HallId, stored: str) -> HallDocument:
    """Decode a stored document. Raises UnknownKind if a newer release wrote it."""
    try:
        return _decode(stored)
    except msgspec.ValidationError as error:
        raise UnknownKind(f"the document of {hall}: {error}") from error


def _hall_of(row: asyncpg.Record) -> HallRow:
    return HallRow(row["hall_id"], document_of(row["hall_id"], row["document"]), row["revision"], row["changed_at"])


def _row_of(row: asyncpg.Record) -> HallRow | UnreadableRow:
    try:
        return _hall_of(row)
    except UnknownKind as unknown:
        return UnreadableRow(row["hall_id"], row["revision"], row["changed_at"], str(unknown))


def _text_of(document: HallDocument) -> str:
    return msgspec.json.encode(document).decode()
