"""Guessing passwords is slow, and nobody can use that to keep a clerk out.

Failures are counted per name and the network they come from, so that a stranger elsewhere delays only themselves; and
per network, whatever the names. After some free attempts each further one doubles the wait. A browser that has once
signed in as this name shows so by a cookie that only we can make, and is counted apart from everybody: whoever guesses
beside it, even in the hall's own wireless network, does not slow it down.

An attempt is counted before it is made, in one statement, so that a thousand at once are no more than one after
another. Only keyed hashes of names and networks are stored.
"""

import hmac
import math
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_network

from service.errors import RateLimited
from service.identity.store import PACKAGE, changing, read
from service.journal.database import Database
from service.journal.statements import statements

FREE_OF_NAME = 5
"""Attempts at one name, from one network or one known browser, that need not wait."""

FREE_OF_NETWORK = 50
"""Attempts at any names from one network that need not wait: a hall's clerks share one."""

WAIT_MAX_S = 900.0
FORGOTTEN_AFTER_S = 3600.0
"""A count that was still for so long begins anew."""

PREFIX_V4 = 24
PREFIX_V6 = 64
"""Bits of an address that one who guesses cannot cheaply change."""

NAMES_KNOWN_MAX = 8
"""Names of which a browser can show that it signed in as them; beyond it the oldest is dropped."""

_SQL = statements("lockout.sql", PACKAGE)
_LETTERS = 22  # of a keyed hash cut to 128 bits


class Lockout:
    """Counts failures. Everything here raises StorageUnavailable, and what changes OutcomeUnknown."""

    def __init__(self, database: Database, keyed: Callable[[bytes], bytes]) -> None:
        self._database = database
        self._keyed = keyed

    async def attempt(
        self, name: str, address: IPv4Address | IPv6Address, known: str | None, now_at: datetime
    ) -> list[bytes]:
        """Count an attempt to sign in, and return what to give to `succeeded` when it does.

        Args:
            name: as `name_of` makes it.
            address: the client's.
            known: the cookie that `remember` made, if the browser has one.
            now_at: now.

        Raises:
            RateLimited: attempts like this one have to wait.
        """
        keys = self._keys(name, address, known)
        for key, free in keys:
            if not await read(self._database, _SQL["attempt"], key, now_at, free, WAIT_MAX_S, FORGOTTEN_AFTER_S):
                rows = await read(self._database, _SQL["blocked"], key)
                until_at = rows[0]["blocked_until"] if rows else now_at
                raise RateLimited(max(1, math.ceil((until_at - now_at).total_seconds())))
        return [key for key, _ in keys]

    async def succeeded(self, keys: list[bytes]) -> None:
        """Forget the failures of a name; those of its network stay, but for the attempt that was none."""
        async with changing(self._database) as writer:
            for key in keys[:-1]:
                await writer.execute(_SQL["take_back"], key)
            await writer.execute(_SQL["forget"], keys[-1])

    def remember(self, name: str, known: str | None) -> str:
        """The cookie of a browser that has signed in as a name; it says so of the names before, too."""
        browser, *names = (known or "").split(".")
        if len(browser) != _LETTERS:
            browser, names = secrets.token_urlsafe(16), []
        mine = self._mark(browser, name)
        kept = [mark for mark in names if mark != mine and len(mark) == _LETTERS]
        return ".".join([browser, mine, *kept[: NAMES_KNOWN_MAX - 1]])

    async def sweep(self, now_at: datetime) -> None:
        """Remove what is forgotten."""
        await read(self._database, _SQL["sweep"], now_at - timedelta(seconds=FORGOTTEN_AFTER_S))

    def _keys(self, name: str, address: IPv4Address | IPv6Address, known: str | None) -> list[tuple[bytes, int]]:
        """What an attempt is counted as, each with its free attempts; the name's is last."""
        browser, *names = (known or "").split(".")
        if known is not None and any(_same(self._mark(browser, name), mark) for mark in names):
            return [(self._keyed(f"known|{browser}|{name}".encode()), FREE_OF_NAME)]
        bits = PREFIX_V4 if isinstance(address, IPv4Address) else PREFIX_V6
        network = str(ip_network((address, bits), strict=False))
        return [
            (self._keyed(f"network|{network}".encode()), FREE_OF_NETWORK),
            (self._keyed(f"name|{network}|{name}".encode()), FREE_OF_NAME),
        ]

    def _mark(self, browser: str, name: str) -> str:
        """What only we can make of a browser and a name, and tells neither."""
        digest = sha256(self._keyed(f"signed in|{browser}|{name}".encode())).digest()
        return urlsafe_b64encode(digest)[:_LETTERS].decode()


def _same(mine: str, given: str) -> bool:
    return hmac.compare_digest(mine.encode(), given.encode())
