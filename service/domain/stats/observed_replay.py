"""Replay the events of a day once for several observers."""

from collections.abc import Iterable
from typing import Protocol

from service.domain.day import Day
from service.domain.events import Record
from service.domain.evolve.evolve import advance
from service.domain.model import Ticket, TicketId

_NO_TICKET = TicketId("")


class DayObserver(Protocol):
    """Collects data during a replay. It sees the day before and after each event."""

    def before_event(self, record: Record) -> None:
        """Observe the day before an event is applied."""

    def after_event(self, record: Record, ticket: Ticket | None) -> None:
        """Observe the day after the event; `ticket` is the ticket of the event as it was before."""


def ticket_in(day: Day, record: Record) -> Ticket | None:
    """Return the ticket that an event is about, as it is on the day now."""
    return day.tickets.get(getattr(record.event, "ticket", None) or _NO_TICKET)


def replay_with_observers(day: Day, records: Iterable[Record], *observers: DayObserver) -> None:
    """Apply the next events of a day, in order, and call all observers for each of them."""
    for record in records:
        ticket = ticket_in(day, record)
        for observer in observers:
            observer.before_event(record)
        advance(day, record)
        for observer in observers:
            observer.after_event(record, ticket)
