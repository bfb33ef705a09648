"""Send the answers of one event loop iteration together at its end.

All requests whose events one append stored are answered in the same iteration. A client process with several
connections then wakes up once and reads all its answers; waking it for each answer would slow this process down too.
The order of answers on one connection is kept.
"""

import asyncio


class BatchedConnection:
    """Interface of a connection that can delay its answers until the end of an event loop iteration."""

    __slots__ = ()

    def send(self, answer: bytes) -> None:
        """Send an answer at the end of this event loop iteration.

        Send it at once if the client has sent another request already or the connection is about to close.

        Raises:
            ConnectionResetError: the connection is closed or closing.
        """
        raise NotImplementedError

    def send_now(self) -> None:
        """Send the delayed answers at once."""
        raise NotImplementedError


class BatchedWrites:
    """The connections whose delayed answers are sent at the end of the current event loop iteration."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._connections: list[BatchedConnection] = []

    def add(self, connection: BatchedConnection) -> None:
        """Call `send_now` of a connection at the end of this iteration."""
        if not self._connections:
            self._loop.call_soon(self._send)
        self._connections.append(connection)

    def _send(self) -> None:
        connections, self._connections = self._connections, []
        for connection in connections:
            connection.send_now()
