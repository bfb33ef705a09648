"""The present day of a hall by half hours: who came, who is still expected, and how many the counters can serve.

Capacity is in people: open counters times the half hour, by the seconds that one of today's people is expected to take.
It is of the stages that no visit can do without, for the others hold nobody up. What was is of the counters that were
open, what is to come of those that are planned, and now is of those that are open now.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from service.domain.calendar.plan import Plan
from service.domain.day import Day
from service.domain.model import TO_COME, CounterState
from service.domain.stats.day_figures import HALF
from service.domain.stats.figures_observer import FiguresObserver, half_hours_in

PLAN_SAMPLES = 4
"""Looks at the plan in a half hour: bands begin and end at quarters."""

DEFAULT_SERVICE_S = 300.0
"""How long somebody takes where the hall offers nothing at its counters."""


class HalfHour(Struct, frozen=True, kw_only=True):
    """People who came and who are expected, and how many can be served, in half an hour from `from_at` on."""

    from_at: datetime
    booked: int
    walk_ins: int
    booked_to_come: int
    walk_ins_to_come: int
    capacity: float
    planned: float


def half_hours_of(observer: FiguresObserver, now_at: datetime) -> list[HalfHour]:
    """The half hours of the hall's hours; who was at the door before counts in the first. None on a closed day."""
    plan = observer.day.plan
    if not plan.windows:
        return []
    first = half_hour_start(plan.windows[0].opens_at)
    came = _came(observer, first)
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
    """The beginning of the half hour that an instant lies in."""
    return next(iter(half_hours_in(at, at + timedelta(seconds=1))))[0]


def _came(observer: FiguresObserver, first: datetime) -> dict[datetime, tuple[int, int]]:
    found: dict[datetime, tuple[int, int]] = {}
    for at, (booked, walk_ins) in observer.arrivals().items():
        before = found.get(max(at, first), (0, 0))
        found[max(at, first)] = (before[0] + booked, before[1] + walk_ins)
    return found


def _expected(day: Day, now_at: datetime) -> dict[datetime, int]:
    """People with an appointment who have not come; those who are late are expected now."""
    found: dict[datetime, int] = {}
    for one in day.appointments.values():
        if day.state_of(one, now_at) in TO_COME:
            half = max(half_hour_start(one.starts_at), half_hour_start(now_at))
            found[half] = found.get(half, 0) + one.count
    return found


def _open_s(observer: FiguresObserver, now_at: datetime) -> dict[datetime, float]:
    needed = observer.day.plan.final_stages
    found: dict[datetime, float] = {}
    for _, state, stage, from_at, to_at in observer.spans(now_at):
        if state is CounterState.OPEN and stage in needed:
            for half, seconds in half_hours_in(from_at, to_at):
                found[half] = found.get(half, 0.0) + seconds
    return found


def _open_now(day: Day) -> int:
    needed = day.plan.final_stages
    return sum(one.state is CounterState.OPEN and one.stage in needed for one in day.counters.values())


def _mean_s(day: Day) -> float:
    """Seconds of a counter that one person is expected to take: of those who came today, or by the document alone."""
    offered = [one for one in day.plan.services.values() if one.offered and one.online_url is None]
    if not offered:
        return DEFAULT_SERVICE_S
    came = dict.fromkeys((one.id for one in offered), 0)
    for ticket in day.tickets.values():
        if ticket.service in came:
            came[ticket.service] += ticket.count
    if not any(came.values()):
        came = dict.fromkeys(came, 1)
    return sum(came[one.id] * one.mean_s for one in offered) / sum(came.values())


def _planned(plan: Plan, from_at: datetime) -> float:
    """How many counters the plan has at work in a half hour, on the mean."""
    return sum(plan.counters_planned_at(from_at + n * HALF / PLAN_SAMPLES) for n in range(PLAN_SAMPLES)) / PLAN_SAMPLES


def _walk_ins(plan: Plan, from_at: datetime, to_at: datetime) -> int:
    """How many walk-ins history expects in a span; none where there is no history."""
    expected = 0.0
    for hour in plan.walk_ins:
        inside = (min(to_at, hour.to_at) - max(from_at, hour.from_at)).total_seconds()
        if inside > 0:
            expected += hour.number * inside / (hour.to_at - hour.from_at).total_seconds()
    return round(expected)
