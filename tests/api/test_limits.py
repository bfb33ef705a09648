"""Limits of use: a hall's thousand people are let pass, who asks for more is told when to come back, staff never."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from fractions import Fraction
from ipaddress import ip_network
from pathlib import Path

import asyncpg
import pytest

from service.clock import FakeClock
from service.errors import RateLimited
from service.journal.database import Database
from service.limits.allowances import Allowances
from service.limits.rate_limiter import REFUSAL_MIN_S, RateLimiter
from service.limits.rules import (
    BOOKINGS_PER_ADDRESS,
    BOOKINGS_PER_BROWSER,
    BOOKINGS_PER_CONTACT,
    CONTACTS_PER_ADDRESS,
    CONTACTS_PER_APPOINTMENT,
    CONTACTS_PER_BROWSER,
    HOLDS_PER_ADDRESS,
    REQUESTS_PER_ADDRESS,
    REQUESTS_PER_CREDENTIAL,
    TICKETS_PER_ADDRESS,
    TICKETS_PER_BROWSER,
    TICKETS_PER_CONTACT,
    TICKETS_PER_ENTRANCE_CODE,
    WRONG_CODES_PER_ADDRESS,
    WRONG_CODES_PER_BROWSER,
    Limit,
)
from tests.api.booking import booked, changed, person, try_to_book
from tests.api.checked import Checked, at, demo
from tests.service import ADMIN, NOON_AT, Reply, Service, service_on

ENQUIRY = {"service": "enquiry"}
BROWSER = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
BEHIND = {"rate_limit": True, "trusted_proxies": (ip_network("127.0.0.0/8"),)}


@pytest.fixture
async def limited(dsn: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Service]:
    """A service with limits, behind a proxy that says where requests come from."""
    async with service_on(dsn, tmp_path, clock, **BEHIND) as running:
        yield running


@pytest.fixture
async def api(limited: Service) -> AsyncIterator[Checked]:
    """A client of its demo hall."""
    async with Checked(limited.api.base) as client:
        yield client


def from_(address: str) -> dict[str, str]:
    """Headers of a request from an address."""
    return {"X-Forwarded-For": address}


async def passed(client: Checked, wanted: int, address: str = "198.51.100.1") -> tuple[int, Reply]:
    """How many of so many calls were let pass, and the last answer."""
    replies = [await client.call("GET", "/v1/halls", headers=from_(address)) for _ in range(wanted)]
    return sum(reply.status == 200 for reply in replies), replies[-1]


async def test_one_address_may_ask_three_hundred_times_at_once_and_is_then_told_when_to_come_back(
    api: Checked, clock: FakeClock
) -> None:
    let_pass, last = await passed(api, REQUESTS_PER_ADDRESS.most + 20)
    others, _ = await passed(api, 5, "198.51.100.2")
    clock.advance(int(last.headers["Retry-After"]))
    later, _ = await passed(api, 2)

    assert (let_pass, last.status, last.code) == (REQUESTS_PER_ADDRESS.most, 429, "rate-limited")
    assert 1 <= int(last.headers["Retry-After"]) <= REQUESTS_PER_ADDRESS.within_s + 1
    assert others == 5
    assert later == 2


async def test_pages_and_health_are_not_counted(api: Checked) -> None:
    await passed(api, REQUESTS_PER_ADDRESS.most + 1)

    for path in ("/", "/docs", "/halls/demo/screen", "/display/screen.js", "/healthz", "/readyz"):
        assert (await api.call("GET", path, headers=from_("198.51.100.1"))).status == 200, path


async def test_who_works_at_the_hall_goes_on_behind_an_address_that_has_asked_too_much(api: Checked) -> None:
    device = await api.staff("POST", "devices", {"name": "Door", "role": "kiosk"})
    assert device.status == 201, device.body
    await passed(api, REQUESTS_PER_ADDRESS.most + 1)

    visitors = await api.call("GET", "board", headers=from_("198.51.100.1"))
    replies = [
        await api.staff("GET", "queue", headers=from_("198.51.100.1")),
        await api.staff("POST", "tickets", ENQUIRY, headers=from_("198.51.100.1")),
        await api.call("GET", "board", token=device.body["token"], headers=from_("198.51.100.1")),
        await api.call("POST", "tickets", ENQUIRY, token=device.body["token"], headers=from_("198.51.100.1")),
    ]

    assert visitors.status == 429
    assert [reply.status for reply in replies] == [200, 201, 200, 201]


async def test_a_credential_that_nobody_has_counts_as_none(api: Checked) -> None:
    for _ in range(REQUESTS_PER_ADDRESS.most):
        await api.call("GET", "/v1/halls", token="x" * 43, headers=from_("198.51.100.1"))

    assert (await passed(api, 1))[0] == 0


async def test_what_staff_ask_for_is_not_their_visitors_loss(api: Checked) -> None:
    for _ in range(REQUESTS_PER_ADDRESS.most):
        await api.staff("GET", "/v1/halls", headers=from_("198.51.100.1"))

    assert (await passed(api, 1))[0] == 1


async def test_a_partner_is_limited_by_its_credential_wherever_it_comes_from(api: Checked) -> None:
    token = (await api.staff("POST", "devices", {"name": "School", "role": "partner"})).body["token"]

    statuses = [
        (await api.call("GET", "board", token=token, headers=from_(f"198.51.100.{n % 200}"))).status
        for n in range(REQUESTS_PER_CREDENTIAL.most + 5)
    ]

    assert statuses.count(200) == REQUESTS_PER_CREDENTIAL.most
    assert (await passed(api, 1, "198.51.100.1"))[0] == 1


async def test_two_processes_share_a_limit(dsn: str, tmp_path: Path, api: Checked, clock: FakeClock) -> None:
    async with (
        service_on(dsn, tmp_path / "twin", clock, **BEHIND) as twin,
        Checked(twin.api.base) as other,
    ):
        counts = [await passed(client, 60) for _ in range(4) for client in (api, other)]

        together = sum(let_pass for let_pass, _ in counts)
        assert REQUESTS_PER_ADDRESS.most - REQUESTS_PER_ADDRESS.block <= together
        assert together <= REQUESTS_PER_ADDRESS.most + REQUESTS_PER_ADDRESS.local
        assert [last.status for _, last in counts[-2:]] == [429, 429]


async def test_without_the_setting_nobody_is_limited(hall: Checked) -> None:
    statuses = {(await hall.call("GET", "board")).status for _ in range(REQUESTS_PER_ADDRESS.most + 1)}

    assert statuses == {200}


# What one person does.


async def take(client: Checked, address: str = "198.51.100.1", **more: object) -> Reply:
    """Take a number from an address."""
    return await client.call("POST", "tickets", {**ENQUIRY, **more}, headers=from_(address))


async def test_one_browser_takes_few_numbers_a_minute(api: Checked) -> None:
    page = await api.call("GET", "/halls/demo/screen", headers=BROWSER)
    browser = BROWSER | {"Cookie": page.headers["Set-Cookie"].partition(";")[0]}

    replies = [
        await api.call("POST", "tickets", ENQUIRY, headers=browser | from_(f"198.51.100.{n}"))
        for n in range(TICKETS_PER_BROWSER.most + 1)
    ]

    assert [reply.code for reply in replies] == [None, *["already-waiting"] * 5, "rate-limited"]


async def test_one_phone_books_so_often_an_hour_however_it_is_written(api: Checked) -> None:
    phones = ["138 0013 8000", "+86 138-0013-8000", "13800138000"]
    replies = [
        await try_to_book(
            api,
            at("10:00", 24),
            applicant={"name": "Li", "phone": phones[n % 3]},
            headers=from_(f"198.51.100.{n}"),
        )
        for n in range(BOOKINGS_PER_CONTACT.most + 1)
    ]
    other = await try_to_book(api, at("10:00", 24), headers=from_("198.51.100.1"))
    staff = await try_to_book(api, at("10:00", 25), applicant={"name": "Li", "phone": phones[0]}, token=ADMIN)

    assert [reply.code for reply in replies] == [
        None,
        *["already-booked"] * (BOOKINGS_PER_CONTACT.most - 1),
        "rate-limited",
    ]
    assert (other.status, staff.status) == (201, 201)


async def test_bookings_are_limited_by_browser_or_else_by_address(api: Checked) -> None:
    page = await api.call("GET", "/halls/demo/screen", headers=BROWSER)
    browser = BROWSER | {"Cookie": page.headers["Set-Cookie"].partition(";")[0]}

    async def hold(headers: dict[str, str]) -> str | None:
        return (await try_to_book(api, at("22:00", 24), hold=True, headers=headers)).code

    of_browser = [await hold(browser | from_(f"198.51.100.{n}")) for n in range(BOOKINGS_PER_BROWSER.most + 1)]
    of_address = [await hold(from_("198.51.100.9")) for _ in range(BOOKINGS_PER_ADDRESS.most + 1)]

    assert of_browser == [*["slot-not-offered"] * BOOKINGS_PER_BROWSER.most, "rate-limited"]
    assert of_address == [*["slot-not-offered"] * BOOKINGS_PER_ADDRESS.most, "rate-limited"]
    assert await hold(from_("198.51.100.10")) == "slot-not-offered"


async def test_who_keeps_no_cookie_holds_no_more_than_an_address_may(api: Checked, clock: FakeClock) -> None:
    page = await api.call("GET", "/halls/demo/screen", headers=BROWSER)
    known = BROWSER | {"Cookie": page.headers["Set-Cookie"].partition(";")[0]} | from_("198.51.100.9")
    stranger = BROWSER | from_("198.51.100.9")

    async def book(headers: dict[str, str], *, hold: bool = True) -> str | None:
        return (await try_to_book(api, at("22:00", 24), hold=hold, headers=headers)).code

    at_once = {await book(stranger) for _ in range(HOLDS_PER_ADDRESS.most)}
    clock.advance(BOOKINGS_PER_ADDRESS.within_s)  # by then the address may book as often again
    later = [await book(stranger) for _ in range(HOLDS_PER_ADDRESS.most // 2)]

    assert at_once == {"slot-not-offered"}
    assert (later[0], later[-1]) == ("slot-not-offered", "rate-limited")
    assert await book(stranger, hold=False) == await book(known) == "slot-not-offered"


async def test_who_keeps_no_cookie_is_limited_by_address(api: Checked) -> None:
    replies = [await take(api) for _ in range(TICKETS_PER_ADDRESS.most + 1)]

    assert [reply.status for reply in replies] == [*[201] * TICKETS_PER_ADDRESS.most, 429]
    assert (await take(api, "198.51.100.2")).status == 201


async def test_one_phone_takes_few_numbers_an_hour_however_it_is_written(api: Checked) -> None:
    written = ["13800138000", "138 0013 8000", "+86 138-0013-8000", "008613800138000", "(138)00138000", "13800138000"]

    replies = [await take(api, applicant={"name": "Li", "phone": phone}) for phone in written]

    assert TICKETS_PER_CONTACT.most == 5
    assert [reply.status for reply in replies] == [201, 201, 201, 201, 201, 429]
    assert (await take(api, applicant={"name": "Li", "phone": "13900139000"})).status == 201


# Who hears no answer asks again.

KEY = "asked-again-20261123"
OFTEN = 25
"""More than any limit of a person has."""


async def test_a_booking_that_is_sent_again_costs_its_contact_nothing(api: Checked) -> None:
    li = {"name": "Li", "phone": "13800138000"}
    again = [await try_to_book(api, at("10:00", 24), applicant=li, key=KEY) for _ in range(OFTEN)]
    held = [await try_to_book(api, at("10:00", 24), hold=True, key=f"{KEY}-hold") for _ in range(OFTEN)]
    others = [await try_to_book(api, at("10:00", 24), applicant=li) for _ in range(BOOKINGS_PER_CONTACT.most)]

    assert {(reply.status, reply.body["id"]) for reply in again} == {(201, again[0].body["id"])}
    assert {(reply.status, reply.body["id"]) for reply in held} == {(201, held[0].body["id"])}
    assert [reply.code for reply in others] == ["already-booked"] * (BOOKINGS_PER_CONTACT.most - 1) + ["rate-limited"]


async def test_a_booking_of_an_invitation_that_is_sent_again_costs_its_contact_nothing(api: Checked) -> None:
    code = (await api.staff("POST", "invitations", {"items": [victim()]})).body["items"][0]["code"]
    body = {"service": "enquiry", "starts_at": at("10:00", 24).isoformat(), "invitation": code}

    again = [await api.call("POST", "appointments", body, key=KEY) for _ in range(OFTEN)]

    assert {(reply.status, reply.body["id"]) for reply in again} == {(201, again[0].body["id"])}


async def test_a_change_that_is_sent_again_costs_its_contact_nothing(api: Checked) -> None:
    one = await booked(api, applicant=victim())
    said = {"starts_at": at("10:00", 25).isoformat()}
    named = {"applicant": {"name": "Wang", "email": "wang@home.example"}}

    moved = [await changed(api, one, said, key=KEY) for _ in range(OFTEN)]
    passed_on = [await changed(api, one, named, key=f"{KEY}-2") for _ in range(OFTEN)]

    assert {(reply.status, reply.body["seq"]) for reply in moved} == {(200, moved[0].body["seq"])}
    assert {(reply.status, reply.body["seq"]) for reply in passed_on} == {(200, passed_on[0].body["seq"])}


async def test_a_take_that_is_sent_again_costs_its_contact_browser_and_door_nothing(api: Checked) -> None:
    code = await wants_code(api)
    page = await api.call("GET", "/halls/demo/screen", headers=BROWSER)
    browser = BROWSER | {"Cookie": page.headers["Set-Cookie"].partition(";")[0]}
    body = {**ENQUIRY, "entrance": code, "applicant": {"name": "Li", "phone": "13800138000"}}

    again = [
        await api.call("POST", "tickets", body, key=KEY, headers=browser) for _ in range(TICKETS_PER_ENTRANCE_CODE.most)
    ]
    others = [
        await api.call("POST", "tickets", body, headers=from_("198.51.100.1")) for _ in range(TICKETS_PER_CONTACT.most)
    ]

    assert {(reply.status, reply.body["id"]) for reply in again} == {(201, again[0].body["id"])}
    assert [reply.status for reply in others] == [*[201] * (TICKETS_PER_CONTACT.most - 1), 429]


async def test_a_check_in_that_is_sent_again_costs_its_browser_nothing(api: Checked) -> None:
    code = (await api.staff("POST", "invitations", {"items": [victim()]})).body["items"][0]["code"]
    page = await api.call("GET", "/halls/demo/screen", headers=BROWSER)
    browser = BROWSER | {"Cookie": page.headers["Set-Cookie"].partition(";")[0]}

    again = [
        await api.call("POST", "check-ins", {"code": code, **ENQUIRY}, key=KEY, headers=browser) for _ in range(OFTEN)
    ]

    assert {(reply.status, reply.body["id"]) for reply in again} == {(201, again[0].body["id"])}


async def test_only_what_was_done_is_free_and_only_to_who_did_it(api: Checked) -> None:
    li = {"name": "Li", "phone": "13800138000"}
    refused = [
        await try_to_book(api, at("22:00", 24), applicant=li, key=KEY) for _ in range(BOOKINGS_PER_CONTACT.most + 1)
    ]
    await take(api, applicant=li)
    done = await api.call("POST", "tickets", {**ENQUIRY, "applicant": li}, key=KEY)
    own = done.body["token"]
    another = await api.call("POST", "tickets", ENQUIRY, key=KEY)
    others = [
        await api.call("POST", "tickets", {**ENQUIRY, "applicant": li}, key=KEY, token=own)
        if n == 0
        else await take(api, applicant=li)
        for n in range(TICKETS_PER_CONTACT.most - 1)
    ]

    assert [reply.code for reply in refused] == ["slot-not-offered"] * BOOKINGS_PER_CONTACT.most + ["rate-limited"]
    assert (done.status, another.code) == (201, "idempotency-key-reused")
    assert [reply.status for reply in others] == [201, 201, 201, 429]
    assert done.body["id"] not in {reply.body.get("id") for reply in others}


# Whom a stranger may have the hall write to.


def victim(**more: str) -> dict[str, str]:
    """Somebody who does not know of it."""
    return {"name": "Li", "email": "li@home.example", **more}


async def confirm(client: Checked, applicant: dict[str, str], address: str = "198.51.100.1") -> Reply:
    """Book as the pages do: hold a start, then say who it is for."""
    held = await try_to_book(client, at("10:00", 24), hold=True, headers=from_(address))
    assert held.status == 201, held.body
    body = {"state": "booked", "applicant": applicant}
    reply = await changed(client, held.body, body, headers=from_(address))
    if reply.status != 200:
        path = f"appointments/{held.body['id']}"
        assert (await client.call("DELETE", path, token=held.body["token"])).status == 200
    return reply


@pytest.mark.parametrize("contact", [{"phone": "13800138000"}, {"email": "Li@Home.example"}])
async def test_a_contact_of_a_hold_is_counted_like_that_of_a_booking(api: Checked, contact: dict[str, str]) -> None:
    at_once = [
        await try_to_book(api, at("10:00", 24), applicant={"name": "Li", **contact}, headers=from_(f"198.51.100.{n}"))
        for n in range(BOOKINGS_PER_CONTACT.most - 2)
    ]
    lower = {name: value.lower() for name, value in contact.items()}
    held = [await confirm(api, {"name": "Li", **lower}, f"198.51.101.{n}") for n in range(3)]
    other = await confirm(api, person(), "198.51.101.1")

    assert [reply.code for reply in at_once] == [None, *["already-booked"] * (BOOKINGS_PER_CONTACT.most - 3)]
    assert [reply.code for reply in held] == ["already-booked", "already-booked", "rate-limited"]
    assert other.status == 200


async def test_who_books_and_gives_up_in_a_loop_has_few_messages_sent(api: Checked) -> None:
    statuses = []
    for n in range(BOOKINGS_PER_CONTACT.most):
        reply = await try_to_book(api, at("10:00", 24), applicant=victim(), headers=from_(f"198.51.100.{n}"))
        statuses.append(reply.status)
        if reply.status == 201:
            given_up = await api.call("DELETE", f"appointments/{reply.body['id']}", token=reply.body["token"])
            assert given_up.status == 200

    assert statuses == [*[201] * (BOOKINGS_PER_CONTACT.most // 2), *[429] * (BOOKINGS_PER_CONTACT.most // 2)]


async def test_a_place_can_be_given_up_whatever_was_counted_before(api: Checked) -> None:
    one = await booked(api, applicant=victim(), headers=from_("198.51.100.1"))
    for n in range(BOOKINGS_PER_CONTACT.most):
        await try_to_book(api, at("10:00", 24), applicant=victim(), headers=from_(f"198.51.101.{n}"))

    moved = await changed(api, one, {"starts_at": at("11:00", 24).isoformat()})
    given_up = await api.call("DELETE", f"appointments/{one['id']}", token=one["token"])

    assert (moved.code, given_up.status, given_up.body["state"]) == ("rate-limited", 200, "cancelled")


async def test_moving_to_and_fro_tells_a_contact_no_more_often_than_booking(api: Checked) -> None:
    one = await booked(api, applicant=victim(), headers=from_("198.51.100.1"))

    replies = [
        await changed(api, one, {"starts_at": at(f"1{n % 2}:00", 24).isoformat()}, headers=from_(f"198.51.101.{n}"))
        for n in range(1, BOOKINGS_PER_CONTACT.most + 2)
    ]

    assert [reply.status for reply in replies] == [*[200] * (BOOKINGS_PER_CONTACT.most - 1), 429, 429]


async def test_one_appointment_is_for_few_people_one_after_another(api: Checked) -> None:
    one = await booked(api, headers=from_("198.51.100.1"))

    replies = [
        await changed(
            api,
            one,
            {"starts_at": at(f"1{n % 2}:00", 24).isoformat(), "applicant": person()},
            headers=from_(f"198.51.100.{n}"),
        )
        for n in range(12)
    ]
    same = await changed(api, one, {"count": 2}, headers=from_("198.51.100.1"))
    staff = await changed(api, one, {"applicant": person()}, token=ADMIN)

    many = CONTACTS_PER_APPOINTMENT.most
    assert [reply.status for reply in replies] == [*[200] * many, *[429] * (12 - many)]
    assert (same.status, staff.status) == (200, 200)


async def test_changes_count_like_bookings(api: Checked) -> None:
    page = await api.call("GET", "/halls/demo/screen", headers=BROWSER)
    browser = BROWSER | {"Cookie": page.headers["Set-Cookie"].partition(";")[0]} | from_("198.51.100.1")
    one = (await try_to_book(api, at("10:00", 24), hold=True, headers=browser)).body

    replies = [
        await changed(api, one, {"starts_at": at(f"1{n % 2}:00", 24).isoformat()}, headers=browser)
        for n in range(1, BOOKINGS_PER_BROWSER.most + 1)
    ]

    assert [reply.status for reply in replies] == [*[200] * (BOOKINGS_PER_BROWSER.most - 1), 429]


async def test_who_names_many_contacts_is_told_to_wait(api: Checked, clock: FakeClock) -> None:
    page = await api.call("GET", "/halls/demo/screen", headers=BROWSER)
    browser = BROWSER | {"Cookie": page.headers["Set-Cookie"].partition(";")[0]} | from_("198.51.100.1")

    async def name_some(headers: dict[str, str], count: int) -> list[str | None]:
        return [(await try_to_book(api, at("22:00", 24), headers=headers)).code for _ in range(count)]

    at_once = await name_some(browser, CONTACTS_PER_BROWSER.most)
    at_once += await name_some(from_("198.51.100.2"), CONTACTS_PER_ADDRESS.most)
    clock.advance(60)  # by then both may book as often again
    later = await name_some(browser, 5), await name_some(from_("198.51.100.2"), CONTACTS_PER_ADDRESS.most // 2)
    nameless = await try_to_book(api, at("22:00", 24), applicant={"name": "Li"}, headers=browser)

    assert set(at_once) == {"slot-not-offered"}
    assert [codes[-1] for codes in later] == ["rate-limited", "rate-limited"]
    assert nameless.code == "slot-not-offered"


async def test_who_is_invited_is_told_of_what_is_booked_no_more_often_than_others(api: Checked) -> None:
    code = (await api.staff("POST", "invitations", {"items": [victim()]})).body["items"][0]["code"]
    statuses = []
    for n in range(BOOKINGS_PER_CONTACT.most):
        body = {"service": "enquiry", "starts_at": at("10:00", 24).isoformat(), "invitation": code}
        reply = await api.call("POST", "appointments", body, headers=from_(f"198.51.100.{n}"))
        statuses.append(reply.status)
        if reply.status == 201:
            await api.call("DELETE", f"appointments/{reply.body['id']}", token=reply.body["token"])

    assert statuses == [*[201] * (BOOKINGS_PER_CONTACT.most // 2), *[429] * (BOOKINGS_PER_CONTACT.most // 2)]


async def test_a_mail_address_takes_few_numbers_an_hour(api: Checked) -> None:
    replies = [await take(api, applicant=victim()) for _ in range(TICKETS_PER_CONTACT.most + 1)]

    assert [reply.status for reply in replies] == [*[201] * TICKETS_PER_CONTACT.most, 429]


async def wants_code(client: Checked) -> str:
    """Make the demo hall ask for the door's code; gives it."""
    document = {**demo(), "entrance": True}
    assert (await client.staff("PUT", "document", document, headers={"If-Match": '"1"'})).status == 200
    code: str = (await client.staff("GET", "entrance")).body["code"]
    return code


async def test_who_guesses_codes_is_told_to_wait_and_shuts_nobody_out(api: Checked) -> None:
    code = await wants_code(api)

    guesses = [await take(api, entrance=f"{n:08d}") for n in range(WRONG_CODES_PER_ADDRESS.most + 100)]
    right = await take(api, entrance=code)
    wrong = await take(api, entrance="x")

    assert [reply.code for reply in guesses[: WRONG_CODES_PER_ADDRESS.most]] == [
        "entrance-required"
    ] * WRONG_CODES_PER_ADDRESS.most
    assert {reply.code for reply in guesses[WRONG_CODES_PER_ADDRESS.most :]} == {"rate-limited"}
    assert [(reply.status, reply.code) for reply in (right, wrong)] == [(201, None), (429, "rate-limited")]


async def test_a_browser_that_guesses_is_not_its_neighbours_loss(api: Checked) -> None:
    await wants_code(api)
    page = await api.call("GET", "/halls/demo/screen", headers=BROWSER)
    browser = BROWSER | {"Cookie": page.headers["Set-Cookie"].partition(";")[0]} | from_("198.51.100.1")

    guesses = [
        await api.call("POST", "tickets", {**ENQUIRY, "entrance": "x"}, headers=browser)
        for _ in range(WRONG_CODES_PER_BROWSER.most + 1)
    ]
    neighbour = await take(api, entrance="x")

    codes = [reply.code for reply in (*guesses, neighbour)]
    assert codes == [*["entrance-required"] * WRONG_CODES_PER_BROWSER.most, "rate-limited", "entrance-required"]


@pytest.mark.parametrize("spelt", [str, str.lower, lambda code: f" {code}\t", lambda code: code.replace("0", "o")])
async def test_a_code_that_was_passed_on_lets_in_only_so_many_however_it_is_spelt(
    api: Checked, clock: FakeClock, spelt: Callable[[str], str]
) -> None:
    code = await wants_code(api)
    while "0" not in code:
        clock.advance(60)
        code = (await api.staff("GET", "entrance")).body["code"]

    replies = [
        await take(api, f"198.51.100.{n}", entrance=spelt(code) if n % 2 else code)
        for n in range(TICKETS_PER_ENTRANCE_CODE.most + 1)
    ]

    assert [reply.status for reply in replies] == [*[201] * TICKETS_PER_ENTRANCE_CODE.most, 429]


async def test_who_takes_too_much_does_not_use_up_the_doors_code(api: Checked) -> None:
    code = await wants_code(api)

    for _ in range(TICKETS_PER_ADDRESS.most + TICKETS_PER_ENTRANCE_CODE.most):
        await take(api, entrance=code)

    assert (await take(api, "198.51.100.2", entrance=code)).status == 201


# What it costs, and what it keeps.


class Counted(Database):
    """A database that counts its round trips."""

    trips = 0

    async def fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Read, and count."""
        self.trips += 1
        return await super().fetch(sql, *arguments)


@pytest.fixture
async def counted(dsn: str) -> AsyncIterator[Counted]:
    """A database that counts."""
    async with Counted(dsn) as database:
        yield database


async def spent(limits: RateLimiter, limit: Limit, wanted: int, who: str = "somebody") -> int:
    """How many of so many were let pass."""
    let_pass = 0
    for _ in range(wanted):
        try:
            await limits.spend(limit, who)
        except RateLimited:
            continue
        let_pass += 1
    return let_pass


async def test_almost_nobody_costs_a_round_trip_and_a_flood_costs_few(counted: Counted, clock: FakeClock) -> None:
    limits = RateLimiter(Allowances(counted, clock, bytes), clock)

    assert await spent(limits, REQUESTS_PER_ADDRESS, REQUESTS_PER_ADDRESS.local) == REQUESTS_PER_ADDRESS.local
    assert counted.trips == 0
    assert await spent(limits, REQUESTS_PER_ADDRESS, 270) == 270
    assert counted.trips <= 270 / REQUESTS_PER_ADDRESS.block
    assert await spent(limits, REQUESTS_PER_ADDRESS, 10_000) == 0
    assert counted.trips <= 270 / REQUESTS_PER_ADDRESS.block + 1


async def test_many_at_once_ask_together(counted: Counted, clock: FakeClock) -> None:
    limits = RateLimiter(Allowances(counted, clock, bytes), clock)

    results = await asyncio.gather(
        *(limits.spend(REQUESTS_PER_ADDRESS, "somebody") for _ in range(400)), return_exceptions=True
    )

    assert sum(result is None for result in results) == REQUESTS_PER_ADDRESS.most
    assert counted.trips <= 60  # nearly all are let pass in blocks, the last ones one by one


async def test_after_a_burst_there_is_room_again_at_once_and_steadily(counted: Counted, clock: FakeClock) -> None:
    limits = RateLimiter(Allowances(counted, clock, bytes), clock)
    assert await spent(limits, REQUESTS_PER_ADDRESS, 400) == 300

    let_pass = []
    for _ in range(30):
        clock.advance(1)
        let_pass.append(await spent(limits, REQUESTS_PER_ADDRESS, 40))

    assert let_pass == [20] * 30


@pytest.mark.parametrize("at_once", [1, 17, 20])
async def test_a_steady_stream_of_twenty_at_once_each_second_is_let_pass_for_ever(
    counted: Counted, clock: FakeClock, at_once: int
) -> None:
    limits = RateLimiter(Allowances(counted, clock, bytes), clock)
    refused = 0

    for _ in range(120):
        clock.advance(1)
        refused += at_once - await spent(limits, REQUESTS_PER_ADDRESS, at_once)

    assert refused == 0
    assert counted.trips <= 120 * at_once / REQUESTS_PER_ADDRESS.block


async def test_a_flood_costs_few_round_trips_a_second(counted: Counted, clock: FakeClock) -> None:
    limits = RateLimiter(Allowances(counted, clock, bytes), clock)
    await spent(limits, REQUESTS_PER_ADDRESS, 400)
    counted.trips = 0

    for _ in range(10):
        clock.advance(1)
        await spent(limits, REQUESTS_PER_ADDRESS, 400)

    assert counted.trips <= 30


async def test_no_way_of_asking_gets_more_than_a_bucket_gives(counted: Counted, clock: FakeClock) -> None:
    """In any span a process lets pass at most what a full bucket holds and what came back since."""
    drawn, limit = random.Random(20261123), Limit("drawn", 60, 12)  # noqa: S311  (a test)
    limits = RateLimiter(Allowances(counted, clock, bytes), clock)
    moments: list[tuple[float, int]] = []

    for _ in range(300):
        clock.advance(drawn.choice([0, 0.05, 0.2, 1, 3, 15]))
        moments.append((clock.now_at().timestamp(), await spent(limits, limit, drawn.choice([1, 3, 10, 70]))))

    for first in range(len(moments)):
        together = 0
        for at_s, let_pass in moments[first:]:
            together += let_pass
            most = limit.most + (at_s - moments[first][0]) / limit.each_s
            assert together <= most + limit.local + limit.block


async def test_while_the_database_is_away_nobody_is_refused_by_a_limit(clock: FakeClock) -> None:
    async with Database("postgresql://nobody@/nothing?host=/nowhere") as away:
        limits = RateLimiter(Allowances(away, clock, bytes), clock)

        assert await spent(limits, TICKETS_PER_BROWSER, 20) == 20


async def test_neither_addresses_nor_phones_are_kept_and_what_has_ended_is_forgotten(
    api: Checked, limited: Service, dsn: str, clock: FakeClock
) -> None:
    await take(api, "198.51.100.77", applicant={"name": "Li", "phone": "13800138000"})
    connection = await asyncpg.connect(dsn)
    keys = [row[0] for row in await connection.fetch("SELECT key FROM allowances")]
    clock.put(NOON_AT + timedelta(hours=3))
    forgotten = await Allowances(limited.running.database, clock, bytes).sweep()
    left = await connection.fetchval("SELECT count(*) FROM allowances")
    await connection.close()

    assert keys
    assert {len(key) for key in keys} == {32}
    assert not any(b"198.51" in key or b"138001" in key for key in keys)
    assert (forgotten, left) == (len(keys), 0)


async def test_the_storage_spends_as_a_bucket_that_fills_should(counted: Counted, clock: FakeClock) -> None:
    storage, drawn = Allowances(counted, clock, bytes), random.Random(20261123)  # noqa: S311  (a test)
    limit, held = Limit("drawn", 10, 5), Fraction(10)

    for _ in range(400):
        gone_s = drawn.choice([0, 0, 0.25, 0.5, 1, 3, 20])
        clock.advance(gone_s)
        held = min(Fraction(10), held + Fraction(gone_s) * 2)
        wanted = drawn.randint(1, 10)

        granted, full_in_s = await storage.spend(limit, "somebody", wanted)

        assert granted == min(wanted, int(held))
        held -= granted
        assert full_in_s == float((10 - held) / 2)


async def test_a_clock_that_is_set_back_keeps_nobody_out_for_longer_than_a_bucket_takes_to_fill(
    counted: Counted, clock: FakeClock
) -> None:
    limits = RateLimiter(Allowances(counted, clock, bytes), clock)
    assert await spent(limits, REQUESTS_PER_ADDRESS, 400) == 300

    clock.put(NOON_AT - timedelta(hours=1))
    clock.advance(REFUSAL_MIN_S)
    at_once = await spent(limits, REQUESTS_PER_ADDRESS, 10)
    clock.advance(REQUESTS_PER_ADDRESS.within_s)

    assert at_once == 0
    assert await spent(limits, REQUESTS_PER_ADDRESS, 400) == 300


async def test_two_who_ask_at_once_share_what_there_is(counted: Counted, clock: FakeClock) -> None:
    storage = Allowances(counted, clock, bytes)

    got = await asyncio.gather(*(storage.spend(Limit("both", 50, 10), "somebody", 7) for _ in range(20)))

    assert sorted(granted for granted, _ in got) == [*[0] * 12, 1, *[7] * 7]
