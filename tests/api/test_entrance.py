"""The door: its code, who may take a number by which channel, and browsers."""

import re
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from service.api.access.presence import CHANNELS, channel_of
from service.api.access.roles import Caller, Role
from service.clock import FakeClock
from service.credentials.presence_codes import Entrance
from service.domain.model import Channel, HallId
from service.errors import Forbidden
from tests.api.checked import Checked
from tests.api.conftest import Founder
from tests.service import NOON_AT, Service, service_on

ENQUIRY = {"service": "enquiry"}
BROWSER = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
KEY = "a-key-of-16-characters-at-least"


@pytest.fixture
async def door(found: Founder) -> Checked:
    """A hall that wants the door's code."""
    return await found(entrance=True)


async def code_of(hall: Checked) -> str:
    """What the screen at the door shows now."""
    reply = await hall.staff("GET", "entrance")
    assert reply.status == 200, reply.body
    code: str = reply.body["code"]
    return code


async def test_the_screen_gets_the_code_as_text_as_address_and_as_qr(door: Checked, now: FakeClock) -> None:
    now.advance(20)

    seen = (await door.staff("GET", "entrance")).body

    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{8}", seen["code"])
    assert seen["url"].endswith(f"/halls/{door.hall}?entrance={seen['code']}")
    assert {len(row) for row in seen["modules"]} == {len(seen["modules"])}
    assert [row[:8] for row in seen["modules"][:8]] == [  # the eye of every QR code
        "11111110",
        "10000010",
        "10111010",
        "10111010",
        "10111010",
        "10000010",
        "11111110",
        "00000000",
    ]
    assert seen["valid_until_at"] == "2026-11-23T02:01:00.000Z"


@pytest.mark.parametrize("channel", ["web", "qr", None])
async def test_without_the_doors_code_nobody_takes_a_number_by_phone(door: Checked, channel: str | None) -> None:
    body = ENQUIRY | ({"channel": channel} if channel else {})

    without, wrong, right = [
        await door.call("POST", "tickets", {**body, **shown})
        for shown in ({}, {"entrance": "00000000"}, {"entrance": await code_of(door)})
    ]

    assert [(reply.status, reply.code) for reply in (without, wrong, right)] == [
        (403, "entrance-required"),
        (403, "entrance-required"),
        (201, None),
    ]


async def test_a_hall_that_does_not_ask_for_the_code_takes_no_offence_at_one(hall: Checked) -> None:
    assert (await hall.call("POST", "tickets", ENQUIRY)).status == 201
    assert (await hall.call("POST", "tickets", ENQUIRY | {"entrance": "whatever"})).status == 201


async def test_staff_need_no_code(door: Checked) -> None:
    for channel in ("staff", "kiosk", "hotline", "web"):
        assert (await door.staff("POST", "tickets", ENQUIRY | {"channel": channel})).status == 201


async def test_a_code_is_good_for_its_minute_and_the_next(door: Checked, now: FakeClock) -> None:
    code = await code_of(door)
    shown = ENQUIRY | {"entrance": code}

    now.put(NOON_AT + timedelta(seconds=119))
    in_time = await door.call("POST", "tickets", shown)
    now.put(NOON_AT + timedelta(seconds=120))
    late = await door.call("POST", "tickets", shown)

    assert (in_time.status, late.code) == (201, "entrance-required")


async def test_the_same_request_again_is_the_same_ticket_long_after_its_code(door: Checked, now: FakeClock) -> None:
    shown = ENQUIRY | {"entrance": await code_of(door)}

    first = await door.call("POST", "tickets", shown, key=KEY)
    now.advance(600)
    again = await door.call("POST", "tickets", shown, key=KEY)
    other = await door.call("POST", "tickets", shown, key=f"{KEY}-2")

    assert (first.status, again.status, other.code) == (201, 201, "entrance-required")
    assert again.body == first.body


async def test_a_code_is_of_one_hall(door: Checked, found: Founder) -> None:
    other = await found(entrance=True)

    reply = await other.call("POST", "tickets", ENQUIRY | {"entrance": await code_of(door)})

    assert reply.code == "entrance-required"


async def test_only_who_works_at_the_hall_sees_the_code(door: Checked) -> None:
    ticket = await door.take("enquiry", entrance=await code_of(door))

    refused = [await door.call("GET", "entrance"), await door.call("GET", "entrance", token=ticket["token"])]

    assert [reply.code for reply in refused] == ["token-missing", "forbidden"]


def test_a_code_is_read_as_people_type_it() -> None:
    entrance, hall = Entrance((b"secret",)), HallId("demo")
    at = next(
        moment
        for moment in (NOON_AT + timedelta(minutes=n) for n in range(10_000))
        if {"0", "1"} <= set(entrance.code(hall, moment))
    )
    code = entrance.code(hall, at)

    typed = code.lower().replace("0", "o").replace("1", "l")

    assert entrance.accept(hall, f" {typed} ", at) == code
    assert entrance.accept(hall, code[:-1], at) is None


def test_codes_of_a_secret_that_was_replaced_are_let_in() -> None:
    hall = HallId("demo")
    code = Entrance((b"old",)).code(hall, NOON_AT)

    assert Entrance((b"new", b"old")).accept(hall, code, NOON_AT) == code
    assert Entrance((b"new",)).accept(hall, code, NOON_AT) is None


# Channels.


async def test_nobody_says_to_be_of_the_hall_who_is_not(hall: Checked) -> None:
    for channel in ("staff", "hotline", "kiosk"):
        reply = await hall.call("POST", "tickets", ENQUIRY | {"channel": channel})
        assert (reply.status, reply.code) == (403, "forbidden"), channel


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("channel", [*Channel, None])
def test_a_channel_is_of_those_whose_it_is(role: Role, channel: Channel | None) -> None:
    who = Caller(role, "x", "x")
    at_the_hall = role in {Role.STAFF, Role.MANAGER, Role.ADMIN}
    may = (
        channel in {None, Channel.WEB, Channel.QR}
        or at_the_hall
        or (role is Role.KIOSK and channel is Channel.KIOSK)
        or (role is Role.VOLUNTEER and channel is Channel.STAFF)
    )

    with nullcontext() if may else pytest.raises(Forbidden):
        assert channel_of(who, channel) == (channel or CHANNELS[role][0])


# Browsers.


async def test_a_browser_that_opens_a_page_of_a_hall_gets_a_cookie_that_no_script_sees(hall: Checked) -> None:
    reply = await hall.call("GET", f"/halls/{hall.hall}/screen", headers={"Sec-Fetch-Mode": "navigate"})

    said = reply.headers["Set-Cookie"]
    assert re.match(r"paihao_browser=[\w-]{22}\.[\w-]{16}; ", said)
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(said.split("; "))
    assert "Secure" not in said
    assert reply.headers["Cache-Control"] == "private, no-cache"  # or people behind one cache would share the cookie


async def test_over_tls_the_cookie_goes_over_tls_alone(dsn: str, tmp_path: Path) -> None:
    async with service_on(dsn, tmp_path, FakeClock(NOON_AT), public_url="https://hall.example") as service:
        reply = await service.api.call("GET", "/halls/demo/screen", headers={"User-Agent": "Mozilla/5.0"})

        assert "Secure" in reply.headers["Set-Cookie"].split("; ")


@pytest.mark.parametrize("path", ["/docs", "/", "/display/screen.js", "/v1/halls"])
async def test_what_is_no_page_of_a_hall_gives_no_cookie(hall: Checked, path: str) -> None:
    assert "Set-Cookie" not in (await hall.call("GET", path, headers=BROWSER)).headers


async def test_a_program_gets_no_cookie_and_takes_as_many_numbers_as_it_needs(hall: Checked) -> None:
    page = await hall.call("GET", f"/halls/{hall.hall}/screen")
    takes = [await hall.call("POST", "tickets", ENQUIRY) for _ in range(2)]

    assert [reply.status for reply in takes] == [201, 201]
    assert not any("Set-Cookie" in reply.headers for reply in (page, *takes))


async def taken(hall: Checked, cookie: str | None = None) -> tuple[Any, str | None]:
    """A take from a browser: its answer, and the cookie it got."""
    headers = BROWSER | ({"Cookie": f"paihao_browser={cookie}"} if cookie else {})
    async with Checked(hall.base, hall.hall) as client:  # a browser of its own
        reply = await client.call("POST", "tickets", ENQUIRY, headers=headers)
    said = re.match(r"paihao_browser=([^;]+)", reply.headers.get("Set-Cookie", ""))
    return reply, said and said[1]


async def test_a_browser_has_one_number_at_a_time(hall: Checked) -> None:
    first, cookie = await taken(hall)
    assert cookie is not None
    second, given = await taken(hall, cookie)
    other, _ = await taken(hall)
    await hall.call("DELETE", f"tickets/{first.body['id']}", token=first.body["token"])
    after, _ = await taken(hall, cookie)

    assert (first.status, second.status, other.status, after.status) == (201, 409, 201, 201)
    assert (second.code, second.body["ticket"], given) == ("already-waiting", first.body["id"], None)


async def test_a_cookie_that_was_made_up_is_not_believed(hall: Checked) -> None:
    first, cookie = await taken(hall, f"{'a' * 22}.{'b' * 16}")
    second, _ = await taken(hall, f"{'a' * 22}.{'b' * 16}")

    assert (first.status, second.status) == (201, 201)
    assert cookie is not None


async def test_staff_take_numbers_for_others_in_their_own_browser(hall: Checked) -> None:
    for _ in range(2):
        reply = await hall.staff("POST", "tickets", ENQUIRY, headers=BROWSER)
        assert (reply.status, reply.headers.get("Set-Cookie")) == (201, None)


async def test_nothing_that_anybody_sees_tells_the_browser(hall: Checked, house: Service) -> None:
    first, cookie = await taken(hall)
    ticket = first.body
    day = await house.running.lanes.day(HallId(hall.hall))
    known = day.ticket(ticket["id"]).browser
    assert cookie
    assert known
    assert known not in cookie

    seen = [
        ticket,
        (await hall.staff("GET", f"tickets/{ticket['id']}")).body,
        (await hall.staff("GET", f"tickets/{ticket['id']}/history")).body,
        (await hall.staff("GET", "queue")).body,
        (await hall.staff("GET", "board")).body,
    ]

    for one in seen:
        assert known not in msgspec.json.encode(one).decode()
        assert cookie not in msgspec.json.encode(one).decode()
