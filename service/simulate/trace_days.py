"""Days of a real hall: learn from the first days, run the later days, and score the promised waits.

Learned are the durations of each service, as a hall learns them at night (drawn towards the mean of all services,
because a trace has no expected durations), the arrivals, and how soon people give up. The later days have the people of
the trace with their arrivals, durations and patience, and its servers with their hours. The rules of the hall decide
who is called next and which wait is promised. Nothing is fitted to the days that are run.

Source: ALGORITHMS 4.2 (durations).
"""

from collections.abc import Iterable, Sequence
from math import ceil, isinf
from pathlib import Path
from statistics import fmean, pstdev

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from service.domain.calendar.day_plan import plan_of
from service.domain.calendar.learned import HOUR_S, ExpectedDuration, Learned, LearnedArrivals, Leaving
from service.domain.hall.document import Codes, Credit, Staffing
from service.domain.model import CounterId, ServiceId, TicketClass
from service.domain.stats.learning import learned_duration, without_outliers
from service.replay.errors import TraceError
from service.replay.trace import Trace, Visit, read_days
from service.replay.trace_hall import hall_for_trace, service_ids
from service.simulate.errors import SimulateError
from service.simulate.hall_setup import HallSetup, Shift
from service.simulate.people import People, Person
from service.simulate.scenario import ALTERNATE_CODE, POLICIES, Policy, local

PREFERRED_S = 90
"""Credit of people whom the trace's hall preferred: the bank of the existing traces gave them 1.5 minutes."""

AWAY_AFTER_S = 20
"""A server who called nobody for this long while a person waited was not ready."""

AFTERWORK_MOST_S = 300
"""Up to this length such a time is work after a visit, and counts as part of it; a longer one means that the server was
away."""

QUARTERS = 96
QUARTER_S = 900

_EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]

TIME_ZONE = "UTC"
"""The time zone of the days: a trace has wall times without a zone."""


class TraceLessons(Struct, frozen=True, kw_only=True):
    """What was learned from some days of a trace.

    `arrivals` are people per quarter of an hour, by ISO weekday. `gives_up_after_s` is the mean patience if nobody were
    called: the seconds waited by all people, divided by the number who gave up.
    """

    days: int
    durations: dict[str, ExpectedDuration]
    everything: ExpectedDuration
    arrivals: dict[int, tuple[float, ...]]
    gives_up_after_s: float | None
    preferred: str | None


class ServerWork(Struct, frozen=True):
    """The work of a day: how long each visit occupied its server, in seconds, and the shifts of each server."""

    lasted_s: tuple[float | None, ...]
    shifts: tuple[tuple[Shift, ...], ...]


def read_trace_days(path: Path) -> list[Trace]:
    """Read a trace of at least two days. Raises SimulateError."""
    try:
        days = read_days(path)
    except TraceError as error:
        raise SimulateError(str(error)) from error
    if len(days) < 2:
        raise SimulateError(f"{path.name} has one day; a trace to learn from has two at least")
    return days


def split(days: Sequence[Trace], learn: int | None) -> tuple[Sequence[Trace], Sequence[Trace]]:
    """Split days into those to learn from (`learn` of them; None for half) and those to run. Raises SimulateError."""
    first = len(days) // 2 if learn is None else learn
    if not 1 <= first < len(days):
        raise SimulateError(f"the trace has {len(days)} days: learn from 1 to {len(days) - 1} of them")
    return days[:first], days[first:]


def learn(days: Sequence[Trace]) -> TraceLessons:
    """Learn from days."""
    visits = [visit for trace in days for visit in trace.visits]
    lasted_s = [one for trace in days for one in server_work_of(trace).lasted_s]
    samples: dict[str, list[int]] = {}
    for visit, one_s in zip(visits, lasted_s, strict=True):
        if one_s is not None:
            samples.setdefault(visit.service, []).append(round(one_s))
    if not any(map(without_outliers, samples.values())):
        raise SimulateError("no one was served on the days to learn from")
    everything = _lasting([one for some in samples.values() for one in some])
    waited_s = sum((visit.called_s or 0) - visit.arrived_s for visit in visits if visit.called_s is not None)
    waited_s += sum(visit.patience_s for visit in visits if visit.patience_s is not None)
    left = sum(visit.patience_s is not None for visit in visits)
    priorities = sorted({visit.priority for visit in visits if visit.priority})
    return TraceLessons(
        days=len(days),
        durations={name: learned_duration(some, (), everything) or everything for name, some in samples.items()},
        everything=everything,
        arrivals=_arrivals(days),
        gives_up_after_s=waited_s / left if left else None,
        preferred=priorities[-1] if len(priorities) > 1 else None,
    )


def _lasting(seconds: Sequence[int]) -> ExpectedDuration:
    """Return mean and spread of durations, without outliers, as a hall learns them at night."""
    kept = without_outliers(seconds)
    mean_s = fmean(kept)
    return ExpectedDuration(mean_s, pstdev(kept, mean_s) / mean_s)


def _arrivals(days: Iterable[Trace]) -> dict[int, tuple[float, ...]]:
    """Return the mean arrivals by quarter of an hour on each weekday that occurs."""
    by_weekday: dict[int, list[list[int]]] = {}
    for trace in days:
        by_weekday.setdefault(trace.on.isoweekday(), []).append(arrival_counts(trace))
    return {
        weekday: tuple(sum(quarter) / len(some) for quarter in zip(*some, strict=True))
        for weekday, some in by_weekday.items()
    }


def arrival_counts(trace: Trace) -> list[int]:
    """Count the arrivals in each quarter of an hour."""
    found = [0] * QUARTERS
    for visit in trace.visits:
        found[visit.arrived_s // QUARTER_S] += 1
    return found


def expected_arrivals(lessons: TraceLessons, trace: Trace) -> tuple[float, ...]:
    """Return the arrivals expected from earlier days; for a weekday that did not occur, the mean of the others."""
    known = lessons.arrivals.get(trace.on.isoweekday())
    if known is not None:
        return known
    return tuple(sum(quarter) / len(lessons.arrivals) for quarter in zip(*lessons.arrivals.values(), strict=True))


def setup_of_trace(trace: Trace, lessons: TraceLessons, policy: Policy) -> HallSetup:
    """Set up the hall of a day of a trace: its servers, and what was learned before. Raises SimulateError."""
    try:
        traced = hall_for_trace(trace, TIME_ZONE)
    except TraceError as error:
        raise SimulateError(str(error)) from error
    shifts = server_work_of(trace).shifts
    green_s = PREFERRED_S if policy == POLICIES["credit"] else policy.green_s
    document = replace(
        traced.document,
        rules=replace(traced.document.rules, credit_s=Credit(appointment=policy.appointment_s, green=green_s)),
        codes=Codes(reasons=["urgent", ALTERNATE_CODE]),
        staffing=_roster(shifts),
    )
    expected = expected_arrivals(lessons, trace)
    learned = Learned(
        durations={
            ServiceId(code): lessons.durations.get(name, lessons.everything) for name, code in traced.services.items()
        },
        walk_ins={f"{hour:02d}": LearnedArrivals(sum(expected[hour * 4 : hour * 4 + 4])) for hour in range(24)},
        leaving=Leaving() if lessons.gives_up_after_s is None else Leaving(HOUR_S / lessons.gives_up_after_s),
    )
    return HallSetup(
        plan=plan_of(document, 1, trace.on, learned=learned),
        shifts={CounterId(counter): spells for counter, spells in zip(traced.counters, shifts, strict=True)},
        alternates=policy.alternates,
    )


def server_work_of(trace: Trace) -> ServerWork:
    """Return the work of each server of a day.

    A server who calls nobody although a person waits is still busy with the last visit, for some minutes; after that
    the server is away. A server whom nobody waits for is idle.
    """
    lasted_s: list[float | None] = [
        None if visit.service_s is None else float(visit.service_s) for visit in trace.visits
    ]
    served: dict[str, list[int]] = {}
    for n, visit in enumerate(trace.visits):
        if visit.called_s is not None:
            served.setdefault(visit.server or "", []).append(n)
    if len(served) > 1:
        served.pop("", None)
    waited = np.array([(visit.arrived_s, _until_s(visit)) for visit in trace.visits])
    shifts: list[tuple[Shift, ...]] = []
    for shift, (_, numbers) in zip(trace.shifts, sorted(served.items()), strict=True):
        spans = sorted((_until_s(trace.visits[n]), n) for n in numbers)
        found: list[Shift] = []
        begun_s = free_s = spans[0][0]
        before: int | None = None
        for called_s, n in spans:
            ignored_s = np.minimum(waited[:, 1], called_s) - np.maximum(waited[:, 0], free_s)
            if before is not None and ignored_s.max() >= AWAY_AFTER_S:
                if called_s - free_s > AFTERWORK_MOST_S:
                    found.append(Shift(begun_s * 1000, free_s * 1000))
                    begun_s = called_s
                else:
                    lasted_s[before] = float(called_s - _until_s(trace.visits[before]))
            before = n
            free_s = max(free_s, called_s + (trace.visits[n].service_s or 0))
        shifts.append((*found, Shift(begun_s * 1000, None if isinf(shift.closes_s) else free_s * 1000)))
    return ServerWork(tuple(lasted_s), tuple(shifts))


def _until_s(visit: Visit) -> int:
    """Return when a wait ended, in seconds of the day."""
    return visit.called_s if visit.called_s is not None else visit.arrived_s + (visit.patience_s or 0)


def _roster(shifts: Iterable[tuple[Shift, ...]]) -> list[Staffing]:
    """Return the staffing plan: the mean number of servers by quarter of an hour, at least one if any was at work."""
    at_work = [0.0] * QUARTERS
    for shift in (one for some in shifts for one in some):
        closes_s = (
            QUARTERS * QUARTER_S if shift.closes_ms is None else min(QUARTERS * QUARTER_S, shift.closes_ms / 1000)
        )
        for quarter in range(QUARTERS):
            begin, end = quarter * QUARTER_S, (quarter + 1) * QUARTER_S
            at_work[quarter] += max(0.0, min(end, closes_s) - max(begin, shift.opens_ms / 1000)) / QUARTER_S
    return [
        Staffing(
            weekdays=_EVERY_DAY,
            from_=local(quarter * 15),
            to=local(quarter * 15 + 15),
            counters=round(number) or ceil(number),
        )
        for quarter, number in enumerate(at_work)
    ]


def people_of_trace(trace: Trace, lessons: TraceLessons, seed: int) -> People:
    """Return the people of a day of a trace.

    A person who gave up in the trace has that patience, and would be served for the mean duration of the service. A
    person who was served has more patience than the wait, by a random time.
    """
    codes = service_ids(trace)
    more = np.random.default_rng([seed, trace.on.toordinal()])
    people = []
    for n, (visit, lasted_s) in enumerate(zip(trace.visits, server_work_of(trace).lasted_s, strict=True)):
        service = ServiceId(codes[visit.service])
        usual_s = lessons.durations.get(visit.service, lessons.everything).mean_s
        patience_s: float | None = visit.patience_s
        if visit.called_s is not None and lessons.gives_up_after_s is not None:
            patience_s = visit.called_s - visit.arrived_s + float(more.exponential(lessons.gives_up_after_s))
        people.append(
            Person(
                n=n,
                class_=TicketClass.GREEN if visit.priority == (lessons.preferred or "-") else TicketClass.WALK_IN,
                service=service,
                service_ms=max(1, round((usual_s if lasted_s is None else lasted_s) * 1000)),
                arrives_ms=visit.arrived_s * 1000,
                patience_ms=None if patience_s is None else round(patience_s * 1000),
            )
        )
    return People((), tuple(people), (1.0,) * len(trace.shifts))
