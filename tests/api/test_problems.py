"""Problems: every code there is, with what it carries; and nothing a client can send is a fault of ours."""

import asyncio
import gzip
import json
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

from service.api.halls import handlers
from service.api.routes import ROUTES, possible_refusals
from service.clock import FakeClock
from service.runtime import lane, lane_registry, pending_requests
from tests.api.booking import booked, by_hand, changed, person, try_to_book
from tests.api.checked import DESCRIBED, UNROUTED, Checked, at, demo
from tests.postgres import PostgresServer
from tests.proxy import Fault, Proxy
from tests.service import ADMIN, NOON_AT, Reply, Service, service_on

BODY_MAX = 64 * 1024
NOBODY = "0198c0de-0000-7000-8000-000000000000"
ENQUIRY = {"service": "enquiry"}
KEY = "a-key-of-16-characters-at-least"

Case = Callable[[Checked, FakeClock], Awaitable[Reply]]
CASES: dict[str, tuple[int, dict[str, Any], Case]] = {}


def case(code: str, status: int, **fields: Any) -> Callable[[Case], Case]:  # noqa: ANN401  (any JSON)
    """How a problem comes about, and the extra fields it has then."""

    def keep(made: Case) -> Case:
        CASES[code] = (status, fields, made)
        return made

    return keep


@case("body-unreadable", 400)
async def _unreadable(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("POST", "tickets", raw=b"{")


@case("token-missing", 401)
async def _missing(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("GET", "queue")


@case("token-invalid", 401)
async def _invalid(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("GET", "queue", token="no-such-token")


@case("forbidden", 403)
async def _forbidden(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("GET", "queue", token=(await hall.take())["token"])


@case("entrance-required", 403)
async def _no_entrance(hall: Checked, _now: FakeClock) -> Reply:
    await hall.staff("PUT", "document", {**demo(), "entrance": True}, headers={"If-Match": '"1"'})
    return await hall.call("POST", "tickets", ENQUIRY)


@case("hall-not-found", 404)
async def _no_hall(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("POST", "/v1/halls/nowhere/tickets", ENQUIRY)


@case("service-not-found", 404)
async def _no_service(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("POST", "tickets", {"service": "no-such"})


@case("counter-not-found", 404)
async def _no_counter(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.staff("GET", "counters/99")


@case("ticket-not-found", 404)
async def _no_ticket(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.staff("GET", f"tickets/{NOBODY}")


@case("notice-not-found", 404)
async def _no_notice(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.staff("DELETE", f"notices/{NOBODY}")


@case("alarm-not-found", 404)
async def _no_alarm(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.staff("DELETE", f"alarm/{NOBODY}")


@case("route-not-found", 404)
async def _no_route(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("GET", "places")


@case("method-not-allowed", 405)
async def _no_method(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("PATCH", "document", {})


@case("body-too-large", 413)
async def _too_large(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("POST", "tickets", raw=b" " * (BODY_MAX + 1))


@case("media-type", 415)
async def _media_type(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("POST", "tickets", ENQUIRY, headers={"Content-Type": "text/plain"})


@case("wrong-state", 409, state="closed")
async def _wrong_state(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.staff("POST", "counters/1/close")


@case("counter-busy", 409, ticket=re.compile(r"[0-9a-f-]{36}"))
async def _busy_counter(hall: Checked, _now: FakeClock) -> Reply:
    await hall.called()
    return await hall.staff("POST", "counters/1/next")


@case("counter-closed", 409)
async def _closed_counter(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.staff("POST", "counters/1/next")


@case("hall-closed", 409, opens_at="2026-11-24T01:00:00.000Z")
async def _closed_hall(hall: Checked, now: FakeClock) -> Reply:
    now.put(at("20:00"))
    return await hall.call("POST", "tickets", ENQUIRY)


@case("hall-suspended", 409, text={"en": "Fire alarm"})
async def _suspended(hall: Checked, _now: FakeClock) -> Reply:
    await hall.staff("PUT", "suspension", {"text": {"en": "Fire alarm"}})
    return await hall.call("POST", "tickets", ENQUIRY)


@case("online-only", 409, url="https://example.org/loan-renewal")
async def _online(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("POST", "tickets", {"service": "loan-renewal"})


@case("document-conflict", 412, revision=1)
async def _conflict(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.staff("PUT", "document", demo(), headers={"If-Match": '"7"'})


@case("if-match-missing", 428)
async def _no_match(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.staff("PUT", "document", demo())


@case("body-invalid", 422, errors=[{"path": "count", "why": "Expected `int` >= 1"}])
async def _invalid_body(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("POST", "tickets", {**ENQUIRY, "count": 0})


@case("idempotency-key-reused", 422)
async def _reused(hall: Checked, _now: FakeClock) -> Reply:
    await hall.call("POST", "tickets", ENQUIRY, key=KEY)
    return await hall.call("POST", "tickets", {"service": "loan-first"}, key=KEY)


@case("sign-in-refused", 401)
async def _sign_in(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("POST", "/v1/session", {"name": "nobody", "password": "not a password"})


@case("account-not-found", 404)
async def _no_account(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.staff("PATCH", f"staff/{NOBODY}", {"role": "staff"})


@case("message-not-found", 404)
async def _no_message(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.staff("POST", f"messages/{NOBODY}/retry")


@case("device-not-found", 404)
async def _no_device(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.staff("DELETE", "devices/door")


async def _kiosk(hall: Checked, path: str, body: dict[str, Any]) -> Reply:
    """What a new kiosk is answered."""
    made = await hall.staff("POST", "devices", {"name": "at the door", "role": "kiosk"})
    return await hall.call("POST", f"devices/{made.body['id']}/{path}", body, token=made.body["token"])


@case("printer-not-found", 404)
async def _no_printer(hall: Checked, _now: FakeClock) -> Reply:
    return await _kiosk(hall, "slips", {"ticket": NOBODY})


@case("lease-limit", 409)
async def _no_more_numbers(hall: Checked, _now: FakeClock) -> Reply:
    made = await hall.staff("POST", "devices", {"name": "at the door", "role": "kiosk"})
    path, token = f"devices/{made.body['id']}/lease", made.body["token"]
    while (reply := await hall.call("POST", path, {"count": 100}, token=token)).status == 201:
        pass
    return reply


TEN = at("10:00", 24)


@case("appointment-not-found", 404)
async def _no_appointment(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.staff("GET", f"appointments/{NOBODY}")


@case("code-not-found", 404)
async def _no_code(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("POST", "check-ins", {"code": "ZZZZZZZZ"})


@case("slot-not-offered", 409)
async def _no_slot(hall: Checked, _now: FakeClock) -> Reply:
    return await try_to_book(hall, at("22:00", 24))


@case("slot-full", 409, slots=[])
async def _full_slot(hall: Checked, _now: FakeClock) -> Reply:
    hours = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "10:00", "to": "10:30"}]
    document = {**demo(), "booking": by_hand(1, horizon_days=1), "hours": hours}
    put = await hall.staff("PUT", "document", document, headers={"If-Match": '"1"'})
    assert put.status == 200, put.body
    await booked(hall, TEN)
    return await try_to_book(hall, TEN)


@case("already-booked", 409)
async def _booked_twice(hall: Checked, _now: FakeClock) -> Reply:
    who = person()
    await booked(hall, TEN, applicant=who)
    return await try_to_book(hall, TEN, applicant=who)


@case("hold-expired", 409)
async def _over(hall: Checked, now: FakeClock) -> Reply:
    held = await booked(hall, TEN, hold=True)
    now.advance(600)
    return await changed(hall, held, {"state": "booked", "applicant": person()})


@case("hold-limit", 409)
async def _many_holds(hall: Checked, _now: FakeClock) -> Reply:
    token = (await hall.take())["token"]
    while (reply := await try_to_book(hall, TEN, hold=True, token=token)).status == 201:
        continue
    return reply


@case("code-used", 409)
async def _used(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("POST", "check-ins", {"code": (await hall.take())["code"]})


@case("wrong-day", 409, on="2026-11-24")
async def _other_day(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("POST", "check-ins", {"code": (await booked(hall, TEN))["code"]})


@case("too-early", 409, opens_at="2026-11-23T06:00:00.000Z")
async def _early(hall: Checked, _now: FakeClock) -> Reply:
    return await hall.call("POST", "check-ins", {"code": (await booked(hall, at("15:00")))["code"]})


@case("appointment-missed", 409)
async def _missed(hall: Checked, now: FakeClock) -> Reply:
    appointment = await booked(hall, at("15:00"))
    now.put(at("15:30"))
    return await hall.call("POST", "check-ins", {"code": appointment["code"]})


@case("hall-full", 409, slots=[], overtime=None)
async def _full(hall: Checked, now: FakeClock) -> Reply:
    document = {**demo(), "booking": {"horizon_days": 0}}
    put = await hall.staff("PUT", "document", document, headers={"If-Match": '"1"'})
    assert put.status == 200, put.body
    now.put(at("17:29"))
    while (reply := await hall.call("POST", "tickets", ENQUIRY)).status == 201:
        pass
    return reply


ELSEWHERE = {
    "already-waiting",
    "number-not-leased",
    "number-not-reported",
    "rate-limited",
    "request-too-slow",
}
"""Seen in `test_entrance`, `test_kiosks`, `test_limits` and `test_headers`: they take more than one call."""

FAULTS = {"busy", "storage-unavailable", "outcome-unknown", "fault"}
"""What the client has no part in; they have tests of their own below."""


@pytest.mark.parametrize("code", CASES)
async def test_a_problem_has_its_status_and_fields(hall: Checked, now: FakeClock, code: str) -> None:
    status, fields, made = CASES[code]

    reply = await made(hall, now)

    assert (reply.status, reply.code) == (status, code)
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert list(reply.body) == ["type", "title", "status", "code", "instance", *fields]
    for name, value in fields.items():
        said = reply.body[name]
        assert value.fullmatch(said) if isinstance(value, re.Pattern) else said == value


def test_there_is_a_test_for_every_problem_there_is() -> None:
    documented = {refusal.code for route in ROUTES for refusal in possible_refusals(route)}

    assert CASES.keys() | FAULTS | ELSEWHERE == documented | UNROUTED


async def test_a_problem_is_told_apart_from_the_next_one(hall: Checked) -> None:
    first, second = [(await hall.call("GET", "queue")).body["instance"] for _ in range(2)]

    assert first != second


# What the client has no part in.


@pytest.fixture
async def proxy(postgres: PostgresServer) -> AsyncIterator[Proxy]:
    """A faulty network in front of the database."""
    async with Proxy(postgres.socket) as proxy:
        yield proxy


@pytest.fixture
async def shaky(
    postgres: PostgresServer, proxy: Proxy, database_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Checked]:
    """A client of a service whose database is behind the faulty network, and who is not made to wait."""
    dsn = postgres.dsn(database_name, host=proxy.directory)
    async with service_on(dsn, tmp_path, FakeClock(NOON_AT)) as running, Checked(running.api.base) as api:
        await api.take("enquiry")
        monkeypatch.setattr(pending_requests, "ANSWER_WITHIN_S", 0.1)
        monkeypatch.setattr(lane_registry, "ANSWER_WITHIN_S", 0.1)
        yield api


async def test_while_the_database_is_away_nothing_is_done_and_clients_are_told(shaky: Checked, proxy: Proxy) -> None:
    await proxy.go_away()
    refused = [await shaky.staff("GET", "document"), await shaky.call("POST", "tickets", ENQUIRY, key=KEY)]
    await proxy.come_back()

    for reply in refused:
        assert (reply.status, reply.code, reply.headers["Retry-After"]) == (503, "storage-unavailable", "1")


async def test_what_became_of_a_request_is_known_when_it_is_repeated(
    shaky: Checked, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(20):  # until the fault meets the ticket, not somebody who looked at the database just then
        proxy.arm(Fault.HOLD_AFTER)
        unknown = await shaky.call("POST", "tickets", ENQUIRY, key=f"{KEY}-{n}")
        proxy.release()
        if unknown.status != 201:
            break
    monkeypatch.undo()
    known = await shaky.call("POST", "tickets", ENQUIRY, key=f"{KEY}-{n}")

    assert (unknown.status, unknown.code, unknown.headers["Retry-After"]) == (503, "outcome-unknown", "1")
    assert (known.status, known.body["number"]) == (201, f"B{n + 2:03d}")
    assert await shaky.seq() == known.body["seq"]


async def test_too_much_at_once_is_told_to_come_again(hall: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    await hall.take("enquiry")
    monkeypatch.setattr(lane, "QUEUE_MAX", 0)

    reply = await hall.call("POST", "tickets", ENQUIRY)

    assert (reply.status, reply.code, reply.headers["Retry-After"]) == (503, "busy", "1")


async def test_a_fault_is_logged_with_its_id_and_told_without_detail(
    hall: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("detail")

    monkeypatch.setattr(handlers, "board_of", broken)

    with structlog.testing.capture_logs() as lines:
        reply = await hall.call("GET", "board")

    faults = [line for line in lines if line["event"] == "fault"]
    assert (reply.status, reply.code) == (500, "fault")
    assert list(reply.body) == ["type", "title", "status", "code", "instance"]
    assert [f"urn:uuid:{line['request_id']}" for line in faults] == [reply.body["instance"]]
    assert faults[0]["route"] == "/v1/halls/{hall}/board"
    assert "detail" not in json.dumps(reply.body)


# What clients can send.


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[",
        b"not json",
        b'{"service": 5',
        b'{"service": "enquiry"} {}',
        b'{"service": "enquiry", "count": NaN}',
        b'{"service": "enquiry", "count": Infinity}',
        b'{"service": "enquiry\xff"}',
        b'{"service": "\\ud800"}',
        b'{"service": "a\x00b"}',
        b'\xef\xbb\xbf{"service": "enquiry"}',
        '{"service": "enquiry"}'.encode("utf-16"),
        b"[" * 30_000,
        b"'service'",
        b" ",
    ],
)
async def test_what_is_not_json_is_unreadable(hall: Checked, raw: bytes) -> None:
    reply = await hall.call("POST", "tickets", raw=raw)

    assert (reply.status, reply.code) == (400, "body-unreadable")


@pytest.mark.parametrize(
    "raw",
    [
        b"[]",
        b"null",
        b'"enquiry"',
        b"{}",
        b'{"service": null}',
        b'{"service": "Enquiry"}',
        b'{"service": "enquiry\\n"}',
        b'{"service": "enquiry", "count": 1e999}',
        b'{"service": "enquiry", "count": 1.5}',
        b'{"service": "enquiry", "count": ' + b"9" * 5000 + b"}",
        b'{"service": "enquiry", "then": "enquiry"}',
        b'{"service": "enquiry", "number": "A001"}',
        b'{"service": "enquiry", "applicant": {}}',
        b'{"service": "enquiry", "applicant": {"name": "a\\u0000b"}}',
        b'{"service": "enquiry", "applicant": {"name": "x", "age": 1}}',
        b'{"service": "enquiry", "entrance": "\\u0000"}',
        b'{"service": "enquiry", "channel": "pigeon"}',
    ],
)
async def test_json_that_says_what_cannot_be_is_invalid(hall: Checked, raw: bytes) -> None:
    reply = await hall.call("POST", "tickets", raw=raw)

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert all(error["why"] for error in reply.body["errors"])


async def test_deep_json_is_no_fault(hall: Checked) -> None:
    deep = b'{"service": "enquiry", "then": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"

    reply = await hall.call("POST", "tickets", raw=deep)

    assert reply.status in {400, 422}


async def test_of_a_field_said_twice_the_last_counts(hall: Checked) -> None:
    reply = await hall.call("POST", "tickets", raw=b'{"service": "loan-first", "service": "enquiry"}')

    assert reply.body["service"] == "enquiry"


async def test_a_body_may_be_as_large_as_the_contract_says(hall: Checked) -> None:
    reply = await hall.call("POST", "tickets", raw=json.dumps(ENQUIRY).encode().ljust(BODY_MAX))

    assert reply.status == 201


@pytest.mark.parametrize(
    "media", ["application/json", "application/json; charset=utf-8", "application/merge-patch+json"]
)
async def test_json_is_taken_under_its_names(hall: Checked, media: str) -> None:
    reply = await hall.call("POST", "tickets", ENQUIRY, headers={"Content-Type": media})

    assert reply.status == 201


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x", "*/*"]
)
async def test_what_is_not_said_to_be_json_is_not_read(hall: Checked, media: str) -> None:
    reply = await hall.call("POST", "tickets", ENQUIRY, headers={"Content-Type": media})

    assert (reply.status, reply.code) == (415, "media-type")


async def test_an_absent_body_is_an_empty_object(hall: Checked) -> None:
    opened = await hall.staff("POST", "counters/1/open", headers={"Content-Type": "text/plain"})
    taken = await hall.call("POST", "tickets")

    assert opened.status == 200
    assert (taken.status, taken.body["errors"]) == (
        422,
        [{"path": "", "why": "Object missing required field `service`"}],
    )


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "DELETE", "PROPFIND"])
async def test_a_method_that_an_address_does_not_take_is_told_which_it_takes(hall: Checked, method: str) -> None:
    reply = await hall.call(method, "search")
    read = await hall.call(method, "board")

    assert (reply.status, reply.code, reply.headers["Allow"]) == (405, "method-not-allowed", "POST")
    assert (read.status, read.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/",
        "/v1/halls/",
        "/v1/halls/demo/",
        "/v1/halls/demo/tickets/",
        "/v2/halls",
        "/V1/halls",
        "/v1//halls",
        "/%00",
        "/%ff%fe",
        "/v1/halls/%2e%2e/halls/demo/x",
        "/.git/config",
        "/" + "a" * 7000,
    ],
)
async def test_an_address_at_which_nothing_is_is_not_found(hall: Checked, path: str) -> None:
    reply = await hall.call("GET", path)

    assert (reply.status, reply.code) == (404, "route-not-found")


@pytest.mark.parametrize("ticket", ["x", "%00", "%2F", "a" * 7000, NOBODY.upper(), NOBODY[:-1], f"{NOBODY}%0A"])
async def test_what_is_no_ticket_is_not_found(hall: Checked, ticket: str) -> None:
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/start"), ("GET", "/history")):
        reply = await hall.staff(method, f"tickets/{ticket}{path}")
        assert (reply.status, reply.code) == (404, "ticket-not-found"), (method, path)


async def spoken(service: Service, said: bytes) -> bytes:
    """What is answered to bytes that no ordinary client sends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.running.http_port)
    writer.write(said)
    heard = await reader.read()
    writer.close()
    return heard


@pytest.mark.parametrize("body", [b"garbage", gzip.compress(b'{"service": "enquiry"}', mtime=0)])
async def test_a_body_in_a_content_coding_is_not_decoded(house: Service, hall: Checked, body: bytes) -> None:
    head = (
        f"POST /v1/halls/{hall.hall}/tickets HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Encoding: gzip\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )

    heard = await spoken(house, head.encode() + body)

    assert heard.startswith(b"HTTP/1.1 415 ")
    assert b"media-type" in heard


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"FLY / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /v1/halls/demo/tickets HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
async def test_what_is_not_http_is_refused(house: Service, said: bytes) -> None:
    if b"Connection" not in said:
        said = said.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")

    heard = await spoken(house, said + b"\r\n\r\n")

    assert heard.split()[1] in {b"200", b"400", b"414"}


VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    "",
    "x",
    "1",
    "enquiry",
    "window",
    "green",
    "done",
    "\0",
    "\N{RIGHT-TO-LEFT OVERRIDE}",
    "大厅",
    "x" * 300,
    NOBODY,
    "2026-11-23",
    "9999-12-31",
    "2026-11-23T10:00:00",
    "2026-11-23T10:00:00+08:00",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    [],
    {},
    ["x"],
    [[]],
    {"en": "x"},
    {"outcome": "done"},
]


LAST_DAY = "?from=9999-12-31&to=9999-12-31"


def a_body(drawn: random.Random, schema: dict[str, Any]) -> object:
    """Something like what a schema asks for, seldom all of it."""
    schema = DESCRIBED.document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
    names = [*schema.get("properties", {}), "unknown"]
    whole = {name: drawn.choice(VALUES) for name in drawn.sample(names, drawn.randint(0, len(names)))}
    return drawn.choice([whole, whole, whole, demo() | whole, drawn.choice(VALUES)])


@pytest.mark.parametrize("seed", range(4))
async def test_no_request_however_odd_is_a_fault(hall: Checked, seed: int) -> None:
    drawn = random.Random(seed)  # noqa: S311  (the same each time)
    await hall.open("1")
    ticket, appointment = await hall.take("enquiry"), await booked(hall)
    parts = {
        "hall": [hall.hall] * 9 + ["nowhere", "%00"],
        "ticket": [ticket["id"]] * 9 + [NOBODY, "%F0%9F%8E%AB"],
        "counter": ["1"] * 9 + ["P1", "99", "%20"],
        "notice": ["x", "%0d%0a"],
        "account": [NOBODY, "%00"],
        "device": [NOBODY, "x"],
        "invitation": [NOBODY, "x"],
        "alarm": [NOBODY, "%20"],
        "message": [NOBODY, "%20"],
        "appointment": [appointment["id"]] * 9 + [NOBODY, "%F0%9F%8E%AB"],
    }
    described = DESCRIBED.document["paths"]

    for _ in range(150):
        route = drawn.choice([route for route in ROUTES if "{hall}" in route.path])
        path = route.path.format(**{name: drawn.choice(values) for name, values in parts.items()})
        query = drawn.choice(
            ["", "", "?zone=x", "?limit=x", "?dry_run=2", "?%00=%ff", "?a=1&a=2", "?from=9999-12-31&to=9999-12-31"]
        )
        content = described[route.path][route.method.lower()].get("requestBody", {}).get("content", {})
        schema: dict[str, Any] = next(iter(content.values()), {"schema": {}})["schema"]
        raw = json.dumps(a_body(drawn, schema)).encode() if route.method != "GET" else None
        if raw and drawn.random() < 0.1:
            raw = raw[: drawn.randrange(len(raw))]
        headers = {"If-Match": drawn.choice(['"1"', "*", "x", '"'])} if drawn.random() < 0.3 else {}
        token = drawn.choice([ADMIN, ADMIN, ADMIN, ticket["token"], appointment["token"], "x", None])

        reply = await hall.call(route.method, path + query, raw=raw, token=token, headers=headers)

        assert reply.status < 500, (route.method, path, query, raw, reply.body)
