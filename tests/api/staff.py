"""A browser of somebody who works here: it keeps cookies, and sends what browsers send."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
from yarl import URL

from tests.api.checked import Checked
from tests.service import Reply


@dataclass
class Browser(Checked):
    """A client with cookies, at a page of ours unless it says otherwise; `account` is who it was made for."""

    account: str = ""

    async def __aenter__(self) -> Self:
        # Also of an IP address; and what is for TLS alone is kept, as by browsers on the service's own machine.
        jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=URL(self.base) if self.base else None)
        self._session = aiohttp.ClientSession(cookie_jar=jar)
        return self

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:  # noqa: ANN401  (any JSON)
        """Send a request from a page of ours, unless `headers` say otherwise."""
        more.setdefault("headers", {"Sec-Fetch-Site": "same-origin"})
        return await super().call(method, path, body, **more)

    async def sign_in(self, name: str, password: str) -> Reply:
        """Sign in."""
        return await self.call("POST", "/v1/session", {"name": name, "password": password})

    async def choose_password(self, current: str, new: str) -> Reply:
        """Choose another password."""
        return await self.call("PUT", "/v1/session/password", {"current": current, "new": new})


PASSWORD = "a password of my own"

_numbers = itertools.count(1)


@asynccontextmanager
async def employed(hall: Checked, role: str, name: str | None = None) -> AsyncIterator[Browser]:
    """Somebody new with a role in a hall, in a browser that has signed in."""
    name = name or f"{role}-{next(_numbers)}"
    added = await hall.staff("POST", "staff", {"name": name, "display_name": name.title(), "role": role})
    assert added.status == 201, added.body
    async with Browser(hall.base, hall.hall, account=added.body["id"]) as browser:
        signed_in = await browser.sign_in(name, added.body["password"])
        assert signed_in.status == 200, signed_in.body
        chosen = await browser.choose_password(added.body["password"], PASSWORD)
        assert chosen.status == 204, chosen.body
        yield browser


async def device(hall: Checked, role: str) -> str:
    """The token of a new device of a hall."""
    added = await hall.staff("POST", "devices", {"name": f"a {role}", "role": role})
    assert added.status == 201, added.body
    token: str = added.body["token"]
    return token
