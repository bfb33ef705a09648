"""Decide about a visit at a counter: start, finish, transfer, release and papers.

Source: CONTRACT 4 and 5.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from service.domain import commands, events
from service.domain.calendar.plan import DUE_AFTER_DAYS, DUE_AFTER_DAYS_MAX, Plan
from service.domain.commands import Finish
from service.domain.day import Day
from service.domain.decide.preconditions import require_paper_codes, require_state
from service.domain.events import Event
from service.domain.model import Outcome, PapersThen, ServiceId, StageId, Ticket, TicketState
from service.domain.queue.waits import outlook_of
from service.domain.refusals import BodyInvalid, OnlineOnly


def start_ticket(day: Day, command: commands.StartTicket, _now_at: datetime) -> list[Event]:
    """Record that the person has arrived at the counter. Raises WrongState."""
    ticket = day.ticket(command.ticket)
    require_state(ticket, TicketState.CALLED)
    return [events.TicketStarted(ticket=ticket.id)]


def finish_ticket(day: Day, command: commands.FinishTicket, now_at: datetime) -> list[Event]:
    """Finish the visit, or its current stage. Raises WrongState, BodyInvalid."""
    ticket = day.ticket(command.ticket)
    return [finish_visit(day, ticket, command.finish, now_at)[0]]


def transfer_ticket(day: Day, command: commands.TransferTicket, now_at: datetime) -> list[Event]:
    """Move a ticket at a counter to another service, stage or counter, or back into the queue. It keeps its queue time.

    Raises:
        WrongState: the ticket is not at a counter.
        ServiceNotFound, CounterNotFound: the target does not exist today.
        OnlineOnly: the target service is done online.
        BodyInvalid: the stage does not belong to the service, or the counter does not serve it.
    """
    ticket = day.ticket(command.ticket)
    require_state(ticket, TicketState.CALLED, TicketState.SERVING)
    service = ticket.service if command.service is None else day.service(command.service).id
    stages = day.plan.services[service].stages
    if command.service is not None and (url := day.plan.services[service].online_url) is not None:
        raise OnlineOnly(url)
    stage = command.stage
    if command.counter is not None:
        target = day.counter(command.counter)
        if service not in target.services:
            raise BodyInvalid(("counter", "does not serve this service"))
        stage = stage or target.stage
        if stage != target.stage:
            raise BodyInvalid(("counter", "is not of this stage"))
    if stage is None:
        stage = ticket.stage if ticket.stage in stages or service == ticket.service else stages[0]
    elif stage not in stages:
        raise BodyInvalid(("stage", "is not a stage of this service"))
    return [release_ticket(day, replace(ticket, service=service, stage=stage, for_counter=command.counter), now_at)]


def check_papers(day: Day, command: commands.CheckPapers, now_at: datetime) -> list[Event]:
    """Record which papers are missing, then keep, advance or park the ticket.

    A ticket that is advanced with papers missing goes on, but is not prechecked.

    Raises:
        WrongState: the visit is over; to advance, the ticket is not at a counter; to park, it is already parked.
        BodyInvalid: a paper is unknown; to advance, the stage is the last one.
    """
    ticket = day.ticket(command.ticket)
    require_state(ticket, *_STATES_FOR_PAPERS[command.then])
    require_paper_codes(day.plan, ticket, command.missing)
    stages = day.plan.services[ticket.service].stages
    if command.then is PapersThen.ADVANCE and ticket.stage not in stages[:-1]:
        raise BodyInvalid(("then", "this is the last stage"))
    now = replace(ticket, papers=command.missing, missing=command.missing, prechecked=not command.missing)
    checked = events.PapersChecked(ticket=ticket.id, missing=command.missing)
    match command.then:
        case PapersThen.PARK:
            return [checked, events.TicketParked(ticket=ticket.id)]
        case PapersThen.ADVANCE:
            return [checked, finish_visit(day, now, Finish(Outcome.DONE), now_at)[0]]
        case PapersThen.STAY if ticket.state is TicketState.WAITING:
            ahead, wait = outlook_of(day, now, now_at)
            return [replace(checked, ahead=ahead, wait=wait)]
        case _:
            return [checked]


_STATES_FOR_PAPERS: dict[PapersThen, tuple[TicketState, ...]] = {
    PapersThen.STAY: (TicketState.WAITING, TicketState.CALLED, TicketState.SERVING, TicketState.PARKED),
    PapersThen.ADVANCE: (TicketState.CALLED, TicketState.SERVING),
    PapersThen.PARK: (TicketState.WAITING, TicketState.CALLED, TicketState.SERVING),
}


def finish_visit(day: Day, ticket: Ticket, finish: Finish, now_at: datetime) -> tuple[Event, Ticket | None]:
    """Finish the visit or its stage.

    Returns:
        The event, and the ticket as it waits for its next stage or service; None if the visit is over.
    """
    require_state(ticket, TicketState.CALLED, TicketState.SERVING)
    plan = day.plan
    if finish.outcome is not Outcome.CONDITIONAL and (finish.missing or finish.due_on):
        raise BodyInvalid(("outcome", "missing papers and a due date belong to conditional"))
    require_paper_codes(plan, ticket, finish.missing)
    if finish.due_on is not None and finish.due_on < day.on:
        raise BodyInvalid(("due_on", "is in the past"))
    if finish.due_on is not None and finish.due_on > day.on + timedelta(days=DUE_AFTER_DAYS_MAX):
        raise BodyInvalid(("due_on", f"is more than {DUE_AFTER_DAYS_MAX} days ahead"))
    following = next_step(plan, ticket) if finish.outcome is Outcome.DONE else None
    if following is None:
        due_on = finish.due_on
        if finish.outcome is Outcome.CONDITIONAL and due_on is None:
            due_on = day.on + timedelta(days=DUE_AFTER_DAYS)
        return (
            events.TicketFinished(ticket=ticket.id, outcome=finish.outcome, missing=finish.missing, due_on=due_on),
            None,
        )
    service, stage, then = following
    moved = replace(
        ticket,
        service=service,
        stage=stage,
        then=then,
        prechecked=ticket.prechecked and service == ticket.service,
        state=TicketState.WAITING,
        for_counter=None,
    )
    ahead, wait = outlook_of(day, moved, now_at)
    return (
        events.TicketAdvanced(
            ticket=ticket.id,
            service=service,
            stage=stage,
            then=then,
            unchecked=ticket.prechecked and not moved.prechecked,
            ahead=ahead,
            wait=wait,
        ),
        moved,
    )


def next_step(plan: Plan, ticket: Ticket) -> tuple[ServiceId, StageId, tuple[ServiceId, ...]] | None:
    """Find the next stage of a visit, or else its next service; None after the last."""
    stages = plan.services[ticket.service].stages
    if ticket.stage in stages and ticket.stage != stages[-1]:
        return ticket.service, stages[stages.index(ticket.stage) + 1], ticket.then
    for position, name in enumerate(ticket.then):
        service = plan.services.get(name)
        if service is not None:
            return name, service.stages[0], ticket.then[position + 1 :]
    return None


def release_ticket(day: Day, moved: Ticket, now_at: datetime, *, forgotten: bool = False) -> Event:
    """Return a ticket at a counter to the queue; `moved` is the ticket with its new service, stage and counter."""
    unchecked = moved.prechecked and moved.service != day.ticket(moved.id).service
    moved = replace(moved, state=TicketState.WAITING, prechecked=moved.prechecked and not unchecked)
    ahead, wait = outlook_of(day, moved, now_at)
    return events.TicketReleased(
        ticket=moved.id,
        service=moved.service,
        stage=moved.stage,
        counter=moved.for_counter,
        unchecked=unchecked,
        forgotten=forgotten,
        ahead=ahead,
        wait=wait,
    )
