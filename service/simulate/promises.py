"""Promised waits, and the predictions they are compared with.

Each person is promised a range with the ticket. It is compared with position times average, and with an oracle. The
oracle knows the true parameters of the people, the hidden speed of the day and of each clerk and the number of people
who will come, and it draws many more simulations of the rest of the day. So its error is only chance.

Source: ALGORITHMS 4.3.
"""

from contextlib import suppress
from datetime import datetime
from itertools import count

from msgspec.structs import replace

from service.domain.day import Day
from service.domain.forecast.day_simulation import TooManyArrivals
from service.domain.forecast.start_state import ArrivalStream, StartState
from service.domain.forecast.start_state_builder import start_state_of
from service.domain.forecast.wait_quantiles import NEVER, PATHS, Quantiles, waits_of
from service.domain.model import CounterState, Ticket, TicketClass, Wait
from service.simulate.day_record import PromisedWait
from service.simulate.day_run import Promiser
from service.simulate.hall_setup import HallSetup
from service.simulate.people import People
from service.simulate.simulated_hall import SimulatedHall

ORACLE_PATHS = 600
"""Simulations of the rest of the day that the oracle draws."""


def answered_wait(hall: SimulatedHall, ticket: Ticket) -> PromisedWait | None:
    """Return the wait that the command itself answered: the analytic prediction."""
    return None if ticket.wait is None else PromisedWait(ticket.wait, position_s(hall.day, ticket))


def forecast_wait(hall: SimulatedHall, ticket: Ticket) -> PromisedWait | None:
    """Return the forecast, computed at once; in a running hall it is ready within a second."""
    day = hall.day
    start = start_state_of(day, day.at)
    found = NEVER if start is None else _quantiles_of(start, PATHS, ticket)
    return PromisedWait(_wait_of(found, day.at), position_s(day, ticket))


def with_oracle(promiser: Promiser, setup: HallSetup, people: People, every: int) -> Promiser:
    """Add the oracle's prediction to each `every`-th promise."""
    numbers = count()

    def commands(hall: SimulatedHall, ticket: Ticket) -> PromisedWait | None:
        promise = promiser(hall, ticket)
        if promise is None or next(numbers) % every:
            return promise
        start = start_state_of(hall.truth, hall.truth.at)
        if start is None:
            return promise
        found = _quantiles_of(true_start_state(start, setup, people), ORACLE_PATHS, ticket)
        return promise._replace(oracle_s=found.p50_s)

    return commands


def _quantiles_of(start: StartState, paths: int, ticket: Ticket) -> Quantiles:
    """Return the wait of a ticket; `NEVER` if so many people are expected that nothing is drawn."""
    with suppress(TooManyArrivals):
        return waits_of(start, paths).get(ticket.id, NEVER)
    return NEVER


def position_s(day: Day, ticket: Ticket) -> float:
    """Return the position times the average duration, over the open counters; 0 if a counter is free."""
    serving = [
        counter
        for counter in day.counters.values()
        if counter.stage == ticket.stage and ticket.service in counter.services and counter.state is CounterState.OPEN
    ]
    if any(counter.ticket is None for counter in serving):
        return 0.0
    mean_s = sum(service.mean_s for service in day.plan.services.values()) / len(day.plan.services)
    return (ticket.ahead + 1) * mean_s / max(1, len(serving))


def true_start_state(start: StartState, setup: HallSetup, people: People) -> StartState:
    """Replace the estimates of a start state by the true pace of each clerk and the true number of people."""
    at_work = [counter for counter, shifts in setup.shifts.items() if shifts]
    paces = dict(zip(setup.shifts, people.pace, strict=True))
    speed = sum(paces[counter] for counter in at_work) / len(at_work)
    present = []
    for one in start.present:
        pace = paces[start.parts[one.now.part].counters[one.counter]] / speed
        now = one.now._replace(mean_s=one.now.mean_s * pace, variance=one.now.variance * pace * pace)
        present.append(one._replace(now=now))
    return replace(
        start,
        parts=tuple(part._replace(speed=speed, speed_sd=0.0) for part in start.parts),
        present=tuple(present),
        streams=tuple(
            stream for stream in _true_streams(start, setup, people) if any(span.number for span in stream.spans)
        ),
    )


def _true_streams(start: StartState, setup: HallSetup, people: People) -> list[ArrivalStream]:
    """Return the streams of people without an appointment, with their true numbers and no uncertainty."""
    if not start.streams:
        return []
    by_route = {stream.route: stream for stream in start.streams}
    seen = {route: sum(s.spans[0].number for s in start.streams if s.route == route) for route in by_route}
    green_s = float(setup.plan.credit_s(TicketClass.GREEN))
    found = []
    for route, stream in by_route.items():
        for credit_s, share in ((0.0, 1 - people.green), (green_s, people.green)):
            factor = people.volume * share * seen[route] / stream.spans[0].number
            spans = tuple(span._replace(number=span.number * factor, sd=0.0) for span in stream.spans)
            found.append(ArrivalStream(credit_s, route, spans))
    return found


def _wait_of(found: Quantiles, now_at: datetime) -> Wait:
    return Wait(p10_s=found.p10_s, p50_s=found.p50_s, p90_s=found.p90_s, as_of_at=now_at, shown=None)
