"""The body of requests about a person's data."""

from typing import Annotated

from msgspec import Meta

from service.api.shared.form_fields import Form
from service.primitives.personal_data import Personal

EmailKept = Annotated[str, Meta(pattern="^[^@ ]+@[^@ ]+$", max_length=254)]
"""A mail address by the rule of releases before, which let in more: who was kept by it must be found."""


class PersonForm(Personal, Form, frozen=True, kw_only=True):
    """Somebody, by a phone or an address of theirs, at least one."""

    phone: Annotated[str, Meta(min_length=3, max_length=32)] | None = None
    email: EmailKept | None = None
