"""The events of a day, as the journal stores them.

The tag of an event is the `kind` column of the journal, the other fields are its `body`. An event contains all that
`evolve` needs besides the day before it. `ahead` and `wait` in an event are the values that the answer to its command
showed; they are kept so that a repeated request gets the same answer and the promise can be scored.

Before a release writes a new kind or field, an earlier release must be able to read it, so new fields need defaults
(JOURNAL 7). The module is a catalog and stays in one file, although it is long.
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


class DayEvent(Struct, frozen=True, gc=False, tag_field="kind", omit_defaults=True):
    """Base of all events of a day."""


class DayOpened(DayEvent, frozen=True, kw_only=True, tag="day_opened"):
    """The day began, with this plan."""

    plan: Plan


class PlanChanged(DayEvent, frozen=True, kw_only=True, tag="plan_changed"):
    """The hall document changed during the day."""

    plan: Plan


class DayClosed(DayEvent, frozen=True, kw_only=True, tag="day_closed"):
    """The day was closed: no more tickets; visits at counters are finished."""


class DayEnded(DayEvent, frozen=True, kw_only=True, tag="day_ended"):
    """The day ended; this is its last event."""


class SuspensionBegan(DayEvent, frozen=True, kw_only=True, tag="suspension_began"):
    """Issuing and calling stopped."""

    text: Texts
    until_at: datetime | None = None


class SuspensionEnded(DayEvent, frozen=True, kw_only=True, tag="suspension_ended"):
    """Issuing and calling continue."""


class OvertimeOpened(DayEvent, frozen=True, kw_only=True, tag="overtime_opened"):
    """The hall stays open after closing, until `until_at`, with `counters` counters or those planned at closing."""

    until_at: datetime
    counters: int | None = None


class OvertimeEnded(DayEvent, frozen=True, kw_only=True, tag="overtime_ended"):
    """Overtime ended: the hall closes as planned."""


class AlarmRaised(DayEvent, frozen=True, kw_only=True, tag="alarm_raised"):
    """A counter or kiosk called all staff for help, silently."""

    alarm: str
    counter: CounterId | None = None
    kiosk: str | None = None


class AlarmCleared(DayEvent, frozen=True, kw_only=True, tag="alarm_cleared"):
    """An alarm was cleared: help came."""

    alarm: str


class NoticePosted(DayEvent, frozen=True, kw_only=True, tag="notice_posted"):
    """A notice was put on the screens."""

    notice: Notice


class NoticeRemoved(DayEvent, frozen=True, kw_only=True, tag="notice_removed"):
    """A notice was removed from the screens."""

    notice: str


class CounterOpened(DayEvent, frozen=True, kw_only=True, tag="counter_opened"):
    """A counter was opened, for these services at this stage."""

    counter: CounterId
    services: tuple[ServiceId, ...]
    stage: StageId


class CounterPaused(DayEvent, frozen=True, kw_only=True, tag="counter_paused"):
    """A counter was paused for a break."""

    counter: CounterId
    reason: str | None = None
    until_at: datetime | None = None


class CounterClosed(DayEvent, frozen=True, kw_only=True, tag="counter_closed"):
    """A counter was closed."""

    counter: CounterId


class TicketTaken(DayEvent, frozen=True, kw_only=True, tag="ticket_taken"):
    """A person took a number.

    `fit` is the estimate by which a walk-in was admitted or put on standby; None in a hall that admits everybody. A
    number given out by an offline kiosk has the kiosk as `device` and its time as `issued_at`. `excused_s` is how many
    seconds after the slot the hall was suspended. `missing` are the papers missing at the end of the earlier visit
    `returns_of`.
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


class TicketAdmitted(DayEvent, frozen=True, kw_only=True, tag="ticket_admitted"):
    """A standby ticket was admitted; `fit` is None if its class or a hall that admits everybody decided it."""

    ticket: TicketId
    admission: Admission
    fit: Fit | None = None
    ahead: int
    wait: Wait


class TicketCalled(DayEvent, frozen=True, kw_only=True, tag="ticket_called"):
    """A counter called a ticket. `stage` is the stage of the counter, `reason` why this ticket was next."""

    ticket: TicketId
    counter: CounterId
    stage: StageId
    reason: CallReason


class TicketRecalled(DayEvent, frozen=True, kw_only=True, tag="ticket_recalled"):
    """A ticket was called again."""

    ticket: TicketId


class TicketStarted(DayEvent, frozen=True, kw_only=True, tag="ticket_started"):
    """A visit started: the person is at the counter."""

    ticket: TicketId


class TicketFinished(DayEvent, frozen=True, kw_only=True, tag="ticket_finished"):
    """A visit ended at a counter; `forgotten` if the end of the day finished it instead of the clerk."""

    ticket: TicketId
    outcome: Outcome
    missing: tuple[str, ...] = ()
    due_on: date | None = None
    forgotten: bool = False


class TicketAdvanced(DayEvent, frozen=True, kw_only=True, tag="ticket_advanced"):
    """A stage is done: the ticket waits at the next stage or for the next service, with its old queue time.

    `unchecked` is true if the ticket was prechecked, but not for the papers of the new service.
    """

    ticket: TicketId
    service: ServiceId
    stage: StageId
    then: tuple[ServiceId, ...] = ()
    unchecked: bool = False
    ahead: int
    wait: Wait


class TicketReleased(DayEvent, frozen=True, kw_only=True, tag="ticket_released"):
    """A ticket was put back into the queue or sent to another service, stage or counter, with its old queue time.

    `unchecked` as in `TicketAdvanced`; `forgotten` if the end of the day put the ticket back instead of the clerk.
    """

    ticket: TicketId
    service: ServiceId
    stage: StageId
    counter: CounterId | None = None
    unchecked: bool = False
    forgotten: bool = False
    ahead: int
    wait: Wait


class TicketNoShow(DayEvent, frozen=True, kw_only=True, tag="ticket_no_show"):
    """A called person did not come."""

    ticket: TicketId


class TicketParked(DayEvent, frozen=True, kw_only=True, tag="ticket_parked"):
    """A ticket was parked while the person fetches something."""

    ticket: TicketId
    reason: str | None = None


class TicketResumed(DayEvent, frozen=True, kw_only=True, tag="ticket_resumed"):
    """A ticket is back after parking or a no-show; `floor_at` is the earliest queue time it can have now."""

    ticket: TicketId
    floor_at: datetime
    ahead: int
    wait: Wait


class TicketReclassed(DayEvent, frozen=True, kw_only=True, tag="ticket_reclassed"):
    """A clerk changed the class, with a reason code; `reference_at` is the new reference time, if it changes."""

    ticket: TicketId
    class_: TicketClass = field(name="class")
    reason: str
    reference_at: datetime | None = None
    ahead: int
    wait: Wait


class TicketRaised(DayEvent, frozen=True, kw_only=True, tag="ticket_raised"):
    """A walk-in reached the longest wait that the hall allows, and goes before all who came later."""

    ticket: TicketId
    ahead: int
    wait: Wait


class TicketDeferred(DayEvent, frozen=True, kw_only=True, tag="ticket_deferred"):
    """A ticket is not called before a time and keeps its queue time; None removes the time."""

    ticket: TicketId
    not_before_at: datetime | None
    ahead: int
    wait: Wait


class TicketLeft(DayEvent, frozen=True, kw_only=True, tag="ticket_left"):
    """A ticket left without being served."""

    ticket: TicketId
    reason: LeftReason


class PapersChecked(DayEvent, frozen=True, kw_only=True, tag="papers_checked"):
    """The papers were checked; `missing` is empty if all are there. `wait` is None if the ticket does not wait."""

    ticket: TicketId
    missing: tuple[str, ...] = ()
    ahead: int = 0
    wait: Wait | None = None


class TicketUndone(DayEvent, frozen=True, kw_only=True, tag="ticket_undone"):
    """A finish or a no-show was undone."""

    ticket: TicketId


class TicketRated(DayEvent, frozen=True, kw_only=True, tag="ticket_rated"):
    """The person rated the visit: from 1 to 5, with reason codes."""

    ticket: TicketId
    grade: int
    reasons: tuple[str, ...] = ()


class AppointmentMade(DayEvent, frozen=True, kw_only=True, tag="appointment_made"):
    """A place of a slot was held or booked; `made_at` is set if the appointment came from another day."""

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


class AppointmentConfirmed(DayEvent, frozen=True, kw_only=True, tag="appointment_confirmed"):
    """A hold became an appointment of this applicant.

    `counts` is true if it increases the appointment's `sequence`; events of older releases did not.
    """

    appointment: AppointmentId
    applicant: str | None
    person: str | None
    counts: bool = False


class AppointmentChanged(DayEvent, frozen=True, kw_only=True, tag="appointment_changed"):
    """An appointment changed within the day: time, people or applicant. All values are the new ones."""

    appointment: AppointmentId
    starts_at: datetime
    ends_at: datetime
    count: int
    applicant: str | None
    person: str | None
    place: int
    places: int


class AppointmentCancelled(DayEvent, frozen=True, kw_only=True, tag="appointment_cancelled"):
    """An appointment was cancelled; `closed` if a manager closed the day before the person came."""

    appointment: AppointmentId
    by: CancelledBy
    closed: bool = False


class AppointmentExpired(DayEvent, frozen=True, kw_only=True, tag="appointment_expired"):
    """A hold was not confirmed in time."""

    appointment: AppointmentId


class AppointmentMissed(DayEvent, frozen=True, kw_only=True, tag="appointment_missed"):
    """The person did not come."""

    appointment: AppointmentId


class AppointmentMovedAway(DayEvent, frozen=True, kw_only=True, tag="appointment_moved_away"):
    """An appointment moved to another day, which has an `appointment_made` event with the same id."""

    appointment: AppointmentId
    to_on: date


class AppointmentCheckedIn(DayEvent, frozen=True, kw_only=True, tag="appointment_checked_in"):
    """The person checked in; the same command took this ticket."""

    appointment: AppointmentId
    ticket: TicketId


class NumbersLeased(DayEvent, frozen=True, kw_only=True, tag="numbers_leased"):
    """A kiosk leased these numbers of its own prefix, from `first` on, to give out while it is offline."""

    device: str
    prefix: str
    first: int
    slips: tuple[Slip, ...]


class PrinterReported(DayEvent, frozen=True, kw_only=True, tag="printer_reported"):
    """The state of a kiosk's printer changed."""

    device: str
    name: str
    state: PrinterState


class NothingChanged(DayEvent, frozen=True, kw_only=True, tag="nothing_changed"):
    """A command with an idempotency key changed nothing; the event keeps its answer for a repeated request.

    `ahead` and `wait` belong to a waiting ticket. The fields have names of their own (`of_ticket`), so that readers do
    not take the event for a change of a ticket or an appointment.
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
    """An event with its envelope, as the journal stores it.

    `seq` counts the events of the day from 1 without gaps. `command_id` is the command that caused the event, and
    `part` the event's index among that command's events. `fingerprint` is the keyed hash of the request body if the
    request had an idempotency key, else None. `actor` is an opaque id.
    """

    seq: int
    at: datetime
    actor: str
    command_id: str
    part: int
    fingerprint: bytes | None
    event: Event


def account_of(actor: str) -> str | None:
    """Return the account id of an actor; None for the admin, devices and the service itself."""
    kind, _, rest = actor.partition(":")
    return rest.partition("/")[0] if kind == "account" else None
