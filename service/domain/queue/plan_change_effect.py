"""The effect of a changed plan on the rest of a day: waits now, and waits of walk-ins who come later.

The wait of a walk-in at a later instant is the analytic start again, with the work that will be there then: the work
that is there now, and the work that arrives if people continue to come as in the last hour, minus the work done by the
counters. Where the new plan changes the number of staff, the counters follow it: with five counters open and a new plan
of three, three continue. Where it does not, the counters open now stay open, as in all waits.

Source: DESIGN 6, "Waits"; ALGORITHMS 3.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import reduce
from itertools import pairwise
from math import ceil
from operator import add
from typing import NamedTuple

from service.domain.calendar.plan import StaffLevel
from service.domain.day import Day
from service.domain.model import CounterState, ServiceId, StageId, Wait
from service.domain.queue.analytic_start import start_distribution
from service.domain.queue.counter_pools import Pool
from service.domain.queue.counter_rates import counter_rates, counters_at, counters_at_work
from service.domain.queue.queued_work import Work, total_work, work_before, work_in_progress
from service.domain.queue.recent_arrivals import ARRIVALS_PERIOD_S, recent_arrivals
from service.domain.queue.shared_counters import Staffing
from service.domain.queue.todays_speed import todays_speed
from service.domain.queue.waits import newcomer_place, wait_from_normal, wait_of_newcomer

PROFILE_STEP_S = 900
"""Seconds between two instants of a profile."""


class WaitChange(NamedTuple):
    """The longest p90 wait, in seconds, of walk-ins who come at `at`, before and after the change.

    None if no walk-in can come then.
    """

    at: datetime
    before_p90_s: int | None
    after_p90_s: int | None


class ArrivalRate(NamedTuple):
    """Arrivals of one kind per second: people, seconds of work, and sum of squares of that work."""

    people: float
    work_s: float
    squares: float


NO_ARRIVALS = ArrivalRate(0.0, 0.0, 0.0)


def wait_after_change(before: Day, after: Day, service: ServiceId, now_at: datetime) -> Wait:
    """Return the wait of a walk-in now if the day's plan changed to the plan of `after`."""
    return wait_of_newcomer(after, service, now_at, counters_after_change(before, after, service, now_at))


def counters_after_change(before: Day, after: Day, service: ServiceId, now_at: datetime) -> int | None:
    """Return how many counters continue with a service now after the plan changes; None if the plan alone decides.

    The plan alone decides when no counter of the service is open or on a break with an end. A new plan with fewer
    counters closes the surplus. A new plan with more counters adds to those at work. A counter that the new plan does
    not have is closed, unless the present plan does not have it either and it is still open.
    """
    old, new = _pool(before, service), _pool(after, service)
    if not old.staffing.open and not old.staffing.back_at:
        return None
    stage = after.pools.calling_stage(service, after.plan.services[service].stages[0])
    removed = {name for name, planned in after.plan.counters.items() if not planned.offered}
    removed -= {name for name, planned in before.plan.counters.items() if not planned.offered}
    candidates = [
        counter
        for name, counter in after.counters.items()
        if name not in removed and counter.stage == stage and service in counter.services
    ]
    at_work = sum(counter.state is CounterState.OPEN or counter.back_at is not None for counter in candidates)
    planned_before, planned_after = counters_at(old.staffing.planned, now_at), counters_at(new.staffing.planned, now_at)
    if planned_after < planned_before:
        return min(at_work, planned_after)
    return min(at_work + planned_after - planned_before, len(candidates))


def wait_profile(before: Day, after: Day, now_at: datetime) -> list[WaitChange]:
    """Return the longest waits for the rest of the day, at each quarter of an hour until the later closing.

    Args:
        before: the day as it is, advanced to `now_at`.
        after: the same day with the new plan.
        now_at: the present instant.
    """
    times = list(_quarters(before, after, now_at))
    old = _longest_p90s(before, before, times, now_at)
    new = _longest_p90s(before, after, times, now_at)
    return [WaitChange(*values) for values in zip(times, old, new, strict=True)]


def recent_arrival_rates(day: Day, now_at: datetime) -> dict[tuple[ServiceId, StageId], ArrivalRate]:
    """Return the arrivals of the last hour per second, by service and stage. Only time with open doors counts."""
    tickets, over_s = recent_arrivals(day, now_at)
    found: dict[tuple[ServiceId, StageId], ArrivalRate] = {}
    for ticket in tickets:
        service = day.plan.services[ticket.service]
        for stage in service.stages:
            work_s = service.expected_s(stage, ticket.count, prechecked=False)
            squares = work_s * work_s + service.variance(stage, ticket.count, prechecked=False)
            rate = ArrivalRate(1 / over_s, work_s / over_s, squares / over_s)
            found[service.id, stage] = ArrivalRate(*map(add, found.get((service.id, stage), NO_ARRIVALS), rate))
    return found


def _pool(day: Day, service: ServiceId) -> Pool:
    return day.pools.pool_of(service, day.plan.services[service].stages[0])


def _quarters(before: Day, after: Day, now_at: datetime) -> Iterator[datetime]:
    windows = (*before.plan.windows, *after.plan.windows)
    if before.closed or not windows:
        return
    begin_s = max(now_at, min(window.opens_at for window in windows)).timestamp()
    end_at = max(window.closes_at for window in windows)
    at = now_at + timedelta(seconds=ceil(begin_s / PROFILE_STEP_S) * PROFILE_STEP_S - now_at.timestamp())
    while at < end_at:
        yield at
        at += timedelta(seconds=PROFILE_STEP_S)


def _longest_p90s(before: Day, day: Day, times: Sequence[datetime], now_at: datetime) -> list[int | None]:
    """Return the longest p90 of all services at each instant. Services with the same counters are computed once."""
    coming = recent_arrival_rates(before, now_at)
    found: dict[tuple[object, ...], list[int | None]] = {
        (): [None] * len(times)
    }  # a hall may have no service for walk-ins
    for service in day.plan.services.values():
        if not service.offered or service.online_url is not None:
            continue
        pool = _pool(day, service.id)
        known = service.id in before.plan.services
        at_work = counters_after_change(before, day, service.id, now_at) if known and day is not before else None
        key = (pool.staffing, pool.sharing, pool.kind, at_work)
        if key not in found:
            extra_counters = 0 if at_work is None else at_work - counters_at_work(pool.staffing, now_at)
            found[key] = _p90s(day, pool, extra_counters, coming, times, now_at)
    return [max((p90_s for p90_s in at if p90_s is not None), default=None) for at in zip(*found.values(), strict=True)]


def _p90s(  # noqa: PLR0913, PLR0917  (the body of a loop)
    day: Day,
    pool: Pool,
    extra_counters: int,
    coming: dict[tuple[ServiceId, StageId], ArrivalRate],
    times: Sequence[datetime],
    now_at: datetime,
) -> list[int | None]:
    """Return the p90 waits of walk-ins of a pool at each of `times`; None with closed doors or without counters.

    The walk-ins wait for the bottleneck of all work that is there or arrives before the last of `times`.
    `extra_counters` is the same as in `counter_rates`.
    """
    if not times or not any(rate.counters for rate in counter_rates(day, pool.staffing, now_at, extra_counters)):
        return [None] * len(times)
    _, waiting = work_before(day, pool, newcomer_place(day, now_at))
    arriving = [NO_ARRIVALS] * len(waiting)
    for name, kind in pool.sharing.kind_of.items():
        arriving[kind] = ArrivalRate(*map(add, arriving[kind], coming.get((name, pool.stage), NO_ARRIVALS)))
    span_s = (times[-1] - now_at).total_seconds()
    bottleneck = pool.sharing.bottleneck(
        pool.kind, [work.left_s + rate.work_s * span_s for work, rate in zip(waiting, arriving, strict=True)]
    )
    found: list[list[int | None]] = []
    for kinds, staffing in {(bottleneck.kinds, bottleneck.staffing), (bottleneck.own, bottleneck.own_staffing)}:
        waiting_work = total_work(waiting[kind] for kind in kinds)
        arriving_work = reduce(
            lambda left, right: ArrivalRate(*map(add, left, right)), (arriving[kind] for kind in kinds), NO_ARRIVALS
        )
        found.append(
            _p90s_at_counters(day, pool.stage, staffing, extra_counters, waiting_work, arriving_work, times, now_at)
        )
    return [max((p90_s for p90_s in at if p90_s is not None), default=None) for at in zip(*found, strict=True)]


def _p90s_at_counters(  # noqa: PLR0913, PLR0917  (the body of a loop)
    day: Day,
    stage: StageId,
    staffing: Staffing,
    extra_counters: int,
    waiting: Work,
    arriving: ArrivalRate,
    times: Sequence[datetime],
    now_at: datetime,
) -> list[int | None]:
    """Return the p90 waits for some counters, given the work that waits for them and the work that arrives."""
    plan = day.plan
    rates = counter_rates(day, staffing, now_at, extra_counters)
    if not any(rate.counters for rate in rates):
        return [None] * len(times)
    speed, speed_sd = todays_speed(day, stage)
    work = Work(*map(add, waiting, work_in_progress(day, staffing, speed, now_at)))
    left_s = work.left_s
    found: list[int | None] = []
    for last_at, at in pairwise((now_at, *times)):
        left_s = _left_s(day, rates, left_s, arriving, speed, last_at, at)
        if not plan.doors_open_at(at) or not any(rate.counters for rate in _levels_from(rates, at)):
            found.append(None)
            continue
        work_then = work if at == now_at else _work_like(left_s, work, arriving)
        mean_s, sd_s = start_distribution(_levels_from(rates, at), work_then, speed, speed_sd, at)
        found.append(wait_from_normal(mean_s, sd_s, at, plan.rules.promise.step_min).p90_s)
    return found


def _work_like(left_s: float, first: Work, arriving: ArrivalRate) -> Work:
    """Return work of `left_s` seconds, made of services like those that are there and those that arrive."""
    people = first.services + arriving.people * ARRIVALS_PERIOD_S
    whole_s = first.whole_s + arriving.work_s * ARRIVALS_PERIOD_S
    squares = first.squares + arriving.squares * ARRIVALS_PERIOD_S
    if not left_s or not whole_s:
        return Work(0, 0.0, 0.0, 0.0, 0.0)
    services = left_s * people / whole_s
    spread = left_s * squares / whole_s  # the number of services is as uncertain as their durations
    return Work(int(services), left_s, spread, left_s, spread)


def _left_s(  # noqa: PLR0913, PLR0917  (the body of a loop)
    day: Day,
    rates: Sequence[StaffLevel],
    left_s: float,
    arriving: ArrivalRate,
    speed: float,
    from_at: datetime,
    to_at: datetime,
) -> float:
    """Return the work at `to_at`: the work left before, plus arrivals during opening hours, minus the work done."""
    edges = {at for window in day.plan.windows for at in (window.opens_at, window.closes_at)}
    edges.update(rate.from_at for rate in rates)
    steps = sorted({from_at, to_at, *(at for at in edges if from_at < at < to_at)})
    for begin_at, end_at in pairwise(steps):
        span_s = (end_at - begin_at).total_seconds()
        if day.plan.open_at(begin_at):
            left_s += arriving.work_s * span_s
        left_s = max(0.0, left_s - counters_at(rates, begin_at) * span_s / speed)
    return left_s


def _levels_from(rates: Sequence[StaffLevel], at: datetime) -> list[StaffLevel]:
    """Return the staff levels from an instant on."""
    return [StaffLevel(at, counters_at(rates, at)), *(rate for rate in rates if rate.from_at > at)]
