"""The sockets: boards for lobby screens, tickets for the phones of who waits.

A connection is websockets' own, with three differences. It only speaks: nothing a client sends is read, and a message
ends it. It takes frames that were made once for everybody (`text_frame`), past its transport while that holds nothing
(`watchers`). And it holds back: while the kernel has not taken all, the newest frame waits in a slot of one, where it
replaces the one before; the kernel itself is allowed little (`UNSENT_MAX_BYTES`), or it would be the backlog. Who takes
nothing for `SLOW_MAX_S` is let go.

Nothing here waits for a client: no send is awaited, so none delays another.

A process that serves sockets alone has no other port, so `GET /metrics` and `GET /readyz` are answered here as well,
where they are wanted. It is ready while what it shows is known to be true.

| close code | meaning |
| --- | --- |
| 1008 | the client sent a message |
| 1011 | a fault of ours |
| 1012 | restart, or the journal was rewritten: come back |
| 1013 | full, or the hall cannot be read now: come back later |
| 4401 | a ticket without a token |
| 4404 | no such hall, zone or ticket; or a token that is not this ticket's |

Source: CONTRACT 6; RFC 6455, 7.4.
"""

import asyncio
import logging
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Self, cast
from urllib.parse import parse_qs, unquote, urlsplit

import structlog
from msgspec import Struct
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import NegotiationError
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import Event, State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from display.board import zone_known
from display.connection_limits import AddressOf, Crowds
from display.feed import (
    FAULT,
    RESTART,
    SILENT_AFTER_S,
    TRY_LATER,
    UNKNOWN,
    Feeds,
    HallFeed,
    NoObserver,
    Observer,
    PromisesOf,
    Unwatch,
    nothing_promised,
)
from display.watchers import Watchers
from service.contract import Clock, Follower, HallId, JournalUnavailable, StorageUnavailable, TicketId, ZoneId

BOARD = Subprotocol("paihao.board.v1")
TICKET = Subprotocol("paihao.ticket.v1")
BEARER = "bearer."
"""Before a token among the subprotocols offered: browsers can send it nowhere else."""

MESSAGE_SENT = 1008
TOKEN_MISSING = 4401

SCREENS_MAX = 5000
"""Sockets of one process; one more is told to come back later."""

HANDSHAKES_MAX = SCREENS_MAX
"""Connections that are not sockets yet; for one more the oldest is cut, which has had the longest to say what it is."""

HANDSHAKE_MAX_BYTES = 16 * 1024
"""Longer requests are cut off."""

OPEN_WITHIN_S = 5.0
"""How long a handshake may take."""

FIRST_WITHIN_S = 4.0
"""How long a hall's day is waited for: the longest takes a second to fold."""

TICKET_WITHIN_S = 2.5
"""How long a ticket is waited for that another process may have given out a moment ago; we hear of it in a second."""

CLOSE_WITHIN_S = 2.0
"""How long a client may take to close; then it is cut."""

SLOW_MAX_S = 10.0
"""Who takes nothing for so long is let go."""

UNSENT_MAX_BYTES = 16 * 1024
"""What the kernel holds for a client beyond what is under way."""

UNHEARD_MAX_MS = 15_000
"""A peer whose machine acknowledges nothing for so long is gone: a cut cable closes nothing."""

MESSAGE_MAX_BYTES = 125
"""None is welcome; the least that control frames need."""

HEARD_MAX_BYTES = 4096
HEARD_WITHIN_S = 60.0
"""What a client may send in a minute: its close, and pings and pongs; one more byte is a message, and not looked at."""

BACKLOG = 1024
"""Connections the kernel holds for us: all screens of a city come back in one second."""

METRICS = "/metrics"
READY = "/readyz"

_PATH = re.compile(r"/v1/halls/([^/]+)/(?:board|tickets/([^/]+))")
_HALL = re.compile(r"[a-z0-9-]{1,64}")
_TICKET_ID = re.compile(r"[0-9a-f-]{36}")

log = structlog.get_logger(__name__)

_quiet = logging.getLogger(f"{__name__}.websockets")
_quiet.setLevel(logging.CRITICAL)  # what strangers send to an open port is no news

HallKnown = Callable[[HallId], Awaitable[bool]]
"""Tells whether there is a hall, and opens its day where that is ours to do. May raise StorageUnavailable."""


class Right(Struct, frozen=True):
    """By what somebody watches a ticket: as its owner, whose frames have its `token`, or as staff, whose have none."""

    token: str | None


Verify = Callable[[HallId, TicketId, str], Right | None]
"""Tells by what right a token watches a ticket, its own or one of staff; None for one that may not."""


Metered = Callable[[str | None], Awaitable[tuple[str, str] | None]]
"""The content type and text of all metrics for who sends this Authorization; None for who may not have them.

May raise StorageUnavailable.
"""


def text_frame(payload: bytes) -> bytes:
    """Make a text message as it goes over the wire from a server without extensions: the same for all."""
    return Frame(Opcode.TEXT, payload).serialize(mask=False)


class Wanted(Struct, frozen=True):
    """What a path asks for: a ticket, or else a board."""

    hall: HallId
    zone: ZoneId | None
    ticket: TicketId | None


def wanted_by(path: str) -> Wanted | None:
    """Read a request's path; None when there is nothing of that kind."""
    try:
        parts = urlsplit(path)
    except ValueError:  # of a host that cannot be
        return None
    found = _PATH.fullmatch(parts.path)
    if found is None:
        return None
    hall, ticket = (None if part is None else unquote(part) for part in found.groups())
    zone = parse_qs(parts.query, keep_blank_values=True).get("zone", [""])[0]
    return Wanted(
        HallId(hall or ""), ZoneId(zone) if zone else None, None if ticket is None else TicketId(ticket.lower())
    )


class _Protocol(ServerProtocol):
    """WebSocket as websockets has it, but for the subprotocols of this contract and the code a message gets."""

    subprotocol_wanted: Subprotocol | None = None
    token: str | None = None

    def __init__(self) -> None:
        super().__init__(max_size=MESSAGE_MAX_BYTES, logger=_quiet)

    def select_subprotocol(self, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
        """Choose the one the path is for, and take the token; a client that offers nothing gets none."""
        for offered in subprotocols:
            if offered.startswith(BEARER):
                self.token = offered.removeprefix(BEARER)
        if not subprotocols or self.subprotocol_wanted in subprotocols:
            return self.subprotocol_wanted if subprotocols else None
        raise NegotiationError(f"offer {self.subprotocol_wanted}")

    def fail(self, code: CloseCode | int, reason: str = "") -> None:
        """Close in the middle; a long message is a message."""
        super().fail(MESSAGE_SENT if code == CloseCode.MESSAGE_TOO_BIG else code, reason)


class Screen(ServerConnection):
    """One socket: shows the newest frame it is given, and hears nothing."""

    protocol: _Protocol
    wire: socket.SocketType

    def __init__(
        self,
        handshaking: "dict[Screen, None]",
        _protocol: ServerProtocol,
        server: Server,
        **options: Any,  # noqa: ANN401  (passed on)
    ) -> None:
        super().__init__(_Protocol(), server, **options)
        self.unwatch: Unwatch | None = None
        self.watchers: Watchers | None = None
        self.ready = False
        self._hushed = False
        self._handshaking = handshaking
        self._newest: bytes | None = None
        self._cut: asyncio.TimerHandle | None = None
        self._handshake_bytes = 0
        self._heard_bytes = 0
        self._heard_since_s = 0.0
        self.gone: Callable[[], None] | None = None

    # What the feed calls.

    def show(self, frame: bytes) -> None:
        """Show a frame now, or keep it until what is under way is taken."""
        if self.ready:
            self.transport.write(frame)
        elif not self._hushed:
            self._newest = frame

    def rest(self, frame: bytes, taken: int) -> None:
        """Give the transport what the kernel did not take: it holds us back, or finds out that the client is gone."""
        self.transport.write(frame[taken:])

    def leave(self, code: int) -> None:
        """Close with a code; a client that is slow to take it, or to answer, is cut."""
        self._hush()
        if self.protocol.state is State.OPEN:
            self.protocol.send_close(code)
            self.send_data()
            self._cut_after(CLOSE_WITHIN_S)

    # What websockets calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        super().connection_made(transport)
        if len(self._handshaking) >= HANDSHAKES_MAX:
            oldest = next(iter(self._handshaking))
            del self._handshaking[oldest]
            oldest.transport.abort()
        self._handshaking[self] = None

    def data_received(self, data: bytes) -> None:
        """Take bytes: a handshake that is not too long, then only what keeps a connection."""
        if self.protocol.state is State.CONNECTING:
            self._handshake_bytes += len(data)
            if self._handshake_bytes > HANDSHAKE_MAX_BYTES:
                self.transport.abort()
                return
        elif self._is_too_much(len(data)):
            self.leave(MESSAGE_SENT)
            return
        super().data_received(data)
        if self.protocol.state is State.CLOSING:
            self._hush()
            if self._cut is None:
                self._cut_after(CLOSE_WITHIN_S)

    def _is_too_much(self, count: int) -> bool:
        """Count what comes once the connection is a socket."""
        now_s = self.loop.time()
        if now_s - self._heard_since_s > HEARD_WITHIN_S:
            self._heard_since_s, self._heard_bytes = now_s, 0
        self._heard_bytes += count
        return self._heard_bytes > HEARD_MAX_BYTES

    def eof_received(self) -> None:
        """It has gone without a word: our side is closed in answer, and a frame after that would be a fault."""
        super().eof_received()
        self._hush()

    def process_event(self, event: Event) -> None:
        """Take the request; whoever sends a message is closed."""
        if isinstance(event, Request):
            super().process_event(event)
        elif isinstance(event, Frame) and event.opcode in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
            self.leave(MESSAGE_SENT)

    def pause_writing(self) -> None:
        """The kernel takes no more: keep the newest, and read nothing that would want an answer."""
        super().pause_writing()
        self.transport.pause_reading()
        if self.protocol.state is State.OPEN:
            self._hold_back()

    def resume_writing(self) -> None:
        """All is taken: go on with the newest."""
        super().resume_writing()
        self.transport.resume_reading()
        if self.protocol.state is State.OPEN:
            self._cut_after(None)
            self._speak()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over; the transport closes the socket after this."""
        self._hush()
        if hasattr(self, "wire"):  # it has been opened
            self.wire.detach()
        super().connection_lost(exc)
        self._handshaking.pop(self, None)
        self._cut_after(None)
        if self.unwatch is not None:
            self.unwatch()
            self.unwatch = None
        if self.gone is not None:
            self.gone()
            self.gone = None

    def opened(self) -> None:
        """The handshake is done: speak, and drop what only it needed, most of what an idle screen would hold."""
        self._handshaking.pop(self, None)
        self.request = None
        self.response = None
        if self.protocol.state is State.OPEN:
            self.wire = _past(self.transport)
            if self.paused:
                self._hold_back()
            else:
                self._speak()

    # How frames go out: to the kernel, into the slot, or nowhere.

    def _speak(self) -> None:
        self.ready = True
        frame, self._newest = self._newest, None
        if frame is not None:
            self.transport.write(frame)
        self._turn()

    def _hold_back(self) -> None:
        self.ready = False
        self._turn()
        self._cut_after(SLOW_MAX_S)

    def _turn(self) -> None:
        if self.watchers is not None:
            self.watchers.turn(self)

    def _hush(self) -> None:
        self.ready = False
        self._hushed = True
        self._newest = None
        if self.watchers is not None:
            self.watchers.remove(self)

    def _cut_after(self, seconds: float | None) -> None:
        """End the connection unless something else happens before."""
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None
        if seconds is not None and self.protocol.state is not State.CLOSED:
            self._cut = self.loop.call_later(seconds, self.transport.abort)


class DisplayServer:
    """Boards and tickets over WebSockets, from `async with` on until its end.

    Args:
        follower: of the journal; somebody else runs it.
        clock: goes by the database's.
        hall_known: tells whether a hall exists.
        verify: tells by what right a token may watch a ticket.
        host: where to listen.
        port: 0 for any that is free; `port` tells which.
        observer: is told what happens.
        screens_max: sockets at one time.
        address_of: says who a client is; without it nobody's sockets are counted.
        metered: says the metrics; without it neither they nor readiness are here.
    """

    def __init__(  # noqa: PLR0913  (given by name, in one place)
        self,
        *,
        follower: Follower,
        clock: Clock,
        hall_known: HallKnown,
        verify: Verify,
        host: str = "127.0.0.1",
        port: int = 0,
        observer: Observer | None = None,
        screens_max: int = SCREENS_MAX,
        address_of: AddressOf | None = None,
        metered: Metered | None = None,
        promises_of: PromisesOf = nothing_promised,
    ) -> None:
        self.port = port
        self.feeds = Feeds(follower, clock, text_frame, observer or NoObserver(), promises_of)
        self._follower = follower
        self._clock = clock
        self._hall_known = hall_known
        self._verify = verify
        self._host = host
        self._observer = observer or NoObserver()
        self._screens_max = screens_max
        self._screens: set[Screen] = set()
        self._handshaking: dict[Screen, None] = {}
        self._crowds = None if address_of is None else Crowds(address_of, clock.monotonic_s)
        self._metered = metered
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._serve,
            self._host,
            self.port,
            create_connection=cast("type[Screen]", partial(Screen, self._handshaking)),
            compression=None,  # the same bytes for all, and no window of 64 KiB each
            process_request=self._take_request,
            server_header=None,
            open_timeout=OPEN_WITHIN_S,
            ping_interval=None,  # every two seconds a frame goes out anyway
            close_timeout=CLOSE_WITHIN_S,
            write_limit=0,  # paused as soon as the kernel does not take a whole frame, until it has
            logger=_quiet,
            start_serving=False,
            backlog=BACKLOG,
        )
        for listening in self._server.sockets:
            _keep_short(listening)
        await self._server.start_serving()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Tell all to come back, and end."""
        assert self._server is not None, "it was entered"
        self._server.close(close_connections=False)
        for screen in list(self._screens):
            screen.leave(RESTART)
        for unknown in list(self._handshaking):
            unknown.transport.abort()
        await self._server.wait_closed()
        await self.feeds.stop()

    # A connection.

    def _take_request(
        self, connection: ServerConnection, request: Request
    ) -> Response | Awaitable[Response | None] | None:
        assert isinstance(connection, Screen), "made by us"
        if self._metered is not None and request.path == METRICS:
            return _told(connection, self._metered(next(iter(request.headers.get_all("Authorization")), None)))
        if self._metered is not None and request.path == READY:
            return self._readiness(connection)
        wanted = wanted_by(request.path)
        if wanted is None:
            return connection.respond(HTTPStatus.NOT_FOUND, "There is nothing at this address.\n")
        connection.protocol.subprotocol_wanted = BOARD if wanted.ticket is None else TICKET
        if self._crowds is not None:
            peer, *_ = connection.remote_address or ("",)
            gone = self._crowds.come(peer, ",".join(request.headers.get_all("X-Forwarded-For")))
            if gone is None:
                return connection.respond(HTTPStatus.TOO_MANY_REQUESTS, "Too many from here; wait a little.\n")
            connection.gone = gone
        return None

    def _readiness(self, connection: Screen) -> Response:
        """Ready as long as screens are not silent: PostgreSQL answers the follower."""
        ready = self._clock.monotonic_s() - self._follower.alive_at < SILENT_AFTER_S
        status, said = (HTTPStatus.OK, "ready") if ready else (HTTPStatus.SERVICE_UNAVAILABLE, "unready")
        return _typed(connection.respond(status, f'{{"status":"{said}"}}'), "application/json")

    async def _serve(self, connection: ServerConnection) -> None:
        """Carry a socket from its handshake to its end."""
        assert isinstance(connection, Screen), "made by us"
        assert connection.request is not None, "the handshake is done"
        wanted = wanted_by(connection.request.path)
        assert wanted is not None, "looked at before the handshake was accepted"
        connection.opened()
        if len(self._screens) >= self._screens_max:
            connection.leave(TRY_LATER)
            await connection.wait_closed()
            return
        self._screens.add(connection)
        self._observer.screens(len(self._screens))
        try:
            code = await self._begin(connection, wanted)
            if code is not None:
                connection.leave(code)
            await connection.wait_closed()
        finally:
            self._screens.discard(connection)
            self._observer.screens(len(self._screens))

    async def _begin(self, screen: Screen, wanted: Wanted) -> int | None:
        """Show what is wanted from now on, or say with which code to close."""
        try:
            await self._watch(screen, wanted)
        except _Unwelcome as unwelcome:
            return unwelcome.code
        except (JournalUnavailable, StorageUnavailable, TimeoutError):
            return TRY_LATER
        except Exception:
            log.exception("socket_fault", hall=wanted.hall)
            return FAULT
        return None

    async def _watch(self, screen: Screen, wanted: Wanted) -> None:
        hall, ticket = wanted.hall, wanted.ticket
        right = Right(None) if ticket is None else self._right(hall, ticket, screen.protocol.token)
        if _HALL.fullmatch(hall) is None or not await self._hall_known(hall):
            raise _Unwelcome(UNKNOWN)
        feed = self.feeds.of(hall)
        async with asyncio.timeout(FIRST_WITHIN_S):
            day = await feed.when(lambda _: True)
        if ticket is not None:
            await _given_out(feed, ticket)
        elif not zone_known(day, wanted.zone):
            raise _Unwelcome(UNKNOWN)
        if screen.protocol.state is State.OPEN:  # it may have gone meanwhile
            screen.unwatch = (
                feed.watch_board(wanted.zone, screen)
                if ticket is None
                else feed.watch_ticket(ticket, screen, token=right.token)
            )
            self.feeds.look(hall)

    def _right(self, hall: HallId, ticket: TicketId, token: str | None) -> Right:
        if not token:
            raise _Unwelcome(TOKEN_MISSING)
        if _HALL.fullmatch(hall) is None or _TICKET_ID.fullmatch(ticket) is None:
            raise _Unwelcome(UNKNOWN)  # before tokens are derived of what a stranger wrote
        right = self._verify(hall, ticket, token)
        if right is None:
            raise _Unwelcome(UNKNOWN)
        return right


class _Unwelcome(Exception):  # noqa: N818  (it is not an error of the program)
    """Close with a code of the contract's."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def _told(connection: ServerConnection, metered: Awaitable[tuple[str, str] | None]) -> Response:
    """Answer with the metrics, or that they need a credential, or that nobody can say whether this is one."""
    try:
        told = await metered
    except StorageUnavailable:
        return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "The database does not answer now; try again.\n")
    if told is None:
        refused = connection.respond(HTTPStatus.UNAUTHORIZED, "This needs a credential.\n")
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused
    content_type, text = told
    return _typed(connection.respond(HTTPStatus.OK, text), content_type)


def _typed(response: Response, content_type: str) -> Response:
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = content_type
    return response


async def _given_out(feed: HallFeed, ticket: TicketId) -> None:
    """Wait for a ticket to be there: another process may have given it out a moment ago."""
    try:
        async with asyncio.timeout(TICKET_WITHIN_S):
            await feed.when(lambda day: ticket in day.tickets)
    except TimeoutError:
        raise _Unwelcome(UNKNOWN) from None


def _past(transport: asyncio.Transport) -> socket.SocketType:
    """A transport's own socket, to send past it; the transport closes it, so this is to be detached before.

    Nothing encrypts here: whoever wants TLS has a proxy in front. A transport that did would have to be gone through.
    """
    own = transport.get_extra_info("socket")
    past = socket.SocketType(own.family, own.type, own.proto, own.fileno())
    past.settimeout(0.0)
    return past


def _keep_short(listening: socket.socket) -> None:
    """Let the kernel hold little for a slow client, and give up one that is gone; connections inherit it."""
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_MAX_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_MAX_MS)
