"""Decide who is called: call, recall, no-show, and the sweeps for no-shows and long waits.

Source: CONTRACT 4 and 5; DESIGN 6, "Next call: credit".
"""

from datetime import datetime

from msgspec.structs import replace

from service.domain import commands, events
from service.domain.admission.door import refuse_if_suspended
from service.domain.admission.walk_ins import day_with_event
from service.domain.day import Day
from service.domain.decide.preconditions import refuse_calls, require_free_counter, require_reason_code, require_state
from service.domain.decide.serving import finish_visit
from service.domain.events import Event
from service.domain.model import CounterState, Ticket, TicketState
from service.domain.queue import dispatch
from service.domain.queue.waits import outlook_of
from service.domain.refusals import BodyInvalid, CounterBusy

AUTO_RECALL_AFTER_S = 60

AUTO_NO_SHOW_AFTER_S = 240

AUTO_CALLS_MAX = 4
"""The first call, and recalls after 60, 120 and 180 s."""


def sweep_long_waits(day: Day, _command: commands.SweepLongWaits, now_at: datetime) -> list[Event]:
    """Raise the walk-ins that have waited longer than the hall allows."""
    raised, _, _ = _raise_long_waits(day, now_at)
    return raised


def recall_ticket(day: Day, command: commands.RecallTicket, now_at: datetime) -> list[Event]:
    """Call the number again. Raises WrongState, HallSuspended."""
    ticket = day.ticket(command.ticket)
    require_state(ticket, TicketState.CALLED)
    refuse_if_suspended(day, now_at)
    return [events.TicketRecalled(ticket=ticket.id)]


def mark_no_show(day: Day, command: commands.MarkNoShow, _now_at: datetime) -> list[Event]:
    """Record that the called person did not come. Raises WrongState."""
    ticket = day.ticket(command.ticket)
    require_state(ticket, TicketState.CALLED)
    return [events.TicketNoShow(ticket=ticket.id)]


def call_next(day: Day, command: commands.CallNext, now_at: datetime) -> list[Event]:
    """Call the ticket with the earliest queue time among those this counter serves.

    If `finish` is set and a person is at the counter, their visit is finished first.

    Returns:
        The finish, if any; then a `TicketRaised` for each walk-in that has waited too long; then one `TicketCalled`
        with the reason. If no ticket can be called, only the finish.

    Raises:
        CounterClosed: the counter is not open.
        CounterBusy: the counter has a person, or one other than `present`.
        HallSuspended, HallClosed: no calls are made now.

    Source: DESIGN 6, "Next call: credit".
    """
    counter = day.counter(command.counter)
    refuse_calls(day, now_at)
    decided: list[Event] = []
    moved: Ticket | None = None
    if counter.ticket is not None and command.present not in {None, counter.ticket}:
        raise CounterBusy(counter.ticket)
    if counter.ticket is not None and command.finish is not None and counter.state is CounterState.OPEN:
        event, moved = finish_visit(day, day.ticket(counter.ticket), command.finish, now_at)
        decided.append(event)
    else:
        require_free_counter(counter)
    raised, after, moved = _raise_long_waits(day, now_at, moved)
    found = dispatch.choose_next(after, counter, moved)
    if found is not None:
        ticket, reason = found
        decided += raised
        decided.append(events.TicketCalled(ticket=ticket.id, counter=counter.id, stage=counter.stage, reason=reason))
    return decided


def call_ticket(day: Day, command: commands.CallTicket, now_at: datetime) -> list[Event]:
    """Call a given ticket, out of order.

    Raises:
        CounterClosed, CounterBusy: the counter cannot take a person.
        WrongState: the ticket is not waiting.
        BodyInvalid: the reason code is unknown, or the ticket's service does not have the counter's stage.
        HallSuspended, HallClosed: no calls are made now.
    """
    counter = day.counter(command.counter)
    ticket = day.ticket(command.ticket)
    require_reason_code(day.plan, command.reason)
    refuse_calls(day, now_at)
    require_free_counter(counter)
    require_state(ticket, TicketState.WAITING)
    if counter.stage not in day.plan.services[ticket.service].stages:
        raise BodyInvalid(("ticket", "this counter's stage is no part of its service"))
    before = dispatch.count_ahead(day, ticket)
    reason = dispatch.call_reason(day.plan, ticket, ahead_of=before, code=command.reason)
    return [events.TicketCalled(ticket=ticket.id, counter=counter.id, stage=counter.stage, reason=reason)]


def sweep_no_shows(day: Day, _command: commands.SweepNoShows, now_at: datetime) -> list[Event]:
    """Recall called tickets after 60, 120 and 180 s, and mark them as no-shows after 240 s.

    Suspended time does not count. Does nothing unless the hall's rules set `auto_no_show`.
    """
    if not day.plan.rules.auto_no_show or day.suspended_at(now_at):
        return []
    decided: list[Event] = []
    for counter in day.counters.values():
        ticket = day.tickets[counter.ticket] if counter.ticket is not None else None
        if ticket is None or ticket.state is not TicketState.CALLED or ticket.called_at is None:
            continue
        called_s = day.unsuspended_s(ticket.called_at, now_at)
        if called_s >= AUTO_NO_SHOW_AFTER_S:
            decided.append(events.TicketNoShow(ticket=ticket.id))
        elif ticket.calls < AUTO_CALLS_MAX and called_s >= AUTO_RECALL_AFTER_S * ticket.calls:
            decided.append(events.TicketRecalled(ticket=ticket.id))
    return decided


def _raise_long_waits(
    day: Day, now_at: datetime, moved: Ticket | None = None
) -> tuple[list[Event], Day, Ticket | None]:
    """Raise the walk-ins that have waited too long.

    `moved` is a ticket that the same command returns to the queue; it is included.

    Returns:
        The events, the day after them (the same object if there are none), and `moved` as it is then.
    """
    raised: list[Event] = []
    after = day
    for ticket in list(dispatch.overdue_walk_ins(day, now_at, moved)):
        queue_at = dispatch.queue_time(
            day.plan, ticket.class_, ticket.reference_at, ticket.floor_at, ticket.late_from_at, raised=True
        )
        up = replace(ticket, queue_at=queue_at, raised=True)
        ahead, wait = outlook_of(after, up, now_at)
        event = events.TicketRaised(ticket=ticket.id, ahead=ahead, wait=wait)
        raised.append(event)
        if moved is ticket:
            moved = up
        else:
            after = day_with_event(day, after, event, now_at)
    return raised, after, moved
