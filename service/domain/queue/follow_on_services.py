"""What people go on with in the same visit, after the service they are here for (`then`)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from service.domain.booking.appointment_index import Visit
from service.domain.calendar.plan import Plan
from service.domain.model import ServiceId, StageId, Ticket


class FollowOn(NamedTuple):
    """What people who are at a stage of a service go on with when that is done."""

    stage: StageId
    service: ServiceId
    visit: Visit


class FollowOnNeed(NamedTuple):
    """What one person who goes on needs at a stage: work of a kind, by mean and variance, in seconds.

    `before_s` is what they do there before it as work of the same kind; None when nothing. `shares` is true when they
    are in the lines of the counters that share this work, or at these counters, now.
    """

    kind: int
    mean_s: float
    variance: float
    before_s: float | None
    shares: bool


def follow_ons_of(plan: Plan, ticket: Ticket) -> Iterator[FollowOn]:
    """All that a ticket goes on with."""
    for visit in follow_on_visits(plan, ticket.service, ticket.then, ticket.count, prechecked=ticket.prechecked):
        yield FollowOn(ticket.stage, ticket.service, visit)


def follow_on_visits(
    plan: Plan, service: ServiceId, then: Sequence[ServiceId], count: int, *, prechecked: bool
) -> Iterator[Visit]:
    """The visits that follow on one for a service; each begins at its first stage."""
    for name in then:
        if name in plan.services:
            prechecked = prechecked and name == service  # other services want other papers
            yield Visit(name, count, prechecked)
            service = name
