"""The running sums of a day's bookings: all that is known of its appointments when its slots are reckoned.

Whole milliseconds and square seconds: what is taken out leaves no trace, so a sum that has run all day equals one made
anew. It is all that a query for many days reads of each: the sums as they were written whole (`day_sums`), and what has
changed of them since (`day_sum_changes`), for whole they are large, and every booking changes them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self

import msgspec
from msgspec import Struct, field

from service.domain.booking.grid import Grid, grid_of
from service.domain.calendar.plan import Plan
from service.domain.model import LIVE, Appointment, AppointmentId, AppointmentState, ServiceId


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
        # none where nobody serves it any more; a plan made anew does not even know it
        for group, size, parts in grid.loads_of(load.service, load.count, load.start_s, prechecked=load.prechecked):
            sums = self.groups[group.id]
            _count(sums.at_start_ms, load.start_s, times * round(size.work_s * 1000))
            for block, part_s in parts:
                sums.mean_ms[block] += times * round(part_s * 1000)
                sums.variance[block] += times * round(size.variance * part_s / size.work_s)

    def empty(self) -> "Tally":
        """A tally of nothing, over the same groups and blocks."""
        blocks = {name: len(sums.mean_ms) for name, sums in self.groups.items()}
        return Tally(0, {name: Sums([0] * number, [0] * number, {}) for name, number in blocks.items()}, {})

    def changes_since(self, before: "Tally", starts_s: Iterable[int]) -> "TallyChange":
        """What is otherwise than before, when nothing but appointments at some starts has changed."""
        groups = {}
        for name, sums in self.groups.items():
            was = before.groups[name]
            change = SumsChange(
                _otherwise(was.mean_ms, sums.mean_ms),
                _otherwise(was.variance, sums.variance),
                {
                    start_s: ms
                    for start_s in starts_s
                    if (ms := sums.at_start_ms.get(start_s, 0)) != was.at_start_ms.get(start_s, 0)
                },
            )
            if change != _NO_SUMS_CHANGED:
                groups[name] = change
        taken = {
            start_s: dict(now)
            for start_s in starts_s
            if (now := self.taken.get(start_s, {})) != before.taken.get(start_s, {})
        }
        return TallyChange(self.number, groups, taken)

    def take_over(self, change: "TallyChange") -> None:
        """Become what `changes_since` saw."""
        self.number = change.number
        for name, changed in change.groups.items():
            sums = self.groups[name]
            for block, mean_ms in changed.mean_ms.items():
                sums.mean_ms[block] = mean_ms
            for block, variance in changed.variance.items():
                sums.variance[block] = variance
            _take_over(sums.at_start_ms, changed.at_start_ms)
        _take_over(self.taken, change.taken)

    def taken_at(self, start_s: int, services: tuple[ServiceId, ...] = ()) -> int:
        """How many appointments there are at a start, of some services or of all."""
        return number_of(self.taken.get(start_s, {}), services)


def number_of(taken: Mapping[ServiceId, int], services: tuple[ServiceId, ...]) -> int:
    """How many appointments of some services, or of all, are among those counted."""
    return sum(number for service, number in taken.items() if not services or service in services)


def _count(counts: dict[Any, int], key: object, number: int) -> None:
    left = counts.get(key, 0) + number
    if left:
        counts[key] = left
    else:
        counts.pop(key, None)


def _otherwise(before: list[int], after: list[int]) -> dict[int, int]:
    return {index: now for index, (was, now) in enumerate(zip(before, after, strict=True)) if was != now}


def _take_over(values: dict[Any, Any], changed: Mapping[Any, Any]) -> None:
    """Set what has changed; what has become nothing goes."""
    for key, value in changed.items():
        if value:
            values[key] = value
        else:
            values.pop(key, None)


class SumsChange(Struct, array_like=True):
    """Entries of `Sums` as they are now, by block and by start."""

    mean_ms: dict[int, int]
    variance: dict[int, int]
    at_start_ms: dict[int, int]


_NO_SUMS_CHANGED = SumsChange({}, {}, {})


class TallyChange(Struct, array_like=True):
    """A tally's number, and the entries of it that are otherwise now."""

    number: int
    groups: dict[str, SumsChange]
    taken: dict[int, dict[ServiceId, int]]


class Change(Struct, array_like=True):
    """What appointments have changed of a day's sums: a few entries as they are now, whatever they were.

    As JSON it is a twentieth of the sums whole. A partner's tally that is no more is None, and so is a hold.
    """

    everybody: TallyChange
    partners: dict[str, TallyChange | None]
    holds: dict[AppointmentId, Hold | None]


class Booked(Struct, array_like=True):
    """The running sums of a day: of everybody, of each partner's guests, and of the places that are held.

    As JSON it is what the journal keeps beside the day, with the changes since; it belongs to the plan it was reckoned
    with. `by_stage` says that visits of several stages count at each of them.
    """

    everybody: Tally = field(default_factory=Tally)
    partners: dict[str, Tally] = {}
    holds: dict[AppointmentId, Hold] = {}
    closed: bool = False
    by_stage: bool = False

    @classmethod
    def of(cls, plan: Plan, appointments: Iterable[Appointment] = ()) -> Self:
        """The sums of appointments, made anew."""
        grid = grid_of(plan)
        booked = cls(Tally.of(grid), by_stage=grid.by_stage)
        for appointment in appointments:
            booked.put(plan, None, appointment)
        return booked

    def copy(self) -> "Booked":
        """Sums of its own."""
        partners = {partner: tally.copy() for partner, tally in self.partners.items()}
        return Booked(self.everybody.copy(), partners, dict(self.holds), self.closed, self.by_stage)

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

    def fits(self, plan: Plan) -> bool:
        """Tell whether the sums are reckoned as a plan's are, and not by a release before it."""
        return self.by_stage == grid_of(plan).by_stage

    def without(self, plan: Plan, appointment: Appointment) -> "Booked":
        """The sums as if one of the appointments were not there."""
        booked = self.copy()
        booked.put(plan, appointment, None)
        return booked

    def changes_since(self, before: "Booked", plan: Plan, touched: Iterable[Appointment]) -> Change | None:
        """What is otherwise than before; None when nothing is.

        Args:
            before: the sums of the same plan as they were.
            plan: that plan.
            touched: the appointments that have changed since, as they were and as they are.
        """
        grid = grid_of(plan)
        touched = list(touched)
        starts_s = {grid.seconds(one.starts_at) for one in touched}
        partners: dict[str, TallyChange | None] = {}
        for partner in {one.partner for one in touched if one.partner is not None}:
            tally, was = self.partners.get(partner), before.partners.get(partner)
            if tally is not None:
                partners[partner] = tally.changes_since(was or self.everybody.empty(), starts_s)
            elif was is not None:
                partners[partner] = None
        holds = {one.id: hold for one in touched if (hold := self.holds.get(one.id)) != before.holds.get(one.id)}
        change = Change(self.everybody.changes_since(before.everybody, starts_s), partners, holds)
        nothing = Change(TallyChange(before.everybody.number, {}, {}), {}, {})
        return None if change == nothing else change

    def take_over(self, change: Change) -> None:
        """Become what `changes_since` saw."""
        self.everybody.take_over(change.everybody)
        for partner, changed in change.partners.items():
            if changed is None:
                self.partners.pop(partner, None)
            else:
                self.partners.setdefault(partner, self.everybody.empty()).take_over(changed)
        _take_over(self.holds, change.holds)


_decode = msgspec.json.Decoder(Booked).decode
_decode_changes = msgspec.json.Decoder(list[Change]).decode


def sums_of(booked: str, changes: str | None) -> Booked:
    """The sums as they were written whole, with an array of their changes since.

    Raises DecodeError for other JSON, LookupError for changes of other sums.
    """
    sums = _decode(booked)
    for change in () if changes is None else _decode_changes(changes):
        sums.take_over(change)
    return sums
