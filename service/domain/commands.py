"""What may be asked of a day.

Ids and codes are drawn where the request came in and belong to the command, so that the same command decided again,
after a lost race or in another process, gives the same events.
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


class Order(Struct, frozen=True):
    """Something asked of a day."""


class Invited(Struct, frozen=True, kw_only=True):
    """An invitation, as far as it concerns a day: whose it is, for which service if it says so, and until when.

    Its code and its one use are the journal's; after `releases_at` it gives no right to what is kept for its partner.
    """

    id: str
    partner: str | None = None
    service: ServiceId | None = None
    prechecked: bool = False
    releases_at: datetime | None = None

    def partner_at(self, now_at: datetime) -> str | None:
        """Whose share it gives a right to: nobody's, once it has been released."""
        return self.partner if self.releases_at is None or now_at < self.releases_at else None


class TakeTicket(Order, frozen=True, kw_only=True):
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


class BookAppointment(Order, frozen=True, kw_only=True):
    """Book a start of a service, or hold it for a while.

    `person` is a keyed hash of the phone number or mail address, `holder` one of the browser or credential. Staff may
    book inside the notice, and hold as many as they need. `ticket` is one on standby that is given up for it,
    `prechecked` says that somebody has looked at the papers.
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


class ChangeAppointment(Order, frozen=True, kw_only=True):
    """Change what is set, within the day; `confirm` makes a hold an appointment."""

    appointment: AppointmentId
    starts_at: datetime | UnsetType = UNSET
    confirm: bool = False
    applicant: str | UnsetType | None = UNSET
    person: str | UnsetType | None = UNSET
    count: int | UnsetType = UNSET
    staff: bool = False


class CancelAppointment(Order, frozen=True):
    """Give an appointment up."""

    appointment: AppointmentId
    by: CancelledBy = CancelledBy.SELF


class SweepAppointments(Order, frozen=True):
    """Write down which holds are over and who did not come; harmless twice."""


class CheckIn(Order, frozen=True, kw_only=True):
    """The person is here: take this ticket for the appointment."""

    appointment: AppointmentId
    ticket: TicketId
    code: str
    channel: Channel


class Returned(Struct, frozen=True, kw_only=True):
    """A ticket of an earlier day, as far as its right to return says: how it ended, and what is still to be done."""

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


class ReturnTicket(Order, frozen=True, kw_only=True):
    """Take a number of class `returning` by a ticket's right to return."""

    ticket: TicketId
    code: str
    channel: Channel
    returned: Returned


class MoveAppointmentAway(Order, frozen=True):
    """The appointment goes on on another day: one half of a transaction of two days."""

    appointment: AppointmentId
    to_on: date


class TakeOverAppointment(Order, frozen=True, kw_only=True):
    """Take an appointment over from another day, as it was there: the other half."""

    appointment: Appointment
    starts_at: datetime
    count: int
    staff: bool = False


class OpenCounter(Order, frozen=True):
    """Open a counter; for all it is planned for, unless `services` and `stage` say otherwise."""

    counter: CounterId
    services: tuple[ServiceId, ...] | None = None
    stage: StageId | None = None


class PauseCounter(Order, frozen=True):
    """Take a break; `release` puts the person there back into the queue: only `present`, where that is said."""

    counter: CounterId
    reason: str | None = None
    until_at: datetime | None = None
    release: bool = False
    present: TicketId | None = None


class CloseCounter(Order, frozen=True):
    """Close a counter; `release` puts the person there back into the queue: only `present`, where that is said."""

    counter: CounterId
    release: bool = False
    present: TicketId | None = None


class Finish(Struct, frozen=True):
    """How a visit at a counter ends; `missing` papers and `due_on` belong to `conditional`."""

    outcome: Outcome
    missing: tuple[str, ...] = ()
    due_on: date | None = None


class CallNext(Order, frozen=True):
    """Call the next person; `finish` ends the present one in the same command: only `present`, where that is said."""

    counter: CounterId
    finish: Finish | None = None
    present: TicketId | None = None


class CallTicket(Order, frozen=True):
    """Call this one, out of order, with a reason code."""

    counter: CounterId
    ticket: TicketId
    reason: str


class RecallTicket(Order, frozen=True):
    """Show and speak the number again."""

    ticket: TicketId


class StartTicket(Order, frozen=True):
    """The person is at the counter."""

    ticket: TicketId


class FinishTicket(Order, frozen=True):
    """End the visit at the counter."""

    ticket: TicketId
    finish: Finish


class MarkNoShow(Order, frozen=True):
    """Called, and nobody came."""

    ticket: TicketId


class ParkTicket(Order, frozen=True):
    """Put aside while the person fetches something."""

    ticket: TicketId
    reason: str | None = None


class ResumeTicket(Order, frozen=True):
    """Bring back from a park or a no-show."""

    ticket: TicketId


class TransferTicket(Order, frozen=True):
    """Send on to a service, stage or counter; with none of them, put back."""

    ticket: TicketId
    service: ServiceId | None = None
    stage: StageId | None = None
    counter: CounterId | None = None


class UndoTicket(Order, frozen=True):
    """Take back a finish or a no-show.

    `release` puts who is at the counter meanwhile back into the queue: only `present`, where that is said; `reopen`
    opens it, if it was paused or closed, for what it was open for.
    """

    ticket: TicketId
    release: bool = False
    reopen: bool = False
    present: TicketId | None = None


class CheckPapers(Order, frozen=True):
    """Say which papers are missing, and where the ticket goes then."""

    ticket: TicketId
    missing: tuple[str, ...] = ()
    then: PapersThen = PapersThen.STAY


class ChangeTicket(Order, frozen=True):
    """Change the class, with a reason code, or the time before which not to call; what is unset stays."""

    ticket: TicketId
    class_: TicketClass | UnsetType = UNSET
    reason: str | None = None
    not_before_at: datetime | UnsetType | None = UNSET


class LeaveQueue(Order, frozen=True):
    """The person gives the place up."""

    ticket: TicketId


class RateTicket(Order, frozen=True):
    """Say how the visit was, from 1 to 5, with reason codes."""

    ticket: TicketId
    grade: int
    reasons: tuple[str, ...] = ()


class PostNotice(Order, frozen=True):
    """Put words on the screens."""

    notice: Notice


class RemoveNotice(Order, frozen=True):
    """Take words off the screens."""

    notice: str


class Suspend(Order, frozen=True):
    """Stop issuing and calling."""

    text: Texts
    until_at: datetime | None = None


class LiftSuspension(Order, frozen=True):
    """Go on issuing and calling; `due` only when its time has passed (what a timer asks)."""

    due: bool = False


class OpenOvertime(Order, frozen=True):
    """Go on after closing, until a time."""

    until_at: datetime
    counters: int | None = None


class EndOvertime(Order, frozen=True):
    """Close when the plan says."""


class RaiseAlarm(Order, frozen=True):
    """Call all staff for help."""

    alarm: str
    counter: CounterId | None = None
    kiosk: str | None = None


class ClearAlarm(Order, frozen=True):
    """Help came."""

    alarm: str


class CloseDay(Order, frozen=True):
    """Issue and call no more today: who still waits may come back as `returning`, who has booked is cancelled.

    `on` is the date that is meant, where it is said: it cannot be taken back, and on another day it is refused.
    """

    on: date | None = None


class EndDay(Order, frozen=True):
    """Close the books of the day."""


class ChangePlan(Order, frozen=True):
    """The document, what was learned or the release is another: take the plan, unless the day has it or a newer one."""

    plan: Plan


class LeaseNumbers(Order, frozen=True):
    """Put numbers into a kiosk's stock, one for each slip."""

    device: str
    slips: tuple[Slip, ...]


class ReportTicket(Order, frozen=True, kw_only=True):
    """Say that a kiosk gave a leased number out while it was cut off; harmless twice. `issued_at` is by its clock."""

    device: str
    number: str
    code: str
    service: ServiceId
    count: int = 1
    issued_at: datetime


class ReportPrinter(Order, frozen=True):
    """Say how the printer of a kiosk is; harmless twice."""

    device: str
    name: str
    state: PrinterState


class SweepLongWaits(Order, frozen=True):
    """Raise the walk-ins who have waited for too long, where the hall has such a rule; harmless twice."""


class SweepStandby(Order, frozen=True):
    """Admit who is on standby and fits by now; harmless twice."""


class LeaveForAppointment(Order, frozen=True):
    """The person on standby has booked another day: one half of a transaction of two days."""

    ticket: TicketId


class SweepNoShows(Order, frozen=True):
    """Recall, and at last pass over, who was called and did not come; where the hall lets a job do it."""


class AtOptionalStage(Order, frozen=True):
    """What a volunteer asks: it is done at counters of an optional stage, and nowhere else."""

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
