"""A client that holds every answer against `/openapi.json` and the conventions of CONTRACT 1 and 2."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from jsonschema_rs import Draft202012Validator

from service.api.openapi import openapi
from service.domain.hall.demo import demo_document
from tests.service import Api, Reply

SHANGHAI = ZoneInfo("Asia/Shanghai")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
INSTANCE = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UNROUTED = {"route-not-found", "method-not-allowed"}


def at(local: str, day: int = 23) -> datetime:
    """A wall time at the demo hall in November 2026; the 23rd is the Monday on which tests begin."""
    return datetime.combine(date(2026, 11, day), time.fromisoformat(local), SHANGHAI)


def demo() -> dict[str, Any]:
    """The demo hall's document as JSON, to change at will."""
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(demo_document(always_open=False)))
    return document


class Described:
    """What `/openapi.json` says."""

    def __init__(self) -> None:
        self.document = openapi()
        self._paths = [
            (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), path, operations)
            for path, operations in self.document["paths"].items()
        ]
        self._validators: dict[tuple[str, str, int, str], Draft202012Validator] = {}

    def check(self, method: str, path: str, reply: Reply) -> None:
        """Assert that an answer is one of those described for its call."""
        self._check_conventions(reply)
        template, operation = self._operation(method, path)
        if operation is None or reply.code in UNROUTED:
            assert reply.code in UNROUTED or not path.startswith("/v1/") or method == "HEAD", (method, path, reply)
            return
        where = (method, template, reply.status)
        response = operation["responses"].get(str(reply.status))
        assert response is not None, (*where, reply.body)
        if reply.code is not None:
            assert reply.code in response["x-problems"], (*where, reply.code)
        media = reply.headers.get("Content-Type", "").partition(";")[0]
        content = response.get("content", {})
        if reply.status not in {204, 304}:
            assert media in content, (*where, media)
            if media.endswith("json"):
                self._validate((*where, media), content[media]["schema"], reply.body)

    def template(self, method: str, path: str) -> tuple[str, str]:
        """Which call a request is."""
        return method, self._operation(method, path)[0]

    def _check_conventions(self, reply: Reply) -> None:
        if reply.headers.get("Content-Type", "").startswith("application/problem+json") and reply.body:
            body = reply.body
            assert reply.status >= 400
            assert body["type"] == f"/problems/{body['code']}"
            assert body["status"] == reply.status
            assert body["title"]
            assert INSTANCE.fullmatch(body["instance"])
            assert ("Retry-After" in reply.headers) is (reply.status in {429, 503})
        if isinstance(reply.body, dict | list):
            assert isinstance(reply.body, dict), "never a bare array"
            _check_instants(reply.body)

    def _operation(self, method: str, path: str) -> tuple[str, dict[str, Any] | None]:
        for pattern, template, operations in self._paths:
            if pattern.fullmatch(path.partition("?")[0]) and method.lower() in operations:
                return template, operations[method.lower()]
        return path, None

    def _validate(self, where: tuple[str, str, int, str], schema: dict[str, Any], body: object) -> None:
        validator = self._validators.get(where)
        if validator is None:
            whole = {**schema, "components": self.document["components"]}
            validator = self._validators[where] = Draft202012Validator(whole)  # OpenAPI 3.1 is this, with annotations
        errors = [
            f"{'.'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(body)
        ]
        assert not errors, (*where, errors)


def _check_instants(value: object) -> None:
    if isinstance(value, dict):
        for name, one in value.items():
            if (name == "at" or name.endswith("_at")) and isinstance(one, str):
                assert INSTANT.fullmatch(one), (name, one)
            _check_instants(one)
    elif isinstance(value, list):
        for one in value:
            _check_instants(one)


DESCRIBED = Described()


@dataclass
class Checked(Api):
    """A client of one hall that checks what it hears."""

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:  # noqa: ANN401  (any JSON)
        """Send a request, and check the answer."""
        reply = await super().call(method, path, body, **more)
        whole = path if path.startswith("/") else f"/v1/halls/{self.hall}/{path}"
        DESCRIBED.check(method, whole, reply)
        return reply

    async def act(self, ticket: dict[str, Any], verb: str, body: Any = None, **more: Any) -> Reply:  # noqa: ANN401  (any JSON)
        """Do something to a ticket, as staff."""
        return await self.staff("POST", f"tickets/{ticket['id']}/{verb}", body, **more)

    async def done(self, ticket: dict[str, Any], verb: str, body: Any = None) -> dict[str, Any]:  # noqa: ANN401  (any JSON)
        """Do something to a ticket that must not be refused, and return the ticket."""
        reply = await self.act(ticket, verb, body)
        assert reply.status == 200, reply.body
        changed: dict[str, Any] = reply.body
        return changed

    async def seen(self, ticket: dict[str, Any]) -> dict[str, Any]:
        """The ticket as staff see it now."""
        reply = await self.staff("GET", f"tickets/{ticket['id']}")
        assert reply.status == 200, reply.body
        now: dict[str, Any] = reply.body
        return now

    async def called(self, service: str = "enquiry", counter: str = "1") -> dict[str, Any]:
        """A ticket that was just called to a counter, opened for it."""
        await self.open(counter)
        await self.take(service)
        ticket = await self.next(counter)
        assert ticket is not None
        return ticket

    async def seq(self) -> int:
        """The day's seq."""
        found: int = (await self.staff("GET", "queue")).body["seq"]
        return found
