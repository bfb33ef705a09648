"""Running totals of a day's booked work per block. Free slots are computed from these, never from the appointments.

Totals are whole milliseconds and whole seconds squared, so totals updated all day are equal to totals computed from the
appointments. A query over many days reads only the totals: the last complete ones (table `day_sums`) and the changes
since (`day_sum_changes`). Complete totals are large and every booking changes them, so only the changes are written.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self

import msgspec
from msgspec import Struct, field

from service.domain.booking.grid import Grid, grid_of
from service.domain.calendar.plan import Plan
from service.domain.model import LIVE, Appointment, AppointmentId, AppointmentState, ServiceId


class BookedWork(Struct, frozen=True, gc=False, array_like=True):
    """An appointment as far as the totals need it; `start_s` is in seconds from the start of the day."""

    start_s: int
    service: ServiceId
    count: int
    prechecked: bool
    partner: str | None


class Hold(Struct, frozen=True, array_like=True):
    """A held appointment and when the hold expires."""

    expires_at: datetime
    load: BookedWork


class GroupTotals(Struct, array_like=True):
    """Work booked with a counter group: mean (ms) and variance (s²) by block, and mean (ms) by start."""

    mean_ms: list[int]
    variance: list[int]
    at_start_ms: dict[int, int]


class AppointmentTotals(Struct, array_like=True):
    """Totals over a set of appointments: their number, work by counter group, and number by start and service."""

    number: int = 0
    groups: dict[str, GroupTotals] = {}
    taken: dict[int, dict[ServiceId, int]] = {}

    @classmethod
    def of(cls, grid: Grid) -> Self:
        """Return totals of no appointments, for the groups and blocks of a grid."""
        blocks = len(grid.blocks)
        return cls(0, {name: GroupTotals([0] * blocks, [0] * blocks, {}) for name in grid.groups}, {})

    def copy(self) -> "AppointmentTotals":
        """Return independent totals with the same values."""
        groups = {
            name: GroupTotals(list(sums.mean_ms), list(sums.variance), dict(sums.at_start_ms))
            for name, sums in self.groups.items()
        }
        return AppointmentTotals(self.number, groups, {start_s: dict(taken) for start_s, taken in self.taken.items()})

    def update(self, grid: Grid, load: BookedWork, times: int) -> None:
        """Add an appointment, or subtract it if `times` is -1."""
        self.number += times
        taken = self.taken.setdefault(load.start_s, {})
        _count(taken, load.service, times)
        if not taken:
            del self.taken[load.start_s]
        # no loads if no counter serves the service, or if a new plan no longer has it
        for group, size, parts in grid.loads_of(load.service, load.count, load.start_s, prechecked=load.prechecked):
            sums = self.groups[group.id]
            _count(sums.at_start_ms, load.start_s, times * round(size.work_s * 1000))
            for block, part_s in parts:
                sums.mean_ms[block] += times * round(part_s * 1000)
                sums.variance[block] += times * round(size.variance * part_s / size.work_s)

    def empty(self) -> "AppointmentTotals":
        """Return totals of no appointments, for the same groups and blocks."""
        blocks = {name: len(sums.mean_ms) for name, sums in self.groups.items()}
        return AppointmentTotals(
            0, {name: GroupTotals([0] * number, [0] * number, {}) for name, number in blocks.items()}, {}
        )

    def changes_since(self, before: "AppointmentTotals", starts_s: Iterable[int]) -> "AppointmentTotalsChange":
        """Return what changed since `before`; only appointments at the given starts may have changed."""
        groups = {}
        for name, sums in self.groups.items():
            was = before.groups[name]
            change = GroupTotalsChange(
                _changed_entries(was.mean_ms, sums.mean_ms),
                _changed_entries(was.variance, sums.variance),
                {
                    start_s: ms
                    for start_s in starts_s
                    if (ms := sums.at_start_ms.get(start_s, 0)) != was.at_start_ms.get(start_s, 0)
                },
            )
            if change != _NO_GROUP_CHANGE:
                groups[name] = change
        taken = {
            start_s: dict(now)
            for start_s in starts_s
            if (now := self.taken.get(start_s, {})) != before.taken.get(start_s, {})
        }
        return AppointmentTotalsChange(self.number, groups, taken)

    def apply(self, change: "AppointmentTotalsChange") -> None:
        """Apply a result of `changes_since`."""
        self.number = change.number
        for name, changed in change.groups.items():
            sums = self.groups[name]
            for block, mean_ms in changed.mean_ms.items():
                sums.mean_ms[block] = mean_ms
            for block, variance in changed.variance.items():
                sums.variance[block] = variance
            _set_changed(sums.at_start_ms, changed.at_start_ms)
        _set_changed(self.taken, change.taken)

    def taken_at(self, start_s: int, services: tuple[ServiceId, ...] = ()) -> int:
        """Count the appointments at a start, of the given services or, if there are none, of all."""
        return number_of(self.taken.get(start_s, {}), services)


def number_of(taken: Mapping[ServiceId, int], services: tuple[ServiceId, ...]) -> int:
    """Add up the counts of the given services or, if there are none, of all."""
    return sum(number for service, number in taken.items() if not services or service in services)


def _count(counts: dict[Any, int], key: object, number: int) -> None:
    left = counts.get(key, 0) + number
    if left:
        counts[key] = left
    else:
        counts.pop(key, None)


def _changed_entries(before: list[int], after: list[int]) -> dict[int, int]:
    return {index: now for index, (was, now) in enumerate(zip(before, after, strict=True)) if was != now}


def _set_changed(values: dict[Any, Any], changed: Mapping[Any, Any]) -> None:
    """Set the changed values; a value that is zero, empty or None is removed."""
    for key, value in changed.items():
        if value:
            values[key] = value
        else:
            values.pop(key, None)


class GroupTotalsChange(Struct, array_like=True):
    """New values of changed entries of `GroupTotals`, by block and by start."""

    mean_ms: dict[int, int]
    variance: dict[int, int]
    at_start_ms: dict[int, int]


_NO_GROUP_CHANGE = GroupTotalsChange({}, {}, {})


class AppointmentTotalsChange(Struct, array_like=True):
    """The number of appointments, and the new values of changed entries of `AppointmentTotals`."""

    number: int
    groups: dict[str, GroupTotalsChange]
    taken: dict[int, dict[ServiceId, int]]


class BookingTotalsChange(Struct, array_like=True):
    """New values of the changed entries of a day's totals.

    Its JSON has a twentieth of the size of the complete totals. A partner or a hold that was removed is None.
    """

    everybody: AppointmentTotalsChange
    partners: dict[str, AppointmentTotalsChange | None]
    holds: dict[AppointmentId, Hold | None]


class BookingTotals(Struct, array_like=True):
    """The running totals of a day: of all appointments, of those of each partner's guests, and the holds.

    The journal stores its JSON beside the day. The totals are valid only with the plan they were computed with.
    `by_stage` is true if visits with several stages count at each stage.
    """

    everybody: AppointmentTotals = field(default_factory=AppointmentTotals)
    partners: dict[str, AppointmentTotals] = {}
    holds: dict[AppointmentId, Hold] = {}
    closed: bool = False
    by_stage: bool = False

    @classmethod
    def of(cls, plan: Plan, appointments: Iterable[Appointment] = ()) -> Self:
        """Compute the totals of appointments."""
        grid = grid_of(plan)
        booked = cls(AppointmentTotals.of(grid), by_stage=grid.by_stage)
        for appointment in appointments:
            booked.update(plan, None, appointment)
        return booked

    def copy(self) -> "BookingTotals":
        """Return independent totals with the same values."""
        partners = {partner: tally.copy() for partner, tally in self.partners.items()}
        return BookingTotals(self.everybody.copy(), partners, dict(self.holds), self.closed, self.by_stage)

    def update(self, plan: Plan, before: Appointment | None, after: Appointment | None) -> None:
        """Update the totals for a changed appointment: `before` is None if it is new, `after` if it was removed."""
        for appointment, times in ((before, -1), (after, 1)):
            if appointment is not None and appointment.state in LIVE:
                self._count_appointment(grid_of(plan), appointment, times)

    def _count_appointment(self, grid: Grid, appointment: Appointment, times: int) -> None:
        load = BookedWork(
            start_s=grid.seconds(appointment.starts_at),
            service=appointment.service,
            count=appointment.count,
            prechecked=appointment.prechecked,
            partner=appointment.partner,
        )
        self.count(grid, load, times)
        if times < 0:
            self.holds.pop(appointment.id, None)
        elif appointment.state is AppointmentState.HELD and appointment.expires_at is not None:
            self.holds[appointment.id] = Hold(appointment.expires_at, load)

    def count(self, grid: Grid, load: BookedWork, times: int) -> None:
        """Add the work of an appointment, or subtract it if `times` is -1."""
        self.everybody.update(grid, load, times)
        if load.partner is not None:
            tally = self.partners.setdefault(load.partner, AppointmentTotals.of(grid))
            tally.update(grid, load, times)
            if not tally.number:
                del self.partners[load.partner]

    def at(self, plan: Plan, now_at: datetime) -> "BookingTotals":
        """Return the totals without the holds that have expired at `now_at`; itself if no hold has."""
        over = [appointment for appointment, hold in self.holds.items() if hold.expires_at <= now_at]
        if not over:
            return self
        booked = self.copy()
        for appointment in over:
            booked.count(grid_of(plan), booked.holds.pop(appointment).load, -1)
        return booked

    def counts_stages_like(self, plan: Plan) -> bool:
        """Tell whether the totals count stages as the plan does; totals of an older release may not."""
        return self.by_stage == grid_of(plan).by_stage

    def without(self, plan: Plan, appointment: Appointment) -> "BookingTotals":
        """Return the totals without one of the appointments."""
        booked = self.copy()
        booked.update(plan, appointment, None)
        return booked

    def changes_since(
        self, before: "BookingTotals", plan: Plan, touched: Iterable[Appointment]
    ) -> BookingTotalsChange | None:
        """Return what changed since `before`, or None if nothing did.

        Args:
            before: earlier totals with the same plan.
            plan: this plan.
            touched: the appointments changed since, with their old and their new values.
        """
        grid = grid_of(plan)
        touched = list(touched)
        starts_s = {grid.seconds(one.starts_at) for one in touched}
        partners: dict[str, AppointmentTotalsChange | None] = {}
        for partner in {one.partner for one in touched if one.partner is not None}:
            tally, was = self.partners.get(partner), before.partners.get(partner)
            if tally is not None:
                partners[partner] = tally.changes_since(was or self.everybody.empty(), starts_s)
            elif was is not None:
                partners[partner] = None
        holds = {one.id: hold for one in touched if (hold := self.holds.get(one.id)) != before.holds.get(one.id)}
        change = BookingTotalsChange(self.everybody.changes_since(before.everybody, starts_s), partners, holds)
        nothing = BookingTotalsChange(AppointmentTotalsChange(before.everybody.number, {}, {}), {}, {})
        return None if change == nothing else change

    def apply(self, change: BookingTotalsChange) -> None:
        """Apply a result of `changes_since`."""
        self.everybody.apply(change.everybody)
        for partner, changed in change.partners.items():
            if changed is None:
                self.partners.pop(partner, None)
            else:
                self.partners.setdefault(partner, self.everybody.empty()).apply(changed)
        _set_changed(self.holds, change.holds)


_decode = msgspec.json.Decoder(BookingTotals).decode
_decode_changes = msgspec.json.Decoder(list[BookingTotalsChange]).decode


def totals_from_json(booked: str, changes: str | None) -> BookingTotals:
    """Decode totals from their JSON and apply a JSON array of later changes.

    Raises:
        DecodeError: the JSON has another shape.
        LookupError: the changes belong to other totals.
    """
    sums = _decode(booked)
    for change in () if changes is None else _decode_changes(changes):
        sums.apply(change)
    return sums
