"""The measures of days made by hand."""

import pytest

from service.domain.model import Admission, TicketClass, Wait
from service.simulate.bookings import BookedWish
from service.simulate.day_record import DayRecord, PromisedWait, Visit
from service.simulate.estimate import Portion
from service.simulate.hall_setup import setup_of_scenario
from service.simulate.measures import MEASURES, by_quarter, measure, would_have_fitted
from service.simulate.people import MINUTE_MS, Person
from service.simulate.scenario import CLOSES_MIN, OPENS_MIN, POLICIES, SCENARIOS

PEAK = SCENARIOS["peak"]
SETTING = setup_of_scenario(PEAK, POLICIES["credit"], 9, "fit")
NOON = 12 * 60
WALK_IN, APPOINTMENT = TicketClass.WALK_IN, TicketClass.APPOINTMENT


def person(n: int, class_: TicketClass = WALK_IN, comes_min: int = 0) -> Person:
    return Person(n=n, class_=class_, service=PEAK.kinds[0].id, service_ms=480_000, arrives_ms=comes_min * MINUTE_MS)


def visit(  # a visit in minutes of the day
    n: int,
    came: int,
    called: int | None,
    *,
    slot: int | None = None,
    lasts: int = 10,
    told_s: tuple[int, int, int] | None = None,
    admission: Admission = Admission.ADMITTED,
) -> Visit:
    promise = None
    if told_s is not None:
        promise = PromisedWait(Wait(*told_s, SETTING.plan.starts_at, None), position_s=600.0, oracle_s=240.0)
    class_ = WALK_IN if slot is None else APPOINTMENT
    made = Visit(person(n, class_), admission, came * MINUTE_MS, None if slot is None else slot * MINUTE_MS, promise)
    if called is not None:
        made.called_ms = called * MINUTE_MS
        made.over_ms = (called + lasts) * MINUTE_MS
    return made


def record(*visits: Visit, **more: object) -> DayRecord:
    whole = {"booked": [], "refused_wishes": 0, "refused": {}, **more}
    return DayRecord(setup=SETTING, visits=list(visits), **whole)  # type: ignore[arg-type]


def value(day: DayRecord, name: str) -> float | None:
    found = next(one.of for one in MEASURES if one.name == name)(day)
    return None if found is None else found.part / found.whole


def test_a_wait_begins_with_the_coming_the_slot_and_the_opening_whichever_is_last() -> None:
    day = record(
        visit(1, OPENS_MIN - 20, OPENS_MIN + 5),
        visit(2, NOON, NOON + 15),
        visit(3, NOON, NOON + 6, slot=NOON + 4),
        visit(4, NOON + 9, NOON + 12, slot=NOON),
    )

    assert value(day, "walk_in_wait_mean_min") == 10
    assert value(day, "walk_in_wait_max_min") == 15
    assert value(day, "appointment_wait_mean_min") == 2.5
    assert by_quarter(day, [WALK_IN]) == [(WALK_IN, 36, 5.0), (WALK_IN, 48, 15.0)]


def test_an_appointment_is_kept_within_ten_minutes_of_its_time_and_not_of_the_coming() -> None:
    day = record(
        visit(1, NOON, NOON + 10, slot=NOON),
        visit(2, NOON + 9, NOON + 11, slot=NOON),
        visit(3, NOON, None, slot=NOON),
    )

    assert value(day, "kept_pct") == pytest.approx(100 / 3)


def test_only_a_booking_that_was_called_while_one_waited_overtook() -> None:
    day = record(
        visit(1, NOON, NOON + 30),
        visit(2, NOON, NOON - 5, slot=NOON + 50),  # before the walk-in came
        visit(3, NOON + 1, NOON + 20, slot=NOON + 20),
        visit(4, NOON + 1, NOON + 40, slot=NOON + 40),  # after
    )

    assert value(day, "overtaking_max_min") == 20


def test_work_after_closing_is_no_work_within_opening() -> None:
    day = record(visit(1, CLOSES_MIN - 30, CLOSES_MIN - 4), visit(2, CLOSES_MIN - 30, CLOSES_MIN + 2))

    assert value(day, "utilisation_pct") == pytest.approx(100 * 4 / (5 * 480))
    assert value(day, "overtime_counter_min") == 16
    assert value(day, "last_over_min") == 12
    assert value(day, "served") == 2


def test_bookings_say_how_far_they_were_moved_and_how_many_found_nothing() -> None:
    someone = person(1, APPOINTMENT)
    day = record(booked=[BookedWish(someone, 0, 0), BookedWish(someone, 0, 30 * MINUTE_MS)], refused_wishes=2)

    assert value(day, "shift_mean_min") == 15
    assert value(day, "wishes_refused_pct") == 50


def test_admission_is_judged_by_who_was_called_before_closing() -> None:
    early, late = CLOSES_MIN - 60, CLOSES_MIN - 10
    away = [person(7, comes_min=early), person(8, comes_min=late), person(9, comes_min=CLOSES_MIN + 1)]
    day = record(
        visit(1, early, early + 5),
        visit(2, late, CLOSES_MIN + 5),
        visit(3, late, CLOSES_MIN - 1, admission=Admission.STANDBY),
        visit(4, late, None, admission=Admission.STANDBY),
        refused={"hall-full": away},
    )
    admitting = record(visit(7, early, CLOSES_MIN - 2), visit(8, late, CLOSES_MIN + 9))

    assert value(day, "admitted_pct") == pytest.approx(100 * 2 / 6)
    assert value(day, "admitted_late_pct") == 50
    assert value(day, "standby_called_pct") == 50
    assert would_have_fitted(day, admitting) == Portion(100.0, 2)
    assert would_have_fitted(admitting, admitting) is None


def test_promises_are_scored_by_range_and_error_and_no_praise_is_earned_by_now() -> None:
    day = record(
        visit(1, NOON, NOON + 5, told_s=(120, 240, 300)),
        visit(2, NOON, NOON + 6, told_s=(120, 240, 300)),
        visit(3, NOON, NOON, told_s=(0, 0, 0)),
        visit(4, NOON, None, told_s=(120, 240, 300)),
    )

    assert value(day, "promise_coverage_pct") == 50
    assert value(day, "promise_error_min") == 1.5
    assert value(day, "position_error_min") == 4.5
    assert value(day, "promise_times_position") == pytest.approx(1.5 / 4.5)
    assert value(day, "promise_times_oracle") == 1


def test_a_day_without_people_has_nothing_to_say_of_them() -> None:
    found = measure(record())

    assert found["walk_in_wait_mean_min"] is None
    assert found["kept_pct"] is None
    assert found["served"] == Portion(0)
