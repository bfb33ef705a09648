"""Days of a real hall: its first days teach, its later days are lived, and what people were told is scored.

Learned are the durations of each service, as a hall's nights learn them (drawn towards those of all, for nobody wrote
down what to expect), who comes when, and how soon people give up. The later days have the trace's people at their own
times, with their own durations and patience, and its servers at their own hours; who is called next, and what each is
told, is up to the hall's rules. Nothing is fitted to the days that are lived.

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
from service.simulate.hall_setup import Setting, Shift
from service.simulate.people import People, Person
from service.simulate.scenario import ALTERNATE_CODE, POLICIES, Policy, local

PREFERRED_S = 90
"""Credit of those whom the trace's hall preferred: a bank that gave them 1.5 minutes made the traces there are."""

AWAY_AFTER_S = 20
"""Who called nobody for so long while somebody waited was not ready for them."""

AFTERWORK_MOST_S = 300
"""Up to here that was the work after a visit, and counts in it; longer, and the server was away."""

QUARTERS = 96
QUARTER_S = 900

_EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]

TIME_ZONE = "UTC"
"""Of the lived days: the trace has wall times and no zone."""


class Taught(Struct, frozen=True, kw_only=True):
    """What some days of a trace teach.

    `arrivals` are people per quarter of an hour, by ISO weekday; `gives_up_after_s` is the mean patience, were nobody
    ever called: seconds waited by all for each who gave up.
    """

    days: int
    durations: dict[str, ExpectedDuration]
    everything: ExpectedDuration
    arrivals: dict[int, tuple[float, ...]]
    gives_up_after_s: float | None
    preferred: str | None


class Worked(Struct, frozen=True):
    """A day's work: how long each visit kept its server, in seconds, and when each server was there, in their order."""

    lasted_s: tuple[float | None, ...]
    shifts: tuple[tuple[Shift, ...], ...]


def days_of(path: Path) -> list[Trace]:
    """Read a trace. Raises SimulateError when there is nothing to learn from, or nothing to live."""
    try:
        days = read_days(path)
    except TraceError as error:
        raise SimulateError(str(error)) from error
    if len(days) < 2:
        raise SimulateError(f"{path.name} has one day; a trace to learn from has two at least")
    return days


def split(days: Sequence[Trace], learn: int | None) -> tuple[Sequence[Trace], Sequence[Trace]]:
    """The days to learn from, the first half unless it is said how many, and those to live. Raises SimulateError."""
    first = len(days) // 2 if learn is None else learn
    if not 1 <= first < len(days):
        raise SimulateError(f"the trace has {len(days)} days: learn from 1 to {len(days) - 1} of them")
    return days[:first], days[first:]


def learn(days: Sequence[Trace]) -> Taught:
    """Learn from days."""
    visits = [visit for trace in days for visit in trace.visits]
    lasted_s = [one for trace in days for one in worked_of(trace).lasted_s]
    samples: dict[str, list[int]] = {}
    for visit, one_s in zip(visits, lasted_s, strict=True):
        if one_s is not None:
            samples.setdefault(visit.service, []).append(round(one_s))
    if not any(map(without_outliers, samples.values())):
        raise SimulateError("nobody was served on the days to learn from")
    everything = _lasting([one for some in samples.values() for one in some])
    waited_s = sum((visit.called_s or 0) - visit.arrived_s for visit in visits if visit.called_s is not None)
    waited_s += sum(visit.patience_s for visit in visits if visit.patience_s is not None)
    left = sum(visit.patience_s is not None for visit in visits)
    priorities = sorted({visit.priority for visit in visits if visit.priority})
    return Taught(
        days=len(days),
        durations={name: learned_duration(some, (), everything) or everything for name, some in samples.items()},
        everything=everything,
        arrivals=_arrivals(days),
        gives_up_after_s=waited_s / left if left else None,
        preferred=priorities[-1] if len(priorities) > 1 else None,
    )


def _lasting(seconds: Sequence[int]) -> ExpectedDuration:
    """Mean and spread of what was seen, as nights believe it."""
    kept = without_outliers(seconds)
    mean_s = fmean(kept)
    return ExpectedDuration(mean_s, pstdev(kept, mean_s) / mean_s)


def _arrivals(days: Iterable[Trace]) -> dict[int, tuple[float, ...]]:
    """Mean arrivals by quarter of an hour on each weekday that was seen."""
    by_weekday: dict[int, list[list[int]]] = {}
    for trace in days:
        by_weekday.setdefault(trace.on.isoweekday(), []).append(counts(trace))
    return {
        weekday: tuple(sum(quarter) / len(some) for quarter in zip(*some, strict=True))
        for weekday, some in by_weekday.items()
    }


def counts(trace: Trace) -> list[int]:
    """People who came in each quarter of an hour."""
    found = [0] * QUARTERS
    for visit in trace.visits:
        found[visit.arrived_s // QUARTER_S] += 1
    return found


def expected_arrivals(taught: Taught, trace: Trace) -> tuple[float, ...]:
    """What the days before say of who comes when; of a weekday that was not seen, the mean of those that were."""
    known = taught.arrivals.get(trace.on.isoweekday())
    if known is not None:
        return known
    return tuple(sum(quarter) / len(taught.arrivals) for quarter in zip(*taught.arrivals.values(), strict=True))


def setting_of_trace(trace: Trace, taught: Taught, policy: Policy) -> Setting:
    """The hall of a day of a trace: its servers, and what earlier days teach. Raises SimulateError."""
    try:
        traced = hall_for_trace(trace, TIME_ZONE)
    except TraceError as error:
        raise SimulateError(str(error)) from error
    shifts = worked_of(trace).shifts
    green_s = PREFERRED_S if policy == POLICIES["credit"] else policy.green_s
    document = replace(
        traced.document,
        rules=replace(traced.document.rules, credit_s=Credit(appointment=policy.appointment_s, green=green_s)),
        codes=Codes(reasons=["urgent", ALTERNATE_CODE]),
        staffing=_roster(shifts),
    )
    expected = expected_arrivals(taught, trace)
    learned = Learned(
        durations={
            ServiceId(code): taught.durations.get(name, taught.everything) for name, code in traced.services.items()
        },
        walk_ins={f"{hour:02d}": LearnedArrivals(sum(expected[hour * 4 : hour * 4 + 4])) for hour in range(24)},
        leaving=Leaving() if taught.gives_up_after_s is None else Leaving(HOUR_S / taught.gives_up_after_s),
    )
    return Setting(
        plan=plan_of(document, 1, trace.on, learned=learned),
        shifts={CounterId(counter): spells for counter, spells in zip(traced.counters, shifts, strict=True)},
        alternates=policy.alternates,
    )


def worked_of(trace: Trace) -> Worked:
    """What each server did all day.

    Who calls nobody although somebody waits is busy with the visit before, for some minutes; then away. Who has nobody
    to call rests.
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
    return Worked(tuple(lasted_s), tuple(shifts))


def _until_s(visit: Visit) -> int:
    """When a wait ended."""
    return visit.called_s if visit.called_s is not None else visit.arrived_s + (visit.patience_s or 0)


def _roster(shifts: Iterable[tuple[Shift, ...]]) -> list[Staffing]:
    """The plan of staff: how many were at work in each quarter of an hour, on average; one, if anybody was."""
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


def people_of_trace(trace: Trace, taught: Taught, seed: int) -> People:
    """The people of a day of a trace.

    Who gave up in the trace has that patience, and would have been served for the mean of the service. Who was served
    has more patience than the wait, by as much as chance gives those who wait on.
    """
    codes = service_ids(trace)
    more = np.random.default_rng([seed, trace.on.toordinal()])
    people = []
    for n, (visit, lasted_s) in enumerate(zip(trace.visits, worked_of(trace).lasted_s, strict=True)):
        service = ServiceId(codes[visit.service])
        usual_s = taught.durations.get(visit.service, taught.everything).mean_s
        patience_s: float | None = visit.patience_s
        if visit.called_s is not None and taught.gives_up_after_s is not None:
            patience_s = visit.called_s - visit.arrived_s + float(more.exponential(taught.gives_up_after_s))
        people.append(
            Person(
                n=n,
                class_=TicketClass.GREEN if visit.priority == (taught.preferred or "-") else TicketClass.WALK_IN,
                service=service,
                service_ms=max(1, round((usual_s if lasted_s is None else lasted_s) * 1000)),
                comes_ms=visit.arrived_s * 1000,
                patience_ms=None if patience_s is None else round(patience_s * 1000),
            )
        )
    return People((), tuple(people), (1.0,) * len(trace.shifts))
