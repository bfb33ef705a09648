"""The fields of the server's answers that a replay reads. Other fields are ignored, because the replay is a client."""

from datetime import datetime

from msgspec import Struct


class ProblemSeen(Struct, frozen=True):
    """A problem document."""

    code: str = ""
    title: str = ""
    state: str | None = None


class TicketSeen(Struct, frozen=True, kw_only=True):
    """A ticket."""

    id: str
    code: str
    number: str
    day: str
    service: str
    state: str
    counter: str | None
    calls: int
    issued_at: datetime
    called_at: datetime | None
    outcome: str | None
    seq: int
    token: str | None = None


class NextSeen(Struct, frozen=True):
    """The answer to a call of the next person: no ticket if nobody was called, no `seq` if there was no event."""

    ticket: TicketSeen | None = None
    seq: int | None = None


class CounterSeen(Struct, frozen=True):
    """A counter."""

    id: str
    state: str
    seq: int


class QueueSeen(Struct, frozen=True):
    """All tickets that have not ended."""

    called: list[TicketSeen]
    waiting: list[TicketSeen]
    standby: list[TicketSeen]
    parked: list[TicketSeen]
    seq: int

    @property
    def tickets(self) -> list[TicketSeen]:
        """The tickets of all states."""
        return [*self.called, *self.waiting, *self.standby, *self.parked]


class CallSeen(Struct, frozen=True):
    """A called number on the board."""

    number: str
    counter: str


class QueueLengthSeen(Struct, frozen=True):
    """The number of people who wait for a service, on the board."""

    service: str
    count: int


class CounterState(Struct, frozen=True):
    """A counter on the board."""

    id: str
    state: str


class BoardSeen(Struct, frozen=True):
    """A board; other frames of the socket have another `type`."""

    seq: int
    type: str = "board"
    called: list[CallSeen] = []
    waiting: list[QueueLengthSeen] = []
    counters: list[CounterState] = []


class EventSeen(Struct, frozen=True):
    """An event of a ticket."""

    seq: int
    kind: str
    data: dict[str, object] = {}


class HistorySeen(Struct, frozen=True):
    """A page of a ticket's events, in order; the last page has no cursor."""

    items: list[EventSeen]
    next_cursor: str | None = None
