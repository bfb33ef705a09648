"""Response bodies of appointments."""

from datetime import datetime

from aiohttp import web
from msgspec import Struct

from service.api.app_keys import SIGNER
from service.domain.calendar.times import stamp, stamp_or_none
from service.domain.day import Day
from service.domain.model import AppointmentState, Channel, HallId, state_at
from service.domain.view import AppointmentView, OnDate, Stamp, appointment_view
from service.journal.search import FoundAppointment
from service.runtime.requests import Answer


class AppointmentListed(Struct, frozen=True, kw_only=True):
    """An appointment in a list, in its current state."""

    id: str
    code: str
    day: OnDate
    service: str
    starts_at: Stamp
    ends_at: Stamp
    state: AppointmentState
    count: int
    channel: Channel
    expires_at: Stamp | None
    ticket: str | None


class AppointmentList(Struct, frozen=True):
    """Appointments of a day. `seq` is the day's, 0 before its first event.

    `over_capacity` are the ids of future appointments that exceed the capacity in the plan, for the whole day.
    """

    items: list[AppointmentListed]
    over_capacity: list[str]
    next_cursor: str | None
    seq: int


def appointment_listed(found: FoundAppointment, now_at: datetime, day: Day | None) -> AppointmentListed:
    """An appointment as an item of a list. `day`, if in memory, tells how long the hall was suspended."""
    suspended_s = 0.0 if day is None else day.suspended_s(found.starts_at, now_at)
    return AppointmentListed(
        id=found.id,
        code=found.code,
        day=found.day.isoformat(),
        service=found.service,
        starts_at=stamp(found.starts_at),
        ends_at=stamp(found.ends_at),
        state=state_at(AppointmentState(found.state), found.starts_at, found.expires_at, now_at, suspended_s),
        count=found.count,
        channel=Channel(found.channel),
        expires_at=stamp_or_none(found.expires_at) if found.state == AppointmentState.HELD else None,
        ticket=found.ticket,
    )


def recorded_view(request: web.Request, hall: HallId, result: Answer, *, owner: bool) -> AppointmentView:
    """The appointment right after its command. A repeated request gets the same view."""
    assert result.done is not None, "every change of an appointment is an event"
    part = result.done.last
    assert part.appointment is not None, "the last event of the command is about the appointment"
    token = request.app[SIGNER].appointment_token(hall, part.appointment.id) if owner else None
    return appointment_view(part.appointment, part.at, part.seq, token=token)
