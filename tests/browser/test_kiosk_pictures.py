"""Pictures of the kiosk."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, ViewportSize, expect

from tests.api.checked import at
from tests.browser.booth import STANDING, Booth
from tests.browser.clock import RunningClock
from tests.browser.halls import busy_morning
from tests.browser.pictures import picture
from tests.service import OPENS_AT, Service

pytestmark = pytest.mark.pictures

LYING = ViewportSize(width=1920, height=1080)
ROLLS = {"58": ViewportSize(width=182, height=520), "80": ViewportSize(width=272, height=680)}
"""Printable width of each roll (48 and 72 mm), at 96 dpi."""

LANGUAGES = {"zh": "", "en": "-en"}
"""Suffixes of picture names by language."""

languages = pytest.mark.parametrize("lang", LANGUAGES)


@pytest.fixture
def clock() -> RunningClock:
    """A clock that starts when the hall opens."""
    return RunningClock(OPENS_AT)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser of a kiosk."""
    async with await browser.new_context(viewport=STANDING, locale="zh-CN", device_scale_factor=1) as context:
        yield context


async def busy(service: Service, clock: RunningClock, context: BrowserContext, lang: str) -> Booth:
    """A kiosk in a hall with waiting people."""
    await busy_morning(service.api, clock)
    booth = await Booth.at(context, service.api, f"?lang={lang}")
    await expect(booth.service("enquiry").locator(".about")).to_contain_text("人等候")
    return booth


@languages
async def test_a_kiosk_is_pictured_from_its_start_to_a_number(
    service: Service, clock: RunningClock, context: BrowserContext, tmp_path: Path, lang: str
) -> None:
    booth = await busy(service, clock, context, lang)
    page = booth.page
    await picture(page, tmp_path, f"kiosk{LANGUAGES[lang]}.png", STANDING)
    await picture(page, tmp_path, f"kiosk-wide{LANGUAGES[lang]}.png", LYING)
    await page.set_viewport_size(STANDING)
    await page.locator("#lower").click()
    await picture(page, tmp_path, f"kiosk-low{LANGUAGES[lang]}.png", STANDING)
    await page.locator("#lower").click()
    await page.locator("#type").click()
    await page.locator("#code").fill("7K3M9Q")
    await picture(page, tmp_path, f"kiosk-code{LANGUAGES[lang]}.png", STANDING)
    await page.locator("#leave").click()
    await booth.take("loan-first")
    await picture(page, tmp_path, f"kiosk-ticket{LANGUAGES[lang]}.png", STANDING)
    await picture(page, tmp_path, f"kiosk-ticket-wide{LANGUAGES[lang]}.png", LYING, kept=False)

    assert booth.complaints == []


@languages
async def test_a_kiosk_that_is_cut_off_is_pictured_with_its_number_and_what_it_says_no_to(
    service: Service, clock: RunningClock, context: BrowserContext, tmp_path: Path, lang: str
) -> None:
    booth = await busy(service, clock, context, lang)
    page = booth.page
    await context.set_offline(offline=True)
    await booth.is_link("cut")
    await picture(page, tmp_path, f"kiosk-cut{LANGUAGES[lang]}.png", STANDING)
    await booth.take("enquiry")
    await picture(page, tmp_path, f"kiosk-ticket-cut{LANGUAGES[lang]}.png", STANDING)
    await booth.home()
    await booth.scan("7K3M9QXR")
    await booth.is_view("refused")
    await picture(page, tmp_path, f"kiosk-refused{LANGUAGES[lang]}.png", STANDING)
    await picture(page, tmp_path, f"kiosk-refused-wide{LANGUAGES[lang]}.png", LYING, kept=False)

    assert [one for one in booth.complaints if "INTERNET_DISCONNECTED" not in one] == []


@languages
async def test_slips_are_pictured_on_each_roll(
    service: Service, clock: RunningClock, browser: Browser, tmp_path: Path, lang: str
) -> None:
    async with await browser.new_context(viewport=STANDING, locale="zh-CN", device_scale_factor=2) as context:
        booth = await busy(service, clock, context, lang)
        for width, paper in ROLLS.items():
            await booth.print_on(width)
            await booth.page.locator("#more").click()
            await booth.take("enquiry")
            await booth.page.emulate_media(media="print")
            await picture(booth.page, tmp_path, f"kiosk-slip-{width}{LANGUAGES[lang]}.png", paper)
            await booth.page.emulate_media(media="screen")
            await booth.page.set_viewport_size(STANDING)
            await booth.home()

        assert booth.complaints == []


@languages
async def test_a_number_without_a_slip_is_pictured(
    service: Service, clock: RunningClock, context: BrowserContext, tmp_path: Path, lang: str
) -> None:
    booth = await busy(service, clock, context, lang)
    page = booth.page
    await booth.print_on("80")
    await booth.take("loan-first")
    await picture(page, tmp_path, f"kiosk-printed{LANGUAGES[lang]}.png", STANDING, kept=False)
    await picture(page, tmp_path, f"kiosk-printed-wide{LANGUAGES[lang]}.png", LYING, kept=False)
    await page.locator("#no-slip").click()
    await expect(page.locator(".take-along")).to_contain_text("已通知工作人员")
    await picture(page, tmp_path, f"kiosk-no-slip{LANGUAGES[lang]}.png", STANDING)
    await picture(page, tmp_path, f"kiosk-no-slip-wide{LANGUAGES[lang]}.png", LYING, kept=False)

    assert booth.complaints == []


@languages
async def test_a_number_on_standby_is_pictured(
    service: Service, clock: RunningClock, context: BrowserContext, tmp_path: Path, lang: str
) -> None:
    clock.advance((at("16:40") - clock.now_at()).total_seconds())
    await service.api.open("1")
    while (await service.api.take("enquiry"))["admission"] == "admitted":
        pass
    booth = await Booth.at(context, service.api, f"?lang={lang}")
    await booth.take("enquiry")
    await expect(booth.page.locator(".where")).to_contain_text("您在候补")
    await picture(booth.page, tmp_path, f"kiosk-standby{LANGUAGES[lang]}.png", STANDING)

    assert booth.complaints == []


@languages
async def test_what_staff_see_of_a_kiosk_is_pictured(
    service: Service, context: BrowserContext, tmp_path: Path, lang: str
) -> None:
    booth = await Booth.at(context, service.api, f"?lang={lang}")
    await booth.page.locator("#settings").click()
    await picture(booth.page, tmp_path, f"kiosk-settings{LANGUAGES[lang]}.png", STANDING, kept=False)
    async with await context.browser.new_context(viewport=STANDING, locale="zh-CN") as nobodys:  # type: ignore[union-attr]
        stranger = await Booth.open(nobodys, service.api.base, None, f"?lang={lang}")
        await stranger.is_view("setup")
        await picture(stranger.page, tmp_path, f"kiosk-setup{LANGUAGES[lang]}.png", STANDING)

    assert booth.complaints == []
