"""The outlook for the rest of the day: how many people will wait, and whether everybody is served.

Source: ALGORITHMS 5.3.
"""

import pytest
from msgspec.structs import replace

from service.domain.calendar.day_plan import plan_of
from service.domain.calendar.learned import Learned, LearnedArrivals, Leaving
from service.domain.commands import OpenOvertime, Suspend
from service.domain.forecast.day_outlook import DayAhead, day_ahead, day_outlook_of
from service.domain.forecast.day_simulation import ARRIVALS_MAX, TooManyArrivals
from service.domain.forecast.start_state import ArrivalSpan, StartState
from service.domain.forecast.start_state_builder import start_state_of
from service.domain.forecast.wait_quantiles import forecast, waits_and_newcomers_of
from service.domain.hall.document import HallDocument
from tests.domain.forecast.booked import book
from tests.domain.halls import MONDAY, Hall
from tests.domain.test_waits import enquiries

QUIET = {f"{hour:02d}": LearnedArrivals(4.0) for hour in range(9, 17)}
BUSY = {f"{hour:02d}": LearnedArrivals(30.0) for hour in range(9, 17)}


def learned(walk_ins: dict[str, LearnedArrivals], document: HallDocument, at: str = "09:00") -> Hall:
    """Return a hall whose history says how many walk-ins come."""
    return Hall(document, at=at, learned=Learned(walk_ins=walk_ins))


def nobody_comes(hall: Hall) -> StartState:
    """Return the start state of a day without further arrivals, on which every duration is exactly as expected."""
    state = start_state_of(hall.day, hall.now_at)
    assert state is not None
    return replace(state, streams=(), parts=tuple(part._replace(speed_sd=0.0) for part in state.parts))


def with_coming(state: StartState, number: float) -> StartState:
    """Return the same state with this many people still to come."""
    known = sum(span.number for stream in state.streams for span in stream.spans)
    return replace(
        state,
        streams=tuple(
            stream._replace(spans=tuple(span._replace(number=span.number * number / known) for span in stream.spans))
            for stream in state.streams
        ),
    )


def at(ahead: DayAhead, hall: Hall, local: str) -> int:
    """Return the index of an instant among the quarters."""
    return [one.at for one in ahead.quarters].index(hall.instant(local))


def test_a_line_that_is_too_long_is_done_when_it_is_done() -> None:
    hall = Hall(enquiries(cv=0, counters=1, admission="all"), at="16:00")
    hall.open("1")
    for _ in range(30):
        hall.take()

    ahead = day_outlook_of(nobody_comes(hall))

    assert ahead.closing_at == hall.instant("17:00")
    assert [one.waiting_p50 for one in ahead.quarters] == [29, 24, 19, 14, 9]
    assert [(one.waiting_p10, one.waiting_p90) for one in ahead.quarters[1:]] == [(24, 24), (19, 19), (14, 14), (9, 9)]
    assert [one.wait_p90_s for one in ahead.quarters[:4]] == [5400, 4500, 3600, 2700]
    assert ahead.quarters[4].wait_p90_s is None, "the doors are closed"
    assert (ahead.served, ahead.overtime_s, ahead.overtime_p90_s) == (0.0, 1800, 1800)
    assert ahead.intake_closes_at == hall.instant("16:00")


def test_overtime_that_is_opened_is_time_to_be_served() -> None:
    hall = Hall(enquiries(cv=0, counters=1, admission="all"), at="16:00")
    hall.open("1")
    for _ in range(30):
        hall.take()
    hall.do(OpenOvertime(hall.instant("18:00"), counters=1))

    ahead = day_outlook_of(nobody_comes(hall))

    assert ahead.closing_at == hall.instant("18:00")
    assert (ahead.served, ahead.overtime_s) == (1.0, 0)
    assert ahead.intake_closes_at is None


def test_who_gives_up_does_not_wait_and_need_not_be_served() -> None:
    hall = Hall(
        enquiries(cv=0, counters=1, admission="all"), at="16:00", learned=Learned(leaving=Leaving(left_per_h=2.0))
    )
    hall.open("1")
    for _ in range(30):
        hall.take()

    ahead = day_outlook_of(nobody_comes(hall))

    # twenty an hour are served, and each waiting person leaves at a rate of two an hour: a line of L becomes
    # (L + 10) e^(-2t) - 10 after t hours
    assert ahead.quarters[0].waiting_p50 == 29
    for quarter, expected in zip(ahead.quarters[1:], (13.7, 4.3, 0, 0), strict=True):
        assert quarter.waiting_p50 == pytest.approx(expected, abs=1.5)
    assert ahead.served is not None
    assert ahead.served > 0.95
    assert ahead.overtime_s == 0


def test_on_a_quiet_day_everybody_is_served() -> None:
    hall = learned(QUIET, enquiries(counters=3))
    hall.open("1", "2", "3")

    ahead = day_ahead(hall.day, hall.now_at)

    assert ahead.served is not None
    assert ahead.served > 0.9
    assert ahead.intake_closes_at is None
    assert all(one.fits is None or one.fits > 0.9 for one in ahead.quarters)
    assert [one.at for one in ahead.quarters[:2]] == [hall.instant("09:00"), hall.instant("09:15")]
    assert ahead.quarters[-1].at == hall.instant("17:00")


def test_when_more_come_than_are_served_the_intake_closes_in_time() -> None:
    hall = learned(BUSY, enquiries(counters=1))
    hall.open("1")

    ahead = day_ahead(hall.day, hall.now_at)

    assert ahead.served is not None
    assert ahead.served <= 0.01
    assert ahead.intake_closes_at is not None
    # thirty an hour come, twenty are served: a person who comes at 14:20 is called at 17:00
    assert hall.instant("13:00") < ahead.intake_closes_at < hall.instant("14:20")
    before = at(ahead, hall, "12:00")
    assert ahead.quarters[before].waiting_p50 == pytest.approx(30, abs=8)
    assert ahead.quarters[before].waiting_p10 < 30 < ahead.quarters[before].waiting_p90


def test_where_no_history_says_who_comes_they_come_as_in_the_last_hour() -> None:
    hall = Hall(enquiries(counters=2), at="10:00")
    hall.open("1", "2")
    for _ in range(20):
        hall.after(180).take()

    state = start_state_of(hall.day, hall.now_at)

    assert state is not None
    (stream,) = state.streams
    (span,) = stream.spans
    assert span._replace(number=0.0) == ArrivalSpan(0.0, 6 * 3600.0, 0.0, 0.0)
    assert span.number == pytest.approx(120)


def test_in_an_hour_that_history_lacks_people_come_as_in_the_last_hour() -> None:
    longer = [{"weekdays": [1], "from": "09:00", "to": "20:00"}]
    hall = learned(QUIET, enquiries(counters=2, hours=longer), at="16:00")
    hall.open("1", "2")
    for _ in range(20):
        hall.after(150).take()

    state = start_state_of(hall.day, hall.now_at)

    assert state is not None
    (stream,) = state.streams
    assert stream.spans == (ArrivalSpan(0.0, 600.0, 4.0 / 6, 0.0), ArrivalSpan(600.0, 600.0 + 3 * 3600, 60.0, 0.0))


def test_who_has_an_appointment_is_expected() -> None:
    hall = learned({}, enquiries(counters=1), at="09:30")
    hall.open("1")
    for _ in range(10):
        book(hall, "14:00")

    ahead = day_ahead(hall.day, hall.now_at)

    noon, two = (ahead.quarters[at(ahead, hall, local)] for local in ("12:00", "14:00"))
    assert noon.waiting_p90 == 0
    assert two.waiting_p90 >= 3
    assert noon.wait_p90_s == 0
    assert two.wait_p90_s is not None
    assert two.wait_p90_s > 900


def test_a_walk_in_who_only_looks_waits_as_long_as_one_who_comes() -> None:
    hall = Hall(enquiries(counters=2))
    hall.open("1", "2")
    for _ in range(12):
        hall.take()

    ahead = day_outlook_of(nobody_comes(hall))
    ticket = hall.take()

    p90_s = forecast(hall.day, hall.now_at).waits[ticket].p90_s
    assert p90_s is not None
    assert ahead.quarters[0].wait_p90_s == pytest.approx(p90_s, rel=0.15)


@pytest.mark.parametrize("reason", ["closed", "suspended"])
def test_a_day_that_nobody_knows_has_no_outlook(reason: str) -> None:
    hall = Hall(enquiries(counters=1, hours=[] if reason == "closed" else enquiries().hours))
    if reason == "suspended":
        hall.do(Suspend(text={"en": "Fire alarm"}))

    ahead = day_ahead(hall.day, hall.now_at)

    assert (ahead.quarters, ahead.served, ahead.closing_at) == ([], None, None)


def test_the_plan_of_these_tests_is_what_history_says() -> None:
    plan = plan_of(enquiries(), 1, MONDAY, learned=Learned(walk_ins=QUIET))

    assert [(one.number, one.sd) for one in plan.walk_ins] == [(4.0, 0.0)] * 8


def test_a_rest_of_the_day_with_more_people_than_ever_come_is_not_drawn_and_the_waits_of_who_is_here_are() -> None:
    hall = learned(BUSY, enquiries(counters=4))
    hall.open("1")
    hall.take()
    state = start_state_of(hall.day, hall.now_at)
    assert state is not None

    day_outlook_of(with_coming(state, ARRIVALS_MAX), paths=1)
    with pytest.raises(TooManyArrivals):
        day_outlook_of(with_coming(state, ARRIVALS_MAX + 1), paths=1)
    assert waits_and_newcomers_of(with_coming(state, 100 * ARRIVALS_MAX), paths=1).waits.keys() == {
        state.waiting[0].ticket
    }
