"""Connections of HTTP: how long a client may take, how much it may send, and how many of them there are.

aiohttp's own protocol waits for a slow client as long as its keep-alive lasts, and answers what its parser refuses in
plain text. Here a request is whole in time or the connection ends, what no handler saw is answered as a problem like
everything else, and nobody's address is logged.

A timer is set only for a request that did not come in one piece, so that one that did costs nothing more. When there
are as many connections as there may be, the idle ones that were heard of longest ago make room for the new one:
thousands of half-open connections then stop nobody, for a client that speaks at once is never among the oldest idle.

| what | answer |
| --- | --- |
| no whole head within `HEAD_WITHIN_S`, no whole body within `BODY_WITHIN_S` | 408 `request-too-slow` |
| a target over `TARGET_MAX_BYTES` | 414 `address-too-long` |
| a field over `FIELD_MAX_BYTES`, over `FIELDS_MAX` of them, a head over `HEAD_MAX_BYTES` | 431 `headers-too-large` |
| what is no HTTP | 400 `request-unreadable` |
| an `Expect` other than `100-continue` | 417 `expectation-failed` |
| a body in a content coding, however large it would be | is not decoded, and is no JSON then |
| an answer the client does not take for `TAKE_WITHIN_S` | cut |

After each of them the connection is closed.

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
"""How long a head that has begun may take; also how long a new connection may say nothing."""

BODY_WITHIN_S = 20.0
"""How long a body may take after its head: 64 KiB over the slowest phone network."""

IDLE_MAX_S = 75.0
"""How long a connection is kept for the next request: longer than proxies keep theirs (60 s), who else would meet it
closing."""

TAKE_WITHIN_S = 30.0
"""How long a client may take nothing of its answer."""

LINGER_S = 2.0
"""How long what was refused unread is still read, so that the client sees why."""

TARGET_MAX_BYTES = 8190
"""Another number than that of fields, by which the two are told apart."""

FIELD_MAX_BYTES = 8192
FIELDS_MAX = 64
HEAD_MAX_BYTES = 32 * 1024
"""Of heads that come in pieces; one that comes at once is bounded by its fields."""

CONNECTIONS_MAX = 10_000
"""Connections of one process; at most a third of the files it may open: screens need as many, and handshakes."""

BACKLOG = 1024
"""Connections the kernel holds for us."""

IDLE_SHARE_CLOSED = 10
"""At the most, every tenth idle connection goes at once: looking through all of them is worth it then."""

log = structlog.get_logger(__name__)


class ConnectionCount:
    """How many connections there are, and how many there may be: the server itself would make a list to count."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0


class Connection(BatchedConnection, web.RequestHandler):
    """One client's connection."""

    __slots__ = ("_body", "_departures", "_due", "_head_bytes", "_room", "_stuck", "_unsent")

    def __init__(
        self,
        manager: web.Server,
        room: ConnectionCount,
        departures: BatchedWrites,
        **options: Any,  # noqa: ANN401  (passed to aiohttp)
    ) -> None:
        super().__init__(manager, **options)
        self._room = room
        self._departures = departures
        self._unsent = b""
        self._body: StreamReader | None = None
        self._due: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None
        self._head_bytes = 0

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; make room where there is none."""
        manager = self._manager
        if manager is not None and self._room.taken >= self._room.most:
            close_idle_connections(manager)
        self._room.taken += 1
        super().connection_made(transport)
        self._due = self._loop.call_later(HEAD_WITHIN_S, self._head_is_late)

    def data_received(self, data: bytes) -> None:
        """Take bytes; a timer runs as long as a request is not whole."""
        known = self._request_count
        super().data_received(data)
        if self._request_count != known:  # a head is whole
            self._head_bytes = 0
            self._body = self._messages[-1][1] if self._messages else None
            self._run_for(None)
        body = self._body
        if body is None:
            self._take_part_of_head(len(data))
        elif not body.is_eof():
            if self._due is None:
                self._due = self._loop.call_later(BODY_WITHIN_S, self._body_is_late)
        else:
            self._body = None
            self._run_for(None)

    def eof_received(self) -> None:
        """The client says nothing more, and asyncio closes: what is answered goes out first."""
        self.send_now()

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is over."""
        self._room.taken -= self._manager is not None  # once
        self._unsent = b""
        self._run_for(None)
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client takes no more for now."""
        super().pause_writing()
        self._stuck = self._loop.call_later(TAKE_WITHIN_S, self.cut)

    def resume_writing(self) -> None:
        """It takes more."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    # What aiohttp calls.

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  (the parser's words are not for people)
    ) -> web.StreamResponse:
        """Answer what no handler saw: what the parser refused, and what went wrong while answering."""
        request_id = new_id()
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("fault", request_id=request_id, method=request.method, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun: nothing can be said any more")
        response = problem(refusal_of(status, exc), request_id)
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer; what aiohttp refuses before any middleware is asked becomes a problem."""
        if isinstance(resp, web.HTTPExpectationFailed):
            resp = problem(ExpectationFailed(), new_id())
            resp.force_close()  # a body that was announced may come, or not
        return await super().finish_response(request, resp, start_time)

    def force_close(self) -> None:
        """End it; what is answered goes out before."""
        self.send_now()
        super().force_close()

    # What answers call.

    def send(self, answer: bytes) -> None:
        """See `Sender.send`."""
        if self.transport is None or self.transport.is_closing():
            raise ConnectionResetError("the client is gone")
        is_added = bool(self._unsent)
        self._unsent += answer
        if self._messages or self._close or self._force_close:
            self.send_now()
        elif not is_added:
            self._departures.add(self)

    def send_now(self) -> None:
        """See `Sender.send_now`."""
        unsent, self._unsent = self._unsent, b""
        if unsent and self.transport is not None and not self.transport.is_closing():
            self.transport.write(unsent)

    # What the timers and others call.

    @property
    def idle(self) -> bool:
        """Whether no request is being answered, or has come whole."""
        return self._waiter is not None and not self._waiter.done()

    @property
    def heard_s(self) -> float:
        """When it was idle last, or made, by the loop's clock."""
        return self._next_keepalive_close_time

    def allow_body(self, within_s: float) -> None:
        """Give a body that is still coming another time than `BODY_WITHIN_S`: for a call that takes files."""
        if self._body is not None and not self._body.is_eof():
            self._run_for(self._loop.call_later(within_s, self._body_is_late))

    def cut(self) -> None:
        """End the connection at once."""
        self.send_now()
        if self.transport is not None:
            self.transport.abort()

    def _take_part_of_head(self, count: int) -> None:
        if not self.idle:
            return  # the end of something that was refused
        self._head_bytes += count
        if self._head_bytes > HEAD_MAX_BYTES:
            self._refuse(HeadersTooLarge())
        elif self._due is None:
            self._due = self._loop.call_later(HEAD_WITHIN_S, self._head_is_late)

    def _run_for(self, timer: asyncio.TimerHandle | None) -> None:
        if self._due is not None:
            self._due.cancel()
        self._due = timer

    def _head_is_late(self) -> None:
        self._due = None
        if self._head_bytes:
            self._refuse(RequestTooSlow())
        else:
            self.cut()

    def _body_is_late(self) -> None:
        self._due = None
        if self._current_request is not None and self._body is not None:
            self._lingering_time = 0.0
            self._body.set_exception(RequestTooSlow())
        else:
            self.cut()

    def _refuse(self, refusal: Refusal) -> None:
        """Answer without a request to answer to, and close."""
        self.send_now()
        if self.transport is not None:
            self.transport.write(response_bytes(problem(refusal, new_id())))
        self.force_close()


def refusal_of(status: int, exc: BaseException | None) -> Refusal:
    """Say in our words what aiohttp could not take."""
    if isinstance(exc, LineTooLong):
        return AddressTooLong() if exc.args[1] == TARGET_MAX_BYTES else HeadersTooLarge()
    if exc is not None and "Too many headers" in str(exc):
        return HeadersTooLarge()
    return Fault() if status >= HTTPStatus.INTERNAL_SERVER_ERROR else RequestUnreadable()


def response_bytes(response: web.Response) -> bytes:
    """An answer as it goes over the wire, the last one of its connection."""
    body = response.body
    assert isinstance(body, bytes), "problems are whole"
    status = HTTPStatus(response.status)
    fields = {**response.headers, "Content-Length": str(len(body)), "Connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} {status.phrase}\r\n{head}\r\n".encode() + body


def close_idle_connections(manager: web.Server) -> None:
    """Cut the idle connections that were heard of longest ago; where none is idle, nobody goes."""
    idle = [one for one in manager.connections if isinstance(one, Connection) and one.idle]
    for one in heapq.nsmallest(max(1, len(idle) // IDLE_SHARE_CLOSED), idle, key=lambda one: one.heard_s):
        one.cut()


def connection_limit() -> int:
    """How many connections this process may have: a third of its open files, for sockets of screens are others."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(CONNECTIONS_MAX, hard // 3)


@asynccontextmanager
async def listening(
    app: web.Application, host: str, port: int, *, close_within_s: float, most: int | None = None
) -> AsyncIterator[int]:
    """Answer HTTP inside the context; gives the port. Raises OSError where it cannot listen."""
    loop = asyncio.get_running_loop()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=close_within_s)
    await runner.setup()
    manager = runner.server
    assert manager is not None, "it was set up"
    room = ConnectionCount(connection_limit() if most is None else most)
    departures = BatchedWrites(loop)

    def connection() -> Connection:
        return Connection(
            manager,
            room,
            departures,
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
        server = await loop.create_server(connection, host, port, backlog=BACKLOG)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
    finally:
        await runner.cleanup()
