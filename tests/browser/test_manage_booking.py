"""The manager's page: booking rules with their effect, messages, privacy, and learned values."""

import json
import re
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, ViewportSize, expect

from service.domain.model import HallId
from service.primitives.ids import new_id
from tests.api.booking import by_hand
from tests.browser.axe import faults
from tests.browser.clerk import appointments_on
from tests.browser.manage import Manage, confirm, document_of, put_document
from tests.browser.pictures import PHONE, picture, saved_bytes
from tests.browser.test_pages import SIDEWAYS
from tests.service import Api, Service

WIDE: ViewportSize = {"width": 1280, "height": 900}
TALL: ViewportSize = {"width": 1280, "height": 1400}

DEAD = """
INSERT INTO outbox (hall_id, id, day, subject, seq, kind, channel, applicant_id, facts, state, reason, made_at, due_at,
    next_at, expires_at, changed_at, tries)
VALUES ('demo', $1, '2026-11-24', $2, 1, $3, 'mail', $2, '{"service": "enquiry"}', 'dead', $4, $5, $5, $5,
    $5::timestamptz + interval '2 days', $5, 3)
"""


async def book(api: Api, starts_at: str, name: str = "李小龙", phone: str = "13800138000") -> dict[str, Any]:
    """Book an enquiry."""
    body = {"service": "enquiry", "starts_at": starts_at, "applicant": {"name": name, "phone": phone}}
    reply = await api.staff("POST", "appointments", body)
    assert reply.status == 201, reply.body
    appointment: dict[str, Any] = reply.body
    return appointment


async def test_places_by_hand_show_what_each_day_takes_and_who_would_be_too_many_before_they_are_saved(
    service: Service, office: BrowserContext, tmp_path: Path
) -> None:
    api = service.api
    _kept, over = [await book(api, "2026-11-24T10:00:00+08:00", phone=f"1380013800{n}") for n in range(2)]
    manage = await Manage.open(office, api, "booking")
    page = manage.page
    days = page.locator("#places-of-days tbody tr")
    await expect(days).to_have_count(14)

    await page.locator('[id="f-booking-places-add"]').click()
    row = ("booking", "places", "rows", "+1")
    await manage.field(*row, "places").fill("1")
    await manage.is_tried_out()

    await expect(page.locator('#places-of-days [data-on="2026-11-24"] td').last).to_have_text("17")
    await expect(page.locator("#over-named li")).to_have_count(1)
    await expect(page.locator("#over-named")).to_contain_text(f"10:00 · 咨询 · {over['code'][:4]} {over['code'][4:]}")
    assert "places" not in str((await document_of(api))["booking"]["places"])
    assert await faults(page) == []
    await picture(page, tmp_path, "manage-booking.png", TALL)
    await page.set_viewport_size(PHONE)
    await page.locator("#effect h2").evaluate("title => title.scrollIntoView()")
    await picture(page, tmp_path, "manage-booking-phone.png")
    assert await page.evaluate(SIDEWAYS) == []
    await page.set_viewport_size(TALL)
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("#over-named")).to_contain_text("Enquiries")
    await picture(page, tmp_path, "manage-booking-en.png", TALL)
    await page.set_viewport_size(PHONE)
    await page.locator("#effect h2").evaluate("title => title.scrollIntoView()")
    await picture(page, tmp_path, "manage-booking-phone-en.png")
    await page.set_viewport_size(WIDE)
    await manage.save_now()

    [saved] = (await document_of(api))["booking"]["places"]
    assert saved == {
        "weekdays": [1, 2, 3, 4, 5],
        "on": None,
        "from": "09:00",
        "to": "17:30",
        "every_min": 30,
        "places": 1,
        "services": None,
    }
    assert len(await appointments_on(api, "2026-11-24")) == 2
    assert manage.complaints == []


async def test_how_full_and_what_is_kept_for_a_partner_is_said_in_words(
    service: Service, office: BrowserContext
) -> None:
    api = service.api
    school = (await api.staff("POST", "devices", {"name": "第一中学", "role": "partner"})).body["id"]
    manage = await Manage.open(office, api, "booking")
    page = manage.page

    await expect(manage.field("booking", "z").locator("option:checked")).to_have_text("适中：留一些余地")
    await manage.field("booking", "z").select_option("0")
    await manage.field("booking", "late_share").fill("10")
    await manage.field("booking", "late_before_s").fill("48")
    await page.locator('[id="f-booking-reserved-add-date"]').click()
    row = ("booking", "reserved", "rows", "+1")
    await expect(manage.field(*row, "partner").locator("option:checked")).to_have_text("第一中学")
    await manage.field(*row, "on").fill("2026-11-30")
    await manage.field(*row, "share").fill("25")
    await manage.is_tried_out()
    await page.locator(".changes summary").click()
    await expect(page.locator(".changes")).to_contain_text("提前多久放出")
    await expect(page.locator(".changes")).to_contain_text("24 小时 → 48 小时")
    await manage.save_now()

    booking = (await document_of(api))["booking"]
    assert (booking["z"], booking["late_share"], booking["late_before_s"]) == (0, 0.1, 172_800)
    [reserved] = booking["reserved"]
    assert (reserved["partner"], reserved["on"], reserved["weekdays"], reserved["share"]) == (
        school,
        "2026-11-30",
        None,
        0.25,
    )
    await expect(page.locator("#form")).to_contain_text("第一中学 · 11月30日 周一 09:00–17:30")


async def test_a_span_of_no_days_or_no_length_is_told_while_it_is_typed(
    service: Service, office: BrowserContext
) -> None:
    manage = await Manage.open(office, service.api, "booking")
    page = manage.page

    await page.locator('[id="f-booking-places-add"]').click()
    row = ("booking", "places", "rows", "+1")
    await manage.field(*row, "to").fill("08:00")
    await expect(manage.field(*row, "to")).to_have_attribute("aria-invalid", "true")
    await manage.field(*row, "to").fill("12:00")
    for day in range(5):
        await manage.field(*row, "weekdays").locator("input").nth(day).uncheck()

    await expect(page.locator("#effect")).to_contain_text("请至少选一天")
    await expect(manage.save).to_be_disabled()


async def test_years_whose_holidays_are_not_all_known_are_told_in_the_hours(
    service: Service, office: BrowserContext
) -> None:
    document = await document_of(service.api)
    await put_document(service.api, {**document, "holidays": True, "country": "CN"})
    manage = await Manage.open(office, service.api, "hours")

    await expect(manage.page.locator("#holidays-unknown")).to_contain_text("2027 年的节假日安排还未全部公布")


async def test_a_message_that_could_not_be_sent_is_tried_again(
    service: Service, office: BrowserContext, tmp_path: Path
) -> None:
    database, now_at = service.running.database, service.clock.now_at()
    for kind, reason in (("booked", "smtp 550"), ("day_before", "unknown")):
        await database.fetch(DEAD, new_id(), new_id(), kind, reason, now_at)
    manage = await Manage.open(office, service.api, "messages")
    page = manage.page
    rows = page.locator("#messages tbody tr")

    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text("邮件服务器不收发往此地址的邮件（550）")
    await expect(rows.last).to_contain_text("可能已经送到。再试可能重复")
    assert await faults(page) == []
    await picture(page, tmp_path, "manage-messages.png", WIDE)
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(rows).to_have_count(2)
    await picture(page, tmp_path, "manage-messages-en.png", WIDE)
    await page.get_by_role("link", name="中文").click()
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(rows).to_have_count(2)
    await rows.first.locator("button").click()
    await manage.is_told("马上再试")
    await expect(rows).to_have_count(1)
    await page.locator("#message-state").select_option("waiting")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("预约确认")
    await page.locator("#message-state").select_option("sent")
    await expect(page.locator("#messages")).to_have_text("没有。")

    assert manage.complaints == []


async def test_a_person_has_what_is_known_of_them_and_then_it_is_erased(
    service: Service, office: BrowserContext, tmp_path: Path
) -> None:
    api = service.api
    await book(api, "2026-11-24T10:00:00+08:00")
    manage = await Manage.open(office, api, "privacy")
    page = manage.page
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))

    await page.locator("#person-erase").click()
    await expect(page.locator("#person-result")).to_contain_text("请先填手机号或邮箱")
    await page.locator("#person-phone").fill("138 0013 8000")
    async with page.expect_download() as saved:
        await page.locator("#person-export").click()
    given = json.loads(await saved_bytes(await saved.value))
    assert given["people"][0]["name"] == "李小龙"
    assert len(given["appointments"]) == 1
    await expect(page.locator("#person-result")).to_contain_text("预约 1 个")

    await page.locator("#person-erase").click()
    await expect(page.locator("dialog")).to_contain_text("之后的预约会取消")
    assert await faults(page) == []
    await picture(page, tmp_path, "manage-erase.png", WIDE)
    await page.keyboard.press("Escape")
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("#person-erase")).to_have_text("Erase …")
    await page.locator("#person-phone").fill("138 0013 8000")
    await page.locator("#person-erase").click()
    await expect(page.locator("dialog")).to_be_visible()
    await picture(page, tmp_path, "manage-erase-en.png")
    await page.keyboard.press("Escape")
    await page.get_by_role("link", name="中文").click()
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await page.locator("#person-phone").fill("138 0013 8000")
    await page.locator("#person-erase").click()
    await confirm(page)
    await expect(page.locator("#person-result")).to_contain_text("取消预约 1 个")
    await expect(page.locator("#person-phone")).to_have_value("")
    found = (await api.staff("POST", "search", {"phone": "13800138000"})).body
    assert found["appointments"] == []
    assert not any("138" in re.sub(r":\d+", "", address) for address in addresses)
    assert manage.complaints == []


async def test_what_the_hall_has_learned_is_a_table(service: Service, office: BrowserContext, tmp_path: Path) -> None:
    manage = await Manage.open(office, service.api, "learned")
    page = manage.page

    await expect(page.locator("#show-rate")).to_have_text("88 % 会来。")
    await expect(page.locator('[data-service="enquiry"]')).to_contain_text("3")
    await expect(page.locator("#walk-ins")).to_contain_text("还没有")
    await expect(page.locator("#learned")).not_to_contain_text("null")
    learned = {"walk_ins": {"09": {"per_h": 12.5, "sd": 0.1}, "10": {"per_h": 21, "sd": 0.1}}, "durations": {}}
    every = {
        **learned,
        "walk_ins": {},
        "durations": {"enquiry": {"mean_s": 222, "cv": 0.5}},
        "at_stages": {"loan-first": {"precheck": {"mean_s": 66, "cv": 0.5}}},
        "mix": {"enquiry": 0.7},
        "leaving": {"left_per_h": 0.3, "no_show_per_h": 0.1, "no_show_s": 130},
    }
    insert = "INSERT INTO learned (hall_id, weekday, learned, days, changed_at) VALUES ('demo', $1, $2, 20, $3)"
    until_ten = {**learned, "walk_ins": {"09": learned["walk_ins"]["09"]}}
    for weekday, body in ((0, every), (1, learned), (2, until_ten)):
        await service.running.database.fetch(insert, weekday, json.dumps(body), service.clock.now_at())
    await service.running.halls.refresh()
    assert service.running.halls.learned(HallId("demo")).days == 20
    await page.reload()

    await expect(page.locator('[data-service="enquiry"] td').first).to_have_text("3.7")
    precheck, window = (
        page.locator(f'[data-service="loan-first"][data-stage="{one}"]') for one in ("precheck", "window")
    )
    await expect(precheck.locator("td").first).to_have_text("1.1")
    await expect(precheck).to_contain_text("首次贷款签约 · 预审台")
    await expect(window).to_contain_text("5")
    await expect(page.locator("#walk-ins tbody tr")).to_have_count(2)
    await expect(page.locator("#walk-ins tbody tr").first.locator("td")).to_have_text(["12.5", "21"])
    await expect(page.locator("#walk-ins tbody tr").last.locator("td")).to_have_text(["12.5", "–"])
    await expect(page.locator("#leaving")).to_have_text("等候半小时的人中，18 % 已经离开。")
    assert await faults(page) == []
    await picture(page, tmp_path, "manage-learned.png", WIDE)
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("#walk-ins tbody tr")).to_have_count(2)
    await picture(page, tmp_path, "manage-learned-en.png", WIDE)


async def test_a_managers_section_of_bookings_is_that_of_staff(service: Service, office: BrowserContext) -> None:
    document = await document_of(service.api)
    await put_document(service.api, {**document, "booking": {**document["booking"], **by_hand(2)}})
    manage = await Manage.open(office, service.api, "bookings")
    page = manage.page

    await page.locator("#day-2026-11-24").click()
    await page.locator("#times button", has_text="09:30").click()
    await page.locator("#b-name").fill("李小龙")
    await page.locator("#b-phone").fill("13800138000")
    await manage.go("rules")
    await manage.go("bookings")
    await expect(page.locator("#b-name")).to_have_value("李小龙")
    await page.locator("#b-book").click()

    await expect(page.locator("#made .booked-card")).to_be_visible()
    assert len(await appointments_on(service.api, "2026-11-24")) == 1
