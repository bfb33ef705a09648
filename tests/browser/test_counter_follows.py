"""Open pages of counters and of the hotline follow changes of the hall document."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, ViewportSize, expect

from tests.browser.clerk import Clerk
from tests.browser.desk import Desk
from tests.browser.halls import change
from tests.browser.staff import member
from tests.service import Api, Service

DESKTOP = ViewportSize(width=1280, height=800)
CARD = {"id": "card", "name": {"zh-CN": "补办学生卡", "en": "Student card"}, "prefix": "D", "stages": ["window"]}
LATER_MS = 16_000


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context of a clerk, with a clock that the test controls."""
    async with await browser.new_context(viewport=DESKTOP, locale="zh-CN") as context:
        await context.clock.install()
        yield context


async def add_card(api: Api) -> None:
    """Add a service to the hall and to all its windows."""
    document: dict[str, Any] = (await api.staff("GET", "document")).body
    enquiry = next(service for service in document["services"] if service["id"] == "enquiry")
    for counter in document["counters"]:
        if counter["stage"] == "window":
            counter["services"].append("card")
    await change(api, services=[*document["services"], {**enquiry, **CARD}], counters=document["counters"])


async def test_papers_that_have_changed_are_the_ones_looked_at(service: Service, context: BrowserContext) -> None:
    await service.api.open("P1")
    await service.api.take("loan-first")
    await service.api.next("P1")
    desk = await Desk.at(context, service.api.base, "P1")
    papers = desk.page.locator("#checklist .name")
    old = await papers.all_text_contents()
    await desk.press("2")
    await expect(desk.main).to_contain_text("缺 1 项")

    services = (await service.api.staff("GET", "document")).body["services"]
    loan = next(one for one in services if one["id"] == "loan-first")
    loan["papers"][0] = {"id": "income-proof", "name": {"zh-CN": "家庭收入证明", "en": "Proof of income"}}
    await change(service.api, services=services)
    await context.clock.fast_forward(LATER_MS)

    await expect(papers).to_have_text(["家庭收入证明", *old[1:]])
    await expect(desk.main).to_contain_text("缺 1 项")
    await desk.press("1")
    await expect(desk.main).to_contain_text("缺 2 项")


async def test_the_own_service_is_offered_first_though_the_page_has_not_heard_of_it(
    service: Service, context: BrowserContext
) -> None:
    desk = await Desk.at(context, service.api.base)
    await add_card(service.api)
    await service.api.open("2", "3")
    ticket = await service.api.take("card")
    await service.api.next("3")
    await service.api.staff("POST", f"tickets/{ticket['id']}/start")
    await desk.is_view("serving")

    await desk.press("t")
    await expect(desk.page.locator("#to-service")).to_have_value("card")
    await desk.page.keyboard.press("Escape")
    await context.clock.fast_forward(LATER_MS)
    await expect(desk.page.locator("#person")).to_contain_text("补办学生卡")
    await desk.press("t")
    await desk.page.locator("#to-counter").select_option("2")
    await desk.page.locator("dialog button[type=submit]").click()

    await desk.is_view("idle")
    sent = (await service.api.staff("GET", f"tickets/{ticket['id']}")).body
    assert (sent["service"], sent["state"]) == ("card", "waiting")


async def test_a_service_that_has_left_the_hall_keeps_its_name_and_is_offered_to_nobody(
    service: Service, context: BrowserContext
) -> None:
    await add_card(service.api)
    await service.api.open("3")
    await service.api.take("card")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    document = (await service.api.staff("GET", "document")).body
    for counter in document["counters"]:
        counter["services"] = [name for name in counter["services"] if name != "card"]
    services = [one for one in document["services"] if one["id"] != "card"]

    await change(service.api, services=services, counters=document["counters"])
    await context.clock.fast_forward(LATER_MS)
    await desk.page.reload()
    await desk.is_live()

    await desk.press("Enter", "s")
    await desk.is_view("serving")
    await expect(desk.page.locator("#person")).to_contain_text("补办学生卡")
    await desk.press("t")
    await expect(desk.page.locator("#to-service")).to_have_value("card")
    await desk.page.keyboard.press("Escape")
    await desk.press("Enter")
    await expect(desk.number).to_have_text("B001")
    await desk.is_view("called")
    await desk.press("t")
    await expect(desk.page.locator("#to-service option[value=card]")).to_have_count(0)


async def test_the_hotline_books_a_service_that_is_new_and_keeps_what_is_typed(
    service: Service, context: BrowserContext
) -> None:
    await member(service.api, "chen", "staff", "陈老师")
    clerk = await Clerk.open(context, service.api, "chen")
    options = clerk.page.locator("#b-service option")
    await expect(options).to_have_count(2)
    await clerk.for_whom("张三", "13800001234")

    await add_card(service.api)
    await context.clock.fast_forward(LATER_MS)

    await expect(options).to_have_count(3)
    await expect(clerk.page.locator("#b-phone")).to_be_focused()
    await expect(clerk.page.locator("#b-name")).to_have_value("张三")
    await expect(clerk.page.locator("#b-service")).not_to_have_value("card")
    await clerk.page.locator("#b-service").select_option("card")
    await clerk.is_ready()
