"""The sockets, with real clients; the follower is the test."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from display import connection
from display import server as server_module
from display.channels import ALIVE_AFTER_S
from display.hall_feed import UNFOLLOW_AFTER_S
from display.socket_target import SocketTarget, parse_target
from service.contract import HallId, StorageUnavailable, UnknownKind, ZoneId
from tests.display.stage import TOWN, rewritten
from tests.display.theatre import (
    BOARD,
    ID,
    OF_STAFF,
    TICKET,
    TOKEN,
    WITHIN_S,
    Theatre,
    board_from,
    frame_from,
    play,
    slow_client,
)


@pytest.fixture
async def theatre() -> AsyncIterator[Theatre]:
    theatre = Theatre()
    async with theatre.server:
        yield theatre


async def test_metrics_that_nobody_can_be_given_now_are_not_refused(theatre: Theatre) -> None:
    async def metered(_authorization: str | None) -> tuple[str, str] | None:
        raise StorageUnavailable

    theatre.server._metrics_access = metered
    url = f"http://127.0.0.1:{theatre.server.port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        assert reply.status == 503


async def code_from(client: ClientConnection) -> int:
    """The code with which the server closes, after whatever it says before."""
    async with asyncio.timeout(WITHIN_S):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await client.recv()
    assert client.close_code is not None
    return client.close_code


def test_paths_are_read() -> None:
    assert parse_target("/v1/halls/town/board") == SocketTarget(TOWN, None, None)
    assert parse_target("/v1/halls/town/board?zone=main") == SocketTarget(TOWN, ZoneId("main"), None)
    assert parse_target("/v1/halls/town/board?zone=") == SocketTarget(TOWN, None, None)
    assert parse_target(f"/v1/halls/town/tickets/{ID}") == SocketTarget(TOWN, None, ID)
    assert parse_target(f"/v1/halls/town/tickets/{ID.upper()}") == SocketTarget(TOWN, None, ID)
    assert parse_target("/v1/halls/town/board?zone=main&zone=cellar") == SocketTarget(TOWN, ZoneId("main"), None)
    assert parse_target("/v1/halls/town/board?zone=&zone=main") == SocketTarget(TOWN, None, None)
    assert parse_target("/v1/halls/a%2Fb/board") == SocketTarget(HallId("a/b"), None, None)
    assert parse_target("/v1/halls/town/boards") is None
    assert parse_target("/v1/halls/town/tickets/") is None
    assert parse_target("/") is None
    assert parse_target("//[v1/halls/town/board") is None
    assert parse_target("http://[/v1/halls/town/board") is None


async def test_a_screen_is_shown_the_board_and_its_subprotocol(theatre: Theatre) -> None:
    async with theatre.open("board", BOARD) as screen:
        board = await frame_from(screen)

        assert screen.subprotocol == BOARD
        assert (board["type"], board["hall"], board["called"]) == ("board", "town", [])
        assert screen.response is not None
        assert "Sec-WebSocket-Extensions" not in screen.response.headers


async def test_a_call_reaches_every_screen(theatre: Theatre) -> None:
    async with theatre.open("board", BOARD) as hall, theatre.open("board?zone=main", BOARD) as main:
        await frame_from(hall)
        await frame_from(main)
        theatre.take()
        theatre.stage.hall.next("1")

        theatre.follower.say()

        for screen in (hall, main):
            assert [call["number"] for call in (await board_from(screen))["called"]] == ["E001"]
    assert theatre.observer.calls_s == [0.0]


async def test_a_quiet_screen_hears_that_it_is_still_true(theatre: Theatre) -> None:
    async with theatre.open("board", BOARD) as screen:
        await frame_from(screen)

        theatre.stage.after(ALIVE_AFTER_S)
        theatre.look()

        alive = await frame_from(screen)
        assert set(alive) == {"type", "day", "seq", "at"}
        assert (alive["type"], alive["seq"]) == ("alive", theatre.stage.hall.day.seq)


@pytest.mark.parametrize("message", ["hello", b"hello", "long " * 10_000, ["in ", "parts"], ""])
async def test_a_message_closes(theatre: Theatre, message: Any) -> None:  # noqa: ANN401  (whatever can be sent)
    async with theatre.open("board", BOARD) as screen:
        await frame_from(screen)

        with contextlib.suppress(ConnectionClosed):
            await screen.send(message)

        assert await code_from(screen) == 1008


async def test_pings_are_answered(theatre: Theatre) -> None:
    async with theatre.open("board", BOARD) as screen, asyncio.timeout(WITHIN_S):
        await frame_from(screen)

        await (await screen.ping())


@pytest.mark.parametrize(
    ("hall", "path"),
    [("cellar", "board"), ("town", "board?zone=cellar"), ("TOWN", "board"), ("town%00", "board"), ("a" * 65, "board")],
)
async def test_what_does_not_exist_closes_with_4404(theatre: Theatre, hall: str, path: str) -> None:
    async with theatre.open(path, BOARD, hall=hall) as screen:
        assert await code_from(screen) == 4404


async def test_other_paths_are_not_found(theatre: Theatre) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with theatre.open("boards", BOARD):
            pass
    assert refused.value.response.status_code == 404


async def test_a_client_that_offers_no_subprotocol_gets_none(theatre: Theatre) -> None:
    async with theatre.open("board") as screen:
        assert (await frame_from(screen))["type"] == "board"
        assert screen.subprotocol is None


async def test_a_client_that_offers_another_subprotocol_is_refused(theatre: Theatre) -> None:
    for path, offered in (("board", TICKET), (f"tickets/{ID}", BOARD)):
        with pytest.raises(InvalidStatus) as refused:
            async with theatre.open(path, offered):
                pass
        assert refused.value.response.status_code == 400


async def test_a_ticket_is_shown_to_who_has_its_token(theatre: Theatre) -> None:
    theatre.take()
    async with theatre.open(f"tickets/{ID}", TICKET, TOKEN) as phone:
        first = await frame_from(phone)
        assert phone.subprotocol == TICKET
        assert (first["id"], first["state"], first["ahead"]) == (ID, "waiting", 0)
        assert first["token"] == "right-token_1"

        theatre.stage.hall.next("1")
        theatre.follower.say()

        called = await frame_from(phone)
        assert (called["state"], called["counter"], called["ahead"]) == ("called", "1", None)
        assert called["token"] == "right-token_1"


async def test_a_tickets_token_is_in_its_owners_frames_alone(theatre: Theatre) -> None:
    theatre.take()
    at = f"tickets/{ID.upper()}"
    async with theatre.open(at, TICKET, TOKEN) as phone, theatre.open(at, TICKET, OF_STAFF) as desk:
        frames = [(await frame_from(phone), await frame_from(desk))]
        theatre.stage.hall.next("1")
        theatre.follower.say()
        frames.append((await frame_from(phone), await frame_from(desk)))

    assert [(owned["state"], seen["state"]) for owned, seen in frames] == [("waiting",) * 2, ("called",) * 2]
    for owned, seen in frames:
        assert owned == {**seen, "token": "right-token_1"}
        assert "token" not in seen


async def test_a_ticket_taken_a_moment_ago_is_waited_for(theatre: Theatre) -> None:
    async with theatre.open("board", BOARD) as screen, theatre.open(f"tickets/{ID}", TICKET, TOKEN) as phone:
        await frame_from(screen)
        theatre.take()

        theatre.follower.say()

        assert (await frame_from(phone))["id"] == ID


@pytest.mark.parametrize(
    ("path", "protocols", "code"),
    [
        (f"tickets/{ID}", [TICKET], 4401),
        (f"tickets/{ID}", [], 4401),
        (f"tickets/{ID}", [TICKET, Subprotocol("bearer.")], 4401),
        (f"tickets/{ID}", [TICKET, Subprotocol("bearer.wrong")], 4404),
        ("tickets/not-an-id", [TICKET, TOKEN], 4404),
    ],
)
async def test_a_ticket_is_shown_to_nobody_else(
    theatre: Theatre, path: str, protocols: list[Subprotocol], code: int
) -> None:
    theatre.take()
    async with theatre.open(path, *protocols) as phone:
        assert await code_from(phone) == code


async def test_a_ticket_that_never_was_closes_with_4404(theatre: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "TICKET_WITHIN_S", 0.01)

    async with theatre.open(f"tickets/{ID}", TICKET, TOKEN) as phone:
        assert await code_from(phone) == 4404


async def test_a_full_server_says_so(theatre: Theatre) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(5):
            await frame_from(await stack.enter_async_context(theatre.open("board", BOARD)))
        assert theatre.observer.connected == 5

        async with theatre.open("board", BOARD) as one_more:
            assert await code_from(one_more) == 1013


async def test_who_goes_makes_room(theatre: Theatre) -> None:
    for _ in range(7):
        async with theatre.open("board", BOARD) as screen:
            await frame_from(screen)
    async with theatre.open("board", BOARD) as screen:
        assert (await frame_from(screen))["type"] == "board"


async def test_a_hall_that_cannot_be_read_is_to_be_tried_later(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    theatre.unavailable = True
    async with theatre.open("board", BOARD) as screen:
        assert await code_from(screen) == 1013

    theatre.unavailable = False
    monkeypatch.setattr(server_module, "FIRST_WITHIN_S", 0.0)
    async with theatre.open("board", BOARD) as screen:
        assert await code_from(screen) == 1013


async def test_screens_are_sent_away_by_a_newer_release(theatre: Theatre) -> None:
    async with theatre.open("board", BOARD) as screen:
        await frame_from(screen)

        theatre.follower.say(UnknownKind("ticket_sung"))

        assert await code_from(screen) == 1013
    async with theatre.open("board", BOARD) as screen:
        assert (await frame_from(screen))["type"] == "board"


async def test_a_fault_closes_the_hall_and_no_other(theatre: Theatre) -> None:
    async with theatre.open("board", BOARD) as screen:
        await frame_from(screen)

        theatre.follower.say(RuntimeError("broken"))

        assert await code_from(screen) == 1011
    async with theatre.open("board", BOARD) as screen:
        assert (await frame_from(screen))["type"] == "board"


async def test_a_rewritten_journal_sends_screens_to_a_new_connection(theatre: Theatre) -> None:
    async with theatre.open("board", BOARD) as screen:
        await frame_from(screen)

        theatre.follower.say(rewritten(theatre.stage, 2))

        assert await code_from(screen) == 1012


async def test_a_stop_tells_all_to_come_back() -> None:
    theatre = Theatre()
    theatre.take()
    async with contextlib.AsyncExitStack() as stack:
        async with theatre.server:
            screen = await stack.enter_async_context(theatre.open("board", BOARD))
            phone = await stack.enter_async_context(theatre.open(f"tickets/{ID}", TICKET, TOKEN))
            half = socket.create_connection(("127.0.0.1", theatre.server.port))  # a browser that connects ahead
            stack.callback(half.close)
            await frame_from(screen)
            await frame_from(phone)
        assert await code_from(screen) == 1012
        assert await code_from(phone) == 1012
    assert theatre.follower.following == 0
    assert theatre.observer.connected == 0


async def test_a_hall_nobody_watches_is_followed_no_more(theatre: Theatre) -> None:
    async with theatre.open("board", BOARD) as screen:
        await frame_from(screen)
        assert theatre.follower.following == 1
    theatre.stage.after(UNFOLLOW_AFTER_S)

    async with asyncio.timeout(WITHIN_S):
        while theatre.follower.following:
            theatre.look()
            await asyncio.sleep(0)  # the server hears of the close


async def test_a_slow_client_gets_the_newest_and_never_a_backlog(theatre: Theatre) -> None:
    async with theatre.open("board", BOARD) as quick, await slow_client(theatre) as slow:
        await frame_from(quick)
        await play(theatre, 100, quick)

        seen = [(await board_from(slow))["seq"]]
        while seen[-1] < theatre.stage.hall.day.seq:
            seen.append((await board_from(slow))["seq"])

        assert seen == sorted(set(seen))
        assert len(seen) < 50


async def test_a_client_that_takes_nothing_is_let_go(theatre: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SLOW_MAX_S", 0.01)
    async with theatre.open("board", BOARD) as quick, await slow_client(theatre) as slow:
        await frame_from(quick)
        assert theatre.observer.connected == 2

        await play(theatre, 50, quick)

        async with asyncio.timeout(WITHIN_S):
            while theatre.observer.connected > 1:  # noqa: ASYNC110  (nothing tells that the server has let it go)
                await asyncio.sleep(0)
        assert await code_from(slow) == 1006


async def test_a_request_that_is_too_long_is_cut(theatre: Theatre) -> None:
    headers = {f"X-Many-{n}": "x" * 1000 for n in range(20)}

    with pytest.raises(Exception, match=r"did not receive a valid HTTP response|[Cc]onnection"):
        async with theatre.open("board", BOARD, additional_headers=headers):
            pass
