"""Work that will join the queue later today."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import merge
from typing import NamedTuple

from service.domain.booking.appointment_index import Visit, visit_of
from service.domain.calendar.learned import Learned
from service.domain.day import Day
from service.domain.model import Appointment, TicketId
from service.domain.queue.counter_pools import Pool
from service.domain.queue.distributions import phi
from service.domain.queue.queued_work import Work, duration_at, expected_work, work_brought_by
from service.domain.queue.waiting_lines import Place, place_of

LAST_ID = TicketId("~")
"""Sorts after every ticket's id."""


class JoiningWork(NamedTuple):
    """Work of a kind that joins the queue before a place, at an instant."""

    at: datetime
    work: Work
    kind: int


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


def _joins_at(joining: JoiningWork) -> datetime:
    return joining.at


def show_probability(learned: Learned, slot_at: datetime, now_at: datetime) -> float:
    """How likely somebody still comes who has not come yet: (1-p) F / (p + (1-p) F), F the tail of punctuality."""
    late_s = (now_at - slot_at).total_seconds() - learned.punctuality_mean_s
    tail = phi(-late_s / learned.punctuality_sd_s) if learned.punctuality_sd_s else float(late_s < 0)
    still = (1 - learned.no_show) * tail
    return still / (learned.no_show + still) if still else 0.0
