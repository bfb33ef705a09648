"""Many clients of a hall over real HTTP and real sockets. They record all requests and answers.

A client sends a request to one of the processes. With a key it repeats the request, to any process, until an answer is
definite; without a key it sends it once. Some clients are impatient and repeat a request before its answer. The seed
determines what clients do, but not the order in which requests arrive, because the processes are real.
"""

import asyncio
import json
from collections import deque
from contextlib import suppress
from random import Random
from typing import Any

import aiohttp

from tests.fault.history import Asked, Frame, History, Json, Read, Try
from tests.fault.stage import HALL, Stage
from tests.service import ADMIN

TAKERS = 3
COUNTERS = ("1", "1", "2", "3", "P1")
"""The counters of the clerks; two clerks share a counter and disturb each other."""

WITHIN_S = 60.0
"""Time limit of every wait in a test."""

SHOWN_WITHIN_S = 20.0
"""At the end all screens show the last board within this time; normally two seconds, or a reconnection later."""

GIVE_UP_S = 45.0
"""A client without a definite answer gives up after this time."""

PATIENCE_S = (1.5, 8.0)
"""How long clients wait for an answer before they repeat the request: least and most."""

PAUSE_FIRST_S = 0.02
PAUSE_MOST_S = 0.3

SCREEN_HEARS_S = 5.0
"""A screen without a frame for this time reconnects."""

QUEUE_MAX = 40
"""With this number of waiting tickets, clients take no more."""

FAULT = 500
"""From this status on, an answer is an error of the service."""

KEYED = 0.75
TWICE_AT_ONCE = 0.1
REPEATED = 30
"""Number of commands that are repeated at the end, to each process."""

TEXTS = {"en": "Back soon", "zh-CN": "马上回来"}


class Driver:
    """The clients of one run."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.history = History()
        self.answers = 0
        self._stage = stage
        self._seed = seed
        self._moved = asyncio.Event()
        self._stopping = False
        self._waiting = 0
        self._loop = asyncio.get_running_loop()
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True))
        self._screens: list[asyncio.Task[None]] = []
        self._clients: list[asyncio.Task[None]] = []
        self._taken: deque[Json] = deque(maxlen=200)

    # The run.

    def begin(self) -> None:
        """Start all clients."""
        for number in range(len(self._stage.processes)):
            self._screens.append(asyncio.create_task(self._screen(number), name=f"screen {number}"))
        work = [self._taker(f"taker {n}") for n in range(TAKERS)]
        work += [self._clerk(f"clerk {n} at {counter}", counter) for n, counter in enumerate(COUNTERS)]
        work += [self._manager("manager"), self._watcher("watcher")]
        self._clients = [asyncio.create_task(client) for client in work]

    async def answered(self, more: int) -> None:
        """Wait until a number of further commands have been answered."""
        wanted = self.answers + more
        try:
            async with asyncio.timeout(WITHIN_S):
                while self.answers < wanted:
                    await self._step()
        except TimeoutError:
            raise AssertionError(f"{wanted - self.answers} of {more} answers are missing") from None

    async def _others(self, more: int) -> None:
        """Wait for a number of answers to other clients, or for the end of the run."""
        wanted = self.answers + more
        while self.answers < wanted and not self._stopping:
            await self._step()

    async def _step(self) -> None:
        """Wait for the next answer. A failed client, or a process that ended by itself, ends the run."""
        self._stage.check()
        for client in (*self._clients, *self._screens):
            if client.done() and not client.cancelled():
                client.result()
        self._moved.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self._moved.wait()

    async def stop(self) -> None:
        """Let every client finish its present action and end."""
        self._stopping = True
        async with asyncio.timeout(WITHIN_S + GIVE_UP_S):
            await asyncio.gather(*self._clients)

    async def repeat(self) -> None:
        """Repeat some commands with their keys, to every process."""
        rng = Random(f"{self._seed} repeat")  # noqa: S311  (reproducible choices)
        keyed = [asked for asked in self.history.asked if asked.key is not None and asked.tries[-1].done]
        for asked in rng.sample(keyed, min(REPEATED, len(keyed))):
            for number in range(len(self._stage.processes)):
                await self._try(asked, number, PATIENCE_S[1])

    async def look_last(self) -> list[str]:
        """Read the final state from every process and screen; return those without an answer."""
        reads = [(what, number) for number in range(len(self._stage.processes)) for what in ("queue", "board")]
        silent = [
            f"process {number} does not say its {what}"
            for what, number in reads
            if await self.read(what, number) is None
        ]
        if silent:
            return silent
        with suppress(TimeoutError):  # the checker reports what they show instead
            async with asyncio.timeout(SHOWN_WITHIN_S):
                while not await self._all_shown():
                    await self._step()
        return silent

    async def _all_shown(self) -> bool:
        last = await self._stage.last()
        return all(self._last_shown(number) == last for number in range(len(self._screens)))

    def _last_shown(self, number: int) -> tuple[str, int] | None:
        for frame in reversed(self.history.frames):
            if frame.screen == f"screen {number}":
                return frame.board["day"], frame.board["seq"]
        return None

    async def end(self) -> None:
        """Cancel all clients."""
        for task in (*self._clients, *self._screens):
            task.cancel()
        await asyncio.gather(*self._clients, *self._screens, return_exceptions=True)
        await self._session.close()

    # Requests.

    async def ask(
        self,
        rng: Random,
        client: str,
        what: str,
        names: dict[str, str] | None = None,
        body: Json | None = None,
        *,
        token: str | None = ADMIN,
        keyed: bool | None = None,
    ) -> Try:
        """Send a command and return its final answer."""
        asked = Asked(client, what, {"hall": HALL, **(names or {})}, body, token=token)
        asked.credential = "admin" if token == ADMIN else token or ""
        if rng.random() < KEYED if keyed is None else keyed:
            asked.key = f"{rng.getrandbits(128):032x}"
        self.history.asked.append(asked)
        give_up_s = self._loop.time() + GIVE_UP_S
        pause_s = PAUSE_FIRST_S
        last: Try | None = None
        if asked.key is not None and rng.random() < TWICE_AT_ONCE:
            await asyncio.gather(*(self._try(asked, self._somebody(rng), PATIENCE_S[1]) for _ in range(2)))
        while True:
            last = await self._try(asked, self._somebody(rng, last), rng.choice(PATIENCE_S))
            definite = last.done or last.refused or last.status == FAULT
            if definite or asked.key is None or self._loop.time() > give_up_s:
                break
            await asyncio.sleep(rng.uniform(0.5, 1.0) * pause_s)  # as careful clients do
            pause_s = min(2 * pause_s, PAUSE_MOST_S)
        self.answers += definite
        self._moved.set()
        return last

    def _somebody(self, rng: Random, last: Try | None = None) -> int:
        """Return a running process, not the one that has just failed."""
        running = [number for number, process in enumerate(self._stage.processes) if process is not None]
        others = [number for number in running if last is None or number != last.process]
        return rng.choice(others or running or [0])

    async def _try(self, asked: Asked, number: int, patience_s: float) -> Try:
        one = Try(number, self._loop.time())
        asked.tries.append(one)
        headers = {}
        if asked.token is not None:
            headers["Authorization"] = f"Bearer {asked.token}"
        if asked.key is not None:
            headers["Idempotency-Key"] = asked.key
        path = asked.route.format(**asked.names)
        one.status, one.body = await self._send(number, asked.method, path, patience_s, headers, asked.body)
        one.ended_s = self._loop.time()
        return one

    async def _send(  # noqa: PLR0917  (the parts of a request)
        self,
        number: int,
        method: str,
        path: str,
        patience_s: float,
        headers: dict[str, str],
        body: Json | None = None,
    ) -> tuple[int, Any]:
        process = self._stage.processes[number]
        if process is None:
            await asyncio.sleep(0)
            return 0, None
        try:
            async with self._session.request(
                method,
                process.url + path,
                json=body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=patience_s),
            ) as response:
                text = await response.read()
                return response.status, json.loads(text) if text else None
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0, None

    async def read(self, what: str, number: int, ticket: str | None = None) -> Read | None:
        """Read, once."""
        path = f"/v1/halls/{HALL}/{what}" if ticket is None else f"/v1/halls/{HALL}/tickets/{ticket}"
        began_s = self._loop.time()
        status, body = await self._send(number, "GET", path, PATIENCE_S[1], {"Authorization": f"Bearer {ADMIN}"})
        if status != 200:
            return None
        read = Read(what, number, began_s, self._loop.time(), body)
        self.history.reads.append(read)
        return read

    # Clients.

    async def _taker(self, name: str) -> None:
        rng = Random(f"{self._seed} {name}")  # noqa: S311  (reproducible choices)
        while not self._stopping:
            if self._waiting >= QUEUE_MAX:
                await self._step()
                continue
            body: Json = {"service": rng.choice(["loan-first", "enquiry", "enquiry"])}
            if rng.random() < 0.2:
                body["then"] = ["enquiry"]
            last = await self.ask(rng, name, "take", body=body, token=rng.choice([None, ADMIN]))
            if not last.done:
                continue
            ticket = last.body
            self._waiting += 1
            self._taken.append(ticket)
            if rng.random() < 0.3:
                await self.read("ticket", self._somebody(rng), ticket["id"])
            if rng.random() < 0.3:
                await self.ask(rng, name, "leave", {"ticket": ticket["id"]}, token=ticket["token"])

    async def _clerk(self, name: str, counter: str) -> None:
        rng = Random(f"{self._seed} {name}")  # noqa: S311  (reproducible choices)
        await self.ask(rng, name, "open", {"counter": counter}, keyed=True)
        here: str | None = None
        while not self._stopping:
            here = await (self._call(rng, name, counter) if here is None else self._serve(rng, name, counter, here))

    async def _call(self, rng: Random, name: str, counter: str) -> str | None:
        if rng.random() < 0.04:
            await self.ask(rng, name, rng.choice(["pause", "close"]), {"counter": counter}, {}, keyed=True)
            await self.ask(rng, name, "open", {"counter": counter}, keyed=True)
        last = await self.ask(rng, name, "next", {"counter": counter})
        if last.code == "counter-closed":
            await self.ask(rng, name, "open", {"counter": counter}, keyed=True)
        return self._called(last)

    def _called(self, last: Try) -> str | None:
        if last.code == "counter-busy":
            busy: str = last.body["ticket"]
            return busy
        if last.status == 200 and last.body["ticket"] is not None:
            self._waiting = max(0, self._waiting - 1)
            called: str = last.body["ticket"]["id"]
            return called
        return None

    async def _serve(self, rng: Random, name: str, counter: str, here: str) -> str | None:
        """Act on the ticket at the counter; return the ticket that is there afterwards, as far as the clerk knows."""
        ticket = {"ticket": here}
        what = rng.choice(["recall", "start", "start", "finish", "next", "next", "next", "no-show", "park", "transfer"])
        if what == "next":
            finish = {"finish": {"outcome": rng.choice(["done", "done", "conditional", "referred"])}}
            last = await self.ask(rng, name, "next", {"counter": counter}, finish, keyed=True)
            return self._called(last)
        body = {"outcome": "done"} if what == "finish" else {}
        last = await self.ask(rng, name, what, ticket, body)
        if what in {"recall", "start"}:
            return here if last.done else None
        if last.done and what in {"finish", "no-show"} and rng.random() < 0.25:
            undone = await self.ask(rng, name, "undo", ticket, {})
            return here if undone.done else None
        if last.done and what in {"no-show", "park"} and rng.random() < 0.6:
            await self.ask(rng, name, "resume", ticket, {})
        return None

    async def _manager(self, name: str) -> None:
        rng = Random(f"{self._seed} {name}")  # noqa: S311  (reproducible choices)
        while not self._stopping:
            await self._others(rng.randint(20, 60))
            if rng.random() < 0.7:
                last = await self.ask(rng, name, "notice", body={"text": TEXTS}, keyed=True)
                if last.done and rng.random() < 0.8:
                    await self.ask(rng, name, "unnotice", {"notice": last.body["id"]}, keyed=True)
            else:
                await self.ask(rng, name, "suspend", body={"text": TEXTS}, keyed=True)
                await self.ask(rng, name, "lift", keyed=True)

    async def _watcher(self, name: str) -> None:
        rng = Random(f"{self._seed} {name}")  # noqa: S311  (reproducible choices)
        while not self._stopping:
            read = await self.read(rng.choice(["queue", "queue", "board"]), self._somebody(rng))
            if read is not None and read.what == "queue":
                self._waiting = len(read.body["waiting"])
            if self._taken and rng.random() < 0.3:
                await self.read("ticket", self._somebody(rng), rng.choice(self._taken)["id"])
            await self._step()

    async def _screen(self, number: int) -> None:
        """Run a lobby screen: read every frame, and reconnect after a close or without frames."""
        connection = 0
        while True:
            process = self._stage.processes[number]
            connection += 1
            if process is not None:
                with suppress(aiohttp.ClientError, OSError, TimeoutError):
                    await self._show(f"screen {number}", connection, process.sockets)
            await asyncio.sleep(PAUSE_MOST_S)  # as a page does between two attempts

    async def _show(self, name: str, connection: int, sockets: str) -> None:
        async with self._session.ws_connect(
            f"{sockets}/v1/halls/{HALL}/board",
            protocols=["paihao.board.v1"],
            timeout=aiohttp.ClientWSTimeout(ws_close=0.1),
        ) as socket:
            board: Json = {}
            while (message := await socket.receive(SCREEN_HEARS_S)).type is aiohttp.WSMsgType.TEXT:
                body = json.loads(message.data)
                if body.pop("type") == "board":
                    board = body
                # an alive frame confirms the board at its seq
                frame = Frame(name, connection, self._loop.time(), {**board, **body})
                self.history.frames.append(frame)
                self._moved.set()
