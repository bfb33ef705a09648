"""A crowd of lobby screens, light enough for hundreds of them beside a service on one small machine.

A screen is a bare socket with what little of WebSocket it takes to listen: it asks once, and then takes whole frames
out of bytes. Boards are the same bytes for all, so each is parsed once for the crowd.

| screen | what it does |
| --- | --- |
| `Screen` | reads everything, and remembers the boards in the order they came |
| `deaf` | takes its first board, and then nothing more until it is told to |
| `comes_and_goes` | leaves without a word, sooner or later, and is back at once |
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
"""What a test waits for happens within it, or the test fails."""

DEAF_BUFFER_BYTES = 4096
"""What the machine of a deaf screen takes for it; the kernel doubles it."""

CLOSING = 8
"""The opcode of a frame that closes."""


class Board(NamedTuple):
    """A board that was shown."""

    seq: int
    numbers: frozenset[str]
    body: dict[str, Any]


@lru_cache(maxsize=256)
def board_in(payload: bytes) -> Board | None:
    """Read a frame; None when it only says that the last one is still true."""
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
        """How far the newest board is."""
        return self.boards[-1].seq if self.boards else 0

    def leave(self) -> None:
        """Go without a word."""
        assert self._transport is not None, "it is connected"
        self._transport.abort()

    def listen(self) -> None:
        """Be deaf no more."""
        assert self._transport is not None, "it is connected"
        self._deaf = False
        if not self.gone:
            self._transport.resume_reading()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the board."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: hall\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Protocol: paihao.board.v1\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Take whole frames out of what came."""
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

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (however it went)
        """Be gone."""
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
        """A screen that is connected; its first board comes when it comes."""
        loop = asyncio.get_running_loop()
        plug = socket.socket()
        plug.setblocking(False)  # noqa: FBT003  (the socket's own signature)
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
        """So many screens, each with its first board."""
        screens = [await self.screen(deaf=deaf) for _ in range(how_many)]
        await self.when(lambda: all(screen.boards for screen in screens), "a first board for each")
        return screens

    async def comes_and_goes(self) -> None:
        """Be a screen whose connection breaks again and again, at any moment of its beginning, until cancelled."""
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
        """Wait until something holds; it is looked at whenever a screen hears."""
        news = news or self._news
        try:
            async with asyncio.timeout(WITHIN_S):
                while not condition():
                    news.clear()
                    await news.wait()
        except TimeoutError:
            raise AssertionError(f"{what}: not within {WITHIN_S} s") from None

    def forget(self, screen: Screen) -> None:
        """Let a screen go, without a word."""
        screen.leave()
        self._all.discard(screen)

    async def leave(self) -> None:
        """Let all go."""
        for screen in self._all:
            screen.leave()
        await self.when(lambda: all(screen.gone for screen in self._all), "the end of all")


def _has_heard(screen: Screen, frames: int) -> Callable[[], bool]:
    """Tell when a screen has its handshake and so many frames, or is gone."""
    return lambda: screen.gone or (screen.shaken and screen.frames >= frames)


@asynccontextmanager
async def crowd_at(sockets: str, hall: str = HALL) -> AsyncIterator[Crowd]:
    """A crowd that is gone at the end."""
    crowd = Crowd(sockets, hall)
    try:
        yield crowd
    finally:
        await crowd.leave()


@asynccontextmanager
async def busy_hall(dsn: str, folder: Path) -> AsyncIterator[Served]:
    """A process of `serve` with a hall that never closes, in a zone where it is about noon: no day ends meanwhile."""
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
    """Say a figure that nothing is demanded of, to whoever reads the output of the tests."""
    with capsys.disabled():
        sys.stdout.write(f"\n    {line}")


def memory_of(pid: int) -> int:
    """The bytes of memory a process has in use."""
    return int(Path(f"/proc/{pid}/smaps_rollup").read_text().partition("Rss:")[2].split()[0]) * 1024
