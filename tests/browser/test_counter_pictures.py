"""Pictures of the counter's page, on a desktop and on a phone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, ViewportSize, expect

from tests.browser.clock import RunningClock
from tests.browser.desk import Desk
from tests.browser.halls import busy_morning
from tests.browser.pictures import PHONE, picture
from tests.browser.staff import PASSWORD, member
from tests.service import OPENS_AT, Api, Service

pytestmark = pytest.mark.pictures

DESK = ViewportSize(width=1280, height=800)
SMALL = ViewportSize(width=900, height=620)
HIGH_PHONE = ViewportSize(width=390, height=1010)


@pytest.fixture
def clock() -> RunningClock:
    """A clock that starts when the hall opens."""
    return RunningClock(OPENS_AT)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser of a clerk, with a high-resolution screen."""
    async with await browser.new_context(viewport=DESK, locale="zh-CN", device_scale_factor=1) as context:
        yield context


async def classes(api: Api) -> None:
    """Make a green ticket, a ticket parked for a missing paper, and prechecked tickets."""
    waiting = [ticket for ticket in (await api.staff("GET", "queue")).body["waiting"] if ticket["stage"] == "window"]
    green, parked, missing = waiting[4], waiting[6], waiting[7]
    for path, method, body in (
        (f"tickets/{green['id']}", "PATCH", {"class": "green", "reason": "with-infant"}),
        (f"tickets/{parked['id']}/papers", "POST", {"missing": ["enrolment-letter"], "then": "park"}),
        (f"tickets/{missing['id']}/papers", "POST", {"missing": ["photocopy"], "then": "stay"}),
    ):
        reply = await api.staff(method, path, body)
        assert reply.status == 200, reply.body


async def test_a_counter_is_pictured_in_both_languages_at_a_desk_and_in_a_hand(
    service: Service, clock: RunningClock, context: BrowserContext, tmp_path: Path
) -> None:
    await busy_morning(service.api, clock)
    await classes(service.api)
    await member(service.api, "chen", "staff", "陈老师")
    stranger = await Desk.open(context, service.api.base, "3", "?lang=zh")
    for language, title, ending in (("中文", "登录", ""), ("English", "Sign in", "-en")):
        await stranger.page.get_by_role("link", name=language).click()
        await expect(stranger.page.locator("sign-in h1")).to_have_text(title)
        await stranger.page.locator("#sign-in-name").fill("chen")
        await stranger.page.locator("#sign-in-password").fill(PASSWORD)
        await picture(stranger.page, tmp_path, f"sign-in{ending}.png", SMALL)
        await picture(stranger.page, tmp_path, f"sign-in-phone{ending}.png", PHONE)
    await stranger.page.close()
    desk = await Desk.at(context, service.api.base, "3", "?lang=zh", name="chen", password=PASSWORD)
    await desk.press("Enter", "s")
    await desk.is_view("serving")
    clock.advance(172)
    await expect(desk.page.locator("#timer b")).to_contain_text("02:5")
    await picture(desk.page, tmp_path, "counter.png", DESK)
    await desk.page.get_by_role("link", name="English").click()
    await expect(desk.main).to_contain_text("Finish, call next")
    await picture(desk.page, tmp_path, "counter-phone-en.png", PHONE)
    await desk.page.set_viewport_size(DESK)
    await desk.page.get_by_role("link", name="中文").click()
    await desk.press("Escape", "Enter")
    await expect(desk.toast).to_be_visible()
    await desk.is_view("called")
    await picture(desk.page, tmp_path, "counter-phone.png", PHONE)
    await desk.page.set_viewport_size(DESK)
    await desk.press("s")
    await desk.is_view("serving")
    await desk.press("f")
    await desk.is_view("idle")
    await desk.page.get_by_role("link", name="English").click()
    await expect(desk.main).to_contain_text("Call next")
    await picture(desk.page, tmp_path, "counter-en.png", DESK)

    assert desk.complaints == []


async def test_a_volunteer_is_pictured_along_the_line(
    service: Service, clock: RunningClock, context: BrowserContext, tmp_path: Path
) -> None:
    await service.api.open("P1", "3")
    for _ in range(4):
        await service.api.take("loan-first")
        clock.advance(100)
    await member(service.api, "li", "volunteer", "Li")
    desk = await Desk.at(context, service.api.base, "P1", "?lang=zh", name="li", password=PASSWORD)
    await desk.press("Enter")
    await desk.is_view("called")
    await desk.press("2")
    await expect(desk.main).to_contain_text("1")

    await picture(desk.page, tmp_path, "counter-precheck-phone.png", HIGH_PHONE)
    await picture(desk.page, tmp_path, "counter-precheck.png", DESK)
    await desk.page.get_by_role("link", name="English").click()
    await expect(desk.main).to_contain_text("1 missing")
    await expect(desk.page.locator("#checklist .name").first).to_have_text("ID card")
    await picture(desk.page, tmp_path, "counter-precheck-en.png", DESK)
    await picture(desk.page, tmp_path, "counter-precheck-phone-en.png", HIGH_PHONE)

    assert desk.complaints == []
