"""All halls at once, as they are now.

What is known of a hall comes from its fold in memory; one query says where the days of all halls stand, so that a fold
that another process has left behind is caught up first. Halls that nobody here has in memory are read in the background
while somebody looks; until then the tables say who waits there, and their counters are not known. A hall that cannot be
read here, because a newer release has written in its journal, is told in the same way.

Source: CONTRACT 8 (`/ops`).
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from weakref import WeakKeyDictionary

import structlog
from msgspec import Struct

from service.clock import Clock
from service.domain.calendar.plan import Plan
from service.domain.day import Day
from service.domain.model import CounterState, HallId
from service.errors import StorageUnavailable
from service.journal import faults
from service.journal.database import Database
from service.journal.sql_files import statements
from service.reports.day_reports import PACKAGE
from service.runtime.fault_isolation import isolated
from service.runtime.hall import Hall
from service.runtime.lanes import Lanes

CONCURRENT_LOADS_MAX = 4
"""Halls that are read into memory at the same time for somebody who looks; the commands of the others go first."""

_SQL = statements("reports.sql", PACKAGE)

log = structlog.get_logger(__name__)


class HallStatus(Struct, frozen=True, kw_only=True):
    """A hall as it is now.

    `waiting` are the tickets in the order of calls, `standby` those outside of it. `longest_since_at` is since when
    somebody has waited who may be called, or whose appointment has come. `counters_open` and `counters_planned` are of
    the stages that no visit can do without; the former is None while it is not known. `scored` first calls kept or
    broke what was promised, of which `held` kept it.
    """

    hall: Hall
    plan: Plan
    seq: int
    open: bool
    suspended: bool
    waiting: int
    standby: int
    longest_since_at: datetime | None
    at_counters: int | None
    counters_open: int | None
    counters_planned: int
    overtime_until_at: datetime | None
    scored: int
    held: int


class QueueCounts(Struct, frozen=True, kw_only=True):
    """What was counted of a fold: it stays so until the next event, or until somebody's time has come."""

    seq: int
    deferred: int
    waiting: int
    standby: int
    longest_since_at: datetime | None
    at_counters: int
    counters_open: int


class _Row(Struct, frozen=True):
    """Where the present day of a hall stands in the journal."""

    seq: int
    head: str
    ended: bool
    waiting: int | None
    standby: int | None
    longest_since_at: datetime | None


class Overview:
    """Looks at all halls."""

    def __init__(self, database: Database, lanes: Lanes, clock: Clock) -> None:
        self._database = database
        self._lanes = lanes
        self._clock = clock
        self._plans: dict[HallId, tuple[Hall, Plan]] = {}
        self._counted: WeakKeyDictionary[Day, QueueCounts] = WeakKeyDictionary()
        self._wanted: dict[HallId, None] = {}
        self._loading: set[asyncio.Task[None]] = set()
        self._unread: set[HallId] = set()

    async def of(self, halls: list[Hall]) -> list[HallStatus]:
        """Halls as they are now, but for those of which a fault of ours keeps us from saying it.

        Raises the service's StorageUnavailable.
        """
        now_at = self._clock.now_at()
        days: dict[HallId, Day | None] = {}
        for hall in halls:
            with isolated("hall_not_watched", hall.id):
                days[hall.id] = self._day_of(hall, now_at)
        halls = [hall for hall in halls if hall.id in days]
        stood = {hall.id: self._head_of(hall, now_at) for hall in halls}
        rows = await self._rows(halls, days, now_at)

        def is_behind(hall: Hall) -> bool:
            return _is_behind(days[hall.id], rows.get(hall.id), stood[hall.id], self._head_of(hall, now_at))

        behind = [hall for hall in halls if is_behind(hall)]
        await asyncio.gather(*(self._read(hall.id, now=True) for hall in behind))
        days |= {hall.id: self._day_of(hall, now_at) for hall in behind}
        unread = [hall for hall in behind if is_behind(hall)]
        if unread:
            days |= dict.fromkeys([hall.id for hall in unread])
            rows |= await self._rows(unread, days, now_at)
        found = []
        for hall in halls:
            with isolated("hall_not_watched", hall.id):
                found.append(self._now(hall, days[hall.id], rows.get(hall.id), now_at))
        self._load()
        return found

    def _now(self, hall: Hall, day: Day | None, row: _Row | None, now_at: datetime) -> HallStatus:
        if day is not None:
            day.advance_to(now_at)
            return hall_status_of(hall, day, self._count(day), now_at)
        if row is not None and not row.ended and self._day_of(hall, now_at) is None:
            self._wanted[hall.id] = None
        return self._from_tables(hall, row, now_at)

    def _count(self, day: Day) -> QueueCounts:
        known = self._counted.get(day)
        if known is None or (known.seq, known.deferred) != (day.seq, len(day.queue.deferred)):
            known = self._counted[day] = count_queue(day)
        return known

    def _day_of(self, hall: Hall, now_at: datetime) -> Day | None:
        day = self._lanes.in_memory(hall.id, hall.day_at(now_at))
        return day if day is not None and day.opened else None

    def _head_of(self, hall: Hall, now_at: datetime) -> str | None:
        return self._lanes.head_of(hall.id, hall.day_at(now_at))

    async def _rows(self, halls: list[Hall], days: dict[HallId, Day | None], now_at: datetime) -> dict[HallId, _Row]:
        try:
            rows = await self._database.fetch(
                _SQL["now"],
                [hall.id for hall in halls],
                [hall.day_at(now_at) for hall in halls],
                [days[hall.id] is None for hall in halls],
            )
        except faults.StorageUnavailable as fault:
            raise StorageUnavailable from fault
        return {
            HallId(row["hall_id"]): _Row(
                row["seq"], str(row["head"]), row["ended"], row["waiting"], row["standby"], row["longest_since_at"]
            )
            for row in rows
        }

    def plan_of(self, hall: Hall, now_at: datetime) -> Plan:
        """The plan of a hall's present day; reckoned once a day where no fold has it."""
        day = self._day_of(hall, now_at)
        if day is not None:
            return day.plan
        on = hall.day_at(now_at)
        known = self._plans.get(hall.id)
        if known is None or known[0] is not hall or known[1].day != on:
            known = self._plans[hall.id] = (hall, hall.plan(on))
        return known[1]

    def open_now(self, halls: Iterable[Hall]) -> list[HallId]:
        """The halls whose hours it is, those of an overtime that somebody here has in memory among them."""
        now_at, found = self._clock.now_at(), []
        for hall in halls:
            with isolated("hall_not_watched", hall.id):
                if self.plan_of(hall, now_at).open_at(now_at):
                    found.append(hall.id)
        return found

    def _from_tables(self, hall: Hall, row: _Row | None, now_at: datetime) -> HallStatus:
        plan = self.plan_of(hall, now_at)
        return HallStatus(
            hall=hall,
            plan=plan,
            seq=0 if row is None else row.seq,
            open=plan.open_at(now_at),
            suspended=False,
            waiting=0 if row is None else row.waiting or 0,
            standby=0 if row is None else row.standby or 0,
            longest_since_at=None if row is None else row.longest_since_at,
            at_counters=0 if row is None else None,
            counters_open=0 if row is None else None,
            counters_planned=plan.counters_planned_at(now_at),
            overtime_until_at=None,
            scored=0,
            held=0,
        )

    def _load(self) -> None:
        """Read halls into memory that somebody looks at; the answer does not wait for it."""
        while self._wanted and len(self._loading) < CONCURRENT_LOADS_MAX:
            hall = next(iter(self._wanted))
            del self._wanted[hall]
            task = asyncio.create_task(self._read(hall), name=f"look at {hall}")
            self._loading.add(task)
            task.add_done_callback(self._loaded)

    async def _read(self, hall: HallId, *, now: bool = False) -> None:
        """Bring a hall's fold up to the journal; what keeps it from being read is said once, until it can be again."""
        try:
            await self._lanes.day(hall, now=now)
        except Exception:
            if hall not in self._unread:
                log.warning("hall_not_read", hall=hall, exc_info=True)
            self._unread.add(hall)
        else:
            self._unread.discard(hall)

    def _loaded(self, task: asyncio.Task[None]) -> None:
        self._loading.discard(task)
        if not task.cancelled():
            self._load()

    async def stop(self) -> None:
        """Read no more halls."""
        self._wanted.clear()
        for task in self._loading:
            task.cancel()
        await asyncio.gather(*self._loading, return_exceptions=True)


def hall_status_of(hall: Hall, day: Day, counted: QueueCounts, now_at: datetime) -> HallStatus:
    """Say how a hall is at `now_at`, and what has been counted of it."""
    return HallStatus(
        hall=hall,
        plan=day.plan,
        seq=day.seq,
        open=day.plan.open_at(now_at) and not day.closed,
        suspended=day.suspended_at(now_at) is not None,
        waiting=counted.waiting,
        standby=counted.standby,
        longest_since_at=counted.longest_since_at,
        at_counters=counted.at_counters,
        counters_open=counted.counters_open,
        counters_planned=0 if day.closed else day.plan.counters_planned_at(now_at),
        overtime_until_at=None if day.overtime is None else day.overtime.until_at,
        scored=day.promises_kept.total(),
        held=day.promises_kept[True],
    )


def count_queue(day: Day) -> QueueCounts:
    """Count who waits and which counters are open."""
    since_at = None
    for line in day.queue.lines.values():
        for place in line.places:
            ticket = day.tickets[place.ticket]
            waits_since_at = max(ticket.waiting_since_at, ticket.reference_at)
            if since_at is None or waits_since_at < since_at:
                since_at = waits_since_at
    needed = day.plan.final_stages
    return QueueCounts(
        seq=day.seq,
        deferred=len(day.queue.deferred),
        waiting=sum(len(line.places) for line in day.queue.lines.values()) + len(day.queue.deferred),
        standby=len(day.queue.standby),
        longest_since_at=since_at,
        at_counters=sum(counter.ticket is not None for counter in day.counters.values()),
        counters_open=sum(
            counter.state is CounterState.OPEN and counter.stage in needed for counter in day.counters.values()
        ),
    )


def _is_behind(day: Day | None, row: _Row | None, stood: str | None, stands: str | None) -> bool:
    """Tell whether the journal has gone on without the fold in memory, or was put back to an earlier copy.

    `stood` and `stands` are the fold's heads before the row was read, and now: one that did not move has the row's.
    """
    if day is None or row is None:
        return False
    return row.seq > day.seq or (stands == stood and stands != row.head)
