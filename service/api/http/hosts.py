"""The name by which a client reaches us: what its `Host` says, read once and strictly, before anything uses it.

It goes into addresses and into the policy of pages, so it is a name or an address with perhaps a port, and nothing
else: no quotes, no spaces, no semicolons. What is none is refused before any handler sees it.

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
HOSTS_KNOWN = 256
"""Names whose reading is remembered: a service has few, and reading one costs 2 µs."""

_FORM = re.compile(r"(?P<name>[A-Za-z0-9._-]{1,253}|\[(?P<v6>[0-9A-Fa-f:.]{2,45})\])(?::(?P<port>[0-9]{0,5}))?")


class Host(Struct, frozen=True):
    """A host as it stands in an address: `name` in brackets where it is IPv6, `authority` with the port said."""

    name: str
    authority: str


def host_of(request: web.Request) -> Host:
    """The host that a request is for. Raises RequestUnreadable where it says none that can be."""
    host = _read(request.host)
    if host is None:
        raise RequestUnreadable
    return host


def host_refusal(request: web.Request) -> Refusal | None:
    """Tell what is wrong with the host of a request, if anything is: not said, said twice, or none that can be."""
    said = request.headers.getall(HOST, ())
    if len(said) == 1 and _read(said[0]) is not None and (request.host is said[0] or _read(request.host) is not None):
        return None
    if not said and request.version < (1, 1):  # then it need not be said
        return None
    return RequestUnreadable()


@lru_cache(HOSTS_KNOWN)
def _read(said: str) -> Host | None:
    if said.count(":") > 1 and not said.startswith("["):  # as aiohttp has it from a whole address
        said = f"[{said}]"
    found = _FORM.fullmatch(said)
    if found is None or int(found["port"] or 0) > PORT_MAX:
        return None
    if found["v6"] is not None:
        try:
            IPv6Address(found["v6"])
        except AddressValueError:
            return None
    return Host(found["name"].lower(), said.lower())


def display_url(request: web.Request) -> str:
    """Where the sockets are, as this visitor reaches them; where a proxy is before them, the setting says it."""
    settings = request.app[SETTINGS]
    if settings.display_url is not None:
        return settings.display_url.rstrip("/")
    return f"ws://{host_of(request).name}:{request.app[DISPLAY_PORT]}"
