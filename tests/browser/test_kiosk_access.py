"""Accessibility of the kiosk: axe-core, keyboard, large targets, and low targets on request."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, ViewportSize, expect

from tests.browser.axe import CHOOSE_THEME, faults, faults_by_theme
from tests.browser.booth import STANDING, Booth, kiosk_key
from tests.browser.test_pages import SIDEWAYS
from tests.browser.wire import Wire
from tests.service import Service

LIGHT_BYTES = 150_000
"""Transferred bytes with headers: the page, its worker, the worker's cache, and the first numbers of the stock."""

TARGETS = """() => [...document.querySelectorAll("button, a, input")]
  .filter((element) => element.checkVisibility())
  .map((element) => [element.id || element.textContent, element.getBoundingClientRect()])"""
BELOW_PX = "document.documentElement.scrollHeight - innerHeight"
START = """
- banner:
  - heading "学生资助贷款办理大厅" [level=1]
  - navigation "语言 Language":
    - link "中文"
    - link "English"
- main:
  - heading "已预约？请扫码签到 Booked? Scan to check in" [level=2]
  - button "输入 8 位凭证码 Type the code"
  - heading "没有预约？请选事项取号 No booking? Choose a service" [level=2]
  - group "同来人数 People":
    - button "少一人 One fewer" [disabled]
    - button "多一人 One more"
  - button /首次贷款签约 First loan contract/
  - button /咨询 Enquiries/
  - img "扫码在网上办理 Scan to do this online"
- navigation "辅助功能 Accessibility":
  - button "大字 Larger text"
  - button "高对比 High contrast"
  - button "按钮放低 Lower buttons"
  - button "请人帮忙 Call for help"
"""
TICKET = """
- main:
  - heading "您的号码 Your number" [level=2]
  - paragraph: B001
  - img "扫码在手机上看进度 Scan to watch your place"
  - button "好了 Done"
"""
"""The accessibility tree of a ticket. Screen readers announce all of it."""
LYING = ViewportSize(width=1920, height=1080)
LAPTOP = ViewportSize(width=1366, height=768)
LOWEST_SHARE = 0.36
"""Upper fraction of the screen without targets: on a screen from 75 cm to 145 cm above the floor it is above 1.2 m."""


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser of a kiosk."""
    async with await browser.new_context(viewport=STANDING, locale="zh-CN") as context:
        yield context


async def test_axe_finds_nothing_in_any_view_and_theme(service: Service, context: BrowserContext) -> None:
    booth = await Booth.at(context, service.api)
    page = booth.page
    assert await faults_by_theme(page) == {}
    await page.evaluate(CHOOSE_THEME, "contrast")
    await page.locator("#type").click()
    assert await faults(page) == []
    await page.locator("#code").fill("7K3M9QXR")
    await page.locator("#send").click()
    await booth.is_view("refused")
    assert await faults(page) == []
    await booth.home()
    await booth.take("enquiry")
    assert await faults(page) == []
    await page.get_by_role("link", name="English").click()
    assert await faults(page) == []
    await booth.home()
    await page.locator("#settings").click()
    await expect(page.locator("dialog")).to_be_visible()
    assert await faults(page) == []
    await page.locator("#settings-done").click()
    stranger = await Booth.open(await page.context.browser.new_context(), service.api.base, None)  # type: ignore[union-attr]
    await stranger.is_view("setup")
    assert await faults(stranger.page) == []


async def test_keys_are_enough_from_the_start_to_a_number_and_back(service: Service, context: BrowserContext) -> None:
    booth = await Booth.at(context, service.api)
    page = booth.page

    for _ in range(20):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement?.dataset.service") == "enquiry":
            break
    await page.keyboard.press("Enter")
    await booth.is_view("ticket")
    assert await page.evaluate("document.activeElement.id") == "title"
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")

    await booth.is_view("start")


async def test_a_screen_reader_is_led_from_the_start_to_a_number_that_it_hears(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("1")
    booth = await Booth.at(context, service.api)
    page = booth.page
    await expect(page.locator("body")).to_match_aria_snapshot(START)
    await page.get_by_role("button", name="多一人 One more").press("Enter")
    await expect(page.get_by_role("group", name="同来人数 People")).to_contain_text("2")
    heard = page.get_by_role("status").filter(has_text="您的号码是")
    await expect(heard).to_have_count(0)

    await page.get_by_role("button", name="咨询 Enquiries").press("Enter")

    await expect(page.get_by_role("heading", name="您的号码 Your number")).to_be_focused()
    await expect(heard).to_have_text("您的号码是 B001，咨询。前面 0 人，预计等候 0 至 5 分钟")
    await expect(heard).to_have_attribute("lang", "zh-CN")
    await expect(page.locator("main")).to_match_aria_snapshot(TICKET)
    await page.get_by_role("button", name="好了 Done").press("Enter")
    await expect(heard).to_have_count(0)
    await booth.scan("7K3M9QXR")
    await expect(page.get_by_role("heading", name="没有找到这个凭证码 There is no such code")).to_be_focused()
    await expect(page.get_by_role("status").filter(has_text="请对照短信或小票再输一次")).to_have_count(1)


async def test_the_focus_stays_where_it_is_when_the_waits_change(service: Service, context: BrowserContext) -> None:
    booth = await Booth.at(context, service.api)
    await booth.service("enquiry").focus()

    await service.api.take("enquiry")

    await expect(booth.service("enquiry").locator(".about")).to_contain_text("1 人等候")
    assert await booth.page.evaluate("document.activeElement.id") == "service-enquiry"


@pytest.mark.parametrize("low", [False, True])
async def test_targets_are_88_px_and_low_if_asked_for(service: Service, context: BrowserContext, low: bool) -> None:  # noqa: FBT001  (a parameter)
    booth = await Booth.at(context, service.api)
    if low:
        await booth.page.locator("#lower").click()

    for name, box in await booth.script(TARGETS):
        assert box["height"] >= 88, name
        assert box["width"] >= 88, name
        if low:
            assert box["top"] >= LOWEST_SHARE * STANDING["height"], name
            assert box["bottom"] <= STANDING["height"], name


async def resized(booth: Booth, *sizes: tuple[int, int]) -> AsyncIterator[str]:
    """Give the page each of these sizes in turn; yields the size in words."""
    for width, height in sizes:
        await booth.page.set_viewport_size(ViewportSize(width=width, height=height))
        yield f"{width} by {height}"


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_how_many_people_come_is_chosen_with_targets_of_88_px_on_small_screens_too(
    quiet_service: Service, context: BrowserContext, lang: str
) -> None:
    booth = await Booth.at(context, quiet_service.api, f"?lang={lang}")
    steps = booth.page.locator(".button.step")
    await expect(steps).to_have_count(2)

    async for size in resized(booth, (1000, 600), (1024, 768), (1280, 720)):
        for box in await steps.evaluate_all("steps => steps.map((step) => step.getBoundingClientRect().toJSON())"):
            assert box["width"] >= 88, size
            assert box["height"] >= 88, size
        assert await booth.script(SIDEWAYS) == [], size


async def test_it_fits_any_screen_without_sideways_scrolling(service: Service, context: BrowserContext) -> None:
    booth = await Booth.at(context, service.api)

    async def fits(where: str) -> None:
        async for size in resized(booth, (320, 1080), (768, 1080), (1920, 1080)):
            assert await booth.script(SIDEWAYS) == [], (where, size)

    await fits("start")
    await booth.page.locator("#larger").click()
    await fits("larger text")
    await booth.page.locator("#type").click()
    await fits("code")
    await booth.page.locator("#leave").click()
    await booth.take("enquiry")
    await fits("ticket")


async def test_a_small_screen_that_lies_shows_all_that_can_be_chosen_and_why_nothing_can(
    service: Service, context: BrowserContext
) -> None:
    booth = await Booth.at(context, service.api)
    sizes = (1366, 768), (1280, 720), (1024, 768)
    edge = "document.querySelector('#foot').getBoundingClientRect().top"
    bottom = "(found) => document.querySelector(found).getBoundingClientRect().bottom"
    await expect(booth.service("enquiry")).to_be_visible()

    async for size in resized(booth, *sizes):
        for last in ("#service-enquiry", ".choice.online", ".booked-box"):
            assert await booth.script(bottom, last) <= await booth.script(edge), (last, size)
        for name, box in await booth.script(TARGETS):
            assert box["height"] >= 88, (name, size)
        assert await booth.script(SIDEWAYS) == [], size

    await service.api.staff("PUT", "suspension", {"text": {"zh-CN": "消防演习", "en": "Fire drill"}})
    await expect(booth.page.locator(".walk-in > .message")).to_contain_text("消防演习")
    async for size in resized(booth, *sizes):
        assert await booth.script(bottom, ".walk-in > .message") <= await booth.script(edge), size


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_nothing_lies_below_the_edge_of_a_screen_that_stands_or_lies(
    service: Service, context: BrowserContext, lang: str
) -> None:
    booth = await Booth.at(context, service.api, f"?lang={lang}")
    page = booth.page

    async def nothing_below(where: str) -> None:
        sizes = [(screen["width"], screen["height"]) for screen in (STANDING, LYING, LAPTOP)]
        async for size in resized(booth, *sizes):
            assert await booth.script(BELOW_PX) == 0, (where, size)

    await nothing_below("start")
    await page.locator("#type").click()
    await nothing_below("code")
    await page.locator("#code").fill("7K3M9QXR")
    await page.locator("#send").click()
    await booth.is_view("refused")
    await nothing_below("refused")
    await booth.home()
    await booth.print_on("80")
    await booth.take("loan-first")
    await expect(page.locator("#no-slip")).to_be_visible()
    await nothing_below("ticket")
    await page.locator("#no-slip").click()
    await expect(page.locator("#no-slip")).to_have_count(0)
    await nothing_below("ticket without a slip")
    await booth.home()
    await context.set_offline(offline=True)
    await booth.is_link("cut")
    await nothing_below("start, cut off")
    await booth.take("loan-first")
    await nothing_below("ticket, cut off")
    await page.locator("#no-slip").click()
    await expect(page.locator("#no-slip")).to_have_count(0)
    await nothing_below("ticket without a slip, cut off")


async def test_who_presses_twice_with_a_mouse_marks_nothing_of_the_page(
    service: Service, context: BrowserContext
) -> None:
    booth = await Booth.at(context, service.api)

    await booth.page.locator("#hall").dblclick()

    assert await booth.script("getSelection().toString()") == ""


async def test_the_page_is_light_with_the_copy_that_its_worker_keeps(service: Service, context: BrowserContext) -> None:
    _, key = await kiosk_key(service.api)
    async with Wire(service.running.http_port) as wire:
        booth = await Booth.open(context, wire.base, key)
        await booth.is_ready()

        assert 0 < wire.heard_bytes <= LIGHT_BYTES


async def test_loaded_again_it_is_lighter_still(service: Service, context: BrowserContext) -> None:
    _, key = await kiosk_key(service.api)
    async with Wire(service.running.http_port) as wire:
        booth = await Booth.open(context, wire.base, key)
        await booth.is_ready()
        first_bytes = wire.heard_bytes

        await booth.page.reload()
        await booth.is_ready()

        assert wire.heard_bytes - first_bytes <= first_bytes / 2, "what is still good does not come again"
