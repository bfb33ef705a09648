"""Results of commands, made from their events alone: each process answers a repeated command alike."""

from datetime import datetime

from msgspec import Struct

from service.domain.events import Event, TicketAdmitted
from service.domain.model import Appointment, Counter, Ticket


class ResultPart(Struct, frozen=True, gc=False):
    """One event of a command, with the ticket, counter and appointment as they were after it."""

    seq: int
    at: datetime
    event: Event
    ticket: Ticket | None
    counter: Counter | None
    appointment: Appointment | None = None


class CommandResult(Struct, frozen=True, gc=False):
    """The events of a command with an idempotency key, in order; `fingerprint` identifies the request."""

    fingerprint: bytes | None
    parts: tuple[ResultPart, ...]

    @property
    def seq(self) -> int:
        """The day's `seq` after the command."""
        return self.parts[-1].seq

    @property
    def last(self) -> ResultPart:
        """The last event that the command itself caused, without tickets that were admitted from standby after it."""
        last = self.parts[-1]
        if not isinstance(last.event, TicketAdmitted):
            return last
        return next(part for part in reversed(self.parts) if not isinstance(part.event, TicketAdmitted))
