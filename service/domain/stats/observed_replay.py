"""A day lived again, event by event, for those who count beside the fold."""

from collections.abc import Iterable
from typing import Protocol

from service.domain.day import Day
from service.domain.events import Record
from service.domain.evolve.evolve import advance
from service.domain.model import Ticket, TicketId

_NONE = TicketId("")


class DayObserver(Protocol):
    """Counts beside the fold: sees the day before each event, and after it."""

    def before(self, record: Record) -> None:
        """See the day as it was when an event came."""

    def after(self, record: Record, ticket: Ticket | None) -> None:
        """See the day with the event; `ticket` is the one it is about, as that was before."""


def ticket_in(day: Day, record: Record) -> Ticket | None:
    """The ticket that an event is about, as it is on the day now."""
    return day.tickets.get(getattr(record.event, "ticket", None) or _NONE)


def replay_with_observers(day: Day, records: Iterable[Record], *watching: DayObserver) -> None:
    """Fold the next events of a day, in order, once for all who watch."""
    for record in records:
        ticket = ticket_in(day, record)
        for one in watching:
            one.before(record)
        advance(day, record)
        for one in watching:
            one.after(record, ticket)
