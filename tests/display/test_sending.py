"""Frames go past the transports: whole, in order, and to nobody else, whatever the kernel takes at once.

On both loops: the service runs on uvloop, whose transports keep what is not taken in another way than asyncio's.
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
from tests.display.theatre import BOARD, WITHIN_S, Theatre, board_from, frame_from, slow_client
from tests.domain.halls import DONE

LONG = {"en": "words " * 50_000}
"""Longer than the kernel takes for a client that reads nothing."""


Scene = Callable[[Theatre], Coroutine[None, None, None]]
Play = Callable[[Scene], None]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def play(request: pytest.FixtureRequest) -> Play:
    """Play a scene in a theatre, on one of the loops."""

    async def played(scene: Scene) -> None:
        theatre = Theatre()
        async with theatre.server:
            await scene(theatre)

    return lambda scene: request.param(played(scene))


@pytest.fixture
def screens(monkeypatch: pytest.MonkeyPatch) -> list[ScreenConnection]:
    """The server's side of each connection, in the order they came."""
    came: list[ScreenConnection] = []
    opened = ScreenConnection.opened

    def noted(screen: ScreenConnection) -> None:
        came.append(screen)
        opened(screen)

    monkeypatch.setattr(ScreenConnection, "opened", noted)
    return came


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much of a frame the kernel took, of those it did not take whole."""
    taken: list[int] = []
    rest = ScreenConnection.send_rest

    def noted(screen: ScreenConnection, frame: bytes, count: int) -> None:
        taken.append(count)
        rest(screen, frame, count)

    monkeypatch.setattr(ScreenConnection, "send_rest", noted)
    return taken


async def call(theatre: Theatre, quick: ClientConnection) -> None:
    """Call somebody, and wait until a quick client has it."""
    theatre.stage.hall.take()
    theatre.stage.hall.next("1", DONE if theatre.stage.hall.counter("1").ticket else None)
    theatre.follower.say()
    assert (await board_from(quick))["seq"] == theatre.stage.hall.day.seq


async def until_some_is_left(theatre: Theatre, quick: ClientConnection, parts: list[int]) -> None:
    """Send long boards until the kernel takes a part of one."""
    theatre.stage.hall.do(PostNotice(Notice("long", LONG)))
    async with asyncio.timeout(WITHIN_S):
        while not any(parts):
            await call(theatre, quick)


def test_a_frame_that_is_taken_in_parts_arrives_whole_and_before_the_next(
    play: Play, screens: list[ScreenConnection], parts: list[int]
) -> None:
    async def scene(theatre: Theatre) -> None:
        async with theatre.open("board", BOARD, max_size=None) as quick, await slow_client(theatre) as slow:
            await frame_from(quick)
            await until_some_is_left(theatre, quick, parts)
            assert [screen.ready for screen in screens] == [True, False]

            for _ in range(3):  # of these the newest is kept
                await call(theatre, quick)
                theatre.stage.after(ALIVE_AFTER_S)
                theatre.look()
            last = theatre.stage.hall.day.seq
            seen = [(await board_from(slow))["seq"]]
            while seen[-1] < last:
                seen.append((await board_from(slow))["seq"])
            await call(theatre, quick)

            assert seen == sorted(set(seen))
            assert (await board_from(slow))["seq"] == theatre.stage.hall.day.seq
            assert [screen.ready for screen in screens] == [True, True]

    play(scene)


def test_who_goes_in_the_middle_of_a_frame_harms_nobody(
    play: Play, screens: list[ScreenConnection], parts: list[int]
) -> None:
    async def scene(theatre: Theatre) -> None:
        slow = await slow_client(theatre)
        async with theatre.open("board", BOARD, max_size=None) as quick:
            await frame_from(quick)
            await until_some_is_left(theatre, quick, parts)

            slow.transport.abort()
            async with asyncio.timeout(WITHIN_S):
                await screens[0].wait_closed()
            await call(theatre, quick)

            assert theatre.observer.connected == 1

    play(scene)


def test_who_is_gone_is_found_out_by_a_frame_and_the_others_get_it(
    play: Play, screens: list[ScreenConnection], parts: list[int]
) -> None:
    async def scene(theatre: Theatre) -> None:
        async with theatre.open("board", BOARD), theatre.open("board", BOARD) as second:
            await frame_from(second)
            gone = screens[0].transport
            gone.pause_reading()  # what the client says of its end is not heard
            own = gone.get_extra_info("socket")
            with socket.socket(fileno=os.dup(own.fileno())) as same:
                same.shutdown(socket.SHUT_WR)  # from here on the kernel refuses

            await call(theatre, second)

            async with asyncio.timeout(WITHIN_S):
                while theatre.observer.connected > 1:  # noqa: ASYNC110  (nothing tells that the server has let it go)
                    await asyncio.sleep(0)
            assert parts == [0]

    play(scene)


def test_the_number_of_a_closed_socket_is_never_sent_to(play: Play, screens: list[ScreenConnection]) -> None:
    async def scene(theatre: Theatre) -> None:
        other, _ = pair = socket.socketpair()
        async with theatre.open("board", BOARD) as client:
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

    play(scene)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
