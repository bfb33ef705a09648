"""Which messages follow from what happened: pure, like the rules of the hall.

What happened to an appointment since it was last looked at is one thing: whoever books and moves at once is told where
they are now. Reminders are messages that are due later. With each change all that still waits of an appointment is
withdrawn, and what is true now is put in its place; so nobody is reminded of a time that was given up.

Whether the hall is open at the time is looked at when a reminder is sent, not when it is made: a document may be
changed in between, and changed back. Where it is not open, the first reminder that is due says so, and no other does.

Times: a day before is the same time by the wall of the hall, also where the clock was changed in between.
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
"""A reminder that is later than this is not sent; what happened is told for so long at least."""

NEWS_AGE_MAX = timedelta(days=1)
"""What happened longer ago is not told any more: messages that are switched on do not tell of old bookings."""

NEAR_AHEAD_MAX = 3
"""Whoever was told of more people ahead is sent a message when so many are left."""

NEAR_GRACE = timedelta(minutes=10)
"""So much later the number ahead is another."""

MISSED_GRACE = timedelta(hours=12)
"""The day is over then, and so is the way that the message shows."""

RECHECK_INTERVAL = timedelta(minutes=1)
"""How late somebody may be asked to check in after a suspension was lifted."""


class AppointmentUpdate(Struct, frozen=True, kw_only=True):
    """An appointment that something happened to: between which instants and what, and how it is now.

    `seq` is that of its last event. `state` is None when it goes on on another day, and `held` says that it never was
    more than held.
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
    """A message that follows: from when it may be sent, and from when no more."""

    kind: Kind
    due_at: datetime
    expires_at: datetime


def messages_of(touched: AppointmentUpdate, zone: ZoneInfo, now_at: datetime) -> list[DueMessage]:
    """What an appointment's person is to be told, at once and later; the reminders of a time that comes after them."""
    facts = touched.facts
    if touched.applicant is None or facts is None or facts.starts_at is None:
        return []
    told_at, starts_at = touched.last_at, facts.starts_at
    until_it_starts = max(starts_at, told_at + REMINDER_GRACE)
    news: DueMessage | None = None
    reminders: list[DueMessage] = []
    match touched.state:
        case AppointmentState.BOOKED:
            news = DueMessage(_booked_or_changed(touched), told_at, until_it_starts)
            reminders = [due for due in _reminders(starts_at, zone) if due.due_at > told_at]
        case AppointmentState.CANCELLED if not touched.held and touched.by != CancelledBy.ERASED:
            news = DueMessage(Kind.CANCELLED, told_at, until_it_starts)
        case AppointmentState.MISSED:
            news = DueMessage(Kind.MISSED, told_at, told_at + MISSED_GRACE)
    told = [] if news is None or now_at - told_at > NEWS_AGE_MAX else [news]
    return [due for due in (*told, *reminders) if due.expires_at > now_at]


def _booked_or_changed(touched: AppointmentUpdate) -> Kind:
    made_now = "appointment_made" in touched.kinds and touched.made_at == touched.first_at
    return Kind.BOOKED if made_now or "appointment_confirmed" in touched.kinds else Kind.CHANGED


def _reminders(starts_at: datetime, zone: ZoneInfo) -> Iterator[DueMessage]:
    day_before_at = (starts_at.astimezone(zone) - timedelta(days=1)).astimezone(starts_at.tzinfo)
    yield DueMessage(Kind.DAY_BEFORE, day_before_at, day_before_at + REMINDER_GRACE)
    hour_before_at = starts_at - timedelta(hours=1)
    yield DueMessage(Kind.HOUR_BEFORE, hour_before_at, hour_before_at + REMINDER_GRACE)


class DayOpening(Struct, frozen=True):
    """When the hall takes people on a day: by its plan, overtime with it, unless a manager closed or suspended it."""

    plan: Plan
    closed: bool = False
    suspension: Suspension | None = None

    def at(self, starts_at: datetime) -> bool:
        """Tell whether who has booked a time meets somebody then, as far as can be told now."""
        return self.plan.open_at(starts_at) and not self.closed

    def over_at(self, now_at: datetime) -> bool:
        """Tell whether no number is given out any more on that day."""
        return self.closed or all(window.closes_at <= now_at for window in self.plan.windows)

    def look_again_at(self, now_at: datetime) -> datetime | None:
        """When to look whether the hall goes on; None while it is not suspended."""
        if self.suspension is None or not self.suspension.covers(now_at):
            return None
        return min(self.suspension.until_at or now_at + RECHECK_INTERVAL, now_at + RECHECK_INTERVAL)


def day_opening_of(records: Iterable[Record]) -> DayOpening:
    """Read it from the day's events about the whole hall, of which each sort may be there by its last alone."""
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
    """Send it, as of this kind; the others are as in `Facts`."""

    kind: Kind
    closed: bool = False
    doors_at: datetime | None = None
    over: bool = False


class Postpone(Struct, frozen=True):
    """Look at it again, and send it until then."""

    due_at: datetime
    expires_at: datetime


def apply_opening(
    kind: Kind, starts_at: datetime | None, opening: DayOpening, now_at: datetime, *, told_closed: bool
) -> SendAs | Postpone | None:
    """What one of `AS_THE_HALL_OPENS` is to say now.

    Args:
        kind: what it was made as.
        starts_at: when the appointment is; None of a ticket.
        opening: when the hall takes people on that day.
        now_at: the present instant.
        told_closed: whether the person was told before that the hall is closed at that time.

    Returns:
        What to send; or when to look again, while the hall is suspended and nobody is to come to it; or None for
        nothing.
    """
    if kind is Kind.NEAR:
        again_at = opening.look_again_at(now_at)
        return SendAs(kind) if again_at is None else Postpone(again_at, again_at + NEAR_GRACE)
    assert starts_at is not None, "all others are of an appointment"
    if kind is Kind.MISSED:
        return _missed(starts_at, opening, now_at, told_closed=told_closed)
    assert kind in REMINDERS, "of all others it does not matter"
    if not opening.at(starts_at):
        return None if told_closed else SendAs(Kind.CLOSED, closed=True)
    return _check_in_now(starts_at, opening, now_at) if kind is Kind.HOUR_BEFORE else SendAs(kind)


def _missed(
    starts_at: datetime, opening: DayOpening, now_at: datetime, *, told_closed: bool
) -> SendAs | Postpone | None:
    if told_closed and not opening.plan.open_at(starts_at):
        return None
    over, again_at = opening.over_at(now_at), opening.look_again_at(now_at)
    if again_at is not None and not over:
        return Postpone(again_at, again_at)
    return SendAs(Kind.MISSED, closed=not opening.at(starts_at), over=over)


def _check_in_now(starts_at: datetime, opening: DayOpening, now_at: datetime) -> SendAs | Postpone:
    again_at = opening.look_again_at(now_at)
    if again_at is not None:
        over_at = starts_at + timedelta(seconds=MISSED_AFTER_S)
        return Postpone(min(again_at, over_at), over_at)
    doors_at = opening.plan.doors_open_for(starts_at)
    return SendAs(Kind.HOUR_BEFORE, doors_at=None if doors_at is None or doors_at <= now_at else doors_at)


def tickets_near_call(day: Day, now_at: datetime) -> Iterator[tuple[Ticket, int]]:
    """The tickets with an applicant that are near their call and were told of more people, and how many are ahead.

    None while the hall is suspended: nobody is called then, nor to come back to it.
    """
    if day.suspended_at(now_at) is not None:
        return
    day.advance_to(now_at)
    for ticket in day.tickets.values():
        if (
            ticket.applicant is None
            or ticket.ahead <= NEAR_AHEAD_MAX
            or day.queue.line_of(ticket) is None  # not waiting, on standby, or not to be called yet
        ):
            continue
        ahead = dispatch.count_ahead(day, ticket)
        if ahead <= NEAR_AHEAD_MAX:
            yield ticket, ahead


def facts_of_ticket(ticket: Ticket, ahead: int) -> Facts:
    """What is said of a ticket."""
    return Facts(service=ServiceId(ticket.service), number=ticket.number, ahead=ahead)
