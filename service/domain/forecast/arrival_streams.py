"""The people who will come without an appointment, as streams of arrivals.

Source: ALGORITHMS 2.2 (walk-ins) and 4.2.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from service.domain.calendar.plan import ExpectedWalkIns
from service.domain.day import Day
from service.domain.forecast.start_state import ArrivalSpan, ArrivalStream, Route
from service.domain.model import ServiceId, TicketClass
from service.domain.queue.recent_arrivals import recent_arrivals


def arrival_streams(day: Day, now_at: datetime, routes: Mapping[ServiceId, Route]) -> tuple[ArrivalStream, ...]:
    """Forecast who comes without an appointment from now until closing.

    There is one stream for each way through the hall, and a second one for the people with a green-channel ticket. The
    plan gives the number of walk-ins; where it has no forecast, people are expected to come as in the last hour.

    Args:
        day: the day.
        now_at: the present instant.
        routes: the route of a walk-in of each service that walk-ins may ask for.
    """
    plan = day.plan
    recent = _recent_walk_ins(day, now_at)
    total_recent = sum(recent.by_service.values())
    spans = [_remaining_span(span, now_at) for span in plan.walk_ins if span.to_at > now_at]
    spans += [
        ArrivalSpan(from_s, to_s, total_recent / recent.over_s * (to_s - from_s), 0.0)
        for from_s, to_s in (
            _seconds_ahead(window.opens_at, window.closes_at, now_at) for window in plan.windows_without_history()
        )
        if from_s < to_s
    ]
    mix = (plan.learned.mix or dict.fromkeys(routes, 1.0)) if plan.walk_ins else dict(recent.by_service)
    mix = {service: share for service, share in mix.items() if service in routes and share > 0}
    spans = [span for span in spans if span.number > 0]
    if not mix or not spans:
        return ()
    total = sum(mix.values())
    by_way: defaultdict[tuple[tuple[int, int], ...], list[tuple[float, Route]]] = defaultdict(list)
    for service, share in mix.items():
        by_way[tuple(step[:2] for step in routes[service])].append((share / total, routes[service]))
    green_share = recent.green / total_recent if total_recent else 0.0
    return tuple(
        ArrivalStream(
            credit_s,
            _mixed_route(weighted_routes),
            tuple(
                span._replace(number=span.number * share * of_class, sd=span.sd * share * of_class) for span in spans
            ),
        )
        for weighted_routes in by_way.values()
        for share in (sum(weight for weight, _ in weighted_routes),)
        for credit_s, of_class in (
            (0.0, 1 - green_share),
            (float(plan.credit_s(TicketClass.GREEN)), green_share),
        )
        if of_class > 0
    )


class _RecentWalkIns(NamedTuple):
    """Tickets taken without an appointment in the last hour that the doors were open.

    `by_service` counts tickets, `green` those of them with a green-channel ticket; `over_s` is the time to divide by.
    """

    by_service: dict[ServiceId, float]
    green: int
    over_s: float


def _recent_walk_ins(day: Day, now_at: datetime) -> _RecentWalkIns:
    tickets, over_s = recent_arrivals(day, now_at)
    by_service: defaultdict[ServiceId, float] = defaultdict(float)
    green = 0
    for ticket in tickets:
        if ticket.class_ in (TicketClass.WALK_IN, TicketClass.GREEN):
            by_service[ticket.service] += 1
            green += ticket.class_ is TicketClass.GREEN
    return _RecentWalkIns(by_service, green, over_s)


def _remaining_span(span: ExpectedWalkIns, now_at: datetime) -> ArrivalSpan:
    """Return the part of a planned span that is still ahead."""
    share = (span.to_at - max(span.from_at, now_at)) / (span.to_at - span.from_at)
    return ArrivalSpan(*_seconds_ahead(span.from_at, span.to_at, now_at), span.number * share, span.sd * share)


def _seconds_ahead(from_at: datetime, to_at: datetime, now_at: datetime) -> tuple[float, float]:
    """Return a span in seconds from now; an instant in the past counts as now."""
    return max(0.0, (from_at - now_at).total_seconds()), max(0.0, (to_at - now_at).total_seconds())


def _mixed_route(routes: Sequence[tuple[float, Route]]) -> Route:
    """Merge weighted routes through the same groups into one: each step has the mean and variance of the mixture."""
    total = sum(weight for weight, _ in routes)
    steps = []
    for same in zip(*(route for _, route in routes), strict=True):
        weights = [weight / total for weight, _ in routes]
        mean_s = sum(weight * step.mean_s for weight, step in zip(weights, same, strict=True))
        squares = sum(weight * (step.mean_s**2 + step.variance) for weight, step in zip(weights, same, strict=True))
        steps.append(same[0]._replace(mean_s=mean_s, variance=max(0.0, squares - mean_s**2)))
    return tuple(steps)
