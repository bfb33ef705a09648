"""The pictures of the kiosk; taken anew when `WRITE_PICTURES=1`."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, ViewportSize, expect

from tests.browser.booth import STANDING, Booth
from tests.browser.clock import RunningClock
from tests.browser.halls import busy_morning
from tests.service import OPENS_AT, Service

DOCS = Path(__file__).parents[2] / "docs"
SLIP = ViewportSize(width=302, height=640)
"""80 mm at 96 dots an inch."""


@pytest.fixture
def clock() -> RunningClock:
    """A clock that begins when the hall opens."""
    return RunningClock(OPENS_AT)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A kiosk's browser."""
    async with await browser.new_context(viewport=STANDING, locale="zh-CN", device_scale_factor=1) as context:
        yield context


async def picture(booth: Booth, folder: Path, name: str) -> None:
    """Take a picture of what is settled, without the ring of the focus."""
    await booth.script("document.activeElement?.blur(); scrollTo(0, 0);")
    taken = await booth.page.screenshot(path=folder / name)

    assert taken.startswith(b"\x89PNG")
    if os.environ.get("WRITE_PICTURES"):
        shutil.copy(folder / name, DOCS / name)


async def test_a_kiosk_is_pictured_in_both_languages_low_and_with_a_number(
    service: Service, clock: RunningClock, context: BrowserContext, tmp_path: Path
) -> None:
    await busy_morning(service.api, clock)
    booth = await Booth.at(context, service.api)
    await expect(booth.service("enquiry").locator(".about")).to_contain_text("人等候")
    await picture(booth, tmp_path, "kiosk.png")
    await booth.page.locator("#lower").click()
    await picture(booth, tmp_path, "kiosk-low.png")
    await booth.page.locator("#lower").click()
    await booth.page.get_by_role("link", name="English").click()
    await picture(booth, tmp_path, "kiosk-en.png")
    await booth.page.locator("#type").click()
    await booth.page.locator("#code").fill("7K3M9Q")
    await picture(booth, tmp_path, "kiosk-code-en.png")
    await booth.page.locator("#leave").click()
    await booth.page.get_by_role("link", name="中文").click()
    await booth.take("loan-first")
    await picture(booth, tmp_path, "kiosk-ticket.png")
    await booth.home()
    await booth.page.locator("#settings").click()
    await booth.page.locator('input[value="80"]').check()
    await booth.page.locator("#settings-done").click()
    await context.set_offline(offline=True)
    await booth.is_link("cut")
    await picture(booth, tmp_path, "kiosk-cut.png")
    await booth.take("enquiry")
    await picture(booth, tmp_path, "kiosk-ticket-cut.png")
    await booth.page.emulate_media(media="print")
    await booth.page.set_viewport_size(SLIP)
    await picture(booth, tmp_path, "kiosk-slip.png")

    assert [one for one in booth.complaints if "INTERNET_DISCONNECTED" not in one] == []
