"""Accounts of people who work in a hall, with passwords, for tests in a browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tests.service import Api

PASSWORD = "quiet-lake-at-noon"


async def account(api: Api, name: str, role: str, display_name: str) -> str:
    """Create an account in the hall; return its initial password."""
    reply = await api.staff("POST", "staff", {"name": name, "display_name": display_name, "role": role})
    assert reply.status == 201, reply.body
    password: str = reply.body["password"]
    return password


async def member(api: Api, name: str, role: str, display_name: str) -> None:
    """Create an account that has signed in before and chosen `PASSWORD`."""
    async with as_member(api, name, display_name, role):
        pass


@asynccontextmanager
async def as_member(
    api: Api, name: str, display_name: str, role: str = "staff"
) -> AsyncIterator[aiohttp.ClientSession]:
    """Create such an account; return a session that is signed in."""
    once = await account(api, name, role, display_name)
    jar = aiohttp.CookieJar(unsafe=True)  # accept cookies of an IP address too
    async with aiohttp.ClientSession(api.base, cookie_jar=jar, headers={"Sec-Fetch-Site": "same-origin"}) as session:
        async with session.post("/v1/session", json={"name": name, "password": once}) as reply:
            assert reply.status == 200, await reply.text()
        async with session.put("/v1/session/password", json={"current": once, "new": PASSWORD}) as reply:
            assert reply.status == 204, await reply.text()
        yield session
