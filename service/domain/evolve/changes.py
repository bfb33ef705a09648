"""Changes of tickets and counters that the evolvers of several subjects make."""

from typing import Any

from msgspec.structs import replace

from service.domain.day import Day
from service.domain.events import Record
from service.domain.model import Counter, CounterId, Ticket, TicketId, TicketState

Touched = tuple[Ticket | None, Counter | None]
"""The ticket and the counter that an event changed, as they are after it."""

WAITING_AGAIN: dict[str, Any] = {
    "state": TicketState.WAITING,
    "counter": None,
    "for_counter": None,
    "calls": 0,
    "called_at": None,
    "recalled_at": None,
    "started_at": None,
    "no_show_at": None,
    "reason": None,
    "promise": None,
}
"""Fields of a ticket that returns to the queue from a counter, from parking or from a no-show."""


def change_ticket(day: Day, record: Record, ticket_id: TicketId, **changes: Any) -> Ticket:  # noqa: ANN401  (fields of Ticket)
    """Store a ticket with changed fields and the event's seq, and return it."""
    ticket = replace(day.tickets[ticket_id], seq=record.seq, **changes)
    day.store_ticket(ticket)
    return ticket


def change_counter(day: Day, record: Record, counter_id: CounterId, **changes: Any) -> Counter:  # noqa: ANN401  (fields of Counter)
    """Store a counter with changed fields and the event's seq, and return it."""
    counter = replace(day.counters[counter_id], seq=record.seq, **changes)
    day.store_counter(counter)
    return counter


def free_counter(day: Day, record: Record, ticket_id: TicketId) -> Counter | None:
    """Take a ticket off its counter. Return the free counter, or None if the ticket was at no counter."""
    counter_id = day.tickets[ticket_id].counter
    return None if counter_id is None else change_counter(day, record, counter_id, ticket=None)
