"""The wait that a ticket is told when something happens to it, from the analytic start.

`analytic_start` computes mean and spread of the time until a counter is free for the ticket; this module turns them
into quantiles and the range to show. The waits that people are told take into account that some of those ahead give up;
admission does not.

Source: DESIGN 6, "Waits"; ALGORITHMS 3 (analytic_start) and 4.2 (the range shown).
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
    """The number of tickets called before a ticket, and its wait."""

    ahead: int
    wait: Wait


def unknown_wait(now_at: datetime) -> Wait:
    """Return the wait for the case that no counter for the ticket is open or planned today."""
    return Wait(p10_s=None, p50_s=None, p90_s=None, as_of_at=now_at, shown=None)


def wait_of_newcomer(day: Day, service: ServiceId, now_at: datetime, at_work: int | None = None) -> Wait:
    """Return the wait of a walk-in who takes a ticket at `now_at`. `at_work` is the same as in `outlook_at`."""
    pool = day.pools.pool_of(service, day.plan.services[service].stages[0])
    return outlook_at(day, pool, newcomer_place(day, now_at), now_at, at_work=at_work).wait


def newcomer_place(day: Day, now_at: datetime) -> Place:
    """Return the place in the order of calls of a walk-in who takes a ticket at `now_at`."""
    return Place(now_at, now_at, day.issued + 1, LAST_ID)


def outlook_of(day: Day, ticket: Ticket, now_at: datetime) -> Outlook:
    """Return the outlook of a ticket as `ticket` describes it. A ticket is never ahead of itself."""
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
    """Return the outlook of a standby ticket: its place among the standby tickets, and an unknown wait."""
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
    """Return the outlook of a ticket at a place in the order of calls.

    Args:
        day: the day, advanced to `now_at`.
        pool: the counters that may call the ticket, and the lines that compete for them.
        place: the place of the ticket.
        now_at: the present instant.
        leaving: the ticket whose present place is given up for this place.
        at_work: the number of the pool's own counters to assume now, instead of `counters_at_work`. Ignored before the
            hall opens.
        due_at: the ticket is not called before this instant, unless a counter has nobody else to call.
        not_before_at: the ticket is never called before this instant.
        arrived: the appointment that the ticket is for, while it is still counted among the expected appointments.

    Returns:
        The number of tickets ahead, and the wait: quantiles in seconds and the range to show. All of the wait is null
        when no counter for the ticket is open or planned today.
    """
    ahead, waiting = work_before(day, pool, place, leaving)
    coming = arrivals_before(day, pool, place, now_at, arrived)
    extra_counters = 0 if at_work is None else at_work - counters_at_work(pool.staffing, now_at)
    free = counter_free_for(
        day, pool, waiting, coming, now_at, extra_counters=extra_counters, leaving=day.plan.learned.leaving
    )
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
    """Return the wait of a normal distribution, with its range rounded outward to `step_min` minutes.

    The p10 is at least `earliest_s`.
    """
    low_s = max(earliest_s, mean_s - P10_P90_SD * sd_s)
    high_s = mean_s + P10_P90_SD * sd_s
    step_s = step_min * 60
    from_min = int(low_s // step_s) * step_min
    to_min = max(math.ceil(high_s / step_s) * step_min, from_min + step_min)
    return Wait(
        p10_s=round(low_s), p50_s=round(mean_s), p90_s=round(high_s), as_of_at=now_at, shown=Shown(from_min, to_min)
    )
