"""Record the end of a visit at a counter, and keep the totals that today's speed is computed from."""

from service.domain.day import NO_SERVICE_TIMES, Day, ServiceTimes
from service.domain.events import Record
from service.domain.model import Served, StageId, Ticket

FORGOTTEN_AFTER_MEANS = 4
"""A visit longer than this many expected durations was finished late; it does not count for today's speed."""


def record_visit(day: Day, ticket: Ticket, record: Record, *, forgotten: bool = False) -> Served:
    """Record a visit that ends now and count it in the service times of its stage.

    A visit whose duration is not typical is not counted: it was finished late, or the hall was suspended meanwhile.
    """
    began_at = ticket.started_at or ticket.called_at or record.at
    seconds = (record.at - began_at).total_seconds()
    interrupted = day.suspended_s(began_at, record.at) > 0
    service = day.plan.services[ticket.service]
    expected_s = service.expected_s(ticket.stage, ticket.count, prechecked=ticket.prechecked)
    not_typical = forgotten or interrupted or seconds > FORGOTTEN_AFTER_MEANS * expected_s
    served = Served(ticket.service, seconds, interrupted, None if not_typical else expected_s)
    count_visit(day, ticket.stage, served)
    return served


def count_visit(day: Day, stage: StageId, served: Served, times: int = 1) -> None:
    """Add a visit to the service times of a stage. `times` -1 subtracts it, with the expectation recorded then."""
    if served.expected_s is not None:
        actual_s, expected_s = day.service_times.get(stage, NO_SERVICE_TIMES)
        day.service_times[stage] = ServiceTimes(
            actual_s + times * served.seconds, expected_s + times * served.expected_s
        )
