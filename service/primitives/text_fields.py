"""Lines: what a short text may hold that people type and others read, as names and mail addresses.

It is one line. A line break or another control character in a name would begin a paragraph of its own in a mail that
the hall sends, and what turns the direction of writing would show it otherwise than it is.

The patterns are ECMA 262's as well as Python's, for `/openapi.json` repeats them.
"""

import re
from typing import Annotated

from msgspec import Meta

from service.domain.hall.document import END

_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"

_SPACE = r" \xa0\u1680\u2000-\u200a\u202f\u205f\u3000"

ONE_LINE = rf"^[{_SPACE}]*[^\s{_CONTROL}][^{_CONTROL}]*" + END
"""Spaces alone say nothing. Each letter can match in one place only, so a long text takes no longer than it is."""

EMAIL = rf"^[^@\s{_CONTROL}]+@[^@\s{_CONTROL}]+" + END

_IN_WORDS = {
    f"Expected `str` matching regex {pattern!r}": why
    for pattern, why in (
        (ONE_LINE, "is not one line: it says nothing, or holds a line break or another control character"),
        (EMAIL, "is no e-mail address"),
    )
}

DISPLAY_NAME_MAX = 100
"""Letters."""

PersonName = Annotated[str, Meta(min_length=1, max_length=200, pattern=ONE_LINE)]
"""What an applicant is called."""

Email = Annotated[str, Meta(pattern=EMAIL, max_length=254)]
"""A mail address, which may still be nobody's."""

DisplayName = Annotated[str, Meta(min_length=1, max_length=DISPLAY_NAME_MAX, pattern=ONE_LINE)]
"""What somebody who works here, or a device, is called."""

_ONE_LINE = re.compile(ONE_LINE)
_EMAIL = re.compile(EMAIL)


def is_line(text: str) -> bool:
    """Tell whether a text is one line that says something."""
    return _ONE_LINE.search(text) is not None


def is_email(text: str) -> bool:
    """Tell whether a text can be a mail address."""
    return _EMAIL.search(text) is not None


def in_words(why: str) -> str:
    """Say what msgspec said of a value that is none of these, for people to read; else as it was said."""
    return _IN_WORDS.get(why, why)
