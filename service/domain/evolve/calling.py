"""Evolve calls: call, recall, no-show, and tickets raised by the rule for long waits."""

from collections.abc import Callable
from typing import Any

from service.domain import events
from service.domain.day import Day
from service.domain.events import Record
from service.domain.evolve.changes import Touched, change_counter, change_ticket, free_counter
from service.domain.model import Admission, TicketState
from service.domain.queue import dispatch
from service.domain.queue.promised_waits import is_promise_kept


def _admission_when_called(day: Day, event: events.TicketCalled, record: Record) -> Admission:
    """Return a ticket's admission after a call: a call from standby admits it, unless the stage is optional."""
    before = day.tickets[event.ticket].admission
    if before is not Admission.STANDBY or event.stage in day.plan.optional_stages:
        return before
    return day.admission_at(record.at)


def _ticket_called(day: Day, event: events.TicketCalled, record: Record) -> Touched:
    kept = is_promise_kept(day, day.tickets[event.ticket], record.at)
    if kept is not None:
        day.promises_kept[kept] += 1
    ticket = change_ticket(
        day,
        record,
        event.ticket,
        state=TicketState.CALLED,
        admission=_admission_when_called(day, event, record),
        stage=event.stage,
        counter=event.counter,
        last_counter=event.counter,
        for_counter=None,
        not_before_at=None,
        calls=1,
        called_at=record.at,
        recalled_at=record.at,
        started_at=None,
        no_show_at=None,
        reason=event.reason,
    )
    return ticket, change_counter(day, record, event.counter, ticket=ticket.id)


def _ticket_recalled(day: Day, event: events.TicketRecalled, record: Record) -> Touched:
    calls = day.tickets[event.ticket].calls + 1
    return change_ticket(day, record, event.ticket, calls=calls, recalled_at=record.at), None


def _ticket_no_show(day: Day, event: events.TicketNoShow, record: Record) -> Touched:
    counter = free_counter(day, record, event.ticket)
    return change_ticket(
        day, record, event.ticket, state=TicketState.NO_SHOW, counter=None, no_show_at=record.at
    ), counter


def _ticket_raised(day: Day, event: events.TicketRaised, record: Record) -> Touched:
    before = day.tickets[event.ticket]
    queue_at = dispatch.queue_time(
        day.plan, before.class_, before.reference_at, before.floor_at, before.late_from_at, raised=True
    )
    return change_ticket(
        day, record, event.ticket, raised=True, queue_at=queue_at, ahead=event.ahead, wait=event.wait, promise=None
    ), None


EVOLVERS: dict[type[Any], Callable[[Day, Any, Record], Touched]] = {
    events.TicketCalled: _ticket_called,
    events.TicketRecalled: _ticket_recalled,
    events.TicketNoShow: _ticket_no_show,
    events.TicketRaised: _ticket_raised,
}
