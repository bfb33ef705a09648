"""Check-ins: turn a code of an appointment, a ticket or an invitation into a ticket of today's queue.

| code of | result |
| --- | --- |
| an appointment of today | a ticket of class `appointment` |
| a parked or no-show ticket of today | the same ticket, back in the queue |
| a ticket with the outcome `conditional`, or left as `unserved` | a ticket of class `returning` |
| an invitation | a walk-in ticket, prechecked if the invitation is; or a check-in of the appointment booked with it |

Facts of other days are passed in the command. A database constraint ensures that each is used only once.

Source: CONTRACT 5 (check-ins), JOURNAL 3 (facts from outside the day).
"""

from datetime import date

from aiohttp import web

from service.api.access.browsers import set_browser_cookie
from service.api.access.presence import Presence, check_presence, count_wrong_code
from service.api.access.roles import Caller, caller_of
from service.api.app_keys import CLOCK, FINDER, HALLS, LANES
from service.api.http.body import read_body
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of
from service.api.shared.execution import execute, execute_once
from service.api.shared.invitation_rights import invitation_scope
from service.api.shared.online_services import counting_online_referrals
from service.api.tickets.answers import recorded_ticket_view
from service.api.tickets.forms import CheckInForm
from service.api.tickets.hall_full import offer_other_times
from service.domain import commands, events
from service.domain.commands import Command, Returned
from service.domain.day import Day
from service.domain.model import (
    AppointmentId,
    AppointmentState,
    HallId,
    LeftReason,
    Outcome,
    ServiceId,
    Ticket,
    TicketId,
    TicketState,
)
from service.domain.refusals import (
    AppointmentMissed,
    AppointmentNotFound,
    BodyInvalid,
    CodeNotFound,
    CodeUsed,
    HoldExpired,
    Refusal,
    WrongDay,
    WrongState,
)
from service.errors import StorageUnavailable
from service.journal import faults
from service.journal.search import CodeKind, FoundCode
from service.primitives.ids import new_code, new_id, normalized_code
from service.runtime.hall import Hall
from service.runtime.requests import Answer


async def check_in(request: web.Request) -> web.Response:
    """Check in with the code of an appointment, a ticket or an invitation.

    The answer is 201 with a new ticket, or 200 with a parked or no-show ticket that is back in the queue.
    """
    hall_id, caller = hall_of(request), caller_of(request)
    form = await read_body(request, CheckInForm)
    result = await execute_once(request, caller, hall_id, lambda: _check_in(request, caller, hall_id, form))
    view = recorded_ticket_view(request, hall_id, result, owner=True)
    response = answer(view, 201 if _is_new(result) else 200, Location=f"/v1/halls/{hall_id}/tickets/{view.id}")
    set_browser_cookie(request, response)
    return response


async def _check_in(request: web.Request, caller: Caller, hall_id: HallId, form: CheckInForm) -> Answer:
    hall = await request.app[HALLS].get(hall_id)
    presence = await check_presence(request, caller, hall_id, entrance_code=form.entrance)
    found = await _find_code(request, caller, hall, form.code)
    command = await _command_for_code(request, hall, found, form, presence)
    with counting_online_referrals(request, hall_id, _service_of(command), "ticket"):
        return await offer_other_times(request, hall_id, command, execute(request, caller, hall_id, command))


def _service_of(command: Command) -> str:
    """The service of a command that takes a ticket; empty for other commands."""
    match command:
        case commands.TakeTicket():
            return command.service
        case commands.ReturnTicket():
            return command.returned.service
        case _:
            return ""


def _is_new(result: Answer) -> bool:
    return result.done is not None and isinstance(result.done.last.event, events.TicketTaken)


async def _find_code(request: web.Request, caller: Caller, hall: Hall, code: str) -> FoundCode:
    """Find the appointment, ticket or invitation of a code.

    Raises:
        CodeNotFound: nothing has this code.
        RateLimited: too many wrong codes.
        StorageUnavailable: the database cannot be reached.
    """
    try:
        found = await request.app[FINDER].find_code(hall.id, normalized_code(code))
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    if found is None:
        await count_wrong_code(request, caller)
        raise CodeNotFound
    return found


async def _command_for_code(
    request: web.Request, hall: Hall, found: FoundCode, form: CheckInForm, presence: Presence
) -> Command:
    """The command that a code means today.

    Raises CodeNotFound, CodeUsed, WrongDay, WrongState, HoldExpired, AppointmentMissed.
    """
    today = hall.day_at(request.app[CLOCK].now_at())
    match found.kind:
        case CodeKind.APPOINTMENT:
            assert found.day is not None, "an appointment has a day"
            appointment = AppointmentId(found.id)
            if found.day != today:
                day = await request.app[LANES].day_of_appointment(hall.id, appointment)
                raise _refusal_of_other_day(request, day, appointment)
            return _appointment_command(appointment, presence)
        case CodeKind.INVITATION:
            return await _invitation_command(request, hall, found, form, presence)
        case CodeKind.TICKET:
            day = await request.app[LANES].day_of_ticket(hall.id, TicketId(found.id))
            return _ticket_command(day.ticket(TicketId(found.id)), day.on, today, presence)


def _appointment_command(appointment: AppointmentId, presence: Presence) -> Command:
    return commands.CheckIn(
        appointment=appointment, ticket=TicketId(new_id()), code=new_code(), channel=presence.channel
    )


def _refusal_of_other_day(request: web.Request, day: Day, appointment: AppointmentId) -> Refusal:
    """The reason why an appointment of another day cannot be checked in."""
    state = day.state_of(day.appointment(appointment), request.app[CLOCK].now_at())
    match state:
        case AppointmentState.MISSED:
            return AppointmentMissed()
        case AppointmentState.CHECKED_IN:
            return CodeUsed()
        case AppointmentState.EXPIRED:
            return HoldExpired()
        case AppointmentState.CANCELLED:
            return WrongState(state)
        case _:
            return WrongDay(day.on.isoformat())


async def _invitation_command(
    request: web.Request, hall: Hall, found: FoundCode, form: CheckInForm, presence: Presence
) -> Command:
    """Take a ticket with an invitation, or check in the appointment that was booked with it."""
    try:
        invitation = await request.app[FINDER].invitation(hall.id, found.id)
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    if invitation is None or invitation.revoked_at is not None:
        raise CodeNotFound
    if invitation.used_by is not None:
        booked = AppointmentId(invitation.used_by)
        try:
            day = await request.app[LANES].day_of_appointment(hall.id, booked)
        except AppointmentNotFound:  # the invitation was used for a ticket
            raise CodeUsed from None
        if day.on != hall.day_at(request.app[CLOCK].now_at()):
            raise _refusal_of_other_day(request, day, booked)
        return _appointment_command(booked, presence)
    service = invitation.service or form.service
    if service is None:
        raise BodyInvalid(("service", "this invitation is for any service: say which"))
    return commands.TakeTicket(
        ticket=TicketId(new_id()),
        code=new_code(),
        service=ServiceId(service),
        channel=presence.channel,
        applicant=invitation.applicant,
        browser=presence.browser,
        invitation=invitation_scope(invitation),
    )


def _ticket_command(ticket: Ticket, on: date, today: date, presence: Presence) -> Command:
    """Resume a ticket of today, or take a new one by the right to return. `on` is the day of the ticket."""
    if ticket.state in {TicketState.PARKED, TicketState.NO_SHOW}:
        if on == today:
            return commands.ResumeTicket(ticket.id)
        raise WrongDay(on.isoformat())
    if ticket.outcome is not Outcome.CONDITIONAL and ticket.left_reason is not LeftReason.UNSERVED:
        raise CodeUsed
    returned = Returned(
        ticket=ticket.id,
        day=on,
        service=ticket.service,
        then=ticket.then,
        due_on=ticket.due_on,
        prechecked=ticket.prechecked,
        missing=ticket.missing,
        applicant=ticket.applicant,
        count=ticket.count,
        outcome=ticket.outcome,
        left=ticket.left_reason,
    )
    return commands.ReturnTicket(
        ticket=TicketId(new_id()), code=new_code(), channel=presence.channel, returned=returned
    )
