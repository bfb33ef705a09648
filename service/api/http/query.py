"""Read query parameters: dates, flags, page limits and cursors. Invalid values raise BodyInvalid."""

import re
from datetime import date

from aiohttp import web

from service.domain.refusals import BodyInvalid
from service.primitives.ids import ID_FORM, NIL

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def date_of(request: web.Request, name: str) -> date | None:
    """A date in the query; `None` if it is missing. Raises BodyInvalid."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError as error:
        raise BodyInvalid((name, "a date of the hall, YYYY-MM-DD")) from error


def require_span(first: date, last: date, days_max: int) -> None:
    """Raise BodyInvalid if `last` is before `first`, or the span has more than `days_max` days with both ends."""
    if last < first:
        raise BodyInvalid(("to", "is before `from`"))
    if (last - first).days >= days_max:
        raise BodyInvalid(("to", f"is more than {days_max} days with `from`"))


def flag_of(request: web.Request, name: str) -> bool:
    """Tell whether a flag of the query is 1. A missing flag is 0.

    Raises:
        BodyInvalid: the flag is neither 0 nor 1. A guess could do the opposite of what the client wants.
    """
    text = request.query.get(name, "0")
    if text not in {"0", "1"}:
        raise BodyInvalid((name, "0 or 1"))
    return text == "1"


LIMIT = 50
LIMIT_MAX = 200
CURSOR_MAX = 200
"""Characters of a cursor. No name that a page can end with is longer."""

_NUMBER = re.compile(r"[0-9]{1,3}")
_CURSOR = re.compile(r"[0-9]{1,9}")


def limit_of(request: web.Request) -> int:
    """The page size of a list. Raises BodyInvalid."""
    text = request.query.get("limit", str(LIMIT))
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= LIMIT_MAX:
        raise BodyInvalid(("limit", f"a number from 1 to {LIMIT_MAX}"))
    return int(text)


def text_cursor_of(request: web.Request) -> str:
    """The text after which a page of a list begins; empty for the first page. Raises BodyInvalid."""
    text = request.query.get("cursor", "")
    if len(text) > CURSOR_MAX or not text.isprintable():
        raise BodyInvalid(("cursor", "`next_cursor` of the page before"))
    return text


def number_cursor_of(request: web.Request) -> int:
    """The number after which a page of a list begins; 0 for the first page. Raises BodyInvalid."""
    text = request.query.get("cursor", "0")
    if not _CURSOR.fullmatch(text):
        raise BodyInvalid(("cursor", "`next_cursor` of the page before"))
    return int(text)


def id_cursor_of(request: web.Request) -> str:
    """The id after which a page of a list begins; `NIL` for the first page. Raises BodyInvalid."""
    text = request.query.get("cursor", NIL).lower()
    if not ID_FORM.fullmatch(text):
        raise BodyInvalid(("cursor", "`next_cursor` of the page before"))
    return text
