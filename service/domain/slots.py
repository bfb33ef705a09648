"""Places: what is free of a day, from its plan and the running sums of its appointments alone.

A booking is accepted while, in every group of counters that its service depends on and in every block it covers, the
work booked, the work that walk-ins will bring and a margin for chance fit into the staffed time, M + z sqrt(V) <= C;
and while the work at its start is below what that start takes: a block's bookings are spread evenly over its starts.
Where places are set by hand, they alone decide. What is released late, or kept for the guests of a partner, counts as
booked until it is released.

`Booked` holds the sums, in whole milliseconds and square seconds: what is taken out leaves no trace, so a sum that has
run all day equals one made anew. It is all that a query for many days reads of each (`day_sums.booked`).

Source: ALGORITHMS 2.2; DESIGN 6, "Places per slot".
"""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

from msgspec import Struct, field
from msgspec.structs import replace

from service.domain.grid import EPSILON_S, Grid, Offer, Slot, Start, fitting_s, grid_of
from service.domain.model import LIVE, Appointment, AppointmentId, AppointmentState, ServiceId
from service.domain.plan import PlacesByHand, Plan

__all__ = ["Booked", "Room", "Slot", "earliest", "over_capacity", "places_of_day", "room", "slots_of", "within_horizon"]


class Load(Struct, frozen=True, gc=False, array_like=True):
    """What an appointment weighs: its start in seconds from the day's, and what it is for."""

    start_s: int
    service: ServiceId
    count: int
    prechecked: bool
    partner: str | None


class Hold(Struct, frozen=True, array_like=True):
    """A place that is held, until `expires_at`."""

    expires_at: datetime
    load: Load


class Sums(Struct, array_like=True):
    """The work booked with a group of counters: mean and variance by block, mean by start."""

    mean_ms: list[int]
    variance: list[int]
    at_start_ms: dict[int, int]


class Tally(Struct, array_like=True):
    """Sums over some appointments, by group; `taken` counts them by start and service."""

    number: int = 0
    groups: dict[str, Sums] = {}
    taken: dict[int, dict[ServiceId, int]] = {}

    @classmethod
    def of(cls, grid: Grid) -> Self:
        """A tally of nothing."""
        blocks = len(grid.blocks)
        return cls(0, {name: Sums([0] * blocks, [0] * blocks, {}) for name in grid.groups}, {})

    def copy(self) -> "Tally":
        """A tally of its own."""
        groups = {
            name: Sums(list(sums.mean_ms), list(sums.variance), dict(sums.at_start_ms))
            for name, sums in self.groups.items()
        }
        return Tally(self.number, groups, {start_s: dict(taken) for start_s, taken in self.taken.items()})

    def put(self, grid: Grid, load: Load, times: int) -> None:
        """Count an appointment in, or out again when `times` is -1."""
        self.number += times
        taken = self.taken.setdefault(load.start_s, {})
        _count(taken, load.service, times)
        if not taken:
            del self.taken[load.start_s]
        groups = grid.groups_of(load.service)
        if not groups:
            return  # nobody serves it any more; a plan made anew does not even know it
        size = grid.size(load.service, load.count, prechecked=load.prechecked)
        parts = grid.parts(load.start_s, size)
        for group in groups:
            sums = self.groups[group.id]
            _count(sums.at_start_ms, load.start_s, times * round(size.work_s * 1000))
            for block, part_s in parts:
                sums.mean_ms[block] += times * round(part_s * 1000)
                sums.variance[block] += times * round(size.variance * part_s / size.work_s)

    def taken_at(self, start_s: int, services: tuple[ServiceId, ...] = ()) -> int:
        """How many appointments there are at a start, of some services or of all."""
        return _number(self.taken.get(start_s, {}), services)


def _number(taken: Mapping[ServiceId, int], services: tuple[ServiceId, ...]) -> int:
    return sum(number for service, number in taken.items() if not services or service in services)


def _count(counts: dict[Any, int], key: object, number: int) -> None:
    left = counts.get(key, 0) + number
    if left:
        counts[key] = left
    else:
        counts.pop(key, None)


class Booked(Struct, array_like=True):
    """The running sums of a day: of everybody, of each partner's guests, and of the places that are held.

    As JSON it is what the journal keeps beside the day; it belongs to the plan it was reckoned with.
    """

    everybody: Tally = field(default_factory=Tally)
    partners: dict[str, Tally] = {}
    holds: dict[AppointmentId, Hold] = {}
    closed: bool = False

    @classmethod
    def of(cls, plan: Plan, appointments: Iterable[Appointment] = ()) -> Self:
        """The sums of appointments, made anew."""
        booked = cls(Tally.of(grid_of(plan)))
        for appointment in appointments:
            booked.put(plan, None, appointment)
        return booked

    def copy(self) -> "Booked":
        """Sums of its own."""
        partners = {partner: tally.copy() for partner, tally in self.partners.items()}
        return Booked(self.everybody.copy(), partners, dict(self.holds), self.closed)

    def put(self, plan: Plan, before: Appointment | None, after: Appointment | None) -> None:
        """Take over an appointment's new value; None when there is none before, or after."""
        for appointment, times in ((before, -1), (after, 1)):
            if appointment is not None and appointment.state in LIVE:
                self._put(grid_of(plan), appointment, times)

    def _put(self, grid: Grid, appointment: Appointment, times: int) -> None:
        load = Load(
            start_s=grid.seconds(appointment.starts_at),
            service=appointment.service,
            count=appointment.count,
            prechecked=appointment.prechecked,
            partner=appointment.partner,
        )
        self.weigh(grid, load, times)
        if times < 0:
            self.holds.pop(appointment.id, None)
        elif appointment.state is AppointmentState.HELD and appointment.expires_at is not None:
            self.holds[appointment.id] = Hold(appointment.expires_at, load)

    def weigh(self, grid: Grid, load: Load, times: int) -> None:
        """Count what an appointment weighs in, or out again when `times` is -1."""
        self.everybody.put(grid, load, times)
        if load.partner is not None:
            tally = self.partners.setdefault(load.partner, Tally.of(grid))
            tally.put(grid, load, times)
            if not tally.number:
                del self.partners[load.partner]

    def at(self, plan: Plan, now_at: datetime) -> "Booked":
        """The sums without the holds that are over; itself when none is."""
        over = [appointment for appointment, hold in self.holds.items() if hold.expires_at <= now_at]
        if not over:
            return self
        booked = self.copy()
        for appointment in over:
            booked.weigh(grid_of(plan), booked.holds.pop(appointment).load, -1)
        return booked

    def without(self, plan: Plan, appointment: Appointment) -> "Booked":
        """The sums as if one of the appointments were not there."""
        booked = self.copy()
        booked.put(plan, appointment, None)
        return booked


class Room(NamedTuple):
    """What a start takes: `places` while nobody has booked, `free` as it is; `taken` appointments are there."""

    slot: Slot
    places: int
    free: int
    taken: int


def slots_of(  # noqa: PLR0913  (the last ones by name)
    plan: Plan,
    booked: Booked,
    service: ServiceId,
    count: int,
    now_at: datetime,
    *,
    prechecked: bool = False,
    partner: str | None = None,
    staff: bool = False,
) -> list[Slot]:
    """The starts that can be booked, full ones as well, in their order.

    Args:
        plan: the plan of the day, without overtime.
        booked: its running sums.
        service: for which; one that cannot be booked has none.
        count: for how many people.
        now_at: the present instant: what is past, too near (but for staff) or too far ahead is left out.
        prechecked: their papers have been looked at.
        partner: whose guests they are.
        staff: whether staff ask.
    """
    offer = grid_of(plan).offer(service, count, prechecked=prechecked)
    if offer is None or booked.closed or not within_horizon(plan, now_at):
        return []
    from_at = earliest(plan, now_at, staff=staff)
    starts = [start for start in offer.starts if start.slot.starts_at >= from_at]
    booked = booked.at(plan, now_at)
    if not booked.everybody.number and not plan.booking.late_share and not plan.reserved:
        return [start.slot for start in starts]
    reckoning = _Reckoning(plan, booked, offer, now_at, partner)
    return [_with(start.slot, reckoning.free(start)) for start in starts]


def room(  # noqa: PLR0913, PLR0917  (a question about one start)
    plan: Plan,
    booked: Booked,
    service: ServiceId,
    count: int,
    starts_at: datetime,
    now_at: datetime,
    *,
    prechecked: bool = False,
    partner: str | None = None,
) -> Room | None:
    """What one start takes; None when it is no start of this service. Notice and horizon are not asked."""
    grid = grid_of(plan)
    offer = grid.offer(service, count, prechecked=prechecked)
    start = None if offer is None else offer.by_start.get(grid.seconds(starts_at))
    if offer is None or start is None or start.slot.starts_at != starts_at:
        return None
    booked = booked.at(plan, now_at)
    free = _Reckoning(plan, booked, offer, now_at, partner).free(start)
    return Room(start.slot, start.slot.places, free, booked.everybody.taken_at(start.start_s))


def places_of_day(plan: Plan, service: ServiceId) -> int:
    """How many bookings of one person a day takes while nobody has booked."""
    offer = grid_of(plan).offer(service, 1, prechecked=False)
    return 0 if offer is None else offer.places


def within_horizon(plan: Plan, now_at: datetime) -> bool:
    """Tell whether the day can be booked already."""
    return plan.booking_opens_at is None or now_at >= plan.booking_opens_at


def earliest(plan: Plan, now_at: datetime, *, staff: bool) -> datetime:
    """The first instant that can still be booked: after the notice, which does not hold for staff."""
    return now_at if staff else now_at + timedelta(seconds=plan.booking.notice_s)


def over_capacity(plan: Plan, appointments: Iterable[Appointment]) -> list[AppointmentId]:
    """The live appointments that a plan would not take, if all were booked anew in the order they were made in."""
    booked = Booked.of(plan)
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
            appointment.starts_at,  # when all that is kept for somebody has been released
            prechecked=appointment.prechecked,
            partner=appointment.partner,
        )
        if found is None or found.free < 1:
            over.append(appointment.id)
        else:
            booked.put(plan, None, replace(appointment, state=AppointmentState.BOOKED))
    return over


def _with(slot: Slot, free: int) -> Slot:
    return slot if free == slot.places else Slot(slot.service, slot.starts_at, slot.ends_at, slot.places, free)


class _Kept(NamedTuple):
    """A partner's share of a span, and what its guests have booked so far."""

    share: float
    from_s: int
    to_s: int
    release_before_s: int
    taken: Mapping[int, Mapping[ServiceId, int]]
    sums: tuple[Sums | None, ...]


class _Reckoning:
    """How many more bookings the starts of an offer take; what is left of a block is reckoned once for all alike."""

    def __init__(self, plan: Plan, booked: Booked, offer: Offer, now_at: datetime, partner: str | None) -> None:
        grid = grid_of(plan)
        self._blocks = grid.blocks
        self._offer = offer
        self._booking = plan.booking
        self._now_s = (now_at - plan.starts_at).total_seconds()
        self._everybody = booked.everybody
        self._sums = _sums_of(booked.everybody, offer)
        self._reserved = [
            _Kept(
                share.share,
                grid.seconds(share.from_at),
                grid.seconds(share.to_at),
                share.release_before_s,
                {} if guests is None else guests.taken,
                _sums_of(guests, offer),
            )
            for share in plan.reserved
            if share.partner != partner
            for guests in (booked.partners.get(share.partner),)
        ]
        self._rests: dict[tuple[int, int, float, tuple[int, ...]], float] = {}

    def free(self, start: Start) -> int:
        """How many more bookings this very start would accept if nobody booked elsewhere."""
        to_go_s = start.start_s - self._now_s
        late = self._booking.late_share if to_go_s > self._booking.late_before_s else 0.0
        kept = tuple(index for index, reserved in enumerate(self._reserved) if to_go_s > reserved.release_before_s)
        if start.by_hand is not None:
            return self._free_by_hand(start, start.by_hand, late, kept)
        work_s = self._offer.size.work_s
        free = start.slot.places
        for group in range(len(self._sums)):
            left_s = self._left_at_start_s(group, start, late, kept)
            free = min(free, math.ceil(left_s / work_s - EPSILON_S))
            for block, part_s in start.parts:
                rest_s = self._rest_of_block_s(group, block, late, kept)
                free = min(free, math.floor((rest_s + EPSILON_S) / part_s))
            if free <= 0:
                return 0
        return free

    def _left_at_start_s(self, group: int, start: Start, late: float, kept: tuple[int, ...]) -> float:
        """What is left of a start's even share of its block."""
        share_s = start.shares_s[group]
        left_s = share_s * (1 - late) - _at_start_s(self._sums[group], start)
        for index in kept:
            reserved = self._reserved[index]
            if reserved.from_s <= start.start_s < reserved.to_s:
                left_s -= max(0.0, reserved.share * share_s - _at_start_s(reserved.sums[group], start))
        return left_s

    def _rest_of_block_s(self, group: int, block: int, late: float, kept: tuple[int, ...]) -> float:
        """The seconds of such bookings that a block still takes."""
        key = (group, block, late, kept)
        found = self._rests.get(key)
        if found is None:
            found = self._rests[key] = self._reckon_rest_s(group, block, late, kept)
        return found

    def _reckon_rest_s(self, group: int, block: int, late: float, kept: tuple[int, ...]) -> float:
        whole_s = self._offer.full_s[group][block]
        spoken_for_s = late * whole_s
        from_s, to_s = self._blocks[block]
        for index in kept:
            reserved = self._reserved[index]
            covered_s = max(0, min(to_s, reserved.to_s) - max(from_s, reserved.from_s))
            guests = reserved.sums[group]
            guests_s = guests.mean_ms[block] / 1000 if guests is not None else 0.0
            spoken_for_s += max(0.0, reserved.share * whole_s * covered_s / (to_s - from_s) - guests_s)
        counters, sums = self._offer.groups[group], self._sums[group]
        booked_s, variance = (0.0, 0) if sums is None else (sums.mean_ms[block] / 1000, sums.variance[block])
        return fitting_s(
            counters.staffed_s[block] - counters.walk_ins_s[block] - booked_s - spoken_for_s,
            counters.walk_ins_variance[block] + variance,
            self._offer.size,
            self._booking.z,
        )

    def _free_by_hand(self, start: Start, by_hand: PlacesByHand, late: float, kept: tuple[int, ...]) -> int:
        """What is left of places set by hand; a share kept back is rounded down to whole places."""
        free = by_hand.places - self._everybody.taken_at(start.start_s, by_hand.services)
        free -= math.floor(late * by_hand.places + EPSILON_S)
        for index in kept:
            reserved = self._reserved[index]
            if reserved.from_s <= start.start_s < reserved.to_s:
                guests = _number(reserved.taken.get(start.start_s, {}), by_hand.services)
                free -= max(0, math.floor(reserved.share * by_hand.places + EPSILON_S) - guests)
        return max(0, free)


def _sums_of(tally: Tally | None, offer: Offer) -> tuple[Sums | None, ...]:
    """The sums of an offer's groups; None where nothing has been booked ever."""
    return tuple(None if tally is None else tally.groups.get(group.id) for group in offer.groups)


def _at_start_s(sums: Sums | None, start: Start) -> float:
    return 0.0 if sums is None else sums.at_start_ms.get(start.start_s, 0) / 1000
