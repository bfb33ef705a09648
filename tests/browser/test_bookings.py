"""Bookings by staff for callers, on the page for phone staff and in the manager's section."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Route, ViewportSize, expect

from service.api.http.query import LIMIT
from tests.api.booking import by_hand
from tests.browser.axe import faults, faults_by_theme
from tests.browser.clerk import Clerk, appointments_on
from tests.browser.clock import RunningClock
from tests.browser.desk import sign_in
from tests.browser.manage import confirm, document_of, put_document
from tests.browser.pictures import PHONE, picture
from tests.browser.staff import PASSWORD, member
from tests.browser.test_pages import SIDEWAYS
from tests.service import NOON_AT, Service, service_on

TOMORROW, LATER = "2026-11-24", "2026-11-27"
NEEDS = """(select) => {
  const alone = select.cloneNode(true);
  Object.assign(alone.style, { position: "absolute", width: "max-content" });
  select.after(alone);
  const [has, needs] = [select.offsetWidth, alone.offsetWidth];
  alone.remove();
  return has < needs ? [has, needs] : [];
}"""
WIDE: ViewportSize = {"width": 1280, "height": 900}


async def places_by_hand(service: Service, places: int) -> None:
    """Places set by hand for each half hour."""
    document = await document_of(service.api)
    await put_document(service.api, {**document, "booking": {**document["booking"], **by_hand(places)}})


@pytest.fixture
async def clerk(service: Service, office: BrowserContext) -> Clerk:
    """The page of a hotline clerk, in a hall with two places each half hour."""
    await places_by_hand(service, 2)
    await member(service.api, "chen", "staff", "陈老师")
    return await Clerk.open(office, service.api, "chen")


async def test_who_finds_many_is_told_that_there_are_more_and_sees_them(service: Service, clerk: Clerk) -> None:
    for n in range(LIMIT + 1):
        await service.api.take("enquiry", applicant={"name": f"王{n}"})
    booking = {"service": "enquiry", "starts_at": f"{TOMORROW}T02:00:00Z", "applicant": {"name": "王小明"}}
    assert (await service.api.staff("POST", "appointments", booking)).status == 201
    numbers = clerk.page.locator("#found > p", has_text="号码")

    rows = await clerk.find("王")
    await expect(rows).to_have_count(1)
    await expect(numbers).to_have_count(LIMIT)
    await expect(clerk.page.locator("#found")).to_contain_text("还有更多结果没有显示")
    await clerk.page.locator("#found-more").click()

    await expect(numbers).to_have_count(LIMIT + 1)
    await expect(rows).to_have_count(1)
    await expect(clerk.page.locator("#found-more")).to_have_count(0)
    assert await faults(clerk.page) == []


async def test_a_clerk_of_the_hotline_books_moves_and_cancels_for_who_calls(service: Service, clerk: Clerk) -> None:
    page = clerk.page
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))

    await page.locator("#b-service").select_option("enquiry")
    await clerk.choose(TOMORROW, "09:30")
    await clerk.for_whom("李小龙", "138 0013 8000")
    await expect(clerk.book).to_have_text(re.compile("预约 11月24日.* 09:30"))
    await clerk.book.click()

    await expect(clerk.card).to_be_visible()
    [made] = await appointments_on(service.api, TOMORROW)
    assert (made["channel"], made["service"], made["starts_at"]) == ("hotline", "enquiry", "2026-11-24T01:30:00.000Z")
    await expect(clerk.card).to_contain_text(f"{made['code'][:4]} {made['code'][4:]}")
    await expect(page.locator("#day-list tbody tr")).to_have_attribute("data-code", made["code"])
    await page.locator("#card-away").click()
    await expect(page.locator("#b-search")).to_be_focused()

    rows = await clerk.find("13800138000")
    await expect(rows).to_have_count(1)
    await clerk.act(rows, "m")
    await expect(page.locator("#b-title")).to_have_text(re.compile("改期"))
    await clerk.choose(LATER, "10:00")
    await clerk.book.click()
    await expect(clerk.card).to_contain_text("已改期")
    [moved] = await appointments_on(service.api, LATER)
    assert (moved["id"], moved["code"], moved["starts_at"]) == (made["id"], made["code"], "2026-11-27T02:00:00.000Z")
    await expect(page.locator("#day-list tbody tr")).to_have_attribute("data-code", made["code"])

    rows = await clerk.find(made["code"].lower())
    await clerk.act(rows, "x")
    await expect(page.locator("dialog")).to_contain_text("位置会立即给其他人")
    await confirm(page)
    await expect(rows).to_have_attribute("data-state", "cancelled")
    [cancelled] = await appointments_on(service.api, LATER)
    assert cancelled["state"] == "cancelled"

    said = ("李小龙", "13800138000", "138%200013", made["code"])
    assert not any(one in address for address in [*addresses, page.url] for one in said)
    assert clerk.complaints == []


async def test_the_first_of_a_month_says_which_in_the_words_of_the_language(clerk: Clerk) -> None:
    first = clerk.page.locator("#day-2026-12-01 .turn")
    await expect(first).to_have_text("12/1")

    await clerk.page.get_by_role("link", name="English").click()

    await expect(first).to_have_text("1 Dec")


async def test_a_clerk_books_by_the_keyboard_alone(service: Service, clerk: Clerk) -> None:
    page = clerk.page
    await page.locator("#title").focus()

    await page.keyboard.press("b")
    await expect(page.locator("#b-service")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.locator("#b-count")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.locator("#soon-0")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(page.locator("#day-2026-11-23")).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#day-2026-12-01")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#times button:focus")).to_contain_text("09:30")
    await page.keyboard.press("Tab")
    await expect(page.locator("#b-name")).to_be_focused()
    await page.keyboard.type("Ann Lee")
    await page.keyboard.press("Tab")
    await page.keyboard.type("13800138001")
    await page.keyboard.press("Enter")

    await expect(clerk.card).to_contain_text("09:30")
    assert [one["starts_at"] for one in await appointments_on(service.api, "2026-12-01")] == [
        "2026-12-01T01:30:00.000Z"
    ]
    await page.keyboard.press("/")
    await expect(page.locator("#b-search")).to_be_focused()


async def under_way(clerk: Clerk) -> asyncio.Event:
    """Press the main button of a filled-in form; the request waits until the event is set."""
    gate = asyncio.Event()

    async def wait(route: Route) -> None:
        await gate.wait()
        await route.continue_()

    await clerk.page.route(re.compile("/appointments$"), wait)
    await clerk.choose(TOMORROW, "09:30")
    await clerk.for_whom("李小龙", "138 0013 8000")
    async with clerk.page.expect_request(re.compile("/appointments$")):
        await clerk.book.click()
    return gate


async def test_what_is_typed_for_the_next_caller_while_a_booking_is_under_way_stays(clerk: Clerk) -> None:
    gate = await under_way(clerk)
    name = clerk.page.locator("#b-name")
    await name.fill("王")

    gate.set()
    await expect(clerk.card).to_be_visible()
    await clerk.page.keyboard.type("芳")

    await expect(name).to_be_focused()
    await expect(name).to_have_value("王芳")
    await expect(clerk.page.locator("#b-phone")).to_have_value("")
    await expect(clerk.book).to_be_disabled()


async def book_out(service: Service) -> None:
    """Let others book the two places of tomorrow at 09:30."""
    for _ in range(2):
        body = {"service": "loan-first", "starts_at": f"{TOMORROW}T01:30:00Z", "hold": True}
        assert (await service.api.staff("POST", "appointments", body)).status == 201


async def test_a_refusal_is_said_of_who_was_sent_and_the_form_stays_the_next_callers(
    service: Service, clerk: Clerk
) -> None:
    gate = await under_way(clerk)
    await book_out(service)
    name = clerk.page.locator("#b-name")
    await name.fill("王芳")
    await clerk.page.locator("#times button", has_text="10:00").click()
    await name.focus()

    gate.set()

    said = clerk.page.locator("#book-said")
    await expect(said).to_contain_text(re.compile("没有为 李小龙 约上 11月24日.* 09:30。这个时间刚刚约满。"))
    await expect(said.locator("button")).to_have_count(0)
    await expect(name).to_be_focused()
    await expect(name).to_have_value("王芳")
    await expect(clerk.book).to_have_text(re.compile("10:00"))


async def test_a_refusal_while_the_next_caller_has_no_time_yet_names_the_time_that_was_sent(
    service: Service, clerk: Clerk
) -> None:
    gate = await under_way(clerk)
    await book_out(service)
    await clerk.page.locator(f"#day-{LATER}").click()

    gate.set()

    said = clerk.page.locator("#book-said")
    await expect(said).to_contain_text(re.compile("没有为 李小龙 约上 11月24日.* 09:30"))
    await expect(clerk.page.locator(f"#day-{LATER}")).to_have_attribute("aria-pressed", "true")


async def moving(service: Service, clerk: Clerk) -> asyncio.Event:
    """Press the main button of a move; the request waits until the event is set."""
    body = {"service": "enquiry", "starts_at": f"{TOMORROW}T01:30:00Z", "applicant": {"name": "李小龙"}}
    made = await service.api.staff("POST", "appointments", body)
    assert made.status == 201, made.body
    gate = asyncio.Event()

    async def wait(route: Route) -> None:
        if route.request.method == "PATCH":
            await gate.wait()
        await route.continue_()

    await clerk.page.route(re.compile("/appointments/"), wait)
    await clerk.act(await clerk.find("李小龙"), "m")
    await clerk.choose(LATER, "10:00")
    async with clerk.page.expect_request(lambda request: request.method == "PATCH"):
        await clerk.book.click()
    return gate


@pytest.mark.parametrize("name", ["chen", "wang"])
async def test_a_move_that_is_answered_after_another_signed_in_shows_them_nothing_and_takes_nothing(
    service: Service, clerk: Clerk, office: BrowserContext, name: str
) -> None:
    await member(service.api, "wang", "staff", "王老师")
    page = clerk.page
    gate = await moving(service, clerk)
    await office.clear_cookies()
    await page.locator("#b-search").fill("张")
    await page.locator("#b-search").press("Enter")
    await sign_in(page, name, PASSWORD)
    await clerk.is_ready()
    if name == "wang":
        await clerk.choose(TOMORROW, "11:00")
        await clerk.for_whom("张三", "13800138002")

    async with page.expect_response(lambda response: response.request.method == "PATCH"):
        gate.set()

    if name == "chen":
        await expect(clerk.card).to_contain_text("已改期")
        await expect(page.locator("#b-name")).to_be_visible()
        return
    await page.locator("#day-after").click()
    await expect(page.locator("#day-list")).to_contain_text("11月24日")
    await expect(clerk.card).to_have_count(0)
    await expect(clerk.book).to_have_text(re.compile("11:00"))
    await expect(page.locator("#b-name")).to_have_value("张三")


async def test_who_chooses_another_time_while_a_move_is_under_way_goes_on_moving_it(
    service: Service, clerk: Clerk
) -> None:
    gate = await moving(service, clerk)
    await clerk.page.locator("#times button", has_text="11:00").click()

    gate.set()

    await expect(clerk.page.locator("#said")).to_contain_text(re.compile("已改到 11月27日.* 10:00"))
    await expect(clerk.page.locator("#b-form")).to_contain_text(re.compile("11月27日.* 10:00"))
    await expect(clerk.book).to_have_text(re.compile("11:00"))
    await clerk.book.click()
    await expect(clerk.card).to_contain_text("11:00")
    [moved] = await appointments_on(service.api, LATER)
    assert moved["starts_at"] == f"{LATER}T03:00:00.000Z"


async def test_a_booking_that_is_answered_after_the_language_was_switched_is_shown(clerk: Clerk) -> None:
    gate = await under_way(clerk)
    await clerk.page.get_by_role("link", name="EN").click()
    await expect(clerk.page.locator("#b-name")).to_have_value("李小龙")

    gate.set()

    await expect(clerk.card).to_contain_text("Booked")
    await expect(clerk.page.locator("#b-name")).to_have_value("")
    assert clerk.complaints == []


@pytest.mark.parametrize(("name", "has"), [("chen", "李小龙"), ("wang", "")])
async def test_nothing_of_a_caller_is_left_for_another_account_that_signs_in(
    service: Service, clerk: Clerk, office: BrowserContext, name: str, has: str
) -> None:
    await member(service.api, "wang", "staff", "王老师")
    page = clerk.page
    await clerk.for_whom("李小龙", "138 0013 8000")
    await office.clear_cookies()
    await page.locator("#b-search").fill("李小龙")
    await page.locator("#b-search").press("Enter")

    await sign_in(page, name, PASSWORD)

    await expect(page.locator("#b-name")).to_be_visible()
    await expect(page.locator("#b-name")).to_have_value(has)
    await expect(page.locator("#b-phone")).to_have_value("138 0013 8000" if has else "")
    await expect(page.locator("#b-search")).to_have_value(has)


async def test_of_two_clerks_who_take_the_last_place_one_is_shown_the_nearest(
    service: Service, clerk: Clerk, browser: Browser
) -> None:
    await places_by_hand(service, 1)
    await member(service.api, "li", "staff", "李老师")
    async with await browser.new_context(locale="zh-CN") as context:
        other = await Clerk.open(context, service.api, "li")
        await clerk.page.reload()
        await clerk.is_ready()
        for one, name, phone in ((clerk, "张三", "13800138002"), (other, "李四", "13800138003")):
            await one.page.locator("#b-service").select_option("enquiry")
            await one.choose(TOMORROW, "10:00")
            await one.for_whom(name, phone)
        await clerk.book.click()
        await expect(clerk.card).to_be_visible()

        await other.book.click()

        said = other.page.locator("#book-said")
        await expect(said).to_contain_text("10:00 刚刚约满，最近的空位")
        nearest = said.locator("button").first
        await expect(nearest).to_be_focused()
        await expect(said.locator("button")).to_have_text(["09:30", "10:30", "09:00"])
        full = other.page.locator("#times button", has_text="10:00")
        await expect(full).to_be_disabled()
        await expect(other.page.locator("#b-name")).to_have_value("李四")
        await nearest.press("Enter")
        await expect(other.book).to_be_focused()
        await other.book.press("Enter")
        await expect(other.card).to_contain_text("09:30")

    times = [one["starts_at"] for one in await appointments_on(service.api, TOMORROW)]
    assert times == ["2026-11-24T02:00:00.000Z", "2026-11-24T01:30:00.000Z"]


async def test_who_stands_at_the_desk_with_a_booking_of_today_is_checked_in(
    service: Service, clerk: Clerk, clock: RunningClock
) -> None:
    page = clerk.page
    await page.locator("#b-service").select_option("enquiry")
    await clerk.choose("2026-11-23", "11:30")
    await page.locator("#b-channel").select_option("staff")
    await page.locator("#b-name").fill("王五")
    await clerk.book.click()
    await expect(clerk.card).to_be_visible()
    row = page.locator("#day-list tbody tr")

    await clerk.act(row, "i")
    await expect(page.locator("#said")).to_contain_text("10:30 开始签到")
    clock.advance(40 * 60)
    await clerk.act(row, "i")

    await expect(page.locator("#said")).to_contain_text("已签到，号码 B001")
    await expect(row).to_have_attribute("data-state", "checked_in")
    [ticket] = (await service.api.staff("GET", "queue")).body["waiting"]
    assert (ticket["class"], ticket["slot_at"]) == ("appointment", "2026-11-23T03:30:00.000Z")


async def test_what_a_day_would_not_take_any_more_is_marked(service: Service, clerk: Clerk) -> None:
    page = clerk.page
    await page.locator("#b-service").select_option("enquiry")
    for phone in ("13800138004", "13800138005"):
        await clerk.choose(TOMORROW, "09:00")
        await clerk.for_whom("赵六", phone)
        await clerk.book.click()
        await expect(clerk.card).to_be_visible()
        await page.locator("#card-away").click()
    await places_by_hand(service, 1)

    await page.locator("#day-after").click()
    await page.locator("#day-before").click()

    await expect(page.locator("#day-list tbody .tag.over")).to_have_count(1)
    await expect(page.locator("#day-list")).to_contain_text("有 1 个预约超出当天容量")


async def test_who_may_not_book_any_more_and_a_phone_that_is_none_is_said_in_words(clerk: Clerk) -> None:
    page = clerk.page
    await page.locator("#b-service").select_option("enquiry")
    for time in ("09:00", "09:30"):
        await clerk.choose(TOMORROW, time)
        await clerk.for_whom("钱七", "13800138006")
        await clerk.book.click()
        await expect(clerk.card).to_contain_text(time)
    await clerk.choose(TOMORROW, "10:00")
    await clerk.for_whom("钱七", "13800138006")

    await clerk.book.click()

    await expect(page.locator("#book-said")).to_contain_text("此人的预约数已到上限")
    await page.locator("#b-phone").fill("12")
    await clerk.book.click()
    await expect(page.locator("#book-said")).to_contain_text(re.compile("手机号|不合适"))


async def test_the_page_of_staff_shows_nothing_to_who_has_not_signed_in(
    service: Service, office: BrowserContext
) -> None:
    page = await office.new_page()

    await page.goto(f"{service.api.base}/halls/demo/desk?lang=en")

    await expect(page.locator("sign-in h1")).to_have_text("Sign in")
    await expect(page.locator("#form")).to_be_hidden()


async def test_a_desk_whose_own_clock_is_wrong_says_by_the_halls_how_old_it_is(
    dsn: str, tmp_path: Path, clock: RunningClock, office: BrowserContext
) -> None:
    await office.clock.install(time=NOON_AT + timedelta(hours=3))
    async with service_on(dsn, tmp_path, clock) as service:
        await member(service.api, "chen", "staff", "陈老师")
        clerk = await Clerk.open(office, service.api, "chen")

    await expect(clerk.page.locator("#stale")).to_contain_text("以下为 10:00 的信息")


async def test_how_many_come_is_read_whole_on_a_narrow_phone(clerk: Clerk) -> None:
    await clerk.page.get_by_role("link", name="English").click()
    await expect(clerk.page.locator("#b-title")).to_contain_text("Book")

    await clerk.page.set_viewport_size({"width": 360, "height": 740})

    assert await clerk.page.locator("#b-count").evaluate(NEEDS) == []


async def test_the_pages_of_bookings_have_no_fault_and_are_pictured(clerk: Clerk, tmp_path: Path) -> None:
    page = clerk.page
    await page.locator("#b-service").select_option("enquiry")
    for time, name, phone in (
        ("09:30", "张伟", "13800138007"),
        ("09:30", "李娜", "13800138008"),
        ("11:00", "王芳", "13800138009"),
    ):
        await clerk.choose(TOMORROW, time)
        await clerk.for_whom(name, phone)
        await clerk.book.click()
        await expect(clerk.card).to_contain_text(time)
    found = {"made": await faults(page)}
    await page.locator("#card-away").click()
    rows = await clerk.find("13800138007")
    await expect(rows).to_have_count(1)
    await clerk.choose(TOMORROW, "10:00")
    await clerk.for_whom("刘洋", "138 0013 8010")
    found |= await faults_by_theme(page)
    await page.locator("#form").evaluate("form => form.scrollTo(0, 0)")
    await picture(page, tmp_path, "bookings.png", WIDE)
    await picture(page, tmp_path, "bookings-phone.png", PHONE)
    await page.locator("#b-title").evaluate("title => title.scrollIntoView()")
    await picture(page, tmp_path, "bookings-phone-book.png")
    assert await page.evaluate(SIDEWAYS) == []
    await page.set_viewport_size({"width": 320, "height": 700})
    assert await page.evaluate(SIDEWAYS) == []
    await page.set_viewport_size(WIDE)
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("#b-title")).to_contain_text("Book")
    await expect(page.locator("#b-name")).to_have_value("刘洋")
    await expect(page.locator("#times [aria-pressed=true]")).to_contain_text("10:00")
    await clerk.find("13800138007")
    await page.locator("#form").evaluate("form => form.scrollTo(0, 0)")
    await picture(page, tmp_path, "bookings-en.png", WIDE)
    await picture(page, tmp_path, "bookings-phone-en.png", PHONE)
    await page.locator("#b-title").evaluate("title => title.scrollIntoView()")
    await picture(page, tmp_path, "bookings-phone-book-en.png")
    await page.set_viewport_size(WIDE)
    await clerk.act(rows, "m")
    found["move"] = await faults(page)

    assert found == {name: [] for name in found}
    assert clerk.complaints == []
