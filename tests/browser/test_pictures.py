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


async def test_the_list_of_halls_is_pictured_with_the_way_to_the_pages_for_staff(
    service: Service, context: BrowserContext, tmp_path: Path
) -> None:
    await service.api.open("1")
    page = await context.new_page()
    await page.set_viewport_size({"width": 1000, "height": 640})
    await page.clock.set_fixed_time(OPENS_AT)
    await page.goto(f"{service.api.base}/?lang=en")
    await page.locator(".staff summary").click()
    await expect(page.locator(".staff .counters a")).to_have_count(6)
    await page.evaluate("document.activeElement?.blur()")

    taken = await page.screenshot(path=tmp_path / "halls-en.png")

    assert taken.startswith(b"\x89PNG")
    if os.environ.get("WRITE_PICTURES"):
        shutil.copy(tmp_path / "halls-en.png", DOCS / "halls-en.png")
