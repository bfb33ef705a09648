"""Identify browsers by a random, signed cookie.

The cookie has no personal data and lasts two days. A browser gets it when it opens a page of a hall or takes a ticket.
Other programs get none: a program that serves many people would keep one cookie for all of them.

Rules and the journal see only a keyed hash of hall and cookie, so visits to two halls cannot be connected. The hash is
keyed by the secret that signed the cookie, so it stays the same when the secret is replaced.
"""

import hmac
import re
import secrets
from base64 import urlsafe_b64encode

from aiohttp import web

from service.api.app_keys import LIMITS, SIGNER
from service.api.http.client_address import address_of, over_tls, subscriber_of
from service.api.http.headers import cookie_of
from service.credentials.signer import Signer
from service.domain.model import HallId
from service.errors import RateLimited
from service.limits.rules import BROWSERS_PER_ADDRESS

COOKIE = "paihao_browser"
COOKIE_MAX_AGE_S = 2 * 86_400
"""Two days: the lifetime of a ticket and the following night."""

SIGNATURE_BYTES = 12

_FORM = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{16})")

NEW_COOKIE = web.RequestKey("new_browser", str)
"""The cookie that the answer will set."""


def is_browser(request: web.Request) -> bool:
    """Tell whether the client is a browser.

    All browsers send `Sec-Fetch-Mode` over TLS and to localhost. Elsewhere they are recognized by `User-Agent`.
    """
    headers = request.headers
    return "Sec-Fetch-Mode" in headers or headers.get("User-Agent", "").startswith("Mozilla/")


def browser_of(request: web.Request) -> str | None:
    """The browser's cookie if its signature is valid, else `None`."""
    found = _FORM.fullmatch(cookie_of(request, COOKIE) or "")
    if found is None:
        return None
    return found[0] if _signed_by(request.app[SIGNER], *found.groups()) is not None else None


async def browser_cookie(request: web.Request) -> str | None:
    """The browser's cookie. A browser without one gets a new cookie with this answer.

    `None` if the client is not a browser, or if its address got too many new cookies.
    """
    if not is_browser(request):
        return None
    cookie = browser_of(request)
    if cookie is not None:
        return cookie
    limits = request.app.get(LIMITS)
    if limits is not None:
        try:
            await limits.spend(BROWSERS_PER_ADDRESS, subscriber_of(address_of(request)))
        except RateLimited:
            return None
    nonce = secrets.token_urlsafe(16)
    cookie = request[NEW_COOKIE] = f"{nonce}.{_signatures(request.app[SIGNER], nonce)[0]}"
    return cookie


def browser_hash(signer: Signer, hall: HallId, cookie: str) -> str:
    """The hash of a cookie or another credential, for one hall, keyed by the secret that signed the cookie."""
    found = _FORM.fullmatch(cookie)
    secret_index = (_signed_by(signer, *found.groups()) if found else None) or 0
    return signer.fingerprints(f"browser|{hall}|{cookie}".encode())[secret_index].hex()[:32]


def set_browser_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Set the cookie of a new browser in the answer."""
    cookie = request.get(NEW_COOKIE)
    if cookie is None:
        return
    response.set_cookie(
        COOKIE, cookie, max_age=COOKIE_MAX_AGE_S, path="/", httponly=True, samesite="Lax", secure=over_tls(request)
    )
    if response.headers.get("Cache-Control") != "no-store":  # a shared cache would give one cookie to many browsers
        response.headers["Cache-Control"] = "private, no-cache"


def _signed_by(signer: Signer, nonce: str, signature: str) -> int | None:
    """The index of the secret that signed a cookie; `None` if no secret did."""
    valid = enumerate(_signatures(signer, nonce))
    return next((index for index, candidate in valid if hmac.compare_digest(signature, candidate)), None)


def _signatures(signer: Signer, nonce: str) -> list[str]:
    """The signatures of a cookie by every secret; the current secret is first."""
    content = f"browser cookie|{nonce}".encode()
    digests = signer.fingerprints(content)
    return [urlsafe_b64encode(digest[:SIGNATURE_BYTES]).decode() for digest in digests]
