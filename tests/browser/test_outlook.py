"""The outlook shown before a number is taken: full, unknown, or possibly after the end of the day.

Also a removed service for which people still wait.
"""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.booth import STANDING, Booth
from tests.browser.clock import RunningClock
from tests.browser.desk import Desk
from tests.browser.halls import change
from tests.browser.manage import Manage
from tests.browser.phone import Phone, hand
from tests.browser.screen import Screen
from tests.browser.test_layout import OVERFLOWING
from tests.browser.test_standby import full
from tests.browser.test_ticket import address
from tests.service import NOON_AT, Api, Service, service_on

LATE = NOON_AT + timedelta(hours=13, minutes=20)
"""23:20 at the demo hall."""


@pytest.fixture
async def phone_context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context of a phone."""
    async with await hand(browser) as context:
        yield context


@pytest.fixture
async def booth_context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser of a kiosk."""
    async with await browser.new_context(viewport=STANDING, locale="zh-CN") as context:
        yield context


async def without_enquiries(api: Api) -> None:
    """Remove `enquiry` from the demo hall."""
    document = (await api.staff("GET", "document")).body
    services = [one for one in document["services"] if one["id"] != "enquiry"]
    counters = [{**one, "services": [x for x in one["services"] if x != "enquiry"]} for one in document["counters"]]
    await change(api, services=services, counters=counters)


async def test_a_phone_says_that_the_hall_is_full_before_anybody_presses(
    service: Service, phone_context: BrowserContext, clock: RunningClock
) -> None:
    await full(service, clock)

    phone = await Phone.open(phone_context, f"{service.api.base}/halls/demo")
    await expect(phone.page.locator('[data-service="enquiry"]')).to_contain_text("今天已排满，可预约")
    await phone.page.locator('[data-service="enquiry"]').click()

    await expect(phone.page.locator("#outlook")).to_have_text("今天已无法在闭馆前办理。")
    await expect(phone.page.locator("#take")).to_have_text("现在取号")
    await expect(phone.page.locator(".range")).to_have_count(0)
    await expect(phone.main).not_to_contain_text("预计等候")
    await phone.is_sound()


async def test_a_phone_says_that_only_standby_is_left_and_that_is_what_a_press_gets(
    service: Service, phone_context: BrowserContext, clock: RunningClock
) -> None:
    clock.advance(7 * 3600)
    await service.api.open("1")
    while (await service.api.take("enquiry"))["admission"] == "admitted":
        pass

    phone = await Phone.open(phone_context, f"{service.api.base}/halls/demo?service=enquiry&lang=en")
    await expect(phone.page.locator("#outlook")).to_contain_text("Today is full. A number taken now is on standby")
    await phone.page.get_by_role("button", name="Take a standby number now").click()

    await phone.is_view("standby")


async def test_a_refusal_goes_when_overtime_is_opened(
    service: Service, phone_context: BrowserContext, clock: RunningClock
) -> None:
    await full(service, clock)
    await phone_context.clock.install()
    phone = await Phone.open(phone_context, f"{service.api.base}/halls/demo?service=enquiry")
    await phone.press("take")
    await expect(phone.message).to_contain_text("今天已无法在闭馆前办理")

    until = {"until_at": "2026-11-23T19:30:00+08:00", "counters": 2}
    assert (await service.api.staff("PUT", "overtime", until)).status == 200
    await phone.page.clock.fast_forward(70_000)

    await expect(phone.message).to_have_count(0)
    await expect(phone.page.locator("#take")).to_contain_text("现在取号，等候")


async def test_a_kiosk_says_at_once_that_the_hall_is_full_and_that_it_is_not_any_more(
    service: Service, booth_context: BrowserContext, clock: RunningClock
) -> None:
    await service.api.open("2")
    booth = await Booth.at(booth_context, service.api)
    await expect(booth.service("enquiry").locator(".much b")).to_be_visible()
    await service.api.staff("POST", "counters/2/close")

    await full(service, clock)
    much = booth.service("enquiry").locator(".much")
    await expect(much).to_contain_text("今天已排满")
    await expect(much).to_contain_text("Full today")
    until = {"until_at": "2026-11-23T19:30:00+08:00", "counters": 2}
    assert (await service.api.staff("PUT", "overtime", until)).status == 200

    await expect(much.locator("b")).to_be_visible()


MANY: list[dict[str, Any]] = [
    {"id": f"s{n}", "prefix": f"{chr(70 + n)}", "name": {"zh-CN": f"事项{n}", "en": f"Service {n}"}} for n in range(3)
]


@pytest.mark.parametrize("extra", [[], MANY], ids=["with bars", "compact"])
async def test_the_lobby_and_the_managers_table_say_that_a_hall_is_full_in_place_of_a_wait(
    service: Service, office: BrowserContext, context: BrowserContext, clock: RunningClock, extra: list[dict[str, Any]]
) -> None:
    api = service.api
    services = (await api.staff("GET", "document")).body["services"]
    enquiry = next(one for one in services if one["id"] == "enquiry")
    await change(api, services=[*services, *({**enquiry, "papers": [], **one} for one in extra)])
    clock.advance(7 * 3600)
    await api.open("1")
    while (await api.take("enquiry"))["admission"] == "admitted":
        pass
    lobby = await Screen.open(context, api.base)
    row = lobby.page.locator('[data-service="enquiry"]')
    manage = await Manage.open(office, api)
    cell = manage.page.locator("tr", has_text="咨询").last.locator("td").last
    await expect(row).to_contain_text("今天只能候补Standby only today")
    await expect(row).not_to_contain_text("–", use_inner_text=True)
    await expect(row.locator(".range")).to_have_count(0)
    await expect(cell).to_have_text("今天只能候补")

    while (await api.call("POST", "tickets", {"service": "enquiry"})).status == 201:
        pass

    await expect(row).to_contain_text("今天已排满Full today")
    await expect(row).not_to_contain_text("–", use_inner_text=True)
    await expect(row.locator(".range")).to_have_count(0)
    await expect(row.locator(".people")).to_contain_text("人等候")
    await expect(cell).to_have_text("今天已排满")
    for width, height in ((1280, 720), (1920, 1080), (1080, 1920)):
        await lobby.page.set_viewport_size({"width": width, "height": height})
        await lobby.settle()
        assert await lobby.script(OVERFLOWING) == []
    until = {"until_at": "2026-11-23T19:30:00+08:00", "counters": 2}
    assert (await api.staff("PUT", "overtime", until)).status == 200
    await expect(row.locator(".estimate b")).to_have_text(re.compile("[0-9]+–[0-9]+"))


async def test_while_no_counter_is_open_phones_kiosks_and_managers_say_what_the_lobby_says(
    service: Service, phone_context: BrowserContext, booth_context: BrowserContext, office: BrowserContext
) -> None:
    ticket = await service.api.take("enquiry")
    lobby = await Screen.open(office, service.api.base)
    await expect(lobby.page.locator('[data-service="enquiry"]')).to_contain_text("等候时间暂无法显示")

    phone = await Phone.open(phone_context, f"{service.api.base}/halls/demo?service=enquiry")
    await expect(phone.main).to_contain_text("等候时间暂时不清楚")
    await expect(phone.page.locator("#take")).to_have_text("现在取号")
    await service.api.take("enquiry")
    own = await Phone.open(phone_context, address(service, await service.api.take("enquiry")))
    await expect(own.main).to_contain_text("预计暂时不清楚")
    booth = await Booth.at(booth_context, service.api)
    await expect(booth.service("enquiry").locator(".much")).to_contain_text("暂时无法预计")
    manage = await Manage.open(office, service.api)
    await expect(manage.page.locator("tr", has_text="咨询").last).to_contain_text("暂不知道")

    await service.api.open("1")

    await expect(lobby.page.locator('[data-service="enquiry"] .range')).to_be_visible()
    await expect(booth.service("enquiry").locator(".much b")).to_be_visible()
    await expect(own.page.locator(".range")).to_be_visible()
    await expect(manage.page.locator("tr", has_text="咨询").last).to_contain_text("分")
    assert ticket["number"] == "B001"


async def test_a_service_that_is_taken_out_is_seen_with_its_name_by_all_while_people_wait_for_it(
    service: Service, phone_context: BrowserContext, booth_context: BrowserContext, office: BrowserContext
) -> None:
    api = service.api
    await api.open("3")
    await api.take("enquiry")
    ticket = await api.take("enquiry")

    await without_enquiries(api)

    lobby = await Screen.open(office, api.base)
    row = lobby.page.locator('[data-service="enquiry"]')
    await expect(row).to_contain_text("咨询")
    await expect(row).to_contain_text("不再发号No new numbers")
    await expect(row).to_contain_text("2人等候")
    await expect(row.locator(".estimate, .range")).to_have_count(0)
    manage = await Manage.open(office, api)
    await expect(manage.page.locator("tr", has_text="咨询").last.locator("td").first).to_have_text("2")
    await expect(manage.page.locator("tr", has_text="咨询").last.locator("td").last).to_have_text("不再发号")
    own = await Phone.open(phone_context, address(service, ticket))
    await expect(own.main).to_contain_text("咨询")
    booth = await Booth.at(booth_context, api)
    await expect(booth.service("loan-first")).to_be_visible()
    await expect(booth.service("enquiry")).to_have_count(0)
    phone = await Phone.open(phone_context, f"{api.base}/halls/demo")
    await expect(phone.page.locator("a.choice")).to_have_count(2)
    desk = await Desk.at(office, api.base)
    await expect(desk.page.locator("#services")).to_contain_text("咨询")
    await desk.main.click()
    await desk.is_view("called")
    await expect(desk.page.locator("#person")).to_contain_text("咨询")


async def test_after_the_day_was_closed_nothing_is_said_of_overtime(service: Service, office: BrowserContext) -> None:
    until = {"until_at": "2026-11-23T19:30:00+08:00", "counters": 2}
    assert (await service.api.staff("PUT", "overtime", until)).status == 200
    manage = await Manage.open(office, service.api)
    await expect(manage.page.locator("#overtime-now")).to_be_visible()

    assert (await service.api.staff("POST", "day/close")).status == 200

    await expect(manage.page.locator("#day-over")).to_be_visible()
    await expect(manage.page.locator("#overtime-now")).to_have_count(0)


async def test_a_time_after_the_end_of_the_day_is_promised_to_nobody(
    dsn: str, tmp_path: Path, phone_context: BrowserContext, booth_context: BrowserContext, context: BrowserContext
) -> None:
    async with service_on(dsn, tmp_path, RunningClock(LATE), demo_always_open=True) as service:
        api = service.api
        await api.open("1")
        for _ in range(18):
            ticket = await api.take("enquiry")

        own = await Phone.open(phone_context, address(service, ticket))
        await expect(own.main).to_contain_text("今天不一定轮到")
        await expect(own.page.locator("#late")).to_contain_text("以后叫到您")
        await expect(own.page.locator("#late")).to_contain_text("今天叫号到 24:00 为止")
        await expect(own.page.locator(".range")).to_have_count(0)
        phone = await Phone.open(phone_context, f"{api.base}/halls/demo?service=enquiry&lang=en")
        await expect(phone.page.locator("#outlook")).to_contain_text("you may not be called today")
        await expect(phone.page.locator("#take")).to_have_text("Take a number now")
        lobby = await Screen.open(context, api.base)
        await expect(lobby.page.locator('[data-service="enquiry"]')).to_contain_text("等候时间暂无法显示")
        booth = await Booth.at(booth_context, api)
        await expect(booth.service("enquiry").locator(".much")).to_contain_text("今天不一定轮到")
        await booth.take("enquiry")
        await expect(booth.page.locator(".ticket-view .where")).to_contain_text("Perhaps not today")


async def test_who_is_next_is_promised_no_time_after_the_end_of_the_day_either(
    dsn: str, tmp_path: Path, phone_context: BrowserContext
) -> None:
    clock = RunningClock(LATE + timedelta(minutes=35))
    async with service_on(dsn, tmp_path, clock, demo_always_open=True) as service:
        await service.api.open("1")
        await service.api.take("enquiry")
        await service.api.next("1")
        ticket = await service.api.take("enquiry")

        own = await Phone.open(phone_context, address(service, ticket))

        await own.is_view("next")
        await expect(own.page.locator(".figures")).to_contain_text("今天不一定轮到")
        await expect(own.page.locator(".figures")).not_to_contain_text("–")
        await expect(own.page.locator("#news")).to_have_text("")
        await expect(own.page.locator("#late")).to_have_count(0)


async def on_standby(service: Service, clock: RunningClock) -> dict[str, Any]:
    """Take a ticket on standby, late in the day."""
    first, *_ = await full(service, clock)
    return first


async def test_no_other_day_is_offered_on_an_open_page_once_the_service_is_taken_out(
    service: Service, phone_context: BrowserContext, clock: RunningClock
) -> None:
    ticket = await on_standby(service, clock)
    papers = {"missing": ["id-card"]}
    assert (await service.api.staff("POST", f"tickets/{ticket['id']}/papers", papers)).status == 200
    await phone_context.clock.install()
    phone = await Phone.open(phone_context, address(service, ticket))
    await expect(phone.page.locator("#book")).to_be_visible()

    await without_enquiries(service.api)
    await phone.page.clock.fast_forward(70_000)

    await expect(phone.page.locator("#book")).to_have_count(0)
    await phone.is_view("standby")
    await expect(phone.main).to_contain_text("咨询")
    await expect(phone.main).to_contain_text("缺身份证")


async def test_who_wants_another_day_for_a_service_that_was_just_taken_out_is_told(
    service: Service, phone_context: BrowserContext, clock: RunningClock
) -> None:
    phone = await Phone.open(phone_context, address(service, await on_standby(service, clock)))
    await expect(phone.page.locator("#book")).to_be_visible()
    await without_enquiries(service.api)

    await phone.press("book")
    await phone.page.wait_for_url("**/halls/demo?**")

    await phone.is_step("home")
    await expect(phone.message).to_have_text("本大厅已没有这个事项。")
    assert "standby" not in await phone.script("sessionStorage.getItem('paihao-booking-demo') ?? ''")
    await phone.page.locator('[data-service="loan-first"]').click()
    await phone.is_step("service")
    await expect(phone.message).to_have_count(0)
