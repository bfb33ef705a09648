"""How long until a ticket is called: the analytic start.

The work before a place has a mean and a variance: what is left of the services under way (lognormal, given how long
they have lasted), and the expected work of everybody earlier in the order, with what they go on with at the same
counters (`then`). It is drained at the rate of the counters that are open now, that come back from a break, and that
are planned later; on the way the work of those joins who will come before the place: people with an appointment, as
likely as they are to come still, and those who came early for theirs. Rank times mean gives the sum of a line, so one
answer costs one bisection for each line and for each thing that people go on with, one residual per counter and one
step per slot until then, however many wait. Where services share only some of their counters, the work is that of the
bottleneck the ticket waits with (`sharing`), and one of the ticket's own counters must be free.

What people are told reckons with those who give up waiting, as a hall has learned; admission does not.

Source: DESIGN 6, "Waits"; ALGORITHMS 3 (analytic_start) and 4.2 (today's speed, the range shown).
"""

import math
from bisect import bisect_right
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import reduce
from heapq import merge
from operator import add
from statistics import fmean
from typing import NamedTuple

from service.domain.booking.appointment_index import Visit, visit_of
from service.domain.calendar.learned import Learned, Leaving
from service.domain.calendar.plan import PRECHECK, Plan, PlannedService, StaffLevel
from service.domain.day import NO_SERVICE_TIMES, Day
from service.domain.model import Admission, Appointment, ServiceId, Shown, StageId, Ticket, TicketId, Wait
from service.domain.queue.counter_pools import Pool
from service.domain.queue.follow_on_services import FollowOn, FollowOnNeed, follow_ons_of
from service.domain.queue.shared_counters import Staffing
from service.domain.queue.waiting_lines import Place, place_of

P10_P90_SD = 1.2816
"""Standard deviations from the median to the 10th and 90th percentile of a normal distribution."""

SPEED_PRIOR_S = 160 * 60.0
SPEED_PRIOR_VISITS = 20
"""Work that weighs as much as today's in learning today's speed: about twenty mean services. A stage that is nobody's
main one has visits of its own length: by work it would take a hundred looks at papers to hear what twenty say."""

SPEED_SD = 0.12
"""Spread of a day's speed before anything of the day is known."""

LATE_CORRECTION = 0.92
"""Part of the mean rest of a service that each other counter still has ahead when the first one is free."""

FORGOTTEN_BELOW = 1e-6
"""Of a service that is less likely to last as long as it does the finish was forgotten."""

THINNING_STEPS = 3
"""After which the share of those who have gone is true to a percent or two."""

NOBODY_LEAVES = Leaving()

ONLY_KIND = frozenset((0,))
"""The kinds of work where there is one."""

LAST_ID = TicketId("~")
"""Sorts after every ticket's id."""


class Outlook(NamedTuple):
    """What a person is told: how many are called before them, and the wait."""

    ahead: int
    wait: Wait


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


class JoiningWork(NamedTuple):
    """Work of a kind that joins the queue before a place, at an instant."""

    at: datetime
    work: Work
    kind: int


class CounterFree(NamedTuple):
    """When a counter is free for somebody, in seconds from now, with the spread, and not before `earliest_s`.

    `kinds` are those of the bottleneck they wait with.
    """

    mean_s: float
    sd_s: float
    earliest_s: float
    kinds: frozenset[int]


def unknown_wait(now_at: datetime) -> Wait:
    """The wait when no counter for it is open or planned today."""
    return Wait(p10_s=None, p50_s=None, p90_s=None, as_of_at=now_at, shown=None)


def wait_of_newcomer(day: Day, service: ServiceId, now_at: datetime, at_work: int | None = None) -> Wait:
    """The wait of a walk-in who would take a ticket at `now_at`; `at_work` as in `outlook_at`."""
    pool = day.pools.pool_of(service, day.plan.services[service].stages[0])
    return outlook_at(day, pool, newcomer_place(day, now_at), now_at, at_work=at_work).wait


def newcomer_place(day: Day, now_at: datetime) -> Place:
    """The place of a walk-in who would take a ticket at `now_at`."""
    return Place(now_at, now_at, day.issued + 1, LAST_ID)


def outlook_of(day: Day, ticket: Ticket, now_at: datetime) -> Outlook:
    """What a person is told who will wait as `ticket` says; where they stand now, they are not ahead of themselves."""
    pool = day.pools.pool_of(ticket.service, ticket.stage)
    if ticket.admission is Admission.STANDBY:
        return outlook_on_standby(day, pool, ticket.n, now_at)
    leaving = day.tickets.get(ticket.id)
    return outlook_at(
        day,
        pool,
        place_of(ticket),
        now_at,
        leaving,
        due_at=day.queue.due_at(ticket),
        not_before_at=ticket.not_before_at,
    )


def outlook_on_standby(day: Day, pool: Pool, n: int, now_at: datetime) -> Outlook:
    """What a person on standby is told: their place among those on standby, and no wait, for nothing is promised."""
    ahead = sum(ticket.service in pool.services for ticket in day.queue.standby_before(n))
    return Outlook(ahead, unknown_wait(now_at))


def outlook_at(  # noqa: PLR0913  (the last one by name)
    day: Day,
    pool: Pool,
    place: Place,
    now_at: datetime,
    leaving: Ticket | None = None,
    *,
    at_work: int | None = None,
    due_at: datetime | None = None,
    not_before_at: datetime | None = None,
    arrived: Appointment | None = None,
) -> Outlook:
    """What a person is told who will stand at a place of the order.

    Args:
        day: awake at `now_at`.
        pool: who competes with them.
        place: their queue time, and what breaks ties.
        now_at: the present instant.
        leaving: the ticket whose present place is given up for this one.
        at_work: the number of their own counters to assume now, in place of `counters_at_work`. It is not used before
            the hall opens.
        due_at: not called before this, unless a counter has nobody else.
        not_before_at: not called before this at all.
        arrived: the appointment they come for, which is still among those expected.

    Returns:
        The number ahead, and the wait: quantiles in seconds and the range to show, all null when no counter for it is
        open or planned today.
    """
    ahead, waiting = work_before(day, pool, place, leaving)
    coming = arrivals_before(day, pool, place, now_at, arrived)
    more = 0 if at_work is None else at_work - counters_at_work(pool.staffing, now_at)
    free = counter_free_for(day, pool, waiting, coming, now_at, more=more, leaving=day.plan.learned.leaving)
    if free is None:
        return Outlook(ahead, unknown_wait(now_at))
    mean_s, sd_s, earliest_s, _ = free
    if due_at is not None and sd_s:
        mean_s = max(mean_s, (due_at - now_at).total_seconds())
    if not_before_at is not None:
        earliest_s = max(earliest_s, (not_before_at - now_at).total_seconds())
    step_min = day.plan.rules.promise.step_min
    return Outlook(ahead, wait_from_normal(max(mean_s, earliest_s), sd_s, now_at, step_min, earliest_s))


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


def total_work(works: Iterable[Work]) -> Work:
    """Several works as one."""
    return reduce(lambda one, other: Work(*map(add, one, other)), works, NO_WORK)


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


def todays_speed(day: Day, stage: StageId) -> tuple[float, float]:
    """Today's speed at a stage, actual by expected seconds, and its spread."""
    prior_s = speed_prior_s(day.plan, stage)
    spent = day.service_times.get(stage, NO_SERVICE_TIMES)
    speed = (prior_s + spent.actual_s) / (prior_s + spent.expected_s)
    return speed, SPEED_SD * math.sqrt(prior_s / (prior_s + spent.expected_s))


def speed_prior_s(plan: Plan, stage: StageId) -> float:
    """Work that weighs as much as today's in learning today's speed at a stage; less where nobody's main stage is."""
    priors: dict[StageId, float] | None = plan.__dict__.get("speed_priors")
    if priors is None:
        means_s: defaultdict[StageId, list[float]] = defaultdict(list)
        for service in plan.services.values():
            for other, lasting in service.at_stages.items():
                means_s[other].append(lasting.mean_s)
        for main in map(plan.main_stage, plan.services.values()):
            means_s.pop(main, None)
        priors = plan.__dict__["speed_priors"] = {
            other: min(SPEED_PRIOR_S, SPEED_PRIOR_VISITS * fmean(some)) for other, some in means_s.items()
        }
    return priors.get(stage, SPEED_PRIOR_S)


def wait_from_normal(mean_s: float, sd_s: float, now_at: datetime, step_min: int, earliest_s: float = 0.0) -> Wait:
    """The wait as people are told it: the range rounded outward to `step_min` minutes; never less than `earliest_s`."""
    low_s = max(earliest_s, mean_s - P10_P90_SD * sd_s)
    high_s = mean_s + P10_P90_SD * sd_s
    step_s = step_min * 60
    from_min = int(low_s // step_s) * step_min
    to_min = max(math.ceil(high_s / step_s) * step_min, from_min + step_min)
    return Wait(
        p10_s=round(low_s), p50_s=round(mean_s), p90_s=round(high_s), as_of_at=now_at, shown=Shown(from_min, to_min)
    )


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


def arrivals_before(
    day: Day, pool: Pool, place: Place, now_at: datetime, arrived: Appointment | None = None
) -> Iterator[JoiningWork]:
    """The work that will join what is shared, before a place, in the order of time; but for who has `arrived`."""
    expected = _expected_before(day, pool, place, now_at, arrived)
    return merge(expected, _early_before(day, pool, place), key=_joins_at) if day.queue.deferred else expected


def _expected_before(
    day: Day, pool: Pool, place: Place, now_at: datetime, arrived: Appointment | None
) -> Iterator[JoiningWork]:
    """People with an appointment who have not come, and would still have its credit."""
    if not day.appointment_index.expected:
        return
    rules = day.plan.rules
    since_at = now_at - timedelta(seconds=rules.grace_s)
    until_at = place.queue_at + timedelta(seconds=rules.credit_s.appointment)
    known: dict[Visit, tuple[int, float, float] | None] = {}
    for slot_at, late_from_at in day.expected_late(since_at, until_at, now_at):
        shows = show_probability(day.plan.learned, late_from_at, now_at)
        joins_at = max(now_at, slot_at - timedelta(seconds=rules.early_s))
        here = visit_of(arrived) if arrived is not None and arrived.starts_at == slot_at else None
        for visit, number in day.appointment_index.expected[slot_at].items():
            if visit not in known:
                known[visit] = _visit_at(day, pool, visit)
            found = known[visit]
            if found is not None:
                kind, mean_s, variance = found
                yield JoiningWork(joins_at, expected_work(number - (visit == here), shows, mean_s, variance), kind)


def _visit_at(day: Day, pool: Pool, visit: Visit) -> tuple[int, float, float] | None:
    """The kind of a visit that has not begun, and what it needs at a pool's stage; None when nothing there."""
    kind = pool.sharing.kind_of.get(visit.service)
    if kind is None:
        return None
    begins = day.plan.services[visit.service].first_stage(prechecked=visit.prechecked)
    lasts = duration_at(day, pool.stage, visit.service, begins, visit.count, prechecked=visit.prechecked)
    return None if lasts is None else (kind, *lasts)


def _early_before(day: Day, pool: Pool, place: Place) -> Iterator[JoiningWork]:
    """People who came before their appointment, and are not due yet."""
    for ticket in day.queue.early():
        if place_of(ticket) < place:
            for kind, work in work_brought_by(day, pool, ticket):
                yield JoiningWork(day.queue.due_at(ticket), work, kind)


def all_arrivals(day: Day, pool: Pool, now_at: datetime) -> Iterator[JoiningWork]:
    """The work that will join what is shared today, whatever its place: of who is expected, and of who sleeps."""
    last = Place(day.plan.ends_at, now_at, day.issued + 1, LAST_ID)
    expected = _expected_before(day, pool, last, now_at, None)
    return merge(expected, _asleep(day, pool), key=_joins_at) if day.queue.deferred else expected


def _asleep(day: Day, pool: Pool) -> Iterator[JoiningWork]:
    """People who are not to be called yet, because they asked for it or came before their appointment."""
    for at, ticket_id in day.queue.deferred:
        for kind, work in work_brought_by(day, pool, day.tickets[ticket_id]):
            yield JoiningWork(at, work, kind)


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


def _joins_at(joining: JoiningWork) -> datetime:
    return joining.at


def expected_work(number: int, shows: float, mean_s: float, variance: float) -> Work:
    """The work of some people who come with a probability."""
    squares = variance + mean_s * mean_s
    expected = number * shows
    left_s = expected * mean_s
    return Work(expected, left_s, expected * (squares - shows * mean_s * mean_s), left_s, expected * squares)


def show_probability(learned: Learned, slot_at: datetime, now_at: datetime) -> float:
    """How likely somebody still comes who has not come yet: (1-p) F / (p + (1-p) F), F the tail of punctuality."""
    late_s = (now_at - slot_at).total_seconds() - learned.punctuality_mean_s
    tail = _phi(-late_s / learned.punctuality_sd_s) if learned.punctuality_sd_s else float(late_s < 0)
    still = (1 - learned.no_show) * tail
    return still / (learned.no_show + still) if still else 0.0


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


def remaining_s(mean_s: float, cv: float, elapsed_s: float) -> float:
    """Expected seconds left of a lognormal service that has lasted `elapsed_s`.

    E[X - e | X > e] = m * Phi((mu + s^2 - ln e) / s) / Phi((mu - ln e) / s) - e.
    """
    if elapsed_s <= 0:
        return mean_s
    if cv == 0:
        return max(0.0, mean_s - elapsed_s)
    variance = math.log1p(cv * cv)
    sigma = math.sqrt(variance)
    z = (math.log(mean_s / elapsed_s) - variance / 2) / sigma
    still = _phi(z)
    if (
        still < FORGOTTEN_BELOW
    ):  # far in the tail: the ratio below loses its digits, and such a service is a forgotten finish
        return mean_s
    return mean_s * _phi(z + sigma) / still - elapsed_s


def probability_unfinished(mean_s: float, cv: float, elapsed_s: float, more_s: float) -> float:
    """How likely a lognormal service that has lasted `elapsed_s` lasts `more_s` more; a forgotten one begins anew."""
    before = _longer_than(mean_s, cv, elapsed_s)
    if before < FORGOTTEN_BELOW:
        return _longer_than(mean_s, cv, more_s)
    return _longer_than(mean_s, cv, elapsed_s + more_s) / before


def _longer_than(mean_s: float, cv: float, elapsed_s: float) -> float:
    if elapsed_s <= 0:
        return 1.0
    if cv == 0:
        return float(mean_s > elapsed_s)
    variance = math.log1p(cv * cv)
    return _phi((math.log(mean_s / elapsed_s) - variance / 2) / math.sqrt(variance))


def probability_below(value: float, mean: float, sd: float) -> float:
    """The probability that something normal is less than a value; without a spread it is its mean."""
    return _phi((value - mean) / sd) if sd else float(mean < value)


def _phi(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def counter_rates(day: Day, staffing: Staffing, now_at: datetime, more: int = 0) -> Sequence[StaffLevel]:
    """How many counters work from now on: those open now, until the plan says something else; none during its break.

    They call nobody before the opening, nor while the hall is suspended; where nobody knows until when, there are none.
    So many `more` than there are (`counters_at_work`) are reckoned with now, or fewer; not before the opening.
    """
    on_at = calls_resume_at(day, now_at)
    if on_at is None:
        return ()
    rates = staffing.planned[bisect_right(staffing.planned, now_at, key=_from_at) :]
    windows = day.plan.windows
    if not windows or now_at >= windows[0].opens_at:
        rates = (StaffLevel(now_at, max(0, counters_at_work(staffing, now_at) + more)), *rates)
    if staffing.back_at:
        rates = _with_breaks(rates, staffing)
    return _rates_since(rates, on_at) if on_at > now_at else rates


def counters_at_work(staffing: Staffing, now_at: datetime) -> int:
    """Count the counters of a staffing that are open or on a break with an end; if there are none, as planned."""
    return len(staffing.open) + len(staffing.back_at) + (counters_at(staffing.others, now_at) if staffing.others else 0)


def _with_breaks(rates: tuple[StaffLevel, ...], staffing: Staffing) -> tuple[StaffLevel, ...]:
    """The rates without those that are on a break, each until its end; of fewer than there are the open ones work.

    Where nobody is planned any more, the last at work go on, and so do those who come back.
    """
    staffed = [index for index, rate in enumerate(rates) if rate.counters]
    if not staffed:
        return rates
    rates = rates[: staffed[-1] + 1]
    edges = {rate.from_at for rate in rates}
    edges.update(at for at in staffing.back_at if at > rates[0].from_at)
    found = []
    for at in sorted(edges):
        counters = counters_at(rates, at)
        wanted = min(len(staffing.back_at), max(0, counters - len(staffing.open)))
        found.append(StaffLevel(at, counters - max(0, wanted - bisect_right(staffing.back_at, at))))
    return tuple(found)


def calls_resume_at(day: Day, now_at: datetime) -> datetime | None:
    """When a suspension ends; now without one, None when nobody knows."""
    suspension = day.suspended_at(now_at)
    return now_at if suspension is None else suspension.until_at


def calls_resume_in_s(day: Day, now_at: datetime) -> float | None:
    """The same in seconds from now."""
    on_at = calls_resume_at(day, now_at)
    return None if on_at is None else (on_at - now_at).total_seconds()


def _rates_since(rates: Sequence[StaffLevel], at: datetime) -> Sequence[StaffLevel]:
    """The rates from an instant on; when nobody is planned after it, the last at work go on."""
    begun = bisect_right(rates, at, key=_from_at)
    before, after = rates[:begun], rates[begun:]
    if not before:
        return rates
    at_work = before[-1].counters
    if not at_work and not any(rate.counters for rate in after):
        at_work = next((rate.counters for rate in reversed(before) if rate.counters), 0)
    return (StaffLevel(at, at_work), *after)


def counters_at(rates: Sequence[StaffLevel], at: datetime) -> int:
    """How many counters rates say are at work at an instant; none before the first."""
    begun = bisect_right(rates, at, key=_from_at)
    return rates[begun - 1].counters if begun else 0


def _from_at(rate: StaffLevel) -> datetime:
    return rate.from_at


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
