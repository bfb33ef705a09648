"""What is said beside the answers, and what is answered to what never becomes a request."""

import asyncio
import json
from ipaddress import ip_network
from pathlib import Path

import pytest

from service.clock import FakeClock
from service.web import connections
from tests.service import NOON_AT, Service, service_on
from tests.web.checked import INSTANCE, Checked

PAGE = "/halls/{hall}/screen"


@pytest.mark.parametrize(
    "path", ["/", PAGE, "/display/screen.js", "/pages/pages.css", "/v1/halls", "/v1/nowhere", "/x"]
)
async def test_nothing_is_guessed_framed_or_told_where_from(hall: Checked, path: str) -> None:
    headers = (await hall.call("GET", path.format(hall=hall.hall))).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors" in headers["Content-Security-Policy"]
    assert headers["Server"] == "Paihao"


@pytest.mark.parametrize("path", ["/", PAGE, "/docs"])
async def test_a_page_is_alone_in_its_window_and_asks_for_no_device_but_the_camera(hall: Checked, path: str) -> None:
    headers = (await hall.call("GET", path.format(hall=hall.hall))).headers

    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]
    assert "camera=(self)" in headers["Permissions-Policy"]


async def test_without_tls_nobody_is_told_to_come_over_tls(hall: Checked) -> None:
    for said in ({}, {"X-Forwarded-Proto": "https"}):  # a stranger's word
        reply = await hall.call("GET", "/", headers=said)
        assert "Strict-Transport-Security" not in reply.headers


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"public_url": "https://hall.example"}, {}),
        ({"trusted_proxies": (ip_network("127.0.0.0/8"),)}, {"X-Forwarded-Proto": "https"}),
    ],
)
async def test_behind_tls_browsers_are_told_to_keep_to_it(
    dsn: str, tmp_path: Path, settings: dict[str, object], said: dict[str, str]
) -> None:
    async with service_on(dsn, tmp_path, FakeClock(NOON_AT), **settings) as service:
        for path in ("/", "/v1/halls", "/v1/nowhere"):
            reply = await service.api.call("GET", path, headers=said)
            assert reply.headers["Strict-Transport-Security"] == "max-age=31536000"


async def heard_after(service: Service, said: bytes) -> tuple[int, dict[str, str], dict[str, object]]:
    """Status, fields and body of what is answered before the connection closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.running.http_port)
    writer.write(said)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    first, *fields = head.decode().split("\r\n")
    named = dict(field.split(": ", 1) for field in fields)
    return int(first.split()[1]), named, json.loads(body)


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        (b"nonsense\r\n\r\n", 400, "request-unreadable"),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400, "request-unreadable"),  # TLS at a port without
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, "request-unreadable"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n", 400, "request-unreadable"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "address-too-long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 9000 + b"\r\n\r\n", 431, "headers-too-large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: a\r\n" * 200 + b"\r\n", 431, "headers-too-large"),
    ],
)
async def test_what_never_becomes_a_request_is_a_problem_too(
    house: Service, said: bytes, status: int, code: str
) -> None:
    answered, headers, body = await heard_after(house, said)

    assert (answered, body["status"], body["code"]) == (status, status, code)
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert INSTANCE.fullmatch(str(body["instance"]))
    assert body["title"]


async def test_a_head_that_never_ends_is_refused_before_it_is_large(house: Service) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.running.http_port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
    for number in range(6):
        writer.write(b"X-%d: " % number + b"a" * 7000 + b"\r\n")
        await writer.drain()

    heard = await reader.read()

    writer.close()
    assert heard.startswith(b"HTTP/1.1 431 ")
    assert b'"headers-too-large"' in heard


@pytest.fixture
async def impatient(monkeypatch: pytest.MonkeyPatch, service: Service) -> Service:
    """A service that waits for nobody."""
    monkeypatch.setattr(connections, "HEAD_WITHIN_S", 0.3)
    monkeypatch.setattr(connections, "BODY_WITHIN_S", 0.3)
    return service


async def test_a_head_that_does_not_come_is_not_waited_for(impatient: Service) -> None:
    status, _, body = await heard_after(impatient, b"GET / HTTP/1.1\r\nHost: x\r\n")

    assert (status, body["code"]) == (408, "request-too-slow")


async def test_a_second_head_that_does_not_come_is_not_waited_for_either(impatient: Service) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", impatient.running.http_port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")

    writer.write(b"GET /healthz HT")

    assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_a_body_that_does_not_come_is_not_waited_for(impatient: Service) -> None:
    head = b"POST /v1/halls/demo/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

    status, headers, body = await heard_after(impatient, head + b'Content-Length: 99\r\n\r\n{"service"')

    assert (status, body["code"], headers["Connection"]) == (408, "request-too-slow", "close")


async def test_a_connection_that_says_nothing_is_cut_without_a_word(impatient: Service) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", impatient.running.http_port)

    try:
        heard = await reader.read()
    except ConnectionResetError:
        heard = b""

    writer.close()
    assert heard == b""


async def test_a_connection_that_was_heard_whole_is_kept(impatient: Service) -> None:
    """The timers are of requests, not of connections: each request here comes after one would have run out."""
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection("127.0.0.1", impatient.running.http_port)

    for _ in range(3):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
        passed = loop.create_future()
        loop.call_later(2 * connections.HEAD_WITHIN_S, passed.set_result, None)
        await passed

    writer.close()
