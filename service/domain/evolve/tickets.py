"""Evolve the tickets in the queue: taken, admitted, parked, resumed, changed, rated and left."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from service.domain import events
from service.domain.day import Day
from service.domain.events import Record
from service.domain.evolve.changes import WAITING_AGAIN, Touched, change_ticket, free_counter
from service.domain.model import Admission, LeftReason, Ticket, TicketState, late_from
from service.domain.queue import dispatch


def _ticket_taken(day: Day, event: events.TicketTaken, record: Record) -> Touched:
    day.issued = event.n
    issued_at = event.issued_at or record.at
    reference_at = dispatch.reference_time(event.class_, issued_at, event.slot_at)
    late_from_at = late_from(event.slot_at, event.excused_s)
    if event.device is None:
        prefix = day.plan.services[event.service].prefix
        day.numbers[prefix] = int(event.number.removeprefix(prefix))
    else:
        lease = day.leases[event.device]
        last = int(event.number.removeprefix(lease.prefix))
        day.leases[event.device] = replace(lease, last=last, last_at=issued_at)
    ticket = Ticket(
        id=event.ticket,
        n=event.n,
        code=event.code,
        number=event.number,
        service=event.service,
        stage=event.stage,
        class_=event.class_,
        first_class=event.class_,
        channel=event.channel,
        state=TicketState.WAITING,
        admission=event.admission,
        count=event.count,
        then=event.then,
        prechecked=event.prechecked,
        missing=event.missing,
        papers=event.missing or None,
        applicant=event.applicant,
        issued_at=issued_at,
        waiting_since_at=issued_at,
        reference_at=reference_at,
        queue_at=dispatch.queue_time(day.plan, event.class_, reference_at, None, late_from_at),
        ahead=event.ahead,
        wait=event.wait,
        promise=None if event.admission is Admission.STANDBY else event.wait,
        seq=record.seq,
        browser=event.browser,
        appointment=event.appointment,
        slot_at=event.slot_at,
        excused_s=event.excused_s,
        returns_of=event.returns_of,
        invitation=event.invitation,
    )
    if event.browser is not None:
        day.browsers[event.browser] = event.ticket
    if event.invitation is not None:
        day.invitations[event.invitation] = event.ticket
    if event.returns_of is not None:
        day.returned[event.returns_of] = event.ticket
    day.store_ticket(ticket)
    return ticket, None


def _ticket_admitted(day: Day, event: events.TicketAdmitted, record: Record) -> Touched:
    return change_ticket(
        day,
        record,
        event.ticket,
        admission=event.admission,
        ahead=event.ahead,
        wait=event.wait,
        promise=event.wait,
    ), None


def _ticket_parked(day: Day, event: events.TicketParked, record: Record) -> Touched:
    counter = free_counter(day, record, event.ticket)
    return change_ticket(day, record, event.ticket, state=TicketState.PARKED, counter=None, promise=None), counter


def _ticket_resumed(day: Day, event: events.TicketResumed, record: Record) -> Touched:
    before = day.tickets[event.ticket]
    ticket = change_ticket(
        day,
        record,
        event.ticket,
        floor_at=event.floor_at,
        raised=False,
        queue_at=dispatch.queue_time(day.plan, before.class_, before.reference_at, event.floor_at, before.late_from_at),
        returns=before.returns + (before.state is TicketState.NO_SHOW),
        ahead=event.ahead,
        wait=event.wait,
        **WAITING_AGAIN,
    )
    return ticket, None


def _ticket_reclassed(day: Day, event: events.TicketReclassed, record: Record) -> Touched:
    before = day.tickets[event.ticket]
    reference_at = event.reference_at or before.reference_at
    queue_at = dispatch.queue_time(
        day.plan, event.class_, reference_at, before.floor_at, before.late_from_at, raised=before.raised
    )
    ticket = change_ticket(
        day,
        record,
        event.ticket,
        class_=event.class_,
        reference_at=reference_at,
        queue_at=queue_at,
        ahead=event.ahead,
        wait=event.wait,
        promise=None,
    )
    return ticket, None


def _ticket_deferred(day: Day, event: events.TicketDeferred, record: Record) -> Touched:
    ticket = change_ticket(
        day,
        record,
        event.ticket,
        not_before_at=event.not_before_at,
        ahead=event.ahead,
        wait=event.wait,
        promise=None,
    )
    return ticket, None


def _ticket_rated(day: Day, event: events.TicketRated, record: Record) -> Touched:
    return change_ticket(day, record, event.ticket, rating=event.grade), None


def _ticket_left(day: Day, event: events.TicketLeft, record: Record) -> Touched:
    ticket = change_ticket(
        day,
        record,
        event.ticket,
        state=TicketState.LEFT,
        left_reason=LeftReason(event.reason),
        finished_at=record.at,
    )
    return ticket, None


EVOLVERS: dict[type[Any], Callable[[Day, Any, Record], Touched]] = {
    events.TicketTaken: _ticket_taken,
    events.TicketAdmitted: _ticket_admitted,
    events.TicketParked: _ticket_parked,
    events.TicketResumed: _ticket_resumed,
    events.TicketReclassed: _ticket_reclassed,
    events.TicketDeferred: _ticket_deferred,
    events.TicketRated: _ticket_rated,
    events.TicketLeft: _ticket_left,
}
