"""Lines of waiting tickets: all tickets in a line are of one kind, sorted by the order of calls.

The position of a ticket and the work ahead of it cost one bisection per line, however many tickets wait.
"""

from datetime import datetime
from typing import NamedTuple

from sortedcontainers import SortedList

from service.domain.model import CounterId, ServiceId, StageId, Ticket, TicketId


class Place(NamedTuple):
    """Sort key of a ticket in the order of calls: queue time, then check-in time, then number of issue."""

    queue_at: datetime
    issued_at: datetime
    n: int
    ticket: TicketId


def place_of(ticket: Ticket) -> Place:
    """Return the place of a waiting ticket in the order of calls."""
    return Place(ticket.queue_at, ticket.issued_at, ticket.n, ticket.id)


class LineKey(NamedTuple):
    """The properties that all tickets of a line share. `counter` is set if they wait for that counter only."""

    stage: StageId
    service: ServiceId
    counter: CounterId | None
    people: int
    prechecked: bool


def line_key_of(ticket: Ticket) -> LineKey:
    """Return the key of the line that a waiting ticket belongs to."""
    return LineKey(ticket.stage, ticket.service, ticket.for_counter, ticket.count, ticket.prechecked)


class Line:
    """Waiting tickets of one kind, in the order of calls.

    `mean_s` and `variance` (seconds squared) describe the expected service time of one ticket at the stage whose
    counters may call it now.
    """

    __slots__ = ("key", "mean_s", "places", "variance")

    def __init__(self, key: LineKey, mean_s: float, variance: float) -> None:
        self.key = key
        self.mean_s = mean_s
        self.variance = variance
        self.places: SortedList[Place] = SortedList()

    def copy(self) -> "Line":
        """Return an independent line with the same tickets."""
        other = Line(self.key, self.mean_s, self.variance)
        other.places = SortedList(self.places)
        return other
