"""Who may do what: every call with every role, as one table that is written down here again."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from msgspec import convert

from service.api.access.roles import Role
from service.api.route import Route
from service.api.routes import ROUTES
from service.config.secret_files import secrets_of
from service.credentials.signer import Signer
from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.identity.audit_log import SERVICE_WIDE
from service.identity.idempotency import IdempotentRequest
from service.identity.identity import Identity
from service.identity.staff import Authority
from service.journal.database import Database
from service.primitives.ids import new_id
from tests.api.booking import booked
from tests.api.checked import Checked
from tests.api.staff import PASSWORD, Browser, device, employed
from tests.postgres import PostgresServer
from tests.service import ADMIN, Reply, Service, service_on

Sender = Callable[[Route, str], Awaitable[Reply]]

OF_STAFF = {"staff", "manager", "admin"}
IN_LINE = OF_STAFF | {"volunteer"}
OF_MANAGERS = {"manager", "admin"}
INVITING = OF_MANAGERS | {"partner"}
OF_KIOSKS = {"kiosk", "admin"}
OWNED = OF_STAFF | {"applicant"}
EVERYBODY = {"anyone", "applicant", "kiosk", "partner", "volunteer", "staff", "manager", "ops", "admin"}

MAY: dict[str, set[str]] = {
    "GET /v1/halls": EVERYBODY,
    "GET /v1/halls/{hall}": EVERYBODY,
    "GET …/rules": EVERYBODY,
    "GET …/board": EVERYBODY,
    "GET …/document": OF_MANAGERS,
    "PUT …/document": OF_MANAGERS,
    "GET …/entrance": OF_STAFF | {"kiosk"},
    "GET …/slots": EVERYBODY,
    "POST …/appointments": EVERYBODY,
    "GET …/appointments": OF_STAFF,
    "GET …/appointments/{appointment}": OWNED,
    "GET …/appointments/{appointment}.ics": OWNED,
    "GET …/appointments/{appointment}/qr": OWNED,
    "PATCH …/appointments/{appointment}": OWNED,
    "DELETE …/appointments/{appointment}": OWNED,
    "POST …/check-ins": EVERYBODY,
    "POST …/tickets": EVERYBODY,
    "GET …/tickets": OF_STAFF,
    "POST …/search": OF_STAFF,
    "GET …/tickets/{ticket}": OWNED,
    "DELETE …/tickets/{ticket}": OWNED,
    "PATCH …/tickets/{ticket}": OWNED,
    "POST …/tickets/{ticket}/rating": {"applicant", "admin"},
    "GET …/tickets/{ticket}/qr": OWNED,
    "GET /v1/tickets/{ticket}": EVERYBODY,
    "POST …/tickets/{ticket}/recall": IN_LINE,
    "POST …/tickets/{ticket}/start": IN_LINE,
    "POST …/tickets/{ticket}/finish": IN_LINE,
    "POST …/tickets/{ticket}/no-show": IN_LINE,
    "POST …/tickets/{ticket}/park": IN_LINE,
    "POST …/tickets/{ticket}/papers": IN_LINE,
    "POST …/tickets/{ticket}/resume": IN_LINE,
    "POST …/tickets/{ticket}/transfer": IN_LINE,
    "POST …/tickets/{ticket}/undo": IN_LINE,
    "GET …/tickets/{ticket}/history": OF_STAFF,
    "GET …/counters/{counter}": IN_LINE,
    "POST …/counters/{counter}/open": IN_LINE,
    "POST …/counters/{counter}/pause": IN_LINE,
    "POST …/counters/{counter}/close": IN_LINE,
    "POST …/counters/{counter}/next": IN_LINE,
    "POST …/counters/{counter}/call": IN_LINE,
    "GET …/queue": IN_LINE,
    "GET …/desk": IN_LINE,
    "GET …/forecast": OF_STAFF | {"ops"},
    "GET …/notices": OF_MANAGERS,
    "POST …/notices": OF_MANAGERS,
    "DELETE …/notices/{notice}": OF_MANAGERS,
    "PUT …/suspension": OF_MANAGERS,
    "DELETE …/suspension": OF_MANAGERS,
    "PUT …/overtime": OF_MANAGERS,
    "DELETE …/overtime": OF_MANAGERS,
    "POST …/alarm": IN_LINE | {"kiosk"},
    "DELETE …/alarm/{alarm}": OF_STAFF,
    "POST …/day/close": OF_MANAGERS,
    "GET …/history": OF_MANAGERS,
    "GET …/staff": OF_MANAGERS,
    "POST …/staff": OF_MANAGERS,
    "PATCH …/staff/{account}": OF_MANAGERS,
    "DELETE …/staff/{account}": OF_MANAGERS,
    "POST …/staff/{account}/reset": OF_MANAGERS,
    "DELETE …/staff/{account}/sessions": OF_MANAGERS,
    "GET …/devices": OF_MANAGERS,
    "POST …/devices": OF_MANAGERS,
    "DELETE …/devices/{device}": OF_MANAGERS,
    "POST …/invitations": INVITING,
    "GET …/invitations": INVITING,
    "GET …/invitations/batches": INVITING,
    "GET …/invitations.csv": INVITING,
    "GET …/invitations/sheet": INVITING,
    "DELETE …/invitations/{invitation}": INVITING,
    "GET …/learned": OF_MANAGERS | {"ops"},
    "POST …/erasures": OF_MANAGERS,
    "POST …/exports": OF_MANAGERS,
    "GET …/kiosk": OF_KIOSKS,
    "POST …/devices/{device}/lease": OF_KIOSKS,
    "POST …/devices/{device}/tickets": OF_KIOSKS,
    "POST …/devices/{device}/status": OF_KIOSKS,
    "POST …/devices/{device}/slips": OF_KIOSKS,
    "GET …/messages": OF_MANAGERS,
    "POST …/messages/{message}/retry": OF_MANAGERS,
    "GET …/report": OF_MANAGERS | {"ops"},
    "GET …/ops": OF_MANAGERS | {"ops"},
    "PUT …/screen": {"kiosk", "admin"},
    "GET /v1/ops": OF_MANAGERS | {"ops"},
    "GET /v1/history": {"admin"},
    "GET /v1/session": EVERYBODY,
    "POST /v1/session": EVERYBODY,
    "DELETE /v1/session": EVERYBODY,
    "PUT /v1/session/password": EVERYBODY,
    "GET /v1/session/oidc": EVERYBODY,
    "GET /v1/session/oidc/callback": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "GET /metrics": {"ops", "admin"},
}

ELSEWHERE = ("kiosk elsewhere", "staff elsewhere", "manager elsewhere")
"""Who has a role, but in another hall."""


def _document(reply: Reply) -> HallDocument:
    return convert(reply.body, HallDocument)


async def _of_no_hall(service: Service) -> tuple[str, dict[str, str]]:
    """The token of what watches the service, and the first passwords of accounts: only the command line makes these."""
    dsn = service.settings.database_url
    assert dsn is not None
    signer = Signer(secrets_of(service.settings))
    passwords = {}
    async with Database(dsn) as database:
        with Identity(database, service.clock, signer.fingerprint, signer.admin_keys()) as identity:

            def act() -> IdempotentRequest:
                return IdempotentRequest(new_id(), None, service.clock.now_at(), "command")

            _, token = await identity.devices.create(SERVICE_WIDE, "prometheus", "ops", act())
            for role in ("ops", "admin"):
                _, password = await identity.staff.add(SERVICE_WIDE, f"the-{role}", role, role, act(), Authority())
                assert password is not None
                passwords[role] = password
    return token, passwords


async def _at_work(stack: AsyncExitStack, hall: Checked, name: str, password: str) -> Browser:
    """Somebody who has signed in for the first time, and chosen no password yet."""
    browser = await stack.enter_async_context(Browser(hall.base, hall.hall))
    assert (await browser.sign_in(name, password)).status == 200
    return browser


def name_of(route: Route) -> str:
    return f"{route.method} {route.path.replace('/v1/halls/{hall}/', '…/')}"


@pytest.fixture(scope="module")
async def guarded(
    postgres: PostgresServer, migrated: str, house: Service, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """A service whose metrics need a role."""
    name = await postgres.create_database(migrated)
    folder = tmp_path_factory.mktemp("roles")
    async with service_on(postgres.dsn(name), folder, house.clock, metrics_open=False) as running:
        yield running
    await postgres.drop_database(name)


@pytest.fixture(scope="module")
async def send(guarded: Service) -> AsyncIterator[Sender]:
    """Sends a call as somebody, with a body that says something unknown: nothing is done, and who may is told so."""
    async with AsyncExitStack() as stack:
        hall = await stack.enter_async_context(Checked(guarded.api.base))
        document = await hall.staff("GET", "document")
        other = await stack.enter_async_context(Checked(guarded.api.base, "other"))
        assert await guarded.running.halls.create_if_absent(HallId("other"), _document(document))
        ticket, held = await hall.take("enquiry"), await booked(hall, hold=True)
        token, passwords = await _of_no_hall(guarded)
        tokens = {
            "anyone": None,
            "applicant": ticket["token"],
            "kiosk": await device(hall, "kiosk"),
            "partner": await device(hall, "partner"),
            "staff device": await device(hall, "staff"),
            "ops": token,
            "admin": ADMIN,
            "kiosk elsewhere": await device(other, "kiosk"),
            "revoked device": await device(hall, "staff"),
        }
        made = (await hall.staff("GET", "devices")).body["items"]
        assert (await hall.staff("DELETE", f"devices/{made[-1]['id']}")).status == 204
        browsers = {
            role: await stack.enter_async_context(employed(hall, role)) for role in ("volunteer", "staff", "manager")
        }
        for role in ("staff", "manager"):
            browsers[f"{role} elsewhere"] = await stack.enter_async_context(employed(other, role))
            browsers[f"{role} elsewhere"].hall = hall.hall
        browsers["disabled account"] = await stack.enter_async_context(employed(hall, "manager"))
        disabled = f"staff/{browsers['disabled account'].account}"
        assert (await hall.staff("PATCH", disabled, {"disabled": True})).status == 200
        added = await hall.staff("POST", "staff", {"name": "new-here", "role": "manager"})
        browsers["must change"] = await _at_work(stack, hall, "new-here", added.body["password"])
        for role, password in passwords.items():
            browsers[f"{role} account"] = await _at_work(stack, hall, f"the-{role}", password)
            assert (await browsers[f"{role} account"].choose_password(password, PASSWORD)).status == 204
        ids = {"hall": hall.hall, "ticket": ticket["id"], "counter": "1", "notice": "none", "appointment": held["id"]}
        ids |= dict.fromkeys(
            ("account", "device", "alarm", "message", "invitation"), "0198c0de-0000-7000-8000-000000000000"
        )

        async def send(route: Route, who: str) -> Reply:
            raw = None if route.method == "GET" else b'{"something": "unknown"}'
            path = route.path.format(**ids)
            if who in browsers:
                return await browsers[who].call(route.method, path, raw=raw)
            own = held["token"] if who == "applicant" and "{appointment}" in route.path else tokens[who]
            return await hall.call(route.method, path, raw=raw, token=own)

        yield send


def test_the_table_has_every_call_and_no_other() -> None:
    assert {name_of(route) for route in ROUTES} == set(MAY)


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
async def test_each_role_may_do_what_the_table_says_and_nothing_else(route: Route, send: Sender) -> None:
    for role in Role:
        reply = await send(route, role)

        refused = reply.status == 403 or reply.code in {"token-missing", "token-invalid"}
        may = role in MAY[name_of(route)]
        assert refused is not may, (role, reply.status, reply.code)
        if refused:
            expected = (401, "token-missing") if role is Role.ANYONE else (403, "forbidden")
            if role is Role.APPLICANT and "{hall}" not in route.path:
                expected = (401, "token-invalid")
            assert (reply.status, reply.code) == expected, role


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
async def test_a_role_in_another_hall_is_none_here(route: Route, send: Sender) -> None:
    for who in ELSEWHERE:
        reply = await send(route, who)

        of_their_hall = route.in_any_hall and who == "manager elsewhere"  # it speaks of the halls they manage
        if "anyone" in MAY[name_of(route)] or of_their_hall:
            assert reply.code not in {"forbidden", "token-invalid"}
        else:
            assert (reply.status, reply.code) == (403, "forbidden"), who


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
async def test_a_device_of_staff_may_do_what_staff_may(route: Route, send: Sender) -> None:
    machine, person = await send(route, "staff device"), await send(route, "staff")

    assert (machine.status == 403) is (person.status == 403)


@pytest.mark.parametrize("role", ["ops", "admin"])
@pytest.mark.parametrize("route", ROUTES, ids=name_of)
async def test_an_account_of_no_hall_may_do_what_a_token_of_its_role_may(route: Route, role: str, send: Sender) -> None:
    reply = await send(route, f"{role} account")

    refused = reply.status == 403 or reply.code in {"token-missing", "token-invalid"}
    assert refused is (role not in MAY[name_of(route)]), (reply.status, reply.code)


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("must change", (403, "forbidden")),
        ("disabled account", (401, "token-invalid")),
        ("revoked device", (401, "token-invalid")),
    ],
)
@pytest.mark.parametrize("route", ROUTES, ids=name_of)
async def test_who_has_no_right_left_is_anyone(route: Route, who: str, refusal: tuple[int, str], send: Sender) -> None:
    reply = await send(route, who)

    if "anyone" not in MAY[name_of(route)]:
        assert (reply.status, reply.code) == refusal
    elif who == "revoked device" and route.method != "GET":
        assert (reply.status, reply.code) == refusal  # a token that nobody has is an error of who sends it
    else:
        assert reply.code not in {"forbidden", "token-invalid"}
