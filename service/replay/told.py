"""What the replay was told about each ticket: its side of the story, which the checks compare with all others."""

from collections.abc import Callable

from msgspec import Struct

from service.domain.model import TicketState
from service.replay.agenda import Due
from service.replay.answers import TicketSeen
from service.replay.trace import Visit


class Call(Struct):
    """A call of a ticket; `over_seq` is the seq of the answer that ended the person's time at the counter."""

    counter: str
    seq: int
    ticket: TicketSeen
    over_seq: int | None = None


class Told(Struct):
    """A ticket: as it was taken, and what was answered about it since. `service_s` is how long serving it takes.

    `visit` is None for a ticket that somebody else took; `gives_up` is on the agenda while patience can end.
    """

    taken: TicketSeen
    visit: Visit | None
    since_s: float
    service_s: float
    state: TicketState = TicketState.WAITING
    calls: list[Call] = []
    left_seq: int | None = None
    gives_up: Due | None = None

    @property
    def wait_s(self) -> float | None:
        """Seconds from the number to the call by the server's clock; None when not called."""
        if not self.calls or self.calls[0].ticket.called_at is None:
            return None
        return (self.calls[0].ticket.called_at - self.taken.issued_at).total_seconds()


OnOver = Callable[[Told], None]
"""Who hears that a visit is over."""
