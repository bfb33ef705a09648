"""Overview of the present state of all halls.

The state of a hall comes from its day in memory. One query reads the positions of all days, and a day that is behind
the journal is caught up first. Halls that are not in memory are loaded in the background while the overview is
requested; until then the numbers of waiting tickets come from the tables, and the state of the counters is unknown. A
hall that this process cannot read, because a newer release wrote its events, is shown in the same way.

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
"""Halls loaded at the same time for the overview, so that loading does not delay the commands of other halls."""

_SQL = statements("reports.sql", PACKAGE)

log = structlog.get_logger(__name__)


class HallStatus(Struct, frozen=True, kw_only=True):
    """The present state of a hall.

    `waiting` counts tickets in the queue, `standby` tickets on standby. `longest_since_at`: since when the ticket that
    waits longest could be called. `counters_open` and `counters_planned` count counters of the stages where visits end;
    `counters_open` and `at_counters` are None while unknown. `scored` counts first calls with a promised wait, `held`
    those within the promise.
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
    """Counts of a day in memory; valid until its next event or until a deferred ticket becomes callable."""

    seq: int
    deferred: int
    waiting: int
    standby: int
    longest_since_at: datetime | None
    at_counters: int
    counters_open: int


class _Row(Struct, frozen=True):
    """The position of a hall's present day in the journal, and counts from the tables."""

    seq: int
    head: str
    ended: bool
    waiting: int | None
    standby: int | None
    longest_since_at: datetime | None


class Overview:
    """Builds the overview of all halls."""

    def __init__(self, database: Database, lanes: Lanes, clock: Clock) -> None:
        self._database = database
        self._lanes = lanes
        self._clock = clock
        self._plans: dict[HallId, tuple[Hall, Plan]] = {}
        self._counts: WeakKeyDictionary[Day, QueueCounts] = WeakKeyDictionary()
        self._wanted: dict[HallId, None] = {}
        self._loading: set[asyncio.Task[None]] = set()
        self._unread: set[HallId] = set()

    async def of(self, halls: list[Hall]) -> list[HallStatus]:
        """Return the present state of halls; a hall with an internal error is left out.

        Raises:
            StorageUnavailable: the service's; the database cannot be reached.
        """
        now_at = self._clock.now_at()
        days: dict[HallId, Day | None] = {}
        for hall in halls:
            with isolated("hall_not_watched", hall.id):
                days[hall.id] = self._day_of(hall, now_at)
        halls = [hall for hall in halls if hall.id in days]
        heads_before = {hall.id: self._head_of(hall, now_at) for hall in halls}
        rows = await self._rows(halls, days, now_at)

        def is_behind(hall: Hall) -> bool:
            return _is_behind(days[hall.id], rows.get(hall.id), heads_before[hall.id], self._head_of(hall, now_at))

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
                found.append(self._status_of(hall, days[hall.id], rows.get(hall.id), now_at))
        self._load()
        return found

    def _status_of(self, hall: Hall, day: Day | None, row: _Row | None, now_at: datetime) -> HallStatus:
        if day is not None:
            day.advance_to(now_at)
            return hall_status_of(hall, day, self._count(day), now_at)
        if row is not None and not row.ended and self._day_of(hall, now_at) is None:
            self._wanted[hall.id] = None
        return self._from_tables(hall, row, now_at)

    def _count(self, day: Day) -> QueueCounts:
        counts = self._counts.get(day)
        if counts is None or (counts.seq, counts.deferred) != (day.seq, len(day.queue.deferred)):
            counts = self._counts[day] = count_queue(day)
        return counts

    def _day_of(self, hall: Hall, now_at: datetime) -> Day | None:
        day = self._lanes.in_memory(hall.id, hall.day_at(now_at))
        return day if day is not None and day.opened else None

    def _head_of(self, hall: Hall, now_at: datetime) -> str | None:
        return self._lanes.head_of(hall.id, hall.day_at(now_at))

    async def _rows(self, halls: list[Hall], days: dict[HallId, Day | None], now_at: datetime) -> dict[HallId, _Row]:
        try:
            rows = await self._database.fetch(
                _SQL["positions"],
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
        """Return the plan of a hall's present day: of the day in memory, else computed once a day."""
        day = self._day_of(hall, now_at)
        if day is not None:
            return day.plan
        on = hall.day_at(now_at)
        known = self._plans.get(hall.id)
        if known is None or known[0] is not hall or known[1].day != on:
            known = self._plans[hall.id] = (hall, hall.plan(on))
        return known[1]

    def open_now(self, halls: Iterable[Hall]) -> list[HallId]:
        """List the halls that are open now by their plans, including overtime of days in memory."""
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
        """Start loading requested halls in the background."""
        while self._wanted and len(self._loading) < CONCURRENT_LOADS_MAX:
            hall = next(iter(self._wanted))
            del self._wanted[hall]
            task = asyncio.create_task(self._read(hall), name=f"load {hall}")
            self._loading.add(task)
            task.add_done_callback(self._loaded)

    async def _read(self, hall: HallId, *, now: bool = False) -> None:
        """Load a hall's day or catch it up; an error is logged once until the hall can be read again."""
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
        """Cancel all loading."""
        self._wanted.clear()
        for task in self._loading:
            task.cancel()
        await asyncio.gather(*self._loading, return_exceptions=True)


def hall_status_of(hall: Hall, day: Day, counted: QueueCounts, now_at: datetime) -> HallStatus:
    """Build the state of a hall from its day in memory, which has been advanced to `now_at`, and its counts."""
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
    """Count waiting tickets and open counters of a day."""
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


def _is_behind(day: Day | None, row: _Row | None, head_before: str | None, head_now: str | None) -> bool:
    """Tell whether a day in memory is behind the journal, or the journal was restored from an earlier copy.

    `head_before` and `head_now` are the heads of the day before the row was read, and now. If they are the same, the
    row must have this head, too.
    """
    if day is None or row is None:
        return False
    return row.seq > day.seq or (head_now == head_before and head_now != row.head)
