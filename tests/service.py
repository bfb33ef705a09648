"""The whole service for tests: in this process, on a fresh database, with a clock that the test moves.

`service` runs the same parts as `serve` (lanes, HTTP, sockets) on free ports. Its timers do not run; tests call the
jobs themselves. `Api` is a client of the HTTP API: it adds paths and credentials, and returns status and JSON.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import aiohttp
import pytest
from argon2.profiles import CHEAPEST

from service.app import Running, serving
from service.clock import Clock, FakeClock
from service.config.settings import Settings
from service.identity import passwords

ADMIN = "test-admin-token-0123456789"
OPENS_AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""09:00 of a Monday at the demo hall."""

NOON_AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""10:00 of that Monday: the demo hall is open, with five counters planned."""


@dataclass
class Reply:
    """An HTTP response: status, headers, and the JSON body if there is one."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str | None:
        """The code of the problem, if the response is a problem."""
        return self.body.get("code") if isinstance(self.body, dict) and "type" in self.body else None


@dataclass
class Api:
    """A client of one hall."""

    base: str
    hall: str = "demo"
    _session: aiohttp.ClientSession | None = field(default=None, repr=False)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401  (any JSON)
        *,
        token: str | None = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Reply:
        """Send a request; a path without a leading / is relative to the hall."""
        assert self._session is not None
        url = f"{self.base}{path}" if path.startswith("/") else f"{self.base}/v1/halls/{self.hall}/{path}"
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if key is not None:
            sent["Idempotency-Key"] = key
        if raw is None and body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self._session.request(method, url, data=raw, headers=sent) as response:
            text = await response.read()
            is_json = response.content_type.endswith("json")
            return Reply(response.status, dict(response.headers), json.loads(text) if is_json and text else text)

    async def staff(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:  # noqa: ANN401  (any JSON)
        """Send a request with the admin token."""
        return await self.call(method, path, body, token=ADMIN, **more)

    async def take(self, service: str = "loan-first", **more: Any) -> dict[str, Any]:  # noqa: ANN401  (fields)
        """Take a ticket; the request must succeed."""
        reply = await self.call("POST", "tickets", {"service": service, **more})
        assert reply.status == 201, reply.body
        ticket: dict[str, Any] = reply.body
        return ticket

    async def open(self, *counters: str) -> None:
        """Open counters; the requests must succeed."""
        for counter in counters:
            reply = await self.staff("POST", f"counters/{counter}/open")
            assert reply.status == 200, reply.body

    async def next(self, counter: str, outcome: str | None = None) -> dict[str, Any] | None:
        """Call the next ticket; `None` if no ticket waits. The request must not be refused."""
        body = {} if outcome is None else {"finish": {"outcome": outcome}}
        reply = await self.staff("POST", f"counters/{counter}/next", body)
        assert reply.status in {200, 204}, reply.body
        called: dict[str, Any] | None = reply.body["ticket"] if reply.status == 200 else None
        return called


@dataclass
class Service:
    """A running service."""

    running: Running
    api: Api
    clock: Clock
    settings: Settings

    @property
    def sockets(self) -> str:
        """The base URL of the WebSockets."""
        return f"ws://127.0.0.1:{self.running.display_port}"


@asynccontextmanager
async def service_on(dsn: str, data_dir: Path, clock: Clock, **settings: Any) -> AsyncIterator[Service]:  # noqa: ANN401  (fields of Settings)
    """Run the service on a database; several may run on one."""
    chosen = Settings(
        **{
            "database_url": dsn,
            "data_dir": data_dir,
            "port": 0,
            "display_port": 0,
            "admin_token": ADMIN,
            "secret": "test-secret-0123456789",
            "metrics_open": True,
            **settings,
        }
    )
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(serving(chosen, clock, forecasts=False))
        api = await stack.enter_async_context(Api(f"http://127.0.0.1:{running.http_port}"))
        yield Service(running, api, clock, chosen)


@contextmanager
def quick_hashes() -> Iterator[None]:
    """Hash passwords in a millisecond; `tests/identity` tests the real parameters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "PARAMETERS", CHEAPEST)
        yield


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that shows 10:00 of a Monday at the demo hall until the test moves it."""
    return FakeClock(NOON_AT)


@pytest.fixture
async def service(dsn: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Service]:
    """Run the whole service on a fresh database."""
    async with service_on(dsn, tmp_path, clock) as running:
        yield running


@pytest.fixture
async def api(service: Service) -> Api:
    """Return a client of the demo hall."""
    return service.api
