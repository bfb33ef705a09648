"""Recent arrivals, also where offline kiosks have reported them later."""

from typing import cast

import pytest

from service.domain.forecast.start_state_builder import start_state_of
from service.domain.model import ServiceId, StageId, Ticket, TicketId
from service.domain.queue.plan_change_effect import recent_arrival_rates
from service.domain.queue.recent_arrivals import recent_arrivals
from tests.domain.halls import Hall

ENQUIRY = ServiceId("enquiry")
WINDOW = StageId("window")


def hall_with_a_kiosk() -> Hall:
    """Return a hall with twenty arrivals in the last hour, whose kiosk has leased numbers since the morning."""
    hall = Hall(at="09:00")
    hall.do(hall.leasing())
    hall.take()
    hall.at("11:00")
    for _ in range(20):
        hall.after(60).take()
    return hall


def test_who_came_in_the_last_hour_is_found_and_nobody_from_before() -> None:
    hall = hall_with_a_kiosk()

    tickets, over_s = recent_arrivals(hall.day, hall.now_at)

    assert (len(tickets), over_s) == (20, 3600)


def test_a_number_reported_late_hides_nobody_who_came_since() -> None:
    hall = hall_with_a_kiosk()
    before = start_state_of(hall.day, hall.now_at)
    hall.do(hall.reporting("Z001", "09:30"))

    after = start_state_of(hall.day, hall.now_at)

    assert len(recent_arrivals(hall.day, hall.now_at).tickets) == 20
    assert recent_arrival_rates(hall.day, hall.now_at)[ENQUIRY, WINDOW].people * 3600 == pytest.approx(20)
    assert before is not None
    assert after is not None
    assert after.streams == before.streams


def test_a_reported_number_counts_when_it_was_taken_in_the_last_hour() -> None:
    hall = hall_with_a_kiosk()
    hall.do(hall.reporting("Z001", "09:30"))
    hall.do(hall.reporting("Z002", "11:10"))
    hall.do(hall.reporting("Z003", "11:15"))

    numbers = {ticket.number for ticket in recent_arrivals(hall.day, hall.now_at).tickets}

    assert {"Z002", "Z003"} <= numbers
    assert "Z001" not in numbers


def test_those_before_the_last_one_that_is_too_old_are_not_looked_at() -> None:
    hall = hall_with_a_kiosk()
    hall.do(hall.reporting("Z001", "09:30"))
    long_gone = cast("Ticket", None)  # reading it would raise an error
    hall.day.tickets = {TicketId("long gone"): long_gone, **hall.day.tickets}

    assert len(recent_arrivals(hall.day, hall.now_at).tickets) == 20
