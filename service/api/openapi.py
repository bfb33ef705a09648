"""Generate `/openapi.json` from the table of routes and from the types of bodies and answers.

Paths, roles, bodies, answers and problems come from `routes`. Summaries and descriptions come from the docstrings of
handlers and types.

Source: OpenAPI 3.1; CONTRACT, first paragraph.
"""

import inspect
import re
from itertools import chain
from typing import Any

import msgspec

from service.api.access.roles import Role
from service.api.http.problems import Problem
from service.api.route import Route
from service.api.routes import ROUTES, possible_refusals
from service.metrics.metrics import VERSION

_REF = "#/components/schemas/{name}"
_PATH_PARTS = {
    "hall": ("The hall's id.", "^[a-z0-9-]{1,32}$"),
    "ticket": ("The ticket's id, a UUID.", "^[0-9a-fA-F-]{36}$"),
    "appointment": ("The appointment's id, a UUID.", "^[0-9a-fA-F-]{36}$"),
    "counter": ("The counter's id.", "^[A-Za-z0-9-]{1,16}$"),
    "alarm": ("The alarm's id, a UUID.", "^[0-9a-fA-F-]{36}$"),
    "account": ("The account's id, a UUID.", "^[0-9a-fA-F-]{36}$"),
    "device": ("The device's id, a UUID.", "^[0-9a-fA-F-]{36}$"),
    "invitation": ("The invitation's id, a UUID.", "^[0-9a-fA-F-]{36}$"),
    "message": ("The message's id, a UUID.", "^[0-9a-fA-F-]{36}$"),
    "notice": ("The notice's id.", "^.{1,64}$"),
}
_METHODS_WITH_KEY = {"POST", "PATCH", "PUT", "DELETE"}


def openapi() -> dict[str, Any]:
    """Build the OpenAPI description of all operations."""
    types = _body_types()
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = {id(body_type): schema for body_type, schema in zip(types, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Paihao",
            "version": VERSION,
            "summary": "Queue and appointment scheduling for public service halls.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in ROUTES)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _body_types() -> list[Any]:
    """All types of request bodies and answers, without duplicates."""
    found: list[Any] = [Problem]
    for route in ROUTES:
        types = (route.body, *chain.from_iterable(map(_alternatives, route.answers.values())))
        found += [body_type for body_type in types if body_type]
    return list({id(body_type): body_type for body_type in found}.values())


def _alternatives(answer: Any) -> tuple[Any, ...]:  # noqa: ANN401  (a type, several, or none)
    return answer if isinstance(answer, tuple) else (answer,)


def _operation(route: Route, schema_of: dict[int, Any]) -> dict[str, Any]:
    docstring = inspect.getdoc(route.handler) or ""
    summary, _, description = docstring.partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": route.operation,
        "tags": [route.tag],
        "summary": summary.replace("\n", " "),
        "x-roles": [str(role) for role in route.roles],
        "parameters": _parameters(route),
        "responses": _responses(route, schema_of),
    }
    if description:
        operation["description"] = description
    if Role.ANYONE not in route.roles:
        operation["security"] = [{"bearer": []}]
    else:
        operation["security"] = [{}, {"bearer": []}]
    if route.body is not None:
        media = {"schema": schema_of[id(route.body)]}
        types = dict.fromkeys((route.body_type, "application/json"))
        content = dict.fromkeys(types, media) | {file_type: {"schema": {"type": "string"}} for file_type in route.files}
        operation["requestBody"] = {"required": False, "content": content}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in re.findall(r"\{(\w+)\}", route.path):
        meaning, pattern = _PATH_PARTS[name]
        schema = {"type": "string", "pattern": pattern}
        found.append({"name": name, "in": "path", "required": True, "description": meaning, "schema": schema})
    found += [
        {"name": query.name, "in": query.place, "description": query.meaning, "schema": query.schema}
        for query in route.query
    ]
    if route.method in _METHODS_WITH_KEY:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "A request repeated with the same key gets the same answer and has no second effect.",
                "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{8,255}$"},
            }
        )
    if route.method == "PUT" and route.tag == "document":
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                "description": "The ETag of the document that this request replaces.",
                "schema": {"type": "string"},
            }
        )
    return found


def _responses(route: Route, schema_of: dict[int, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, answer in route.answers.items():
        response: dict[str, Any] = {"description": "Done." if answer is None else _first_line(answer)}
        if answer is not None:
            schemas = [schema_of[id(body_type)] for body_type in _alternatives(answer)]
            schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
            response["content"] = {route.media_type: {"schema": schema}}
        responses[str(status)] = response
    problems: dict[int, list[str]] = {}
    for refusal in possible_refusals(route):
        problems.setdefault(refusal.status, []).append(refusal.code)
    for status, codes in sorted(problems.items()):
        names = list(dict.fromkeys(codes))
        response = responses.setdefault(str(status), {"description": ""})
        response["description"] = (response["description"] + " " + ", ".join(f"`{name}`" for name in names)).strip()
        response["x-problems"] = names
        response.setdefault("content", {})["application/problem+json"] = {"schema": schema_of[id(Problem)]}
    return responses


def _first_line(answer: Any) -> str:  # noqa: ANN401  (a type, or a tuple of types)
    """The first line of the docstring of an answer's type, or of the first of several."""
    if answer is str:
        return "Text."
    body_type = _alternatives(answer)[0]
    return (getattr(body_type, "__doc__", None) or "Done.").strip().splitlines()[0]
