"""Update the plans of opened days after a change of the hall document.

The plan of a day is the first event of the day, and a new plan is another event. A document that changes at the same
time as a day is opened is either in the plan of that day or comes as such an event, because the opening locks the
document. A plan belongs to one date, so its command never moves on to the next day.
"""

import asyncio
from contextlib import suppress
from datetime import date, timedelta

import structlog

from service.clock import Clock
from service.domain.commands import ChangePlan
from service.domain.model import HallId
from service.domain.refusals import DayHasEnded
from service.journal import faults
from service.journal.journal import Journal
from service.runtime.fault_isolation import isolated
from service.runtime.hall import Hall
from service.runtime.halls import Halls
from service.runtime.lane import Lane, LaneObserver
from service.runtime.lane_registry import SYSTEM, LaneRegistry

log = structlog.get_logger(__name__)


class PlanUpdates(LaneRegistry):
    """Lanes whose days follow the hall document."""

    def __init__(self, journal: Journal, halls: Halls, clock: Clock, observer: LaneObserver) -> None:
        super().__init__(journal, halls, clock, observer)
        halls.on_change(self._start_updates)

    def _start_updates(self, hall: Hall) -> None:
        """Update the outdated plans of a hall's days in memory, in the background."""
        for hall_id, on in self._lanes:
            if hall_id == hall.id:
                self._start_update(hall, on)

    def _start_update(self, hall: Hall, on: date) -> None:
        with isolated("plan_not_changed", hall.id, day=str(on)):
            if _is_outdated(hall, self._lanes[hall.id, on]):
                task = asyncio.create_task(self._update_as_stored(hall.id, on), name=f"plan {hall.id} {on}")
                self._plan_updates.add(task)
                task.add_done_callback(self._plan_updates.discard)

    async def _update_loaded_plan(self, hall_id: HallId, lane: Lane) -> None:
        """Update the plan of a day that was just loaded, so that no command is decided by an outdated plan."""
        hall = await self._halls.get(hall_id)
        with isolated("plan_not_changed", hall_id, day=str(lane.on)):
            if _is_outdated(hall, lane):
                await self._update_as_stored(hall_id, lane.on)

    async def follow_document_now(self, hall: Hall, actor: str = SYSTEM) -> None:
        """Update the plan of every opened day from today on.

        A failure for a day ahead is logged, and `sweep` tries again.

        Raises:
            Busy: too many commands wait for today, or the service is stopping.
            StorageUnavailable: the database cannot be reached.
        """
        today = hall.day_at(self._clock.now_at())
        for on in await self._read(self._journal.open_days_from(hall.id, today)):
            if on == today:
                await self._change_plan(hall, on, actor)
            else:
                with isolated("plan_not_changed", hall.id, day=str(on)):
                    await self._change_plan(hall, on, actor)

    async def _update_as_stored(self, hall_id: HallId, on: date) -> None:
        """Update a plan by the document in the database; that in memory may be from before a restore."""
        with isolated("plan_not_changed", hall_id, day=str(on)):
            await self._change_plan(await self._halls.read(hall_id), on)

    async def _change_plan(self, hall: Hall, on: date, actor: str = SYSTEM) -> None:
        with suppress(DayHasEnded):
            await (await self.opened_lane(hall, on)).do(self._system_request(ChangePlan(hall.plan(on)), actor))

    async def sweep(self) -> None:
        """Remove idle lanes from memory, and update outdated plans."""
        await self._close_idle()
        halls = {hall.id: hall for hall in self._halls.known()}
        for hall_id, on in self._lanes:
            if hall_id in halls:
                self._start_update(halls[hall_id], on)
        await self._update_days_not_in_memory(halls)

    async def _update_days_not_in_memory(self, halls: dict[HallId, Hall]) -> None:
        """Update outdated plans of days ahead that have no lane here: the process that should do it may have died."""
        now_at = self._clock.now_at()
        try:
            behind = await self._journal.days_behind(now_at.date() - timedelta(days=1))
        except faults.StorageUnavailable:
            log.warning("days_behind_not_read")
            return
        for hall_id, on in behind:
            hall = halls.get(hall_id)
            with isolated("plan_not_changed", hall_id, day=str(on)):
                if hall is not None and on >= hall.day_at(now_at) and (hall_id, on) not in self._lanes:
                    await self._update_as_stored(hall_id, on)


def _is_outdated(hall: Hall, lane: Lane) -> bool:
    """Tell whether a day that has not ended would get another plan now."""
    day = lane.committed
    return day.opened and not day.ended and hall.is_newer(day.plan)
