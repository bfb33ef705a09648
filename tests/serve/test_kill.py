"""SIGKILL of the service: answered commands are kept, the others are settled by repeated requests."""

import asyncio
import contextlib
from itertools import count
from pathlib import Path

import aiohttp

from tests.serve.program import Client, Json, Programs, postmaster_of, same_board

CLIENTS = 8
ANSWERS = 80
"""The service is killed after this number of answers; each client has an open request then."""


class Burst:
    """Keyed commands of many clients, and their answers."""

    def __init__(self) -> None:
        self.asked: dict[str, tuple[str, Json]] = {}
        self.answered: dict[str, Json] = {}
        self.enough = asyncio.Event()
        self._numbers = count(1)

    async def take(self, client: Client) -> None:
        """Take tickets until the service is killed."""
        with contextlib.suppress(aiohttp.ClientError):
            while True:
                await self._ask(client, "tickets", {"service": "enquiry", "applicant": {"name": "Zhang Burst"}})

    async def call(self, client: Client) -> None:
        """Call tickets at counter 1 until the service is killed."""
        with contextlib.suppress(aiohttp.ClientError):
            await self._ask(client, "counters/1/next", {})
            while True:
                await self._ask(client, "counters/1/next", {"finish": {"outcome": "done"}})

    async def _ask(self, client: Client, path: str, body: Json) -> None:
        key = f"key-of-the-burst-{next(self._numbers):04}"
        self.asked[key] = path, body
        reply = await client.staff("POST", path, body, key=key)
        assert reply.status in {200, 201}, reply.body
        if path == "tickets" or reply.body["ticket"] is not None:
            self.answered[key] = reply.body
        if len(self.answered) >= ANSWERS:
            self.enough.set()


async def test_after_kill_9_every_answered_command_is_there_once_and_every_other_can_be_repeated(
    programs: Programs, data_dir: Path
) -> None:
    first = await programs.serve()
    postmaster = postmaster_of(data_dir)
    burst = Burst()
    async with first.client() as client:
        await client.take("enquiry")
        await client.open("1")
        async with asyncio.TaskGroup() as group:
            group.create_task(burst.call(client))
            for _ in range(CLIENTS):
                group.create_task(burst.take(client))
            await burst.enough.wait()
            await first.program.killed()
    assert postmaster_of(data_dir) == postmaster is not None

    second = await programs.serve()

    leftover = second.program.lines("stopping the postgres of a killed paihao")
    assert [line["pid"] for line in leftover] == [postmaster]
    async with second.client() as client, second.board() as screen:
        repeated = {
            key: (await client.staff("POST", path, body, key=key)).body for key, (path, body) in burst.asked.items()
        }
        assert {key: repeated[key] for key in burst.answered} == burst.answered
        taken = [repeated[key] for key, (path, _) in burst.asked.items() if path == "tickets"]
        assert sorted(ticket["number"] for ticket in taken) == [f"B{n:03}" for n in range(2, len(taken) + 2)]
        called = [repeated[key]["ticket"]["number"] for key, (path, _) in burst.asked.items() if path != "tickets"]
        assert called == [f"B{n:03}" for n in range(1, len(called) + 1)]
        queue = (await client.staff("GET", "queue")).body
        assert len(queue["called"]) == 1
        assert len(queue["waiting"]) == len(taken) + 1 - len(called)
        await screen.shows(lambda board: bool(board["seq"] == queue["seq"]))
        assert same_board(screen.seen, (await client.call("GET", "board")).body)
