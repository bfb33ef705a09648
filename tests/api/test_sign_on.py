"""Single sign-on, end to end, against a real provider in a process of its own."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from yarl import URL

from service.clock import Clock, FakeClock
from tests.api.provider import Provider, provider_in
from tests.api.staff import Browser
from tests.postgres import PostgresServer
from tests.service import Service, service_on

PUBLIC = "http://hall.test"


@pytest.fixture(scope="module")
async def provider(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """A provider of single sign-on."""
    async with provider_in(tmp_path_factory.mktemp("provider")) as running:
        yield running


@pytest.fixture(scope="module")
async def joined(
    postgres: PostgresServer, migrated: str, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """A service whose staff sign in at the provider; its clock is the provider's."""
    name = await postgres.create_database(migrated)
    settings: dict[str, Any] = {
        "public_url": PUBLIC,
        "oidc_issuer": provider.issuer,
        "oidc_client_id": "paihao",
        "oidc_client_secret": "a-secret-of-both",
    }
    folder = tmp_path_factory.mktemp("joined")
    async with service_on(postgres.dsn(name), folder, FakeClock(Clock().now_at()), **settings) as running:
        yield running
    await postgres.drop_database(name)


@pytest.fixture
async def browser(joined: Service) -> AsyncIterator[Browser]:
    """A browser at the demo hall."""
    async with Browser(joined.api.base) as browser:
        yield browser


async def go(browser: Browser, path: str) -> str:
    """Where a page of ours sends the browser."""
    assert browser._session is not None
    url = URL(f"{browser.base}{path}", encoded=True)
    async with browser._session.get(url, allow_redirects=False) as response:
        assert response.status == 302, await response.text()
        return response.headers["Location"]


async def come_back(browser: Browser, address: str) -> str:
    """Where our callback sends the browser that the provider sent there."""
    assert address.startswith(f"{PUBLIC}/v1/session/oidc/callback?"), address
    return await go(browser, address.removeprefix(PUBLIC))


async def signed_on(browser: Browser, provider: Provider, subject: str, to: str = "/halls/demo/manage") -> str:
    """Go through a whole sign-on, and return the page at which it ends."""
    address = await go(browser, f"/v1/session/oidc?to={to}")
    return await come_back(browser, await provider.agree(address, subject))


async def test_who_was_added_by_their_address_signs_on_and_works(
    joined: Service, browser: Browser, provider: Provider
) -> None:
    added = await joined.api.staff("POST", "staff", {"name": "Li@City.example", "role": "staff"})
    await provider.knows("li-1", email="li@city.example", email_verified=True)

    ends_at = await signed_on(browser, provider, "li-1", "/halls/demo/counter/1")
    seen = await browser.call("GET", "/v1/session")
    opened = await browser.call("POST", "counters/1/open")
    by_password = await browser.sign_in("li@city.example", added.body["password"])
    listed = await joined.api.staff("GET", "staff")
    again = await joined.api.staff("POST", f"staff/{added.body['id']}/reset")

    assert ends_at == "/halls/demo/counter/1"
    assert (seen.body["account"]["id"], seen.body["sso"]) == (added.body["id"], True)
    assert (opened.status, opened.body["staff"]) == (200, added.body["id"])
    assert by_password.code == "sign-in-refused"
    assert [(one["name"], one["sso"], one["must_change"]) for one in listed.body["items"]] == [
        ("li@city.example", True, False)
    ]
    assert (again.code, again.body["state"]) == ("wrong-state", "sso")


async def test_an_account_belongs_to_the_person_and_not_to_who_has_the_address_later(
    joined: Service, browser: Browser, provider: Provider
) -> None:
    await joined.api.staff("POST", "staff", {"name": "zhao@city.example", "role": "manager"})
    await provider.knows("zhao-1", email="zhao@city.example", email_verified=True)
    await provider.knows("zhao-2", email="zhao@city.example", email_verified=True)

    first = await signed_on(browser, provider, "zhao-1")
    await browser.call("DELETE", "/v1/session")
    other = await signed_on(browser, provider, "zhao-2")
    nobody = await browser.call("GET", "/v1/session")
    await provider.knows("zhao-1", email="moved@city.example", email_verified=True)
    later = await signed_on(browser, provider, "zhao-1")

    assert (first, other, later) == ("/halls/demo/manage", "/sign-on/no-role", "/halls/demo/manage")
    assert nobody.body["account"] is None


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "sun@city.example", "email_verified": False},
        {"email": "sun@city.example"},
        {"email": "sun@city.example", "email_verified": "true"},
        {"email": "somebody-else@city.example", "email_verified": True},
        {},
    ],
)
async def test_without_a_verified_address_of_an_account_one_is_nobody_here(
    joined: Service, browser: Browser, provider: Provider, claims: dict[str, object]
) -> None:
    await joined.api.staff("POST", "staff", {"name": "sun@city.example", "role": "staff"})
    await provider.knows("sun", **claims)

    ends_at = await signed_on(browser, provider, "sun")
    page = await browser.call("GET", ends_at)
    seen = await browser.call("GET", "/v1/session")

    assert (ends_at, page.status) == ("/sign-on/no-role", 200)
    assert seen.body["account"] is None


async def test_who_lost_the_role_or_is_disabled_is_not_signed_on(
    joined: Service, browser: Browser, provider: Provider
) -> None:
    added = await joined.api.staff("POST", "staff", {"name": "wu@city.example", "role": "staff"})
    await provider.knows("wu", email="wu@city.example", email_verified=True)
    path = f"staff/{added.body['id']}"

    before = await signed_on(browser, provider, "wu")
    await joined.api.staff("PATCH", path, {"disabled": True})
    disabled = await signed_on(browser, provider, "wu")
    await joined.api.staff("PATCH", path, {"disabled": False})
    await joined.api.staff("DELETE", path)
    removed = await signed_on(browser, provider, "wu")

    assert (before, disabled, removed) == ("/halls/demo/manage", "/sign-on/no-role", "/sign-on/no-role")


async def test_what_is_asked_of_the_provider_is_bound_to_this_browser(browser: Browser, provider: Provider) -> None:
    address = await go(browser, "/v1/session/oidc?to=/")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    jar = browser._session.cookie_jar if browser._session else []
    cookie = next(cookie for cookie in jar if cookie.key == "paihao_sign_on")
    flow = msgspec.json.decode(urlsafe_b64decode(cookie.value.partition(".")[0]))

    assert address.startswith(f"{provider.issuer}/oauth2/authorize?")
    assert (asked["response_type"], asked["client_id"]) == ("code", "paihao")
    assert asked["redirect_uri"] == f"{PUBLIC}/v1/session/oidc/callback"
    assert "openid" in asked["scope"].split()
    assert (asked["state"], asked["nonce"]) == (flow["state"], flow["nonce"])
    assert asked["prompt"] == "select_account"  # a counter's computer has many users
    assert asked["code_challenge_method"] == "S256"
    digest = sha256(flow["verifier"].encode()).digest()
    assert asked["code_challenge"] == urlsafe_b64encode(digest).decode().rstrip("=")
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


async def test_an_answer_that_is_not_this_browsers_signs_nobody_on(
    joined: Service, browser: Browser, provider: Provider
) -> None:
    await joined.api.staff("POST", "staff", {"name": "qian@city.example", "role": "staff"})
    await provider.knows("qian", email="qian@city.example", email_verified=True)
    answer = await provider.agree(await go(browser, "/v1/session/oidc?to=/"), "qian")
    async with Browser(joined.api.base) as victim:
        without_cookie = await come_back(victim, answer)
        await go(victim, "/v1/session/oidc?to=/")
        with_another = await come_back(victim, answer)
        seen = await victim.call("GET", "/v1/session")
    mine = await come_back(browser, answer)
    twice = await come_back(browser, answer)

    assert (without_cookie, with_another) == ("/sign-on/failed", "/sign-on/failed")
    assert seen.body["account"] is None
    assert (mine, twice) == ("/", "/sign-on/failed")


async def test_a_code_of_another_flow_is_refused_by_its_nonce(
    joined: Service, browser: Browser, provider: Provider
) -> None:
    await joined.api.staff("POST", "staff", {"name": "feng@city.example", "role": "staff"})
    await provider.knows("feng", email="feng@city.example", email_verified=True)
    async with Browser(joined.api.base) as thief:
        stolen = await provider.agree(await go(thief, "/v1/session/oidc?to=/"), "feng")
    code = parse_qs(urlsplit(stolen).query)["code"][0]
    own = parse_qs(urlsplit(await go(browser, "/v1/session/oidc?to=/")).query)["state"][0]

    ends_at = await go(browser, f"/v1/session/oidc/callback?code={code}&state={own}")

    assert ends_at == "/sign-on/failed"


async def test_who_says_no_at_the_provider_is_told_and_may_try_again(browser: Browser, provider: Provider) -> None:
    address = await go(browser, "/v1/session/oidc?to=/")

    ends_at = await come_back(
        browser, f"{PUBLIC}/v1/session/oidc/callback?{urlsplit(await provider.deny(address)).query}"
    )
    page = await browser.call("GET", ends_at)

    assert (ends_at, page.status) == ("/sign-on/failed", 200)


async def test_a_flow_that_took_too_long_is_over(joined: Service, browser: Browser, provider: Provider) -> None:
    assert isinstance(joined.clock, FakeClock)
    answer = await provider.agree(await go(browser, "/v1/session/oidc?to=/"), "anybody")

    now_at = joined.clock.now_at()
    joined.clock.advance(601)
    ends_at = await come_back(browser, answer)
    joined.clock.put(now_at)

    assert ends_at == "/sign-on/failed"


@pytest.mark.parametrize(
    "to",
    ["//evil.example", "/%5Cevil.example", "https://evil.example", "evil", "", "/a%0d%0ab", "/a%5Cb", "/%E4%B8%AD"],
)
async def test_one_comes_back_to_a_page_of_ours_only(browser: Browser, to: str) -> None:
    reply = await browser.call("GET", f"/v1/session/oidc?to={to}")

    assert (reply.status, reply.code) == (422, "body-invalid")


async def test_who_cannot_reach_the_provider_is_told_so(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings: dict[str, Any] = {"public_url": PUBLIC, "oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "paihao"}
    folder = tmp_path_factory.mktemp("alone")
    async with (
        service_on(dsn, folder, FakeClock(Clock().now_at()), **settings) as alone,
        Browser(alone.api.base) as browser,
    ):
        assert await go(browser, "/v1/session/oidc?to=/") == "/sign-on/failed"


async def test_without_a_provider_there_is_no_single_sign_on(house: Service) -> None:
    async with Browser(house.api.base) as browser:
        replies = [await browser.call("GET", f"/v1/session/oidc{rest}") for rest in ("", "/callback")]

    assert [reply.code for reply in replies] == ["route-not-found", "route-not-found"]
