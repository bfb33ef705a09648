"""Bodies of requests about tickets."""

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from service.api.shared.applicants import ApplicantForm
from service.api.shared.form_fields import CodeText, Form, Instant, TicketIdText
from service.domain.commands import Finish
from service.domain.hall.document import CounterCode, ReasonCode, ServiceCode, StageCode
from service.domain.model import Channel, Outcome, PapersThen


class TakeTicketForm(Form, frozen=True, kw_only=True):
    """Take a number for `count` people; `then` are services of the same visit after it."""

    service: ServiceCode
    channel: Channel | None = None
    count: Annotated[int, Meta(ge=1, le=99)] = 1
    then: Annotated[list[ServiceCode], Meta(max_length=8)] = field(default_factory=list)
    applicant: ApplicantForm | None = None
    entrance: Annotated[str, Meta(max_length=64)] | None = None


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
    reasons: Annotated[list[ReasonCode], Meta(max_length=8)] = field(default_factory=list)


class FinishForm(Form, frozen=True, kw_only=True):
    """How a visit ends; `missing` and `due_on` belong to conditional."""

    outcome: Outcome
    missing: Annotated[list[ReasonCode], Meta(max_length=50)] = field(default_factory=list)
    due_on: date | None = None


class UndoForm(Form, frozen=True, kw_only=True):
    """Take back; `release` puts who was called meanwhile back at their place, `reopen` opens the counter again.

    `present` says who is put back, so that nobody else is.
    """

    release: bool = False
    reopen: bool = False
    present: TicketIdText | None = None


class ParkForm(Form, frozen=True, kw_only=True):
    """Put aside."""

    reason: ReasonCode | None = None


class PapersForm(Form, frozen=True, kw_only=True):
    """Which papers are missing, none if not said, and where the ticket goes then."""

    missing: Annotated[list[ReasonCode], Meta(max_length=50)] = field(default_factory=list)
    then: PapersThen = PapersThen.STAY


class TransferForm(Form, frozen=True, kw_only=True):
    """Send on; with nothing said, put back."""

    service: ServiceCode | None = None
    stage: StageCode | None = None
    counter: CounterCode | None = None


def finish_of(form: FinishForm) -> Finish:
    """How a visit ends, as a command says it."""
    return Finish(outcome=form.outcome, missing=tuple(form.missing), due_on=form.due_on)
