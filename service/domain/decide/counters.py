"""Decide about counters: open, pause and close.

Source: CONTRACT 5.
"""

from datetime import datetime

from service.domain import commands, events
from service.domain.day import Day
from service.domain.decide.preconditions import require_reason_code
from service.domain.decide.serving import release_ticket
from service.domain.events import Event
from service.domain.model import Counter, CounterState, TicketId
from service.domain.refusals import BodyInvalid, CounterBusy, CounterNotFound, WrongState


def open_counter(day: Day, command: commands.OpenCounter, _now_at: datetime) -> list[Event]:
    """Open a counter, or end its break.

    Raises:
        CounterNotFound, ServiceNotFound: the counter or a service does not exist today.
        WrongState: the counter is open.
        BodyInvalid: the hall has no such stage.
    """
    counter = day.counter(command.counter)
    planned = day.plan.counters[counter.id]
    if not planned.offered:
        raise CounterNotFound
    if counter.state is CounterState.OPEN:
        raise WrongState(counter.state)
    paused = counter.state is CounterState.PAUSED
    services = command.services or (counter.services if paused else planned.services)
    for name in command.services or ():
        day.service(name)
    stage = command.stage or (counter.stage if paused else planned.stage)
    if stage not in day.plan.names.stages:
        raise BodyInvalid(("stage", "the hall has no such stage"))
    return [events.CounterOpened(counter=counter.id, services=services, stage=stage)]


def pause_counter(day: Day, command: commands.PauseCounter, now_at: datetime) -> list[Event]:
    """Start a break.

    Raises:
        CounterBusy: the counter has a person who is not to be released, or is not `present`.
        WrongState: the counter is not open, or `present` is given and the counter is empty.
        BodyInvalid: the reason code is unknown, or the end is in the past.
    """
    counter = day.counter(command.counter)
    if counter.state is not CounterState.OPEN:
        raise WrongState(counter.state)
    if command.reason is not None:
        require_reason_code(day.plan, command.reason)
    if command.until_at is not None and command.until_at <= now_at:
        raise BodyInvalid(("until_at", "is in the past"))
    paused = events.CounterPaused(counter=counter.id, reason=command.reason, until_at=command.until_at)
    return [*vacate_counter(day, counter, now_at, release=command.release, present=command.present), paused]


def close_counter(day: Day, command: commands.CloseCounter, now_at: datetime) -> list[Event]:
    """Close a counter.

    Raises:
        CounterBusy: the counter has a person who is not to be released, or is not `present`.
        WrongState: the counter is closed, or `present` is given and the counter is empty.
    """
    counter = day.counter(command.counter)
    if counter.state is CounterState.CLOSED:
        raise WrongState(counter.state)
    closed = events.CounterClosed(counter=counter.id)
    return [*vacate_counter(day, counter, now_at, release=command.release, present=command.present), closed]


def vacate_counter(
    day: Day, counter: Counter, now_at: datetime, *, release: bool, present: TicketId | None
) -> list[Event]:
    """Release the person at a counter.

    Raises:
        CounterBusy: `release` is not set, or the person is not `present`.
        WrongState: `present` is given and the counter is empty.
    """
    if counter.ticket is None:
        if present is not None:
            raise WrongState(counter.state)
        return []
    if not release or present not in {None, counter.ticket}:
        raise CounterBusy(counter.ticket)
    return [release_ticket(day, day.ticket(counter.ticket), now_at)]
