"""Talking to network printers: how one is, and what it shall print.

Nothing here raises for what a printer does or does not do: the answer is how it is. One that is out of paper, or does
not print for another reason (its cover is open, its cutter jammed), is not sent a slip, which it would keep and print
when somebody has seen to it, hours later. Each printer is one conversation at a time, also where it is several
kiosks', so that no two slips run into each other.

Source: Epson, ESC/POS command reference, DLE EOT n (1: whether it is offline, 4: its paper).
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from zoneinfo import ZoneInfo

import structlog

from service.config.values import NetworkPrinter
from service.domain.day import Day
from service.domain.model import PrinterState, Ticket

CONNECT_TIMEOUT_S = 2.0
ANSWER_TIMEOUT_S = 1.0
"""How long a printer has to say how its paper is; many cheap ones never say, and print all the same."""

SEND_TIMEOUT_S = 4.0
"""How long a slip may take to be taken over; a printer that is stuck is away."""

ASK_PAPER = b"\x10\x04\x04"
ASK_ONLINE = b"\x10\x04\x01"
STATUS_MASK, STATUS = 0b1001_0011, 0b0001_0010
"""Bits that are so in every answer to DLE EOT."""

PAPER_OUT = 0b0110_0000
PAPER_LOW = 0b0000_1100
OFFLINE = 0b0000_1000

PRINTING_STATES = frozenset({PrinterState.OK, PrinterState.LOW})

log = structlog.get_logger(__name__)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Printers:
    """The network printers of the settings."""

    def __init__(self, printers: Iterable[NetworkPrinter]) -> None:
        self.known = {(printer.hall, printer.kiosk): printer for printer in printers}
        self._turns: defaultdict[tuple[str, int], asyncio.Lock] = defaultdict(asyncio.Lock)

    def of(self, hall: str, kiosk: str) -> NetworkPrinter | None:
        """The printer of a kiosk, by the kiosk's name."""
        return self.known.get((hall, kiosk))

    async def print(self, printer: NetworkPrinter, day: Day, ticket: Ticket, url: str) -> PrinterState:
        """Print a ticket's slip; tell how the printer is. Nothing comes out unless it is ok or low."""
        data = await asyncio.to_thread(_slip_bytes, printer, day, ticket, url)
        try:
            async with self._talking(printer) as (reader, writer):
                state = await _state(reader, writer)
                if state in PRINTING_STATES:
                    async with asyncio.timeout(SEND_TIMEOUT_S):
                        writer.write(data)
                        await writer.drain()
                        writer.write_eof()
                return state
        except (OSError, TimeoutError) as error:
            log.warning("printer_away", hall=printer.hall, kiosk=printer.kiosk, why=str(error) or "no answer in time")
            return PrinterState.AWAY

    async def look(self, printer: NetworkPrinter) -> PrinterState:
        """Tell how a printer is."""
        try:
            async with self._talking(printer) as (reader, writer):
                return await _state(reader, writer)
        except (OSError, TimeoutError):
            return PrinterState.AWAY

    @asynccontextmanager
    async def _talking(self, printer: NetworkPrinter) -> AsyncIterator[Streams]:
        async with self._turns[printer.host, printer.port]:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(printer.host, printer.port)
            try:
                yield reader, writer
            finally:
                writer.close()
                with suppress(OSError, TimeoutError):
                    async with asyncio.timeout(SEND_TIMEOUT_S):
                        await writer.wait_closed()


async def _state(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> PrinterState:
    """Ask for the paper, and whether it prints; no answer, or one that is none, counts as both.

    Raises OSError when the printer hangs up.
    """
    paper = await _said(reader, writer, ASK_PAPER)
    if paper is None:
        return PrinterState.OK  # it would not answer the other question either
    state = paper_state_of(paper)
    if state is PrinterState.OUT:
        return state
    online = await _said(reader, writer, ASK_ONLINE)
    return PrinterState.AWAY if online is not None and online & OFFLINE else state


async def _said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, question: bytes) -> int | None:
    """The status that a printer answers with; None for another answer, or none in time."""
    writer.write(question)
    await writer.drain()
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            said = await reader.readexactly(1)
    except TimeoutError:
        return None
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("hung up") from error
    return said[0] if said[0] & STATUS_MASK == STATUS else None


def paper_state_of(paper: int) -> PrinterState:
    """What a status in answer to DLE EOT 4 means."""
    if paper & PAPER_OUT:
        return PrinterState.OUT
    return PrinterState.LOW if paper & PAPER_LOW else PrinterState.OK


def _slip_bytes(printer: NetworkPrinter, day: Day, ticket: Ticket, url: str) -> bytes:
    """The bytes of a ticket's slip; the libraries for them cost half a second, for those alone who print."""
    from service.printing.slip import Slip, render_slip  # noqa: PLC0415  (as said)

    plan = day.plan
    local = ticket.issued_at.astimezone(ZoneInfo(plan.time_zone))
    return render_slip(
        Slip(
            hall=plan.names.hall,
            number=ticket.number,
            service=plan.services[ticket.service].name,
            taken_local=local,
            code=ticket.code,
            url=url,
            count=ticket.count,
        ),
        printer,
    )
