"""What a message is."""

from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct

from service.domain.model import HallId, ServiceId
from service.primitives.personal_data import Personal


class Kind(StrEnum):
    """What a message says."""

    BOOKED = "booked"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    DAY_BEFORE = "day_before"
    HOUR_BEFORE = "hour_before"
    NEAR = "near"
    MISSED = "missed"
    CLOSED = "closed"


TICKET_KINDS = frozenset({Kind.NEAR})
"""All others are about an appointment."""

ONLY_WHILE_BOOKED = frozenset({Kind.BOOKED, Kind.CHANGED, Kind.DAY_BEFORE, Kind.HOUR_BEFORE})
"""True only as long as the appointment is as the message says."""

REMINDERS = frozenset({Kind.DAY_BEFORE, Kind.HOUR_BEFORE})
"""Where the hall is not open at the time, one of them says that instead, and is of kind `closed` then."""

DEPENDS_ON_OPENING = REMINDERS | {Kind.MISSED, Kind.NEAR}
"""What they say, and whether they are said now, depends on when the hall is open, as of the moment they are sent."""


class MessageChannel(StrEnum):
    """How a message reaches people: a mail, or a webhook whose receiver sends it on as a text message."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class State(StrEnum):
    """Where a message is: `sending` is handed over and not answered yet, `withdrawn` no longer true or of use."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"
    WITHDRAWN = "withdrawn"


class Facts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the texts say, of an appointment or of a ticket: codes, times and numbers, nothing about the person.

    `sequence` counts the changes of the appointment; `by` is who cancelled it. `closed`: because the hall is closed.
    `doors_at` is from when on people can check in, where a reminder is sent before that; `over` says that no number is
    given out any more on the day of what was missed. In the outbox a message has these once it was sent so.
    """

    service: ServiceId
    code: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    count: int = 1
    sequence: int = 0
    by: str | None = None
    number: str | None = None
    ahead: int = 0
    closed: bool = False
    doors_at: datetime | None = None
    over: bool = False


class Message(Struct, frozen=True, kw_only=True):
    """A row of the outbox to be sent; `tries` counts this one."""

    hall: HallId
    id: str
    day: date
    subject: str
    kind: Kind
    channel: MessageChannel
    facts: Facts
    tries: int


class Person(Personal, frozen=True, kw_only=True):
    """Whom a message is for, as the table of applicants says when it is sent."""

    name: str | None
    phone: str | None
    email: str | None
    locale: str | None
