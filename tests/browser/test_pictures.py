"""Pictures of the public pages: lobby screen, list of halls, API reference."""

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, ViewportSize, expect

from tests.browser.clock import RunningClock
from tests.browser.halls import calls_of_every_kind
from tests.browser.pictures import PHONE, picture
from tests.browser.screen import Screen
from tests.service import OPENS_AT, Service

pytestmark = pytest.mark.pictures

WALLS = {"lobby.png": (1600, 900), "lobby-portrait.png": (900, 1600)}
DESKTOP = ViewportSize(width=1000, height=640)
LANGUAGES = {"zh": "", "en": "-en"}
"""Suffixes of picture names by language."""


@pytest.fixture
def clock() -> RunningClock:
    """A clock that starts when the hall opens."""
    return RunningClock(OPENS_AT)


async def test_a_full_hall_is_pictured_for_the_readme(
    service: Service, clock: RunningClock, context: BrowserContext, tmp_path: Path
) -> None:
    newest = await calls_of_every_kind(service.api, clock)
    screen = await Screen.open(context, service.api.base, "?voice=clips")
    await screen.page.locator("#sound").click()
    await expect(screen.banner).to_have_attribute("data-number", newest)

    for name, (width, height) in WALLS.items():
        await screen.page.set_viewport_size({"width": width, "height": height})
        await screen.settle()
        await picture(screen.page, tmp_path, name)

    assert screen.complaints == []


@pytest.mark.parametrize(("lang", "ending"), LANGUAGES.items())
async def test_the_list_of_halls_is_pictured_with_the_way_to_the_pages_for_staff(
    service: Service, context: BrowserContext, tmp_path: Path, lang: str, ending: str
) -> None:
    await service.api.open("1")
    page = await context.new_page()
    await page.clock.set_fixed_time(OPENS_AT)
    await page.goto(f"{service.api.base}/?lang={lang}")
    await page.locator(".staff summary").click()
    await expect(page.locator(".staff .counters a")).to_have_count(6)

    await picture(page, tmp_path, f"halls{ending}.png", DESKTOP)
    await picture(page, tmp_path, f"halls-phone{ending}.png", PHONE)


@pytest.mark.parametrize(("lang", "ending"), LANGUAGES.items())
async def test_the_reference_is_pictured(
    service: Service, context: BrowserContext, tmp_path: Path, lang: str, ending: str
) -> None:
    page = await context.new_page()
    await page.goto(f"{service.api.base}/docs?lang={lang}")
    await page.locator("#operations article").first.wait_for()

    await picture(page, tmp_path, f"reference{ending}.png", ViewportSize(width=1280, height=900))
    await picture(page, tmp_path, f"reference-phone{ending}.png", PHONE)
