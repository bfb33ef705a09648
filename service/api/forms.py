"""What requests may say: one type per body, unknown fields refused.

Source: CONTRACT 5.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from service.domain.hall.document import (
    COUNTERS_MAX,
    END,
    CounterCode,
    Language,
    ReasonCode,
    ServiceCode,
    StageCode,
    ZoneCode,
)
from service.domain.model import Channel, Outcome, PapersThen, PrinterState
from service.primitives.personal_data import Personal
from service.primitives.text_fields import DisplayName, Email, PersonName

Instant = Annotated[datetime, Meta(tz=True)]
SAYS = r"\S"  # spaces say nothing
Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=SAYS)]
Words = Annotated[str, Meta(min_length=1, max_length=500, pattern=SAYS)]
InLanguages = Annotated[dict[Language, Words], Meta(min_length=1)]
TicketIdText = Annotated[str, Meta(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}" + END)]


LEASE_AT_ONCE_MAX = 100
REPORT_AT_ONCE_MAX = 100
"""Numbers in one request: more are leased, or reported, by another."""


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """A request's body."""


class Nothing(Form, frozen=True):
    """A body that says nothing."""


class ApplicantForm(Personal, Form, frozen=True, kw_only=True):
    """The person; kept apart from the journal."""

    name: PersonName
    phone: Annotated[str, Meta(min_length=3, max_length=32)] | None = None
    email: Email | None = None
    locale: Language | None = None


class TakeTicketForm(Form, frozen=True, kw_only=True):
    """Take a number for `count` people; `then` are services of the same visit after it."""

    service: ServiceCode
    channel: Channel | None = None
    count: Annotated[int, Meta(ge=1, le=99)] = 1
    then: Annotated[list[ServiceCode], Meta(max_length=8)] = []
    applicant: ApplicantForm | None = None
    entrance: Annotated[str, Meta(max_length=64)] | None = None


CODE_TEXT_MAX = 32

CodeText = Annotated[str, Meta(min_length=1, max_length=CODE_TEXT_MAX)]
"""A code as people type it."""


class BookForm(Personal, Form, frozen=True, kw_only=True):
    """Book a start for `count` people, or with `hold` keep it for somebody who says later who they are.

    `ticket` is one on standby, whose token is sent with it: it leaves the queue in the same moment.
    """

    service: ServiceCode
    starts_at: Instant
    applicant: ApplicantForm | None = None
    count: Annotated[int, Meta(ge=1, le=99)] = 1
    invitation: CodeText | None = None
    hold: bool = False
    channel: Channel | None = None
    ticket: TicketIdText | None = None


class ChangeApplicantForm(Personal, Form, frozen=True, kw_only=True):
    """JSON Merge Patch: what is not said stays, null takes away."""

    name: PersonName | UnsetType = UNSET
    phone: Annotated[str, Meta(min_length=3, max_length=32)] | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    locale: Language | UnsetType | None = UNSET


class ChangeAppointmentForm(Form, frozen=True, kw_only=True):
    """JSON Merge Patch: another start or number of people, who it is for; `state` booked confirms a hold."""

    starts_at: Instant | UnsetType = UNSET
    state: Literal["booked"] | UnsetType = UNSET
    applicant: ChangeApplicantForm | UnsetType = UNSET
    count: Annotated[int, Meta(ge=1, le=99)] | UnsetType = UNSET


class CheckInForm(Form, frozen=True, kw_only=True):
    """Check in with any code we gave; `service` is for an invitation that names none."""

    code: CodeText
    service: ServiceCode | None = None
    entrance: Annotated[str, Meta(max_length=64)] | None = None


class ChangeTicketForm(Form, frozen=True, kw_only=True):
    """JSON Merge Patch: the class with a reason code, the time before which not to call."""

    class_: Literal["green", "walk_in", "appointment", "returning"] | UnsetType = field(name="class", default=UNSET)
    reason: ReasonCode | None = None
    not_before_at: Instant | UnsetType | None = UNSET


class RateForm(Form, frozen=True, kw_only=True):
    """How the visit was: 5 very good, 1 not at all; with reason codes."""

    grade: Annotated[int, Meta(ge=1, le=5)]
    reasons: Annotated[list[ReasonCode], Meta(max_length=8)] = []


class FinishForm(Form, frozen=True, kw_only=True):
    """How a visit ends; `missing` and `due_on` belong to conditional."""

    outcome: Outcome
    missing: Annotated[list[ReasonCode], Meta(max_length=50)] = []
    due_on: date | None = None


class FinishPresentForm(FinishForm, frozen=True, kw_only=True):
    """How the present person's visit ends; `ticket` says whose, so that nobody else's does."""

    ticket: TicketIdText | None = None


class NextForm(Form, frozen=True, kw_only=True):
    """Call the next; `finish` ends the present person in the same command."""

    finish: FinishPresentForm | None = None


class UndoForm(Form, frozen=True, kw_only=True):
    """Take back; `release` puts who was called meanwhile back at their place, `reopen` opens the counter again.

    `present` says who is put back, so that nobody else is.
    """

    release: bool = False
    reopen: bool = False
    present: TicketIdText | None = None


class CallForm(Form, frozen=True, kw_only=True):
    """Call this one, with a reason code."""

    ticket: TicketIdText
    reason: ReasonCode


class OpenForm(Form, frozen=True, kw_only=True):
    """Open a counter, for other services or another stage than planned."""

    services: Annotated[list[ServiceCode], Meta(min_length=1, max_length=200)] | None = None
    stage: StageCode | None = None


class PauseForm(Form, frozen=True, kw_only=True):
    """A break; `present` says who is put back by `release`, so that nobody else is."""

    reason: ReasonCode | None = None
    until_at: Instant | None = None
    release: bool = False
    present: TicketIdText | None = None


class CloseForm(Form, frozen=True, kw_only=True):
    """Close a counter; `present` says who is put back by `release`, so that nobody else is."""

    release: bool = False
    present: TicketIdText | None = None


class ParkForm(Form, frozen=True, kw_only=True):
    """Put aside."""

    reason: ReasonCode | None = None


class PapersForm(Form, frozen=True, kw_only=True):
    """Which papers are missing, none if not said, and where the ticket goes then."""

    missing: Annotated[list[ReasonCode], Meta(max_length=50)] = []
    then: PapersThen = PapersThen.STAY


class AlarmForm(Form, frozen=True, kw_only=True):
    """A call for help, from a counter or from anywhere."""

    counter: CounterCode | None = None


class SearchForm(Personal, Form, frozen=True, kw_only=True):
    """Who is looked for: by all that is said, of which at least one."""

    phone: Annotated[str, Meta(min_length=3, max_length=32)] | None = None
    name: Line | None = None
    code: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    number: Annotated[str, Meta(min_length=1, max_length=32)] | None = None


EmailKept = Annotated[str, Meta(pattern="^[^@ ]+@[^@ ]+$", max_length=254)]
"""A mail address by the rule of releases before, which let in more: who was kept by it must be found."""


class PersonForm(Personal, Form, frozen=True, kw_only=True):
    """Somebody, by a phone or an address of theirs, at least one."""

    phone: Annotated[str, Meta(min_length=3, max_length=32)] | None = None
    email: EmailKept | None = None


class TransferForm(Form, frozen=True, kw_only=True):
    """Send on; with nothing said, put back."""

    service: ServiceCode | None = None
    stage: StageCode | None = None
    counter: CounterCode | None = None


class SignInForm(Personal, Form, frozen=True, kw_only=True):
    """Sign in."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    password: Annotated[str, Meta(min_length=1, max_length=200)]


class PasswordForm(Personal, Form, frozen=True, kw_only=True):
    """Choose another password."""

    current: Annotated[str, Meta(min_length=1, max_length=200)]
    new: Annotated[str, Meta(min_length=1, max_length=200)]


class AddMemberForm(Personal, Form, frozen=True, kw_only=True):
    """Give somebody a role; `display_name` counts for who is new."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    display_name: DisplayName | None = None
    role: Literal["volunteer", "staff", "manager"]


class ChangeMemberForm(Personal, Form, frozen=True, kw_only=True):
    """JSON Merge Patch."""

    role: Literal["volunteer", "staff", "manager"] | UnsetType = UNSET
    display_name: DisplayName | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class AddDeviceForm(Form, frozen=True, kw_only=True):
    """Make a device."""

    name: DisplayName
    role: Literal["kiosk", "partner", "staff"]


LeaseCount = Annotated[int, Meta(ge=1, le=LEASE_AT_ONCE_MAX)]


class LeaseForm(Form, frozen=True, kw_only=True):
    """Put so many numbers into the kiosk's stock."""

    count: LeaseCount = 50


class GivenForm(Form, frozen=True, kw_only=True):
    """A leased number that was given out while the kiosk was cut off, at a time by its clock."""

    number: Annotated[str, Meta(min_length=4, max_length=12)]
    code: CodeText
    service: ServiceCode
    count: Annotated[int, Meta(ge=1, le=99)] = 1
    issued_at: Instant


class ReportForm(Form, frozen=True, kw_only=True):
    """Numbers given out, in the order in which they were."""

    items: Annotated[list[GivenForm], Meta(min_length=1, max_length=REPORT_AT_ONCE_MAX)]


class PaperForm(Form, frozen=True, kw_only=True):
    """How the kiosk's printer is."""

    paper: PrinterState


class SlipForm(Form, frozen=True, kw_only=True):
    """Print a ticket's slip."""

    ticket: TicketIdText


class SuspensionForm(Form, frozen=True, kw_only=True):
    """Stop issuing and calling; `text` in one language counts for all."""

    text: Words | InLanguages
    until_at: Instant | None = None


class CloseDayForm(Form, frozen=True, kw_only=True):
    """Issue and call no more on `day`, the present one if not said."""

    day: date | None = None


class OvertimeForm(Form, frozen=True, kw_only=True):
    """Go on after closing until a time; with as many counters as at closing if not said."""

    until_at: Instant
    counters: Annotated[int, Meta(ge=1, le=COUNTERS_MAX)] | None = None


class NoticeForm(Form, frozen=True, kw_only=True):
    """Words for the screens; `text` in one language counts for all."""

    text: Words | InLanguages
    zones: Annotated[list[ZoneCode], Meta(max_length=50)] = []
