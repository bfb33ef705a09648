"""Request bodies of kiosks."""

from typing import Annotated

from msgspec import Meta

from service.api.shared.form_fields import CodeText, Form, Instant, TicketIdText
from service.domain.hall.document import ServiceCode
from service.domain.model import PrinterState

LEASE_AT_ONCE_MAX = 100
REPORT_AT_ONCE_MAX = 100
"""Most numbers in one request to lease or to report."""


LeaseCount = Annotated[int, Meta(ge=1, le=LEASE_AT_ONCE_MAX)]


class LeaseForm(Form, frozen=True, kw_only=True):
    """How many numbers to lease."""

    count: LeaseCount = 50


class GivenForm(Form, frozen=True, kw_only=True):
    """A leased number that the kiosk issued offline. `issued_at` is by the kiosk's clock."""

    number: Annotated[str, Meta(min_length=4, max_length=12)]
    code: CodeText
    service: ServiceCode
    count: Annotated[int, Meta(ge=1, le=99)] = 1
    issued_at: Instant


class ReportForm(Form, frozen=True, kw_only=True):
    """Numbers issued offline, in the order of issue."""

    items: Annotated[list[GivenForm], Meta(min_length=1, max_length=REPORT_AT_ONCE_MAX)]


class PaperForm(Form, frozen=True, kw_only=True):
    """The state of the kiosk's printer."""

    paper: PrinterState


class SlipForm(Form, frozen=True, kw_only=True):
    """The ticket whose slip to print."""

    ticket: TicketIdText
