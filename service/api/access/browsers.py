"""Browsers: a random, signed cookie by which one browser is told from another, and a hash of it that rules may use.

It says nothing about a person, is sent to nobody else, and lasts two days. Only browsers get one, when they open a page
of a hall or take a number: programs would keep it by accident, and then be taken for one person.

What leaves the rim is a keyed hash of hall and cookie: two halls cannot tell that somebody was at both. It is keyed by
the secret that signed the cookie, so a browser stays the same one when the secret is replaced.
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
"""A ticket's life and a night."""

SIGNATURE_BYTES = 12

_FORM = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{16})")

NEW_COOKIE = web.RequestKey("new_browser", str)
"""The cookie that the answer will carry."""


def is_browser(request: web.Request) -> bool:
    """Tell whether a browser asks: over TLS and on this machine all say how they fetch, elsewhere by their name."""
    headers = request.headers
    return "Sec-Fetch-Mode" in headers or headers.get("User-Agent", "").startswith("Mozilla/")


def browser_of(request: web.Request) -> str | None:
    """The browser's cookie, if it is one of ours."""
    found = _FORM.fullmatch(cookie_of(request, COOKIE) or "")
    if found is None:
        return None
    return found[0] if _signed_by(request.app[SIGNER], *found.groups()) is not None else None


async def browser_cookie(request: web.Request) -> str | None:
    """The browser's cookie, the one it sent or one that it gets with this answer; None for what is no browser."""
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
    drawn = secrets.token_urlsafe(16)
    cookie = request[NEW_COOKIE] = f"{drawn}.{_signatures(request.app[SIGNER], drawn)[0]}"
    return cookie


def browser_hash(signer: Signer, hall: HallId, cookie: str) -> str:
    """What rules may know of a browser, by its cookie, or of a credential."""
    found = _FORM.fullmatch(cookie)
    nth = (_signed_by(signer, *found.groups()) if found else None) or 0
    return signer.fingerprints(f"browser|{hall}|{cookie}".encode())[nth].hex()[:32]


def set_browser_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Let the answer carry the cookie that a new browser gets."""
    cookie = request.get(NEW_COOKIE)
    if cookie is None:
        return
    response.set_cookie(
        COOKIE, cookie, max_age=COOKIE_MAX_AGE_S, path="/", httponly=True, samesite="Lax", secure=over_tls(request)
    )
    if response.headers.get("Cache-Control") != "no-store":  # else a cache that many share would make them one browser
        response.headers["Cache-Control"] = "private, no-cache"


def _signed_by(signer: Signer, drawn: str, signed: str) -> int | None:
    """Which of our secrets signed a cookie; None for none of them."""
    signatures = enumerate(_signatures(signer, drawn))
    return next((nth for nth, one in signatures if hmac.compare_digest(signed, one)), None)


def _signatures(signer: Signer, drawn: str) -> list[str]:
    said = f"browser cookie|{drawn}".encode()
    return [urlsafe_b64encode(one[:SIGNATURE_BYTES]).decode() for one in signer.fingerprints(said)]
