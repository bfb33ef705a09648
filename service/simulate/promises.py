"""Promises of a wait, and what they are scored against.

Everybody is told a range when the ticket is made. Beside it stand what the rule of thumb would have said, position
times average, and what an oracle would have: one who knows every distribution of the day, its hidden speed and each
clerk's, and has only the draws to come against it.
"""

from service.domain.day import Day
from service.domain.events import TicketTaken
from service.domain.model import CounterState
from service.simulate.lived import Told


def position_s(day: Day, taken: TicketTaken) -> float:
    """Position times average: nothing while a counter is free, else the place in the order over the open counters."""
    at_stage = [
        counter
        for counter in day.counters.values()
        if counter.stage == taken.stage and taken.service in counter.services and counter.state is CounterState.OPEN
    ]
    if any(counter.ticket is None for counter in at_stage):
        return 0.0
    mean_s = sum(service.mean_s for service in day.plan.services.values()) / len(day.plan.services)
    return (taken.ahead + 1) * mean_s / max(1, len(at_stage))


def as_told(day: Day, taken: TicketTaken) -> Told | None:
    """What the command itself answered: the analytic start."""
    return Told(taken.wait, position_s(day, taken))
