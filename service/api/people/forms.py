"""Request body of operations on personal data."""

from typing import Annotated

from msgspec import Meta

from service.api.shared.form_fields import Form
from service.primitives.personal_data import Personal

EmailKept = Annotated[str, Meta(pattern="^[^@ ]+@[^@ ]+$", max_length=254)]
"""A mail address by the less strict rule of earlier releases. Addresses stored then must still be found."""


class PersonForm(Personal, Form, frozen=True, kw_only=True):
    """A person, identified by phone number or mail address. At least one is required."""

    phone: Annotated[str, Meta(min_length=3, max_length=32)] | None = None
    email: EmailKept | None = None
