"""Counters that compete for the same people, and the work that keeps somebody from one of theirs.

Services of the very same counters are one kind of work. Where kinds share some counters and not others, each counter
does what was there first, so the kinds even out as far as their counters allow. Those with the most work for each of
their counters are a bottleneck: until that is done its counters do nothing else, and all others do without them. What
is left has a bottleneck again, and so on; whoever comes after the work waits with the bottleneck that their kind is in.
With one kind, or with kinds that share no counter, it is the kind's own work, done by all of its counters. All this as
if those who wait had come evenly mixed.

A set of counters of a stage is written as the bits of a number.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from service.domain.calendar.plan import StaffLevel
from service.domain.model import CounterId, ServiceId
from service.domain.queue.follow_on_services import FollowOn, FollowOnNeed

KINDS_MAX = 6
"""Other kinds that a bottleneck is looked for among; where more of them have work, it all counts as one bottleneck."""


class Staffing(NamedTuple):
    """Counters that do some work.

    `open` are those open now, and `back_at` says when each that is on a break with an end comes back, in order.
    `others` says how many the plan gives, through the day, of kinds that have no counter of either, beside those at
    work; `planned` how many it gives of all of them.
    """

    open: tuple[CounterId, ...]
    back_at: tuple[datetime, ...]
    others: tuple[StaffLevel, ...]
    planned: tuple[StaffLevel, ...]


class WorkKind(NamedTuple):
    """Services of the same counters: all that are `serving`, and those that are `ready`.

    These are the open ones and those on a break with an end, or all if there is none of either.
    """

    services: frozenset[ServiceId]
    serving: int
    ready: int


class Bottleneck(NamedTuple):
    """Kinds of work done together, and the staffing that does it; of those only `own_staffing` can do are `own`."""

    kinds: frozenset[int]
    staffing: Staffing
    own: frozenset[int]
    own_staffing: Staffing


class CounterSharing:
    """Counters that compete for the same people, directly or by way of others; kinds by their index.

    `further` is where `waits` remembers what people who go on bring there, None where that is nothing.
    """

    __slots__ = ("_found", "_make_staffing", "further", "kind_of", "kinds")

    def __init__(self, kinds: Iterable[WorkKind], staffing_of: Callable[[int, int], Staffing]) -> None:
        """`staffing_of` makes a staffing of the counters that are ready and of all that are serving."""
        self.kinds = tuple(kinds)
        self.kind_of = {service: index for index, kind in enumerate(self.kinds) for service in kind.services}
        self._make_staffing = staffing_of
        self._found: dict[tuple[int, int, int], Bottleneck] = {}
        self.further: dict[FollowOn, FollowOnNeed | None] = {}

    def staffing_of(self, kind: int) -> Staffing:
        """All counters of a kind."""
        return self._staffing_of([kind], 0)

    def bottleneck(self, own: int, loads: Sequence[float]) -> Bottleneck:
        """The bottleneck that somebody waits with who comes after all the work.

        Args:
            own: their kind.
            loads: seconds of work of each kind.
        """
        busy = [kind for kind, load in enumerate(loads) if load > 0 and kind != own]
        if len(busy) > KINDS_MAX:
            return self._bottleneck(own, sum(1 << kind for kind in range(len(self.kinds))), 0)
        taken = 0
        while True:
            kinds, counters = self._fullest([*busy, own], loads, taken)
            taken_then = taken | counters
            if kinds >> own & 1 or not self.kinds[own].ready & ~taken_then:
                return self._bottleneck(own, kinds | 1 << own, taken)
            taken = taken_then
            busy = [kind for kind in busy if not kinds >> kind & 1 and self.kinds[kind].ready & ~taken]

    def _fullest(self, among: Sequence[int], loads: Sequence[float], taken: int) -> tuple[int, int]:
        """The kinds with the most work for each counter that is not taken, and their counters; more kinds if alike."""
        sets = [(0, 0.0, 0)]
        for kind in among:
            ready = self.kinds[kind].ready & ~taken
            sets += [(kinds | 1 << kind, load + loads[kind], counters | ready) for kinds, load, counters in sets]
        kinds, _, counters = max(sets[1:], key=lambda one: (one[1] / one[2].bit_count(), one[0].bit_count()))
        return kinds, counters

    def _bottleneck(self, own: int, kinds: int, taken: int) -> Bottleneck:
        found = self._found.get((own, kinds, taken))
        if found is None:
            mine = self.kinds[own].ready & ~taken
            among = frozenset(kind for kind in range(len(self.kinds)) if kinds >> kind & 1)
            only = frozenset(kind for kind in among if not self.kinds[kind].ready & ~taken & ~mine)
            staffing, own_staffing = self._staffing_of(among, taken), self._staffing_of(frozenset([own]), taken)
            found = self._found[own, kinds, taken] = Bottleneck(among, staffing, only, own_staffing)
        return found

    def _staffing_of(self, kinds: Iterable[int], taken: int) -> Staffing:
        ready = serving = 0
        for kind in kinds:
            ready |= self.kinds[kind].ready
            serving |= self.kinds[kind].serving
        return self._make_staffing(ready & ~taken, serving & ~taken)
