"""Answers go out together at the end of a turn of the loop: none is lost by that, and none overtakes another."""

import asyncio
import re
from collections.abc import Callable

import pytest
from aiohttp import web
from aiohttp.http_writer import StreamWriter
from aiohttp.test_utils import make_mocked_request

from service.api.app_keys import SETTINGS
from service.api.http.batched_writes import BatchedWrites
from service.api.http.connections import Connection, ConnectionCount
from service.api.http.json_response import LARGE_BYTES, JsonResponse
from tests.abuse.strangers import stranger
from tests.service import Service

TAKE = (
    b"POST /v1/halls/demo/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b'Content-Length: 21\r\n\r\n{"service":"enquiry"}'
)
NOWHERE = b"GET /v1/nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
HALLS = b"GET /v1/halls HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /v1/nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3}) ")
NUMBER = re.compile(rb'"number":"([A-Z][0-9]+)"')


class Wire(asyncio.Transport):
    """Keeps what a connection sends, and when it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.written = asyncio.Event()
        self.full: Callable[[], None] | None = None
        """Told of a write that it does not take at once."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it."""
        self.sent.append(bytes(data))
        self.written.set()
        if self.full is not None:
            self.full()

    def is_closing(self) -> bool:
        """Tell whether it was ended."""
        return b"the end" in self.sent

    def close(self) -> None:
        """End."""
        self.sent.append(b"the end")

    abort = close


@pytest.fixture
async def departures() -> BatchedWrites:
    return BatchedWrites(asyncio.get_running_loop())


async def _answer(_request: web.BaseRequest) -> web.StreamResponse:
    raise AssertionError("nothing is asked here")


def connected(departures: BatchedWrites, room: ConnectionCount | None = None) -> tuple[Connection, Wire]:
    """A connection whose client asks nothing."""
    loop, wire = asyncio.get_running_loop(), Wire()
    connection = Connection(web.Server(_answer), room or ConnectionCount(10), departures, loop=loop)
    connection.connection_made(wire)
    return connection, wire


async def test_answers_of_one_loop_iteration_are_sent_at_its_end_in_order(departures: BatchedWrites) -> None:
    (one, of_one), (other, of_other) = connected(departures), connected(departures)

    one.send(b"1")
    other.send(b"2")
    one.send(b"3")

    assert (of_one.sent, of_other.sent) == ([], [])
    await asyncio.sleep(0)
    assert (of_one.sent, of_other.sent) == ([b"13"], [b"2"])
    one.cut()
    other.cut()


@pytest.mark.parametrize("end", [Connection.cut, Connection.force_close, Connection.eof_received])
async def test_who_is_cut_in_that_turn_has_the_answer(
    departures: BatchedWrites, end: Callable[[Connection], None]
) -> None:
    connection, wire = connected(departures)
    connection.send(b"answer")

    end(connection)

    assert wire.sent[0] == b"answer"
    await asyncio.sleep(0)
    assert wire.sent.count(b"answer") == 1
    connection.cut()


async def test_who_is_gone_in_that_turn_is_sent_nothing(departures: BatchedWrites) -> None:
    connection, wire = connected(departures)
    connection.send(b"answer")

    connection.connection_lost(None)
    await asyncio.sleep(0)

    assert b"answer" not in wire.sent


async def test_who_is_going_is_not_answered(departures: BatchedWrites) -> None:
    connection, wire = connected(departures)
    wire.close()

    with pytest.raises(ConnectionResetError):
        connection.send(b"answer")

    connection.cut()
    assert b"answer" not in wire.sent


async def test_a_connection_takes_room_until_it_is_lost_and_once(departures: BatchedWrites) -> None:
    room = ConnectionCount(10)
    (one, _), (other, _) = connected(departures, room), connected(departures, room)
    assert room.open == 2

    one.cut()
    assert room.open == 2, "it is there until the transport says that it is not"
    one.connection_lost(None)
    one.connection_lost(None)
    assert room.open == 1
    other.connection_lost(ConnectionResetError())
    assert room.open == 0


async def test_requests_sent_without_waiting_are_answered_in_their_order(service: Service) -> None:
    asked = [TAKE, NOWHERE, HALLS, TAKE, TAKE, NOWHERE, NOWHERE, TAKE, HALLS, LAST]
    async with stranger(service.running.http_port) as one:
        await one.say(b"".join(asked))

        heard = await one.hear()

    by_request = {TAKE: b"201", NOWHERE: b"404", HALLS: b"200", LAST: b"404"}
    assert STATUS.findall(heard) == [by_request[request] for request in asked]
    numbers = NUMBER.findall(heard)
    assert numbers == sorted(numbers)
    assert len(numbers) == asked.count(TAKE)


async def test_a_long_answer_is_over_when_it_has_been_taken(service: Service, departures: BatchedWrites) -> None:
    connection, wire = connected(departures)
    app = web.Application()
    app[SETTINGS] = service.settings
    writer = StreamWriter(connection, asyncio.get_running_loop())
    request = make_mocked_request("GET", "/", app=app)
    request._protocol, request._payload_writer = connection, writer
    response = JsonResponse(b"1" * (LARGE_BYTES + 1))
    await response.prepare(request)
    connection.pause_writing()  # by what was sent before
    sending = asyncio.create_task(response.write_eof())
    await asyncio.sleep(0)
    assert wire.sent == []
    wire.full = connection.pause_writing

    connection.resume_writing()
    await wire.written.wait()

    assert wire.sent[0].endswith(b"1" * LARGE_BYTES)
    assert not sending.done()
    connection.resume_writing()
    await sending
    connection.cut()
