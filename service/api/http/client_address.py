"""The client's address, its network class, and whether the client uses TLS."""

import ipaddress
from collections.abc import Iterable
from enum import StrEnum
from functools import cache, lru_cache

import structlog
from aiohttp import web

from service.api.app_keys import SETTINGS
from service.config.values import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

ADDRESS_CACHE_SIZE = 4096
"""Parsed addresses in the cache. Clients of a hall share few addresses, and parsing one takes 5 µs."""

FORWARDED_CACHED_MAX = 200
"""Longest `X-Forwarded-For`, in characters, that is cached: about twelve addresses. Clients may send 32,000."""

PREFIX_V6 = 64
"""Leading bits of an IPv6 address that identify a subscriber. The subscriber chooses the other bits."""

LOCAL = ipaddress.IPv4Address("127.0.0.1")
"""The address of clients without one: a Unix socket connects processes of this machine."""

HSTS = "max-age=31536000"
"""`Strict-Transport-Security` of one year. Subdomains are not included: they may belong to other services."""

_SHARED = ipaddress.ip_network("100.64.0.0/10")  # carrier-grade NAT (RFC 6598): neither private nor global in Python


log = structlog.get_logger(__name__)


class Net(StrEnum):
    """The network class of a client's address. The journal stores only this, never the address."""

    LOCAL = "local"
    PRIVATE = "private"
    PUBLIC = "public"


def address_of(request: web.Request) -> Address:
    """The client's address, behind trusted proxies."""
    return _client(request)[0]


def net_of(request: web.Request) -> Net:
    """The network class of the client's address."""
    return _client(request)[1]


def over_tls(request: web.Request) -> bool:
    """Tell whether the client uses TLS, according to `PAIHAO_PUBLIC_URL` or to a trusted proxy."""
    settings = request.app[SETTINGS]
    if settings.public_url.startswith("https:"):
        return True
    schemes = request.headers.get("X-Forwarded-Proto")
    if schemes is None:
        return False
    peer = _parse(request.remote or "") or LOCAL
    return _within(peer, settings.trusted_proxies) and schemes.rpartition(",")[2].strip().lower() == "https"


def client_of(peer: str, forwarded: str, trusted: tuple[Network, ...]) -> Address:
    """Find the client's address from the peer address of the socket and the `X-Forwarded-For` header.

    Addresses in the header are read from the last to the first, as long as the address before is a trusted proxy.
    """
    address = _parse(peer) or LOCAL
    for part in reversed(forwarded.split(",") if forwarded else []):
        if not _within(address, trusted):
            break
        previous_hop = _parse(part)
        if previous_hop is None:
            break
        address = previous_hop
    return address


def class_of(address: Address) -> Net:
    """The network class of an address."""
    if address.is_loopback:
        return Net.LOCAL
    shared = isinstance(address, ipaddress.IPv4Address) and address in _SHARED
    return Net.PRIVATE if address.is_private or shared else Net.PUBLIC


def subscriber_of(address: Address) -> str:
    """The part of an address that rate limits count: the whole IPv4 address, or the /64 network of an IPv6 address."""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.IPv6Network((address, PREFIX_V6), strict=False))


@cache
def warn_untrusted_proxy() -> None:
    """Log a warning, once per process, that `X-Forwarded-For` came from an address that is no trusted proxy."""
    why = "the sender is not in PAIHAO_TRUSTED_PROXIES; if it is your proxy, all its clients count as one client"
    log.warning("x_forwarded_for_ignored", why=why)


def _client(request: web.Request) -> tuple[Address, Net]:
    trusted = request.app[SETTINGS].trusted_proxies
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
    if forwarded and not trusted:
        warn_untrusted_proxy()
        forwarded = ""
    resolve = _resolve if len(forwarded) > FORWARDED_CACHED_MAX else _resolve_cached
    return resolve(request.remote or "", forwarded, trusted)


def _resolve(peer: str, forwarded: str, trusted: tuple[Network, ...]) -> tuple[Address, Net]:
    if forwarded and not _within(_parse(peer) or LOCAL, trusted):
        warn_untrusted_proxy()
    address = client_of(peer, forwarded, trusted)
    return address, class_of(address)


_resolve_cached = lru_cache(ADDRESS_CACHE_SIZE)(_resolve)


def _parse(text: str) -> Address | None:
    """Parse an address as sockets and proxies write it. `None` if it is not an address.

    The text may have a port, an IPv6 zone or brackets. An IPv4 address mapped into IPv6 is returned as IPv4.
    """
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
