"""A full hall on a phone: standing by, being let in, booking instead, and being told the earliest time."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.clock import RunningClock
from tests.browser.phone import Phone, hand
from tests.browser.test_applicant import PERSON
from tests.browser.test_ticket import address, identity
from tests.service import Service


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A phone that has never been here."""
    async with await hand(browser) as context:
        yield context


async def full(service: Service, clock: RunningClock) -> list[dict[str, Any]]:
    """Take numbers late in the afternoon until the hall is full; those on standby."""
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


async def test_who_stands_by_books_instead_and_gives_the_number_up_only_then(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    first, *_ = await full(service, clock)
    phone = await Phone.open(context, address(service, first))
    await phone.is_view("standby")
    standby = identity(phone)

    await phone.press("book")
    await phone.page.wait_for_url("**/halls/demo?**")
    await expect(phone.page.locator(".soonest")).to_contain_text("明天 09:00")
    await phone.press("soonest")
    await phone.is_step("details")
    assert (await service.api.staff("GET", f"tickets/{standby}")).body["state"] == "waiting"
    for name, value in PERSON.items():
        await phone.page.locator(f"#{name}").fill(value)
    await phone.press("next")
    await phone.is_step("review")
    await phone.press("next")
    await phone.is_step("appointment")

    assert (await service.api.staff("GET", f"tickets/{standby}")).body["state"] == "left"


async def test_who_comes_to_a_full_hall_is_told_the_earliest_time_and_takes_it_at_a_press(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    await full(service, clock)
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry")

    await phone.press("take")

    await expect(phone.message).to_contain_text("今天已无法在闭馆前办理，最早可约")
    await phone.message.get_by_role("button", name="明天 09:00").click()
    await phone.is_step("details")
