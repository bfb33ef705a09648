"""Single sign-on: the authorization code flow of OpenID Connect, with PKCE.

A flow begins with random values, which the browser keeps in a signed cookie. `state` ties the provider's response to
this browser, `nonce` ties the token to this flow, and the code can be redeemed only with the verifier. A token is
accepted if it is signed with a key of the provider and its issuer, audience, times and nonce are correct.

A person is identified by (issuer, subject). At the first sign-on the person is linked to the account whose name is
their verified e-mail address. Without such an account the sign-on is refused, because managers give rights, not the
provider.

Every failure or unusable response of the provider becomes `SignOnFailed`; it is not an internal error.

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
"""Time limit for the user to sign in at the provider."""

ANSWER_WITHIN_S = 5.0
"""Time limit for each response of the provider."""

DISCOVERY_CACHE_S = 3600.0
"""How long the provider's metadata and keys are cached; an unknown key causes an immediate new request."""

RETRY_AFTER_FAILURE_S = 10.0
"""After a failure the provider is not asked again for this time, because any visitor can cause such requests."""

LEEWAY_S = 60
"""Accepted difference between the provider's clock and ours."""

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
"""Accepted signature algorithms, all with asymmetric keys; `none` and shared secrets do not prove the issuer."""

SCOPE = "openid email profile"

PROMPT = "select_account"
"""Always ask which account to use: on a counter's computer the provider may still have a colleague's session."""

REQUIRED_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
"""URLs that the provider's metadata must contain."""

USER_INFO = "userinfo_endpoint"
"""URL that the provider's metadata may contain."""

log = structlog.get_logger(__name__)


class SignOnFailed(Exception):  # noqa: N818  (it names what happened)
    """The provider did not answer, or its response does not prove the identity of the person."""


class Flow(Struct, frozen=True):
    """A sign-on in progress; `to` is the page to return to."""

    state: str
    nonce: str
    verifier: str
    to: str
    until_at: datetime


class Person(Personal, frozen=True):
    """A person as identified by the provider; `name` is the verified e-mail address as a sign-in name, or None."""

    issuer: str
    subject: str
    name: str | None


class Flows:
    """Packs flows into signed cookies. `hashes_of` returns HMACs with all accepted secrets, the signing one first."""

    def __init__(self, hashes_of: Callable[[bytes], list[bytes]]) -> None:
        self._hashes_of = hashes_of

    def begin(self, to: str, now_at: datetime) -> Flow:
        """Begin a flow with new random values."""
        return Flow(
            secrets.token_urlsafe(), secrets.token_urlsafe(), secrets.token_urlsafe(48), to, now_at + FLOW_LIFETIME
        )

    def pack(self, flow: Flow) -> str:
        """Build the cookie of a flow."""
        body = urlsafe_b64encode(msgspec.json.encode(flow)).decode()
        return f"{body}.{self._signatures(body)[0]}"

    def unpack(self, cookie: str, state: str, now_at: datetime) -> Flow:
        """Verify a cookie and its `state`, and return the flow. Raises SignOnFailed."""
        body, _, signature = cookie.partition(".")
        if not any(hmac.compare_digest(signature.encode(), valid.encode()) for valid in self._signatures(body)):
            raise SignOnFailed("the signature of the cookie is not valid")
        flow = msgspec.json.decode(urlsafe_b64decode(body), type=Flow)
        if not hmac.compare_digest(flow.state.encode(), state.encode()):
            raise SignOnFailed("the response belongs to another flow")
        if now_at >= flow.until_at:
            raise SignOnFailed("the flow has expired")
        return flow

    def _signatures(self, body: str) -> list[str]:
        return [urlsafe_b64encode(digest).decode() for digest in self._hashes_of(f"sign-on|{body}".encode())]


class Provider:
    """Client of the OpenID Connect provider."""

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
        self._cached: tuple[float, dict[str, Any], Any] | None = None
        """Monotonic time, metadata and keys of the last discovery."""
        self._down: tuple[float, str] | None = None
        """Monotonic time and reason of the last failed discovery."""
        self._discovery_lock = asyncio.Lock()

    async def address(self, flow: Flow) -> str:
        """Return the URL to which the browser is redirected. Raises SignOnFailed."""
        with _provider_call("its addresses"):
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
        """Redeem a code and return the person. Raises SignOnFailed."""
        with _provider_call("the person"):
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
                    info = await _fetch_json(client, metadata[USER_INFO], with_token=True)
                    is_same = info.get("sub") == claims["sub"] and claims.get("email") in (None, info.get("email"))
                    claims = {**claims, **info} if is_same else claims  # otherwise it is about another person
            return Person(metadata["issuer"], _printable(claims["sub"]), _name_in(claims))

    async def _claims(self, client: "AsyncOAuth2Client", id_token: str, flow: Flow, now_at: datetime) -> dict[str, Any]:
        """Validate an ID token and return its claims. Raises joserfc's JoseError, SignOnFailed."""
        from joserfc import jwt  # noqa: PLC0415  (a third of a second, only where single sign-on is used)
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
        """Return the provider's metadata and keys, from the cache unless `now`. Raises SignOnFailed."""
        async with self._discovery_lock:
            cached, down = self._cached, self._down
            if cached is not None and not now and self._monotonic_s() - cached[0] < DISCOVERY_CACHE_S:
                return cached[1], cached[2]
            if down is not None and self._monotonic_s() - down[0] < RETRY_AFTER_FAILURE_S:
                raise SignOnFailed(down[1])
            try:
                with _provider_call("its metadata"):
                    metadata, keys = await self._discover(client)
            except SignOnFailed as failed:
                self._down = (self._monotonic_s(), str(failed))
                raise
            self._cached, self._down = (self._monotonic_s(), metadata, keys), None
            return metadata, keys

    async def _discover(self, client: "AsyncOAuth2Client") -> tuple[dict[str, Any], Any]:
        from joserfc.jwk import KeySet  # noqa: PLC0415  (see `_claims`)

        document = await _fetch_json(client, f"{self._issuer}/.well-known/openid-configuration")
        metadata = {name: value for name, value in document.items() if value is not None}  # null: the URL is missing
        if str(metadata.get("issuer", "")).rstrip("/") != self._issuer:
            raise SignOnFailed("the issuer in the provider's metadata is another one")
        if not all(isinstance(metadata.get(name), str) for name in REQUIRED_ENDPOINTS):
            raise SignOnFailed("the provider's metadata lacks a required URL")
        if not all(is_confidential(metadata[name]) for name in (*REQUIRED_ENDPOINTS, USER_INFO) if name in metadata):
            raise SignOnFailed("a URL in the provider's metadata is not https")
        keys = await _fetch_json(client, metadata["jwks_uri"])
        return metadata, KeySet.import_key_set(keys)  # type: ignore[arg-type]

    def _client(self) -> "AsyncOAuth2Client":
        with warnings.catch_warnings():
            import_module("authlib.deprecate")  # it enables its warnings when imported, so it comes before the filter
            warnings.simplefilter("ignore")  # a deprecation: the replacement needs a newer Python
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
def _provider_call(wanted: str) -> Iterator[None]:
    """Turn every exception inside into SignOnFailed; `wanted` names the missing result in its text."""
    try:
        yield
    except SignOnFailed:
        raise
    except Exception as error:  # the libraries that parse the response raise various exceptions
        raise SignOnFailed(f"the provider did not give {wanted}: {type(error).__name__}") from error


async def _fetch_json(client: "AsyncOAuth2Client", url: str, *, with_token: bool = False) -> dict[str, Any]:
    """Get a JSON object from the provider. Raises SignOnFailed, TimeoutError, and the exceptions of the client."""
    async with asyncio.timeout(ANSWER_WITHIN_S):
        response = await client.request("GET", url, withhold_token=not with_token)
    response.raise_for_status()
    content = response.json()
    if not isinstance(content, dict):
        raise SignOnFailed("the provider's response is not a JSON object")
    return content


def _printable(subject: str) -> str:
    """Return a subject that can be stored and compared. Raises SignOnFailed."""
    if not subject.isprintable():
        raise SignOnFailed("the subject contains characters that are not printable")
    return subject


def _name_in(claims: dict[str, Any]) -> str | None:
    """Return the verified e-mail address as a sign-in name; None if there is none or normalizing would change it."""
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return None
    name = normalized_name(email)
    is_itself = unicodedata.is_normalized("NFKC", email) and email.lower() == name
    return name if is_itself and NAME.fullmatch(name) else None
