"""Tickets, appointments and counters: the values a day is made of.

All are frozen: a change makes a new value, so two folds may share what they have in common, and an answer made
yesterday cannot change under the reader's hands. They hold no cycles, so the garbage collector is spared them: a day
has tens of thousands. Times are aware UTC datetimes, `*_on` dates of the hall.

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
"""The same words in several languages, by BCP 47 tag."""


class TicketState(StrEnum):
    """Where a ticket is in its visit."""

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
"""Every transition there is (CONTRACT 4); back from `done` and `no_show` only by undo, or by a return."""


class AppointmentState(StrEnum):
    """Where an appointment is: from the hold of a place to who came, or did not."""

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
"""Every transition there is (CONTRACT 4)."""

LIVE = frozenset({AppointmentState.HELD, AppointmentState.BOOKED, AppointmentState.CHECKED_IN})
"""The states in which an appointment takes a place of its slot."""

TO_COME = frozenset(state for state, successors in APPOINTMENT_SUCCESSORS.items() if successors)
"""The states from which an appointment goes on: held and booked. In all others it is over, and a change is refused."""

MISSED_AFTER_S = 30 * 60
"""How long after its start an appointment waits for the person."""

RETURN_WITHIN_S = 30 * 60
"""How long who was called and did not come may come back."""

RETURNS_MAX = 1
"""How often they may."""


class CancelledBy(StrEnum):
    """Who gave an appointment up: its owner, the hall, or the erasure of who it was for."""

    SELF = "self"
    STAFF = "staff"
    ERASED = "erased"


class TicketClass(StrEnum):
    """What decides a ticket's credit."""

    APPOINTMENT = "appointment"
    WALK_IN = "walk_in"
    GREEN = "green"
    RETURNING = "returning"


class Admission(StrEnum):
    """Whether a ticket is in the order of calls."""

    ADMITTED = "admitted"
    STANDBY = "standby"
    OVERTIME = "overtime"


class AtDoor(StrEnum):
    """What who takes a number now gets: one in the order of calls, one on standby, or none, as the hall is full."""

    ADMITTED = "admitted"
    STANDBY = "standby"
    OVERTIME = "overtime"
    FULL = "full"


class Channel(StrEnum):
    """How a ticket was taken."""

    WEB = "web"
    QR = "qr"
    KIOSK = "kiosk"
    STAFF = "staff"
    HOTLINE = "hotline"


class PapersThen(StrEnum):
    """Where a ticket goes when its papers have been looked at."""

    STAY = "stay"
    ADVANCE = "advance"
    PARK = "park"


class Outcome(StrEnum):
    """How a visit ended at a counter."""

    DONE = "done"
    CONDITIONAL = "conditional"
    REFERRED = "referred"


class PrinterState(StrEnum):
    """How a kiosk's printer is; `away` cannot be reached, or says that it does not print."""

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
    """Whether a counter takes people."""

    CLOSED = "closed"
    OPEN = "open"
    PAUSED = "paused"


class Rule(StrEnum):
    """Which rule made a ticket the next one."""

    CREDIT = "credit"
    EARLY = "early"
    STANDBY = "standby"
    CHOSEN = "chosen"


class Shown(Struct, frozen=True, gc=False):
    """A wait as people see it: a range in minutes, rounded outward."""

    from_min: int
    to_min: int


class Wait(Struct, frozen=True, gc=False):
    """Seconds from `as_of_at` until the call at the present stage; all null when nobody can tell."""

    p10_s: int | None
    p50_s: int | None
    p90_s: int | None
    as_of_at: datetime
    shown: Shown | None


class Fit(Struct, frozen=True, gc=False):
    """What a walk-in was admitted by, or not: whether the call comes before closing.

    `p` is the probability that a counter is free before `closes_at`, once everybody has been served who is here and
    expected: `mean_s` seconds from now, with the spread `sd_s`, at today's `speed`. All but the closing are null when
    no counter for it is open or planned today.
    """

    p: float | None
    mean_s: int | None
    sd_s: int | None
    speed: float | None
    closes_at: datetime | None


class CallReason(Struct, frozen=True, gc=False):
    """Why this ticket was next, as stored with every call.

    `credit_s` is what its class counts for, `ahead_of` how many waiting tickets of
    this counter it was called before (chosen out of order: how many it passed), `code` the reason
    code of a call out of order.
    """

    rule: Rule
    class_: TicketClass = field(name="class")
    queue_at: datetime
    credit_s: int
    ahead_of: int
    code: str | None = None


class Served(Struct, frozen=True, gc=False):
    """A visit at a counter: for which service, and how many seconds from the start, or the call, to its end.

    One that was `interrupted`, as the hall was suspended meanwhile, does not say how long such a visit lasts.
    `expected_s` is what it was expected to take by the plan of then, where it counts in today's speed; else None.
    """

    service: ServiceId
    seconds: float
    interrupted: bool = False
    expected_s: float | None = None


class Ticket(Struct, frozen=True, gc=False, kw_only=True):
    """A place in today's queue.

    `n` is the order of issue in the day. `reference_at` is the check-in (for an appointment the later of check-in and
    slot); `floor_at` the earliest queue time after a return; `queue_at` is what the order of calls goes by.
    `for_counter` is set while the ticket waits for one counter only. `called_at` is the first call at the present
    stage, `recalled_at` the last one. `counter` is where the person is called to or served, `last_counter` outlives the
    visit there. `returns` counts the comebacks from a no-show. `ahead` and `wait` are what was told last, `seq` is the
    event that touched it last. `waiting_since_at` is when it came to its present stage, `served` what its last visit
    at a counter was for. `reason` says why it was called to where it is. `papers` are those that were missing when
    somebody looked, None while nobody has. `browser` is a keyed hash of the browser that took it. `appointment` and its
    `slot_at` are what it was checked in for, `returns_of` is the ticket of another day whose right to return it uses,
    `invitation` the id of the one it was taken with. `promise` is the wait that was told with the ticket, as long as
    the first call may keep it: not when its people asked for another time, or its class or place has changed. `raised`
    is a walk-in that has waited for as long as the hall lets anybody wait, since it came or last came back. `rating` is
    how the person found the visit, from 1 to 5. `excused_s` is for how long after the slot the hall was suspended
    before the check-in.
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
        """Whether this is a walk-in who can wait too long: who was raised already has waited so."""
        return self.class_ is TicketClass.WALK_IN and not self.raised

    @property
    def late_from_at(self) -> datetime | None:
        """When the grace for its appointment began."""
        return late_from(self.slot_at, self.excused_s)


def late_from(slot_at: datetime | None, excused_s: int) -> datetime | None:
    """When the grace for an appointment begins: at the slot, later by as long as nobody could check in after it."""
    return None if slot_at is None else slot_at + timedelta(seconds=excused_s)


class Appointment(Struct, frozen=True, gc=False, kw_only=True):
    """A place in a slot of the day.

    `n` is the order of making in the day. `person` is a keyed hash of a phone number or mail address, `holder` one of
    who holds it: a browser or a credential. `expires_at` is when a hold is over. `invitation` is the id of the one it
    was made with, `partner` who invited. `place` is the lowest that was free of its start, `places` how many the start
    had then, `per_person` how many a person could have then. `ticket` is the one it was checked in as. `sequence`
    counts its changes, `seq` is the event that touched it last. `closed` is one that was cancelled because the hall
    closed the day.
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
    """The state of an appointment at `now_at`, whatever was written down last: time itself ends holds and bookings.

    Of the time after the slot those seconds do not count in which the hall was suspended, for nobody could check in.
    """
    if written is AppointmentState.HELD and expires_at is not None and expires_at <= now_at:
        return AppointmentState.EXPIRED
    if written is AppointmentState.BOOKED and now_at >= starts_at + timedelta(seconds=MISSED_AFTER_S + suspended_s):
        return AppointmentState.MISSED
    return written


class Counter(Struct, frozen=True, gc=False, kw_only=True):
    """A counter as it is now; `ticket` is the person called or being served, `until_at` when a break is to end."""

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
        """When the counter comes back from a break; None when it is on none, or nobody knows."""
        return self.until_at if self.state is CounterState.PAUSED else None


class Notice(Struct, frozen=True):
    """Words for the lobby screens; all zones when `zones` is empty."""

    id: str
    text: Texts
    zones: tuple[ZoneId, ...] = ()


class Suspension(Struct, frozen=True):
    """A stop of issuing and calling, until `until_at` or until it is lifted."""

    text: Texts
    since_at: datetime
    until_at: datetime | None = None

    def covers(self, now_at: datetime) -> bool:
        """Tell whether the hall is suspended at `now_at`: everything comes back alone at `until_at`."""
        return self.until_at is None or now_at < self.until_at


class Alarm(Struct, frozen=True):
    """A silent call for help to all staff, from a counter, a kiosk (its name) or from anywhere; on no screen."""

    id: str
    counter: CounterId | None
    at: datetime
    kiosk: str | None = None


class Slip(Struct, frozen=True, gc=False):
    """A number that a kiosk may give out while it is cut off; the ticket's id and code were drawn with it."""

    ticket: TicketId
    code: str


class Lease(Struct, frozen=True, gc=False):
    """The numbers of one kiosk today: `prefix` is its own, `slips` by number, `at` when the last were leased.

    `last` is the highest number it has reported as given out, taken at `last_at`.
    """

    prefix: str
    slips: dict[int, Slip]
    leased_at: dict[int, datetime]
    last: int = 0
    last_at: datetime | None = None


class Printer(Struct, frozen=True):
    """The printer of a kiosk, as it was heard of last."""

    device: str
    name: str
    state: PrinterState
    at: datetime


class Overtime(Struct, frozen=True):
    """Capacity after closing, until `until_at`: with as many counters as at closing unless `counters` says."""

    until_at: datetime
    counters: int | None = None
