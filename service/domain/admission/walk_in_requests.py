"""A walk-in's request for a number, and the stages that its visit still needs."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from service.domain.booking.appointment_index import Visit
from service.domain.calendar.plan import PlannedService
from service.domain.day import Day
from service.domain.model import ServiceId, StageId, Ticket
from service.domain.queue.counter_pools import Pool
from service.domain.queue.follow_on_services import follow_on_visits
from service.domain.queue.queued_work import duration_at


class WalkInRequest(Struct, frozen=True):
    """What a walk-in asks for: `count` people for a service, from `stage` on, then the services `then`.

    `n` is the ticket's number of issue; standby tickets with a smaller `n` come first. A guest of `partner` may be
    offered slots reserved for its guests.
    """

    service: ServiceId
    stage: StageId
    count: int
    prechecked: bool
    n: int
    then: tuple[ServiceId, ...] = ()
    partner: str | None = None


class StageNeed(NamedTuple):
    """A stage that a visit still needs: its pool, and mean (seconds) and variance of the visit's work there."""

    pool: Pool
    mean_s: float
    variance: float


def request_of(ticket: Ticket) -> WalkInRequest:
    """Return what a ticket still needs."""
    return WalkInRequest(ticket.service, ticket.stage, ticket.count, ticket.prechecked, ticket.n, ticket.then)


def next_request(  # noqa: PLR0913  (half of them by name)
    day: Day,
    service: PlannedService,
    count: int,
    *,
    prechecked: bool,
    then: tuple[ServiceId, ...] = (),
    partner: str | None = None,
) -> WalkInRequest:
    """Return the request of a walk-in who takes the next number."""
    stage = service.first_stage(prechecked=prechecked)
    return WalkInRequest(service.id, stage, count, prechecked, day.issued + 1, then, partner)


def anonymous(request: WalkInRequest) -> WalkInRequest:
    """Return a request without the person's number and partner: equal requests get equal answers."""
    return replace(request, n=0, partner=None)


def stages_needed(day: Day, request: WalkInRequest) -> list[StageNeed]:
    """Return the stages that a request still needs, in order, follow-on services included; at least one."""
    service, count, prechecked = request.service, request.count, request.prechecked
    needs = list(_stages_from(day, request.stage, Visit(service, count, prechecked)))
    for visit in follow_on_visits(day.plan, service, request.then, count, prechecked=prechecked):
        needs += _stages_from(day, day.plan.services[visit.service].stages[0], visit)
    return needs


def _stages_from(day: Day, first: StageId, visit: Visit) -> Iterator[StageNeed]:
    stages = day.plan.services[visit.service].stages
    here = day.pools.calling_stage(visit.service, first)
    for stage in stages[stages.index(here) :]:
        if (
            day.pools.calling_stage(visit.service, stage) == stage
        ):  # otherwise an optional stage without an open counter
            duration = duration_at(day, stage, visit.service, first, visit.count, prechecked=visit.prechecked)
            assert duration is not None, "the stage is still ahead"
            yield StageNeed(day.pools.pool_of(visit.service, stage), *duration)
