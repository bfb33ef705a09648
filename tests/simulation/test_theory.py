"""Where queueing theory has a formula, its value lies within the simulation's interval."""

import pytest

from service.domain.model import TicketClass
from tests.simulation.queues import SERVICE_S, agrees, erlang_c, hall_of, live, mean_wait_s, people_of

COUNTERS = 5
LOAD = 0.8
DAYS, DAYS_LONG = 8, 60
PRIORITY_S = 86_400
"""A day of credit, so that no check-in is early enough to compensate."""


@pytest.fixture(scope="module")
def days(*, long: bool) -> int:
    return DAYS_LONG if long else DAYS


def test_a_queue_without_classes_waits_as_erlang_says(days: int) -> None:
    hall = hall_of(COUNTERS)
    record = [live(hall, people_of(COUNTERS, LOAD, 0.0, seed=1, day=day)) for day in range(days)]

    waited = mean_wait_s(record, TicketClass.WALK_IN)

    assert agrees(waited, erlang_c(COUNTERS, LOAD) * SERVICE_S / (COUNTERS * (1 - LOAD))), waited


def test_a_credit_of_a_day_is_priority_as_cobham_says(days: int) -> None:
    hall = hall_of(COUNTERS, green_s=PRIORITY_S)
    green = 0.3
    record = [live(hall, people_of(COUNTERS, LOAD, green, seed=2, day=day)) for day in range(days)]

    of_green = mean_wait_s(record, TicketClass.GREEN)
    of_walk_ins = mean_wait_s(record, TicketClass.WALK_IN)

    begun_s = erlang_c(COUNTERS, LOAD) * SERVICE_S / COUNTERS
    assert agrees(of_green, begun_s / (1 - LOAD * green)), of_green
    assert agrees(of_walk_ins, begun_s / ((1 - LOAD * green) * (1 - LOAD))), of_walk_ins


def test_a_credit_moves_waiting_between_classes_and_makes_none(days: int) -> None:
    crowds = [people_of(COUNTERS, LOAD, 0.3, seed=3, day=day) for day in range(days // 2)]  # the same for each credit
    means_s = []
    for green_s in (0, 120, PRIORITY_S):
        record = [live(hall_of(COUNTERS, green_s), people) for people in crowds]
        green, walk_in = (mean_wait_s(record, class_) for class_ in (TicketClass.GREEN, TicketClass.WALK_IN))
        means_s.append((green.mean, walk_in.mean, 0.3 * green.mean + 0.7 * walk_in.mean))

    (fifo_green_s, fifo_walk_in_s, fifo_s), (some_green_s, some_walk_in_s, some_s), (most_green_s, _, most_s) = means_s
    assert fifo_green_s == pytest.approx(fifo_walk_in_s, rel=0.05)
    assert fifo_green_s > some_green_s > most_green_s
    assert some_walk_in_s > fifo_walk_in_s
    assert some_s == pytest.approx(fifo_s, rel=0.03)
    assert most_s == pytest.approx(fifo_s, rel=0.03)
