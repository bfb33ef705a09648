"""The booking grid of a day: its blocks of time, its counter groups, and the bookable starts of each service.

The grid follows from the plan alone. It is made once and cached beside the plan. Times are seconds from the plan's
`starts_at`, so that loops need no date arithmetic.

* A block is an hour from an opening on; the last block is shorter (`blocks`).
* A group is a set of counters that share work (`counter_groups`). Work of a service at a stage counts in each group
  that contains all its counters of that stage. The work of a later stage begins when the stages before are done. A
  stage without planned counters does not count.
* An offer holds the starts of a service for a number of people, and the places each start has while nothing is booked.

Source: ALGORITHMS 2.2.
"""

import math
from bisect import bisect_right
from collections import Counter as Tally
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from service.domain.booking.blocks import blocks_of, seconds_of
from service.domain.booking.counter_groups import (
    Group,
    GroupBuilder,
    booked_stages,
    counters_of,
    group_sets,
    is_bookable,
    stage_sets,
)
from service.domain.calendar.plan import FixedPlaces, Plan, PlannedService
from service.domain.model import CounterId, ServiceId, StageId

STEP_S = 300
"""Seconds between two starts in a block."""

NO_SHOW_MAX = 0.9
"""The highest share of no-shows that is used, so that a booking always counts some work."""

EPSILON_S = 1e-6
"""Tolerance in seconds for rounding errors when parts of work are added up."""


class Slot(Struct, frozen=True, gc=False):
    """A bookable start: `places` while nothing is booked, and `free` places now."""

    service: ServiceId
    starts_at: datetime
    ends_at: datetime
    places: int
    free: int


class Size(NamedTuple):
    """Expected work of a booking: its length if the people come, and the mean and variance of its work."""

    length_s: float
    work_s: float
    variance: float


class Need(NamedTuple):
    """A counter group in which a service's work at a stage counts."""

    stage: StageId
    group: Group


Parts = tuple[tuple[int, float], ...]
"""Work by block, as pairs of block index and seconds."""


class Load(NamedTuple):
    """The load of a booking on a group: its size there, and its work by block."""

    group: Group
    size: Size
    parts: Parts


class Start(NamedTuple):
    """A start of an offer.

    For each group, `parts` is the work of one booking by block. `shares_s` is the work that may be booked at the start:
    whole bookings, spread evenly over the starts of the block. `by_hand` is set if the document fixes the places of
    this start.
    """

    start_s: int
    slot: Slot
    block: int
    parts: tuple[Parts, ...]
    shares_s: tuple[float, ...]
    by_hand: FixedPlaces | None


class Offer(NamedTuple):
    """The bookable starts of a service for a number of people.

    For each of the service's groups, `sizes` is the work of one booking, and `full_s` the work that fits into each
    block while nothing is booked. `places` is how many bookings the whole day takes.
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
        self.blocks = tuple(blocks_of(plan))
        self._begins = [block.from_s for block in self.blocks]
        self._sets = {
            name: counters_of(plan, service, plan.main_stage(service)) for name, service in plan.services.items()
        }
        self._stages = {name: booked_stages(plan, service) for name, service in plan.services.items()}
        self.by_stage = any(len(stages) > 1 for stages in self._stages.values())
        self._builder = GroupBuilder(plan, self.blocks, self._sets, self._stages)
        sets = group_sets(plan, self._sets, self._stages)
        self.groups = {name: self._builder.group(name, counters) for name, counters in sets.items()}
        for stage, counters in stage_sets(plan, self._stages, sets.values()).items():
            name = f"*{stage}"
            sets[name], self.groups[name] = counters, self._builder.stage_group(name, stage, counters)
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
        return seconds_of(self.plan, at)

    def groups_of(self, service: ServiceId) -> tuple[Group, ...]:
        """Return the groups in which a service's work counts."""
        return tuple(need.group for need in self._needs.get(service, ()))

    def loads_of(self, service: ServiceId, count: int, start_s: int, *, prechecked: bool) -> list[Load]:
        """Return the load of a booking on each of these groups; empty if no counter serves it or the plan lacks it."""
        found = {}
        begin_s = float(start_s)
        for stage in self._stages.get(service, ()):
            size = self.size(service, stage, count, prechecked=prechecked)
            found[stage] = (size, self.parts(begin_s, size))
            begin_s += size.length_s
        return [Load(need.group, *found[need.stage]) for need in self._needs.get(service, ())]

    def length_s(self, service: ServiceId, count: int) -> float:
        """Return the expected length of a visit over all its stages."""
        return sum(self.size(service, stage, count, prechecked=False).length_s for stage in self._stages[service])

    def size(self, service: ServiceId, stage: StageId, count: int, *, prechecked: bool) -> Size:
        """Return the expected work of a booking at a stage: mean (1 - p) m, variance (1 - p)(s^2 + p m^2).

        p is the share of no-shows, m and s^2 are mean and variance of the service time.
        """
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
        """Return the work of a booking in each block that it covers.

        A booking that is not longer than its first block counts only in that block, as a walk-in counts in the hour of
        arrival.
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
        """Return the offer of a service for a number of people; None if it cannot be booked."""
        planned = self.plan.services.get(service)
        if planned is None or not self._is_bookable(planned) or not 1 <= count <= planned.count_max:
            return None
        key = (service, count, prechecked)
        if key not in self._offers:
            self._offers[key] = self._make_offer(service, count, prechecked=prechecked)
        return self._offers[key]

    def bookable(self) -> dict[ServiceId, frozenset[CounterId]]:
        """Return the bookable services with the counters that serve each at its main stage."""
        return {name: self._sets[name] for name, service in self.plan.services.items() if self._is_bookable(service)}

    def _is_bookable(self, service: PlannedService) -> bool:
        return is_bookable(service) and bool(self._sets[service.id])

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
            parts = tuple(load.parts for load in self.loads_of(service, count, start_s, prechecked=prechecked))
            if not all(parts):
                continue
            even_shares = [
                # of a visit longer than a block, the part in its first block
                _even_share(full[first] / part_s, before[block], in_block[block])
                for full, ((first, part_s), *_) in zip(full_s, parts, strict=True)
            ]
            before[block] += 1
            places = min(
                min(share, *(math.floor((full[index] + EPSILON_S) / part_s) for index, part_s in own))
                for full, share, own in zip(full_s, even_shares, parts, strict=True)
            )
            if places > 0:
                shares_s = tuple(share * size.work_s for share, size in zip(even_shares, sizes, strict=True))
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
                    parts = tuple(load.parts for load in self.loads_of(service, count, start_s, prechecked=prechecked))
                    starts.append(self._start(service, start_s, length_s, block, parts, hand.places, (), hand))
                    fit += hand.places
        starts.sort()
        return Offer(sizes, groups, full_s, tuple(starts), {start.start_s: start for start in starts}, fit)

    def _start(  # noqa: PLR0913, PLR0917  (all values of a start)
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
        ends_at = starts_at + timedelta(seconds=_rounded_up(length_s))
        return Start(start_s, Slot(service, starts_at, ends_at, places, places), block, parts, shares_s, by_hand)

    def _starts_on_grid(
        self, service: ServiceId, count: int, by_hand: Iterable[FixedPlaces], length_s: float
    ) -> list[tuple[int, int]]:
        """Return starts and their blocks: each stage has a counter at work, and the visit ends before closing."""
        set_by_hand = [(self.seconds(hand.from_at), self.seconds(hand.to_at)) for hand in by_hand]
        staffed = []
        after_s = 0.0
        for stage, counters in self._stages[service].items():
            staffed.append((after_s, self._builder.levels(counters)))
            after_s += self.size(service, stage, count, prechecked=False).length_s
        closes_s = [self.seconds(window.closes_at) for window in self.plan.windows]
        found = []
        for index, (from_s, to_s) in enumerate(self.blocks):
            closing_s = next(closing for closing in closes_s if closing >= to_s)
            for start_s in range(from_s, to_s, STEP_S):
                if start_s + _rounded_up(length_s) > closing_s:
                    break
                at_work = all(_at_work(rates, start_s + later_s) for later_s, rates in staffed)
                if at_work and not any(begin_s <= start_s < end_s for begin_s, end_s in set_by_hand):
                    found.append((start_s, index))
        return found

    def _starts_by_hand(self, hand: FixedPlaces) -> list[tuple[int, int]]:
        """Return the starts, with their blocks, of a span with fixed places, within the opening hours."""
        found = []
        for start_s in range(self.seconds(hand.from_at), self.seconds(hand.to_at), hand.every_s):
            index = bisect_right(self._begins, start_s) - 1
            if index >= 0 and start_s < self.blocks[index].to_s:
                found.append((start_s, index))
        return found


def grid_of(plan: Plan) -> Grid:
    """Return the grid of a plan; it is made on first use and cached with the plan."""
    found: Grid | None = plan.__dict__.get("grid")
    if found is None:
        found = plan.__dict__["grid"] = Grid(plan)
    return found


def _even_share(bookings: float, before: int, starts: int) -> int:
    """Return how many of a block's bookings the start after the first `before` of its `starts` starts takes.

    The first start takes at least one booking if the block takes any.
    """
    whole = math.floor(bookings + EPSILON_S)
    return -(-(before + 1) * whole // starts) + (-before * whole // starts)


def fitting_s(left_s: float, variance: float, size: Size, z: float) -> float:
    """Return how many seconds of further bookings fit: the largest y with y + z sqrt(V + k y) <= C - M.

    Args:
        left_s: C - M, the staffed seconds minus the work already planned.
        variance: V, the variance of the work already planned.
        size: the size of one further booking; k is its variance per second of its work.
        z: how many standard deviations stay free as a margin.
    """
    if left_s <= 0 or left_s * left_s < z * z * variance:
        return 0.0
    half = left_s + z * z * size.variance / size.work_s / 2
    return half - math.sqrt(max(0.0, half * half - left_s * left_s + z * z * variance))


def _rounded_up(length_s: float) -> int:
    """Return a length rounded up to whole steps, as shown to people."""
    return math.ceil((length_s - EPSILON_S) / STEP_S) * STEP_S


def _at_work(rates: list[tuple[int, int]], at_s: float) -> int:
    return next((counters for rate_s, counters in reversed(rates) if rate_s <= at_s), 0)
