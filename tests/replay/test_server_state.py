"""Everything that is read at the end of a replay is of the same seq and forecast."""

from typing import cast

import msgspec
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from service.replay.answers import BoardSeen, QueueSeen
from service.replay.checks import boards_agree
from service.replay.hall_client import HallClient
from service.replay.server_state import SUBPROTOCOL, ServerReader
from tests.replay.memory import TODAY

SEQ = 7


def board(from_min: int) -> bytes:
    line = {"service": "enquiry", "count": 1, "shown": {"from_min": from_min}}
    return msgspec.json.encode({"type": "board", "seq": SEQ, "waiting": [line]})


class Hall:
    """A hall whose board has the newest forecast."""

    id = "demo"

    async def queue(self) -> QueueSeen:
        """Return an empty queue."""
        return QueueSeen([], [], [], [], SEQ)

    async def board(self) -> tuple[BoardSeen, bytes]:
        """Return a board with one wait."""
        return msgspec.json.decode(board(10), type=BoardSeen), board(10)


async def test_a_screen_that_has_not_heard_of_the_newest_forecast_is_looked_at_again() -> None:
    told = iter((0, 0, 10))

    async def screen(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=[SUBPROTOCOL])
        await socket.prepare(request)
        await socket.send_bytes(board(next(told)))
        await socket.receive()
        return socket

    app = web.Application()
    app.router.add_get("/v1/halls/demo/board", screen)
    async with TestServer(app) as server, ClientSession() as session:
        display = str(server.make_url("/")).replace("http", "ws", 1)
        reader = ServerReader(cast("HallClient", Hall()), session, display, at_once=1)

        snapshot = await reader.snapshot(SEQ, TODAY, None)

    assert snapshot.socket is not None
    assert boards_agree(snapshot.socket, snapshot.http) is None
