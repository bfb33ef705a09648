"""Handlers of tickets: take, show, leave, change and rate a ticket; its hall, code and history."""

from aiohttp import web
from msgspec import UNSET
from msgspec.structs import replace

from service.api.access.browsers import set_browser_cookie
from service.api.access.guard import visitor
from service.api.access.presence import check_presence
from service.api.access.roles import Caller, caller_of
from service.api.app_keys import CLOCK, FINDER, HALLS, LANES, SIGNER
from service.api.http.body import read_body, to_utc
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of, ticket_of
from service.api.http.query import limit_of, number_cursor_of
from service.api.shared.actor_names import names_of
from service.api.shared.applicants import new_applicant
from service.api.shared.event_words import event_data, event_words
from service.api.shared.execution import execute, execute_once
from service.api.shared.form_fields import Nothing
from service.api.shared.online_services import counting_online_referrals
from service.api.shared.qr_codes import CodeSeen, qr_modules
from service.api.tickets.answers import HallOfTicket, Happening, History, recorded_ticket_view
from service.api.tickets.forms import ChangeTicketForm, RateForm, TakeTicketForm
from service.api.tickets.hall_full import offer_other_times
from service.domain import commands
from service.domain.calendar.times import stamp
from service.domain.day import Day
from service.domain.decide import kiosks
from service.domain.model import HallId, ServiceId, TicketClass, TicketId
from service.domain.refusals import NumberNotReported, TicketNotFound
from service.domain.view import TicketView, ticket_view
from service.errors import Forbidden, StorageUnavailable
from service.journal import faults
from service.primitives.ids import new_code, new_id
from service.runtime.requests import Answer


async def take(request: web.Request) -> web.Response:
    """Take a ticket.

    If it is uncertain whether the person can be served today, the ticket is on standby. If it is very unlikely, the
    answer is `hall-full`. The ticket has the number, the place in the queue, the wait, and the token to watch it with.
    """
    hall, caller = hall_of(request), caller_of(request)
    form = await read_body(request, TakeTicketForm)
    result = await execute_once(request, caller, hall, lambda: _take(request, caller, hall, form))
    view = recorded_ticket_view(request, hall, result, owner=True)
    response = answer(view, 201, Location=f"/v1/halls/{hall}/tickets/{view.id}")
    set_browser_cookie(request, response)
    return response


async def _take(request: web.Request, caller: Caller, hall: HallId, form: TakeTicketForm) -> Answer:
    applicant = None
    if form.applicant is not None:
        applicant = new_applicant(form.applicant, (await request.app[HALLS].get(hall)).document.country)
    presence = await check_presence(
        request, caller, hall, channel=form.channel, entrance_code=form.entrance, applicant=applicant
    )
    command = commands.TakeTicket(
        ticket=TicketId(new_id()),
        code=new_code(),
        service=ServiceId(form.service),
        channel=presence.channel,
        browser=presence.browser,
        count=form.count,
        then=tuple(form.then),
        applicant=applicant.id if applicant else None,
    )
    with counting_online_referrals(request, hall, form.service, "ticket"):
        return await offer_other_times(request, hall, command, execute(request, caller, hall, command, applicant))


async def show(request: web.Request) -> web.Response:
    """Show a ticket with its current state, place and wait.

    A finished ticket tells whether it gives a right to return, and whether that right was used.
    """
    hall, ticket_id, caller = hall_of(request), ticket_of(request), caller_of(request)
    signer = request.app[SIGNER]
    day = await _day_of(request, hall, ticket_id)
    token = None if caller.works_here else signer.ticket_token(hall, ticket_id)
    now_at = request.app[CLOCK].now_at()
    view = ticket_view(day, day.ticket(ticket_id), now_at, token=token, staff=caller.works_here)
    if view.return_by_on is not UNSET and view.returned_at is UNSET and day.ended:
        view = await _with_return(request, hall, view)
    return answer(view)


async def _with_return(request: web.Request, hall: HallId, view: TicketView) -> TicketView:
    """Add to a ticket of an ended day when its right to return was used on a later day."""
    try:
        returned_at = await request.app[FINDER].returned_at(hall, view.id)
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    return view if returned_at is None else replace(view, returned_at=stamp(returned_at))


async def _day_of(request: web.Request, hall: HallId, ticket: TicketId) -> Day:
    """The day of a ticket.

    Raises:
        NumberNotReported: a kiosk has leased the number. The kiosk issued it offline and has not reported it yet.
        TicketNotFound: no day of this hall has the ticket.
    """
    try:
        return await request.app[LANES].day_of_ticket(hall, ticket)
    except TicketNotFound:
        number = kiosks.unreported_number(await request.app[LANES].day(hall), ticket)
        if number is None:
            raise
        raise NumberNotReported(number) from None


async def leave(request: web.Request) -> web.Response:
    """Leave the queue."""
    hall, ticket_id, caller = hall_of(request), ticket_of(request), caller_of(request)
    await read_body(request, Nothing)
    result = await execute(request, caller, hall, commands.LeaveQueue(ticket_id))
    return answer(recorded_ticket_view(request, hall, result, owner=not caller.works_here))


async def change(request: web.Request) -> web.Response:
    """Change the class (staff only, with a reason code), or the time before which the ticket is not called."""
    hall, ticket_id, caller = hall_of(request), ticket_of(request), caller_of(request)
    form = await read_body(request, ChangeTicketForm)
    if not caller.works_here and not (form.class_ is UNSET and form.reason is None):
        raise Forbidden
    command = commands.ChangeTicket(
        ticket=ticket_id,
        class_=UNSET if form.class_ is UNSET else TicketClass(form.class_),
        reason=form.reason,
        not_before_at=UNSET if form.not_before_at is UNSET else to_utc("not_before_at", form.not_before_at),
    )
    result = await execute(request, caller, hall, command)
    if result.done is None:
        token = None if caller.works_here else request.app[SIGNER].ticket_token(hall, ticket_id)
        now_at = request.app[CLOCK].now_at()
        ticket = result.day.ticket(ticket_id)
        staff = caller.works_here
        return answer(ticket_view(result.day, ticket, now_at, token=token, seq=result.seq, staff=staff))
    return answer(recorded_ticket_view(request, hall, result, owner=not caller.works_here))


async def rate(request: web.Request) -> web.Response:
    """Rate a finished visit, once."""
    hall, ticket_id, caller = hall_of(request), ticket_of(request), caller_of(request)
    form = await read_body(request, RateForm)
    reasons = tuple(dict.fromkeys(form.reasons))
    result = await execute(request, caller, hall, commands.RateTicket(ticket_id, form.grade, reasons))
    return answer(recorded_ticket_view(request, hall, result, owner=not caller.works_here), 201)


async def find_hall(request: web.Request) -> web.Response:
    """Find the hall of a ticket. Links to a ticket do not contain the hall. The caller needs the ticket's token."""
    ticket_id, caller = ticket_of(request), await visitor(request)
    signer = request.app[SIGNER]
    if caller.token is not None:
        for hall in request.app[HALLS].known():
            if signer.is_ticket_token(hall.id, ticket_id, caller.token):
                return answer(HallOfTicket(hall.id))
    raise TicketNotFound


async def code(request: web.Request) -> web.Response:
    """Show the ticket's code and its QR code."""
    hall, ticket_id = hall_of(request), ticket_of(request)
    day = await request.app[LANES].day_of_ticket(hall, ticket_id)
    ticket_code = day.ticket(ticket_id).code
    return answer(CodeSeen(ticket_code, list(qr_modules(ticket_code))))


async def history(request: web.Request) -> web.Response:
    """List the events of a ticket, oldest first: when, by whom, and by which rule."""
    hall, ticket_id, limit = hall_of(request), ticket_of(request), limit_of(request)
    after_seq = number_cursor_of(request)
    lanes = request.app[LANES]
    day = await lanes.day_of_ticket(hall, ticket_id)
    found = await lanes.records_of_ticket(day, ticket_id, after_seq=after_seq, limit=limit + 1)
    records = found[:limit]
    names = await names_of(request, [record.actor for record in records])
    items = [
        Happening(
            seq=record.seq,
            at=stamp(record.at),
            actor=record.actor,
            who=names.get(record.actor),
            kind=str(record.event.__struct_config__.tag),
            words=event_words(record.event),
            data=event_data(record),
        )
        for record in records
    ]
    next_cursor = str(records[-1].seq) if len(found) > limit else None
    return answer(History(items, next_cursor, day.seq))
