"""Query the state of network printers, and print slips.

No fault of a printer is raised; the result is its state. A printer without paper, or one that is offline for another
reason (open cover, jammed cutter), gets no slip, because it would store the slip and print it hours later. Each printer
has one connection at a time, also if several kiosks share it, so that slips do not mix.

Source: Epson, ESC/POS command reference, DLE EOT n (1: online or offline, 4: paper).
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
"""Time limit for the answer to a status query; many cheap printers never answer, but do print."""

SEND_TIMEOUT_S = 4.0
"""Time limit for sending a slip; a printer that does not accept it in time counts as away."""

ASK_PAPER = b"\x10\x04\x04"
ASK_ONLINE = b"\x10\x04\x01"
STATUS_MASK, STATUS = 0b1001_0011, 0b0001_0010
"""The fixed bits of every answer to DLE EOT."""

PAPER_OUT = 0b0110_0000
PAPER_LOW = 0b0000_1100
OFFLINE = 0b0000_1000

PRINTING_STATES = frozenset({PrinterState.OK, PrinterState.LOW})

log = structlog.get_logger(__name__)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Printers:
    """The network printers in the settings."""

    def __init__(self, printers: Iterable[NetworkPrinter]) -> None:
        self.known = {(printer.hall, printer.kiosk): printer for printer in printers}
        self._turns: defaultdict[tuple[str, int], asyncio.Lock] = defaultdict(asyncio.Lock)

    def of(self, hall: str, kiosk: str) -> NetworkPrinter | None:
        """Return the printer of a kiosk, by the kiosk's name; None if it has none."""
        return self.known.get((hall, kiosk))

    async def print(self, printer: NetworkPrinter, day: Day, ticket: Ticket, url: str) -> PrinterState:
        """Print a ticket's slip if the printer's state is ok or low; return the state."""
        data = await asyncio.to_thread(_slip_bytes, printer, day, ticket, url)
        try:
            async with self._connection(printer) as (reader, writer):
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

    async def state(self, printer: NetworkPrinter) -> PrinterState:
        """Query the state of a printer."""
        try:
            async with self._connection(printer) as (reader, writer):
                return await _state(reader, writer)
        except (OSError, TimeoutError):
            return PrinterState.AWAY

    @asynccontextmanager
    async def _connection(self, printer: NetworkPrinter) -> AsyncIterator[Streams]:
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
    """Query paper and online state. A missing or invalid answer counts as paper present and online.

    Raises:
        OSError: the printer closed the connection.
    """
    paper = await _query(reader, writer, ASK_PAPER)
    if paper is None:
        return PrinterState.OK  # a printer that does not answer this query does not answer the other one
    state = paper_state_of(paper)
    if state is PrinterState.OUT:
        return state
    online = await _query(reader, writer, ASK_ONLINE)
    return PrinterState.AWAY if online is not None and online & OFFLINE else state


async def _query(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, query: bytes) -> int | None:
    """Send a query and return the status byte; None for another answer or none in time."""
    writer.write(query)
    await writer.drain()
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            answer = await reader.readexactly(1)
    except TimeoutError:
        return None
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("hung up") from error
    return answer[0] if answer[0] & STATUS_MASK == STATUS else None


def paper_state_of(paper: int) -> PrinterState:
    """Interpret the status byte that answers DLE EOT 4."""
    if paper & PAPER_OUT:
        return PrinterState.OUT
    return PrinterState.LOW if paper & PAPER_LOW else PrinterState.OK


def _slip_bytes(printer: NetworkPrinter, day: Day, ticket: Ticket, url: str) -> bytes:
    """Render a ticket's slip."""
    from service.printing.slip import Slip, render_slip  # noqa: PLC0415  (takes half a second, only where slips print)

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
