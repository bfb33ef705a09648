"""A display server with a fake follower, and clients for it."""

import asyncio
import json
import socket
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from display.server import DisplayServer, Right
from service.contract import HallId, StorageUnavailable, TicketId
from service.domain.commands import PostNotice
from service.domain.model import Notice
from tests.display.fakes import TOWN, CountingObserver, FakeFollower, FakeHall
from tests.domain.halls import DONE

WITHIN_S = 20.0  # what a test waits for happens within it, or the test fails
BOARD = Subprotocol("paihao.board.v1")
TICKET = Subprotocol("paihao.ticket.v1")
TOKEN = Subprotocol("bearer.right-token_1")
OF_STAFF = Subprotocol("bearer.right-of-staff")
RIGHTS = {"right-token_1": Right("right-token_1"), "right-of-staff": Right(None)}
ID = TicketId("0198c0de-0000-7000-8000-000000000001")


class DisplayHarness:
    """A display server with a fake follower and a hall in memory."""

    def __init__(self) -> None:
        self.fake_hall = FakeHall()
        self.fake_hall.hall.open("1", "2")
        self.follower = FakeFollower(self.fake_hall)
        self.observer = CountingObserver()
        self.unavailable = False
        self.server = DisplayServer(
            follower=self.follower,
            clock=self.fake_hall.clock,
            hall_exists=self.known,
            verify=lambda hall, _ticket, token: RIGHTS.get(token) if hall == TOWN else None,
            observer=self.observer,
            screens_max=5,
        )

    async def known(self, hall: HallId) -> bool:
        """Tell whether the hall is the one in memory."""
        if self.unavailable:
            raise StorageUnavailable
        return hall == TOWN

    def take(self, ticket: TicketId = ID) -> None:
        """Take a ticket with a real id."""
        command = self.fake_hall.hall.new_ticket()
        self.fake_hall.hall.do(
            type(command)(ticket=ticket, code="CODE", service=command.service, channel=command.channel)
        )

    def open(self, path: str = "board", *protocols: Subprotocol, hall: str = "town", **options: Any) -> connect:  # noqa: ANN401
        """Connect to a socket of the hall."""
        return connect(
            f"ws://127.0.0.1:{self.server.port}/v1/halls/{hall}/{path}",
            subprotocols=list(protocols) or None,
            proxy=None,
            open_timeout=WITHIN_S,
            **options,
        )

    def look(self) -> None:
        """Let the server send what is due, without waiting for its timer."""
        self.follower.alive_at = self.fake_hall.clock.monotonic_s()
        self.server.feeds.send_due(TOWN)


async def frame_from(client: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(WITHIN_S):
        frame: dict[str, Any] = json.loads(await client.recv())
    return frame


async def board_from(client: ClientConnection) -> dict[str, Any]:
    while (frame := await frame_from(client))["type"] != "board":
        pass
    return frame


async def slow_client(harness: DisplayHarness) -> ClientConnection:
    """Return a client with a small receive buffer that reads only when told to."""
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    small.setblocking(False)  # noqa: FBT003  (the socket's own signature)
    await asyncio.get_running_loop().sock_connect(small, ("127.0.0.1", harness.server.port))
    return await harness.open("board", BOARD, sock=small, max_queue=1, max_size=None, ping_interval=None)


async def play(harness: DisplayHarness, boards: int, quick: ClientConnection) -> None:
    """Send so many boards, each with a call and a long notice, as fast as a fast client receives them."""
    harness.fake_hall.hall.do(PostNotice(Notice("long", {"en": "words " * 2000})))
    for _ in range(boards):
        harness.fake_hall.hall.take()
        harness.fake_hall.hall.next("1", DONE if harness.fake_hall.hall.counter("1").ticket else None)
        harness.follower.say()
        assert (await board_from(quick))["seq"] == harness.fake_hall.hall.day.seq
