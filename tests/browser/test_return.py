"""The right to return on a phone: shown by the hall's page and the ticket's page until it is used or expired."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Route, expect

from tests.browser.clock import RunningClock
from tests.browser.halls import change
from tests.browser.phone import Phone, hand
from tests.browser.test_outlook import without_enquiries
from tests.service import Service

DAY_S = 86_400
WITHOUT_DATE = """
const seen = JSON.parse(localStorage.getItem("paihao-seen"));
if (seen) {
  delete seen.ticket.return_by_on;
  localStorage.setItem("paihao-seen", JSON.stringify(seen));
}
"""
"""A script that changes a stored ticket to the form of the previous release."""


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context of a phone."""
    async with await hand(browser) as context:
        yield context


async def taken(service: Service, context: BrowserContext) -> tuple[Phone, dict[str, Any]]:
    """Take a number on the phone; return its page, and the ticket as staff see it."""
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry")
    await phone.press("take")
    await phone.page.wait_for_url("**/t/**")
    await phone.is_view("next")
    ticket = (await service.api.staff("GET", f"tickets/{phone.page.url.partition('/t/')[2][:36]}")).body
    return phone, ticket


async def accepted(service: Service, ticket: dict[str, Any]) -> None:
    """Finish the visit with a missing paper, due in a week."""
    await service.api.open("3")
    await service.api.next("3")
    finish = {"outcome": "conditional", "missing": ["photocopy"], "due_on": "2026-11-30"}
    assert (await service.api.staff("POST", f"tickets/{ticket['id']}/finish", finish)).status == 200


async def accepted_conditionally(service: Service, context: BrowserContext) -> tuple[dict[str, Any], str]:
    """Make a conditionally accepted ticket; return its page and address."""
    phone, ticket = await taken(service, context)
    await accepted(service, ticket)
    await phone.is_view("done")
    return ticket, phone.page.url


async def home(service: Service, context: BrowserContext) -> Phone:
    """Open the page of the hall again."""
    return await Phone.open(context, f"{service.api.base}/halls/demo")


async def came_back(service: Service, ticket: dict[str, Any]) -> None:
    """Use the right at a kiosk, without the phone."""
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
    _, address = await accepted_conditionally(service, context)
    clock.advance(8 * DAY_S)

    after = await home(service, context)
    await expect(after.page.locator('[data-service="enquiry"]')).to_be_visible()
    await expect(after.page.locator(".own")).to_have_count(0)

    late = await Phone.open(context, address)
    await expect(late.main).to_contain_text("凭这个码返回的期限（11月30日 周一）已过")
    await expect(late.page.locator("#code")).to_have_count(0)


async def test_a_right_for_a_service_that_was_taken_out_is_good_until_the_day_ends(
    service: Service, context: BrowserContext
) -> None:
    ticket, link = await accepted_conditionally(service, context)

    await without_enquiries(service.api)

    own = (await home(service, context)).page.locator(".own")
    await expect(own).to_contain_text("可凭此号返回，11月23日 周一前有效")
    again = await Phone.open(context, link)
    await expect(again.main).to_contain_text("请在 11月23日 周一前补齐")
    await expect(again.main).to_contain_text("本大厅今天之后不再办理这个事项")
    await came_back(service, ticket)
    called = await service.api.next("3", "done")
    assert called is not None
    assert called["class"] == "returning"


async def test_a_right_for_a_service_that_the_hall_no_longer_has_is_not_promised(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    ticket, link = await accepted_conditionally(service, context)
    await without_enquiries(service.api)
    clock.advance(DAY_S)

    after = await home(service, context)
    await expect(after.page.locator('[data-service="loan-first"]')).to_be_visible()
    await expect(after.page.locator(".own")).to_have_count(0)
    again = await Phone.open(context, link)

    await expect(again.main).to_contain_text("本大厅已不再办理这个事项，不能凭这个码返回")
    await expect(again.main).not_to_contain_text("补齐后")
    await expect(again.page.locator("#code")).to_have_count(0)
    refused = await service.api.call("POST", "check-ins", {"code": ticket["code"]})
    assert refused.code == "service-not-found"


async def test_who_was_not_served_for_a_service_that_was_taken_out_is_promised_nothing_by_a_closed_hall(
    service: Service, context: BrowserContext
) -> None:
    phone, _ = await taken(service, context)
    link = phone.page.url
    await without_enquiries(service.api)
    assert (await service.api.staff("POST", "day/close")).status == 200

    again = await Phone.open(context, link)

    await again.is_view("left")
    await expect(again.main).to_contain_text("本大厅已不再办理这个事项，不能凭这个码返回")
    await expect(again.page.locator("#code")).to_have_count(0)
    await expect((await home(service, context)).page.locator(".own")).to_have_count(0)


async def test_who_would_return_for_what_is_online_now_is_told_where(service: Service, context: BrowserContext) -> None:
    _, link = await accepted_conditionally(service, context)
    services = (await service.api.staff("GET", "document")).body["services"]
    online = {"online_url": "https://example.org/enquiries"}
    await change(service.api, services=[{**one, **online} if one["id"] == "enquiry" else one for one in services])

    again = await Phone.open(context, link)

    await expect(again.main).to_contain_text("这个事项现在网上即可办理，无需到场")
    await expect(again.main.locator("a[href='https://example.org/enquiries']")).to_be_visible()
    await expect(again.page.locator("#code")).to_have_count(0)


async def test_a_date_that_an_older_page_did_not_keep_is_not_made_up(service: Service, context: BrowserContext) -> None:
    phone, _ = await taken(service, context)
    assert (await service.api.staff("POST", "day/close")).status == 200
    await phone.is_view("left")
    await context.add_init_script(WITHOUT_DATE)
    gate = asyncio.Event()

    async def wait(route: Route) -> None:
        await gate.wait()
        await route.continue_()

    await phone.page.route("**/v1/halls/demo/tickets/*", wait)
    await phone.reload()

    await expect(phone.main).to_contain_text("当天没有轮到")
    await expect(phone.main).not_to_contain_text("Invalid")
    await expect(phone.main).not_to_contain_text("已过")
    gate.set()
    await expect(phone.main).to_contain_text("请在 12月7日 周一前回来扫这个码")
