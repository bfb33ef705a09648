"""Passwords: Argon2id hashes, reckoned in threads of their own, in the same time whether there is an account or not.

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
"""Characters a chosen password has at least; length is what counts (NIST SP 800-63B), so nothing else is asked."""

LENGTH_MAX = 200
PARAMETERS = RFC_9106_LOW_MEMORY

THREADS = 2
"""Hashes reckoned at once: each takes 64 MiB and some 50 ms of a processor."""

WAITING_MAX = 64
"""Hashes that wait for a thread; one more is told `busy`."""

STRANGERS_MAX = 48
"""Of these, how many strangers can make: the rest is for who has signed in here before, whatever strangers do."""

ONE_TIME_GROUPS = 4
ONE_TIME_GROUP = 4
"""A password for one use is four groups of four: 80 random bits that can be read out over a telephone."""

T = TypeVar("T")


class Passwords:
    """Makes and compares hashes."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher.from_parameters(PARAMETERS)
        self._threads = ThreadPoolExecutor(THREADS, "argon2")
        self._waiting = 0
        self._nobodys: str | None = None

    def close(self) -> None:
        """Leave the threads; hashes under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Hash a password. Raises Busy."""
        return await self._in_thread(self._hasher.hash, password)

    async def matches(self, stored: str | None, password: str, *, known: bool = False) -> bool:
        """Tell whether a password is the one that was hashed; None takes as long, and never is. Raises Busy.

        `known`: whoever asks has signed in here before.
        """
        if not known and self._waiting >= STRANGERS_MAX:
            raise Busy
        if self._nobodys is None:  # made by the first who asks, whoever that is
            self._nobodys = await self.hash(secrets.token_urlsafe())
        same = await self._in_thread(self._verify, stored or self._nobodys, password)
        return same and stored is not None

    def is_old(self, stored: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
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
    """A password for one use from 10 random bytes or more."""
    bits = int.from_bytes(drawn[:10])
    characters = [CROCKFORD[bits >> shift & 31] for shift in range(0, 80, 5)]
    groups = range(0, ONE_TIME_GROUPS * ONE_TIME_GROUP, ONE_TIME_GROUP)
    return "-".join("".join(characters[at : at + ONE_TIME_GROUP]) for at in groups)


def normalized_one_time_password(password: str) -> str:
    """A password for one use as it was given out, however it was typed."""
    bare = "".join(character for character in password.upper() if character.isalnum())
    bare = bare.translate(str.maketrans("OIL", "011"))  # Crockford's base32 takes these for digits
    return "-".join(bare[at : at + ONE_TIME_GROUP] for at in range(0, len(bare), ONE_TIME_GROUP))


def require_acceptable(field: str, password: str, *not_these: str) -> None:
    """Let a chosen password pass. Raises BodyInvalid, which names `field`."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise BodyInvalid((field, f"{LENGTH_MIN} to {LENGTH_MAX} characters"))
    if password.casefold() in {one.casefold() for one in not_these}:
        raise BodyInvalid((field, "the name or the password before is no new password"))
