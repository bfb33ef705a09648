"""Answers about counters and the queue."""

from datetime import date

from msgspec import Struct

from service.domain.model import PrinterState
from service.domain.view import ReasonView, Stamp, TicketView


class NextCalled(Struct, frozen=True):
    """Who was called and why; both null when the present person was finished and nobody waits."""

    ticket: TicketView | None
    reason: ReasonView | None
    seq: int


class AlarmSeen(Struct, frozen=True, kw_only=True):
    """A call for help; `counter` is null when it comes from no counter, `kiosk` the name of one it comes from."""

    id: str
    counter: str | None
    kiosk: str | None
    at: Stamp


class PrinterSeen(Struct, frozen=True, kw_only=True):
    """The printer of a kiosk: ok, low (on paper), out (of paper), away (it does not answer, or cannot print)."""

    device: str
    name: str
    state: PrinterState
    at: Stamp


class Queue(Struct, frozen=True, kw_only=True):
    """All tickets that are not over, `waiting` in the order of calls.

    And who calls for help, the oldest first, and the printers that want somebody. `calls_from_at` is from when people
    are called today; null when nobody is any more.
    """

    called: list[TicketView]
    waiting: list[TicketView]
    standby: list[TicketView]
    parked: list[TicketView]
    alarms: list[AlarmSeen]
    printers: list[PrinterSeen]
    calls_from_at: Stamp | None
    day: date
    seq: int
