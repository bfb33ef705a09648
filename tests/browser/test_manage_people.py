"""The manager's page: notices, staff and devices, search, history."""

import json

from msgspec import convert
from playwright.async_api import Browser, BrowserContext, Route, expect

from service.api.http.query import LIMIT, LIMIT_MAX
from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from tests.api.booking import by_hand
from tests.browser.desk import sign_in
from tests.browser.manage import Manage, confirm, document_of, put_document
from tests.browser.screen import Screen
from tests.browser.staff import PASSWORD, account, member
from tests.service import Api, Service


async def test_a_notice_is_posted_in_both_languages_and_taken_down(service: Service, office: BrowserContext) -> None:
    manage = await Manage.open(office, service.api, "notices")
    page = manage.page
    screen = await Screen.open(office, service.api.base)

    await page.locator("#notice-zh-CN").fill("二楼有饮水机")
    await page.locator("#notice-en").fill("Water is upstairs.")
    await page.locator("#notice-form button").click()

    await expect(page.locator("#notices")).to_contain_text("二楼有饮水机")
    await expect(screen.page.locator("#notice-words")).to_have_text("二楼有饮水机Water is upstairs.")
    await page.locator("#notices button").click()
    await expect(page.locator("#notices")).to_contain_text("现在没有公告")


async def test_a_notice_that_another_manager_took_down_is_said_to_be_gone_and_goes(
    service: Service, office: BrowserContext
) -> None:
    notice = (await service.api.staff("POST", "notices", {"text": {"zh-CN": "今天人多"}})).body
    page = (await Manage.open(office, service.api, "notices")).page
    await expect(page.locator(".notice")).to_contain_text("今天人多")
    await service.api.staff("DELETE", f"notices/{notice['id']}")

    await page.locator(".notice button").click()

    await expect(page.locator("#said")).to_have_text("这条公告已经取下。")
    await expect(page.locator(".notice")).to_have_count(0)
    await expect(page.locator("#title")).to_be_focused()


async def test_a_message_that_is_no_longer_there_is_said_to_be_gone_and_goes(
    service: Service, office: BrowserContext
) -> None:
    at = "2026-11-23T02:00:00Z"
    message = {"id": "7", "kind": "booked", "channel": "sms", "state": "dead", "day": "2026-11-23", "changed_at": at}
    body = json.dumps({"items": [{**message, "created_at": at, "reason": None, "tries": 8}], "next_cursor": None})
    await office.route(
        "**/messages?*", lambda route: route.fulfill(content_type="application/json", body=body), times=1
    )
    page = (await Manage.open(office, service.api, "messages")).page

    await page.locator("#messages button").click()

    await expect(page.locator("#said")).to_have_text("这条消息已经不在了。")
    await expect(page.locator("[data-message]")).to_have_count(0)


async def test_a_clerk_is_added_with_a_password_that_is_shown_once(
    service: Service, office: BrowserContext, browser: Browser
) -> None:
    await member(service.api, "zhou", "manager", "周主任")
    manage = await Manage.open(office, service.api, "people", name="zhou", password=PASSWORD)
    page = manage.page

    await page.locator("#person-add").click()
    await page.locator("#person-name").fill("chen")
    await page.locator("#person-shown").fill("陈老师")
    await page.locator("dialog .primary").click()
    secret = await page.locator("#secret").inner_text()
    await confirm(page)
    await expect(page.locator('[data-account="chen"]')).to_contain_text("待设密码")
    assert secret not in await page.content()

    await page.locator('[data-account="chen"] select').select_option("volunteer")
    await manage.is_told("角色已修改")
    staff = (await service.api.staff("GET", "staff")).body["items"]
    assert {one["name"]: one["role"] for one in staff} == {"chen": "volunteer", "zhou": "manager"}
    async with await browser.new_context() as other:
        clerk = await other.new_page()
        await clerk.goto(f"{service.api.base}/halls/demo/counter/P1?lang=zh")
        await sign_in(clerk, "chen", secret)
        await expect(clerk.locator("#password-new")).to_be_visible()
    await expect(page.locator('[data-account="zhou"]')).to_contain_text("请另一位管理者修改")
    await page.locator('[data-account="chen"] .stop').click()
    await confirm(page)
    await expect(page.locator('[data-account="chen"]')).to_have_count(0)
    assert manage.complaints == []


async def test_fields_for_names_take_no_more_than_the_calls_behind_them(
    service: Service, office: BrowserContext
) -> None:
    described = (await service.api.call("GET", "/openapi.json")).body["components"]["schemas"]
    member = described["AddMemberForm"]["properties"]
    longest = {
        "#person-name": member["name"]["maxLength"],
        "#person-shown": next(one["maxLength"] for one in member["display_name"]["anyOf"] if "maxLength" in one),
        "#device-name": described["AddDeviceForm"]["properties"]["name"]["maxLength"],
    }
    manage = await Manage.open(office, service.api, "people")
    page = manage.page
    taken = {}

    for opener, fields in (("#person-add", ("#person-name", "#person-shown")), ("#device-add", ("#device-name",))):
        await page.locator(opener).click()
        for field in fields:
            await page.locator(field).focus()
            await page.keyboard.insert_text("x" * 300)
            taken[field] = len(await page.locator(field).input_value())
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog")).to_have_count(0)

    assert taken == longest


async def test_a_forgotten_password_is_replaced_and_an_account_disabled(
    service: Service, office: BrowserContext
) -> None:
    await member(service.api, "chen", "staff", "陈老师")
    manage = await Manage.open(office, service.api, "people")
    page = manage.page
    row = page.locator('[data-account="chen"]')

    await row.get_by_role("button", name="重设密码").click()
    await page.locator("dialog .primary").click()
    await expect(page.locator("#secret")).not_to_be_empty()
    await confirm(page)
    await expect(row).to_contain_text("待设密码")
    await row.get_by_role("button", name="停用").click()

    await expect(row).to_contain_text("已停用")
    await expect(row.get_by_role("button", name="启用")).to_be_focused()
    reply = await service.api.call("POST", "/v1/session", {"name": "chen", "password": PASSWORD})
    assert reply.code == "sign-in-refused"
    (chen,) = [one for one in (await service.api.staff("GET", "staff")).body["items"] if one["name"] == "chen"]
    await service.api.staff("DELETE", f"staff/{chen['id']}")
    await row.get_by_role("button", name="启用").click()
    await expect(page.locator("#said")).to_have_text("此人在本大厅已没有角色。")
    await expect(row).to_have_count(0)  # another manager was faster
    await expect(page.locator("#person-add")).to_be_focused()


async def test_a_password_that_one_person_typed_is_not_filled_into_the_form_of_the_next(
    service: Service, office: BrowserContext
) -> None:
    once = {name: await account(service.api, name, "manager", name) for name in ("anna", "bert")}
    page = await office.new_page()
    await page.goto(f"{service.api.base}/halls/demo/manage")
    await sign_in(page, "anna", once["anna"])
    for field in ("#password-new", "#password-again"):
        await page.locator(field).fill("the-garden-of-anna")
    session, same = f"{service.api.base}/v1/session", {"Sec-Fetch-Site": "same-origin"}
    assert (await office.request.delete(session, headers=same)).ok
    assert (await office.request.post(session, data={"name": "bert", "password": once["bert"]}, headers=same)).ok

    await page.evaluate("dispatchEvent(new Event('focus'))")

    await expect(page.locator("sign-in input[autocomplete=username]")).to_have_value("bert")
    for field in ("#password-new", "#password-again", "#password-current"):
        await expect(page.locator(field)).to_have_value("")
    await page.locator("#password-current").fill(once["bert"])
    for field in ("#password-new", "#password-again"):
        await page.locator(field).fill("the-garden-of-bert")
    await page.locator("sign-in button[type=submit]").click()
    await expect(page.locator("#title")).to_be_visible()


async def test_a_device_gets_a_key_that_is_shown_once_and_can_be_revoked(
    service: Service, office: BrowserContext
) -> None:
    manage = await Manage.open(office, service.api, "people")
    page = manage.page

    await page.locator("#device-add").click()
    await page.locator("#device-name").fill("东门自助机")
    await page.locator("dialog .primary").click()
    token = await page.locator("#secret").inner_text()
    await confirm(page)

    taken = await service.api.call("POST", "tickets", {"service": "enquiry", "channel": "kiosk"}, token=token)
    assert taken.status == 201, taken.body
    await page.locator('[data-device="东门自助机"] .stop').click()
    await confirm(page)
    await expect(page.locator('[data-device="东门自助机"]')).to_have_count(0)
    assert (await service.api.call("POST", "tickets", {"service": "enquiry"}, token=token)).status == 401


async def test_a_key_that_is_shown_once_is_shown_though_its_dialog_was_left_before_the_answer(
    service: Service, office: BrowserContext
) -> None:
    page = (await Manage.open(office, service.api, "people")).page
    await expect(page.locator("#devices")).to_contain_text("还没有设备")
    asked: list[Route] = []
    await page.route("**/devices", lambda route: asked.append(route), times=1)  # noqa: PLW0108  (playwright marks what it calls)
    await page.locator("#device-add").click()
    await page.locator("#device-name").fill("东门自助机")
    await page.locator("dialog .primary").click()
    await expect(page.locator("dialog .primary")).to_have_attribute("aria-busy", "true")
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)

    await asked[0].continue_()

    await expect(page.locator("#secret")).to_be_visible()


async def test_a_person_is_found_by_what_they_can_say_and_none_of_it_is_in_an_address(
    service: Service, office: BrowserContext
) -> None:
    await service.api.take("enquiry")
    ticket = await service.api.take("enquiry", applicant={"name": "张三丰", "phone": "13800001234"})
    manage = await Manage.open(office, service.api, "find")
    page = manage.page
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))

    code = ticket["code"]
    for said in (ticket["number"].lower(), "b2", code, f"{code[:4]} {code[4:]}", "138 0000 1234", "三丰"):
        await page.locator("#search").fill("nobody")
        await page.locator("#search").press("Enter")
        await expect(page.locator("#found")).to_contain_text("都没有找到")
        await page.locator("#search").fill(said)
        await page.locator("#search").press("Enter")

        await expect(page.locator("#found tbody tr")).to_have_count(1)
        await expect(page.locator("#found tbody tr")).to_have_attribute("data-number", "B002")
        assert not any(said in address for address in [*addresses, page.url])


async def test_who_finds_many_is_told_that_there_are_more_and_sees_them(
    service: Service, office: BrowserContext
) -> None:
    for n in range(LIMIT + 1):
        await service.api.take("enquiry", applicant={"name": f"张{n}"})
    manage = await Manage.open(office, service.api, "find")
    page = manage.page

    await page.locator("#search").fill("张")
    await page.locator("#search").press("Enter")

    await expect(page.locator("#found tbody tr")).to_have_count(LIMIT)
    await expect(page.locator("#found")).to_contain_text(f"不止这 {LIMIT} 个号")
    await page.locator("#found-more").click()
    await expect(page.locator("#found tbody tr")).to_have_count(LIMIT + 1)
    await expect(page.locator("#found-more")).to_have_count(0)


async def test_where_only_appointments_go_on_no_more_numbers_are_promised(
    service: Service, office: BrowserContext
) -> None:
    document = await document_of(service.api)
    await put_document(service.api, {**document, "booking": {**document["booking"], **by_hand(LIMIT + 1)}})
    for n in range(LIMIT):
        await service.api.take("enquiry", applicant={"name": f"张{n}"})
    for n in range(LIMIT + 1):
        booking = {"service": "enquiry", "starts_at": "2026-11-24T02:00:00Z", "applicant": {"name": f"张{n}"}}
        assert (await service.api.staff("POST", "appointments", booking)).status == 201
    manage = await Manage.open(office, service.api, "find")

    await manage.page.locator("#search").fill("张")
    await manage.page.locator("#search").press("Enter")

    await expect(manage.page.locator("#found tbody tr")).to_have_count(LIMIT)
    await expect(manage.page.locator("#found-more")).to_have_count(0)
    await expect(manage.page.locator("#found")).not_to_contain_text("不止")


async def test_a_history_of_several_pages_is_shown_whole(service: Service, office: BrowserContext) -> None:
    ticket = await service.api.take("enquiry")
    await service.api.open("1")
    await service.api.next("1")
    for _ in range(LIMIT_MAX):
        assert (await service.api.staff("POST", f"tickets/{ticket['id']}/recall")).status == 200
    manage = await Manage.open(office, service.api, "find")

    await manage.page.locator('#list [data-number="B001"] button').click()

    await expect(manage.page.locator("dialog .events li")).to_have_count(LIMIT_MAX + 2)


async def test_a_tickets_history_says_what_happened_and_who_did_it(service: Service, office: BrowserContext) -> None:
    await member(service.api, "zhou", "manager", "周主任")
    await service.api.take("enquiry")
    manage = await Manage.open(office, service.api, name="zhou", password=PASSWORD)
    page = manage.page
    await page.locator("#open-1").click()
    await expect(page.locator('[data-counter="1"] .tag')).to_have_text("开放")
    await service.api.next("1")

    await manage.go("history")
    await expect(page.locator('#events [data-kind="counter_opened"]')).to_contain_text("周主任")
    await expect(page.locator('#events [data-kind="signed_in"]').first).to_contain_text("周主任")
    await expect(page.locator('#events [data-kind="ticket_called"]')).to_contain_text("B001")
    await manage.go("find")
    await page.locator('#list [data-number="B001"] button').click()

    await expect(page.locator("dialog .events li").first).to_contain_text("取号 B001")
    await page.get_by_role("button", name="关闭").click()
    await expect(page.locator("dialog")).to_have_count(0)


async def test_the_list_of_the_day_is_narrowed_by_state_and_service(service: Service, office: BrowserContext) -> None:
    await service.api.open("1")
    for name in ("loan-first", "enquiry", "enquiry"):
        await service.api.take(name)
    await service.api.next("1")
    manage = await Manage.open(office, service.api, "find")
    rows = manage.page.locator("#list tbody tr")
    await expect(rows).to_have_count(3)

    await manage.page.locator("#list-service").select_option("enquiry")
    await expect(rows).to_have_count(2)
    await manage.page.locator("#list-state").select_option("called")
    await expect(rows).to_have_count(0)
    await manage.page.locator("#list-service").select_option("")
    await expect(rows).to_have_count(1)
    await manage.page.locator("#list-on").fill("2026-11-22")
    await expect(manage.page.locator("#list")).to_contain_text("没有号")


async def test_the_history_says_who_in_which_role_and_from_where(service: Service, office: BrowserContext) -> None:
    await member(service.api, "zhou", "manager", "周主任")
    manage = await Manage.open(office, service.api, "history", name="zhou", password=PASSWORD)
    page = manage.page

    await expect(page.locator('[data-kind="staff_added"]')).to_contain_text("系统管理员 · 本机")
    await expect(page.locator('[data-kind="password_changed"]')).to_contain_text("周主任 · 本机")


async def test_somebody_who_also_works_elsewhere_can_only_be_signed_out(
    service: Service, office: BrowserContext
) -> None:
    await member(service.api, "zhou", "manager", "周主任")
    await member(service.api, "chen", "staff", "陈老师")
    document = await service.api.staff("GET", "document")
    assert await service.running.halls.create_if_absent(HallId("other"), convert(document.body, HallDocument))
    async with Api(service.api.base, "other") as other:
        added = await other.staff("POST", "staff", {"name": "chen", "role": "staff"})
        assert added.status == 201, added.body
    manage = await Manage.open(office, service.api, "people", name="zhou", password=PASSWORD)
    row = manage.page.locator('[data-account="chen"]')

    await expect(row).to_contain_text("也在其他大厅工作")
    await expect(row.get_by_role("button")).to_have_count(2)
    await row.get_by_role("button", name="强制退出").click()

    await expect(manage.page.get_by_text("已结束此人的所有登录。")).to_be_visible()
    kinds = [item["kind"] for item in (await service.api.staff("GET", "history")).body["items"]]
    assert "staff_signed_out" in kinds
