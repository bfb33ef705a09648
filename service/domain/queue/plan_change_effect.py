"""What a changed plan does to the rest of a day: waits now, and of those who come later.

The wait of a walk-in at a later instant is the analytic start once more, with the work that will be there then: what is
there now, and what comes if people go on coming as in the last hour, drained by the counters at work. What a document
says of staff is taken at its word where it changes something: with five counters open and a new plan of three, three go
on. Where it changes nothing, those open now stay, as in everybody's wait.

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
"""Between two instants of a profile."""


class WaitChange(NamedTuple):
    """The longest p90 wait, in seconds, of walk-ins who come at `at`, before and after; None when none can come."""

    at: datetime
    before_p90_s: int | None
    after_p90_s: int | None


class ArrivalRate(NamedTuple):
    """People of a kind who come: per second, with seconds of work, and their squares, that each second brings."""

    people: float
    work_s: float
    squares: float


NO_ARRIVALS = ArrivalRate(0.0, 0.0, 0.0)


def wait_after_change(before: Day, after: Day, service: ServiceId, now_at: datetime) -> Wait:
    """The wait of a walk-in now, were a day's plan changed to `after`'s."""
    return wait_of_newcomer(after, service, now_at, counters_after_change(before, after, service, now_at))


def counters_after_change(before: Day, after: Day, service: ServiceId, now_at: datetime) -> int | None:
    """How many counters go on with a service now when the plan changes; None when it is all up to the plan.

    A plan with fewer sends those away who are more than it has; one with more adds to those open, and to those on a
    break with an end. A counter goes that the new plan does not have, unless the present one has it no more either and
    it is still open.
    """
    old, new = _pool(before, service), _pool(after, service)
    if not old.staffing.open and not old.staffing.back_at:
        return None
    stage = after.pools.calling_stage(service, after.plan.services[service].stages[0])
    gone = {name for name, planned in after.plan.counters.items() if not planned.offered}
    gone -= {name for name, planned in before.plan.counters.items() if not planned.offered}
    there = [
        counter
        for name, counter in after.counters.items()
        if name not in gone and counter.stage == stage and service in counter.services
    ]
    at_work = sum(counter.state is CounterState.OPEN or counter.back_at is not None for counter in there)
    was, will_be = counters_at(old.staffing.planned, now_at), counters_at(new.staffing.planned, now_at)
    if will_be < was:
        return min(at_work, will_be)
    return min(at_work + will_be - was, len(there))


def wait_profile(before: Day, after: Day, now_at: datetime) -> list[WaitChange]:
    """The longest waits through the rest of the day, at each quarter of an hour until the later closing.

    Args:
        before: the day as it is, awake at `now_at`.
        after: the same day with another plan.
        now_at: the present instant.
    """
    times = list(_quarters(before, after, now_at))
    old = _longest(before, before, times, now_at)
    new = _longest(before, after, times, now_at)
    return [WaitChange(*one) for one in zip(times, old, new, strict=True)]


def recent_arrival_rates(day: Day, now_at: datetime) -> dict[tuple[ServiceId, StageId], ArrivalRate]:
    """Who came in the last hour, and their work at each stage, per second of the time the doors were open."""
    tickets, over_s = recent_arrivals(day, now_at)
    found: dict[tuple[ServiceId, StageId], ArrivalRate] = {}
    for ticket in tickets:
        service = day.plan.services[ticket.service]
        for stage in service.stages:
            work_s = service.expected_s(stage, ticket.count, prechecked=False)
            squares = work_s * work_s + service.variance(stage, ticket.count, prechecked=False)
            one = ArrivalRate(1 / over_s, work_s / over_s, squares / over_s)
            found[service.id, stage] = ArrivalRate(*map(add, found.get((service.id, stage), NO_ARRIVALS), one))
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


def _longest(before: Day, day: Day, times: Sequence[datetime], now_at: datetime) -> list[int | None]:
    """The longest p90 of all services at each instant; services that share all their counters are reckoned once."""
    coming = recent_arrival_rates(before, now_at)
    found: dict[tuple[object, ...], list[int | None]] = {(): [None] * len(times)}  # a hall may have no such service
    for service in day.plan.services.values():
        if not service.offered or service.online_url is not None:
            continue
        pool = _pool(day, service.id)
        known = service.id in before.plan.services
        at_work = counters_after_change(before, day, service.id, now_at) if known and day is not before else None
        key = (pool.staffing, pool.sharing, pool.kind, at_work)
        if key not in found:
            more = 0 if at_work is None else at_work - counters_at_work(pool.staffing, now_at)
            found[key] = _p90s(day, pool, more, coming, times, now_at)
    return [max((p90_s for p90_s in at if p90_s is not None), default=None) for at in zip(*found.values(), strict=True)]


def _p90s(  # noqa: PLR0913, PLR0917  (one reckoning, taken out of a loop)
    day: Day,
    pool: Pool,
    more: int,
    coming: dict[tuple[ServiceId, StageId], ArrivalRate],
    times: Sequence[datetime],
    now_at: datetime,
) -> list[int | None]:
    """The p90 waits of walk-ins of a pool at each of `times`; None while the doors are closed or nobody will serve.

    They wait with the bottleneck of all work that is there or arrives before the last of `times`. `more` is the same as
    in `counter_rates`.
    """
    if not times or not any(rate.counters for rate in counter_rates(day, pool.staffing, now_at, more)):
        return [None] * len(times)
    _, waiting = work_before(day, pool, newcomer_place(day, now_at))
    arriving = [NO_ARRIVALS] * len(waiting)
    for name, kind in pool.sharing.kind_of.items():
        arriving[kind] = ArrivalRate(*map(add, arriving[kind], coming.get((name, pool.stage), NO_ARRIVALS)))
    span_s = (times[-1] - now_at).total_seconds()
    neck = pool.sharing.bottleneck(
        pool.kind, [work.left_s + one.work_s * span_s for work, one in zip(waiting, arriving, strict=True)]
    )
    found: list[list[int | None]] = []
    for kinds, staffing in {(neck.kinds, neck.staffing), (neck.own, neck.own_staffing)}:
        there = total_work(waiting[kind] for kind in kinds)
        come = reduce(
            lambda one, other: ArrivalRate(*map(add, one, other)), (arriving[kind] for kind in kinds), NO_ARRIVALS
        )
        found.append(_p90s_of(day, pool.stage, staffing, more, there, come, times, now_at))
    return [max((p90_s for p90_s in at if p90_s is not None), default=None) for at in zip(*found, strict=True)]


def _p90s_of(  # noqa: PLR0913, PLR0917  (as above)
    day: Day,
    stage: StageId,
    staffing: Staffing,
    more: int,
    waiting: Work,
    arriving: ArrivalRate,
    times: Sequence[datetime],
    now_at: datetime,
) -> list[int | None]:
    """The same, of who waits for a staffing with the work that waits and that comes."""
    plan = day.plan
    rates = counter_rates(day, staffing, now_at, more)
    if not any(rate.counters for rate in rates):
        return [None] * len(times)
    speed, speed_sd = todays_speed(day, stage)
    work = Work(*map(add, waiting, work_in_progress(day, staffing, speed, now_at)))
    left_s = work.left_s
    found: list[int | None] = []
    for last_at, at in pairwise((now_at, *times)):
        left_s = _left_s(day, rates, left_s, arriving, speed, last_at, at)
        if not plan.doors_open_at(at) or not any(rate.counters for rate in _from(rates, at)):
            found.append(None)
            continue
        there = work if at == now_at else _work_of(left_s, work, arriving)
        mean_s, sd_s = start_distribution(_from(rates, at), there, speed, speed_sd, at)
        found.append(wait_from_normal(mean_s, sd_s, at, plan.rules.promise.step_min).p90_s)
    return found


def _work_of(left_s: float, first: Work, arriving: ArrivalRate) -> Work:
    """Work of so many seconds, made of services like those that are there and those that come."""
    people = first.services + arriving.people * ARRIVALS_PERIOD_S
    whole_s = first.whole_s + arriving.work_s * ARRIVALS_PERIOD_S
    squares = first.squares + arriving.squares * ARRIVALS_PERIOD_S
    if not left_s or not whole_s:
        return Work(0, 0.0, 0.0, 0.0, 0.0)
    services = left_s * people / whole_s
    spread = left_s * squares / whole_s  # how many there will be is as uncertain as how long each takes
    return Work(int(services), left_s, spread, left_s, spread)


def _left_s(  # noqa: PLR0913, PLR0917  (one step of a sum)
    day: Day,
    rates: Sequence[StaffLevel],
    left_s: float,
    arriving: ArrivalRate,
    speed: float,
    from_at: datetime,
    to_at: datetime,
) -> float:
    """The work at `to_at`: what was left, and came while the hall was open, and was not done."""
    edges = {at for window in day.plan.windows for at in (window.opens_at, window.closes_at)}
    edges.update(rate.from_at for rate in rates)
    steps = sorted({from_at, to_at, *(at for at in edges if from_at < at < to_at)})
    for begin_at, end_at in pairwise(steps):
        span_s = (end_at - begin_at).total_seconds()
        if day.plan.open_at(begin_at):
            left_s += arriving.work_s * span_s
        left_s = max(0.0, left_s - counters_at(rates, begin_at) * span_s / speed)
    return left_s


def _from(rates: Sequence[StaffLevel], at: datetime) -> list[StaffLevel]:
    """The rates from an instant on."""
    return [StaffLevel(at, counters_at(rates, at)), *(rate for rate in rates if rate.from_at > at)]
