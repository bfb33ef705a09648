"""Handlers of kiosks: the kiosk itself, leased numbers, numbers issued offline, the printer.

A kiosk acts only for itself: the device in the path must be the device of the token.

Source: CONTRACT 8 (kiosk); `domain/leases.py`.
"""

from datetime import timedelta
from hashlib import sha256

from aiohttp import web
from msgspec.structs import replace

from service.api.access.guard import kiosk_of
from service.api.access.roles import Caller, caller_of
from service.api.app_keys import CLOCK, LANES, PRINTERS, SETTINGS, SIGNER
from service.api.http.body import read_body, to_utc
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of
from service.api.kiosks.answers import (
    DoorsOpen,
    GivenSeen,
    KioskSeen,
    Leased,
    NumberLeased,
    PaperSeen,
    Reported,
    Trouble,
)
from service.api.kiosks.forms import GivenForm, LeaseForm, PaperForm, ReportForm, SlipForm
from service.api.shared.execution import execute, execute_once, lane_request
from service.credentials.page_links import Links
from service.domain import commands
from service.domain.calendar.times import stamp
from service.domain.decide import kiosks
from service.domain.events import NothingChanged, NumbersLeased, PrinterReported
from service.domain.model import HallId, PrinterState, ServiceId, Slip, TicketId
from service.domain.refusals import Refusal
from service.domain.view import ticket_view
from service.errors import DeviceNotFound, PrinterNotFound
from service.primitives.ids import new_code, new_id, normalized_code
from service.runtime.requests import Answer


async def show(request: web.Request) -> web.Response:
    """Show the kiosk of the token, and the URL template of tickets that it prints on slips."""
    hall, kiosk = hall_of(request), await kiosk_of(request)
    links = Links(request.app[SETTINGS].public_url, request.app[SIGNER])
    printer = request.app[PRINTERS].of(hall, kiosk.name) is not None
    return answer(KioskSeen(device=kiosk.id, name=kiosk.name, ticket_url=links.ticket_form, printer=printer))


async def lease(request: web.Request) -> web.Response:
    """Lease numbers that the kiosk may issue offline, with codes and tokens, so that it can print complete slips."""
    hall, caller, form = hall_of(request), caller_of(request), await read_body(request, LeaseForm)
    device = _own_device(request)
    slips = tuple(Slip(TicketId(new_id()), new_code()) for _ in range(form.count))
    result = await execute(request, caller, hall, commands.LeaseNumbers(device, slips))
    assert result.done is not None, "the command has an event"
    event = result.done.parts[0].event
    assert isinstance(event, NumbersLeased), "the command has no other event"
    signer = request.app[SIGNER]
    items = [
        NumberLeased(
            number=kiosks.format_number(event.prefix, number),
            code=slip.code,
            ticket=slip.ticket,
            token=signer.ticket_token(hall, slip.ticket),
        )
        for number, slip in enumerate(event.slips, event.first)
    ]
    plan = result.day.plan
    before = timedelta(seconds=plan.rules.doors_before_s)
    doors = [DoorsOpen(stamp(window.opens_at - before), stamp(window.closes_at)) for window in plan.windows]
    return answer(
        Leased(prefix=event.prefix, items=items, doors=doors, day=result.day.on.isoformat(), seq=result.done.seq), 201
    )


async def report(request: web.Request) -> web.Response:
    """Report the numbers that the kiosk issued offline. Each becomes a ticket at its place in the queue, once.

    If a number is refused, its item has a `problem`, and the other numbers are still processed.
    """
    hall, caller, form = hall_of(request), caller_of(request), await read_body(request, ReportForm)
    device = _own_device(request)
    items, seq = [], 0
    for item in form.items:
        reported, seq = await _report_number(request, caller, hall, device, item)
        items.append(reported)
    return answer(Reported(items=items, seq=seq))


async def _report_number(
    request: web.Request, caller: Caller, hall: HallId, device: str, item: GivenForm
) -> tuple[GivenSeen, int]:
    """Report one number. The command id is derived from the request's key and the number."""
    issued_at = to_utc("issued_at", item.issued_at)
    assert issued_at is not None, "the form has one"
    command = commands.ReportTicket(
        device=device,
        number=item.number,
        code=normalized_code(item.code),
        service=ServiceId(item.service),
        count=item.count,
        issued_at=issued_at,
    )
    asked = await lane_request(request, caller, command)
    asked = replace(asked, command_id=sha256(f"{asked.command_id}\n{item.number}".encode()).hexdigest())
    try:
        result = await request.app[LANES].do(hall, asked)
    except Refusal as refusal:
        if refusal.status >= 500:
            raise  # the outcome is unknown; the kiosk repeats the whole request
        problem = Trouble(code=refusal.code, title=refusal.title())
        day = await request.app[LANES].day(hall)
        return GivenSeen(number=item.number, ticket=None, problem=problem), day.seq
    if result.done is not None:
        part = next(part for part in result.done.parts if part.ticket is not None)
        assert part.ticket is not None, "the condition above"
        view = ticket_view(
            result.day,
            result.done.parts[-1].ticket or part.ticket,
            part.at,
            token=request.app[SIGNER].ticket_token(hall, part.ticket.id),
            seq=result.done.seq,
            live=False,
        )
    else:  # it was reported before, by another request
        ticket = kiosks.leased_ticket(result.day, device, item.number)
        token = request.app[SIGNER].ticket_token(hall, ticket)
        view = ticket_view(result.day, result.day.ticket(ticket), request.app[CLOCK].now_at(), token=token)
    return GivenSeen(number=item.number, ticket=view, problem=None), result.seq


async def paper(request: web.Request) -> web.Response:
    """Report the state of the kiosk's printer. Staff see printers that need attention."""
    hall, form = hall_of(request), await read_body(request, PaperForm)
    device = _own_device(request)
    name = (await kiosk_of(request)).name
    result = await execute(request, caller_of(request), hall, commands.ReportPrinter(device, name, form.paper))
    return answer(PaperSeen(device=device, state=form.paper, seq=result.seq))


async def print_slip(request: web.Request) -> web.Response:
    """Print a ticket's slip on the kiosk's network printer, and answer the state of the printer.

    A request that is repeated with the same Idempotency-Key does not print again.
    """
    hall, caller, form = hall_of(request), caller_of(request), await read_body(request, SlipForm)
    device = _own_device(request)
    printed: list[PrinterState] = []

    async def print_() -> Answer:
        kiosk = await kiosk_of(request)
        printers = request.app[PRINTERS]
        printer = printers.of(hall, kiosk.name)
        if printer is None:
            raise PrinterNotFound
        ticket_id = TicketId(form.ticket.lower())
        day = await request.app[LANES].day_of_ticket(hall, ticket_id)
        url = Links(request.app[SETTINGS].public_url, request.app[SIGNER]).ticket(hall, ticket_id)
        printed.append(await printers.print(printer, day, day.ticket(ticket_id), url))
        return await execute(request, caller, hall, commands.ReportPrinter(device, kiosk.name, printed[-1]))

    # `of_any_day` reads the journal: an older state in memory could miss the key, and the slip would be printed twice
    result = await execute_once(request, caller, hall, print_, of_any_day=True)
    return answer(PaperSeen(device=device, state=_printer_state(result, *printed), seq=result.seq))


def _printer_state(result: Answer, now: PrinterState = PrinterState.OK) -> PrinterState:
    """The printer's state at the first request with this key; `now` if none is recorded."""
    match None if result.done is None else result.done.last.event:
        case PrinterReported() as reported:
            return reported.state
        case NothingChanged(printer=PrinterState() as recorded):
            return recorded
        case _:
            return now


def _own_device(request: web.Request) -> str:
    """The device in the path. Raises DeviceNotFound if it is not the caller."""
    device = request.match_info["device"].lower()
    if caller_of(request).credential != f"device:{device}":
        raise DeviceNotFound
    return device
