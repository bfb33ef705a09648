"""Follow-on services (`then`): further services in the same visit."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from service.domain.booking.appointment_index import Visit
from service.domain.calendar.plan import Plan
from service.domain.model import ServiceId, StageId, Ticket


class FollowOn(NamedTuple):
    """A follow-on visit of a ticket that is at a stage of a service."""

    stage: StageId
    service: ServiceId
    visit: Visit


class FollowOnNeed(NamedTuple):
    """The work that a follow-on service needs from one person at a stage: kind, mean and variance in seconds.

    `before_s` is the mean time of work of the same kind that the person does there just before; None if there is none.
    `shares` is True if the person is now in a line of the counters that share this work, or at one of these counters.
    """

    kind: int
    mean_s: float
    variance: float
    before_s: float | None
    shares: bool


def follow_ons_of(plan: Plan, ticket: Ticket) -> Iterator[FollowOn]:
    """Yield all follow-on visits of a ticket."""
    for visit in follow_on_visits(plan, ticket.service, ticket.then, ticket.count, prechecked=ticket.prechecked):
        yield FollowOn(ticket.stage, ticket.service, visit)


def follow_on_visits(
    plan: Plan, service: ServiceId, then: Sequence[ServiceId], count: int, *, prechecked: bool
) -> Iterator[Visit]:
    """Yield the visits that follow a visit for a service. Each begins at its first stage."""
    for name in then:
        if name in plan.services:
            prechecked = prechecked and name == service  # other services need other papers
            yield Visit(name, count, prechecked)
            service = name
