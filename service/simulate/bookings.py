"""Wishes become appointments: the start that was wanted, or the nearest free one that the refusal names."""

from bisect import bisect_right
from datetime import datetime

from msgspec import Struct

from service.domain.booking.grid import grid_of
from service.domain.commands import BookAppointment
from service.domain.model import AppointmentId, Channel
from service.domain.refusals import SlotFull
from service.simulate.hall_setup import Setting
from service.simulate.people import Person
from service.simulate.simulated_hall import SimulatedHall


class Booked(Struct, frozen=True):
    """A wish that was granted; `shift_ms` lies between the start that was wanted and the one that was given."""

    person: Person
    slot_ms: int
    shift_ms: int


class Granted(Struct, frozen=True):
    """An appointment, and whose it is."""

    appointment: AppointmentId
    booked: Booked


def book(hall: SimulatedHall, setting: Setting, person: Person, at_ms: int) -> Granted | None:
    """Book the last start before the moment a person wishes, or the free one nearest to it; None when there is none."""
    offer = grid_of(setting.plan).offer(person.service, 1, prechecked=False)
    assert offer is not None, "people wish for what can be booked"
    starts = [start.slot.starts_at for start in offer.starts]
    wanted_at = starts[max(0, bisect_right(starts, hall.at(person.wish_ms)) - 1)]
    appointment = AppointmentId(f"appointment-{person.n:06d}")
    starts_at = wanted_at
    try:
        hall.do(_booking(appointment, person, starts_at), at_ms)
    except SlotFull as full:
        nearest = full.fields["slots"]
        if not nearest:
            return None
        starts_at = datetime.fromisoformat(nearest[0]["starts_at"])
        hall.do(_booking(appointment, person, starts_at), at_ms)
    slot_ms = hall.ms(starts_at)
    return Granted(appointment, Booked(person, slot_ms, abs(slot_ms - hall.ms(wanted_at))))


def _booking(appointment: AppointmentId, person: Person, starts_at: datetime) -> BookAppointment:
    return BookAppointment(
        appointment=appointment,
        code=f"A{person.n:07d}",
        service=person.service,
        starts_at=starts_at,
        channel=Channel.WEB,
        applicant=f"applicant-{person.n:06d}",
        person=f"person-{person.n:06d}",
    )
