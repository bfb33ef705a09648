"""The lobby screen and the opening hours: before opening, without open counters, around the clock."""

import asyncio

from playwright.async_api import BrowserContext, expect

from tests.browser.clock import RunningClock
from tests.browser.halls import change
from tests.browser.screen import Screen
from tests.service import NOON_AT, Service

HALL = "/v1/halls/demo"
WITHIN_S = 20.0  # an expected event must happen within this time


async def test_a_closed_hall_says_when_it_opens_and_shows_its_board_as_soon_as_numbers_are_given_out(
    service: Service, clock: RunningClock, context: BrowserContext
) -> None:
    clock.advance(-3 * 3600)
    screen = await Screen.prepare(context)
    await screen.page.clock.install(time=NOON_AT)
    answers: asyncio.Queue[str] = asyncio.Queue()
    screen.page.on("requestfinished", lambda one: answers.put_nowait(one.url) if one.url.endswith(HALL) else None)
    await screen.go(service.api.base)

    message = screen.page.locator("#message")
    await expect(message).to_have_text("现在未开放Closed now今天 09:00 开放Opens today 09:00")
    await expect(screen.page.locator("#waits")).to_be_hidden()
    await expect(screen.page.locator("#notice")).to_be_hidden()
    for _ in range(2):  # at the start and for the board: an earlier answer must not arrive after the jump
        await asyncio.wait_for(answers.get(), WITHIN_S)

    clock.advance(100 * 60)
    async with asyncio.timeout(WITHIN_S):
        while answers.empty():  # in steps: one jump would also exceed the time limit of the request
            await screen.page.clock.run_for(1000)

    await expect(screen.banner).to_contain_text("尚无叫号")
    await expect(screen.banner).to_contain_text("今天 09:00 开放")
    await expect(screen.page.locator("#waits")).to_be_visible()


async def test_a_wait_is_not_foretold_while_no_counter_is_open(service: Service, screen: Screen) -> None:
    await service.api.take("enquiry")
    wait = screen.page.locator('[data-service="enquiry"]')

    await expect(wait.locator(".people b")).to_have_text("1")
    await expect(wait).to_contain_text("等候时间暂无法显示")

    await service.api.open("1")

    await expect(wait.locator(".estimate b")).to_have_text("0–10")


async def test_no_new_numbers_are_said_to_be_given_out_in_a_break_and_after_closing(
    service: Service, clock: RunningClock, context: BrowserContext
) -> None:
    days = {"weekdays": [1, 2, 3, 4, 5, 6, 7]}
    hours = [{**days, "from": "09:00", "to": "12:00"}, {**days, "from": "13:30", "to": "17:00"}]
    await change(service.api, hours=hours, staffing=[{**hours[0], "to": "17:00", "counters": 5}])
    await service.api.open("1")
    for _ in range(3):
        await service.api.take("enquiry")
    screen = await Screen.open(context, service.api.base)
    wait, door = screen.page.locator('[data-service="enquiry"]'), screen.page.locator(".door")
    await expect(door).to_contain_text("Open until 12:00")
    await expect(wait.locator(".estimate")).to_be_visible()

    clock.advance(130 * 60)
    await service.api.next("1")

    await expect(door).to_contain_text("12:00 已停止取号No new numbers since 12:0013:00 开始取号Numbers from 13:00")
    await expect(wait.locator(".estimate")).to_have_count(0)
    await expect(wait.locator(".people b")).to_have_text("2")
    reply = await service.api.call("POST", "tickets", {"service": "enquiry"})
    assert reply.code == "hall-closed"

    clock.advance(60 * 60)
    await service.api.next("1", "done")
    await expect(door).to_contain_text("Open until 17:00")
    await expect(wait.locator(".estimate")).to_be_visible()

    clock.advance(4 * 3600)
    await service.api.next("1", "done")
    await expect(door).to_contain_text("17:00 已停止取号No new numbers since 17:00已取的号码请留意叫号")
    await expect(wait.locator(".estimate")).to_have_count(0)
    assert screen.complaints == []


async def test_after_the_manager_has_ended_the_day_there_are_no_more_numbers(service: Service, screen: Screen) -> None:
    await service.api.open("1")
    await service.api.take("enquiry")
    await service.api.next("1")
    await expect(screen.banner).to_have_attribute("data-number", "B001")

    await service.api.staff("POST", "day/close")

    await expect(screen.page.locator(".door")).to_contain_text("今天不再取号No more numbers today没有办到的，改日回来")
    await expect(screen.page.locator(".estimate")).to_have_count(0)


async def test_a_hall_that_never_closes_does_not_say_until_when_it_is_open(
    service: Service, context: BrowserContext
) -> None:
    daily = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "24:00"}
    await change(service.api, hours=[daily], staffing=[{**daily, "counters": 5}])

    screen = await Screen.open(context, service.api.base)

    await expect(screen.page.locator("#waits")).to_contain_text("首次贷款签约")
    await expect(screen.page.locator("#waits")).not_to_contain_text("开放至")


async def test_a_hall_that_closes_at_midnight_says_so(service: Service, context: BrowserContext) -> None:
    daily = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "08:00", "to": "24:00"}
    await change(service.api, hours=[daily], staffing=[{**daily, "counters": 5}])

    screen = await Screen.open(context, service.api.base)

    await expect(screen.page.locator(".door")).to_contain_text("开放至 24:00")
    await expect(screen.page.locator(".door")).to_contain_text("Open until 24:00")


async def test_of_several_services_online_the_fact_is_said_before_their_names(
    service: Service, context: BrowserContext
) -> None:
    shown = (await service.api.staff("GET", "document")).body
    online = next(one for one in shown["services"] if one.get("online_url"))
    another = {**online, "id": "contract", "prefix": "D", "name": {"zh-CN": "电子合同", "en": "Electronic contract"}}
    await change(service.api, services=[*shown["services"], another])

    screen = await Screen.open(context, service.api.base)

    extra = screen.page.locator(".extra").first
    await expect(extra.locator(".first")).to_have_text("网上即可办理，无需到场：C 续贷、D 电子合同")
    await expect(extra.locator(".second")).to_have_text(
        "Online, no visit needed: C Loan renewal, D Electronic contract"
    )
