"""The analytic start: mean and spread of the time until a counter is free for a ticket.

The work before a place has a mean and a variance: the remaining time of the services under way (lognormal, given their
elapsed time), and the expected work of everybody earlier in the order, follow-on services at the same counters
included. This work is done at the rate of the counters that are open now, return from a break, or are planned later.
Meanwhile more work joins before the place: people with an appointment, weighted by the probability that they still
come, and people who came early for theirs.

The work of a line is its rank times its mean. One answer therefore costs one bisection for each line and each follow-on
service, one remaining time for each counter, and one step for each slot until the start, however many people wait.

Where services share only some of their counters, the work is that of the bottleneck that the ticket waits for
(`shared_counters`), and one of the ticket's own counters must be free as well.

Source: DESIGN 6, "Waits"; ALGORITHMS 3 (analytic_start).
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import add
from typing import NamedTuple

from service.domain.calendar.learned import Leaving
from service.domain.calendar.plan import StaffLevel
from service.domain.day import Day
from service.domain.model import StageId
from service.domain.queue.arriving_work import JoiningWork
from service.domain.queue.counter_pools import Pool
from service.domain.queue.counter_rates import counter_rates, counters_at_work
from service.domain.queue.queued_work import Work, total_work, work_in_progress
from service.domain.queue.shared_counters import Staffing
from service.domain.queue.todays_speed import todays_speed

LATE_CORRECTION = 0.92
"""Part of a service's mean remaining time that each other counter still has ahead when the first counter is free."""

THINNING_STEPS = 3
"""Number of fixed-point steps. After them the share of people who gave up is exact to one or two percent."""

NOBODY_LEAVES = Leaving()

ONLY_KIND = frozenset((0,))
"""The kinds of work of a pool that has only one kind."""


class CounterFree(NamedTuple):
    """When a counter is free: mean and spread in seconds from now, and never before `earliest_s`.

    `kinds` are the kinds of work of the bottleneck that the ticket waits for.
    """

    mean_s: float
    sd_s: float
    earliest_s: float
    kinds: frozenset[int]


def counter_free_for(  # noqa: PLR0913  (the last ones by name)
    day: Day,
    pool: Pool,
    waiting: Sequence[Work],
    coming: Iterable[JoiningWork],
    now_at: datetime,
    *,
    extra_counters: int = 0,
    leaving: Leaving = NOBODY_LEAVES,
) -> CounterFree | None:
    """Find when one of a pool's own counters is free for somebody who comes after all the given work.

    Args:
        day: the day, advanced to `now_at`.
        pool: the counters, and the lines that compete for them.
        waiting: the work of the people who wait, by kind. The work of the people at the counters is added to it.
        coming: the work that will join it, in the order of time.
        now_at: the present instant.
        extra_counters: the same as in `counter_rates`.
        leaving: the rates at which waiting people give up.

    Returns:
        None when no counter of the pool is open or planned today.
    """
    if len(waiting) == 1:
        return _free_of(day, pool.stage, pool.staffing, ONLY_KIND, waiting, coming, now_at, extra_counters, leaving)
    if not any(rate.counters for rate in counter_rates(day, pool.staffing, now_at, extra_counters)):
        return None
    loads = [work.left_s for work in waiting]
    coming = list(coming)
    for joining in coming:
        loads[joining.kind] += joining.work.left_s
    bottleneck = pool.sharing.bottleneck(pool.kind, loads)
    found = _free_of(
        day, pool.stage, bottleneck.staffing, bottleneck.kinds, waiting, coming, now_at, extra_counters, leaving
    )
    if bottleneck.own_staffing == bottleneck.staffing or found is None:
        return found
    own, all_of_them = (
        max(0, counters_at_work(staffing, now_at) + extra_counters)
        for staffing in (bottleneck.own_staffing, bottleneck.staffing)
    )
    if found.sd_s and 0 < own < all_of_them:  # the free counter may be one that does not serve this kind
        speed, _ = todays_speed(day, pool.stage)
        rest_s = LATE_CORRECTION * speed * _mean_rest_s(waiting, bottleneck.kinds)
        found = found._replace(mean_s=found.mean_s + rest_s * (1 / own - 1 / all_of_them))
    at_own = _free_of(
        day, pool.stage, bottleneck.own_staffing, bottleneck.own, waiting, coming, now_at, extra_counters, leaving
    )
    return found if at_own is None else max(found, at_own)._replace(kinds=bottleneck.kinds)


def _free_of(  # noqa: PLR0913, PLR0917  (computed once for all counters and once for the own ones)
    day: Day,
    stage: StageId,
    staffing: Staffing,
    kinds: frozenset[int],
    waiting: Sequence[Work],
    coming: Iterable[JoiningWork],
    now_at: datetime,
    extra_counters: int,
    leaving: Leaving,
) -> CounterFree | None:
    """Find when one of the counters of a staffing is free for somebody who comes after all work of some kinds."""
    rates = counter_rates(day, staffing, now_at, extra_counters)
    first = next((rate for rate in rates if rate.counters), None)
    if first is None:
        return None
    speed, speed_sd = todays_speed(day, stage)
    waiting_work = waiting[0]
    if len(waiting) > 1:
        waiting_work = total_work(waiting[kind] for kind in kinds)
        coming = (joining for joining in coming if joining.kind in kinds)
    work = Work(*map(add, waiting_work, work_in_progress(day, staffing, speed, now_at)))
    mean_s, sd_s = start_distribution(rates, work, speed, speed_sd, now_at, coming)
    if waiting_work.services:
        mean_s, sd_s = shortened_by_leaving(mean_s, sd_s, waiting_work, work, leaving)
    return CounterFree(mean_s, sd_s, (first.from_at - now_at).total_seconds(), kinds)


def _mean_rest_s(waiting: Sequence[Work], kinds: frozenset[int]) -> float:
    """Return the mean remaining time, at usual speed, of a service of these kinds observed at a random moment."""
    work = total_work(waiting[kind] for kind in kinds)
    return work.squares / (2 * work.whole_s) if work.whole_s else 0.0


def shortened_by_leaving(
    mean_s: float, sd_s: float, waiting: Work, work: Work, leaving: Leaving
) -> tuple[float, float]:
    """Shorten a start and its spread for the people ahead who give up. The line is treated as a fluid.

    People who say that they leave shorten the line in addition to what the counters do: w seconds of work are gone
    after ln(1 + rw) / r seconds. People who leave without a word are called in vain; such a
    call saves the visit except for the time that the counter waits for them. Of the calls after t seconds the part
    1 - exp(-rt) is in vain; on the way to the start T this is 1 - (1 - exp(-rT)) / rT on average. The start and this
    share depend on each other and are found by iteration.

    Args:
        mean_s: mean of the start without anybody giving up, in seconds.
        sd_s: its standard deviation.
        waiting: the work of the people who wait.
        work: that work and the work of the people at the counters.
        leaving: the rates at which waiting people give up.
    """
    left_per_s, no_show_per_s = leaving.left_per_s, leaving.no_show_per_s
    if not mean_s or not (left_per_s or no_show_per_s):
        return mean_s, sd_s
    waiting_s = mean_s * waiting.left_s / work.left_s
    in_progress_s = mean_s - waiting_s
    saved_share = max(0.0, 1.0 - leaving.no_show_s * waiting.services / waiting.left_s)
    shortened_s = mean_s
    for _ in range(THINNING_STEPS if no_show_per_s else 1):
        in_vain = (
            1.0 + math.expm1(-no_show_per_s * shortened_s) / (no_show_per_s * shortened_s) if no_show_per_s else 0.0
        )
        left_s = waiting_s * (1.0 - saved_share * in_vain)
        shortened_s = in_progress_s + (math.log1p(left_per_s * left_s) / left_per_s if left_per_s else left_s)
    return shortened_s, sd_s * shortened_s / mean_s


def start_distribution(  # noqa: PLR0913, PLR0917  (what a start depends on)
    rates: Sequence[StaffLevel],
    work: Work,
    speed: float,
    speed_sd: float,
    now_at: datetime,
    coming: Iterable[JoiningWork] = (),
) -> tuple[float, float]:
    """Return mean and standard deviation of the seconds until a counter is free for somebody who comes after the work.

    A counter is free when all work is done except the remaining services at the other counters; observed at a random
    moment, a service has on average half of E[X^2] / E[X] left. The last staff level with counters continues without
    end, because people are served until nobody waits. The work in `coming` joins at its time, unless a counter is free
    earlier.
    """
    last = max(index for index, rate in enumerate(rates) if rate.counters)
    coming = iter(coming)
    joining = next(coming, None)
    done_s = worked_s = 0.0
    for index, (from_at, counters) in enumerate(rates[: last + 1]):
        if not counters:
            continue
        from_s = (from_at - now_at).total_seconds()
        until_s = math.inf if index == last else (rates[index + 1].from_at - now_at).total_seconds()
        while from_s < until_s:
            while joining is not None and (joining.at - now_at).total_seconds() <= from_s:
                work = Work(*map(add, work, joining.work))
                joining = next(coming, None)
            if work.services < counters:
                return from_s, 0.0
            joins_s = math.inf if joining is None else (joining.at - now_at).total_seconds()
            span_s = min(until_s, joins_s) - from_s
            rest_s = LATE_CORRECTION * speed * work.squares / (2 * work.whole_s) if work.whole_s else 0.0
            own_s = max(0.0, work.left_s * speed - done_s - (counters - 1) * rest_s) / counters
            if own_s <= span_s:
                spread_s = speed * math.sqrt(work.variance) / counters
                return from_s + own_s, math.hypot(spread_s, speed_sd * (worked_s + own_s))
            done_s += span_s * counters
            worked_s += span_s
            from_s += span_s
    raise AssertionError("the last rate has no end")
