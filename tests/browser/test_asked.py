"""A dialog about a person acts on that person or on nobody."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Route, ViewportSize, expect

from tests.browser.desk import Desk
from tests.browser.manage import Manage
from tests.browser.test_counter import states
from tests.service import Service

DESKTOP = ViewportSize(width=1280, height=800)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context of a clerk."""
    async with await browser.new_context(viewport=DESKTOP, locale="zh-CN") as context:
        yield context


async def at_work(service: Service, context: BrowserContext) -> Desk:
    """Counter 3, which serves B001 while B002 and B003 wait."""
    await service.api.open("3")
    for _ in range(3):
        await service.api.take("enquiry")
    called = await service.api.next("3")
    assert called is not None
    await service.api.staff("POST", f"tickets/{called['id']}/start")
    desk = await Desk.at(context, service.api.base)
    await desk.is_view("serving")
    return desk


async def hears_nothing(desk: Desk) -> None:
    """Keep updates of the hall from the page."""
    for path in ("queue", "counters/3"):
        await desk.page.route(f"**/{path}", lambda route: route.abort("connectionreset"))


async def hears_again(desk: Desk) -> None:
    """Let the page receive updates again."""
    for path in ("queue", "counters/3"):
        await desk.page.unroute(f"**/{path}")


# Another person is at the counter by then.


async def test_a_dialog_about_somebody_who_has_gone_closes_with_a_word(
    service: Service, context: BrowserContext
) -> None:
    desk = await at_work(service, context)
    sent = asyncio.Event()

    async def slow(route: Route) -> None:
        await sent.wait()
        await route.continue_()

    await desk.page.route("**/next", slow)
    await desk.press("Enter")
    await desk.page.keyboard.press("c")
    await expect(desk.page.locator("dialog")).to_contain_text("容缺受理 B001")
    await desk.page.locator("dialog [name=missing]").first.check()
    sent.set()

    await expect(desk.number).to_have_text("B002")
    await expect(desk.page.locator("dialog")).to_have_count(0)
    await expect(desk.message).to_have_text("B001 已不在本窗口。")
    assert await states(service.api) == {"B002": "called at 3", "B003": "waiting"}


@pytest.mark.parametrize(
    ("key", "path", "word"),
    [
        ("c", "finish", "B001 已不在本窗口。"),
        ("q", "close", "B001 已不在本窗口。如仍要暂停或关闭，请再按一次。"),
        ("l", "pause", "B001 已不在本窗口。如仍要暂停或关闭，请再按一次。"),
    ],
)
@pytest.mark.parametrize("then", [{"B002": "called at 3", "B003": "waiting"}, {"B002": "waiting", "B003": "waiting"}])
async def test_what_is_confirmed_about_somebody_who_has_gone_is_done_to_nobody_else(  # noqa: PLR0917
    service: Service, context: BrowserContext, key: str, path: str, word: str, then: dict[str, str]
) -> None:
    desk = await at_work(service, context)
    here = (await service.api.staff("GET", "queue")).body["called"][0]
    await desk.press(key)
    dialog = desk.page.locator("dialog")
    if key == "c":
        await dialog.locator("[name=missing]").first.check()
    if key == "l":
        await dialog.locator("[value=now]").check()
    await hears_nothing(desk)
    await service.api.staff("POST", f"tickets/{here['id']}/finish", {"outcome": "done"})
    if then["B002"] != "waiting":
        await service.api.next("3")

    async with desk.page.expect_response(f"**/{path}") as response:
        await dialog.locator("button[type=submit]").click()
    refused = await response.value
    await hears_again(desk)

    assert refused.status == 409, await refused.text()
    await expect(dialog).to_have_count(0)
    await expect(desk.message).to_have_text(word)
    await expect(desk.number).to_have_text("B002")
    assert await states(service.api) == then
    assert (await service.api.staff("GET", "counters/3")).body["state"] == "open"
    ended = (await service.api.staff("GET", f"tickets/{here['id']}")).body
    assert (ended["outcome"], ended["missing"]) == ("done", [])


async def test_a_dialog_whose_own_act_is_done_closes_without_a_word(service: Service, context: BrowserContext) -> None:
    desk = await at_work(service, context)
    await desk.press("p")
    await desk.page.locator("dialog button[type=submit]").click()

    await desk.is_view("idle")
    await expect(desk.page.locator("dialog")).to_have_count(0)
    await expect(desk.message).to_have_text("B001 已暂缓")


async def test_the_papers_of_somebody_who_has_left_the_queue_are_asked_for_no_longer(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3")
    for _ in range(2):
        ticket = await service.api.take("loan-first")
    desk = await Desk.at(context, service.api.base)
    await desk.rows.nth(1).click()
    await desk.page.locator("dialog [value=papers]").click()
    await expect(desk.page.locator("dialog")).to_contain_text("A002 的材料")

    await service.api.staff("DELETE", f"tickets/{ticket['id']}")

    await expect(desk.page.locator("dialog")).to_have_count(0)
    await expect(desk.message).to_have_text("A002 已不在队列中，这里不用再办了。")


async def test_a_manager_puts_back_whom_they_were_asked_about_and_nobody_else(
    service: Service, office: BrowserContext
) -> None:
    await service.api.open("3")
    first, _ = [await service.api.take("enquiry") for _ in range(2)]
    await service.api.next("3")
    manage = await Manage.open(office, service.api)
    page = manage.page
    dialog = page.locator("dialog")

    await page.locator("#close-3").click()
    await expect(dialog).to_contain_text("3 号窗口还有 B001")
    for path in ("queue", "desk"):
        await page.route(f"**/{path}", lambda route: route.abort("connectionreset"))
    await service.api.staff("POST", f"tickets/{first['id']}/finish", {"outcome": "done"})
    await service.api.next("3")
    async with page.expect_response("**/close") as response:
        await dialog.locator("button[type=submit]").click()
    refused = await response.value
    for path in ("queue", "desk"):
        await page.unroute(f"**/{path}")

    assert (await refused.json())["code"] == "counter-busy"
    await expect(dialog).to_have_count(0)
    await manage.is_told("B001 已不在 3 号窗口。如仍要暂停或关闭，请再按一次。")
    assert await states(service.api) == {"B002": "called at 3"}
    await page.locator("#close-3").click()
    await dialog.locator("button[type=submit]").click()
    await expect(page.locator('[data-counter="3"]')).to_contain_text("未开放")
    assert await states(service.api) == {"B002": "waiting"}


# On a closed day no ticket goes on.


async def test_at_the_precheck_of_a_closed_day_nobody_is_said_to_go_on(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("P1")
    ticket = await service.api.take("loan-first")
    await service.api.next("P1")
    desk = await Desk.at(context, service.api.base, "P1")
    await desk.is_view("called")
    await service.api.staff("POST", "day/close")
    await expect(desk.main).to_have_text("材料齐全 Enter")

    await desk.press("Enter")

    await desk.is_view("idle")
    await expect(desk.message).to_have_text("A001 今天没有轮到：大厅已结束今天的办理，请改日再来。")
    assert (await service.api.staff("GET", f"tickets/{ticket['id']}")).body["state"] == "left"


@pytest.mark.parametrize("act", ["finish", "transfer", "put-back", "pause-after"])
async def test_on_a_closed_day_nobody_is_said_to_wait_again(
    service: Service, context: BrowserContext, act: str
) -> None:
    await service.api.open("3", "4")
    await service.api.take("enquiry", then=["loan-first"])
    called = await service.api.next("3")
    assert called is not None
    await service.api.staff("POST", f"tickets/{called['id']}/start")
    desk = await Desk.at(context, service.api.base)
    await service.api.staff("POST", "day/close")
    await expect(desk.main).to_have_text("转下一环节 Enter")

    await desk.act(act).click()
    if act == "transfer":
        await desk.page.locator("#to-counter").select_option("4")
    if act == "pause-after":
        await desk.page.locator("dialog [value=now]").check()
    if act in {"transfer", "pause-after"}:
        await desk.page.locator("dialog button[type=submit]").click()

    await desk.is_view("paused" if act == "pause-after" else "idle")
    await expect(desk.message).to_have_text("B001 今天没有轮到：大厅已结束今天的办理，请改日再来。")
    assert (await service.api.staff("GET", f"tickets/{called['id']}")).body["state"] == "left"
