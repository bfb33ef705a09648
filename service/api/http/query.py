"""Query parameters: dates, flags, page limits and cursors."""

import re
from datetime import date

from aiohttp import web

from service.domain.refusals import BodyInvalid
from service.primitives.ids import ID_FORM, NIL

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def date_of(request: web.Request, name: str) -> date | None:
    """A date of the hall in the query; None where it is not said. Raises BodyInvalid."""
    said = request.query.get(name)
    if said is None:
        return None
    try:
        return date.fromisoformat(said if _DATE.fullmatch(said) else "")
    except ValueError as error:
        raise BodyInvalid((name, "a date of the hall, YYYY-MM-DD")) from error


def require_span(first: date, last: date, days_max: int) -> None:
    """Raise BodyInvalid for dates the wrong way round, or more than `days_max` of them, both ends included."""
    if last < first:
        raise BodyInvalid(("to", "is before `from`"))
    if (last - first).days >= days_max:
        raise BodyInvalid(("to", f"is more than {days_max} days with `from`"))


def flag_of(request: web.Request, name: str) -> bool:
    """Tell whether the query has a flag of 0 or 1 set; not where it is not said.

    Raises BodyInvalid for another word: what we do not know must not be done otherwise than it was meant.
    """
    said = request.query.get(name, "0")
    if said not in {"0", "1"}:
        raise BodyInvalid((name, "0 or 1"))
    return said == "1"


LIMIT = 50
LIMIT_MAX = 200
CURSOR_MAX = 200
"""Letters; no name that a page can end with is longer."""

_NUMBER = re.compile(r"[0-9]{1,3}")
_CURSOR = re.compile(r"[0-9]{1,9}")


def limit_of(request: web.Request) -> int:
    """How many a page of a list has. Raises BodyInvalid."""
    said = request.query.get("limit", str(LIMIT))
    if not _NUMBER.fullmatch(said) or not 1 <= int(said) <= LIMIT_MAX:
        raise BodyInvalid(("limit", f"a number from 1 to {LIMIT_MAX}"))
    return int(said)


def text_cursor_of(request: web.Request) -> str:
    """The text after which a page of a list begins, nothing for the first. Raises BodyInvalid."""
    said = request.query.get("cursor", "")
    if len(said) > CURSOR_MAX or not said.isprintable():
        raise BodyInvalid(("cursor", "`next_cursor` of the page before"))
    return said


def number_cursor_of(request: web.Request) -> int:
    """The number after which a page of a list begins, 0 for the first. Raises BodyInvalid."""
    said = request.query.get("cursor", "0")
    if not _CURSOR.fullmatch(said):
        raise BodyInvalid(("cursor", "`next_cursor` of the page before"))
    return int(said)


def id_cursor_of(request: web.Request) -> str:
    """The id after which a page of a list begins, `NIL` for the first. Raises BodyInvalid."""
    said = request.query.get("cursor", NIL).lower()
    if not ID_FORM.fullmatch(said):
        raise BodyInvalid(("cursor", "`next_cursor` of the page before"))
    return said
