"""Handlers of appointments: book or hold, show, change and cancel; the code; the list of a day.

An appointment belongs to the day of its slot, so its commands run on the lane of that day, even if the day is far
ahead.

Source: CONTRACT 4 and 5; RFC 7396 (merge patch).
"""

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta

from aiohttp import web
from msgspec import UNSET, UnsetType, to_builtins

from service.api.access.browsers import set_browser_cookie
from service.api.access.presence import channel_of
from service.api.access.rate_costs import count_booking, count_change, count_message
from service.api.access.roles import Caller, Role, caller_of
from service.api.app_keys import AVAILABILITY, CLOCK, FINDER, HALLS, LANES, MOVES, SIGNER
from service.api.appointments.answers import AppointmentList, appointment_listed, recorded_view
from service.api.appointments.forms import BookForm, ChangeAppointmentForm
from service.api.appointments.identities import (
    applicant_and_hash,
    changed_applicant_and_hash,
    holder_hash,
    stored_person_hash,
)
from service.api.http.body import read_body, to_utc
from service.api.http.json_response import answer
from service.api.http.path_parts import appointment_of, hall_of
from service.api.http.query import date_of, limit_of, number_cursor_of
from service.api.shared.execution import execute, execute_once, lane_request
from service.api.shared.form_fields import Nothing
from service.api.shared.invitation_rights import invitation_of, invitation_scope, slot_question
from service.api.shared.online_services import counting_online_referrals
from service.api.shared.qr_codes import CodeSeen, qr_modules
from service.booking.availability import SlotQuery
from service.domain import commands
from service.domain.calendar.local_times import day_of
from service.domain.day import Day
from service.domain.model import Appointment, AppointmentId, AppointmentState, CancelledBy, HallId, ServiceId, TicketId
from service.domain.refusals import (
    BodyInvalid,
    DayHasEnded,
    Refusal,
    SlotFull,
    SlotNotOffered,
    TicketNotFound,
    WrongState,
)
from service.domain.view import AppointmentView, appointment_view
from service.errors import RateLimited, StorageUnavailable
from service.journal import faults
from service.journal.values import Applicant
from service.primitives.ids import APPOINTMENT_CODE_STARTS, new_code, new_id
from service.runtime.hall import Hall
from service.runtime.requests import Answer


async def book(request: web.Request) -> web.Response:
    """Book a slot of a service, or hold it for ten minutes.

    A hold needs no applicant. It expires unless a PATCH with `state` set to `booked` confirms it. With `ticket`, a
    ticket on standby whose token is sent, the ticket leaves the queue at the same time.
    """
    hall_id, caller = hall_of(request), caller_of(request)
    form = await read_body(request, BookForm)
    hall = await request.app[HALLS].get(hall_id)
    starts_at = _start_in_utc(form.starts_at)
    on = _hall_date(hall, starts_at)
    result = await execute_once(
        request, caller, hall_id, lambda: _book(request, caller, hall, form, starts_at), on=on, of_any_day=True
    )
    view = recorded_view(request, hall_id, result, owner=True)
    response = answer(view, 201, Location=f"/v1/halls/{hall_id}/appointments/{view.id}")
    set_browser_cookie(request, response)
    return response


async def _book(request: web.Request, caller: Caller, hall: Hall, form: BookForm, starts_at: datetime) -> Answer:
    hall_id = hall.id
    channel = channel_of(caller, form.channel)
    on = _date_to_book(request, hall, starts_at)
    applicant, person = await applicant_and_hash(request, hall, form.applicant)
    holder = await holder_hash(request, caller, hall)
    await count_booking(request, caller, applicant, hold=form.hold)
    invitation = None if form.invitation is None else await invitation_of(request, caller, hall_id, form.invitation)
    standby, ticket = None, None
    if form.ticket is not None:
        ticket_id = TicketId(form.ticket.lower())
        standby = await _day_of_standby(request, caller, hall_id, ticket_id)
        ticket = standby.ticket(ticket_id)
    invited_as = None
    if applicant is None and invitation is not None:
        invited_as = invitation.applicant
        person = await stored_person_hash(request, hall, invited_as) or invitation.person
    elif applicant is None and ticket is not None:
        invited_as, person = ticket.applicant, await stored_person_hash(request, hall, ticket.applicant)
    if not (form.hold or caller.may(Role.STAFF) or invited_as):
        _require_applicant(applicant)
    if not form.hold:
        await count_message(request, caller, hall.id, invited_as)
    command = commands.BookAppointment(
        appointment=AppointmentId(new_id()),
        code=new_code(APPOINTMENT_CODE_STARTS),
        service=ServiceId(form.service),
        starts_at=starts_at,
        count=form.count,
        channel=channel,
        hold=form.hold,
        applicant=applicant.id if applicant else invited_as,
        person=person,
        holder=holder,
        invitation=None if invitation is None else invitation_scope(invitation),
        staff=caller.may(Role.STAFF),
        ticket=None if ticket is None else ticket.id,
        prechecked=ticket is not None and ticket.prechecked,
    )
    asked = slot_question(request, command.service, command.count, staff=command.staff, invited=command.invitation)
    with counting_online_referrals(request, hall_id, form.service, "appointment"), _day_ended_as(SlotNotOffered()):
        if standby is not None and standby.on != on:
            booking = await lane_request(request, caller, command, applicant)
            asking_for = request.app[MOVES].book(hall_id, standby.on, on, booking, key_checked=True)
        else:
            asking_for = execute(request, caller, hall_id, command, applicant, on=on)
        return await _offer_nearest_starts(request, hall, asked, on, asking_for)


async def show(request: web.Request) -> web.Response:
    """Show an appointment with its current state."""
    hall_id, appointment, caller = hall_of(request), appointment_of(request), caller_of(request)
    day = await request.app[LANES].day_of_appointment(hall_id, appointment)
    return answer(_current_view(request, caller, day, appointment))


async def change(request: web.Request) -> web.Response:
    """Change the time (also to another day), the applicant or the count; with `state` set to `booked`, confirm a hold.

    Fields that are left out stay as they are. The old place is released only after the new place is taken.
    """
    hall_id, appointment_id, caller = hall_of(request), appointment_of(request), caller_of(request)
    form = await read_body(request, ChangeAppointmentForm)
    hall = await request.app[HALLS].get(hall_id)
    starts_at = UNSET if form.starts_at is UNSET else _start_in_utc(form.starts_at)
    on = None if starts_at is UNSET else _hall_date(hall, starts_at)
    result = await execute_once(
        request, caller, hall_id, lambda: _change(request, caller, hall, form, starts_at), on=on, of_any_day=True
    )
    if result.done is None:
        return answer(_current_view(request, caller, result.day, appointment_id))
    return answer(recorded_view(request, hall_id, result, owner=not caller.works_here))


async def _change(
    request: web.Request, caller: Caller, hall: Hall, form: ChangeAppointmentForm, starts_at: datetime | UnsetType
) -> Answer:
    hall_id, appointment_id = hall.id, appointment_of(request)
    day = await request.app[LANES].day_of_appointment(hall_id, appointment_id)
    appointment = day.appointment(appointment_id)
    on = day.on
    if starts_at is not UNSET and starts_at != appointment.starts_at:
        on = _date_to_book(request, hall, starts_at)
    applicant, person = await changed_applicant_and_hash(request, hall, appointment, form.applicant)
    await count_change(request, caller, hall.id, appointment, applicant)
    confirm = form.state is not UNSET
    is_anonymous_hold = appointment.state is AppointmentState.HELD and appointment.applicant is None
    if confirm and is_anonymous_hold and not caller.may(Role.STAFF):
        _require_applicant(applicant)
    command = commands.ChangeAppointment(
        appointment=appointment_id,
        starts_at=starts_at,
        confirm=confirm,
        applicant=UNSET if applicant is None else applicant.id,
        person=person,
        count=form.count,
        staff=caller.may(Role.STAFF),
    )
    count = appointment.count if form.count is UNSET else form.count
    asked = SlotQuery(appointment.service, count, command.staff, appointment.partner, appointment.prechecked)
    with _day_ended_as(_ended_state(request, day, appointment)):
        if starts_at is not UNSET:  # also on the same day: the appointment may have moved to another day meanwhile
            changing = await lane_request(request, caller, command, applicant)
            asking_for = request.app[MOVES].move(hall_id, on, changing, key_checked=True)
        else:
            asking_for = execute(request, caller, hall_id, command, applicant, on=on)
        return await _offer_nearest_starts(request, hall, asked, on, asking_for)


async def code(request: web.Request) -> web.Response:
    """Show the appointment's code and its QR code, to be scanned at the hall."""
    hall_id, appointment = hall_of(request), appointment_of(request)
    day = await request.app[LANES].day_of_appointment(hall_id, appointment)
    appointment_code = day.appointment(appointment).code
    return answer(CodeSeen(appointment_code, list(qr_modules(appointment_code))))


async def cancel(request: web.Request) -> web.Response:
    """Cancel an appointment or a hold. Others can book the place at once."""
    hall_id, caller = hall_of(request), caller_of(request)
    await read_body(request, Nothing)
    result = await execute_once(request, caller, hall_id, lambda: _cancel(request, caller, hall_id), of_any_day=True)
    return answer(recorded_view(request, hall_id, result, owner=not caller.works_here))


async def _cancel(request: web.Request, caller: Caller, hall_id: HallId) -> Answer:
    appointment = appointment_of(request)
    day = await request.app[LANES].day_of_appointment(hall_id, appointment)
    before = day.appointment(appointment)
    command = commands.CancelAppointment(appointment, CancelledBy.STAFF if caller.works_here else CancelledBy.SELF)
    if before.state is AppointmentState.BOOKED:
        with suppress(RateLimited):  # a cancellation frees a place, so it is never refused for too many messages
            await count_message(request, caller, hall_id, before.applicant)
    with _day_ended_as(_ended_state(request, day, before)):
        return await execute(request, caller, hall_id, command, on=day.on)


async def list_(request: web.Request) -> web.Response:
    """List a day's appointments in their current state, in the order in which they were made."""
    hall_id, limit = hall_of(request), limit_of(request)
    hall, now_at = await request.app[HALLS].get(hall_id), request.app[CLOCK].now_at()
    on = date_of(request, "on") or hall.day_at(now_at)
    finder = request.app[FINDER]
    try:
        seq = await finder.seq(hall_id, on)
        found = await finder.appointments_of_day(hall_id, on, after_n=number_cursor_of(request), limit=limit + 1)
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    page = found[:limit]
    next_cursor = str(page[-1].n) if len(found) > limit else None
    over = await request.app[AVAILABILITY].find_over_capacity_on(hall, on) if found else set()
    day = request.app[LANES].in_memory(hall_id, on)
    items = [appointment_listed(appointment, now_at, day) for appointment in page]
    return answer(AppointmentList(items, sorted(over), next_cursor, seq))


def _current_view(request: web.Request, caller: Caller, day: Day, appointment: AppointmentId) -> AppointmentView:
    """The appointment in its current state, with its token if the caller is the owner."""
    token = None if caller.works_here else request.app[SIGNER].appointment_token(day.hall, appointment)
    now_at = request.app[CLOCK].now_at()
    return appointment_view(day.appointment(appointment), now_at, day.seq, token=token, day=day)


@contextmanager
def _day_ended_as(refusal: Refusal) -> Iterator[None]:
    """Context manager that raises `refusal` if the code inside raises DayHasEnded."""
    try:
        yield
    except DayHasEnded as ended:
        raise refusal from ended


def _ended_state(request: web.Request, day: Day, appointment: Appointment) -> WrongState:
    return WrongState(day.state_of(appointment, request.app[CLOCK].now_at()))


async def _offer_nearest_starts(
    request: web.Request, hall: Hall, asked: SlotQuery, on: date, execution: Awaitable[Answer]
) -> Answer:
    """Await a command. If it raises SlotFull without free slots on its day, add the nearest ones of other days."""
    try:
        return await execution
    except SlotFull as full:
        if full.fields["slots"]:
            raise
        slots = await request.app[AVAILABILITY].nearest_free(hall, asked, on)
        raise SlotFull(to_builtins(slots)) from full


def _start_in_utc(at: datetime) -> datetime:
    found = to_utc("starts_at", at)
    assert found is not None, "`at` is an instant"
    return found


def _date_to_book(request: web.Request, hall: Hall, starts_at: datetime) -> date:
    """The hall's date of a start. Raises SlotNotOffered if it is before today or beyond the booking horizon."""
    on, today = _hall_date(hall, starts_at), hall.day_at(request.app[CLOCK].now_at())
    if on is None or not today <= on <= today + timedelta(days=hall.document.booking.horizon_days):
        raise SlotNotOffered
    return on


def _hall_date(hall: Hall, starts_at: datetime) -> date | None:
    """The hall's date of a start; `None` outside the years 1 to 9999 in the hall's time zone."""
    try:
        return day_of(hall.document, starts_at)
    except OverflowError:
        return None


async def _day_of_standby(request: web.Request, caller: Caller, hall: HallId, ticket: TicketId) -> Day:
    """The day of the ticket that a booking replaces. Raises TicketNotFound, also if the caller does not own it."""
    token = "" if caller.token is None else caller.token
    if not caller.may(Role.STAFF) and not request.app[SIGNER].is_ticket_token(hall, ticket, token):
        raise TicketNotFound
    return await request.app[LANES].day_of_ticket(hall, ticket)


def _require_applicant(applicant: Applicant | None) -> None:
    if applicant is None:
        raise BodyInvalid(("applicant", "say who it is for"))
