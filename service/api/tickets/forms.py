"""Request bodies of tickets and check-ins."""

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from service.api.shared.applicants import ApplicantForm
from service.api.shared.form_fields import CodeText, Form, Instant, TicketIdText
from service.domain.commands import Finish
from service.domain.hall.document import CounterCode, ReasonCode, ServiceCode, StageCode
from service.domain.model import Channel, Outcome, PapersThen


class TakeTicketForm(Form, frozen=True, kw_only=True):
    """Take a ticket for `count` people. `then` are follow-on services in the same visit."""

    service: ServiceCode
    channel: Channel | None = None
    count: Annotated[int, Meta(ge=1, le=99)] = 1
    then: Annotated[list[ServiceCode], Meta(max_length=8)] = field(default_factory=list)
    applicant: ApplicantForm | None = None
    entrance: Annotated[str, Meta(max_length=64)] | None = None


class CheckInForm(Form, frozen=True, kw_only=True):
    """Check in with a code. `service` is needed if the code is an invitation for any service."""

    code: CodeText
    service: ServiceCode | None = None
    entrance: Annotated[str, Meta(max_length=64)] | None = None


class ChangeTicketForm(Form, frozen=True, kw_only=True):
    """JSON Merge Patch of the class, with a reason code, and of the time before which the ticket is not called."""

    class_: Literal["green", "walk_in", "appointment", "returning"] | UnsetType = field(name="class", default=UNSET)
    reason: ReasonCode | None = None
    not_before_at: Instant | UnsetType | None = UNSET


class RateForm(Form, frozen=True, kw_only=True):
    """A rating of the visit from 1 (very bad) to 5 (very good), with reason codes."""

    grade: Annotated[int, Meta(ge=1, le=5)]
    reasons: Annotated[list[ReasonCode], Meta(max_length=8)] = field(default_factory=list)


class FinishForm(Form, frozen=True, kw_only=True):
    """The outcome of a visit. `missing` and `due_on` are for the outcome `conditional`."""

    outcome: Outcome
    missing: Annotated[list[ReasonCode], Meta(max_length=50)] = field(default_factory=list)
    due_on: date | None = None


class UndoForm(Form, frozen=True, kw_only=True):
    """Undo the last action. `release` releases a ticket that was called since; `reopen` opens the counter again.

    With `present`, only this ticket may be released.
    """

    release: bool = False
    reopen: bool = False
    present: TicketIdText | None = None


class ParkForm(Form, frozen=True, kw_only=True):
    """Park a ticket, with an optional reason code."""

    reason: ReasonCode | None = None


class PapersForm(Form, frozen=True, kw_only=True):
    """The missing papers (none by default), and what happens to the ticket next."""

    missing: Annotated[list[ReasonCode], Meta(max_length=50)] = field(default_factory=list)
    then: PapersThen = PapersThen.STAY


class TransferForm(Form, frozen=True, kw_only=True):
    """The target of a transfer. Without a target, the ticket is released."""

    service: ServiceCode | None = None
    stage: StageCode | None = None
    counter: CounterCode | None = None


def finish_of(form: FinishForm) -> Finish:
    """The outcome of a visit as commands have it."""
    return Finish(outcome=form.outcome, missing=tuple(form.missing), due_on=form.due_on)
