"""A full hall on a phone: standby, admission, booking instead, and the earliest time."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Request, expect

from tests.browser.clock import RunningClock
from tests.browser.phone import Phone, hand
from tests.browser.test_applicant import PERSON, to_review
from tests.browser.test_ticket import address, identity
from tests.service import Service


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context of a phone."""
    async with await hand(browser) as context:
        yield context


async def full(service: Service, clock: RunningClock) -> list[dict[str, Any]]:
    """Take numbers late in the afternoon until the hall is full; return those on standby."""
    clock.advance(7 * 3600)
    await service.api.open("1")
    tickets = []
    while (reply := await service.api.call("POST", "tickets", {"service": "enquiry"})).status == 201:
        tickets.append(reply.body)
        assert len(tickets) < 200
    assert reply.code == "hall-full"
    return [ticket for ticket in tickets if ticket["admission"] == "standby"]


async def test_who_stands_by_sees_their_place_and_is_let_in(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    first, second, *_ = await full(service, clock)
    phone = await Phone.open(context, address(service, second))
    await phone.is_view("standby")
    await expect(phone.main).to_contain_text("您在候补第 2 位")

    await service.api.call("DELETE", f"tickets/{first['id']}", token=first["token"])
    await expect(phone.main).to_contain_text("您在候补第 1 位")
    until = {"until_at": "2026-11-23T19:30:00+08:00", "counters": 1}
    assert (await service.api.staff("PUT", "overtime", until)).status == 200

    await phone.is_view("waiting")
    await phone.is_sound()


async def test_who_stands_by_is_told_which_papers_are_missing(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    first, *_ = await full(service, clock)
    papers = {"missing": ["id-card"]}
    assert (await service.api.staff("POST", f"tickets/{first['id']}/papers", papers)).status == 200

    phone = await Phone.open(context, address(service, first))

    await phone.is_view("standby")
    await expect(phone.main).to_contain_text("缺身份证")


async def about_to_book(
    service: Service, context: BrowserContext, clock: RunningClock
) -> tuple[Phone, dict[str, Any], list[tuple[str, str]]]:
    """Open a phone with a standby ticket and a chosen time tomorrow; return it, the ticket, and the sent requests."""
    first, *_ = await full(service, clock)
    phone = await Phone.open(context, address(service, first))
    acts = list[tuple[str, str]]()

    def note(request: Request) -> None:
        if request.method != "GET":
            acts.append((request.method, request.url.rpartition("/v1/halls/demo/")[2].partition("/")[0]))

    phone.page.on("request", note)
    await phone.is_view("standby")
    await phone.press("book")
    await phone.page.wait_for_url("**/halls/demo?**")
    await expect(phone.page.locator(".soonest")).to_contain_text("明天 09:00")
    await phone.press("soonest")
    await phone.is_step("details")
    await expect(phone.page.locator(".kept-for")).to_contain_text(f"约好后，您的候补号 {first['number']} 随即让出")
    for name, value in PERSON.items():
        await phone.page.locator(f"#{name}").fill(value)
    await phone.press("next")
    await phone.is_step("review")
    return phone, first, acts


async def test_who_stands_by_books_instead_and_gives_the_number_up_by_the_same_call(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    phone, ticket, acts = await about_to_book(service, context, clock)
    assert (await service.api.staff("GET", f"tickets/{ticket['id']}")).body["state"] == "waiting"
    await phone.reload()

    await phone.press("next")
    await phone.is_step("appointment")

    after = (await service.api.staff("GET", f"tickets/{ticket['id']}")).body
    assert (after["state"], after["left_reason"]) == ("left", "booked")
    assert acts == [("POST", "appointments")]
    await phone.page.goto(f"{service.api.base}/halls/demo")
    await phone.is_step("home")
    await expect(phone.page.locator(".own")).to_have_count(1)
    await phone.is_sound()


async def test_who_stands_by_and_finds_the_time_taken_has_the_number_still(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    phone, ticket, _ = await about_to_book(service, context, clock)
    slots = (await service.api.call("GET", "slots?service=enquiry&from=2026-11-24&to=2026-11-24")).body["slots"]
    for _ in range(slots[0]["free"]):
        body = {"service": "enquiry", "starts_at": slots[0]["starts_at"], "hold": True}
        assert (await service.api.staff("POST", "appointments", body)).status == 201

    await phone.press("next")

    await expect(phone.message).to_contain_text("刚刚约满")
    assert (await service.api.staff("GET", f"tickets/{ticket['id']}")).body["state"] == "waiting"
    await phone.message.get_by_role("button").first.click()
    await expect(phone.page.locator(".kept-for")).not_to_contain_text("09:00")
    await phone.press("next")
    await phone.is_step("appointment")
    assert (await service.api.staff("GET", f"tickets/{ticket['id']}")).body["left_reason"] == "booked"


async def test_who_was_let_in_meanwhile_is_led_back_to_the_number(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    phone, ticket, _ = await about_to_book(service, context, clock)
    until = {"until_at": "2026-11-23T19:30:00+08:00", "counters": 1}
    assert (await service.api.staff("PUT", "overtime", until)).status == 200

    await phone.press("next")
    await expect(phone.message).to_contain_text(f"您的号码 {ticket['number']} 已不在候补")
    await phone.message.get_by_role("button", name="看我的号码").click()

    await phone.is_view("waiting")
    assert identity(phone) == ticket["id"]
    await phone.page.goto(f"{service.api.base}/halls/demo?service=enquiry&step=time")
    await phone.press("soonest")
    await phone.is_step("details")
    await expect(phone.page.locator("#name")).to_have_value(PERSON["name"])
    await expect(phone.page.locator(".kept-for")).to_contain_text("为您保留")


async def looked_at_the_times(
    service: Service, context: BrowserContext, clock: RunningClock
) -> tuple[Phone, dict[str, Any]]:
    """Open a phone with a standby ticket and the step of the times; return it and the ticket."""
    first, *_ = await full(service, clock)
    phone = await Phone.open(context, address(service, first))
    await phone.press("book")
    await phone.page.wait_for_url("**/halls/demo?**")
    await expect(phone.page.locator("#soonest")).to_be_visible()
    return phone, first


async def test_who_leaves_after_having_looked_at_the_times_books_later_as_everybody_does(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    phone, ticket = await looked_at_the_times(service, context, clock)
    await phone.page.go_back()
    await phone.is_view("standby")
    await phone.press("leave")
    await phone.page.locator("dialog").get_by_role("button", name="不办了，离开").click()
    await phone.is_view("left")

    await phone.page.get_by_role("link", name="重新取号").click()
    await phone.page.wait_for_url("**/halls/demo?**")
    await phone.press("book")
    await phone.press("soonest")
    await phone.is_step("details")

    await expect(phone.page.locator(".kept-for")).to_contain_text("为您保留")
    await to_review(phone)
    await phone.press("next")
    await phone.is_step("appointment")
    assert (await service.api.staff("GET", f"tickets/{ticket['id']}")).body["left_reason"] == "self"


@pytest.mark.parametrize("step", ["time", "review"])
async def test_who_left_from_another_tab_books_without_a_number_to_give_up(
    service: Service, context: BrowserContext, clock: RunningClock, step: str
) -> None:
    phone, ticket = await looked_at_the_times(service, context, clock)

    async def leave() -> None:
        assert (await service.api.call("DELETE", f"tickets/{ticket['id']}", token=ticket["token"])).status == 200

    if step == "time":
        await leave()
    await phone.press("soonest")
    await phone.is_step("details")
    await to_review(phone)
    if step == "review":
        await leave()

    await phone.press("next")

    await phone.is_step("appointment")
    assert (await service.api.staff("GET", f"tickets/{ticket['id']}")).body["left_reason"] == "self"


async def test_a_time_of_another_service_gives_no_number_up(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    phone, ticket = await looked_at_the_times(service, context, clock)
    await phone.page.goto(f"{service.api.base}/halls/demo?service=loan-first&step=time")
    await phone.press("soonest")
    await phone.is_step("details")

    await expect(phone.page.locator(".kept-for")).to_contain_text("为您保留")
    await to_review(phone)
    await phone.press("next")
    await phone.is_step("appointment")

    assert (await service.api.staff("GET", f"tickets/{ticket['id']}")).body["state"] == "waiting"


async def test_whose_number_is_of_a_day_long_over_is_not_told_to_sign_in(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    phone, ticket, _ = await about_to_book(service, context, clock)
    clock.advance(2 * 86_400)

    await phone.press("next")
    await expect(phone.message).to_contain_text("已不在候补")
    await phone.message.get_by_role("button", name="看我的号码").click()

    await phone.is_view("left")
    assert identity(phone) == ticket["id"]


async def test_who_comes_to_a_full_hall_is_told_the_earliest_time_and_takes_it_at_a_press(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    await full(service, clock)
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry")

    await phone.press("take")

    await expect(phone.message).to_contain_text("今天已无法在闭馆前办理，最早可约")
    await phone.message.get_by_role("button", name="明天 09:00").click()
    await phone.is_step("details")
