"""Evolve the undo of a finish or a no-show: the person is back at the counter."""

from collections.abc import Callable
from typing import Any

from service.domain import events
from service.domain.day import Day
from service.domain.events import Record
from service.domain.evolve.changes import Touched, change_counter, change_ticket
from service.domain.evolve.visits import count_visit
from service.domain.model import TicketState


def _ticket_undone(day: Day, event: events.TicketUndone, record: Record) -> Touched:
    before = day.tickets[event.ticket]
    counter_id = before.last_counter
    assert counter_id is not None, "undo gives a person back to the counter they were at"
    if before.state is TicketState.DONE:
        assert before.served is not None, "a finish says what was finished"
        count_visit(day, before.stage, before.served, times=-1)
        back: dict[str, Any] = {"state": TicketState.SERVING}
    else:
        back = {"state": TicketState.CALLED, "calls": 1, "called_at": record.at, "recalled_at": record.at}
    ticket = change_ticket(
        day,
        record,
        event.ticket,
        counter=counter_id,
        outcome=None,
        missing=before.papers or (),
        due_on=None,
        finished_at=None,
        no_show_at=None,
        served=None,
        **back,
    )
    return ticket, change_counter(day, record, counter_id, ticket=ticket.id)


EVOLVERS: dict[type[Any], Callable[[Day, Any, Record], Touched]] = {
    events.TicketUndone: _ticket_undone,
}
