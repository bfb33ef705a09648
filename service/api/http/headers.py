"""Refuse requests whose headers are not valid text, and read our cookies.

The server decodes bytes that are not UTF-8 to surrogates, which neither the database nor a hash accepts. A request with
such bytes in a header that this service reads is refused; other headers, such as `User-Agent`, are ignored. Our own
cookies are ASCII. A cookie that is not ASCII was set by another program and counts as missing, because the user cannot
correct it.

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
"""The headers whose values this service reads. `hosts` checks `Host`, more strictly."""


def header_refusal(request: web.Request) -> Refusal | None:
    """Return the refusal if a header in `READ_HEADERS` is not valid text, else `None`."""
    if all(value.isascii() for _, value in request.raw_headers):
        return None
    for name in READ_HEADERS:
        if not all(_is_text(value) for value in request.headers.getall(name, ())):
            return RequestUnreadable()
    return None


def cookie_of(request: web.Request, name: str) -> str | None:
    """The value of a cookie; `None` if it is missing or not ASCII."""
    value = request.cookies.get(name)
    return value if value is not None and value.isascii() else None


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
