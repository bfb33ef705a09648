"""Processes of `python -m service`, and clients that talk to them.

A `Program` is one process with its own environment; its output goes to files. `Programs` starts and stops them, and at
the end of each test searches their output for tokens, secrets, names and phones. The clients of a `Served` record
automatically what must not be in the output.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from tests.service import ADMIN, Api, Reply

ROOT = Path(__file__).parents[2]
SECRET = "a-secret-of-this-test-0123456789"

WITHIN_S = 40.0
"""Time limit of every wait in a test; normally it takes a second or two."""

LOOK_EVERY_S = 0.02
ANSWER_WITHIN_S = 8.0
"""Time limit of an answer, also during an outage of the database."""

QUIET_S = 2.5
"""A socket without a frame for this time is silent; frames come every two seconds."""

T = TypeVar("T")
Json = dict[str, Any]


async def until(condition: Callable[[], Awaitable[T | None]], what: str) -> T:
    """Wait until a condition returns a true value, and return it."""
    try:
        async with asyncio.timeout(WITHIN_S):
            while not (found := await condition()):  # noqa: ASYNC110  (there is no notification across processes)
                await asyncio.sleep(LOOK_EVERY_S)
            return found
    except TimeoutError:
        raise AssertionError(f"{what}: not within {WITHIN_S} s") from None


def alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        return Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def postmaster_of(data_dir: Path) -> int | None:
    """Return the pid of the PostgreSQL of a data folder; `None` if there is none."""
    try:
        pid = int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    except (OSError, IndexError):
        return None
    return pid if alive(pid) else None


def free_port() -> int:
    """Return a free port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Program:
    """One process."""

    module = "service"
    """The module to run."""

    def __init__(self, arguments: tuple[str, ...], environment: dict[str, str], folder: Path, number: int) -> None:
        self.said_path = folder / f"stderr-{number}"
        self.out_path = folder / f"stdout-{number}"
        with self.said_path.open("wb") as said, self.out_path.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.module, *arguments],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=said,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def said(self) -> str:
        """Return the stderr so far."""
        return self.said_path.read_text()

    @property
    def out(self) -> str:
        """Return the stdout so far."""
        return self.out_path.read_text()

    def lines(self, event: str) -> list[Json]:
        """Return the log lines of an event so far; an incomplete last line is left out."""
        whole = [line for line in self.said.split("\n")[:-1] if line.startswith("{")]
        return [line for line in map(json.loads, whole) if line["event"] == event]

    async def line(self, event: str) -> Json:
        """Wait for the first log line of an event and return it."""

        async def look() -> Json | None:
            found = self.lines(event)
            assert found or self._process.poll() is None, self.said
            return found[0] if found else None

        return await until(look, f"the line {event!r}")

    async def ended(self) -> int:
        """Wait for the end of the process and return its exit code."""

        async def look() -> tuple[int] | None:
            code = self._process.poll()
            return None if code is None else (code,)

        return (await until(look, "the end of the process"))[0]

    async def asked(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        self._process.send_signal(number)
        return await self.ended()

    async def killed(self) -> None:
        """End it by SIGKILL."""
        assert await self.asked(signal.SIGKILL) == -signal.SIGKILL

    async def end(self) -> None:
        """End it in any state."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                await self.ended()
            except AssertionError:
                self._process.kill()
                await self.ended()
                raise


@dataclass
class Client(Api):
    """A client that records what must not be in a log."""

    private: set[str] = field(default_factory=set, repr=False)

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:  # noqa: ANN401  (any JSON)
        """Send a request, which must be answered in time."""
        if isinstance(body, dict):
            self.private |= {said for said in (body.get("applicant") or {}).values() if len(said) > 5}
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reply = await super().call(method, path, body, **more)
        if isinstance(reply.body, dict) and isinstance(reply.body.get("token"), str):
            self.private.add(reply.body["token"])
        return reply


class Watched:
    """The socket of a screen or a phone: the newest board or ticket, and whether frames arrive."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.seen: Json = {}
        self._socket = socket

    async def frame(self, within_s: float = WITHIN_S) -> Json | None:
        """Return the next frame; `None` if the socket was closed."""
        message = await self._socket.receive(within_s)
        if message.type is not aiohttp.WSMsgType.TEXT:
            return None
        frame: Json = json.loads(message.data)
        if frame.get("type") != "alive":
            self.seen = frame
        return frame

    async def shows(self, wanted: Callable[[Json], bool]) -> Json:
        """Read frames until the newest board or ticket meets a condition."""

        async def look() -> Json | None:
            assert await self.frame() is not None, f"closed with {self._socket.close_code}"
            return self.seen if wanted(self.seen) else None

        return await until(look, "a frame as wanted")

    async def silent(self) -> None:
        """Read frames until none arrives for `QUIET_S`."""

        async def look() -> bool:
            try:
                assert await self.frame(QUIET_S) is not None, "closed"
            except TimeoutError:
                return True
            return False

        await until(look, "silence")

    async def closed(self) -> int:
        """Read frames until the socket is closed, and return the close code."""

        async def look() -> bool:
            return await self.frame() is None

        await until(look, "the end of the socket")
        return self._socket.close_code or 0


class Programs:
    """The processes of one test."""

    def __init__(self, folder: Path) -> None:
        self.private: set[str] = {ADMIN, SECRET}
        self.faults_expected = False
        self._folder = folder
        self._numbers = count(1)
        self._all: list[Program] = []

    def begin(self, *arguments: str, **settings: object) -> Program:
        """Start a process; settings have the names of their variables in lower case, without the prefix."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PAIHAO_")}
        chosen: dict[str, object] = {
            "data_dir": self._folder / "var",
            "port": 0,
            "display_port": 0,
            "admin_token": ADMIN,
            "secret": SECRET,
            **settings,
        }
        environment |= {f"PAIHAO_{name.upper()}": str(value) for name, value in chosen.items() if value is not None}
        environment |= {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
        program = Program(arguments, environment, self._folder, next(self._numbers))
        self._all.append(program)
        return program

    async def run(self, *arguments: str, **settings: object) -> Program:
        """Run a command to its end; it must succeed."""
        program = self.begin(*arguments, **settings)
        assert await program.ended() == 0, program.said
        return program

    async def refused(self, *arguments: str, **settings: object) -> str:
        """Run a command that must end with exit code 1 and one line, and return the text of that line."""
        program = self.begin(*arguments, **settings)
        code = await program.ended()
        lines = [line for line in program.said.splitlines() if not line.startswith("{")]
        assert (code, len(lines)) == (1, 1), program.said
        assert lines[0].startswith("paihao: "), program.said
        return lines[0].removeprefix("paihao: ")

    async def serve(self, **settings: object) -> "Served":
        """Start `serve` and wait until it is ready."""
        program = self.begin("serve", **settings)
        ready = await program.line("ready")
        return Served(program, ready["url"], ready["sockets"], self.private)

    async def display(self, **settings: object) -> "Served":
        """Start `display` and wait until it is ready."""
        program = self.begin("display", **settings)
        ready = await program.line("screens ready")
        return Served(program, "", ready["sockets"], self.private)

    async def end(self) -> None:
        """Stop all, and assert that their output has nothing private and no fault."""
        for program in self._all:
            await program.end()
        left_behind = postmaster_of(self._folder / "var")
        if left_behind is not None:
            os.kill(left_behind, signal.SIGQUIT)
        said = {
            path: path.read_text() for path in [*self._folder.glob("stderr-*"), *self._folder.glob("*/postgres.log")]
        }
        for path, text in said.items():
            told = [private for private in self.private if private in text]
            assert not told, f"{path} tells {told}"
            assert "Traceback" not in text, text
            assert self.faults_expected or '"exception"' not in text, text


@dataclass
class Served:
    """A running `serve` or `display`."""

    program: Program
    url: str
    sockets: str
    private: set[str]

    @asynccontextmanager
    async def client(self, hall: str = "noon") -> AsyncIterator[Client]:
        """Return a client of a hall."""
        async with Client(self.url, hall, private=self.private) as client:
            yield client

    @asynccontextmanager
    async def board(self, hall: str = "noon") -> AsyncIterator[Watched]:
        """Connect a lobby screen and wait for its first board."""
        async with self._socket(f"/v1/halls/{hall}/board", "paihao.board.v1") as socket:
            yield socket

    @asynccontextmanager
    async def ticket(self, ticket: Json, hall: str = "noon") -> AsyncIterator[Watched]:
        """Connect a phone that watches a ticket."""
        path = f"/v1/halls/{hall}/tickets/{ticket['id']}"
        async with self._socket(path, "paihao.ticket.v1", f"bearer.{ticket['token']}") as socket:
            yield socket

    @asynccontextmanager
    async def _socket(self, path: str, *subprotocols: str) -> AsyncIterator[Watched]:
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(aiohttp.ClientSession())
            socket = await stack.enter_async_context(
                session.ws_connect(f"{self.sockets}{path}", protocols=subprotocols, autoping=True)
            )
            watched = Watched(socket)
            assert await watched.frame() is not None, f"closed with {socket.close_code}"
            yield watched


def same_board(board: Json, other: Json) -> bool:
    """Tell whether two boards are equal, except for the instant and the waits, which change with time."""
    return _timeless(board) == _timeless(other)


def _timeless(board: Json) -> Json:
    waiting = [(line["service"], line["count"]) for line in board["waiting"]]
    return {**board, "at": None, "waiting": waiting}
