"""The measures of a day: a number of the day, or a part of a whole that is summed over days."""

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from service.domain.model import Admission, TicketClass
from service.simulate.day_record import DayRecord, Visit
from service.simulate.estimate import Portion, rank
from service.simulate.people import MINUTE_MS, Person

KEPT_WITHIN_MS = 10 * MINUTE_MS
"""An appointment is kept if its person is called within this time after its start."""


class Measure(Struct, frozen=True):
    """A measure: its name in JSON, its label, the digits shown, and its function of a day.

    `of` returns None if the day has no value. A name ends in its unit; `_pct` is a share in percent.
    """

    name: str
    words: str
    digits: int
    of: Callable[[DayRecord], Portion | None]


def waits_min(record: DayRecord, *classes: TicketClass) -> list[float]:
    """Return the sorted waits of the called people of some classes, in minutes from the reference time to the call.

    The wait of a person who came before the opening begins at the opening.
    """
    opens_ms = record.setup.opens_ms
    return sorted(
        max(0, visit.called_ms - max(visit.reference_ms, opens_ms)) / MINUTE_MS
        for visit in record.visits
        if visit.called_ms is not None and visit.person.class_ in classes
    )


def worst_overtaking_min(record: DayRecord) -> Portion | None:
    """Return the largest overtaking of a walk-in by an appointment on this day, in minutes.

    It is the time from the walk-in's check-in to the slot of an appointment that was called before the walk-in.
    Appointments that were called before the walk-in came do not count.
    """
    walk_ins = _called(record, TicketClass.WALK_IN)
    booked = _called(record, TicketClass.APPOINTMENT)
    if not walk_ins or not booked:
        return None
    came = np.array([visit.came_ms for visit in walk_ins])[:, None]
    called = np.array([visit.called_ms for visit in walk_ins])[:, None]
    reference = np.array([visit.reference_ms for visit in booked])[None, :]
    before = np.array([visit.called_ms for visit in booked])[None, :]
    overtaking = np.where((before > came) & (before < called), reference - came, 0)
    return Portion(max(0.0, float(overtaking.max())) / MINUTE_MS)


def _called(record: DayRecord, class_: TicketClass) -> list[Visit]:
    return [visit for visit in record.visits if visit.called_ms is not None and visit.person.class_ is class_]


def _mean(*classes: TicketClass) -> Callable[[DayRecord], Portion | None]:
    def of(record: DayRecord) -> Portion | None:
        waits = waits_min(record, *classes)
        return Portion(sum(waits) / len(waits)) if waits else None

    return of


def _quantile(share: float, *classes: TicketClass) -> Callable[[DayRecord], Portion | None]:
    def of(record: DayRecord) -> Portion | None:
        waits = waits_min(record, *classes)
        return Portion(rank(waits, share)) if waits else None

    return of


def _kept(record: DayRecord) -> Portion | None:
    """Return the share of checked-in appointments called within ten minutes after their start."""
    came = [visit for visit in record.visits if visit.slot_ms is not None]
    kept = sum(
        visit.called_ms is not None and visit.called_ms <= visit.slot_ms + KEPT_WITHIN_MS
        for visit in came
        if visit.slot_ms is not None
    )
    return Portion(100.0 * kept, len(came)) if came else None


def _shift(record: DayRecord) -> Portion | None:
    return (
        Portion(sum(one.shift_ms for one in record.booked) / MINUTE_MS, len(record.booked)) if record.booked else None
    )


def _refused_wishes(record: DayRecord) -> Portion | None:
    wishes = record.refused_wishes + len(record.booked)
    return Portion(100.0 * record.refused_wishes, wishes) if wishes else None


def _spans(record: DayRecord) -> list[tuple[int, int]]:
    return [
        (visit.called_ms, visit.over_ms)
        for visit in record.visits
        if visit.called_ms is not None and visit.over_ms is not None
    ]


def _utilisation(record: DayRecord) -> Portion:
    closes_ms = record.setup.closes_ms
    busy_ms = sum(max(0, min(end, closes_ms) - begin) for begin, end in _spans(record))
    return Portion(100.0 * busy_ms, record.setup.staffed_ms)


def _overtime(record: DayRecord) -> Portion:
    closes_ms = record.setup.closes_ms
    return Portion(sum(max(0, end - max(begin, closes_ms)) for begin, end in _spans(record)) / MINUTE_MS)


def _last(record: DayRecord) -> Portion:
    closes_ms = record.setup.closes_ms
    return Portion(max(0, max((end for _, end in _spans(record)), default=0) - closes_ms) / MINUTE_MS)


def _served(record: DayRecord) -> Portion:
    return Portion(len(_spans(record)))


# Admission.


def _walk_in_visits(record: DayRecord) -> list[Visit]:
    return [visit for visit in record.visits if visit.slot_ms is None]


def _admitted(record: DayRecord) -> Portion | None:
    visits = _walk_in_visits(record)
    refused = len(turned_away(record))
    admitted = sum(visit.admission is Admission.ADMITTED for visit in visits)
    commands = len(visits) + refused
    return Portion(100.0 * admitted, commands) if commands else None


def _late(record: DayRecord) -> Portion | None:
    """Return the share of admitted walk-ins not called before closing. Those who gave up do not count."""
    visits = [
        visit
        for visit in _walk_in_visits(record)
        if visit.is_admitted and (visit.called_ms is not None or visit.left_ms is None)
    ]
    late = sum(visit.called_ms is None or visit.called_ms >= record.setup.closes_ms for visit in visits)
    return Portion(100.0 * late, len(visits)) if visits else None


def _standby(record: DayRecord) -> Portion | None:
    visits = [visit for visit in _walk_in_visits(record) if visit.admission is Admission.STANDBY]
    called = sum(visit.called_ms is not None and visit.called_ms < record.setup.closes_ms for visit in visits)
    return Portion(100.0 * called, len(visits)) if visits else None


def turned_away(record: DayRecord) -> list[Person]:
    """Return the people without an appointment who came before closing and were refused a ticket."""
    return [
        person
        for people in record.refused.values()
        for person in people
        if person.class_ is not TicketClass.APPOINTMENT and person.arrives_ms < record.setup.closes_ms
    ]


def would_have_fitted(record: DayRecord, admitting: DayRecord) -> Portion | None:
    """Return the share of refused people who are called before closing on the same day if everybody is admitted."""
    called = {
        visit.person.n
        for visit in admitting.visits
        if visit.called_ms is not None and visit.called_ms < record.setup.closes_ms
    }
    away = turned_away(record)
    return Portion(100.0 * sum(person.n in called for person in away), len(away)) if away else None


# Promises.


def _scored(record: DayRecord, *classes: TicketClass) -> list[tuple[Visit, float]]:
    """Return the visits with a promise and a call, each with the seconds from ticket to call.

    A visit that was promised no wait and was called at once is left out, because that promise is trivial.
    """
    return [
        (visit, (visit.called_ms - visit.came_ms) / 1000)
        for visit in record.visits
        if visit.called_ms is not None
        and visit.promise is not None
        and visit.promise.wait.p50_s is not None
        and (visit.promise.wait.p90_s or visit.called_ms > visit.came_ms)
        and visit.admission is Admission.ADMITTED
        and visit.person.class_ in classes
    ]


def _coverage(*classes: TicketClass) -> Callable[[DayRecord], Portion | None]:
    def of(record: DayRecord) -> Portion | None:
        scored = _scored(record, *classes)
        hits = 0
        for visit, wait_s in scored:
            assert visit.promise is not None, "only visits with a promise are scored"
            low_s, high_s = visit.promise.wait.p10_s, visit.promise.wait.p90_s
            assert low_s is not None, "a promise with a median has a range"
            assert high_s is not None, "a promise with a median has a range"
            hits += low_s - 0.5 <= wait_s <= high_s + 0.5  # promises are whole seconds
        return Portion(100.0 * hits, len(scored)) if scored else None

    return of


def _error_min(*classes: TicketClass) -> Callable[[DayRecord], Portion | None]:
    def of(record: DayRecord) -> Portion | None:
        errors = [abs(wait_s - _p50_s(visit)) for visit, wait_s in _scored(record, *classes)]
        return Portion(sum(errors) / 60, len(errors)) if errors else None

    return of


def _error_of_position_min(*classes: TicketClass) -> Callable[[DayRecord], Portion | None]:
    def of(record: DayRecord) -> Portion | None:
        errors = [
            abs(wait_s - visit.promise.position_s)
            for visit, wait_s in _scored(record, *classes)
            if visit.promise is not None
        ]
        return Portion(sum(errors) / 60, len(errors)) if errors else None

    return of


def _times_position(*classes: TicketClass) -> Callable[[DayRecord], Portion | None]:
    def of(record: DayRecord) -> Portion | None:
        scored = [(visit, wait_s) for visit, wait_s in _scored(record, *classes) if visit.promise is not None]
        own = sum(abs(wait_s - _p50_s(visit)) for visit, wait_s in scored)
        of_position = sum(
            abs(wait_s - visit.promise.position_s) for visit, wait_s in scored if visit.promise is not None
        )
        return Portion(own, of_position) if of_position else None

    return of


def _times_oracle(*classes: TicketClass) -> Callable[[DayRecord], Portion | None]:
    """Compare the promise's error with the oracle's, over the visits for which the oracle was computed."""

    def of(record: DayRecord) -> Portion | None:
        own = of_oracle = 0.0
        for visit, wait_s in _scored(record, *classes):
            if visit.promise is not None and visit.promise.oracle_s is not None:
                own += abs(wait_s - _p50_s(visit))
                of_oracle += abs(wait_s - visit.promise.oracle_s)
        return Portion(own, of_oracle) if of_oracle else None

    return of


def _p50_s(visit: Visit) -> float:
    assert visit.promise is not None, "only visits with a promise are scored"
    assert visit.promise.wait.p50_s is not None, "only visits with a promised median are scored"
    return float(visit.promise.wait.p50_s)


WALK_IN, GREEN, APPOINTMENT = TicketClass.WALK_IN, TicketClass.GREEN, TicketClass.APPOINTMENT

MEASURES: tuple[Measure, ...] = (
    Measure("walk_in_wait_mean_min", "walk-ins' wait, mean, min", 1, _mean(WALK_IN)),
    Measure("walk_in_wait_p95_min", "walk-ins' wait, p95, min", 1, _quantile(0.95, WALK_IN)),
    Measure("walk_in_wait_max_min", "walk-ins' wait, longest, min", 1, _quantile(1.0, WALK_IN)),
    Measure("green_wait_mean_min", "green channel's wait, mean, min", 1, _mean(GREEN)),
    Measure("green_wait_p95_min", "green channel's wait, p95, min", 1, _quantile(0.95, GREEN)),
    Measure("appointment_wait_mean_min", "appointments' wait, mean, min", 1, _mean(APPOINTMENT)),
    Measure("appointment_wait_p95_min", "appointments' wait, p95, min", 1, _quantile(0.95, APPOINTMENT)),
    Measure("appointment_wait_max_min", "appointments' wait, longest, min", 1, _quantile(1.0, APPOINTMENT)),
    Measure("kept_pct", "appointments called within 10 min, %", 1, _kept),
    Measure("overtaking_max_min", "a walk-in overtaken by a slot later by, at most, min", 1, worst_overtaking_min),
    Measure("shift_mean_min", "bookings moved from the wish by, min", 1, _shift),
    Measure("wishes_refused_pct", "wishes without a place that day, %", 1, _refused_wishes),
    Measure("served", "people served", 1, _served),
    Measure("utilisation_pct", "counters busy within opening, %", 1, _utilisation),
    Measure("overtime_counter_min", "work after closing, counter-min", 1, _overtime),
    Measure("last_over_min", "last person done after closing by, min", 1, _last),
    Measure("admitted_pct", "walk-ins admitted, %", 1, _admitted),
    Measure("admitted_late_pct", "of the admitted, called after closing, %", 1, _late),
    Measure("standby_called_pct", "of the standby, called before closing, %", 1, _standby),
    Measure("promise_coverage_pct", "walk-ins' promises p10-p90 that held, %", 1, _coverage(WALK_IN, GREEN)),
    Measure("promise_error_min", "walk-ins' p50, mean error, min", 2, _error_min(WALK_IN, GREEN)),
    Measure("position_error_min", "position times average, mean error, min", 2, _error_of_position_min(WALK_IN, GREEN)),
    Measure("promise_times_position", "the promise's error by position's", 2, _times_position(WALK_IN, GREEN)),
    Measure("promise_times_oracle", "the promise's error by the oracle's", 2, _times_oracle(WALK_IN, GREEN)),
    Measure("appointment_coverage_pct", "appointments' promises that held, %", 1, _coverage(APPOINTMENT)),
    Measure("appointment_error_min", "appointments' p50, mean error, min", 2, _error_min(APPOINTMENT)),
    Measure("appointment_times_oracle", "the same by the oracle's", 2, _times_oracle(APPOINTMENT)),
)

REFUSED_FITTING = "refused_fitting_pct"
"""This measure needs a second run of the same day in which everybody is admitted."""


def measure(record: DayRecord) -> dict[str, Portion | None]:
    """Return all measures of a day."""
    return {measure.name: measure.of(record) for measure in MEASURES}


def by_quarter(record: DayRecord, classes: Sequence[TicketClass]) -> list[tuple[TicketClass, int, float]]:
    """Return class, quarter of an hour of the reference time and wait in minutes of each called person."""
    opens_ms = record.setup.opens_ms
    found = []
    for visit in record.visits:
        if visit.called_ms is not None and visit.person.class_ in classes:
            reference_ms = max(visit.reference_ms, opens_ms)
            wait_min = max(0, visit.called_ms - reference_ms) / MINUTE_MS
            found.append((visit.person.class_, reference_ms // (15 * MINUTE_MS), wait_min))
    return found
