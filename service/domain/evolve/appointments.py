"""Evolve the appointments of a day."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from service.domain import events
from service.domain.day import Day
from service.domain.events import Record
from service.domain.model import Appointment, AppointmentId, AppointmentState


def _made(day: Day, event: events.AppointmentMade, record: Record) -> Appointment:
    day.appointments_made = event.n
    made = Appointment(
        id=event.appointment,
        n=event.n,
        code=event.code,
        service=event.service,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        state=event.state,
        count=event.count,
        channel=event.channel,
        applicant=event.applicant,
        person=event.person,
        holder=event.holder,
        expires_at=event.expires_at,
        prechecked=event.prechecked,
        invitation=event.invitation,
        partner=event.partner,
        place=event.place,
        places=event.places,
        per_person=event.per_person,
        made_at=event.made_at or record.at,
        sequence=event.sequence,
        seq=record.seq,
    )
    day.store_appointment(made)
    return made


def _confirmed(day: Day, event: events.AppointmentConfirmed, record: Record) -> Appointment:
    return _change(
        day,
        record,
        event.appointment,
        state=AppointmentState.BOOKED,
        expires_at=None,
        applicant=event.applicant,
        person=event.person,
        sequence=day.appointments[event.appointment].sequence + event.counts,
    )


def _changed(day: Day, event: events.AppointmentChanged, record: Record) -> Appointment:
    return _change(
        day,
        record,
        event.appointment,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        count=event.count,
        applicant=event.applicant,
        person=event.person,
        place=event.place,
        places=event.places,
        sequence=day.appointments[event.appointment].sequence + 1,
    )


def _cancelled(day: Day, event: events.AppointmentCancelled, record: Record) -> Appointment:
    sequence = day.appointments[event.appointment].sequence + 1
    return _change(
        day, record, event.appointment, state=AppointmentState.CANCELLED, sequence=sequence, closed=event.closed
    )


def _expired(day: Day, event: events.AppointmentExpired, record: Record) -> Appointment:
    return _change(day, record, event.appointment, state=AppointmentState.EXPIRED)


def _missed(day: Day, event: events.AppointmentMissed, record: Record) -> Appointment:
    return _change(day, record, event.appointment, state=AppointmentState.MISSED)


def _moved_away(day: Day, event: events.AppointmentMovedAway, _record: Record) -> None:
    day.remove_appointment(event.appointment)


def _checked_in(day: Day, event: events.AppointmentCheckedIn, record: Record) -> Appointment:
    return _change(day, record, event.appointment, state=AppointmentState.CHECKED_IN, ticket=event.ticket)


def _change(day: Day, record: Record, appointment: AppointmentId, **changes: Any) -> Appointment:  # noqa: ANN401  (fields of Appointment)
    changed = replace(day.appointments[appointment], seq=record.seq, **changes)
    day.store_appointment(changed)
    return changed


EVOLVERS: dict[type[Any], Callable[[Day, Any, Record], Appointment | None]] = {
    events.AppointmentMade: _made,
    events.AppointmentConfirmed: _confirmed,
    events.AppointmentChanged: _changed,
    events.AppointmentCancelled: _cancelled,
    events.AppointmentExpired: _expired,
    events.AppointmentMissed: _missed,
    events.AppointmentMovedAway: _moved_away,
    events.AppointmentCheckedIn: _checked_in,
}
