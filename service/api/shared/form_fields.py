"""Base classes and field types of request bodies that several resources use."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from service.domain.hall.document import END, Language
from service.domain.model import TicketId

Instant = Annotated[datetime, Meta(tz=True)]
NOT_BLANK = r"\S"
Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=NOT_BLANK)]
Words = Annotated[str, Meta(min_length=1, max_length=500, pattern=NOT_BLANK)]
InLanguages = Annotated[dict[Language, Words], Meta(min_length=1)]
TicketIdText = Annotated[str, Meta(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}" + END)]


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """Base class of request bodies. Unknown fields are refused."""


class Nothing(Form, frozen=True):
    """An empty body."""


CODE_TEXT_MAX = 32

CodeText = Annotated[str, Meta(min_length=1, max_length=CODE_TEXT_MAX)]
"""A code as a person types it."""


def ticket_id_or_none(text: str | None) -> TicketId | None:
    """Convert an optional ticket id of a body to lower case."""
    return None if text is None else TicketId(text.lower())
