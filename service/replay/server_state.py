"""Read what a server shows after a replay, in all ways, and run all checks."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar

import aiohttp
import msgspec
from msgspec import Struct

from service.domain.events import Record
from service.domain.model import HallId
from service.replay import checks, journal_checks
from service.replay.answers import BoardSeen, QueueSeen, TicketSeen
from service.replay.checks import Check, TicketEvent
from service.replay.errors import ReplayError
from service.replay.hall_client import HallClient
from service.replay.journal_checks import JournalReader
from service.replay.ticket_log import TicketLog

HISTORIES_MAX = 50
"""Tickets whose history is read, evenly spread over the day; with fewer tickets, all."""

HISTORIES_AT_ONCE = 2
"""Histories read at once. Each reads the journal of the whole day; more at once would wait for each other and time out.
"""

SAME_MOMENT_TRIES = 10
"""Tries to read everything at the same seq. Jobs or other clients may change the hall between two reads, or a new
forecast may reach the screens later; then everything is read again."""

SAME_MOMENT_PAUSE_S = 0.1
"""The pause between two such tries."""

BOARD_WITHIN_S = 15.0
"""How long a screen may take to show the last answer."""

SUBPROTOCOL = "paihao.board.v1"

Found = TypeVar("Found")

_decode_board = msgspec.json.Decoder(BoardSeen).decode


class Snapshot(Struct, frozen=True):
    """The state of a hall at one seq: over the socket, over HTTP, as staff see it, and in the journal.

    If no board came over the socket, `socket` is None and `socket_error` is the reason.
    """

    board: BoardSeen
    http: bytes
    queue: QueueSeen
    socket: bytes | None
    socket_error: str | None
    journal: Sequence[Record] | None


class ServerReader:
    """Reads what a server shows, with several requests at once."""

    def __init__(self, hall: HallClient, session: aiohttp.ClientSession, display: str, *, at_once: int) -> None:
        self._hall = hall
        self._session = session
        self._board_url = f"{display.rstrip('/')}/v1/halls/{hall.id}/board"
        self._at_once = at_once

    async def snapshot(self, seq: int, on: date, journal: JournalReader | None) -> Snapshot:
        """Read the hall at a seq of at least `seq`; everything of the same seq and forecast, if the tries suffice."""
        for _ in range(SAME_MOMENT_TRIES):
            socket, socket_error = await self._screen(seq)
            records = None if journal is None else await journal.events(HallId(self._hall.id), on)
            queue = await self._hall.queue()
            board, http = await self._hall.board()
            snapshot = Snapshot(
                board=board, http=http, queue=queue, socket=socket, socket_error=socket_error, journal=records
            )
            seqs = {board.seq, queue.seq}
            if socket is not None:
                seqs.add(_decode_board(socket).seq)
            if records:
                seqs.add(records[-1].seq)
            if socket is None or (len(seqs) == 1 and checks.boards_agree(socket, http) is None):
                break
            seq = max(seqs)
            await asyncio.sleep(SAME_MOMENT_PAUSE_S)
        return snapshot

    async def tickets(self, logs: Iterable[TicketLog]) -> dict[str, TicketSeen]:
        """Read each ticket."""
        return await self._each([one.issued.id for one in logs], self._hall.ticket, self._at_once)

    async def histories(self, logs: Sequence[TicketLog]) -> dict[str, list[TicketEvent]]:
        """Read the histories of at most `HISTORIES_MAX` tickets, evenly spread."""
        step = -(-len(logs) // HISTORIES_MAX) or 1
        wanted = [one.issued.id for one in logs[::step]]
        found = await self._each(wanted, self._hall.history, min(self._at_once, HISTORIES_AT_ONCE))
        return {ticket: checks.ticket_events(items) for ticket, items in found.items()}

    async def _each(
        self, wanted: Iterable[str], read: Callable[[str], Awaitable[Found]], at_once: int
    ) -> dict[str, Found]:
        """Read many things, `at_once` at a time; return them by key."""
        found: dict[str, Found] = {}
        remaining = iter(wanted)

        async def work() -> None:
            for one in remaining:
                found[one] = await read(one)

        try:
            async with asyncio.TaskGroup() as group:
                for number in range(at_once):
                    group.create_task(work(), name=f"reader {number}")
        except* ReplayError as errors:
            raise errors.exceptions[0] from errors
        return found

    async def _screen(self, seq: int) -> tuple[bytes | None, str | None]:
        """Return the first board of a screen that has reached a seq, or the reason why there is none."""
        shown = 0
        try:
            async with (
                asyncio.timeout(BOARD_WITHIN_S),
                self._session.ws_connect(self._board_url, protocols=[SUBPROTOCOL]) as screen,
            ):
                async for message in screen:
                    raw = message.data if isinstance(message.data, bytes) else str(message.data).encode()
                    board = _decode_board(raw)
                    if board.type == "board":
                        shown = board.seq
                        if shown >= seq:
                            return raw, None
                return None, f"{self._board_url} was closed with {screen.close_code}"
        except TimeoutError:
            return None, f"{self._board_url} has shown seq {shown} and not {seq} within {BOARD_WITHIN_S:.0f} s"
        except (aiohttp.ClientError, OSError, msgspec.MsgspecError) as error:
            return None, f"{self._board_url}: {error}"


class CheckInput(Struct, frozen=True, kw_only=True):
    """Everything to compare: `logs` are the answers during the day, the rest was read afterwards."""

    hall: str
    on: date
    prefixes: Mapping[str, str]
    logs: Sequence[TicketLog]
    tickets: Mapping[str, TicketSeen]
    histories: Mapping[str, Sequence[TicketEvent]]
    snapshot: Snapshot


def checks_of(check_input: CheckInput) -> list[Check]:
    """Run all checks; those of the journal only if it was read."""
    logs, tickets, histories, snapshot = (
        check_input.logs,
        check_input.tickets,
        check_input.histories,
        check_input.snapshot,
    )
    socket = snapshot.socket_error if snapshot.socket is None else checks.boards_agree(snapshot.socket, snapshot.http)
    found = [
        Check("numbers are unique and without gaps", checks.numbers_are_consecutive(logs, check_input.prefixes)),
        Check("no ticket is called twice", checks.called_at_most_once(logs)),
        Check("each finished ticket had been called, one at a time at each counter", checks.one_ticket_at_a_time(logs)),
        Check("all tickets ended: served, or left", checks.all_ended(logs, snapshot.queue)),
        Check("every counter is closed", checks.counters_closed(snapshot.board)),
        Check(f"{len(tickets)} tickets agree with the answers", checks.tickets_agree(logs, tickets)),
        Check(f"{len(histories)} histories agree with the answers", checks.histories_agree(logs, histories)),
        Check("the screens' board agrees with the board over HTTP", socket),
        Check("the board agrees with the queue", checks.board_and_queue_agree(snapshot.board, snapshot.queue)),
    ]
    if snapshot.journal is None:
        return found
    day, broken = journal_checks.fold(check_input.hall, check_input.on, snapshot.journal)
    agrees = journal_checks.day_agrees(day, tickets, snapshot.board, snapshot.queue)
    return [
        *found,
        Check(f"{len(snapshot.journal)} events of the journal fold, without gaps in seqs and numbers", broken),
        Check(
            "the journal contains every answer",
            journal_checks.journal_contains_all(logs, journal_checks.histories(snapshot.journal)),
        ),
        Check("the folded journal agrees with the day that is shown", agrees),
    ]
