"""HTTP connections with time, size and count limits.

aiohttp's own protocol waits for a slow client for the whole keep-alive time and answers parser errors in plain text.
This module closes the connection of a slow client, answers every error as a problem, and logs no client addresses.

A timer is set only if a request does not arrive in one piece, so the usual request costs nothing more. At the
connection limit, the connections that have been idle longest are closed to make room for a new one. So thousands of
half-open connections do not lock out other clients: a client that sends its request at once is not among the longest
idle.

| event | answer |
| --- | --- |
| no whole head within `HEAD_WITHIN_S`, no whole body within `BODY_WITHIN_S` | 408 `request-too-slow` |
| target over `TARGET_MAX_BYTES` | 414 `address-too-long` |
| header over `FIELD_MAX_BYTES`, over `FIELDS_MAX` headers, head over `HEAD_MAX_BYTES` | 431 `headers-too-large` |
| not HTTP | 400 `request-unreadable` |
| `Expect` other than `100-continue` | 417 `expectation-failed` |
| body with a content coding | the body is not decoded, so it is not JSON |
| client reads nothing of an answer for `TAKE_WITHIN_S` | no answer, the connection is cut |

The connection is closed after each of these, except after a body with a content coding.

Source: RFC 9110, 15.5.9, 15.5.15; RFC 9112, 9.8; RFC 6585, 5.
"""

import asyncio
import heapq
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.streams import StreamReader

from service.api.http.batched_writes import BatchedConnection, BatchedWrites
from service.api.http.problems import problem
from service.domain.refusals import Refusal
from service.errors import AddressTooLong, ExpectationFailed, Fault, HeadersTooLarge, RequestTooSlow, RequestUnreadable
from service.primitives.ids import new_id

HEAD_WITHIN_S = 10.0
"""Longest time from the first to the last byte of a head; also until the first byte on a new connection."""

BODY_WITHIN_S = 20.0
"""Longest time for a body after its head: enough for 64 KiB over a very slow phone network."""

IDLE_MAX_S = 75.0
"""How long an idle connection stays open: longer than in proxies, which usually close theirs after 60 s. Otherwise a
proxy could send a request on a connection that is just closing."""

TAKE_WITHIN_S = 30.0
"""Longest time in which a client may read nothing of its answer."""

LINGER_S = 2.0
"""How long the rest of a refused body is still read, so that the client can read the refusal before a reset."""

TARGET_MAX_BYTES = 8190
"""Differs from `FIELD_MAX_BYTES`, because aiohttp's error for too long a line tells only the limit."""

FIELD_MAX_BYTES = 8192
FIELDS_MAX = 64
HEAD_MAX_BYTES = 32 * 1024
"""Limit for a head that arrives in several pieces. In one piece, only the limits of its fields apply."""

CONNECTIONS_MAX = 10_000
"""Connections of one process, and at most a third of the files that it may open; see `connection_limit`."""

BACKLOG = 1024
"""Connections that wait in the kernel until they are accepted."""

IDLE_SHARE_CLOSED = 10
"""At the connection limit, one of so many idle connections is closed. Closing several at once saves searches."""

log = structlog.get_logger(__name__)


class ConnectionCount:
    """The number of open connections and its limit. aiohttp's server would build a list to count them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.open = 0


class Connection(BatchedConnection, web.RequestHandler):
    """The connection of one client."""

    __slots__ = (
        "_batched_writes",
        "_body",
        "_connection_count",
        "_head_bytes",
        "_input_timer",
        "_output_timer",
        "_unsent",
    )

    def __init__(
        self,
        manager: web.Server,
        connection_count: ConnectionCount,
        batched_writes: BatchedWrites,
        **options: Any,  # noqa: ANN401  (passed to aiohttp)
    ) -> None:
        super().__init__(manager, **options)
        self._connection_count = connection_count
        self._batched_writes = batched_writes
        self._unsent = b""
        self._body: StreamReader | None = None
        self._input_timer: asyncio.TimerHandle | None = None
        self._output_timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection; at the limit, close idle connections first."""
        manager = self._manager
        if manager is not None and self._connection_count.open >= self._connection_count.limit:
            close_idle_connections(manager)
        self._connection_count.open += 1
        super().connection_made(transport)
        self._input_timer = self._loop.call_later(HEAD_WITHIN_S, self._head_timed_out)

    def data_received(self, data: bytes) -> None:
        """Pass bytes to the parser. A timer runs while a head or body is incomplete."""
        requests_before = self._request_count
        super().data_received(data)
        if self._request_count != requests_before:  # a head is complete
            self._head_bytes = 0
            self._body = self._messages[-1][1] if self._messages else None
            self._set_input_timer(None)
        body = self._body
        if body is None:
            self._count_head_bytes(len(data))
        elif not body.is_eof():
            if self._input_timer is None:
                self._input_timer = self._loop.call_later(BODY_WITHIN_S, self._body_timed_out)
        else:
            self._body = None
            self._set_input_timer(None)

    def eof_received(self) -> None:
        """Send delayed answers, because asyncio closes the connection after the client has closed its side."""
        self.send_now()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Uncount the connection and cancel its timers."""
        self._connection_count.open -= self._manager is not None  # aiohttp resets it, so only the first call counts
        self._unsent = b""
        self._set_input_timer(None)
        if self._output_timer is not None:
            self._output_timer.cancel()
            self._output_timer = None
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start a timer, because the client is not reading its answers."""
        super().pause_writing()
        self._output_timer = self._loop.call_later(TAKE_WITHIN_S, self.cut)

    def resume_writing(self) -> None:
        """Cancel the timer, because the client is reading again."""
        super().resume_writing()
        if self._output_timer is not None:
            self._output_timer.cancel()
            self._output_timer = None

    # Called by aiohttp.

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  (the parser's message is not meant for clients)
    ) -> web.StreamResponse:
        """Answer errors outside of handlers: errors of the parser, and faults while an answer is sent."""
        request_id = new_id()
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("fault", request_id=request_id, method=request.method, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("part of the answer is sent already")
        response = problem(refusal_of(status, exc), request_id)
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer. aiohttp checks `Expect` before the middleware; its refusal becomes a problem here."""
        if isinstance(resp, web.HTTPExpectationFailed):
            resp = problem(ExpectationFailed(), new_id())
            resp.force_close()  # it is unknown whether the announced body follows
        return await super().finish_response(request, resp, start_time)

    def force_close(self) -> None:
        """Close the connection after the delayed answers are sent."""
        self.send_now()
        super().force_close()

    # Called by `JsonResponse`.

    def send(self, answer: bytes) -> None:
        """See `BatchedConnection.send`."""
        if self.transport is None or self.transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        is_added = bool(self._unsent)
        self._unsent += answer
        if self._messages or self._close or self._force_close:
            self.send_now()
        elif not is_added:
            self._batched_writes.add(self)

    def send_now(self) -> None:
        """See `BatchedConnection.send_now`."""
        unsent, self._unsent = self._unsent, b""
        if unsent and self.transport is not None and not self.transport.is_closing():
            self.transport.write(unsent)

    # Called by handlers, by timers and by `close_idle_connections`.

    @property
    def idle(self) -> bool:
        """Whether the connection waits for a request: none is being answered, and none has arrived completely."""
        return self._waiter is not None and not self._waiter.done()

    @property
    def keep_alive_until_s(self) -> float:
        """When aiohttp would close the connection, by the loop's clock: `IDLE_MAX_S` after it became idle or opened."""
        return self._next_keepalive_close_time

    def allow_body(self, within_s: float) -> None:
        """Replace `BODY_WITHIN_S` by another time for the body that is arriving. For operations that accept files."""
        if self._body is not None and not self._body.is_eof():
            self._set_input_timer(self._loop.call_later(within_s, self._body_timed_out))

    def cut(self) -> None:
        """Close the connection at once, without waiting for the client."""
        self.send_now()
        if self.transport is not None:
            self.transport.abort()

    def _count_head_bytes(self, count: int) -> None:
        if not self.idle:
            return  # the rest of a refused request
        self._head_bytes += count
        if self._head_bytes > HEAD_MAX_BYTES:
            self._refuse(HeadersTooLarge())
        elif self._input_timer is None:
            self._input_timer = self._loop.call_later(HEAD_WITHIN_S, self._head_timed_out)

    def _set_input_timer(self, timer: asyncio.TimerHandle | None) -> None:
        if self._input_timer is not None:
            self._input_timer.cancel()
        self._input_timer = timer

    def _head_timed_out(self) -> None:
        self._input_timer = None
        if self._head_bytes:
            self._refuse(RequestTooSlow())
        else:
            self.cut()

    def _body_timed_out(self) -> None:
        self._input_timer = None
        if self._current_request is not None and self._body is not None:
            self._lingering_time = 0.0
            self._body.set_exception(RequestTooSlow())
        else:
            self.cut()

    def _refuse(self, refusal: Refusal) -> None:
        """Answer an incomplete request, and close the connection."""
        self.send_now()
        if self.transport is not None:
            self.transport.write(response_bytes(problem(refusal, new_id())))
        self.force_close()


def refusal_of(status: int, exc: BaseException | None) -> Refusal:
    """Translate an error of aiohttp's parser to a refusal."""
    if isinstance(exc, LineTooLong):
        return AddressTooLong() if exc.args[1] == TARGET_MAX_BYTES else HeadersTooLarge()
    if exc is not None and "Too many headers" in str(exc):
        return HeadersTooLarge()
    return Fault() if status >= HTTPStatus.INTERNAL_SERVER_ERROR else RequestUnreadable()


def response_bytes(response: web.Response) -> bytes:
    """Encode the last answer of a connection, with its head."""
    body = response.body
    assert isinstance(body, bytes), "a problem's body is bytes"
    status = HTTPStatus(response.status)
    fields = {**response.headers, "Content-Length": str(len(body)), "Connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} {status.phrase}\r\n{head}\r\n".encode() + body


def close_idle_connections(manager: web.Server) -> None:
    """Cut the connections that have been idle longest. Connections with a request in progress are never cut."""
    idle = [connection for connection in manager.connections if isinstance(connection, Connection) and connection.idle]
    count = max(1, len(idle) // IDLE_SHARE_CLOSED)
    for connection in heapq.nsmallest(count, idle, key=lambda connection: connection.keep_alive_until_s):
        connection.cut()


def connection_limit() -> int:
    """The limit of HTTP connections: a third of the files that this process may open. Screens need the rest."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(CONNECTIONS_MAX, hard // 3)


@asynccontextmanager
async def listening(
    app: web.Application, host: str, port: int, *, close_within_s: float, limit: int | None = None
) -> AsyncIterator[int]:
    """Serve an application inside the context. Yields the port.

    Args:
        app: the application.
        host: the address to listen on.
        port: the port; 0 for a free one.
        close_within_s: how long requests in progress may take when the context ends.
        limit: the limit of connections; `None` for `connection_limit`.

    Raises:
        OSError: the process cannot listen on this address and port.
    """
    loop = asyncio.get_running_loop()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=close_within_s)
    await runner.setup()
    manager = runner.server
    assert manager is not None, "`setup` made it"
    connection_count = ConnectionCount(connection_limit() if limit is None else limit)
    batched_writes = BatchedWrites(loop)

    def make_connection() -> Connection:
        return Connection(
            manager,
            connection_count,
            batched_writes,
            loop=loop,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=IDLE_MAX_S,
            lingering_time=LINGER_S,
            max_line_size=TARGET_MAX_BYTES,
            max_field_size=FIELD_MAX_BYTES,
            max_headers=FIELDS_MAX,
        )

    try:
        server = await loop.create_server(make_connection, host, port, backlog=BACKLOG)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
    finally:
        await runner.cleanup()
