"""Signing in and out with a browser's cookie."""

from collections.abc import AsyncIterator

import pytest

from tests.service import ADMIN, Service
from tests.web.checked import Checked
from tests.web.staff import Browser


@pytest.fixture
async def browser(house: Service, hall: Checked) -> AsyncIterator[Browser]:
    """A browser at a new hall."""
    async with Browser(house.api.base, hall.hall) as browser:
        yield browser


async def test_nobody_is_signed_in_at_first(browser: Browser) -> None:
    reply = await browser.call("GET", "/v1/session")

    assert reply.status == 200
    assert reply.body == {"account": None, "roles": [], "must_change": False, "sso": False, "expires_at": None}


async def test_the_admin_signs_in_with_the_admin_token_and_works_by_the_cookie(browser: Browser) -> None:
    signed_in = await browser.sign_in("Admin", ADMIN)
    seen = await browser.call("GET", "/v1/session")
    opened = await browser.call("POST", "counters/1/open")
    out = await browser.call("DELETE", "/v1/session")
    after = await browser.call("POST", "counters/1/pause")

    assert signed_in.status == 200, signed_in.body
    assert signed_in.body["roles"] == [{"hall": None, "role": "admin"}]
    assert seen.body == signed_in.body
    assert (opened.status, opened.body["staff"]) == (200, None)
    assert (out.status, after.code) == (204, "token-missing")
