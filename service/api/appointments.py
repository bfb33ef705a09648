"""Calls about appointments: book or hold, watch, change, give up, take into a calendar; and staff's list of a day.

An appointment belongs to the day of its slot, so whatever is asked of it goes to that day's lane, however far ahead it
is.

Source: CONTRACT 4 and 5; RFC 7396 (merge patch).
"""

from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta

from aiohttp import web
from msgspec import UNSET, UnsetType, to_builtins

from service.api.answers import AppointmentList, AppointmentListed, CodeSeen, answer
from service.api.applicants import applicant_of, kept, reached_of
from service.api.auth import Caller, Role
from service.api.browsers import give_cookie, hashed, known_browser
from service.api.entrance import OF_THE_HALL, channel_of, count_wrong_code, modules_of
from service.api.forms import ApplicantForm, BookForm, ChangeApplicantForm, ChangeAppointmentForm, Nothing
from service.api.halls import limit_of, number_cursor_of
from service.api.keys import CLOCK, FINDER, HALLS, LANES, MOVES, OFFERS, SIGNER
from service.api.online import counting_online
from service.api.requests import appointment_of, ask, asking, caller, date_of, hall_of, once, read, utc
from service.api.spending import count_booking, count_change, count_message
from service.booking.availability import Asked
from service.domain import commands
from service.domain.calendar.plan import day_of
from service.domain.calendar.times import stamp, stamp_or_none
from service.domain.commands import Invited
from service.domain.day import Day
from service.domain.model import (
    Appointment,
    AppointmentId,
    AppointmentState,
    CancelledBy,
    Channel,
    HallId,
    ServiceId,
    TicketId,
    state_at,
)
from service.domain.refusals import (
    BodyInvalid,
    CodeNotFound,
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
from service.journal.search import CodeKind, FoundAppointment, FoundInvitation
from service.journal.values import Applicant
from service.primitives.contacts import Reached, persons_of, reached
from service.primitives.ids import OF_APPOINTMENT, code_as_typed, new_code, new_id
from service.runtime.halls import Hall
from service.runtime.lane import Answer


async def book(request: web.Request) -> web.Response:
    """Book a start of a service, or hold it for ten minutes.

    A hold needs no applicant, and ends by itself unless a PATCH with `state` booked confirms it. Sent again with the
    same Idempotency-Key it is the same appointment. With a `ticket` on standby, and its token, that ticket leaves by
    it.
    """
    hall_id, who = hall_of(request), caller(request)
    form = await read(request, BookForm)
    hall = await request.app[HALLS].get(hall_id)
    starts_at = _instant(form.starts_at)
    on = _date_said(hall, starts_at)
    given = await once(
        request, who, hall_id, lambda: _book(request, who, hall, form, starts_at), on=on, of_any_day=True
    )
    seen = _as_answered(request, hall_id, given, owner=True)
    response = answer(seen, 201, Location=f"/v1/halls/{hall_id}/appointments/{seen.id}")
    give_cookie(request, response)
    return response


async def _book(request: web.Request, who: Caller, hall: Hall, form: BookForm, starts_at: datetime) -> Answer:
    hall_id = hall.id
    channel = channel_of(who, form.channel)
    on = _date_to_book(request, hall, starts_at)
    applicant, person = await _applicant_of(request, hall, form.applicant)
    holder = await _holder_of(request, who, hall)
    await count_booking(request, who, applicant, hold=form.hold)
    invitation = None if form.invitation is None else await invitation_of(request, who, hall_id, form.invitation)
    standby, ticket = None, None
    if form.ticket is not None:
        ticket_id = TicketId(form.ticket.lower())
        standby = await _day_of_standby(request, who, hall_id, ticket_id)
        ticket = standby.ticket(ticket_id)
    invited_as = None
    if applicant is None and invitation is not None:
        invited_as = invitation.applicant
        person = await _person_kept(request, hall, invited_as) or invitation.person
    elif applicant is None and ticket is not None:
        invited_as, person = ticket.applicant, await _person_kept(request, hall, ticket.applicant)
    if not (form.hold or who.may(Role.STAFF) or invited_as):
        _require_somebody(applicant)
    if not form.hold:
        await count_message(request, who, hall.id, invited_as)
    command = commands.BookAppointment(
        appointment=AppointmentId(new_id()),
        code=new_code(OF_APPOINTMENT),
        service=ServiceId(form.service),
        starts_at=starts_at,
        count=form.count,
        channel=channel,
        hold=form.hold,
        applicant=applicant.id if applicant else invited_as,
        person=person,
        holder=holder,
        invitation=None if invitation is None else invited_by(invitation),
        staff=who.may(Role.STAFF),
        ticket=None if ticket is None else ticket.id,
        prechecked=ticket is not None and ticket.prechecked,
    )
    asked = asked_by(request, command.service, command.count, staff=command.staff, invited=command.invitation)
    with counting_online(request, hall_id, form.service, "appointment"), _saying_of_ended_days(SlotNotOffered()):
        if standby is not None and standby.on != on:
            booking = await asking(request, who, command, applicant)
            asking_for = request.app[MOVES].book(hall_id, standby.on, on, booking, asked=True)
        else:
            asking_for = ask(request, who, hall_id, command, applicant, on=on)
        return await _or_nearest(request, hall, asked, on, asking_for)


async def show(request: web.Request) -> web.Response:
    """Watch an appointment: when it is, and what has become of it."""
    hall_id, appointment, who = hall_of(request), appointment_of(request), caller(request)
    day = await request.app[LANES].day_of_appointment(hall_id, appointment)
    return answer(_as_it_is(request, who, day, appointment))


async def change(request: web.Request) -> web.Response:
    """Change the time, also to another day, who it is for or how many; `state` booked confirms a hold.

    What is not said stays as it is. A place at the other time is taken before the present one is given up.
    """
    hall_id, appointment_id, who = hall_of(request), appointment_of(request), caller(request)
    form = await read(request, ChangeAppointmentForm)
    hall = await request.app[HALLS].get(hall_id)
    starts_at = UNSET if form.starts_at is UNSET else _instant(form.starts_at)
    on = None if starts_at is UNSET else _date_said(hall, starts_at)
    given = await once(
        request, who, hall_id, lambda: _change(request, who, hall, form, starts_at), on=on, of_any_day=True
    )
    if given.done is None:
        return answer(_as_it_is(request, who, given.day, appointment_id))
    return answer(_as_answered(request, hall_id, given, owner=not who.works_here))


async def _change(
    request: web.Request, who: Caller, hall: Hall, form: ChangeAppointmentForm, starts_at: datetime | UnsetType
) -> Answer:
    hall_id, appointment_id = hall.id, appointment_of(request)
    day = await request.app[LANES].day_of_appointment(hall_id, appointment_id)
    appointment = day.appointment(appointment_id)
    on = day.on
    if starts_at is not UNSET and starts_at != appointment.starts_at:
        on = _date_to_book(request, hall, starts_at)
    applicant, person = await _changed_applicant(request, hall, appointment, form.applicant)
    await count_change(request, who, hall.id, appointment, applicant)
    confirm = form.state is not UNSET
    of_nobody = appointment.state is AppointmentState.HELD and appointment.applicant is None
    if confirm and of_nobody and not who.may(Role.STAFF):
        _require_somebody(applicant)
    command = commands.ChangeAppointment(
        appointment=appointment_id,
        starts_at=starts_at,
        confirm=confirm,
        applicant=UNSET if applicant is None else applicant.id,
        person=person,
        count=form.count,
        staff=who.may(Role.STAFF),
    )
    count = appointment.count if form.count is UNSET else form.count
    asked = Asked(appointment.service, count, command.staff, appointment.partner, appointment.prechecked)
    with _saying_of_ended_days(_over(request, day, appointment)):
        if starts_at is not UNSET:  # on the same day too: it may have moved to another since it was looked for
            changing = await asking(request, who, command, applicant)
            asking_for = request.app[MOVES].move(hall_id, on, changing, asked=True)
        else:
            asking_for = ask(request, who, hall_id, command, applicant, on=on)
        return await _or_nearest(request, hall, asked, on, asking_for)


async def code(request: web.Request) -> web.Response:
    """The appointment's code, to be scanned at the hall."""
    hall_id, appointment = hall_of(request), appointment_of(request)
    day = await request.app[LANES].day_of_appointment(hall_id, appointment)
    said = day.appointment(appointment).code
    return answer(CodeSeen(said, list(modules_of(said))))


async def cancel(request: web.Request) -> web.Response:
    """Give an appointment or a hold up; the place is free for others at once."""
    hall_id, who = hall_of(request), caller(request)
    await read(request, Nothing)
    given = await once(request, who, hall_id, lambda: _cancel(request, who, hall_id), of_any_day=True)
    return answer(_as_answered(request, hall_id, given, owner=not who.works_here))


async def _cancel(request: web.Request, who: Caller, hall_id: HallId) -> Answer:
    appointment = appointment_of(request)
    day = await request.app[LANES].day_of_appointment(hall_id, appointment)
    before = day.appointment(appointment)
    command = commands.CancelAppointment(appointment, CancelledBy.STAFF if who.works_here else CancelledBy.SELF)
    if before.state is AppointmentState.BOOKED:
        with suppress(RateLimited):  # what is given up is others', however many messages that makes
            await count_message(request, who, hall_id, before.applicant)
    with _saying_of_ended_days(_over(request, day, before)):
        return await ask(request, who, hall_id, command, on=day.on)


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
    over = await request.app[OFFERS].over_capacity_on(hall, on) if found else set()
    day = request.app[LANES].in_memory(hall_id, on)
    return answer(AppointmentList([listed(one, now_at, day) for one in page], sorted(over), following, seq))


# What other calls use.


async def invitation_of(request: web.Request, who: Caller, hall: HallId, code: str) -> FoundInvitation:
    """The invitation of a code. Raises CodeNotFound, also for one that was revoked; RateLimited after too many."""
    finder = request.app[FINDER]
    try:
        given = await finder.find_code(hall, code_as_typed(code))
        found = None
        if given is not None and given.kind is CodeKind.INVITATION:
            found = await finder.invitation(hall, given.id)
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    if found is None or found.revoked_at is not None:
        await count_wrong_code(request, who)
        raise CodeNotFound
    return found


def invited_by(found: FoundInvitation) -> Invited:
    """What of an invitation concerns a day."""
    return Invited(
        id=found.id,
        partner=found.partner,
        service=None if found.service is None else ServiceId(found.service),
        prechecked=found.prechecked,
        releases_at=found.releases_at,
    )


def asked_by(request: web.Request, service: ServiceId, count: int, *, staff: bool, invited: Invited | None) -> Asked:
    """What can be booked, and by whom: an invitation to another service gives no right to this one."""
    if invited is None or invited.service not in {None, service}:
        return Asked(service, count, staff)
    return Asked(service, count, staff, invited.partner_at(request.app[CLOCK].now_at()), invited.prechecked)


def listed(found: FoundAppointment, now_at: datetime, day: Day | None) -> AppointmentListed:
    """Say what a list has of an appointment; a `day` in memory knows for how long the hall was suspended."""
    suspended_s = 0.0 if day is None else day.suspended_s(found.starts_at, now_at)
    return AppointmentListed(
        id=found.id,
        code=found.code,
        day=found.day.isoformat(),
        service=found.service,
        starts_at=stamp(found.starts_at),
        ends_at=stamp(found.ends_at),
        state=state_at(AppointmentState(found.state), found.starts_at, found.expires_at, now_at, suspended_s),
        count=found.count,
        channel=Channel(found.channel),
        expires_at=stamp_or_none(found.expires_at) if found.state == AppointmentState.HELD else None,
        ticket=found.ticket,
    )


def _as_answered(request: web.Request, hall: HallId, given: Answer, *, owner: bool) -> AppointmentView:
    """The appointment as the command's own events left it: the same words however often it is asked."""
    assert given.done is not None, "every change of an appointment is an event"
    part = given.done.last
    assert part.appointment is not None, "and the last one that was asked for is about the appointment"
    token = request.app[SIGNER].appointment_token(hall, part.appointment.id) if owner else None
    return appointment_view(part.appointment, part.at, part.seq, token=token)


def _as_it_is(request: web.Request, who: Caller, day: Day, appointment: AppointmentId) -> AppointmentView:
    """The appointment now; with its token to its owner."""
    token = None if who.works_here else request.app[SIGNER].appointment_token(day.hall, appointment)
    now_at = request.app[CLOCK].now_at()
    return appointment_view(day.appointment(appointment), now_at, day.seq, token=token, day=day)


# Refusals.


@contextmanager
def _saying_of_ended_days(refusal: Refusal) -> Iterator[None]:
    """Refuse so what is asked inside of a day that has ended."""
    try:
        yield
    except DayHasEnded as ended:
        raise refusal from ended


def _over(request: web.Request, day: Day, appointment: Appointment) -> WrongState:
    return WrongState(day.state_of(appointment, request.app[CLOCK].now_at()))


async def _or_nearest(request: web.Request, hall: Hall, asked: Asked, on: date, given: Awaitable[Answer]) -> Answer:
    """What is given; where the whole day is full, the refusal says the first free starts of the days after it."""
    try:
        return await given
    except SlotFull as full:
        if full.fields["slots"]:
            raise
        slots = await request.app[OFFERS].nearest(hall, asked, on)
        raise SlotFull(to_builtins(slots)) from full


# Times.


def _instant(at: datetime) -> datetime:
    found = utc("starts_at", at)
    assert found is not None, "an instant was given"
    return found


def _date_to_book(request: web.Request, hall: Hall, starts_at: datetime) -> date:
    """The hall's date of a start. Raises SlotNotOffered for one before today or beyond the horizon: none is opened."""
    on, today = _date_said(hall, starts_at), hall.day_at(request.app[CLOCK].now_at())
    if on is None or not today <= on <= today + timedelta(days=hall.document.booking.horizon_days):
        raise SlotNotOffered
    return on


def _date_said(hall: Hall, starts_at: datetime) -> date | None:
    """The hall's date of a start, whether it can be booked or not; None outside of the years 1 to 9999 there."""
    try:
        return day_of(hall.document, starts_at)
    except OverflowError:
        return None


# People.


async def _applicant_of(
    request: web.Request, hall: Hall, form: ApplicantForm | None
) -> tuple[Applicant | None, str | None]:
    """The person as they are kept, and what rules may know of them. Raises BodyInvalid for a phone that is none."""
    if form is None:
        return None, None
    applicant = applicant_of(form, hall.document.country)
    return applicant, await _known_as(request, hall, reached_of(applicant))


async def _known_as(request: web.Request, hall: Hall, who: Reached) -> str | None:
    """What rules may know of a person; None for who left neither phone nor mail.

    Who has appointments to come that were made with an older secret is known by that one until they are over: rules
    tell people apart by one hash each.
    """
    persons = persons_of(request.app[SIGNER].fingerprints, hall.id, who)
    if len(persons) < 2:
        return next(iter(persons), None)
    try:
        known = Counter(await request.app[FINDER].persons_to_come(hall.id, persons))
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    return max(persons, key=lambda person: known[person])  # of none the one that signs, which is the first


async def _person_kept(request: web.Request, hall: Hall, applicant: str | None) -> str | None:
    """What rules may know of a person whose row there is."""
    somebody = await kept(request, hall.id, applicant)
    if somebody is None:
        return None
    return await _known_as(request, hall, reached_of(somebody))


async def _changed_applicant(
    request: web.Request, hall: Hall, appointment: Appointment, form: ChangeApplicantForm | UnsetType
) -> tuple[Applicant | None, str | UnsetType | None]:
    """Somebody else, or the same with another name or number; none and unset where nothing is said of them.

    Raises:
        BodyInvalid: nobody is named, or it is no number.
    """
    if form is UNSET:
        return None, UNSET
    before = await kept(request, hall.id, appointment.applicant) or Applicant(id="")
    name = before.name if form.name is UNSET else form.name
    if name is None:
        raise BodyInvalid(("applicant.name", "say a name"))
    contact = reached(
        before.phone if form.phone is UNSET else form.phone,
        before.email if form.email is UNSET else form.email,
        hall.document.country,
    )
    locale = before.locale if form.locale is UNSET else form.locale
    applicant = Applicant(id=new_id(), name=name, phone=contact.phone, email=contact.email, locale=locale)
    return applicant, await _known_as(request, hall, contact)


async def _day_of_standby(request: web.Request, who: Caller, hall: HallId, ticket: TicketId) -> Day:
    """The day of a ticket that is to be given up. Raises TicketNotFound, also for one that is somebody else's."""
    token = "" if who.token is None else who.token
    if not who.may(Role.STAFF) and not request.app[SIGNER].is_ticket_token(hall, ticket, token):
        raise TicketNotFound
    return await request.app[LANES].day_of_ticket(hall, ticket)


def _require_somebody(applicant: Applicant | None) -> None:
    if applicant is None:
        raise BodyInvalid(("applicant", "say who it is for"))


async def _holder_of(request: web.Request, who: Caller, hall: Hall) -> str | None:
    """What rules may know of who holds: a visitor's browser, or else the credential; None for who is at the hall."""
    if who.role in OF_THE_HALL:
        return None
    held_by = who.credential if who.works_here else await known_browser(request) or who.credential
    return hashed(request.app[SIGNER], hall.id, held_by) if held_by else None
