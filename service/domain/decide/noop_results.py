"""Idempotency records for commands that produced no events.

A repeated request is recognised by the events of its command. A command that changes nothing has none, so a
repetition would be decided again, possibly with another result. The event `NothingChanged` therefore stores the key
and the answer. It changes no value of the day; screens, messages, reports and histories ignore it.

No record is kept for an empty `next`, which is decided again (CONTRACT 1), or for a hall document, which stores its
key itself.
"""

from datetime import datetime

from service.domain import commands
from service.domain.commands import Command
from service.domain.day import Day
from service.domain.decide import kiosks
from service.domain.events import Event, NothingChanged
from service.domain.model import TicketId, TicketState
from service.domain.queue.waits import outlook_of


def noop_result(day: Day, command: Command, now_at: datetime) -> list[Event]:
    """Return the event that records the key of a command without effect; no event for commands that keep no key."""
    match command:
        case commands.AtOptionalStage():
            return noop_result(day, command.command, now_at)
        case commands.CallNext() | commands.ChangePlan():
            return []
        case _:
            return [_noop_result(day, command, now_at)]


def _noop_result(day: Day, command: Command, now_at: datetime) -> Event:
    """Build the record with the ticket, appointment or printer state that the command's answer contains."""
    match command:
        case commands.ChangeTicket():
            return _ticket_result(day, command.ticket, now_at)
        case commands.ReportTicket():
            return _ticket_result(day, kiosks.leased_ticket(day, command.device, command.number), now_at)
        case commands.ChangeAppointment() | commands.CancelAppointment():
            return NothingChanged(of_appointment=command.appointment)
        case commands.ReportPrinter():
            return NothingChanged(printer=command.state)
        case _:
            return NothingChanged()


def _ticket_result(day: Day, ticket_id: TicketId, now_at: datetime) -> Event:
    ticket = day.ticket(ticket_id)
    if ticket.state is not TicketState.WAITING:
        return NothingChanged(of_ticket=ticket_id)
    ahead, wait = outlook_of(day, ticket, now_at)
    return NothingChanged(of_ticket=ticket_id, ahead=ahead, wait=wait)
