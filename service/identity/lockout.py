"""Delay repeated wrong sign-ins, without letting an attacker lock a clerk out.

Failures are counted per sign-in name and client network, so that an attacker delays only attempts from the attacker's
own network. After some free attempts each failure doubles the wait. Failures are also counted per network for all names
together; this count decreases steadily, because many people may share one address. A browser that has signed in with a
name before proves this by a signed cookie and has its own count. Attempts of others, even in the hall's own network, do
not delay it.

An attempt is counted before the password is verified, in one transaction, so that parallel attempts gain nothing. An
attempt that has to wait is not counted. An attempt that could not be verified is uncounted. Only keyed hashes of names
and networks are stored.
"""

import hmac
import math
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from msgspec import Struct

from service.errors import RateLimited
from service.identity.store import PACKAGE, Writer, read, transaction
from service.journal.database import Database
from service.journal.sql_files import statements

FREE_OF_NAME = 5
"""Free attempts with one name, from one network or one known browser."""

FREE_OF_NETWORK = 50
"""Free failures with any names from one network; all clerks of a hall usually share a network."""

FREE_OF_SITE = 200
"""The same for all IPv6 networks of one site, which has 65,536 networks."""

DRAINED_EVERY_S = 30.0
"""The count of a network decreases by one in this time."""

WAIT_MAX_S = 900.0
FORGOTTEN_AFTER_S = 3600.0
"""A count without a new failure for this time starts again from zero."""

PREFIX_V4 = 24
PREFIX_V6 = 64
PREFIX_SITE = 48
"""Prefix lengths of the networks that are counted: bits of an address that an attacker cannot easily change."""

NAMES_KNOWN_MAX = 8
"""Sign-in names that the cookie of a browser can hold; beyond it the oldest is dropped."""

_SQL = statements("lockout.sql", PACKAGE)
_LETTERS = 22  # base64 characters of 128 bits


class Attempt(Struct, frozen=True):
    """A counted attempt: the key of its name count and, unless the browser is known, the keys of its networks."""

    name: bytes
    networks: tuple[bytes, ...]

    @property
    def known(self) -> bool:
        """Whether the browser has signed in with this name before."""
        return not self.networks


class Lockout:
    """Counts failures. Methods with a query raise StorageUnavailable; those that write also OutcomeUnknown."""

    def __init__(self, database: Database, keyed: Callable[[bytes], bytes]) -> None:
        self._database = database
        self._keyed = keyed

    async def attempt(
        self, name: str, address: IPv4Address | IPv6Address, known: str | None, now_at: datetime
    ) -> Attempt:
        """Count an attempt to sign in; pass the result to `record_success` or `cancel`.

        Args:
            name: the sign-in name, normalized.
            address: the address of the client.
            known: the cookie made by `remember_browser`, if the browser has one.
            now_at: the present instant.

        Raises:
            RateLimited: attempts with this name or from this network have to wait.
        """
        key = self._key_of_known(name, known)
        if key is not None:
            networks = []
        else:
            networks = _networks_of(address)
            key = self._keyed(f"name|{networks[0][0]}|{name}".encode())
        counted = Attempt(key, tuple(self._keyed(f"network|{network}".encode()) for network, _ in networks))
        async with transaction(self._database) as writer:  # rolled back, counting nothing, if one count has to wait
            of_name = (key, now_at, FREE_OF_NAME, WAIT_MAX_S, FORGOTTEN_AFTER_S)
            if await writer.fetchrow(_SQL["attempt"], *of_name) is None:
                raise await _wait(writer, key, now_at, 0.0)
            for of_network, (_, free) in zip(counted.networks, networks, strict=True):
                if await writer.fetchrow(_SQL["count_draining"], of_network, now_at, DRAINED_EVERY_S, free) is None:
                    raise await _wait(writer, of_network, now_at, DRAINED_EVERY_S * (free - 1))
        return counted

    async def record_success(self, counted: Attempt) -> None:
        """Reset the count of the name, and uncount this attempt for its networks."""
        async with transaction(self._database) as writer:
            await writer.execute(_SQL["reset"], counted.name)
            for network in counted.networks:
                await writer.execute(_SQL["uncount_draining"], network, DRAINED_EVERY_S)

    async def cancel(self, counted: Attempt) -> None:
        """Uncount an attempt whose password could not be verified."""
        async with transaction(self._database) as writer:
            await writer.execute(_SQL["uncount"], counted.name)
            for network in counted.networks:
                await writer.execute(_SQL["uncount_draining"], network, DRAINED_EVERY_S)

    def remember_browser(self, name: str, known: str | None) -> str:
        """Return the cookie of a browser that has signed in with a name; it keeps earlier names of the cookie."""
        browser, *marks = (known or "").split(".")
        if len(browser) != _LETTERS:
            browser, marks = secrets.token_urlsafe(16), []
        new_mark = self._mark(browser, name)
        kept = [mark for mark in marks if mark != new_mark and len(mark) == _LETTERS]
        return ".".join([browser, new_mark, *kept[: NAMES_KNOWN_MAX - 1]])

    async def sweep(self, now_at: datetime) -> None:
        """Delete counts that have expired."""
        await read(self._database, _SQL["sweep"], now_at - timedelta(seconds=FORGOTTEN_AFTER_S))

    def _key_of_known(self, name: str, known: str | None) -> bytes | None:
        """Return the count key of a known browser and a name; None if the cookie does not contain the name."""
        browser, *marks = (known or "").split(".")
        if known is not None and any(_equal(self._mark(browser, name), mark) for mark in marks):
            return self._keyed(f"known|{browser}|{name}".encode())
        return None

    def _mark(self, browser: str, name: str) -> str:
        """Return a keyed hash of browser and name, which proves the sign-in and reveals neither."""
        digest = sha256(self._keyed(f"signed in|{browser}|{name}".encode())).digest()
        return urlsafe_b64encode(digest)[:_LETTERS].decode()


def _networks_of(address: IPv4Address | IPv6Address) -> list[tuple[IPv4Network | IPv6Network, int]]:
    """List the networks of an address, smallest first, each with its number of free failures."""
    if isinstance(address, IPv4Address):
        return [(IPv4Network((address, PREFIX_V4), strict=False), FREE_OF_NETWORK)]
    return [
        (IPv6Network((address, PREFIX_V6), strict=False), FREE_OF_NETWORK),
        (IPv6Network((address, PREFIX_SITE), strict=False), FREE_OF_SITE),
    ]


async def _wait(writer: Writer, key: bytes, now_at: datetime, free_s: float) -> RateLimited:
    """Build the refusal of an attempt that has to wait."""
    row = await writer.fetchrow(_SQL["blocked"], key)
    until_at = row["blocked_until"] if row is not None else now_at
    return RateLimited(max(1, math.ceil((until_at - now_at).total_seconds() - free_s)))


def _equal(expected: str, actual: str) -> bool:
    return hmac.compare_digest(expected.encode(), actual.encode())
