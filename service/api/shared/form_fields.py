"""Types of form fields that several resources use."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from service.domain.hall.document import END, Language
from service.domain.model import TicketId

Instant = Annotated[datetime, Meta(tz=True)]
SAYS = r"\S"  # spaces say nothing
Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=SAYS)]
Words = Annotated[str, Meta(min_length=1, max_length=500, pattern=SAYS)]
InLanguages = Annotated[dict[Language, Words], Meta(min_length=1)]
TicketIdText = Annotated[str, Meta(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}" + END)]


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """A request's body."""


class Nothing(Form, frozen=True):
    """A body that says nothing."""


CODE_TEXT_MAX = 32

CodeText = Annotated[str, Meta(min_length=1, max_length=CODE_TEXT_MAX)]
"""A code as people type it."""


def ticket_id_or_none(said: str | None) -> TicketId | None:
    """The ticket that a body names, in whichever case; none when it names none."""
    return None if said is None else TicketId(said.lower())
