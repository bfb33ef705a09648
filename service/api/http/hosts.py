"""Parse and check the `Host` of requests, and build the URL of the WebSocket server.

The host becomes part of URLs and of the content security policy of pages. So it must be a name or an IP address with an
optional port, without quotes, spaces or semicolons. Other requests are refused before any handler runs.

Source: RFC 9110, 7.2; RFC 9112, 3.2.
"""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address

from aiohttp import web
from aiohttp.hdrs import HOST
from msgspec import Struct

from service.api.app_keys import DISPLAY_PORT, SETTINGS
from service.domain.refusals import Refusal
from service.errors import RequestUnreadable

PORT_MAX = 65535
HOSTS_CACHED = 256
"""Parsed hosts in the cache. A service has few names, and parsing one takes 2 µs."""

_FORM = re.compile(r"(?P<name>[A-Za-z0-9._-]{1,253}|\[(?P<v6>[0-9A-Fa-f:.]{2,45})\])(?::(?P<port>[0-9]{0,5}))?")


class Host(Struct, frozen=True):
    """A host in lower case. `name` has no port, and brackets around IPv6; `authority` includes the port if given."""

    name: str
    authority: str


def host_of(request: web.Request) -> Host:
    """The host that a request names. Raises RequestUnreadable if it is not a valid host."""
    host = _parse(request.host)
    if host is None:
        raise RequestUnreadable
    return host


def host_refusal(request: web.Request) -> Refusal | None:
    """Return the refusal if the `Host` header is missing, repeated or invalid, else `None`."""
    values = request.headers.getall(HOST, ())
    if len(values) == 1 and _parse(values[0]) is not None:
        if request.host is values[0] or _parse(request.host) is not None:
            return None
    elif not values and request.version < (1, 1):  # HTTP/1.0 does not require it
        return None
    return RequestUnreadable()


@lru_cache(HOSTS_CACHED)
def _parse(text: str) -> Host | None:
    if text.count(":") > 1 and not text.startswith("["):  # aiohttp removes the brackets if the target is a whole URL
        text = f"[{text}]"
    found = _FORM.fullmatch(text)
    if found is None or int(found["port"] or 0) > PORT_MAX:
        return None
    if found["v6"] is not None:
        try:
            IPv6Address(found["v6"])
        except AddressValueError:
            return None
    return Host(found["name"].lower(), text.lower())


def display_url(request: web.Request) -> str:
    """The URL of the WebSocket server for this client, without a path.

    It is the setting `PAIHAO_DISPLAY_URL`, which is needed behind a proxy, or else the request's host and display port.
    """
    settings = request.app[SETTINGS]
    if settings.display_url is not None:
        return settings.display_url.rstrip("/")
    return f"ws://{host_of(request).name}:{request.app[DISPLAY_PORT]}"
