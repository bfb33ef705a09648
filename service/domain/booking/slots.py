"""Free places of a day, computed from its plan and its running totals alone.

A booking is accepted under two conditions. First, in each counter group of its service and in each block it covers,
the booked work, the expected walk-in work and a safety margin fit into the staffed time: M + z sqrt(V) <= C. Second,
the work at its start stays below the share of that start: the bookings of a block are spread evenly over its starts.
If the document fixes the places of a span, only these count. Places that are released late, or reserved for a
partner's guests, count as booked until their release.

Source: ALGORITHMS 2.2; DESIGN 6, "Places per slot".
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import NamedTuple

from msgspec.structs import replace

from service.domain.booking.booking_totals import AppointmentTotals, BookingTotals, GroupTotals, number_of
from service.domain.booking.grid import EPSILON_S, Offer, Slot, Start, fitting_s, grid_of
from service.domain.calendar.plan import FixedPlaces, Plan
from service.domain.model import LIVE, Appointment, AppointmentId, AppointmentState, ServiceId

ROUNDING = 1e-3
"""Tolerance as a part of a booking, because booked work is added up in whole milliseconds."""

__all__ = ["Room", "Slot", "Slots", "earliest", "over_capacity", "places_of_day", "room", "slots_of", "within_horizon"]


class Room(NamedTuple):
    """Capacity of one start: `places` while nothing is booked, `free` places now, and `taken` appointments."""

    slot: Slot
    places: int
    free: int
    taken: int


class Slots:
    """The bookable starts of a day, in order. The free places of a start are computed on first use."""

    def __init__(self, starts: Sequence[Start], free: Callable[[Start], int] | None) -> None:
        self._starts = starts
        self._free = free
        self._found: dict[int, Slot] = {}
        self._nearest: dict[tuple[datetime, int], list[Slot]] = {}

    def all(self) -> list[Slot]:
        """Return all starts, also the full ones."""
        return [self._slot(index) for index in range(len(self._starts))]

    def first_free(self, number: int) -> list[Slot]:
        """Return the first `number` free starts of the day, in order."""
        return self._free_among(range(len(self._starts)), number)

    def nearest_free(self, at: datetime, number: int) -> list[Slot]:
        """Return the `number` free starts nearest to an instant, nearest first; the earlier one if equally near."""
        found = self._nearest.get((at, number))
        if found is None:
            found = self._nearest[at, number] = self._free_among(self._by_distance(at), number)
        return found

    def _free_among(self, indexes: Iterable[int], number: int) -> list[Slot]:
        return list(islice((slot for index in indexes if (slot := self._slot(index)).free), number))

    def _by_distance(self, at: datetime) -> Iterator[int]:
        after = bisect_left(self._starts, at, key=_starts_at)
        before, then = range(after - 1, -1, -1), range(after, len(self._starts))
        return merge(before, then, key=lambda index: abs(_starts_at(self._starts[index]) - at))

    def _slot(self, index: int) -> Slot:
        found = self._found.get(index)
        if found is None:
            start = self._starts[index]
            found = self._found[index] = start.slot if self._free is None else _with(start.slot, self._free(start))
        return found


def slots_of(  # noqa: PLR0913  (the last ones by name)
    plan: Plan,
    booked: BookingTotals,
    service: ServiceId,
    count: int,
    now_at: datetime,
    *,
    prechecked: bool = False,
    partner: str | None = None,
    staff: bool = False,
) -> Slots:
    """Return the bookable starts of a service. They are valid until an appointment changes.

    Args:
        plan: the plan of the day, without overtime.
        booked: the day's running totals.
        service: the service; one that cannot be booked has no starts.
        count: the number of people.
        now_at: the present instant; starts in the past, within the notice (except for staff) or beyond the horizon are
            left out.
        prechecked: the papers have been checked.
        partner: the partner that invited the people, if any.
        staff: a staff member asks.
    """
    offer = grid_of(plan).offer(service, count, prechecked=prechecked)
    if offer is None or booked.closed or not within_horizon(plan, now_at):
        return Slots((), None)
    starts = offer.starts[bisect_left(offer.starts, earliest(plan, now_at, staff=staff), key=_starts_at) :]
    booked = booked.at(plan, now_at)
    if not booked.everybody.number and not plan.booking.late_share and not plan.reserved:
        return Slots(starts, None)
    return Slots(starts, _FreePlaces(plan, booked, offer, now_at, partner).free)


def room(  # noqa: PLR0913, PLR0917  (one query)
    plan: Plan,
    booked: BookingTotals,
    service: ServiceId,
    count: int,
    starts_at: datetime,
    now_at: datetime,
    *,
    prechecked: bool = False,
    partner: str | None = None,
) -> Room | None:
    """Return the capacity of one start; None if it is not a start of this service. Ignores notice and horizon."""
    grid = grid_of(plan)
    offer = grid.offer(service, count, prechecked=prechecked)
    start = None if offer is None else offer.by_start.get(grid.seconds(starts_at))
    if offer is None or start is None or start.slot.starts_at != starts_at:
        return None
    booked = booked.at(plan, now_at)
    free = _FreePlaces(plan, booked, offer, now_at, partner).free(start)
    return Room(start.slot, start.slot.places, free, booked.everybody.taken_at(start.start_s))


def places_of_day(plan: Plan, service: ServiceId) -> int:
    """Return how many bookings for one person a day takes while nothing is booked."""
    offer = grid_of(plan).offer(service, 1, prechecked=False)
    return 0 if offer is None else offer.places


def within_horizon(plan: Plan, now_at: datetime) -> bool:
    """Tell whether the day is already within the booking horizon."""
    return plan.booking_opens_at is None or now_at >= plan.booking_opens_at


def earliest(plan: Plan, now_at: datetime, *, staff: bool) -> datetime:
    """Return the first instant that can still be booked: after the notice, or now for staff."""
    return now_at if staff else now_at + timedelta(seconds=plan.booking.notice_s)


def over_capacity(plan: Plan, appointments: Iterable[Appointment]) -> list[AppointmentId]:
    """Return the live appointments that do not fit into a plan if all are booked again in their order of making."""
    booked = BookingTotals.of(plan)
    over = []
    for appointment in sorted(appointments, key=lambda one: one.n):
        if appointment.state not in LIVE:
            continue
        found = room(
            plan,
            booked,
            appointment.service,
            appointment.count,
            appointment.starts_at,
            appointment.starts_at,  # at this time all reserved places have been released
            prechecked=appointment.prechecked,
            partner=appointment.partner,
        )
        if found is None or found.free < 1:
            over.append(appointment.id)
        else:
            booked.update(plan, None, replace(appointment, state=AppointmentState.BOOKED))
    return over


def _starts_at(start: Start) -> datetime:
    return start.slot.starts_at


def _with(slot: Slot, free: int) -> Slot:
    return slot if free == slot.places else Slot(slot.service, slot.starts_at, slot.ends_at, slot.places, free)


class _ReservedSpan(NamedTuple):
    """A partner's reserved share of a span, and what its guests have booked so far."""

    share: float
    from_s: int
    to_s: int
    release_before_s: int
    taken: Mapping[int, Mapping[ServiceId, int]]
    totals: tuple[GroupTotals | None, ...]


class _FreePlaces:
    """Computes the free places of an offer's starts; the rest of each block is computed once."""

    def __init__(self, plan: Plan, booked: BookingTotals, offer: Offer, now_at: datetime, partner: str | None) -> None:
        grid = grid_of(plan)
        self._blocks = grid.blocks
        self._offer = offer
        self._booking = plan.booking
        self._now_s = (now_at - plan.starts_at).total_seconds()
        self._everybody = booked.everybody
        self._totals = _totals_of(booked.everybody, offer)
        self._reserved = [
            _ReservedSpan(
                share.share,
                grid.seconds(share.from_at),
                grid.seconds(share.to_at),
                share.release_before_s,
                {} if guests is None else guests.taken,
                _totals_of(guests, offer),
            )
            for share in plan.reserved
            if share.partner != partner
            for guests in (booked.partners.get(share.partner),)
        ]
        self._rests: dict[tuple[int, int, float, tuple[int, ...]], float] = {}

    def free(self, start: Start) -> int:
        """Return how many more bookings a start accepts if nothing else is booked."""
        to_go_s = start.start_s - self._now_s
        late = self._booking.late_share if to_go_s > self._booking.late_before_s else 0.0
        reserved_now = self._reserved_before(to_go_s) if self._reserved else ()
        if start.by_hand is not None:
            return self._free_by_hand(start, start.by_hand, late, reserved_now)
        free = start.slot.places
        for group, size in enumerate(self._offer.sizes):
            left_s = self._left_at_start_s(group, start, late, reserved_now)
            free = min(free, math.ceil(left_s / size.work_s - ROUNDING))
            for block, part_s in start.parts[group]:
                rest_s = self._rest_of_block_s(group, block, late, reserved_now)
                free = min(free, math.floor(rest_s / part_s + ROUNDING))
            if free <= 0:
                return 0
        return free

    def _reserved_before(self, to_go_s: float) -> tuple[int, ...]:
        """Return the indexes of the shares that are still reserved `to_go_s` seconds before a start."""
        return tuple(index for index, reserved in enumerate(self._reserved) if to_go_s > reserved.release_before_s)

    def _left_at_start_s(self, group: int, start: Start, late: float, reserved_now: tuple[int, ...]) -> float:
        """Return what is left of a start's even share of its block, in seconds of work."""
        share_s = start.shares_s[group]
        left_s = share_s * (1 - late) - _at_start_s(self._totals[group], start)
        for index in reserved_now:
            reserved = self._reserved[index]
            if reserved.from_s <= start.start_s < reserved.to_s:
                left_s -= max(0.0, reserved.share * share_s - _at_start_s(reserved.totals[group], start))
        return left_s

    def _rest_of_block_s(self, group: int, block: int, late: float, reserved_now: tuple[int, ...]) -> float:
        """Return how many seconds of such bookings a block still takes."""
        key = (group, block, late, reserved_now)
        found = self._rests.get(key)
        if found is None:
            found = self._rests[key] = self._compute_rest_s(group, block, late, reserved_now)
        return found

    def _compute_rest_s(self, group: int, block: int, late: float, reserved_now: tuple[int, ...]) -> float:
        whole_s = self._offer.full_s[group][block]
        planned_s = late * whole_s
        from_s, to_s = self._blocks[block]
        for index in reserved_now:
            reserved = self._reserved[index]
            covered_s = max(0, min(to_s, reserved.to_s) - max(from_s, reserved.from_s))
            guests = reserved.totals[group]
            guests_s = guests.mean_ms[block] / 1000 if guests is not None else 0.0
            planned_s += max(0.0, reserved.share * whole_s * covered_s / (to_s - from_s) - guests_s)
        counters, totals = self._offer.groups[group], self._totals[group]
        booked_s, variance = (0.0, 0) if totals is None else (totals.mean_ms[block] / 1000, totals.variance[block])
        return fitting_s(
            counters.staffed_s[block] - counters.walk_ins_s[block] - booked_s - planned_s,
            counters.walk_ins_variance[block] + variance,
            self._offer.sizes[group],
            self._booking.z,
        )

    def _free_by_hand(self, start: Start, by_hand: FixedPlaces, late: float, reserved_now: tuple[int, ...]) -> int:
        """Return the free places of a start with fixed places. Reserved shares are rounded down to whole places."""
        free = by_hand.places - self._everybody.taken_at(start.start_s, by_hand.services)
        free -= math.floor(late * by_hand.places + EPSILON_S)
        for index in reserved_now:
            reserved = self._reserved[index]
            if reserved.from_s <= start.start_s < reserved.to_s:
                guests = number_of(reserved.taken.get(start.start_s, {}), by_hand.services)
                free -= max(0, math.floor(reserved.share * by_hand.places + EPSILON_S) - guests)
        return max(0, free)


def _totals_of(totals: AppointmentTotals | None, offer: Offer) -> tuple[GroupTotals | None, ...]:
    """Return the totals of an offer's groups; None for a group without totals."""
    return tuple(None if totals is None else totals.groups.get(group.id) for group in offer.groups)


def _at_start_s(totals: GroupTotals | None, start: Start) -> float:
    return 0.0 if totals is None else totals.at_start_ms.get(start.start_s, 0) / 1000
