"""Counters on a break with an end: waits and admission use them only after the end of the break.

Source: docs/explanation/rules-of-the-hall.md, rules 10 and 23; ALGORITHMS 3 and 4.2.
"""

from collections.abc import Iterable

import pytest

from service.domain.commands import CloseCounter, OpenCounter, PauseCounter, Suspend, SweepStandby
from service.domain.decide.decide import decide
from service.domain.events import TicketTaken
from service.domain.forecast.start_state_builder import start_state_of
from service.domain.forecast.wait_quantiles import waits_and_newcomers_of
from service.domain.model import Admission, CounterId, Fit, ServiceId, Shown, StageId, Wait
from service.domain.queue.counter_rates import counter_rates
from service.domain.queue.plan_change_effect import counters_after_change, wait_after_change
from service.domain.queue.waits import wait_of_newcomer
from service.domain.refusals import HallFull
from tests.domain.halls import Hall, refold, town
from tests.domain.test_waits import ENQUIRY, enquiries

WINDOW = StageId("window")


def five(at: str = "15:00", waiting: int = 0, mean: float = 300, cv: float = 0.6, counters: str = "12345") -> Hall:
    """Return a hall that closes at 17:00, with five open counters and waiting people."""
    hall = Hall(enquiries(mean, cv), at=at)
    hall.open(*counters)
    for _ in range(waiting):
        hall.take()
    return hall


def pause(hall: Hall, counters: Iterable[str], until: str | None) -> None:
    for counter in counters:
        hall.do(PauseCounter(CounterId(counter), until_at=None if until is None else hall.instant(until)))


def told(hall: Hall, service: ServiceId = ENQUIRY) -> Wait:
    hall.day.advance_to(hall.now_at)
    return wait_of_newcomer(hall.day, service, hall.now_at)


def rates(hall: Hall) -> list[tuple[str, int]]:
    """Return the number of counters at work, each with the wall time from which it holds."""
    found = counter_rates(hall.day, hall.day.pools.pool_of(ENQUIRY, WINDOW).staffing, hall.now_at)
    return [(f"{at.astimezone(hall.zone):%H:%M}", counters) for at, counters in found]


def fit_of(hall: Hall) -> Fit | None:
    return next(
        event.fit for event in decide(hall.day, hall.new_ticket(), hall.now_at) if isinstance(event, TicketTaken)
    )


@pytest.mark.parametrize(
    ("paused", "until", "waiting"),
    [("1234", "15:10", 30), ("1234", "15:40", 30), ("12345", "15:30", 0), ("12345", "15:30", 12), ("345", "15:05", 9)],
)
def test_the_wait_is_what_the_forecast_says(paused: str, until: str, waiting: int) -> None:
    hall = five(waiting=waiting)
    pause(hall, paused, until)
    state = start_state_of(hall.day, hall.now_at)
    assert state is not None

    forecast = waits_and_newcomers_of(state).newcomers[ENQUIRY]

    assert told(hall).p50_s == pytest.approx(forecast.p50_s, rel=0.05, abs=60)


def test_a_short_break_of_most_does_not_fill_the_hall() -> None:
    hall = five(waiting=30)
    pause(hall, "1234", "15:10")

    fit = fit_of(hall)

    assert fit is not None
    assert fit.p == 1.0
    assert fit.mean_s == told(hall).p50_s == 30 * 60 - 150 + 4 * 120


def test_while_all_are_on_a_break_nobody_is_told_to_be_called_at_once() -> None:
    hall = five()
    pause(hall, "12345", "15:30")

    ticket = hall.ticket(hall.take())

    assert ticket.wait == Wait(1800, 1800, 1800, hall.now_at, Shown(30, 35))
    assert ticket.promise == ticket.wait


def test_each_counter_comes_back_when_its_break_ends() -> None:
    hall = five()
    pause(hall, "1", "15:20")
    pause(hall, "23", "15:10")

    assert rates(hall) == [("15:00", 2), ("15:10", 4), ("15:20", 5)]
    assert rates(hall.at("15:12")) == [("15:12", 4), ("15:20", 5)], "who is late is thought to come any moment"
    hall.open("3")
    assert rates(hall) == [("15:12", 4), ("15:20", 5)]
    hall.do(CloseCounter(CounterId("1")))
    assert rates(hall) == [("15:12", 4)], "the last at work go on"


def test_a_break_without_an_end_counts_as_before() -> None:
    hall = five()
    pause(hall, "12", None)

    assert rates(hall) == [("15:00", 3), ("17:00", 0)]
    pause(hall, "345", None)
    assert rates(hall) == [("15:00", 5), ("17:00", 0)], "nobody knows better than the plan"


def test_a_break_that_lasts_over_a_change_of_staff_ends_when_it_ends() -> None:
    staffing = [
        {"weekdays": [1], "from": "09:00", "to": "12:00", "counters": 4},
        {"weekdays": [1], "from": "12:00", "to": "13:00", "counters": 2},
        {"weekdays": [1], "from": "13:00", "to": "17:00", "counters": 5},
    ]
    hall = Hall(enquiries(staffing=staffing), at="11:00")
    hall.open("1", "2", "3", "4")
    pause(hall, "4", "14:00")
    pause(hall, "2", "12:30")
    pause(hall, "3", "12:40")

    # at 12:00 one of the two planned counters works; at 13:00 the returned one and one that was not open yet
    assert rates(hall) == [("11:00", 1), ("12:00", 1), ("12:30", 2), ("12:40", 2), ("13:00", 4), ("14:00", 5)]
    hall.open("2")
    assert rates(hall)[1:3] == [("12:00", 2), ("12:40", 2)], "those at work are the first of the two"


def test_a_break_over_the_closing_ends_for_those_who_still_wait() -> None:
    hall = five("16:50", waiting=2)
    pause(hall, "12345", "17:05")

    assert told(hall).p50_s == 900
    assert isinstance(hall.refuses(hall.new_ticket()), HallFull)


def test_before_the_opening_a_break_is_none_unless_it_lasts() -> None:
    hall = five("08:40")
    pause(hall, "12345", "08:50")
    assert told(hall).p50_s == 1200
    later = five("08:40")
    pause(later, "12345", "09:30")

    assert told(later).p50_s == 3000


def test_a_break_ends_no_sooner_than_the_suspension() -> None:
    hall = five()
    pause(hall, "12345", "15:10")
    hall.do(Suspend({"en": "Fire alarm"}, hall.instant("15:20")))
    assert told(hall).p50_s == 1200
    later = five()
    pause(later, "1234", "15:30")
    later.do(Suspend({"en": "Fire alarm"}, later.instant("15:20")))

    assert rates(later) == [("15:20", 1), ("15:30", 5)]


def test_who_stands_by_is_let_in_when_a_break_makes_no_difference_any_more() -> None:
    hall = five("16:00", cv=0, counters="12345")
    pause(hall, "12345", "16:50")
    tickets = [hall.take() for _ in range(4)]
    while hall.ticket(hall.take()).admission is not Admission.STANDBY:
        assert hall.drawn < 30
    (standby,) = (ticket for _, ticket in hall.day.queue.standby)
    assert hall.ticket(tickets[-1]).admission is Admission.ADMITTED

    hall.after(60).do(OpenCounter(CounterId("1")))

    assert hall.ticket(standby).admission is Admission.ADMITTED
    assert hall.do(SweepStandby()) == []


def test_a_change_of_plan_sends_those_away_first_who_are_on_a_break() -> None:
    hall, three = five(waiting=12), five(waiting=12, counters="123")
    pause(hall, "45", "15:10")
    staffing = [{"weekdays": [1], "from": "09:00", "to": "17:00", "counters": 3}]
    after = hall.day.copy()

    after.set_plan(hall.plan(enquiries(300, staffing=staffing)))

    assert counters_after_change(hall.day, after, ENQUIRY, hall.now_at) == 3
    assert wait_after_change(hall.day, after, ENQUIRY, hall.now_at) == told(three)


def test_services_that_share_counters_wait_for_those_that_come_back() -> None:
    services = ["passport", "enquiry", "card"]
    counters = [
        {"id": "1", "zone": "main", "stage": "window", "services": services},
        {"id": "2", "zone": "main", "stage": "window", "services": ["enquiry"]},
    ]
    hall = Hall(town(counters=counters, admission="all"), at="10:00")
    hall.open("1", "2")

    pause(hall, "1", "10:40")

    card, enquiry = ServiceId("card"), ServiceId("enquiry")
    assert (told(hall, card).p50_s, told(hall, enquiry).p50_s) == (2400, 0)
    for _ in range(20):
        hall.take("enquiry")
    forecast = start_state_of(hall.day, hall.now_at)
    assert forecast is not None
    said = waits_and_newcomers_of(forecast).newcomers[enquiry].p50_s
    assert told(hall, enquiry).p50_s == pytest.approx(said, rel=0.07)
    assert wait_of_newcomer(refold(hall), enquiry, hall.now_at) == told(hall, enquiry)
