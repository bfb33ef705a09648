"""The present day of a hall by half hours: people who came, people expected, and the capacity of the counters.

Capacity is in people: open counters times the half hour, divided by the expected service time of today's people. Only
counters of the stages where visits end count. Past half hours use the counters that were open, the present one those
open now, future ones the planned counters.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from service.domain.calendar.plan import Plan
from service.domain.day import Day
from service.domain.model import TO_COME, CounterState
from service.domain.stats.day_figures import HALF
from service.domain.stats.figures_observer import FiguresObserver, half_hours_in

PLAN_SAMPLES = 4
"""Samples of the plan in a half hour."""

DEFAULT_SERVICE_S = 300.0
"""Expected service time if the hall offers no service at its counters."""


class HalfHour(Struct, frozen=True, kw_only=True):
    """People who came, people expected, and the capacity in the half hour from `from_at`; `planned`: by the plan."""

    from_at: datetime
    booked: int
    walk_ins: int
    booked_to_come: int
    walk_ins_to_come: int
    capacity: float
    planned: float


def half_hours_of(observer: FiguresObserver, now_at: datetime) -> list[HalfHour]:
    """List the half hours of the opening hours; earlier arrivals count in the first. Empty on a closed day."""
    plan = observer.day.plan
    if not plan.windows:
        return []
    first = half_hour_start(plan.windows[0].opens_at)
    came = _arrivals(observer, first)
    expected = _expected(observer.day, now_at)
    open_s = _open_s(observer, now_at)
    of_counter = HALF.total_seconds() / _mean_s(observer.day)
    found = []
    while first < plan.windows[-1].closes_at:
        until = first + HALF
        planned = _planned(plan, first) * of_counter
        booked, walk_ins = came.get(first, (0, 0))
        if until <= now_at:
            capacity = open_s.get(first, 0.0) / HALF.total_seconds() * of_counter
        elif first <= now_at:
            capacity = _open_now(observer.day) * of_counter
        else:
            capacity = planned
        found.append(
            HalfHour(
                from_at=first,
                booked=booked,
                walk_ins=walk_ins,
                booked_to_come=expected.get(first, 0),
                walk_ins_to_come=_walk_ins(plan, max(first, now_at), until),
                capacity=capacity,
                planned=planned,
            )
        )
        first = until
    return found


def half_hour_start(at: datetime) -> datetime:
    """Return the beginning of the half hour that contains an instant."""
    return next(iter(half_hours_in(at, at + timedelta(seconds=1))))[0]


def _arrivals(observer: FiguresObserver, first: datetime) -> dict[datetime, tuple[int, int]]:
    found: dict[datetime, tuple[int, int]] = {}
    for at, (booked, walk_ins) in observer.arrivals().items():
        before = found.get(max(at, first), (0, 0))
        found[max(at, first)] = (before[0] + booked, before[1] + walk_ins)
    return found


def _expected(day: Day, now_at: datetime) -> dict[datetime, int]:
    """Count people with an appointment who have not come yet; late ones in the present half hour."""
    found: dict[datetime, int] = {}
    for appointment in day.appointments.values():
        if day.state_of(appointment, now_at) in TO_COME:
            half = max(half_hour_start(appointment.starts_at), half_hour_start(now_at))
            found[half] = found.get(half, 0) + appointment.count
    return found


def _open_s(observer: FiguresObserver, now_at: datetime) -> dict[datetime, float]:
    needed = observer.day.plan.final_stages
    found: dict[datetime, float] = {}
    for _, state, stage, from_at, to_at in observer.counter_spans(now_at):
        if state is CounterState.OPEN and stage in needed:
            for half, seconds in half_hours_in(from_at, to_at):
                found[half] = found.get(half, 0.0) + seconds
    return found


def _open_now(day: Day) -> int:
    needed = day.plan.final_stages
    return sum(counter.state is CounterState.OPEN and counter.stage in needed for counter in day.counters.values())


def _mean_s(day: Day) -> float:
    """Return the expected service seconds per person: the mean over today's people, else over the offered services."""
    offered = [service for service in day.plan.services.values() if service.offered and service.online_url is None]
    if not offered:
        return DEFAULT_SERVICE_S
    came = dict.fromkeys((service.id for service in offered), 0)
    for ticket in day.tickets.values():
        if ticket.service in came:
            came[ticket.service] += ticket.count
    if not any(came.values()):
        came = dict.fromkeys(came, 1)
    return sum(came[service.id] * service.mean_s for service in offered) / sum(came.values())


def _planned(plan: Plan, from_at: datetime) -> float:
    """Return the mean number of planned counters in a half hour."""
    return sum(plan.counters_planned_at(from_at + n * HALF / PLAN_SAMPLES) for n in range(PLAN_SAMPLES)) / PLAN_SAMPLES


def _walk_ins(plan: Plan, from_at: datetime, to_at: datetime) -> int:
    """Return the number of walk-ins expected in a span by the learned values; 0 without them."""
    expected = 0.0
    for hour in plan.walk_ins:
        inside = (min(to_at, hour.to_at) - max(from_at, hour.from_at)).total_seconds()
        if inside > 0:
            expected += hour.number * inside / (hour.to_at - hour.from_at).total_seconds()
    return round(expected)
