"""Request bodies of appointments."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from service.api.shared.applicants import ApplicantForm
from service.api.shared.form_fields import CodeText, Form, Instant, TicketIdText
from service.domain.hall.document import Language, ServiceCode
from service.domain.model import Channel
from service.primitives.personal_data import Personal
from service.primitives.text_fields import Email, PersonName


class BookForm(Personal, Form, frozen=True, kw_only=True):
    """Book a slot for `count` people. With `hold`, keep the slot for ten minutes; the applicant may follow later.

    `ticket` is a ticket on standby whose token is sent with the request. It leaves the queue at the same time.
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
    """JSON Merge Patch of the applicant. Missing fields stay as they are; null removes a value."""

    name: PersonName | UnsetType = UNSET
    phone: Annotated[str, Meta(min_length=3, max_length=32)] | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    locale: Language | UnsetType | None = UNSET


class ChangeAppointmentForm(Form, frozen=True, kw_only=True):
    """JSON Merge Patch of start, count and applicant. `state` set to `booked` confirms a hold."""

    starts_at: Instant | UnsetType = UNSET
    state: Literal["booked"] | UnsetType = UNSET
    applicant: ChangeApplicantForm | UnsetType = UNSET
    count: Annotated[int, Meta(ge=1, le=99)] | UnsetType = UNSET
