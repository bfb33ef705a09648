"""Another way to call, to compare with: two who are booked or urgent, then one who just came.

Within each kind the order is that of check-in, or of the slot where that is later: the hall's own, without credits.
"""

from service.domain.commands import CallNext, CallTicket, Finish, FinishTicket
from service.domain.events import Event
from service.domain.model import CounterId, Outcome, TicketClass, TicketId
from service.domain.queue.waiting_lines import Place
from service.simulate.scenario import ALTERNATE_CODE
from service.simulate.simulated_hall import SimulatedHall

DONE = Finish(Outcome.DONE)

PREFERRED_IN_A_ROW = 2


class Turns:
    """How many were called in a row of those who are preferred."""

    def __init__(self) -> None:
        self.preferred = 0


def call(hall: SimulatedHall, turns: Turns, counter: CounterId, present: TicketId | None, at_ms: int) -> list[Event]:
    """Finish the present person and call the next one out of the hall's order; the hall's own call where none waits."""
    decided: list[Event] = []
    if present is not None:
        decided += hall.do(FinishTicket(present, DONE), at_ms)
    hall.day.advance_to(hall.at(at_ms))
    chosen = _choose(hall, turns, counter)
    if chosen is None:
        return decided + hall.do(CallNext(counter), at_ms)
    return decided + hall.do(CallTicket(counter, chosen, ALTERNATE_CODE), at_ms)


def _choose(hall: SimulatedHall, turns: Turns, counter: CounterId) -> TicketId | None:
    first: dict[bool, Place] = {}
    for line in hall.day.pools.lines_for(hall.day.counters[counter]):
        for place in line.places:
            preferred = hall.day.tickets[place.ticket].class_ is not TicketClass.WALK_IN
            if preferred not in first or place < first[preferred]:
                first[preferred] = place
    if not first:
        return None
    preferred = True in first and (turns.preferred < PREFERRED_IN_A_ROW or False not in first)
    turns.preferred = turns.preferred + 1 if preferred else 0
    return first[preferred].ticket
