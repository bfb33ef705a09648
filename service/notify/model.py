"""The data types of messages: kinds, channels, states and contents."""

from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct

from service.domain.model import HallId, ServiceId
from service.primitives.personal_data import Personal


class Kind(StrEnum):
    """The reason for a message, which selects its text."""

    BOOKED = "booked"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    DAY_BEFORE = "day_before"
    HOUR_BEFORE = "hour_before"
    NEAR = "near"
    MISSED = "missed"
    CLOSED = "closed"


TICKET_KINDS = frozenset({Kind.NEAR})
"""Kinds about a ticket; all others are about an appointment."""

ONLY_WHILE_BOOKED = frozenset({Kind.BOOKED, Kind.CHANGED, Kind.DAY_BEFORE, Kind.HOUR_BEFORE})
"""Kinds that are sent only if the appointment is still booked and has not changed since the message was created."""

REMINDERS = frozenset({Kind.DAY_BEFORE, Kind.HOUR_BEFORE})
"""Reminders of an appointment. If the hall is not open at that time, a reminder is sent as kind `closed` instead."""

DEPENDS_ON_OPENING = REMINDERS | {Kind.MISSED, Kind.NEAR}
"""Kinds whose text and sending time depend on the opening times of the hall, read at the moment of sending."""


class MessageChannel(StrEnum):
    """How a message is delivered: by mail, or by a webhook whose receiver forwards it as a text message."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class State(StrEnum):
    """State of a message.

    `sending`: its delivery has begun and the result is not recorded yet. `dead`: it could not be delivered.
    `withdrawn`: it was not sent, because it was outdated or too late.
    """

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"
    WITHDRAWN = "withdrawn"


class Facts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Data of an appointment or a ticket that the texts contain: codes, times and numbers, no personal data.

    `sequence` counts the changes of the appointment. `by` names the party that cancelled it. `closed`: the reason is
    that the hall is closed. `doors_at`: the time when check-in begins, set in a reminder that is sent before that time.
    `over`: no more tickets are issued on the day of the missed appointment. The outbox stores `closed`, `doors_at` and
    `over` as they were when the message was sent.
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
    """A message claimed from the outbox for sending; `tries` includes the coming attempt."""

    hall: HallId
    id: str
    day: date
    subject: str
    kind: Kind
    channel: MessageChannel
    facts: Facts
    tries: int


class Person(Personal, frozen=True, kw_only=True):
    """Name and contacts of the recipient, read from the table `applicants` just before sending."""

    name: str | None
    phone: str | None
    email: str | None
    locale: str | None
