"""What is due when: the virtual clock of a replay.

Entries are ordered by their second of the trace, then by what they are, then as they were put. At a speed the wall
clock says when the first one is due. Without one, `ready` decides what may be sent before earlier things are answered,
so that many requests are under way without turning the day around:

* people come up to `AHEAD_S` before the earliest thing that is not answered: nobody's coming depends on anything;
* a counter calls as far ahead, but never before somebody who gives up earlier: it might call just them;
* people give up when all that is due before was answered, for it may have called them; who was called gives up no more.

Who needs an answer to go on (a counter its person, a person their number) puts the next entry when it is there, so the
commands of one ticket and of one counter are always in order.
"""

from collections.abc import Callable, Coroutine
from enum import IntEnum
from heapq import heappop, heappush
from typing import NamedTuple

AHEAD_S = 1800.0
"""How far the door runs ahead of the counters: at a busy bank's rate, about as many requests as are sent at once."""

Deed = Callable[[float], Coroutine[None, None, None]]
"""What is done; it is told the second of the trace for which it was put."""


class Order(IntEnum):
    """What comes first in the same second: people come, counters call, people give up."""

    COMES = 0
    COUNTER = 1
    GIVES_UP = 2


class Due(NamedTuple):
    """An entry; `n` counts them, so that equal ones stay in the order they were put."""

    at_s: float
    order: Order
    n: int
    deed: Deed


class Agenda:
    """Entries that wait, and those under way."""

    def __init__(self) -> None:
        self._waiting: dict[Order, list[Due]] = {order: [] for order in Order}
        self._under_way: dict[int, Due] = {}
        self._dropped: set[int] = set()
        self._drawn = 0

    @property
    def under_way(self) -> int:
        """How many entries were begun and have not ended."""
        return len(self._under_way)

    def put(self, at_s: float, order: Order, deed: Deed) -> Due:
        """Add an entry, and return it for `drop`."""
        self._drawn += 1
        due = Due(at_s, order, self._drawn, deed)
        heappush(self._waiting[order], due)
        return due

    def drop(self, due: Due) -> None:
        """Forget an entry that was not begun: nothing waits for it any more."""
        self._dropped.add(due.n)

    def first(self) -> Due | None:
        """The entry that is due first; None when none waits."""
        heads = self._heads()
        return heads[0] if heads else None

    def ready(self) -> Due | None:
        """The first entry that may be begun although earlier ones are under way; None when all have to wait."""
        heads = self._heads()
        if not heads:
            return None
        begun = min(self._under_way.values(), default=heads[0])
        until_s = min(begun, heads[0]).at_s + AHEAD_S
        somebody_gives_up = False
        for due in heads:
            match due.order:
                case Order.COMES:
                    may = due.at_s <= until_s
                case Order.COUNTER:
                    may = due.at_s <= until_s and not somebody_gives_up
                case Order.GIVES_UP:
                    may = due is heads[0] and due <= begun
                    somebody_gives_up = True
            if may:
                return due
        return None

    def begin(self, due: Due) -> None:
        """Note that an entry, the first of its order, is under way."""
        taken = heappop(self._waiting[due.order])
        assert taken is due, "what is begun is the first of its order"
        self._under_way[due.n] = due

    def ended(self, due: Due) -> None:
        """Note that an entry was answered."""
        del self._under_way[due.n]

    def _heads(self) -> list[Due]:
        for heap in self._waiting.values():
            while heap and heap[0].n in self._dropped:
                self._dropped.remove(heappop(heap).n)
        return sorted(heap[0] for heap in self._waiting.values() if heap)
