"""The commands: all changes that may be requested of a day.

Ids and codes are generated where the request arrives and are part of the command. So a command that is decided again,
after a lost race or in another process, gives the same events. "Harmless twice" means that a repetition changes
nothing. The module is a catalog and stays in one file, although it is long.
"""

from datetime import date, datetime

from msgspec import UNSET, Struct, UnsetType

from service.domain.calendar.plan import Plan
from service.domain.model import (
    Appointment,
    AppointmentId,
    CancelledBy,
    Channel,
    CounterId,
    LeftReason,
    Notice,
    Outcome,
    PapersThen,
    PrinterState,
    ServiceId,
    Slip,
    StageId,
    Texts,
    TicketClass,
    TicketId,
)


class DayCommand(Struct, frozen=True):
    """Base of all commands on a day."""


class Invited(Struct, frozen=True, kw_only=True):
    """The parts of an invitation that a day needs.

    `partner` is the partner that invited, `service` the only service it is valid for (None: any). After `releases_at`,
    it gives no right to places reserved for the partner. The code, and that it is used only once, are checked by the
    journal.
    """

    id: str
    partner: str | None = None
    service: ServiceId | None = None
    prechecked: bool = False
    releases_at: datetime | None = None

    def partner_at(self, now_at: datetime) -> str | None:
        """Return the partner whose reserved places it gives a right to; None after the release."""
        return self.partner if self.releases_at is None or now_at < self.releases_at else None


class TakeTicket(DayCommand, frozen=True, kw_only=True):
    """Take a number; `browser` is a keyed hash of the browser it is taken with."""

    ticket: TicketId
    code: str
    service: ServiceId
    channel: Channel
    count: int = 1
    then: tuple[ServiceId, ...] = ()
    applicant: str | None = None
    browser: str | None = None
    invitation: Invited | None = None


class BookAppointment(DayCommand, frozen=True, kw_only=True):
    """Book a start of a service, or hold it for a while.

    `person` is a keyed hash of the phone number or mail address, `holder` a keyed hash of the browser or credential.
    With `staff`, the notice and the limit of holds do not apply. `ticket` is a standby ticket that the person gives up
    for the appointment. `prechecked` is true if the papers have been checked.
    """

    appointment: AppointmentId
    code: str
    service: ServiceId
    starts_at: datetime
    count: int = 1
    channel: Channel
    hold: bool = False
    applicant: str | None = None
    person: str | None = None
    holder: str | None = None
    invitation: Invited | None = None
    staff: bool = False
    ticket: TicketId | None = None
    prechecked: bool = False


class ChangeAppointment(DayCommand, frozen=True, kw_only=True):
    """Change the given values of an appointment, within the day; `confirm` turns a hold into an appointment."""

    appointment: AppointmentId
    starts_at: datetime | UnsetType = UNSET
    confirm: bool = False
    applicant: str | UnsetType | None = UNSET
    person: str | UnsetType | None = UNSET
    count: int | UnsetType = UNSET
    staff: bool = False


class CancelAppointment(DayCommand, frozen=True):
    """Cancel an appointment."""

    appointment: AppointmentId
    by: CancelledBy = CancelledBy.SELF


class SweepAppointments(DayCommand, frozen=True):
    """Record the holds that expired and the appointments that were missed; harmless twice."""


class CheckIn(DayCommand, frozen=True, kw_only=True):
    """Check a person in: take this ticket for the appointment."""

    appointment: AppointmentId
    ticket: TicketId
    code: str
    channel: Channel


class Returned(Struct, frozen=True, kw_only=True):
    """A ticket of an earlier day with a right to return: how it ended, and what is still to be done."""

    ticket: TicketId
    day: date
    service: ServiceId
    then: tuple[ServiceId, ...] = ()
    due_on: date | None = None
    prechecked: bool = False
    missing: tuple[str, ...] = ()
    applicant: str | None = None
    count: int = 1
    outcome: Outcome | None = None
    left: LeftReason | None = None


class ReturnTicket(DayCommand, frozen=True, kw_only=True):
    """Take a number of class `returning`, by the right to return of an earlier ticket."""

    ticket: TicketId
    code: str
    channel: Channel
    returned: Returned


class MoveAppointmentAway(DayCommand, frozen=True):
    """Remove an appointment that moves to another day; part of a transaction of two days."""

    appointment: AppointmentId
    to_on: date


class TakeOverAppointment(DayCommand, frozen=True, kw_only=True):
    """Add an appointment moved from another day, as it was there; the other part of the transaction."""

    appointment: Appointment
    starts_at: datetime
    count: int
    staff: bool = False


class OpenCounter(DayCommand, frozen=True):
    """Open a counter for `services` at `stage`; by default for those it is planned for."""

    counter: CounterId
    services: tuple[ServiceId, ...] | None = None
    stage: StageId | None = None


class PauseCounter(DayCommand, frozen=True):
    """Pause a counter for a break.

    `release` puts the ticket at the counter back into the queue, if `present` is None or this ticket.
    """

    counter: CounterId
    reason: str | None = None
    until_at: datetime | None = None
    release: bool = False
    present: TicketId | None = None


class CloseCounter(DayCommand, frozen=True):
    """Close a counter. `release` and `present` as in `PauseCounter`."""

    counter: CounterId
    release: bool = False
    present: TicketId | None = None


class Finish(Struct, frozen=True):
    """How a visit at a counter ends; `missing` papers and `due_on` apply to the outcome `conditional`."""

    outcome: Outcome
    missing: tuple[str, ...] = ()
    due_on: date | None = None


class CallNext(DayCommand, frozen=True):
    """Call the next ticket. `finish` first ends the visit at the counter, if `present` is None or this ticket."""

    counter: CounterId
    finish: Finish | None = None
    present: TicketId | None = None


class CallTicket(DayCommand, frozen=True):
    """Call a chosen ticket out of order, with a reason code."""

    counter: CounterId
    ticket: TicketId
    reason: str


class RecallTicket(DayCommand, frozen=True):
    """Call a ticket again: the screens show and speak the number again."""

    ticket: TicketId


class StartTicket(DayCommand, frozen=True):
    """Start the visit: the person is at the counter."""

    ticket: TicketId


class FinishTicket(DayCommand, frozen=True):
    """End the visit at the counter."""

    ticket: TicketId
    finish: Finish


class MarkNoShow(DayCommand, frozen=True):
    """Record that a called person did not come."""

    ticket: TicketId


class ParkTicket(DayCommand, frozen=True):
    """Park a ticket while the person fetches something."""

    ticket: TicketId
    reason: str | None = None


class ResumeTicket(DayCommand, frozen=True):
    """Bring a ticket back to the queue after parking or a no-show."""

    ticket: TicketId


class TransferTicket(DayCommand, frozen=True):
    """Send a ticket to another service, stage or counter; without any of them, put it back into the queue."""

    ticket: TicketId
    service: ServiceId | None = None
    stage: StageId | None = None
    counter: CounterId | None = None


class UndoTicket(DayCommand, frozen=True):
    """Undo a finish or a no-show.

    `release` and `present`, as in `PauseCounter`, put another ticket at the counter back into the queue. `reopen` opens
    a counter that was paused or closed since, for the services and the stage it had.
    """

    ticket: TicketId
    release: bool = False
    reopen: bool = False
    present: TicketId | None = None


class CheckPapers(DayCommand, frozen=True):
    """Record which papers are missing, and where the ticket goes next."""

    ticket: TicketId
    missing: tuple[str, ...] = ()
    then: PapersThen = PapersThen.STAY


class ChangeTicket(DayCommand, frozen=True):
    """Change the class of a ticket, with a reason code, or the time before which it is not called."""

    ticket: TicketId
    class_: TicketClass | UnsetType = UNSET
    reason: str | None = None
    not_before_at: datetime | UnsetType | None = UNSET


class LeaveQueue(DayCommand, frozen=True):
    """Leave the queue."""

    ticket: TicketId


class RateTicket(DayCommand, frozen=True):
    """Rate a visit from 1 to 5, with reason codes."""

    ticket: TicketId
    grade: int
    reasons: tuple[str, ...] = ()


class PostNotice(DayCommand, frozen=True):
    """Show a notice on the screens."""

    notice: Notice


class RemoveNotice(DayCommand, frozen=True):
    """Remove a notice from the screens."""

    notice: str


class Suspend(DayCommand, frozen=True):
    """Suspend the hall: stop issuing and calling."""

    text: Texts
    until_at: datetime | None = None


class LiftSuspension(DayCommand, frozen=True):
    """End a suspension. With `due`, only if its end has passed; timers use this."""

    due: bool = False


class OpenOvertime(DayCommand, frozen=True):
    """Keep the hall open after closing, until `until_at`, with `counters` counters or those planned at closing."""

    until_at: datetime
    counters: int | None = None


class EndOvertime(DayCommand, frozen=True):
    """End overtime: the hall closes as planned."""


class RaiseAlarm(DayCommand, frozen=True):
    """Call all staff for help, from a counter or a kiosk."""

    alarm: str
    counter: CounterId | None = None
    kiosk: str | None = None


class ClearAlarm(DayCommand, frozen=True):
    """Clear an alarm: help came."""

    alarm: str


class CloseDay(DayCommand, frozen=True):
    """Close the day: no more tickets and calls. Waiting people may return another day; appointments are cancelled.

    The command cannot be undone. If `on` is given and is not the date of the day, the command is refused.
    """

    on: date | None = None


class EndDay(DayCommand, frozen=True):
    """End the day: nothing can change it afterwards."""


class ChangePlan(DayCommand, frozen=True):
    """Replace the plan, after a change of the document, the learned parameters or the release.

    Nothing happens if the day has this plan or a newer one.
    """

    plan: Plan


class LeaseNumbers(DayCommand, frozen=True):
    """Lease numbers to a kiosk, one for each slip."""

    device: str
    slips: tuple[Slip, ...]


class ReportTicket(DayCommand, frozen=True, kw_only=True):
    """Report a leased number that a kiosk gave out offline; harmless twice. `issued_at` is by the kiosk's clock."""

    device: str
    number: str
    code: str
    service: ServiceId
    count: int = 1
    issued_at: datetime


class ReportPrinter(DayCommand, frozen=True):
    """Report the state of a kiosk's printer; harmless twice."""

    device: str
    name: str
    state: PrinterState


class SweepLongWaits(DayCommand, frozen=True):
    """Raise walk-ins that have waited too long, if the hall has a rule for long waits; harmless twice."""


class SweepStandby(DayCommand, frozen=True):
    """Admit the standby tickets that fit by now; harmless twice."""


class LeaveForAppointment(DayCommand, frozen=True):
    """Remove a standby ticket whose person booked another day; part of a transaction of two days."""

    ticket: TicketId


class SweepNoShows(DayCommand, frozen=True):
    """Recall called people who do not come, and finally record no-shows, in a hall with automatic no-shows."""


class AtOptionalStage(DayCommand, frozen=True):
    """A volunteer's command; allowed only at counters of an optional stage."""

    command: "Command"


Command = (
    TakeTicket
    | OpenCounter
    | PauseCounter
    | CloseCounter
    | CallNext
    | CallTicket
    | RecallTicket
    | StartTicket
    | FinishTicket
    | MarkNoShow
    | ParkTicket
    | ResumeTicket
    | TransferTicket
    | UndoTicket
    | CheckPapers
    | ChangeTicket
    | LeaveQueue
    | RateTicket
    | PostNotice
    | RemoveNotice
    | Suspend
    | LiftSuspension
    | OpenOvertime
    | EndOvertime
    | RaiseAlarm
    | ClearAlarm
    | CloseDay
    | EndDay
    | ChangePlan
    | SweepNoShows
    | SweepLongWaits
    | SweepStandby
    | LeaveForAppointment
    | AtOptionalStage
    | BookAppointment
    | ChangeAppointment
    | CancelAppointment
    | SweepAppointments
    | CheckIn
    | ReturnTicket
    | MoveAppointmentAway
    | TakeOverAppointment
    | LeaseNumbers
    | ReportTicket
    | ReportPrinter
)
