"""A kiosk from the press to the queue, with and without network."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import segno
from playwright.async_api import Browser, BrowserContext, expect
from segno import encoder

from tests.api.booking import booked
from tests.api.checked import at
from tests.browser.booth import STANDING, WITHIN_S, Booth, kiosk_key, numbers
from tests.browser.clock import RunningClock
from tests.browser.desk import Desk
from tests.service import Service

DRAWN = "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"
"""A script that waits until pending drawings are done."""

_OPENED = "caches.open('paihao-kiosk /halls/demo/kiosk')"
OF_ANOTHER_RELEASE = f"{_OPENED}.then((cache) => cache.put('/pages/kiosk/old.js', new Response('')))"
PATHS_KEPT = f"{_OPENED}.then((cache) => cache.keys()).then((all) => all.map(({{ url }}) => new URL(url).pathname))"


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser of a kiosk."""
    async with await browser.new_context(viewport=STANDING, locale="zh-CN") as context:
        yield context


async def test_one_press_is_one_number_with_a_place_a_range_and_a_way_to_watch_it(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("1")
    booth = await Booth.at(context, service.api)
    await expect(booth.service("enquiry").locator(".much b")).to_have_text("0–5")
    await booth.page.locator("#more").click()

    assert await booth.take("enquiry") == "B001"

    page = booth.page
    await expect(page.locator(".ticket-view .number")).to_have_text("B001")
    await expect(page.locator(".range-words b")).to_have_text("0–5")
    await expect(page.locator(".qr-box svg")).to_have_attribute("role", "img")
    [ticket] = (await service.api.staff("GET", "queue")).body["waiting"]
    assert (ticket["channel"], ticket["count"], ticket["number"]) == ("kiosk", 2, "B001")
    await booth.home()
    await expect(page.locator("#people")).to_have_text("1")
    assert booth.complaints == []


async def test_a_press_counts_though_the_queue_changes_while_the_finger_is_down(
    service: Service, context: BrowserContext
) -> None:
    frames: list[object] = []
    booth = await Booth.at(context, service.api)
    booth.page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: frames.append(frame)),  # noqa: PLW0108  (playwright marks what it calls)
    )
    await booth.page.reload()
    await booth.is_ready()
    await booth.service("enquiry").hover()
    await booth.page.mouse.down()
    heard = len(frames)

    await service.api.take("enquiry")
    async with asyncio.timeout(WITHIN_S):
        while len(frames) == heard:
            await booth.script(DRAWN)
    await booth.script(DRAWN)
    await booth.page.mouse.up()

    await booth.is_view("ticket")
    assert await booth.number() == "B002"
    await booth.home()
    await expect(booth.service("enquiry")).to_contain_text("2 人等候")


async def test_a_booking_is_scanned_wherever_the_focus_is(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    appointment = await booked(service.api, starts_at=at("11:30"))
    clock.advance(2400)
    booth = await Booth.at(context, service.api)
    await booth.service("enquiry").focus()

    await booth.scan(appointment["code"].lower())

    await booth.is_view("ticket")
    [ticket] = (await service.api.staff("GET", "queue")).body["waiting"]
    assert (ticket["class"], ticket["number"]) == ("appointment", await booth.number())
    await booth.scan(appointment["code"])
    await booth.is_view("refused")
    await expect(booth.page.locator("#title")).to_contain_text("这个凭证码已经用过了")
    assert [complaint for complaint in booth.complaints if "409" not in complaint] == []


async def test_a_slip_that_was_put_aside_is_scanned_by_its_qr_code(service: Service, context: BrowserContext) -> None:
    ticket = await service.api.take("enquiry")
    await service.api.staff("POST", f"tickets/{ticket['id']}/park")
    booth = await Booth.at(context, service.api)

    await booth.scan(f"https://hall.example/halls/demo#ticket={ticket['id']}&token={ticket['token']}")

    await booth.is_view("ticket")
    await expect(booth.page.locator("#title")).to_contain_text("欢迎回来")
    assert await numbers(service) == ["B001"]


async def test_a_link_that_is_not_whole_is_said_no_to_and_the_kiosk_keeps_its_own_key(
    service: Service, context: BrowserContext
) -> None:
    booth = await Booth.at(context, service.api)

    for token in ("", "#cut-short"):
        await booth.scan(f"https://hall.example/t/0198c0de-0000-7000-8000-000000000001{token}")

        await expect(booth.page.locator("#title")).to_contain_text("没有找到这个凭证码")
        await booth.home()
    await booth.take("enquiry")


async def test_a_slip_is_scanned_while_a_chinese_input_method_swallows_the_keys(
    service: Service, context: BrowserContext
) -> None:
    ticket = await service.api.take("enquiry")
    await service.api.staff("POST", f"tickets/{ticket['id']}/park")
    booth = await Booth.at(context, service.api)

    await booth.scan(f"https://hall.example/t/{ticket['id']}#{ticket['token']}", swallowed=True)

    await booth.is_view("ticket")
    await expect(booth.page.locator("#title")).to_contain_text("欢迎回来")


async def test_a_code_is_typed_with_keys_on_the_screen_and_refused_in_words(
    service: Service, context: BrowserContext
) -> None:
    booth = await Booth.at(context, service.api)
    page = booth.page
    await page.locator("#type").click()
    for key in "7K3M9QXR":
        await page.locator(f"#key-{key}").click()
    await expect(page.locator("#code")).to_have_value("7K3M9QXR")
    await page.locator("#erase").click()
    await page.locator("#key-8").click()

    await page.locator("#send").click()

    await booth.is_view("refused")
    await expect(page.locator("#title")).to_contain_text("没有找到这个凭证码")
    await expect(page.locator("#title")).to_contain_text("There is no such code")
    await expect(page.locator(".refusal-view .primary")).to_contain_text("Type the code")


async def test_too_early_and_another_day_are_said_with_the_way_forward(
    service: Service, context: BrowserContext
) -> None:
    soon = await booked(service.api, starts_at=at("13:00"))
    tomorrow = await booked(service.api, starts_at=at("13:00", 24))
    booth = await Booth.at(context, service.api)
    title, about = booth.page.locator("#title"), booth.page.locator(".refusal-view p").first

    await booth.scan(soon["code"])
    await expect(title).to_contain_text("还没到签到时间")
    await expect(about).to_contain_text("12:00")
    await booth.scan(tomorrow["code"])
    await expect(title).to_contain_text("这个凭证码不是今天的")
    await expect(about).to_contain_text("11月24日")


async def test_a_press_is_refused_in_words_by_a_hall_that_has_closed_meanwhile(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    open_still = (await service.api.call("GET", "/v1/halls/demo")).body
    await context.route("**/v1/halls/demo", lambda route: route.fulfill(json=open_still))
    booth = await Booth.at(context, service.api)
    clock.advance(8 * 3600)

    await booth.service("enquiry").click()

    await expect(booth.page.locator("#title")).to_contain_text("现在不在取号时间内")
    await expect(booth.page.locator(".refusal-view p").first).to_contain_text("09:00")


async def test_numbers_that_a_suspended_hall_would_refuse_are_not_offered(
    service: Service, context: BrowserContext
) -> None:
    booth = await Booth.at(context, service.api)
    said = booth.page.locator(".walk-in .message")
    await expect(said).to_have_count(0)

    await service.api.staff("PUT", "suspension", {"text": {"zh-CN": "消防演练", "en": "Fire drill"}})

    await expect(said).to_contain_text("消防演练")
    await expect(said).to_contain_text("Fire drill")
    await expect(booth.service("enquiry")).to_be_disabled()
    await expect(booth.service("enquiry").locator(".much")).to_be_empty()
    await expect(booth.page.locator("#type")).to_be_enabled()
    await service.api.staff("DELETE", "suspension")
    await expect(said).to_have_count(0)
    assert await booth.take() == "B001"


async def test_a_closed_hall_says_when_numbers_are_given_out_and_its_doors_open_by_the_clock(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    clock.advance(-3 * 3600)
    await context.clock.install()
    booth = await Booth.at(context, service.api)
    said = booth.page.locator(".walk-in .message")
    await expect(said).to_contain_text("现在不在取号时间内")
    await expect(said).to_contain_text("09:00 开始")
    await expect(booth.service("enquiry")).to_be_disabled()

    clock.advance(100 * 60)
    await context.clock.run_for(16_000)

    await expect(said).to_have_count(0)
    assert await booth.take() == "B001"


async def test_a_full_hall_says_so_with_the_next_time_that_can_be_booked(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    clock.advance(7 * 3600 + 29 * 60)
    while (await service.api.call("POST", "tickets", {"service": "enquiry"})).status == 201:
        pass
    booth = await Booth.at(context, service.api)

    await booth.service("enquiry").click()

    await booth.is_view("refused")
    await expect(booth.page.locator("#title")).to_contain_text("今天已无法在闭馆前办理")
    await expect(booth.page.locator(".refusal-view p").first).to_contain_text("最早可约 11月24日周二 09:00")


async def test_ten_numbers_are_given_while_the_kiosk_is_cut_off_and_stand_in_their_places_afterwards(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    await service.api.open("1")
    booth = await Booth.at(context, service.api)
    before = await booth.take("enquiry")
    await booth.home()

    await context.set_offline(offline=True)
    await booth.is_link("cut")
    await expect(booth.page.locator("#band")).to_contain_text("网络已断开，仍可取号，号码有效")
    given = []
    for turn in range(10):
        given.append(await booth.take("enquiry"))
        await expect(booth.page.locator(".where")).to_contain_text("号码有效")
        await booth.home()
        if turn == 4:
            clock.advance(1)
    await booth.untold(10)
    clock.advance(60)
    after = await service.api.take("enquiry")
    await context.set_offline(offline=False)

    await booth.is_link("live")
    await booth.untold(0)
    assert given == [f"Z{number:03d}" for number in range(1, 11)]
    assert await numbers(service) == [before, *given, after["number"]]


async def test_a_kiosk_that_is_switched_on_while_it_is_cut_off_gives_numbers_that_count(
    service: Service, context: BrowserContext
) -> None:
    booth = await Booth.at(context, service.api)
    await booth.page.reload()  # the worker has cached the page
    await booth.is_view("start")
    await context.set_offline(offline=True)
    first = await booth.take("enquiry")

    await booth.page.reload()

    await booth.is_view("start")
    second = await booth.take("loan-first")
    await expect(booth.page.locator(".code-line")).to_be_visible()
    code = await booth.page.locator(".ticket-view").get_attribute("data-code")
    await context.set_offline(offline=False)
    await booth.untold(0)
    assert [first, second] == ["Z001", "Z002"]
    assert sorted(await numbers(service)) == ["Z001", "Z002"]
    found = await service.api.staff("POST", "search", {"code": code})
    assert [ticket["number"] for ticket in found.body["items"]] == ["Z002"]


async def test_the_worker_keeps_what_the_page_is_made_of_and_nothing_else(
    service: Service, context: BrowserContext
) -> None:
    booth = await Booth.at(context, service.api)
    await booth.script(OF_ANOTHER_RELEASE)

    await booth.page.reload()

    await booth.until("caches.match('/pages/kiosk/old.js').then((found) => found === undefined)")
    kept = await booth.script(PATHS_KEPT)
    assert "/halls/demo/kiosk" in kept
    assert "/pages/texts/zh-CN/kiosk.ftl" in kept
    assert not any(path.startswith("/v1/") for path in kept)


async def test_check_in_waits_for_the_network_and_says_so(service: Service, context: BrowserContext) -> None:
    booth = await Booth.at(context, service.api)

    await context.set_offline(offline=True)
    await booth.is_link("cut")

    await expect(booth.page.locator(".booked-box .message")).to_contain_text("恢复后即可签到")
    await booth.scan("7K3M9QXR")
    await expect(booth.page.locator("#title")).to_contain_text("暂时不能签到")


async def test_the_page_returns_to_its_start_by_itself(service: Service, context: BrowserContext) -> None:
    await context.clock.install()
    booth = await Booth.at(context, service.api)
    await booth.page.locator("#larger").click()
    await booth.page.get_by_role("link", name="English").click()
    await booth.take("enquiry")

    await context.clock.run_for(25_000)
    await booth.page.locator("#settings").click()
    await expect(booth.page.locator("dialog")).to_be_visible()
    await context.clock.run_for(25_000)
    await booth.is_view("ticket")
    await context.clock.run_for(6_000)

    await booth.is_view("start")
    await expect(booth.page.locator("dialog")).to_have_count(0)
    await expect(booth.page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(booth.page.locator("html")).not_to_have_class("large")


async def test_a_code_that_nobody_goes_on_typing_is_cleared_for_the_next(
    service: Service, context: BrowserContext
) -> None:
    await context.clock.install()
    booth = await Booth.at(context, service.api)
    await booth.page.locator("#contrast").click()
    await booth.page.locator("#type").click()
    await booth.page.locator("#key-7").click()
    await context.clock.run_for(28_000)
    await booth.is_view("code")

    await context.clock.run_for(4_000)

    await booth.is_view("start")
    await expect(booth.page.locator("#contrast")).to_have_attribute("aria-pressed", "false")
    await booth.page.locator("#type").click()
    await expect(booth.page.locator("#code")).to_have_value("")


async def test_a_slip_is_printed_by_the_browser_on_the_chosen_width(service: Service, context: BrowserContext) -> None:
    booth = await Booth.at(context, service.api)
    page = booth.page
    await booth.print_on("58")

    number = await booth.take("enquiry")

    assert await booth.script("window.printed") == 1
    await page.emulate_media(media="print")
    await expect(page.locator("#slip .number")).to_have_text(number)
    await expect(page.locator("#slip .number")).to_be_visible()
    await expect(page.locator("#foot")).not_to_be_visible()
    width = await booth.script("document.getElementById('slip').getBoundingClientRect().width")
    assert abs(width - 48 / 25.4 * 96) < 1
    pdf = await page.pdf(prefer_css_page_size=True)
    [width_pt] = {float(found) for found in re.findall(rb"/MediaBox \[0 0 ([0-9.]+)", pdf)}
    assert abs(width_pt - 58 / 25.4 * 72) < 1
    await page.emulate_media(media="screen")
    await page.locator("#print").click()
    assert await booth.script("window.printed") == 2


async def test_staff_at_the_counter_see_who_calls_for_help(
    service: Service, context: BrowserContext, browser: Browser
) -> None:
    async with await browser.new_context(locale="zh-CN") as office:
        desk = await Desk.at(office, service.api.base)
        booth = await Booth.at(context, service.api)

        await booth.page.locator("#help").click()

        await expect(booth.page.locator("#help")).to_contain_text("已通知")
        await expect(desk.page.locator("#alarms")).to_contain_text("at the door 求助")


async def test_help_that_was_not_reached_is_said_at_its_button_and_a_number_stays_on_the_screen(
    service: Service, context: BrowserContext
) -> None:
    await context.clock.install()
    booth = await Booth.at(context, service.api)
    await context.route("**/alarm", lambda route: route.abort())
    await booth.take("enquiry")

    await booth.page.locator("#help").click()
    await expect(booth.page.locator("#help")).to_have_attribute("aria-busy", "true")
    await context.clock.run_for(13_000)

    await expect(booth.page.locator("#help")).to_contain_text("没有通知到")
    await booth.is_view("ticket")


async def test_people_are_sent_first_to_a_stage_only_while_somebody_is_there(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("P1")
    booth = await Booth.at(context, service.api)
    await booth.take("loan-first")
    await expect(booth.page.locator(".go")).to_contain_text("先到：预审台")
    await booth.home()
    await booth.take("enquiry")
    await expect(booth.page.locator(".go")).not_to_contain_text("先到")
    await service.api.staff("POST", "counters/P1/close")
    await booth.page.reload()
    await booth.takes_presses()

    await booth.take("loan-first")

    await expect(booth.page.locator(".go")).not_to_contain_text("先到")


async def test_a_kiosk_whose_key_was_taken_back_gives_no_numbers_as_to_anybody(
    service: Service, context: BrowserContext
) -> None:
    device, key = await kiosk_key(service.api)
    booth = await Booth.open(context, service.api.base, key)
    await booth.is_ready()
    await service.api.staff("DELETE", f"devices/{device}")

    await booth.service("enquiry").click()

    await booth.is_view("setup")
    await expect(booth.page.locator("#title")).to_contain_text("密钥已失效")
    assert await numbers(service) == []


@pytest.mark.parametrize(("key", "words"), [(None, "还没有启用"), ("phd_" + "a" * 43, "密钥已失效")])
async def test_a_kiosk_without_a_good_key_says_so(
    service: Service, context: BrowserContext, key: str | None, words: str
) -> None:
    booth = await Booth.open(context, service.api.base, key)

    await booth.is_view("setup")

    await expect(booth.page.locator("#title")).to_contain_text(words)
    assert "#key" not in booth.page.url
    assert [complaint for complaint in booth.complaints if "401" not in complaint] == []


async def test_a_kiosk_that_is_opened_while_the_service_cannot_work_does_not_take_its_key_for_a_bad_one(
    service: Service, context: BrowserContext
) -> None:
    await context.clock.install()
    problem = '{"type": "/problems/fault", "title": "", "status": 500, "code": "fault"}'
    await context.route(
        "**/v1/halls/demo/kiosk",
        lambda route: route.fulfill(status=500, content_type="application/problem+json", body=problem),
        times=1,
    )
    _, key = await kiosk_key(service.api)
    booth = await Booth.open(context, service.api.base, key)

    async with asyncio.timeout(WITHIN_S):
        while await booth.page.locator("body").get_attribute("data-view") == "connecting":
            await context.clock.run_for(1000)

    await booth.is_view("start")


async def test_the_codes_that_the_page_draws_are_those_of_the_standard(
    service: Service, context: BrowserContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    # segno adds one padding byte too many; readers ignore everything after the end of the data
    monkeypatch.setattr(
        encoder, "write_padding_bits", lambda buffer, _version, length: buffer.extend([0] * (-length % 8))
    )
    booth = await Booth.open(context, service.api.base, None)
    draw = "async (text) => (await import('/pages/qr.js')).qrOf(text)"

    for length in (3, 14, 15, 26, 42, 62, 84, 106, 122, 152, 180, 200, 213, 251, 287, 300, 331):
        text = ("https://hall.example/t/0198c0de-abcd#" * 10)[:length]
        drawn = await booth.script(draw, text)
        wanted = segno.make_qr(
            text, error="m", mode="byte", version=drawn["version"], mask=drawn["mask"], boost_error=False
        )
        assert drawn["rows"] == [[bool(module) for module in row] for row in wanted.matrix], length
