"""Many lobby screens, cheap enough to run hundreds of them beside a service on a small machine.

A screen is a bare socket with a minimal WebSocket client: it sends one request, and then reads frames. All screens get
the same bytes for a board, so each board is parsed once.

| screen | what it does |
| --- | --- |
| `Screen` | reads everything and keeps the boards in the order of arrival |
| `deaf` | reads its first board, and then nothing until `listen` |
| `comes_and_goes` | disconnects at random moments without a closing handshake, and reconnects at once |
"""

import asyncio
import json
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec
import pytest

from service.domain.hall.demo import demo_document
from service.domain.model import HallId
from service.journal import hall_documents as stored
from service.journal.database import Database
from tests.serve.program import Programs, Served

HALL = "noon"

WITHIN_S = 60.0
"""Time limit of every wait in a test."""

DEAF_BUFFER_BYTES = 4096
"""Size of a deaf screen's receive buffer; the kernel doubles it."""

CLOSING = 8
"""The opcode of a close frame."""


class Board(NamedTuple):
    """A received board."""

    seq: int
    numbers: frozenset[str]
    body: dict[str, Any]


@lru_cache(maxsize=256)
def board_in(payload: bytes) -> Board | None:
    """Parse a frame; `None` if it only confirms the last board."""
    body = json.loads(payload)
    if body["type"] == "alive":
        return None
    return Board(body["seq"], frozenset(call["number"] for call in body["called"]), body)


class Screen(asyncio.Protocol):
    """One socket."""

    def __init__(self, path: str, news: asyncio.Event, *, deaf: bool) -> None:
        self.boards: list[Board] = []
        self.came_s: list[float] = []
        self.frames = 0
        self.taken_bytes = 0
        self.shaken = False
        self.gone = False
        self.close_code: int | None = None
        self._path = path
        self._news = news
        self._deaf = deaf
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    @property
    def seq(self) -> int:
        """The seq of the newest board."""
        return self.boards[-1].seq if self.boards else 0

    def leave(self) -> None:
        """Disconnect without a closing handshake."""
        assert self._transport is not None, "it is connected"
        self._transport.abort()

    def listen(self) -> None:
        """Start reading again."""
        assert self._transport is not None, "it is connected"
        self._deaf = False
        if not self.gone:
            self._transport.resume_reading()

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the board."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: hall\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Protocol: paihao.board.v1\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Extract complete frames from the received bytes."""
        self._buffer += data
        if not self.shaken:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self.shaken = True
            self._buffer = rest
        while (frame := self._next_frame()) is not None:
            self._take(*frame)
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (any reason)
        """Record the end of the connection."""
        self.gone = True
        self._news.set()

    def _next_frame(self) -> tuple[int, bytes] | None:
        """Opcode and payload of the next frame; servers neither mask nor split, RFC 6455, 5.1."""
        if len(self._buffer) < 2:
            return None
        opcode, length = self._buffer[0] & 0x0F, self._buffer[1]
        begin = {126: 4, 127: 10}.get(length, 2)
        if begin > 2:
            length = int.from_bytes(self._buffer[2:begin], "big")
        if len(self._buffer) < begin + length:
            return None
        payload = bytes(self._buffer[begin : begin + length])
        del self._buffer[: begin + length]
        return opcode, payload

    def _take(self, opcode: int, payload: bytes) -> None:
        self.frames += 1
        self.taken_bytes += len(payload)
        if opcode == CLOSING:
            self.close_code = int.from_bytes(payload[:2], "big")
            return
        board = board_in(payload)
        if board is not None:
            self.boards.append(board)
            self.came_s.append(time.monotonic())
        if self._deaf:
            assert self._transport is not None, "it is connected"
            self._transport.pause_reading()


class Crowd:
    """The screens of one hall."""

    def __init__(self, sockets: str, hall: str) -> None:
        self.visits = 0
        host, _, port = sockets.removeprefix("ws://").partition(":")
        self._address = (host, int(port))
        self._path = f"/v1/halls/{hall}/board"
        self._news = asyncio.Event()
        self._all: set[Screen] = set()

    async def screen(self, *, deaf: bool = False, news: asyncio.Event | None = None) -> Screen:
        """Connect a screen; do not wait for its first board."""
        loop = asyncio.get_running_loop()
        plug = socket.socket()
        plug.setblocking(False)  # noqa: FBT003  (signature of the standard library)
        if deaf:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DEAF_BUFFER_BYTES)
        screen = Screen(self._path, news or self._news, deaf=deaf)
        try:
            await loop.sock_connect(plug, self._address)
            await loop.create_connection(lambda: screen, sock=plug)
        except BaseException:
            plug.close()
            raise
        self._all.add(screen)
        return screen

    async def screens(self, how_many: int, *, deaf: bool = False) -> list[Screen]:
        """Connect a number of screens and wait for their first boards."""
        screens = [await self.screen(deaf=deaf) for _ in range(how_many)]
        await self.when(lambda: all(screen.boards for screen in screens), "a first board for each")
        return screens

    async def comes_and_goes(self) -> None:
        """Act as a screen whose connection breaks again and again, at any moment of its start, until cancelled."""
        news = asyncio.Event()
        for frames in cycle((0, 1, 2, None)):
            screen = await self.screen(news=news)
            try:
                if frames is not None:
                    await self.when(_has_heard(screen, frames), "what it stays for", news)
            finally:
                self.forget(screen)
            assert screen.close_code is None, screen.close_code
            self.visits += 1

    async def when(self, condition: Callable[[], bool], what: str, news: asyncio.Event | None = None) -> None:
        """Wait until a condition holds; it is checked whenever a screen gets a frame."""
        news = news or self._news
        try:
            async with asyncio.timeout(WITHIN_S):
                while not condition():
                    news.clear()
                    await news.wait()
        except TimeoutError:
            raise AssertionError(f"{what}: not within {WITHIN_S} s") from None

    def forget(self, screen: Screen) -> None:
        """Disconnect a screen without a closing handshake."""
        screen.leave()
        self._all.discard(screen)

    async def leave(self) -> None:
        """Disconnect all screens."""
        for screen in self._all:
            screen.leave()
        await self.when(lambda: all(screen.gone for screen in self._all), "the end of all")


def _has_heard(screen: Screen, frames: int) -> Callable[[], bool]:
    """Tell whether a screen has its handshake and a number of frames, or is disconnected."""
    return lambda: screen.gone or (screen.shaken and screen.frames >= frames)


@asynccontextmanager
async def crowd_at(sockets: str, hall: str = HALL) -> AsyncIterator[Crowd]:
    """Run a crowd that is disconnected at the end."""
    crowd = Crowd(sockets, hall)
    try:
        yield crowd
    finally:
        await crowd.leave()


@asynccontextmanager
async def busy_hall(dsn: str, folder: Path) -> AsyncIterator[Served]:
    """Run `serve` with a hall that never closes, in a zone where it is about noon, so that no day ends."""
    hours_behind = datetime.now(UTC).hour - 12
    document = msgspec.structs.replace(
        demo_document(always_open=True), time_zone=f"Etc/GMT{hours_behind:+d}" if hours_behind else "Etc/GMT"
    )
    async with Database(dsn) as database:
        await stored.HallStore(database).create_if_absent(HallId(HALL), document)
    programs = Programs(folder)
    try:
        yield await programs.serve(database_url=dsn, metrics_open=1)
    finally:
        await programs.end()


def tell(capsys: pytest.CaptureFixture[str], line: str) -> None:
    """Print a measurement that is not asserted into the output of the tests."""
    with capsys.disabled():
        sys.stdout.write(f"\n    {line}")


def memory_of(pid: int) -> int:
    """Return the memory that a process uses, in bytes."""
    return int(Path(f"/proc/{pid}/smaps_rollup").read_text().partition("Rss:")[2].split()[0]) * 1024
