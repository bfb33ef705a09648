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
from datetime import datetime
from typing import NamedTuple

from service.domain.day import Day
from service.domain.model import Admission, Appointment, ServiceId, Shown, Ticket, Wait
from service.domain.queue.analytic_start import counter_free_for
from service.domain.queue.arriving_work import LAST_ID, arrivals_before
from service.domain.queue.counter_pools import Pool
from service.domain.queue.counter_rates import counters_at_work
from service.domain.queue.queued_work import work_before
from service.domain.queue.waiting_lines import Place, place_of

P10_P90_SD = 1.2816
"""Standard deviations from the median to the 10th and 90th percentile of a normal distribution."""


class Outlook(NamedTuple):
    """What a person is told: how many are called before them, and the wait."""

    ahead: int
    wait: Wait


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
