"""Response bodies of personal data."""

import msgspec
from msgspec import Struct

from service.domain.view import OnDate, Stamp
from service.primitives.personal_data import Personal


class ErasureDone(Struct, frozen=True, kw_only=True):
    """Counts: erased applicant rows, cancelled appointments, anonymized invitations, stopped messages."""

    people: int
    cancelled: int
    invitations: int
    messages: int


class PersonSeen(Personal, frozen=True, kw_only=True):
    """A stored applicant. A person has one for each visit or appointment."""

    SHOWN = ("id",)

    id: str
    name: str | None
    phone: str | None
    email: str | None
    locale: str | None
    created_at: Stamp


class AppointmentOfPerson(Struct, frozen=True, kw_only=True):
    """An appointment of a person."""

    id: str
    day: OnDate
    code: str
    service: str
    starts_at: Stamp
    ends_at: Stamp
    state: str
    count: int
    channel: str
    prechecked: bool
    made_at: Stamp


class TicketOfPerson(Struct, frozen=True, kw_only=True):
    """A ticket of a person."""

    id: str
    day: OnDate
    code: str
    number: str
    service: str
    class_: str = msgspec.field(name="class")
    channel: str
    state: str
    count: int
    prechecked: bool
    issued_at: Stamp
    called_at: Stamp | None
    started_at: Stamp | None
    finished_at: Stamp | None
    outcome: str | None
    missing: list[str]
    due_on: OnDate | None
    left_reason: str | None


class InvitationOfPerson(Struct, frozen=True, kw_only=True):
    """An invitation of a person."""

    id: str
    code: str
    partner: str
    service: str | None
    prechecked: bool
    made_at: Stamp
    revoked_at: Stamp | None
    used: bool


class MessageOfPerson(Struct, frozen=True, kw_only=True):
    """A message to a person. Its text is not stored."""

    kind: str
    channel: str
    state: str
    made_at: Stamp


class PersonExported(Struct, frozen=True, kw_only=True):
    """All stored data of a person in a hall."""

    people: list[PersonSeen]
    appointments: list[AppointmentOfPerson]
    tickets: list[TicketOfPerson]
    invitations: list[InvitationOfPerson]
    messages: list[MessageOfPerson]
