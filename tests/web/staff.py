"""A browser of somebody who works here: it keeps cookies, and sends what browsers send."""

from dataclasses import dataclass
from typing import Any, Self

import aiohttp

from tests.service import Reply
from tests.web.checked import Checked


@dataclass
class Browser(Checked):
    """A client with cookies, at a page of ours unless it says otherwise."""

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))  # also of an IP address
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
