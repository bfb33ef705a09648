"""Rules that decide which messages follow from the events of an appointment. Pure functions.

All events of an appointment since the last read are handled as one update: a person who books and moves the appointment
at once gets one message with the current time. Reminders are messages that are due later. Each change withdraws all
messages of the appointment that still wait, and creates new ones, so that no reminder names an outdated time.

Whether the hall is open at the time of the appointment is checked when a reminder is sent, not when it is created,
because the hall document may change in between. If the hall is not open then, the first reminder that is due says so,
and the other reminder is not sent.

A reminder of the day before is due at the same local time of the hall, also across a change to or from summer time.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from service.domain import events
from service.domain.calendar.plan import Plan
from service.domain.day import Day
from service.domain.events import Record
from service.domain.model import (
    MISSED_AFTER_S,
    AppointmentState,
    CancelledBy,
    Overtime,
    ServiceId,
    Suspension,
    Ticket,
)
from service.domain.queue import dispatch
from service.notify.model import REMINDERS, Facts, Kind

REMINDER_GRACE = timedelta(hours=1)
"""A reminder expires this long after it was due. Messages about a change can be sent for at least this long."""

NEWS_AGE_MAX = timedelta(days=1)
"""No message is created for older changes, so that switching messages on does not announce old bookings."""

NEAR_AHEAD_MAX = 3
"""A ticket issued with more people ahead gets a message when no more than this number are left."""

NEAR_GRACE = timedelta(minutes=10)
"""After this time the number of people ahead in the message is outdated, and the message is not sent."""

MISSED_GRACE = timedelta(hours=12)
"""After this time the day is over, and the advice in the message is of no use."""

RECHECK_INTERVAL = timedelta(minutes=1)
"""Interval of checks for the end of a suspension, and therefore the largest delay of a message after it ends."""


class AppointmentUpdate(Struct, frozen=True, kw_only=True):
    """The new events of an appointment, summed up, and its current state.

    `seq` is the seq of its last event, `first_at` and `last_at` the times of its first and last new event, `kinds`
    their kinds. `state` is None if the appointment was moved to another day. `held`: it was never confirmed.
    """

    appointment: str
    seq: int
    first_at: datetime
    last_at: datetime
    kinds: frozenset[str]
    by: str | None = None
    state: AppointmentState | None = None
    applicant: str | None = None
    held: bool = False
    made_at: datetime | None = None
    facts: Facts | None = None


class DueMessage(Struct, frozen=True):
    """A message to create: its kind, the earliest time to send it, and the time when it expires."""

    kind: Kind
    due_at: datetime
    expires_at: datetime


def messages_of(update: AppointmentUpdate, zone: ZoneInfo, now_at: datetime) -> list[DueMessage]:
    """List the messages that follow from an update: at most one about the change, then reminders not yet due."""
    facts = update.facts
    if update.applicant is None or facts is None or facts.starts_at is None:
        return []
    changed_at, starts_at = update.last_at, facts.starts_at
    expires_at = max(starts_at, changed_at + REMINDER_GRACE)
    news: DueMessage | None = None
    reminders: list[DueMessage] = []
    match update.state:
        case AppointmentState.BOOKED:
            news = DueMessage(_booked_or_changed(update), changed_at, expires_at)
            reminders = [due for due in _reminders(starts_at, zone) if due.due_at > changed_at]
        case AppointmentState.CANCELLED if not update.held and update.by != CancelledBy.ERASED:
            news = DueMessage(Kind.CANCELLED, changed_at, expires_at)
        case AppointmentState.MISSED:
            news = DueMessage(Kind.MISSED, changed_at, changed_at + MISSED_GRACE)
    recent_news = [] if news is None or now_at - changed_at > NEWS_AGE_MAX else [news]
    return [due for due in (*recent_news, *reminders) if due.expires_at > now_at]


def _booked_or_changed(update: AppointmentUpdate) -> Kind:
    made_now = "appointment_made" in update.kinds and update.made_at == update.first_at
    return Kind.BOOKED if made_now or "appointment_confirmed" in update.kinds else Kind.CHANGED


def _reminders(starts_at: datetime, zone: ZoneInfo) -> Iterator[DueMessage]:
    day_before_at = (starts_at.astimezone(zone) - timedelta(days=1)).astimezone(starts_at.tzinfo)
    yield DueMessage(Kind.DAY_BEFORE, day_before_at, day_before_at + REMINDER_GRACE)
    hour_before_at = starts_at - timedelta(hours=1)
    yield DueMessage(Kind.HOUR_BEFORE, hour_before_at, hour_before_at + REMINDER_GRACE)


class DayOpening(Struct, frozen=True):
    """When the hall is open on a day: its plan with overtime, and whether a manager closed or suspended it."""

    plan: Plan
    closed: bool = False
    suspension: Suspension | None = None

    def is_open_at(self, starts_at: datetime) -> bool:
        """Tell whether the hall is open at the time of an appointment, as far as is known now."""
        return self.plan.open_at(starts_at) and not self.closed

    def is_over_at(self, now_at: datetime) -> bool:
        """Tell whether no more tickets are issued on that day."""
        return self.closed or all(window.closes_at <= now_at for window in self.plan.windows)

    def recheck_at(self, now_at: datetime) -> datetime | None:
        """Return when to check again whether the suspension has ended; None if the hall is not suspended."""
        if self.suspension is None or not self.suspension.covers(now_at):
            return None
        return min(self.suspension.until_at or now_at + RECHECK_INTERVAL, now_at + RECHECK_INTERVAL)


def day_opening_of(records: Iterable[Record]) -> DayOpening:
    """Build it from events of the day about the whole hall; of each sort the last event is enough."""
    plan: Plan | None = None
    overtime: Overtime | None = None
    suspension: Suspension | None = None
    closed = False
    for record in records:
        match record.event:
            case events.DayOpened(plan=now) | events.PlanChanged(plan=now):
                plan = now
            case events.OvertimeOpened(until_at=until_at, counters=counters):
                overtime = Overtime(until_at, counters)
            case events.OvertimeEnded():
                overtime = None
            case events.SuspensionBegan(text=text, until_at=until_at):
                suspension = Suspension(text, record.at, until_at)
            case events.SuspensionEnded():
                suspension = None
            case events.DayClosed():
                closed = True
    assert plan is not None, "every day begins with a plan"
    return DayOpening(plan if overtime is None else plan.with_overtime(overtime), closed, suspension)


class SendAs(Struct, frozen=True):
    """Decision to send a message as this kind. The other fields are those of `Facts`."""

    kind: Kind
    closed: bool = False
    doors_at: datetime | None = None
    over: bool = False


class Postpone(Struct, frozen=True):
    """Decision to check the message again at `due_at`; it may be sent at least until `expires_at`."""

    due_at: datetime
    expires_at: datetime


def apply_opening(
    kind: Kind, starts_at: datetime | None, opening: DayOpening, now_at: datetime, *, closure_announced: bool
) -> SendAs | Postpone | None:
    """Decide how to send a message of one of the kinds `DEPENDS_ON_OPENING` now.

    Args:
        kind: the kind with which the message was created.
        starts_at: time of the appointment; None for a ticket.
        opening: when the hall is open on that day.
        now_at: the present instant.
        closure_announced: whether an earlier message has announced that the hall is closed at that time.

    Returns:
        How to send it; or, while the hall is suspended, when to check again; or None to send nothing.
    """
    if kind is Kind.NEAR:
        recheck_at = opening.recheck_at(now_at)
        return SendAs(kind) if recheck_at is None else Postpone(recheck_at, recheck_at + NEAR_GRACE)
    assert starts_at is not None, "all other kinds are about an appointment"
    if kind is Kind.MISSED:
        return _missed(starts_at, opening, now_at, closure_announced=closure_announced)
    assert kind in REMINDERS, "the other kinds do not depend on the opening"
    if not opening.is_open_at(starts_at):
        return None if closure_announced else SendAs(Kind.CLOSED, closed=True)
    return _check_in_now(starts_at, opening, now_at) if kind is Kind.HOUR_BEFORE else SendAs(kind)


def _missed(
    starts_at: datetime, opening: DayOpening, now_at: datetime, *, closure_announced: bool
) -> SendAs | Postpone | None:
    if closure_announced and not opening.plan.open_at(starts_at):
        return None
    over, recheck_at = opening.is_over_at(now_at), opening.recheck_at(now_at)
    if recheck_at is not None and not over:
        return Postpone(recheck_at, recheck_at)
    return SendAs(Kind.MISSED, closed=not opening.is_open_at(starts_at), over=over)


def _check_in_now(starts_at: datetime, opening: DayOpening, now_at: datetime) -> SendAs | Postpone:
    recheck_at = opening.recheck_at(now_at)
    if recheck_at is not None:
        over_at = starts_at + timedelta(seconds=MISSED_AFTER_S)
        return Postpone(min(recheck_at, over_at), over_at)
    doors_at = opening.plan.doors_open_for(starts_at)
    return SendAs(Kind.HOUR_BEFORE, doors_at=None if doors_at is None or doors_at <= now_at else doors_at)


def tickets_near_call(day: Day, now_at: datetime) -> Iterator[tuple[Ticket, int]]:
    """Yield tickets that are near their call, each with the number of people ahead now.

    Only tickets that have an applicant and were issued with more than `NEAR_AHEAD_MAX` people ahead. Yields nothing
    while the hall is suspended, because nobody is called then.
    """
    if day.suspended_at(now_at) is not None:
        return
    day.advance_to(now_at)
    for ticket in day.tickets.values():
        if (
            ticket.applicant is None
            or ticket.ahead <= NEAR_AHEAD_MAX
            or day.queue.line_of(ticket) is None  # not waiting, on standby, or cannot be called yet
        ):
            continue
        ahead = dispatch.count_ahead(day, ticket)
        if ahead <= NEAR_AHEAD_MAX:
            yield ticket, ahead


def facts_of_ticket(ticket: Ticket, ahead: int) -> Facts:
    """Build the facts of a message about a ticket."""
    return Facts(service=ServiceId(ticket.service), number=ticket.number, ahead=ahead)
