"""Timers: each is a command with a clock, and holds no rule.

Every job may run twice, in two processes, late or never: what it asks is decided like anything else, and asking again
changes nothing. The day would end without its job, too: the first command of the next day ends it.

Times are the halls', by the database's clock; APScheduler only says how often to look. It goes by the machine's wall
clock, so a clock that is set may make no pass wait longer than its interval (`_Passes`).

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
"""The ends of the halls' days at one midnight are spread over this time, by the hall's name."""

SWEEP_APPOINTMENTS_EVERY_S = 60
SWEEP_HALLS_EVERY_S = 5
SWEEP_LANES_EVERY_S = 60
SWEEP_STANDBY_EVERY_S = 60

Pass = Callable[[], Awaitable[None]]

log = structlog.get_logger(__name__)


class Jobs:
    """The passes; tests call them, the scheduler too."""

    def __init__(self, halls: Halls, lanes: Lanes, clock: Clock) -> None:
        self._halls = halls
        self._lanes = lanes
        self._clock = clock
        self._ended_before: dict[HallId, tuple[date, int]] = {}
        """Before which day the halls' days have ended, and by which copy of the journal."""

    def schedule(self, *more: tuple[str, Pass, int]) -> AsyncIOScheduler:
        """A scheduler that runs each pass again and again, and those of other parts: name, pass, how often in seconds.

        A pass that is late runs once, not twice, however late it is.
        """
        scheduler = AsyncIOScheduler(
            timezone="UTC",
            jobstores={"default": _Passes()},
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
            scheduler.add_job(partial(_pass, work), "interval", seconds=every_s, id=name, name=name)
        return scheduler

    async def end_days(self) -> None:
        """End the days whose time is over, of every hall, each hall at its own moment after its midnight."""
        now_at = self._clock.now_at()
        for hall in self._halls.known():
            spread = timedelta(seconds=crc32(hall.id.encode()) % ENDS_SPREAD_S)
            with isolated("day_not_ended", hall.id):
                on, generation = hall.day_at(now_at - spread), self._lanes.journal_generation
                if self._ended_before.get(hall.id) != (on, generation):
                    await self._lanes.end_days_before(hall, on)
                    self._ended_before[hall.id] = (on, generation)

    async def sweep_halls(self) -> None:
        """Lift suspensions that are over, pass over who does not come, raise who waits too long: of halls in use."""
        now_at = self._clock.now_at()
        for day in self._lanes.in_use():
            with isolated("hall_not_swept", day.hall):
                await self._sweep_hall(day, now_at)

    async def _sweep_hall(self, day: Day, now_at: datetime) -> None:
        if day.ended or not day.opened or now_at >= day.plan.ends_at:
            return  # a day that is over ends at its own moment: asking now would open the next
        if day.suspension is not None and day.suspended_at(now_at) is None:
            await self._ask(day, LiftSuspension(due=True))
        if day.plan.rules.auto_no_show:
            await self._ask(day, SweepNoShows())
        if next(overdue_walk_ins(day, now_at), None) is not None:
            await self._ask(day, SweepLongWaits())

    async def sweep_standby(self) -> None:
        """Admit who is on standby and fits by now, in the halls in use here: time alone makes room."""
        now_at = self._clock.now_at()
        for day in self._lanes.in_use():
            with isolated("hall_not_swept", day.hall):
                if day.queue.standby and not day.ended and now_at < day.plan.ends_at:
                    await self._ask(day, SweepStandby())

    async def sweep_appointments(self) -> None:
        """Write down who did not come, in the halls in use here, and which holds are over, on whatever day."""
        now_at = self._clock.now_at()
        for day in self._lanes.in_use():
            with isolated("hall_not_swept", day.hall):
                if day.ended or not day.opened or not day.plan.starts_at <= now_at < day.plan.ends_at:
                    continue
                if any(one.state in TO_COME for one in day.appointments.values()):
                    await self._ask(day, SweepAppointments())
        try:
            over = await self._lanes.days_with_expired_holds(now_at)
        except Refusal as refusal:
            log.warning("holds_not_read", code=refusal.code)
            return
        for hall, on in over:
            with isolated("job_refused", hall, command="SweepAppointments"):
                await self._lanes.do_on(hall, on, self._request(SweepAppointments()))

    def _request(self, command: Command) -> Request:
        return Request(command=command, command_id=new_id(), actor=SYSTEM, now_at=self._clock.now_at())

    async def _ask(self, day: Day, command: Command) -> None:
        with isolated("job_refused", day.hall, command=type(command).__name__):
            await self._lanes.do(day.hall, self._request(command))


class _Passes(MemoryJobStore):  # type: ignore[misc]  # it has no types
    """Passes, none of which is further from the present than its interval, whatever was done to the wall clock.

    One that was set back by an hour would let all of them wait for that hour; one that a machine without a battery was
    given after a month would have that month's run times counted one by one.
    """

    def get_due_jobs(self, now: datetime) -> list[Job]:
        """Give those that are due, and those of another time."""
        for job in self.get_all_jobs():
            if abs(job.next_run_time - now) > job.trigger.interval:
                job.next_run_time = now
                self.update_job(job)
        due: list[Job] = super().get_due_jobs(now)
        return due


def in_turn(*passes: Pass) -> Pass:
    """One pass of several, one after the other, whatever becomes of each.

    What one has looked through the next need not.
    """

    async def all_of_them() -> None:
        for work in passes:
            try:
                await work()
            except Exception:
                log.exception("pass_fault")

    return all_of_them


async def _pass(work: Pass) -> None:
    """Run one pass; that the scheduler's end cuts it short is no error to log."""
    with suppress(asyncio.CancelledError):
        await work()
