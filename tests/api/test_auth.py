"""Who may do what: every call with every kind of credential; and how tickets' tokens are made."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from service.api.access.roles import Role
from service.api.route import Route
from service.api.routes import ROUTES
from service.clock import FakeClock
from tests.api.checked import Checked
from tests.service import ADMIN, NOON_AT, Reply, Service, service_on

NOBODY = "0198c0de-0000-7000-8000-000000000000"
RIGHT_FORM = "x" * 43

OF_OWNERS = [route for route in ROUTES if Role.APPLICANT in route.roles]
OF_HALLS = [route for route in ROUTES if not route.path.startswith(("/v1/session", "/v1/tickets"))]
"""All but those about signing in, which `test_sessions` knows, and the one that finds a hall (`test_phone`)."""

SHOWN = [route for route in OF_OWNERS if "{ticket}" in route.path and not route.path.endswith(("/qr", "/rating"))]
"""What answers the ticket; its QR code and its rating are in `test_phone`."""

OF_STAFF = [route for route in ROUTES if not {Role.ANYONE, Role.APPLICANT} & set(route.roles)]


@pytest.fixture(scope="module")
async def guarded(house: Service, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A process on the shared database whose metrics need a token."""
    dsn = house.settings.database_url
    assert dsn is not None
    async with service_on(dsn, tmp_path_factory.mktemp("guarded"), house.clock, metrics_open=False) as running:
        yield running


@pytest.fixture
async def door(guarded: Service, hall: Checked) -> AsyncIterator[Checked]:
    """A client of a new hall at the process that guards everything."""
    async with Checked(guarded.api.base, hall.hall) as api:
        yield api


async def send(door: Checked, route: Route, ticket: str, token: str | None, **more: Any) -> Reply:  # noqa: ANN401  (any JSON)
    ids = dict.fromkeys(("account", "device", "alarm", "message", "appointment", "invitation"), NOBODY)
    path = route.path.format(hall=door.hall, ticket=ticket, counter="1", notice="none", **ids)
    return await door.call(route.method, path, token=token, **more)


async def test_without_a_credential_only_what_is_everybodys_is_answered(door: Checked) -> None:
    ticket = await door.take("enquiry")

    for route in OF_HALLS:
        reply = await send(door, route, ticket["id"], None)

        if Role.ANYONE in route.roles:
            assert reply.status not in {401, 403}, route
        else:
            assert (reply.status, reply.code) == (401, "token-missing"), route
            assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer not-a-token", "Basic YTpi", "Bearer", "Bearer ", "Bearer ä", "x"])
async def test_a_credential_that_nobody_has_is_not_known(door: Checked, header: str) -> None:
    for route in OF_HALLS:
        reply = await send(door, route, NOBODY, None, headers={"Authorization": header})

        if Role.ANYONE in route.roles and route.method == "GET":
            assert reply.status == 200, route
        else:
            assert (reply.status, reply.code) == (401, "token-invalid"), route
            assert reply.headers["WWW-Authenticate"] == "Bearer"


async def test_a_token_of_the_right_form_that_nobody_has_opens_nothing(door: Checked) -> None:
    ticket = await door.take("enquiry")

    for route in OF_OWNERS + OF_STAFF:
        reply = await send(door, route, ticket["id"], RIGHT_FORM)

        of = "appointment" if "{appointment}" in route.path else "ticket"
        expected = (404, f"{of}-not-found") if route in OF_OWNERS else (401, "token-invalid")
        assert (reply.status, reply.code) == expected, route


async def test_a_tickets_own_token_has_no_right_to_what_staff_do(door: Checked) -> None:
    ticket = await door.take("enquiry")

    for route in OF_STAFF:
        reply = await send(door, route, ticket["id"], ticket["token"])

        expected = (403, "forbidden") if "{hall}" in route.path else (401, "token-invalid")
        assert (reply.status, reply.code) == expected, route


async def test_a_tickets_own_token_opens_the_ticket(door: Checked) -> None:
    for route in SHOWN:
        ticket = await door.take("enquiry")

        reply = await send(door, route, ticket["id"], ticket["token"])

        assert reply.status == 200, route
        assert reply.body["token"] == ticket["token"]


async def test_somebody_elses_ticket_is_answered_as_one_that_does_not_exist(door: Checked) -> None:
    mine, theirs = await door.take("enquiry"), await door.take("enquiry")

    for route in [route for route in ROUTES if "{ticket}" in route.path]:
        there = await send(door, route, theirs["id"], mine["token"])
        nowhere = await send(door, route, NOBODY, mine["token"])

        assert (there.status, there.code) == (404, "ticket-not-found"), route
        assert there.body | {"instance": ""} == nowhere.body | {"instance": ""}
        assert there.body["instance"] != nowhere.body["instance"]


async def test_the_admin_may_do_everything(door: Checked) -> None:
    tickets = [await door.take("enquiry") for _ in OF_HALLS]

    for route, ticket in zip(OF_HALLS, tickets, strict=True):
        reply = await send(door, route, ticket["id"], ADMIN)

        assert reply.status not in {401, 403}, route
        assert reply.code not in {"ticket-not-found", "hall-not-found", "counter-not-found", "fault"}, route


async def test_the_owner_may_say_when_but_not_which_class(door: Checked) -> None:
    ticket = await door.take("enquiry")
    path = f"tickets/{ticket['id']}"

    for body in ({"class": "green", "reason": "urgent"}, {"reason": "urgent"}):
        reply = await door.call("PATCH", path, body, token=ticket["token"])
        assert (reply.status, reply.code) == (403, "forbidden")
    assert (await door.call("PATCH", path, {"class": "green"})).code == "token-missing"


async def test_who_may_not_look_is_not_told_what_is_wrong_with_a_request(door: Checked) -> None:
    for method, path in (("POST", f"tickets/{NOBODY}/finish"), ("PATCH", f"tickets/{NOBODY}"), ("PUT", "document")):
        reply = await door.call(method, path, {"no": "such field"})
        assert (reply.status, reply.code) == (401, "token-missing")


async def test_a_ticket_of_one_hall_is_not_found_in_another(door: Checked, house: Service) -> None:
    ticket = await door.take("enquiry")
    door.hall = "demo"

    by_owner = await door.call("GET", f"tickets/{ticket['id']}", token=ticket["token"])
    by_staff = await door.staff("GET", f"tickets/{ticket['id']}")

    assert house.running.halls.known()[0].id == "demo"
    assert (by_owner.code, by_staff.code) == ("ticket-not-found", "ticket-not-found")


async def test_the_scheme_is_written_as_one_likes(door: Checked) -> None:
    reply = await door.call("GET", "queue", headers={"Authorization": f"bEARER  {ADMIN} "})

    assert reply.status == 200


def token_of(secret: str, hall: str, ticket: str) -> str:
    digest = hmac.digest(secret.encode(), f"{hall}|ticket|{ticket}".encode(), "sha256")
    return urlsafe_b64encode(digest).decode().rstrip("=")


async def test_a_token_is_derived_from_the_secret_the_hall_and_the_ticket(hall: Checked, house: Service) -> None:
    ticket = await hall.take()

    assert house.settings.secret is not None
    assert ticket["token"] == token_of(house.settings.secret, hall.hall, ticket["id"])


async def test_an_older_secret_still_opens_and_the_newest_signs(dsn: str, tmp_path: Path) -> None:
    async with service_on(dsn, tmp_path, FakeClock(NOON_AT), secret="old-secret") as before:
        ticket = await before.api.take()

    async with service_on(dsn, tmp_path, FakeClock(NOON_AT), secret="new-secret, old-secret") as after:
        path = f"tickets/{ticket['id']}"
        watched = await after.api.call("GET", path, token=ticket["token"])
        forbidden = await after.api.call("GET", "queue", token=ticket["token"])

    async with service_on(dsn, tmp_path, FakeClock(NOON_AT), secret="new-secret") as later:
        too_old = await later.api.call("GET", path, token=ticket["token"])
        newest = await later.api.call("GET", path, token=watched.body["token"])

    assert (watched.status, forbidden.code) == (200, "forbidden")
    assert watched.body["token"] == token_of("new-secret", "demo", ticket["id"])
    assert (too_old.code, newest.status) == ("ticket-not-found", 200)
