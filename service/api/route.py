"""`Route`, a row of the table of operations, and the roles and query parameters that several resources share."""

from typing import Any, Literal

from msgspec import Struct

from service.api.access.roles import Role
from service.api.http.problems import Handler
from service.domain import refusals

Refusals = tuple[type[refusals.Refusal], ...]

HALL = "/v1/halls/{hall}"
"""Path prefix of all operations on one hall."""

EVERYONE = (Role.ANYONE,)
STAFF = (Role.STAFF,)
QUEUE_STAFF = (Role.VOLUNTEER, Role.STAFF)
MANAGERS = (Role.MANAGER,)
OBSERVERS = (Role.MANAGER, Role.OPS)
OWNER_OR_STAFF = (Role.APPLICANT, Role.STAFF)


class Query(Struct, frozen=True):
    """An optional parameter of an operation, in the query string or in a header."""

    name: str
    meaning: str
    schema: dict[str, object]
    place: Literal["query", "header"] = "query"


class Route(Struct, frozen=True, kw_only=True):
    """One operation of the API.

    Attributes:
        method: the HTTP method.
        path: the path template.
        operation: the operation id in `/openapi.json`.
        handler: the handler; its docstring is the summary and description of the operation.
        roles: the roles that may use the operation, besides the roles that imply one of them. `access.guard` checks it.
        tag: the group of the operation in `/openapi.json`.
        answers: the body type for each successful status. `None` means no body; a tuple means one of these types.
        body: the type of the request body, or `None`.
        query: the optional parameters.
        refuses: the refusals that are specific to this operation.
        media_type: the content type of the answer.
        open_by: name of a boolean setting. If the setting is on, everyone may use the operation.
        at_optional: whether volunteers may use the operation only at counters of an optional stage.
        in_any_hall: whether a role in one hall is enough. For operations whose path has no hall.
        body_type: the content type of the request body.
        files: further content types of the request body, for uploaded files.
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


LIMIT = Query("limit", "The page size. The default is 50.", {"type": "integer", "minimum": 1, "maximum": 200})
CURSOR = Query("cursor", "The `next_cursor` of the previous page.", {"type": "string"})
ON = Query(
    "on",
    "A date in the hall's time zone. The default is today.",
    {"type": "string", "format": "date"},
)
