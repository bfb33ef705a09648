"""The WebSocket server: boards for lobby screens, tickets for the phones of waiting people.

`connection` is one socket, `socket_target` what its path requests, `http_endpoints` the plain HTTP answers of this
port, `close_codes` the codes with which a socket is closed.

Source: CONTRACT 6.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Self, cast

import structlog
from msgspec import Struct
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.protocol import State

from display.board import zone_exists
from display.close_codes import FAULT, RESTART, TOKEN_MISSING, TRY_LATER, UNKNOWN
from display.connection import (
    CLOSE_WITHIN_S,
    ScreenConnection,
    limit_kernel_buffers,
    text_frame,
    websockets_log,
)
from display.connection_limits import AddressOf, ConnectionLimits
from display.feeds import Feeds
from display.hall_feed import SILENT_AFTER_S, HallFeed, PromisesOf, no_promises
from display.http_endpoints import METRICS, READY, MetricsAccess, metrics_response, readiness_response
from display.observer import NoObserver, Observer
from display.socket_target import SocketTarget, parse_target
from service.contract import Clock, Follower, HallId, JournalUnavailable, StorageUnavailable, TicketId

SCREENS_MAX = 5000
"""Sockets of one process. Any further socket is closed with the code for "reconnect later"."""

OPEN_WITHIN_S = 5.0
"""How long a handshake may take."""

FIRST_WITHIN_S = 4.0
"""How long to wait for a hall's day to load; the longest day takes a second to fold."""

TICKET_WITHIN_S = 2.5
"""How long to wait for a ticket that another process may have issued just now; its event arrives within a second."""

BACKLOG = 1024
"""Connections the kernel queues: after a restart all screens of a city reconnect within a second."""

log = structlog.get_logger(__name__)

HallExists = Callable[[HallId], Awaitable[bool]]
"""Tells whether a hall exists, and opens its day if this process opens days. May raise StorageUnavailable."""


class Right(Struct, frozen=True):
    """The right to watch a ticket. `token` is set for the ticket's owner, whose frames contain it; None for staff."""

    token: str | None


Verify = Callable[[HallId, TicketId, str], Right | None]
"""Returns the right that a token gives to a ticket (the ticket's own token, or a token of staff), or None."""


class DisplayServer:
    """Serves boards and tickets over WebSockets while its `async with` block runs.

    Args:
        follower: follows the journal; the caller runs it.
        clock: agrees with the database's clock.
        hall_exists: tells whether a hall exists.
        verify: returns the right a token gives to a ticket.
        host: address to listen on.
        port: port to listen on; 0 for any free port, which `port` then contains.
        observer: records what is sent.
        screens_max: the maximum number of open sockets.
        address_of: returns a client's address; without it sockets are not limited by address.
        metrics_access: returns the metrics; without it, metrics and readiness are not served here.
        promises_of: returns the stored forecast of a hall's day.
    """

    def __init__(  # noqa: PLR0913  (passed by name, in one place)
        self,
        *,
        follower: Follower,
        clock: Clock,
        hall_exists: HallExists,
        verify: Verify,
        host: str = "127.0.0.1",
        port: int = 0,
        observer: Observer | None = None,
        screens_max: int = SCREENS_MAX,
        address_of: AddressOf | None = None,
        metrics_access: MetricsAccess | None = None,
        promises_of: PromisesOf = no_promises,
    ) -> None:
        self.port = port
        self.feeds = Feeds(follower, clock, text_frame, observer or NoObserver(), promises_of)
        self._follower = follower
        self._clock = clock
        self._hall_exists = hall_exists
        self._verify = verify
        self._host = host
        self._observer = observer or NoObserver()
        self._screens_max = screens_max
        self._screens: set[ScreenConnection] = set()
        self._handshaking: dict[ScreenConnection, None] = {}
        self._limits = None if address_of is None else ConnectionLimits(address_of, clock.monotonic_s)
        self._metrics_access = metrics_access
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._serve,
            self._host,
            self.port,
            create_connection=cast("type[ScreenConnection]", partial(ScreenConnection, self._handshaking)),
            compression=None,  # all clients get the same bytes, and a connection needs no window of 64 KiB
            process_request=self._process_request,
            server_header=None,
            open_timeout=OPEN_WITHIN_S,
            ping_interval=None,  # a frame is sent every two seconds anyway
            close_timeout=CLOSE_WITHIN_S,
            write_limit=0,  # `pause_writing` as soon as a frame is not accepted whole, `resume_writing` once it is
            logger=websockets_log,
            start_serving=False,
            backlog=BACKLOG,
        )
        for listening in self._server.sockets:
            limit_kernel_buffers(listening)
        await self._server.start_serving()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all sockets with the code for "reconnect", and stop."""
        assert self._server is not None, "it was entered"
        self._server.close(close_connections=False)
        for screen in list(self._screens):
            screen.leave(RESTART)
        for unfinished in list(self._handshaking):
            unfinished.transport.abort()
        await self._server.wait_closed()
        await self.feeds.stop()

    def _process_request(
        self, connection: ServerConnection, request: Request
    ) -> Response | Awaitable[Response | None] | None:
        """Answer a plain HTTP request, refuse a socket, or return None to accept the socket."""
        assert isinstance(connection, ScreenConnection), "`create_connection` makes no other"
        if self._metrics_access is not None and request.path == METRICS:
            authorization = next(iter(request.headers.get_all("Authorization")), None)
            return metrics_response(connection, self._metrics_access(authorization))
        if self._metrics_access is not None and request.path == READY:
            # Ready while frames are sent: PostgreSQL answers the follower.
            ready = self._clock.monotonic_s() - self._follower.alive_at < SILENT_AFTER_S
            return readiness_response(connection, ready=ready)
        target = parse_target(request.path)
        if target is None:
            return connection.respond(HTTPStatus.NOT_FOUND, "There is nothing at this address.\n")
        connection.protocol.required_subprotocol = target.subprotocol
        if self._limits is not None:
            peer, *_ = connection.remote_address or ("",)
            release = self._limits.admit(peer, ",".join(request.headers.get_all("X-Forwarded-For")))
            if release is None:
                return connection.respond(HTTPStatus.TOO_MANY_REQUESTS, "Too many from here; wait a little.\n")
            connection.release_address = release
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        """Serve one socket from its handshake to its end."""
        assert isinstance(connection, ScreenConnection), "`create_connection` makes no other"
        assert connection.request is not None, "the handshake is done"
        target = parse_target(connection.request.path)
        assert target is not None, "`_process_request` has refused other paths"
        connection.opened()
        if len(self._screens) >= self._screens_max:
            connection.leave(TRY_LATER)
            await connection.wait_closed()
            return
        self._screens.add(connection)
        self._observer.screens(len(self._screens))
        try:
            code = await self._start_watching(connection, target)
            if code is not None:
                connection.leave(code)
            await connection.wait_closed()
        finally:
            self._screens.discard(connection)
            self._observer.screens(len(self._screens))

    async def _start_watching(self, screen: ScreenConnection, target: SocketTarget) -> int | None:
        """Watch the target from now on; return a close code if that is not possible."""
        try:
            await self._watch(screen, target)
        except _CloseSocket as refused:
            return refused.code
        except (JournalUnavailable, StorageUnavailable, TimeoutError):
            return TRY_LATER
        except Exception:
            log.exception("socket_fault", hall=target.hall)
            return FAULT
        return None

    async def _watch(self, screen: ScreenConnection, target: SocketTarget) -> None:
        hall, ticket = target.hall, target.ticket
        right = Right(None) if ticket is None else self._right(target, ticket, screen.protocol.token)
        if not target.valid_hall or not await self._hall_exists(hall):
            raise _CloseSocket(UNKNOWN)
        feed = self.feeds.of(hall)
        async with asyncio.timeout(FIRST_WITHIN_S):
            day = await feed.wait_until(lambda _: True)
        if ticket is not None:
            await _wait_for_ticket(feed, ticket)
        elif not zone_exists(day, target.zone):
            raise _CloseSocket(UNKNOWN)
        if screen.protocol.state is State.OPEN:  # the client may have disconnected meanwhile
            screen.unwatch = (
                feed.watch_board(target.zone, screen)
                if ticket is None
                else feed.watch_ticket(ticket, screen, token=right.token)
            )
            self.feeds.send_due(hall)

    def _right(self, target: SocketTarget, ticket: TicketId, token: str | None) -> Right:
        if not token:
            raise _CloseSocket(TOKEN_MISSING)
        if not target.valid_hall or not target.valid_ticket:
            raise _CloseSocket(UNKNOWN)  # checked first: tokens are derived from these strings
        right = self._verify(target.hall, ticket, token)
        if right is None:
            raise _CloseSocket(UNKNOWN)
        return right


class _CloseSocket(Exception):  # noqa: N818  (it is not an error of the program)
    """The socket must be closed with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def _wait_for_ticket(feed: HallFeed, ticket: TicketId) -> None:
    """Wait until the day contains a ticket: another process may have issued it just now."""
    try:
        async with asyncio.timeout(TICKET_WITHIN_S):
            await feed.wait_until(lambda day: ticket in day.tickets)
    except TimeoutError:
        raise _CloseSocket(UNKNOWN) from None
