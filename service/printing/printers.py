"""Talking to network printers: how one is, and what it shall print.

Nothing here raises for what a printer does or does not do: the answer is how it is. One that is out of paper is not
sent a slip, which it would keep and print when somebody puts paper in, hours later. Each printer is one conversation at
a time, so that no two slips run into each other.

Source: Epson, ESC/POS command reference, DLE EOT n.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from zoneinfo import ZoneInfo

import structlog

from service.config import NetworkPrinter
from service.domain.day import Day
from service.domain.model import PrinterState, Ticket

CONNECT_S = 2.0
ANSWER_S = 1.0
"""How long a printer has to say how its paper is; many cheap ones never say, and print all the same."""

SEND_S = 4.0
"""How long a slip may take to be taken over; a printer that is stuck is away."""

ASK_PAPER = b"\x10\x04\x04"
STATUS_MASK, STATUS = 0b1001_0011, 0b0001_0010
"""Bits that are so in every answer to DLE EOT."""

PAPER_OUT = 0b0110_0000
PAPER_LOW = 0b0000_1100

log = structlog.get_logger(__name__)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Printers:
    """The network printers of the settings."""

    def __init__(self, printers: Iterable[NetworkPrinter]) -> None:
        self.known = {(printer.hall, printer.kiosk): printer for printer in printers}
        self._turns: defaultdict[NetworkPrinter, asyncio.Lock] = defaultdict(asyncio.Lock)

    def of(self, hall: str, kiosk: str) -> NetworkPrinter | None:
        """The printer of a kiosk, by the kiosk's name."""
        return self.known.get((hall, kiosk))

    async def print(self, printer: NetworkPrinter, day: Day, ticket: Ticket, url: str) -> PrinterState:
        """Print a ticket's slip; tell how the printer is. Nothing comes out unless it is ok or low."""
        data = await asyncio.to_thread(_slip_bytes, printer, day, ticket, url)
        try:
            async with self._talking(printer) as (reader, writer):
                state = await _state(reader, writer)
                if state is not PrinterState.OUT:
                    async with asyncio.timeout(SEND_S):
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
        async with self._turns[printer]:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(printer.host, printer.port)
            try:
                yield reader, writer
            finally:
                writer.close()
                with suppress(OSError, TimeoutError):
                    async with asyncio.timeout(SEND_S):
                        await writer.wait_closed()


async def _state(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> PrinterState:
    """Ask for the paper; no answer, or one that is none, counts as paper."""
    writer.write(ASK_PAPER)
    await writer.drain()
    try:
        async with asyncio.timeout(ANSWER_S):
            said = await reader.read(1)
    except TimeoutError:
        return PrinterState.OK
    return state_of(said)


def state_of(said: bytes) -> PrinterState:
    """What an answer to DLE EOT 4 means."""
    if not said or said[0] & STATUS_MASK != STATUS:
        return PrinterState.OK
    if said[0] & PAPER_OUT:
        return PrinterState.OUT
    return PrinterState.LOW if said[0] & PAPER_LOW else PrinterState.OK


def _slip_bytes(printer: NetworkPrinter, day: Day, ticket: Ticket, url: str) -> bytes:
    """The bytes of a ticket's slip; the libraries for them cost half a second, for those alone who print."""
    from service.printing.slip import SlipPrinted, slip_bytes  # noqa: PLC0415  (as said)

    plan = day.plan
    local = ticket.issued_at.astimezone(ZoneInfo(plan.time_zone))
    return slip_bytes(
        SlipPrinted(
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
