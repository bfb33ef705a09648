"""Bodies of requests about counters."""

from typing import Annotated

from msgspec import Meta

from service.api.shared.form_fields import Form, Instant, TicketIdText
from service.api.tickets.forms import FinishForm
from service.domain.hall.document import ReasonCode, ServiceCode, StageCode


class FinishPresentForm(FinishForm, frozen=True, kw_only=True):
    """How the present person's visit ends; `ticket` says whose, so that nobody else's does."""

    ticket: TicketIdText | None = None


class NextForm(Form, frozen=True, kw_only=True):
    """Call the next; `finish` ends the present person in the same command."""

    finish: FinishPresentForm | None = None


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
