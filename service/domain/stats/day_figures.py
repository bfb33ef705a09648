"""The figures of a day for reports, without personal data.

`FiguresObserver` observes the replay of a day's events and counts. `Figures` is stored for each ended day. It holds
counts and sorted seconds, so the figures of many days are computed from all their visits, not from daily medians.

A visit begins when its number is taken, also when an offline kiosk reports it later. The number of people waiting is
the one known at that time. A wait lasts from the ticket, or from the end of the previous stage, to the first call of
the stage. A booked person is called on time within ten minutes of the appointment, or of arriving if they came later.
A counter counts as open until it is closed, but not beyond the working time of the hall.

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
"""A visit is given a grade from 1 to this."""


class Visits(Struct, frozen=True, gc=False, array_like=True):
    """Tickets with all this in common, and their people; `end` is an outcome, `no_show`, why they left, or `open`."""

    service: ServiceId
    class_: TicketClass
    channel: Channel
    admission: Admission
    end: str
    tickets: int
    people: int


class Seconds(Struct, frozen=True, gc=False, array_like=True):
    """Seconds of each visit of a service, sorted: how long they waited, or lasted."""

    service: ServiceId
    class_: TicketClass
    seconds: list[int]


class Booked(Struct, frozen=True, gc=False):
    """Appointments: all that were booked, and of those who checked in how many were called in time."""

    booked: int = 0
    checked_in: int = 0
    missed: int = 0
    cancelled: int = 0
    called_in_time: int = 0


class AtCounter(Struct, frozen=True, gc=False):
    """Seconds that a counter was open, on a break, and had a person at it."""

    open_s: int = 0
    paused_s: int = 0
    serving_s: int = 0


class Half(Struct, frozen=True, gc=False):
    """Half an hour of a day: people who came with and without an appointment, calls, ends, and open counters."""

    booked: int = 0
    walk_ins: int = 0
    calls: int = 0
    ends: int = 0
    waiting_most: int = 0
    open_s: int = 0


class Overtime(Struct, frozen=True, gc=False):
    """What came on top: tickets admitted to overtime, and seconds of work at counters after the regular closing."""

    tickets: int = 0
    serving_s: int = 0


class Promised(Struct, frozen=True, gc=False):
    """First calls of those who were promised a wait, and how many lay between its p10 and p90."""

    scored: int = 0
    held: int = 0


class Rated(Struct, frozen=True, gc=False):
    """What people said of their visits: how many gave 1, 2, 3, 4 and 5, and why, by reason code."""

    grades: tuple[int, ...] = (0,) * GRADES
    reasons: dict[str, int] = {}


class Figures(Struct, frozen=True, kw_only=True):
    """All that is kept of a day; `halves` are by local time of their beginning, `"09:30"`."""

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
