"""The simulation of all paths at once agrees with a slow simulation of the same rules."""

from bisect import bisect_left, bisect_right
from datetime import timedelta

import pytest

from service.domain.calendar.learned import NOTHING_LEARNED, Learned, Leaving
from service.domain.commands import ChangeTicket, StartTicket
from service.domain.forecast.wait_quantiles import QUANTILES, forecast
from service.domain.model import (
    TicketClass,
    TicketId,
)
from tests.domain.forecast.booked import book
from tests.domain.forecast.slow import Slow
from tests.domain.halls import DONE, Hall, town

SLOW_PATHS = 700
PATHS = 2000
SEED = 20261123

TOLERANCE = 0.07
"""More than three standard deviations of the rank of a median of 700 draws."""


def agree(hall: Hall) -> None:
    """Expect the quantiles of each wait at their ranks among the starts of the slow simulation."""
    starts = Slow(hall, SEED).starts(SLOW_PATHS)
    waits = forecast(hall.day, hall.now_at, PATHS).waits
    assert starts.keys() == waits.keys()
    for ticket, times in starts.items():
        wait = waits[ticket]
        for part, seconds in zip(QUANTILES, (wait.p5_s, wait.p10_s, wait.p50_s, wait.p90_s), strict=True):
            assert seconds is not None
            below = bisect_left(times, seconds - 1) / SLOW_PATHS
            until = bisect_right(times, seconds + 1) / SLOW_PATHS
            assert below - TOLERANCE <= part <= until + TOLERANCE, f"{hall.ticket(ticket).number}: {part}"


def busy(*counters: str, at: str = "10:00", learned: Learned = NOTHING_LEARNED) -> Hall:
    """Return a hall whose counters have begun one after the other."""
    hall = Hall(town(), at=at, learned=learned)
    for counter in counters:
        hall.open(counter)
        hall.take("passport" if counter == "P1" else "card" if counter == "K1" else "enquiry")
        if hall.next(counter):
            hall.do(StartTicket(next_of(hall, counter)))
        hall.after(50)
    return hall


def next_of(hall: Hall, counter: str) -> TicketId:
    ticket = hall.counter(counter).ticket
    assert ticket is not None
    return ticket


def test_services_that_differ_and_counters_that_do_not_serve_all() -> None:
    hall = busy("1", "2", "4")
    for service in ("enquiry", "card", "passport", "enquiry", "enquiry", "card", "enquiry", "passport"):
        hall.take(service)

    agree(hall)


def test_several_people_on_one_ticket() -> None:
    hall = busy("1", "2")
    for count in (3, 1, 4, 2):
        hall.take("enquiry", count=count)

    agree(hall)


def test_stages_one_behind_the_other() -> None:
    hall = busy("P1", "1", "2", "K1")
    for _ in range(3):
        hall.next("P1", DONE)
        hall.do(StartTicket(next_of(hall, "P1"))) if hall.counter("P1").ticket else None
        hall.take("passport")
        hall.take("card")
        hall.after(90)
    for _ in range(3):
        hall.take("passport")
        hall.take("enquiry")

    agree(hall)


@pytest.mark.parametrize("slots", [["10:00"], ["09:52", "10:05", "10:20"], ["10:15"] * 4 + ["10:55", "11:25"]])
def test_booked_people_who_are_not_here_yet(slots: list[str]) -> None:
    hall = busy("1", "2")
    for _ in range(7):
        hall.take("enquiry")
        hall.after(30)
    for slot in slots:
        book(hall, slot)

    agree(hall)


def test_green_ones_who_come_later() -> None:
    hall = busy("1", "2")
    for n in range(12):
        ticket = hall.take("enquiry")
        if n % 3 == 0:
            hall.do(ChangeTicket(ticket, class_=TicketClass.GREEN, reason="urgent"))
        hall.after(60)

    agree(hall)


@pytest.mark.parametrize("leaving", [Leaving(left_per_h=4.0), Leaving(2.0, 1.5, 90.0)])
def test_some_give_up(leaving: Leaving) -> None:
    hall = busy("P1", "1", "2", learned=Learned(leaving=leaving))
    for n in range(7):
        ticket = hall.take("passport" if n % 4 == 1 else "enquiry")
        if n % 5 == 2:
            hall.do(ChangeTicket(ticket, class_=TicketClass.GREEN, reason="urgent"))
        hall.after(40)

    agree(hall)


def test_who_asked_not_to_be_called_yet() -> None:
    hall = busy("1", "2")
    for n in range(8):
        ticket = hall.take("enquiry")
        if n == 1:
            hall.do(ChangeTicket(ticket, not_before_at=hall.now_at + timedelta(minutes=9)))

    agree(hall)
