"""Promises of a wait, and what they are scored against.

Everybody is told a range with the ticket. Beside it stand what the rule of thumb would have said, position times
average, and what an oracle would have: who knows what is true of the people, the day's hidden speed, each
clerk's, and how many people want to come, and draws many more rests of the day. Only what is still left to chance
stands against the oracle.

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
from service.simulate.day_record import Told
from service.simulate.day_run import Promiser
from service.simulate.hall_setup import Setting
from service.simulate.people import People
from service.simulate.simulated_hall import SimulatedHall

ORACLE_PATHS = 600
"""Rests of the day that the oracle draws."""


def as_answered(hall: SimulatedHall, ticket: Ticket) -> Told | None:
    """What the command itself answered: the analytic start."""
    return None if ticket.wait is None else Told(ticket.wait, position_s(hall.day, ticket))


def as_forecast(hall: SimulatedHall, ticket: Ticket) -> Told | None:
    """What the forecast says, drawn at once; in a running hall it comes within a second."""
    day = hall.day
    scene = start_state_of(day, day.at)
    found = NEVER if scene is None else _drawn(scene, PATHS, ticket)
    return Told(_wait_of(found, day.at), position_s(day, ticket))


def with_oracle(promiser: Promiser, setting: Setting, people: People, every: int) -> Promiser:
    """Ask the oracle as well, for each so manieth promise."""
    numbers = count()

    def asked(hall: SimulatedHall, ticket: Ticket) -> Told | None:
        told = promiser(hall, ticket)
        if told is None or next(numbers) % every:
            return told
        scene = start_state_of(hall.truth, hall.truth.at)
        if scene is None:
            return told
        found = _drawn(true_scene(scene, setting, people), ORACLE_PATHS, ticket)
        return told._replace(oracle_s=found.p50_s)

    return asked


def _drawn(scene: StartState, paths: int, ticket: Ticket) -> Quantiles:
    """The wait of a ticket; never when so many are to come that nobody draws."""
    with suppress(TooManyArrivals):
        return waits_of(scene, paths).get(ticket.id, NEVER)
    return NEVER


def position_s(day: Day, ticket: Ticket) -> float:
    """Position times average: nothing while a counter is free, else the place in the order over the open counters."""
    serving = [
        counter
        for counter in day.counters.values()
        if counter.stage == ticket.stage and ticket.service in counter.services and counter.state is CounterState.OPEN
    ]
    if any(counter.ticket is None for counter in serving):
        return 0.0
    mean_s = sum(service.mean_s for service in day.plan.services.values()) / len(day.plan.services)
    return (ticket.ahead + 1) * mean_s / max(1, len(serving))


def true_scene(scene: StartState, setting: Setting, people: People) -> StartState:
    """A scene as one sees it who knows what nobody can know: the paces of the clerks, and how many want to come."""
    at_work = [counter for counter, shifts in setting.shifts.items() if shifts]
    paces = dict(zip(setting.shifts, people.pace, strict=True))
    speed = sum(paces[counter] for counter in at_work) / len(at_work)
    present = []
    for one in scene.present:
        pace = paces[scene.parts[one.now.part].counters[one.counter]] / speed
        now = one.now._replace(mean_s=one.now.mean_s * pace, variance=one.now.variance * pace * pace)
        present.append(one._replace(now=now))
    return replace(
        scene,
        parts=tuple(part._replace(speed=speed, speed_sd=0.0) for part in scene.parts),
        present=tuple(present),
        streams=tuple(
            stream for stream in _true_streams(scene, setting, people) if any(span.number for span in stream.spans)
        ),
    )


def _true_streams(scene: StartState, setting: Setting, people: People) -> list[ArrivalStream]:
    """The streams of who comes without an appointment, with their true numbers and no doubt about them."""
    if not scene.streams:
        return []
    by_route = {stream.route: stream for stream in scene.streams}
    seen = {route: sum(s.spans[0].number for s in scene.streams if s.route == route) for route in by_route}
    green_s = float(setting.plan.credit_s(TicketClass.GREEN))
    found = []
    for route, stream in by_route.items():
        for credit_s, share in ((0.0, 1 - people.green), (green_s, people.green)):
            factor = people.volume * share * seen[route] / stream.spans[0].number
            spans = tuple(span._replace(number=span.number * factor, sd=0.0) for span in stream.spans)
            found.append(ArrivalStream(credit_s, route, spans))
    return found


def _wait_of(found: Quantiles, now_at: datetime) -> Wait:
    return Wait(p10_s=found.p10_s, p50_s=found.p50_s, p90_s=found.p90_s, as_of_at=now_at, shown=None)
