"""When a counter is free."""

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
"""Part of the mean rest of a service that each other counter still has ahead when the first one is free."""


THINNING_STEPS = 3
"""After which the share of those who have gone is true to a percent or two."""


NOBODY_LEAVES = Leaving()


ONLY_KIND = frozenset((0,))
"""The kinds of work where there is one."""


class CounterFree(NamedTuple):
    """When a counter is free for somebody, in seconds from now, with the spread, and not before `earliest_s`.

    `kinds` are those of the bottleneck they wait with.
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
    more: int = 0,
    leaving: Leaving = NOBODY_LEAVES,
) -> CounterFree | None:
    """When one of a pool's own counters is free for who comes after all the work there.

    Args:
        day: awake at `now_at`.
        pool: who competes with them.
        waiting: the work that waits, by kind; that of the people at the counters comes to it.
        coming: the work that will join it.
        now_at: the present instant.
        more: as in `counter_rates`.
        leaving: how those who wait give up.

    Returns:
        None when no counter for it is open or planned today.
    """
    if len(waiting) == 1:
        return _free_of(day, pool.stage, pool.staffing, ONLY_KIND, waiting, coming, now_at, more, leaving)
    if not any(rate.counters for rate in counter_rates(day, pool.staffing, now_at, more)):
        return None
    loads = [work.left_s for work in waiting]
    coming = list(coming)
    for joining in coming:
        loads[joining.kind] += joining.work.left_s
    neck = pool.sharing.bottleneck(pool.kind, loads)
    found = _free_of(day, pool.stage, neck.staffing, neck.kinds, waiting, coming, now_at, more, leaving)
    if neck.own_staffing == neck.staffing or found is None:
        return found
    own, all_of_them = (
        max(0, counters_at_work(staffing, now_at) + more) for staffing in (neck.own_staffing, neck.staffing)
    )
    if found.sd_s and 0 < own < all_of_them:  # a counter is free, which need not be one of theirs
        speed, _ = todays_speed(day, pool.stage)
        rest_s = LATE_CORRECTION * speed * _rest_s(waiting, neck.kinds)
        found = found._replace(mean_s=found.mean_s + rest_s * (1 / own - 1 / all_of_them))
    by_own = _free_of(day, pool.stage, neck.own_staffing, neck.own, waiting, coming, now_at, more, leaving)
    return found if by_own is None else max(found, by_own)._replace(kinds=neck.kinds)


def _free_of(  # noqa: PLR0913, PLR0917  (one reckoning of two)
    day: Day,
    stage: StageId,
    staffing: Staffing,
    kinds: frozenset[int],
    waiting: Sequence[Work],
    coming: Iterable[JoiningWork],
    now_at: datetime,
    more: int,
    leaving: Leaving,
) -> CounterFree | None:
    """When one of some counters is free for who comes after the work of some kinds."""
    rates = counter_rates(day, staffing, now_at, more)
    first = next((rate for rate in rates if rate.counters), None)
    if first is None:
        return None
    speed, speed_sd = todays_speed(day, stage)
    theirs = waiting[0]
    if len(waiting) > 1:
        theirs = total_work(waiting[kind] for kind in kinds)
        coming = (joining for joining in coming if joining.kind in kinds)
    work = Work(*map(add, theirs, work_in_progress(day, staffing, speed, now_at)))
    mean_s, sd_s = start_distribution(rates, work, speed, speed_sd, now_at, coming)
    if theirs.services:
        mean_s, sd_s = shortened_by_leaving(mean_s, sd_s, theirs, work, leaving)
    return CounterFree(mean_s, sd_s, (first.from_at - now_at).total_seconds(), kinds)


def _rest_s(waiting: Sequence[Work], kinds: frozenset[int]) -> float:
    """The mean rest, at usual speed, of a service of some kinds that is looked at in a random moment."""
    work = total_work(waiting[kind] for kind in kinds)
    return work.squares / (2 * work.whole_s) if work.whole_s else 0.0


def shortened_by_leaving(
    mean_s: float, sd_s: float, waiting: Work, work: Work, leaving: Leaving
) -> tuple[float, float]:
    """A start, and its spread, when some of those who wait give up; the line as a fluid.

    Who says so shortens it, beside what counters do: w seconds of work are gone after ln(1 + rw) / r. Who does not is
    called all the same, and saves what a visit is longer than the counter waits for them: of a call after t seconds
    the part 1 - exp(-rt), on the way to the start T thus 1 - (1 - exp(-rT)) / rT; the two are found by turns.
    """
    left_per_s, gone_per_s = leaving.left_per_s, leaving.no_show_per_s
    if not mean_s or not (left_per_s or gone_per_s):
        return mean_s, sd_s
    theirs_s = mean_s * waiting.left_s / work.left_s
    before_s = mean_s - theirs_s
    saves = max(0.0, 1.0 - leaving.no_show_s * waiting.services / waiting.left_s)
    less_s = mean_s
    for _ in range(THINNING_STEPS if gone_per_s else 1):
        gone = 1.0 + math.expm1(-gone_per_s * less_s) / (gone_per_s * less_s) if gone_per_s else 0.0
        kept_s = theirs_s * (1.0 - saves * gone)
        less_s = before_s + (math.log1p(left_per_s * kept_s) / left_per_s if left_per_s else kept_s)
    return less_s, sd_s * less_s / mean_s


def start_distribution(  # noqa: PLR0913, PLR0917  (what a start depends on)
    rates: Sequence[StaffLevel],
    work: Work,
    speed: float,
    speed_sd: float,
    now_at: datetime,
    coming: Iterable[JoiningWork] = (),
) -> tuple[float, float]:
    """Mean and spread of the seconds until a counter is free for whoever comes after the work.

    One is free when all is done but the rests at the others; looked at in a random moment, a service has half of
    E[X^2] / E[X] ahead. The last rate with counters holds on, for people are served until nobody waits. What is coming
    joins in its time, as long as nobody is free before.
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
