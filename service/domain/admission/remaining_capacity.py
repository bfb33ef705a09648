"""Estimate when a counter is free for one more visit, after all the work that comes before it."""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from operator import add
from typing import NamedTuple

from service.domain.admission.walk_in_requests import StageNeed
from service.domain.calendar.plan import PRECHECK
from service.domain.day import Day
from service.domain.queue.analytic_start import CounterFree, counter_free_for
from service.domain.queue.arriving_work import all_arrivals
from service.domain.queue.counter_pools import Pool
from service.domain.queue.queued_work import (
    NO_WORK,
    Work,
    duration_at,
    expected_work,
    follow_on_need_at,
    follow_on_work,
    has_stage_ahead,
    work_brought_by,
)
from service.domain.queue.shared_counters import CounterSharing

SharedKind = tuple[CounterSharing, int]
"""A kind of work: the counters it shares, and its index among the kinds there."""


class StartEstimate(NamedTuple):
    """When a counter is free: mean and standard deviation, in seconds from now."""

    mean_s: float
    sd_s: float


class FreeTimes:
    """When a counter of each pool is free for a visit that comes last.

    Before it come all tickets in the order of calls, the standby tickets issued before number `n`, and the stages
    `also` of one further visit. The work in the order of calls is the same for every `n`; it is added up once and
    shared by `behind`.
    """

    def __init__(self, n: int, now_at: datetime) -> None:
        self.n = n
        self.now_at = now_at
        self.also: Sequence[StageNeed] = ()
        self._free: dict[SharedKind, CounterFree | None] = {}
        self._in_order: dict[CounterSharing, Sequence[Work]] = {}

    def behind(self, n: int, also: Sequence[StageNeed] = ()) -> "FreeTimes":
        """Return the times for another number of issue, with one further visit before it."""
        other = FreeTimes(n, self.now_at)
        other.also = also
        other._in_order = self._in_order
        return other

    def at(self, day: Day, pool: Pool) -> CounterFree | None:
        """Return when a counter of the pool is free for one more visit; None if no counter serves it."""
        kind = pool.sharing, pool.kind
        if kind not in self._free:
            self._free[kind] = self._free_at(day, pool)
        return self._free[kind]

    def _free_at(self, day: Day, pool: Pool) -> CounterFree | None:
        in_order = self._in_order.get(pool.sharing)
        if in_order is None:
            nothing = [NO_WORK] * len(pool.sharing.kinds)
            in_order = _plus(
                nothing,
                chain(_work_in_lines(day, pool), _work_from_earlier_stages(day, pool), _work_of_follow_ons(day, pool)),
            )
            self._in_order[pool.sharing] = in_order
        standby = chain.from_iterable(work_brought_by(day, pool, ticket) for ticket in day.queue.standby_before(self.n))
        also = (
            (other.kind, expected_work(1, 1.0, mean_s, variance))
            for other, mean_s, variance in self.also
            if other.sharing is pool.sharing
        )
        waiting = _plus(in_order, chain(standby, also))
        return counter_free_for(day, pool, waiting, all_arrivals(day, pool, self.now_at), self.now_at)


def _plus(waiting: Sequence[Work], more: Iterable[tuple[int, Work]]) -> Sequence[Work]:
    """Return work by kind with more work added."""
    found = list(waiting)
    for kind, work in more:
        found[kind] = Work(*map(add, found[kind], work))
    return found


def start_of_last_stage(day: Day, needs: Iterable[StageNeed], free_times: FreeTimes) -> StartEstimate | None:
    """Estimate when the last stage of a visit that comes last can start; None if a stage has no counter."""
    start: StartEstimate | None = None
    own_s = own_variance = 0.0
    for pool, mean_s, variance in needs:
        free = free_times.at(day, pool)
        if free is None:
            return None
        here = StartEstimate(free.mean_s, free.sd_s)
        if start is not None:  # not before the visit leaves the stage before
            here = max(here, StartEstimate(start.mean_s + own_s, math.hypot(start.sd_s, math.sqrt(own_variance))))
        start, own_s, own_variance = here, mean_s, variance
    return start


def single_kind(needs: Sequence[StageNeed]) -> SharedKind | None:
    """Return the one kind of work of all stages of a visit; None if there are several kinds."""
    kinds = {(need.pool.sharing, need.pool.kind) for need in needs}
    return kinds.pop() if len(kinds) == 1 else None


def _work_in_lines(day: Day, pool: Pool) -> Iterator[tuple[int, Work]]:
    """Yield the work of tickets in lines that need the pool's stage and share its counters, now or later, by kind."""
    for key, line in day.queue.lines.items():
        kind = pool.sharing.kind_of.get(key.service)
        if kind is not None and line.places:
            duration = duration_at(day, pool.stage, key.service, key.stage, key.people, prechecked=key.prechecked)
            if duration is not None:
                yield kind, expected_work(len(line.places), 1.0, *duration)


def _work_from_earlier_stages(day: Day, pool: Pool) -> Iterator[tuple[int, Work]]:
    """Yield the work of people at counters of other stages who still need the pool's stage, by kind."""
    for counter in day.counters.values():
        if counter.ticket is None or counter.stage == pool.stage:
            continue
        ticket = day.tickets[counter.ticket]
        kind = pool.sharing.kind_of.get(ticket.service)
        service = day.plan.services[ticket.service]
        if kind is not None and has_stage_ahead(service, counter.stage, pool.stage):
            prechecked = ticket.prechecked or counter.stage == PRECHECK
            mean_s = service.expected_s(pool.stage, ticket.count, prechecked=prechecked)
            yield kind, expected_work(1, 1.0, mean_s, service.variance(pool.stage, ticket.count, prechecked=prechecked))


def _work_of_follow_ons(day: Day, pool: Pool) -> Iterator[tuple[int, Work]]:
    """Yield the work of follow-on services of people in a line or at a counter, by kind."""
    for follow_on, places in day.queue.follow_ons.items():
        further = follow_on_need_at(day, pool, follow_on)
        if further is not None:
            yield follow_on_work(further, len(places))
