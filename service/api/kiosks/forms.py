"""Bodies of requests of kiosks."""

from typing import Annotated

from msgspec import Meta

from service.api.shared.form_fields import CodeText, Form, Instant, TicketIdText
from service.domain.hall.document import ServiceCode
from service.domain.model import PrinterState

LEASE_AT_ONCE_MAX = 100
REPORT_AT_ONCE_MAX = 100
"""Numbers in one request: more are leased, or reported, by another."""


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
