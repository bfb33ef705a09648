"""Response bodies of kiosks."""

from msgspec import Struct

from service.domain.model import PrinterState
from service.domain.view import OnDate, Stamp, TicketView


class KioskSeen(Struct, frozen=True, kw_only=True):
    """A kiosk. `ticket_url` is the URL of the ticket page, with the placeholders `{ticket}` and `{token}`."""

    device: str
    name: str
    ticket_url: str
    printer: bool


class NumberLeased(Struct, frozen=True, kw_only=True):
    """A leased number, with the data that its slip needs."""

    number: str
    code: str
    ticket: str
    token: str


class DoorsOpen(Struct, frozen=True):
    """A span of the day in which numbers may be issued."""

    from_at: Stamp
    until_at: Stamp


class Leased(Struct, frozen=True, kw_only=True):
    """Leased numbers, in the order in which to issue them, and the times at which they may be issued."""

    prefix: str
    items: list[NumberLeased]
    doors: list[DoorsOpen]
    day: OnDate
    seq: int


class Trouble(Struct, frozen=True, kw_only=True):
    """The reason why a number did not become a ticket: a problem's code and title."""

    code: str
    title: str


class GivenSeen(Struct, frozen=True, kw_only=True):
    """The result for a reported number: its ticket, or the problem."""

    number: str
    ticket: TicketView | None
    problem: Trouble | None


class Reported(Struct, frozen=True, kw_only=True):
    """The results for the reported numbers, in the order of the request."""

    items: list[GivenSeen]
    seq: int


class PaperSeen(Struct, frozen=True, kw_only=True):
    """The recorded state of the kiosk's printer."""

    device: str
    state: PrinterState
    seq: int
