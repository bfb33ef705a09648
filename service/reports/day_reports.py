"""Figures of days: stored for ended days, counted from the journal for the present day.

An ended day is read and folded once, by the first request or by the nightly pass (`day_archive`). Its figures are a row
of `day_figures`. The present day is followed incrementally: a `FiguresObserver` continues from its last event, so a new
request costs only what happened since.

Each pass is idempotent. It may run twice, in two processes, late or not at all; the same day gives the same figures.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from datetime import date, timedelta

import msgspec
import structlog
from msgspec import Struct

from service.clock import Clock
from service.day_archive.archive import archive_day
from service.domain.model import HallId
from service.domain.stats.day_figures import Figures
from service.domain.stats.figures_observer import FiguresObserver
from service.errors import StorageUnavailable
from service.journal import faults
from service.journal.database import Database
from service.journal.read import Reader
from service.journal.sql_files import statements
from service.runtime.hall import Hall

PACKAGE = "service.reports"

SPAN_DAYS_MAX = 62
"""Days of one report, both ends included."""

DAYS_PER_PASS = 20
"""Ended days archived in one pass, each in some tens of milliseconds."""

OPEN_DAYS_MAX = 32
"""Present days that are followed at the same time; beyond it the least recently requested one is dropped."""

_SQL = statements("reports.sql", PACKAGE)
_DECODE = msgspec.json.Decoder(Figures).decode

log = structlog.get_logger(__name__)


class DayReport(Struct, frozen=True):
    """The figures of a day that has begun, up to the event `seq`."""

    seq: int
    figures: Figures


class _Followed:
    """A present day that is followed."""

    def __init__(self, hall: HallId, on: date) -> None:
        self.observer = FiguresObserver(hall, on)
        self.head: str | None = None
        self.lock = asyncio.Lock()


class DayReports:
    """Reads the figures of days. Methods raise `service.errors.StorageUnavailable`, except `archive_ended`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._reader = Reader(database)
        self._clock = clock
        self._followed: OrderedDict[tuple[HallId, date], _Followed] = OrderedDict()
        self._unreadable: set[tuple[HallId, date]] = set()
        """Ended days that this process cannot read, because a newer release wrote events in them."""

    async def of(self, hall: Hall, first: date, last: date) -> list[DayReport]:
        """Return the reports of a hall's begun days from first to last, in order."""
        try:
            rows = await self._database.fetch(_SQL["days"], hall.id, first, last)
            found = []
            for row in rows:
                if row["figures"] is not None:
                    found.append(DayReport(row["seq"], _DECODE(row["figures"])))
                elif row["ended"]:
                    archived = await archive_day(self._database, hall.id, row["day"])
                    self._followed.pop((hall.id, row["day"]), None)
                    found.append(DayReport(row["seq"], archived.figures))
                else:
                    observer = await self.follow(hall.id, row["day"])
                    found.append(DayReport(observer.seq, observer.figures(self._clock.now_at())))
        except faults.JournalFault as fault:
            raise StorageUnavailable from fault
        return found

    async def sent_online(self, hall: HallId, first: date, last: date) -> dict[date, dict[str, int]]:
        """Count requests that were referred to an online service, by day and service."""
        found: dict[date, dict[str, int]] = {}
        try:
            for row in await self._database.fetch(_SQL["sent_online"], hall, first, last):
                found.setdefault(row["day"], {})[row["service"]] = row["requests"]
        except faults.StorageUnavailable as fault:
            raise StorageUnavailable from fault
        return found

    async def follow(self, hall: HallId, on: date) -> FiguresObserver:
        """Return an observer with all events of a day; a repeated call continues the same observer."""
        followed = self._followed.get((hall, on))
        if followed is None:
            followed = self._followed[hall, on] = _Followed(hall, on)
            if len(self._followed) > OPEN_DAYS_MAX:
                self._followed.popitem(last=False)
        self._followed.move_to_end((hall, on))
        try:
            async with followed.lock:
                await self._catch_up(followed, hall, on)
        except faults.JournalFault as fault:
            self._followed.pop((hall, on), None)
            raise StorageUnavailable from fault
        return followed.observer

    async def _catch_up(self, followed: _Followed, hall: HallId, on: date) -> None:
        if followed.head is not None:
            try:
                records, position = await self._reader.since(hall, on, followed.observer.seq, followed.head)
            except faults.Rewritten:  # the journal was restored from an earlier copy
                followed.head = None
            else:
                followed.observer.replay(records)
                followed.head = position.head
                return
        latest = await self._reader.position(hall, on)
        observer = FiguresObserver(hall, on)  # a new one: the request may be cancelled before the day is complete
        if latest is not None:
            async for records in self._reader.load(hall, on, latest):
                observer.replay(records)
            followed.head = latest.head
        followed.observer = observer

    async def archive_ended(self) -> None:
        """Archive ended days whose figures are not stored yet, latest first, at most `DAYS_PER_PASS`."""
        first = self._clock.now_at().date() - timedelta(days=SPAN_DAYS_MAX)
        self._unreadable = {(hall, on) for hall, on in self._unreadable if on >= first}
        try:
            limit = DAYS_PER_PASS + len(self._unreadable)
            for row in await self._database.fetch(_SQL["without_figures"], first, limit):
                await self._archive_or_log(HallId(row["hall_id"]), row["day"])
        except faults.StorageUnavailable as fault:
            log.warning("figures_not_kept", why=str(fault))

    async def _archive_or_log(self, hall: HallId, on: date) -> None:
        """Archive one day. A day that cannot be read is logged once and left to a process of a newer release.

        Raises:
            StorageUnavailable: the journal's; the database cannot be reached.
        """
        if (hall, on) in self._unreadable:
            return
        try:
            await archive_day(self._database, hall, on)
        except faults.StorageUnavailable:
            raise
        except Exception:
            log.exception("figures_not_kept", hall=hall, day=str(on))
            self._unreadable.add((hall, on))
        else:
            self._followed.pop((hall, on), None)


def sum_by_service(sent: Iterable[dict[str, int]]) -> dict[str, int]:
    """Sum the requests of several days, by service."""
    found: dict[str, int] = {}
    for day in sent:
        for service, requests in day.items():
            found[service] = found.get(service, 0) + requests
    return found
