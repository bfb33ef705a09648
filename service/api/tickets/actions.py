"""What staff do with a ticket."""

from aiohttp import web

from service.api.access.roles import Caller, caller
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
    """Show and speak the number again."""
    who, _ = caller(request), await read_body(request, Nothing)
    return await _act(request, who, commands.RecallTicket(ticket=ticket_of(request)))


async def start(request: web.Request) -> web.Response:
    """The person is at the counter."""
    who, _ = caller(request), await read_body(request, Nothing)
    return await _act(request, who, commands.StartTicket(ticket=ticket_of(request)))


async def finish(request: web.Request) -> web.Response:
    """End the visit, or its stage: the ticket then waits at the next one with the same number and queue time."""
    who, form = caller(request), await read_body(request, FinishForm)
    return await _act(request, who, commands.FinishTicket(ticket=ticket_of(request), finish=finish_of(form)))


async def no_show(request: web.Request) -> web.Response:
    """Called, and nobody came; within 30 minutes the ticket may resume once."""
    who, _ = caller(request), await read_body(request, Nothing)
    return await _act(request, who, commands.MarkNoShow(ticket=ticket_of(request)))


async def park(request: web.Request) -> web.Response:
    """Put aside while the person fetches something."""
    who, form = caller(request), await read_body(request, ParkForm)
    return await _act(request, who, commands.ParkTicket(ticket=ticket_of(request), reason=form.reason))


async def papers(request: web.Request) -> web.Response:
    """Say which papers are missing; then leave the ticket, send it on to the next stage, or put it aside."""
    who, form = caller(request), await read_body(request, PapersForm)
    missing = tuple(dict.fromkeys(form.missing))
    return await _act(request, who, commands.CheckPapers(ticket_of(request), missing, form.then))


async def resume(request: web.Request) -> web.Response:
    """Bring back from a park or a no-show without queueing again."""
    who, _ = caller(request), await read_body(request, Nothing)
    return await _act(request, who, commands.ResumeTicket(ticket=ticket_of(request)))


async def transfer(request: web.Request) -> web.Response:
    """Send on to a service, stage or counter at the old queue time; with nothing said, put back."""
    who, form = caller(request), await read_body(request, TransferForm)
    command = commands.TransferTicket(
        ticket=ticket_of(request), service=form.service, stage=form.stage, counter=form.counter
    )
    return await _act(request, who, command)


async def undo(request: web.Request) -> web.Response:
    """Take a finish or no-show back, within 30 seconds.

    `release` puts who was called meanwhile back at their place, with `present` nobody else; `reopen` opens the counter
    again.
    """
    who, form = caller(request), await read_body(request, UndoForm)
    present = ticket_id_or_none(form.present)
    return await _act(request, who, commands.UndoTicket(ticket_of(request), form.release, form.reopen, present))


async def _act(request: web.Request, who: Caller, command: Command) -> web.Response:
    hall = hall_of(request)
    return answer(recorded_ticket_view(request, hall, await execute(request, who, hall, command), owner=False))
