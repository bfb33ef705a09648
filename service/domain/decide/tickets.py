"""Decide about tickets in the queue: take, change, leave, park, resume and rate them, and admit from standby.

Source: CONTRACT 4 and 5; DESIGN 6.
"""

from datetime import datetime, timedelta

from msgspec import UNSET
from msgspec.structs import replace

from service.domain import commands, events
from service.domain.admission.door import (
    check_count,
    check_invitation,
    hall_closed,
    in_person_service,
    issue,
    refuse_if_closed,
)
from service.domain.admission.walk_in_requests import next_request
from service.domain.admission.walk_ins import AdmissionDecision, admit, admitted_as, admitted_from_standby
from service.domain.day import Day
from service.domain.decide.appointments import end_appointments_of_invitation, leave_standby
from service.domain.decide.preconditions import require_reason_code, require_state
from service.domain.events import Event
from service.domain.model import RETURN_WITHIN_S, RETURNS_MAX, Admission, LeftReason, TicketClass, TicketState
from service.domain.queue import dispatch
from service.domain.queue.waits import outlook_of
from service.domain.refusals import AlreadyWaiting, BodyInvalid, WrongState

STATE_RATED = "rated"
"""Reported in place of the state of a ticket that has already been rated."""


def take_ticket(day: Day, command: commands.TakeTicket, now_at: datetime) -> list[Event]:
    """Issue the next number of a service's prefix to a walk-in.

    Raises:
        ServiceNotFound: the hall does not offer the service, or one of `then`.
        OnlineOnly: the service is done online.
        HallSuspended, HallClosed: no tickets are issued now.
        AlreadyWaiting: the browser has a ticket whose visit is not over.
        BodyInvalid: the number of people is not allowed, or the invitation is for another service.
        CodeUsed: the invitation has been used.
        HallFull: the visit does not fit into the rest of the day; the refusal lists bookable slots.

    Source: DESIGN 6, "Admission of a walk-in".
    """
    service = in_person_service(day, command.service, *command.then)
    check_count(service, command.count)
    refuse_if_closed(day, now_at)
    _refuse_second_ticket(day, command.browser)
    check_invitation(day, command.invitation, service.id, now_at)
    invited = command.invitation
    prechecked = invited is not None and invited.prechecked
    partner = None if invited is None else invited.partner_at(now_at)
    standby_admitted, after = admitted_from_standby(day, now_at)
    request = next_request(after, service, command.count, prechecked=prechecked, then=command.then, partner=partner)
    admission, fit = admit(after, request, now_at)
    return [
        *end_appointments_of_invitation(day, invited, now_at),
        *standby_admitted,
        issue(
            after,
            now_at,
            ticket=command.ticket,
            code=command.code,
            service=service,
            class_=TicketClass.WALK_IN,
            channel=command.channel,
            count=command.count,
            admission=admission,
            fit=fit,
            then=command.then,
            prechecked=prechecked,
            applicant=command.applicant,
            browser=command.browser,
            invitation=None if invited is None else invited.id,
        ),
    ]


def change_ticket(day: Day, command: commands.ChangeTicket, now_at: datetime) -> list[Event]:
    """Change a ticket's class, or the time before which it must not be called.

    A change of class recomputes the queue time.

    Raises:
        WrongState: the visit is over; for the time, also if the ticket is neither waiting nor parked.
        BodyInvalid: the class cannot be set by hand, the reason code is missing or unknown, or the time is not before
            the end of the day.
    """
    ticket = day.ticket(command.ticket)
    decided: list[Event] = []
    if command.class_ is not UNSET:
        require_state(ticket, TicketState.WAITING, TicketState.PARKED, TicketState.CALLED)
        if command.class_ not in (TicketClass.GREEN, ticket.first_class):
            raise BodyInvalid(("class", f"may become green, or {ticket.first_class} again"))
        if command.reason is None:
            raise BodyInvalid(("reason", "a change of class needs a reason code"))
        require_reason_code(day.plan, command.reason)
        reference_at = dispatch.reference_time(command.class_, ticket.issued_at, ticket.slot_at)
        moves = reference_at != ticket.reference_at
        queue_at = dispatch.queue_time(
            day.plan, command.class_, reference_at, ticket.floor_at, ticket.late_from_at, raised=ticket.raised
        )
        ticket = replace(ticket, class_=command.class_, reference_at=reference_at, queue_at=queue_at)
        if ticket.admission is Admission.STANDBY and command.class_ is TicketClass.GREEN:
            ticket = replace(ticket, admission=day.admission_at(now_at))
            decided.append(admitted_as(day, ticket, AdmissionDecision(ticket.admission, None), now_at))
        ahead, wait = outlook_of(day, ticket, now_at)
        decided.append(
            events.TicketReclassed(
                ticket=ticket.id,
                class_=command.class_,
                reason=command.reason,
                reference_at=reference_at if moves else None,
                ahead=ahead,
                wait=wait,
            )
        )
    if command.not_before_at is not UNSET:
        require_state(ticket, TicketState.WAITING, TicketState.PARKED)
        not_before_at = command.not_before_at
        if not_before_at is not None and not_before_at >= day.plan.ends_at:
            raise BodyInvalid(("not_before_at", "is after the end of the day"))
        ahead, wait = outlook_of(day, replace(ticket, not_before_at=not_before_at), now_at)
        decided.append(events.TicketDeferred(ticket=ticket.id, not_before_at=not_before_at, ahead=ahead, wait=wait))
    return decided


def leave_queue(day: Day, command: commands.LeaveQueue, _now_at: datetime) -> list[Event]:
    """Leave the queue. Raises WrongState unless the ticket is waiting or parked."""
    ticket = day.ticket(command.ticket)
    require_state(ticket, TicketState.WAITING, TicketState.PARKED)
    return [events.TicketLeft(ticket=ticket.id, reason=LeftReason.SELF)]


def rate_ticket(day: Day, command: commands.RateTicket, _now_at: datetime) -> list[Event]:
    """Rate a finished visit. A visit can be rated once.

    Raises:
        WrongState: the visit is not done, or has already been rated.
        BodyInvalid: a reason is not among the hall's codes.
    """
    ticket = day.ticket(command.ticket)
    require_state(ticket, TicketState.DONE)
    if ticket.rating is not None:
        raise WrongState(STATE_RATED)
    for index, code in enumerate(command.reasons):
        if code not in day.plan.ratings:
            raise BodyInvalid((f"reasons[{index}]", "is not among the hall's codes"))
    return [events.TicketRated(ticket=ticket.id, grade=command.grade, reasons=command.reasons)]


def leave_for_appointment(day: Day, command: commands.LeaveForAppointment, _now_at: datetime) -> list[Event]:
    """Leave standby for an appointment on another day. Raises WrongState unless the ticket waits on standby."""
    return leave_standby(day, command.ticket)


def sweep_standby(day: Day, _command: commands.SweepStandby, now_at: datetime) -> list[Event]:
    """Admit standby tickets that fit by now. Time alone can free capacity, when less work arrives than was expected."""
    if day.suspended_at(now_at) is not None:
        return []
    admitted, _ = admitted_from_standby(day, now_at)
    return admitted


def park_ticket(day: Day, command: commands.ParkTicket, _now_at: datetime) -> list[Event]:
    """Park a ticket. Raises WrongState, or BodyInvalid for an unknown reason code."""
    ticket = day.ticket(command.ticket)
    require_state(ticket, TicketState.WAITING, TicketState.CALLED, TicketState.SERVING)
    if command.reason is not None:
        require_reason_code(day.plan, command.reason)
    return [events.TicketParked(ticket=ticket.id, reason=command.reason)]


def resume_ticket(day: Day, command: commands.ResumeTicket, now_at: datetime) -> list[Event]:
    """Return a parked or missed ticket to the queue, at the later of its queue time and the return minus the penalty.

    Raises:
        WrongState: the ticket is neither parked nor a no-show, was a no-show before, or missed its call more than
            30 minutes ago.
        HallClosed: the day has been closed.
    """
    ticket = day.ticket(command.ticket)
    require_state(ticket, TicketState.PARKED, TicketState.NO_SHOW)
    if ticket.state is TicketState.NO_SHOW:
        assert ticket.no_show_at is not None
        too_late = day.unsuspended_s(ticket.no_show_at, now_at) > RETURN_WITHIN_S
        if too_late or ticket.returns >= RETURNS_MAX:
            raise WrongState(ticket.state)
    if day.closed:
        raise hall_closed(day, now_at)
    floor_at = now_at - timedelta(seconds=day.plan.rules.park_penalty_s)
    if ticket.floor_at is not None:
        floor_at = max(floor_at, ticket.floor_at)
    queue_at = dispatch.queue_time(day.plan, ticket.class_, ticket.reference_at, floor_at, ticket.late_from_at)
    ahead, wait = outlook_of(day, replace(ticket, queue_at=queue_at, raised=False), now_at)
    return [events.TicketResumed(ticket=ticket.id, floor_at=floor_at, ahead=ahead, wait=wait)]


def _refuse_second_ticket(day: Day, browser: str | None) -> None:
    """Raise AlreadyWaiting if the browser has an open walk-in ticket. After a no-show it may take another."""
    earlier = None if browser is None else day.browsers.get(browser)
    if earlier is not None and day.tickets[earlier].state not in _ENDED_STATES:
        raise AlreadyWaiting(earlier)


_ENDED_STATES = frozenset({TicketState.DONE, TicketState.LEFT, TicketState.NO_SHOW})
