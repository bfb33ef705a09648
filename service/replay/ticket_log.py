"""What the replay was answered about each ticket. The checks compare this with everything else the server shows."""

from collections.abc import Callable

from msgspec import Struct

from service.domain.model import TicketState
from service.replay.answers import TicketSeen
from service.replay.schedule import Entry
from service.replay.trace import Visit


class Call(Struct):
    """A call of a ticket; `end_seq` is the seq of the answer that ended the person's time at the counter."""

    counter: str
    seq: int
    ticket: TicketSeen
    end_seq: int | None = None


class TicketLog(Struct):
    """The answers about a ticket: `issued` as it was taken, then its calls and its end.

    `visit` is None for a ticket that somebody outside the replay took. `issued_s` is the second of the trace of its
    issue, `service_s` how long serving it takes. `give_up_entry` is on the schedule while the person's patience can
    end.
    """

    issued: TicketSeen
    visit: Visit | None
    issued_s: float
    service_s: float
    state: TicketState = TicketState.WAITING
    calls: list[Call] = []
    left_seq: int | None = None
    give_up_entry: Entry | None = None

    @property
    def wait_s(self) -> float | None:
        """The seconds from issue to call by the server's clock; None if not called."""
        if not self.calls or self.calls[0].ticket.called_at is None:
            return None
        return (self.calls[0].ticket.called_at - self.issued.issued_at).total_seconds()


OnVisitEnd = Callable[[TicketLog], None]
"""Called when a visit has ended."""
