"""Actions of staff on a ticket."""

from aiohttp import web

from service.api.access.roles import Caller, caller_of
from service.api.http.body import read_body
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of, ticket_of
from service.api.shared.execution import execute
from service.api.shared.form_fields import Nothing, ticket_id_or_none
from service.api.tickets.answers import recorded_ticket_view
from service.api.tickets.forms import FinishForm, PapersForm, ParkForm, TransferForm, UndoForm, finish_of
from service.domain import commands
from service.domain.commands import Command


async def recall(request: web.Request) -> web.Response:
    """Announce the ticket's number again on the screens."""
    caller, _ = caller_of(request), await read_body(request, Nothing)
    return await _act(request, caller, commands.RecallTicket(ticket=ticket_of(request)))


async def start(request: web.Request) -> web.Response:
    """Record that the person has arrived at the counter and service begins."""
    caller, _ = caller_of(request), await read_body(request, Nothing)
    return await _act(request, caller, commands.StartTicket(ticket=ticket_of(request)))


async def finish(request: web.Request) -> web.Response:
    """Finish the present stage. Before the last stage, the ticket waits for the next one at its old queue time."""
    caller, form = caller_of(request), await read_body(request, FinishForm)
    return await _act(request, caller, commands.FinishTicket(ticket=ticket_of(request), finish=finish_of(form)))


async def no_show(request: web.Request) -> web.Response:
    """Mark a called ticket as no-show. Within 30 minutes it may be resumed once."""
    caller, _ = caller_of(request), await read_body(request, Nothing)
    return await _act(request, caller, commands.MarkNoShow(ticket=ticket_of(request)))


async def park(request: web.Request) -> web.Response:
    """Park a ticket, for example while the person fetches a paper."""
    caller, form = caller_of(request), await read_body(request, ParkForm)
    return await _act(request, caller, commands.ParkTicket(ticket=ticket_of(request), reason=form.reason))


async def papers(request: web.Request) -> web.Response:
    """Record which papers are missing, then leave the ticket as it is, send it to the next stage, or park it."""
    caller, form = caller_of(request), await read_body(request, PapersForm)
    missing = tuple(dict.fromkeys(form.missing))
    return await _act(request, caller, commands.CheckPapers(ticket_of(request), missing, form.then))


async def resume(request: web.Request) -> web.Response:
    """Return a parked or no-show ticket to the queue, at its old place as far as the rules of the hall allow."""
    caller, _ = caller_of(request), await read_body(request, Nothing)
    return await _act(request, caller, commands.ResumeTicket(ticket=ticket_of(request)))


async def transfer(request: web.Request) -> web.Response:
    """Send a ticket to another service, stage or counter at its old queue time. Without a target, release it."""
    caller, form = caller_of(request), await read_body(request, TransferForm)
    command = commands.TransferTicket(
        ticket=ticket_of(request), service=form.service, stage=form.stage, counter=form.counter
    )
    return await _act(request, caller, command)


async def undo(request: web.Request) -> web.Response:
    """Undo a finish or no-show within 30 seconds.

    With `release`, a ticket that the counter has called in the meantime goes back to its place in the queue; with
    `present`, only that ticket does. `reopen` opens the counter if it was closed in the meantime.
    """
    caller, form = caller_of(request), await read_body(request, UndoForm)
    present = ticket_id_or_none(form.present)
    return await _act(request, caller, commands.UndoTicket(ticket_of(request), form.release, form.reopen, present))


async def _act(request: web.Request, caller: Caller, command: Command) -> web.Response:
    hall = hall_of(request)
    return answer(recorded_ticket_view(request, hall, await execute(request, caller, hall, command), owner=False))
