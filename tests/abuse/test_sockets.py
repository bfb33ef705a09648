"""The sockets of screens: floods of connections, messages and pings; a screen is served meanwhile."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from display import connection, connection_limits
from display.connection_limits import ConnectionLimits
from service.clock import FakeClock
from tests.abuse.strangers import Stranger, crowd, shout, stranger
from tests.service import NOON_AT, Service, service_on

BOARD = "/v1/halls/demo/board"
UPGRADE = (
    f"GET {BOARD} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
).encode()
CLOSED = (1008).to_bytes(2)


async def shown(service: Service) -> None:
    """A screen comes and is shown a call."""
    async with connect(f"{service.sockets}{BOARD}") as screen:
        await service.api.open("1")
        ticket = await service.api.take("enquiry")
        await service.api.next("1")
        assert ticket["number"] in await called(screen)
        await service.api.staff("POST", f"tickets/{ticket['id']}/finish", {"outcome": "done"})
        await service.api.staff("POST", "counters/1/close")


async def called(screen: ClientConnection) -> set[str]:
    """The numbers of the first board with any."""
    async for text in screen:
        frame: dict[str, Any] = json.loads(text)
        if frame.get("called"):
            return {call["number"] for call in frame["called"]}
    raise AssertionError("closed")


@asynccontextmanager
async def upgraded(service: Service) -> AsyncIterator[Stranger]:
    """A socket of somebody who then says what they like."""
    async with stranger(service.running.display_port) as one:
        await one.say(UPGRADE + b"\r\n")
        await one.reader.readuntil(b"\r\n\r\n")
        yield one


async def test_five_thousand_handshakes_that_do_not_come_to_an_end_stop_no_screen(service: Service) -> None:
    async with crowd(service.running.display_port, connection.HANDSHAKES_MAX) as sockets:
        shout(sockets, UPGRADE)

        await shown(service)


async def test_where_there_is_no_room_for_another_handshake_the_oldest_goes(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HANDSHAKES_MAX", 50)
    port = service.running.display_port
    async with stranger(port) as oldest:
        await oldest.say(UPGRADE)
        async with crowd(port, 120) as sockets:
            shout(sockets, UPGRADE)

            await shown(service)
            assert await oldest.hear() == b""


async def test_who_sends_messages_is_closed_and_read_no_further(service: Service) -> None:
    message = Frame(Opcode.TEXT, b"x" * 100).serialize(mask=True)
    async with AsyncExitStack() as stack:
        some = [await stack.enter_async_context(upgraded(service)) for _ in range(20)]

        for one in some:
            one.writer.write(message * 10_000)
        await shown(service)

        heard = [await one.hear() for one in some]
    assert all(CLOSED in one for one in heard)
    await shown(service)


async def test_who_floods_with_pings_is_not_answered_for_ever(service: Service) -> None:
    ping = Frame(Opcode.PING, b"").serialize(mask=True)
    async with upgraded(service) as one:
        one.writer.write(ping * 100_000)
        await shown(service)
        heard = await one.hear()

    assert heard.count(Frame(Opcode.PONG, b"").serialize(mask=False)) <= connection.HEARD_MAX_BYTES / len(ping)
    assert CLOSED in heard


async def test_a_message_without_an_end_is_not_kept(service: Service) -> None:
    a_terabyte = b"\x81\xff" + (1 << 40).to_bytes(8) + b"mask"
    async with upgraded(service) as one:
        await one.say(a_terabyte + b"x" * 50)

        assert CLOSED in await one.hear()
    await shown(service)


@pytest.mark.parametrize("rate_limit", [True, False])
async def test_where_there_are_limits_one_address_leaves_room_for_others(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, rate_limit: bool
) -> None:
    monkeypatch.setattr(connection_limits, "SCREENS_PER_ADDRESS_MAX", 5)
    async with service_on(dsn, tmp_path, FakeClock(NOON_AT), rate_limit=rate_limit) as service:
        url = f"{service.sockets}{BOARD}"
        first = [await connect(url) for _ in range(5)]
        sixth = await is_refused(url)
        await first[0].close()
        after = await is_refused(url)

        assert (sixth, after) == (rate_limit, False)
        for screen in first:
            await screen.close()


async def is_refused(url: str) -> bool:
    """Whether a socket is refused before it is one."""
    try:
        async with connect(url) as screen:
            await screen.recv()
    except InvalidStatus as refused:
        return refused.response.status_code == 429
    return False


def test_an_address_opens_a_thousand_sockets_at_once_and_then_fifty_a_second() -> None:
    now_s = 0.0
    known = ConnectionLimits(lambda peer, _: peer, lambda: now_s)

    def opened(count: int, address: str = "here") -> int:
        gone = [known.admit(address, "") for _ in range(count)]
        for leave in gone:
            if leave is not None:
                leave()
        return sum(leave is not None for leave in gone)

    assert opened(connection_limits.OPENINGS_AT_ONCE + 100) == connection_limits.OPENINGS_AT_ONCE
    assert opened(1, "elsewhere") == 1
    now_s = 2.0
    assert opened(200) == 2 * connection_limits.OPENINGS_PER_S
    now_s = 3600.0
    assert opened(connection_limits.OPENINGS_AT_ONCE + 100) == connection_limits.OPENINGS_AT_ONCE


@pytest.mark.parametrize("every_s", [10.0, 0.0])
def test_addresses_that_open_no_more_are_forgotten_however_quickly_others_come(
    monkeypatch: pytest.MonkeyPatch, every_s: float
) -> None:
    monkeypatch.setattr(connection_limits, "ADDRESSES_KNOWN_MAX", 10)
    now_s = 0.0
    known = ConnectionLimits(lambda peer, _: peer, lambda: now_s)

    for n in range(1000):
        now_s = n * every_s
        leave = known.admit(f"address {n}", "")
        assert leave is not None
        leave()

    assert list(known._buckets) == [f"address {n}" for n in range(990, 1000)]
    assert not known._open


def test_an_address_that_goes_on_opening_is_not_forgotten_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_limits, "ADDRESSES_KNOWN_MAX", 10)
    monkeypatch.setattr(connection_limits, "OPENINGS_AT_ONCE", 100)
    known = ConnectionLimits(lambda peer, _: peer, lambda: 0.0)

    opened = 0
    for n in range(200):
        opened += known.admit("one that goes on", "") is not None
        known.admit(f"address {n}", "")

    assert opened == 100
