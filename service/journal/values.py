"""What goes into the journal and what comes out of it."""

from datetime import date, datetime

from msgspec import Struct

from service.domain.events import Record
from service.domain.model import Appointment, HallId, Ticket
from service.primitives.personal_data import Personal


class Position(Struct, frozen=True):
    """Where a day's journal stands: its last event, the id of the append that wrote it, and the database's clock.

    `begun` says whether the day has begun, where that was asked.
    """

    seq: int
    head: str
    at: datetime
    begun: bool | None = None


class Applicant(Personal, frozen=True, kw_only=True):
    """The person behind a ticket: the only personal data there is, in a table of its own."""

    SHOWN = ("id",)

    id: str
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    locale: str | None = None


class Append(Struct, frozen=True, kw_only=True):
    """Events to write after `seq`, in order, with what follows from them.

    `head` is the id of the append that wrote `seq`, `append_id` a new UUID. `tickets` are the last states of those
    touched, each once, `appointments` likewise. `revision` is the plan's where events changed it. Where they changed
    the sums of the day's bookings, `booked` has these as JSON, or else `sum_change` what has changed of them. Equal
    appends are the same append: sent twice it is written once.
    """

    hall: HallId
    day: date
    seq: int
    head: str
    append_id: str
    records: list[Record]
    tickets: list[Ticket] = []
    applicants: list[Applicant] = []
    appointments: list[Appointment] = []
    revision: int | None = None
    booked: bytes | None = None
    sum_change: bytes | None = None


class Use(Struct, frozen=True):
    """An invitation that an appointment or ticket uses, or that an appointment gives back."""

    invitation: str
    used_by: str
    used: bool


class Committed(Struct, frozen=True):
    """The append is committed; `at` is the database's clock."""

    at: datetime


class Lost(Struct, frozen=True):
    """Another append was first: nothing is written."""


class DayRow(Struct, frozen=True):
    """A day of a hall and where its journal stands.

    Nothing can happen to one that has ended; one that has not `begun` was opened by a booking ahead of its time.
    """

    day: date
    position: Position
    ended: bool
    begun: bool

    @property
    def seq(self) -> int:
        """The number of its last event."""
        return self.position.seq
