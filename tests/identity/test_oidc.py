"""Tests of single sign-on: a token is accepted only if all of it is valid; wrong provider responses are refused."""

import asyncio
import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import RSAKey

from service.identity import oidc
from service.identity.oidc import RETRY_AFTER_FAILURE_S, Flow, Flows, Provider, SignOnFailed

NOW_AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NOW = int(NOW_AT.timestamp())
CLIENT = "paihao"
FIRST = RSAKey.generate_key(2048, {"kid": "first"})


def keyed(said: bytes) -> bytes:
    return hmac.digest(b"a secret", said, "sha256")


class Liar:
    """A provider whose responses a test can change."""

    def __init__(self) -> None:
        self.keys = [FIRST]
        self.issuer = ""
        self.named: str | None = None
        self.token = ""
        self.told: dict[str, Any] | None = None
        self.asked: list[str] = []
        self.down = False
        self.left_out = ""
        self.elsewhere: dict[str, object] = {}
        self.odd: dict[str, bytes] = {}
        self.endless = ""
        self.app = web.Application(middlewares=[self.oddly])
        self.app.router.add_get("/.well-known/openid-configuration", self.metadata)
        self.app.router.add_get("/jwks", self.jwks)
        self.app.router.add_post("/token", self.give)
        self.app.router.add_get("/userinfo", self.user)

    def claims(self, **changes: object) -> dict[str, Any]:
        """Build valid claims with some changes; None removes a claim."""
        right = {"iss": self.issuer, "aud": CLIENT, "sub": "li", "exp": NOW + 60, "iat": NOW, "nonce": "the-nonce"}
        return {name: value for name, value in {**right, **changes}.items() if value is not None}

    def sign(self, claims: dict[str, Any], key: RSAKey | None = None) -> None:
        """Sign the token that the token endpoint returns."""
        signer = key or self.keys[-1]
        self.token = jwt.encode({"alg": "RS256", "kid": signer.kid}, claims, signer)

    @web.middleware
    async def oddly(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Return the replaced response of a path, if a test has set one."""
        if request.path == self.endless:
            answer = web.StreamResponse()
            await answer.prepare(request)
            with suppress(ConnectionError):
                while True:
                    await answer.write(b" ")
                    await asyncio.sleep(0)
        if request.path in self.odd:
            return web.Response(body=self.odd[request.path], content_type="application/json")
        return await handler(request)

    async def metadata(self, _request: web.Request) -> web.Response:
        """Return its metadata."""
        self.asked.append("metadata")
        told = {
            "issuer": self.named or self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
        }
        told = told | ({} if self.told is None else {"userinfo_endpoint": f"{self.issuer}/userinfo"})
        if self.down:
            return web.Response(status=503)
        return web.json_response({name: said for name, said in told.items() if name != self.left_out} | self.elsewhere)

    async def jwks(self, _request: web.Request) -> web.Response:
        """Return its public keys."""
        return web.json_response({"keys": [key.as_dict(private=False) for key in self.keys]})

    async def give(self, request: web.Request) -> web.Response:
        """Check code and verifier of the flow, and return the token."""
        form = await request.post()
        assert (form["code"], form["code_verifier"]) == ("the-code", "the-verifier")
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": self.token})

    async def user(self, _request: web.Request) -> web.Response:
        """Return the user info."""
        return web.json_response(self.told)


FLOW = Flow("the-state", "the-nonce", "the-verifier", "/", NOW_AT + timedelta(minutes=1))


@pytest.fixture
async def liar() -> AsyncIterator[Liar]:
    """Run a provider on a free port."""
    liar = Liar()
    async with TestServer(liar.app) as server:
        liar.issuer = f"http://127.0.0.1:{server.port}"
        yield liar


@pytest.fixture
def provider(liar: Liar) -> Provider:
    """Provide a client of the provider."""
    return Provider(liar.issuer, CLIENT, "a-secret", "http://hall.test/back", lambda: 0.0)


async def test_a_valid_token_identifies_the_person(liar: Liar, provider: Provider) -> None:
    liar.sign(liar.claims(email="Li@City.example", email_verified=True))

    person = await provider.person("the-code", FLOW, NOW_AT)

    assert (person.issuer, person.subject, person.name) == (liar.issuer, "li", "li@city.example")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "http://another.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": None},
        {"aud": ["another-client", "a-third"]},
        {"exp": NOW - 61},
        {"exp": None},
        {"iat": NOW + 3600},
        {"nonce": "another-nonce"},
        {"nonce": None},
        {"sub": None},
        {"azp": "another-client"},
    ],
    ids=str,
)
async def test_a_token_with_a_wrong_claim_is_refused(
    liar: Liar, provider: Provider, changes: dict[str, object]
) -> None:
    liar.sign(liar.claims(**changes))

    with pytest.raises(SignOnFailed):
        await provider.person("the-code", FLOW, NOW_AT)


async def test_a_token_signed_with_another_key_is_refused(liar: Liar, provider: Provider) -> None:
    for kid in ("first", "second"):
        liar.sign(liar.claims(), RSAKey.generate_key(2048, {"kid": kid}))

        with pytest.raises(SignOnFailed):
            await provider.person("the-code", FLOW, NOW_AT)


def part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


async def test_a_token_without_a_signature_is_refused(liar: Liar, provider: Provider) -> None:
    liar.token = f"{part({'alg': 'none'})}.{part(liar.claims())}."

    with pytest.raises(SignOnFailed):
        await provider.person("the-code", FLOW, NOW_AT)


async def test_a_token_signed_with_a_shared_secret_is_refused(liar: Liar, provider: Provider) -> None:
    said = f"{part({'alg': 'HS256', 'kid': 'first'})}.{part(liar.claims())}"
    for secret in (liar.keys[0].as_pem(private=False), b"a-secret"):
        mac = hmac.digest(secret, said.encode(), hashlib.sha256)
        liar.token = f"{said}.{urlsafe_b64encode(mac).decode().rstrip('=')}"

        with pytest.raises(SignOnFailed):
            await provider.person("the-code", FLOW, NOW_AT)


async def test_an_unknown_key_is_fetched(liar: Liar, provider: Provider) -> None:
    liar.sign(liar.claims())
    await provider.person("the-code", FLOW, NOW_AT)
    liar.keys = [RSAKey.generate_key(2048, {"kid": "second"})]
    liar.sign(liar.claims())

    person = await provider.person("the-code", FLOW, NOW_AT)

    assert person.subject == "li"
    assert liar.asked == ["metadata"] * 2


async def test_metadata_with_another_issuer_are_refused(liar: Liar, provider: Provider) -> None:
    liar.named = "http://another.example"

    with pytest.raises(SignOnFailed):
        await provider.address(FLOW)


@pytest.mark.parametrize("left_out", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
async def test_metadata_without_a_required_url_are_refused(liar: Liar, provider: Provider, left_out: str) -> None:
    liar.left_out = left_out

    with pytest.raises(SignOnFailed):
        await provider.address(FLOW)


ABOUT = "/.well-known/openid-configuration"
GIVEN = {"access_token": "x", "token_type": "Bearer", "id_token": "a.b.c"}


@pytest.mark.parametrize("said", [b"[]", b"null", b"[" * 100_000, b'{"keys": [5]}'], ids=ascii)
@pytest.mark.parametrize("path", [ABOUT, "/jwks", "/token", "/userinfo"])
async def test_unusable_responses_of_a_provider_are_refused(
    liar: Liar, provider: Provider, path: str, said: bytes
) -> None:
    liar.odd = {path: said}
    liar.told = {}
    liar.sign(liar.claims())

    if path == "/userinfo" and said.startswith(b"{"):
        assert (await provider.person("the-code", FLOW, NOW_AT)).name is None  # the user info has no `sub`
    else:
        with pytest.raises(SignOnFailed):
            await provider.person("the-code", FLOW, NOW_AT)


@pytest.mark.parametrize(
    "change", [{"id_token": None}, {"id_token": 5}, {"expires_in": []}, {"token_type": {}}], ids=str
)
async def test_a_malformed_token_is_refused(liar: Liar, provider: Provider, change: dict[str, object]) -> None:
    liar.odd = {"/token": json.dumps(GIVEN | change).encode()}

    with pytest.raises(SignOnFailed):
        await provider.person("the-code", FLOW, NOW_AT)


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"])
@pytest.mark.parametrize("address", ["http://provider.example/", 5], ids=str)
async def test_metadata_with_urls_that_are_not_https_are_refused(
    liar: Liar, provider: Provider, name: str, address: object
) -> None:
    liar.elsewhere = {name: address}

    with pytest.raises(SignOnFailed):
        await provider.address(FLOW)


async def test_metadata_may_contain_null_for_an_optional_url(liar: Liar, provider: Provider) -> None:
    liar.elsewhere = {"userinfo_endpoint": None}
    liar.sign(liar.claims())

    assert (await provider.person("the-code", FLOW, NOW_AT)).subject == "li"


@pytest.mark.parametrize("path", [ABOUT, "/jwks", "/token", "/userinfo"])
async def test_an_endless_response_is_aborted(
    liar: Liar, provider: Provider, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "ANSWER_WITHIN_S", 0.2)
    liar.endless = path
    liar.told = {}
    liar.sign(liar.claims())

    async with asyncio.timeout(20):
        with pytest.raises(SignOnFailed):
            await provider.person("the-code", FLOW, NOW_AT)


async def test_a_failed_discovery_is_not_repeated_at_once(liar: Liar, provider: Provider) -> None:
    liar.odd = {"/jwks": b"[]"}

    for _ in range(3):
        with pytest.raises(SignOnFailed):
            await provider.address(FLOW)

    assert liar.asked == ["metadata"]


@pytest.mark.parametrize("subject", ["li\0", "li\n"], ids=ascii)
async def test_a_subject_that_is_not_printable_is_refused(liar: Liar, provider: Provider, subject: str) -> None:
    liar.sign(liar.claims(sub=subject))

    with pytest.raises(SignOnFailed):
        await provider.person("the-code", FLOW, NOW_AT)


@pytest.mark.parametrize(
    "address",
    ["li@ﬁrst.example", "\N{KELVIN SIGN}im@city.example", "strasse@ｃity.example", "straße@city.example", "li\0@x"],
)
async def test_an_address_that_only_normalizes_to_an_account_name_does_not_count(
    liar: Liar, provider: Provider, address: str
) -> None:
    liar.sign(liar.claims(email=address, email_verified=True))

    assert (await provider.person("the-code", FLOW, NOW_AT)).name is None


async def test_a_provider_that_was_down_is_asked_again_later(liar: Liar) -> None:
    now_s = [0.0]
    provider = Provider(liar.issuer, CLIENT, "a-secret", "http://hall.test/back", lambda: now_s[0])
    liar.down = True
    at_once = await asyncio.gather(*(provider.address(FLOW) for _ in range(5)), return_exceptions=True)
    asked = len(liar.asked)
    liar.down = False
    now_s[0] = RETRY_AFTER_FAILURE_S - 1
    with pytest.raises(SignOnFailed):
        await provider.address(FLOW)
    now_s[0] = RETRY_AFTER_FAILURE_S

    address = await provider.address(FLOW)

    assert [type(one) for one in at_once] == [SignOnFailed] * 5
    assert asked == 1
    assert address.startswith(f"{liar.issuer}/authorize?")


@pytest.mark.parametrize(
    ("said", "told", "name"),
    [
        ({"email": "li@city.example"}, {"email": "li@city.example", "email_verified": True}, "li@city.example"),
        ({"email": "li@city.example"}, {"email": "li@city.example", "email_verified": False}, None),
        ({"email": "li@city.example"}, {"email": "other@city.example", "email_verified": True}, None),
        ({"email": "li@city.example", "email_verified": False}, {"email_verified": True}, None),
        ({"email_verified": True}, {"email": "li@city.example", "email_verified": False}, None),
    ],
)
async def test_the_user_info_may_verify_only_the_address_of_the_token(
    liar: Liar, provider: Provider, said: dict[str, object], told: dict[str, object], name: str | None
) -> None:
    liar.told = {"sub": "li", **told}
    liar.sign(liar.claims(**said))

    assert (await provider.person("the-code", FLOW, NOW_AT)).name == name


@pytest.mark.parametrize(("subject", "name"), [("li", "li@city.example"), ("somebody-else", None)])
async def test_the_user_info_counts_only_for_the_same_subject(
    liar: Liar, provider: Provider, subject: str, name: str | None
) -> None:
    liar.told = {"sub": subject, "email": "li@city.example", "email_verified": True}
    liar.sign(liar.claims())

    assert (await provider.person("the-code", FLOW, NOW_AT)).name == name


def test_a_flow_needs_a_valid_signature_its_state_and_its_time() -> None:
    flows = Flows(lambda said: [keyed(said)])
    flow = flows.begin("/halls/demo", NOW_AT)
    cookie = flows.pack(flow)

    assert flows.unpack(cookie, flow.state, NOW_AT) == flow
    for changed, state, at in (
        (cookie, "another", NOW_AT),
        (cookie, flow.state, NOW_AT + timedelta(minutes=10)),
        (cookie[:-2] + "AA", flow.state, NOW_AT),
        ("A" + cookie[1:], flow.state, NOW_AT),
        ("", flow.state, NOW_AT),
        ("é.é", flow.state, NOW_AT),
        (Flows(lambda said: [said]).pack(flow), flow.state, NOW_AT),
    ):
        with pytest.raises(SignOnFailed):
            flows.unpack(changed, state, at)


def test_a_flow_begun_before_the_secret_was_replaced_is_valid() -> None:
    before, after = Flows(lambda said: [keyed(said)]), Flows(lambda said: [b"new" + keyed(said), keyed(said)])
    flow = before.begin("/halls/demo", NOW_AT)

    assert after.unpack(before.pack(flow), flow.state, NOW_AT) == flow
    assert after.pack(flow) != before.pack(flow)
