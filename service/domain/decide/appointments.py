"""Deciding about appointments: book, hold, confirm, change, cancel, move to another day, and what time does to them.

The day is that of the slot, however far ahead it is. What is over is so before it is written: a hold after its time, an
appointment half an hour after its start. `SweepAppointments` writes it down, and so does whoever needs the place.

Source: CONTRACT 4 and 5; DESIGN 6, "Places per slot".
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from msgspec import Struct, UnsetType, to_builtins

from service.domain import commands, events
from service.domain.admission.door import check_count, check_invitation, in_person_service
from service.domain.booking.booking_totals import Booked
from service.domain.booking.slots import Room, Slots, earliest, places_of_day, room, slots_of, within_horizon
from service.domain.day import Day
from service.domain.events import Event
from service.domain.model import (
    APPOINTMENT_SUCCESSORS,
    LIVE,
    TO_COME,
    Admission,
    Appointment,
    AppointmentId,
    AppointmentState,
    CancelledBy,
    LeftReason,
    ServiceId,
    TicketId,
    TicketState,
)
from service.domain.refusals import (
    AlreadyBooked,
    BodyInvalid,
    HoldExpired,
    HoldLimit,
    SlotFull,
    SlotNotOffered,
    WrongState,
)
from service.domain.view import slot_view

T = TypeVar("T")

HOLD_S = 600
"""How long a place is held that nobody has confirmed."""

HOLDS_OF_A_HOLDER = 3
"""How many places of a day a browser or credential may hold at a time."""

HOLDS_SHARE = 3
"""At most one in so many places of a day is held, lest somebody hold them all."""

HOLDS_ALWAYS = 20
"""So many places of a day may be held, however few it has."""

NEAREST = 5
"""How many free starts somebody is told of whose start is full."""


def book_appointment(day: Day, command: commands.BookAppointment, now_at: datetime) -> list[Event]:
    """Book or hold a place; holds that are over make room in the same command.

    Raises:
        ServiceNotFound, OnlineOnly: nobody comes to the hall for it.
        BodyInvalid: nobody, or more people than come together; an invitation to another service.
        CodeUsed: the invitation was used.
        SlotNotOffered: no start that can be booked now.
        AlreadyBooked: the person has one at this start, or as many as a person may have.
        HoldLimit: too many holds of this holder, or of the day.
        SlotFull: nothing is free; with the nearest starts that are.
        TicketNotFound, WrongState: the ticket to give up for it is none of today's on standby.
    """
    service = in_person_service(day, command.service)
    check_count(service, command.count)
    check_invitation(day, command.invitation, service.id, now_at)
    invited = command.invitation
    given_up = [] if command.ticket is None else leave_standby(day, command.ticket)
    asked = _Asked(
        service=service.id,
        count=command.count,
        prechecked=command.prechecked or (invited is not None and invited.prechecked),
        partner=None if invited is None else invited.partner_at(now_at),
        staff=command.staff,
    )
    found = asked.room(day, day.booked, command.starts_at, now_at)
    _refuse_more_of_person(day, command.person, command.starts_at, now_at)
    if command.hold and not command.staff:
        _refuse_more_holds(day, command.holder, service.id, now_at)
    if found.free < 1:
        raise asked.full(day, day.booked, command.starts_at, now_at)
    over = _settled(day, now_at, command.person, invited)
    return [
        *given_up,
        *_written_down(day, over, now_at),
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
            prechecked=asked.prechecked,
            invitation=None if invited is None else invited.id,
            partner=None if invited is None else invited.partner,
            place=day.diary.lowest_free(found.slot.starts_at, [one.id for one in over]),
            places=found.taken + found.free,
            per_person=day.regular.booking.per_person,
        ),
    ]


def leave_standby(day: Day, ticket_id: TicketId) -> list[Event]:
    """Give a ticket on standby up for an appointment. Raises TicketNotFound, WrongState."""
    ticket = day.ticket(ticket_id)
    if ticket.state is not TicketState.WAITING or ticket.admission is not Admission.STANDBY:
        raise WrongState(ticket.state if ticket.state is not TicketState.WAITING else ticket.admission)
    return [events.TicketLeft(ticket=ticket_id, reason=LeftReason.BOOKED)]


def change_appointment(day: Day, command: commands.ChangeAppointment, now_at: datetime) -> list[Event]:
    """Confirm a hold, and change the start, how many come, or whom it is for; nothing when nothing changes.

    Raises:
        AppointmentNotFound: not on this day.
        HoldExpired: the hold is over.
        WrongState: cancelled, missed or checked in.
        BodyInvalid: nobody, or more people than come together.
        SlotNotOffered, SlotFull, AlreadyBooked: as for booking; the place it has does not count against it.
    """
    appointment = day.appointment(command.appointment)
    _require_open(day, appointment, now_at)
    starts_at = _or(command.starts_at, appointment.starts_at)
    count = _or(command.count, appointment.count)
    applicant = _or(command.applicant, appointment.applicant)
    person = _or(command.person, appointment.person)
    if person != appointment.person or starts_at != appointment.starts_at:
        _refuse_more_of_person(day, person, starts_at, now_at, appointment)
    moved = (starts_at, count) != (appointment.starts_at, appointment.count)
    renamed = (applicant, person) != (appointment.applicant, appointment.person)
    over = _settled(day, now_at, person) if moved or person != appointment.person else []
    decided = _written_down(day, over, now_at)
    confirmed = command.confirm and appointment.state is AppointmentState.HELD
    if confirmed:
        decided.append(
            events.AppointmentConfirmed(appointment=appointment.id, applicant=applicant, person=person, counts=True)
        )
    if not moved and (confirmed or not renamed):
        return decided
    ends_at, place, places = appointment.ends_at, appointment.place, appointment.places
    if moved:
        check_count(day.regular.services[appointment.service], count)
        found = _room_elsewhere(day, appointment, starts_at, count, now_at, staff=command.staff)
        starts_at, ends_at, places = found.slot.starts_at, found.slot.ends_at, found.taken + found.free
        if starts_at != appointment.starts_at:
            place = day.diary.lowest_free(starts_at, (*(one.id for one in over), appointment.id))
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
    """Give an appointment up. Raises WrongState when it is over, unless its person is erased: then nothing happens."""
    appointment = day.appointment(command.appointment)
    if command.by is CancelledBy.ERASED:
        if appointment.state not in TO_COME:
            return []
    elif (state := day.state_of(appointment, now_at)) not in TO_COME:
        raise WrongState(state)
    return [events.AppointmentCancelled(appointment=appointment.id, by=command.by)]


def sweep_appointments(day: Day, _command: commands.SweepAppointments, now_at: datetime) -> list[Event]:
    """Write down which holds are over, and who did not come."""
    return _written_down(day, day.appointments.values(), now_at)


def cancel_those_to_come(day: Day, now_at: datetime) -> list[Event]:
    """What becomes of appointments when a manager closes the day: the hall cancels those whose people may still come.

    What time had ended before is written down as it was.
    """
    return [
        event
        for appointment in day.appointments.values()
        if (event := _closed(appointment, day.state_of(appointment, now_at))) is not None
    ]


def leave_open_ones(day: Day) -> list[Event]:
    """What becomes of appointments when the day ends: holds are over, and nobody came any more."""
    ends = {AppointmentState.HELD: AppointmentState.EXPIRED, AppointmentState.BOOKED: AppointmentState.MISSED}
    return [
        event
        for appointment in day.appointments.values()
        if (event := _written(appointment, ends.get(appointment.state, appointment.state))) is not None
    ]


def move_appointment_away(day: Day, command: commands.MoveAppointmentAway, now_at: datetime) -> list[Event]:
    """Let an appointment go to another day. Raises HoldExpired, WrongState, and BodyInvalid for this same day."""
    appointment = day.appointment(command.appointment)
    _require_open(day, appointment, now_at)
    if command.to_on == day.on:
        raise BodyInvalid(("starts_at", "is on the same day"))
    return [events.AppointmentMovedAway(appointment=appointment.id, to_on=command.to_on)]


def take_over_appointment(day: Day, command: commands.TakeOverAppointment, now_at: datetime) -> list[Event]:
    """Take an appointment over from another day, with its id and code, one change later.

    Raises:
        ServiceNotFound, OnlineOnly, BodyInvalid, SlotNotOffered, SlotFull, AlreadyBooked, HoldLimit: as for booking.
        HoldExpired, WrongState: it is over where it was.
    """
    was = command.appointment
    _require_open(day, was, now_at)
    service = in_person_service(day, was.service)
    check_count(service, command.count)
    asked = _Asked(service.id, command.count, was.prechecked, was.partner, command.staff)
    found = asked.room(day, day.booked, command.starts_at, now_at)
    _refuse_more_of_person(day, was.person, command.starts_at, now_at)
    if was.state is AppointmentState.HELD and not command.staff:
        _refuse_more_holds(day, was.holder, service.id, now_at)
    if found.free < 1:
        raise asked.full(day, day.booked, command.starts_at, now_at)
    over = _settled(day, now_at, was.person)
    return [
        *_written_down(day, over, now_at),
        events.AppointmentMade(
            appointment=was.id,
            n=day.appointments_made + 1,
            code=was.code,
            service=service.id,
            starts_at=found.slot.starts_at,
            ends_at=found.slot.ends_at,
            state=was.state,
            count=command.count,
            channel=was.channel,
            expires_at=was.expires_at,
            applicant=was.applicant,
            person=was.person,
            holder=was.holder,
            prechecked=was.prechecked,
            invitation=was.invitation,
            partner=was.partner,
            place=day.diary.lowest_free(found.slot.starts_at, [one.id for one in over]),
            places=found.taken + found.free,
            per_person=day.regular.booking.per_person,
            made_at=was.made_at,
            sequence=was.sequence + 1,
        ),
    ]


def over_of_invitation(day: Day, invited: commands.Invited | None, now_at: datetime) -> list[Event]:
    """Write down that what was booked with an invitation is over, so that it can be used once more."""
    if invited is None:
        return []
    booked = day.diary.of_invitation.get(invited.id, frozenset())
    return _written_down(day, (day.appointments[one] for one in sorted(booked)), now_at)


def _settled(
    day: Day, now_at: datetime, person: str | None = None, invited: commands.Invited | None = None
) -> list[Appointment]:
    """What time has ended and nobody has written down yet: all holds, and what a person or an invitation had booked.

    Whoever needs a place, or a person's or an invitation's right to one, writes it down in the same command. What a
    person had on other days is written down there (`Lanes.with_rights_of_person`).
    """
    ids = {one for one, hold in day.booked.holds.items() if hold.expires_at <= now_at}
    if person is not None:
        ids |= day.diary.of_person.get(person, frozenset())
    if invited is not None:
        ids |= day.diary.of_invitation.get(invited.id, frozenset())
    found = [day.appointments[one] for one in ids]
    return sorted((one for one in found if day.state_of(one, now_at) is not one.state), key=lambda one: one.n)


# What several of them share.


class _Asked(Struct, frozen=True):
    """What a place is wanted for."""

    service: ServiceId
    count: int
    prechecked: bool
    partner: str | None
    staff: bool

    def room(self, day: Day, booked: Booked, starts_at: datetime, now_at: datetime, *, near: bool = False) -> Room:
        """What a start takes; `near` when it is the one they have, which no notice keeps them from.

        Raises:
            SlotNotOffered: no such start, or not now.
        """
        plan = day.regular
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

    def full(self, day: Day, booked: Booked, starts_at: datetime, now_at: datetime) -> SlotFull:
        """The refusal, with the free starts of the day that are nearest to the one they wanted.

        What is free is reckoned as of the whole second: those who ask within it are told alike.
        """
        second_at = now_at.replace(microsecond=0)

        def find() -> Slots:
            return slots_of(
                day.regular,
                booked,
                self.service,
                self.count,
                second_at,
                prechecked=self.prechecked,
                partner=self.partner,
                staff=self.staff,
            )

        slots = day.diary.slots((self, second_at), find) if booked is day.booked else find()
        return SlotFull([to_builtins(slot_view(slot)) for slot in slots.nearest_free(starts_at, NEAREST)])


def _room_elsewhere(  # noqa: PLR0913  (a change of one appointment)
    day: Day, appointment: Appointment, starts_at: datetime, count: int, now_at: datetime, *, staff: bool
) -> Room:
    """What a start takes if the appointment gave up what it has. Raises SlotNotOffered, SlotFull."""
    asked = _Asked(appointment.service, count, appointment.prechecked, appointment.partner, staff)
    booked = day.booked.without(day.regular, appointment)
    stays = starts_at == appointment.starts_at
    found = asked.room(day, booked, starts_at, now_at, near=stays)
    if found.free < 1 and not (stays and count <= appointment.count):
        raise asked.full(day, booked, starts_at, now_at)
    return found


def _require_open(day: Day, appointment: Appointment, now_at: datetime) -> None:
    """Raise HoldExpired or WrongState for what cannot be changed any more."""
    state = day.state_of(appointment, now_at)
    if state is AppointmentState.EXPIRED:
        raise HoldExpired
    if state not in TO_COME:
        raise WrongState(state)


def _refuse_more_of_person(
    day: Day, person: str | None, starts_at: datetime, now_at: datetime, but: Appointment | None = None
) -> None:
    """Raise AlreadyBooked for a second one at a start, or for more than a person may have."""
    if person is None:
        return
    live = [one for one in _live(day, day.diary.of_person.get(person, ()), now_at) if but is None or one.id != but.id]
    if len(live) >= day.regular.booking.per_person or any(one.starts_at == starts_at for one in live):
        raise AlreadyBooked


def _refuse_more_holds(day: Day, holder: str | None, service: ServiceId, now_at: datetime) -> None:
    """Raise HoldLimit for one holder's fourth hold, or when a third of the day's places is held."""
    held = [hold for hold in day.booked.holds.values() if hold.expires_at > now_at]
    most = max(HOLDS_ALWAYS, places_of_day(day.regular, service) // HOLDS_SHARE)
    mine = () if holder is None else _live(day, day.diary.of_holder.get(holder, ()), now_at)
    of_holder = sum(one.state is AppointmentState.HELD for one in mine)
    if len(held) >= most or of_holder >= HOLDS_OF_A_HOLDER:
        raise HoldLimit


def _live(day: Day, ids: Iterable[AppointmentId], now_at: datetime) -> list[Appointment]:
    return [day.appointments[one] for one in ids if day.state_of(day.appointments[one], now_at) in LIVE]


def _written_down(day: Day, appointments: Iterable[Appointment], now_at: datetime) -> list[Event]:
    return [
        event
        for appointment in appointments
        if (event := _written(appointment, day.state_of(appointment, now_at))) is not None
    ]


def _written(appointment: Appointment, state: AppointmentState) -> Event | None:
    """The event that writes down what time has done to an appointment."""
    if state is appointment.state:
        return None
    assert state in APPOINTMENT_SUCCESSORS[appointment.state]
    if state is AppointmentState.EXPIRED:
        return events.AppointmentExpired(appointment=appointment.id)
    assert state is AppointmentState.MISSED, "time does nothing else to an appointment"
    return events.AppointmentMissed(appointment=appointment.id)


def _closed(appointment: Appointment, state: AppointmentState) -> Event | None:
    """The event by which a closed day ends an appointment that was in a state then."""
    if state not in TO_COME:
        return _written(appointment, state)
    return events.AppointmentCancelled(appointment=appointment.id, by=CancelledBy.STAFF, closed=True)


def _or(value: T | UnsetType, otherwise: T) -> T:
    return otherwise if isinstance(value, UnsetType) else value


DECIDERS: dict[type[Any], Callable[[Day, Any, datetime], list[Event]]] = {
    commands.BookAppointment: book_appointment,
    commands.ChangeAppointment: change_appointment,
    commands.CancelAppointment: cancel_appointment,
    commands.SweepAppointments: sweep_appointments,
    commands.MoveAppointmentAway: move_appointment_away,
    commands.TakeOverAppointment: take_over_appointment,
}
