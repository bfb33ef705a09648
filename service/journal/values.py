"""Values that are written to the journal and read from it."""

from datetime import date, datetime

from msgspec import Struct

from service.domain.events import Record
from service.domain.model import Appointment, HallId, Ticket
from service.primitives.personal_data import Personal


class Position(Struct, frozen=True):
    """Position of a day's journal: number of the last event, id of its append, and the database's clock.

    `begun` tells whether the day has begun; `None` if that was not read.
    """

    seq: int
    head: str
    at: datetime
    begun: bool | None = None


class Applicant(Personal, frozen=True, kw_only=True):
    """The person of a ticket or appointment. Personal data is only here, in a table of its own."""

    SHOWN = ("id",)

    id: str
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    locale: str | None = None


class Append(Struct, frozen=True, kw_only=True):
    """Events to write after `seq`, in order, and the table rows that follow from them.

    `head` is the id of the append that wrote event `seq`; `append_id` is a new UUID. `tickets` and `appointments` are
    the last states of those that changed, each once. `revision` is that of the new plan, if the plan changed. If the
    booking totals of the day changed, `booked` has all of them as JSON, or `sum_change` only their change. An append
    that is sent twice is written once.
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
    """An invitation that an appointment or a ticket uses (`used`), or that an appointment gives back."""

    invitation: str
    used_by: str
    used: bool


class Committed(Struct, frozen=True):
    """The append is committed; `at` is the database's clock."""

    at: datetime


class Lost(Struct, frozen=True):
    """Another append was first; nothing is written."""


class DayRow(Struct, frozen=True):
    """An opened day of a hall, and its position.

    A day that has `ended` gets no more events. A day that has not `begun` was opened by a booking ahead of its time.
    """

    day: date
    position: Position
    ended: bool
    begun: bool

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return self.position.seq
