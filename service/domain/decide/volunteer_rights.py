"""What volunteers may do: staff's acts, at counters of an optional stage, and with the tickets that are there.

A person who checks papers before the counters proper works alone there, and must be able to open, to call again, and to
put right what went wrong. What a counter decides stays with staff. Where a ticket is may change until the command is
carried out, so this is judged with it, on the same day.
"""

from service.domain import commands
from service.domain.commands import Command
from service.domain.day import Day
from service.domain.model import PapersThen, StageId, TicketId, TicketState


def may(day: Day, command: Command) -> bool:
    """Tell whether a volunteer may have this done now.

    Raises:
        CounterNotFound, TicketNotFound: it is about no such thing.
    """
    stages: tuple[StageId | None, ...]
    match command:
        case commands.CheckPapers(then=PapersThen.STAY):
            return True  # noted along the line, and nobody is moved
        case commands.OpenCounter():
            planned = day.counter(command.counter).stage
            stages = (planned, command.stage or planned)
        case commands.PauseCounter() | commands.CloseCounter() | commands.CallNext():
            stages = (day.counter(command.counter).stage,)
        case commands.CallTicket():
            stages = (day.counter(command.counter).stage, day.ticket(command.ticket).stage)
        case commands.TransferTicket() if (command.service, command.stage, command.counter) != (None, None, None):
            return False  # only put back
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
    """Where a ticket was called to, and what its counter is now for; in the line it is at no counter."""
    ticket = day.ticket(ticket_id)
    if ticket.state is TicketState.WAITING:
        return (None,)
    counter = None if ticket.last_counter is None else day.counters.get(ticket.last_counter)
    return (ticket.stage,) if counter is None else (ticket.stage, counter.stage)
