"""Clients that mean no good, all on this machine, bounded in number, and gone when the test is over."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

GONE = (ConnectionError, asyncio.IncompleteReadError, TimeoutError)

AT_ONCE = 200
"""Connections opened together; the kernel holds a thousand that nobody took yet."""


class Stranger:
    """A connection that says what no client should."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        transport = writer.transport
        assert isinstance(transport, asyncio.Transport), "of a socket"
        self._transport = transport

    async def say(self, said: bytes) -> bool:
        """Send bytes; tell whether the other side was still there."""
        try:
            self.writer.write(said)
            await self.writer.drain()
        except GONE:
            return False
        return True

    def end(self) -> None:
        """Say that nothing follows."""
        self.writer.write_eof()

    def take_nothing(self) -> None:
        """Leave what is answered where it is."""
        self._transport.pause_reading()

    def take_again(self) -> None:
        """Take it after all."""
        self._transport.resume_reading()

    async def hear(self) -> bytes:
        """All that is answered until the connection ends."""
        heard = b""
        with suppress(*GONE):
            while part := await self.reader.read(65536):
                heard += part
        return heard


@asynccontextmanager
async def stranger(port: int) -> AsyncIterator[Stranger]:
    """Connect; in the end the connection is cut."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Stranger(reader, writer)
    finally:
        writer.transport.abort()
        with suppress(*GONE):
            await writer.wait_closed()


@asynccontextmanager
async def strangers(port: int, count: int) -> AsyncIterator[list[Stranger]]:
    """So many of them."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(stranger(port)) for _ in range(count)]


@asynccontextmanager
async def crowd(port: int, count: int) -> AsyncIterator[list[socket.socket]]:
    """So many connections that say nothing by themselves; cheaper than streams."""
    loop = asyncio.get_running_loop()
    sockets: list[socket.socket] = []

    async def one() -> None:
        made = socket.socket()
        made.settimeout(0)
        sockets.append(made)
        await loop.sock_connect(made, ("127.0.0.1", port))

    try:
        for begin in range(0, count, AT_ONCE):
            await asyncio.gather(*(one() for _ in range(min(AT_ONCE, count - begin))))
        yield sockets
    finally:
        for made in sockets:
            made.close()


def shout(sockets: list[socket.socket], said: bytes) -> int:
    """Send the same over all; gives over how many it could be sent."""
    sent = 0
    for one in sockets:
        with suppress(OSError):
            sent += one.send(said) > 0
    return sent
