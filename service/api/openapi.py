"""`/openapi.json`: made from the table of routes and from the types that decode the requests.

Nothing is said here that is not said there: paths, roles, bodies, answers and problems all come from `routes`.

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
_KEYED = {"POST", "PATCH", "PUT", "DELETE"}


def openapi() -> dict[str, Any]:
    """Write the description of all calls."""
    types = _types()
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = {id(kind): schema for kind, schema in zip(types, schemas, strict=True)}
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


def _types() -> list[Any]:
    found: list[Any] = [Problem]
    for route in ROUTES:
        found += [kind for kind in (route.body, *chain.from_iterable(map(_kinds, route.answers.values()))) if kind]
    return list({id(kind): kind for kind in found}.values())


def _kinds(kind: Any) -> tuple[Any, ...]:  # noqa: ANN401  (a type, several, or none)
    return kind if isinstance(kind, tuple) else (kind,)


def _operation(route: Route, schema_of: dict[int, Any]) -> dict[str, Any]:
    words = inspect.getdoc(route.handler) or ""
    summary, _, description = words.partition("\n\n")
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
        content = dict.fromkeys(types, media) | {kind: {"schema": {"type": "string"}} for kind in route.files}
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
    if route.method in _KEYED:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "The same key again: the same answer, no second effect.",
                "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{8,255}$"},
            }
        )
    if route.method == "PUT" and route.tag == "document":
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                "description": "The ETag of the document this replaces.",
                "schema": {"type": "string"},
            }
        )
    return found


def _responses(route: Route, schema_of: dict[int, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, kind in route.answers.items():
        response: dict[str, Any] = {"description": "Done." if kind is None else _first_line(kind)}
        if kind is not None:
            schemas = [schema_of[id(one)] for one in _kinds(kind)]
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


def _first_line(kind: Any) -> str:  # noqa: ANN401  (a type, or a union of types)
    if kind is str:
        return "Text."
    kind = _kinds(kind)[0]
    return (getattr(kind, "__doc__", None) or "Done.").strip().splitlines()[0]
