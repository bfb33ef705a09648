"""Response bodies of halls."""

from datetime import date

import msgspec
from msgspec import Struct

from service.domain.model import AtDoor, Texts
from service.domain.view import Stamp, WaitView


class ServiceSeen(Struct, frozen=True, kw_only=True):
    """A service as people choose it; `duration_s` is one person's, `wait` a walk-in's who would come now.

    `admission` is what such a walk-in would get who comes alone: a number in the order of calls (`admitted`,
    `overtime`), one on `standby`, or none (`full`); null while no number is given out, or the service is online only.
    """

    id: str
    name: Texts
    prefix: str
    papers: list[dict[str, str | Texts]]
    online_url: str | None
    bookable: bool
    count_max: int
    duration_s: float
    wait: WaitView
    admission: AtDoor | None


class ServiceKept(Struct, frozen=True, kw_only=True):
    """A service that people came or booked for today, and that is not offered any more; no number of it is given out.

    A paper's `name` is empty where the hall document has no words for it any more.
    """

    id: str
    name: Texts
    prefix: str
    papers: list[dict[str, str | Texts]]


class Zoned(Struct, frozen=True):
    """A zone and its name."""

    id: str
    name: Texts


class OvertimeSeen(Struct, frozen=True):
    """Capacity after closing; `counters` is null where as many go on as at closing."""

    until_at: Stamp
    counters: int | None


class HoursSeen(Struct, frozen=True):
    """Opening hours on some weekdays, Monday is 1; local times."""

    weekdays: list[int]
    from_: str = msgspec.field(name="from")
    to: str


class ExpectedSeen(Struct, frozen=True):
    """How many people are expected to come without booking in a span, by what was seen on other days.

    `wait_p90_s` is what nine of ten of them wait at most, whenever in the span they come, by this day's bookings, staff
    and queue; null while that is not known, and where who comes may not be called before closing.
    """

    from_at: Stamp
    to_at: Stamp
    people: float
    wait_p90_s: int | None


class HallSeen(Struct, frozen=True, kw_only=True):
    """A hall as people see it; `doors_open`: numbers are given out, `entrance`: to phones that show the door's code.

    `seq` is the day's, 0 before it began. `expected` has what is left of the day; nothing while there is no history.
    `overtime` is null as well once the day was closed. `staffed`: a counter is open, or on a break. Who still waits at
    `day_ends_at` leaves with a right to return.
    """

    id: str
    name: Texts
    time_zone: str
    languages: list[str]
    services: list[ServiceSeen]
    no_longer_offered: list[ServiceKept]
    zones: list[Zoned]
    open: bool
    opens_at: str | None
    doors_open: bool
    staffed: bool
    day_ends_at: Stamp
    entrance: bool
    as_of_at: Stamp
    expected: list[ExpectedSeen]
    suspended: bool
    overtime: OvertimeSeen | None
    display_url: str
    seq: int


class RulesSeen(Struct, frozen=True, kw_only=True):
    """The rules of a hall as they hang on its wall, and the words of the codes that people read.

    Credits and times are seconds. `early_s` is how long before its time an appointment is called at the earliest,
    `check_in_before_s` from when on it can be checked in, `grace_s` how late with its full credit, `missed_after_s`
    when it is over; `back_within_s` is how long who was passed over may come back, to a place of at most
    `park_penalty_s` ago; `returns_within_days` how long a missing paper may take when nothing else is said.
    """

    credit_s: dict[str, int]
    early_s: int
    check_in_before_s: int
    grace_s: int
    missed_after_s: int
    doors_before_s: int
    back_within_s: int
    park_penalty_s: int
    returns_within_days: int
    hours: list[HoursSeen]
    horizon_days: int
    per_person: int
    admission: str
    ratings: list[str]
    words: dict[str, Texts]


class HallList(Struct, frozen=True):
    """Halls, by id."""

    items: list[HallSeen]
    next_cursor: str | None


class NoticeSeen(Struct, frozen=True, kw_only=True):
    """A notice on the lobby screens."""

    id: str
    text: Texts
    zones: list[str]
    seq: int


class NoticeList(Struct, frozen=True):
    """The notices on the lobby screens."""

    items: list[NoticeSeen]
    next_cursor: str | None
    seq: int


class SuspensionSeen(Struct, frozen=True, kw_only=True):
    """The present suspension; all fields are null if there is none."""

    text: Texts | None
    since_at: str | None
    until_at: str | None
    seq: int


class OvertimeNow(Struct, frozen=True, kw_only=True):
    """The overtime of the day. `until_at` is null if there is none."""

    until_at: Stamp | None
    counters: int | None
    seq: int


class DaySeen(Struct, frozen=True, kw_only=True):
    """A day of the hall."""

    day: date
    closed: bool
    seq: int


class EntranceSeen(Struct, frozen=True):
    """The entrance code, valid for a minute longer than shown. `modules` are the rows of its QR code; 1 is dark."""

    code: str
    url: str
    modules: list[str]
    valid_until_at: str
