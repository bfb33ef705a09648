"""The work that will join the queue later today: of expected appointments, and of tickets that are not due yet.

Source: DESIGN 6, "Waits"; ALGORITHMS 3.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import merge
from typing import NamedTuple

from service.domain.booking.appointment_index import Visit, visit_of
from service.domain.calendar.learned import Learned
from service.domain.day import Day
from service.domain.model import Appointment, TicketId
from service.domain.queue.counter_pools import Pool
from service.domain.queue.distributions import normal_cdf
from service.domain.queue.queued_work import Work, duration_at, expected_work, work_brought_by
from service.domain.queue.waiting_lines import Place, place_of

LAST_ID = TicketId("~")
"""Sorts after the id of every ticket."""


class JoiningWork(NamedTuple):
    """Work of one kind that joins the queue at an instant."""

    at: datetime
    work: Work
    kind: int


def arrivals_before(
    day: Day, pool: Pool, place: Place, now_at: datetime, arrived: Appointment | None = None
) -> Iterator[JoiningWork]:
    """Yield, in the order of time, the work that will join the shared queue before a place.

    `arrived` is an appointment whose person is already here; it does not count.
    """
    expected = _expected_work_before(day, pool, place, now_at, arrived)
    return merge(expected, _early_work_before(day, pool, place), key=_joins_at) if day.queue.deferred else expected


def _expected_work_before(
    day: Day, pool: Pool, place: Place, now_at: datetime, arrived: Appointment | None
) -> Iterator[JoiningWork]:
    """Yield the work of expected appointments that would still have their credit and come before a place."""
    if not day.appointment_index.expected:
        return
    rules = day.plan.rules
    since_at = now_at - timedelta(seconds=rules.grace_s)
    until_at = place.queue_at + timedelta(seconds=rules.credit_s.appointment)
    needs: dict[Visit, tuple[int, float, float] | None] = {}
    for slot_at, late_from_at in day.expected_late(since_at, until_at, now_at):
        shows = show_probability(day.plan.learned, late_from_at, now_at)
        joins_at = max(now_at, slot_at - timedelta(seconds=rules.early_s))
        arrived_visit = visit_of(arrived) if arrived is not None and arrived.starts_at == slot_at else None
        for visit, number in day.appointment_index.expected[slot_at].items():
            if visit not in needs:
                needs[visit] = _need_of_visit(day, pool, visit)
            need = needs[visit]
            if need is not None:
                kind, mean_s, variance = need
                yield JoiningWork(
                    joins_at, expected_work(number - (visit == arrived_visit), shows, mean_s, variance), kind
                )


def _need_of_visit(day: Day, pool: Pool, visit: Visit) -> tuple[int, float, float] | None:
    """Return the kind of a visit, with mean and variance of its time at a pool's stage; None if it needs none there."""
    kind = pool.sharing.kind_of.get(visit.service)
    if kind is None:
        return None
    begins = day.plan.services[visit.service].first_stage(prechecked=visit.prechecked)
    lasts = duration_at(day, pool.stage, visit.service, begins, visit.count, prechecked=visit.prechecked)
    return None if lasts is None else (kind, *lasts)


def _early_work_before(day: Day, pool: Pool, place: Place) -> Iterator[JoiningWork]:
    """Yield the work of people who came early for their appointment, are not due yet, and come before a place."""
    for ticket in day.queue.early():
        if place_of(ticket) < place:
            for kind, work in work_brought_by(day, pool, ticket):
                yield JoiningWork(day.queue.due_at(ticket), work, kind)


def all_arrivals(day: Day, pool: Pool, now_at: datetime) -> Iterator[JoiningWork]:
    """Yield, in the order of time, all work that will join the shared queue today, whatever its place."""
    last = Place(day.plan.ends_at, now_at, day.issued + 1, LAST_ID)
    expected = _expected_work_before(day, pool, last, now_at, None)
    return merge(expected, _deferred_work(day, pool), key=_joins_at) if day.queue.deferred else expected


def _deferred_work(day: Day, pool: Pool) -> Iterator[JoiningWork]:
    """Yield the work of all tickets that are not due yet, whether on request or because of an early arrival."""
    for at, ticket_id in day.queue.deferred:
        for kind, work in work_brought_by(day, pool, day.tickets[ticket_id]):
            yield JoiningWork(at, work, kind)


def _joins_at(joining: JoiningWork) -> datetime:
    return joining.at


def show_probability(learned: Learned, slot_at: datetime, now_at: datetime) -> float:
    """Return the probability that a person who has not come by `now_at` still comes.

    It is (1 - p) F / (p + (1 - p) F), with the no-show probability p and F the probability of being later than now.
    """
    late_s = (now_at - slot_at).total_seconds() - learned.punctuality_mean_s
    tail = normal_cdf(-late_s / learned.punctuality_sd_s) if learned.punctuality_sd_s else float(late_s < 0)
    shows = (1 - learned.no_show) * tail
    return shows / (learned.no_show + shows) if shows else 0.0
