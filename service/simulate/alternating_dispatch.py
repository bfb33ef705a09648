"""An alternative order of calls, for comparison: two preferred people (booked or urgent), then one walk-in.

Within each group the order is the hall's own without credits: by check-in, or by the slot if that is later.
"""

from service.domain.commands import CallNext, CallTicket, Finish, FinishTicket
from service.domain.events import Event
from service.domain.model import CounterId, Outcome, TicketClass, TicketId
from service.domain.queue.waiting_lines import Place
from service.simulate.scenario import ALTERNATE_CODE
from service.simulate.simulated_hall import SimulatedHall

DONE = Finish(Outcome.DONE)

PREFERRED_IN_A_ROW = 2


class AlternationState:
    """The number of preferred people called in a row."""

    def __init__(self) -> None:
        self.preferred = 0


def call(
    hall: SimulatedHall, state: AlternationState, counter: CounterId, present: TicketId | None, at_ms: int
) -> list[Event]:
    """Finish the present visit and call the next one in alternating order, or in the hall's if nobody waits."""
    decided: list[Event] = []
    if present is not None:
        decided += hall.do(FinishTicket(present, DONE), at_ms)
    hall.day.advance_to(hall.at(at_ms))
    chosen = _choose(hall, state, counter)
    if chosen is None:
        return decided + hall.do(CallNext(counter), at_ms)
    return decided + hall.do(CallTicket(counter, chosen, ALTERNATE_CODE), at_ms)


def _choose(hall: SimulatedHall, state: AlternationState, counter: CounterId) -> TicketId | None:
    first: dict[bool, Place] = {}
    for line in hall.day.pools.lines_for(hall.day.counters[counter]):
        for place in line.places:
            preferred = hall.day.tickets[place.ticket].class_ is not TicketClass.WALK_IN
            if preferred not in first or place < first[preferred]:
                first[preferred] = place
    if not first:
        return None
    preferred = True in first and (state.preferred < PREFERRED_IN_A_ROW or False not in first)
    state.preferred = state.preferred + 1 if preferred else 0
    return first[preferred].ticket
