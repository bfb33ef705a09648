"""Departures: answers that are made in one turn of the loop, as all of an append are, go out together after it.

Whoever is woken by the first finds the others, while a client process that wakes for each of them costs us a good part
of its waking. Of one connection everything goes out in its order.
"""

import asyncio


class BatchedConnection:
    """A connection as answers know it; what is none has no such server behind it."""

    __slots__ = ()

    def send(self, answer: bytes) -> None:
        """Send an answer with those of others; at once where another, or the end, may come before.

        Raises ConnectionResetError when the client is gone.
        """
        raise NotImplementedError

    def send_now(self) -> None:
        """Send what waits for others."""
        raise NotImplementedError


class BatchedWrites:
    """The connections whose answers go out together, when all that is due in the loop now has been done."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[BatchedConnection] = []

    def add(self, sender: BatchedConnection) -> None:
        """Have a connection send before another request of its client is answered."""
        if not self._waiting:
            self._loop.call_soon(self._send)
        self._waiting.append(sender)

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        for sender in waiting:
            sender.send_now()
