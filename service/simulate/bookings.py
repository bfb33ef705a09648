"""Wishes become appointments: the start that was wanted, or the nearest that is free."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from service.domain.commands import BookAppointment
from service.domain.model import AppointmentId, Channel
from service.domain.refusals import SlotFull
from service.simulate.hall import SimulatedHall
from service.simulate.people import Person
from service.simulate.setting import Setting


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
    """Book what a person wishes, or the nearest to it; None when the whole day is full."""
    from service.domain.slots import offered, slots_of  # noqa: PLC0415  (TEMPORARY)

    wanted_at = nearest([start.starts_at for start in offered(setting.plan, person.service)], hall.at(person.wish_ms))
    appointment = AppointmentId(f"appointment-{person.n:06d}")
    starts_at = wanted_at
    try:
        hall.do(_booking(appointment, person, starts_at), at_ms)
    except SlotFull:
        free = [
            slot.starts_at
            for slot in slots_of(setting.plan, hall.day.booked, person.service, 1, hall.at(at_ms))
            if slot.free
        ]
        if not free:
            return None
        starts_at = nearest(free, wanted_at)
        hall.do(_booking(appointment, person, starts_at), at_ms)
    slot_ms = hall.ms(starts_at)
    return Granted(appointment, Booked(person, slot_ms, abs(slot_ms - hall.ms(wanted_at))))


def nearest(starts: Sequence[datetime], wish_at: datetime) -> datetime:
    """The start nearest to a wish; of two as near the earlier one."""
    return min(starts, key=lambda at: (abs(at - wish_at), at))


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
