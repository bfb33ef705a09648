"""What has happened: the events of a day, in the words of the journal.

Each is a frozen, tagged value; its tag is the `kind` column of the journal, the rest its `body`. An event says what is
new and why, so that `evolve` needs nothing but the day before it. `ahead` and `wait` in an event are the answer its
command was given, kept so that a repeated request gets the same one, and so that promises can be scored.

A new kind or field is read by one release before another writes it: give new fields defaults (JOURNAL 7).
"""

from datetime import date, datetime

from msgspec import Struct, field

from service.domain.calendar.plan import Plan
from service.domain.model import (
    Admission,
    AppointmentId,
    AppointmentState,
    CallReason,
    CancelledBy,
    Channel,
    CounterId,
    Fit,
    LeftReason,
    Notice,
    Outcome,
    PrinterState,
    ServiceId,
    Slip,
    StageId,
    Texts,
    TicketClass,
    TicketId,
    Wait,
)


class Fact(Struct, frozen=True, gc=False, tag_field="kind", omit_defaults=True):
    """Something that happened to a day."""


class DayOpened(Fact, frozen=True, kw_only=True, tag="day_opened"):
    """The day begins, with all it needs to know."""

    plan: Plan


class PlanChanged(Fact, frozen=True, kw_only=True, tag="plan_changed"):
    """The hall document changed during the day."""

    plan: Plan


class DayClosed(Fact, frozen=True, kw_only=True, tag="day_closed"):
    """No more tickets today; staff finish with the people at their counters."""


class DayEnded(Fact, frozen=True, kw_only=True, tag="day_ended"):
    """The day is over: nothing can happen to it any more."""


class SuspensionBegan(Fact, frozen=True, kw_only=True, tag="suspension_began"):
    """Issuing and calling stop."""

    text: Texts
    until_at: datetime | None = None


class SuspensionEnded(Fact, frozen=True, kw_only=True, tag="suspension_ended"):
    """Issuing and calling go on."""


class OvertimeOpened(Fact, frozen=True, kw_only=True, tag="overtime_opened"):
    """The hall goes on after closing until `until_at`, with so many counters or those there are."""

    until_at: datetime
    counters: int | None = None


class OvertimeEnded(Fact, frozen=True, kw_only=True, tag="overtime_ended"):
    """The hall closes when its plan says."""


class AlarmRaised(Fact, frozen=True, kw_only=True, tag="alarm_raised"):
    """Somebody calls all staff for help, silently."""

    alarm: str
    counter: CounterId | None = None
    kiosk: str | None = None


class AlarmCleared(Fact, frozen=True, kw_only=True, tag="alarm_cleared"):
    """Help came."""

    alarm: str


class NoticePosted(Fact, frozen=True, kw_only=True, tag="notice_posted"):
    """Words for the screens."""

    notice: Notice


class NoticeRemoved(Fact, frozen=True, kw_only=True, tag="notice_removed"):
    """The words are taken away."""

    notice: str


class CounterOpened(Fact, frozen=True, kw_only=True, tag="counter_opened"):
    """A counter takes people, for these services at this stage."""

    counter: CounterId
    services: tuple[ServiceId, ...]
    stage: StageId


class CounterPaused(Fact, frozen=True, kw_only=True, tag="counter_paused"):
    """A counter takes a break."""

    counter: CounterId
    reason: str | None = None
    until_at: datetime | None = None


class CounterClosed(Fact, frozen=True, kw_only=True, tag="counter_closed"):
    """A counter takes nobody any more."""

    counter: CounterId


class TicketTaken(Fact, frozen=True, kw_only=True, tag="ticket_taken"):
    """A person took a number.

    `fit` is what a walk-in was admitted by, or put on standby, where the hall asks. `issued_at` says when, if that was
    before: at the kiosk `device`, which was cut off. `excused_s` is for how long after the slot nobody could check in.
    `missing` are the papers that the visit it `returns_of` ended without.
    """

    ticket: TicketId
    n: int
    code: str
    number: str
    service: ServiceId
    stage: StageId
    class_: TicketClass = field(name="class")
    channel: Channel
    admission: Admission
    count: int = 1
    then: tuple[ServiceId, ...] = ()
    prechecked: bool = False
    missing: tuple[str, ...] = ()
    applicant: str | None = None
    browser: str | None = None
    appointment: AppointmentId | None = None
    slot_at: datetime | None = None
    excused_s: int = 0
    returns_of: TicketId | None = None
    invitation: str | None = None
    device: str | None = None
    issued_at: datetime | None = None
    fit: Fit | None = None
    ahead: int
    wait: Wait


class TicketAdmitted(Fact, frozen=True, kw_only=True, tag="ticket_admitted"):
    """A ticket on standby comes into the order of calls; `fit` is None when its class or the hall's rules let it in."""

    ticket: TicketId
    admission: Admission
    fit: Fit | None = None
    ahead: int
    wait: Wait


class TicketCalled(Fact, frozen=True, kw_only=True, tag="ticket_called"):
    """A counter calls a ticket: `stage` is the counter's, `reason` says why this one."""

    ticket: TicketId
    counter: CounterId
    stage: StageId
    reason: CallReason


class TicketRecalled(Fact, frozen=True, kw_only=True, tag="ticket_recalled"):
    """The number is shown and spoken again."""

    ticket: TicketId


class TicketStarted(Fact, frozen=True, kw_only=True, tag="ticket_started"):
    """The person is at the counter."""

    ticket: TicketId


class TicketFinished(Fact, frozen=True, kw_only=True, tag="ticket_finished"):
    """The visit ended at a counter; `forgotten` when the day's end had to say so for the clerk."""

    ticket: TicketId
    outcome: Outcome
    missing: tuple[str, ...] = ()
    due_on: date | None = None
    forgotten: bool = False


class TicketAdvanced(Fact, frozen=True, kw_only=True, tag="ticket_advanced"):
    """A stage is done: the ticket waits at the next one, or at the next service of its visit, at its old place.

    `unchecked` is set where nobody has looked at the papers of that service, as somebody had at those of the last.
    """

    ticket: TicketId
    service: ServiceId
    stage: StageId
    then: tuple[ServiceId, ...] = ()
    unchecked: bool = False
    ahead: int
    wait: Wait


class TicketReleased(Fact, frozen=True, kw_only=True, tag="ticket_released"):
    """The hall moved the ticket: put back, or sent to another service, stage or counter, at its old place.

    `unchecked` as in `TicketAdvanced`; `forgotten` when the day's end had to put somebody back whom nobody sent on.
    """

    ticket: TicketId
    service: ServiceId
    stage: StageId
    counter: CounterId | None = None
    unchecked: bool = False
    forgotten: bool = False
    ahead: int
    wait: Wait


class TicketNoShow(Fact, frozen=True, kw_only=True, tag="ticket_no_show"):
    """Called, and nobody came."""

    ticket: TicketId


class TicketParked(Fact, frozen=True, kw_only=True, tag="ticket_parked"):
    """Put aside while the person fetches something."""

    ticket: TicketId
    reason: str | None = None


class TicketResumed(Fact, frozen=True, kw_only=True, tag="ticket_resumed"):
    """Back from a park or a no-show: `floor_at` is the earliest queue time it can have now."""

    ticket: TicketId
    floor_at: datetime
    ahead: int
    wait: Wait


class TicketReclassed(Fact, frozen=True, kw_only=True, tag="ticket_reclassed"):
    """A clerk changed the class, with a reason code; `reference_at` is what the place counts from, if that moves."""

    ticket: TicketId
    class_: TicketClass = field(name="class")
    reason: str
    reference_at: datetime | None = None
    ahead: int
    wait: Wait


class TicketRaised(Fact, frozen=True, kw_only=True, tag="ticket_raised"):
    """A walk-in has waited for as long as the hall lets anybody wait, and goes before all who came later."""

    ticket: TicketId
    ahead: int
    wait: Wait


class TicketDeferred(Fact, frozen=True, kw_only=True, tag="ticket_deferred"):
    """Not to be called before a time, keeping the place; None: at once again."""

    ticket: TicketId
    not_before_at: datetime | None
    ahead: int
    wait: Wait


class TicketLeft(Fact, frozen=True, kw_only=True, tag="ticket_left"):
    """Left without being served."""

    ticket: TicketId
    reason: LeftReason


class PapersChecked(Fact, frozen=True, kw_only=True, tag="papers_checked"):
    """Somebody looked at the papers: these are missing, or none; `ahead` and `wait` while the ticket is waiting."""

    ticket: TicketId
    missing: tuple[str, ...] = ()
    ahead: int = 0
    wait: Wait | None = None


class TicketUndone(Fact, frozen=True, kw_only=True, tag="ticket_undone"):
    """A finish or no-show was taken back."""

    ticket: TicketId


class TicketRated(Fact, frozen=True, kw_only=True, tag="ticket_rated"):
    """The person said how the visit was: from 1 to 5, with reason codes."""

    ticket: TicketId
    grade: int
    reasons: tuple[str, ...] = ()


class AppointmentMade(Fact, frozen=True, kw_only=True, tag="appointment_made"):
    """A place of a slot is held or booked; `made_at` when the appointment came from another day, else the event's."""

    appointment: AppointmentId
    n: int
    code: str
    service: ServiceId
    starts_at: datetime
    ends_at: datetime
    state: AppointmentState
    count: int = 1
    channel: Channel
    expires_at: datetime | None = None
    applicant: str | None = None
    person: str | None = None
    holder: str | None = None
    prechecked: bool = False
    invitation: str | None = None
    partner: str | None = None
    place: int
    places: int
    per_person: int
    made_at: datetime | None = None
    sequence: int = 0


class AppointmentConfirmed(Fact, frozen=True, kw_only=True, tag="appointment_confirmed"):
    """A hold becomes an appointment of this applicant; `counts`: as a change, which those of before did not."""

    appointment: AppointmentId
    applicant: str | None
    person: str | None
    counts: bool = False


class AppointmentChanged(Fact, frozen=True, kw_only=True, tag="appointment_changed"):
    """It is at another time of the same day, for others or for more; all values as they are now."""

    appointment: AppointmentId
    starts_at: datetime
    ends_at: datetime
    count: int
    applicant: str | None
    person: str | None
    place: int
    places: int


class AppointmentCancelled(Fact, frozen=True, kw_only=True, tag="appointment_cancelled"):
    """It was given up; `closed` says that it was by a manager who closed the day before its person came."""

    appointment: AppointmentId
    by: CancelledBy
    closed: bool = False


class AppointmentExpired(Fact, frozen=True, kw_only=True, tag="appointment_expired"):
    """A hold was not confirmed in time."""

    appointment: AppointmentId


class AppointmentMissed(Fact, frozen=True, kw_only=True, tag="appointment_missed"):
    """Nobody came."""

    appointment: AppointmentId


class AppointmentMovedAway(Fact, frozen=True, kw_only=True, tag="appointment_moved_away"):
    """It goes on on another day, whose `appointment_made` has the same id; this day forgets it."""

    appointment: AppointmentId
    to_on: date


class AppointmentCheckedIn(Fact, frozen=True, kw_only=True, tag="appointment_checked_in"):
    """The person is here; the same command takes this ticket for them."""

    appointment: AppointmentId
    ticket: TicketId


class NumbersLeased(Fact, frozen=True, kw_only=True, tag="numbers_leased"):
    """A kiosk has these numbers of its own prefix in stock, from `first` on, for when it is cut off."""

    device: str
    prefix: str
    first: int
    slips: tuple[Slip, ...]


class PrinterReported(Fact, frozen=True, kw_only=True, tag="printer_reported"):
    """The printer of a kiosk is in another state."""

    device: str
    name: str
    state: PrinterState


class NothingChanged(Fact, frozen=True, kw_only=True, tag="nothing_changed"):
    """What was asked for with an idempotency key was so already: how it was then is kept for whoever asks again.

    `ahead` and `wait` are of a ticket that was waiting. The fields are called otherwise than elsewhere, for it is no
    news of a ticket or an appointment.
    """

    of_ticket: TicketId | None = None
    of_appointment: AppointmentId | None = None
    ahead: int = 0
    wait: Wait | None = None
    printer: PrinterState | None = None


Event = (
    DayOpened
    | PlanChanged
    | DayClosed
    | DayEnded
    | SuspensionBegan
    | SuspensionEnded
    | OvertimeOpened
    | OvertimeEnded
    | AlarmRaised
    | AlarmCleared
    | NoticePosted
    | NoticeRemoved
    | CounterOpened
    | CounterPaused
    | CounterClosed
    | TicketTaken
    | TicketAdmitted
    | TicketCalled
    | TicketRecalled
    | TicketStarted
    | TicketFinished
    | TicketAdvanced
    | TicketReleased
    | TicketNoShow
    | TicketParked
    | TicketResumed
    | TicketReclassed
    | TicketRaised
    | TicketDeferred
    | TicketLeft
    | PapersChecked
    | TicketUndone
    | TicketRated
    | AppointmentMade
    | AppointmentConfirmed
    | AppointmentChanged
    | AppointmentCancelled
    | AppointmentExpired
    | AppointmentMissed
    | AppointmentMovedAway
    | AppointmentCheckedIn
    | NumbersLeased
    | PrinterReported
    | NothingChanged
)


class Record(Struct, frozen=True, gc=False):
    """An event as the journal holds it.

    `seq` counts the events of the day from 1 without gaps. `command_id` names the command it came from and `part` its
    place among that command's events. `fingerprint` is the keyed hash of the request's body when the request carried
    an idempotency key, else None. `actor` is an opaque id.
    """

    seq: int
    at: datetime
    actor: str
    command_id: str
    part: int
    fingerprint: bytes | None
    event: Event


def account_of(actor: str) -> str | None:
    """The account that an actor is; None for the admin, devices and the service itself."""
    kind, _, rest = actor.partition(":")
    return rest.partition("/")[0] if kind == "account" else None
