"""The pictures of the README: a full hall, taken anew when `WRITE_PICTURES=1`."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.clock import RunningClock
from tests.browser.halls import calls_of_every_kind
from tests.browser.screen import Screen
from tests.service import OPENS_AT, Service

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = {"lobby.png": (1600, 900), "lobby-portrait.png": (900, 1600)}


@pytest.fixture
def clock() -> RunningClock:
    """A clock that begins when the hall opens."""
    return RunningClock(OPENS_AT)


async def test_a_full_hall_is_pictured_for_the_readme(
    service: Service, clock: RunningClock, context: BrowserContext, tmp_path: Path
) -> None:
    newest = await calls_of_every_kind(service.api, clock)
    screen = await Screen.open(context, service.api.base, "?voice=clips")
    await screen.page.locator("#sound").click()
    await expect(screen.banner).to_have_attribute("data-number", newest)

    for name, (width, height) in PICTURES.items():
        await screen.page.set_viewport_size({"width": width, "height": height})
        await screen.settle()
        taken = await screen.page.screenshot(path=tmp_path / name)

        assert taken.startswith(b"\x89PNG")
        if os.environ.get("WRITE_PICTURES"):
            shutil.copy(tmp_path / name, DOCS / name)

    assert screen.complaints == []
