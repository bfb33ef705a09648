"""Tokens that nobody can make up, and what is remembered of those that were asked about.

Of the 32 bytes of a token 24 are drawn and 8 are a keyed hash of them: one that we did not make is known for what it is
without asking the database, however many of them come. Those that we made and that are gone (a session that has ended,
a device that was revoked) are remembered apart from those in use, which they cannot push out.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

DRAWN_BYTES = 24
MARK_BYTES = 8
"""Nobody hits one of 2^64 by guessing, and who did would have the database asked once."""

REMEMBERED_S = 5.0
REMEMBERED_MAX = 10_000
"""Tokens in use that are kept in memory; beyond it the one read longest ago is read anew."""

GONE_MAX = 1_000
"""Tokens that are gone, likewise."""

Value = TypeVar("Value")


class SignedTokens:
    """Makes and knows tokens of a kind: base64url of 32 bytes, without padding.

    Args:
        kind: what they are of; those of another kind are not known.
        keyed: a hash that only we can make.
        keyed_before: such hashes by the secrets that were replaced and are still accepted.
    """

    def __init__(
        self, kind: str, keyed: Callable[[bytes], bytes], keyed_before: Callable[[bytes], list[bytes]]
    ) -> None:
        self._kind = f"token|{kind}|".encode()
        self._keyed = keyed
        self._keyed_before = keyed_before

    def sign(self, drawn: bytes) -> str:
        """The token of what was drawn at random."""
        return self._of(drawn, 0)

    def derive(self, said: bytes, nth: int) -> str:
        """The token that is drawn from our nth secret, 0 the one that signs: the same for the same words."""
        return self._of(self._hashes(said)[nth][:DRAWN_BYTES], nth)

    def _of(self, drawn: bytes, nth: int) -> str:
        assert len(drawn) == DRAWN_BYTES, "less could be guessed"
        mark = self._hashes(self._kind + drawn)[nth][:MARK_BYTES]
        return urlsafe_b64encode(drawn + mark).rstrip(b"=").decode()

    def are_authentic(self, token: str) -> bool:
        """Tell whether we made a token of 43 letters."""
        raw = urlsafe_b64decode(token + "=")
        drawn, mark = raw[:DRAWN_BYTES], raw[DRAWN_BYTES:]
        return any(hmac.compare_digest(one[:MARK_BYTES], mark) for one in self._hashes(self._kind + drawn))

    def _hashes(self, said: bytes) -> list[bytes]:
        return [self._keyed(said), *self._keyed_before(said)]


class TokenCache(Generic[Value]):
    """What was read of tokens in the last `REMEMBERED_S`; None for those that are gone."""

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._found: OrderedDict[bytes, tuple[float, Value | None]] = OrderedDict()
        self._gone: OrderedDict[bytes, tuple[float, Value | None]] = OrderedDict()

    def get(self, hashed: bytes) -> tuple[float, Value | None] | None:
        """When a token was read, and what was found; None when that is too long ago, or never was."""
        known = self._found.get(hashed) or self._gone.get(hashed)
        return known if known is not None and self._monotonic_s() - known[0] < REMEMBERED_S else None

    def put(self, hashed: bytes, read_s: float, found: Value | None) -> None:
        """Remember what was read; the clock was at `read_s` before."""
        self.drop(hashed)
        kept, most = (self._gone, GONE_MAX) if found is None else (self._found, REMEMBERED_MAX)
        kept[hashed] = (read_s, found)
        if len(kept) > most:
            kept.popitem(last=False)

    def drop(self, hashed: bytes) -> None:
        """Forget a token."""
        self._found.pop(hashed, None)
        self._gone.pop(hashed, None)

    def drop_where(self, concerned: Callable[[Value], bool]) -> None:
        """Forget the tokens in use of which something holds."""
        for hashed, (_, found) in list(self._found.items()):
            if found is not None and concerned(found):
                del self._found[hashed]
