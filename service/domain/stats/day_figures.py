"""The figures of a day for reports, without personal data.

`Figures` is stored for each ended day. It holds counts and sorted seconds, so the figures of many days are computed
from all their visits, not from daily medians. `figures_observer` collects them.

Source: CONTRACT 5 (`GET …/report`); DESIGN 6 (waits), 9.
"""

from datetime import date, timedelta

from msgspec import Struct

from service.domain.model import (
    Admission,
    Channel,
    CounterId,
    ServiceId,
    TicketClass,
)

HALF = timedelta(minutes=30)
"""The step of the day's profile."""

GRADES = 5
"""The best grade of a visit; the worst is 1."""


class Visits(Struct, frozen=True, gc=False, array_like=True):
    """Tickets that have all these values in common, and their people.

    `end` is an outcome, `no_show`, the reason why they left, or `open`.
    """

    service: ServiceId
    class_: TicketClass
    channel: Channel
    admission: Admission
    end: str
    tickets: int
    people: int


class Seconds(Struct, frozen=True, gc=False, array_like=True):
    """Sorted seconds of the visits of a service and class: waits, or durations at a counter."""

    service: ServiceId
    class_: TicketClass
    seconds: list[int]


class Booked(Struct, frozen=True, gc=False):
    """Appointments.

    `booked` counts all that were booked. `called_in_time` counts the checked-in ones that were called in time.
    """

    booked: int = 0
    checked_in: int = 0
    missed: int = 0
    cancelled: int = 0
    called_in_time: int = 0


class AtCounter(Struct, frozen=True, gc=False):
    """Seconds that a counter was open, was on a break, and had a person."""

    open_s: int = 0
    paused_s: int = 0
    serving_s: int = 0


class Half(Struct, frozen=True, gc=False):
    """Half an hour of a day.

    `booked` and `walk_ins` count the people who came with and without an appointment, `calls` and `ends` the calls and
    the finished visits. `waiting_most` is the largest number of waiting tickets, `open_s` the open time of all
    counters.
    """

    booked: int = 0
    walk_ins: int = 0
    calls: int = 0
    ends: int = 0
    waiting_most: int = 0
    open_s: int = 0


class Overtime(Struct, frozen=True, gc=False):
    """Tickets admitted to overtime, and seconds of work at counters after the regular closing."""

    tickets: int = 0
    serving_s: int = 0


class Promised(Struct, frozen=True, gc=False):
    """First calls of tickets with a promised wait: all (`scored`), and those between its p10 and p90 (`held`)."""

    scored: int = 0
    held: int = 0


class Rated(Struct, frozen=True, gc=False):
    """Ratings of visits: the number of grades 1, 2, 3, 4 and 5, and the number of each reason, by code."""

    grades: tuple[int, ...] = (0,) * GRADES
    reasons: dict[str, int] = {}


class Figures(Struct, frozen=True, kw_only=True):
    """All stored figures of a day.

    `chosen` and `green` count, by reason code, the calls out of order and the changes to the green channel. `halves` is
    by the local time at which the half hour begins, such as "09:30".
    """

    on: date
    visits: list[Visits] = []
    waits: list[Seconds] = []
    lasted: list[Seconds] = []
    booked: Booked = Booked()
    overtime: Overtime = Overtime()
    counters: dict[CounterId, AtCounter] = {}
    chosen: dict[str, int] = {}
    green: dict[str, int] = {}
    promises: Promised = Promised()
    rated: Rated = Rated()
    halves: dict[str, Half] = {}
