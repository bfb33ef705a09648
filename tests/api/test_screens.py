"""A call's way from its answer to the screens of the same process."""

import asyncio
import json
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from service.clock import FakeClock
from service.journal import follow
from service.journal.commit_hints import PostgresHints
from tests.service import service_on

WITHIN_S = 20.0


async def test_a_call_is_on_the_screens_of_its_process_without_commit_hints(
    dsn: str, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresHints, "receive", lambda _hints, _text: None)
    monkeypatch.setattr(follow, "POLL_S", 3600.0)
    async with (
        service_on(dsn, tmp_path, clock) as service,
        connect(f"{service.sockets}/v1/halls/demo/board", proxy=None) as screen,
        asyncio.timeout(WITHIN_S),
    ):
        assert json.loads(await screen.recv())["called"] == []
        await service.api.open("1")
        ticket = await service.api.take("enquiry")

        await service.api.next("1")

        while not (called := json.loads(await screen.recv()).get("called")):
            pass
        assert [call["number"] for call in called] == [ticket["number"]]
