"""The work that is in the hall: of waiting people, of their follow-on services, and of people at counters.

Work is counted by kind (`shared_counters`), in seconds at usual speed, for the counters of one pool.
"""

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

    `services` is their expected number. `left_s` is the expected remaining time and `variance` its variance. `whole_s`
    and `squares` are the sums of E[X] and E[X^2] over the whole services.
    """

    services: float
    left_s: float
    variance: float
    whole_s: float
    squares: float


NO_WORK = Work(0, 0.0, 0.0, 0.0, 0.0)


def total_work(works: Iterable[Work]) -> Work:
    """Add up several works."""
    return reduce(lambda left, right: Work(*map(add, left, right)), works, NO_WORK)


def work_before(day: Day, pool: Pool, place: Place, leaving: Ticket | None = None) -> tuple[int, list[Work]]:
    """Return the number of tickets in the pool's lines before a place, and the work shared with the pool, by kind.

    The ticket `leaving`, which gives up its present place, does not count.
    """
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
        for kind, work in _follow_on_work_before(day, pool, place, leaving):
            found[kind] = Work(*map(add, found[kind], work))
    return ahead, found


def _follow_on_work_before(day: Day, pool: Pool, place: Place, leaving: Ticket | None) -> Iterator[tuple[int, Work]]:
    """Yield the follow-on work of people before a place, in the pool's lines or at its counters."""
    own: Tally[FollowOn] = Tally()
    if leaving is not None and day.queue.is_present(leaving):
        own.update(follow_ons_of(day.plan, leaving))
    for follow_on, places in day.queue.follow_ons.items():
        need = follow_on_need_at(day, pool, follow_on)
        if need is not None and need.shares and (before := places.bisect_left(place) - own[follow_on]):
            yield follow_on_work(need, before)


def follow_on_work(need: FollowOnNeed, number: int) -> tuple[int, Work]:
    """Return the follow-on work of a number of people, with its kind.

    If the same person does work of this kind there just before, that person keeps the queue time and is next again. The
    visit then lasts longer, but the number of services does not grow.
    """
    kind, mean_s, variance, before_s, _ = need
    work = expected_work(number, 1.0, mean_s, variance)
    if before_s is not None:
        work = work._replace(services=0, squares=work.squares + 2 * before_s * work.left_s)
    return kind, work


def follow_on_need_at(day: Day, pool: Pool, follow_on: FollowOn) -> FollowOnNeed | None:
    """Return what a follow-on service needs from one person at a pool's stage, cached; None if nothing."""
    known = pool.sharing.follow_on_needs
    if follow_on not in known:
        known[follow_on] = _find_follow_on_need(day, pool, follow_on)
    return known[follow_on]


def _find_follow_on_need(day: Day, pool: Pool, follow_on: FollowOn) -> FollowOnNeed | None:
    visit, kind_of = follow_on.visit, pool.sharing.kind_of
    kind = kind_of.get(visit.service)
    if kind is None:
        return None
    begins = day.plan.services[visit.service].stages[0]
    lasts = duration_at(day, pool.stage, visit.service, begins, visit.count, prechecked=visit.prechecked)
    if lasts is None:
        return None
    before = duration_at(day, pool.stage, follow_on.service, follow_on.stage, visit.count, prechecked=visit.prechecked)
    before_s = before[0] if before is not None and kind_of.get(follow_on.service) == kind else None
    shares = follow_on.service in kind_of and day.pools.calling_stage(follow_on.service, follow_on.stage) == pool.stage
    return FollowOnNeed(kind, *lasts, before_s, shares)


def work_brought_by(day: Day, pool: Pool, ticket: Ticket) -> Iterator[tuple[int, Work]]:
    """Yield the work, by kind, that a waiting ticket brings to a pool's stage, follow-on services included."""
    kind = pool.sharing.kind_of.get(ticket.service)
    if kind is not None:
        lasts = duration_at(day, pool.stage, ticket.service, ticket.stage, ticket.count, prechecked=ticket.prechecked)
        if lasts is not None:
            yield kind, expected_work(1, 1.0, *lasts)
    for follow_on in follow_ons_of(day.plan, ticket):
        need = follow_on_need_at(day, pool, follow_on)
        if need is not None:
            yield follow_on_work(need, 1)


def duration_at(  # noqa: PLR0913  (the last one by name)
    day: Day, stage: StageId, service: ServiceId, begins: StageId, count: int, *, prechecked: bool
) -> tuple[float, float] | None:
    """Return mean and variance of the time that a waiting ticket needs at a stage; None if the stage is not ahead.

    `begins` is the stage where the ticket waits.
    """
    planned = day.plan.services[service]
    here = day.pools.calling_stage(service, begins)
    if here != stage:
        if not has_stage_ahead(planned, here, stage):
            return None
        prechecked = prechecked or here == PRECHECK
    mean_s = planned.expected_s(stage, count, prechecked=prechecked)
    return mean_s, planned.variance(stage, count, prechecked=prechecked)


def has_stage_ahead(service: PlannedService, here: StageId, stage: StageId) -> bool:
    """Tell whether a visit at the stage `here` still has `stage` ahead."""
    stages = service.stages
    return here in stages and stage in stages[stages.index(here) + 1 :]


def expected_work(number: int, shows: float, mean_s: float, variance: float) -> Work:
    """Return the work of `number` people, each of whom comes with the probability `shows`."""
    squares = variance + mean_s * mean_s
    expected = number * shows
    left_s = expected * mean_s
    return Work(expected, left_s, expected * (squares - shows * mean_s * mean_s), left_s, expected * squares)


def work_in_progress(day: Day, staffing: Staffing, speed: float, now_at: datetime) -> Work:
    """Return the work of the people at some counters; in a suspended hall, as it will be when calls resume.

    During a suspension each person either finishes meanwhile, or is interrupted and continues afterwards with what was
    left. Both are weighted by their probability.
    """
    services = left_s = variance = whole_s = squares = 0.0
    resumes_in_s = calls_resume_in_s(day, now_at) or 0.0
    for counter_id in staffing.open:
        counter = day.counters[counter_id]
        if counter.ticket is None:
            continue
        ticket = day.tickets[counter.ticket]
        service = day.plan.services[ticket.service]
        whole_visit_s = service.expected_s(counter.stage, ticket.count, prechecked=ticket.prechecked)
        visit_variance = service.variance(counter.stage, ticket.count, prechecked=ticket.prechecked)
        began_at = ticket.started_at or ticket.called_at or now_at
        elapsed_s = day.unsuspended_s(began_at, now_at) / speed
        cv = math.sqrt(visit_variance) / whole_visit_s
        still_here = 1.0
        if resumes_in_s:
            still_here = probability_unfinished(whole_visit_s, cv, elapsed_s, resumes_in_s / speed)
            elapsed_s += resumes_in_s / speed
        services += still_here
        left_s += still_here * remaining_s(whole_visit_s, cv, elapsed_s)
        variance += still_here * visit_variance
        whole_s += still_here * whole_visit_s
        squares += still_here * (whole_visit_s * whole_visit_s + visit_variance)
    return Work(services, left_s, variance, whole_s, squares)
