"""The values of a day: tickets, appointments, counters, and their states.

All values are frozen: a change makes a new value, so copies of a day can share values safely. They contain no reference
cycles and are hidden from the garbage collector (`gc=False`), because a day has tens of thousands of them. Times are
aware UTC datetimes; `*_on` are dates of the hall. The module is a catalog and stays in one file, although it is long.

Source: DESIGN 2, CONTRACT 4.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NewType

from msgspec import Struct, field

AppointmentId = NewType("AppointmentId", str)  # UUIDv7, lower case with dashes
CounterId = NewType("CounterId", str)
HallId = NewType("HallId", str)
ServiceId = NewType("ServiceId", str)
StageId = NewType("StageId", str)
TicketId = NewType("TicketId", str)  # UUIDv7, lower case with dashes
ZoneId = NewType("ZoneId", str)

Texts = dict[str, str]
"""The same text in several languages, by BCP 47 tag."""


class TicketState(StrEnum):
    """The state of a ticket."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    PARKED = "parked"
    NO_SHOW = "no_show"
    LEFT = "left"
    DONE = "done"


TICKET_SUCCESSORS: dict[TicketState, frozenset[TicketState]] = {
    TicketState.WAITING: frozenset({TicketState.CALLED, TicketState.PARKED, TicketState.LEFT}),
    TicketState.CALLED: frozenset(
        {TicketState.SERVING, TicketState.WAITING, TicketState.PARKED, TicketState.NO_SHOW, TicketState.DONE}
    ),
    TicketState.SERVING: frozenset({TicketState.WAITING, TicketState.PARKED, TicketState.DONE}),
    TicketState.PARKED: frozenset({TicketState.WAITING, TicketState.LEFT}),
    TicketState.NO_SHOW: frozenset({TicketState.WAITING, TicketState.CALLED}),
    TicketState.LEFT: frozenset(),
    TicketState.DONE: frozenset({TicketState.SERVING}),
}
"""All allowed transitions (CONTRACT 4). `done` and `no_show` are left only by undo; `no_show` also by a return."""


class AppointmentState(StrEnum):
    """The state of an appointment."""

    HELD = "held"
    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    MISSED = "missed"


APPOINTMENT_SUCCESSORS: dict[AppointmentState, frozenset[AppointmentState]] = {
    AppointmentState.HELD: frozenset({AppointmentState.BOOKED, AppointmentState.EXPIRED, AppointmentState.CANCELLED}),
    AppointmentState.BOOKED: frozenset(
        {AppointmentState.CHECKED_IN, AppointmentState.CANCELLED, AppointmentState.MISSED}
    ),
    AppointmentState.CHECKED_IN: frozenset(),
    AppointmentState.CANCELLED: frozenset(),
    AppointmentState.EXPIRED: frozenset(),
    AppointmentState.MISSED: frozenset(),
}
"""All allowed transitions (CONTRACT 4)."""

LIVE = frozenset({AppointmentState.HELD, AppointmentState.BOOKED, AppointmentState.CHECKED_IN})
"""The states in which an appointment occupies a place of its slot."""

TO_COME = frozenset(state for state, successors in APPOINTMENT_SUCCESSORS.items() if successors)
"""The states that an appointment can still leave: held and booked. In all others, changes are refused."""

MISSED_AFTER_S = 30 * 60
"""Seconds after its start at which an appointment without check-in counts as missed."""

RETURN_WITHIN_S = 30 * 60
"""Seconds after a no-show within which the person may come back."""

RETURNS_MAX = 1
"""How often a person may come back after a no-show."""


class CancelledBy(StrEnum):
    """Who cancelled an appointment: its owner, the staff, or the erasure of the person's data."""

    SELF = "self"
    STAFF = "staff"
    ERASED = "erased"


class TicketClass(StrEnum):
    """The class of a ticket; it decides its credit."""

    APPOINTMENT = "appointment"
    WALK_IN = "walk_in"
    GREEN = "green"
    RETURNING = "returning"


class Admission(StrEnum):
    """How a ticket was admitted; `standby` tickets are not in the order of calls."""

    ADMITTED = "admitted"
    STANDBY = "standby"
    OVERTIME = "overtime"


class AtDoor(StrEnum):
    """What a person who takes a number now gets: an admission as in `Admission`, or no number if the hall is full."""

    ADMITTED = "admitted"
    STANDBY = "standby"
    OVERTIME = "overtime"
    FULL = "full"


class Channel(StrEnum):
    """How a ticket was taken or an appointment was booked."""

    WEB = "web"
    QR = "qr"
    KIOSK = "kiosk"
    STAFF = "staff"
    HOTLINE = "hotline"


class PapersThen(StrEnum):
    """Where a ticket goes after its papers were checked."""

    STAY = "stay"
    ADVANCE = "advance"
    PARK = "park"


class Outcome(StrEnum):
    """How a visit ended at a counter."""

    DONE = "done"
    CONDITIONAL = "conditional"
    REFERRED = "referred"


class PrinterState(StrEnum):
    """The state of a kiosk's printer; `away` if it cannot be reached or reports that it does not print."""

    OK = "ok"
    LOW = "low"
    OUT = "out"
    AWAY = "away"


class LeftReason(StrEnum):
    """Why a ticket left without being served."""

    SELF = "self"
    UNSERVED = "unserved"
    BOOKED = "booked"


class CounterState(StrEnum):
    """The state of a counter."""

    CLOSED = "closed"
    OPEN = "open"
    PAUSED = "paused"


class Rule(StrEnum):
    """The rule by which a ticket was called next."""

    CREDIT = "credit"
    EARLY = "early"
    STANDBY = "standby"
    CHOSEN = "chosen"


class Shown(Struct, frozen=True, gc=False):
    """A wait as shown to people: a range in minutes, rounded outward."""

    from_min: int
    to_min: int


class Wait(Struct, frozen=True, gc=False):
    """Seconds from `as_of_at` until the call at the present stage; all null if it cannot be estimated."""

    p10_s: int | None
    p50_s: int | None
    p90_s: int | None
    as_of_at: datetime
    shown: Shown | None


class Fit(Struct, frozen=True, gc=False):
    """The estimate behind an admission: whether the call comes before closing.

    `p` is the probability that a counter is free before `closes_at`, after all present and expected people have been
    served. This is estimated in `mean_s` seconds, with standard deviation `sd_s`, at today's `speed`. `p`, `mean_s` and
    `sd_s` are null if no counter for the service is open or planned today.
    """

    p: float | None
    mean_s: int | None
    sd_s: int | None
    speed: float | None
    closes_at: datetime | None


class CallReason(Struct, frozen=True, gc=False):
    """Why this ticket was next, as stored with every call.

    `credit_s` is the credit of its class. `ahead_of` is how many waiting tickets of this counter it was called before;
    for a ticket chosen out of order, how many it passed. `code` is the reason code of a call out of order.
    """

    rule: Rule
    class_: TicketClass = field(name="class")
    queue_at: datetime
    credit_s: int
    ahead_of: int
    code: str | None = None


class Served(Struct, frozen=True, gc=False):
    """A visit at a counter: its service, and the seconds from its start, or else from the call, to its end.

    An `interrupted` visit was longer because the hall was suspended, so its duration is not used for estimates.
    `expected_s` is the expected duration by the plan at that time; None if the visit does not count for today's speed.
    """

    service: ServiceId
    seconds: float
    interrupted: bool = False
    expected_s: float | None = None


class Ticket(Struct, frozen=True, gc=False, kw_only=True):
    """A place in today's queue.

    Order: `n` is the number of issue in the day. `reference_at` is the check-in; for an appointment, the later of
    check-in and slot. `floor_at` is the earliest queue time after a return. `queue_at` is the queue time that decides
    the order of calls. `raised` is true for a walk-in that reached the longest wait the hall allows, since it came or
    last came back. `excused_s` is for how many seconds between the slot and the check-in the hall was suspended.

    Calls: `for_counter` is set while the ticket waits for one counter only. `counter` is where the person is called to
    or served; `last_counter` remains after the visit there. `called_at` is the first call at the present stage,
    `recalled_at` the last one, `reason` the reason of the call. `returns` counts returns after a no-show.

    Visit: `waiting_since_at` is when it came to its present stage. `served` is its last visit at a counter. `papers`
    are the papers found missing at the last check, None before any check. `rating` is the person's rating from 1 to 5.

    Origin: `browser` is a keyed hash of the browser that took it. `appointment` with `slot_at`, `invitation`, and
    `returns_of` (a ticket of an earlier day whose right to return it uses) are what it was taken with.

    `ahead` and `wait` are the values shown last. `promise` is the wait shown when the ticket was issued; it is None if
    the first call can no longer keep it, because another time was requested, or the class or the place changed. `seq`
    is the last event that changed the ticket.
    """

    id: TicketId
    n: int
    code: str
    number: str
    service: ServiceId
    stage: StageId
    class_: TicketClass = field(name="class")
    first_class: TicketClass
    channel: Channel
    state: TicketState
    admission: Admission
    count: int
    then: tuple[ServiceId, ...]
    prechecked: bool
    applicant: str | None
    issued_at: datetime
    waiting_since_at: datetime
    reference_at: datetime
    floor_at: datetime | None = None
    queue_at: datetime
    not_before_at: datetime | None = None
    for_counter: CounterId | None = None
    counter: CounterId | None = None
    last_counter: CounterId | None = None
    calls: int = 0
    called_at: datetime | None = None
    recalled_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    served: Served | None = None
    outcome: Outcome | None = None
    missing: tuple[str, ...] = ()
    due_on: date | None = None
    left_reason: LeftReason | None = None
    no_show_at: datetime | None = None
    returns: int = 0
    ahead: int = 0
    wait: Wait | None = None
    seq: int = 0
    reason: CallReason | None = None
    papers: tuple[str, ...] | None = None
    browser: str | None = None
    appointment: AppointmentId | None = None
    slot_at: datetime | None = None
    returns_of: TicketId | None = None
    invitation: str | None = None
    promise: Wait | None = None
    raised: bool = False
    rating: int | None = None
    excused_s: int = 0

    @property
    def may_be_raised(self) -> bool:
        """Whether the rule for long waits can apply: a walk-in that was not raised yet."""
        return self.class_ is TicketClass.WALK_IN and not self.raised

    @property
    def late_from_at(self) -> datetime | None:
        """When lateness for its appointment starts; None without an appointment."""
        return late_from(self.slot_at, self.excused_s)


def late_from(slot_at: datetime | None, excused_s: int) -> datetime | None:
    """Return when lateness for an appointment starts: at the slot, later by the seconds excused by suspensions."""
    return None if slot_at is None else slot_at + timedelta(seconds=excused_s)


class Appointment(Struct, frozen=True, gc=False, kw_only=True):
    """A place in a slot of the day.

    `n` is the order of making in the day. `person` is a keyed hash of the phone number or mail address, `holder` a
    keyed hash of the browser or credential that holds it. `expires_at` is when a hold expires. `invitation` is the id
    of the invitation it was made with, `partner` the partner that invited. `place` was the lowest free place number of
    the start, `places` the number of places of the start, and `per_person` the number of appointments a person could
    have, all when it was made. `ticket` is the ticket of the check-in. `sequence` counts its changes. `seq` is the last
    event that changed it. `closed` is true if it was cancelled because the hall closed the day.
    """

    id: AppointmentId
    n: int
    code: str
    service: ServiceId
    starts_at: datetime
    ends_at: datetime
    state: AppointmentState
    count: int
    channel: Channel
    applicant: str | None = None
    person: str | None = None
    holder: str | None = None
    expires_at: datetime | None = None
    prechecked: bool = False
    invitation: str | None = None
    partner: str | None = None
    place: int
    places: int
    per_person: int
    ticket: TicketId | None = None
    made_at: datetime
    sequence: int = 0
    seq: int = 0
    closed: bool = False


def state_at(
    written: AppointmentState,
    starts_at: datetime,
    expires_at: datetime | None,
    now_at: datetime,
    suspended_s: float = 0.0,
) -> AppointmentState:
    """Return the state of an appointment at `now_at`: time ends holds and bookings before an event records it.

    `suspended_s` is how long after the slot the hall was suspended; this time does not count, since nobody could check
    in.
    """
    if written is AppointmentState.HELD and expires_at is not None and expires_at <= now_at:
        return AppointmentState.EXPIRED
    if written is AppointmentState.BOOKED and now_at >= starts_at + timedelta(seconds=MISSED_AFTER_S + suspended_s):
        return AppointmentState.MISSED
    return written


class Counter(Struct, frozen=True, gc=False, kw_only=True):
    """A counter; `ticket` is the ticket called or being served, `until_at` the planned end of a break."""

    id: CounterId
    zone: ZoneId
    stage: StageId
    services: tuple[ServiceId, ...]
    state: CounterState = CounterState.CLOSED
    ticket: TicketId | None = None
    staff: str | None = None
    reason: str | None = None
    until_at: datetime | None = None
    since_at: datetime | None = None
    seq: int = 0

    @property
    def back_at(self) -> datetime | None:
        """When the counter comes back from a break; None if it is not on a break or the end is unknown."""
        return self.until_at if self.state is CounterState.PAUSED else None


class Notice(Struct, frozen=True):
    """A text for the lobby screens; for all zones if `zones` is empty."""

    id: str
    text: Texts
    zones: tuple[ZoneId, ...] = ()


class Suspension(Struct, frozen=True):
    """A stop of issuing and calling, until `until_at` or until it is ended by staff."""

    text: Texts
    since_at: datetime
    until_at: datetime | None = None

    def covers(self, now_at: datetime) -> bool:
        """Tell whether the suspension is in force at `now_at`."""
        return self.until_at is None or now_at < self.until_at


class Alarm(Struct, frozen=True):
    """A silent call for help to all staff, from a counter, a kiosk (its name) or any place. No screen shows it."""

    id: str
    counter: CounterId | None
    at: datetime
    kiosk: str | None = None


class Slip(Struct, frozen=True, gc=False):
    """Ticket id and code for a leased number that a kiosk may give out offline."""

    ticket: TicketId
    code: str


class Lease(Struct, frozen=True, gc=False):
    """The numbers leased to one kiosk today, with the kiosk's own prefix.

    `slips` and `leased_at` are by number. `last` is the highest number that the kiosk reported as given out, taken at
    `last_at`.
    """

    prefix: str
    slips: dict[int, Slip]
    leased_at: dict[int, datetime]
    last: int = 0
    last_at: datetime | None = None


class Printer(Struct, frozen=True):
    """The last reported state of a kiosk's printer."""

    device: str
    name: str
    state: PrinterState
    at: datetime


class Overtime(Struct, frozen=True):
    """Capacity after closing, until `until_at`, with `counters` counters or those planned at closing."""

    until_at: datetime
    counters: int | None = None
