"""What a server shows after a replay, read in all the ways there are, and compared."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar

import aiohttp
import msgspec
from msgspec import Struct

from service.domain.events import Record
from service.domain.model import HallId
from service.replay import check, ledger
from service.replay.answers import BoardSeen, QueueSeen, TicketSeen
from service.replay.check import Check, Happened
from service.replay.errors import ReplayError
from service.replay.hall import HallClient
from service.replay.ledger import JournalReader
from service.replay.told import Told

HISTORIES_MAX = 50
"""Tickets whose whole history is read, spread evenly over the day; all of them are looked at when there are fewer."""

HISTORIES_AT_ONCE = 2
"""A history is read from the journal of the whole day: more at once would only wait for each other, and time out."""

SAME_MOMENT_TRIES = 10
"""The hall may move between two looks at it, by its own jobs or by others, or get another forecast, which screens hear
of later; then both are looked at again."""

SAME_MOMENT_PAUSE_S = 0.1
"""Between two such looks."""

BOARD_WITHIN_S = 15.0
"""How long a screen may take to show the last answer."""

SUBPROTOCOL = "paihao.board.v1"

Found = TypeVar("Found")

_decode_board = msgspec.json.Decoder(BoardSeen).decode


class Moment(Struct, frozen=True):
    """A hall at one seq: as screens see it, as everybody can read it, as staff see it, as the journal has it.

    `socket` is None, and `screens` says why, when no board came over the socket.
    """

    board: BoardSeen
    http: bytes
    queue: QueueSeen
    socket: bytes | None
    screens: str | None
    journal: Sequence[Record] | None


class Witness:
    """Reads what a server shows, in several requests at once."""

    def __init__(self, hall: HallClient, session: aiohttp.ClientSession, display: str, *, at_once: int) -> None:
        self._hall = hall
        self._session = session
        self._board_url = f"{display.rstrip('/')}/v1/halls/{hall.id}/board"
        self._at_once = at_once

    async def moment(self, seq: int, on: date, journal: JournalReader | None) -> Moment:
        """The hall at a seq of at least `seq`, everything of the same seq and forecast if that can be had."""
        for _ in range(SAME_MOMENT_TRIES):
            socket, screens = await self._screen(seq)
            records = None if journal is None else await journal.events(HallId(self._hall.id), on)
            queue = await self._hall.queue()
            board, http = await self._hall.board()
            moment = Moment(board=board, http=http, queue=queue, socket=socket, screens=screens, journal=records)
            seqs = {board.seq, queue.seq}
            if socket is not None:
                seqs.add(_decode_board(socket).seq)
            if records:
                seqs.add(records[-1].seq)
            if socket is None or (len(seqs) == 1 and check.boards_agree(socket, http) is None):
                break
            seq = max(seqs)
            await asyncio.sleep(SAME_MOMENT_PAUSE_S)
        return moment

    async def tickets(self, told: Iterable[Told]) -> dict[str, TicketSeen]:
        """Each ticket as it is now."""
        return await self._each([one.taken.id for one in told], self._hall.ticket, self._at_once)

    async def histories(self, told: Sequence[Told]) -> dict[str, list[Happened]]:
        """The histories of at most `HISTORIES_MAX` tickets, evenly spread."""
        step = -(-len(told) // HISTORIES_MAX) or 1
        wanted = [one.taken.id for one in told[::step]]
        found = await self._each(wanted, self._hall.history, min(self._at_once, HISTORIES_AT_ONCE))
        return {ticket: check.happened_of(items) for ticket, items in found.items()}

    async def _each(
        self, wanted: Iterable[str], read: Callable[[str], Awaitable[Found]], at_once: int
    ) -> dict[str, Found]:
        """Read many things, `at_once` at a time."""
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
        """The first board of a screen that has reached a seq; or why there is none."""
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


class Evidence(Struct, frozen=True, kw_only=True):
    """Everything there is to compare: `told` by the answers, the rest read afterwards."""

    hall: str
    on: date
    prefixes: Mapping[str, str]
    told: Sequence[Told]
    tickets: Mapping[str, TicketSeen]
    histories: Mapping[str, Sequence[Happened]]
    moment: Moment


def checks_of(evidence: Evidence) -> list[Check]:
    """Compare everything."""
    told, tickets, histories, moment = evidence.told, evidence.tickets, evidence.histories, evidence.moment
    socket = moment.screens if moment.socket is None else check.boards_agree(moment.socket, moment.http)
    checks = [
        Check("numbers are given once and without gaps", check.numbers(told, evidence.prefixes)),
        Check("nobody is called twice", check.called_once(told)),
        Check("who was finished had been called, one at a time per counter", check.one_at_a_time(told)),
        Check("everybody was served or left", check.everybody_went(told, moment.queue)),
        Check("every counter is closed", check.counters_closed(moment.board)),
        Check(f"{len(tickets)} tickets are what was answered", check.tickets_agree(told, tickets)),
        Check(f"{len(histories)} histories are what was answered", check.histories_agree(told, histories)),
        Check("the screens' board is the board", socket),
        Check("the board is the queue", check.board_and_queue_agree(moment.board, moment.queue)),
    ]
    if moment.journal is None:
        return checks
    day, broken = ledger.fold(evidence.hall, evidence.on, moment.journal)
    agrees = ledger.day_agrees(day, tickets, moment.board, moment.queue)
    return [
        *checks,
        Check(f"{len(moment.journal)} events of the journal fold, without gaps in seqs and numbers", broken),
        Check("the journal has every answer", ledger.all_in_journal(told, ledger.histories(moment.journal))),
        Check("the folded journal is the day that is shown", agrees),
    ]
