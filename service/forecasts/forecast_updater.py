"""Making forecasts: once a second for each hall in use, when something happened; by one process for all.

A pass looks at the days in use here. Whose forecast is not of the day's last event, or is half a minute old while
somebody waits, is claimed, a row of the database, so that only one process makes it; the others read the row. It is
made in a process of its own, so that no command waits for it, and what comes of it is steadied against what was shown.
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
from service.forecasts.worker_process import Forecaster, ForecasterLost
from service.journal.faults import StorageUnavailable
from service.runtime.lanes import Lanes

PASS_EVERY_S = 1.0
"""Between two passes."""

WAITING_MAX = 1_000
"""People waiting in a hall; with more, who waits is told the analytic start: drawing would keep a processor busy."""

OUTLOOK_EVERY = timedelta(seconds=60)
"""How often the rest of the day is looked at: it takes ten times as long, and nobody reads it by the second."""

FORGET_EVERY_S = 3600
FORGET_AFTER = timedelta(days=2)

NO_PROMISE = Promise(None, None, None, None, None)

log = structlog.get_logger(__name__)


class ForecastUpdater:
    """Makes the forecasts of the days in use in this process."""

    def __init__(self, forecasts: Forecasts, lanes: Lanes, clock: Clock, draws: Forecaster) -> None:
        self._forecasts = forecasts
        self._lanes = lanes
        self._clock = clock
        self._draws = draws
        self._busy: set[tuple[HallId, date]] = set()
        self._asked_ahead: dict[HallId, tuple[date, datetime, DayAhead | None]] = {}
        """What was found last where somebody asked for the rest of a day that nothing is kept of."""
        self._asking: dict[HallId, asyncio.Lock] = {}

    async def run(self) -> None:
        """Look again and again until cancelled; a fault costs a pass."""
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("forecast_fault")
            await asyncio.sleep(PASS_EVERY_S)

    async def look(self) -> None:
        """Read what others made, make what is due, and let all days in use know it."""
        days = [day for day in self._lanes.in_use() if _is_to_be_made(day, self._clock.now_at())]
        for day in days:
            self._forecasts.of(day.hall, day.on)
        await self._forecasts.read()
        await asyncio.gather(*(self._look_or_say(day) for day in days))
        for day in self._lanes.in_use():  # a day may have been loaded anew meanwhile
            if _is_present(day, self._clock.now_at()):
                day.promises = self._forecasts.promises_of(day.hall, day.on)

    def kept_ahead_of(self, day: Day) -> DayAhead | None:
        """The rest of a day as it was last looked at, here or elsewhere; nobody waits for another look."""
        kept = self._forecasts.of(day.hall, day.on)
        return None if kept is None else kept.ahead

    async def ahead_of(self, day: Day) -> DayAhead | None:
        """The rest of a day: as it is kept, or made now; None when nobody can tell.

        Raises Busy: the process that makes forecasts was lost.
        """
        async with self._asking.setdefault(day.hall, asyncio.Lock()):  # who asks meanwhile is told the same
            kept = self._forecasts.of(day.hall, day.on)
            now_at = self._clock.now_at()
            if kept is not None and not _is_old(kept.ahead_at, now_at):
                return kept.ahead
            on, found_at, ahead = self._asked_ahead.get(day.hall, (day.on, None, None))
            if on == day.on and not _is_old(found_at, now_at):
                return ahead
            try:
                made = await self._made(day, max(now_at, day.at), waits=False, ahead=True)
            except ForecasterLost as lost:
                raise Busy from lost
            if made is None:
                return None
            self._asked_ahead[day.hall] = (day.on, now_at, made.ahead)
            return made.ahead

    async def forget(self) -> None:
        """Drop the forecasts of days long over; an outage leaves them for the next time."""
        with suppress(StorageUnavailable):
            await self._forecasts.forget(self._clock.now_at() - FORGET_AFTER)

    async def _look_or_say(self, day: Day) -> None:
        """Look at one day; a fault of ours costs this day its forecast, and no other day."""
        try:
            await self._look_at(day)
        except Exception:
            log.exception("forecast_fault", hall=day.hall, day=str(day.on))

    async def _look_at(self, day: Day) -> None:
        key, now_at, seq = (day.hall, day.on), self._clock.now_at(), day.seq
        kept = self._forecasts.of(*key)
        if key in self._busy or not _due(day, kept, now_at):
            return
        self._busy.add(key)
        try:
            if not await self._forecasts.claim(day.hall, day.on, seq, now_at):
                return
            kept = self._forecasts.of(*key)
            ahead, ahead_at = (None, None) if kept is None else (kept.ahead, kept.ahead_at)
            wants_ahead = _is_old(ahead_at, now_at)
            seq, made_at = day.seq, max(self._clock.now_at(), day.at)
            made = await self._made(day, made_at, waits=True, ahead=wants_ahead)
            if made is None:
                promises = promises_without_waits(day, seq, made_at)
            elif made.asked is None:
                promises = empty_promises(day, seq, made_at)
            else:
                promises = promises_of(day, seq, made_at, made.asked, None if kept is None else kept.promises)
            if made is not None and wants_ahead:
                ahead, ahead_at = made.ahead, now_at
            await self._forecasts.keep(
                day.hall, StoredForecast(promises=promises, ahead=ahead, ahead_at=ahead_at), now_at
            )
        except (StorageUnavailable, ForecasterLost):
            return
        finally:
            self._busy.discard(key)

    async def _made(self, day: Day, now_at: datetime, *, waits: bool, ahead: bool) -> ForecastResult | None:
        """Draw the rests of a day elsewhere; None when nobody can tell when calls go on.

        Raises ForecasterLost: a process that was killed costs one forecast, and the next one starts another.
        """
        scene = start_state_of(day, now_at)
        if scene is None:
            return None
        try:
            return await self._draws.make(ForecastRequest(scene, waits=waits, ahead=ahead))
        except ForecasterLost:
            log.warning("forecaster_lost", hall=day.hall)
            raise


def promises_without_waits(day: Day, seq: int, now_at: datetime) -> Promises:
    """What people are told while it is not known when calls go on: no wait."""
    waits = {ticket.id: NO_PROMISE for ticket in all_waiting(day)}
    newcomers = dict.fromkeys(day.plan.services, NO_PROMISE)
    return Promises(day=day.on, seq=seq, made_at=now_at, waits=waits, newcomers=newcomers)


def empty_promises(day: Day, seq: int, now_at: datetime) -> Promises:
    """Nothing, so that everybody is told the analytic start."""
    return Promises(day=day.on, seq=seq, made_at=now_at, waits={}, newcomers={})


def promises_of(day: Day, seq: int, now_at: datetime, asked: WaitsAndNewcomers, before: Promises | None) -> Promises:
    """What people are told by what was drawn: ranges stay as shown until an end has moved."""
    step_min = day.plan.rules.promise.step_min
    return Promises(
        day=day.on,
        seq=seq,
        made_at=now_at,
        waits={
            ticket: _promise(found, _shown_before(day, ticket, before), step_min)
            for ticket, found in asked.waits.items()
        },
        newcomers={
            service: _promise(found, None if before is None else _shown(before.newcomers.get(service)), step_min)
            for service, found in asked.newcomers.items()
        },
    )


def _promise(found: Quantiles, before: Shown | None, step_min: int) -> Promise:
    if found.p10_s is None or found.p90_s is None:
        return NO_PROMISE
    shown = stabilized_range(before, found.p10_s, found.p90_s, step_min)
    return Promise(found.p5_s, found.p10_s, found.p50_s, found.p90_s, shown)


def _shown_before(day: Day, ticket_id: TicketId, before: Promises | None) -> Shown | None:
    """What the people of a ticket see: the last forecast, or what they were told when something happened since."""
    ticket = day.tickets[ticket_id]
    if before is not None and ticket.seq <= before.seq and ticket_id in before.waits:
        return before.waits[ticket_id].shown
    return None if ticket.wait is None else ticket.wait.shown


def _shown(promise: Promise | None) -> Shown | None:
    return None if promise is None else promise.shown


def _is_old(ahead_at: datetime | None, now_at: datetime) -> bool:
    """Tell whether the rest of a day is to be looked at again, or for the first time."""
    return ahead_at is None or now_at - ahead_at >= OUTLOOK_EVERY


def _is_to_be_made(day: Day, now_at: datetime) -> bool:
    return _is_present(day, now_at) and day.queue.counts.total() <= WAITING_MAX


def _is_present(day: Day, now_at: datetime) -> bool:
    return day.opened and not day.ended and day.plan.starts_at <= now_at < day.plan.ends_at


def _due(day: Day, kept: StoredForecast | None, now_at: datetime) -> bool:
    """Tell whether a day needs another forecast: something happened, or people wait and time has gone on."""
    if kept is None:
        return True
    promises = kept.promises
    if now_at - promises.made_at < UPDATE_INTERVAL:
        return False
    return promises.seq != day.seq or now_at - promises.made_at >= AGE_MAX
