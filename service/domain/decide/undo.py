"""Decide whether a finish or a no-show can be undone.

Source: CONTRACT 4 and 5.
"""

from datetime import datetime, timedelta

from service.domain import commands, events
from service.domain.day import Day
from service.domain.decide.counters import open_counter, vacate_counter
from service.domain.decide.preconditions import require_free_counter, require_state
from service.domain.events import Event
from service.domain.model import Counter, CounterState, TicketState
from service.domain.refusals import CodeUsed, WrongState

UNDO_WITHIN_S = 30
"""How long after a finish or no-show it can be undone."""


def undo_ticket(day: Day, command: commands.UndoTicket, now_at: datetime) -> list[Event]:
    """Undo a finish or no-show within 30 seconds.

    Raises:
        WrongState: the last change was something else, or was too long ago.
        CodeUsed: the right to return from this ticket has been used.
        CounterClosed: the counter is not open and `reopen` is not set.
        CounterBusy: the counter has a person who is not to be released, or is not `present`.
    """
    ticket = day.ticket(command.ticket)
    require_state(ticket, TicketState.DONE, TicketState.NO_SHOW)
    ended_at = ticket.finished_at if ticket.state is TicketState.DONE else ticket.no_show_at
    if ended_at is None or now_at - ended_at > timedelta(seconds=UNDO_WITHIN_S) or ticket.last_counter is None:
        raise WrongState(ticket.state)
    if ticket.id in day.returned:
        raise CodeUsed
    counter = day.counter(ticket.last_counter)
    if command.reopen and counter.state is not CounterState.OPEN:
        opened = open_counter(day, _reopening_command(day, counter), now_at)
        return [*opened, events.TicketUndone(ticket=ticket.id)]
    released = []
    if command.release and counter.ticket is not None:
        released = vacate_counter(day, counter, now_at, release=True, present=command.present)
    if not released:
        require_free_counter(counter)
    return [*released, events.TicketUndone(ticket=ticket.id)]


def _reopening_command(day: Day, counter: Counter) -> commands.OpenCounter:
    """Build the command that reopens a counter with its last services and stage, as far as the plan still has them."""
    before = day.work_before_closing.get(counter.id)
    if counter.state is not CounterState.CLOSED or before is None:
        return commands.OpenCounter(counter.id)  # after a break a counter keeps its services
    planned = day.plan.services
    services = tuple(name for name in before.services if name in planned and planned[name].offered)
    stage = before.stage if before.stage in day.plan.names.stages else None
    return commands.OpenCounter(counter.id, services or None, stage)
