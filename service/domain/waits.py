"""How long until a ticket is called: the analytic start.

The work before a place has a mean and a variance: what is left of the services under way (lognormal, given how long
they have lasted), and the expected work of everybody earlier in the order. It is drained at the rate of the counters
that are open now, and of those that are planned later. Rank times mean gives the sum of a line, so one answer costs one
bisection per line and one residual per counter, however many wait.

Source: DESIGN 6, "Waits"; ALGORITHMS 3 (analytic_start) and 4.2 (today's speed, the range shown).
"""

import math
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from service.domain.day import Day, Place, Pool
from service.domain.model import ServiceId, Shown, StageId, Ticket, TicketId, Wait

P10_P90_SD = 1.2816
"""Standard deviations from the median to the 10th and 90th percentile of a normal distribution."""

SPEED_PRIOR_S = 160 * 60.0
"""Work that weighs as much as today's in learning today's speed: about twenty mean services."""

SPEED_SD = 0.12
"""Spread of a day's speed before anything of the day is known."""

LATE_CORRECTION = 0.92
"""Part of a residual service that the other busy counters still have ahead when the first one is free."""

LAST = TicketId("~")
"""Sorts after every ticket's id."""


class Rate(NamedTuple):
    """Counters at work from an instant on, until the next rate begins."""

    from_at: datetime
    counters: int


def nobody_knows(now_at: datetime) -> Wait:
    """The wait when no counter for it is open or planned today."""
    return Wait(p10_s=None, p50_s=None, p90_s=None, as_of_at=now_at, shown=None)


def wait_of(day: Day, ticket: Ticket, now_at: datetime) -> Wait:
    """The wait of a waiting ticket, from `now_at` until its call at the present stage."""
    place = Place(ticket.queue_at, ticket.issued_at, ticket.n, ticket.id)
    return wait_at(day, ticket.service, ticket.stage, place, now_at)


def wait_of_newcomer(day: Day, service: ServiceId, now_at: datetime) -> Wait:
    """The wait of a walk-in who would take a ticket at `now_at`."""
    stage = day.plan.services[service].stages[0]
    return wait_at(day, service, stage, Place(now_at, now_at, day.issued + 1, LAST), now_at)


def wait_at(day: Day, service: ServiceId, stage: StageId, place: Place, now_at: datetime) -> Wait:
    """The wait of whoever stands at a place of the order.

    Returns:
        Quantiles in seconds and the range to show; all null when no counter for it is open or planned today.
    """
    pool = day.pool(service, stage)
    rates = _rates(day, pool, now_at)
    if not any(rate.counters for rate in rates):
        return nobody_knows(now_at)
    speed = (SPEED_PRIOR_S + day.actual_s) / (SPEED_PRIOR_S + day.expected_s)
    speed_sd = SPEED_SD * math.sqrt(SPEED_PRIOR_S / (SPEED_PRIOR_S + day.expected_s))
    ahead = 0
    work_s = 0.0
    variance = 0.0
    for line in pool.lines:
        before = line.places.bisect_left(place)
        ahead += before
        work_s += before * line.key.expected_s * speed
        variance += before * line.variance * speed * speed
    idle, left_s, left_variance, mean_left_s = _under_way(day, pool, speed, now_at)
    if ahead < idle and rates[0].from_at <= now_at:
        mean_s, sd_s = 0.0, 0.0
    else:
        others = max(0, len(pool.open) - idle - 1)
        work_s = max(0.0, work_s + left_s - others * LATE_CORRECTION * mean_left_s)
        mean_s, counters = _drain(rates, work_s, now_at)
        sd_s = math.hypot(math.sqrt(variance + left_variance) / counters, speed_sd * mean_s)
    return _quantiles(mean_s, sd_s, now_at, day.plan.rules.promise.step_min)


def _quantiles(mean_s: float, sd_s: float, now_at: datetime, step_min: int) -> Wait:
    low = max(0.0, mean_s - P10_P90_SD * sd_s)
    high = mean_s + P10_P90_SD * sd_s
    step_s = step_min * 60
    from_min = int(low // step_s) * step_min
    to_min = max(math.ceil(high / step_s) * step_min, from_min + step_min)
    return Wait(
        p10_s=round(low), p50_s=round(mean_s), p90_s=round(high), as_of_at=now_at, shown=Shown(from_min, to_min)
    )


def _under_way(day: Day, pool: Pool, speed: float, now_at: datetime) -> tuple[int, float, float, float]:
    """Counters idle, and of the services under way: work left, its variance, and the mean left of one (seconds)."""
    idle = 0
    left_s = 0.0
    variance = 0.0
    for counter_id in pool.open:
        counter = day.counters[counter_id]
        if counter.ticket is None:
            idle += 1
            continue
        ticket = day.tickets[counter.ticket]
        service = day.plan.services[ticket.service]
        began_at = ticket.started_at or ticket.called_at or now_at
        mean_s = day.expected_s_of(service, ticket.count, prechecked=ticket.prechecked) * speed
        elapsed_s = (now_at - began_at).total_seconds()
        one_s = residual_s(mean_s, service.cv, elapsed_s)
        left_s += one_s
        variance += (service.cv * mean_s) ** 2
    busy = len(pool.open) - idle
    return idle, left_s, variance, left_s / busy if busy else 0.0


def residual_s(mean_s: float, cv: float, elapsed_s: float) -> float:
    """Expected seconds left of a lognormal service that has lasted `elapsed_s`.

    E[X - e | X > e] = m * Phi((mu + s^2 - ln e) / s) / Phi((mu - ln e) / s) - e.
    """
    if elapsed_s <= 0:
        return mean_s
    if cv == 0:
        return max(0.0, mean_s - elapsed_s)
    variance = math.log1p(cv * cv)
    sigma = math.sqrt(variance)
    z = (math.log(mean_s) - variance / 2 - math.log(elapsed_s)) / sigma
    still = _phi(z)
    if still < 1e-6:  # far in the tail: the ratio below loses its digits, and such a service is a forgotten finish
        return mean_s
    return mean_s * _phi(z + sigma) / still - elapsed_s


def _phi(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _rates(day: Day, pool: Pool, now_at: datetime) -> list[Rate]:
    """How many counters serve a pool from now on; the last rate holds on, for people are served until nobody waits."""
    plan = day.plan
    windows = [window for window in plan.windows if window.closes_at > now_at]
    edges = {window.opens_at for window in windows}
    for band in plan.bands:
        edges.update((band.from_at, band.to_at))
    closes_at = windows[-1].closes_at if windows else now_at
    later = [Rate(at, _planned(day, pool, at)) for at in sorted(edges) if now_at < at < closes_at]
    open_now = len(pool.open)
    first_opening = plan.windows[0].opens_at if plan.windows else None
    if first_opening is not None and now_at < first_opening:
        return later  # calls begin with the opening
    return [Rate(now_at, open_now or (_planned(day, pool, now_at) if windows else 0)), *later]


def _planned(day: Day, pool: Pool, at: datetime) -> int:
    plan = day.plan
    if not plan.open_at(at):
        return 0
    staffed = [band.counters for band in plan.bands if band.from_at <= at < band.to_at]
    if not plan.bands:
        return pool.planned
    if not staffed or not pool.stage_planned:
        return 0
    share = round(sum(staffed) * pool.planned / pool.stage_planned)
    return min(pool.planned, max(share, 1 if sum(staffed) else 0))


def _drain(rates: list[Rate], work_s: float, now_at: datetime) -> tuple[float, int]:
    """Seconds from now until the work is done, and the counters at work then."""
    last = max(index for index, rate in enumerate(rates) if rate.counters)
    for rate, following in pairwise(rates[: last + 1]):
        span_s = (following.from_at - max(rate.from_at, now_at)).total_seconds()
        if rate.counters and work_s <= span_s * rate.counters:
            end_at = max(rate.from_at, now_at) + timedelta(seconds=work_s / rate.counters)
            return (end_at - now_at).total_seconds(), rate.counters
        work_s -= span_s * rate.counters
    rate = rates[last]
    end_at = max(rate.from_at, now_at) + timedelta(seconds=work_s / rate.counters)
    return (end_at - now_at).total_seconds(), rate.counters
