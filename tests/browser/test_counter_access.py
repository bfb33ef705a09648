"""Accessibility of the counter's page in every state and theme, also on a narrow phone."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, ViewportSize, expect

from tests.browser.axe import CHOOSE_THEME, faults, faults_by_theme
from tests.browser.clock import RunningClock
from tests.browser.desk import Desk
from tests.browser.test_pages import SIDEWAYS
from tests.service import Service


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser of a clerk."""
    async with await browser.new_context(viewport=ViewportSize(width=1280, height=800), locale="zh-CN") as context:
        yield context


async def test_axe_finds_nothing_in_any_state_of_the_counter(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    await service.api.take("loan-first")
    for _ in range(3):
        await service.api.take("enquiry")
    stranger = await Desk.open(context, service.api.base)
    await expect(stranger.page.locator("#sign-in-name")).to_be_visible()
    assert await faults(stranger.page) == []

    desk = await Desk.at(context, service.api.base)
    page = desk.page
    await desk.is_view("closed")
    assert await faults(page) == []
    await desk.press("Enter")
    await desk.is_view("idle")
    assert await faults(page) == []
    await desk.press("Enter")
    await desk.is_view("called")
    clock.advance(130)
    await expect(desk.act("no-show")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("button", name="求助").click()
    await expect(page.locator("#alarms")).to_contain_text("求助")
    await desk.press("s")
    await desk.is_view("serving")
    await desk.press("F8")
    await expect(desk.toast).to_be_visible()
    await desk.is_view("called")
    assert await faults_by_theme(page) == {}
    await page.evaluate(CHOOSE_THEME, "contrast")
    await page.locator("account-menu summary").click()
    assert await faults(page) == []
    await page.keyboard.press("Escape")


async def test_axe_finds_nothing_in_the_dialogs(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    await service.api.take("loan-first")
    desk = await Desk.at(context, service.api.base)
    await desk.press("Enter", "s")
    await desk.is_view("serving")

    for key in ("c", "t", "l", "?"):
        await desk.press(key)
        await expect(desk.page.locator("dialog")).to_be_visible()
        assert await faults(desk.page) == [], key
        await desk.page.keyboard.press("Escape")
        await expect(desk.page.locator("dialog")).to_have_count(0)


async def test_what_axe_would_find_is_found(service: Service, context: BrowserContext) -> None:
    desk = await Desk.open(context, service.api.base)
    await expect(desk.page.locator("#sign-in-name")).to_be_visible()

    await desk.page.evaluate("document.querySelector('label').remove()")

    assert any(fault.startswith("label") for fault in await faults(desk.page))


async def test_a_counter_is_worked_on_a_narrow_phone_without_scrolling_sideways(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("P1")
    for _ in range(3):
        await service.api.take("loan-first")
    desk = await Desk.at(context, service.api.base, "P1", "?lang=en")
    await desk.page.set_viewport_size({"width": 320, "height": 640})
    assert await desk.page.evaluate(SIDEWAYS) == []

    await desk.main.click()
    await desk.is_view("called")

    assert await desk.page.evaluate(SIDEWAYS) == []
    assert await faults(desk.page) == []
    box = await desk.main.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 640
    assert desk.complaints == []


async def test_who_is_on_standby_or_put_aside_is_hit_with_a_thumb(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    await service.api.next("3")
    desk = await Desk.at(context, service.api.base)
    await desk.press("p")
    await desk.page.locator("dialog button[type=submit]").click()
    button = desk.page.locator("#also button")
    await expect(button).to_have_text("B001")

    box = await button.bounding_box()

    assert box is not None
    assert box["width"] >= 44
    assert box["height"] >= 44
