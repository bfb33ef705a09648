"""Types of short text fields: names and mail addresses.

A text field is one line. A line break or another control character in a name could start a paragraph of its own in a
mail of the hall. A character that changes the direction of writing could display the text in another order.

The patterns are valid in ECMA 262 and in Python, because `/openapi.json` repeats them.
"""

import re
from typing import Annotated

from msgspec import Meta

from service.domain.hall.document import END

_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"

_SPACE = r" \xa0\u1680\u2000-\u200a\u202f\u205f\u3000"

ONE_LINE = rf"^[{_SPACE}]*[^\s{_CONTROL}][^{_CONTROL}]*" + END
"""One line that is not only spaces. Each character matches in one place only, so the time is linear."""

EMAIL = rf"^[^@\s{_CONTROL}]+@[^@\s{_CONTROL}]+" + END

_PLAIN_REASONS = {
    f"Expected `str` matching regex {pattern!r}": why
    for pattern, why in (
        (ONE_LINE, "is not one line: it says nothing, or holds a line break or another control character"),
        (EMAIL, "is no e-mail address"),
    )
}

DISPLAY_NAME_MAX = 100
"""Longest display name, in characters."""

PersonName = Annotated[str, Meta(min_length=1, max_length=200, pattern=ONE_LINE)]
"""The name of an applicant."""

Email = Annotated[str, Meta(pattern=EMAIL, max_length=254)]
"""The form of a mail address; it need not exist."""

DisplayName = Annotated[str, Meta(min_length=1, max_length=DISPLAY_NAME_MAX, pattern=ONE_LINE)]
"""The name of an account or a device."""

_ONE_LINE = re.compile(ONE_LINE)
_EMAIL = re.compile(EMAIL)


def is_line(text: str) -> bool:
    """Tell whether a text is one line and not only spaces."""
    return _ONE_LINE.search(text) is not None


def is_email(text: str) -> bool:
    """Tell whether a text has the form of a mail address."""
    return _EMAIL.search(text) is not None


def plain_reason(why: str) -> str:
    """Return a readable reason for a pattern error of msgspec; any other reason is returned unchanged."""
    return _PLAIN_REASONS.get(why, why)
