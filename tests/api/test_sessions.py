"""Signing in and out with a browser's cookie, and how slow guessing is."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path

import asyncpg
import pytest
from argon2 import PasswordHasher

from service.clock import FakeClock
from service.domain.calendar.times import stamp
from service.domain.refusals import Busy
from service.errors import StorageUnavailable
from service.identity import accounts, lockout, passwords
from service.identity.lockout import Attempt
from service.identity.opaque_tokens import REMEMBERED_S
from service.identity.sessions import LIFETIME, Session
from service.identity.store import Writer, transaction
from service.journal.database import Database
from tests.api.checked import Checked
from tests.api.conftest import Founder
from tests.api.staff import PASSWORD, Browser, device, employed
from tests.service import ADMIN, NOON_AT, Service, service_on

REFUSED = "sign-in-refused"

NO_ROOM = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$;
CREATE TRIGGER no_room BEFORE UPDATE ON accounts EXECUTE FUNCTION no_room();
CREATE TRIGGER no_room BEFORE UPDATE ON sessions EXECUTE FUNCTION no_room();
CREATE TRIGGER no_room BEFORE UPDATE ON devices EXECUTE FUNCTION no_room();
"""
ROOM = "DROP FUNCTION no_room CASCADE"


@pytest.fixture
async def browser(house: Service, hall: Checked) -> AsyncIterator[Browser]:
    """A browser at a new hall."""
    async with Browser(house.api.base, hall.hall) as browser:
        yield browser


@pytest.fixture
async def lone(service: Service) -> AsyncIterator[Browser]:
    """A browser at a service of its own: what fails there is counted apart."""
    async with Browser(service.api.base) as browser:
        yield browser


def cookie_of(browser: Browser, name: str) -> str:
    assert browser._session is not None
    return next(cookie.value for cookie in browser._session.cookie_jar if cookie.key == name)


async def test_nobody_is_signed_in_at_first(browser: Browser) -> None:
    reply = await browser.call("GET", "/v1/session")

    assert reply.status == 200
    assert reply.body == {"account": None, "roles": [], "must_change": False, "sso": False, "expires_at": None}


async def test_the_admin_signs_in_with_the_admin_token_and_works_by_the_cookie(browser: Browser) -> None:
    signed_in = await browser.sign_in("Admin", ADMIN)
    seen = await browser.call("GET", "/v1/session")
    opened = await browser.call("POST", "counters/1/open")
    out = await browser.call("DELETE", "/v1/session")
    after = await browser.call("POST", "counters/1/pause")

    assert signed_in.status == 200, signed_in.body
    assert signed_in.body["roles"] == [{"hall": None, "role": "admin"}]
    assert seen.body == signed_in.body
    assert (opened.status, opened.body["staff"]) == (200, None)
    assert (out.status, after.code) == (204, "token-missing")


async def test_the_cookie_is_for_our_pages_only(browser: Browser) -> None:
    reply = await browser.sign_in("admin", ADMIN)

    kept = reply.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in kept.split(";")[1:]}
    assert "Secure" not in kept  # plain HTTP on this machine
    assert "Max-Age" not in kept.split("paihao_known")[0]


async def test_elsewhere_than_on_this_machine_the_cookie_goes_over_tls_only(browser: Browser) -> None:
    headers = {"Host": "hall.example"}
    reply = await browser.call("POST", "/v1/session", {"name": "admin", "password": ADMIN}, headers=headers)

    assert "Secure" in reply.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
async def test_another_sites_page_cannot_use_the_cookie(browser: Browser, headers: dict[str, str], status: int) -> None:
    await browser.sign_in("admin", ADMIN)

    changed = await browser.call("POST", "counters/1/open", headers=headers)
    read = await browser.call("GET", "queue", headers=headers)
    by_token = await browser.call("POST", "counters/2/open", headers=headers, token=ADMIN)

    assert changed.status == status
    assert (read.status, by_token.status) == (200, 200)


async def test_a_browser_that_sends_no_fetch_metadata_is_known_by_its_origin(browser: Browser) -> None:
    await browser.sign_in("admin", ADMIN)

    reply = await browser.call("POST", "counters/1/open", headers={"Origin": browser.base})

    assert reply.status == 200


async def test_another_sites_page_cannot_sign_somebody_in(browser: Browser) -> None:
    form = {"name": "admin", "password": ADMIN}
    reply = await browser.call("POST", "/v1/session", form, headers={"Sec-Fetch-Site": "cross-site"})

    assert (reply.status, reply.code) == (403, "forbidden")


async def test_who_is_unknown_and_who_is_wrong_are_answered_alike(hall: Checked, browser: Browser) -> None:
    async with employed(hall, "staff", f"known.{hall.hall}"):
        wrong = await browser.sign_in(f"known.{hall.hall}", "not the password")
    unknown = await browser.sign_in(f"unknown.{hall.hall}", "not the password")
    admin = await browser.sign_in("admin", "not the token")

    assert {reply.code for reply in (wrong, unknown, admin)} == {REFUSED}
    assert {reply.status for reply in (wrong, unknown, admin)} == {401}
    for other in (unknown, admin):
        assert wrong.body | {"instance": ""} == other.body | {"instance": ""}
        assert wrong.headers.keys() == other.headers.keys()


async def test_a_password_is_reckoned_whether_there_is_an_account_or_not(
    service: Service, lone: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasher = service.running.identity.accounts._hashes._hasher
    reckoned: list[str] = []
    verify = hasher.verify

    def seen(_self: object, stored: str, given: str) -> bool:
        reckoned.append(given)
        return verify(stored, given)

    monkeypatch.setattr(type(hasher), "verify", seen)

    for name in ("nobody-at-all", "admin"):
        await lone.sign_in(name, "some password")

    assert reckoned == ["some password", "some password"]


async def test_a_session_lasts_a_working_day_and_longer_in_use(browser: Browser, now: FakeClock) -> None:
    await browser.sign_in("admin", ADMIN)

    now.advance(11 * 3600)
    used = await browser.call("GET", "/v1/session")
    now.advance(11 * 3600)
    renewed = await browser.call("GET", "/v1/session")
    now.advance(12 * 3600)
    idle = await browser.call("GET", "/v1/session")

    assert (used.body["account"]["id"], renewed.body["account"]["id"]) == ("admin", "admin")
    assert used.body["expires_at"] < renewed.body["expires_at"]
    assert idle.body["account"] is None


async def test_who_works_here_sees_the_hall_while_the_database_takes_no_changes(
    house: Service, hall: Checked, now: FakeClock
) -> None:
    kiosk = await device(hall, "kiosk")
    connection = await asyncpg.connect(house.settings.database_url)
    async with employed(hall, "staff") as clerk:
        now.advance(2 * 3600)  # the use of all of them is to be written down anew
        await connection.execute(NO_ROOM)
        try:
            replies = [await clerk.call("GET", "queue"), await hall.call("GET", "kiosk", token=kiosk)]
        finally:
            await connection.execute(ROOM)
            await connection.close()
        now.advance(REMEMBERED_S)
        replies.append(await clerk.call("GET", "/v1/session"))

    assert [reply.status for reply in replies] == [200, 200, 200]
    assert replies[2].body["expires_at"] == stamp(now.now_at() + LIFETIME)


async def test_no_session_lasts_longer_than_a_week(browser: Browser, now: FakeClock) -> None:
    await browser.sign_in("admin", ADMIN)
    seen = []
    for _ in range(15):
        now.advance(11.5 * 3600)
        seen.append((await browser.call("GET", "/v1/session")).body["account"] is not None)

    assert seen == [True] * 14 + [False]


async def test_another_admin_token_ends_the_admins_sessions(
    house: Service, browser: Browser, now: FakeClock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await browser.sign_in("admin", ADMIN)
    token = cookie_of(browser, "paihao_session")
    dsn, folder = house.settings.database_url, tmp_path_factory.mktemp("other")
    assert dsn is not None

    async with service_on(dsn, folder, FakeClock(now.now_at()), admin_token="another-admin-token") as other:
        seen = await other.api.call("GET", "/v1/session", headers={"Cookie": f"paihao_session={token}"})

    assert seen.body["account"] is None


async def test_a_session_that_ends_while_a_request_is_under_way_is_no_fault(
    house: Service, hall: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions, looks = house.running.identity.sessions, list[str]()
    find = sessions.find

    async def found_once(token: str, now_at: datetime) -> Session | None:
        looks.append(token)
        return await find(token, now_at) if len(looks) == 1 else None

    async with employed(hall, "manager") as manager:
        monkeypatch.setattr(sessions, "find", found_once)
        reply = await manager.call("GET", "/v1/ops")

    assert reply.status == 200
    assert [one["id"] for one in reply.body["items"]] == [hall.hall]


async def test_signing_out_everywhere_ends_the_other_sessions_too(hall: Checked, browser: Browser) -> None:
    name = f"many.{hall.hall}"
    async with employed(hall, "staff", name) as here:
        await browser.sign_in(name, PASSWORD)
        both = [await one.call("GET", "queue") for one in (here, browser)]
        await here.call("DELETE", "/v1/session?everywhere=1")
        none = [await one.call("GET", "queue") for one in (here, browser)]

    assert [reply.status for reply in both] == [200, 200]
    assert [reply.code for reply in none] == ["token-missing", "token-invalid"]


@pytest.mark.parametrize("word", ["true", "yes", "2", "01", ""])
async def test_signing_out_by_a_word_we_do_not_know_is_refused_and_ends_nothing(hall: Checked, word: str) -> None:
    async with employed(hall, "staff") as browser:
        refused = await browser.call("DELETE", f"/v1/session?everywhere={word}")
        after = await browser.call("GET", "queue")

    assert (refused.status, refused.code) == (422, "body-invalid")
    assert refused.body["errors"] == [{"path": "everywhere", "why": "0 or 1"}]
    assert after.status == 200


async def test_signing_out_once_ends_one_session(hall: Checked, browser: Browser) -> None:
    name = f"once.{hall.hall}"
    async with employed(hall, "staff", name) as here:
        await browser.sign_in(name, PASSWORD)
        await here.call("DELETE", "/v1/session")

        assert (await browser.call("GET", "queue")).status == 200


async def test_another_password_ends_the_other_sessions_and_keeps_this_one(hall: Checked, browser: Browser) -> None:
    name = f"careful.{hall.hall}"
    async with employed(hall, "staff", name) as here:
        await browser.sign_in(name, PASSWORD)
        wrong = await here.choose_password("not the password", "another password of mine")
        changed = await here.choose_password(PASSWORD, "another password of mine")
        replies = [await one.call("GET", "queue") for one in (here, browser)]

    noted = (await hall.staff("GET", "history")).body["items"]
    refused = [item for item in noted if item["kind"] == "password_change_refused"]

    assert (wrong.code, changed.status) == (REFUSED, 204)
    assert [item["who"] for item in refused] == [name.title()]
    assert [replies[0].status, replies[1].code] == [200, "token-invalid"]


async def test_another_password_with_the_same_key_is_chosen_once(hall: Checked) -> None:
    body = {"current": PASSWORD, "new": "another password of mine"}
    async with employed(hall, "staff") as browser:
        replies = [await browser.call("PUT", "/v1/session/password", body, key="k" * 16) for _ in range(2)]

    assert [reply.status for reply in replies] == [204, 204]


async def test_another_password_is_chosen_once_by_requests_sent_at_the_same_time(hall: Checked) -> None:
    body = {"current": PASSWORD, "new": "another password of mine"}
    async with employed(hall, "staff") as browser:
        replies = await asyncio.gather(
            *(browser.call("PUT", "/v1/session/password", body, key="k" * 16) for _ in range(4))
        )
        after = await browser.call("GET", "queue")

    assert [reply.status for reply in replies] == [204] * 4
    assert after.status == 200


async def test_a_password_that_is_replaced_while_somebody_signs_in_with_it_lets_nobody_in(
    house: Service, hall: Checked, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"robbed.{hall.hall}"
    async with employed(hall, "staff", name) as owner:

        async def chosen() -> int:
            return (await owner.choose_password(PASSWORD, "another password of mine")).status

        statuses = _after_the_password_is_found_right(house, monkeypatch, chosen)
        thief = await browser.sign_in(name, PASSWORD)
        seen = await browser.call("GET", "/v1/session")

    assert statuses == [204]
    assert (thief.status, thief.code) == (503, "busy")
    assert seen.body["account"] is None


async def test_who_is_disabled_while_they_sign_in_has_no_session_when_they_may_again(
    house: Service, hall: Checked, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"disabled.{hall.hall}"
    async with employed(hall, "staff", name) as owner:
        path = f"staff/{owner.account}"

        async def disabled() -> int:
            return (await hall.staff("PATCH", path, {"disabled": True})).status

        statuses = _after_the_password_is_found_right(house, monkeypatch, disabled)
        signed_in = await browser.sign_in(name, PASSWORD)
        enabled = await hall.staff("PATCH", path, {"disabled": False})
        seen = await browser.call("GET", "/v1/session")

    assert [*statuses, enabled.status] == [200, 200]
    assert (signed_in.status, signed_in.code) == (503, "busy")
    assert seen.body["account"] is None


async def test_a_password_that_is_given_anew_while_another_is_chosen_stays(
    house: Service, hall: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"reset.{hall.hall}"
    given: list[str] = []
    async with employed(hall, "staff", name) as thief:

        async def reset() -> int:
            reply = await hall.staff("POST", f"staff/{thief.account}/reset")
            given.append(reply.body["password"])
            return reply.status

        statuses = _after_the_password_is_found_right(house, monkeypatch, reset)
        chosen = await thief.choose_password(PASSWORD, "another password of mine")
        replies = [await thief.sign_in(name, password) for password in ("another password of mine", *given)]

    assert statuses == [200]
    assert (chosen.status, chosen.code) == (503, "busy")
    assert [reply.status for reply in replies] == [401, 200]


def _after_the_password_is_found_right(
    house: Service, monkeypatch: pytest.MonkeyPatch, work: Callable[[], Awaitable[int]]
) -> list[int]:
    """Have something done once between the look at a password and what is done by it; gives the status it had."""
    lockout, statuses = house.running.identity.lockout, list[int]()
    succeeded = lockout.record_success

    async def meanwhile(counted: Attempt) -> None:
        monkeypatch.undo()
        await succeeded(counted)
        statuses.append(await work())

    monkeypatch.setattr(lockout, "record_success", meanwhile)
    return statuses


@pytest.mark.parametrize("new", ["too short", PASSWORD, "x" * 201])
async def test_a_password_that_is_none_is_refused(hall: Checked, new: str) -> None:
    async with employed(hall, "staff") as browser:
        reply = await browser.choose_password(PASSWORD, new)

    assert (reply.status, reply.code) == (422, "body-invalid")


async def test_guessing_waits_longer_and_longer(lone: Browser, clock: FakeClock) -> None:
    free = [(await lone.sign_in("victim", "guess")).code for _ in range(6)]
    waits = []
    for _ in range(12):
        reply = await lone.sign_in("victim", "guess")
        assert reply.code == "rate-limited"
        waits.append(int(reply.headers["Retry-After"]))
        clock.advance(waits[-1])
        assert (await lone.sign_in("victim", "guess")).code == REFUSED

    assert free == [REFUSED] * 6
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


async def test_the_right_password_waits_too_and_is_forgiven_afterwards(lone: Browser, clock: FakeClock) -> None:
    for _ in range(6):
        await lone.sign_in("admin", "guess")
    right = await lone.sign_in("admin", ADMIN)
    clock.advance(2)
    later = await lone.sign_in("admin", ADMIN)
    await lone.call("DELETE", "/v1/session")
    free = [(await lone.sign_in("admin", "guess")).code for _ in range(5)]

    assert (right.code, later.status, free) == ("rate-limited", 200, [REFUSED] * 5)


async def test_a_thousand_guesses_at_once_are_no_more_than_one_after_another(lone: Browser) -> None:
    replies = await asyncio.gather(*(lone.sign_in("victim", f"guess {n}") for n in range(40)))

    assert sum(reply.code == REFUSED for reply in replies) <= 6
    assert {reply.code for reply in replies} == {REFUSED, "rate-limited"}


async def test_a_stranger_beside_a_clerk_does_not_keep_them_out(service: Service, lone: Browser) -> None:
    hall = Checked(service.api.base, "demo", lone._session)
    async with employed(hall, "staff", "clerk") as clerk:
        for _ in range(60):
            if (await lone.sign_in("clerk", "guess")).code == "rate-limited":
                break
        stranger = await lone.sign_in("clerk", PASSWORD)
        await clerk.call("DELETE", "/v1/session")
        own = await clerk.sign_in("clerk", PASSWORD)

    assert (stranger.code, own.status) == ("rate-limited", 200)


async def test_a_browser_that_knows_one_name_is_a_stranger_to_another(service: Service, lone: Browser) -> None:
    hall = Checked(service.api.base, "demo", lone._session)
    async with employed(hall, "staff", "one"), employed(hall, "staff", "two") as two:
        for _ in range(7):
            await lone.sign_in("one", "guess")
        await two.call("DELETE", "/v1/session")

        reply = await two.sign_in("one", PASSWORD)

    assert reply.code == "rate-limited"


async def test_a_strangers_network_is_counted_apart(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, proxies = tmp_path_factory.mktemp("proxied"), (ip_network("127.0.0.0/8"),)
    async with (
        service_on(dsn, folder, FakeClock(NOON_AT), trusted_proxies=proxies) as service,
        Checked(service.api.base) as api,
    ):

        async def guess(address: str, password: str) -> str | None:
            headers = {"X-Forwarded-For": address}
            body = {"name": "admin", "password": password}
            return (await api.call("POST", "/v1/session", body, headers=headers)).code

        for last in range(6):
            assert await guess(f"203.0.113.{last}", "guess") == REFUSED
        near, far = await guess("203.0.113.99", ADMIN), await guess("198.51.100.1", ADMIN)

    assert (near, far) == ("rate-limited", None)


async def test_one_network_cannot_try_all_names(lone: Browser) -> None:
    codes = [(await lone.sign_in(f"name-{n}", "guess")).code for n in range(52)]

    assert codes == [REFUSED] * 50 + ["rate-limited"] * 2


async def test_what_a_network_has_failed_drains_steadily(lone: Browser, clock: FakeClock) -> None:
    for n in range(50):
        await lone.sign_in(f"name-{n}", "guess")
    limited = await lone.sign_in("honest", "guess")
    clock.advance(30)
    one_more = [(await lone.sign_in(f"later-{n}", "guess")).code for n in range(2)]
    clock.advance(10 * 30)
    ten_more = [(await lone.sign_in(f"even-later-{n}", "guess")).code for n in range(11)]

    assert (limited.code, limited.headers["Retry-After"]) == ("rate-limited", "30")
    assert one_more == [REFUSED, "rate-limited"]
    assert ten_more == [REFUSED] * 10 + ["rate-limited"]


async def test_a_guess_that_has_to_wait_for_its_name_is_not_counted_for_its_network(lone: Browser) -> None:
    tried = [(await lone.sign_in("victim", "guess")).code for _ in range(46)]
    others = [(await lone.sign_in(f"name-{n}", "guess")).code for n in range(45)]

    assert tried == [REFUSED] * 6 + ["rate-limited"] * 40
    assert others == [REFUSED] * 44 + ["rate-limited"]


async def test_a_guess_that_has_to_wait_for_its_network_is_not_counted_for_its_name(
    lone: Browser, clock: FakeClock
) -> None:
    for n in range(50):
        await lone.sign_in(f"name-{n}", "guess")
    waiting = {(await lone.sign_in("honest", "guess")).code for _ in range(20)}
    clock.advance(6 * 30)
    after = [(await lone.sign_in("honest", "guess")).code for _ in range(6)]

    assert waiting == {"rate-limited"}
    assert after == [REFUSED] * 6


async def test_who_has_a_whole_site_of_networks_is_counted_by_it(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lockout, "FREE_OF_SITE", 5)
    proxies = (ip_network("127.0.0.0/8"),)
    async with (
        service_on(dsn, tmp_path, FakeClock(NOON_AT), trusted_proxies=proxies) as service,
        Checked(service.api.base) as api,
    ):

        async def guess(address: str) -> str | None:
            body = {"name": "victim", "password": "guess"}
            return (await api.call("POST", "/v1/session", body, headers={"X-Forwarded-For": address})).code

        site = [await guess(f"2001:db8:7:{n:x}::1") for n in range(7)]
        elsewhere = await guess("2001:db8:8::1")

    assert site == [REFUSED] * 5 + ["rate-limited"] * 2
    assert elsewhere == REFUSED


async def test_a_busy_service_uses_up_nobodys_attempts(lone: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(passwords, "STRANGERS_MAX", 0)
        busy = {(await lone.sign_in("admin", ADMIN)).code for _ in range(60)}
    free = [(await lone.sign_in("admin", "guess")).code for _ in range(6)]

    assert busy == {"busy"}
    assert free == [REFUSED] * 6


async def test_a_password_whose_hash_is_old_is_hashed_anew_when_there_is_room_and_signs_in_before(
    service: Service, lone: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes, database = service.running.identity.accounts._hashes, service.running.database
    old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)  # as no release makes them
    steps: list[str] = []

    async def no_room(_password: str) -> str:
        raise Busy

    async def hashed(_password: str) -> str:
        steps.append("hashed")
        return "a newer hash"

    def lent(database: Database) -> AbstractAsyncContextManager[Writer]:
        steps.append("lent a connection")
        return transaction(database)

    async def kept() -> str:
        rows = await database.fetch("SELECT password FROM accounts WHERE name = 'clerk'")
        return str(rows[0]["password"])

    hall = Checked(service.api.base, "demo", lone._session)
    async with employed(hall, "staff", "clerk") as clerk:
        await database.fetch("UPDATE accounts SET password = $1 WHERE name = 'clerk'", old)
        monkeypatch.setattr(hashes, "hash", no_room)
        without_room = await clerk.sign_in("clerk", PASSWORD)
        kept_without_room = await kept()
        monkeypatch.setattr(hashes, "hash", hashed)
        monkeypatch.setattr(accounts, "transaction", lent)
        with_room = await clerk.sign_in("clerk", PASSWORD)

    assert (without_room.status, kept_without_room) == (200, old)
    assert (with_room.status, await kept()) == (200, "a newer hash")
    assert steps == ["hashed", "lent a connection"]


async def test_a_database_that_went_away_uses_up_nobodys_attempts(
    service: Service, lone: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StorageUnavailable

    hall = Checked(service.api.base, "demo", lone._session)
    async with employed(hall, "staff", "clerk") as clerk:
        with monkeypatch.context() as patch:
            patch.setattr(service.running.identity.accounts, "authenticate", away)
            unavailable = {(await clerk.sign_in("clerk", PASSWORD)).code for _ in range(10)}
            unchanged = {(await clerk.choose_password(PASSWORD, "another of mine")).code for _ in range(10)}
        own = await clerk.sign_in("clerk", PASSWORD)

    assert unavailable == unchanged == {"storage-unavailable"}
    assert own.status == 200


async def test_strangers_leave_room_for_who_has_signed_in_here_before(
    service: Service, lone: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = Checked(service.api.base, "demo", lone._session)
    async with employed(hall, "staff", "clerk") as clerk:
        monkeypatch.setattr(passwords, "STRANGERS_MAX", 0)  # as if strangers had taken all they can
        stranger = await lone.sign_in("clerk", PASSWORD)
        own = await clerk.sign_in("clerk", PASSWORD)

    assert (stranger.code, own.status) == ("busy", 200)


async def test_finding_nobody_asks_the_database_as_much_as_finding_somebody(
    found: Founder, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await found(), await found()
    name = f"known.{one.hall}"
    asked: list[str] = []
    real = vars(asyncpg.Connection)["_execute"]

    async def counted(self: object, query: str, *arguments: object, **more: object) -> object:
        if any(table in query for table in ("accounts", "account_roles", "audit", "sign_in_failures")):
            asked.append(query)
        return await real(self, query, *arguments, **more)

    async def queries(name: str) -> list[str]:
        asked.clear()
        assert (await browser.sign_in(name, "guess")).code == REFUSED
        return list(asked)

    async with employed(one, "staff", name), employed(other, "staff", f"disabled.{other.hall}") as disabled:
        await other.staff("POST", "staff", {"name": name, "role": "volunteer"})
        await other.staff("PATCH", f"staff/{disabled.account}", {"disabled": True})
        monkeypatch.setattr(asyncpg.Connection, "_execute", counted)
        nobody = await queries(f"nobody.{one.hall}")
        somebody = await queries(name)
        out = await queries(f"disabled.{other.hall}")

    assert nobody == somebody == out
    assert any("INSERT INTO audit" in query for query in nobody)
