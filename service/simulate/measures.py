"""What a day is measured by: one number of a day each, or a part of a whole that is summed up over days."""

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from service.domain.model import Admission, TicketClass
from service.simulate.day_record import Lived, Visit
from service.simulate.estimate import Portion, rank
from service.simulate.people import MINUTE_MS, Person

KEPT_WITHIN_MS = 10 * MINUTE_MS
"""An appointment is kept when its person is called within this time of it."""


class Measure(Struct, frozen=True):
    """A measure: its name in JSON, its words, how many digits are shown, and what it is of a day.

    `of` answers None where a day has nothing to say. Names end in their unit; `_pct` are shares.
    """

    name: str
    words: str
    digits: int
    of: Callable[[Lived], Portion | None]


def waits_min(lived: Lived, *classes: TicketClass) -> list[float]:
    """Sorted minutes from the reference time to the call, of those of some classes who were called.

    Before the opening nobody waits: the wait of who stood at the door begins with it.
    """
    opens_ms = lived.setting.opens_ms
    return sorted(
        max(0, visit.called_ms - max(visit.reference_ms, opens_ms)) / MINUTE_MS
        for visit in lived.visits
        if visit.called_ms is not None and visit.person.class_ in classes
    )


def worst_overtaking_min(lived: Lived) -> Portion | None:
    """How much later than a walk-in's check-in the slot was of a booking that was called before them; the day's most.

    Bookings that were called before the walk-in came overtook nobody.
    """
    walk_ins = _called(lived, TicketClass.WALK_IN)
    booked = _called(lived, TicketClass.APPOINTMENT)
    if not walk_ins or not booked:
        return None
    came = np.array([visit.came_ms for visit in walk_ins])[:, None]
    called = np.array([visit.called_ms for visit in walk_ins])[:, None]
    reference = np.array([visit.reference_ms for visit in booked])[None, :]
    before = np.array([visit.called_ms for visit in booked])[None, :]
    overtaking = np.where((before > came) & (before < called), reference - came, 0)
    return Portion(max(0.0, float(overtaking.max())) / MINUTE_MS)


def _called(lived: Lived, class_: TicketClass) -> list[Visit]:
    return [visit for visit in lived.visits if visit.called_ms is not None and visit.person.class_ is class_]


def _mean(*classes: TicketClass) -> Callable[[Lived], Portion | None]:
    def of(lived: Lived) -> Portion | None:
        waits = waits_min(lived, *classes)
        return Portion(sum(waits) / len(waits)) if waits else None

    return of


def _quantile(share: float, *classes: TicketClass) -> Callable[[Lived], Portion | None]:
    def of(lived: Lived) -> Portion | None:
        waits = waits_min(lived, *classes)
        return Portion(rank(waits, share)) if waits else None

    return of


def _kept(lived: Lived) -> Portion | None:
    """Of those who checked in for an appointment, how many were called within ten minutes of its time."""
    came = [visit for visit in lived.visits if visit.slot_ms is not None]
    kept = sum(
        visit.called_ms is not None and visit.called_ms <= visit.slot_ms + KEPT_WITHIN_MS
        for visit in came
        if visit.slot_ms is not None
    )
    return Portion(100.0 * kept, len(came)) if came else None


def _shift(lived: Lived) -> Portion | None:
    return Portion(sum(one.shift_ms for one in lived.booked) / MINUTE_MS, len(lived.booked)) if lived.booked else None


def _refused_wishes(lived: Lived) -> Portion | None:
    wishes = lived.refused_wishes + len(lived.booked)
    return Portion(100.0 * lived.refused_wishes, wishes) if wishes else None


def _spans(lived: Lived) -> list[tuple[int, int]]:
    return [
        (visit.called_ms, visit.over_ms)
        for visit in lived.visits
        if visit.called_ms is not None and visit.over_ms is not None
    ]


def _utilisation(lived: Lived) -> Portion:
    closes_ms = lived.setting.closes_ms
    busy_ms = sum(max(0, min(end, closes_ms) - begin) for begin, end in _spans(lived))
    return Portion(100.0 * busy_ms, lived.setting.staffed_ms)


def _overtime(lived: Lived) -> Portion:
    closes_ms = lived.setting.closes_ms
    return Portion(sum(max(0, end - max(begin, closes_ms)) for begin, end in _spans(lived)) / MINUTE_MS)


def _last(lived: Lived) -> Portion:
    closes_ms = lived.setting.closes_ms
    return Portion(max(0, max((end for _, end in _spans(lived)), default=0) - closes_ms) / MINUTE_MS)


def _served(lived: Lived) -> Portion:
    return Portion(len(_spans(lived)))


# Admission.


def _walk_in_visits(lived: Lived) -> list[Visit]:
    return [visit for visit in lived.visits if visit.slot_ms is None]


def _admitted(lived: Lived) -> Portion | None:
    visits = _walk_in_visits(lived)
    refused = len(sent_away(lived))
    admitted = sum(visit.admission is Admission.ADMITTED for visit in visits)
    asked = len(visits) + refused
    return Portion(100.0 * admitted, asked) if asked else None


def _late(lived: Lived) -> Portion | None:
    """Of those who were admitted, how many were not called before closing; who gave up was not late."""
    visits = [
        visit
        for visit in _walk_in_visits(lived)
        if visit.is_admitted and (visit.called_ms is not None or visit.left_ms is None)
    ]
    late = sum(visit.called_ms is None or visit.called_ms >= lived.setting.closes_ms for visit in visits)
    return Portion(100.0 * late, len(visits)) if visits else None


def _standby(lived: Lived) -> Portion | None:
    visits = [visit for visit in _walk_in_visits(lived) if visit.admission is Admission.STANDBY]
    called = sum(visit.called_ms is not None and visit.called_ms < lived.setting.closes_ms for visit in visits)
    return Portion(100.0 * called, len(visits)) if visits else None


def sent_away(lived: Lived) -> list[Person]:
    """Walk-ins and green who asked for a number within opening, and got none."""
    return [
        person
        for people in lived.refused.values()
        for person in people
        if person.class_ is not TicketClass.APPOINTMENT and person.comes_ms < lived.setting.closes_ms
    ]


def would_have_fitted(lived: Lived, admitting: Lived) -> Portion | None:
    """Of those who were sent away, how many are called before closing on the same day when everybody is let in."""
    called = {
        visit.person.n
        for visit in admitting.visits
        if visit.called_ms is not None and visit.called_ms < lived.setting.closes_ms
    }
    away = sent_away(lived)
    return Portion(100.0 * sum(person.n in called for person in away), len(away)) if away else None


# Promises.


def _scored(lived: Lived, *classes: TicketClass) -> list[tuple[Visit, float]]:
    """Who was told something and called, with the seconds from the ticket to the call.

    Who was told "now" and called at once is left out: such a promise is no art.
    """
    return [
        (visit, (visit.called_ms - visit.came_ms) / 1000)
        for visit in lived.visits
        if visit.called_ms is not None
        and visit.told is not None
        and visit.told.wait.p50_s is not None
        and (visit.told.wait.p90_s or visit.called_ms > visit.came_ms)
        and visit.admission is Admission.ADMITTED
        and visit.person.class_ in classes
    ]


def _coverage(*classes: TicketClass) -> Callable[[Lived], Portion | None]:
    def of(lived: Lived) -> Portion | None:
        scored = _scored(lived, *classes)
        hits = 0
        for visit, wait_s in scored:
            assert visit.told is not None, "only who was told something is scored"
            low_s, high_s = visit.told.wait.p10_s, visit.told.wait.p90_s
            assert low_s is not None, "what has a median has a range"
            assert high_s is not None, "what has a median has a range"
            hits += low_s - 0.5 <= wait_s <= high_s + 0.5  # promises are whole seconds
        return Portion(100.0 * hits, len(scored)) if scored else None

    return of


def _error_min(*classes: TicketClass) -> Callable[[Lived], Portion | None]:
    def of(lived: Lived) -> Portion | None:
        errors = [abs(wait_s - _p50_s(visit)) for visit, wait_s in _scored(lived, *classes)]
        return Portion(sum(errors) / 60, len(errors)) if errors else None

    return of


def _error_of_position_min(*classes: TicketClass) -> Callable[[Lived], Portion | None]:
    def of(lived: Lived) -> Portion | None:
        errors = [
            abs(wait_s - visit.told.position_s) for visit, wait_s in _scored(lived, *classes) if visit.told is not None
        ]
        return Portion(sum(errors) / 60, len(errors)) if errors else None

    return of


def _times_position(*classes: TicketClass) -> Callable[[Lived], Portion | None]:
    def of(lived: Lived) -> Portion | None:
        scored = [(visit, wait_s) for visit, wait_s in _scored(lived, *classes) if visit.told is not None]
        own = sum(abs(wait_s - _p50_s(visit)) for visit, wait_s in scored)
        of_position = sum(abs(wait_s - visit.told.position_s) for visit, wait_s in scored if visit.told is not None)
        return Portion(own, of_position) if of_position else None

    return of


def _times_oracle(*classes: TicketClass) -> Callable[[Lived], Portion | None]:
    """The promise's error as a multiple of the oracle's, over those for whom it was asked."""

    def of(lived: Lived) -> Portion | None:
        own = of_oracle = 0.0
        for visit, wait_s in _scored(lived, *classes):
            if visit.told is not None and visit.told.oracle_s is not None:
                own += abs(wait_s - _p50_s(visit))
                of_oracle += abs(wait_s - visit.told.oracle_s)
        return Portion(own, of_oracle) if of_oracle else None

    return of


def _p50_s(visit: Visit) -> float:
    assert visit.told is not None, "only who was told something is scored"
    assert visit.told.wait.p50_s is not None, "only a promise is scored"
    return float(visit.told.wait.p50_s)


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
"""Measured with a second life of the same day, in which everybody is let in."""


def measure(lived: Lived) -> dict[str, Portion | None]:
    """Measure a day by everything."""
    return {measure.name: measure.of(lived) for measure in MEASURES}


def by_quarter(lived: Lived, classes: Sequence[TicketClass]) -> list[tuple[TicketClass, int, float]]:
    """Class, quarter of an hour of the reference time, and wait in minutes, of everybody who was called."""
    opens_ms = lived.setting.opens_ms
    found = []
    for visit in lived.visits:
        if visit.called_ms is not None and visit.person.class_ in classes:
            reference_ms = max(visit.reference_ms, opens_ms)
            wait_min = max(0, visit.called_ms - reference_ms) / MINUTE_MS
            found.append((visit.person.class_, reference_ms // (15 * MINUTE_MS), wait_min))
    return found
