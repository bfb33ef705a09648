"""What a request says besides its body, as text: headers and cookies whose bytes are none are met here, and only here.

The server reads bytes that are no UTF-8 as surrogates, which neither a database nor a hash takes. Of a header that we
read such a request is refused. Other headers are others' business: what a phone calls itself need not be readable. A
cookie of ours is ASCII; one that is not was put there by another, and counts as none, for a browser cannot help it.

Source: RFC 9110, 5.5 (obs-text).
"""

from aiohttp import web

from service.domain.refusals import Refusal
from service.errors import RequestUnreadable

INVITATION_HEADER = "Paihao-Invitation"

READ_HEADERS = (
    "Accept",
    "Accept-Encoding",
    "Authorization",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Origin",
    INVITATION_HEADER,
    "Sec-Fetch-Site",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
)
"""The headers that are read here by what they say; `Host` is looked at more closely in `hosts`."""


def header_refusal(request: web.Request) -> Refusal | None:
    """Tell what is wrong with the headers of a request, if anything is: one that we read is no text."""
    if all(value.isascii() for _, value in request.raw_headers):
        return None
    for name in READ_HEADERS:
        if not all(_is_text(value) for value in request.headers.getall(name, ())):
            return RequestUnreadable()
    return None


def cookie_of(request: web.Request, name: str) -> str | None:
    """A cookie of ours; None where the browser has none that we can have made."""
    said = request.cookies.get(name)
    return said if said is not None and said.isascii() else None


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
