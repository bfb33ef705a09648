"""HTTP: slow heads and bodies, half-open connections, bombs, answers nobody reads."""

import gzip
import resource
from pathlib import Path

import pytest

from service.api.http import connections
from service.clock import FakeClock
from tests.abuse.strangers import crowd, shout, stranger, strangers
from tests.service import NOON_AT, Api, Service, service_on

HEAD = b"POST /v1/halls/demo/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
HALF_OPEN = 5000


async def served(api: Api) -> None:
    """Another client takes a number and is called, as on any day."""
    async with Api(api.base) as other:  # connections of its own
        await other.open("1")
        ticket = await other.take("enquiry")
        called = await other.next("1")
        assert called is not None
        assert called["id"] == ticket["id"]
        assert (await other.staff("POST", f"tickets/{ticket['id']}/finish", {"outcome": "done"})).status == 200
        assert (await other.staff("POST", "counters/1/close")).status == 200


async def test_five_thousand_half_open_connections_stop_nobody(service: Service) -> None:
    async with crowd(service.running.http_port, HALF_OPEN) as sockets:
        shout(sockets, b"POST /v1/halls/demo/tickets HTTP/1.1\r\nHost: x\r\n")

        await served(service.api)


async def test_more_connections_than_there_may_be_stop_nobody(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "CONNECTIONS_MAX", 100)
    async with service_on(dsn, tmp_path, FakeClock(NOON_AT)) as service, Api(service.api.base) as early:
        assert (await early.call("GET", "board")).status == 200
        async with crowd(service.running.http_port, 300) as sockets:
            shout(sockets, b"GET / HTTP/1.1\r\n")

            await served(service.api)
            await served(early)


async def test_heads_that_come_byte_by_byte_stop_nobody_and_end(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_WITHIN_S", 1.0)
    port = service.running.http_port
    async with crowd(port, 300) as sockets, stranger(port) as one:
        for byte in HEAD[:40]:
            shout(sockets, bytes([byte]))
            await one.say(bytes([byte]))
        await served(service.api)

        assert (await one.hear()).startswith(b"HTTP/1.1 408 ")
        await served(service.api)


async def test_bodies_that_come_byte_by_byte_stop_nobody_and_end(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BODY_WITHIN_S", 1.0)
    port = service.running.http_port
    async with crowd(port, 300) as sockets, stranger(port) as one:
        shout(sockets, HEAD + b"Content-Length: 1000\r\n\r\n")
        await one.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for byte in b'{"service": "enquiry"':
            shout(sockets, bytes([byte]))
            await one.say(b"1\r\n%c\r\n" % byte)
        await served(service.api)

        assert b'"request-too-slow"' in await one.hear()
        await served(service.api)


@pytest.mark.parametrize(("size", "code"), [(100_000_000, "body-too-large"), (50_000_000, "media-type")])
async def test_a_bomb_does_not_go_off(service: Service, size: int, code: str) -> None:
    bomb = gzip.compress(b" " * size, 9 if code == "media-type" else 1)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    async with strangers(service.running.http_port, 10) as some:
        for one in some:
            await one.say(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb)
        await served(service.api)
        for one in some:
            one.end()
        heard = [await one.hear() for one in some]
        await served(service.api)

    assert all(f'"{code}"'.encode() in one for one in heard)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 50_000


async def test_a_body_without_an_end_is_refused(service: Service) -> None:
    async with stranger(service.running.http_port) as one:
        await one.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            if not await one.say(b"2000\r\n" + b" " * 0x2000 + b"\r\n"):
                break

        assert b'"body-too-large"' in await one.hear()
        await served(service.api)


@pytest.mark.parametrize("path", ["/openapi.json", "/v1/halls/demo/board"])
async def test_answers_that_nobody_reads_are_given_up(
    service: Service, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(connections, "TAKE_WITHIN_S", 0.5)
    asked = 10_000
    async with stranger(service.running.http_port) as one:
        one.take_nothing()
        one.writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * asked)
        await served(service.api)
        while await one.say(b"\r\n"):  # until the other side has cut the connection
            await served(service.api)

        one.take_again()
        assert (await one.hear()).count(b"HTTP/1.1 200 ") < asked


async def test_requests_sent_without_waiting_for_answers_stop_nobody(service: Service) -> None:
    async with strangers(service.running.http_port, 20) as some:
        for one in some:
            one.writer.write(b"GET /v1/halls HTTP/1.1\r\nHost: x\r\n\r\n" * 500)

        await served(service.api)

    await served(service.api)
