"""The page of a hall on a phone: booking, the person's own appointment, taking a number, and refusals."""

import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Route, expect

from tests.api.booking import by_hand
from tests.browser.clock import RunningClock
from tests.browser.phone import NARROW, PHONE, Phone, hand
from tests.service import Service, service_on

PERSON = {"name": "李小龙", "phone": "13800138000"}
NOTES = "Object.keys(localStorage).filter((name) => name.startsWith('paihao-hold-'))"
ENGLISH = """
Promise.all(["common", "applicant"].map((name) => fetch(`/pages/texts/en/${name}.ftl`).then((text) => text.text())))
"""
SOME_PLACES = by_hand(2, every_min=60, notice_s=0)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context of a phone."""
    async with await hand(browser) as context:
        yield context


async def configure(service: Service, **changes: object) -> None:
    """Replace parts of the hall document."""
    shown = await service.api.staff("GET", "document")
    tag = next(value for name, value in shown.headers.items() if name.lower() == "etag")
    reply = await service.api.staff("PUT", "document", {**shown.body, **changes}, headers={"If-Match": tag})
    assert reply.status == 200, reply.body


async def at_time(context: BrowserContext, service: Service, query: str = "") -> Phone:
    """Open the step with the times of enquiries."""
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry&step=time{query}")
    await expect(phone.page.locator("#soonest")).to_be_visible()
    return phone


async def held(context: BrowserContext, service: Service, query: str = "") -> Phone:
    """Open the step of the details, with a hold of the next free time."""
    phone = await at_time(context, service, query)
    await phone.press("soonest")
    await phone.is_step("details")
    return phone


async def to_review(phone: Phone) -> None:
    """Fill in the person."""
    for name, value in PERSON.items():
        await phone.page.locator(f"#{name}").fill(value)
    await phone.press("next")
    await phone.is_step("review")


async def booked(context: BrowserContext, service: Service) -> Phone:
    """Make an appointment."""
    phone = await held(context, service)
    await to_review(phone)
    await phone.press("next")
    await phone.is_step("appointment")
    await expect(phone.page.locator(".qr")).to_be_visible()
    return phone


async def appointments(service: Service, on: str = "2026-11-23") -> list[tuple[str, str]]:
    """Return start and state of the appointments of a day, as staff see them."""
    found = (await service.api.staff("GET", f"appointments?on={on}")).body["items"]
    return [(one["starts_at"], one["state"]) for one in found]


async def test_an_appointment_says_that_the_hall_is_closed_at_its_time_and_that_a_closed_day_has_cancelled_it(
    service: Service, context: BrowserContext
) -> None:
    await configure(service, booking=SOME_PLACES)
    phone = await booked(context, service)
    await configure(service, exceptions=[{"on": "2026-11-23", "from": "09:00", "to": "10:30"}])
    await phone.reload()
    await expect(phone.main.locator(".mine .message")).to_have_text("大厅在这个时间不开放，谨致歉意。请另选时间。")
    await expect(phone.page.locator("#here, .qr")).to_have_count(0)
    await expect(phone.page.locator("#change")).to_be_visible()

    assert (await service.api.staff("POST", "day/close")).status == 200
    await phone.reload()

    await expect(phone.main.locator(".mine h2")).to_have_text("已取消")
    await expect(phone.main.locator(".mine .message")).to_contain_text("当天的办理已提前结束")
    await expect(phone.dock).to_contain_text("再约")
    await phone.is_sound()


async def test_a_time_is_booked_with_a_reload_at_each_step_then_changed_then_cancelled(
    service: Service, context: BrowserContext
) -> None:
    await configure(service, booking=SOME_PLACES)
    phone = await Phone.open(context, f"{service.api.base}/halls/demo")
    await phone.page.locator('[data-service="enquiry"]').click()
    await phone.is_step("service")
    await phone.reload()
    await phone.is_step("service")
    await phone.press("book")
    await phone.is_step("time")
    await phone.reload()
    await phone.page.locator('.month [data-on="2026-11-24"]').click()
    await phone.page.locator(".slots [data-at]").nth(1).click()
    await phone.reload()
    await expect(phone.dock).to_contain_text("11月24日 周二 10:00")
    await phone.press("next")
    await phone.is_step("details")
    await expect(phone.main).to_contain_text("为您保留到 10:10")
    assert await appointments(service, "2026-11-24") == [("2026-11-24T02:00:00.000Z", "held")]
    await phone.page.locator("#name").fill(PERSON["name"])
    await phone.reload()
    await expect(phone.page.locator("#name")).to_have_value(PERSON["name"])
    await phone.page.locator("#phone").fill(PERSON["phone"])
    await phone.press("next")
    await phone.is_step("review")
    await phone.reload()
    await expect(phone.main).to_contain_text(PERSON["phone"])

    await phone.press("next")
    await phone.is_step("appointment")
    await expect(phone.page.locator(".mine")).to_contain_text("已约好")
    await phone.reload()
    code = (await phone.page.locator(".code").inner_text()).replace(" ", "")
    found = (await service.api.staff("POST", "search", {"code": code})).body["appointments"]
    assert [(one["starts_at"], one["state"]) for one in found] == [("2026-11-24T02:00:00.000Z", "booked")]

    await phone.press("change")
    await phone.is_step("move")
    await phone.page.locator('.month [data-on="2026-11-25"]').click()
    await phone.page.locator(".slots [data-at]:not([disabled])").first.click()
    await phone.press("next")
    await phone.is_step("appointment")
    await expect(phone.page.locator(".when")).to_contain_text("11月25日 周三")
    assert await appointments(service, "2026-11-25") == [("2026-11-25T01:00:00.000Z", "booked")]

    await phone.press("cancel")
    await phone.page.locator("dialog .stop").click()
    await expect(phone.page.locator(".mine")).to_contain_text("已取消")
    assert await appointments(service, "2026-11-25") == [("2026-11-25T01:00:00.000Z", "cancelled")]
    await phone.is_sound()


async def test_nothing_about_the_person_and_no_token_is_in_any_address_that_a_server_sees(
    service: Service, context: BrowserContext
) -> None:
    phone = await booked(context, service)
    await phone.press("calendar")

    kept = await phone.script("localStorage.getItem('paihao-own')")
    tokens = re.findall(r'"token":"([\w-]{43})"', kept)

    assert tokens
    addresses = [urlsplit(address)._replace(fragment="").geturl() for address in [*phone.asked, phone.page.url]]
    for private in (*tokens, PERSON["phone"], "13800138000"):
        assert not [address for address in addresses if private in address]


async def test_an_appointment_made_before_is_on_the_page_of_the_hall_and_one_from_a_link_is_too(
    service: Service, context: BrowserContext, browser: Browser
) -> None:
    phone = await booked(context, service)
    again = await Phone.open(context, f"{service.api.base}/halls/demo")
    await again.page.locator(".own").click()
    await again.is_step("appointment")
    await expect(again.page.locator(".qr")).to_be_visible()
    identity = phone.page.url.partition("#appointment=")[2]
    token = await phone.script(
        "(id) => JSON.parse(localStorage.getItem('paihao-own')).appointments[id].token", identity
    )

    async with await hand(browser) as other:
        link = f"{service.api.base}/halls/demo#appointment={identity}&token={token}。"
        opened = await Phone.open(other, link)
        await expect(opened.page.locator(".qr")).to_be_visible()

        assert token not in opened.page.url
        await opened.reload()
        await expect(opened.page.locator(".qr")).to_be_visible()


def written(file: Path) -> str:
    """Return the content of a saved file."""
    return file.read_text("utf-8")


async def test_the_calendar_file_is_that_of_the_appointment(service: Service, context: BrowserContext) -> None:
    phone = await booked(context, service)

    async with phone.page.expect_download() as download:
        await phone.press("calendar")

    text = written(await (await download.value).path())
    assert text.startswith("BEGIN:VCALENDAR")
    assert (await download.value).suggested_filename.endswith(".ics")


async def test_a_time_that_is_taken_meanwhile_leads_to_the_nearest(service: Service, context: BrowserContext) -> None:
    await configure(service, booking=by_hand(1, every_min=60, notice_s=0))
    phone = await at_time(context, service)
    await phone.page.locator('.month [data-on="2026-11-24"]').click()
    slot = phone.page.locator(".slots [data-at]").nth(1)
    starts_at = await slot.get_attribute("data-at")
    await slot.click()
    body = {"service": "enquiry", "starts_at": starts_at, "hold": True}
    assert (await service.api.staff("POST", "appointments", body)).status == 201

    await phone.press("next")

    await expect(phone.message).to_contain_text("刚刚约满，最近的空位是")
    taken = phone.page.locator(f'.slots [data-at="{starts_at}"]')
    await expect(taken).to_be_disabled()
    await expect(taken).to_contain_text("已满")
    await expect(phone.page.locator("#next")).to_have_attribute("aria-disabled", "true")
    await expect(phone.page.locator("#next")).to_be_focused()
    await phone.message.locator("button").first.click()
    await phone.is_step("details")
    assert sorted(state for _, state in await appointments(service, "2026-11-24")) == ["held", "held"]


async def test_a_hold_that_is_over_says_so_and_is_kept_again_at_a_press(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    await configure(service, booking=SOME_PLACES)
    phone = await held(context, service)
    for name, value in PERSON.items():
        await phone.page.locator(f"#{name}").fill(value)
    clock.advance(601)
    await phone.press("next")
    await phone.is_step("review")

    await phone.press("next")
    await expect(phone.message).to_contain_text("现已不再保留")
    await phone.reload()
    await phone.is_step("time")
    await expect(phone.page.locator("#soonest")).to_be_visible()
    await phone.press("soonest")
    await phone.is_step("details")
    await expect(phone.page.locator("#name")).to_have_value(PERSON["name"])


async def test_a_time_of_a_day_that_is_closed_meanwhile_is_kept_no_longer_and_another_is_offered(
    service: Service, context: BrowserContext
) -> None:
    await configure(service, booking=SOME_PLACES)
    phone = await held(context, service)
    await to_review(phone)
    assert (await service.api.staff("POST", "day/close")).status == 200

    await phone.press("next")

    await expect(phone.message).to_contain_text("当天的办理已提前结束，这个时间不再为您保留")
    await expect(phone.page.locator(".kept-for")).to_contain_text("已不再保留")
    await phone.message.get_by_role("button", name="预约时间").click()
    await phone.is_step("time")
    await expect(phone.page.locator("#soonest")).to_be_visible()
    await phone.press("soonest")
    await phone.is_step("details")
    await to_review(phone)
    await phone.press("next")
    await phone.is_step("appointment")


async def test_a_press_or_a_reload_after_a_time_is_kept_no_longer_leads_to_the_times(
    service: Service, context: BrowserContext
) -> None:
    await configure(service, booking=SOME_PLACES)
    phones = [await held(context, service), await held(context, service)]
    for phone in phones:
        await to_review(phone)
    assert (await service.api.staff("POST", "day/close")).status == 200

    for phone in phones:
        await phone.press("next")
        await expect(phone.message).to_contain_text("已提前结束")
    await phones[0].press("next")
    await phones[1].reload()

    for phone in phones:
        await phone.is_step("time")


async def test_the_page_notices_itself_that_a_hold_is_over(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    await configure(service, booking=SOME_PLACES)
    await context.clock.install()
    phone = await held(context, service)
    await expect(phone.page.locator(".kept-for")).to_contain_text("还有 10 分钟")

    clock.advance(601)
    await phone.page.clock.fast_forward(601_000)

    await expect(phone.message).to_contain_text("现已不再保留")
    await phone.message.get_by_role("button", name="再保留一次").click()
    await expect(phone.page.locator(".kept-for")).to_contain_text("还有 10 分钟")
    await expect(phone.message).to_be_hidden()


async def test_a_phone_whose_clock_is_set_forward_still_has_what_is_kept_for_it(
    service: Service, context: BrowserContext
) -> None:
    await context.clock.install()
    phone = await held(context, service)

    async with phone.page.expect_response("**/v1/halls/demo"):
        await phone.page.clock.fast_forward(601_000)

    await expect(phone.page.locator(".kept-for")).to_contain_text("还有 10 分钟")
    await expect(phone.message).to_be_hidden()


async def test_no_note_of_a_hold_outlives_it(service: Service, context: BrowserContext, clock: RunningClock) -> None:
    await configure(service, booking=SOME_PLACES)
    await context.clock.install()
    phone = await held(context, service)
    first = await phone.script(NOTES)
    clock.advance(601)
    await phone.page.clock.fast_forward(601_000)
    await phone.message.get_by_role("button", name="再保留一次").click()
    await expect(phone.page.locator(".kept-for")).to_contain_text("还有 10 分钟")
    again = await phone.script(NOTES)

    await to_review(phone)
    await phone.press("next")
    await phone.is_step("appointment")

    assert (len(first), len(again)) == (1, 1)
    assert first != again
    assert await phone.script(NOTES) == []


async def test_one_hold_moves_along_when_another_time_is_chosen(service: Service, context: BrowserContext) -> None:
    await configure(service, booking=SOME_PLACES)
    phone = await held(context, service)
    await phone.page.locator("#bar .button").first.click()
    await phone.is_step("time")
    await phone.page.locator('.month [data-on="2026-11-23"]').click()
    await phone.page.locator(".slots [data-at]:not([disabled])").nth(2).click()

    await phone.press("next")
    await phone.is_step("details")

    assert [state for _, state in await appointments(service)] == ["held"]


async def test_times_of_two_services_are_compared_as_often_as_one_likes(
    service: Service, context: BrowserContext
) -> None:
    await configure(service, booking=SOME_PLACES)
    phone = await held(context, service)

    for name in ("loan-first", "enquiry", "loan-first", "enquiry"):
        async with phone.page.expect_response(lambda answer: answer.request.method == "DELETE") as given_up:
            await phone.page.goto(f"{service.api.base}/halls/demo?service={name}&step=time")
            await phone.press("soonest")
            await phone.is_step("details")
        assert (await given_up.value).status == 200

    assert sorted(state for _, state in await appointments(service)) == [*["cancelled"] * 4, "held"]
    await to_review(phone)
    await phone.press("next")
    await phone.is_step("appointment")
    await phone.is_sound()


@pytest.mark.parametrize("name", ["loan-first", "enquiry"])
async def test_what_is_chosen_in_a_duplicated_tab_leaves_the_other_its_time(
    service: Service, context: BrowserContext, name: str
) -> None:
    await configure(service, booking=SOME_PLACES)
    phone = await held(context, service)
    await to_review(phone)
    kept = await phone.script("JSON.stringify({...sessionStorage})")
    times = await phone.page.locator(".facts").inner_text()
    other = await Phone.open(context, f"{service.api.base}/halls/demo")
    await other.script("(kept) => Object.assign(sessionStorage, JSON.parse(kept))", kept)
    await other.page.goto(f"{service.api.base}/halls/demo?service={name}&step=time")
    await other.page.locator('.month [data-on="2026-11-24"]').click()
    await other.page.locator(".slots [data-at]:not([disabled])").nth(2).click()
    await other.press("next")
    await other.is_step("details")

    await phone.press("next")

    await phone.is_step("appointment")
    [(starts_at, state)] = await appointments(service)
    assert state == "booked"
    assert f"{int(starts_at[11:13]) + 8:02}:{starts_at[14:16]}" in times
    assert [state for _, state in await appointments(service, "2026-11-24")] == ["held"]
    await to_review(other)
    await other.press("next")
    await other.is_step("appointment")


async def test_ones_own_time_is_not_shown_as_full_when_it_was_the_last(
    service: Service, context: BrowserContext
) -> None:
    await configure(service, booking=by_hand(1, every_min=60, notice_s=0))
    await context.clock.install()
    phone = await held(context, service)
    kept_for = await phone.page.locator(".kept-for b").inner_text()
    await phone.page.locator("#bar .button").first.click()
    await phone.is_step("time")
    async with phone.page.expect_response(lambda answer: "/slots?" in answer.url):
        await phone.page.clock.fast_forward(21_000)
        await phone.reload()

    mine = phone.page.locator('.slots [aria-pressed="true"]')
    await expect(mine).to_contain_text("为您保留")
    await expect(mine).to_contain_text(kept_for[-5:])
    await phone.press("next")
    await phone.is_step("details")
    assert [state for _, state in await appointments(service)] == ["held"]
    await phone.is_sound()


async def test_what_is_missing_is_said_at_its_field_and_focus_goes_there(
    service: Service, context: BrowserContext
) -> None:
    phone = await held(context, service)

    await phone.press("next")

    await expect(phone.page.locator("#name-wrong")).to_have_text("请填写姓名。")
    await expect(phone.page.locator("#name")).to_be_focused()
    await phone.page.locator("#name").fill("李")
    await phone.page.locator("#phone").fill("1234567890123456789")
    await phone.press("next")
    await phone.is_step("review")
    await phone.press("next")
    await phone.is_step("details")
    await expect(phone.page.locator("#phone-wrong")).to_be_visible()
    await expect(phone.page.locator("#phone")).to_be_focused()


async def test_who_is_late_is_told_what_it_costs_and_may_come_later(service: Service, context: BrowserContext) -> None:
    await configure(service, booking=by_hand(2, every_min=30, notice_s=0))
    phone = await booked(context, service)
    before = await appointments(service)

    await phone.press("late")

    dialog = phone.page.locator("dialog")
    await expect(dialog).to_contain_text("相当于比约定时间早到 60 分钟")
    await expect(dialog).to_contain_text("预约作废")
    await dialog.locator("button[value]").first.click()
    await expect(dialog).to_be_hidden()
    await expect(phone.page.locator(".when")).to_contain_text("11:00")
    assert (before, await appointments(service)) == (
        [("2026-11-23T02:30:00.000Z", "booked")],
        [("2026-11-23T03:00:00.000Z", "booked")],
    )


async def test_who_is_here_checks_in_with_the_phone_and_gets_a_number(
    service: Service, context: BrowserContext
) -> None:
    await configure(service, booking=SOME_PLACES)
    phone = await booked(context, service)

    await phone.press("here")

    await phone.page.wait_for_url("**/t/**")
    await phone.is_ready()
    await expect(phone.page.locator(".number").first).to_have_text("B001")
    assert [state for _, state in await appointments(service)] == ["checked_in"]


async def test_a_number_is_taken_and_the_same_phone_is_led_back_to_it(
    service: Service, context: BrowserContext
) -> None:
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry")
    await phone.press("take")
    await phone.page.wait_for_url("**/t/**")
    address = phone.page.url

    again = await Phone.open(context, f"{service.api.base}/halls/demo?service=loan-first")
    await again.press("take")
    await expect(again.message).to_contain_text("这部手机已有号码 B001")
    await again.message.locator("button").click()
    await again.page.wait_for_url("**/t/**")

    assert again.page.url == address
    assert len((await service.api.staff("GET", "tickets")).body["items"]) == 1


async def test_a_number_that_was_not_reached_before_the_phone_slept_is_not_taken_when_it_wakes(
    service: Service, context: BrowserContext
) -> None:
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry")

    async def fall_asleep(route: Route) -> None:
        await phone.script("() => { const now = Date.now.bind(Date); Date.now = () => now() + 3_600_000; }")
        await route.abort()

    await context.route("**/tickets", fall_asleep, times=1)
    await phone.press("take")

    await expect(phone.message).to_contain_text("暂时连不上服务")
    await expect(phone.message.get_by_role("button", name="再试一次")).to_be_visible()
    assert (await service.api.staff("GET", "tickets")).body["items"] == []


async def test_the_page_of_a_service_that_is_taken_away_is_left_with_a_word(
    service: Service, context: BrowserContext
) -> None:
    await context.clock.install()
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry")
    document = (await service.api.staff("GET", "document")).body
    offered = [one for one in document["services"] if one["id"] != "enquiry"]
    counters = [{**one, "services": ["loan-first"]} for one in document["counters"]]
    await configure(service, services=offered, counters=counters)

    await context.clock.run_for(70_000)

    await phone.is_step("home")
    await expect(phone.title).to_have_text("学生资助贷款办理大厅")
    await expect(phone.message).to_contain_text("本大厅已没有这个事项")


async def test_the_times_are_read_anew_when_a_phone_wakes(service: Service, context: BrowserContext) -> None:
    phone = await at_time(context, service)

    async with phone.page.expect_request("**/slots?*"):
        await phone.script("""() => {
            const now = Date.now.bind(Date);
            Date.now = () => now() + 3_600_000;
            document.dispatchEvent(new Event("visibilitychange"));
        }""")


async def test_the_language_that_was_chosen_last_is_shown(service: Service, context: BrowserContext) -> None:
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?lang=zh")
    asked: list[Route] = []
    await context.route("**/texts/en/*", lambda route: asked.append(route))  # noqa: PLW0108  (playwright marks what it calls)
    english, chinese = phone.page.locator("[data-lang=en]"), phone.page.locator("[data-lang=zh]")
    await english.dispatch_event("click")
    await chinese.dispatch_event("click")

    for route in asked:
        await route.continue_()
    await context.unroute("**/texts/en/*")
    await phone.script(ENGLISH)

    await expect(phone.page.locator("html")).to_have_attribute("lang", "zh-CN")


async def test_who_has_gone_on_before_a_time_is_kept_is_not_called_back(
    service: Service, context: BrowserContext
) -> None:
    phone = await at_time(context, service)
    asked: list[Route] = []
    await context.route("**/appointments", lambda route: asked.append(route))  # noqa: PLW0108  (playwright marks what it calls)
    await phone.press("soonest")
    await expect(phone.page.locator("#soonest")).to_have_attribute("aria-busy", "true")
    await phone.page.locator("#bar .button").first.click()
    await phone.is_step("service")

    await asked[0].continue_()
    await phone.page.wait_for_function(f"() => {NOTES}.length === 1")

    await phone.is_step("service")


async def test_a_hall_that_wants_the_doors_code_says_where_it_is_and_takes_it_from_the_link(
    service: Service, context: BrowserContext
) -> None:
    await configure(service, entrance=True)
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry")
    await expect(phone.page.locator("#take")).to_have_attribute("aria-disabled", "true")
    await expect(phone.page.locator("#take-why")).to_contain_text("大厅门口")
    code = (await service.api.staff("GET", "entrance")).body["code"]

    at_door = await Phone.open(context, f"{service.api.base}/halls/demo?entrance={code}")
    assert "entrance" not in at_door.page.url
    await at_door.page.locator('[data-service="enquiry"]').click()
    await at_door.press("take")

    await at_door.page.wait_for_url("**/t/**")
    (ticket,) = (await service.api.staff("GET", "tickets")).body["items"]
    assert ticket["channel"] == "qr"


async def test_the_doors_code_of_long_ago_is_refused_with_what_to_do(service: Service, context: BrowserContext) -> None:
    await configure(service, entrance=True)
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?entrance=WRONGONE")
    await phone.page.locator('[data-service="enquiry"]').click()

    await phone.press("take")

    await expect(phone.message).to_contain_text("请扫大厅门口屏幕上的二维码")
    await phone.message.get_by_role("button", name="预约时间").click()
    await phone.is_step("time")


async def test_what_is_done_online_needs_no_visit(service: Service, context: BrowserContext) -> None:
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=loan-renewal")

    await expect(phone.main).to_contain_text("网上即可办理，无需到场")

    await expect(phone.dock.locator("a.primary")).to_have_attribute("href", "https://example.org/loan-renewal")
    assert await phone.page.locator("#take, #book").count() == 0


async def test_the_hours_with_the_shortest_waits_are_told_or_those_with_the_fewest_people(
    service: Service, context: BrowserContext
) -> None:
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry")
    assert await phone.page.locator("#quiet").count() == 0
    hall = (await service.api.call("GET", "/v1/halls/demo")).body
    expected = [
        {
            "from_at": f"2026-11-23T0{hour}:00:00.000Z",
            "to_at": f"2026-11-23T0{hour + 1}:00:00.000Z",
            "people": people,
            "wait_p90_s": None,
        }
        for hour, people in ((2, 20.0), (4, 4.0), (5, 9.0), (7, 5.0))
    ]
    waits_s: list[int | None] = [None] * 4

    async def with_history(route: Route) -> None:
        spans = [{**one, "wait_p90_s": wait_s} for one, wait_s in zip(expected, waits_s, strict=True)]
        await route.fulfill(json={**hall, "expected": spans})

    await context.route("**/v1/halls/demo", with_history)
    await phone.reload()

    await expect(phone.page.locator("#quiet")).to_have_text(
        "今天来人较少：12:00\u2060–\u206013:00、15:00\u2060–\u206016:00（按以往估计）"
    )

    waits_s[:] = [600, 1500, 900, None]  # few people come at noon, when few are served; the last ones may not be called
    await phone.reload()

    await expect(phone.page.locator("#quiet")).to_have_text(
        "今天等候较短：10:00\u2060–\u206011:00、13:00\u2060–\u206014:00（按目前估计）"
    )


async def test_a_closed_hall_gives_no_numbers_and_says_when_it_opens(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    clock.advance(9 * 3600)

    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry")

    await expect(phone.main).to_contain_text("明天 09:00 开放")
    await expect(phone.page.locator("#take")).to_have_attribute("aria-disabled", "true")
    await phone.press("book")
    await phone.is_step("time")
    await expect(phone.page.locator(".soonest")).to_contain_text("明天 09:00")


REFUSED: tuple[tuple[int, dict[str, object], str], ...] = (
    (409, {"code": "hall-full", "slots": [], "overtime": None}, "今天已无法在闭馆前办理"),
    (409, {"code": "hall-closed", "opens_at": "2026-11-24T01:00:00.000Z"}, "明天 09:00 开放"),
    (409, {"code": "hall-suspended", "text": {"zh-CN": "消防演习"}}, "消防演习"),
    (409, {"code": "online-only", "url": "https://example.org/x"}, "网上即可办理，无需到场"),
    (409, {"code": "already-waiting", "ticket": "0198c0de-0000-7000-8000-000000000000"}, "请打开取号时的页面"),
    (429, {"code": "rate-limited"}, "请 7 秒后继续"),
    (500, {"code": "fault"}, "我们这边出了问题"),
)
"""Status, fields of the problem, and words of the page."""


async def test_a_number_that_is_not_given_is_refused_in_words_with_one_way_forward(
    quiet_service: Service, context: BrowserContext
) -> None:
    page_of_service = f"{quiet_service.api.base}/halls/demo?service=enquiry"
    phone = await Phone.open(context, page_of_service)
    for status, problem, words in REFUSED:
        await phone.page.goto(page_of_service)
        await phone.is_ready()
        answer = {"type": "/problems/x", "title": "x", "status": status, **problem}
        await phone.page.route("**/tickets", partial(refuse, status=status, problem=answer))

        await phone.press("take")

        await expect(phone.message).to_contain_text(words)
        await phone.page.get_by_label("返回").click()
        await phone.is_step("home")
        await expect(phone.message).to_be_hidden()
        await phone.page.unroute("**/tickets")


async def refuse(route: Route, *, status: int, problem: dict[str, object]) -> None:
    """Answer a request with a problem, as the service does."""
    headers = {"Retry-After": "7"}
    await route.fulfill(status=status, headers=headers, content_type="application/problem+json", json=problem)


async def test_a_full_hall_offers_the_earliest_time_and_books_it_at_a_press(
    service: Service, context: BrowserContext
) -> None:
    slot = {"service": "enquiry", "starts_at": "2026-11-24T01:20:00.000Z", "ends_at": "x", "places": 2, "free": 1}
    problem = {"type": "/problems/hall-full", "title": "x", "status": 409, "code": "hall-full", "slots": [slot]}

    async def refuse(route: Route) -> None:
        await route.fulfill(status=409, content_type="application/problem+json", json=problem)

    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry")
    await phone.page.route("**/tickets", refuse)
    await phone.press("take")

    await phone.message.get_by_role("button", name="明天 09:20").click()

    await phone.is_step("details")
    assert await appointments(service, "2026-11-24") == [("2026-11-24T01:20:00.000Z", "held")]


async def invited(service: Service, **about: object) -> str:
    """Return the code of an invitation by a school with reserved places."""
    school = (await service.api.staff("POST", "devices", {"name": "school", "role": "partner"})).body
    reserved = [
        {"partner": school["id"], "weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "14:00", "to": "15:00", "share": 1}
    ]
    await configure(service, booking={"reserved": reserved})
    guest = {"name": "Li Hua", "phone": "13800138000", "service": "loan-first", **about}
    reply = await service.api.call("POST", "invitations", {"items": [guest]}, token=school["token"])
    assert reply.status == 201, reply.body
    code: str = reply.body["items"][0]["code"]
    return code


async def test_who_was_invited_sees_the_places_kept_for_them_and_books_one_without_typing(
    service: Service, context: BrowserContext
) -> None:
    code = await invited(service)
    stranger = await Phone.open(context, f"{service.api.base}/halls/demo?service=loan-first&step=time")
    await stranger.page.locator('.month [data-on="2026-11-24"]').click()
    await expect(stranger.page.locator('[data-hour="14"]')).to_be_disabled()
    await stranger.page.close()

    phone = await Phone.open(context, f"{service.api.base}/halls/demo#invitation={code}")
    await expect(phone.main).to_contain_text(code)
    assert code not in phone.page.url
    await phone.page.locator('[data-service="loan-first"]').click()
    await phone.press("book")
    await phone.page.locator('.month [data-on="2026-11-24"]').click()
    await phone.page.locator('[data-hour="14"]').click()
    await phone.page.locator(".slots [data-at]:not([disabled])").first.click()
    await phone.press("next")
    await phone.is_step("details")
    await phone.press("next")
    await phone.is_step("review")
    await expect(phone.page.locator(".facts")).to_contain_text("按邀请登记的信息")
    await phone.press("next")

    await phone.is_step("appointment")
    assert [state for _, state in await appointments(service, "2026-11-24")] == ["booked"]
    assert all(code not in address for address in phone.asked)
    await phone.is_sound()


async def test_the_code_of_an_invitation_is_looked_at_when_it_is_typed(
    service: Service, context: BrowserContext
) -> None:
    code = await invited(service)
    phone = await Phone.open(context, f"{service.api.base}/halls/demo")
    await phone.page.locator(".more summary").click()
    for wrong in ("ZZZZZZZZ", "没有"):
        await phone.page.locator("#invitation").fill(wrong)
        await phone.page.get_by_role("button", name="使用").click()
        await expect(phone.message).to_contain_text("本大厅没有这个邀请码")

    await phone.page.locator("#invitation").fill(f" {code[:4].lower()} {code[4:]} ")
    await phone.page.get_by_role("button", name="使用").click()

    await expect(phone.main).to_contain_text("已带上邀请码")
    await expect(phone.message).to_be_hidden()


async def test_a_link_with_an_invitation_that_nobody_gave_still_shows_the_times(
    service: Service, context: BrowserContext
) -> None:
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry&step=time#invitation=ZZZZZZZZ")

    await expect(phone.message).to_contain_text("本大厅没有这个邀请码")
    await expect(phone.page.locator(".soonest")).to_be_visible()
    assert "invitation" not in phone.page.url


async def test_an_invitation_that_nobody_gave_is_said_to_be_none(service: Service, context: BrowserContext) -> None:
    phone = await Phone.open(context, f"{service.api.base}/halls/demo#invitation=ZZZZZZZZ")
    await expect(phone.main).to_contain_text("ZZZZZZZZ")
    await phone.page.locator('[data-service="enquiry"]').click()
    await phone.press("take")

    await expect(phone.message).to_contain_text("本大厅没有这个邀请码")
    await phone.reload()
    await expect(phone.main).not_to_contain_text("ZZZZZZZZ")


async def test_words_that_did_not_come_are_asked_for_again(service: Service, context: BrowserContext) -> None:
    async def cut(route: Route) -> None:
        await route.abort()

    await context.route("**/applicant.ftl", cut, times=1)

    phone = await Phone.open(context, f"{service.api.base}/halls/demo")

    await expect(phone.title).to_have_text("学生资助贷款办理大厅")


async def test_a_phone_without_a_network_says_so_keeps_what_was_typed_and_books_once_when_it_is_back(
    service: Service, context: BrowserContext
) -> None:
    phone = await held(context, service)
    await to_review(phone)
    await context.set_offline(True)
    band = phone.page.locator("#stale")
    await expect(band).to_contain_text("网络已断开。已选、已填的内容都在")

    await phone.press("next")
    await expect(phone.page.locator("#next")).to_have_attribute("aria-busy", "true")
    await context.set_offline(False)

    await phone.is_step("appointment")
    await expect(band).to_be_hidden()
    assert [state for _, state in await appointments(service)] == ["booked"]


async def test_the_way_back_of_the_browser_leads_through_the_steps(service: Service, context: BrowserContext) -> None:
    phone = await Phone.open(context, f"{service.api.base}/halls/demo")
    await phone.page.locator('[data-service="enquiry"]').click()
    await phone.press("book")
    await expect(phone.page.locator("#soonest")).to_be_visible()
    await phone.press("soonest")
    await phone.is_step("details")

    for step in ("time", "service", "home"):
        await phone.page.go_back()
        await phone.is_step(step)
    await phone.page.go_forward()
    await phone.is_step("service")


async def test_a_time_is_booked_with_the_keyboard_alone(service: Service, context: BrowserContext) -> None:
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?lang=en")
    keys = phone.page.keyboard

    async def to(control: str) -> None:
        for _ in range(90):
            await keys.press("Tab")
            if await phone.script("(to) => document.activeElement.matches(to)", control):
                return
        raise AssertionError(f"{control} is not reached")

    await to('[data-service="enquiry"]')
    await keys.press("Enter")
    await phone.is_step("service")
    await expect(phone.title).to_be_focused()
    await to("#book")
    await keys.press("Enter")
    await expect(phone.page.locator("#soonest")).to_be_visible()
    await to('.month [data-on="2026-11-26"]')
    await keys.press("Enter")
    await to('[data-hour="10"]')
    await keys.press("Enter")
    await to(".slots [data-at]")
    await keys.press("Enter")
    await to("#next")
    await keys.press("Enter")
    await phone.is_step("details")
    await to("#name")
    await keys.type("Li")
    await to("#email")
    await keys.type("li@example.org")
    await keys.press("Enter")
    await phone.is_step("review")
    await to("#next")
    await keys.press("Enter")

    await phone.is_step("appointment")
    await expect(phone.page.locator(".mine")).to_contain_text("Booked")


async def test_the_language_is_switched_at_each_step_of_booking_also_on_a_narrow_phone(
    service: Service, context: BrowserContext
) -> None:
    phone = await at_time(context, service)
    bar = phone.page.locator("#bar")
    await bar.get_by_role("link", name="English").click()
    await expect(phone.title).to_have_text("Choose a time")
    await expect(phone.page.locator('.month [data-on="2026-12-01"]')).to_contain_text("1 Dec")
    await phone.page.set_viewport_size(NARROW)
    await bar.get_by_role("link", name="中文").click()
    await phone.press("soonest")
    await phone.is_step("details")
    await expect(bar.get_by_role("img", name="第 3 步，共 4 步")).to_be_visible()
    for name, value in PERSON.items():
        await phone.page.locator(f"#{name}").fill(value)

    await bar.get_by_role("link", name="English").click()

    await expect(phone.page.get_by_label("Name")).to_have_value(PERSON["name"])
    await phone.press("next")
    await phone.is_step("review")
    await bar.get_by_role("link", name="中文").click()
    await expect(phone.title).to_have_text("请核对")
    await expect(phone.main).to_contain_text(PERSON["name"])


async def test_the_language_is_switched_in_the_middle_and_nothing_is_lost(
    service: Service, context: BrowserContext
) -> None:
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=loan-first")
    await phone.page.locator("#count").select_option("3")

    await phone.page.get_by_role("link", name="English").click()

    await expect(phone.title).to_have_text("First loan contract")
    await expect(phone.page.locator("#count")).to_have_value("3")
    await phone.press("book")
    await phone.is_step("time")
    await expect(phone.title).to_have_text("Choose a time")


async def test_the_language_is_switched_by_the_keyboard_at_every_step_and_the_focus_stays_there(
    service: Service, context: BrowserContext
) -> None:
    phone = await Phone.open(context, f"{service.api.base}/halls/demo")
    html, there = phone.page.locator("html"), phone.page.locator("#bar .langs a:visible:focus")

    async def switched(step: str) -> None:
        await phone.is_step(step)
        for lang, tag in (("en", "en"), ("zh", "zh-CN")):
            await phone.page.locator(f'#bar [data-lang="{lang}"]').focus()
            await phone.page.keyboard.press("Enter")
            await expect(html).to_have_attribute("lang", tag)
            await expect(there).to_have_count(1)

    for size in (PHONE, NARROW):
        await phone.page.set_viewport_size(size)
        await switched("home")
    await phone.page.locator('[data-service="enquiry"]').click()
    await switched("service")
    await phone.press("book")
    await expect(phone.page.locator("#soonest")).to_be_visible()
    await switched("time")
    await phone.press("soonest")
    await switched("details")
    for name, value in PERSON.items():
        await phone.page.locator(f"#{name}").fill(value)
    await phone.press("next")
    await switched("review")
    await phone.press("next")
    await expect(phone.page.locator(".qr")).to_be_visible()
    await switched("appointment")
    await phone.press("change")
    await switched("move")


async def test_a_suspended_hall_says_why_in_its_own_words_and_once(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    await service.api.staff("PUT", "suspension", {"text": {"zh-CN": "消防演习，请到门外", "en": "Fire drill"}})

    phone = await Phone.open(context, f"{service.api.base}/halls/demo")
    await expect(phone.page.locator(".state")).to_have_text("暂停办理消防演习，请到门外")
    await expect(phone.main).not_to_contain_text("现在来，等候")
    await phone.page.locator('[data-service="enquiry"]').click()

    await expect(phone.page.locator(".state")).to_have_text("暂停办理消防演习，请到门外")
    await expect(phone.dock.locator(".why")).to_have_text("现在不发号。")
    await expect(phone.page.locator("body")).not_to_contain_text("请听从工作人员指引")


async def test_the_page_of_a_hall_says_each_minute_how_it_is_and_leaves_alone_what_is_typed(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    await service.api.open("3")
    await context.clock.install()
    phone = await Phone.open(context, f"{service.api.base}/halls/demo")
    state, enquiry = phone.page.locator(".state"), phone.page.locator('[data-service="enquiry"]')
    await expect(state).to_have_text("开放中")
    await expect(enquiry).to_contain_text("现在来，等候")
    await phone.page.locator("summary").click()
    code = phone.page.locator("#invitation")
    await code.press_sequentially("SCHOOL")
    await code.evaluate("(field) => field.setSelectionRange(2, 4)")

    await service.api.staff("PUT", "suspension", {"text": {"zh-CN": "请从最近的出口离开", "en": "Please leave"}})
    await phone.page.clock.fast_forward(61_000)
    await expect(state).to_have_text("暂停办理请从最近的出口离开")
    await expect(enquiry).not_to_contain_text("等候")
    await expect(code).to_be_focused()
    assert await code.evaluate("(field) => [field.value, field.selectionStart, field.selectionEnd]") == ["SCHOOL", 2, 4]
    await service.api.staff("DELETE", "suspension")
    clock.advance(9 * 3600)
    await phone.page.clock.fast_forward(61_000)

    await expect(state).to_have_text("未开放明天 09:00 开放")
    await expect(enquiry).not_to_contain_text("等候")
    await expect(code).to_be_focused()
    await enquiry.click()
    await phone.is_step("service")
    await phone.is_sound()


async def test_an_appointment_of_a_day_that_was_closed_leaves_the_page_of_the_hall(
    service: Service, context: BrowserContext
) -> None:
    await configure(service, booking=SOME_PLACES)
    await context.clock.install()
    await booked(context, service)
    phone = await Phone.open(context, f"{service.api.base}/halls/demo")
    await expect(phone.page.locator(".own")).to_have_count(1)
    await phone.page.locator("summary").click()
    code = phone.page.locator("#invitation")
    await code.press_sequentially("SCHOOL")

    assert (await service.api.staff("POST", "day/close")).status == 200
    await phone.page.clock.fast_forward(61_000)

    await expect(phone.page.locator(".own")).to_have_count(0)
    await expect(code).to_be_focused()
    await expect(code).to_have_value("SCHOOL")
    await phone.is_sound()


async def test_an_appointment_that_was_cancelled_elsewhere_is_not_on_the_page_of_the_hall_when_it_is_opened(
    service: Service, context: BrowserContext
) -> None:
    await configure(service, booking=SOME_PLACES)
    phone = await booked(context, service)
    identity = phone.page.url.partition("#appointment=")[2]
    assert (await service.api.staff("DELETE", f"appointments/{identity}")).status == 200

    again = await Phone.open(context, f"{service.api.base}/halls/demo")

    await expect(again.page.locator(".own")).to_have_count(0)
    await expect(again.page.locator('[data-service="enquiry"]')).to_be_visible()


async def test_why_no_number_is_given_is_said_as_long_as_it_is_so(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    await context.clock.install()
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry")
    await service.api.staff("PUT", "suspension", {"text": {"zh-CN": "请从最近的出口离开", "en": "Please leave"}})

    await phone.press("take")
    await expect(phone.message).to_have_text("请从最近的出口离开")
    await expect(phone.page.locator(".state")).to_have_text("暂停办理请从最近的出口离开")
    await expect(phone.page.locator("#take")).to_have_attribute("aria-disabled", "true")
    await expect(phone.page.locator("#take")).to_be_focused()
    await service.api.staff("DELETE", "suspension")
    await phone.page.clock.fast_forward(61_000)

    await expect(phone.message).to_be_hidden()
    await expect(phone.page.locator(".state")).to_have_text("开放中")
    await phone.press("take")
    await phone.page.wait_for_url("**/t/**")


async def test_a_hall_that_is_not_reached_says_of_when_it_is_and_no_wait(
    dsn: str, tmp_path: Path, clock: RunningClock, context: BrowserContext
) -> None:
    await context.clock.install()
    async with service_on(dsn, tmp_path, clock) as server:
        await server.api.open("3")
        phone = await Phone.open(context, f"{server.api.base}/halls/demo?service=enquiry")
        await expect(phone.page.locator(".range")).to_be_visible()
        ports = {"port": server.running.http_port, "display_port": server.running.display_port}

    await phone.page.clock.fast_forward(91_000)
    band = phone.page.locator("#stale")
    await expect(band).to_contain_text("以下为 10:00 的信息")
    await expect(phone.page.locator(".range")).to_have_count(0)
    await expect(phone.page.locator("#take")).to_have_text("现在取号")
    async with service_on(dsn, tmp_path, clock, **ports):
        await expect(band).to_be_hidden()
        await expect(phone.page.locator(".range")).to_be_visible()


async def asleep(phone: Phone, seconds: int) -> None:
    """Put a phone to sleep whose clock stops meanwhile, and wake it."""
    now_s = await phone.script("Date.now()") / 1000
    await phone.page.clock.set_system_time(now_s + seconds)
    await phone.script("document.dispatchEvent(new Event('visibilitychange'))")


async def test_a_phone_that_slept_asks_how_the_hall_is_when_it_is_woken(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3")
    await context.clock.install()
    phone = await Phone.open(context, f"{service.api.base}/halls/demo")
    await expect(phone.page.locator(".state")).to_have_text("开放中")
    await service.api.staff("PUT", "suspension", {"text": {"zh-CN": "请从最近的出口离开", "en": "Please leave"}})

    await asleep(phone, 600)

    await expect(phone.page.locator(".state")).to_have_text("暂停办理请从最近的出口离开")


async def test_a_phone_that_slept_and_does_not_reach_the_hall_says_of_when_it_is_and_no_wait(
    dsn: str, tmp_path: Path, clock: RunningClock, context: BrowserContext
) -> None:
    await context.clock.install()
    async with service_on(dsn, tmp_path, clock) as server:
        await server.api.open("3")
        phone = await Phone.open(context, f"{server.api.base}/halls/demo?service=enquiry")
        await expect(phone.page.locator(".range")).to_be_visible()

    await asleep(phone, 600)
    await phone.page.clock.fast_forward(9000)

    await expect(phone.page.locator("#stale")).to_contain_text("以下为 10:00 的信息")
    await expect(phone.page.locator(".range")).to_have_count(0)


async def test_the_way_back_from_an_appointment_leads_to_the_services_and_into_no_form(
    service: Service, context: BrowserContext
) -> None:
    phone = await Phone.open(context, f"{service.api.base}/halls/demo")

    async def book_at(day: str) -> None:
        await phone.page.locator('[data-service="enquiry"]').click()
        await phone.press("book")
        await expect(phone.page.locator("#soonest")).to_be_visible()
        await phone.page.locator(f'.month [data-on="{day}"]').click()
        await phone.page.locator('[data-hour="10"]').click()
        await phone.page.locator("#within [data-at]").first.click()
        await phone.press("next")
        await phone.is_step("details")
        await to_review(phone)
        await phone.press("next")
        await phone.is_step("appointment")

    await book_at("2026-11-24")
    for step in ("home", "home", "service"):
        await phone.page.go_back()
        await phone.is_step(step)
        if step == "home":
            await expect(phone.page.locator(".own")).to_contain_text("11月24日 周二 10:00")
    await phone.page.go_back()
    await phone.is_step("home")

    await book_at("2026-11-25")
    await phone.page.go_back()
    await phone.is_step("home")
    await expect(phone.page.locator(".own")).to_have_count(2)
    await phone.reload()
    await phone.is_step("home")
    await phone.page.goto(f"{service.api.base}/halls/demo?service=enquiry&step=time")
    await phone.is_step("time")


async def test_an_appointment_that_was_cancelled_elsewhere_is_shown_as_it_is_when_it_is_moved(
    service: Service, context: BrowserContext
) -> None:
    phone = await booked(context, service)
    await phone.press("change")
    await expect(phone.page.locator("#soonest")).to_be_visible()
    identity = phone.page.url.partition("#appointment=")[2]
    elsewhere = await Phone.open(context, f"{service.api.base}/halls/demo#appointment={identity}")
    await elsewhere.press("cancel")
    await elsewhere.page.locator("dialog .stop").click()
    await expect(elsewhere.page.locator(".mine")).to_contain_text("已取消")

    await phone.press("soonest")

    await phone.is_step("appointment")
    await expect(phone.page.locator(".mine")).to_contain_text("已取消")
    await expect(phone.message).to_contain_text("情况刚刚有变，本页已显示现在的情况")
    await phone.dock.get_by_role("button", name="再约一次").click()
    await phone.is_step("service")


async def test_a_number_taken_in_english_is_shown_in_english(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry&lang=en")

    await phone.press("take")

    await phone.page.wait_for_url("**/t/**")
    await expect(phone.page.locator("html")).to_have_attribute("lang", "en")
    await expect(phone.main).to_contain_text("You are next")
