"""Bodies of requests about appointments."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from service.api.shared.applicants import ApplicantForm
from service.api.shared.form_fields import CodeText, Form, Instant, TicketIdText
from service.domain.hall.document import Language, ServiceCode
from service.domain.model import Channel
from service.primitives.personal_data import Personal
from service.primitives.text_fields import Email, PersonName


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
