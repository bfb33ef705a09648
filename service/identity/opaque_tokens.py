"""Signed opaque tokens of sessions and devices, and a cache of lookups.

A token has 32 bytes: 24 random bytes and 8 bytes of their HMAC. A forged token is rejected without a query, so any
number of them causes no load on the database. The cache holds valid tokens separately from revoked and expired ones,
which therefore cannot evict them.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

DRAWN_BYTES = 24
MARK_BYTES = 8
"""Bytes of the signature. A guess succeeds once in 2^64, and even then it only causes a query."""

REMEMBERED_S = 5.0
REMEMBERED_MAX = 10_000
"""Valid tokens in the cache; beyond it the one read longest ago is removed."""

GONE_MAX = 1_000
"""Revoked or expired tokens in the cache, likewise."""

Value = TypeVar("Value")


class SignedTokens:
    """Makes and verifies tokens of one kind: base64url of 32 bytes, without padding.

    Args:
        kind: what the tokens are for; tokens of other kinds do not verify.
        keyed: HMAC with the signing secret.
        keyed_before: HMACs with the replaced secrets that are still accepted.
    """

    def __init__(
        self, kind: str, keyed: Callable[[bytes], bytes], keyed_before: Callable[[bytes], list[bytes]]
    ) -> None:
        self._kind = f"token|{kind}|".encode()
        self._keyed = keyed
        self._keyed_before = keyed_before

    def sign(self, drawn: bytes) -> str:
        """Build the token of 24 random bytes."""
        return self._of(drawn, 0)

    def derive(self, content: bytes, nth: int) -> str:
        """Derive a token from `content` with the nth secret (0: the signing one); the same input, the same token."""
        return self._of(self._hashes(content)[nth][:DRAWN_BYTES], nth)

    def _of(self, drawn: bytes, nth: int) -> str:
        assert len(drawn) == DRAWN_BYTES, "a shorter token could be guessed"
        mark = self._hashes(self._kind + drawn)[nth][:MARK_BYTES]
        return urlsafe_b64encode(drawn + mark).rstrip(b"=").decode()

    def is_authentic(self, token: str) -> bool:
        """Tell whether a token of 43 characters has a valid signature."""
        raw = urlsafe_b64decode(token + "=")
        drawn, mark = raw[:DRAWN_BYTES], raw[DRAWN_BYTES:]
        return any(hmac.compare_digest(keyed[:MARK_BYTES], mark) for keyed in self._hashes(self._kind + drawn))

    def _hashes(self, content: bytes) -> list[bytes]:
        return [self._keyed(content), *self._keyed_before(content)]


class TokenCache(Generic[Value]):
    """Lookups of tokens in the last `REMEMBERED_S`; None for tokens that are revoked or expired."""

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._found: OrderedDict[bytes, tuple[float, Value | None]] = OrderedDict()
        self._gone: OrderedDict[bytes, tuple[float, Value | None]] = OrderedDict()

    def get(self, hashed: bytes) -> tuple[float, Value | None] | None:
        """Return when a token was read and the result; None if it is not in the cache or too old."""
        cached = self._found.get(hashed) or self._gone.get(hashed)
        return cached if cached is not None and self._monotonic_s() - cached[0] < REMEMBERED_S else None

    def put(self, hashed: bytes, read_s: float, found: Value | None) -> None:
        """Store a lookup; `read_s` is the monotonic time before it."""
        self.drop(hashed)
        kept, most = (self._gone, GONE_MAX) if found is None else (self._found, REMEMBERED_MAX)
        kept[hashed] = (read_s, found)
        if len(kept) > most:
            kept.popitem(last=False)

    def drop(self, hashed: bytes) -> None:
        """Remove a token."""
        self._found.pop(hashed, None)
        self._gone.pop(hashed, None)

    def drop_where(self, concerned: Callable[[Value], bool]) -> None:
        """Remove the valid tokens whose value satisfies the predicate."""
        for hashed, (_, found) in list(self._found.items()):
            if found is not None and concerned(found):
                del self._found[hashed]
