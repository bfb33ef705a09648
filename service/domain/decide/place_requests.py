"""Capacity of a start for a booking request, and the limits per person and per holder.

Source: DESIGN 6, "Places per slot".
"""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct, to_builtins

from service.domain.booking.booking_totals import BookingTotals
from service.domain.booking.slots import Room, Slots, earliest, places_of_day, room, slots_of, within_horizon
from service.domain.day import Day
from service.domain.model import LIVE, Appointment, AppointmentId, AppointmentState, ServiceId
from service.domain.refusals import AlreadyBooked, HoldLimit, SlotFull, SlotNotOffered
from service.domain.view import slot_view

HOLDS_PER_HOLDER_MAX = 3
"""Places of a day that one browser or credential may hold at a time."""

PLACES_PER_HOLD = 3
"""At most one in this many places of a day may be held, so that no one can block the whole day."""

HOLDS_PER_DAY_MIN = 20
"""Places of a day that may be held regardless of `PLACES_PER_HOLD`."""

NEAREST_MAX = 5
"""Free starts that a `SlotFull` refusal offers."""


class PlaceRequest(Struct, frozen=True):
    """Parameters of a request for a place."""

    service: ServiceId
    count: int
    prechecked: bool
    partner: str | None
    staff: bool

    def room(
        self, day: Day, booked: BookingTotals, starts_at: datetime, now_at: datetime, *, near: bool = False
    ) -> Room:
        """Return the capacity of a start.

        No notice period applies if `near` is set: the start is the one the appointment already has.

        Raises:
            SlotNotOffered: the start does not exist, or cannot be booked now.
        """
        plan = day.regular_plan
        from_at = earliest(plan, now_at, staff=self.staff)
        if day.closed or not within_horizon(plan, now_at) or (starts_at < from_at and not near):
            raise SlotNotOffered
        found = room(
            plan,
            booked,
            self.service,
            self.count,
            starts_at,
            now_at,
            prechecked=self.prechecked,
            partner=self.partner,
        )
        if found is None:
            raise SlotNotOffered
        return found

    def full(self, day: Day, booked: BookingTotals, starts_at: datetime, now_at: datetime) -> SlotFull:
        """Build the refusal with the free starts of the day nearest to the requested one.

        Free places are computed as of the whole second, so that requests within it share one result.
        """
        second_at = now_at.replace(microsecond=0)

        def find() -> Slots:
            return slots_of(
                day.regular_plan,
                booked,
                self.service,
                self.count,
                second_at,
                prechecked=self.prechecked,
                partner=self.partner,
                staff=self.staff,
            )

        slots = day.appointment_index.slots((self, second_at), find) if booked is day.booking_totals else find()
        return SlotFull([to_builtins(slot_view(slot)) for slot in slots.nearest_free(starts_at, NEAREST_MAX)])


def capacity_for_change(  # noqa: PLR0913  (a change of one appointment)
    day: Day, appointment: Appointment, starts_at: datetime, count: int, now_at: datetime, *, staff: bool
) -> Room:
    """Return the capacity of a start without the appointment's present place. Raises SlotNotOffered, SlotFull."""
    request = PlaceRequest(appointment.service, count, appointment.prechecked, appointment.partner, staff)
    booked = day.booking_totals.without(day.regular_plan, appointment)
    stays = starts_at == appointment.starts_at
    found = request.room(day, booked, starts_at, now_at, near=stays)
    if found.free < 1 and not (stays and count <= appointment.count):
        raise request.full(day, booked, starts_at, now_at)
    return found


def check_person_limit(
    day: Day, person: str | None, starts_at: datetime, now_at: datetime, excluded: Appointment | None = None
) -> None:
    """Raise AlreadyBooked for a second appointment at a start, or for more than a person may have."""
    if person is None:
        return
    live = _live(day, day.appointment_index.of_person.get(person, frozenset()), now_at)
    others = [appointment for appointment in live if excluded is None or appointment.id != excluded.id]
    if len(others) >= day.regular_plan.booking.per_person or any(other.starts_at == starts_at for other in others):
        raise AlreadyBooked


def check_hold_limit(day: Day, holder: str | None, service: ServiceId, now_at: datetime) -> None:
    """Raise HoldLimit if the holder, or the day, has too many holds."""
    held = [hold for hold in day.booking_totals.holds.values() if hold.expires_at > now_at]
    holds_max = max(HOLDS_PER_DAY_MIN, places_of_day(day.regular_plan, service) // PLACES_PER_HOLD)
    own = () if holder is None else _live(day, day.appointment_index.of_holder.get(holder, ()), now_at)
    of_holder = sum(appointment.state is AppointmentState.HELD for appointment in own)
    if len(held) >= holds_max or of_holder >= HOLDS_PER_HOLDER_MAX:
        raise HoldLimit


def _live(day: Day, ids: Iterable[AppointmentId], now_at: datetime) -> list[Appointment]:
    appointments = (day.appointments[appointment_id] for appointment_id in ids)
    return [appointment for appointment in appointments if day.state_of(appointment, now_at) in LIVE]
