"""Tickets, appointments, slots and counters as JSON, for HTTP answers, WebSockets and pages.

HTTP and WebSockets use the same types, so that they cannot differ. Fields are in the order of the contract.

Source: CONTRACT 1 (times) and 5.
"""

from datetime import datetime, timedelta
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from service.domain.booking.slots import Slot
from service.domain.calendar.times import stamp, stamp_or_none
from service.domain.day import Day
from service.domain.decide.check_ins import return_by
from service.domain.model import (
    RETURN_WITHIN_S,
    RETURNS_MAX,
    Admission,
    Appointment,
    AppointmentId,
    AppointmentState,
    CallReason,
    Channel,
    Counter,
    CounterId,
    CounterState,
    LeftReason,
    Outcome,
    Rule,
    ServiceId,
    Shown,
    StageId,
    Suspension,
    Texts,
    Ticket,
    TicketClass,
    TicketId,
    TicketState,
    Wait,
    ZoneId,
)
from service.domain.queue.dispatch import count_ahead as place_of_call
from service.domain.queue.promised_waits import promised_wait
from service.domain.queue.waits import outlook_of

Stamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""An instant as `times.stamp` writes it."""

OnDate = Annotated[str, Meta(extra_json_schema={"format": "date"})]
"""A date of the hall."""


class WaitView(Struct, frozen=True, gc=False):
    """Seconds from `as_of_at` until the call at the present stage; all null if unknown or not waiting."""

    p10_s: int | None = None
    p50_s: int | None = None
    p90_s: int | None = None
    as_of_at: Stamp | None = None
    shown: Shown | None = None


NO_WAIT = WaitView()


class ReasonView(Struct, frozen=True, gc=False, kw_only=True):
    """Why a ticket was called."""

    rule: Rule
    class_: TicketClass = field(name="class")
    queue_at: Stamp
    credit_s: int
    ahead_of: int
    code: str | None


class Suspended(Struct, frozen=True, gc=False):
    """A suspension of the hall: the text for people, and its end; null if the end is unknown."""

    text: Texts
    until_at: Stamp | None


class TicketView(Struct, frozen=True, gc=False, kw_only=True):
    """A ticket. `seq` is the `seq` of the day.

    Some fields are present only if they apply. `token`: for the owner and the creator of the ticket. `not_before_at`:
    the ticket is not called before this time. `back_by_at`: until when the person may come back after a no-show.
    `return_by_on`: the last date to return with this ticket after a conditional acceptance or an unserved wait;
    `returned_at`: when that happened. `rating`: the person's rating from 1 to 5. Staff also see `reason`, why the
    ticket was called, and `slot_at`, the time of its appointment. Others see `suspended` while the hall is suspended;
    staff see that on the board.
    """

    id: TicketId
    code: str
    number: str
    day: OnDate
    service: ServiceId
    stage: StageId
    class_: TicketClass = field(name="class")
    channel: Channel
    state: TicketState
    admission: Admission
    count: int
    then: tuple[ServiceId, ...]
    counter: CounterId | None
    calls: int
    ahead: int | None
    wait: WaitView
    queue_at: Stamp
    issued_at: Stamp
    called_at: Stamp | None
    started_at: Stamp | None
    finished_at: Stamp | None
    outcome: Outcome | None
    missing: tuple[str, ...]
    due_on: OnDate | None
    prechecked: bool
    appointment: str | None
    not_before_at: Stamp | UnsetType = UNSET
    back_by_at: Stamp | UnsetType = UNSET
    left_reason: LeftReason | UnsetType = UNSET
    return_by_on: OnDate | UnsetType = UNSET
    returned_at: Stamp | UnsetType = UNSET
    rating: int | UnsetType = UNSET
    suspended: Suspended | UnsetType = UNSET
    token: str | UnsetType = UNSET
    reason: ReasonView | UnsetType | None = UNSET
    slot_at: Stamp | UnsetType = UNSET
    seq: int


class CounterView(Struct, frozen=True, gc=False, kw_only=True):
    """A counter; `ticket` is the ticket called or being served there, `seq` the `seq` of the day."""

    id: CounterId
    state: CounterState
    stage: StageId
    services: tuple[ServiceId, ...]
    zone: ZoneId
    ticket: TicketId | None
    staff: str | None
    since_at: Stamp | None
    reason: str | None
    until_at: Stamp | None
    next: TicketView | UnsetType | None = UNSET
    seq: int


class SlotView(Struct, frozen=True, gc=False):
    """A bookable start; `free` is how many more bookings it accepts if nothing else is booked."""

    service: ServiceId
    starts_at: Stamp
    ends_at: Stamp
    places: int
    free: int


class AppointmentView(Struct, frozen=True, gc=False, kw_only=True):
    """An appointment; `seq` is the `seq` of its day.

    `hall_closed` is present if the hall cannot serve it at its time: the hall is not open then, or it closed the day
    and cancelled the appointment.
    """

    id: AppointmentId
    code: str
    service: ServiceId
    starts_at: Stamp
    ends_at: Stamp
    state: AppointmentState
    count: int
    channel: Channel
    expires_at: Stamp | None
    ticket: TicketId | None
    hall_closed: bool | UnsetType = UNSET
    token: str | UnsetType = UNSET
    seq: int


def ticket_view(  # noqa: PLR0913  (one call per answer, the last four by name)
    day: Day,
    ticket: Ticket,
    now_at: datetime,
    *,
    token: str | None = None,
    seq: int | None = None,
    live: bool = True,
    staff: bool = False,
) -> TicketView:
    """Return a ticket as JSON value.

    Args:
        day: the day of the ticket, advanced to `now_at` if `live`.
        ticket: its value now, or after an event.
        now_at: the instant from which a live wait counts.
        token: the ticket's token, if the reader may have it.
        seq: the day's seq to answer with; that of `day` if None.
        live: compute `ahead`, `wait`, the suspension and the use of the right to return as of now; otherwise use the
            values stored with the ticket, so that a repeated answer is the same.
        staff: the reader is staff.

    Returns:
        The ticket; `ahead` and all of `wait` are null unless it is waiting.
    """
    ahead: int | None = None
    wait: Wait | None = None
    by = return_by(day.on, ticket.outcome, ticket.left_reason, ticket.due_on)
    returning = day.returned.get(ticket.id) if live else None
    if ticket.state is TicketState.WAITING:
        ahead, wait = _live_outlook(day, ticket, now_at) if live else (ticket.ahead, ticket.wait)
    return TicketView(
        id=ticket.id,
        code=ticket.code,
        number=ticket.number,
        day=day.on.isoformat(),
        service=ticket.service,
        stage=ticket.stage,
        class_=ticket.class_,
        channel=ticket.channel,
        state=ticket.state,
        admission=ticket.admission,
        count=ticket.count,
        then=ticket.then,
        counter=ticket.counter,
        calls=ticket.calls,
        ahead=ahead,
        wait=NO_WAIT if wait is None else wait_view(wait),
        queue_at=stamp(ticket.queue_at),
        issued_at=stamp(ticket.issued_at),
        called_at=stamp_or_none(ticket.called_at),
        started_at=stamp_or_none(ticket.started_at),
        finished_at=stamp_or_none(ticket.finished_at),
        outcome=ticket.outcome,
        missing=ticket.missing,
        due_on=None if ticket.due_on is None else ticket.due_on.isoformat(),
        prechecked=ticket.prechecked,
        appointment=ticket.appointment,
        not_before_at=UNSET if ticket.not_before_at is None else stamp(ticket.not_before_at),
        back_by_at=_back_by(day, ticket, now_at),
        left_reason=UNSET if ticket.left_reason is None else ticket.left_reason,
        return_by_on=UNSET if by is None else by.isoformat(),
        returned_at=UNSET if returning is None else stamp(day.tickets[returning].issued_at),
        rating=UNSET if ticket.rating is None else ticket.rating,
        suspended=UNSET if staff or not live else suspended_view(day.suspended_at(now_at)) or UNSET,
        token=UNSET if token is None else token,
        reason=reason_view(ticket.reason) if staff else UNSET,
        slot_at=stamp(ticket.slot_at) if staff and ticket.slot_at is not None else UNSET,
        seq=day.seq if seq is None else seq,
    )


def _back_by(day: Day, ticket: Ticket, now_at: datetime) -> str | UnsetType:
    if ticket.state is not TicketState.NO_SHOW or ticket.no_show_at is None or ticket.returns >= RETURNS_MAX:
        return UNSET
    return stamp(ticket.no_show_at + timedelta(seconds=RETURN_WITHIN_S + day.suspended_s(ticket.no_show_at, now_at)))


def _live_outlook(day: Day, ticket: Ticket, now_at: datetime) -> tuple[int, Wait]:
    """Return the tickets ahead of a waiting ticket, and its wait: the latest forecast, else the analytic estimate."""
    wait = promised_wait(day, ticket, now_at)
    return outlook_of(day, ticket, now_at) if wait is None else (place_of_call(day, ticket), wait)


def suspended_view(suspension: Suspension | None) -> Suspended | None:
    """Return a suspension as JSON value; None stays None."""
    return None if suspension is None else Suspended(suspension.text, stamp_or_none(suspension.until_at))


def slot_view(slot: Slot) -> SlotView:
    """Return a bookable start as JSON value."""
    return SlotView(slot.service, stamp(slot.starts_at), stamp(slot.ends_at), slot.places, slot.free)


_BOUND_TO_HOURS = frozenset({AppointmentState.HELD, AppointmentState.BOOKED, AppointmentState.MISSED})
"""The states in which `hall_closed` depends on the opening hours."""


def appointment_view(
    appointment: Appointment, now_at: datetime, seq: int, *, token: str | None = None, day: Day | None = None
) -> AppointmentView:
    """Return an appointment as JSON value.

    Args:
        appointment: its value now, or after an event.
        now_at: the present instant; with `day`, the state is that at `now_at`, even if no event recorded it yet.
        seq: the day's seq to answer with.
        token: the appointment's token, if the reader may have it.
        day: the day, for the state at `now_at` and the opening hours; without it, the stored state is used, so that a
            repeated answer is the same.

    Returns:
        The appointment; `expires_at` is null unless it is held.
    """
    state = appointment.state if day is None else day.state_of(appointment, now_at)
    held = appointment.state is AppointmentState.HELD
    shut = day is not None and state in _BOUND_TO_HOURS and not day.plan.open_at(appointment.starts_at)
    return AppointmentView(
        id=appointment.id,
        code=appointment.code,
        service=appointment.service,
        starts_at=stamp(appointment.starts_at),
        ends_at=stamp(appointment.ends_at),
        state=state,
        count=appointment.count,
        channel=appointment.channel,
        expires_at=stamp_or_none(appointment.expires_at) if held else None,
        ticket=appointment.ticket,
        hall_closed=True if appointment.closed or shut else UNSET,
        token=UNSET if token is None else token,
        seq=seq,
    )


def wait_view(wait: Wait) -> WaitView:
    """Return a wait as JSON value; all null if it cannot be estimated."""
    if wait.p50_s is None:
        return NO_WAIT
    return WaitView(wait.p10_s, wait.p50_s, wait.p90_s, stamp(wait.as_of_at), wait.shown)


def reason_view(reason: CallReason | None) -> ReasonView | None:
    """Return the reason of a call as JSON value; None stays None."""
    if reason is None:
        return None
    return ReasonView(
        rule=reason.rule,
        class_=reason.class_,
        queue_at=stamp(reason.queue_at),
        credit_s=reason.credit_s,
        ahead_of=reason.ahead_of,
        code=reason.code,
    )


def counter_view(
    day: Day, counter: Counter, seq: int | None = None, next_: TicketView | UnsetType | None = UNSET
) -> CounterView:
    """Return a counter as JSON value; `seq` is that of `day` if None, `next_` the ticket that would be called next."""
    return CounterView(
        id=counter.id,
        state=counter.state,
        stage=counter.stage,
        services=counter.services,
        zone=counter.zone,
        ticket=counter.ticket,
        staff=counter.staff,
        since_at=stamp_or_none(counter.since_at),
        reason=counter.reason,
        until_at=stamp_or_none(counter.until_at),
        next=next_,
        seq=day.seq if seq is None else seq,
    )
