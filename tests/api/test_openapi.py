"""`/openapi.json`: a sound description of every call, made from what the calls themselves obey."""

from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate

from service.api.app_keys import CLOCK, METRICS
from service.api.application import make_app
from service.api.route import Route
from service.api.routes import BUSY_PATHS, ROUTES
from service.clock import Clock
from service.metrics.metrics import Metrics
from tests.api.checked import DESCRIBED, Checked
from tests.api.story import a_morning
from tests.service import ADMIN

CALLS = {(route.method, route.path) for route in ROUTES}
SCHEMAS: dict[str, Any] = DESCRIBED.document["components"]["schemas"]


def operation_of(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = DESCRIBED.document["paths"][route.path][route.method.lower()]
    return operation


def objects_in(schema: Any) -> list[dict[str, Any]]:  # noqa: ANN401  (any JSON)
    """The object types that a schema is made of."""
    if isinstance(schema, list):
        return [found for one in schema for found in objects_in(one)]
    if not isinstance(schema, dict):
        return []
    if "$ref" in schema:
        return objects_in(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    own = [schema] if schema.get("type") == "object" and "properties" in schema else []
    return own + [found for one in schema.values() for found in objects_in(one)]


async def test_the_description_is_sound_and_given_to_everybody(hall: Checked) -> None:
    reply = await hall.call("GET", "/openapi.json")

    assert reply.status == 200
    assert reply.body == msgspec.json.decode(msgspec.json.encode(DESCRIBED.document))
    validate(reply.body)


def test_every_call_is_described_and_nothing_else() -> None:
    described = {
        (method.upper(), path) for path, operations in DESCRIBED.document["paths"].items() for method in operations
    }

    assert described == CALLS


def test_the_router_has_every_call_and_no_other() -> None:
    app = make_app({CLOCK: Clock(), METRICS: Metrics(list)})
    routed = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource is not None}

    assert routed >= CALLS
    assert {(method, path) for method, path in routed if path.startswith("/v1") and method != "HEAD"} <= CALLS
    assert {path for method, path in routed if method == "HEAD"} >= {path for method, path in CALLS if method == "GET"}


def test_the_calls_of_a_peak_are_calls() -> None:
    assert {route.path for route in ROUTES} >= set(BUSY_PATHS)


@pytest.mark.parametrize("route", ROUTES, ids=[f"{route.method} {route.path}" for route in ROUTES])
def test_every_call_says_who_may_what_for_and_how_it_refuses(route: Route) -> None:
    operation = operation_of(route)

    names = {parameter["name"] for parameter in operation["parameters"]}
    problems = [name for response in operation["responses"].values() for name in response.get("x-problems", [])]
    assert operation["summary"]
    assert operation["x-roles"]
    assert "fault" in problems
    assert ("Idempotency-Key" in names) is (route.method != "GET")
    assert ("requestBody" in operation) is (route.body is not None)


def test_schemas_have_names_of_their_own() -> None:
    """Two types of one name would be told apart by their modules, with dots."""
    assert [name for name in SCHEMAS if "." in name] == []


def test_operations_have_names_of_their_own() -> None:
    names = [operation_of(route)["operationId"] for route in ROUTES]

    assert len(set(names)) == len(names)


async def test_fields_that_are_not_described_are_refused_wherever_they_stand(hall: Checked) -> None:
    for route in [route for route in ROUTES if route.body is not None]:
        content = operation_of(route)["requestBody"]["content"]
        ids = dict.fromkeys(
            ("ticket", "appointment", "account", "alarm", "message", "invitation", "device"),
            "0198c0de-0000-7000-8000-000000000000",
        )
        path = route.path.format(hall=hall.hall, counter="1", **ids)

        reply = await hall.staff(route.method, path, {"no-such-field": 1})

        assert (reply.status, reply.code) == (422, "body-invalid"), route
        assert "unknown field `no-such-field`" in reply.body["errors"][0]["why"]
        for media in content.values():
            assert all(found["additionalProperties"] is False for found in objects_in(media["schema"])), route


async def test_every_call_is_answered_as_described(hall: Checked) -> None:
    heard: set[tuple[str, str]] = set()
    story = await a_morning(hall)
    for step in story.steps:
        reply = await hall.call(step.method, step.path, step.body, headers=step.headers)
        assert reply.status == step.heard.status
        heard.add(DESCRIBED.template(step.method, f"/v1/halls/{hall.hall}/{step.path}"))
    some = next(step.heard.json for step in story.steps if step.path == "tickets")
    booked = next(step.heard.json for step in story.steps if step.path == "appointments")
    for path in (
        "/v1/halls",
        f"/v1/halls/{hall.hall}",
        *(
            f"/v1/halls/{hall.hall}/{name}"
            for name in (
                "board",
                "document",
                "queue",
                "notices",
                "counters/1",
                "desk",
                "forecast",
                "entrance",
                "tickets",
                f"tickets/{some['id']}",
                f"tickets/{some['id']}/history",
                f"tickets/{some['id']}/qr",
                "rules",
                "slots",
                "appointments",
                f"appointments/{booked['id']}",
                f"appointments/{booked['id']}.ics",
                f"appointments/{booked['id']}/qr",
                "history",
                "staff",
                "devices",
                "invitations",
                "learned",
                "invitations/batches",
                "invitations.csv?batch=0198c0de-0000-7000-8000-000000000000",
                "invitations/sheet?batch=0198c0de-0000-7000-8000-000000000000",
                "messages",
                "ops",
                "report",
            )
        ),
        "/v1/ops",
        "/v1/history",
        "/v1/session",
        "/healthz",
        "/readyz",
        "/metrics",
    ):
        assert (await hall.staff("GET", path)).status == 200
        heard.add(DESCRIBED.template("GET", path))

    for method, path, body, status in (
        ("POST", "/v1/session", {"name": "admin", "password": ADMIN}, 200),
        ("PUT", "/v1/session/password", {"current": "x", "new": "y"}, 401),
        ("DELETE", "/v1/session", None, 204),
        ("POST", f"/v1/halls/{hall.hall}/messages/{some['id']}/retry", None, 401),
        ("PUT", f"/v1/halls/{hall.hall}/screen", {}, 401),
        ("GET", f"/v1/tickets/{some['id']}", None, 404),
        ("GET", f"/v1/halls/{hall.hall}/kiosk", None, 401),
        *(
            ("POST", f"/v1/halls/{hall.hall}/devices/{some['id']}/{name}", None, 401)
            for name in ("lease", "tickets", "status", "slips")
        ),
        ("GET", "/v1/session/oidc", None, 404),
        ("GET", "/v1/session/oidc/callback", None, 404),
    ):
        assert (await hall.call(method, path, body)).status == status
        heard.add(DESCRIBED.template(method, path))

    assert heard == CALLS
