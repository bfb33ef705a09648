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
from service.day_archive.archive import look_through
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
"""Ended days that one pass looks through, each some tens of milliseconds."""

OPEN_DAYS_MAX = 32
"""Present days that are followed at once; beyond it the one asked for longest ago is read anew when it is asked for."""

_SQL = statements("reports.sql", PACKAGE)
_DECODE = msgspec.json.Decoder(Figures).decode

log = structlog.get_logger(__name__)


class DayReport(Struct, frozen=True):
    """A day that has begun, its seq, and its figures so far."""

    seq: int
    figures: Figures


class _Followed:
    """A day that goes on."""

    def __init__(self, hall: HallId, on: date) -> None:
        self.observer = FiguresObserver(hall, on)
        self.head: str | None = None
        self.lock = asyncio.Lock()


class DayReports:
    """Reads what reports are made of. Everything raises the service's StorageUnavailable."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._reader = Reader(database)
        self._clock = clock
        self._followed: OrderedDict[tuple[HallId, date], _Followed] = OrderedDict()
        self._unreadable: set[tuple[HallId, date]] = set()
        """Ended days that this process cannot read: a newer release wrote in them, and that is another process."""

    async def of(self, hall: Hall, first: date, last: date) -> list[DayReport]:
        """The days of a hall that have begun, from the first to the last, in order."""
        try:
            rows = await self._database.fetch(_SQL["days"], hall.id, first, last)
            found = []
            for row in rows:
                if row["figures"] is not None:
                    found.append(DayReport(row["seq"], _DECODE(row["figures"])))
                elif row["ended"]:
                    seen = await look_through(self._database, hall.id, row["day"])
                    self._followed.pop((hall.id, row["day"]), None)
                    found.append(DayReport(row["seq"], seen.figures))
                else:
                    observer = await self.follow(hall.id, row["day"])
                    found.append(DayReport(observer.seq, observer.figures(self._clock.now_at())))
        except faults.JournalFault as fault:
            raise StorageUnavailable from fault
        return found

    async def sent_online(self, hall: HallId, first: date, last: date) -> dict[date, dict[str, int]]:
        """Requests by day and service that were answered with where it is done online."""
        found: dict[date, dict[str, int]] = {}
        try:
            for row in await self._database.fetch(_SQL["sent_online"], hall, first, last):
                found.setdefault(row["day"], {})[row["service"]] = row["requests"]
        except faults.StorageUnavailable as fault:
            raise StorageUnavailable from fault
        return found

    async def follow(self, hall: HallId, on: date) -> FiguresObserver:
        """A day as the journal has it now; the same observer goes on when it is asked for again."""
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
            except faults.Rewritten:  # the journal was put back to an earlier copy
                followed.head = None
            else:
                followed.observer.see(records)
                followed.head = position.head
                return
        there = await self._reader.position(hall, on)
        observer = FiguresObserver(
            hall, on
        )  # whoever asked may go away in the middle: what was begun is not gone on with
        if there is not None:
            async for records in self._reader.load(hall, on, there):
                observer.see(records)
            followed.head = there.head
        followed.observer = observer

    async def keep(self) -> None:
        """Look through days that have ended and of which nothing is kept yet, the latest first."""
        first = self._clock.now_at().date() - timedelta(days=SPAN_DAYS_MAX)
        self._unreadable = {(hall, on) for hall, on in self._unreadable if on >= first}
        try:
            for row in await self._database.fetch(_SQL["unkept"], first, DAYS_PER_PASS + len(self._unreadable)):
                await self._keep_or_say(HallId(row["hall_id"]), row["day"])
        except faults.StorageUnavailable as fault:
            log.warning("figures_not_kept", why=str(fault))

    async def _keep_or_say(self, hall: HallId, on: date) -> None:
        """Look through one day; one that cannot be read is said once, and left to a process that can.

        Raises the journal's StorageUnavailable.
        """
        if (hall, on) in self._unreadable:
            return
        try:
            await look_through(self._database, hall, on)
        except faults.StorageUnavailable:
            raise
        except Exception:
            log.exception("figures_not_kept", hall=hall, day=str(on))
            self._unreadable.add((hall, on))
        else:
            self._followed.pop((hall, on), None)


def sum_by_service(sent: Iterable[dict[str, int]]) -> dict[str, int]:
    """Requests of several days together, by service."""
    found: dict[str, int] = {}
    for day in sent:
        for service, requests in day.items():
            found[service] = found.get(service, 0) + requests
    return found
