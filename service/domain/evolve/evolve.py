"""`evolve`: fold an event into a day.

The day is changed in place; copying it for every event would cost more than the indexes save. Evolvers apply no
rules, so an old journal folds to the same day under new rules.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from service.domain import events
from service.domain.command_results import ResultPart
from service.domain.day import Day
from service.domain.events import Record
from service.domain.evolve import appointments, calling, counters, hall, kiosks, serving, tickets, undo
from service.domain.evolve import day as days
from service.domain.evolve.changes import Touched
from service.domain.model import Appointment, Ticket


def evolve(day: Day, record: Record) -> Day:
    """Fold the next event into the day.

    Args:
        day: the day after event `record.seq - 1`; changed in place.
        record: the event and its envelope.

    Returns:
        The same day.
    """
    advance(day, record)
    return day


def advance(day: Day, record: Record) -> ResultPart:
    """Fold the next event into the day, and return it with the ticket, counter and appointment as they are after it."""
    assert record.seq == day.seq + 1, f"event {record.seq} does not follow {day.seq}"
    day.seq = record.seq
    day.at = record.at
    kind = type(record.event)
    if kind in appointments.EVOLVERS:
        appointment = appointments.EVOLVERS[kind](day, record.event, record)
        part = ResultPart(record.seq, record.at, record.event, None, None, appointment)
    elif isinstance(record.event, events.NothingChanged):
        part = ResultPart(record.seq, record.at, record.event, *_as_it_was(day, record.event))
    else:
        ticket, counter = _EVOLVERS[kind](day, record.event, record)
        part = ResultPart(record.seq, record.at, record.event, ticket, counter)
    day.record_result(record, part)
    return part


def _as_it_was(day: Day, event: events.NothingChanged) -> tuple[Ticket | None, None, Appointment | None]:
    """Return the ticket or appointment that the command left unchanged, for its answer; the day is not changed."""
    appointment = None if event.of_appointment is None else day.appointments[event.of_appointment]
    ticket = None if event.of_ticket is None else day.tickets[event.of_ticket]
    if ticket is not None and event.wait is not None:
        ticket = replace(ticket, ahead=event.ahead, wait=event.wait)
    return ticket, None, appointment


_EVOLVERS: dict[type[Any], Callable[[Day, Any, Record], Touched]] = {
    **days.EVOLVERS,
    **hall.EVOLVERS,
    **counters.EVOLVERS,
    **kiosks.EVOLVERS,
    **tickets.EVOLVERS,
    **calling.EVOLVERS,
    **serving.EVOLVERS,
    **undo.EVOLVERS,
}
