"""How long until a ticket is called: the analytic start.

The work before a place has a mean and a variance: what is left of the services under way (lognormal, given how long
they have lasted), and the expected work of everybody earlier in the order. It is drained at the rate of the counters
that are open now, and of those that are planned later; on the way the work of those joins who will come before the
place: people with an appointment, as likely as they are to come still, and those who came early for theirs. Rank times
mean gives the sum of a line, so one answer costs one bisection per line, one residual per counter and one step per slot
until then, however many wait.

What people are told reckons with those who give up waiting, as a hall has learned; admission does not.

Source: DESIGN 6, "Waits"; ALGORITHMS 3 (analytic_start) and 4.2 (today's speed, the range shown).
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import merge
from operator import add
from statistics import fmean
from typing import NamedTuple

from service.domain.day import NOTHING_SPENT, Day, Line, Place, Pool, place_of
from service.domain.diary import visit_of
from service.domain.model import Admission, Appointment, ServiceId, Shown, StageId, Ticket, TicketId, Wait
from service.domain.plan import Learned, Leaving, Plan, Rate

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

HOUR_S = 3600

THINNING_STEPS = 3
"""After which the share of those who have gone is true to a percent or two."""

LAST = TicketId("~")
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


class Joining(NamedTuple):
    """Work that joins the queue before a place, at an instant."""

    at: datetime
    work: Work


def nobody_knows(now_at: datetime) -> Wait:
    """The wait when no counter for it is open or planned today."""
    return Wait(p10_s=None, p50_s=None, p90_s=None, as_of_at=now_at, shown=None)


def wait_of_newcomer(day: Day, service: ServiceId, now_at: datetime, at_work: int | None = None) -> Wait:
    """The wait of a walk-in who would take a ticket at `now_at`; `at_work` as in `rates_from`."""
    pool = day.pool(service, day.plan.services[service].stages[0])
    return outlook_at(day, pool, newcomer_at(day, now_at), now_at, at_work=at_work).wait


def newcomer_at(day: Day, now_at: datetime) -> Place:
    """The place of a walk-in who would take a ticket at `now_at`."""
    return Place(now_at, now_at, day.issued + 1, LAST)


def outlook_of(day: Day, ticket: Ticket, now_at: datetime) -> Outlook:
    """What a person is told who will wait as `ticket` says; where they stand now, they are not ahead of themselves."""
    pool = day.pool(ticket.service, ticket.stage)
    if ticket.admission is Admission.STANDBY:
        return outlook_on_standby(day, pool, ticket.n, now_at)
    leaving = day.tickets.get(ticket.id)
    return outlook_at(day, pool, place_of(ticket), now_at, leaving, due_at=day.wakes_at(ticket))


def outlook_on_standby(day: Day, pool: Pool, n: int, now_at: datetime) -> Outlook:
    """What a person on standby is told: their place among those on standby, and no wait, for nothing is promised."""
    return Outlook(len(day.standby_before(pool, n)), nobody_knows(now_at))


def outlook_at(  # noqa: PLR0913  (the last one by name)
    day: Day,
    pool: Pool,
    place: Place,
    now_at: datetime,
    leaving: Ticket | None = None,
    *,
    at_work: int | None = None,
    due_at: datetime | None = None,
    arrived: Appointment | None = None,
) -> Outlook:
    """What a person is told who will stand at a place of the order.

    Args:
        day: awake at `now_at`.
        pool: who competes with them.
        place: their queue time, and what breaks ties.
        now_at: the present instant.
        leaving: the ticket whose present place is given up for this one.
        at_work: as in `rates_from`.
        due_at: not called before this, unless a counter has nobody else.
        arrived: the appointment they come for, which is still among those expected.

    Returns:
        The number ahead, and the wait: quantiles in seconds and the range to show, all null when no counter for it is
        open or planned today.
    """
    own_line = None if leaving is None or place_of(leaving) >= place else day.line_holding(leaving)
    waiting = work_before(pool, place, own_line)
    rates = rates_from(day, pool, now_at, at_work)
    if not any(rate.counters for rate in rates):
        return Outlook(round(waiting.services), nobody_knows(now_at))
    speed, speed_sd = speed_of(day, pool.stage)
    work = Work(*map(add, waiting, work_under_way(day, pool, speed, now_at)))
    mean_s, sd_s = start_of(rates, work, speed, speed_sd, now_at, coming_before(day, pool, place, now_at, arrived))
    if waiting.services:
        mean_s, sd_s = thinned(mean_s, sd_s, waiting, work, day.plan.learned.leaving)
    if due_at is not None and sd_s:
        mean_s = max(mean_s, (due_at - now_at).total_seconds())
    return Outlook(round(waiting.services), quantiles(mean_s, sd_s, now_at, day.plan.rules.promise.step_min))


def thinned(mean_s: float, sd_s: float, waiting: Work, work: Work, leaving: Leaving) -> tuple[float, float]:
    """A start, and its spread, when some of those who wait give up; the line as a fluid.

    Who says so shortens it, beside what counters do: w seconds of work are gone after ln(1 + rw) / r. Who does not is
    called all the same, and saves what a visit is longer than the counter waits for them: of a call after t seconds
    the part 1 - exp(-rt), on the way to the start T thus 1 - (1 - exp(-rT)) / rT; the two are found by turns.
    """
    left_per_s, gone_per_s = leaving.left_per_h / HOUR_S, leaving.no_show_per_h / HOUR_S
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


def speed_of(day: Day, stage: StageId) -> tuple[float, float]:
    """Today's speed at a stage, actual by expected seconds, and its spread."""
    prior_s = speed_prior_s(day.plan, stage)
    spent = day.spent.get(stage, NOTHING_SPENT)
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


def quantiles(mean_s: float, sd_s: float, now_at: datetime, step_min: int) -> Wait:
    """The wait as people are told it: the range rounded outward to `step_min` minutes."""
    low_s = max(0.0, mean_s - P10_P90_SD * sd_s)
    high_s = mean_s + P10_P90_SD * sd_s
    step_s = step_min * 60
    from_min = int(low_s // step_s) * step_min
    to_min = max(math.ceil(high_s / step_s) * step_min, from_min + step_min)
    return Wait(
        p10_s=round(low_s), p50_s=round(mean_s), p90_s=round(high_s), as_of_at=now_at, shown=Shown(from_min, to_min)
    )


def work_before(pool: Pool, place: Place, own_line: Line | None) -> Work:
    """The work of everybody in the pool's lines before a place, but for one of `own_line`."""
    services = 0
    left_s = variance = squares = 0.0
    for line in pool.lines:
        before = line.places.bisect_left(place) - (line is own_line)
        if before:
            services += before
            left_s += before * line.mean_s
            variance += before * line.variance
            squares += before * (line.mean_s * line.mean_s + line.variance)
    return Work(services, left_s, variance, left_s, squares)


def coming_before(
    day: Day, pool: Pool, place: Place, now_at: datetime, arrived: Appointment | None = None
) -> Iterator[Joining]:
    """The work that will join a pool's lines before a place, in the order of time; but for who has `arrived`."""
    expected = _expected_before(day, pool, place, now_at, arrived)
    return merge(expected, _early_before(day, pool, place), key=_joins_at) if day.asleep else expected


def _expected_before(
    day: Day, pool: Pool, place: Place, now_at: datetime, arrived: Appointment | None
) -> Iterator[Joining]:
    """People with an appointment who have not come, and would still have its credit."""
    if not day.diary.expected:
        return
    rules = day.plan.rules
    since_at = now_at - timedelta(seconds=rules.grace_s)
    until_at = place.queue_at + timedelta(seconds=rules.credit_s.appointment)
    for slot_at in day.diary.expected.irange(since_at, until_at, (True, False)):
        shows = show_probability(day.plan.learned, slot_at, now_at)
        joins_at = max(now_at, slot_at - timedelta(seconds=rules.early_s))
        here = visit_of(arrived) if arrived is not None and arrived.starts_at == slot_at else None
        for visit, number in day.diary.expected[slot_at].items():
            service = day.plan.services[visit.service]
            if visit.service in pool.services and pool.stage in service.stages:
                mean_s = service.expected_s(pool.stage, visit.count, prechecked=visit.prechecked)
                variance = service.variance(pool.stage, visit.count, prechecked=visit.prechecked)
                yield Joining(joins_at, work_of(number - (visit == here), shows, mean_s, variance))


def _early_before(day: Day, pool: Pool, place: Place) -> Iterator[Joining]:
    """People who came before their appointment, and are not due yet."""
    for ticket in day.early():
        service = day.plan.services[ticket.service]
        if ticket.service in pool.services and pool.stage in service.stages and place_of(ticket) < place:
            mean_s = service.expected_s(pool.stage, ticket.count, prechecked=ticket.prechecked)
            variance = service.variance(pool.stage, ticket.count, prechecked=ticket.prechecked)
            yield Joining(day.wakes_at(ticket), work_of(1, 1.0, mean_s, variance))


def coming_at_all(day: Day, pool: Pool, now_at: datetime) -> Iterator[Joining]:
    """The work that will join a pool's lines today, whatever its place: of who is expected, and of who sleeps."""
    last = Place(day.plan.ends_at, now_at, day.issued + 1, LAST)
    expected = _expected_before(day, pool, last, now_at, None)
    return merge(expected, _asleep(day, pool), key=_joins_at) if day.asleep else expected


def _asleep(day: Day, pool: Pool) -> Iterator[Joining]:
    """People who are not to be called yet, because they asked for it or came before their appointment."""
    for at, ticket_id in day.asleep:
        ticket = day.tickets[ticket_id]
        service = day.plan.services[ticket.service]
        if ticket.service in pool.services and pool.stage in service.stages:
            mean_s = service.expected_s(pool.stage, ticket.count, prechecked=ticket.prechecked)
            variance = service.variance(pool.stage, ticket.count, prechecked=ticket.prechecked)
            yield Joining(at, work_of(1, 1.0, mean_s, variance))


def _joins_at(joining: Joining) -> datetime:
    return joining.at


def work_of(number: int, shows: float, mean_s: float, variance: float) -> Work:
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


def work_under_way(day: Day, pool: Pool, speed: float, now_at: datetime) -> Work:
    """The work of the people at the pool's counters."""
    services = 0
    left_s = variance = whole_s = squares = 0.0
    for counter_id in pool.open:
        at_counter = day.counters[counter_id].ticket
        if at_counter is None:
            continue
        ticket = day.tickets[at_counter]
        service = day.plan.services[ticket.service]
        one_s = service.expected_s(pool.stage, ticket.count, prechecked=ticket.prechecked)
        one_variance = service.variance(pool.stage, ticket.count, prechecked=ticket.prechecked)
        began_at = ticket.started_at or ticket.called_at or now_at
        elapsed_s = (now_at - began_at).total_seconds()
        services += 1
        left_s += residual_s(one_s, math.sqrt(one_variance) / one_s, elapsed_s / speed)
        variance += one_variance
        whole_s += one_s
        squares += one_s * one_s + one_variance
    return Work(services, left_s, variance, whole_s, squares)


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
    z = (math.log(mean_s / elapsed_s) - variance / 2) / sigma
    still = _phi(z)
    if still < 1e-6:  # far in the tail: the ratio below loses its digits, and such a service is a forgotten finish
        return mean_s
    return mean_s * _phi(z + sigma) / still - elapsed_s


def probability_below(value: float, mean: float, sd: float) -> float:
    """The probability that something normal is less than a value; without a spread it is its mean."""
    return _phi((value - mean) / sd) if sd else float(mean < value)


def _phi(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def rates_from(day: Day, pool: Pool, now_at: datetime, at_work: int | None = None) -> Sequence[Rate]:
    """How many counters serve a pool from now on: those open now, until the plan says something else.

    `at_work` says how many to reckon with now instead; not before the opening.
    """
    begun = bisect_right(pool.planned, now_at, key=_from_at)
    later = pool.planned[begun:]
    windows = day.plan.windows
    if windows and now_at < windows[0].opens_at:
        return later  # calls begin with the opening
    if at_work is None:
        at_work = len(pool.open) or (pool.planned[begun - 1].counters if begun else 0)
    return (Rate(now_at, at_work), *later)


def _from_at(rate: Rate) -> datetime:
    return rate.from_at


def start_of(  # noqa: PLR0913, PLR0917  (what a start depends on)
    rates: Sequence[Rate],
    work: Work,
    speed: float,
    speed_sd: float,
    now_at: datetime,
    coming: Iterable[Joining] = (),
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
