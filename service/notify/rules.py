"""Which messages follow from what happened: pure, like the rules of the hall.

What happened to an appointment since it was last looked at is one thing: whoever books and moves at once is told where
they are now. Reminders are messages that are due later. With each change all that still waits of an appointment is
withdrawn, and what is true now is put in its place; so nobody is reminded of a time that was given up.

Times: a day before is the same time by the wall of the hall, also where the clock was changed in between.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from service.domain import dispatch
from service.domain.day import Day
from service.domain.model import AppointmentState, CancelledBy, ServiceId, Ticket
from service.notify.model import Facts, Kind

LATE = timedelta(hours=1)
"""A reminder that is later than this is not sent; what happened is told for so long at least."""

NEWS_LATE = timedelta(days=1)
"""What happened longer ago is not told any more: messages that are switched on do not tell of old bookings."""

NEAR = 3
"""Whoever was told of more people ahead is sent a message when so many are left."""

NEAR_LATE = timedelta(minutes=10)
"""So much later the number ahead is another."""

MISSED_LATE = timedelta(hours=12)
"""The day is over then, and so is the way that the message shows."""


class Touched(Struct, frozen=True, kw_only=True):
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


class Due(Struct, frozen=True):
    """A message that follows: from when it may be sent, and from when no more."""

    kind: Kind
    due_at: datetime
    expires_at: datetime


def messages_of(touched: Touched, zone: ZoneInfo, now_at: datetime) -> list[Due]:
    """What an appointment's person is to be told, at once and later; the reminders of a time that comes after them."""
    facts = touched.facts
    if touched.applicant is None or facts is None or facts.starts_at is None:
        return []
    told_at, starts_at = touched.last_at, facts.starts_at
    until_it_starts = max(starts_at, told_at + LATE)
    news: Due | None = None
    reminders: list[Due] = []
    match touched.state:
        case AppointmentState.BOOKED:
            news = Due(_booked_or_changed(touched), told_at, until_it_starts)
            reminders = [due for due in _reminders(starts_at, zone) if due.due_at > told_at]
        case AppointmentState.CANCELLED if not touched.held and touched.by != CancelledBy.ERASED:
            news = Due(Kind.CANCELLED, told_at, until_it_starts)
        case AppointmentState.MISSED:
            news = Due(Kind.MISSED, told_at, told_at + MISSED_LATE)
    told = [] if news is None or now_at - told_at > NEWS_LATE else [news]
    return [due for due in (*told, *reminders) if due.expires_at > now_at]


def _booked_or_changed(touched: Touched) -> Kind:
    made_now = "appointment_made" in touched.kinds and touched.made_at == touched.first_at
    return Kind.BOOKED if made_now or "appointment_confirmed" in touched.kinds else Kind.CHANGED


def _reminders(starts_at: datetime, zone: ZoneInfo) -> Iterator[Due]:
    day_before_at = (starts_at.astimezone(zone) - timedelta(days=1)).astimezone(starts_at.tzinfo)
    yield Due(Kind.DAY_BEFORE, day_before_at, day_before_at + LATE)
    hour_before_at = starts_at - timedelta(hours=1)
    yield Due(Kind.HOUR_BEFORE, hour_before_at, hour_before_at + LATE)


def near(day: Day, now_at: datetime) -> Iterator[tuple[Ticket, int]]:
    """The tickets with an applicant that are near their call and were told of more people, and how many are ahead."""
    day.wake(now_at)
    for ticket in day.tickets.values():
        if (
            ticket.applicant is None
            or ticket.ahead <= NEAR
            or day.line_holding(ticket) is None  # not waiting, on standby, or not to be called yet
        ):
            continue
        ahead = dispatch.ahead(day, ticket)
        if ahead <= NEAR:
            yield ticket, ahead


def facts_of_ticket(ticket: Ticket, ahead: int) -> Facts:
    """What is said of a ticket."""
    return Facts(service=ServiceId(ticket.service), number=ticket.number, ahead=ahead)
