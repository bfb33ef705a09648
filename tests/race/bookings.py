"""Helpers for races of bookings: a hall with one place each half hour, and its commands."""

from datetime import UTC, date, datetime, time, timedelta

import msgspec

from service.booking.rescheduling import Moves
from service.domain.commands import BookAppointment, CancelAppointment, ChangeAppointment
from service.domain.day import Day
from service.domain.hall.demo import DEMO, demo_document
from service.domain.hall.document import Booking, HallDocument, Places
from service.domain.model import Appointment, AppointmentId, Channel, ServiceId
from service.journal.verify import Verifier
from service.primitives.ids import APPOINTMENT_CODE_STARTS, new_code, new_id
from service.runtime.requests import Answer
from tests.race.process import DAY, Process, equal, folded

EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
FAR_DAY = DAY + timedelta(days=20)
PERSON = "a keyed hash"


def one_place(per_person: int = 2) -> HallDocument:
    """Return the document of a hall that is always open, with one place each half hour."""
    places = Places(weekdays=EVERY_DAY, from_="00:00", to="24:00", every_min=30, places=1)
    return msgspec.structs.replace(
        demo_document(always_open=True), booking=Booking(notice_s=0, per_person=per_person, places=[places])
    )


async def with_one_place(*processes: Process, per_person: int = 2) -> None:
    """Store this document of the hall, and let all processes read it."""
    await processes[0].replace(one_place(per_person))
    for process in processes:
        await process.halls.read(DEMO)


def instant(on: date, at: str) -> datetime:
    """Return the instant of a wall time of the demo hall, which is eight hours ahead of UTC."""
    return datetime.combine(on, time.fromisoformat(at), UTC) - timedelta(hours=8)


def booking(on: date, at: str = "16:00", *, person: str | None = None, hold: bool = False) -> BookAppointment:
    """Return a command that books a place."""
    return BookAppointment(
        appointment=AppointmentId(new_id()),
        code=new_code(APPOINTMENT_CODE_STARTS),
        service=ServiceId("enquiry"),
        starts_at=instant(on, at),
        channel=Channel.WEB,
        hold=hold,
        person=person,
    )


async def book(process: Process, on: date, command: BookAppointment, key: str | None = None) -> Answer:
    """Send the command to the day as a handler does."""
    return await process.lanes.do_on(DEMO, on, process.request(command, key))


async def booked(process: Process, on: date, at: str = "16:00", *, person: str | None = None) -> Appointment:
    """Book a place; the command must succeed."""
    return appointment_of(await book(process, on, booking(on, at, person=person)))


def appointment_of(answer: Answer) -> Appointment:
    """Return the appointment in an answer."""
    assert answer.done is not None, "something was done"
    appointment = answer.done.parts[-1].appointment
    assert appointment is not None
    return appointment


def moves(process: Process) -> Moves:
    """Return the part of a process that moves appointments."""
    return Moves(process.journal, process.lanes, process.clock, process.heard)


async def move(
    process: Process, appointment: AppointmentId, to_on: date, at: str = "16:00", key: str | None = None
) -> Answer:
    """Move an appointment to another day."""
    command = ChangeAppointment(appointment=appointment, starts_at=instant(to_on, at))
    return await moves(process).move(DEMO, to_on, process.request(command, key))


async def cancel(process: Process, appointment: AppointmentId, on: date) -> Answer:
    """Cancel an appointment."""
    return await process.lanes.do_on(DEMO, on, process.request(CancelAppointment(appointment)))


async def same_story(process: Process, on: date) -> Day:
    """Assert that the lane, the journal and the tables agree about a day, as `verify` checks it."""
    lane = await process.lanes.lane_on(DEMO, on)
    fresh = await folded(process, on)
    assert equal(await lane.fresh(now=True), fresh), "the lane's fold is the journal's"
    assert [str(one) async for one in Verifier(process.database).differences_of(DEMO, on)] == []
    return fresh
