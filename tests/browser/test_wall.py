"""The sheet with the rules of the hall, on the screen and printed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, ViewportSize

from tests.browser.clock import RunningClock
from tests.browser.phone import Phone, hand
from tests.browser.pictures import picture
from tests.service import OPENS_AT, Service

SHEET = ViewportSize(width=900, height=1640)


@pytest.fixture
def clock() -> RunningClock:
    """A clock that starts when the hall opens."""
    return RunningClock(OPENS_AT)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context of a phone."""
    async with await hand(browser) as context:
        yield context


async def test_the_rules_fill_one_sheet_and_one_printed_page(
    service: Service, context: BrowserContext, tmp_path: Path
) -> None:
    wall = await Phone.open(context, f"{service.api.base}/halls/demo/wall")
    await wall.page.set_viewport_size(SHEET)
    assert await wall.script("document.documentElement.scrollHeight") == SHEET["height"], "down to its lower edge"

    await picture(wall.page, tmp_path, "wall.png", SHEET)

    await wall.page.emulate_media(media="print")
    assert (await wall.page.pdf(format="A4")).count(b"/Type /Page\n") == 1
