"""Request bodies of counters."""

from typing import Annotated

from msgspec import Meta

from service.api.shared.form_fields import Form, Instant, TicketIdText
from service.api.tickets.forms import FinishForm
from service.domain.hall.document import ReasonCode, ServiceCode, StageCode


class FinishPresentForm(FinishForm, frozen=True, kw_only=True):
    """The outcome of the present person's visit. With `ticket`, only this ticket may be finished."""

    ticket: TicketIdText | None = None


class NextForm(Form, frozen=True, kw_only=True):
    """Call the next ticket. `finish` finishes the present ticket in the same command."""

    finish: FinishPresentForm | None = None


class CallForm(Form, frozen=True, kw_only=True):
    """Call this ticket, with a reason code."""

    ticket: TicketIdText
    reason: ReasonCode


class OpenForm(Form, frozen=True, kw_only=True):
    """Open a counter, optionally for other services or another stage than planned."""

    services: Annotated[list[ServiceCode], Meta(min_length=1, max_length=200)] | None = None
    stage: StageCode | None = None


class PauseForm(Form, frozen=True, kw_only=True):
    """Start a break. With `release`, the present ticket returns to the queue; with `present`, only this one may."""

    reason: ReasonCode | None = None
    until_at: Instant | None = None
    release: bool = False
    present: TicketIdText | None = None


class CloseForm(Form, frozen=True, kw_only=True):
    """Close a counter. With `release`, the present ticket returns to the queue; with `present`, only this one may."""

    release: bool = False
    present: TicketIdText | None = None
