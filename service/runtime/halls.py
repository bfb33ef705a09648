"""All halls of this service, in memory and kept current.

Documents are read much more often than they change. So every process holds all of them, and each second reads those
that changed. The database decides: a hall that is not in memory is looked up before it is reported as missing. Learned
values are kept current in the same way.

After a restore to an earlier copy the database counts revisions on from there, so one revision number may have had two
documents. Therefore each document is also identified by its time of writing. Each refresh compares the number of halls
and the sum of their times of writing with the database. If they still differ after all changes were read, every hall
is read again and taken over as it is, even with a lower revision or deleted. Learned values are compared likewise.

Source: CONTRACT 3, JOURNAL 1 (a restored database), 6.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import structlog

from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.domain.refusals import BodyInvalid, HallNotFound, KeyReused
from service.domain.stats.learned_week import NOTHING_LEARNED, LearnedWeek
from service.errors import DocumentConflict, OutcomeUnknown, StorageUnavailable
from service.journal import faults
from service.journal import hall_documents as stored
from service.journal.health import Health
from service.runtime.document_checks import changes_dates, date_change_fault
from service.runtime.hall import Hall

REFRESH_EVERY_S = 1.0
"""How long another process may use an old document. Days follow their own events at once, not this."""

CHANGE_READS = 2
"""How often changes are read before all halls are: a document may be stored between two reads of one refresh."""

MISSING_MAX = 1_000
"""Ids without a hall that are remembered until the next refresh. Beyond it all are forgotten and looked up again."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

log = structlog.get_logger(__name__)


class Halls:
    """The halls in memory."""

    def __init__(self, store: stored.HallStore) -> None:
        self._store = store
        self._halls: dict[HallId, Hall] = {}
        self._missing: set[HallId] = set()
        self._unreadable: dict[HallId, stored.UnreadableRow] = {}
        self._changed_until_at: datetime | None = None
        self._learned: dict[HallId, LearnedWeek] = {}
        self._learned_until_at: datetime | None = None
        self._learned_rows_written = (0, 0)
        self._listeners: list[Callable[[Hall], None]] = []

    def on_change(self, listener: Callable[[Hall], None]) -> None:
        """Call `listener` with every hall that is new or changed."""
        self._listeners.append(listener)

    def known(self) -> list[Hall]:
        """Return all halls in memory, by id."""
        return [self._halls[hall] for hall in sorted(self._halls)]

    @property
    def empty(self) -> bool:
        """Whether the database had no hall at the last refresh."""
        return not self._halls and not self._unreadable

    def find(self, hall: HallId) -> Hall | None:
        """Return a hall if it is in memory."""
        return self._halls.get(hall)

    async def get(self, hall: HallId) -> Hall:
        """Return a hall from memory, or else from the database. A missing hall stays missing until the next refresh.

        Raises:
            HallNotFound: the hall does not exist.
            StorageUnavailable: the database cannot be reached, or a newer release wrote the document. Such a hall is
                served only by processes of that release.
        """
        known = self._halls.get(hall)
        if known is not None:
            return known
        if hall in self._missing:
            raise HallNotFound
        if hall in self._unreadable:
            raise StorageUnavailable
        try:
            return await self.read(hall)
        except HallNotFound:
            if len(self._missing) >= MISSING_MAX:
                self._missing.clear()
            self._missing.add(hall)
            raise

    async def read(self, hall: HallId) -> Hall:
        """Read a hall from the database. Raises HallNotFound, StorageUnavailable."""
        before = self._halls.get(hall)
        try:
            row = await self._store.get(hall)
        except (faults.StorageUnavailable, faults.UnknownKind) as error:
            raise StorageUnavailable from error
        if row is None:
            self._remove(hall, before)
            raise HallNotFound
        return self._add_row(row, before)

    async def create_if_absent(self, hall: HallId, document: HallDocument) -> bool:
        """Create a hall; return False if it exists."""
        created = await self._store.create_if_absent(hall, document)
        await self.refresh()
        return created

    async def replace(self, hall: HallId, document: HallDocument, if_revision: int) -> Hall:
        """Replace a hall's document. The caller must update the open days.

        Raises:
            DocumentConflict: the document has another revision than `if_revision`.
            HallNotFound: the hall does not exist.
            StorageUnavailable: the database cannot be reached.
        """
        try:
            revision = await self._store.replace(hall, document, if_revision)
        except faults.DocumentConflict as conflict:
            raise DocumentConflict(conflict.revision) from conflict
        except faults.HallMissing as missing:
            raise HallNotFound from missing
        except faults.StorageUnavailable as error:
            raise StorageUnavailable from error
        changed = self._halls[hall] = Hall(hall, revision, document, self.learned(hall))
        return changed

    async def put(self, hall: HallId, document: HallDocument, request: stored.DocumentPut) -> tuple[Hall, bool]:
        """Replace a hall's document, once per idempotency key. The caller must update the open days.

        Returns:
            The hall with the document and its revision, and whether an earlier sending of the request had stored it.

        Raises:
            DocumentConflict: the document has another revision than the request replaces.
            HallNotFound: the hall does not exist.
            KeyReused: the idempotency key belongs to another request.
            OutcomeUnknown: the database did not answer.
            StorageUnavailable: a newer release wrote the present document.
        """
        try:
            result = await self._store.put(hall, document, request)
        except faults.DocumentConflict as conflict:
            raise DocumentConflict(conflict.revision) from conflict
        except faults.HallMissing as missing:
            raise HallNotFound from missing
        except faults.UnknownKind as unknown:
            raise StorageUnavailable from unknown
        except faults.StorageUnavailable as error:
            raise OutcomeUnknown from error
        changed = Hall(hall, result.revision, document, self.learned(hall))
        if result.before:
            if result.fingerprint not in {request.fingerprint, *request.fingerprints_before}:
                raise KeyReused
            return changed, True
        self._halls[hall] = changed
        return changed, False

    async def refuse_other_dates(self, hall: HallId, document: HallDocument, now_at: datetime) -> None:
        """Refuse a document that would change dates that are in use. Raises BodyInvalid, StorageUnavailable."""
        before = (await self.read(hall)).document
        if not changes_dates(before, document):
            return
        try:
            used = await self._store.dates_in_use(hall, now_at)
        except faults.StorageUnavailable as error:
            raise StorageUnavailable from error
        fault = date_change_fault(before, document, used, now_at)
        if fault is not None:
            raise BodyInvalid(fault)

    async def refresh(self) -> None:
        """Read the changes since the last refresh. Raises the journal's StorageUnavailable."""
        await self._refresh_learned()
        self._missing.clear()
        for _ in range(CHANGE_READS):
            rows = await (
                self._store.all()
                if self._changed_until_at is None
                else self._store.changed_since(self._changed_until_at)
            )
            for row in rows:
                if isinstance(row, stored.UnreadableRow):
                    self._mark_unreadable(row)
                else:
                    self._add_row(row)
            written = await self._store.written()
            if written[:2] == self._documents_written():
                break
        if written[2:] != self._learned_rows_written:
            await self._reload_learned()
        if written[:2] != self._documents_written():
            await self._reload_all()

    async def _reload_all(self) -> None:
        """Read every hall and take it over as it is, even at a lower revision or deleted.

        Halls that changed in memory during the read are left, because they are not older than the read.
        """
        known, unreadable = dict(self._halls), dict(self._unreadable)
        rows = await self._store.all()
        self._changed_until_at = None
        for row in rows:
            if isinstance(row, stored.UnreadableRow):
                self._mark_unreadable(row)
            else:
                self._add_row(row, known.get(row.hall))
        existing = {row.hall for row in rows}
        for deleted in known.keys() - existing:
            self._remove(deleted, known[deleted])
        for deleted in unreadable.keys() - existing:
            self._unreadable.pop(deleted, None)

    def _documents_written(self) -> tuple[int, int]:
        """Return the count of halls in memory and the sum of their times of writing, as in `stored.Written`."""
        ats = [hall.written_at for hall in self._halls.values()] + [row.changed_at for row in self._unreadable.values()]
        return len(ats), _us_of(at for at in ats if at is not None)

    async def _refresh_learned(self) -> None:
        self._apply_learned(await self._store.learned_since(self._learned_until_at), dict(self._learned))

    async def _reload_learned(self) -> None:
        """Read all learned values and replace those in memory."""
        self._apply_learned(await self._store.learned_since(None), {})

    def _apply_learned(self, rows: Iterable[stored.LearnedRow], learned: dict[HallId, LearnedWeek]) -> None:
        """Replace the learned values in memory by `learned`, updated with the rows."""
        for row in rows:
            week = learned.get(row.hall, NOTHING_LEARNED)
            if week.learned_at.get(row.weekday) != row.changed_at:  # reads of changes overlap
                learned[row.hall] = week.with_part(row.weekday, row.learned, row.days, row.changed_at)
        before = self._learned
        for name in learned.keys() & before.keys():
            if learned[name] == before[name]:
                learned[name] = before[name]  # `is` tells whether the learned values of a hall have changed
        changed = [name for name in learned.keys() | before.keys() if learned.get(name) is not before.get(name)]
        self._learned = learned
        ats = [at for week in learned.values() for at in week.learned_at.values()]
        self._learned_until_at = max(ats, default=None)
        self._learned_rows_written = len(ats), _us_of(ats)
        for hall in [self._halls[name] for name in changed if name in self._halls]:
            self._add(Hall(hall.id, hall.revision, hall.document, self.learned(hall.id), hall.written_at))

    def learned(self, hall: HallId) -> LearnedWeek:
        """Return the learned values of a hall, as of the last refresh."""
        return self._learned.get(hall, NOTHING_LEARNED)

    async def keep_current(self) -> None:
        """Refresh every `REFRESH_EVERY_S`, until cancelled."""
        health = Health("halls")
        while True:
            await asyncio.sleep(REFRESH_EVERY_S)
            try:
                await self.refresh()
            except faults.StorageUnavailable as error:
                health.failed(error)
            else:
                health.worked()

    def _add_row(self, row: stored.HallRow, known: Hall | None = None) -> Hall:
        """Take over a hall from the database; `known` is the hall in memory before the read."""
        hall = Hall(row.hall, row.revision, row.document, self.learned(row.hall), row.changed_at)
        self._note_changed_at(row.changed_at)
        self._unreadable.pop(row.hall, None)
        self._add(hall, known)
        return hall

    def _remove(self, hall: HallId, known: Hall | None) -> None:
        """Remove a hall that the read did not find, unless it changed in memory since."""
        if known is not None and self._halls.get(hall) is known:
            del self._halls[hall]
            log.warning("hall_gone", hall=hall, revision=known.revision)

    def _mark_unreadable(self, row: stored.UnreadableRow) -> None:
        """Stop serving a hall: its new document is unreadable, and the old one may contradict it."""
        self._note_changed_at(row.changed_at)
        self._halls.pop(row.hall, None)
        before = self._unreadable.get(row.hall)
        self._unreadable[row.hall] = row
        if before is None or before.revision != row.revision:
            log.error("hall_of_newer_release", hall=row.hall, revision=row.revision, why=row.why)

    def _note_changed_at(self, changed_at: datetime) -> None:
        if self._changed_until_at is None or changed_at > self._changed_until_at:
            self._changed_until_at = changed_at

    def _add(self, hall: Hall, known: Hall | None = None) -> None:
        """Put a hall into memory and tell the listeners, unless the one in memory is newer.

        `known` is the hall that was in memory before the read. A lower revision replaces it (a restored database), but
        not a hall that changed in memory during the read.
        """
        before = self._halls.get(hall.id)
        if before is not None:
            if _is_same(hall, before):
                before.written_at = before.written_at or hall.written_at
                return
            if not _is_newer(hall, before):
                if before is not known:
                    return
                log.warning("hall_put_back", hall=hall.id, revision=hall.revision, known=before.revision)
        self._halls[hall.id] = hall
        for listener in self._listeners:
            listener(hall)


def _us_of(ats: Iterable[datetime]) -> int:
    """Return the sum of instants in microseconds since 1970, as in `stored.Written`."""
    return sum((at - _EPOCH) // _MICROSECOND for at in ats)


def _is_same(hall: Hall, before: Hall) -> bool:
    if hall.revision != before.revision or hall.learned is not before.learned:
        return False
    if hall.written_at is None or before.written_at is None:
        return hall.document == before.document
    return hall.written_at == before.written_at


def _is_newer(hall: Hall, before: Hall) -> bool:
    """Tell whether a different hall is newer. Times of writing decide, because a restored database reuses revisions."""
    if hall.written_at is not None and before.written_at is not None and hall.written_at != before.written_at:
        return hall.written_at > before.written_at
    if hall.revision != before.revision:
        return hall.revision > before.revision
    return hall.learned is not before.learned
