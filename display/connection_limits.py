"""How many sockets one address has, and how often it opens new ones: a flood leaves room for others."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import partial

SCREENS_PER_ADDRESS_MAX = 1500
"""Sockets of one address, where addresses are looked at: a thousand people with their tickets, and their screens."""

OPENINGS_PER_S = 50.0
OPENINGS_AT_ONCE = 1000
"""New sockets of one address, where addresses are looked at: all of a hall come back at once after a restart."""

ADDRESSES_KNOWN_MAX = 10_000
"""Addresses whose openings are counted; the one unheard of for longest is forgotten and begins anew."""

AddressOf = Callable[[str, str], str]
"""Says who a client is, from its socket's address and what proxies said in X-Forwarded-For."""


class Crowds:
    """The sockets of all addresses, in memory and of this process alone, for sockets are."""

    def __init__(self, address_of: AddressOf, now_s: Callable[[], float]) -> None:
        self._address_of = address_of
        self._now_s = now_s
        self._open: Counter[str] = Counter()
        self._openings: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def come(self, peer: str, forwarded: str) -> Callable[[], None] | None:
        """Count one more socket; gives what to call when it has gone, or None for one too many."""
        address = self._address_of(peer, forwarded)
        if self._open[address] >= SCREENS_PER_ADDRESS_MAX or not self._may_open(address):
            return None
        self._open[address] += 1
        return partial(self._go, address)

    def _go(self, address: str) -> None:
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]

    def _may_open(self, address: str) -> bool:
        now_s = self._now_s()
        left, since_s = self._openings.get(address, (float(OPENINGS_AT_ONCE), now_s))
        left = min(float(OPENINGS_AT_ONCE), left + (now_s - since_s) * OPENINGS_PER_S)
        may = left >= 1
        self._openings[address] = (left - may, now_s)
        self._openings.move_to_end(address)  # also who is refused: they are not to begin anew
        if len(self._openings) > ADDRESSES_KNOWN_MAX:
            self._openings.popitem(last=False)
        return may
