"""Guessing passwords is slow, and nobody can use that to keep a clerk out.

Failures are counted per name and the network they come from, so that a stranger elsewhere delays only themselves: after
some free attempts each further one doubles the wait. And they are counted per network, whatever the names; that count
drains steadily, for many honest people may be behind one address. A browser that has once signed in as this name shows
so by a cookie that only we can make, and is counted apart from everybody: whoever guesses beside it, even in the hall's
own wireless network, does not slow it down.

An attempt is counted before it is made, in one transaction, so that a thousand at once are no more than one after
another, and one that has to wait is not counted at all. Who could not be answered takes theirs back. Only keyed hashes
of names and networks are stored.
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
"""Attempts at one name, from one network or one known browser, that need not wait."""

FREE_OF_NETWORK = 50
"""Failures of any names from one network that need not wait: a hall's clerks share one."""

FREE_OF_SITE = 200
"""The same for all IPv6 networks of one site: who has a site may use 65,536 networks."""

DRAINED_EVERY_S = 30.0
"""A network's count is one less after so long."""

WAIT_MAX_S = 900.0
FORGOTTEN_AFTER_S = 3600.0
"""A count that was still for so long begins anew."""

PREFIX_V4 = 24
PREFIX_V6 = 64
PREFIX_SITE = 48
"""Bits of an address that one who guesses cannot cheaply change."""

NAMES_KNOWN_MAX = 8
"""Names of which a browser can show that it signed in as them; beyond it the oldest is dropped."""

_SQL = statements("lockout.sql", PACKAGE)
_LETTERS = 22  # of a keyed hash cut to 128 bits


class Attempt(Struct, frozen=True):
    """An attempt that was counted, by its name and, for a stranger, by the networks it came from."""

    name: bytes
    networks: tuple[bytes, ...]

    @property
    def known(self) -> bool:
        """Whether the browser has signed in as this name before."""
        return not self.networks


class Lockout:
    """Counts failures. Everything here raises StorageUnavailable, and what changes OutcomeUnknown."""

    def __init__(self, database: Database, keyed: Callable[[bytes], bytes]) -> None:
        self._database = database
        self._keyed = keyed

    async def attempt(
        self, name: str, address: IPv4Address | IPv6Address, known: str | None, now_at: datetime
    ) -> Attempt:
        """Count an attempt to sign in, and return what to give to `record_success` when it does, or to `cancel`.

        Args:
            name: as `name_of` makes it.
            address: the client's.
            known: the cookie that `remember_browser` made, if the browser has one.
            now_at: now.

        Raises:
            RateLimited: attempts like this one have to wait.
        """
        key = self._key_of_known(name, known)
        if key is not None:
            networks = []
        else:
            networks = _networks_of(address)
            key = self._keyed(f"name|{networks[0][0]}|{name}".encode())
        counted = Attempt(key, tuple(self._keyed(f"network|{network}".encode()) for network, _ in networks))
        async with transaction(self._database) as writer:  # which counts nothing where one of them has to wait
            of_name = (key, now_at, FREE_OF_NAME, WAIT_MAX_S, FORGOTTEN_AFTER_S)
            if await writer.fetchrow(_SQL["attempt"], *of_name) is None:
                raise await _wait(writer, key, now_at, 0.0)
            for of_network, (_, free) in zip(counted.networks, networks, strict=True):
                if await writer.fetchrow(_SQL["drop_in"], of_network, now_at, DRAINED_EVERY_S, free) is None:
                    raise await _wait(writer, of_network, now_at, DRAINED_EVERY_S * (free - 1))
        return counted

    async def record_success(self, counted: Attempt) -> None:
        """Forget the failures of a name; those of its networks stay, but for the attempt that was none."""
        async with transaction(self._database) as writer:
            await writer.execute(_SQL["forget"], counted.name)
            for network in counted.networks:
                await writer.execute(_SQL["drop_out"], network, DRAINED_EVERY_S)

    async def cancel(self, counted: Attempt) -> None:
        """Count an attempt no more that was neither right nor wrong: nobody could look."""
        async with transaction(self._database) as writer:
            await writer.execute(_SQL["take_back"], counted.name)
            for network in counted.networks:
                await writer.execute(_SQL["drop_out"], network, DRAINED_EVERY_S)

    def remember_browser(self, name: str, known: str | None) -> str:
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

    def _key_of_known(self, name: str, known: str | None) -> bytes | None:
        """What a browser is counted as that has signed in as a name."""
        browser, *names = (known or "").split(".")
        if known is not None and any(_same(self._mark(browser, name), mark) for mark in names):
            return self._keyed(f"known|{browser}|{name}".encode())
        return None

    def _mark(self, browser: str, name: str) -> str:
        """What only we can make of a browser and a name, and tells neither."""
        digest = sha256(self._keyed(f"signed in|{browser}|{name}".encode())).digest()
        return urlsafe_b64encode(digest)[:_LETTERS].decode()


def _networks_of(address: IPv4Address | IPv6Address) -> list[tuple[IPv4Network | IPv6Network, int]]:
    """The networks an address is in, the nearest first, each with the failures that need not wait."""
    if isinstance(address, IPv4Address):
        return [(IPv4Network((address, PREFIX_V4), strict=False), FREE_OF_NETWORK)]
    return [
        (IPv6Network((address, PREFIX_V6), strict=False), FREE_OF_NETWORK),
        (IPv6Network((address, PREFIX_SITE), strict=False), FREE_OF_SITE),
    ]


async def _wait(writer: Writer, key: bytes, now_at: datetime, free_s: float) -> RateLimited:
    """What to tell who has to wait."""
    row = await writer.fetchrow(_SQL["blocked"], key)
    until_at = row["blocked_until"] if row is not None else now_at
    return RateLimited(max(1, math.ceil((until_at - now_at).total_seconds() - free_s)))


def _same(mine: str, given: str) -> bool:
    return hmac.compare_digest(mine.encode(), given.encode())
