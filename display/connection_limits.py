"""Limits of sockets for each client address: how many are open, and how often new ones are opened."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import partial

SCREENS_PER_ADDRESS_MAX = 1500
"""Open sockets of one address: enough for a hall with a thousand tickets on phones, and its screens."""

OPENINGS_PER_S = 50.0
OPENINGS_AT_ONCE = 1000
"""Token bucket for new sockets of one address. After a restart all sockets of a hall reconnect at once."""

ADDRESSES_KNOWN_MAX = 10_000
"""Addresses with a token bucket. Beyond it the bucket that was unused for longest is deleted."""

AddressOf = Callable[[str, str], str]
"""Returns the address of a client from its socket's address and the X-Forwarded-For header."""


class ConnectionLimits:
    """Counts the sockets of all addresses of this process, in memory."""

    def __init__(self, address_of: AddressOf, now_s: Callable[[], float]) -> None:
        self._address_of = address_of
        self._now_s = now_s
        self._open: Counter[str] = Counter()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admit(self, peer: str, forwarded: str) -> Callable[[], None] | None:
        """Count a new socket.

        Returns:
            A function to call when the socket is closed; None if the address is over a limit.
        """
        address = self._address_of(peer, forwarded)
        if self._open[address] >= SCREENS_PER_ADDRESS_MAX or not self._may_open(address):
            return None
        self._open[address] += 1
        return partial(self._release, address)

    def _release(self, address: str) -> None:
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]

    def _may_open(self, address: str) -> bool:
        now_s = self._now_s()
        left, since_s = self._buckets.get(address, (float(OPENINGS_AT_ONCE), now_s))
        left = min(float(OPENINGS_AT_ONCE), left + (now_s - since_s) * OPENINGS_PER_S)
        may = left >= 1
        self._buckets[address] = (left - may, now_s)
        # A refused address is moved as well: otherwise its bucket is deleted, and it gets a full one.
        self._buckets.move_to_end(address)
        if len(self._buckets) > ADDRESSES_KNOWN_MAX:
            self._buckets.popitem(last=False)
        return may
