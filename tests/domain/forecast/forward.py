"""Play a day forward with the commands of a hall and given durations."""

import math
from collections.abc import Callable
from copy import copy

from service.domain.commands import CallNext, OpenCounter, StartTicket
from service.domain.model import CounterId, CounterState, Ticket, TicketId, TicketState
from tests.domain.halls import DONE, Hall, called

Lasts = Callable[[Ticket], float]
"""Returns how many seconds a called ticket stays at the counter."""


def expected_s(hall: Hall, ticket: Ticket) -> float:
    """Return exactly the expected duration."""
    return hall.day.plan.services[ticket.service].expected_s(ticket.stage, ticket.count, prechecked=ticket.prechecked)


def played(hall: Hall, lasts: Lasts | None = None) -> dict[TicketId, float]:
    """Return the seconds until the first call, from now, of every waiting ticket. The hall itself is not changed.

    Counters that are open, or on a break with an end, call the next ticket as soon as they are free. At the same
    instant they call in the order of the stages, then in the order of the hall document.
    """
    hall = copied(hall)
    day, begun_at = hall.day, hall.now_at
    lasts_s = lasts or (lambda ticket: expected_s(hall, ticket))
    wanted = {ticket.id for ticket in day.tickets.values() if ticket.state is TicketState.WAITING}
    free: dict[CounterId, float] = {}
    for counter in day.counters.values():
        if counter.state is CounterState.PAUSED and counter.until_at is not None:
            free[counter.id] = (counter.until_at - begun_at).total_seconds()
        if counter.state is not CounterState.OPEN:
            continue
        free[counter.id] = 0.0
        if counter.ticket is not None:
            ticket = day.tickets[counter.ticket]
            began_at = ticket.started_at or ticket.called_at
            assert began_at is not None
            free[counter.id] = max(0.0, lasts_s(ticket) - (begun_at - began_at).total_seconds())
    found: dict[TicketId, float] = {}
    stages = list(day.plan.names.stages)
    places = {counter: (stages.index(day.counters[counter].stage), n) for n, counter in enumerate(free)}
    while wanted - found.keys():
        counter_id = min(free, key=lambda one: (free[one], places[one]))
        now_s = free[counter_id]
        assert math.isfinite(now_s), "somebody is never called"
        hall.after(max(0.0, now_s - (hall.now_at - begun_at).total_seconds()))
        if day.counters[counter_id].state is CounterState.PAUSED:
            hall.do(OpenCounter(counter_id))
        ticket_id = called(hall.do(CallNext(counter_id, DONE)))
        if ticket_id is not None:
            hall.do(StartTicket(ticket_id))
            found.setdefault(ticket_id, now_s)
            free[counter_id] = now_s + lasts_s(day.tickets[ticket_id])
            continue
        later = [at_s for at_s in free.values() if at_s > now_s]
        later += [(at - begun_at).total_seconds() for at, _ in day.queue.deferred]
        free[counter_id] = min((at_s for at_s in later if at_s > now_s), default=math.inf)
    return {ticket: at_s for ticket, at_s in found.items() if ticket in wanted}


def copied(hall: Hall) -> Hall:
    """Return an independent hall in the same state."""
    other = copy(hall)
    other.day = hall.day.copy()
    other.records = list(hall.records)
    return other
