"""Check-ins: any code we gave, at the kiosk, at a counter or on a phone, becomes a number in today's queue.

A booking becomes a ticket of class `appointment`; a slip that was put aside, or passed over, comes back to its place;
who was to bring a paper, or was not served any more, gets a ticket of class `returning`; an invitation is a walk-in
whose papers somebody has looked at.

Facts of other days enter with the command, and a constraint holds that each is used once.

Source: CONTRACT 5 (check-ins), JOURNAL 3 (facts from outside the day).
"""

from datetime import date

from aiohttp import web

from service.api.access.browsers import set_browser_cookie
from service.api.access.presence import Presence, check_presence, count_wrong_code
from service.api.access.roles import Caller, caller
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
    """Check in with any code we gave: 201 with a new ticket, or 200 with the one that was put aside or passed over.

    `service` is for an invitation that names none. Sent again with the same Idempotency-Key it is the same answer.
    """
    hall_id, who = hall_of(request), caller(request)
    form = await read_body(request, CheckInForm)
    given = await execute_once(request, who, hall_id, lambda: _ask(request, who, hall_id, form))
    view = recorded_ticket_view(request, hall_id, given, owner=True)
    response = answer(view, 201 if _is_new(given) else 200, Location=f"/v1/halls/{hall_id}/tickets/{view.id}")
    set_browser_cookie(request, response)
    return response


async def _ask(request: web.Request, who: Caller, hall_id: HallId, form: CheckInForm) -> Answer:
    hall = await request.app[HALLS].get(hall_id)
    shown = await check_presence(request, who, hall_id, entrance_code=form.entrance)
    found = await _find(request, who, hall, form.code)
    command = await _command(request, hall, found, form, shown)
    with counting_online_referrals(request, hall_id, _service_of(command), "ticket"):
        return await offer_other_times(request, hall_id, command, execute(request, who, hall_id, command))


def _service_of(command: Command) -> str:
    """What people would be served who take a number by their code."""
    match command:
        case commands.TakeTicket():
            return command.service
        case commands.ReturnTicket():
            return command.returned.service
        case _:
            return ""


def _is_new(given: Answer) -> bool:
    return given.done is not None and isinstance(given.done.last.event, events.TicketTaken)


async def _find(request: web.Request, who: Caller, hall: Hall, code: str) -> FoundCode:
    """What a code is of. Raises CodeNotFound; RateLimited after too many."""
    try:
        found = await request.app[FINDER].find_code(hall.id, normalized_code(code))
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    if found is None:
        await count_wrong_code(request, who)
        raise CodeNotFound
    return found


async def _command(request: web.Request, hall: Hall, found: FoundCode, form: CheckInForm, shown: Presence) -> Command:
    """What a code asks for today.

    Raises CodeNotFound, CodeUsed, WrongDay, WrongState, HoldExpired, AppointmentMissed.
    """
    today = hall.day_at(request.app[CLOCK].now_at())
    match found.kind:
        case CodeKind.APPOINTMENT:
            assert found.day is not None, "an appointment has a day"
            appointment = AppointmentId(found.id)
            if found.day != today:
                day = await request.app[LANES].day_of_appointment(hall.id, appointment)
                raise _not_today(request, day, appointment)
            return _check_in(appointment, shown)
        case CodeKind.INVITATION:
            return await _of_invitation(request, hall, found, form, shown)
        case CodeKind.TICKET:
            day = await request.app[LANES].day_of_ticket(hall.id, TicketId(found.id))
            return _of_ticket(day.ticket(TicketId(found.id)), day.on, today, shown)


def _check_in(appointment: AppointmentId, shown: Presence) -> Command:
    return commands.CheckIn(appointment=appointment, ticket=TicketId(new_id()), code=new_code(), channel=shown.channel)


def _not_today(request: web.Request, day: Day, appointment: AppointmentId) -> Refusal:
    """Why an appointment of another day cannot be checked in."""
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


async def _of_invitation(
    request: web.Request, hall: Hall, found: FoundCode, form: CheckInForm, shown: Presence
) -> Command:
    """A walk-in whose papers were looked at; or the appointment that was booked with the invitation."""
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
        except AppointmentNotFound:  # a ticket was taken with it
            raise CodeUsed from None
        if day.on != hall.day_at(request.app[CLOCK].now_at()):
            raise _not_today(request, day, booked)
        return _check_in(booked, shown)
    service = invitation.service or form.service
    if service is None:
        raise BodyInvalid(("service", "this invitation is for any service: say which"))
    return commands.TakeTicket(
        ticket=TicketId(new_id()),
        code=new_code(),
        service=ServiceId(service),
        channel=shown.channel,
        applicant=invitation.applicant,
        browser=shown.browser,
        invitation=invitation_scope(invitation),
    )


def _of_ticket(ticket: Ticket, on: date, today: date, shown: Presence) -> Command:
    """Come back to the place of today, or take a number by the right to return."""
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
    return commands.ReturnTicket(ticket=TicketId(new_id()), code=new_code(), channel=shown.channel, returned=returned)
