"""Decide about check-ins: for an appointment, or by a right to return.

Source: CONTRACT 4 and 5, `check-ins`; DESIGN 6.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from service.domain import commands, events
from service.domain.admission.door import hall_closed, in_person_service, issue, refuse_if_closed
from service.domain.calendar.plan import DUE_AFTER_DAYS
from service.domain.calendar.times import stamp
from service.domain.day import Day
from service.domain.events import Event
from service.domain.model import (
    Admission,
    Appointment,
    AppointmentState,
    LeftReason,
    Outcome,
    TicketClass,
    TicketState,
)
from service.domain.refusals import (
    AppointmentMissed,
    CodeUsed,
    HoldExpired,
    TooEarly,
    WrongDay,
    WrongState,
)

CHECK_IN_BEFORE_S = 3600
"""How long before the slot check-in opens."""


def check_in(day: Day, command: commands.CheckIn, now_at: datetime) -> list[Event]:
    """Issue a ticket of class `appointment`. It has credit until `grace_s` after the slot, and none later.

    Raises:
        AppointmentNotFound: the day has no such appointment.
        WrongDay: the appointment is not for today.
        CodeUsed: the appointment is already checked in.
        HoldExpired, AppointmentMissed, WrongState: the appointment is not booked, or is over.
        TooEarly: more than an hour before the slot, or before the doors open.
        HallSuspended, HallClosed: no tickets are issued now.
    """
    appointment = day.appointment(command.appointment)
    plan = day.regular_plan
    if not plan.starts_at <= now_at < plan.ends_at:
        raise WrongDay(day.on.isoformat())
    if appointment.closed:
        raise hall_closed(day, now_at)
    _require_booked(day, appointment, now_at)
    opens_at = check_in_opens_at(day, appointment)
    if now_at < opens_at and not day.closed:
        raise TooEarly(stamp(opens_at))
    refuse_if_closed(day, now_at)
    taken = issue(
        day,
        now_at,
        ticket=command.ticket,
        code=command.code,
        service=day.plan.services[appointment.service],
        class_=TicketClass.APPOINTMENT,
        channel=command.channel,
        count=appointment.count,
        admission=Admission.ADMITTED,
        prechecked=appointment.prechecked,
        applicant=appointment.applicant,
        appointment=appointment,
    )
    return [events.AppointmentCheckedIn(appointment=appointment.id, ticket=command.ticket), taken]


def check_in_opens_at(day: Day, appointment: Appointment) -> datetime:
    """Return when check-in opens: one hour before the slot, but not before the doors open."""
    opens_at = appointment.starts_at - timedelta(seconds=CHECK_IN_BEFORE_S)
    return max(opens_at, day.plan.doors_open_for(appointment.starts_at) or opens_at)


def return_ticket(day: Day, command: commands.ReturnTicket, now_at: datetime) -> list[Event]:
    """Issue a ticket of class `returning`, by the right of a ticket that ended conditionally or was never served.

    Papers that were missing stay missing until they are checked, and the ticket is not prechecked meanwhile. A service
    that has left the document is still served on a day that has tickets of it.

    Raises:
        CodeUsed: the right has been used.
        WrongState: the ticket gives no right to return.
        WrongDay: the due date has passed.
        ServiceNotFound, OnlineOnly: the service is no longer offered in the hall.
        HallSuspended, HallClosed: no tickets are issued now.
    """
    returned = command.returned
    if returned.ticket in day.returned:
        raise CodeUsed
    known = day.tickets.get(returned.ticket)
    if known is not None and (known.outcome, known.left_reason) != (returned.outcome, returned.left):
        raise WrongState(known.state)  # the finish was undone after the right was read
    by = return_by(returned.day, returned.outcome, returned.left, returned.due_on)
    if by is None:
        raise WrongState(TicketState.LEFT if returned.outcome is None else TicketState.DONE)
    if day.on > by:
        raise WrongDay(by.isoformat())
    planned = day.plan.services.get(returned.service)
    service = (
        planned if planned is not None and planned.online_url is None else in_person_service(day, returned.service)
    )
    refuse_if_closed(day, now_at)
    return [
        issue(
            day,
            now_at,
            ticket=command.ticket,
            code=command.code,
            service=service,
            class_=TicketClass.RETURNING,
            channel=command.channel,
            count=returned.count,
            admission=day.admission_at(now_at),
            then=tuple(name for name in returned.then if name in day.plan.services),
            prechecked=returned.prechecked and not returned.missing,
            missing=returned.missing,
            applicant=returned.applicant,
            returns_of=returned.ticket,
        )
    ]


def return_by(on: date, outcome: Outcome | None, left: LeftReason | None, due_on: date | None) -> date | None:
    """Return the last date of a ticket's right to return; None if it has no such right."""
    if outcome is Outcome.CONDITIONAL or left is LeftReason.UNSERVED:
        return due_on or on + timedelta(days=DUE_AFTER_DAYS)
    return None


def _require_booked(day: Day, appointment: Appointment, now_at: datetime) -> None:
    match day.state_of(appointment, now_at):
        case AppointmentState.BOOKED:
            return
        case AppointmentState.CHECKED_IN:
            raise CodeUsed
        case AppointmentState.EXPIRED:
            raise HoldExpired
        case AppointmentState.MISSED:
            raise AppointmentMissed
        case state:
            raise WrongState(state)


DECIDERS: dict[type[Any], Callable[[Day, Any, datetime], list[Event]]] = {
    commands.CheckIn: check_in,
    commands.ReturnTicket: return_ticket,
}
