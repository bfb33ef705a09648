"""Decide about the day itself: close it, end it and change its plan.

Source: CONTRACT 4 and 5; DESIGN 6, "The door".
"""

from datetime import datetime

from msgspec.structs import replace

from service.domain import commands, events
from service.domain.calendar.plan import Plan
from service.domain.day import Day
from service.domain.decide.appointments import cancel_pending, end_open_appointments
from service.domain.decide.serving import next_step, release_ticket
from service.domain.events import Event
from service.domain.model import TICKET_SUCCESSORS, CounterState, LeftReason, Outcome, TicketState
from service.domain.refusals import WrongDay


def close_day(day: Day, command: commands.CloseDay, now_at: datetime) -> list[Event]:
    """Close the day: no more tickets and calls.

    Waiting tickets leave with a right to return, and pending appointments are cancelled. Returns no event if the day is
    already closed.

    Raises:
        WrongDay: the command names another date.
    """
    if command.on is not None and command.on != day.on:
        raise WrongDay(command.on.isoformat())
    if day.closed:
        return []
    return [*_leave_unserved(day), *cancel_pending(day, now_at), events.DayClosed()]


def end_day(day: Day, _command: commands.EndDay, now_at: datetime) -> list[Event]:
    """End the day and close everything that is still open.

    Appointments become missed or expired, waiting tickets leave unserved, called tickets become no-shows, visits at
    counters are finished, and counters close. A visit with a further stage or service is not finished: its ticket
    returns to the queue and leaves unserved.
    """
    decided = [*end_open_appointments(day), *_leave_unserved(day)]
    for counter in day.counters.values():
        if counter.ticket is not None:
            ticket = day.tickets[counter.ticket]
            if ticket.state is TicketState.CALLED:
                decided.append(events.TicketNoShow(ticket=ticket.id))
            elif next_step(day.plan, ticket) is None:
                decided.append(events.TicketFinished(ticket=ticket.id, outcome=Outcome.DONE, forgotten=True))
            else:
                decided.append(release_ticket(day, ticket, now_at, forgotten=True))
        if counter.state is not CounterState.CLOSED:
            decided.append(events.CounterClosed(counter=counter.id))
    return [*decided, events.DayEnded()]


def change_plan(day: Day, command: commands.ChangePlan, _now_at: datetime) -> list[Event]:
    """Replace the plan after a change of the hall document, of learned parameters or of the software release.

    Services of today's tickets and counters in use are kept. Returns no event unless the plan is newer than the day's.

    Raises:
        WrongDay: the plan is for another date.
    """
    if command.plan.day != day.on:
        raise WrongDay(command.plan.day.isoformat())
    if command.plan.version <= day.plan.version:
        return []
    return [events.PlanChanged(plan=_with_services_in_use(day, command.plan))]


def _leave_unserved(day: Day) -> list[Event]:
    return [
        events.TicketLeft(ticket=ticket.id, reason=LeftReason.UNSERVED)
        for ticket in day.tickets.values()
        if TicketState.LEFT in TICKET_SUCCESSORS[ticket.state]
    ]


def _with_services_in_use(day: Day, plan: Plan) -> Plan:
    """Copy a new plan, keeping the services of today's tickets and appointments and the counters in use as not offered.

    Counters that served such a service keep it, so that a finish can still be undone.
    """
    used = {name for ticket in day.tickets.values() for name in (ticket.service, *ticket.then)}
    used.update(one.service for one in day.appointments.values())
    kept = {
        name: replace(service, offered=False)
        for name, service in day.plan.services.items()
        if name in used and name not in plan.services
    }
    counters = dict(plan.counters)
    for counter_id, before in day.plan.counters.items():
        now = counters.get(counter_id)
        if now is not None:
            more = tuple(name for name in before.services if name in kept)
            counters[counter_id] = replace(now, services=now.services + more)
        elif day.counters[counter_id].state is not CounterState.CLOSED:
            counters[counter_id] = replace(before, offered=False)
    return replace(plan, services=plan.services | kept, counters=counters)
