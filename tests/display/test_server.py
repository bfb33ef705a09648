"""The sockets, with real clients and a fake follower."""

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
from tests.display.display_harness import (
    BOARD,
    ID,
    OF_STAFF,
    TICKET,
    TOKEN,
    WITHIN_S,
    DisplayHarness,
    board_from,
    frame_from,
    play,
    slow_client,
)
from tests.display.fakes import TOWN, rewritten


@pytest.fixture
async def harness() -> AsyncIterator[DisplayHarness]:
    harness = DisplayHarness()
    async with harness.server:
        yield harness


async def test_metrics_that_nobody_can_be_given_now_are_not_refused(harness: DisplayHarness) -> None:
    async def metered(_authorization: str | None) -> tuple[str, str] | None:
        raise StorageUnavailable

    harness.server._metrics_access = metered
    url = f"http://127.0.0.1:{harness.server.port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        assert reply.status == 503


async def code_from(client: ClientConnection) -> int:
    """Return the code with which the server closes, after any frames."""
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


async def test_a_screen_is_shown_the_board_and_its_subprotocol(harness: DisplayHarness) -> None:
    async with harness.open("board", BOARD) as screen:
        board = await frame_from(screen)

        assert screen.subprotocol == BOARD
        assert (board["type"], board["hall"], board["called"]) == ("board", "town", [])
        assert screen.response is not None
        assert "Sec-WebSocket-Extensions" not in screen.response.headers


async def test_a_call_reaches_every_screen(harness: DisplayHarness) -> None:
    async with harness.open("board", BOARD) as hall, harness.open("board?zone=main", BOARD) as main:
        await frame_from(hall)
        await frame_from(main)
        harness.take()
        harness.fake_hall.hall.next("1")

        harness.follower.say()

        for screen in (hall, main):
            assert [call["number"] for call in (await board_from(screen))["called"]] == ["E001"]
    assert harness.observer.calls_s == [0.0]


async def test_a_quiet_screen_hears_that_it_is_still_true(harness: DisplayHarness) -> None:
    async with harness.open("board", BOARD) as screen:
        await frame_from(screen)

        harness.fake_hall.after(ALIVE_AFTER_S)
        harness.look()

        alive = await frame_from(screen)
        assert set(alive) == {"type", "day", "seq", "at"}
        assert (alive["type"], alive["seq"]) == ("alive", harness.fake_hall.hall.day.seq)


@pytest.mark.parametrize("message", ["hello", b"hello", "long " * 10_000, ["in ", "parts"], ""])
async def test_a_message_closes(harness: DisplayHarness, message: Any) -> None:  # noqa: ANN401  (whatever can be sent)
    async with harness.open("board", BOARD) as screen:
        await frame_from(screen)

        with contextlib.suppress(ConnectionClosed):
            await screen.send(message)

        assert await code_from(screen) == 1008


async def test_pings_are_answered(harness: DisplayHarness) -> None:
    async with harness.open("board", BOARD) as screen, asyncio.timeout(WITHIN_S):
        await frame_from(screen)

        await (await screen.ping())


@pytest.mark.parametrize(
    ("hall", "path"),
    [("cellar", "board"), ("town", "board?zone=cellar"), ("TOWN", "board"), ("town%00", "board"), ("a" * 65, "board")],
)
async def test_what_does_not_exist_closes_with_4404(harness: DisplayHarness, hall: str, path: str) -> None:
    async with harness.open(path, BOARD, hall=hall) as screen:
        assert await code_from(screen) == 4404


async def test_other_paths_are_not_found(harness: DisplayHarness) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with harness.open("boards", BOARD):
            pass
    assert refused.value.response.status_code == 404


async def test_a_client_that_offers_no_subprotocol_gets_none(harness: DisplayHarness) -> None:
    async with harness.open("board") as screen:
        assert (await frame_from(screen))["type"] == "board"
        assert screen.subprotocol is None


async def test_a_client_that_offers_another_subprotocol_is_refused(harness: DisplayHarness) -> None:
    for path, offered in (("board", TICKET), (f"tickets/{ID}", BOARD)):
        with pytest.raises(InvalidStatus) as refused:
            async with harness.open(path, offered):
                pass
        assert refused.value.response.status_code == 400


async def test_a_ticket_is_shown_to_who_has_its_token(harness: DisplayHarness) -> None:
    harness.take()
    async with harness.open(f"tickets/{ID}", TICKET, TOKEN) as phone:
        first = await frame_from(phone)
        assert phone.subprotocol == TICKET
        assert (first["id"], first["state"], first["ahead"]) == (ID, "waiting", 0)
        assert first["token"] == "right-token_1"

        harness.fake_hall.hall.next("1")
        harness.follower.say()

        called = await frame_from(phone)
        assert (called["state"], called["counter"], called["ahead"]) == ("called", "1", None)
        assert called["token"] == "right-token_1"


async def test_a_tickets_token_is_in_its_owners_frames_alone(harness: DisplayHarness) -> None:
    harness.take()
    at = f"tickets/{ID.upper()}"
    async with harness.open(at, TICKET, TOKEN) as phone, harness.open(at, TICKET, OF_STAFF) as desk:
        frames = [(await frame_from(phone), await frame_from(desk))]
        harness.fake_hall.hall.next("1")
        harness.follower.say()
        frames.append((await frame_from(phone), await frame_from(desk)))

    assert [(owned["state"], seen["state"]) for owned, seen in frames] == [("waiting",) * 2, ("called",) * 2]
    for owned, seen in frames:
        assert owned == {**seen, "token": "right-token_1"}
        assert "token" not in seen


async def test_a_ticket_taken_a_moment_ago_is_waited_for(harness: DisplayHarness) -> None:
    async with harness.open("board", BOARD) as screen, harness.open(f"tickets/{ID}", TICKET, TOKEN) as phone:
        await frame_from(screen)
        harness.take()

        harness.follower.say()

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
    harness: DisplayHarness, path: str, protocols: list[Subprotocol], code: int
) -> None:
    harness.take()
    async with harness.open(path, *protocols) as phone:
        assert await code_from(phone) == code


async def test_a_ticket_that_never_was_closes_with_4404(
    harness: DisplayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "TICKET_WITHIN_S", 0.01)

    async with harness.open(f"tickets/{ID}", TICKET, TOKEN) as phone:
        assert await code_from(phone) == 4404


async def test_a_full_server_says_so(harness: DisplayHarness) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(5):
            await frame_from(await stack.enter_async_context(harness.open("board", BOARD)))
        assert harness.observer.connected == 5

        async with harness.open("board", BOARD) as one_more:
            assert await code_from(one_more) == 1013


async def test_who_goes_makes_room(harness: DisplayHarness) -> None:
    for _ in range(7):
        async with harness.open("board", BOARD) as screen:
            await frame_from(screen)
    async with harness.open("board", BOARD) as screen:
        assert (await frame_from(screen))["type"] == "board"


async def test_a_hall_that_cannot_be_read_is_to_be_tried_later(
    harness: DisplayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.unavailable = True
    async with harness.open("board", BOARD) as screen:
        assert await code_from(screen) == 1013

    harness.unavailable = False
    monkeypatch.setattr(server_module, "FIRST_WITHIN_S", 0.0)
    async with harness.open("board", BOARD) as screen:
        assert await code_from(screen) == 1013


async def test_screens_are_sent_away_by_a_newer_release(harness: DisplayHarness) -> None:
    async with harness.open("board", BOARD) as screen:
        await frame_from(screen)

        harness.follower.say(UnknownKind("ticket_sung"))

        assert await code_from(screen) == 1013
    async with harness.open("board", BOARD) as screen:
        assert (await frame_from(screen))["type"] == "board"


async def test_a_fault_closes_the_hall_and_no_other(harness: DisplayHarness) -> None:
    async with harness.open("board", BOARD) as screen:
        await frame_from(screen)

        harness.follower.say(RuntimeError("broken"))

        assert await code_from(screen) == 1011
    async with harness.open("board", BOARD) as screen:
        assert (await frame_from(screen))["type"] == "board"


async def test_a_rewritten_journal_sends_screens_to_a_new_connection(harness: DisplayHarness) -> None:
    async with harness.open("board", BOARD) as screen:
        await frame_from(screen)

        harness.follower.say(rewritten(harness.fake_hall, 2))

        assert await code_from(screen) == 1012


async def test_a_stop_tells_all_to_come_back() -> None:
    harness = DisplayHarness()
    harness.take()
    async with contextlib.AsyncExitStack() as stack:
        async with harness.server:
            screen = await stack.enter_async_context(harness.open("board", BOARD))
            phone = await stack.enter_async_context(harness.open(f"tickets/{ID}", TICKET, TOKEN))
            half = socket.create_connection(("127.0.0.1", harness.server.port))  # a browser that connects ahead
            stack.callback(half.close)
            await frame_from(screen)
            await frame_from(phone)
        assert await code_from(screen) == 1012
        assert await code_from(phone) == 1012
    assert harness.follower.following == 0
    assert harness.observer.connected == 0


async def test_a_hall_nobody_watches_is_followed_no_more(harness: DisplayHarness) -> None:
    async with harness.open("board", BOARD) as screen:
        await frame_from(screen)
        assert harness.follower.following == 1
    harness.fake_hall.after(UNFOLLOW_AFTER_S)

    async with asyncio.timeout(WITHIN_S):
        while harness.follower.following:
            harness.look()
            await asyncio.sleep(0)  # the server hears of the close


async def test_a_slow_client_gets_the_newest_and_never_a_backlog(harness: DisplayHarness) -> None:
    async with harness.open("board", BOARD) as quick, await slow_client(harness) as slow:
        await frame_from(quick)
        await play(harness, 100, quick)

        seen = [(await board_from(slow))["seq"]]
        while seen[-1] < harness.fake_hall.hall.day.seq:
            seen.append((await board_from(slow))["seq"])

        assert seen == sorted(set(seen))
        assert len(seen) < 50


async def test_a_client_that_takes_nothing_is_let_go(harness: DisplayHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SLOW_MAX_S", 0.01)
    async with harness.open("board", BOARD) as quick, await slow_client(harness) as slow:
        await frame_from(quick)
        assert harness.observer.connected == 2

        await play(harness, 50, quick)

        async with asyncio.timeout(WITHIN_S):
            while harness.observer.connected > 1:  # noqa: ASYNC110  (nothing tells that the server has let it go)
                await asyncio.sleep(0)
        assert await code_from(slow) == 1006


async def test_a_request_that_is_too_long_is_cut(harness: DisplayHarness) -> None:
    headers = {f"X-Many-{n}": "x" * 1000 for n in range(20)}

    with pytest.raises(Exception, match=r"did not receive a valid HTTP response|[Cc]onnection"):
        async with harness.open("board", BOARD, additional_headers=headers):
            pass
