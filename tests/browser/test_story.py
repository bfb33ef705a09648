"""A whole visit in real browsers: booking on a phone, check-in, call, and return with a missing paper."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.booth import STANDING, Booth
from tests.browser.clock import RunningClock
from tests.browser.desk import Desk
from tests.browser.phone import hand
from tests.browser.screen import Screen
from tests.browser.test_applicant import SOME_PLACES, booked, configure
from tests.browser.test_kiosk_slips import DOTS, PUBLIC_URL, code_on, open_on
from tests.browser.test_sound import LISTEN, announcement, sentence_begun, tap_for_sound
from tests.browser.test_ticket import RINGS
from tests.service import Service, service_on


@pytest.fixture
async def service(dsn: str, tmp_path: Path, clock: RunningClock) -> AsyncIterator[Service]:
    """A service with a public address."""
    async with service_on(dsn, tmp_path, clock, public_url=PUBLIC_URL) as running:
        yield running


@pytest.fixture
async def pocket(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser of a phone, which records rings."""
    async with await hand(browser) as phone:
        await phone.add_init_script(RINGS)
        yield phone


@pytest.fixture
async def door(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser of a kiosk."""
    async with await browser.new_context(viewport=STANDING, locale="zh-CN", device_scale_factor=DOTS) as context:
        yield context


async def test_who_books_on_a_phone_is_called_for_all_to_see_and_hear_and_comes_back_with_a_paper_by_the_slip(
    service: Service, pocket: BrowserContext, door: BrowserContext, context: BrowserContext, office: BrowserContext
) -> None:
    api = service.api
    await configure(service, booking=SOME_PLACES)
    screen = await Screen.prepare(context)
    await screen.page.add_init_script(LISTEN)
    await screen.go(api.base)
    await tap_for_sound(screen)
    booth = await Booth.at(door, api)
    await booth.print_on("58")
    desk = await Desk.at(office, api.base)
    await desk.press("Enter")
    await desk.is_view("idle")

    # booked on a phone, and checked in by the code that the phone shows
    phone = await booked(pocket, service)
    await booth.scan(await phone.page.locator(".code").inner_text())
    await booth.is_view("ticket")
    number = await booth.number()
    [waiting] = (await api.staff("GET", "queue")).body["waiting"]
    assert (waiting["number"], waiting["class"], waiting["channel"]) == (number, "appointment", "kiosk")
    ticket = await open_on(pocket, service, await code_on(booth, ".ticket-view"))
    await expect(ticket.body).to_have_attribute("data-link", "live")
    assert await booth.script("window.printed") == 1
    await booth.page.emulate_media(media="print")
    slip = await code_on(booth, "#slip")
    await booth.page.emulate_media(media="screen")

    # called: shown and spoken in the lobby and on the phone
    await desk.press("Enter")
    await desk.is_view("called")
    await expect(desk.number).to_have_text(number)
    await expect(screen.banner).to_have_attribute("data-number", number)
    await expect(screen.banner).to_have_attribute("data-counter", "3")
    await sentence_begun(screen, 4)
    assert [said["clips"] for said in await screen.script("spoken")] == announcement(number, "3")
    await ticket.is_view("called")
    await expect(ticket.page.locator("#call")).to_have_text(f"请 {number} 到 3 号窗口")
    await expect(ticket.page.locator("html")).to_have_attribute("data-rung", "next called")

    # served, with a missing paper
    await desk.press("s")
    await desk.is_view("serving")
    await desk.press("c")
    await desk.page.locator('input[value="photocopy"]').check()
    await desk.page.locator("dialog button[type=submit]").click()
    await desk.is_view("idle")
    await ticket.is_view("done")
    await expect(ticket.main).to_contain_text("缺复印件")
    await expect(screen.call(number)).to_have_count(0)

    # return with the paper, by the code on the slip
    await booth.home()
    await booth.scan(slip)
    await booth.is_view("ticket")
    [returned] = (await api.staff("GET", "queue")).body["waiting"]
    assert (returned["number"], returned["class"]) == (await booth.number(), "returning")
    assert [phone.complaints, ticket.complaints, booth.complaints, screen.complaints, desk.complaints] == [[]] * 5
