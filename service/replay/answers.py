"""What the server answers, as far as a replay looks at it. Other fields are read past: this is a client."""

from datetime import datetime

from msgspec import Struct


class ProblemSeen(Struct, frozen=True):
    """Why something was refused."""

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
    """Who was called, if anybody; no `seq` when nothing happened."""

    ticket: TicketSeen | None = None
    seq: int | None = None


class CounterSeen(Struct, frozen=True):
    """A counter."""

    id: str
    state: str
    seq: int


class QueueSeen(Struct, frozen=True):
    """All tickets that are not over."""

    called: list[TicketSeen]
    waiting: list[TicketSeen]
    standby: list[TicketSeen]
    parked: list[TicketSeen]
    seq: int

    @property
    def everybody(self) -> list[TicketSeen]:
        """All of them."""
        return [*self.called, *self.waiting, *self.standby, *self.parked]


class CallSeen(Struct, frozen=True):
    """A number on the board."""

    number: str
    counter: str


class LineSeen(Struct, frozen=True):
    """How many wait for a service."""

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
    waiting: list[LineSeen] = []
    counters: list[CounterState] = []


class HappeningSeen(Struct, frozen=True):
    """An event of a ticket."""

    seq: int
    kind: str
    data: dict[str, object] = {}


class HistorySeen(Struct, frozen=True):
    """What happened to a ticket, in order; without a cursor it is the last page."""

    items: list[HappeningSeen]
    next_cursor: str | None = None
