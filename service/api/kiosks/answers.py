"""Answers to kiosks."""

from msgspec import Struct

from service.domain.model import PrinterState
from service.domain.view import OnDate, Stamp, TicketView


class KioskSeen(Struct, frozen=True, kw_only=True):
    """A kiosk; `ticket_url` is where people watch a ticket, with `{ticket}` and `{token}` to fill in."""

    device: str
    name: str
    ticket_url: str
    printer: bool


class NumberLeased(Struct, frozen=True, kw_only=True):
    """A number in stock, with all that a slip says of its ticket."""

    number: str
    code: str
    ticket: str
    token: str


class DoorsOpen(Struct, frozen=True):
    """A span of the day in which numbers may be given out."""

    from_at: Stamp
    until_at: Stamp


class Leased(Struct, frozen=True, kw_only=True):
    """Numbers of the kiosk's own prefix, in the order in which they are to be given out, and when they may be."""

    prefix: str
    items: list[NumberLeased]
    doors: list[DoorsOpen]
    day: OnDate
    seq: int


class Trouble(Struct, frozen=True, kw_only=True):
    """Why a number is not in the queue."""

    code: str
    title: str


class GivenSeen(Struct, frozen=True, kw_only=True):
    """What became of a number: its ticket, or why there is none."""

    number: str
    ticket: TicketView | None
    problem: Trouble | None


class Reported(Struct, frozen=True, kw_only=True):
    """What became of the numbers, in the order of the request."""

    items: list[GivenSeen]
    seq: int


class PaperSeen(Struct, frozen=True, kw_only=True):
    """The kiosk's printer, as staff see it now."""

    device: str
    state: PrinterState
    seq: int
