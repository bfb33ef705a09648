"""Decide about appointments: book, hold, confirm, change, cancel, move to another day, expire and miss.

The day is that of the slot. A hold is over after its time, and an appointment half an hour after its start, even
before an event says so. `SweepAppointments` writes these events, and so does a command that needs the place.

Source: CONTRACT 4 and 5; DESIGN 6, "Places per slot".
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, TypeVar

from msgspec import UnsetType

from service.domain import commands, events
from service.domain.admission.door import check_count, check_invitation, in_person_service
from service.domain.day import Day
from service.domain.decide.place_requests import PlaceRequest, capacity_for_change, check_hold_limit, check_person_limit
from service.domain.events import Event
from service.domain.model import (
    APPOINTMENT_SUCCESSORS,
    TO_COME,
    Admission,
    Appointment,
    AppointmentState,
    CancelledBy,
    LeftReason,
    TicketId,
    TicketState,
)
from service.domain.refusals import BodyInvalid, HoldExpired, WrongState

T = TypeVar("T")

HOLD_S = 600
"""How long a place is held without confirmation."""


def book_appointment(day: Day, command: commands.BookAppointment, now_at: datetime) -> list[Event]:
    """Book or hold a place. Expired holds are released by the same command.

    Raises:
        ServiceNotFound, OnlineOnly: the service is not offered, or is done online.
        BodyInvalid: the number of people is not allowed, or the invitation is for another service.
        CodeUsed: the invitation has been used.
        SlotNotOffered: the start cannot be booked now.
        AlreadyBooked: the person has an appointment at this start, or the maximum number of appointments.
        HoldLimit: the holder, or the day, has too many holds.
        SlotFull: no place is free; the refusal lists the nearest free starts.
        TicketNotFound, WrongState: the ticket to give up is not on standby today.
    """
    service = in_person_service(day, command.service)
    check_count(service, command.count)
    check_invitation(day, command.invitation, service.id, now_at)
    invited = command.invitation
    given_up = [] if command.ticket is None else leave_standby(day, command.ticket)
    request = PlaceRequest(
        service=service.id,
        count=command.count,
        prechecked=command.prechecked or (invited is not None and invited.prechecked),
        partner=None if invited is None else invited.partner_at(now_at),
        staff=command.staff,
    )
    found = request.room(day, day.booking_totals, command.starts_at, now_at)
    check_person_limit(day, command.person, command.starts_at, now_at)
    if command.hold and not command.staff:
        check_hold_limit(day, command.holder, service.id, now_at)
    if found.free < 1:
        raise request.full(day, day.booking_totals, command.starts_at, now_at)
    ended = _ended_without_event(day, now_at, command.person, invited)
    return [
        *given_up,
        *_state_change_events(day, ended, now_at),
        events.AppointmentMade(
            appointment=command.appointment,
            n=day.appointments_made + 1,
            code=command.code,
            service=service.id,
            starts_at=found.slot.starts_at,
            ends_at=found.slot.ends_at,
            state=AppointmentState.HELD if command.hold else AppointmentState.BOOKED,
            count=command.count,
            channel=command.channel,
            expires_at=now_at + timedelta(seconds=HOLD_S) if command.hold else None,
            applicant=command.applicant,
            person=command.person,
            holder=command.holder,
            prechecked=request.prechecked,
            invitation=None if invited is None else invited.id,
            partner=None if invited is None else invited.partner,
            place=day.appointment_index.lowest_free(found.slot.starts_at, [one.id for one in ended]),
            places=found.taken + found.free,
            per_person=day.regular_plan.booking.per_person,
        ),
    ]


def leave_standby(day: Day, ticket_id: TicketId) -> list[Event]:
    """Give up a standby ticket for an appointment. Raises TicketNotFound, WrongState."""
    ticket = day.ticket(ticket_id)
    if ticket.state is not TicketState.WAITING or ticket.admission is not Admission.STANDBY:
        raise WrongState(ticket.state if ticket.state is not TicketState.WAITING else ticket.admission)
    return [events.TicketLeft(ticket=ticket_id, reason=LeftReason.BOOKED)]


def change_appointment(day: Day, command: commands.ChangeAppointment, now_at: datetime) -> list[Event]:
    """Confirm a hold, or change the start, the number of people or the person. Returns no event if nothing changes.

    Raises:
        AppointmentNotFound: the day has no such appointment.
        HoldExpired: the hold is over.
        WrongState: the appointment is cancelled, missed or checked in.
        BodyInvalid: the number of people is not allowed.
        SlotNotOffered, SlotFull, AlreadyBooked: as for booking; the appointment's own place does not count.
    """
    appointment = day.appointment(command.appointment)
    _require_pending(day, appointment, now_at)
    starts_at = _value_or(command.starts_at, appointment.starts_at)
    count = _value_or(command.count, appointment.count)
    applicant = _value_or(command.applicant, appointment.applicant)
    person = _value_or(command.person, appointment.person)
    if person != appointment.person or starts_at != appointment.starts_at:
        check_person_limit(day, person, starts_at, now_at, appointment)
    moved = (starts_at, count) != (appointment.starts_at, appointment.count)
    renamed = (applicant, person) != (appointment.applicant, appointment.person)
    ended = _ended_without_event(day, now_at, person) if moved or person != appointment.person else []
    decided = _state_change_events(day, ended, now_at)
    confirmed = command.confirm and appointment.state is AppointmentState.HELD
    if confirmed:
        decided.append(
            events.AppointmentConfirmed(appointment=appointment.id, applicant=applicant, person=person, counts=True)
        )
    if not moved and (confirmed or not renamed):
        return decided
    ends_at, place, places = appointment.ends_at, appointment.place, appointment.places
    if moved:
        check_count(day.regular_plan.services[appointment.service], count)
        found = capacity_for_change(day, appointment, starts_at, count, now_at, staff=command.staff)
        starts_at, ends_at, places = found.slot.starts_at, found.slot.ends_at, found.taken + found.free
        if starts_at != appointment.starts_at:
            place = day.appointment_index.lowest_free(starts_at, (*(one.id for one in ended), appointment.id))
        places = max(places, place)
    changed = events.AppointmentChanged(
        appointment=appointment.id,
        starts_at=starts_at,
        ends_at=ends_at,
        count=count,
        applicant=applicant,
        person=person,
        place=place,
        places=places,
    )
    return [*decided, changed]


def cancel_appointment(day: Day, command: commands.CancelAppointment, now_at: datetime) -> list[Event]:
    """Cancel an appointment.

    Raises:
        WrongState: the appointment is over. An erasure of personal data returns no event instead.
    """
    appointment = day.appointment(command.appointment)
    if command.by is CancelledBy.ERASED:
        if appointment.state not in TO_COME:
            return []
    elif (state := day.state_of(appointment, now_at)) not in TO_COME:
        raise WrongState(state)
    return [events.AppointmentCancelled(appointment=appointment.id, by=command.by)]


def sweep_appointments(day: Day, _command: commands.SweepAppointments, now_at: datetime) -> list[Event]:
    """Record expired holds and missed appointments."""
    return _state_change_events(day, day.appointments.values(), now_at)


def cancel_pending(day: Day, now_at: datetime) -> list[Event]:
    """Cancel the pending appointments when a manager closes the day; record those that time has already ended."""
    return [
        event
        for appointment in day.appointments.values()
        if (event := _closing_event(appointment, day.state_of(appointment, now_at))) is not None
    ]


def end_open_appointments(day: Day) -> list[Event]:
    """End the open appointments at the end of the day: holds expire, bookings are missed."""
    ends = {AppointmentState.HELD: AppointmentState.EXPIRED, AppointmentState.BOOKED: AppointmentState.MISSED}
    return [
        event
        for appointment in day.appointments.values()
        if (event := _state_change_event(appointment, ends.get(appointment.state, appointment.state))) is not None
    ]


def move_appointment_away(day: Day, command: commands.MoveAppointmentAway, now_at: datetime) -> list[Event]:
    """Remove an appointment that moves to another day.

    Raises:
        HoldExpired, WrongState: the appointment is over.
        BodyInvalid: the other day is this day.
    """
    appointment = day.appointment(command.appointment)
    _require_pending(day, appointment, now_at)
    if command.to_on == day.on:
        raise BodyInvalid(("starts_at", "is on the same day"))
    return [events.AppointmentMovedAway(appointment=appointment.id, to_on=command.to_on)]


def take_over_appointment(day: Day, command: commands.TakeOverAppointment, now_at: datetime) -> list[Event]:
    """Add an appointment that moves from another day. It keeps its id and code, and its change count increases.

    Raises:
        ServiceNotFound, OnlineOnly, BodyInvalid, SlotNotOffered, SlotFull, AlreadyBooked, HoldLimit: as for booking.
        HoldExpired, WrongState: the appointment is over on its old day.
    """
    source = command.appointment
    _require_pending(day, source, now_at)
    service = in_person_service(day, source.service)
    check_count(service, command.count)
    request = PlaceRequest(service.id, command.count, source.prechecked, source.partner, command.staff)
    found = request.room(day, day.booking_totals, command.starts_at, now_at)
    check_person_limit(day, source.person, command.starts_at, now_at)
    if source.state is AppointmentState.HELD and not command.staff:
        check_hold_limit(day, source.holder, service.id, now_at)
    if found.free < 1:
        raise request.full(day, day.booking_totals, command.starts_at, now_at)
    ended = _ended_without_event(day, now_at, source.person)
    return [
        *_state_change_events(day, ended, now_at),
        events.AppointmentMade(
            appointment=source.id,
            n=day.appointments_made + 1,
            code=source.code,
            service=service.id,
            starts_at=found.slot.starts_at,
            ends_at=found.slot.ends_at,
            state=source.state,
            count=command.count,
            channel=source.channel,
            expires_at=source.expires_at,
            applicant=source.applicant,
            person=source.person,
            holder=source.holder,
            prechecked=source.prechecked,
            invitation=source.invitation,
            partner=source.partner,
            place=day.appointment_index.lowest_free(found.slot.starts_at, [one.id for one in ended]),
            places=found.taken + found.free,
            per_person=day.regular_plan.booking.per_person,
            made_at=source.made_at,
            sequence=source.sequence + 1,
        ),
    ]


def end_appointments_of_invitation(day: Day, invited: commands.Invited | None, now_at: datetime) -> list[Event]:
    """Record that an invitation's earlier appointments are over, so that it can be used again."""
    if invited is None:
        return []
    booked = day.appointment_index.of_invitation.get(invited.id, frozenset())
    return _state_change_events(day, (day.appointments[appointment_id] for appointment_id in sorted(booked)), now_at)


def _ended_without_event(
    day: Day, now_at: datetime, person: str | None = None, invited: commands.Invited | None = None
) -> list[Appointment]:
    """Find the appointments that time has ended without an event: all holds, and those of a person or an invitation.

    A command that needs a place, or a person's or invitation's right to one, writes these events first. Appointments on
    other days are recorded there (`Lanes.retry_without_expired`).
    """
    ids = {appointment_id for appointment_id, hold in day.booking_totals.holds.items() if hold.expires_at <= now_at}
    if person is not None:
        ids |= day.appointment_index.of_person.get(person, frozenset())
    if invited is not None:
        ids |= day.appointment_index.of_invitation.get(invited.id, frozenset())
    found = (day.appointments[appointment_id] for appointment_id in ids)
    ended = [appointment for appointment in found if day.state_of(appointment, now_at) is not appointment.state]
    return sorted(ended, key=attrgetter("n"))


def _require_pending(day: Day, appointment: Appointment, now_at: datetime) -> None:
    """Raise HoldExpired or WrongState if the appointment cannot be changed any more."""
    state = day.state_of(appointment, now_at)
    if state is AppointmentState.EXPIRED:
        raise HoldExpired
    if state not in TO_COME:
        raise WrongState(state)


def _state_change_events(day: Day, appointments: Iterable[Appointment], now_at: datetime) -> list[Event]:
    return [
        event
        for appointment in appointments
        if (event := _state_change_event(appointment, day.state_of(appointment, now_at))) is not None
    ]


def _state_change_event(appointment: Appointment, state: AppointmentState) -> Event | None:
    """Return the event for the state that time has brought an appointment into; None if the state has not changed."""
    if state is appointment.state:
        return None
    assert state in APPOINTMENT_SUCCESSORS[appointment.state]
    if state is AppointmentState.EXPIRED:
        return events.AppointmentExpired(appointment=appointment.id)
    assert state is AppointmentState.MISSED, "time does nothing else to an appointment"
    return events.AppointmentMissed(appointment=appointment.id)


def _closing_event(appointment: Appointment, state: AppointmentState) -> Event | None:
    """Return the event that ends an appointment when the day is closed; None if its end is already recorded."""
    if state not in TO_COME:
        return _state_change_event(appointment, state)
    return events.AppointmentCancelled(appointment=appointment.id, by=CancelledBy.STAFF, closed=True)


def _value_or(value: T | UnsetType, otherwise: T) -> T:
    return otherwise if isinstance(value, UnsetType) else value


DECIDERS: dict[type[Any], Callable[[Day, Any, datetime], list[Event]]] = {
    commands.BookAppointment: book_appointment,
    commands.ChangeAppointment: change_appointment,
    commands.CancelAppointment: cancel_appointment,
    commands.SweepAppointments: sweep_appointments,
    commands.MoveAppointmentAway: move_appointment_away,
    commands.TakeOverAppointment: take_over_appointment,
}
