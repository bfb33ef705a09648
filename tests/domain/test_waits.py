"""The analytic start, held against a simulation of the very same queue.

Source: DESIGN 6, "Waits"; ALGORITHMS 3 and 4.2.
"""

import math
from heapq import heapify, heappop, heappush
from random import Random
from statistics import NormalDist, fmean
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import dispatch
from service.domain.commands import (
    ChangeTicket,
    CloseCounter,
    EndDay,
    LeaveQueue,
    OpenCounter,
    ParkTicket,
    ResumeTicket,
)
from service.domain.model import CounterId, ServiceId, Shown, Ticket, TicketClass, TicketId, TicketState, Wait
from service.domain.waits import SPEED_SD, residual_s, wait_of, wait_of_newcomer
from tests.domain.halls import Hall, town

PATHS = 2000
NORMAL = NormalDist()
ENQUIRY, PASSPORT = ServiceId("enquiry"), ServiceId("passport")


def lognormal(random: Random, mean_s: float, cv: float, longer_than_s: float = 0.0) -> float:
    """Draw a duration, given that it has lasted some time already."""
    if cv == 0:
        return max(mean_s, longer_than_s)
    variance = math.log1p(cv * cv)
    sigma, mu = math.sqrt(variance), math.log(mean_s) - variance / 2
    passed = NORMAL.cdf((math.log(longer_than_s) - mu) / sigma) if longer_than_s > 0 else 0.0
    u = passed + (1 - passed) * random.random()
    return math.exp(mu + sigma * NORMAL.inv_cdf(min(max(u, 1e-12), 1 - 1e-12)))


class Staff(NamedTuple):
    """Counters at work from some seconds after now on."""

    from_s: float
    counters: int


def simulate(hall: Hall, ticket: TicketId, staff: list[Staff]) -> list[float]:
    """Seconds until a ticket's call in as many drawn rests of the day: one queue, its counters, nobody new.

    A counter that is too many after a change of staff rests until there is work for as many again.
    """
    day = hall.day
    random = Random(20261123)  # noqa: S311  (draws, not secrets)
    earlier = [
        (day.plan.services[one.service], one.count)
        for one in dispatch.in_order(day)
        if (one.queue_at, one.n) < (day.tickets[ticket].queue_at, day.tickets[ticket].n)
    ]
    present = [day.tickets[counter.ticket] for counter in day.counters.values() if counter.ticket is not None]
    starts = []
    for _ in range(PATHS):
        speed = math.exp(random.gauss(-(SPEED_SD**2) / 2, SPEED_SD))
        free = []
        for one in present:
            service = day.plan.services[one.service]
            assert one.started_at is not None
            elapsed_s = (hall.now_at - one.started_at).total_seconds()
            free.append(lognormal(random, service.mean_s * speed, service.cv, elapsed_s) - elapsed_s)
        free += [staff[0].from_s] * (staff[0].counters - len(free))
        heapify(free)
        for service, count in earlier:
            begin_s = next_free(free, staff)
            lasts_s = sum(lognormal(random, service.mean_s * speed, service.cv) for _ in range(count))
            heappush(free, begin_s + lasts_s)
        starts.append(next_free(free, staff))
    return sorted(starts)


def next_free(free: list[float], staff: list[Staff]) -> float:
    """When the next counter can take a person; counters come and go as the staff does."""
    while True:
        at_s = heappop(free) if free else math.inf
        wanted = [one.counters for one in staff if one.from_s <= at_s][-1]
        rises = [one.from_s for one in staff if one.from_s > at_s and one.counters > wanted]
        if len(free) + 1 <= wanted:
            return at_s
        if rises:
            heappush(free, rises[0])


def a_queue(waiting: int, *counters: str, services: tuple[str, ...] = ("enquiry",), **parts: Any) -> Hall:  # noqa: ANN401
    """A hall whose counters began one minute after the other, and as many who wait."""
    hall = Hall(town(**parts))
    for counter in counters:
        hall.open(counter)
        hall.take(services[0])
        hall.serve(counter)
        hall.after(60)
    for n in range(waiting):
        hall.take(services[n % len(services)])
    return hall


def p50_of(hall: Hall, ticket: TicketId) -> int:
    wait = wait_of(hall.day, hall.ticket(ticket), hall.now_at)
    assert wait.p50_s is not None
    return wait.p50_s


def holds(wait: Wait, starts: list[float], tolerance_s: float = 30, share: float = 0.1) -> None:
    """Expect the wait's middle near the mean of what was drawn, and most of it between p10 and p90."""
    assert wait.p10_s is not None
    assert wait.p50_s is not None
    assert wait.p90_s is not None
    mean_s = fmean(starts)
    assert abs(wait.p50_s - mean_s) <= max(tolerance_s, share * mean_s)
    within = fmean(wait.p10_s - 1 <= start <= wait.p90_s + 1 for start in starts)
    assert 0.65 <= within <= 0.97


SHORT = [{"id": "enquiry", "prefix": "E", "stages": ["window"], "duration_s": {"mean": 180, "cv": 0.2}}]
WILD = [{"id": "enquiry", "prefix": "E", "stages": ["window"], "duration_s": {"mean": 180, "cv": 1.2}}]
ONLY_ENQUIRIES = [{"id": name, "zone": "main", "stage": "window", "services": ["enquiry"]} for name in "12345"]


@pytest.mark.parametrize("waiting", [0, 1, 4, 12, 40])
@pytest.mark.parametrize("counters", ["1", "123"])
def test_the_wait_is_what_a_simulation_of_the_queue_says(waiting: int, counters: str) -> None:
    hall = a_queue(waiting, *counters)
    ticket = hall.take()

    starts = simulate(hall, ticket, [Staff(0, len(counters))])

    holds(wait_of(hall.day, hall.ticket(ticket), hall.now_at), starts)


@pytest.mark.parametrize("waiting", [3, 25])
def test_the_wait_knows_that_services_differ(waiting: int) -> None:
    hall = a_queue(waiting, "1", "2", "3", services=("passport", "enquiry", "enquiry", "card"))
    ticket = hall.take("card")

    starts = simulate(hall, ticket, [Staff(0, 3)])

    holds(wait_of(hall.day, hall.ticket(ticket), hall.now_at), starts)


@pytest.mark.parametrize("services", [SHORT, WILD])
@pytest.mark.parametrize("waiting", [2, 20])
def test_the_wait_knows_how_much_services_vary(services: list[dict[str, Any]], waiting: int) -> None:
    hall = a_queue(waiting, "1", "2", "3", "4", "5", services=("enquiry",), counters=ONLY_ENQUIRIES)
    hall = a_queue(waiting, "1", "2", "3", "4", "5", **{"services_": 0} and {"counters": ONLY_ENQUIRIES})
    ticket = hall.take()

    starts = simulate(hall, ticket, [Staff(0, 5)])

    holds(wait_of(hall.day, hall.ticket(ticket), hall.now_at), starts)
    assert services


def test_several_people_on_one_ticket_take_as_long_as_several_tickets() -> None:
    hall = a_queue(0, "1", "2")
    for _ in range(4):
        hall.take(count=3)
    ticket = hall.take()

    starts = simulate(hall, ticket, [Staff(0, 2)])

    holds(wait_of(hall.day, hall.ticket(ticket), hall.now_at), starts)


@pytest.mark.parametrize("line", [0, 2, 3, 5, 20])
def test_before_the_opening_the_wait_begins_with_it(line: int) -> None:
    hall = Hall(town(counters=ONLY_ENQUIRIES[:3], services=SHORT), at="08:30")
    for _ in range(line):
        hall.take()
    ticket = hall.take()

    wait = wait_of(hall.day, hall.ticket(ticket), hall.now_at)

    starts = simulate(hall, ticket, [Staff(1800, 3)])
    assert wait.p50_s is not None
    assert abs(wait.p50_s - fmean(starts)) <= 45
    assert wait.p10_s is not None
    assert wait.p10_s >= 1800 - 1
    if line < 3:
        assert (wait.p10_s, wait.p50_s, wait.p90_s) == (1800, 1800, 1800)
        assert wait.shown == Shown(30, 35)


def test_the_wait_knows_that_fewer_counters_are_staffed_at_lunch() -> None:
    staffing = [
        {"weekdays": [1], "from": "09:00", "to": "09:20", "counters": 5},
        {"weekdays": [1], "from": "09:20", "to": "10:00", "counters": 2},
        {"weekdays": [1], "from": "10:00", "to": "17:00", "counters": 5},
    ]
    hall = a_queue(60, *"12345", staffing=staffing, counters=ONLY_ENQUIRIES, services_of="enquiry")
    ticket = hall.take()

    starts = simulate(hall, ticket, [Staff(0, 5), Staff(900, 2), Staff(3300, 5)])

    holds(wait_of(hall.day, hall.ticket(ticket), hall.now_at), starts)
    assert fmean(starts) > 2400
