"""Counter groups: sets of counters that booked work can be moved within, with their staffed time and walk-in work.

A group is one of three kinds:

* the counters that serve a bookable service at one of its stages that is not optional;
* the union of such sets that overlap;
* all counters of a stage, because they share the planned staff.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from service.domain.booking.blocks import (
    Block,
    arrivals_by_block,
    parts_without_history,
    seconds_of,
    staffed_seconds,
)
from service.domain.calendar.plan import Plan, PlannedService
from service.domain.model import CounterId, ServiceId, StageId

GROUPS_MAX = 64
"""The most groups that are computed, apart from the sets of main stages and the whole stages. Further unions of sets
are left out, so a hall with more of them accepts slightly more bookings than it should."""


class Group(NamedTuple):
    """Counters that share work. For each block: staffed seconds, and mean (seconds) and variance of walk-in work."""

    id: str
    staffed_s: tuple[float, ...]
    walk_ins_s: tuple[float, ...]
    walk_ins_variance: tuple[float, ...]


def is_bookable(service: PlannedService) -> bool:
    """Tell whether a service can be booked at this hall."""
    return service.offered and service.bookable and service.online_url is None


def booked_stages(plan: Plan, service: PlannedService) -> dict[StageId, frozenset[CounterId]]:
    """Return the stages at which bookings of a service count, in order, with the counters planned for each."""
    main = plan.main_stage(service)
    needed = [stage for stage in service.stages if stage == main or stage not in plan.optional_stages]
    sets = {stage: counters_of(plan, service, stage) for stage in (needed if plan.booked_by_stage else [main])}
    return {stage: counters for stage, counters in sets.items() if counters}


def counters_of(plan: Plan, service: PlannedService, stage: StageId) -> frozenset[CounterId]:
    """Return the counters that the plan offers for a service at a stage."""
    return frozenset(
        counter.id
        for counter in plan.counters.values()
        if counter.offered and counter.stage == stage and service.id in counter.services
    )


def group_sets(
    plan: Plan,
    sets: dict[ServiceId, frozenset[CounterId]],
    stages: dict[ServiceId, dict[StageId, frozenset[CounterId]]],
) -> dict[str, frozenset[CounterId]]:
    """Return the counters of each group by name: the service (`@stage` if not its main stage), unions joined by `+`."""
    kept: dict[frozenset[CounterId], str] = {}
    bookable = [name for name, service in plan.services.items() if is_bookable(service) and sets[name]]
    before = [(f"{name}@{stage}", counters) for name in bookable for stage, counters in stages[name].items()]
    for main in bookable:
        kept.setdefault(sets[main], main)
    for name, own in before:  # the sets of main stages are there already, under the service's name alone
        if len(kept) < GROUPS_MAX:
            kept.setdefault(own, name)
    single = list(kept.items())
    grown = list(single)
    for counters, names in grown:
        if len(kept) >= GROUPS_MAX:
            break
        for others, other in single:
            union = counters | others
            if counters & others and union not in kept and len(kept) < GROUPS_MAX:
                kept[union] = f"{names}+{other}"
                grown.append((union, kept[union]))
    return {name: counters for counters, name in kept.items()}


def stage_sets(
    plan: Plan,
    stages: Mapping[ServiceId, Mapping[StageId, frozenset[CounterId]]],
    kept: Collection[frozenset[CounterId]],
) -> dict[StageId, frozenset[CounterId]]:
    """Return all counters of each bookable stage. Empty without planned staff; without sets that are groups already."""
    if not plan.bands:
        return {}
    needed = [stage for name, one in plan.services.items() if is_bookable(one) for stage in stages[name]]
    found = {
        stage: frozenset(one.id for one in plan.counters.values() if one.offered and one.stage == stage)
        for stage in dict.fromkeys(needed)
    }
    return {stage: counters for stage, counters in found.items() if counters not in kept}


def join_overlapping(sets: Iterable[frozenset[CounterId]]) -> list[frozenset[CounterId]]:
    """Join the sets that overlap, until all sets are disjoint; empty sets are left out."""
    join_overlapping: list[frozenset[CounterId]] = []
    for one in sets:
        overlapping = [other for other in join_overlapping if one & other]
        joined = one.union(*overlapping)
        join_overlapping = [*(other for other in join_overlapping if not one & other), joined]
    return [one for one in join_overlapping if one]


def walk_in_mix(plan: Plan, sets: Mapping[ServiceId, frozenset[CounterId]]) -> dict[ServiceId, float]:
    """Return the share of walk-ins by service, over the services that some counter serves."""
    offered = [name for name, service in plan.services.items() if service.offered and not service.online_url]
    served = [name for name in offered if sets[name]]
    learned = {name: plan.learned.mix.get(name, 0.0) for name in served}
    total = sum(learned.values())
    if not total:
        return {name: 1 / len(served) for name in served}
    return {name: part / total for name, part in learned.items()}


class GroupBuilder:
    """Builds the groups of a plan: the staffed time of their counters and the work that walk-ins bring them."""

    def __init__(
        self,
        plan: Plan,
        blocks: Sequence[Block],
        sets: Mapping[ServiceId, frozenset[CounterId]],
        stages: Mapping[ServiceId, Mapping[StageId, frozenset[CounterId]]],
    ) -> None:
        """`sets` are the counters of each service at its main stage, `stages` those at each of its booked stages."""
        self._plan = plan
        self._blocks = blocks
        self._stages = stages
        self._mix = walk_in_mix(plan, sets)
        self._arrivals = arrivals_by_block(plan, blocks)
        self._without_history = parts_without_history(plan, blocks)

    def levels(self, counters: frozenset[CounterId]) -> list[tuple[int, int]]:
        """Return how many of the counters are planned to be at work, each number with the second it starts at."""
        stages = {self._plan.counters[counter].stage for counter in counters}
        at_stages = sum(counter.stage in stages for counter in self._plan.counters.values() if counter.offered)
        levels = self._plan.staff_levels(len(counters), at_stages)
        return [(seconds_of(self._plan, level.from_at), level.counters) for level in levels]

    def group(self, name: str, counters: frozenset[CounterId]) -> Group:
        """Build the group of a set of counters."""
        levels = self.levels(counters)
        staffed_s = tuple(staffed_seconds(levels, block) for block in self._blocks)
        planned = [
            (
                self._mix[service_id],
                service.expected_s(stage, 1, prechecked=False),
                service.variance(stage, 1, prechecked=False),
            )
            for service_id, service in self._plan.services.items()
            if service_id in self._mix
            for stage, own in self._stages[service_id].items()
            if own <= counters
        ]
        mean_s = sum(share * service_s for share, service_s, _ in planned)
        squares = sum(share * (service_s * service_s + variance) for share, service_s, variance in planned)
        if not mean_s:
            none = (0.0,) * len(self._blocks)
            return Group(name, staffed_s, none, none)
        share = self._plan.booking.held_share_of_walk_ins
        held_s = [share * sum(staffed_seconds(levels, part) for part in parts) for parts in self._without_history]
        return Group(
            name,
            staffed_s,
            tuple(number * mean_s + held for (number, _), held in zip(self._arrivals, held_s, strict=True)),
            tuple(
                number * squares + spread * mean_s * mean_s + held * squares / mean_s
                for (number, spread), held in zip(self._arrivals, held_s, strict=True)
            ),
        )

    def stage_group(self, name: str, stage: StageId, counters: frozenset[CounterId]) -> Group:
        """Build the group of all counters of a stage.

        Its walk-in work is at most what the counters that serve the walk-ins are staffed for.
        """
        group = self.group(name, counters)
        sets = [stages[stage] for stages in self._stages.values() if stage in stages]
        parts = [self.group(name, part) for part in join_overlapping(own for own in sets if own <= counters)]
        walk_ins_s = tuple(
            min(needed_s, sum(min(part.walk_ins_s[block], part.staffed_s[block]) for part in parts))
            for block, needed_s in enumerate(group.walk_ins_s)
        )
        variance = tuple(
            spread * some_s / all_s if all_s else 0.0
            for spread, some_s, all_s in zip(group.walk_ins_variance, walk_ins_s, group.walk_ins_s, strict=True)
        )
        return group._replace(walk_ins_s=walk_ins_s, walk_ins_variance=variance)
