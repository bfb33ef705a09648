"""A faulty network in front of PostgreSQL, for one statement at a time.

The proxy listens on a Unix socket in a directory of its own and forwards everything. Tests use this directory as host.
Armed with a `Fault`, it applies the fault once, to the next statement of any connection. A statement is a message of
the client that executes something. Preparation, start-up and termination of a connection do not count.

`tests/conftest.py` makes its fixtures available to all tests.
"""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from enum import Enum
from pathlib import Path
from typing import Self

import pytest

from tests.postgres import PostgresServer

CHUNK_BYTES = 1 << 18

_EXECUTES = (b"B", b"Q")  # Bind of a prepared statement; Query of the simple protocol


class Fault(Enum):
    """A fault of the next statement."""

    CUT_BEFORE = "the connection is lost before the server gets it"
    CUT_AFTER = "the connection is lost after the server has done it, before the client hears"
    HOLD_BEFORE = "it stays in the network until released, even if the client leaves"
    HOLD_AFTER = "the answer stays in the network until released"


class Proxy:
    """A proxy between clients and a server's Unix socket: `async with Proxy(server.socket) as proxy`."""

    def __init__(self, upstream: Path) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="paihao-proxy-"))
        self.struck = asyncio.Event()
        self._upstream = upstream
        self._fault: Fault | None = None
        self._after = 0
        self._released = asyncio.Event()
        self._arrived = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.come_back()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.go_away()
        shutil.rmtree(self.directory)

    def arm(self, fault: Fault, after: int = 0) -> None:
        """Apply a fault to the next statement after skipping `after` statements. `struck` is set when it is applied."""
        self._fault = fault
        self._after = after
        self.struck.clear()
        self._released.clear()
        self._arrived.clear()

    def release(self) -> None:
        """Forward the held message."""
        self._released.set()

    async def come_back(self) -> None:
        """Accept connections."""
        self._server = await asyncio.start_unix_server(self._accept, self.directory / self._upstream.name)

    async def go_away(self) -> None:
        """Cut all connections and accept no new ones until `come_back`."""
        if self._server is not None:
            self._server.close()
            (self.directory / self._upstream.name).unlink(missing_ok=True)
            self._server = None
        await self.cut()

    async def cut(self) -> None:
        """Cut all open connections."""
        links = list(self._links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)

    async def arrived(self) -> None:
        """Wait until the server has executed the released statement."""
        await self._arrived.wait()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.create_task(self._pass_on(reader, writer))
        self._links.add(link)
        link.add_done_callback(self._links.discard)
        link.add_done_callback(lambda _: writer.transport.abort())  # also if the task ended before it started

    async def _pass_on(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            server, to_server = await _connected(self._upstream)
        except OSError:
            to_client.transport.abort()
            return
        link = _Link(self, to_client, to_server)
        up = asyncio.create_task(link.upward(client))
        down = asyncio.create_task(link.downward(server))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            if not up.done() or not link.holding:
                return
            await asyncio.wait({up, down})
        finally:
            for writer in (to_client, to_server):  # before the wait, because that may be cancelled
                writer.transport.abort()
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    def strike(self, statement: bytes) -> Fault | None:
        """Return the fault for a message of a client; each fault is returned once."""
        if self._fault is None or statement[:1] not in _EXECUTES:
            return None
        if self._after:
            self._after -= 1
            return None
        fault, self._fault = self._fault, None
        return fault

    async def until_released(self) -> None:
        """Wait until `release`."""
        self.struck.set()
        await self._released.wait()

    def answered(self) -> None:
        """Record that the server answered the held statement."""
        self._arrived.set()


async def _connected(upstream: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the server; a cancelled attempt leaves no open connection. Raises OSError."""
    opening = asyncio.create_task(asyncio.open_unix_connection(upstream))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_abort)
        raise


def _abort(opened: asyncio.Task[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> None:
    if not opened.cancelled() and opened.exception() is None:
        opened.result()[1].transport.abort()


class _Link:
    """The connection of one client."""

    def __init__(self, proxy: Proxy, to_client: asyncio.StreamWriter, to_server: asyncio.StreamWriter) -> None:
        self.holding = False
        self._proxy = proxy
        self._to_client = to_client
        self._to_server = to_server
        self._answer: Fault | None = None

    async def upward(self, client: asyncio.StreamReader) -> None:
        """Forward messages of the client until it disconnects or the connection is cut."""
        while data := await _read(client):
            fault = self._proxy.strike(data)
            if fault is Fault.CUT_BEFORE:
                self._proxy.struck.set()
                return
            if fault is Fault.HOLD_BEFORE:
                self.holding = True
                await self._proxy.until_released()
            elif fault is not None:
                self._answer = fault
            self._to_server.write(data)
        if self.holding:
            self._to_server.write_eof()  # the client has disconnected, and the held message still arrives

    async def downward(self, server: asyncio.StreamReader) -> None:
        """Forward answers of the server until it disconnects or the connection is cut."""
        while data := await _read(server):
            if self._answer is Fault.CUT_AFTER:
                self._proxy.struck.set()
                return
            if self._answer is Fault.HOLD_AFTER:
                self._answer = None
                await self._proxy.until_released()
            if self.holding:
                self._proxy.answered()
            self._to_client.write(data)


async def _read(reader: asyncio.StreamReader) -> bytes:
    with contextlib.suppress(ConnectionError):
        return await reader.read(CHUNK_BYTES)
    return b""


@pytest.fixture
async def proxy(postgres: PostgresServer) -> AsyncIterator[Proxy]:
    """Run a faulty network in front of the server."""
    async with Proxy(postgres.socket) as proxy:
        yield proxy


@pytest.fixture
def far_dsn(postgres: PostgresServer, proxy: Proxy, database_name: str) -> str:
    """Return the URL of the database through the faulty network."""
    return postgres.dsn(database_name, host=proxy.directory)
