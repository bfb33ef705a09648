"""One WebSocket connection of a screen or phone.

It differs from a connection of the `websockets` package in three ways:

* It only sends. A message from the client closes the connection.
* It accepts ready-made frames (`text_frame`), which are the same for all clients. While the transport's buffer is
  empty, `watchers` sends them directly to the raw socket.
* While the kernel has not accepted everything, only the newest frame is kept, and each newer frame replaces it. The
  kernel's own buffer is kept small (`UNSENT_MAX_BYTES`), because otherwise the backlog would build up there. A client
  that accepts nothing for `SLOW_MAX_S` is disconnected.

No send is awaited, so a slow client does not delay others.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any

from websockets.asyncio.server import Server, ServerConnection
from websockets.exceptions import NegotiationError
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import Event, State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from display.close_codes import MESSAGE_SENT
from display.hall_feed import Unwatch
from display.watchers import Watchers

BEARER = "bearer."
"""Prefix of a token among the offered subprotocols. A browser can send a token in no other header of a WebSocket."""

HANDSHAKES_MAX = 5000
"""Connections whose handshake is not finished. One more aborts the oldest, which has had the longest time."""

HANDSHAKE_MAX_BYTES = 16 * 1024
"""A longer handshake request is aborted."""

CLOSE_WITHIN_S = 2.0
"""How long a client may take to answer a close; then the connection is aborted."""

SLOW_MAX_S = 10.0
"""A client that accepts nothing for this long is disconnected."""

UNSENT_MAX_BYTES = 16 * 1024
"""Bytes that the kernel buffers for a client and has not sent yet."""

UNACKNOWLEDGED_MAX_MS = 15_000
"""A connection whose peer acknowledges nothing for this long is closed. A cut cable closes no connection by itself."""

MESSAGE_MAX_BYTES = 125
"""The maximum size of a control frame. Messages are not accepted at all."""

HEARD_MAX_BYTES = 4096
HEARD_WITHIN_S = 60.0
"""Bytes a client may send in a minute: its close, pings and pongs. More bytes count as a message and are not parsed."""

websockets_log = logging.getLogger(f"{__name__}.websockets")
websockets_log.setLevel(logging.CRITICAL)  # invalid requests to a public port are not worth a log line


def text_frame(payload: bytes) -> bytes:
    """Serialize a text message as a server without extensions sends it; the bytes are the same for all clients."""
    return Frame(Opcode.TEXT, payload).serialize(mask=False)


class _Protocol(ServerProtocol):
    """The WebSocket protocol with the subprotocols and close codes of this service."""

    required_subprotocol: Subprotocol | None = None
    token: str | None = None

    def __init__(self) -> None:
        super().__init__(max_size=MESSAGE_MAX_BYTES, logger=websockets_log)

    def select_subprotocol(self, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
        """Select the subprotocol of the requested path, and remember the token.

        Returns:
            The subprotocol; None if the client offers none.

        Raises:
            NegotiationError: the client offers others only.
        """
        for offered in subprotocols:
            if offered.startswith(BEARER):
                self.token = offered.removeprefix(BEARER)
        if not subprotocols or self.required_subprotocol in subprotocols:
            return self.required_subprotocol if subprotocols else None
        raise NegotiationError(f"offer {self.required_subprotocol}")

    def fail(self, code: CloseCode | int, reason: str = "") -> None:
        """Close because of a protocol error; a message that is too long gets the code of a message."""
        super().fail(MESSAGE_SENT if code == CloseCode.MESSAGE_TOO_BIG else code, reason)


class ScreenConnection(ServerConnection):
    """The server's side of one WebSocket; implements `Watcher`.

    `handshaking` are all connections whose handshake is not finished, oldest first. `release_address` ends the count of
    this connection in `ConnectionLimits`.
    """

    protocol: _Protocol
    raw_socket: socket.SocketType

    def __init__(
        self,
        handshaking: "dict[ScreenConnection, None]",
        _protocol: ServerProtocol,
        server: Server,
        **options: Any,  # noqa: ANN401  (passed on)
    ) -> None:
        super().__init__(_Protocol(), server, **options)
        self.unwatch: Unwatch | None = None
        self.release_address: Callable[[], None] | None = None
        self.watchers: Watchers | None = None
        self.ready = False
        self._muted = False
        self._handshaking = handshaking
        self._newest: bytes | None = None
        self._abort_timer: asyncio.TimerHandle | None = None
        self._handshake_bytes = 0
        self._heard_bytes = 0
        self._heard_since_s = 0.0

    # Called by the feed and the watchers.

    def show(self, frame: bytes) -> None:
        """Send a frame now; if the connection is not ready, keep it until it is."""
        if self.ready:
            self.transport.write(frame)
        elif not self._muted:
            self._newest = frame

    def send_rest(self, frame: bytes, taken: int) -> None:
        """Give the transport the bytes that the kernel did not accept.

        The transport then calls `pause_writing`, or finds out that the client has disconnected.
        """
        self.transport.write(frame[taken:])

    def leave(self, code: int) -> None:
        """Close with a code. A client that does not accept or answer the close in time is aborted."""
        self._mute()
        if self.protocol.state is State.OPEN:
            self.protocol.send_close(code)
            self.send_data()
            self._abort_after(CLOSE_WITHIN_S)

    # Called by the websockets package.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        super().connection_made(transport)
        if len(self._handshaking) >= HANDSHAKES_MAX:
            oldest = next(iter(self._handshaking))
            del self._handshaking[oldest]
            oldest.transport.abort()
        self._handshaking[self] = None

    def data_received(self, data: bytes) -> None:
        """Parse received bytes within the limits of the handshake or of the open connection."""
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
            self._mute()
            if self._abort_timer is None:
                self._abort_after(CLOSE_WITHIN_S)

    def _is_too_much(self, count: int) -> bool:
        """Count bytes received after the handshake; tell whether the client is over its limit."""
        now_s = self.loop.time()
        if now_s - self._heard_since_s > HEARD_WITHIN_S:
            self._heard_since_s, self._heard_bytes = now_s, 0
        self._heard_bytes += count
        return self._heard_bytes > HEARD_MAX_BYTES

    def eof_received(self) -> None:
        """Handle an end without a close frame. The package closes our side, so no frame may be sent after it."""
        super().eof_received()
        self._mute()

    def process_event(self, event: Event) -> None:
        """Handle the handshake request; a message closes the connection."""
        if isinstance(event, Request):
            super().process_event(event)
        elif isinstance(event, Frame) and event.opcode in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
            self.leave(MESSAGE_SENT)

    def pause_writing(self) -> None:
        """Stop sending: the kernel accepts no more. Reading stops too, because a ping would need an answer."""
        super().pause_writing()
        self.transport.pause_reading()
        if self.protocol.state is State.OPEN:
            self._become_not_ready()

    def resume_writing(self) -> None:
        """Continue with the newest frame: the kernel has accepted everything."""
        super().resume_writing()
        self.transport.resume_reading()
        if self.protocol.state is State.OPEN:
            self._abort_after(None)
            self._become_ready()

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up. The transport closes the socket after this."""
        self._mute()
        if hasattr(self, "raw_socket"):  # set by `opened`
            self.raw_socket.detach()
        super().connection_lost(exc)
        self._handshaking.pop(self, None)
        self._abort_after(None)
        if self.unwatch is not None:
            self.unwatch()
            self.unwatch = None
        if self.release_address is not None:
            self.release_address()
            self.release_address = None

    def opened(self) -> None:
        """Begin to send after the handshake.

        Request and response are dropped: they would be most of the memory of an idle connection.
        """
        self._handshaking.pop(self, None)
        self.request = None
        self.response = None
        if self.protocol.state is State.OPEN:
            self.raw_socket = _raw_socket_of(self.transport)
            if self.paused:
                self._become_not_ready()
            else:
                self._become_ready()

    # The states of sending: ready, not ready (the newest frame is kept), muted (nothing is sent or kept any more).

    def _become_ready(self) -> None:
        self.ready = True
        frame, self._newest = self._newest, None
        if frame is not None:
            self.transport.write(frame)
        self._tell_watchers()

    def _become_not_ready(self) -> None:
        self.ready = False
        self._tell_watchers()
        self._abort_after(SLOW_MAX_S)

    def _tell_watchers(self) -> None:
        if self.watchers is not None:
            self.watchers.update(self)

    def _mute(self) -> None:
        self.ready = False
        self._muted = True
        self._newest = None
        if self.watchers is not None:
            self.watchers.remove(self)

    def _abort_after(self, seconds: float | None) -> None:
        """Set the timer that aborts the connection, in place of an earlier one; None cancels it."""
        if self._abort_timer is not None:
            self._abort_timer.cancel()
            self._abort_timer = None
        if seconds is not None and self.protocol.state is not State.CLOSED:
            self._abort_timer = self.loop.call_later(seconds, self.transport.abort)


def _raw_socket_of(transport: asyncio.Transport) -> socket.SocketType:
    """Return a second socket object for a transport's file descriptor, to send past the transport.

    The transport closes the descriptor, so the object must be detached before. There is no TLS here (a proxy in front
    provides it); a transport with TLS could not be bypassed.
    """
    own = transport.get_extra_info("socket")
    raw = socket.SocketType(own.family, own.type, own.proto, own.fileno())
    raw.settimeout(0.0)
    return raw


def limit_kernel_buffers(listening: socket.socket) -> None:
    """Limit what the kernel buffers for a slow client and how long it waits for a dead one; connections inherit it."""
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_MAX_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MAX_MS)
