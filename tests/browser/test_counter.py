"""The counter's page: the work of a clerk in a real browser."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Route, ViewportSize, expect

from tests.browser.clock import RunningClock
from tests.browser.desk import Desk, sign_in
from tests.browser.halls import change
from tests.browser.staff import PASSWORD, account, member
from tests.service import Api, Service

DESKTOP = ViewportSize(width=1280, height=800)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context of a clerk."""
    async with await browser.new_context(viewport=DESKTOP, locale="zh-CN") as context:
        yield context


@pytest.fixture
async def neighbour(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser of the next counter."""
    async with await browser.new_context(viewport=DESKTOP, locale="en-GB") as context:
        yield context


async def states(api: Api) -> dict[str, str]:
    """Return the state of each ticket that is not over, by number."""
    queue: dict[str, Any] = (await api.staff("GET", "queue")).body
    return {
        ticket["number"]: ticket["state"] if ticket["counter"] is None else f"{ticket['state']} at {ticket['counter']}"
        for part in ("called", "waiting", "standby", "parked")
        for ticket in queue[part]
    }


async def happened(api: Api, ticket: str) -> list[str]:
    """Return the kinds of all events of a ticket."""
    return [item["kind"] for item in (await api.staff("GET", f"tickets/{ticket}/history")).body["items"]]


async def test_who_is_signed_out_sees_a_form_and_nothing_of_the_hall(service: Service, context: BrowserContext) -> None:
    await service.api.take()

    desk = await Desk.open(context, service.api.base)
    await expect(desk.page.locator("sign-in h1")).to_have_text("登录")
    await desk.page.wait_for_load_state("networkidle")

    await expect(desk.page.locator("#sign-in-name")).to_be_focused()
    await expect(desk.main).to_be_hidden()
    assert "A001" not in await desk.body.inner_text()
    assert desk.complaints == []
    assert await desk.page.locator("html").get_attribute("data-violated") is None


async def test_the_button_is_there_once_it_does_something(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    answered = asyncio.Event()

    async def late(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await context.route("**/counters/3", late)
    desk = await Desk.open(context, service.api.base)
    await sign_in(desk.page)
    await expect(desk.page.locator("account-menu")).to_be_visible()
    await expect(desk.main).to_be_hidden()
    answered.set()
    await desk.main.click()

    await desk.is_view("called")


async def test_a_wrong_password_is_said_in_words_and_the_right_one_leads_on(
    service: Service, context: BrowserContext
) -> None:
    await member(service.api, "chen", "staff", "陈老师")
    desk = await Desk.open(context, service.api.base)

    await sign_in(desk.page, "chen", "not-the-password")
    await expect(desk.page.locator("sign-in .message")).to_contain_text("用户名和密码对不上")
    await sign_in(desk.page, "chen", PASSWORD)

    await desk.is_view("closed")
    await expect(desk.page.locator("account-menu summary")).to_have_text("陈老师")
    await expect(desk.main).to_be_focused()


async def test_what_was_typed_and_what_was_said_to_it_are_there_in_the_other_language(
    service: Service, context: BrowserContext
) -> None:
    desk = await Desk.open(context, service.api.base)
    await sign_in(desk.page, "chen", "not-the-password")
    await expect(desk.page.locator("sign-in .message")).to_contain_text("用户名和密码对不上")

    await desk.page.get_by_role("link", name="English").click()

    await expect(desk.page.locator("sign-in .message")).to_contain_text("do not go together")
    await expect(desk.page.locator("#sign-in-name")).to_have_value("chen")
    await expect(desk.page.locator("#sign-in-password")).to_have_value("not-the-password")


async def test_whoever_has_no_role_here_is_told_whom_to_ask(service: Service, context: BrowserContext) -> None:
    await member(service.api, "chen", "staff", "陈老师")
    listed = (await service.api.staff("GET", "staff")).body["items"]
    reply = await service.api.staff("DELETE", f"staff/{listed[0]['id']}")
    assert reply.status == 204, reply.body

    desk = await Desk.open(context, service.api.base)
    await sign_in(desk.page, "chen", PASSWORD)

    await expect(desk.page.locator("sign-in")).to_contain_text("请联系大厅管理者")
    await expect(desk.main).to_be_hidden()
    await desk.page.get_by_role("button", name="退出登录").click()
    await expect(desk.page.locator("#sign-in-name")).to_be_visible()
    assert desk.complaints == []


async def test_signing_out_leaves_nothing_on_the_page(service: Service, context: BrowserContext) -> None:
    await service.api.take()
    desk = await Desk.at(context, service.api.base)

    await desk.page.locator("account-menu summary").click()
    await desk.page.get_by_role("button", name="退出登录").click()

    await expect(desk.page.locator("#sign-in-name")).to_be_visible()
    assert "A001" not in await desk.body.inner_text()
    await desk.page.reload()
    await expect(desk.page.locator("#sign-in-name")).to_be_visible()
    assert desk.complaints == []


async def test_whoever_is_signed_out_elsewhere_signs_in_again_and_goes_on(
    service: Service, context: BrowserContext
) -> None:
    await member(service.api, "chen", "staff", "陈老师")
    desk = await Desk.at(context, service.api.base, name="chen", password=PASSWORD)
    await desk.is_view("closed")
    await context.clear_cookies()

    await desk.press("Enter")
    await expect(desk.page.locator("#sign-in-name")).to_be_visible()
    await sign_in(desk.page, "chen", PASSWORD)

    await expect(desk.main).to_be_visible()
    await desk.is_view("closed")
    await desk.press("Enter")
    await desk.is_view("idle")


async def test_a_morning_goes_by_with_the_keyboard_alone(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    for _ in range(4):
        await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    await desk.is_view("closed")

    await desk.press("Enter")
    await desk.is_view("idle")
    await expect(desk.number).to_have_text("B001")
    await desk.press("Enter")
    await desk.is_view("called")
    await expect(desk.main).to_contain_text("B002")
    await desk.press("r")
    await expect(desk.message).to_have_text("B001 已再叫一次，共 2 次")
    await desk.press("s")
    await desk.is_view("serving")
    await desk.press("Enter")
    await expect(desk.number).to_have_text("B002")
    await expect(desk.toast).to_contain_text("B001 已完成，B002 已叫到 3 号窗口")
    await desk.press("u")
    await expect(desk.number).to_have_text("B001")
    await desk.is_view("serving")
    assert (await states(service.api))["B002"] == "waiting"

    await desk.press("F8")
    await expect(desk.number).to_have_text("B002")
    await desk.is_view("called")
    await expect(desk.act("no-show")).to_have_count(0)
    clock.advance(121)
    await expect(desk.act("no-show")).to_be_visible()
    await desk.press("x")
    await expect(desk.number).to_have_text("B003")
    await desk.press("ArrowDown", "ArrowDown", "g")
    await expect(desk.page.locator("dialog h2")).to_have_text("B004 走绿色通道")
    await desk.page.keyboard.press("Enter")
    await expect(desk.number).to_have_text("B004")
    await expect(desk.page.locator("#why")).to_contain_text("绿色通道提前 90 分钟计")
    await desk.press("Escape", "Enter")
    await desk.is_view("called")
    await desk.press("p")
    await expect(desk.page.locator("dialog")).to_be_visible()
    await desk.page.keyboard.press("Space")
    await desk.page.keyboard.press("Enter")
    await desk.is_view("idle")
    await expect(desk.page.locator("#also")).to_contain_text("B004 缺身份证")
    await desk.press("q")
    await desk.is_view("closed")

    assert await states(service.api) == {"B003": "waiting", "B004": "parked"}
    assert desk.complaints == []
    assert await desk.page.locator("html").get_attribute("data-violated") is None


async def test_keys_are_read_by_their_place_and_not_inside_fields(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    await desk.press("Enter")
    await desk.is_view("called")

    # an input method for Chinese, or another alphabet: the key of S writes another character
    await desk.page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {code: 'KeyS', key: 'ы', bubbles: true}))"
    )
    await desk.is_view("serving")
    await desk.press("/")
    await desk.page.keyboard.type("fbq")

    await expect(desk.page.locator("#find-number")).to_have_value("fbq")
    assert await states(service.api) == {"B001": "serving at 3"}


async def test_all_keys_are_listed_from_the_first_to_the_last(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    desk = await Desk.at(context, service.api.base, query="?lang=zh")
    dialog = desk.page.locator("dialog")

    await desk.press("?")

    await expect(dialog.locator("dt", has_text="O")).to_have_text("O")
    await expect(dialog.locator("dt", has_text="1–9")).to_be_visible()
    assert await dialog.evaluate("box => box.scrollTop") == 0
    await dialog.get_by_role("button", name="关闭").click()
    await expect(dialog).to_have_count(0)


async def test_the_green_channel_is_explained_by_the_halls_own_figure(
    service: Service, context: BrowserContext
) -> None:
    await change(service.api, rules={"credit_s": {"green": 2700}})
    await service.api.open("3")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)

    await desk.press("ArrowDown", "g")

    await expect(desk.page.locator("dialog")).to_contain_text("按提前 45 分钟到达计。")


async def test_letters_can_be_switched_off_as_keys(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)

    await desk.press("?")
    await desk.page.locator("#keys-on").uncheck()
    await desk.page.keyboard.press("Escape")
    await desk.press("q", "Enter")

    await desk.is_view("called")


async def test_two_clerks_who_press_at_once_get_two_people_and_see_who_got_whom(
    service: Service, context: BrowserContext, neighbour: BrowserContext
) -> None:
    await service.api.open("3", "4")
    for _ in range(6):
        await service.api.take("enquiry")
    three = await Desk.at(context, service.api.base, "3")
    four = await Desk.at(neighbour, service.api.base, "4")

    for first in range(1, 6, 2):
        for desk in (three, four):
            await expect(desk.main).to_contain_text(f"B{first:03d}")
            await desk.rested()
        # in both pages at the same moment, without communication between them
        press = "document.getElementById('main').click()"
        at_three, at_four = three.page.evaluate(press), four.page.evaluate(press)
        await at_three
        await at_four
        await three.rested()
        await four.rested()
        shown = {await desk.number.inner_text() for desk in (three, four)}

        assert shown == {f"B{first:03d}", f"B{first + 1:03d}"}

    assert three.complaints == four.complaints == []


async def test_a_second_press_meant_for_the_first_finishes_nobody(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    for _ in range(2):
        await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    await desk.is_view("idle")

    # pressed again as soon as the page shows the call, and shortly after
    await desk.page.evaluate(
        """() => new MutationObserver(() => {
          const main = document.getElementById("main");
          main.click();
          setTimeout(() => { main.click(); document.body.dataset.pressed = "twice"; }, 200);
        }).observe(document.body, { attributeFilter: ["data-view"] })"""
    )
    await desk.press("Enter")
    await expect(desk.body).to_have_attribute("data-pressed", "twice")

    await desk.is_view("called")
    assert await states(service.api) == {"B001": "called at 3", "B002": "waiting"}


async def test_a_key_without_a_button_is_heard_while_the_main_button_rests(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    await desk.is_view("idle")

    # pressed by the page itself as soon as it shows the call: a test is slower than a clerk
    await desk.page.evaluate(
        """() => new MutationObserver((_, watch) => {
          if (document.body.dataset.view !== "called") return;
          watch.disconnect();
          document.body.dataset.rests = document.getElementById("main").getAttribute("aria-busy");
          document.body.dispatchEvent(new KeyboardEvent("keydown", { code: "Slash", key: "/", bubbles: true }));
        }).observe(document.body, { attributeFilter: ["data-view"] })"""
    )
    await desk.press("Enter")

    await expect(desk.page.locator("#find-number")).to_be_focused()
    await expect(desk.body).to_have_attribute("data-rests", "true")
    await desk.rested()
    await expect(desk.page.locator("#find-number")).to_be_focused()


async def test_a_page_that_is_behind_finishes_nobody(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    for _ in range(3):
        await service.api.take("enquiry")
    ahead = await Desk.at(context, service.api.base)
    behind = await Desk.open(context, service.api.base)
    await ahead.press("Enter")
    for desk in (ahead, behind):
        await desk.is_view("called")
        await expect(desk.number).to_have_text("B001")

    for path in ("queue", "counters/3"):  # this tab receives no updates any more
        await behind.page.route(f"**/{path}", lambda route: route.abort("connectionreset"))
    await ahead.press("Enter")
    await expect(ahead.number).to_have_text("B002")
    await expect(behind.number).to_have_text("B001")
    async with behind.page.expect_response("**/next") as response:
        await behind.press("Enter")
    refused = await (await response.value).json()
    for path in ("queue", "counters/3"):
        await behind.page.unroute(f"**/{path}")

    assert refused["code"] == "counter-busy"
    await expect(behind.number).to_have_text("B002")
    await expect(behind.message).to_be_visible()
    assert await states(service.api) == {"B002": "called at 3", "B003": "waiting"}


async def test_taking_back_is_one_act_which_a_lost_connection_cannot_halve(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3")
    first = await service.api.take("enquiry")
    second = await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    await desk.press("Enter")
    await desk.is_view("called")
    await desk.press("Enter")
    await expect(desk.number).to_have_text("B002")
    await expect(desk.toast).to_contain_text("B001 已完成")
    sent: list[str] = []

    async def lose_the_answer(route: Any) -> None:  # noqa: ANN401  (a Route)
        sent.append(route.request.url.rpartition("/")[2])
        if len(sent) > 1:
            await route.continue_()
            return
        await route.fetch()  # the service carries it out, but the answer is lost
        await route.abort("connectionreset")

    await desk.page.route("**/tickets/*/*", lose_the_answer)
    await desk.press("u")

    await expect(desk.message).to_have_text("已撤销，B001 回到本窗口")
    await expect(desk.number).to_have_text("B001")
    assert sent == ["undo", "undo"]
    assert await states(service.api) == {"B001": "serving at 3", "B002": "waiting"}
    assert (await happened(service.api, first["id"])).count("ticket_undone") == 1
    assert (await happened(service.api, second["id"])).count("ticket_released") == 1


async def test_who_is_called_elsewhere_meanwhile_is_said(service: Service, context: BrowserContext) -> None:
    await service.api.open("3", "4")
    for _ in range(2):
        await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    await expect(desk.number).to_have_text("B001")

    await service.api.next("4")

    await expect(desk.number).to_have_text("B002")
    await expect(desk.message).to_have_text("B001 刚被叫到 4 号窗口。按 Enter 叫 B002。")


async def test_a_next_whose_answer_is_lost_calls_one_person(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    first = await service.api.take("enquiry")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    keys: list[str] = []

    async def lose_the_first(route: Any) -> None:  # noqa: ANN401  (a Route)
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            await route.continue_()
            return
        await route.fetch()  # the service carries it out, but its answer is lost
        await route.abort("connectionreset")

    await desk.page.route("**/next", lose_the_first)
    await desk.press("Enter")

    await expect(desk.number).to_have_text("B001")
    await desk.is_view("called")
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert await states(service.api) == {"B001": "called at 3", "B002": "waiting"}
    assert (await happened(service.api, first["id"])).count("ticket_called") == 1


async def test_an_act_that_finds_no_answer_says_it_will_not_be_done_twice(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    await desk.page.route("**/next", lambda route: route.abort("internetdisconnected"))

    await desk.press("Enter")
    await expect(desk.message).to_have_text("正在确认，不会重复办理")
    await expect(desk.main).to_have_attribute("aria-busy", "true")
    await desk.page.keyboard.press("Enter")
    await desk.page.unroute("**/next")

    await desk.is_view("called")
    await expect(desk.message).to_be_hidden()
    assert await states(service.api) == {"B001": "called at 3"}


async def test_a_clerk_who_falls_ill_leaves_the_person_to_the_neighbour(
    service: Service, context: BrowserContext, neighbour: BrowserContext
) -> None:
    await service.api.open("3", "4")
    for _ in range(2):
        await service.api.take("enquiry")
    ill = await Desk.at(context, service.api.base, "3")
    await ill.press("Enter", "s")
    await ill.is_view("serving")
    healthy = await Desk.at(neighbour, service.api.base, "4")
    await expect(healthy.number).to_have_text("B002")

    await ill.press("l")
    dialog = ill.page.locator("dialog")
    await dialog.locator("#pause-reason").select_option("illness")
    await dialog.locator("#pause-minutes").select_option("")
    await dialog.get_by_label("B001 退回队列原来的位置").check()
    await dialog.get_by_role("button", name="暂停").click()

    await ill.is_view("paused")
    await expect(ill.page.locator("#person")).to_contain_text("身体不适")
    await expect(healthy.number).to_have_text("B001")
    await healthy.press("Enter")
    await healthy.is_view("called")
    assert await states(service.api) == {"B001": "called at 4", "B002": "waiting"}


async def test_a_break_begins_after_the_present_person(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    for _ in range(2):
        await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    await desk.press("Enter", "s")
    await desk.is_view("serving")

    await desk.press("l")
    await desk.page.locator("#pause-reason").select_option("lunch")
    await desk.page.locator("#pause-minutes").select_option("30")
    await desk.page.locator("dialog button[type=submit]").click()
    await expect(desk.act("pause-after")).to_have_attribute("aria-pressed", "true")
    await expect(desk.main).to_contain_text("完成后休息")
    await desk.press("Escape", "Enter")

    await desk.is_view("paused")
    await expect(desk.page.locator("#person")).to_contain_text("午餐 · 到 10:30")
    assert await states(service.api) == {"B002": "waiting"}
    await desk.press("Enter")
    await desk.is_view("idle")


async def test_a_missing_paper_is_accepted_conditionally_with_a_due_date(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3")
    ticket = await service.api.take("loan-first")
    desk = await Desk.at(context, service.api.base, query="?lang=en")
    await desk.press("Enter", "s")
    await desk.is_view("serving")

    await desk.press("c")
    await desk.page.get_by_label("Enrolment letter").check()
    await desk.page.locator("#due-on").fill("2026-12-01")
    await desk.page.locator("dialog button[type=submit]").click()

    await desk.is_view("idle")
    shown = (await service.api.staff("GET", f"tickets/{ticket['id']}")).body
    assert (shown["state"], shown["outcome"]) == ("done", "conditional")
    assert (shown["missing"], shown["due_on"]) == (["enrolment-letter"], "2026-12-01")
    await desk.press("u")
    await desk.is_view("serving")


async def test_a_person_is_sent_to_another_service_and_called_out_of_order_with_a_reason(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3")
    for _ in range(3):
        await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    await desk.press("Enter", "s")
    await desk.is_view("serving")

    await desk.press("t")
    await desk.page.locator("#to-service").select_option("loan-first")
    await desk.page.locator("dialog button[type=submit]").click()
    await desk.is_view("idle")
    await desk.press("/")
    await desk.page.locator("#find-number").fill("b3")
    await desk.page.keyboard.press("Enter")
    await desk.page.get_by_role("button", name="叫到本窗口").click()
    await desk.page.locator("#act-reason").select_option("elderly")
    await desk.page.locator("dialog button[type=submit]").click()

    await desk.is_view("called")
    await expect(desk.number).to_have_text("B003")
    await expect(desk.page.locator("#why")).to_have_text("为什么先叫 B003：由工作人员叫号（老年人）；越过 2 位。")
    assert await states(service.api) == {"B001": "waiting", "B002": "waiting", "B003": "called at 3"}


async def test_who_comes_back_with_a_paper_is_brought_back_by_the_number(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3")
    for _ in range(2):
        await service.api.take("enquiry")
    called = await service.api.next("3")
    assert called is not None
    await service.api.staff("POST", f"tickets/{called['id']}/park", {"reason": "paper-missing"})
    desk = await Desk.at(context, service.api.base)
    await desk.is_view("idle")

    await desk.press("i")
    await desk.page.locator("#slip").fill("B007")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("dialog .message")).to_contain_text("今天没有这个号码")
    asked: list[Route] = []
    await desk.page.route("**/search", lambda route: asked.append(route), times=1)  # noqa: PLW0108  (playwright marks what it calls)
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("dialog .primary")).to_have_attribute("aria-busy", "true")
    await desk.page.keyboard.press("Escape")
    await asked[0].continue_()
    await expect(desk.message).to_contain_text("今天没有这个号码")  # shown although its dialog was left
    await desk.press("i")
    await desk.page.locator("#slip").fill("b001")
    await desk.page.keyboard.press("Enter")

    await expect(desk.message).to_have_text("B001 已回到队列")
    assert await states(service.api) == {"B001": "waiting", "B002": "waiting"}


async def test_a_number_of_yesterday_is_not_brought_back_for_one_of_today(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    missed = await service.api.next("3")
    assert missed is not None
    await service.api.staff("POST", f"tickets/{missed['id']}/no-show")
    clock.advance(24 * 3600)
    await service.api.open("3")
    today = await service.api.take("enquiry")
    assert today["number"] == missed["number"]
    called = await service.api.next("3")
    assert called is not None
    assert called["id"] == today["id"]
    desk = await Desk.at(context, service.api.base, "4")
    await desk.press("Enter")
    await desk.is_view("idle")

    await desk.press("i")
    await desk.page.locator("#slip").fill("b1")
    async with desk.page.expect_request("**/resume") as asked:
        await desk.page.keyboard.press("Enter")

    assert f"/tickets/{today['id']}/" in (await asked.value).url
    await expect(desk.page.locator("dialog .message")).to_have_text("这个号码不能续办：已经在队列里，或已经办完。")
    assert await states(service.api) == {"B001": "called at 3"}


async def test_what_changed_meanwhile_is_refused_in_words(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    await desk.page.route("**/next", lambda route: route.continue_(url=route.request.url.replace("/3/", "/4/")))

    await desk.press("Enter")

    await expect(desk.message).to_have_text("本窗口还没有开放，请先开放窗口。")
    await expect(desk.main).to_be_focused()


async def test_a_suspended_hall_is_said_and_not_called(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    await desk.is_view("idle")

    await service.api.staff("PUT", "suspension", {"text": {"zh-CN": "消防演习", "en": "Fire drill"}})

    await expect(desk.message).to_have_text("大厅暂停办理：消防演习")
    await expect(desk.main).to_have_text("暂停叫号")
    await expect(desk.page.locator("#person")).to_have_text("暂停叫号消防演习")
    await desk.press("Enter")
    assert await states(service.api) == {"B001": "waiting"}
    await service.api.staff("DELETE", "suspension")
    await expect(desk.message).to_be_hidden()
    await expect(desk.main).not_to_have_attribute("aria-disabled", "true")
    await desk.press("Enter")
    await desk.is_view("called")


async def test_an_alarm_reaches_all_staff_silently_and_is_cleared_by_one_of_them(
    service: Service, context: BrowserContext, neighbour: BrowserContext
) -> None:
    await member(service.api, "li", "volunteer", "Li")
    await member(service.api, "wang", "staff", "Wang")
    three = await Desk.at(context, service.api.base, "3")
    four = await Desk.at(neighbour, service.api.base, "4", name="wang", password=PASSWORD)
    board_before = (await service.api.call("GET", "board")).body

    await three.page.get_by_role("button", name="求助").click()

    await expect(four.page.locator("#alarms")).to_contain_text("Help wanted: Counter 3")
    await expect(three.message).to_contain_text("屏幕上不显示")
    board = (await service.api.call("GET", "board")).body
    assert {name: board[name] for name in board if name not in {"at", "seq"}} == {
        name: board_before[name] for name in board if name not in {"at", "seq"}
    }
    await four.page.get_by_role("button", name="It is taken care of").click()
    await expect(three.page.locator("#alarms")).to_be_empty()


async def test_volunteers_check_papers_along_the_line_and_the_counter_sees_the_result(
    service: Service, context: BrowserContext, neighbour: BrowserContext
) -> None:
    await service.api.open("3")
    once = await account(service.api, "li", "volunteer", "Li")
    for _ in range(2):
        await service.api.take("loan-first")
    volunteer = await Desk.open(neighbour, service.api.base, "P1")
    clerk = await Desk.at(context, service.api.base, "3")

    await sign_in(volunteer.page, "li", once)
    await volunteer.page.locator("#password-new").fill(PASSWORD)
    await volunteer.page.locator("#password-again").fill(PASSWORD)
    await volunteer.page.get_by_role("button", name="Save and go on").click()
    await volunteer.is_view("closed")
    await volunteer.press("Enter")
    await volunteer.is_view("idle")
    await expect(volunteer.main).to_contain_text("A001")
    await volunteer.press("Enter")
    await volunteer.is_view("called")
    await volunteer.press("2")
    await expect(volunteer.main).to_contain_text("Park (1 missing)")
    await volunteer.press("2")
    await expect(volunteer.main).to_contain_text("Papers complete, call next")
    await volunteer.press("Enter")
    await expect(volunteer.number).to_have_text("A002")
    await volunteer.is_view("called")
    await volunteer.press("3", "Enter")
    await volunteer.is_view("idle")

    await expect(clerk.number).to_have_text("A001")
    await expect(clerk.page.locator("#person")).to_contain_text("材料齐全")
    await expect(clerk.page.locator("#also")).to_contain_text("A002 缺贷款申请表")
    assert await states(service.api) == {"A001": "waiting", "A002": "parked"}
    assert volunteer.complaints == []


async def test_a_volunteer_alone_calls_again_puts_back_passes_over_and_closes(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    await member(service.api, "li", "volunteer", "Li")
    for _ in range(2):
        await service.api.take("loan-first")
    desk = await Desk.at(context, service.api.base, "P1", "?lang=en", name="li", password=PASSWORD)

    await desk.press("Enter")
    await desk.is_view("idle")
    await desk.press("Enter")
    await desk.is_view("called")
    await expect(desk.act("transfer")).to_have_count(0)
    await desk.press("r")
    await expect(desk.message).to_have_text("A001 called again, 2 times in all")
    await desk.press("b")
    await desk.is_view("idle")
    await expect(desk.number).to_have_text("A001")
    await expect(desk.act("bring-back")).to_have_count(0)
    await desk.press("Enter")
    await desk.is_view("called")
    clock.advance(121)
    await desk.act("no-show").click()
    await expect(desk.number).to_have_text("A002")
    await desk.press("u")
    await expect(desk.number).to_have_text("A001")
    await desk.is_view("called")
    await desk.press("s")
    await desk.is_view("serving")
    await desk.press("l")
    await desk.page.locator("dialog").get_by_label("A001 goes back to their place in the line").check()
    await desk.page.locator("dialog button[type=submit]").click()
    await desk.is_view("paused")
    await desk.press("q")
    await desk.is_view("closed")

    assert await states(service.api) == {"A001": "waiting", "A002": "waiting"}
    assert desk.complaints == []


async def test_a_volunteer_brings_back_who_was_put_aside_at_the_precheck(
    service: Service, context: BrowserContext
) -> None:
    await member(service.api, "li", "volunteer", "Li")
    await service.api.take("loan-first")
    desk = await Desk.at(context, service.api.base, "P1", "?lang=en", name="li", password=PASSWORD)
    await desk.press("Enter")
    await desk.is_view("idle")
    await desk.press("Enter")
    await desk.is_view("called")
    await desk.press("2", "Enter")
    await desk.is_view("idle")

    await desk.page.locator("#also [data-ticket]").click()
    await desk.page.get_by_role("button", name="Bring back into the line").click()

    await expect(desk.number).to_have_text("A001")
    assert await states(service.api) == {"A001": "waiting"}


async def test_a_window_is_not_a_volunteers_to_run(service: Service, context: BrowserContext) -> None:
    await member(service.api, "li", "volunteer", "Li")
    await service.api.open("3")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base, "3", "?lang=en", name="li", password=PASSWORD)
    await desk.is_view("idle")

    await expect(desk.main).to_have_text("This counter is for staff")
    await desk.press("Enter", "q", "l")
    await desk.rows.first.click()
    await expect(desk.page.locator("dialog")).to_be_visible()
    await expect(desk.page.get_by_role("button", name="Call to this counter")).to_have_count(0)

    assert await states(service.api) == {"B001": "waiting"}
    assert desk.complaints == []


async def test_the_line_is_who_this_counter_may_call_as_other_counters_open_and_close(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3")
    await service.api.take("loan-first")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    await expect(desk.rows).to_have_count(2)

    await service.api.open("P1")
    await expect(desk.rows).to_have_count(1)
    await expect(desk.rows.first).to_contain_text("B001")

    await service.api.staff("POST", "counters/P1/close")
    await expect(desk.rows).to_have_count(2)
    await expect(desk.page.locator("#line .first")).to_contain_text("A001")


async def test_papers_of_somebody_in_the_line_are_noted_without_a_call(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3")
    ticket = await service.api.take("loan-first")
    desk = await Desk.at(context, service.api.base)

    await desk.rows.first.click()
    await desk.page.keyboard.press("m")
    await desk.page.get_by_label("身份证", exact=True).check()
    await desk.page.locator("dialog button[type=submit]").click()

    await expect(desk.message).to_have_text("A001 缺 1 项材料")
    await expect(desk.rows.first).to_contain_text("缺材料")
    shown = (await service.api.staff("GET", f"tickets/{ticket['id']}")).body
    assert (shown["state"], shown["missing"], shown["prechecked"]) == ("waiting", ["id-card"], False)


async def test_the_language_is_switched_at_once(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    await expect(desk.main).to_contain_text("叫下一位")

    await desk.page.get_by_role("link", name="English").click()

    await expect(desk.page.locator("html")).to_have_attribute("lang", "en")
    await expect(desk.main).to_contain_text("Call next")
    await expect(desk.page.locator("h1")).to_have_text("Counter 3")
    await expect(desk.rows.first).to_contain_text("Enquiries")


async def test_a_counter_the_hall_does_not_have_is_said_beside_those_it_has(
    service: Service, context: BrowserContext
) -> None:
    desk = await Desk.open(context, service.api.base, "77", "?lang=en")

    await sign_in(desk.page)

    await expect(desk.message).to_have_text("This hall has no such counter.")
    await desk.page.get_by_role("link", name="Counter 3").click()
    await desk.is_view("closed")
    await expect(desk.page.locator("h1")).to_have_text("Counter 3")
