"""Bodies of requests about a hall's day."""

from datetime import date
from typing import Annotated

from msgspec import Meta, field

from service.api.shared.form_fields import Form, InLanguages, Instant, Words
from service.domain.hall.document import COUNTERS_MAX, ZoneCode


class SuspensionForm(Form, frozen=True, kw_only=True):
    """Stop issuing and calling; `text` in one language counts for all."""

    text: Words | InLanguages
    until_at: Instant | None = None


class CloseDayForm(Form, frozen=True, kw_only=True):
    """Issue and call no more on `day`, the present one if not said."""

    day: date | None = None


class OvertimeForm(Form, frozen=True, kw_only=True):
    """Go on after closing until a time; with as many counters as at closing if not said."""

    until_at: Instant
    counters: Annotated[int, Meta(ge=1, le=COUNTERS_MAX)] | None = None


class NoticeForm(Form, frozen=True, kw_only=True):
    """Words for the screens; `text` in one language counts for all."""

    text: Words | InLanguages
    zones: Annotated[list[ZoneCode], Meta(max_length=50)] = field(default_factory=list)
