"""The manager's page: first start, accessibility, and running a day."""

import re
from datetime import timedelta
from itertools import product

import pytest
from playwright.async_api import BrowserContext, expect

from service.cli import user
from service.domain.hall.demo import demo_document
from service.domain.model import HallId
from service.journal import hall_documents as stored
from service.journal.database import Database
from tests.browser.axe import faults
from tests.browser.desk import sign_in
from tests.browser.manage import SECTIONS, Hands, Manage, confirm, document_of, put_document
from tests.browser.screen import Complaints, Screen
from tests.browser.staff import PASSWORD, member
from tests.browser.test_pages import SIDEWAYS
from tests.service import NOON_AT, Api, Service

THREE_MINUTES_S = 180
PHONE_WIDTHS = (320, 390, 700)


async def test_a_new_halls_manager_gets_from_the_first_sign_in_to_the_first_call_by_clicks_in_three_minutes(
    service: Service, office: BrowserContext, dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Database(dsn) as database:
        assert await stored.HallStore(database).create_if_absent(HallId("north"), demo_document(always_open=False))
    capsys.readouterr()
    await user.add_user(dsn, service.settings, "zhou", "manager", "north", "周主任")
    once = capsys.readouterr().out.strip()
    hands = await Hands.watch(office)
    page = await office.new_page()
    complaints = Complaints()
    complaints.listen(page)

    await page.goto(f"{service.api.base}/halls/north/manage?lang=zh")
    await sign_in(page, "zhou", once)
    await page.locator("#password-new").fill(PASSWORD)
    await page.locator("#password-again").fill(PASSWORD)
    await page.locator("sign-in .primary").click()
    manage = Manage(page, complaints, service.api.base)
    await manage.is_drawn("today")
    await expect(page.locator("account-menu summary")).to_have_text("周主任")

    await manage.go("places")
    await manage.field("name", "zh-CN").fill("城北学生资助大厅")
    await manage.field("name", "en").fill("North Loan Hall")
    await manage.go("hours")
    await page.locator("#hours-to").fill("18:00")
    await manage.save_now()
    await expect(page.locator("#hall")).to_have_text("城北学生资助大厅")
    await expect(page.locator("#open")).to_have_text("开放至 18:00")

    await manage.go("today")
    await page.locator("#open-1").click()
    await expect(page.locator('[data-counter="1"] .tag')).to_have_text("开放")
    visitor = Api(service.api.base, "north")
    async with visitor:
        await visitor.take("enquiry")
    async with office.expect_page() as opened:
        await page.locator("#counter-1").click()
    counter = await opened.value
    await counter.locator("#main").click()
    await expect(counter.locator("body")).to_have_attribute("data-view", "called")
    await expect(counter.locator("#person .number")).to_have_text("B001")

    await page.bring_to_front()  # timers of hidden pages may be slow
    await expect(page.locator('[data-counter="1"] .number')).to_have_text("B001")
    await expect(page.locator('[data-counter="1"]')).to_contain_text("周主任")
    assert complaints == []
    assert hands.clicks >= 9, "they were not counted"
    assert hands.clicks <= 12
    assert len(hands.letters) == 7
    assert hands.needed_s < THREE_MINUTES_S


async def test_who_is_signed_out_sees_a_form_and_nothing_of_the_hall(service: Service, office: BrowserContext) -> None:
    page = await office.new_page()
    complaints = Complaints()
    complaints.listen(page)

    await page.goto(f"{service.api.base}/halls/demo/manage?lang=zh")
    await expect(page.locator("sign-in h1")).to_have_text("登录")
    await page.wait_for_load_state("networkidle")

    assert await page.locator("#side").is_hidden()
    assert await page.locator("#form").is_hidden()
    assert complaints == []
    assert await page.locator("html").get_attribute("data-violated") is None


async def test_a_clerk_who_is_no_manager_is_told_so(service: Service, office: BrowserContext) -> None:
    await member(service.api, "chen", "staff", "陈老师")
    page = await office.new_page()

    await page.goto(f"{service.api.base}/halls/demo/manage?lang=zh")
    await sign_in(page, "chen", PASSWORD)

    await expect(page.locator("sign-in h1")).to_have_text("这里还没有给您安排工作")
    assert await page.locator("#form").is_hidden()


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_every_section_is_drawn_without_a_complaint_from_browser_or_axe(
    service: Service, office: BrowserContext, lang: str
) -> None:
    await service.api.open("1", "P1")
    await service.api.take("loan-first")
    await service.api.take("enquiry", applicant={"name": "张三", "phone": "13800001234"})
    await service.api.next("1")
    await service.api.staff("POST", "alarm", {"counter": "1"})
    await service.api.staff("POST", "notices", {"text": {"zh-CN": "二楼有饮水机", "en": "Water is upstairs."}})
    manage = await Manage.open(office, service.api, lang=lang)
    found = {}

    for section in SECTIONS:
        await manage.go(section)
        await manage.page.wait_for_load_state("networkidle")
        for summary in await manage.page.locator("#form .things > li:first-child summary").all():
            await summary.click()
        found[section] = await faults(manage.page)

    assert found == {section: [] for section in SECTIONS}
    assert manage.complaints == []
    assert await manage.page.locator("html").get_attribute("data-violated") is None


async def test_axe_finds_nothing_in_dialogs_and_in_what_is_edited(service: Service, office: BrowserContext) -> None:
    await service.api.open("1")
    manage = await Manage.open(office, service.api, "rules")
    page = manage.page
    await manage.edit_green_credit("12")
    await manage.field("rules", "grace_s").fill("soon")
    await expect(manage.field("rules", "grace_s")).to_have_attribute("aria-invalid", "true")
    found = await faults(page)
    await manage.go("hours")
    await page.locator("#exception-add").click()
    found += await faults(page)
    await page.keyboard.press("Escape")
    await manage.go("today")
    for opener in ("#suspend", "#overtime", "#day-close"):
        await page.locator(opener).click()
        found += await faults(page)
        await page.keyboard.press("Escape")
        await expect(page.locator(opener)).to_be_focused()
    await manage.go("people")
    await page.locator("#person-add").click()
    found += await faults(page)

    assert found == []


async def test_each_section_is_used_on_a_narrow_phone_without_scrolling_sideways(
    service: Service, office: BrowserContext
) -> None:
    await service.api.open("1", "P1")
    await service.api.take("loan-first", applicant={"name": "张三", "phone": "13800001234"})
    manage = await Manage.open(office, service.api, "hours", lang="en")
    await manage.page.set_viewport_size({"width": 320, "height": 640})
    await manage.page.locator("#staffing-less").click()
    await manage.page.locator(".adjust button[type=submit]").click()
    await manage.is_tried_out()
    wide = {}

    for section in SECTIONS:
        await manage.go(section)
        await manage.page.wait_for_load_state("networkidle")
        wide[section] = await manage.page.evaluate(SIDEWAYS)

    assert wide == {section: [] for section in SECTIONS}


async def test_counters_are_opened_paused_and_closed_and_a_person_is_put_back_knowingly(
    service: Service, office: BrowserContext
) -> None:
    manage = await Manage.open(office, service.api)
    page = manage.page
    await page.locator("#open-all").click()
    await expect(page.locator("[data-counter] .tag.open")).to_have_count(6)
    await service.api.take("enquiry")
    await service.api.next("2")
    row = page.locator('[data-counter="2"]')
    await expect(row).to_contain_text("B001")

    await page.locator("#close-2").click()
    await expect(page.locator("dialog h2")).to_have_text("2 号窗口还有 B001")
    await confirm(page)

    await expect(row.locator(".tag")).to_have_text("未开放")
    queue = (await service.api.staff("GET", "queue")).body
    assert [ticket["number"] for ticket in queue["waiting"]] == ["B001"]
    await page.locator("#pause-1").click()
    await expect(page.locator('[data-counter="1"] .tag')).to_have_text("暂停")


async def test_a_suspension_shows_on_the_screens_and_is_lifted(service: Service, office: BrowserContext) -> None:
    manage = await Manage.open(office, service.api)
    page = manage.page
    screen = await Screen.open(office, service.api.base)

    await page.locator("#suspend").click()
    await page.locator("#ready-fire").check()
    await page.locator("#suspension-until").fill("11:15")
    await confirm(page)

    await expect(page.locator("#suspension-now")).to_contain_text("预计 11:15 恢复")
    await expect(page.locator("#open")).to_have_text("暂停办理")
    await expect(screen.page.locator("body")).to_have_attribute("data-view", "suspended")
    await page.locator("#suspension-lift").click()
    await expect(page.locator("#suspension-now")).to_have_count(0)
    await expect(screen.page.locator("body")).to_have_attribute("data-view", "board")


async def test_a_suspension_is_shown_and_lifted_with_a_blocked_socket(service: Service, office: BrowserContext) -> None:
    await office.route_web_socket("**/board", lambda socket: socket.on_message(lambda _: None))
    manage = await Manage.open(office, service.api)
    page = manage.page

    await service.api.staff("PUT", "suspension", {"text": {"zh-CN": "消防演习"}})
    await expect(page.locator("#suspension-now")).to_contain_text("消防演习", timeout=30_000)
    await page.locator("#suspension-lift").click()

    await expect(page.locator("#suspension-now")).to_have_count(0, timeout=30_000)
    await expect(page.locator("#open")).not_to_have_text("暂停办理")


async def test_overtime_moves_closing_until_it_is_taken_back(service: Service, office: BrowserContext) -> None:
    manage = await Manage.open(office, service.api)
    page = manage.page

    await page.locator("#overtime").click()
    await expect(page.locator("#overtime-until")).to_have_value("18:00")
    await page.locator("#overtime-until").fill("18:30")
    await page.locator("#overtime-counters").fill("2")
    await confirm(page)

    await expect(page.locator("#overtime-now")).to_contain_text("延时服务到 18:30，2 个窗口")
    await expect(page.locator("#open")).to_have_text("开放至 18:30")
    await page.locator("#overtime-end").click()
    await expect(page.locator("#overtime-now")).to_have_count(0)
    await expect(page.locator("#open")).to_have_text("开放至 17:30")


async def test_an_alarm_is_seen_at_once_and_cleared(service: Service, office: BrowserContext) -> None:
    manage = await Manage.open(office, service.api)

    reply = await service.api.staff("POST", "alarm", {"counter": "3"})
    assert reply.status == 201, reply.body

    await expect(manage.page.locator(".alarm")).to_contain_text("3 号窗口求助")
    await manage.page.locator(".alarm button").click()
    await expect(manage.page.locator(".alarm")).to_have_count(0)
    assert (await service.api.staff("GET", "queue")).body["alarms"] == []


@pytest.mark.parametrize(
    ("lang", "alarm", "counter"),
    [("zh", "预审台 P1求助", "预审台 P1"), ("en", "Pre-check P1 calls for help", "Pre-check P1")],
)
async def test_a_counter_with_a_name_of_its_own_is_called_by_its_stage_and_name(
    service: Service, office: BrowserContext, lang: str, alarm: str, counter: str
) -> None:
    manage = await Manage.open(office, service.api, lang=lang)

    await service.api.staff("POST", "alarm", {"counter": "P1"})

    await expect(manage.page.locator(".alarm")).to_contain_text(alarm)
    await expect(manage.page.locator("#counter-P1")).to_have_accessible_name(re.compile(f"^{counter}[，:]"))
    await manage.go("places")
    await expect(manage.field("counters", "rows", "P1")).to_contain_text(counter)


async def test_midnight_is_the_end_of_a_day_and_a_hall_that_never_closes_says_nothing_of_it(
    service: Service, office: BrowserContext
) -> None:
    for opens, lang, said in (
        ("06:00", "zh", "开放至 24:00"),
        ("06:00", "en", "Open until 24:00"),
        ("00:00", "zh", "开放中"),
    ):
        document = await document_of(service.api)
        everyday = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": opens, "to": "24:00"}
        await put_document(service.api, {**document, "hours": [everyday]})

        manage = await Manage.open(office, service.api, lang=lang)

        await expect(manage.page.locator("#open")).to_have_text(said)
        await manage.page.close()


async def test_the_menu_of_the_account_opens_within_a_phone(quiet_service: Service, office: BrowserContext) -> None:
    page = (await Manage.open(office, quiet_service.api)).page
    for page_of, width in product(("manage", "desk", "counter/3"), PHONE_WIDTHS):
        await page.set_viewport_size({"width": width, "height": 844})
        await page.goto(f"{quiet_service.api.base}/halls/demo/{page_of}")

        await page.locator("account-menu summary").click()

        menu = await page.locator(".menu-body").bounding_box()
        assert menu is not None, (page_of, width)
        assert menu["x"] >= 0, (page_of, width)
        assert menu["x"] + menu["width"] <= width, (page_of, width)


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_language_is_switched_at_the_top_right_of_a_phone(
    quiet_service: Service, office: BrowserContext, lang: str
) -> None:
    page = (await Manage.open(office, quiet_service.api, lang=lang)).page
    for width in PHONE_WIDTHS:
        await page.set_viewport_size({"width": width, "height": 844})

        switch, hall, account = [
            await page.locator(name).bounding_box() for name in ("language-switch", "#hall", "account-menu")
        ]

        assert switch is not None, width
        assert hall is not None, width
        assert account is not None, width
        assert switch["x"] + switch["width"] == pytest.approx(account["x"] + account["width"], abs=1), width
        assert hall["x"] + hall["width"] <= switch["x"], width
        assert switch["y"] + switch["height"] <= account["y"], width


async def test_the_day_is_ended_only_after_who_waits_has_been_said(service: Service, office: BrowserContext) -> None:
    ticket = await service.api.take("enquiry")
    manage = await Manage.open(office, service.api)
    page = manage.page

    await page.locator("#day-close").click()
    await expect(page.locator("dialog")).to_contain_text("还有 1 人等候")
    await page.keyboard.press("Escape")
    assert (await service.api.staff("GET", f"tickets/{ticket['id']}")).body["state"] == "waiting"
    await page.locator("#day-close").click()
    await confirm(page)

    await manage.is_told("今天的办理已结束")
    assert (await service.api.staff("GET", f"tickets/{ticket['id']}")).body["state"] == "left"


async def test_a_day_that_was_ended_can_be_neither_suspended_nor_prolonged_nor_ended_again(
    service: Service, office: BrowserContext
) -> None:
    manage = await Manage.open(office, service.api)
    acts = manage.page.locator("#suspend, #overtime, #day-close")
    await expect(acts).to_have_count(3)

    await manage.page.locator("#day-close").click()
    await confirm(manage.page)

    await expect(acts).to_have_count(0)
    await expect(manage.page.locator("#day-over")).to_have_text("今天不再发号，也没有人等候。")
    await expect(manage.page.locator("#day-over")).to_be_focused()
    await manage.page.reload()
    await manage.is_drawn("today")
    await expect(acts).to_have_count(0)
    await expect(manage.page.locator("#day-over")).to_be_visible()
    assert manage.complaints == []


async def test_the_question_whether_to_end_the_day_follows_the_hall_and_is_asked_again_when_more_have_come(
    service: Service, office: BrowserContext
) -> None:
    tickets = [await service.api.take("enquiry")]
    manage = await Manage.open(office, service.api)
    dialog = manage.page.locator("dialog")

    async def states() -> set[str]:
        return {(await service.api.staff("GET", f"tickets/{one['id']}")).body["state"] for one in tickets}

    await manage.page.locator("#day-close").click()
    await expect(dialog).to_contain_text("还有 1 人等候")
    tickets.append(await service.api.take("enquiry"))
    await expect(dialog).to_contain_text("还有 2 人等候")
    tickets.append(await service.api.take("enquiry"))
    await dialog.locator("button[type=submit]").click()

    await expect(dialog).to_contain_text("还有 3 人等候")
    await expect(dialog.locator(".message")).to_have_text("刚才又来了人。请看清现在的人数，确定要结束请再按一次。")
    assert await states() == {"waiting"}
    await confirm(manage.page)
    await manage.is_told("今天的办理已结束")
    assert await states() == {"left"}


async def test_when_the_service_is_silent_the_page_says_how_old_it_is_and_goes_on_by_itself(
    service: Service, office: BrowserContext
) -> None:
    page = await office.new_page()
    await page.goto(f"{service.api.base}/halls/demo/manage?lang=zh")
    await page.clock.install(time=NOON_AT)
    await sign_in(page, "admin", "test-admin-token-0123456789")
    manage = Manage(page, Complaints(), service.api.base)
    await manage.is_drawn("today")
    await expect(page.locator("body")).to_have_attribute("data-link", "live")

    await office.set_offline(True)
    await page.clock.run_for(7000)
    await expect(page.locator("#stale")).to_contain_text("未连接")
    await office.set_offline(False)
    await service.api.open("1")
    await page.clock.run_for(8000)

    await expect(page.locator("#stale")).to_be_hidden()
    await expect(page.locator('[data-counter="1"] .tag')).to_have_text("开放")


async def test_how_old_the_page_is_is_said_by_the_halls_clock_on_a_device_whose_own_is_slow(
    service: Service, office: BrowserContext
) -> None:
    page = await office.new_page()
    await page.goto(f"{service.api.base}/halls/demo/manage?lang=zh")
    await page.clock.install(time=NOON_AT - timedelta(minutes=30))
    await sign_in(page, "admin", "test-admin-token-0123456789")
    manage = Manage(page, Complaints(), service.api.base)
    await manage.is_drawn("today")
    await expect(page.locator("body")).to_have_attribute("data-link", "live")

    await office.set_offline(True)
    await page.clock.run_for(7000)

    await expect(page.locator("#stale")).to_contain_text(re.compile(r"以下为 10:0\d 的情况"))
