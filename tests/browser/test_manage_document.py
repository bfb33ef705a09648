"""The manager's page: changes of the hall document, their effect, and merges of two managers' changes."""

import asyncio
import re

from playwright.async_api import BrowserContext, Route, expect

from tests.browser.axe import faults
from tests.browser.desk import sign_in
from tests.browser.manage import Manage, confirm, document_of, put_document, revision_of
from tests.service import Service


async def test_one_clerk_short_until_two_is_tried_out_and_then_in_force(
    service: Service, office: BrowserContext
) -> None:
    await service.api.open("1", "2", "3", "4", "5")
    for _ in range(12):
        await service.api.take("enquiry")
    manage = await Manage.open(office, service.api, "hours")
    page = manage.page

    await page.locator("#staffing-less").click()
    await page.locator("#adjust-to").fill("14:00")
    await page.locator(".adjust button[type=submit]").click()
    await manage.is_tried_out()

    await expect(page.locator("#effect h2")).to_have_text("保存后会怎样")
    await expect(page.locator("#effect .chart")).to_be_visible()
    await expect(page.locator(".staffed-of .tag")).to_have_text(["缺 1 人至 14:00"] * 3)
    assert await revision_of(service.api) == 1
    await manage.save_now()
    dated = [band for band in (await document_of(service.api))["staffing"] if band.get("on")]
    assert [(band["on"], band["from"], band["to"], band["counters"]) for band in dated] == [
        ("2026-11-23", "10:00", "12:00", 4),
        ("2026-11-23", "12:00", "13:30", 2),
        ("2026-11-23", "13:30", "14:00", 4),
    ]
    await expect(page.locator(".staffed-of .edited")).to_have_count(0)
    await page.reload()
    await manage.is_drawn("hours")
    await expect(page.locator(".staffed-of .tag")).to_have_text(["缺 1 人至 14:00"] * 3)
    assert manage.complaints == []


async def test_saving_waits_while_the_effect_is_computed(service: Service, office: BrowserContext) -> None:
    manage = await Manage.open(office, service.api, "rules")
    await expect(manage.page.locator("#effect .figures tr").first).to_be_visible()
    computing, answer = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        computing.set()
        await answer.wait()
        await route.continue_()

    await manage.page.route("**/document?dry_run=1", hold)
    await manage.edit_green_credit("12")
    await computing.wait()

    await expect(manage.save).to_be_disabled()
    await expect(manage.page.locator("#save-why")).to_have_text("试算完即可保存。")
    await expect(manage.page.locator("#effect")).to_have_class(re.compile("is-old"))
    answer.set()
    await expect(manage.save).to_be_enabled()
    await expect(manage.page.locator("#effect")).not_to_have_class(re.compile("is-old"))


async def test_an_edit_stays_while_the_manager_looks_elsewhere_and_in_the_other_language(
    service: Service, office: BrowserContext
) -> None:
    manage = await Manage.open(office, service.api, "rules")
    await manage.edit_green_credit("12")
    await expect(manage.field("rules", "credit_s", "green").locator("xpath=../..")).to_contain_text("原为 90 分")

    await manage.go("find")
    await manage.page.get_by_role("link", name="English").click()
    await expect(manage.page.locator("#title")).to_have_text("Find")
    await expect(manage.page.locator("#to-rules")).to_contain_text("Unsaved")
    await manage.go("rules")

    field = manage.field("rules", "credit_s", "green")
    await expect(field).to_have_value("12")
    await expect(field.locator("xpath=../..")).to_contain_text("Was 90 min")
    await expect(manage.page.locator("#effect .changes summary")).to_have_text("1 change")
    await manage.page.locator("#discard").click()
    await expect(field).to_have_value("90")
    await expect(manage.page.locator("#to-rules")).not_to_contain_text("Unsaved")


async def test_what_cannot_be_is_said_at_its_field_and_led_to_from_afar(
    service: Service, office: BrowserContext
) -> None:
    manage = await Manage.open(office, service.api, "places")
    page = manage.page
    await manage.unfold("services", "rows", "enquiry")
    prefix = manage.field("services", "rows", "enquiry", "prefix")
    await prefix.fill("a")
    await manage.go("rules")
    await manage.field("rules", "grace_s").fill("soon")

    await expect(page.locator(".faults li")).to_have_count(2)
    await expect(manage.save).to_be_disabled()
    await page.locator(".faults a", has_text="咨询").click()

    await expect(page.locator("body")).to_have_attribute("data-section", "places")
    await expect(prefix).to_be_focused()
    await expect(page.locator('[id="f-services-rows-enquiry-prefix-fault"]')).to_have_text("A 已经是别的事项的字头。")
    await prefix.fill("e")
    await manage.go("rules")
    await manage.field("rules", "grace_s").fill("15")
    await manage.save_now()
    document = await document_of(service.api)
    assert next(one["prefix"] for one in document["services"] if one["id"] == "enquiry") == "E"
    assert document["rules"]["grace_s"] == 900


async def test_what_only_the_service_can_refuse_is_said_at_its_field(service: Service, office: BrowserContext) -> None:
    manage = await Manage.open(office, service.api, "hours")

    await manage.field("country").fill("ZZ")
    await manage.page.locator('[id="f-holidays"]').check()

    await expect(manage.page.locator("#form .wrong:visible").first).to_contain_text("这里不能这样填")
    await expect(manage.save).to_be_disabled()


async def test_reasons_of_a_rating_are_added_named_and_taken_away_by_clicks(
    service: Service, office: BrowserContext
) -> None:
    manage = await Manage.open(office, service.api, "rules")
    page = manage.page

    await page.locator('[id="f-codes-ratings-add"]').click()
    thing = page.locator(".thing", has=page.locator('[id="f-codes-ratings-rows-+1"]'))
    await thing.get_by_label("代码").fill("step-free")
    await thing.get_by_label("文字（中文）").fill("轮椅方便进出")
    await thing.get_by_label("文字（English）").fill("Easy with a wheelchair")
    await manage.unfold("codes", "ratings", "rows", "friendly")
    await manage.field("texts", "friendly", "zh-CN").fill("态度好")
    await manage.unfold("codes", "ratings", "rows", "unfriendly")
    await page.locator('[id="f-codes-ratings-rows-unfriendly-remove"]').click()
    await manage.save_now()

    document = await document_of(service.api)
    assert document["codes"]["ratings"][-1] == "step-free"
    assert "unfriendly" not in document["codes"]["ratings"]
    assert document["texts"]["step-free"] == {"zh-CN": "轮椅方便进出", "en": "Easy with a wheelchair"}
    assert document["texts"]["friendly"]["zh-CN"] == "态度好"
    told = (await service.api.call("GET", "rules")).body
    assert told["words"]["step-free"]["zh-CN"] == "轮椅方便进出"
    assert manage.complaints == []


async def test_a_service_its_papers_and_a_counter_are_added_by_clicks(service: Service, office: BrowserContext) -> None:
    manage = await Manage.open(office, service.api, "places")
    page = manage.page

    await page.locator('[id="f-services-add"]').click()
    thing = page.locator(".thing", has=page.locator('[id="f-services-rows-+1"]'))
    await thing.get_by_label("名称（中文）").fill("提前还款")
    await thing.get_by_label("名称（English）").fill("Early repayment")
    await thing.get_by_role("button", name="添加材料").click()
    await thing.get_by_label("材料名称（中文）").fill("还款计划")
    await page.locator('[id="f-counters-add"]').click()
    counter = page.locator(".thing", has=page.locator('[id="f-counters-rows-+1"]'))
    await counter.get_by_label("提前还款").check()
    await manage.save_now()

    document = await document_of(service.api)
    added = document["services"][-1]
    assert added["prefix"] == "D"
    assert added["name"] == {"zh-CN": "提前还款", "en": "Early repayment"}
    assert [paper["name"] for paper in added["papers"]] == [{"zh-CN": "还款计划"}]
    assert document["counters"][-1]["id"] == "6"
    assert added["id"] in document["counters"][-1]["services"]
    assert (await service.api.take(added["id"]))["number"] == "D001"


async def test_how_long_a_stage_takes_is_said_where_the_service_has_it(
    service: Service, office: BrowserContext
) -> None:
    said = await document_of(service.api)
    said["services"][0]["duration_s"]["stages"] = {"precheck": {"mean": 90}}
    await put_document(service.api, said)
    manage = await Manage.open(office, service.api, "places")
    await manage.unfold("services", "rows", "loan-first")
    duration = ("services", "rows", "loan-first", "duration_s")
    precheck, window = (manage.field(*duration, "stages", stage) for stage in ("precheck", "window"))

    await expect(precheck).to_have_value("1.5")
    await expect(window).to_be_hidden()
    await precheck.fill("2")
    await expect(precheck.locator("xpath=../..")).to_contain_text("原为 1.5 分")
    await expect(manage.page.locator("#effect")).to_contain_text("首次贷款签约 · 预审台 · 该环节的平均时间")
    await manage.save_now()
    assert (await document_of(service.api))["services"][0]["duration_s"]["stages"] == {
        "precheck": {"mean": 120, "cv": None}
    }

    await precheck.fill("")
    await manage.save_now()
    assert (await document_of(service.api))["services"][0]["duration_s"]["stages"] == {}

    await precheck.fill("1")
    await manage.page.locator('[id="f-services-rows-loan-first-stages"] input[value="precheck"]').uncheck()
    await expect(precheck).to_be_hidden()
    await manage.save_now()
    saved = (await document_of(service.api))["services"][0]
    assert (saved["stages"], saved["duration_s"]["stages"]) == (["window"], {}), "of a stage it has not nothing is said"
    assert manage.complaints == []


async def test_a_thing_that_was_removed_is_in_sight_until_it_is_saved_and_can_be_had_back(
    service: Service, office: BrowserContext
) -> None:
    manage = await Manage.open(office, service.api, "places")
    page = manage.page

    await manage.unfold("counters", "rows", "4")
    await page.locator('[id="f-counters-rows-4-remove"]').click()
    await expect(page.locator("li.gone")).to_contain_text("4 号窗口")
    await page.locator("li.gone button").click()
    await expect(page.locator("#discard")).to_be_hidden()
    await manage.unfold("counters", "rows", "5")
    await page.locator('[id="f-counters-rows-5-remove"]').click()
    await manage.save_now()

    assert [one["id"] for one in (await document_of(service.api))["counters"]] == ["1", "2", "3", "4", "P1"]
    await expect(page.locator("li.gone")).to_have_count(0)


async def test_an_exception_and_a_week_of_other_hours_are_saved(service: Service, office: BrowserContext) -> None:
    manage = await Manage.open(office, service.api, "hours")
    page = manage.page

    await page.locator("#exception-add").click()
    await page.locator("#exception-on").fill("2026-11-30")
    await confirm(page)
    await page.locator("#by-day").click()
    sunday = manage.field("hours", "7")
    await sunday.get_by_role("button", name="移除").click()
    monday = manage.field("hours", "1")
    await monday.get_by_label("结束").fill("12:00")
    await monday.get_by_role("button", name="加一段").click()
    await monday.get_by_label("开始").nth(1).fill("13:30")
    await monday.get_by_label("结束").nth(1).fill("17:00")
    await manage.save_now()

    document = await document_of(service.api)
    assert [(one["on"], one["closed"]) for one in document["exceptions"]] == [("2026-11-30", True)]
    assert document["hours"] == [
        {"weekdays": [1], "from": "09:00", "to": "12:00"},
        {"weekdays": [1], "from": "13:30", "to": "17:00"},
        {"weekdays": [2, 3, 4, 5, 6], "from": "09:00", "to": "17:30"},
    ]


async def test_two_managers_at_once_lose_nothing(service: Service, office: BrowserContext) -> None:
    manage = await Manage.open(office, service.api, "rules")
    page = manage.page
    await manage.edit_green_credit("12")
    await manage.field("rules", "grace_s").fill("5")
    await manage.is_tried_out()
    theirs = await document_of(service.api)
    theirs["rules"]["grace_s"] = 900
    theirs["booking"]["horizon_days"] = 14
    await put_document(service.api, theirs)

    await manage.save.click()
    dialog = page.locator("dialog")
    await expect(dialog.locator("h2")).to_have_text("另一位管理者刚刚保存了修改")
    await expect(dialog.locator(".conflict")).to_have_count(1)
    await expect(dialog.locator(".conflict")).to_contain_text("原为 10 分")
    await expect(dialog).to_contain_text("30 天 → 14 天")
    await expect(dialog).to_contain_text("90 分 → 12 分")
    assert await faults(page) == []
    await page.locator("#conflict-0-theirs").check()
    await confirm(page)

    await expect(manage.field("rules", "grace_s")).to_have_value("15")
    await expect(manage.field("rules", "credit_s", "green")).to_have_value("12")
    await manage.go("booking")
    await expect(manage.field("booking", "horizon_days")).to_have_value("14")
    await manage.save_now()
    document = await document_of(service.api)
    assert document["rules"]["grace_s"] == 900
    assert document["booking"]["horizon_days"] == 14
    assert document["rules"]["credit_s"]["green"] == 720


async def test_a_merge_that_was_left_waits_and_saves_nothing(service: Service, office: BrowserContext) -> None:
    manage = await Manage.open(office, service.api, "rules")
    await manage.edit_green_credit("12")
    await manage.is_tried_out()
    theirs = await document_of(service.api)
    theirs["rules"]["credit_s"]["green"] = 600
    await put_document(service.api, theirs)
    await manage.save.click()
    await expect(manage.page.locator("dialog")).to_be_visible()

    await manage.page.keyboard.press("Escape")

    await expect(manage.save).to_be_disabled()
    await expect(manage.page.locator("#save-why")).to_have_text("先看另一位管理者的修改。")
    await expect(manage.field("rules", "credit_s", "green")).to_have_value("12")
    await manage.page.locator("#merge-open").click()
    await manage.page.locator("#conflict-0-mine").check()
    await confirm(manage.page)
    await manage.save_now()
    assert (await document_of(service.api))["rules"]["credit_s"]["green"] == 720


async def test_a_save_whose_answer_is_lost_is_done_once(service: Service, office: BrowserContext) -> None:
    manage = await Manage.open(office, service.api, "rules")
    await manage.edit_green_credit("12")
    await manage.is_tried_out()
    keys: list[str] = []

    async def lose_the_first(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await manage.page.route("**/v1/halls/demo/document", lose_the_first)
    before = await revision_of(service.api)
    await manage.save.click()

    await expect(manage.page.locator("#discard")).to_be_hidden()
    assert len(keys) >= 2
    assert len(set(keys)) == 1
    assert await revision_of(service.api) == before + 1


async def test_an_edit_outlives_a_session_that_ended(service: Service, office: BrowserContext) -> None:
    manage = await Manage.open(office, service.api, "rules")
    await manage.edit_green_credit("12")
    await manage.is_tried_out()
    await office.clear_cookies()
    await manage.field("rules", "grace_s").fill("5")
    await expect(manage.page.locator("#sign-in-name")).to_be_visible()
    await expect(manage.page.locator("#effect")).to_be_hidden()

    await sign_in(manage.page)

    await expect(manage.field("rules", "credit_s", "green")).to_have_value("12")
    await manage.save_now()
    rules = (await document_of(service.api))["rules"]
    assert (rules["credit_s"]["green"], rules["grace_s"]) == (720, 300)
