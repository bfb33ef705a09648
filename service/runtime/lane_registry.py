"""The lanes of a process: opened, begun and loaded on demand, and closed when idle.

**Beginning and end of a day.** The clock of a hall chooses its present day, but a day ends only by its event
`day_ended`. A day begins after the day before has ended, so the registry ends that day first if no process has done so.

**Carried-over events.** A day begins with what is in force at the end of the last day that began: a suspension that was
not lifted and has not expired, and the notices. They are written in the transaction that begins the day. So they are
there once, before any command, and do not come back after a manager has removed them.

**Days ahead.** A booking opens the day of its slot, in any order, but does not begin it. Such a day issues no tickets,
because its plan keeps the doors shut until its own morning. It begins like any other day, with its bookings.

Source: JOURNAL 3 (keys of the day before), 6 (time and days).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

import structlog

from service.clock import Clock
from service.domain.calendar.carry_over import in_force
from service.domain.command_results import CommandResult
from service.domain.commands import Command, EndDay
from service.domain.day import Day
from service.domain.events import DayOpened, Event, Record
from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.domain.refusals import Busy, DayHasEnded, HallNotFound
from service.errors import OutcomeUnknown, StorageUnavailable
from service.journal import faults
from service.journal.journal import Journal
from service.primitives.ids import new_id
from service.runtime.hall import Hall, plan_from
from service.runtime.halls import Halls
from service.runtime.lane import Lane, LaneObserver
from service.runtime.pending_requests import ANSWER_WITHIN_S
from service.runtime.requests import Request

SYSTEM = "system"
"""The actor of events that no caller requested: the beginning and end of days, new plans after a document change."""

CARRY_OVER_COMMAND = "goes on"
"""With the date, the command id of carried-over events. It is the same in all processes, so the database rejects a
second copy."""

DRAIN_S = 10.0
"""How long `stop` waits for the answers of open requests, and for each group of background tasks."""

_CANNOT_OPEN = (faults.StorageUnavailable, faults.Rewritten, faults.UnknownKind)
"""Faults because of which a day cannot be opened or read at present; the request was not carried out."""

T = TypeVar("T")

DayKey = tuple[HallId, date]

log = structlog.get_logger(__name__)


class LaneRegistry:
    """The lanes in memory, by hall and date."""

    def __init__(self, journal: Journal, halls: Halls, clock: Clock, observer: LaneObserver) -> None:
        self._journal = journal
        self._halls = halls
        self._clock = clock
        self._observer = observer
        self._lanes: dict[DayKey, Lane] = {}
        self._opening: dict[DayKey, asyncio.Task[Lane]] = {}
        self._beginning: dict[DayKey, asyncio.Task[Lane]] = {}
        self._loops: dict[DayKey, asyncio.Task[None]] = {}
        self._plan_updates: set[asyncio.Task[None]] = set()
        self._announcements: dict[HallId, tuple[str, list[Record]]] = {}
        """Suspension and notice events of the last day that began before the present one, with its head."""
        self._stopping = False
        self.journal_generation = 1
        """One more each time a lane finds that the journal was replaced by an earlier copy."""

    def in_memory(self, hall: HallId, on: date) -> Day | None:
        """Return the committed day of a lane in memory, which may be behind the journal; `None` without a lane."""
        lane = self._lanes.get((hall, on))
        return None if lane is None or lane.gone else lane.committed

    def head_of(self, hall: HallId, on: date) -> str | None:
        """Return the id of the last append of a day in memory; `None` if the day is not in memory."""
        lane = self._lanes.get((hall, on))
        return None if lane is None or lane.gone else lane.head

    def in_use(self) -> list[Day]:
        """Return the committed days in memory that have begun."""
        return [lane.committed for lane in self._lanes.values() if lane.begun]

    def journal_replaced(self) -> None:
        """Record that a lane found an earlier copy of the journal in the database."""
        self.journal_generation += 1

    async def begin_again(self, lane: Lane) -> None:
        """Begin the day of a lane, unless it has begun in the journal as it is now. Raises as `lane`."""
        await self.lane(await self._halls.get(lane.hall), lane.on)

    async def lane(self, hall: Hall, on: date) -> Lane:
        """Return the lane of a day that is or was the present day; open, begin and load the day if necessary.

        Raises:
            DayHasEnded: the day never began, and a later one has begun.
            StorageUnavailable: the database cannot be reached.
            Busy: the service is stopping.
        """
        lane = self._lanes.get((hall.id, on))
        if lane is not None and lane.begun and not lane.gone and not self._stopping:
            return lane
        return await self._share(self._beginning, (hall.id, on), lambda: self._begin(hall, on))

    async def opened_lane(self, hall: Hall, on: date) -> Lane:
        """Return the lane of any day; open and load the day if necessary, but do not begin it. Raises as `lane`."""
        lane = self._lanes.get((hall.id, on))
        if lane is not None and not lane.gone and not self._stopping:
            return lane
        return await self._share(self._opening, (hall.id, on), lambda: self._open(hall, on))

    async def _share(
        self, running: dict[DayKey, asyncio.Task[Lane]], key: DayKey, work: Callable[[], Coroutine[Any, Any, Lane]]
    ) -> Lane:
        """Wait for the result of `work`, which runs once for all callers with the same key."""
        if self._stopping:
            raise Busy
        task = running.get(key)
        if task is None:
            task = running[key] = asyncio.create_task(work(), name=f"open {key[0]} {key[1]}")
            task.add_done_callback(lambda done: _finished(running, key, done))
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await asyncio.shield(task)
        except faults.DayPassed as passed:
            raise DayHasEnded from passed
        except faults.HallMissing as missing:  # the database was restored to a copy from before the hall was created
            raise HallNotFound from missing
        except (*_CANNOT_OPEN, TimeoutError, OutcomeUnknown) as error:  # OutcomeUnknown: of the end of the day before
            raise StorageUnavailable from error

    async def _begin(self, hall: Hall, on: date) -> Lane:
        if not await self._journal.begun(hall.id, on):
            await self.end_days_before(hall, on)
            await self._open_day(hall.id, on, await self.carried_over_events(hall.id, on), begins=True)
        lane = await self.opened_lane(hall, on)
        if not lane.begun:
            await lane.fresh(now=True)  # the events at the beginning were not written by the lane
            lane.set_results_yesterday(await self._results_of(hall.id, on - timedelta(days=1)))
            lane.begun = True
        return lane

    async def _open(self, hall: Hall, on: date) -> Lane:
        if await self._journal.position(hall.id, on) is None:
            await self._open_day(hall.id, on, (), begins=False)
        known = self._lanes.get((hall.id, on))
        if known is not None:  # a restored journal lacked the day, and it has just been opened again
            await known.fresh(now=True)
            return known
        lane = Lane(hall.id, on, self._journal, self._clock, self._observer, self)
        await lane.load()
        self._lanes[hall.id, on] = lane
        self._loops[hall.id, on] = asyncio.create_task(lane.run(), name=f"lane {hall.id} {on}")
        await self._update_loaded_plan(hall.id, lane)
        return lane

    async def _update_loaded_plan(self, hall_id: HallId, lane: Lane) -> None:
        """Do what a day needs before its first command in this process; a subclass updates its plan."""

    async def _open_day(self, hall_id: HallId, on: date, carried_over: Sequence[Event], *, begins: bool) -> None:
        now_at = self._clock.now_at()
        command_id = new_id()
        learned = self._halls.learned(hall_id)

        def first(document: HallDocument, revision: int) -> Record:
            opened = DayOpened(plan=plan_from(document, revision, on, learned))
            return Record(1, now_at, SYSTEM, command_id, 0, None, opened)

        records = [
            Record(2 + part, now_at, SYSTEM, f"{CARRY_OVER_COMMAND} {on}", part, None, event)
            for part, event in enumerate(carried_over)
        ]
        if await self._journal.open_day(hall_id, on, new_id(), first, begins=begins, carried_over=records):
            log.info("day_opened", hall=hall_id, day=str(on), begins=begins)

    async def carried_over_events(self, hall_id: HallId, on: date) -> tuple[Event, ...]:
        """Return the events with which a day would begin now. Raises StorageUnavailable.

        The last day that began is read once per head, because each view of a hall whose day has not begun needs it.
        """
        last = await self._read(self._journal.last_begun_before(hall_id, on))
        if last is None:
            return ()
        head, records = self._announcements.get(hall_id, (None, []))
        if head != last.head:
            records = await self._read(self._journal.announcements_of(hall_id, last))
            self._announcements[hall_id] = (last.head, records)
        return in_force(records, self._clock.now_at())

    async def end_days_before(self, hall: Hall, on: date) -> None:
        """End the earlier days that have not ended. Several processes may do this at the same time."""
        for row in reversed(await self._journal.latest_days(hall.id)):
            if row.day < on and not row.ended:
                lane = await self.opened_lane(hall, row.day)
                try:
                    await lane.do(self._system_request(EndDay()))
                    log.info("day_ended", hall=hall.id, day=str(row.day))
                except DayHasEnded:
                    continue

    async def _results_of(self, hall_id: HallId, on: date) -> dict[str, CommandResult]:
        """Return the results of the keyed commands of a day, for the day after it."""
        lane = self._lanes.get((hall_id, on))
        if lane is None:
            if await self._journal.position(hall_id, on) is None:
                return {}
            lane = Lane(hall_id, on, self._journal, self._clock, self._observer)
            await lane.load()
        elif not lane.committed.ended:
            await lane.fresh(now=True)  # another process may have appended to the day, and ended it
        return lane.committed.results

    def _system_request(self, command: Command, actor: str = SYSTEM) -> Request:
        return Request(command=command, command_id=new_id(), actor=actor, now_at=self._clock.now_at())

    async def _read(self, reading: Awaitable[T]) -> T:
        """Return what the journal answers. Raises StorageUnavailable of `service.errors`."""
        try:
            return await reading
        except faults.StorageUnavailable as error:
            raise StorageUnavailable from error

    async def _close_idle(self) -> None:
        for key, lane in list(self._lanes.items()):
            if lane.idle:
                lane.close()
                self._lanes.pop(key, None)
                await self._end_loop(key)

    async def stop(self) -> None:
        """Accept no more requests, wait for the answers of open requests, and end all loops."""
        self._stopping = True
        await _wait_for([*self._opening.values(), *self._beginning.values()])
        for lane in self._lanes.values():
            lane.close()
        await _wait_for([asyncio.create_task(lane.drained()) for lane in self._lanes.values()])
        await _wait_for(self._plan_updates)
        self._lanes.clear()
        for key in list(self._loops):
            await self._end_loop(key)

    async def _end_loop(self, key: DayKey) -> None:
        loop = self._loops.pop(key, None)
        if loop is not None:
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)


def _finished(running: dict[DayKey, asyncio.Task[Lane]], key: DayKey, done: asyncio.Task[Lane]) -> None:
    del running[key]
    if not done.cancelled():
        done.exception()  # callers get it; without this call asyncio would warn when no caller is left


async def _wait_for(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Wait `DRAIN_S` for tasks, and cancel those that last longer."""
    tasks = list(tasks)
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=DRAIN_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
