"""The code of a kiosk's slip: read from the screen and from the paper, and opened on a phone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Error, expect

from tests.browser.axe import faults
from tests.browser.booth import STANDING, Booth
from tests.browser.clock import RunningClock
from tests.browser.phone import Phone, hand
from tests.browser.pictures import picture
from tests.browser.qr import read_picture
from tests.service import Service, service_on

PUBLIC_URL = "https://hall.example"
DOTS = 4
"""Printed dots per CSS pixel: a printer has more than twice as many on the same width."""


@pytest.fixture
async def service(dsn: str, tmp_path: Path, clock: RunningClock) -> AsyncIterator[Service]:
    """A service with a public address."""
    async with service_on(dsn, tmp_path, clock, public_url=PUBLIC_URL) as running:
        yield running


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser of a kiosk."""
    async with await browser.new_context(viewport=STANDING, locale="zh-CN", device_scale_factor=DOTS) as context:
        yield context


@pytest.fixture
async def pocket(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser of a phone."""
    async with await hand(browser) as phone:
        yield phone


async def code_on(booth: Booth, place: str) -> str:
    """Return the text of the shown code."""
    drawn = booth.page.locator(f"{place} .qr")
    while True:
        try:
            return read_picture(await drawn.screenshot())
        except Error as error:  # the page was drawn again meanwhile
            if "not attached" not in error.message:
                raise


async def open_on(pocket: BrowserContext, service: Service, link: str, *, ready: bool = True) -> Phone:
    """Open a link of the service at its address in this test."""
    assert link.startswith(f"{PUBLIC_URL}/t/")
    return await Phone.open(pocket, link.replace(PUBLIC_URL, service.api.base), ready=ready)


async def test_the_code_on_the_screen_opens_the_live_ticket(
    service: Service, context: BrowserContext, pocket: BrowserContext
) -> None:
    await service.api.open("1")
    booth = await Booth.at(context, service.api)
    number = await booth.take("enquiry")

    phone = await open_on(pocket, service, await code_on(booth, ".ticket-view"))

    await expect(phone.main.locator(".number").first).to_have_text(number)
    await expect(phone.body).to_have_attribute("data-link", "live")
    await service.api.next("1")
    await expect(phone.body).to_have_attribute("data-view", "called")
    assert phone.complaints == []


@pytest.mark.parametrize("width", ["58", "80"])
async def test_the_code_on_the_paper_is_that_on_the_screen(
    service: Service, context: BrowserContext, width: str
) -> None:
    booth = await Booth.at(context, service.api)
    await booth.print_on(width)
    await booth.take("enquiry")
    on_screen = await code_on(booth, ".ticket-view")

    await booth.page.emulate_media(media="print")

    assert await code_on(booth, "#slip") == on_screen


async def test_the_code_of_a_number_given_while_the_kiosk_is_cut_off_is_live_when_it_is_back_and_says_so_before(
    service: Service, context: BrowserContext, pocket: BrowserContext, tmp_path: Path
) -> None:
    booth = await Booth.at(context, service.api)
    await context.set_offline(offline=True)
    await booth.is_link("cut")
    number = await booth.take("enquiry")

    phone = await open_on(pocket, service, await code_on(booth, ".ticket-view"), ready=False)

    await expect(phone.body).to_have_attribute("data-view", "unreported")
    await expect(phone.main.locator(".number")).to_have_text(number)
    await expect(phone.main.locator(".message")).to_contain_text("号码有效，正在等自助机联网登记")
    assert await faults(phone.page) == []
    await picture(phone.page, tmp_path, "phone-unreported.png")
    await phone.page.get_by_role("link", name="English").click()
    await expect(phone.main.locator(".message")).to_contain_text("Your number is valid")
    await picture(phone.page, tmp_path, "phone-unreported-en.png")
    await context.set_offline(offline=False)
    await phone.is_ready()
    await expect(phone.main.locator(".number").first).to_have_text(number)
    await expect(phone.body).to_have_attribute("data-link", "live")
    assert [complaint for complaint in phone.complaints if "409" not in complaint] == []
