"""Response bodies of counters and the queue."""

from datetime import date

from msgspec import Struct

from service.domain.model import PrinterState
from service.domain.view import ReasonView, Stamp, TicketView


class NextCalled(Struct, frozen=True):
    """The called ticket and the reason. Both are null if the present ticket was finished and no ticket waits."""

    ticket: TicketView | None
    reason: ReasonView | None
    seq: int


class AlarmSeen(Struct, frozen=True, kw_only=True):
    """A call for help. `counter` is the counter, or `kiosk` the name of the kiosk, from which it comes."""

    id: str
    counter: str | None
    kiosk: str | None
    at: Stamp


class PrinterSeen(Struct, frozen=True, kw_only=True):
    """The printer of a kiosk. `low` and `out` are about paper; `away` means no answer, or unable to print."""

    device: str
    name: str
    state: PrinterState
    at: Stamp


class Queue(Struct, frozen=True, kw_only=True):
    """All unfinished tickets, open alarms, and printers that need attention.

    `waiting` is in the order of calls, `alarms` from the oldest on. `calls_from_at` is the time from which tickets are
    called today; null if the day is closed or the hall does not open today.
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
