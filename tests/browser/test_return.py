"""A right to return on a phone: found from the page of the hall until it is used or over, and said by its ticket."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.clock import RunningClock
from tests.browser.phone import Phone, hand
from tests.service import Service

DAY_S = 86_400


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A phone that has never been here."""
    async with await hand(browser) as context:
        yield context


async def taken(service: Service, context: BrowserContext) -> tuple[Phone, dict[str, Any]]:
    """A number that was taken on the phone, on its page; and the ticket as staff see it."""
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry")
    await phone.press("take")
    await phone.page.wait_for_url("**/t/**")
    await phone.is_view("next")
    ticket = (await service.api.staff("GET", f"tickets/{phone.page.url.partition('/t/')[2][:36]}")).body
    return phone, ticket


async def accepted(service: Service, ticket: dict[str, Any]) -> None:
    """End the visit with a paper missing, due in a week."""
    await service.api.open("3")
    await service.api.next("3")
    finish = {"outcome": "conditional", "missing": ["photocopy"], "due_on": "2026-11-30"}
    assert (await service.api.staff("POST", f"tickets/{ticket['id']}/finish", finish)).status == 200


async def home(service: Service, context: BrowserContext) -> Phone:
    """The page of the hall, opened anew."""
    return await Phone.open(context, f"{service.api.base}/halls/demo")


async def came_back(service: Service, ticket: dict[str, Any]) -> None:
    """Use the right at a kiosk: the phone has no part in it."""
    assert (await service.api.call("POST", "check-ins", {"code": ticket["code"]})).status == 201


async def test_who_is_to_bring_a_paper_finds_the_code_from_the_page_of_the_hall_until_it_was_used(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    phone, ticket = await taken(service, context)
    await accepted(service, ticket)
    await phone.is_view("done")
    await expect((await home(service, context)).page.locator(".own")).to_contain_text("11月30日 周一前有效")
    clock.advance(2 * DAY_S)

    again = await home(service, context)
    own = again.page.locator(".own")
    await expect(own).to_contain_text(ticket["number"])
    await own.click()
    await again.is_view("done")
    await expect(again.page.locator("#code")).to_be_visible()
    await came_back(service, ticket)
    await again.script("document.dispatchEvent(new Event('visibilitychange'))")

    await expect(again.main).to_contain_text("您已于 11月25日 周三 10:0")
    await expect(again.main).not_to_contain_text("前补齐")
    await expect(again.page.locator("#code")).to_have_count(0)
    after = await home(service, context)
    await expect(after.page.locator('[data-service="enquiry"]')).to_be_visible()
    await expect(after.page.locator(".own")).to_have_count(0)
    await again.is_sound()
    await after.is_sound()


async def test_a_right_that_is_used_the_same_day_is_said_on_the_page_that_is_open(
    service: Service, context: BrowserContext
) -> None:
    phone, ticket = await taken(service, context)
    await accepted(service, ticket)
    await expect(phone.main).to_contain_text("请在 11月30日 周一前补齐")

    await came_back(service, ticket)

    await expect(phone.main).to_contain_text("您已于 11月23日 周一 10:0")
    await expect(phone.main).not_to_contain_text("前补齐")


async def test_who_was_not_served_finds_the_number_though_the_page_was_closed_meanwhile(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    phone, ticket = await taken(service, context)
    await phone.page.close()
    assert (await service.api.staff("POST", "day/close")).status == 200
    clock.advance(14 * DAY_S)

    last = await home(service, context)

    await expect(last.page.locator(".own")).to_contain_text(ticket["number"])
    await expect(last.page.locator(".own")).to_contain_text("12月7日 周一前有效")
    await last.page.locator(".own").click()
    await last.is_view("left")
    await expect(last.main).to_contain_text("请在 12月7日 周一前回来扫这个码")


async def test_a_right_that_is_over_is_not_offered_any_more(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    phone, ticket = await taken(service, context)
    address = phone.page.url
    await accepted(service, ticket)
    await phone.is_view("done")
    clock.advance(8 * DAY_S)

    after = await home(service, context)
    await expect(after.page.locator('[data-service="enquiry"]')).to_be_visible()
    await expect(after.page.locator(".own")).to_have_count(0)

    late = await Phone.open(context, address)
    await expect(late.main).to_contain_text("凭这个码返回的期限（11月30日 周一）已过")
    await expect(late.page.locator("#code")).to_have_count(0)
