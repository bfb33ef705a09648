"""Calls about tickets: take, watch, change, leave, and what staff do with one."""

from aiohttp import web
from msgspec import UNSET
from msgspec.structs import replace

from service.api.answers import CodeSeen, HallOfTicket, Happening, History, answer
from service.api.applicants import applicant_of
from service.api.audit import names_of
from service.api.auth import Caller
from service.api.browsers import give_cookie
from service.api.entrance import admitted, modules_of
from service.api.forms import (
    ChangeTicketForm,
    FinishForm,
    Nothing,
    PapersForm,
    ParkForm,
    RateForm,
    TakeTicketForm,
    TransferForm,
    UndoForm,
)
from service.api.full import or_other_times
from service.api.guard import visitor
from service.api.halls import limit_of, number_cursor_of
from service.api.history import data_of, words_of
from service.api.keys import CLOCK, FINDER, HALLS, LANES, SIGNER
from service.api.online import counting_online
from service.api.requests import ask, caller, hall_of, once, read, ticket_named, ticket_of, utc
from service.domain import commands
from service.domain.calendar.times import stamp
from service.domain.commands import Command, Finish
from service.domain.day import Day
from service.domain.decide import kiosks
from service.domain.model import HallId, ServiceId, TicketClass, TicketId
from service.domain.refusals import NumberNotReported, TicketNotFound
from service.domain.view import TicketView, ticket_view
from service.errors import Forbidden, StorageUnavailable
from service.journal import faults
from service.primitives.ids import new_code, new_id
from service.runtime.lane import Answer


async def take(request: web.Request) -> web.Response:
    """Take a number.

    Who may not fit into what is left of the day is on standby; who does not is told that the hall is full. The answer
    has the number, the place, the wait, and the token to watch it by. Sent again with the same Idempotency-Key it is
    the same ticket.
    """
    hall, who = hall_of(request), caller(request)
    form = await read(request, TakeTicketForm)
    given = await once(request, who, hall, lambda: _take(request, who, hall, form))
    view = as_answered(request, hall, given, owner=True)
    response = answer(view, 201, Location=f"/v1/halls/{hall}/tickets/{view.id}")
    give_cookie(request, response)
    return response


async def _take(request: web.Request, who: Caller, hall: HallId, form: TakeTicketForm) -> Answer:
    applicant = None
    if form.applicant is not None:
        applicant = applicant_of(form.applicant, (await request.app[HALLS].get(hall)).document.country)
    shown = await admitted(request, who, hall, form, applicant)
    command = commands.TakeTicket(
        ticket=TicketId(new_id()),
        code=new_code(),
        service=ServiceId(form.service),
        channel=shown.channel,
        browser=shown.browser,
        count=form.count,
        then=tuple(form.then),
        applicant=applicant.id if applicant else None,
    )
    with counting_online(request, hall, form.service, "ticket"):
        return await or_other_times(request, hall, command, ask(request, who, hall, command, applicant))


async def show(request: web.Request) -> web.Response:
    """Watch a ticket: its state, place and wait as of now.

    Of one that is over it says whether one may come back by it, or has.
    """
    hall, ticket_id, who = hall_of(request), ticket_of(request), caller(request)
    signer = request.app[SIGNER]
    day = await _day_of(request, hall, ticket_id)
    token = None if who.works_here else signer.ticket_token(hall, ticket_id)
    now_at = request.app[CLOCK].now_at()
    view = ticket_view(day, day.ticket(ticket_id), now_at, token=token, staff=who.works_here)
    if view.return_by_on is not UNSET and view.returned_at is UNSET and day.ended:
        view = await _as_returned(request, hall, view)
    return answer(view)


async def _as_returned(request: web.Request, hall: HallId, view: TicketView) -> TicketView:
    """A ticket of a day that has ended, with when its right to return was used on a later one."""
    try:
        returned_at = await request.app[FINDER].returned_at(hall, view.id)
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    return view if returned_at is None else replace(view, returned_at=stamp(returned_at))


async def _day_of(request: web.Request, hall: HallId, ticket: TicketId) -> Day:
    """The day of a ticket.

    Raises:
        NumberNotReported: it is in a kiosk's stock: who has its slip was there while the kiosk was cut off.
        TicketNotFound: no day of this hall has it.
    """
    try:
        return await request.app[LANES].day_of_ticket(hall, ticket)
    except TicketNotFound:
        number = kiosks.number_in_stock(await request.app[LANES].day(hall), ticket)
        if number is None:
            raise
        raise NumberNotReported(number) from None


async def leave(request: web.Request) -> web.Response:
    """Give the place up."""
    hall, ticket_id, who = hall_of(request), ticket_of(request), caller(request)
    await read(request, Nothing)
    given = await ask(request, who, hall, commands.LeaveQueue(ticket_id))
    return answer(as_answered(request, hall, given, owner=not who.works_here))


async def change(request: web.Request) -> web.Response:
    """Change the class (staff, with a reason code), or the time before which not to call (also the ticket's owner)."""
    hall, ticket_id, who = hall_of(request), ticket_of(request), caller(request)
    form = await read(request, ChangeTicketForm)
    if not who.works_here and not (form.class_ is UNSET and form.reason is None):
        raise Forbidden
    command = commands.ChangeTicket(
        ticket=ticket_id,
        class_=UNSET if form.class_ is UNSET else TicketClass(form.class_),
        reason=form.reason,
        not_before_at=UNSET if form.not_before_at is UNSET else utc("not_before_at", form.not_before_at),
    )
    given = await ask(request, who, hall, command)
    if given.done is None:
        token = None if who.works_here else request.app[SIGNER].ticket_token(hall, ticket_id)
        now_at = request.app[CLOCK].now_at()
        ticket = given.day.ticket(ticket_id)
        staffed = who.works_here
        return answer(ticket_view(given.day, ticket, now_at, token=token, seq=given.seq, staff=staffed))
    return answer(as_answered(request, hall, given, owner=not who.works_here))


async def rate(request: web.Request) -> web.Response:
    """Say how the visit was, once, when it is done."""
    hall, ticket_id, who = hall_of(request), ticket_of(request), caller(request)
    form = await read(request, RateForm)
    reasons = tuple(dict.fromkeys(form.reasons))
    given = await ask(request, who, hall, commands.RateTicket(ticket_id, form.grade, reasons))
    return answer(as_answered(request, hall, given, owner=not who.works_here), 201)


async def find_hall(request: web.Request) -> web.Response:
    """Say of which hall a ticket is, to who has its token: what a link to a ticket alone does not tell."""
    ticket_id, who = ticket_of(request), await visitor(request)
    signer = request.app[SIGNER]
    if who.token is not None:
        for hall in request.app[HALLS].known():
            if signer.is_ticket_token(hall.id, ticket_id, who.token):
                return answer(HallOfTicket(hall.id))
    raise TicketNotFound


async def code(request: web.Request) -> web.Response:
    """The ticket's code, to be scanned."""
    hall, ticket_id = hall_of(request), ticket_of(request)
    day = await request.app[LANES].day_of_ticket(hall, ticket_id)
    said = day.ticket(ticket_id).code
    return answer(CodeSeen(said, list(modules_of(said))))


async def recall(request: web.Request) -> web.Response:
    """Show and speak the number again."""
    who, _ = caller(request), await read(request, Nothing)
    return await _act(request, who, commands.RecallTicket(ticket=ticket_of(request)))


async def start(request: web.Request) -> web.Response:
    """The person is at the counter."""
    who, _ = caller(request), await read(request, Nothing)
    return await _act(request, who, commands.StartTicket(ticket=ticket_of(request)))


async def finish(request: web.Request) -> web.Response:
    """End the visit, or its stage: the ticket then waits at the next one with the same number and queue time."""
    who, form = caller(request), await read(request, FinishForm)
    return await _act(request, who, commands.FinishTicket(ticket=ticket_of(request), finish=finish_from(form)))


async def no_show(request: web.Request) -> web.Response:
    """Called, and nobody came; within 30 minutes the ticket may resume once."""
    who, _ = caller(request), await read(request, Nothing)
    return await _act(request, who, commands.MarkNoShow(ticket=ticket_of(request)))


async def park(request: web.Request) -> web.Response:
    """Put aside while the person fetches something."""
    who, form = caller(request), await read(request, ParkForm)
    return await _act(request, who, commands.ParkTicket(ticket=ticket_of(request), reason=form.reason))


async def papers(request: web.Request) -> web.Response:
    """Say which papers are missing; then leave the ticket, send it on to the next stage, or put it aside."""
    who, form = caller(request), await read(request, PapersForm)
    missing = tuple(dict.fromkeys(form.missing))
    return await _act(request, who, commands.CheckPapers(ticket_of(request), missing, form.then))


async def resume(request: web.Request) -> web.Response:
    """Bring back from a park or a no-show without queueing again."""
    who, _ = caller(request), await read(request, Nothing)
    return await _act(request, who, commands.ResumeTicket(ticket=ticket_of(request)))


async def transfer(request: web.Request) -> web.Response:
    """Send on to a service, stage or counter at the old queue time; with nothing said, put back."""
    who, form = caller(request), await read(request, TransferForm)
    command = commands.TransferTicket(
        ticket=ticket_of(request), service=form.service, stage=form.stage, counter=form.counter
    )
    return await _act(request, who, command)


async def undo(request: web.Request) -> web.Response:
    """Take a finish or no-show back, within 30 seconds.

    `release` puts who was called meanwhile back at their place, with `present` nobody else; `reopen` opens the counter
    again.
    """
    who, form = caller(request), await read(request, UndoForm)
    present = ticket_named(form.present)
    return await _act(request, who, commands.UndoTicket(ticket_of(request), form.release, form.reopen, present))


async def history(request: web.Request) -> web.Response:
    """What happened to a ticket: when, who, which rule."""
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
            words=words_of(record.event),
            data=data_of(record),
        )
        for record in records
    ]
    following = str(records[-1].seq) if len(found) > limit else None
    return answer(History(items, following, day.seq))


def finish_from(form: FinishForm) -> Finish:
    """How a visit ends, as a command says it."""
    return Finish(outcome=form.outcome, missing=tuple(form.missing), due_on=form.due_on)


def as_answered(request: web.Request, hall: HallId, given: Answer, *, owner: bool) -> TicketView:
    """The ticket as the command's own events left it: the same words however often it is asked."""
    assert given.done is not None, "every command on a ticket has an event"
    part = given.done.last
    assert part.ticket is not None, "and the last one that was asked for is about the ticket"
    token = request.app[SIGNER].ticket_token(hall, part.ticket.id) if owner else None
    return ticket_view(given.day, part.ticket, part.at, token=token, seq=part.seq, live=False, staff=not owner)


async def _act(request: web.Request, who: Caller, command: Command) -> web.Response:
    hall = hall_of(request)
    return answer(as_answered(request, hall, await ask(request, who, hall, command), owner=False))
