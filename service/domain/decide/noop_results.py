"""What is kept of a command with an idempotency key when there is nothing to do.

A key is known by the events of its command. Where nothing changes there would be none: the same request again would be
decided anew, and do late what was so when it was asked for first. So one event says that nothing changed, and how that
was then. It changes no value of the day; screens, messages, reports and histories pass it over.

An empty `next` is decided anew (CONTRACT 1), and a document keeps its key itself.
"""

from datetime import datetime

from service.domain import commands
from service.domain.commands import Command
from service.domain.day import Day
from service.domain.decide import kiosks
from service.domain.events import Event, NothingChanged
from service.domain.model import TicketId, TicketState
from service.domain.queue.waits import outlook_of


def nothing_changed(day: Day, command: Command, now_at: datetime) -> list[Event]:
    """The event that keeps the key of a command which was decided and changes nothing; none where no key is kept."""
    match command:
        case commands.AtOptionalStage():
            return nothing_changed(day, command.command, now_at)
        case commands.CallNext() | commands.ChangePlan():
            return []
        case _:
            return [_as_it_is(day, command, now_at)]


def _as_it_is(day: Day, command: Command, now_at: datetime) -> Event:
    """How that is which a command asked for, as far as its answer says it."""
    match command:
        case commands.ChangeTicket():
            return _of_ticket(day, command.ticket, now_at)
        case commands.ReportTicket():
            return _of_ticket(day, kiosks.ticket_of(day, command.device, command.number), now_at)
        case commands.ChangeAppointment() | commands.CancelAppointment():
            return NothingChanged(of_appointment=command.appointment)
        case commands.ReportPrinter():
            return NothingChanged(printer=command.state)
        case _:
            return NothingChanged()


def _of_ticket(day: Day, ticket_id: TicketId, now_at: datetime) -> Event:
    ticket = day.ticket(ticket_id)
    if ticket.state is not TicketState.WAITING:
        return NothingChanged(of_ticket=ticket_id)
    ahead, wait = outlook_of(day, ticket, now_at)
    return NothingChanged(of_ticket=ticket_id, ahead=ahead, wait=wait)
