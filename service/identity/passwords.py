"""Argon2id password hashes, computed in a separate thread pool.

Verification takes the same time whether the account exists or not.

Source: RFC 9106 (its second recommendation: 3 passes over 64 MiB).
"""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from service.domain.refusals import BodyInvalid, Busy
from service.primitives.ids import CROCKFORD

LENGTH_MIN = 10
"""Minimum number of characters. Length is the only requirement (NIST SP 800-63B)."""

LENGTH_MAX = 200
PARAMETERS = RFC_9106_LOW_MEMORY

THREADS = 2
"""Hashes computed at the same time: each takes 64 MiB and about 50 ms of CPU time."""

WAITING_MAX = 64
"""Hashes that are running or wait for a thread; beyond it requests are refused as `busy`."""

STRANGERS_MAX = 48
"""Of these, the limit for browsers that have not signed in before, so that strangers cannot block known browsers."""

ONE_TIME_GROUPS = 4
ONE_TIME_GROUP = 4
"""A one-time password has four groups of four characters: 80 random bits that can be read out over a telephone."""

T = TypeVar("T")


class Passwords:
    """Hashes and verifies passwords."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher.from_parameters(PARAMETERS)
        self._threads = ThreadPoolExecutor(THREADS, "argon2")
        self._waiting = 0
        self._dummy: str | None = None
        """Hash of a random password, verified when there is no hash."""

    def close(self) -> None:
        """Shut down the threads without waiting; running hashes end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Hash a password. Raises Busy."""
        return await self._in_thread(self._hasher.hash, password)

    async def matches(self, stored: str | None, password: str, *, known: bool = False) -> bool:
        """Verify a password against its hash.

        A missing hash takes the same time and returns False, so that timing does not reveal accounts. `known`: the
        browser has signed in before.

        Raises:
            Busy: too many hashes are waiting.
        """
        if not known and self._waiting >= STRANGERS_MAX:
            raise Busy
        if self._dummy is None:  # by the first request, also if the account exists, so that timing is the same
            self._dummy = await self.hash(secrets.token_urlsafe())
        is_match = await self._in_thread(self._verify, stored or self._dummy, password)
        return is_match and stored is not None

    def is_old(self, stored: str) -> bool:
        """Tell whether a hash was made with parameters other than the current ones."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[..., T], *arguments: str) -> T:
        if self._waiting >= WAITING_MAX:
            raise Busy
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._waiting -= 1


def one_time_password(drawn: bytes) -> str:
    """Build a one-time password from the first 10 of the random bytes `drawn`."""
    bits = int.from_bytes(drawn[:10])
    characters = [CROCKFORD[bits >> shift & 31] for shift in range(0, 80, 5)]
    groups = range(0, ONE_TIME_GROUPS * ONE_TIME_GROUP, ONE_TIME_GROUP)
    return "-".join("".join(characters[at : at + ONE_TIME_GROUP]) for at in groups)


def normalized_one_time_password(password: str) -> str:
    """Normalize a typed one-time password: upper case, groups, and digits for similar letters."""
    bare = "".join(character for character in password.upper() if character.isalnum())
    bare = bare.translate(str.maketrans("OIL", "011"))  # Crockford's base32 reads these letters as digits
    return "-".join(bare[at : at + ONE_TIME_GROUP] for at in range(0, len(bare), ONE_TIME_GROUP))


def require_acceptable(field: str, password: str, *forbidden: str) -> None:
    """Check a chosen password: its length, and that it is none of `forbidden`. Raises BodyInvalid for `field`."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise BodyInvalid((field, f"{LENGTH_MIN} to {LENGTH_MAX} characters"))
    if password.casefold() in {text.casefold() for text in forbidden}:
        raise BodyInvalid((field, "the name or the password before is no new password"))
