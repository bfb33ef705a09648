"""What the load generator counts."""

import asyncio

from benchmarks.load import carry_out
from benchmarks.load_plan import Plan, Stream

ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
SECONDS = 0.02
LATE_S = 0.1
CLIENTS = 3


class Slow(asyncio.Protocol):
    """A server that answers after the measured time."""

    def __init__(self, hung_up: asyncio.Queue[None]) -> None:
        self._hung_up = hung_up

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer late."""
        assert data.startswith(b"POST ")
        asyncio.get_running_loop().call_later(LATE_S, self._transport.write, ANSWER)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        assert exc is None
        self._hung_up.put_nowait(None)


async def test_where_nothing_was_answered_in_time_the_first_late_answer_counts() -> None:
    hung_up: asyncio.Queue[None] = asyncio.Queue()
    server = await asyncio.get_running_loop().create_server(lambda: Slow(hung_up), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        stream = Stream(name="take", script="take", port=port, halls=["main"], connections=CLIENTS)

        report = await carry_out(Plan(streams=[stream], seconds=SECONDS, warm_up_s=0.0))
        for _ in range(CLIENTS):
            await hung_up.get()

    assert report.of("take", "take").answered == 1
    assert report.of("take", "take").max_ms >= SECONDS * 1000
    assert 0 < report.per_s() < 1 / SECONDS
