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
"""Addresses whose reading is remembered: a hall's people share a few, and reading one costs 5 µs."""

FORWARDED_CACHED_MAX = 200
"""Letters of what proxies say that are remembered with it, a dozen addresses; a stranger may write 32,000."""

PREFIX_V6 = 64
"""Bits of an IPv6 address that are one subscriber's; the rest they choose."""

LOCAL = ipaddress.IPv4Address("127.0.0.1")
"""Who comes over a Unix socket is on this machine."""

HSTS = "max-age=31536000"
"""A year: who reached us over TLS once, comes over TLS. Not for subdomains, which are not ours to speak for."""

_SHARED = ipaddress.ip_network("100.64.0.0/10")  # behind a carrier's NAT (RFC 6598); Python calls it neither


log = structlog.get_logger(__name__)


class Net(StrEnum):
    """The class of an address: all of it that the journal keeps."""

    LOCAL = "local"
    PRIVATE = "private"
    PUBLIC = "public"


def address_of(request: web.Request) -> Address:
    """The client's address."""
    return _client(request)[0]


def net_of(request: web.Request) -> Net:
    """The class of the client's address."""
    return _client(request)[1]


def over_tls(request: web.Request) -> bool:
    """Tell whether the client reached us over TLS: the public address says so, or a trusted proxy does."""
    settings = request.app[SETTINGS]
    if settings.public_url.startswith("https:"):
        return True
    said = request.headers.get("X-Forwarded-Proto")
    if said is None:
        return False
    peer = _read(request.remote or "") or LOCAL
    return _within(peer, settings.trusted_proxies) and said.rpartition(",")[2].strip().lower() == "https"


def client_of(peer: str, forwarded: str, trusted: tuple[Network, ...]) -> Address:
    """The client's address: the socket's, or what trusted proxies say, see above."""
    address = _read(peer) or LOCAL
    for part in reversed(forwarded.split(",") if forwarded else []):
        if not _within(address, trusted):
            break
        further = _read(part)
        if further is None:
            break
        address = further
    return address


def class_of(address: Address) -> Net:
    """The class of an address."""
    if address.is_loopback:
        return Net.LOCAL
    shared = isinstance(address, ipaddress.IPv4Address) and address in _SHARED
    return Net.PRIVATE if address.is_private or shared else Net.PUBLIC


def subscriber_of(address: Address) -> str:
    """The part of an address that limits go by: an IPv4 address whole, of an IPv6 address its network of /64."""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.IPv6Network((address, PREFIX_V6), strict=False))


@cache
def warn_untrusted_proxy() -> None:
    """Say once that somebody not trusted says for whom they ask: a stranger, or a proxy that was not named."""
    why = "it came from no address of PAIHAO_TRUSTED_PROXIES; if it was your proxy, all its clients count as one"
    log.warning("x_forwarded_for_ignored", why=why)


def _client(request: web.Request) -> tuple[Address, Net]:
    trusted = request.app[SETTINGS].trusted_proxies
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
    if forwarded and not trusted:
        warn_untrusted_proxy()
        forwarded = ""
    look = _resolve if len(forwarded) > FORWARDED_CACHED_MAX else _resolve_cached
    return look(request.remote or "", forwarded, trusted)


def _resolve(peer: str, forwarded: str, trusted: tuple[Network, ...]) -> tuple[Address, Net]:
    if forwarded and not _within(_read(peer) or LOCAL, trusted):
        warn_untrusted_proxy()
    address = client_of(peer, forwarded, trusted)
    return address, class_of(address)


_resolve_cached = lru_cache(ADDRESS_CACHE_SIZE)(_resolve)


def _read(text: str) -> Address | None:
    """An address as sockets and proxies write it: perhaps with a port, a zone, in brackets, or IPv4 inside IPv6."""
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
