"""The table's row type, `Route`, and the roles, path prefixes and query parameters that several resources use."""

from typing import Any, Literal

from msgspec import Struct

from service.api.access.roles import Role
from service.api.http.problems import Handler
from service.domain import refusals

Refusals = tuple[type[refusals.Refusal], ...]

HALL = "/v1/halls/{hall}"
"""Prefix of the paths that belong to one hall."""

EVERYONE = (Role.ANYONE,)
STAFF = (Role.STAFF,)
QUEUE_STAFF = (Role.VOLUNTEER, Role.STAFF)
MANAGERS = (Role.MANAGER,)
OBSERVERS = (Role.MANAGER, Role.OPS)
OWNER_OR_STAFF = (Role.APPLICANT, Role.STAFF)


class Query(Struct, frozen=True):
    """A parameter in the query string, or a header; all of them are optional."""

    name: str
    meaning: str
    schema: dict[str, object]
    place: Literal["query", "header"] = "query"


class Route(Struct, frozen=True, kw_only=True):
    """One call.

    `roles` may use it, and those that imply them: `guard` holds every call to it, anyone where the setting `open_by`
    says so; `at_optional` leaves it to volunteers at counters of an optional stage only; with `in_any_hall` a role in
    one hall is enough, where the path names none; `answers` by status (None: no body; several: one of them); `refuses`
    besides what every call may; `files` are types of a body that is a file.
    """

    method: str
    path: str
    operation: str
    handler: Handler
    roles: tuple[Role, ...]
    tag: str
    answers: dict[int, Any]
    body: Any = None
    query: tuple[Query, ...] = ()
    refuses: Refusals = ()
    media_type: str = "application/json"
    open_by: str | None = None
    at_optional: bool = False
    in_any_hall: bool = False
    body_type: str = "application/json"
    files: tuple[str, ...] = ()


LIMIT = Query("limit", "How many, 50 if not said.", {"type": "integer", "minimum": 1, "maximum": 200})
CURSOR = Query("cursor", "`next_cursor` of the page before.", {"type": "string"})
ON = Query("on", "A date of the hall; today if not said.", {"type": "string", "format": "date"})
