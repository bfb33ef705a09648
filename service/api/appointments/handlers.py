"""Calls about appointments: book or hold, watch, change, give up, take into a calendar; and staff's list of a day.

An appointment belongs to the day of its slot, so whatever is asked of it goes to that day's lane, however far ahead it
is.

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
    """Book a start of a service, or hold it for ten minutes.

    A hold needs no applicant, and ends by itself unless a PATCH with `state` booked confirms it. Sent again with the
    same Idempotency-Key it is the same appointment. With a `ticket` on standby, and its token, that ticket leaves by
    it.
    """
    hall_id, caller = hall_of(request), caller_of(request)
    form = await read_body(request, BookForm)
    hall = await request.app[HALLS].get(hall_id)
    starts_at = _start_in_utc(form.starts_at)
    on = _hall_date(hall, starts_at)
    result = await execute_once(
        request, caller, hall_id, lambda: _book(request, caller, hall, form, starts_at), on=on, of_any_day=True
    )
    seen = recorded_view(request, hall_id, result, owner=True)
    response = answer(seen, 201, Location=f"/v1/halls/{hall_id}/appointments/{seen.id}")
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
    """Watch an appointment: when it is, and what has become of it."""
    hall_id, appointment, caller = hall_of(request), appointment_of(request), caller_of(request)
    day = await request.app[LANES].day_of_appointment(hall_id, appointment)
    return answer(_current_view(request, caller, day, appointment))


async def change(request: web.Request) -> web.Response:
    """Change the time, also to another day, who it is for or how many; `state` booked confirms a hold.

    What is not said stays as it is. A place at the other time is taken before the present one is given up.
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
    of_nobody = appointment.state is AppointmentState.HELD and appointment.applicant is None
    if confirm and of_nobody and not caller.may(Role.STAFF):
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
        if starts_at is not UNSET:  # on the same day too: it may have moved to another since it was looked for
            changing = await lane_request(request, caller, command, applicant)
            asking_for = request.app[MOVES].move(hall_id, on, changing, key_checked=True)
        else:
            asking_for = execute(request, caller, hall_id, command, applicant, on=on)
        return await _offer_nearest_starts(request, hall, asked, on, asking_for)


async def code(request: web.Request) -> web.Response:
    """The appointment's code, to be scanned at the hall."""
    hall_id, appointment = hall_of(request), appointment_of(request)
    day = await request.app[LANES].day_of_appointment(hall_id, appointment)
    said = day.appointment(appointment).code
    return answer(CodeSeen(said, list(qr_modules(said))))


async def cancel(request: web.Request) -> web.Response:
    """Give an appointment or a hold up; the place is free for others at once."""
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
        with suppress(RateLimited):  # what is given up is others', however many messages that makes
            await count_message(request, caller, hall_id, before.applicant)
    with _day_ended_as(_ended_state(request, day, before)):
        return await execute(request, caller, hall_id, command, on=day.on)


async def list_(request: web.Request) -> web.Response:
    """A day's appointments as they are now, in the order of making."""
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
    following = str(page[-1].n) if len(found) > limit else None
    over = await request.app[AVAILABILITY].find_over_capacity_on(hall, on) if found else set()
    day = request.app[LANES].in_memory(hall_id, on)
    return answer(AppointmentList([appointment_listed(one, now_at, day) for one in page], sorted(over), following, seq))


def _current_view(request: web.Request, caller: Caller, day: Day, appointment: AppointmentId) -> AppointmentView:
    """The appointment now; with its token to its owner."""
    token = None if caller.works_here else request.app[SIGNER].appointment_token(day.hall, appointment)
    now_at = request.app[CLOCK].now_at()
    return appointment_view(day.appointment(appointment), now_at, day.seq, token=token, day=day)


@contextmanager
def _day_ended_as(refusal: Refusal) -> Iterator[None]:
    """Refuse so what is asked inside of a day that has ended."""
    try:
        yield
    except DayHasEnded as ended:
        raise refusal from ended


def _ended_state(request: web.Request, day: Day, appointment: Appointment) -> WrongState:
    return WrongState(day.state_of(appointment, request.app[CLOCK].now_at()))


async def _offer_nearest_starts(
    request: web.Request, hall: Hall, asked: SlotQuery, on: date, execution: Awaitable[Answer]
) -> Answer:
    """What is given; where the whole day is full, the refusal says the first free starts of the days after it."""
    try:
        return await execution
    except SlotFull as full:
        if full.fields["slots"]:
            raise
        slots = await request.app[AVAILABILITY].nearest_free(hall, asked, on)
        raise SlotFull(to_builtins(slots)) from full


def _start_in_utc(at: datetime) -> datetime:
    found = to_utc("starts_at", at)
    assert found is not None, "an instant was given"
    return found


def _date_to_book(request: web.Request, hall: Hall, starts_at: datetime) -> date:
    """The hall's date of a start. Raises SlotNotOffered for one before today or beyond the horizon: none is opened."""
    on, today = _hall_date(hall, starts_at), hall.day_at(request.app[CLOCK].now_at())
    if on is None or not today <= on <= today + timedelta(days=hall.document.booking.horizon_days):
        raise SlotNotOffered
    return on


def _hall_date(hall: Hall, starts_at: datetime) -> date | None:
    """The hall's date of a start, whether it can be booked or not; None outside of the years 1 to 9999 there."""
    try:
        return day_of(hall.document, starts_at)
    except OverflowError:
        return None


async def _day_of_standby(request: web.Request, caller: Caller, hall: HallId, ticket: TicketId) -> Day:
    """The day of a ticket that is to be given up. Raises TicketNotFound, also for one that is somebody else's."""
    token = "" if caller.token is None else caller.token
    if not caller.may(Role.STAFF) and not request.app[SIGNER].is_ticket_token(hall, ticket, token):
        raise TicketNotFound
    return await request.app[LANES].day_of_ticket(hall, ticket)


def _require_applicant(applicant: Applicant | None) -> None:
    if applicant is None:
        raise BodyInvalid(("applicant", "say who it is for"))
