"""Work that is in the hall: of people who wait, of follow-on services, and of people at counters."""

import math
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import reduce
from operator import add
from typing import NamedTuple

from service.domain.calendar.plan import PRECHECK, PlannedService
from service.domain.day import Day
from service.domain.model import ServiceId, StageId, Ticket
from service.domain.queue.counter_pools import Pool
from service.domain.queue.counter_rates import calls_resume_in_s
from service.domain.queue.distributions import probability_unfinished, remaining_s
from service.domain.queue.follow_on_services import FollowOn, FollowOnNeed, follow_ons_of
from service.domain.queue.shared_counters import Staffing
from service.domain.queue.waiting_lines import Place, place_of


class Work(NamedTuple):
    """Services to be done, in seconds at usual speed.

    `left_s` is what is left of them, with its `variance`; `whole_s` and `squares` are E[X] and E[X^2] of the whole
    services, summed up.
    """

    services: float
    left_s: float
    variance: float
    whole_s: float
    squares: float


NO_WORK = Work(0, 0.0, 0.0, 0.0, 0.0)


def total_work(works: Iterable[Work]) -> Work:
    """Several works as one."""
    return reduce(lambda one, other: Work(*map(add, one, other)), works, NO_WORK)


def work_before(day: Day, pool: Pool, place: Place, leaving: Ticket | None = None) -> tuple[int, list[Work]]:
    """How many are in the pool's lines before a place, and all work it shares, by kind; but for who is `leaving`."""
    if leaving is not None and place_of(leaving) >= place:
        leaving = None
    own_line = None if leaving is None else day.queue.line_of(leaving)
    ahead = 0
    found = [NO_WORK] * len(pool.sharing.kinds)
    for kind, line in pool.shared_lines:
        before = line.places.bisect_left(place) - (line is own_line)
        if before:
            if line.key.service in pool.services:
                ahead += before
            left_s, squares = before * line.mean_s, before * (line.mean_s * line.mean_s + line.variance)
            found[kind] = Work(*map(add, found[kind], (before, left_s, before * line.variance, left_s, squares)))
    if day.queue.follow_ons:
        for kind, work in _going_on_before(day, pool, place, leaving):
            found[kind] = Work(*map(add, found[kind], work))
    return ahead, found


def _going_on_before(day: Day, pool: Pool, place: Place, leaving: Ticket | None) -> Iterator[tuple[int, Work]]:
    """What those go on with there who are before a place, in the pool's lines or at its counters."""
    own: Tally[FollowOn] = Tally()
    if leaving is not None and day.queue.is_present(leaving):
        own.update(follow_ons_of(day.plan, leaving))
    for what, places in day.queue.follow_ons.items():
        further = follow_on_need_at(day, pool, what)
        if further is not None and further.shares and (before := places.bisect_left(place) - own[what]):
            yield follow_on_work(further, before)


def follow_on_work(further: FollowOnNeed, number: int) -> tuple[int, Work]:
    """The work, with its kind, of so many people who go on.

    Who does work of that kind there before has the same queue time after it and is next again: they stay the longer,
    and are no one more.
    """
    kind, mean_s, variance, before_s, _ = further
    work = expected_work(number, 1.0, mean_s, variance)
    if before_s is not None:
        work = work._replace(services=0, squares=work.squares + 2 * before_s * work.left_s)
    return kind, work


def follow_on_need_at(day: Day, pool: Pool, what: FollowOn) -> FollowOnNeed | None:
    """What one person who goes on needs at a pool's stage, remembered; None when nothing there."""
    known = pool.sharing.further
    if what not in known:
        known[what] = _further_at(day, pool, what)
    return known[what]


def _further_at(day: Day, pool: Pool, what: FollowOn) -> FollowOnNeed | None:
    visit, kind_of = what.visit, pool.sharing.kind_of
    kind = kind_of.get(visit.service)
    if kind is None:
        return None
    begins = day.plan.services[visit.service].stages[0]
    lasts = duration_at(day, pool.stage, visit.service, begins, visit.count, prechecked=visit.prechecked)
    if lasts is None:
        return None
    before = duration_at(day, pool.stage, what.service, what.stage, visit.count, prechecked=visit.prechecked)
    before_s = before[0] if before is not None and kind_of.get(what.service) == kind else None
    shares = what.service in kind_of and day.pools.calling_stage(what.service, what.stage) == pool.stage
    return FollowOnNeed(kind, *lasts, before_s, shares)


def work_brought_by(day: Day, pool: Pool, ticket: Ticket) -> Iterator[tuple[int, Work]]:
    """The work, by kind, that somebody who waits brings to a pool's stage, with all they go on with."""
    kind = pool.sharing.kind_of.get(ticket.service)
    if kind is not None:
        lasts = duration_at(day, pool.stage, ticket.service, ticket.stage, ticket.count, prechecked=ticket.prechecked)
        if lasts is not None:
            yield kind, expected_work(1, 1.0, *lasts)
    for what in follow_ons_of(day.plan, ticket):
        further = follow_on_need_at(day, pool, what)
        if further is not None:
            yield follow_on_work(further, 1)


def duration_at(  # noqa: PLR0913  (the last one by name)
    day: Day, stage: StageId, service: ServiceId, begins: StageId, count: int, *, prechecked: bool
) -> tuple[float, float] | None:
    """What somebody who waits at the stage `begins` needs at another, by mean and variance; None when not ahead."""
    planned = day.plan.services[service]
    here = day.pools.calling_stage(service, begins)
    if here != stage:
        if not has_stage_ahead(planned, here, stage):
            return None
        prechecked = prechecked or here == PRECHECK
    mean_s = planned.expected_s(stage, count, prechecked=prechecked)
    return mean_s, planned.variance(stage, count, prechecked=prechecked)


def has_stage_ahead(service: PlannedService, here: StageId, stage: StageId) -> bool:
    """Tell whether a visit has a stage still ahead."""
    stages = service.stages
    return here in stages and stage in stages[stages.index(here) + 1 :]


def expected_work(number: int, shows: float, mean_s: float, variance: float) -> Work:
    """The work of some people who come with a probability."""
    squares = variance + mean_s * mean_s
    expected = number * shows
    left_s = expected * mean_s
    return Work(expected, left_s, expected * (squares - shows * mean_s * mean_s), left_s, expected * squares)


def work_in_progress(day: Day, staffing: Staffing, speed: float, now_at: datetime) -> Work:
    """The work of the people at some counters; while the hall is suspended, as it will be when calls go on.

    Some are thought to finish meanwhile; who is there still was interrupted, and goes on with what was left.
    """
    services = left_s = variance = whole_s = squares = 0.0
    goes_on_s = calls_resume_in_s(day, now_at) or 0.0
    for counter_id in staffing.open:
        counter = day.counters[counter_id]
        if counter.ticket is None:
            continue
        ticket = day.tickets[counter.ticket]
        service = day.plan.services[ticket.service]
        one_s = service.expected_s(counter.stage, ticket.count, prechecked=ticket.prechecked)
        one_variance = service.variance(counter.stage, ticket.count, prechecked=ticket.prechecked)
        began_at = ticket.started_at or ticket.called_at or now_at
        elapsed_s = day.unsuspended_s(began_at, now_at) / speed
        cv = math.sqrt(one_variance) / one_s
        there = 1.0
        if goes_on_s:
            there = probability_unfinished(one_s, cv, elapsed_s, goes_on_s / speed)
            elapsed_s += goes_on_s / speed
        services += there
        left_s += there * remaining_s(one_s, cv, elapsed_s)
        variance += there * one_variance
        whole_s += there * one_s
        squares += there * (one_s * one_s + one_variance)
    return Work(services, left_s, variance, whole_s, squares)
