"""Book appointments: the wanted start, or the nearest free one that the refusal lists."""

from bisect import bisect_right
from datetime import datetime

from msgspec import Struct

from service.domain.booking.grid import grid_of
from service.domain.commands import BookAppointment
from service.domain.model import AppointmentId, Channel
from service.domain.refusals import SlotFull
from service.simulate.hall_setup import HallSetup
from service.simulate.people import Person
from service.simulate.simulated_hall import SimulatedHall


class BookedWish(Struct, frozen=True):
    """A wish that got a place; `shift_ms` is the distance between the wanted start and the booked one."""

    person: Person
    slot_ms: int
    shift_ms: int


class BookedAppointment(Struct, frozen=True):
    """The id of a booked appointment, and the wish it belongs to."""

    appointment: AppointmentId
    booked: BookedWish


def book(hall: SimulatedHall, setup: HallSetup, person: Person, at_ms: int) -> BookedAppointment | None:
    """Book the last start before the wanted time, or the free start nearest to it; return None if there is none."""
    offer = grid_of(setup.plan).offer(person.service, 1, prechecked=False)
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
    return BookedAppointment(appointment, BookedWish(person, slot_ms, abs(slot_ms - hall.ms(wanted_at))))


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
