"""What is said beside the answers, and what is answered to what never becomes a request."""

import asyncio
import json
import re
from base64 import urlsafe_b64encode
from collections import Counter
from http import HTTPStatus
from ipaddress import ip_network
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.api import application
from service.api.http import connections
from service.api.http.headers import READ_HEADERS
from service.api.routes import ROUTES
from service.clock import FakeClock
from service.primitives.ids import NIL
from tests.abuse.strangers import stranger
from tests.api.checked import INSTANCE, Checked
from tests.service import ADMIN, NOON_AT, Service, service_on

PAGE = "/halls/{hall}/screen"
SIGN_IN = {"name": "admin", "password": ADMIN}


@pytest.mark.parametrize(
    "path", ["/", PAGE, "/display/screen.js", "/pages/pages.css", "/v1/halls", "/v1/nowhere", "/x"]
)
async def test_nothing_is_guessed_framed_or_told_where_from(hall: Checked, path: str) -> None:
    headers = (await hall.call("GET", path.format(hall=hall.hall))).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors" in headers["Content-Security-Policy"]
    assert headers["Server"] == "Paihao"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/halls", 200),
        ("/v1/halls/demo/board", 200),
        ("/v1/nowhere", 404),
        ("/v1/halls/demo/queue", 401),
        ("/v1/halls/demo/slots?service=no", 404),
        ("/v1/halls?limit=x", 422),
    ],
)
async def test_an_answer_says_the_same_to_who_goes_on_and_to_who_ends_with_it(
    service: Service, path: str, status: int
) -> None:
    said: list[dict[str, str]] = []
    for last in (b"", b"Connection: close\r\n"):  # in one piece, and by aiohttp's own way
        async with stranger(service.running.http_port) as one:
            await one.say(b"GET %b HTTP/1.1\r\nHost: x\r\n%b\r\n" % (path.encode(), last))
            head = await one.reader.readuntil(b"\r\n\r\n")
            first, *fields = head.decode().split("\r\n")[:-2]
            assert first == f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"  # which differs with the Python
            named = dict(field.split(": ", 1) for field in fields)
            body = json.loads(await one.reader.readexactly(int(named["Content-Length"])))
            assert body.get("status", 200) == status
            assert (named.pop("Connection", None) == "close") is bool(last)
            del named["Date"]
            said.append(named)

    assert said[0] == said[1]
    assert said[0]["Cache-Control"] == "no-store"
    assert said[0]["Content-Type"] == ("application/json" if status == 200 else "application/problem+json")


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
        signed_in = await service.api.call("POST", "/v1/session", {"name": "admin", "password": ADMIN}, headers=said)

    assert "Secure" in signed_in.headers["Set-Cookie"]  # though the proxy calls us 127.0.0.1, as some do


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
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "request-unreadable"),  # without a host
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n", 400, "request-unreadable"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\n\r\n", 417, "expectation-failed"),
        (b"GET /v1/no HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\n\r\n", 417, "expectation-failed"),
        (
            b"POST /v1/halls/demo/tickets HTTP/1.1\r\nHost: x\r\nExpect: 1\r\nContent-Length: 9\r\n\r\n",
            417,
            "expectation-failed",
        ),
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


NO_TEXT = b"\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe"


@pytest.mark.parametrize("name", READ_HEADERS)
@pytest.mark.parametrize("call", ["GET /v1/halls/{hall}/slots", "POST /v1/halls/{hall}/tickets", "GET /"])
async def test_a_header_that_is_no_text_is_refused_before_anything_reads_it(
    house: Service, hall: Checked, name: str, call: str
) -> None:
    with capture_logs() as logged:
        head = f"{call.format(hall=hall.hall)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{name}: "
        status, _, body = await heard_after(house, head.encode() + NO_TEXT + b"\r\n\r\n")

    assert (status, body["code"]) == (400, "request-unreadable")
    assert [line for line in logged if line["log_level"] == "error"] == []


@pytest.mark.parametrize("name", ["User-Agent", "Referer", "X-Of-A-Proxy", "Cookie"])
async def test_what_others_wrote_into_other_headers_is_their_business(house: Service, hall: Checked, name: str) -> None:
    head = f"GET /v1/halls/{hall.hall} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{name}: theirs="

    status, _, _ = await heard_after(house, head.encode() + NO_TEXT + b"\r\n\r\n")

    assert status == 200


@pytest.mark.parametrize("cookie", ["paihao_known", "paihao_sign_on", "paihao_browser", "paihao_session"])
async def test_a_cookie_of_ours_that_cannot_be_ours_counts_as_none(house: Service, hall: Checked, cookie: str) -> None:
    said = json.dumps(SIGN_IN).encode()
    head = f"POST /v1/session HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nContent-Length: {len(said)}\r\n"
    kind = b"Content-Type: application/json\r\nConnection: close\r\nCookie: "
    for value in (NO_TEXT + b".x", b"x." + NO_TEXT, "é.é".encode()):
        status, _, body = await heard_after(
            house, head.encode() + kind + cookie.encode() + b"=" + value + b"\r\n\r\n" + said
        )

        assert status == 200, body
    page = f"GET /halls/{hall.hall} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nSec-Fetch-Mode: navigate\r\n".encode()
    async with stranger(house.running.http_port) as one:
        await one.say(page + b"Cookie: " + cookie.encode() + b"=" + NO_TEXT + b"\r\n\r\n")
        assert (await one.hear()).startswith(b"HTTP/1.1 200 ")


def test_every_header_that_is_read_is_looked_at_first() -> None:
    reads = re.compile(
        r"""headers\.get(?:all)?\("([A-Za-z-]+)"|"([A-Za-z-]+)" (?:not )?in (?:request\.)?headers(?![.\w])"""
    )
    named = {
        first or second
        for path in Path(application.__file__).parent.rglob("*.py")
        for first, second in reads.findall(path.read_text("utf-8"))
    }

    of_answers = {"Server", "Content-Type", "Cache-Control"}
    only_looked_for = {"Content-Encoding", "Sec-Fetch-Mode", "User-Agent"}
    assert named - of_answers - only_looked_for <= set(READ_HEADERS)


async def test_what_is_expected_before_a_body_is_said(house: Service) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.running.http_port)
    writer.write(b"POST /v1/halls HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")

    heard = await reader.read()

    writer.close()
    assert heard.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 405 ")


@pytest.mark.parametrize(
    "host",
    [
        *(
            "a:bc",
            "x:99999",
            "x:-1",
            "x:1:2",
            "x'; script-src *",
            'x"',
            "x y",
            "x,y",
            "x/y",
            "x?y",
            "x#y",
            "x\\y",
            "u@x",
        ),
        *("[::1", "::1]", "[::1]x", "[x]", "[::1%25eth0]", "x;y", "*", "%41", "", ":80", "\u00e9"),
    ],
)
async def test_a_host_that_none_can_have_is_refused_everywhere(house: Service, hall: Checked, host: str) -> None:
    for path in ("/", PAGE, "/docs", "/v1/halls", "/v1/halls/{hall}", "/v1/session", "/healthz", "/no"):
        said = f"GET {path.format(hall=hall.hall)} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"

        status, headers, body = await heard_after(house, said.encode())

        assert (status, body["code"]) == (400, "request-unreadable"), path
        assert headers["Content-Type"] == "application/problem+json", path


@pytest.mark.parametrize(
    ("host", "socket"),
    [
        ("hall.example", "ws://hall.example"),
        ("Hall.Example:8080", "ws://hall.example"),
        ("127.0.0.1:80", "ws://127.0.0.1"),
        ("[2001:db8::1]:8080", "ws://[2001:db8::1]"),
        ("hall_1.", "ws://hall_1."),
        ("a" * 253, "ws://" + "a" * 253),
    ],
)
async def test_the_sockets_are_where_the_client_reaches_us(
    house: Service, hall: Checked, host: str, socket: str
) -> None:
    said = await hall.call("GET", f"/v1/halls/{hall.hall}", headers={"Host": host})
    page = await hall.call("GET", f"/halls/{hall.hall}/screen", headers={"Host": host})

    assert said.body["display_url"] == f"{socket}:{house.running.display_port}"
    assert f"connect-src 'self' {socket}:{house.running.display_port};" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "target", ["http://x:99999/", "http://x';script-src/", "http://a:bc/v1/halls", "http://%27/", "//x:a/"]
)
async def test_a_whole_address_as_target_is_no_fault_either(house: Service, target: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.running.http_port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())

    heard = await reader.read()

    writer.close()
    assert heard.split()[1] in {b"400", b"404"}
    assert b"script-src" not in heard


@pytest.mark.parametrize("name", ["If-Modified-Since", "If-Unmodified-Since", "If-Range"])
async def test_a_date_that_no_calendar_has_is_none(house: Service, name: str) -> None:
    said = {name: "Sun, 06 Nov 99999999999 08:49:37 GMT", "Range": "bytes=0-9"}
    files = ["/favicon.ico", "/pages/applicant/applicant.css", "/t/worker.js"]

    replies = [await house.api.call("GET", path, headers=said) for path in files]

    assert [reply.status for reply in replies] == [200] * len(files)


async def test_an_old_program_need_not_say_a_host(house: Service, hall: Checked) -> None:
    for path in ("/healthz", f"/v1/halls/{hall.hall}", f"/halls/{hall.hall}/screen"):
        reader, writer = await asyncio.open_connection("127.0.0.1", house.running.http_port)
        writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        assert (await reader.read()).split()[1] == b"200", path
        writer.close()


ORIGINS = [
    "http://[",
    "http://]",
    "null",
    "",
    "x",
    "https://{host}",
    "http://{host}.evil",
    "http://u@{host}",
    "//{host}",
]
"""None is this service's."""


@pytest.mark.parametrize("origin", ORIGINS)
async def test_a_page_of_another_origin_signs_nobody_in_and_changes_nothing(hall: Checked, origin: str) -> None:
    host = hall.base.removeprefix("http://")
    said = {"Origin": origin.format(host=host)}
    mine = {"Origin": hall.base}

    signed_in = await hall.call("POST", "/v1/session", SIGN_IN, headers=mine)
    cookie = {"Cookie": signed_in.headers["Set-Cookie"].partition(";")[0]}
    replies = [
        await hall.call("POST", "/v1/session", SIGN_IN, headers=said),
        await hall.call("POST", "counters/1/open", headers=said | cookie),
        await hall.call("POST", "tickets", {"service": "enquiry"}, headers=said | cookie),
    ]
    own = await hall.call("POST", "counters/1/open", headers=mine | cookie)

    assert [(reply.status, reply.code) for reply in replies] == [(403, "forbidden")] * 3
    assert (signed_in.status, own.status) == (200, 200)


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


LIST = "POST /v1/halls/{hall}/invitations HTTP/1.1\r\nContent-Type: text/csv\r\n"
TAKE = "POST /v1/halls/{hall}/tickets HTTP/1.1\r\nContent-Type: application/json\r\n"
CHANGE = f"PATCH /v1/halls/{{hall}}/tickets/{NIL} HTTP/1.1\r\nContent-Type: application/json\r\n"

HALVES = [
    (TAKE, "Content-Length: 99\r\n\r\n{"),
    (TAKE, "Transfer-Encoding: chunked\r\n\r\n5\r\n{"),
    (CHANGE, "Content-Length: 99\r\n\r\n"),
    (LIST, "Content-Length: 99\r\n\r\nname\n"),
]


@pytest.mark.parametrize(("call", "half"), HALVES)
@pytest.mark.parametrize("ends", ["reset", "closed"])
async def test_a_client_that_leaves_in_mid_body_is_no_fault(
    house: Service, hall: Checked, call: str, half: str, ends: str
) -> None:
    head = f"{call.format(hall=hall.hall)}Host: x\r\nAuthorization: Bearer {ADMIN}\r\n"
    before = await counted(hall)
    with capture_logs() as logged:
        async with stranger(house.running.http_port) as one:
            await one.say(f"{head}{half}".encode())
            if ends == "closed":
                one.end()
                await one.hear()
        async with asyncio.timeout(10):
            while (after := await counted(hall)) == before:
                assert (await hall.call("GET", "board")).status == 200

    assert {status for (_, status), count in (after - before).items() if count} == {"400"}
    assert [line for line in logged if line["log_level"] == "error"] == []


async def counted(hall: Checked) -> Counter[tuple[str, str]]:
    """How many changing calls were answered, by method and status."""
    text = (await hall.call("GET", "/metrics")).body.decode()
    found: Counter[tuple[str, str]] = Counter()
    for labels, count in re.findall(r"^paihao_http_request_seconds_count\{(.*)\} (\d+)", text, re.MULTILINE):
        said = dict(re.findall(r'(\w+)="(.*?)"', labels))
        if said["method"] in {"POST", "PATCH"}:
            found[said["method"], said["status"]] += int(count)
    return found


async def test_a_list_of_invitations_is_waited_for_longer(impatient: Service) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", impatient.running.http_port)
    head = f"POST /v1/halls/demo/invitations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN}\r\n"
    writer.write(head.encode() + b"Content-Type: text/csv\r\nContent-Length: 9\r\n\r\nname\n")
    head = "POST /v1/halls/demo/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    status, _, _ = await heard_after(impatient, head.encode() + b"Content-Length: 99\r\n\r\n{")
    assert status == 408, "what came later is given up already"

    writer.write(b"Ann\n")

    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 201 ")
    writer.close()


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


def encoded(said: str) -> str:
    """A cursor as `next_cursor` is written."""
    return urlsafe_b64encode(said.encode()).decode()


CURSORS = [
    *(
        "%00",
        "a%00b",
        "%ed%a0%80",
        "%ff",
        "%0a",
        "x" * 201,
        "-1",
        "1e9",
        "9" * 30,
        "%F0%9F%92%A9",
        "..",
        "[]",
        "=",
        "%",
    ),
    *("2026-11-23", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "%27;--"),
    *map(
        encoded,
        (
            "0001-01-01T00:00:00+14:00|e1",
            "9999-12-31T23:59:59-14:00|e1",
            "0001-01-01|",
            "2026-11-23T02:00:00|a",
            "2026-11-23T02:00:00+00:00|\0",
            "2026-W48-1T02|",
            "x",
        ),
    ),
]


@pytest.mark.parametrize("cursor", CURSORS)
async def test_no_cursor_is_a_fault(hall: Checked, cursor: str) -> None:
    ticket = (await hall.take("enquiry"))["id"]
    lists = [route for route in ROUTES if any(query.name == "cursor" for query in route.query)]
    assert len(lists) >= 7

    for route in lists:
        path = route.path.format(hall=hall.hall, ticket=ticket)
        body = {"name": "张三"} if route.method == "POST" else None
        reply = await hall.staff(route.method, f"{path}?cursor={cursor}", body)
        assert reply.status in {200, 422}, (path, reply.body)
