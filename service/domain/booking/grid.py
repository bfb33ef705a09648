"""What a day has to book: its blocks of time, the counters that share work, and the starts of each service.

All of it follows from the plan, is made once and kept beside it. Instants have become seconds from the plan's
`starts_at`, so that the changes of a clock and the arithmetic of dates stay outside the loops.

* A block is an hour from an opening on, the last one shorter.
* A group is a set of counters that work can only be moved within: those that serve a bookable service at a stage that
  is not optional, the unions of such sets that overlap, and all counters of a stage, for they share the planned staff.
  Work of a service at a stage counts in every group that holds all its counters of that stage, and begins when the
  stages before are done. A stage that no counter is planned for does not count.
* An offer is what can be booked of a service for a number of people: its starts, and the places each has while nobody
  has booked.

Source: ALGORITHMS 2.2.
"""

import math
from bisect import bisect_right
from collections import Counter as Tally
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from service.domain.calendar.plan import FixedPlaces, Plan, PlannedService, StaffLevel
from service.domain.model import CounterId, ServiceId, StageId

BLOCK_S = 3600
"""The length of a block: within it, work that comes at once may be done a little later."""

STEP_S = 300
"""Between the starts of a block."""

GROUPS_MAX = 64
"""Groups that are reckoned with, but for the counters of a service's main stage and whole stages; unions of counters
beyond it are not: such halls book a little more boldly."""

NO_SHOW_MAX = 0.9
"""However many do not come, a booking weighs something."""

EPSILON_S = 1e-6
"""Seconds of work that are no work: sums of parts may miss the whole by as much."""


class Slot(Struct, frozen=True, gc=False):
    """A start that can be booked; `places` while nobody has booked, `free` as it is."""

    service: ServiceId
    starts_at: datetime
    ends_at: datetime
    places: int
    free: int


class Block(NamedTuple):
    """A span of an opening, in seconds from the plan's `starts_at`."""

    from_s: int
    to_s: int


class Group(NamedTuple):
    """Counters that share work, block by block: what they are staffed for, and what walk-ins will need of it."""

    id: str
    staffed_s: tuple[float, ...]
    walk_ins_s: tuple[float, ...]
    walk_ins_variance: tuple[float, ...]


class Size(NamedTuple):
    """What a booking is expected to take: its length if the people come, and mean and variance of its work."""

    length_s: float
    work_s: float
    variance: float


class Need(NamedTuple):
    """A group that a service's work at a stage counts in."""

    stage: StageId
    group: Group


Parts = tuple[tuple[int, float], ...]
"""How work falls into blocks: `(block, seconds)`."""


class Load(NamedTuple):
    """What a booking is for a group: its size there, and how its work falls into blocks."""

    group: Group
    size: Size
    parts: Parts


class Start(NamedTuple):
    """A start of an offer.

    For each group, `parts` are the seconds of its work that fall into each block it covers, and `shares_s` is the work
    that may be at it: whole bookings, spread evenly over the starts of the block.
    """

    start_s: int
    slot: Slot
    block: int
    parts: tuple[Parts, ...]
    shares_s: tuple[float, ...]
    by_hand: FixedPlaces | None


class Offer(NamedTuple):
    """What can be booked of a service for a number of people.

    For each of its groups, `sizes` says what a booking takes there and, for each block, `full_s` the work that fits
    while nobody has booked. `places` is what the day takes altogether.
    """

    sizes: tuple[Size, ...]
    groups: tuple[Group, ...]
    full_s: tuple[tuple[float, ...], ...]
    starts: tuple[Start, ...]
    by_start: dict[int, Start]
    places: int


class Grid:
    """The blocks, groups and offers of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.blocks = tuple(_blocks(plan))
        self._begins = [block.from_s for block in self.blocks]
        self._sets = {
            name: _counters_of(plan, service, plan.main_stage(service)) for name, service in plan.services.items()
        }
        self._stages = {name: _stages_of(plan, service) for name, service in plan.services.items()}
        self.by_stage = any(len(stages) > 1 for stages in self._stages.values())
        self._arrivals = _arrivals(plan, self)
        self._unforeseen = _unforeseen(plan, self)
        sets = _sets_to_keep(plan, self._sets, self._stages)
        self.groups = {name: self._group(name, counters) for name, counters in sets.items()}
        for stage, counters in _stages_to_keep(plan, self._stages, sets.values()).items():
            name = f"*{stage}"
            sets[name], self.groups[name] = counters, self._stage_group(name, stage, counters)
        self._needs = {
            name: tuple(
                Need(stage, self.groups[group])
                for stage, own in stages.items()
                for group, counters in sets.items()
                if own <= counters
            )
            for name, stages in self._stages.items()
        }
        self._sizes: dict[tuple[ServiceId, StageId, int, bool], Size] = {}
        self._offers: dict[tuple[ServiceId, int, bool], Offer] = {}

    def seconds(self, at: datetime) -> int:
        """Whole seconds from the plan's `starts_at`."""
        return math.floor((at - self.plan.starts_at).total_seconds())

    def groups_of(self, service: ServiceId) -> tuple[Group, ...]:
        """The groups in which a service's work counts."""
        return tuple(need.group for need in self._needs.get(service, ()))

    def loads_of(self, service: ServiceId, count: int, start_s: int, *, prechecked: bool) -> list[Load]:
        """What a booking is for each of these groups; none when nobody serves it, or the plan does not know it."""
        found = {}
        begin_s = float(start_s)
        for stage in self._stages.get(service, ()):
            size = self.size(service, stage, count, prechecked=prechecked)
            found[stage] = (size, self.parts(begin_s, size))
            begin_s += size.length_s
        return [Load(need.group, *found[need.stage]) for need in self._needs.get(service, ())]

    def length_s(self, service: ServiceId, count: int) -> float:
        """How long a visit is expected to last, from stage to stage."""
        return sum(self.size(service, stage, count, prechecked=False).length_s for stage in self._stages[service])

    def size(self, service: ServiceId, stage: StageId, count: int, *, prechecked: bool) -> Size:
        """What a booking of a service of the plan takes at a stage: (1 - p) m, and (1 - p)(s^2 + p m^2)."""
        key = (service, stage, count, prechecked)
        if key not in self._sizes:
            planned = self.plan.services[service]
            length_s = planned.expected_s(stage, count, prechecked=prechecked)
            absent = min(self.plan.learned.no_show, NO_SHOW_MAX)
            variance = planned.variance(stage, count, prechecked=prechecked)
            self._sizes[key] = Size(
                length_s, (1 - absent) * length_s, (1 - absent) * (variance + absent * length_s * length_s)
            )
        return self._sizes[key]

    def parts(self, start_s: float, size: Size) -> Parts:
        """How a booking's work falls into the blocks it covers; nothing outside of them.

        One no longer than its first block counts there wholly, as walk-ins do in the hour they come.
        """
        until_s = start_s + size.length_s
        found: list[tuple[int, float]] = []
        first = max(bisect_right(self._begins, start_s) - 1, 0)
        if first < len(self.blocks) and size.length_s <= self.blocks[first].to_s - self.blocks[first].from_s:
            return ((first, size.work_s),)
        for index in range(first, len(self.blocks)):
            from_s, to_s = self.blocks[index]
            if from_s >= until_s:
                break
            covered_s = min(to_s, until_s) - max(from_s, start_s)
            if covered_s > EPSILON_S:
                found.append((index, size.work_s * covered_s / size.length_s))
        return tuple(found)

    def offer(self, service: ServiceId, count: int, *, prechecked: bool) -> Offer | None:
        """What can be booked of a service; None when it cannot be booked at all."""
        planned = self.plan.services.get(service)
        if planned is None or not self._is_bookable(planned) or not 1 <= count <= planned.count_max:
            return None
        key = (service, count, prechecked)
        if key not in self._offers:
            self._offers[key] = self._make_offer(service, count, prechecked=prechecked)
        return self._offers[key]

    def bookable(self) -> dict[ServiceId, frozenset[CounterId]]:
        """The services that can be booked, and the counters that serve each at its main stage."""
        return {name: self._sets[name] for name, service in self.plan.services.items() if self._is_bookable(service)}

    def _is_bookable(self, service: PlannedService) -> bool:
        return _may_be_booked(service) and bool(self._sets[service.id])

    def _make_offer(self, service: ServiceId, count: int, *, prechecked: bool) -> Offer:
        length_s = self.length_s(service, count)
        z = self.plan.booking.z
        needs = self._needs[service]
        groups = self.groups_of(service)
        sizes = tuple(self.size(service, need.stage, count, prechecked=prechecked) for need in needs)
        full_s = tuple(
            tuple(
                fitting_s(staffed_s - taken_s, variance, size, z)
                for staffed_s, taken_s, variance in zip(
                    group.staffed_s, group.walk_ins_s, group.walk_ins_variance, strict=True
                )
            )
            for group, size in zip(groups, sizes, strict=True)
        )
        by_hand = [places for places in self.plan.places if not places.services or service in places.services]
        on_grid = self._starts_on_grid(service, count, by_hand, length_s)
        in_block = Tally(block for _, block in on_grid)
        before = Tally[int]()
        starts = []
        for start_s, block in on_grid:
            parts = tuple(one.parts for one in self.loads_of(service, count, start_s, prechecked=prechecked))
            if not all(parts):
                continue
            evenly = [
                # of a visit longer than a block it is the part in the first one
                _evenly(full[first] / part_s, before[block], in_block[block])
                for full, ((first, part_s), *_) in zip(full_s, parts, strict=True)
            ]
            before[block] += 1
            places = min(
                min(share, *(math.floor((full[index] + EPSILON_S) / part_s) for index, part_s in own))
                for full, share, own in zip(full_s, evenly, parts, strict=True)
            )
            if places > 0:
                shares_s = tuple(share * size.work_s for share, size in zip(evenly, sizes, strict=True))
                starts.append(self._start(service, start_s, length_s, block, parts, places, shares_s))
        at_starts = [
            sum(start.slot.places for start in starts if start.block == index) for index in range(len(self.blocks))
        ]
        fit = sum(
            min(
                places,
                *(
                    math.floor((full[index] + EPSILON_S) / size.work_s)
                    for full, size in zip(full_s, sizes, strict=True)
                ),
            )
            for index, places in enumerate(at_starts)
        )
        known: set[int] = set()
        for hand in by_hand:
            for start_s, block in self._starts_by_hand(hand) if hand.places else ():
                if start_s not in known:
                    known.add(start_s)
                    parts = tuple(one.parts for one in self.loads_of(service, count, start_s, prechecked=prechecked))
                    starts.append(self._start(service, start_s, length_s, block, parts, hand.places, (), hand))
                    fit += hand.places
        starts.sort()
        return Offer(sizes, groups, full_s, tuple(starts), {start.start_s: start for start in starts}, fit)

    def _start(  # noqa: PLR0913, PLR0917  (what a start is made of)
        self,
        service: ServiceId,
        start_s: int,
        length_s: float,
        block: int,
        parts: tuple[Parts, ...],
        places: int,
        shares_s: tuple[float, ...],
        by_hand: FixedPlaces | None = None,
    ) -> Start:
        starts_at = self.plan.starts_at + timedelta(seconds=start_s)
        ends_at = starts_at + timedelta(seconds=_in_steps(length_s))
        return Start(start_s, Slot(service, starts_at, ends_at, places, places), block, parts, shares_s, by_hand)

    def _starts_on_grid(
        self, service: ServiceId, count: int, by_hand: Iterable[FixedPlaces], length_s: float
    ) -> list[tuple[int, int]]:
        """The starts, with their block, that somebody is at work for at each stage, and that end before closing."""
        set_by_hand = [(self.seconds(hand.from_at), self.seconds(hand.to_at)) for hand in by_hand]
        staffed = []
        after_s = 0.0
        for stage, counters in self._stages[service].items():
            staffed.append((after_s, self._rates(counters)))
            after_s += self.size(service, stage, count, prechecked=False).length_s
        closes_s = [self.seconds(window.closes_at) for window in self.plan.windows]
        found = []
        for index, (from_s, to_s) in enumerate(self.blocks):
            closing_s = next(closing for closing in closes_s if closing >= to_s)
            for start_s in range(from_s, to_s, STEP_S):
                if start_s + _in_steps(length_s) > closing_s:
                    break
                at_work = all(_at_work(rates, start_s + later_s) for later_s, rates in staffed)
                if at_work and not any(begin_s <= start_s < end_s for begin_s, end_s in set_by_hand):
                    found.append((start_s, index))
        return found

    def _starts_by_hand(self, hand: FixedPlaces) -> list[tuple[int, int]]:
        """The starts of a span set by hand, as far as the hall is open."""
        found = []
        for start_s in range(self.seconds(hand.from_at), self.seconds(hand.to_at), hand.every_s):
            index = bisect_right(self._begins, start_s) - 1
            if index >= 0 and start_s < self.blocks[index].to_s:
                found.append((start_s, index))
        return found

    def _rates(self, counters: frozenset[CounterId]) -> list[tuple[int, int]]:
        """How many of the counters are planned to be at work, from each second on."""
        stages = {self.plan.counters[counter].stage for counter in counters}
        at_stages = sum(counter.stage in stages for counter in self.plan.counters.values() if counter.offered)
        rates: tuple[StaffLevel, ...] = self.plan.staff_levels(len(counters), at_stages)
        return [(self.seconds(rate.from_at), rate.counters) for rate in rates]

    def _group(self, name: str, counters: frozenset[CounterId]) -> Group:
        rates = self._rates(counters)
        staffed_s = tuple(_staffed_s(rates, block) for block in self.blocks)
        mix = _mix(self.plan, self._sets)
        planned = [
            (mix[name], service.expected_s(stage, 1, prechecked=False), service.variance(stage, 1, prechecked=False))
            for name, service in self.plan.services.items()
            if name in mix
            for stage, own in self._stages[name].items()
            if own <= counters
        ]
        mean_s = sum(share * one_s for share, one_s, _ in planned)
        squares = sum(share * (one_s * one_s + variance) for share, one_s, variance in planned)
        if not mean_s:
            nobody = (0.0,) * len(self.blocks)
            return Group(name, staffed_s, nobody, nobody)
        share = self.plan.booking.held_share_of_walk_ins
        held_s = [share * sum(_staffed_s(rates, part) for part in parts) for parts in self._unforeseen]
        return Group(
            name,
            staffed_s,
            tuple(number * mean_s + held for (number, _), held in zip(self._arrivals, held_s, strict=True)),
            tuple(
                number * squares + spread * mean_s * mean_s + held * squares / mean_s
                for (number, spread), held in zip(self._arrivals, held_s, strict=True)
            ),
        )

    def _stage_group(self, name: str, stage: StageId, counters: frozenset[CounterId]) -> Group:
        """All counters of a stage: walk-ins need no more of it than the counters that serve them are staffed for."""
        group = self._group(name, counters)
        sets = [stages[stage] for stages in self._stages.values() if stage in stages]
        apart = [self._group(name, part) for part in _apart(own for own in sets if own <= counters)]
        walk_ins_s = tuple(
            min(needed_s, sum(min(part.walk_ins_s[block], part.staffed_s[block]) for part in apart))
            for block, needed_s in enumerate(group.walk_ins_s)
        )
        variance = tuple(
            spread * some_s / all_s if all_s else 0.0
            for spread, some_s, all_s in zip(group.walk_ins_variance, walk_ins_s, group.walk_ins_s, strict=True)
        )
        return group._replace(walk_ins_s=walk_ins_s, walk_ins_variance=variance)


def grid_of(plan: Plan) -> Grid:
    """The grid of a plan, made when first asked for."""
    found: Grid | None = plan.__dict__.get("grid")
    if found is None:
        found = plan.__dict__["grid"] = Grid(plan)
    return found


def _evenly(bookings: float, before: int, starts: int) -> int:
    """How many of a block's bookings its next start takes, after `before` of its `starts`; the first one takes some."""
    whole = math.floor(bookings + EPSILON_S)
    return -(-(before + 1) * whole // starts) + (-before * whole // starts)


def fitting_s(left_s: float, variance: float, size: Size, z: float) -> float:
    """The seconds of work, made of bookings of a size, that fit: the largest y with y + z sqrt(V + k y) <= C - M.

    Args:
        left_s: C - M, staffed seconds but for those that are spoken for.
        variance: V, of what is spoken for.
        size: of one booking; k is its variance for each second of its work.
        z: how many standard deviations stay free.
    """
    if left_s <= 0 or left_s * left_s < z * z * variance:
        return 0.0
    half = left_s + z * z * size.variance / size.work_s / 2
    return half - math.sqrt(max(0.0, half * half - left_s * left_s + z * z * variance))


def _in_steps(length_s: float) -> int:
    """A length rounded up to whole steps: what people are told."""
    return math.ceil((length_s - EPSILON_S) / STEP_S) * STEP_S


def _at_work(rates: list[tuple[int, int]], at_s: float) -> int:
    return next((counters for rate_s, counters in reversed(rates) if rate_s <= at_s), 0)


def _may_be_booked(service: PlannedService) -> bool:
    return service.offered and service.bookable and service.online_url is None


def _stages_of(plan: Plan, service: PlannedService) -> dict[StageId, frozenset[CounterId]]:
    """The stages at which a service's bookings count, in their order, with the counters planned for each."""
    main = plan.main_stage(service)
    needed = [stage for stage in service.stages if stage == main or stage not in plan.optional_stages]
    sets = {stage: _counters_of(plan, service, stage) for stage in (needed if plan.booked_by_stage else [main])}
    return {stage: counters for stage, counters in sets.items() if counters}


def _counters_of(plan: Plan, service: PlannedService, stage: StageId) -> frozenset[CounterId]:
    return frozenset(
        counter.id
        for counter in plan.counters.values()
        if counter.offered and counter.stage == stage and service.id in counter.services
    )


def _sets_to_keep(
    plan: Plan,
    sets: dict[ServiceId, frozenset[CounterId]],
    stages: dict[ServiceId, dict[StageId, frozenset[CounterId]]],
) -> dict[str, frozenset[CounterId]]:
    """The counters of each group, named after the services they are for, and the stage where it is no main one."""
    kept: dict[frozenset[CounterId], str] = {}
    bookable = [name for name, service in plan.services.items() if _may_be_booked(service) and sets[name]]
    before = [(f"{name}@{stage}", counters) for name in bookable for stage, counters in stages[name].items()]
    for main in bookable:
        kept.setdefault(sets[main], main)
    for name, own in before:  # what is a main stage's is known already, by its service alone
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


def _stages_to_keep(
    plan: Plan,
    stages: Mapping[ServiceId, Mapping[StageId, frozenset[CounterId]]],
    kept: Collection[frozenset[CounterId]],
) -> dict[StageId, frozenset[CounterId]]:
    """All counters of each stage that somebody can book at, where staff is planned and they are no group already."""
    if not plan.bands:
        return {}
    needed = [stage for name, one in plan.services.items() if _may_be_booked(one) for stage in stages[name]]
    found = {
        stage: frozenset(one.id for one in plan.counters.values() if one.offered and one.stage == stage)
        for stage in dict.fromkeys(needed)
    }
    return {stage: counters for stage, counters in found.items() if counters not in kept}


def _apart(sets: Iterable[frozenset[CounterId]]) -> list[frozenset[CounterId]]:
    """Sets of counters with those that overlap joined."""
    apart: list[frozenset[CounterId]] = []
    for one in sets:
        overlapping = [other for other in apart if one & other]
        joined = one.union(*overlapping)
        apart = [*(other for other in apart if not one & other), joined]
    return [one for one in apart if one]


def _blocks(plan: Plan) -> Iterable[Block]:
    for window in plan.windows:
        from_s = round((window.opens_at - plan.starts_at).total_seconds())
        closes_s = round((window.closes_at - plan.starts_at).total_seconds())
        for begin_s in range(from_s, closes_s, BLOCK_S):
            yield Block(begin_s, min(begin_s + BLOCK_S, closes_s))


def _staffed_s(rates: list[tuple[int, int]], block: Block) -> float:
    ends = [*(from_s for from_s, _ in rates[1:]), block.to_s]
    return float(
        sum(
            counters * max(0, min(to_s, block.to_s) - max(from_s, block.from_s))
            for (from_s, counters), to_s in zip(rates, ends[: len(rates)], strict=True)
        )
    )


def _mix(plan: Plan, sets: dict[ServiceId, frozenset[CounterId]]) -> dict[ServiceId, float]:
    """Which part of the walk-ins comes for each service."""
    offered = [name for name, service in plan.services.items() if service.offered and not service.online_url]
    served = [name for name in offered if sets[name]]
    learned = {name: plan.learned.mix.get(name, 0.0) for name in served}
    total = sum(learned.values())
    if not total:
        return {name: 1 / len(served) for name in served}
    return {name: part / total for name, part in learned.items()}


def _arrivals(plan: Plan, grid: Grid) -> list[tuple[float, float]]:
    """Walk-ins of each block and the variance of their forecast; who comes while it is closed waits for the next."""
    found = []
    since_s = -math.inf
    for block in grid.blocks:
        number = spread = 0.0
        for span in plan.walk_ins:
            from_s, to_s = grid.seconds(span.from_at), grid.seconds(span.to_at)
            part = max(0.0, min(to_s, block.to_s) - max(from_s, since_s)) / (to_s - from_s)
            number += part * span.number
            spread += (part * span.sd) ** 2
        found.append((number, spread))
        since_s = block.to_s
    return found


def _unforeseen(plan: Plan, grid: Grid) -> list[list[Block]]:
    """The parts of each block of which history does not say who comes: a share of their staffed time is held."""
    spans = [(grid.seconds(span.opens_at), grid.seconds(span.closes_at)) for span in plan.windows_without_history()]
    return [
        [
            Block(max(block.from_s, begin_s), min(block.to_s, end_s))
            for begin_s, end_s in spans
            if begin_s < block.to_s and block.from_s < end_s
        ]
        for block in grid.blocks
    ]
