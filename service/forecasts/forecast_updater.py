"""Update the forecasts of the days in use, at most once a second for each hall.

A forecast is due if the day has new events or the forecast is older than `AGE_MAX`. A process claims the row of the day
in the database before it computes a forecast, so that only one process does; the others read the row. A worker process
does the computation, so that no command waits for it. Displayed ranges change only when the new range differs enough.
"""

import asyncio
from contextlib import suppress
from datetime import date, datetime, timedelta

import structlog

from service.clock import Clock
from service.domain.day import Day
from service.domain.forecast.day_outlook import DayAhead
from service.domain.forecast.start_state_builder import all_waiting, start_state_of
from service.domain.forecast.wait_quantiles import Quantiles, WaitsAndNewcomers, stabilized_range
from service.domain.model import HallId, Shown, TicketId
from service.domain.queue.promises import Promise, Promises
from service.domain.refusals import Busy
from service.forecasts.stored_forecasts import AGE_MAX, UPDATE_INTERVAL, Forecasts, StoredForecast
from service.forecasts.worker import ForecastRequest, ForecastResult
from service.forecasts.worker_process import ForecastWorker, WorkerLost
from service.journal.faults import StorageUnavailable
from service.runtime.lanes import Lanes

PASS_EVERY_S = 1.0
"""Pause between two passes."""

WAITING_MAX = 1_000
"""With more people waiting in a hall, the analytic estimate is shown: a simulation would keep a processor busy."""

OUTLOOK_EVERY = timedelta(seconds=60)
"""Interval of computing the outlook of the rest of the day, which takes ten times as long as the waits."""

FORGET_EVERY_S = 3600
FORGET_AFTER = timedelta(days=2)

NO_PROMISE = Promise(None, None, None, None, None)

log = structlog.get_logger(__name__)


class ForecastUpdater:
    """Updates the forecasts of the days in use in this process."""

    def __init__(self, forecasts: Forecasts, lanes: Lanes, clock: Clock, worker: ForecastWorker) -> None:
        self._forecasts = forecasts
        self._lanes = lanes
        self._clock = clock
        self._worker = worker
        self._in_progress: set[tuple[HallId, date]] = set()
        self._outlooks: dict[HallId, tuple[date, datetime, DayAhead | None]] = {}
        """Date, time and result of the last outlook computed on request, by hall."""
        self._outlook_locks: dict[HallId, asyncio.Lock] = {}

    async def run(self) -> None:
        """Run a pass every `PASS_EVERY_S` until cancelled; an internal error skips a pass."""
        while True:
            try:
                await self.update_all()
            except Exception:
                log.exception("forecast_fault")
            await asyncio.sleep(PASS_EVERY_S)

    async def update_all(self) -> None:
        """Read the forecasts of other processes, compute the due ones, and set the promises of all days in use."""
        days = [day for day in self._lanes.in_use() if _is_to_be_made(day, self._clock.now_at())]
        for day in days:
            self._forecasts.of(day.hall, day.on)
        await self._forecasts.read()
        await asyncio.gather(*(self._update_or_log(day) for day in days))
        for day in self._lanes.in_use():  # a day may have been reloaded meanwhile
            if _is_present(day, self._clock.now_at()):
                day.promises = self._forecasts.promises_of(day.hall, day.on)

    def stored_outlook_of(self, day: Day) -> DayAhead | None:
        """Return the last stored outlook of a day, by any process; None if there is none. Never computes one."""
        stored = self._forecasts.of(day.hall, day.on)
        return None if stored is None else stored.ahead

    async def outlook_of(self, day: Day) -> DayAhead | None:
        """Return the outlook of a day, stored or computed now; None if it cannot be forecast.

        Raises:
            Busy: the worker process was lost.
        """
        async with self._outlook_locks.setdefault(day.hall, asyncio.Lock()):  # concurrent callers get the same result
            stored = self._forecasts.of(day.hall, day.on)
            now_at = self._clock.now_at()
            if stored is not None and not _is_old(stored.ahead_at, now_at):
                return stored.ahead
            on, found_at, ahead = self._outlooks.get(day.hall, (day.on, None, None))
            if on == day.on and not _is_old(found_at, now_at):
                return ahead
            try:
                result = await self._compute(day, max(now_at, day.at), waits=False, ahead=True)
            except WorkerLost as lost:
                raise Busy from lost
            if result is None:
                return None
            self._outlooks[day.hall] = (day.on, now_at, result.ahead)
            return result.ahead

    async def delete_old(self) -> None:
        """Delete the forecasts of past days; without a database this is left to the next run."""
        with suppress(StorageUnavailable):
            await self._forecasts.delete_old(self._clock.now_at() - FORGET_AFTER)

    async def _update_or_log(self, day: Day) -> None:
        """Update one day; an internal error is logged and skips only this day."""
        try:
            await self._update(day)
        except Exception:
            log.exception("forecast_fault", hall=day.hall, day=str(day.on))

    async def _update(self, day: Day) -> None:
        key, now_at, seq = (day.hall, day.on), self._clock.now_at(), day.seq
        stored = self._forecasts.of(*key)
        if key in self._in_progress or not _is_due(day, stored, now_at):
            return
        self._in_progress.add(key)
        try:
            if not await self._forecasts.claim(day.hall, day.on, seq, now_at):
                return
            stored = self._forecasts.of(*key)
            ahead, ahead_at = (None, None) if stored is None else (stored.ahead, stored.ahead_at)
            needs_outlook = _is_old(ahead_at, now_at)
            seq, made_at = day.seq, max(self._clock.now_at(), day.at)
            result = await self._compute(day, made_at, waits=True, ahead=needs_outlook)
            if result is None:
                promises = promises_without_waits(day, seq, made_at)
            elif result.asked is None:
                promises = empty_promises(day, seq, made_at)
            else:
                promises = promises_of(day, seq, made_at, result.asked, None if stored is None else stored.promises)
            if result is not None and needs_outlook:
                ahead, ahead_at = result.ahead, now_at
            await self._forecasts.store(
                day.hall, StoredForecast(promises=promises, ahead=ahead, ahead_at=ahead_at), now_at
            )
        except (StorageUnavailable, WorkerLost):
            return
        finally:
            self._in_progress.discard(key)

    async def _compute(self, day: Day, now_at: datetime, *, waits: bool, ahead: bool) -> ForecastResult | None:
        """Simulate the rest of a day in the worker; None while it is unknown when calls continue.

        Raises:
            WorkerLost: the worker was lost. The next request starts another.
        """
        state = start_state_of(day, now_at)
        if state is None:
            return None
        try:
            return await self._worker.compute(ForecastRequest(state, waits=waits, ahead=ahead))
        except WorkerLost:
            log.warning("forecaster_lost", hall=day.hall)
            raise


def promises_without_waits(day: Day, seq: int, now_at: datetime) -> Promises:
    """Build promises without any wait, while it is unknown when calls continue."""
    waits = {ticket.id: NO_PROMISE for ticket in all_waiting(day)}
    newcomers = dict.fromkeys(day.plan.services, NO_PROMISE)
    return Promises(day=day.on, seq=seq, made_at=now_at, waits=waits, newcomers=newcomers)


def empty_promises(day: Day, seq: int, now_at: datetime) -> Promises:
    """Build promises for nobody, so that the analytic estimate is shown to all."""
    return Promises(day=day.on, seq=seq, made_at=now_at, waits={}, newcomers={})


def promises_of(
    day: Day, seq: int, now_at: datetime, simulated: WaitsAndNewcomers, before: Promises | None
) -> Promises:
    """Build promises from a simulation; a displayed range stays as it is until one of its ends has moved enough."""
    step_min = day.plan.rules.promise.step_min
    return Promises(
        day=day.on,
        seq=seq,
        made_at=now_at,
        waits={
            ticket: _promise(found, _shown_before(day, ticket, before), step_min)
            for ticket, found in simulated.waits.items()
        },
        newcomers={
            service: _promise(found, None if before is None else _shown(before.newcomers.get(service)), step_min)
            for service, found in simulated.newcomers.items()
        },
    )


def _promise(found: Quantiles, before: Shown | None, step_min: int) -> Promise:
    if found.p10_s is None or found.p90_s is None:
        return NO_PROMISE
    shown = stabilized_range(before, found.p10_s, found.p90_s, step_min)
    return Promise(found.p5_s, found.p10_s, found.p50_s, found.p90_s, shown)


def _shown_before(day: Day, ticket_id: TicketId, before: Promises | None) -> Shown | None:
    """Return the range shown for a ticket: of the last forecast, or of the ticket's last event if that is newer."""
    ticket = day.tickets[ticket_id]
    if before is not None and ticket.seq <= before.seq and ticket_id in before.waits:
        return before.waits[ticket_id].shown
    return None if ticket.wait is None else ticket.wait.shown


def _shown(promise: Promise | None) -> Shown | None:
    return None if promise is None else promise.shown


def _is_old(ahead_at: datetime | None, now_at: datetime) -> bool:
    """Tell whether the outlook must be computed again, or for the first time."""
    return ahead_at is None or now_at - ahead_at >= OUTLOOK_EVERY


def _is_to_be_made(day: Day, now_at: datetime) -> bool:
    return _is_present(day, now_at) and day.queue.counts.total() <= WAITING_MAX


def _is_present(day: Day, now_at: datetime) -> bool:
    return day.opened and not day.ended and day.plan.starts_at <= now_at < day.plan.ends_at


def _is_due(day: Day, stored: StoredForecast | None, now_at: datetime) -> bool:
    """Tell whether a day needs a new forecast: it has none, an old one, or one that lacks the latest events."""
    if stored is None:
        return True
    promises = stored.promises
    if now_at - promises.made_at < UPDATE_INTERVAL:
        return False
    return promises.seq != day.seq or now_at - promises.made_at >= AGE_MAX
