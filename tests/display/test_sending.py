"""Directly sent frames arrive whole, in order, and only at their clients, whatever the kernel accepts at once.

The tests run on asyncio and on uvloop: the service uses uvloop, whose transports buffer in another way.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine

import pytest
import uvloop
from websockets.asyncio.client import ClientConnection

from display.channels import ALIVE_AFTER_S
from display.connection import ScreenConnection
from service.domain.commands import PostNotice
from service.domain.model import Notice
from tests.display.display_harness import BOARD, WITHIN_S, DisplayHarness, board_from, frame_from, slow_client
from tests.domain.halls import DONE

LONG = {"en": "words " * 50_000}
"""Longer than what the kernel accepts for a client that reads nothing."""


Body = Callable[[DisplayHarness], Coroutine[None, None, None]]
Play = Callable[[Body], None]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def play(request: pytest.FixtureRequest) -> Play:
    """Run a test with a display server, on one of the event loops."""

    async def played(body: Body) -> None:
        harness = DisplayHarness()
        async with harness.server:
            await body(harness)

    return lambda body: request.param(played(body))


@pytest.fixture
def screens(monkeypatch: pytest.MonkeyPatch) -> list[ScreenConnection]:
    """The server's side of each connection, in the order of connection."""
    came: list[ScreenConnection] = []
    opened = ScreenConnection.opened

    def noted(screen: ScreenConnection) -> None:
        came.append(screen)
        opened(screen)

    monkeypatch.setattr(ScreenConnection, "opened", noted)
    return came


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The accepted bytes of each frame that the kernel did not accept whole."""
    taken: list[int] = []
    rest = ScreenConnection.send_rest

    def noted(screen: ScreenConnection, frame: bytes, count: int) -> None:
        taken.append(count)
        rest(screen, frame, count)

    monkeypatch.setattr(ScreenConnection, "send_rest", noted)
    return taken


async def call(harness: DisplayHarness, quick: ClientConnection) -> None:
    """Call the next person, and wait until a fast client has the board."""
    harness.fake_hall.hall.take()
    harness.fake_hall.hall.next("1", DONE if harness.fake_hall.hall.counter("1").ticket else None)
    harness.follower.say()
    assert (await board_from(quick))["seq"] == harness.fake_hall.hall.day.seq


async def until_some_is_left(harness: DisplayHarness, quick: ClientConnection, parts: list[int]) -> None:
    """Send long boards until the kernel accepts only a part of one."""
    harness.fake_hall.hall.do(PostNotice(Notice("long", LONG)))
    async with asyncio.timeout(WITHIN_S):
        while not any(parts):
            await call(harness, quick)


def test_a_frame_that_is_taken_in_parts_arrives_whole_and_before_the_next(
    play: Play, screens: list[ScreenConnection], parts: list[int]
) -> None:
    async def body(harness: DisplayHarness) -> None:
        async with harness.open("board", BOARD, max_size=None) as quick, await slow_client(harness) as slow:
            await frame_from(quick)
            await until_some_is_left(harness, quick, parts)
            assert [screen.ready for screen in screens] == [True, False]

            for _ in range(3):  # of these the newest is kept
                await call(harness, quick)
                harness.fake_hall.after(ALIVE_AFTER_S)
                harness.look()
            last = harness.fake_hall.hall.day.seq
            seen = [(await board_from(slow))["seq"]]
            while seen[-1] < last:
                seen.append((await board_from(slow))["seq"])
            await call(harness, quick)

            assert seen == sorted(set(seen))
            assert (await board_from(slow))["seq"] == harness.fake_hall.hall.day.seq
            assert [screen.ready for screen in screens] == [True, True]

    play(body)


def test_who_goes_in_the_middle_of_a_frame_harms_nobody(
    play: Play, screens: list[ScreenConnection], parts: list[int]
) -> None:
    async def body(harness: DisplayHarness) -> None:
        slow = await slow_client(harness)
        async with harness.open("board", BOARD, max_size=None) as quick:
            await frame_from(quick)
            await until_some_is_left(harness, quick, parts)

            slow.transport.abort()
            async with asyncio.timeout(WITHIN_S):
                await screens[0].wait_closed()
            await call(harness, quick)

            assert harness.observer.connected == 1

    play(body)


def test_who_is_gone_is_found_out_by_a_frame_and_the_others_get_it(
    play: Play, screens: list[ScreenConnection], parts: list[int]
) -> None:
    async def body(harness: DisplayHarness) -> None:
        async with harness.open("board", BOARD), harness.open("board", BOARD) as second:
            await frame_from(second)
            gone = screens[0].transport
            gone.pause_reading()  # what the client says of its end is not heard
            own = gone.get_extra_info("socket")
            with socket.socket(fileno=os.dup(own.fileno())) as same:
                same.shutdown(socket.SHUT_WR)  # from here on the kernel refuses

            await call(harness, second)

            async with asyncio.timeout(WITHIN_S):
                while harness.observer.connected > 1:  # noqa: ASYNC110  (nothing tells that the server has let it go)
                    await asyncio.sleep(0)
            assert parts == [0]

    play(body)


def test_the_number_of_a_closed_socket_is_never_sent_to(play: Play, screens: list[ScreenConnection]) -> None:
    async def body(harness: DisplayHarness) -> None:
        other, _ = pair = socket.socketpair()
        async with harness.open("board", BOARD) as client:
            await frame_from(client)
            number = screens[0].transport.get_extra_info("socket").fileno()
        async with asyncio.timeout(WITHIN_S):
            while _is_open(number):  # noqa: ASYNC110  (nothing tells that the transport has closed it)
                await asyncio.sleep(0)

        os.dup2(other.fileno(), number)  # another connection gets it
        try:
            with pytest.raises(OSError, match="Bad file descriptor"):
                screens[0].raw_socket.send(b"for another")
        finally:
            os.close(number)
            for one in pair:
                one.close()

    play(body)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
