"""The halls this service runs: their documents, kept in memory and kept current.

Documents are read far more often than they change, so every process holds them all and looks each second for those
that changed. The database is the truth: a hall that is not known here is looked up before anybody is told that there is
none. A document becomes a day's plan here, with the public holidays of its country and with what the hall has learned,
which is kept current in the same way.

A revision does not say which document it is: a database that was put back to an earlier copy counts on from there. So
each document is known by when it was written, too, and each look compares how many halls there are, and when theirs
were written, with what is known. Where they differ after all that is new was read, every hall is read anew, and is
taken as it is: at a lower revision, or gone. What halls have learned is compared and read anew in the same way.

Source: CONTRACT 3, JOURNAL 1 (a restored database), 6.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import structlog
from msgspec import Struct

from service.domain.calendar.day_plan import REOPENS_WITHIN_DAYS, plan_of
from service.domain.calendar.local_times import day_of, span_of
from service.domain.calendar.plan import Plan, version_of
from service.domain.calendar.public_holidays import HolidayYear, holiday_year, unknown_years
from service.domain.hall.document import HallDocument, check
from service.domain.model import HallId
from service.domain.refusals import BodyInvalid, HallNotFound, KeyReused
from service.domain.stats.learning import NOTHING_LEARNED, LearnedWeek
from service.errors import DocumentConflict, OutcomeUnknown, StorageUnavailable
from service.journal import faults
from service.journal import hall_documents as stored
from service.journal.health import Well

LOOK_EVERY_S = 1.0
"""How long another process may go on with an old document; a day's plan follows its own events at once."""

LOOKS = 2
"""How often what has changed is read before all halls are: a document may be stored between two reads of one look."""

UNKNOWN_MAX = 1_000
"""Names of no hall that are remembered until the next look; beyond it all are asked about anew. So many countries and
regions without known holidays are remembered, too; beyond it that of longest ago is logged again."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

log = structlog.get_logger(__name__)


class Hall(Struct, eq=False):
    """A hall as its document says; the document never changes, another revision is another `Hall`.

    `written_at` is when the document was stored, by the database's clock; None of one that this process has stored and
    not read again.
    """

    id: HallId
    revision: int
    document: HallDocument
    learned: LearnedWeek = NOTHING_LEARNED
    written_at: datetime | None = None

    _today: tuple[datetime, datetime, date] | None = None

    def day_at(self, now_at: datetime) -> date:
        """The hall's date; reckoned once a day, for every command asks."""
        if self._today is None or not self._today[0] <= now_at < self._today[1]:
            on = day_of(self.document, now_at)
            self._today = (*span_of(self.document, on), on)
        return self._today[2]

    def plan(self, on: date) -> Plan:
        """What the document means for one date, by what is known now."""
        return plan_from(self.document, self.revision, on, self.learned)

    def is_newer(self, plan: Plan) -> bool:
        """Tell whether a day's plan would be another now: by its document, by what was learned since, by this release.

        Once the day has taken the plan of now it is not newer any more, whatever a process of the release before does.
        """
        learned = self.learned.on(plan.day, calendar_known(self.document, plan.day, plan.day).worked)
        return version_of(self.revision, learned) > plan.version


def plan_from(document: HallDocument, revision: int, on: date, learned: LearnedWeek = NOTHING_LEARNED) -> Plan:
    """The plan of a date, with the holidays of the hall's country, and what was learned of dates that are like it."""
    calendar = calendar_known(document, on, on + timedelta(days=REOPENS_WITHIN_DAYS))
    return plan_of(document, revision, on, calendar.off, learned.on(on, calendar.worked), calendar.worked)


def faults_of(document: HallDocument) -> list[tuple[str, str]]:
    """Everything that is wrong with a document, as `(path, why)`: what `check` finds, and holidays nobody knows."""
    faults_found = check(document)
    if not faults_found:
        try:
            calendar_of(document, date(2026, 1, 1), date(2026, 1, 1))
        except NotImplementedError:
            faults_found.append(("region", "no public holidays are known for this country and region"))
    return faults_found


def moves_dates(before: HallDocument, after: HallDocument) -> bool:
    """Tell whether a hall's days begin at other instants by another document."""
    return (before.time_zone, before.day_starts_at_local) != (after.time_zone, after.day_starts_at_local)


def fault_of_dates(
    before: HallDocument, after: HallDocument, used: stored.DatesInUse, now_at: datetime
) -> tuple[str, str] | None:
    """Why a hall cannot have a document that `moves_dates` now; None when it can.

    Days begin in order and keep their date, and what is booked on one stays there. By other dates the day that has
    begun might be one to come, or over; an appointment might be another day's.
    """
    path = "time_zone" if before.time_zone != after.time_zone else "day_starts_at_local"
    last, on = used.last_begun, day_of(after, now_at)
    if last is not None:
        is_present = last == day_of(before, now_at)
        if on < last or (on == last and used.ended) or (on > last and is_present and not used.ended):
            return path, f"the day {last} has begun here, and now it would be {on}: change it while both are the same"
    moved = sum(day_of(after, starts_at) != day for day, starts_at in used.starts)
    if moved:
        return path, f"what is booked would be on another date, at {moved} times"
    return None


def calendar_known(document: HallDocument, first: date, last: date) -> HolidayYear:
    """What a hall keeps of public holidays from one date to another, and nothing where none are known.

    A stored document whose holidays this release does not know (`faults_of` lets none in) is a hall without holidays:
    one hall's document must stop neither that hall nor the list of all.
    """
    try:
        return calendar_of(document, first, last)
    except NotImplementedError:
        _say_unknown(str(document.country), document.region)
        return HolidayYear(frozenset(), {})


@lru_cache(UNKNOWN_MAX)
def _say_unknown(country: str, region: str | None) -> None:
    """Log once in this process that no holidays are known: every sweep asks again for each day in memory."""
    log.error("holidays_unknown", country=country, region=region)


def calendar_of(document: HallDocument, first: date, last: date) -> HolidayYear:
    """What a hall keeps of public holidays, in the years of some dates in a row.

    Raises:
        NotImplementedError: none are known of its country or region.
    """
    if not document.holidays:
        return HolidayYear(frozenset(), {})
    years = range(first.year, last.year + 1)
    found = [holiday_year(str(document.country), document.region, year) for year in years]
    return HolidayYear(
        frozenset().union(*(year.off for year in found)),
        {day: weekday for year in found for day, weekday in year.worked.items()},
    )


def holidays_unknown(document: HallDocument, today: date) -> list[int]:
    """The years, as far ahead as people can book, whose public holidays are not all known yet; sorted."""
    if not document.holidays:
        return []
    ahead = timedelta(days=max(document.booking.horizon_days, REOPENS_WITHIN_DAYS))
    years = range(today.year, (today + ahead).year + 1)
    return unknown_years(str(document.country), document.region, years, today.year)


class Halls:
    """All halls, in memory."""

    def __init__(self, store: stored.Halls) -> None:
        self._store = store
        self._halls: dict[HallId, Hall] = {}
        self._unknown: set[HallId] = set()
        self._unreadable: dict[HallId, stored.UnknownRow] = {}
        self._seen_at: datetime | None = None
        self._learned: dict[HallId, LearnedWeek] = {}
        self._learned_seen_at: datetime | None = None
        self._learned_written = (0, 0)
        self._listeners: list[Callable[[Hall], None]] = []

    def on_change(self, listener: Callable[[Hall], None]) -> None:
        """Call `listener` with every hall that is new or changed."""
        self._listeners.append(listener)

    def known(self) -> list[Hall]:
        """All halls, by id."""
        return [self._halls[hall] for hall in sorted(self._halls)]

    @property
    def empty(self) -> bool:
        """Whether there is no hall at all, as of the last look."""
        return not self._halls and not self._unreadable

    def find(self, hall: HallId) -> Hall | None:
        """A hall, if it is in memory."""
        return self._halls.get(hall)

    async def get(self, hall: HallId) -> Hall:
        """A hall, from memory or else from the database; none is none until the next look.

        Raises:
            HallNotFound: there is none.
            StorageUnavailable: the database cannot be reached, or a newer release wrote the document: then the hall is
                served by processes of that release, and stops in this one.
        """
        known = self._halls.get(hall)
        if known is not None:
            return known
        if hall in self._unknown:
            raise HallNotFound
        if hall in self._unreadable:
            raise StorageUnavailable
        try:
            return await self.read(hall)
        except HallNotFound:
            if len(self._unknown) >= UNKNOWN_MAX:
                self._unknown.clear()
            self._unknown.add(hall)
            raise

    async def read(self, hall: HallId) -> Hall:
        """A hall as the database has it now. Raises HallNotFound, StorageUnavailable."""
        before = self._halls.get(hall)
        try:
            row = await self._store.get(hall)
        except (faults.StorageUnavailable, faults.UnknownKind) as error:
            raise StorageUnavailable from error
        if row is None:
            self._forget(hall, before)
            raise HallNotFound
        return self._take(row, before)

    async def create_if_absent(self, hall: HallId, document: HallDocument) -> bool:
        """Make a hall; False when it exists."""
        made = await self._store.create_if_absent(hall, document)
        await self.look()
        return made

    async def replace(self, hall: HallId, document: HallDocument, if_revision: int) -> Hall:
        """Give a hall another document; the caller takes it over into the open days. Raises DocumentConflict."""
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

    async def put(self, hall: HallId, document: HallDocument, put: stored.Put) -> tuple[Hall, bool]:
        """Give a hall another document, once for each idempotency key; the caller takes it over into the open days.

        Returns:
            The hall with this document and its revision, and whether an earlier sending of the request stored it.

        Raises:
            DocumentConflict: the document has another revision than the request replaces.
            HallNotFound: there is no such hall.
            KeyReused: the idempotency key was another request's.
            OutcomeUnknown: no answer came.
            StorageUnavailable: a newer release wrote the present document.
        """
        try:
            done = await self._store.put(hall, document, put)
        except faults.DocumentConflict as conflict:
            raise DocumentConflict(conflict.revision) from conflict
        except faults.HallMissing as missing:
            raise HallNotFound from missing
        except faults.UnknownKind as unknown:
            raise StorageUnavailable from unknown
        except faults.StorageUnavailable as error:
            raise OutcomeUnknown from error
        changed = Hall(hall, done.revision, document, self.learned(hall))
        if done.before:
            if done.fingerprint not in {put.fingerprint, *put.fingerprints_before}:
                raise KeyReused
            return changed, True
        self._halls[hall] = changed
        return changed, False

    async def refuse_other_dates(self, hall: HallId, document: HallDocument, now_at: datetime) -> None:
        """Raise BodyInvalid for a document by which dates that are in use would be others; StorageUnavailable."""
        before = (await self.read(hall)).document
        if not moves_dates(before, document):
            return
        try:
            used = await self._store.dates_in_use(hall, now_at)
        except faults.StorageUnavailable as error:
            raise StorageUnavailable from error
        fault = fault_of_dates(before, document, used, now_at)
        if fault is not None:
            raise BodyInvalid(fault)

    async def look(self) -> None:
        """Read what has changed since the last look. Raises the journal's StorageUnavailable."""
        await self._look_for_learned()
        self._unknown.clear()
        for _ in range(LOOKS):
            rows = await (self._store.all() if self._seen_at is None else self._store.changed_since(self._seen_at))
            for row in rows:
                if isinstance(row, stored.UnknownRow):
                    self._stop(row)
                else:
                    self._take(row)
            written = await self._store.written()
            if written[:2] == self._written():
                break
        if written[2:] != self._learned_written:
            await self._look_anew_for_learned()
        if written[:2] != self._written():
            await self._look_anew()

    async def _look_anew(self) -> None:
        """Read every hall, and take each as it is, though it was known at a higher revision, or is there no more.

        What became known while they were read is left: it is no older than they are.
        """
        known, unreadable = dict(self._halls), dict(self._unreadable)
        rows = await self._store.all()
        self._seen_at = None
        for row in rows:
            if isinstance(row, stored.UnknownRow):
                self._stop(row)
            else:
                self._take(row, known.get(row.hall))
        there = {row.hall for row in rows}
        for gone in known.keys() - there:
            self._forget(gone, known[gone])
        for gone in unreadable.keys() - there:
            self._unreadable.pop(gone, None)

    def _written(self) -> tuple[int, int]:
        """How many halls are known, and when their documents were written, as `stored.Halls.written` says it."""
        ats = [hall.written_at for hall in self._halls.values()] + [row.changed_at for row in self._unreadable.values()]
        return len(ats), _us_of(at for at in ats if at is not None)

    async def _look_for_learned(self) -> None:
        self._take_learned(await self._store.learned_since(self._learned_seen_at), dict(self._learned))

    async def _look_anew_for_learned(self) -> None:
        """Read all that was learned, and take it as it is, though more was known, or of a hall that was another."""
        self._take_learned(await self._store.learned_since(None), {})

    def _take_learned(self, rows: Iterable[stored.LearnedRow], learned: dict[HallId, LearnedWeek]) -> None:
        """Know what was learned as rows say it, and besides them what `learned` has, which they change."""
        for row in rows:
            week = learned.get(row.hall, NOTHING_LEARNED)
            if week.learned_at.get(row.weekday) != row.changed_at:  # looks overlap
                learned[row.hall] = week.having(row.weekday, row.learned, row.days, row.changed_at)
        before = self._learned
        for name in learned.keys() & before.keys():
            if learned[name] == before[name]:
                learned[name] = before[name]  # a hall is the same as long as this is
        changed = [name for name in learned.keys() | before.keys() if learned.get(name) is not before.get(name)]
        self._learned = learned
        ats = [at for week in learned.values() for at in week.learned_at.values()]
        self._learned_seen_at = max(ats, default=None)
        self._learned_written = len(ats), _us_of(ats)
        for hall in [self._halls[name] for name in changed if name in self._halls]:
            self._know(Hall(hall.id, hall.revision, hall.document, self.learned(hall.id), hall.written_at))

    def learned(self, hall: HallId) -> LearnedWeek:
        """What a hall has learned, as of the last look."""
        return self._learned.get(hall, NOTHING_LEARNED)

    async def keep_current(self) -> None:
        """Look each second, until cancelled."""
        well = Well("halls")
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except faults.StorageUnavailable as error:
                well.failed(error)
            else:
                well.worked()

    def _take(self, row: stored.HallRow, known: Hall | None = None) -> Hall:
        """Know a hall as it was read; `known` is what was known of it before that."""
        hall = Hall(row.hall, row.revision, row.document, self.learned(row.hall), row.changed_at)
        self._see(row.changed_at)
        self._unreadable.pop(row.hall, None)
        self._know(hall, known)
        return hall

    def _forget(self, hall: HallId, known: Hall | None) -> None:
        """Know a hall no more that was not there when it was read, unless it became known since."""
        if known is not None and self._halls.get(hall) is known:
            del self._halls[hall]
            log.warning("hall_gone", hall=hall, revision=known.revision)

    def _stop(self, row: stored.UnknownRow) -> None:
        """Know a hall no more: what this process would do by the document of before might be against the new one."""
        self._see(row.changed_at)
        self._halls.pop(row.hall, None)
        before = self._unreadable.get(row.hall)
        self._unreadable[row.hall] = row
        if before is None or before.revision != row.revision:
            log.error("hall_of_newer_release", hall=row.hall, revision=row.revision, why=row.why)

    def _see(self, changed_at: datetime) -> None:
        if self._seen_at is None or changed_at > self._seen_at:
            self._seen_at = changed_at

    def _know(self, hall: Hall, known: Hall | None = None) -> None:
        """Take a hall over, unless it is older than what became known since it was read: `known` was known before."""
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
    """The sum of instants, each in microseconds since 1970, as `stored.Written` has it."""
    return sum((at - _EPOCH) // _MICROSECOND for at in ats)


def _is_same(hall: Hall, before: Hall) -> bool:
    if hall.revision != before.revision or hall.learned is not before.learned:
        return False
    if hall.written_at is None or before.written_at is None:
        return hall.document == before.document
    return hall.written_at == before.written_at


def _is_newer(hall: Hall, before: Hall) -> bool:
    """Tell whether a hall that is not the same is of later: revisions begin again where a database was put back."""
    if hall.written_at is not None and before.written_at is not None and hall.written_at != before.written_at:
        return hall.written_at > before.written_at
    if hall.revision != before.revision:
        return hall.revision > before.revision
    return hall.learned is not before.learned
