"""Counter pools: which counters may call a ticket, and which lines compete for these counters.

`CounterPools` caches its answers. `WaitingQueue` drops it when a counter, the plan or the set of lines changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from service.domain.calendar.plan import Plan, PlannedCounter, StaffLevel
from service.domain.model import Counter, CounterId, CounterState, ServiceId, StageId
from service.domain.queue.shared_counters import CounterSharing, Staffing, WorkKind
from service.domain.queue.waiting_lines import Line, LineKey


class Pool(NamedTuple):
    """The counters that may call a ticket, and the lines that these counters draw from.

    `staffing` describes the counters, `services` the services that the lines may have, `stage` the stage where the
    tickets wait. `sharing` covers also the counters and lines that compete indirectly, through shared counters;
    `shared_lines` are these lines with their kind of work, and `kind` is the ticket's own kind of work in `sharing`.
    """

    staffing: Staffing
    lines: tuple[Line, ...]
    services: frozenset[ServiceId]
    stage: StageId
    sharing: CounterSharing
    shared_lines: tuple[tuple[int, Line], ...]
    kind: int


class _StageCounters(NamedTuple):
    """The counters of a stage. A set of counters is a bit mask over `counters`.

    `serving` maps each service to its counters, `kinds` maps a set of counters to the services that have exactly
    these, and `staffed` is the set of counters that are not closed.
    """

    counters: list[Counter]
    serving: dict[ServiceId, int]
    kinds: dict[int, list[ServiceId]]
    staffed: int

    def sharing_with(self, service: ServiceId) -> dict[int, list[ServiceId]]:
        """Return the kinds of work connected to a service by shared counters.

        Closed counters connect two kinds only if all counters of a kind are closed.
        """
        own = self.serving.get(service, 0)
        if not own:
            return {own: [service]}  # a service without counters shares none
        reached, reach = {own}, own & self.staffed or own
        while found := [counters for counters in self.kinds if counters not in reached and counters & reach]:
            for counters in found:
                reached.add(counters)
                reach |= counters & self.staffed or counters
        return {counters: names for counters, names in self.kinds.items() if counters in reached}


def _stage_counters(
    stage: StageId, counters: Iterable[Counter], planned: Mapping[CounterId, PlannedCounter]
) -> _StageCounters:
    """Collect the counters of a stage, without closed counters that the plan no longer offers: they cannot open."""
    found = [
        counter
        for counter in counters
        if counter.stage == stage and (counter.state is not CounterState.CLOSED or planned[counter.id].offered)
    ]
    serving: dict[ServiceId, int] = {}
    for n, counter in enumerate(found):
        for name in counter.services:
            serving[name] = serving.get(name, 0) | 1 << n
    kinds: dict[int, list[ServiceId]] = {}
    for name, some in serving.items():
        kinds.setdefault(some, []).append(name)
    staffed = sum(1 << n for n, counter in enumerate(found) if counter.state is not CounterState.CLOSED)
    return _StageCounters(found, serving, kinds, staffed)


def _planned_besides(plan: Plan, counters: int, at_work: int, of_stage: int) -> tuple[StaffLevel, ...]:
    """Return how many of `counters` counters the plan staffs in addition to the `at_work` counters of the stage.

    The counters at work use up their part of the planned staff. The other counters may open only when the plan
    changes to more staff.
    """
    found: list[StaffLevel] = []
    later = 0
    planned = zip(plan.staff_levels(counters, of_stage), plan.staff_levels(of_stage, of_stage), strict=True)
    for share, staff in reversed(tuple(planned)):
        left = max(0, staff.counters - at_work)
        found.append(share._replace(counters=min(share.counters, left)) if left or later else share)
        later += share.counters
    return tuple(reversed(found))


def _serves(counter: Counter, service: ServiceId, stage: StageId) -> bool:
    return counter.stage == stage and service in counter.services


class CounterPools:
    """Pools by stage and service, and lines by counter, for one state of the counters, the plan and the lines."""

    __slots__ = ("_by_stage", "_counters", "_lines", "_lines_of", "_plan", "_pools", "_shared")

    def __init__(self, plan: Plan, counters: Mapping[CounterId, Counter], lines: Mapping[LineKey, Line]) -> None:
        self._plan = plan
        self._counters = counters
        self._lines = lines
        self._pools: dict[tuple[StageId, ServiceId], Pool] = {}
        self._shared: dict[tuple[StageId, frozenset[ServiceId]], CounterSharing] = {}
        self._by_stage: dict[StageId, _StageCounters] = {}
        self._lines_of: dict[CounterId, tuple[Line, ...]] = {}

    def calling_stage(self, service: ServiceId, stage: StageId) -> StageId:
        """Return the stage whose counters may call a ticket that waits at `stage`.

        An optional stage without an open counter for the service is skipped (CONTRACT 4). If the hall document changed
        and the service no longer has the stage, the ticket starts again at the first stage.
        """
        optional = self._plan.optional_stages
        stages = self._plan.services[service].stages
        if stage not in stages:
            stage = stages[0]
        if stage not in optional:
            return stage
        following = stages[stages.index(stage) :]
        for here in following[:-1]:
            if here not in optional or self._has_open_counter(here, service):
                return here
        return following[-1]

    def _has_open_counter(self, stage: StageId, service: ServiceId) -> bool:
        return any(
            counter.state is CounterState.OPEN and _serves(counter, service, stage)
            for counter in self._counters.values()
        )

    def lines_for(self, counter: Counter) -> tuple[Line, ...]:
        """Return the lines that an open counter draws its next ticket from."""
        found = self._lines_of.get(counter.id)
        if found is None:
            found = tuple(line for line in self._lines.values() if self.draws_from(counter, line.key))
            self._lines_of[counter.id] = found
        return found

    def draws_from(self, counter: Counter, key: LineKey) -> bool:
        """Tell whether a counter may call the tickets of a line.

        A ticket that waits for one counter belongs to that counter until the counter closes or no longer serves the
        ticket's service and stage. After that, any counter that does serve them may call the ticket.
        """
        stage = self.calling_stage(key.service, key.stage)
        if not _serves(counter, key.service, stage):
            return False
        if key.counter is None or key.counter == counter.id:
            return True
        wanted = self._counters.get(key.counter)
        return wanted is None or wanted.state is CounterState.CLOSED or not _serves(wanted, key.service, stage)

    def pool_of(self, service: ServiceId, stage: StageId) -> Pool:
        """Return the pool of a ticket of this service that waits at this stage."""
        found = self._pools.get((stage, service))
        if found is None:
            found = self._pools[stage, service] = self._make_pool(service, self.calling_stage(service, stage))
        return found

    def _make_pool(self, service: ServiceId, stage: StageId) -> Pool:
        there = self._by_stage.get(stage)
        if there is None:
            there = self._by_stage[stage] = _stage_counters(stage, self._counters.values(), self._plan.counters)
        own = there.serving.get(service, 0)
        at_own = own & there.staffed or own
        kinds = there.sharing_with(service)
        among = frozenset(chain.from_iterable(kinds.values()))
        sharing = self._shared.get((stage, among))
        if sharing is None:
            sharing = self._shared[stage, among] = self._make_sharing(kinds, there.counters)
        lines = tuple(
            (sharing.kind_of[line.key.service], line)
            for line in self._lines.values()
            if line.key.service in sharing.kind_of and self.calling_stage(line.key.service, line.key.stage) == stage
        )
        services = frozenset(name for name, counters in there.serving.items() if counters & at_own) | {service}
        return Pool(
            staffing=sharing.staffing_of(sharing.kind_of[service]),
            lines=tuple(line for _, line in lines if line.key.service in services),
            services=services,
            stage=stage,
            sharing=sharing,
            shared_lines=lines,
            kind=sharing.kind_of[service],
        )

    def _make_sharing(self, kinds: Mapping[int, list[ServiceId]], at_stage: Sequence[Counter]) -> CounterSharing:
        at_work = sum(
            1 << n
            for n, counter in enumerate(at_stage)
            if counter.state is CounterState.OPEN or counter.back_at is not None
        )

        def staffing_of(ready: int, serving: int) -> Staffing:
            available = [counter for n, counter in enumerate(at_stage) if ready & 1 << n]
            return Staffing(
                open=tuple(counter.id for counter in available if counter.state is CounterState.OPEN),
                back_at=tuple(sorted(counter.back_at for counter in available if counter.back_at is not None)),
                others=_planned_besides(self._plan, others.bit_count(), at_work.bit_count(), len(at_stage))
                if (others := ready & ~at_work)
                else (),
                planned=self._plan.staff_levels(serving.bit_count(), len(at_stage)),
            )

        return CounterSharing(
            (WorkKind(frozenset(names), counters, counters & at_work or counters) for counters, names in kinds.items()),
            staffing_of,
        )
