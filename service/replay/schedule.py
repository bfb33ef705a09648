"""The schedule of a replay: what is due at which second of the trace, and what may be sent already.

Entries are ordered by their second of the trace, then by `Order`, then by the order of `add`. At a fixed speed the wall
clock decides when the first entry is due. Without one, `first_ready` decides which entry may be sent before earlier
ones are answered. So many requests are sent at once, and the order of the day still holds:

* An arrival may be sent up to `AHEAD_S` before the earliest unanswered entry: no arrival depends on anything.
* A counter may call as far ahead, but not before an earlier give-up, because it might call that person.
* A give-up is sent when everything due before it is answered, because the person may have been called. A called person
  no longer gives up.

An action that needs an answer first (a counter its person, a person the ticket) adds its next entry when the answer is
there. So the commands of one ticket, and those of one counter, are always in order.
"""

from collections.abc import Callable, Coroutine
from enum import IntEnum
from heapq import heappop, heappush
from typing import NamedTuple

AHEAD_S = 1800.0
"""How far arrivals may be sent before the calls. At the rate of a busy bank these are about as many as are sent at
once."""

Action = Callable[[float], Coroutine[None, None, None]]
"""What an entry does; it gets the second of the trace for which the entry was added."""


class Order(IntEnum):
    """The order within one second: arrivals, then counters, then people who give up."""

    ARRIVAL = 0
    COUNTER = 1
    GIVE_UP = 2


class Entry(NamedTuple):
    """An entry of the schedule; `n` counts them, so that equal entries stay in the order of `add`."""

    at_s: float
    order: Order
    n: int
    action: Action


class Schedule:
    """The entries that wait, and those that are running."""

    def __init__(self) -> None:
        self._waiting: dict[Order, list[Entry]] = {order: [] for order in Order}
        self._under_way: dict[int, Entry] = {}
        self._dropped: set[int] = set()
        self._count = 0

    @property
    def running(self) -> int:
        """The number of entries that have begun and not ended."""
        return len(self._under_way)

    def add(self, at_s: float, order: Order, action: Action) -> Entry:
        """Add an entry; return it for `cancel`."""
        self._count += 1
        entry = Entry(at_s, order, self._count, action)
        heappush(self._waiting[order], entry)
        return entry

    def cancel(self, entry: Entry) -> None:
        """Remove an entry that has not begun."""
        self._dropped.add(entry.n)

    def first(self) -> Entry | None:
        """Return the entry that is due first; None if none waits."""
        firsts = self._firsts()
        return firsts[0] if firsts else None

    def first_ready(self) -> Entry | None:
        """Return the first entry that may begin although earlier ones are running; None if all must wait."""
        firsts = self._firsts()
        if not firsts:
            return None
        earliest_running = min(self._under_way.values(), default=firsts[0])
        until_s = min(earliest_running, firsts[0]).at_s + AHEAD_S
        give_up_pending = False
        for entry in firsts:
            match entry.order:
                case Order.ARRIVAL:
                    may_begin = entry.at_s <= until_s
                case Order.COUNTER:
                    may_begin = entry.at_s <= until_s and not give_up_pending
                case Order.GIVE_UP:
                    may_begin = entry is firsts[0] and entry <= earliest_running
                    give_up_pending = True
            if may_begin:
                return entry
        return None

    def begin(self, entry: Entry) -> None:
        """Mark an entry, which must be the first of its order, as running."""
        issued = heappop(self._waiting[entry.order])
        assert issued is entry, "what is begun is the first of its order"
        self._under_way[entry.n] = entry

    def ended(self, entry: Entry) -> None:
        """Mark a running entry as answered."""
        del self._under_way[entry.n]

    def _firsts(self) -> list[Entry]:
        for heap in self._waiting.values():
            while heap and heap[0].n in self._dropped:
                self._dropped.remove(heappop(heap).n)
        return sorted(heap[0] for heap in self._waiting.values() if heap)
