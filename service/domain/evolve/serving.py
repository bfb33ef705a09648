"""Evolve visits at counters: start, finish, next stage, transfer and checked papers."""

from collections.abc import Callable
from typing import Any

from service.domain import events
from service.domain.calendar.plan import PRECHECK
from service.domain.day import Day
from service.domain.events import Record
from service.domain.evolve.changes import WAITING_AGAIN, Touched, change_ticket, free_counter
from service.domain.evolve.visits import record_visit
from service.domain.model import ServiceId, Ticket, TicketState


def _ticket_started(day: Day, event: events.TicketStarted, record: Record) -> Touched:
    return change_ticket(day, record, event.ticket, state=TicketState.SERVING, started_at=record.at), None


def _ticket_finished(day: Day, event: events.TicketFinished, record: Record) -> Touched:
    counter = free_counter(day, record, event.ticket)
    served = record_visit(day, day.tickets[event.ticket], record, forgotten=event.forgotten)
    ticket = change_ticket(
        day,
        record,
        event.ticket,
        state=TicketState.DONE,
        counter=None,
        outcome=event.outcome,
        missing=event.missing,
        due_on=event.due_on,
        finished_at=record.at,
        served=served,
    )
    return ticket, counter


def _ticket_advanced(day: Day, event: events.TicketAdvanced, record: Record) -> Touched:
    counter = free_counter(day, record, event.ticket)
    before = day.tickets[event.ticket]
    served = record_visit(day, before, record)
    ticket = change_ticket(
        day,
        record,
        event.ticket,
        service=event.service,
        stage=event.stage,
        then=event.then,
        prechecked=(before.prechecked and not event.unchecked)
        or (before.stage == PRECHECK and before.service == event.service and not before.papers),
        waiting_since_at=record.at,
        served=served,
        ahead=event.ahead,
        wait=event.wait,
        **_papers_of(before, event.service),
        **WAITING_AGAIN,
    )
    return ticket, counter


def _ticket_released(day: Day, event: events.TicketReleased, record: Record) -> Touched:
    counter = free_counter(day, record, event.ticket)
    again = {
        **_papers_of(day.tickets[event.ticket], event.service),
        **WAITING_AGAIN,
        "for_counter": event.counter,
    }
    ticket = change_ticket(
        day,
        record,
        event.ticket,
        service=event.service,
        stage=event.stage,
        prechecked=day.tickets[event.ticket].prechecked and not event.unchecked,
        ahead=event.ahead,
        wait=event.wait,
        **again,
    )
    return ticket, counter


def _papers_checked(day: Day, event: events.PapersChecked, record: Record) -> Touched:
    changes: dict[str, Any] = {"papers": event.missing, "missing": event.missing, "prechecked": not event.missing}
    if event.wait is not None:
        changes |= {"ahead": event.ahead, "wait": event.wait}
    return change_ticket(day, record, event.ticket, **changes), None


def _papers_of(ticket: Ticket, service: ServiceId) -> dict[str, Any]:
    """Reset the papers of a ticket that changes its service: each service requires other papers."""
    return {} if ticket.service == service else {"papers": None, "missing": ()}


EVOLVERS: dict[type[Any], Callable[[Day, Any, Record], Touched]] = {
    events.TicketStarted: _ticket_started,
    events.TicketFinished: _ticket_finished,
    events.TicketAdvanced: _ticket_advanced,
    events.TicketReleased: _ticket_released,
    events.PapersChecked: _papers_checked,
}
