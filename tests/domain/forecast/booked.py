"""Appointments for the tests of the forecast."""

from datetime import timedelta

from service.domain.model import Appointment, AppointmentId, AppointmentState, Channel, ServiceId
from tests.domain.halls import Hall


def book(hall: Hall, local: str, service: str = "enquiry", count: int = 1) -> None:
    """Add an appointment to the day."""
    starts_at = hall.instant(local)
    n = len(hall.day.appointments) + 1
    hall.day.store_appointment(
        Appointment(
            id=AppointmentId(f"appointment-{n}"),
            n=n,
            code=f"AAAA{n:04d}",
            service=ServiceId(service),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=5),
            state=AppointmentState.BOOKED,
            count=count,
            channel=Channel.WEB,
            place=1,
            places=99,
            per_person=2,
            made_at=hall.now_at,
        )
    )
