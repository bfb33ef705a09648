"""Offers and messages of the counter's page: stopped calls, due papers, undo."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Route, ViewportSize, expect

from tests.browser.clock import RunningClock
from tests.browser.desk import Desk, sign_in
from tests.browser.halls import change
from tests.browser.staff import PASSWORD, member
from tests.browser.test_counter import states
from tests.service import Service

DESKTOP = ViewportSize(width=1280, height=800)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context of a clerk."""
    async with await browser.new_context(viewport=DESKTOP, locale="zh-CN") as context:
        yield context


async def at_work(service: Service, context: BrowserContext, people: int = 1) -> Desk:
    """Counter 3, which has just called the first of several people."""
    await service.api.open("3")
    for _ in range(people):
        await service.api.take("enquiry")
    await service.api.next("3")
    return await Desk.at(context, service.api.base)


async def ask_for_break(desk: Desk) -> None:
    """Ask for the default break: a quarter of an hour, after the present person."""
    await desk.press("l")
    await desk.page.locator("dialog button[type=submit]").click()


# Stopped calls.


async def test_after_the_end_of_the_day_the_one_key_finishes_who_is_still_here(
    service: Service, context: BrowserContext
) -> None:
    desk = await at_work(service, context)
    await expect(desk.main).to_contain_text("完成并叫下一位")

    await service.api.staff("POST", "day/close")
    await expect(desk.main).to_have_text("完成 Enter")
    await desk.press("Enter")

    await desk.is_view("idle")
    await expect(desk.toast).to_contain_text("B001 已完成")
    await expect(desk.main).to_have_text("今天不再叫号")
    await expect(desk.main).to_have_attribute("aria-disabled", "true")
    await expect(desk.page.locator("#person")).to_contain_text("今天的办理已结束")

    await desk.press("q")

    await desk.is_view("closed")
    await expect(desk.page.locator("#person")).to_contain_text("今天的办理已结束")
    assert desk.complaints == []


async def test_while_the_hall_is_suspended_the_one_key_finishes_and_nobody_is_called(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3", "P1")
    for name in ("enquiry", "enquiry", "loan-first"):
        await service.api.take(name)
    await service.api.next("3")
    await service.api.next("P1")
    desk, precheck = [await Desk.at(context, service.api.base, counter) for counter in ("3", "P1")]

    await service.api.staff("PUT", "suspension", {"text": {"zh-CN": "消防演习"}})
    await expect(desk.main).to_have_text("完成 Enter")
    await expect(precheck.main).to_have_text("材料齐全 Enter")
    await desk.press("Enter")
    await precheck.press("Enter")

    await desk.is_view("idle")
    await precheck.is_view("idle")
    assert await states(service.api) == {"B002": "waiting", "A001": "waiting"}
    await service.api.staff("DELETE", "suspension")
    await expect(desk.main).to_contain_text("B002")


async def test_before_the_hall_opens_the_button_says_when_calls_begin(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    clock.advance(-75 * 60)
    await service.api.open("3")
    await service.api.take("enquiry")

    desk = await Desk.at(context, service.api.base)

    await expect(desk.main).to_have_text("09:00 开始叫号")
    await expect(desk.main).to_have_attribute("aria-disabled", "true")
    await expect(desk.number).to_have_text("B001")


# Due papers.


async def test_who_returns_is_shown_with_what_is_still_owed(service: Service, context: BrowserContext) -> None:
    await service.api.open("3", "P1")
    ticket = await service.api.take("loan-first")
    await service.api.next("P1")
    await service.api.staff("POST", f"tickets/{ticket['id']}/papers", {"missing": [], "then": "advance"})
    await service.api.staff("POST", "counters/P1/close")
    await service.api.next("3")
    desk = await Desk.at(context, service.api.base)
    await desk.press("s")
    await desk.is_view("serving")

    await desk.press("c")
    await desk.page.get_by_label("学生证或录取通知书", exact=True).check()
    await desk.page.keyboard.press("Enter")

    await desk.is_view("idle")
    await expect(desk.toast).to_contain_text("A001 已容缺受理，请在12月7日周一前补交：学生证或录取通知书")
    reply = await service.api.call("POST", "check-ins", {"code": ticket["code"]})
    assert (reply.status, reply.body["missing"], reply.body["prechecked"]) == (201, ["student-card"], False)
    await expect(desk.page.locator("#person")).to_contain_text("待补交缺学生证或录取通知书")
    await expect(desk.page.locator("#person")).not_to_contain_text("材料齐全")


async def test_accepted_with_a_paper_missing_says_which(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    await service.api.next("3")
    desk = await Desk.at(context, service.api.base, query="?lang=en")
    await desk.press("s")
    await desk.is_view("serving")

    await desk.press("c")
    await desk.page.keyboard.press("Enter")

    await expect(desk.page.locator("dialog .message")).to_have_text(
        "Please mark what is missing. If nothing is, finish instead."
    )
    assert await states(service.api) == {"B001": "serving at 3"}
    await desk.page.locator("dialog input[type=checkbox]").first.check()
    await desk.page.keyboard.press("Enter")
    await desk.is_view("idle")


# Undo.


@pytest.mark.parametrize("keys", [("Enter", "l"), ("Enter", "q")], ids=["paused", "closed"])
async def test_an_undo_opens_the_counter_again(
    service: Service, context: BrowserContext, keys: tuple[str, ...]
) -> None:
    desk = await at_work(service, context)
    await desk.press("Enter")
    await desk.is_view("idle")
    await desk.press(keys[1])
    if keys[1] == "l":
        await desk.page.locator("dialog button[type=submit]").click()
        await desk.is_view("paused")
    else:
        await desk.is_view("closed")

    await desk.press("u")

    await desk.is_view("serving")
    await expect(desk.message).to_have_text("已撤销，窗口重新开放，B001 回到本窗口")
    await expect(desk.toast).to_be_hidden()


async def test_the_focus_does_not_go_with_what_was_taken_back(service: Service, context: BrowserContext) -> None:
    desk = await at_work(service, context)
    await desk.press("s")
    await desk.is_view("serving")
    await desk.press("f")
    await desk.is_view("idle")
    await desk.toast.locator("button").focus()

    await desk.page.keyboard.press("Enter")

    await desk.is_view("serving")
    await expect(desk.toast).to_be_hidden()
    await expect(desk.main).to_be_focused()


async def test_finish_and_take_a_break_are_taken_back_together(service: Service, context: BrowserContext) -> None:
    desk = await at_work(service, context)
    await ask_for_break(desk)
    await expect(desk.main).to_contain_text("完成后休息")
    await desk.press("Enter")
    await desk.is_view("paused")

    await desk.press("u")

    await desk.is_view("serving")
    await expect(desk.main).to_contain_text("完成并叫下一位")


# Outdated messages.


async def test_that_nobody_waits_is_said_until_somebody_does(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    ticket = await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    await expect(desk.main).to_contain_text("B001")
    async with desk.page.expect_request("**/counters/3/next"):
        await service.api.call("DELETE", f"tickets/{ticket['id']}", token=ticket["token"])
        await desk.page.evaluate("document.querySelector('#main').click()")

    await desk.is_view("idle")
    await service.api.take("enquiry")

    await expect(desk.number).to_have_text("B002")
    await expect(desk.message).to_be_hidden()


async def test_who_was_parked_is_said_though_nobody_comes_next_and_until_they_are_back(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("P1")
    ticket = await service.api.take("loan-first")
    await service.api.next("P1")
    desk = await Desk.at(context, service.api.base, "P1")

    await desk.press("2", "Enter")

    await desk.is_view("idle")
    await expect(desk.message).to_have_text("A001 已暂缓")
    await service.api.staff("POST", f"tickets/{ticket['id']}/resume")
    await expect(desk.number).to_have_text("A001")
    await expect(desk.message).to_be_hidden()


async def test_a_refused_call_is_said_until_the_suspension_is_lifted(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    await service.api.take("enquiry")
    await service.api.next("3")
    desk = await Desk.at(context, service.api.base)
    await service.api.staff("PUT", "suspension", {"text": {"zh-CN": "消防演习"}})
    await desk.press("r")
    await expect(desk.message).to_have_text("大厅暂停办理，恢复后继续叫号。")

    await service.api.staff("DELETE", "suspension")

    await expect(desk.message).to_be_hidden()


# Transfers.


async def test_a_transfer_with_nothing_changed_is_put_back_and_else_says_where_to(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3", "4")
    await service.api.take("enquiry")
    await service.api.next("3")
    desk = await Desk.at(context, service.api.base)

    await desk.press("t")
    await desk.page.keyboard.press("Enter")
    await desk.is_view("idle")
    await expect(desk.message).to_have_text("B001 已退回队列原来的位置")
    await desk.press("Enter")
    await desk.is_view("called")
    await desk.press("t")
    await desk.page.locator("#to-counter").select_option("4")
    await desk.page.keyboard.press("Enter")

    await desk.is_view("idle")
    await expect(desk.message).to_have_text("B001 去 4 号窗口")


# Signing out and in on another page.


async def test_who_is_signed_out_meanwhile_signs_in_though_a_dialog_was_open(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    await member(service.api, "chen", "staff", "陈老师")
    desk = await Desk.at(context, service.api.base, name="chen", password=PASSWORD)
    await desk.press("/")
    await expect(desk.page.locator("dialog")).to_be_visible()

    await context.clear_cookies()
    await service.api.take("enquiry")

    await expect(desk.page.locator("dialog")).to_have_count(0)
    await expect(desk.page.locator("#sign-in-name")).to_be_focused()


async def test_who_signs_in_in_one_tab_has_signed_in_in_the_others(service: Service, context: BrowserContext) -> None:
    await member(service.api, "chen", "staff", "陈老师")
    first = await Desk.open(context, service.api.base)
    await expect(first.page.locator("#sign-in-name")).to_be_visible()
    await first.page.locator("#sign-in-name").fill("che")
    await first.page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(first.page.locator("#sign-in-name")).to_have_value("che")
    second = await Desk.at(context, service.api.base, "4", name="chen", password=PASSWORD)
    await second.is_view("closed")

    await first.page.evaluate("dispatchEvent(new Event('focus'))")

    await first.is_view("closed")
    await expect(first.page.locator("sign-in")).to_be_hidden()


# Unsent inputs.


async def test_marks_and_a_break_that_were_begun_outlive_a_reload(service: Service, context: BrowserContext) -> None:
    await service.api.open("P1")
    for _ in range(2):
        await service.api.take("loan-first")
    await service.api.next("P1")
    desk = await Desk.at(context, service.api.base, "P1")
    await desk.press("2")
    await ask_for_break(desk)
    await expect(desk.act("pause-after")).to_have_attribute("aria-pressed", "true")
    await expect(desk.main).to_contain_text("缺 1 项，暂缓")

    await desk.page.reload()

    await expect(desk.main).to_contain_text("缺 1 项，暂缓")
    await expect(desk.act("pause-after")).to_have_attribute("aria-pressed", "true")
    await desk.press("Enter")
    await desk.is_view("paused")
    await desk.press("Enter")
    await desk.is_view("idle")
    await desk.press("Enter")
    await desk.is_view("called")
    await expect(desk.main).to_contain_text("材料齐全，叫下一位")
    await expect(desk.act("pause-after")).to_have_attribute("aria-pressed", "false")


async def test_a_break_after_this_person_is_counted_from_when_it_begins(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    desk = await at_work(service, context)
    await ask_for_break(desk)
    await expect(desk.main).to_contain_text("完成后休息")

    clock.advance(20 * 60)
    await expect(desk.page.locator("#clock")).to_have_text("10:20")
    await desk.press("Enter")

    await desk.is_view("paused")
    await expect(desk.page.locator("#person")).to_contain_text("到 10:35")


async def test_a_break_that_is_refused_is_not_tried_again_after_the_next_person(
    service: Service, context: BrowserContext
) -> None:
    desk = await at_work(service, context, people=2)
    await desk.press("l")
    await desk.page.locator("#pause-reason").select_option("lunch")
    await desk.page.locator("dialog button[type=submit]").click()
    await expect(desk.main).to_contain_text("完成后休息")
    codes = (await service.api.staff("GET", "document")).body["codes"]
    await change(service.api, codes={**codes, "reasons": []})

    await desk.press("Enter")
    await desk.is_view("idle")
    await expect(desk.message).to_have_class("message heed")
    await desk.press("Enter")

    await desk.is_view("called")
    await expect(desk.act("pause-after")).to_have_attribute("aria-pressed", "false")


async def test_whoever_signs_out_leaves_no_break_to_the_next_clerk(service: Service, context: BrowserContext) -> None:
    desk = await at_work(service, context)
    await ask_for_break(desk)
    await expect(desk.act("pause-after")).to_have_attribute("aria-pressed", "true")

    await desk.page.locator("account-menu summary").click()
    await desk.page.get_by_role("button", name="退出登录").click()
    await sign_in(desk.page)

    await desk.is_view("called")
    await expect(desk.act("pause-after")).to_have_attribute("aria-pressed", "false")
    assert desk.complaints == []


async def test_whose_session_has_ended_leaves_no_break_to_the_next_clerk(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("P1")
    await service.api.take("loan-first")
    await service.api.next("P1")
    desk = await Desk.at(context, service.api.base, "P1")
    await desk.press("2")
    await ask_for_break(desk)
    await expect(desk.act("pause-after")).to_have_attribute("aria-pressed", "true")

    await context.clear_cookies()
    await service.api.take("loan-first")
    await sign_in(desk.page)

    await expect(desk.act("pause-after")).to_have_attribute("aria-pressed", "false")
    await expect(desk.main).to_contain_text("缺 1 项，暂缓")


async def test_a_break_to_come_is_said_while_nobody_is_here_and_can_be_given_up(
    service: Service, context: BrowserContext
) -> None:
    desk = await at_work(service, context, people=2)
    await ask_for_break(desk)
    await expect(desk.main).to_contain_text("完成后休息")
    await desk.press("p")
    await desk.page.locator("dialog button[type=submit]").click()

    await desk.is_view("idle")
    await expect(desk.act("pause-after")).to_have_attribute("aria-pressed", "true")
    await desk.press("Enter")
    await desk.is_view("called")
    await expect(desk.main).to_contain_text("完成后休息")
    await desk.page.reload()
    await expect(desk.main).to_contain_text("完成后休息")
    await desk.press("p")
    await desk.page.locator("dialog button[type=submit]").click()
    await desk.is_view("idle")
    await desk.press("l")

    await expect(desk.act("pause")).to_be_visible()
    await expect(desk.act("pause-after")).to_have_count(0)
    assert desk.complaints == []


# Pending calls.


async def test_that_an_act_is_being_checked_is_over_with_it_in_another_language_too(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    answered = asyncio.Event()

    async def late(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await desk.page.route("**/next", late)
    await desk.press("Enter")
    await expect(desk.message).to_have_text("正在确认，不会重复办理")
    await desk.page.get_by_role("link", name="English").click()
    await expect(desk.page.locator("h1")).to_have_text("Counter 3")
    answered.set()

    await desk.is_view("called")
    await expect(desk.message).to_be_hidden()


# Refusals of acts of a row.


async def at_a_parked_row(service: Service, context: BrowserContext) -> tuple[Desk, dict[str, Any]]:
    """A counter's page with the dialog of a parked ticket."""
    await service.api.open("3")
    ticket = await service.api.take("enquiry")
    await service.api.staff("POST", f"tickets/{ticket['id']}/park")
    desk = await Desk.at(context, service.api.base)
    await desk.page.locator("#also [data-ticket]").click()
    await expect(desk.page.locator("dialog")).to_be_visible()
    return desk, ticket


async def test_whoever_has_left_is_not_brought_back_from_their_row_and_this_is_said(
    service: Service, context: BrowserContext
) -> None:
    desk, ticket = await at_a_parked_row(service, context)

    await desk.page.route("**/queue", lambda route: route.abort("connectionreset"))  # the page has not received it yet
    reply = await service.api.call("DELETE", f"tickets/{ticket['id']}", token=ticket["token"])
    assert reply.status < 300, reply.body
    async with desk.page.expect_response("**/resume"):
        await desk.page.get_by_role("button", name="回到队列").click()
    await desk.page.unroute("**/queue")

    await expect(desk.page.locator("#also [data-ticket]")).to_have_count(0)
    await expect(desk.message).to_have_text("情况刚刚有变，本页已显示现在的情况。")
    await expect(desk.main).to_be_focused()
    assert not [said for said in desk.complaints if said.startswith("uncaught")]


async def test_the_row_of_whoever_has_left_meanwhile_closes_with_a_word(
    service: Service, context: BrowserContext
) -> None:
    desk, ticket = await at_a_parked_row(service, context)

    reply = await service.api.call("DELETE", f"tickets/{ticket['id']}", token=ticket["token"])

    assert reply.status < 300, reply.body
    await expect(desk.page.locator("dialog")).to_have_count(0)
    await expect(desk.message).to_have_text("B001 已不在队列中，这里不用再办了。")
    await expect(desk.main).to_be_focused()


async def test_the_green_channel_that_cannot_be_explained_is_said(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    problem = {"code": "forbidden", "title": "Not yours.", "status": 403}
    await desk.page.route("**/rules", lambda route: route.fulfill(status=403, json=problem))

    await desk.rows.first.click()
    await desk.page.keyboard.press("g")

    await expect(desk.message).to_have_class("message heed")
    await expect(desk.rows.first).to_be_focused()


# Halls with fewer texts.


async def test_a_hall_without_reasons_says_why_nobody_becomes_green(service: Service, context: BrowserContext) -> None:
    codes = (await service.api.staff("GET", "document")).body["codes"]
    await change(service.api, codes={**codes, "reasons": []})
    await service.api.open("3")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base, query="?lang=en")

    await desk.rows.first.click()
    await desk.page.locator("dialog").get_by_role("button", name="Green channel").click()

    await expect(desk.page.locator("dialog .message")).to_contain_text("This hall has no reasons to choose from yet")
    await expect(desk.page.locator("dialog select")).to_have_count(0)


async def test_a_hall_of_one_language_numbers_its_counters_in_that_language(
    service: Service, context: BrowserContext
) -> None:
    document = (await service.api.staff("GET", "document")).body
    stages = [{**stage, "name": {"en": "Desk"}} for stage in document["stages"]]
    await change(service.api, stages=stages)

    desk = await Desk.at(context, service.api.base)

    await expect(desk.page.locator("h1")).to_have_text("Desk 3")


async def test_of_a_counter_that_is_not_there_nothing_is_said(service: Service, context: BrowserContext) -> None:
    await member(service.api, "chen", "staff", "陈老师")
    await context.request.post(
        f"{service.api.base}/v1/session",
        data={"name": "chen", "password": PASSWORD},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    desk = await Desk.open(context, service.api.base, "99")

    await expect(desk.message).to_have_text("本大厅没有这个窗口。")
    for name in ("state", "services", "link", "help", "clock"):
        await expect(desk.page.locator(f"#{name}")).to_be_hidden()
