"""Single sign-on: the authorization code flow of OpenID Connect, with PKCE.

A flow begins with random values that the browser keeps in a signed cookie and the provider gives back: `state` ties the
answer to this browser, `nonce` the token to this flow, and the code can be redeemed only with the verifier. The token
counts when its signature is by a key of the provider, and its issuer, audience, times and nonce are right.

A person is known by (issuer, subject). One who comes for the first time is linked to the account whose name is their
verified e-mail address; without one they are nobody here, for rights are given by managers, not by the provider.

The provider is somebody else's program: whatever it says that cannot be used, and however it says nothing, nobody is
signed on by it, and it is no fault of ours.

Source: OpenID Connect Core 1.0 (3.1), Discovery 1.0; RFC 7636 (PKCE); RFC 9700.
"""

import asyncio
import hmac
import secrets
import unicodedata
import warnings
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from msgspec import Struct

from service.config.settings import is_confidential
from service.identity.accounts import NAME, normalized_name
from service.primitives.personal_data import Personal

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import AsyncOAuth2Client

FLOW_LIFETIME = timedelta(minutes=10)
"""How long somebody may take at the provider."""

ANSWER_WITHIN_S = 5.0
"""How long the provider may take for each answer."""

DISCOVERY_CACHE_S = 3600.0
"""How long the provider's addresses and keys are remembered; a key that is not among them is looked for at once."""

RETRY_AFTER_FAILURE_S = 10.0
"""A provider that does not answer is not asked again for so long: anybody can make us ask."""

LEEWAY_S = 60
"""How far the provider's clock may be from ours."""

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
"""Signatures with a key that the provider does not share; `none` and shared secrets are no proof of it."""

SCOPE = "openid email profile"

PROMPT = "select_account"
"""At a counter's computer the provider may still know who sat there before."""

REQUIRED_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
"""Addresses that a provider must say of itself."""

USER_INFO = "userinfo_endpoint"
"""One that it may say."""

log = structlog.get_logger(__name__)


class SignOnFailed(Exception):  # noqa: N818  (it names what happened)
    """The provider did not answer, or what came back does not prove who somebody is."""


class Flow(Struct, frozen=True):
    """A sign-on under way; `to` is the page to come back to."""

    state: str
    nonce: str
    verifier: str
    to: str
    until_at: datetime


class Person(Personal, frozen=True):
    """Somebody as the provider knows them; `name` is their verified e-mail address as an account would have it."""

    issuer: str
    subject: str
    name: str | None


class Flows:
    """Packs flows into cookies that only we can make; `hashes_of` are by all our secrets, the one that signs first."""

    def __init__(self, hashes_of: Callable[[bytes], list[bytes]]) -> None:
        self._hashes_of = hashes_of

    def begin(self, to: str, now_at: datetime) -> Flow:
        """Draw a new flow."""
        return Flow(
            secrets.token_urlsafe(), secrets.token_urlsafe(), secrets.token_urlsafe(48), to, now_at + FLOW_LIFETIME
        )

    def pack(self, flow: Flow) -> str:
        """The cookie of a flow."""
        body = urlsafe_b64encode(msgspec.json.encode(flow)).decode()
        return f"{body}.{self._seals(body)[0]}"

    def unpack(self, cookie: str, state: str, now_at: datetime) -> Flow:
        """The flow of a cookie, that `state` belongs to. Raises SignOnFailed."""
        body, _, seal = cookie.partition(".")
        if not any(hmac.compare_digest(seal.encode(), one.encode()) for one in self._seals(body)):
            raise SignOnFailed("the cookie is not ours")
        flow = msgspec.json.decode(urlsafe_b64decode(body), type=Flow)
        if not hmac.compare_digest(flow.state.encode(), state.encode()):
            raise SignOnFailed("the answer is of another flow")
        if now_at >= flow.until_at:
            raise SignOnFailed("the flow took too long")
        return flow

    def _seals(self, body: str) -> list[str]:
        return [urlsafe_b64encode(one).decode() for one in self._hashes_of(f"sign-on|{body}".encode())]


class Provider:
    """A provider of single sign-on, and us as its client."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str | None,
        redirect_uri: str,
        monotonic_s: Callable[[], float],
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._monotonic_s = monotonic_s
        self._known: tuple[float, dict[str, Any], Any] | None = None
        self._down: tuple[float, str] | None = None
        self._asking = asyncio.Lock()

    async def address(self, flow: Flow) -> str:
        """Where to send the browser. Raises SignOnFailed."""
        with _heard("where to sign on"):
            async with self._client() as client:
                metadata, _ = await self._discovered(client)
                address, _ = client.create_authorization_url(
                    metadata["authorization_endpoint"],
                    state=flow.state,
                    code_verifier=flow.verifier,
                    nonce=flow.nonce,
                    prompt=PROMPT,
                )
        return str(address)

    async def person(self, code: str, flow: Flow, now_at: datetime) -> Person:
        """Redeem a code: who is it? Raises SignOnFailed."""
        with _heard("who it is"):
            async with self._client() as client:
                metadata, _ = await self._discovered(client)
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    token = await client.fetch_token(
                        metadata["token_endpoint"],
                        grant_type="authorization_code",
                        code=code,
                        code_verifier=flow.verifier,
                    )
                claims = await self._claims(client, token["id_token"], flow, now_at)
                if not {"email", "email_verified"} <= set(claims) and USER_INFO in metadata:
                    told = await _got(client, metadata[USER_INFO], with_token=True)
                    same = told.get("sub") == claims["sub"] and claims.get("email") in (None, told.get("email"))
                    claims = {**claims, **told} if same else claims  # else it is about another one
            return Person(metadata["issuer"], _visible(claims["sub"]), _name_in(claims))

    async def _claims(self, client: "AsyncOAuth2Client", id_token: str, flow: Flow, now_at: datetime) -> dict[str, Any]:
        """What a token says that is sound in every way. Raises joserfc's JoseError, SignOnFailed."""
        from joserfc import jwt  # noqa: PLC0415  (a third of a second, for those who use it)
        from joserfc.errors import BadSignatureError, InvalidKeyIdError  # noqa: PLC0415  (likewise)

        metadata, keys = await self._discovered(client)
        try:
            token = jwt.decode(id_token, keys, algorithms=ALGORITHMS)
        except (BadSignatureError, InvalidKeyIdError, ValueError):  # the provider may have a new key
            metadata, keys = await self._discovered(client, now=True)
            token = jwt.decode(id_token, keys, algorithms=ALGORITHMS)
        registry = jwt.JWTClaimsRegistry(
            now=int(now_at.timestamp()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": metadata["issuer"]},
            aud={"essential": True, "value": self._client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": flow.nonce},
        )
        registry.validate(token.claims)
        claims: dict[str, Any] = token.claims
        if claims.get("azp", self._client_id) != self._client_id:
            raise SignOnFailed("the token is for another client")
        return claims

    async def _discovered(self, client: "AsyncOAuth2Client", *, now: bool = False) -> tuple[dict[str, Any], Any]:
        """The provider's description of itself, and its keys. Raises SignOnFailed."""
        async with self._asking:
            known, down = self._known, self._down
            if known is not None and not now and self._monotonic_s() - known[0] < DISCOVERY_CACHE_S:
                return known[1], known[2]
            if down is not None and self._monotonic_s() - down[0] < RETRY_AFTER_FAILURE_S:
                raise SignOnFailed(down[1])
            try:
                with _heard("what it is"):
                    metadata, keys = await self._asked(client)
            except SignOnFailed as failed:
                self._down = (self._monotonic_s(), str(failed))
                raise
            self._known, self._down = (self._monotonic_s(), metadata, keys), None
            return metadata, keys

    async def _asked(self, client: "AsyncOAuth2Client") -> tuple[dict[str, Any], Any]:
        from joserfc.jwk import KeySet  # noqa: PLC0415  (see `_claims`)

        said = await _got(client, f"{self._issuer}/.well-known/openid-configuration")
        metadata = {name: one for name, one in said.items() if one is not None}  # so some say that they have none
        if str(metadata.get("issuer", "")).rstrip("/") != self._issuer:
            raise SignOnFailed("the provider calls itself otherwise")
        if not all(isinstance(metadata.get(name), str) for name in REQUIRED_ENDPOINTS):
            raise SignOnFailed("the provider does not say where to go")
        if not all(is_confidential(metadata[name]) for name in (*REQUIRED_ENDPOINTS, USER_INFO) if name in metadata):
            raise SignOnFailed("the provider has us go where others can listen: not all of its addresses are https")
        return metadata, KeySet.import_key_set(await _got(client, metadata["jwks_uri"]))  # type: ignore[arg-type]

    def _client(self) -> "AsyncOAuth2Client":
        with warnings.catch_warnings():
            import_module("authlib.deprecate")  # which has its warnings shown, so it comes before the next line
            warnings.simplefilter("ignore")  # that there is a newer httpx, which needs a newer Python
            from authlib.integrations.httpx_client import AsyncOAuth2Client  # noqa: PLC0415  (see `_claims`)

        return AsyncOAuth2Client(
            self._client_id,
            self._client_secret,
            token_endpoint_auth_method=None if self._client_secret else "none",
            scope=SCOPE,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            timeout=ANSWER_WITHIN_S,
        )


@contextmanager
def _heard(what: str) -> Iterator[None]:
    """Take whatever goes wrong with what the provider said, or did not, for SignOnFailed."""
    try:
        yield
    except SignOnFailed:
        raise
    except Exception as error:  # the libraries that read it raise anything
        raise SignOnFailed(f"the provider did not say {what}: {type(error).__name__}") from error


async def _got(client: "AsyncOAuth2Client", address: str, *, with_token: bool = False) -> dict[str, Any]:
    """What is at an address of the provider. Raises SignOnFailed, TimeoutError, and whatever the client raises."""
    async with asyncio.timeout(ANSWER_WITHIN_S):
        answer = await client.request("GET", address, withhold_token=not with_token)
    answer.raise_for_status()
    told = answer.json()
    if not isinstance(told, dict):
        raise SignOnFailed("the provider's answer is no object")
    return told


def _visible(subject: str) -> str:
    """A subject that can be kept and found. Raises SignOnFailed."""
    if not subject.isprintable():
        raise SignOnFailed("the provider's name for somebody is no text")
    return subject


def _name_in(claims: dict[str, Any]) -> str | None:
    """The verified address in claims as the name of an account; None for one that only looks like it, or is none."""
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return None
    name = normalized_name(email)
    is_itself = unicodedata.is_normalized("NFKC", email) and email.lower() == name
    return name if is_itself and NAME.fullmatch(name) else None
