"""Periodic jobs. A job sends commands, and contains no rules.

A job may run twice, in two processes, late or never: its commands are decided like all others, and a repeated command
changes nothing. A day ends even without its job, because the first command of the next day ends it.

Times are those of the halls, by the database's clock. APScheduler only decides when a job runs. It uses the wall clock
of the machine, so `_JobStore` limits the effect of a changed wall clock.

Source: DESIGN 6 (no-show, suspension), JOURNAL 6 (ends of days are spread over minutes).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from zlib import crc32

import structlog
from apscheduler.job import Job
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from service.clock import Clock
from service.domain.commands import (
    Command,
    LiftSuspension,
    SweepAppointments,
    SweepLongWaits,
    SweepNoShows,
    SweepStandby,
)
from service.domain.day import Day
from service.domain.model import TO_COME, HallId
from service.domain.queue.dispatch import overdue_walk_ins
from service.domain.refusals import Refusal
from service.primitives.ids import new_id
from service.runtime.fault_isolation import isolated
from service.runtime.halls import Halls
from service.runtime.lane_registry import SYSTEM
from service.runtime.lanes import Lanes
from service.runtime.requests import Request

END_DAYS_EVERY_S = 20
ENDS_SPREAD_S = 300
"""The days that end at one midnight are ended over this time; the hall's id determines the moment."""

SWEEP_APPOINTMENTS_EVERY_S = 60
SWEEP_HALLS_EVERY_S = 5
SWEEP_LANES_EVERY_S = 60
SWEEP_STANDBY_EVERY_S = 60

JobFunction = Callable[[], Awaitable[None]]

log = structlog.get_logger(__name__)


class Jobs:
    """The jobs. The scheduler and tests call the same methods."""

    def __init__(self, halls: Halls, lanes: Lanes, clock: Clock) -> None:
        self._halls = halls
        self._lanes = lanes
        self._clock = clock
        self._ended_before: dict[HallId, tuple[date, int]] = {}
        """Per hall, the date before which all days have ended, and the `journal_generation` of that check."""

    def schedule(self, *more: tuple[str, JobFunction, int]) -> AsyncIOScheduler:
        """Return a scheduler for these jobs and for those of other parts.

        A job that missed several runs runs once.

        Args:
            more: name, function and interval in seconds of each further job.
        """
        scheduler = AsyncIOScheduler(
            timezone="UTC",
            jobstores={"default": _JobStore()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for name, work, every_s in (
            ("end_days", self.end_days, END_DAYS_EVERY_S),
            ("sweep_appointments", self.sweep_appointments, SWEEP_APPOINTMENTS_EVERY_S),
            ("sweep_standby", self.sweep_standby, SWEEP_STANDBY_EVERY_S),
            ("sweep_halls", self.sweep_halls, SWEEP_HALLS_EVERY_S),
            ("sweep_lanes", self._lanes.sweep, SWEEP_LANES_EVERY_S),
            *more,
        ):
            scheduler.add_job(partial(_run_job, work), "interval", seconds=every_s, id=name, name=name)
        return scheduler

    async def end_days(self) -> None:
        """End the past days of all halls, each hall at its own moment after midnight."""
        now_at = self._clock.now_at()
        for hall in self._halls.known():
            spread = timedelta(seconds=crc32(hall.id.encode()) % ENDS_SPREAD_S)
            with isolated("day_not_ended", hall.id):
                on, generation = hall.day_at(now_at - spread), self._lanes.journal_generation
                if self._ended_before.get(hall.id) != (on, generation):
                    await self._lanes.end_days_before(hall, on)
                    self._ended_before[hall.id] = (on, generation)

    async def sweep_halls(self) -> None:
        """Lift expired suspensions, handle no-shows and raise long waits, in halls in use."""
        now_at = self._clock.now_at()
        for day in self._lanes.in_use():
            with isolated("hall_not_swept", day.hall):
                await self._sweep_hall(day, now_at)

    async def _sweep_hall(self, day: Day, now_at: datetime) -> None:
        if day.ended or not day.opened or now_at >= day.plan.ends_at:
            return  # `end_days` ends it; a command now would open the next day
        if day.suspension is not None and day.suspended_at(now_at) is None:
            await self._send(day, LiftSuspension(due=True))
        if day.plan.rules.auto_no_show:
            await self._send(day, SweepNoShows())
        if next(overdue_walk_ins(day, now_at), None) is not None:
            await self._send(day, SweepLongWaits())

    async def sweep_standby(self) -> None:
        """Admit standby tickets that now fit, in halls in use. The passing of time alone can free capacity."""
        now_at = self._clock.now_at()
        for day in self._lanes.in_use():
            with isolated("hall_not_swept", day.hall):
                if day.queue.standby and not day.ended and now_at < day.plan.ends_at:
                    await self._send(day, SweepStandby())

    async def sweep_appointments(self) -> None:
        """Record missed appointments of halls in use, and expired holds of all days."""
        now_at = self._clock.now_at()
        for day in self._lanes.in_use():
            with isolated("hall_not_swept", day.hall):
                if day.ended or not day.opened or not day.plan.starts_at <= now_at < day.plan.ends_at:
                    continue
                if any(one.state in TO_COME for one in day.appointments.values()):
                    await self._send(day, SweepAppointments())
        try:
            expired = await self._lanes.days_with_expired_holds(now_at)
        except Refusal as refusal:
            log.warning("holds_not_read", code=refusal.code)
            return
        for hall, on in expired:
            with isolated("job_refused", hall, command="SweepAppointments"):
                await self._lanes.do_on(hall, on, self._request(SweepAppointments()))

    def _request(self, command: Command) -> Request:
        return Request(command=command, command_id=new_id(), actor=SYSTEM, now_at=self._clock.now_at())

    async def _send(self, day: Day, command: Command) -> None:
        with isolated("job_refused", day.hall, command=type(command).__name__):
            await self._lanes.do(day.hall, self._request(command))


class _JobStore(MemoryJobStore):  # type: ignore[misc]  # APScheduler has no types
    """Jobs whose next run is never further from the present than their interval.

    Without this, a wall clock that is set back by an hour would stop all jobs for that hour. A clock set forward by
    a month, as on a machine without a battery, would make APScheduler count the run times of that month one by one.
    """

    def get_due_jobs(self, now: datetime) -> list[Job]:
        """Return the due jobs, and those that a change of the clock has moved too far away."""
        for job in self.get_all_jobs():
            if abs(job.next_run_time - now) > job.trigger.interval:
                job.next_run_time = now
                self.update_job(job)
        due: list[Job] = super().get_due_jobs(now)
        return due


def in_sequence(*jobs: JobFunction) -> JobFunction:
    """Combine jobs into one that runs them one after the other. A fault of one is logged and does not stop the others.

    Later jobs can use the work of earlier ones.
    """

    async def run_all() -> None:
        for work in jobs:
            try:
                await work()
            except Exception:
                log.exception("pass_fault")

    return run_all


async def _run_job(work: JobFunction) -> None:
    """Run a job. Its cancellation at the end of the scheduler is not logged as an error."""
    with suppress(asyncio.CancelledError):
        await work()
