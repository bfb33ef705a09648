"""Rights of volunteers: staff actions at counters of an optional stage, and on tickets that are there.

A volunteer who checks papers at an optional stage must be able to open that counter, call, and correct mistakes.
Decisions at the other counters are reserved for staff. The right is checked together with the command, on the same
day, because a ticket may move before the command is carried out.
"""

from service.domain import commands
from service.domain.commands import Command
from service.domain.day import Day
from service.domain.model import PapersThen, StageId, TicketId, TicketState


def is_allowed(day: Day, command: Command) -> bool:
    """Tell whether a volunteer may give this command now.

    Raises:
        CounterNotFound, TicketNotFound: the counter or ticket of the command does not exist.
    """
    stages: tuple[StageId | None, ...]
    match command:
        case commands.CheckPapers(then=PapersThen.STAY):
            return True  # records papers without moving the ticket
        case commands.OpenCounter():
            planned = day.counter(command.counter).stage
            stages = (planned, command.stage or planned)
        case commands.PauseCounter() | commands.CloseCounter() | commands.CallNext():
            stages = (day.counter(command.counter).stage,)
        case commands.CallTicket():
            stages = (day.counter(command.counter).stage, day.ticket(command.ticket).stage)
        case commands.TransferTicket() if (command.service, command.stage, command.counter) != (None, None, None):
            return False  # a volunteer may only return a ticket to the queue
        case (
            commands.RecallTicket()
            | commands.StartTicket()
            | commands.FinishTicket()
            | commands.MarkNoShow()
            | commands.ParkTicket()
            | commands.ResumeTicket()
            | commands.TransferTicket()
            | commands.UndoTicket()
            | commands.CheckPapers()
        ):
            stages = _stages_of(day, command.ticket)
        case _:
            return False
    return all(stage in day.plan.optional_stages for stage in stages)


def _stages_of(day: Day, ticket_id: TicketId) -> tuple[StageId | None, ...]:
    """Return the stage a ticket was called at and the present stage of that counter; `(None,)` for a waiting ticket."""
    ticket = day.ticket(ticket_id)
    if ticket.state is TicketState.WAITING:
        return (None,)
    counter = None if ticket.last_counter is None else day.counters.get(ticket.last_counter)
    return (ticket.stage,) if counter is None else (ticket.stage, counter.stage)
