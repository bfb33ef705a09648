"""The halls' documents, each with a revision that counts its changes."""

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

PUTS_KEPT = timedelta(days=4)  # a key holds for a day of the hall and the next, and days are not all 24 hours long
CHANGES_OVERLAP_S = 10  # a change is stamped before it commits: one stamped earlier may become visible later

_SQL = statements("hall_documents.sql")
_decode = msgspec.json.Decoder(HallDocument).decode
_decode_learned = msgspec.json.Decoder(Learned).decode


class HallRow(Struct, frozen=True):
    """A hall as it is stored."""

    hall: HallId
    document: HallDocument
    revision: int
    changed_at: datetime


class UnknownRow(Struct, frozen=True):
    """A hall whose stored document this release cannot read."""

    hall: HallId
    revision: int
    changed_at: datetime
    why: str


Noter: TypeAlias = Callable[["PoolConnectionProxy[asyncpg.Record]", HallDocument, int], Awaitable[None]]
"""Notes a change of a document in its transaction: the connection, the document before, the new revision."""


class Put(Struct, frozen=True, kw_only=True):
    """A request that replaces a document: any of which revisions (None: whatever there is), and its idempotency key.

    `fingerprints_before` are by older secrets.
    """

    if_revisions: frozenset[int] | None
    command_id: str
    fingerprint: bytes | None
    fingerprints_before: tuple[bytes, ...] = ()
    note: Noter | None = None


class Stored(Struct, frozen=True):
    """What a request has stored: `before` when an earlier sending of it did, which then asked for `fingerprint`."""

    revision: int
    before: bool = False
    fingerprint: bytes | None = None


class DatesInUse(Struct, frozen=True):
    """Which dates of a hall are something's: of the day that began last, if any, and of appointments to come."""

    last_begun: date | None
    ended: bool
    starts: list[tuple[date, datetime]]


class LearnedRow(Struct, frozen=True):
    """What a hall has learned of a weekday, or of all days where `weekday` is 0, from so many days."""

    hall: HallId
    weekday: int
    learned: Learned
    days: int
    changed_at: datetime


class Written(NamedTuple):
    """How many halls there are, and how many rows of what they have learned; of both, when they were written.

    That is the sum of the instants in microseconds since 1970, by the database's clock.
    """

    halls: int
    written_us: int
    learned: int
    learned_us: int


class Halls:
    """Reads and writes halls. Everything here raises `StorageUnavailable` when PostgreSQL does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[HallRow | UnknownRow]:
        """Every hall, by id."""
        return [_row_of(row) for row in await self._database.fetch(_SQL["all"])]

    async def get(self, hall: HallId) -> HallRow | None:
        """One hall. Raises UnknownKind when a newer release wrote its document."""
        rows = await self._database.fetch(_SQL["get"], hall)
        return _hall_of(rows[0]) if rows else None

    async def changed_since(self, at: datetime) -> list[HallRow | UnknownRow]:
        """The halls changed since an instant of the database's clock; one changed shortly before may come as well."""
        since = at - timedelta(seconds=CHANGES_OVERLAP_S)
        return [_row_of(row) for row in await self._database.fetch(_SQL["changed_since"], since)]

    async def written(self) -> Written:
        """How many documents and rows of what was learned there are, and when they were written."""
        row = (await self._database.fetch(_SQL["written"]))[0]
        return Written(row["halls"], int(row["written_us"]), row["learned"], int(row["learned_us"]))

    async def learned_since(self, at: datetime | None) -> list[LearnedRow]:
        """What was learned since an instant, as `changed_since`; all of it when none is said."""
        since = None if at is None else at - timedelta(seconds=CHANGES_OVERLAP_S)
        return [
            LearnedRow(row["hall_id"], row["weekday"], _decode_learned(row["learned"]), row["days"], row["changed_at"])
            for row in await self._database.fetch(_SQL["learned_since"], since)
        ]

    async def dates_in_use(self, hall: HallId, now_at: datetime) -> DatesInUse:
        """Which dates of a hall are something's at `now_at`."""
        begun = await self._database.fetch(_SQL["last_begun"], hall)
        last, ended = (begun[0]["day"], begun[0]["ended"]) if begun else (None, False)
        starts = await self._database.fetch(_SQL["starts_to_come"], hall, now_at)
        return DatesInUse(last, ended, [(row["day"], row["starts_at"]) for row in starts])

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

    async def put(self, hall: HallId, document: HallDocument, put: Put) -> Stored:
        """Give a hall another document, once for each idempotency key, whichever process is asked.

        The document and the note of the key are one transaction over the hall's row: of equal requests at once the
        others wait for the first, and find its note. When no answer comes it may have been stored or not.

        Raises:
            DocumentConflict: the document has another revision than the request replaces.
            HallMissing: there is no such hall.
            UnknownKind: a newer release wrote the present document; what this one does not know of it would be lost.
        """
        async with self._database.reading() as connection, connection.transaction():
            held = await connection.fetchrow(_SQL["hold"], hall)
            if held is None:
                raise HallMissing(hall)
            if put.fingerprint is not None:
                before = await connection.fetchrow(_SQL["put_before"], hall, put.command_id)
                if before is not None:
                    return Stored(before["revision"], before=True, fingerprint=before["fingerprint"])
            before_it = document_of(hall, held["document"])
            if put.if_revisions is not None and held["revision"] not in put.if_revisions:
                raise DocumentConflict(held["revision"])
            row = await connection.fetchrow(_SQL["replace"], hall, _text_of(document), held["revision"])
            assert row is not None, "nobody changes a row that is held"
            if put.note is not None:
                await put.note(connection, before_it, row["revision"])
            if put.fingerprint is not None:
                await connection.execute(_SQL["note_put"], hall, put.command_id, put.fingerprint, row["revision"])
                await connection.execute(_SQL["forget_puts"], hall, PUTS_KEPT)
            return Stored(row["revision"])


def document_of(hall: HallId, stored: str) -> HallDocument:
    """A document as it is stored. Raises UnknownKind when a newer release wrote it."""
    try:
        return _decode(stored)
    except msgspec.ValidationError as error:
        raise UnknownKind(f"the document of {hall}: {error}") from error


def _hall_of(row: asyncpg.Record) -> HallRow:
    return HallRow(row["hall_id"], document_of(row["hall_id"], row["document"]), row["revision"], row["changed_at"])


def _row_of(row: asyncpg.Record) -> HallRow | UnknownRow:
    try:
        return _hall_of(row)
    except UnknownKind as unknown:
        return UnknownRow(row["hall_id"], row["revision"], row["changed_at"], str(unknown))


def _text_of(document: HallDocument) -> str:
    return msgspec.json.encode(document).decode()
