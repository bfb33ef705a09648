"""Counters that compete for the same people, and the work that a person waits for.

Services of exactly the same counters form one kind of work. If kinds share some counters but not others, each counter
serves first whoever came first, so the kinds even out as far as their counters allow. The kinds with the most work for
each of their counters are a bottleneck: until that work is done, its counters do nothing else, and all others do
without them. The remaining kinds and counters have a bottleneck again, and so on. A person who comes after all the work
waits for the bottleneck that contains the person's kind. With one kind, or with kinds that share no counter, this is
the kind's own work, done by all its counters. The model assumes that the waiting people came evenly mixed.

A set of counters of a stage, or a set of kinds, is a bit mask.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from service.domain.calendar.plan import StaffLevel
from service.domain.model import CounterId, ServiceId
from service.domain.queue.follow_on_services import FollowOn, FollowOnNeed

KINDS_MAX = 6
"""The most kinds of work, besides the own kind, among which a bottleneck is searched. If more kinds have work, all of
it counts as one bottleneck."""


class Staffing(NamedTuple):
    """The counters that do some kinds of work, now and later today.

    `open` are the counters that are open now. `back_at` has, in order, the end of the break of each counter that is on
    a break with an end. `planned` are the staff levels that the plan gives all counters of these kinds. `others` are
    the planned levels, besides the counters at work, of kinds that have no open counter and none on such a break.
    """

    open: tuple[CounterId, ...]
    back_at: tuple[datetime, ...]
    others: tuple[StaffLevel, ...]
    planned: tuple[StaffLevel, ...]


class WorkKind(NamedTuple):
    """Services of exactly the same counters.

    `serving` are all counters that serve them. `ready` are those of them that are open or on a break with an end; if
    there are none, all of them.
    """

    services: frozenset[ServiceId]
    serving: int
    ready: int


class Bottleneck(NamedTuple):
    """Kinds of work that are done together, and the counters that do them.

    `own_staffing` are the counters of the person's own kind; `own` are the kinds that only these counters serve.
    """

    kinds: frozenset[int]
    staffing: Staffing
    own: frozenset[int]
    own_staffing: Staffing


class CounterSharing:
    """Counters that compete for the same people, directly or through other counters. A kind is identified by its index.

    `follow_on_needs` caches what follow-on services need at this stage (`queued_work.follow_on_need_at`); None for
    nothing.
    """

    __slots__ = ("_found", "_make_staffing", "follow_on_needs", "kind_of", "kinds")

    def __init__(self, kinds: Iterable[WorkKind], staffing_of: Callable[[int, int], Staffing]) -> None:
        """`staffing_of` makes the staffing from the set of ready counters and the set of serving counters."""
        self.kinds = tuple(kinds)
        self.kind_of = {service: index for index, kind in enumerate(self.kinds) for service in kind.services}
        self._make_staffing = staffing_of
        self._found: dict[tuple[int, int, int], Bottleneck] = {}
        self.follow_on_needs: dict[FollowOn, FollowOnNeed | None] = {}

    def staffing_of(self, kind: int) -> Staffing:
        """Return the staffing with all counters of a kind."""
        return self._staffing_of([kind], 0)

    def bottleneck(self, own: int, loads: Sequence[float]) -> Bottleneck:
        """Return the bottleneck that a person waits for who comes after all the work.

        Args:
            own: the person's kind.
            loads: seconds of work of each kind.
        """
        busy = [kind for kind, load in enumerate(loads) if load > 0 and kind != own]
        if len(busy) > KINDS_MAX:
            return self._bottleneck(own, sum(1 << kind for kind in range(len(self.kinds))), 0)
        taken = 0
        while True:
            kinds, counters = self._heaviest_kinds([*busy, own], loads, taken)
            taken_after = taken | counters
            if kinds >> own & 1 or not self.kinds[own].ready & ~taken_after:
                return self._bottleneck(own, kinds | 1 << own, taken)
            taken = taken_after
            busy = [kind for kind in busy if not kinds >> kind & 1 and self.kinds[kind].ready & ~taken]

    def _heaviest_kinds(self, among: Sequence[int], loads: Sequence[float], taken: int) -> tuple[int, int]:
        """Return the kinds with the most work per counter not in `taken`, and these counters; more kinds on a tie."""
        sets = [(0, 0.0, 0)]
        for kind in among:
            ready = self.kinds[kind].ready & ~taken
            sets += [(kinds | 1 << kind, load + loads[kind], counters | ready) for kinds, load, counters in sets]
        kinds, _, counters = max(sets[1:], key=lambda found: (found[1] / found[2].bit_count(), found[0].bit_count()))
        return kinds, counters

    def _bottleneck(self, own: int, kinds: int, taken: int) -> Bottleneck:
        found = self._found.get((own, kinds, taken))
        if found is None:
            own_counters = self.kinds[own].ready & ~taken
            among = frozenset(kind for kind in range(len(self.kinds)) if kinds >> kind & 1)
            only = frozenset(kind for kind in among if not self.kinds[kind].ready & ~taken & ~own_counters)
            staffing, own_staffing = self._staffing_of(among, taken), self._staffing_of(frozenset([own]), taken)
            found = self._found[own, kinds, taken] = Bottleneck(among, staffing, only, own_staffing)
        return found

    def _staffing_of(self, kinds: Iterable[int], taken: int) -> Staffing:
        ready = serving = 0
        for kind in kinds:
            ready |= self.kinds[kind].ready
            serving |= self.kinds[kind].serving
        return self._make_staffing(ready & ~taken, serving & ~taken)
