"""Single sign-on: the authorization code flow of OpenID Connect, with PKCE.

A flow begins with random values that the browser keeps in a signed cookie and the provider gives back: `state` ties the
answer to this browser, `nonce` the token to this flow, and the code can be redeemed only with the verifier. The token
counts when its signature is by a key of the provider, and its issuer, audience, times and nonce are right.

A person is known by (issuer, subject). One who comes for the first time is linked to the account whose name is their
verified e-mail address; without one they are nobody here, for rights are given by managers, not by the provider.

Source: OpenID Connect Core 1.0 (3.1), Discovery 1.0; RFC 7636 (PKCE); RFC 9700.
"""

import asyncio
import hmac
import secrets
import warnings
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from msgspec import Struct

from service.identity.accounts import name_of
from service.personal import Personal

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import AsyncOAuth2Client

FLOW_LASTS = timedelta(minutes=10)
"""How long somebody may take at the provider."""

ANSWER_WITHIN_S = 5.0
"""How long the provider may take for each answer."""

DISCOVERED_FOR_S = 3600.0
"""How long the provider's addresses and keys are remembered; a key that is not among them is looked for at once."""

DOWN_FOR_S = 10.0
"""A provider that does not answer is not asked again for so long: anybody can make us ask."""

LEEWAY_S = 60
"""How far the provider's clock may be from ours."""

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
"""Signatures with a key that the provider does not share; `none` and shared secrets are no proof of it."""

SCOPE = "openid email profile"

PROMPT = "select_account"
"""At a counter's computer the provider may still know who sat there before."""

NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
"""What a provider must say of itself."""

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
    """Packs flows into cookies that only we can make."""

    def __init__(self, keyed: Callable[[bytes], bytes]) -> None:
        self._keyed = keyed

    def begin(self, to: str, now_at: datetime) -> Flow:
        """Draw a new flow."""
        return Flow(
            secrets.token_urlsafe(), secrets.token_urlsafe(), secrets.token_urlsafe(48), to, now_at + FLOW_LASTS
        )

    def pack(self, flow: Flow) -> str:
        """The cookie of a flow."""
        body = urlsafe_b64encode(msgspec.json.encode(flow)).decode()
        return f"{body}.{self._seal(body)}"

    def unpack(self, cookie: str, state: str, now_at: datetime) -> Flow:
        """The flow of a cookie, that `state` belongs to. Raises SignOnFailed."""
        body, _, seal = cookie.partition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(body).encode()):
            raise SignOnFailed("the cookie is not ours")
        flow = msgspec.json.decode(urlsafe_b64decode(body), type=Flow)
        if not hmac.compare_digest(flow.state.encode(), state.encode()):
            raise SignOnFailed("the answer is of another flow")
        if now_at >= flow.until_at:
            raise SignOnFailed("the flow took too long")
        return flow

    def _seal(self, body: str) -> str:
        return urlsafe_b64encode(self._keyed(f"sign-on|{body}".encode())).decode()


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
        from authlib.common.errors import AuthlibBaseError  # noqa: PLC0415  (a third of a second, for those who use it)
        from joserfc.errors import JoseError  # noqa: PLC0415  (likewise)

        async with self._client() as client:
            metadata, _ = await self._discovered(client)
            try:
                token = await client.fetch_token(
                    metadata["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=flow.verifier
                )
                claims = await self._claims(client, token["id_token"], flow, now_at)
                if not {"email", "email_verified"} <= set(claims) and "userinfo_endpoint" in metadata:
                    told = await self._user_info(client, metadata, claims["sub"])
                    if "email" not in claims or claims["email"] == told.get("email"):  # else it is about another one
                        claims = {**claims, **told}
            except (AuthlibBaseError, JoseError, _http_error(), KeyError, ValueError) as error:
                raise SignOnFailed(type(error).__name__) from error
        email = claims.get("email")
        name = name_of(email) if claims.get("email_verified") is True and isinstance(email, str) else None
        return Person(metadata["issuer"], str(claims["sub"]), name)

    async def _claims(self, client: "AsyncOAuth2Client", id_token: str, flow: Flow, now_at: datetime) -> dict[str, Any]:
        """What a token says that is sound in every way. Raises joserfc's JoseError, SignOnFailed."""
        from joserfc import jwt  # noqa: PLC0415  (see `person`)
        from joserfc.errors import InvalidKeyIdError  # noqa: PLC0415

        metadata, keys = await self._discovered(client)
        try:
            token = jwt.decode(id_token, keys, algorithms=ALGORITHMS)
        except (InvalidKeyIdError, ValueError):  # the provider may have a new key
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

    async def _user_info(self, client: "AsyncOAuth2Client", metadata: dict[str, Any], subject: str) -> dict[str, Any]:
        answer = await client.get(metadata["userinfo_endpoint"])
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told if told.get("sub") == subject else {}

    async def _discovered(self, client: "AsyncOAuth2Client", *, now: bool = False) -> tuple[dict[str, Any], Any]:
        """The provider's description of itself, and its keys. Raises SignOnFailed."""
        async with self._asking:
            known, down = self._known, self._down
            if known is not None and not now and self._monotonic_s() - known[0] < DISCOVERED_FOR_S:
                return known[1], known[2]
            if down is not None and self._monotonic_s() - down[0] < DOWN_FOR_S:
                raise SignOnFailed(down[1])
            try:
                metadata, keys = await self._asked(client)
            except SignOnFailed as failed:
                self._down = (self._monotonic_s(), str(failed))
                raise
            self._known, self._down = (self._monotonic_s(), metadata, keys), None
            return metadata, keys

    async def _asked(self, client: "AsyncOAuth2Client") -> tuple[dict[str, Any], Any]:
        from joserfc.jwk import KeySet  # noqa: PLC0415  (see `person`)

        metadata = await _got(client, f"{self._issuer}/.well-known/openid-configuration")
        if str(metadata.get("issuer", "")).rstrip("/") != self._issuer:
            raise SignOnFailed("the provider calls itself otherwise")
        if not all(isinstance(metadata.get(name), str) for name in NEEDED):
            raise SignOnFailed("the provider does not say where to go")
        try:
            keys = KeySet.import_key_set(await _got(client, metadata["jwks_uri"]))  # type: ignore[arg-type]
        except (KeyError, ValueError) as error:
            raise SignOnFailed("the provider has no keys") from error
        return metadata, keys

    def _client(self) -> "AsyncOAuth2Client":
        with warnings.catch_warnings():
            import_module("authlib.deprecate")  # which has its warnings shown, so it comes before the next line
            warnings.simplefilter("ignore")  # that there is a newer httpx, which needs a newer Python
            from authlib.integrations.httpx_client import AsyncOAuth2Client  # noqa: PLC0415  (see `person`)

        return AsyncOAuth2Client(
            self._client_id,
            self._client_secret,
            token_endpoint_auth_method=None if self._client_secret else "none",
            scope=SCOPE,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            timeout=ANSWER_WITHIN_S,
        )


def _http_error() -> type[Exception]:
    """What the client raises when the network fails: it takes httpx2 where there is one, as authlib does."""
    error: type[Exception] = import_module("httpx2" if find_spec("httpx2") else "httpx").HTTPError
    return error


async def _got(client: "AsyncOAuth2Client", address: str) -> dict[str, Any]:
    """What is at an address of the provider. Raises SignOnFailed."""
    try:
        answer = await client.request("GET", address, withhold_token=True)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
    except (_http_error(), ValueError) as error:
        raise SignOnFailed(f"the provider did not answer: {type(error).__name__}") from error
    return told
