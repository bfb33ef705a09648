"""Bodies of requests about a hall's day."""

from datetime import date
from typing import Annotated

from msgspec import Meta, field

from service.api.shared.form_fields import Form, InLanguages, Instant, Words
from service.domain.hall.document import COUNTERS_MAX, ZoneCode


class SuspensionForm(Form, frozen=True, kw_only=True):
    """Suspend the hall. A text in one language is used for all languages."""

    text: Words | InLanguages
    until_at: Instant | None = None


class CloseDayForm(Form, frozen=True, kw_only=True):
    """Close a day. `day` is today by default."""

    day: date | None = None


class OvertimeForm(Form, frozen=True, kw_only=True):
    """Open overtime until a time. By default as many counters as at closing stay open."""

    until_at: Instant
    counters: Annotated[int, Meta(ge=1, le=COUNTERS_MAX)] | None = None


class NoticeForm(Form, frozen=True, kw_only=True):
    """A text for the screens. A text in one language is used for all languages."""

    text: Words | InLanguages
    zones: Annotated[list[ZoneCode], Meta(max_length=50)] = field(default_factory=list)
