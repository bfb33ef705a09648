"""Invitations in a browser: import of a list with wrong lines, and the page of a partner."""

import asyncio
import re
from contextlib import suppress
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Error, FilePayload, Page, Route, ViewportSize, expect

from tests.browser.axe import faults
from tests.browser.manage import Manage, confirm
from tests.browser.pictures import PHONE, picture, saved_bytes
from tests.browser.screen import Complaints
from tests.browser.staff import PASSWORD, member
from tests.browser.test_pages import SIDEWAYS
from tests.service import Api, Service

WIDE: ViewportSize = {"width": 1280, "height": 900}
BAD = "姓名,手机,事项\n张伟,13800138000,enquiry\n李娜,12,enquiry\n,13800138002,\n王芳,13800138003,洗车\n"
MENDED = "姓名,手机,事项\n张伟,13800138000,enquiry\n李娜,13800138001,enquiry\n赵敏,13800138002,\n王芳,13800138003,\n"
IMPORTS = re.compile(r"/invitations\?")
STUB_PRINT = "globalThis.print = () => { document.body.dataset.printed = document.body.lastElementChild.innerHTML; };"


def sheet(text: str, name: str = "名单.csv") -> FilePayload:
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


async def partner(api: Api, name: str = "第一中学") -> str:
    """Register a partner; return its key."""
    reply = await api.staff("POST", "devices", {"name": name, "role": "partner"})
    assert reply.status == 201, reply.body
    token: str = reply.body["token"]
    return token


async def send(page: Page, text: str) -> None:
    await page.locator("#invite-file").set_input_files(sheet(text))
    await page.locator("#invite-send").click()


async def test_a_list_with_bad_lines_is_mended_and_imported(
    service: Service, office: BrowserContext, tmp_path: Path
) -> None:
    await member(service.api, "zhou", "manager", "周主任")
    manage = await Manage.open(office, service.api, "invitations", name="zhou", password=PASSWORD)
    page = manage.page
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    await expect(page.locator("#invite-send")).to_be_disabled()

    await send(page, BAD)

    bad = page.locator("#invite-bad tbody tr")
    await expect(bad).to_have_count(3)
    await expect(page.locator("#invite-result")).to_contain_text("有 3 行不合适，还没有邀请任何人")
    assert [await row.inner_text() for row in await bad.all()] == [
        "3\t手机\t不是手机号。",
        "4\t姓名\t没有填写。",
        "5\t事项\t本大厅没有这个事项。",
    ]
    assert (await service.api.staff("GET", "invitations")).body["items"] == []
    assert await faults(page) == []
    await picture(page, tmp_path, "invitations-bad.png", WIDE)
    await send(page, MENDED)
    await expect(page.locator("#invite-result")).to_contain_text("已邀请 4 人")
    await expect(page.locator("#batches tbody tr")).to_have_count(1)
    await expect(page.locator("#batch tbody tr")).to_have_count(4)
    await expect(page.locator("#batch")).to_contain_text("赵敏")
    assert len((await service.api.staff("GET", "invitations")).body["items"]) == 4

    assert await faults(page) == []
    await picture(page, tmp_path, "invitations.png", WIDE)
    await picture(page, tmp_path, "invitations-phone.png", PHONE)
    assert await page.evaluate(SIDEWAYS) == []
    await page.set_viewport_size(WIDE)
    assert not any(said in address for address in addresses for said in ("13800138", "%E5%BC%A0", "张"))
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("#title")).to_have_text("Invitations")
    await send(page, BAD)
    await expect(page.locator("#invite-result")).to_contain_text("3 lines")
    await picture(page, tmp_path, "invitations-bad-en.png", WIDE)
    await page.locator("#invite-file").set_input_files(sheet(MENDED))
    await expect(page.locator("#invite-result")).to_be_empty()
    await page.locator("#batches .button").first.click()
    await expect(page.locator("#batch tbody tr")).to_have_count(4)
    await page.locator("#form").evaluate("form => form.scrollTo(0, 0)")
    await picture(page, tmp_path, "invitations-en.png", WIDE)
    await picture(page, tmp_path, "invitations-phone-en.png", PHONE)
    assert await page.evaluate(SIDEWAYS) == []


async def test_the_good_lines_go_in_without_the_bad_ones_where_the_manager_says_so(
    service: Service, office: BrowserContext
) -> None:
    manage = await Manage.open(office, service.api, "invitations")
    page = manage.page

    await send(page, BAD)
    await page.locator("#invite-anyway").click()

    await expect(page.locator("#invite-result")).to_contain_text("已邀请 1 人")
    await expect(page.locator("#invite-result")).to_contain_text("3 行未邀请")
    await expect(page.locator("#invite-bad tbody tr")).to_have_count(3)


async def test_what_is_no_list_is_told_so(service: Service, office: BrowserContext) -> None:
    manage = await Manage.open(office, service.api, "invitations")
    page = manage.page

    await page.locator("#invite-file").set_input_files(
        {"name": "photo.xlsx", "mimeType": "image/png", "buffer": b"\x89PNG no workbook"}
    )
    await page.locator("#invite-send").click()

    await expect(page.locator("#invite-result")).to_contain_text("这个文件读不出名单")


async def test_codes_come_back_as_a_file_and_on_paper_and_one_is_taken_back(
    service: Service, office: BrowserContext
) -> None:
    await office.add_init_script(STUB_PRINT)
    manage = await Manage.open(office, service.api, "invitations")
    page = manage.page
    await send(page, MENDED)
    rows = page.locator("#batch tbody tr")
    await expect(rows).to_have_count(4)
    codes = [await row.get_attribute("data-code") or "" for row in await rows.all()]

    async with page.expect_download() as saved:
        await page.locator("#batches").get_by_role("button", name="邀请码").click()
    written = await saved_bytes(await saved.value)
    await page.locator("#batches").get_by_role("button", name="打印二维码").click()

    assert written.startswith(b"\xef\xbb\xbfline,code,name")
    assert all(code.encode() in written for code in codes)
    await expect(page.locator("body")).to_have_attribute("data-printed", re.compile(f"{codes[0][:4]} {codes[0][4:]}"))
    assert await page.evaluate("document.documentElement.dataset.violated ?? null") is None
    await page.evaluate("dispatchEvent(new Event('afterprint'))")
    await rows.first.locator(".stop").click()
    await confirm(page)
    await expect(rows.first).to_have_attribute("data-state", "revoked")
    await expect(page.locator("#batches tbody")).to_contain_text("1")


async def test_a_partner_opens_its_page_with_its_key_and_sees_only_its_own(
    service: Service, office: BrowserContext, browser: Browser, tmp_path: Path
) -> None:
    api = service.api
    key = await partner(api)
    raw = b"name\nSomebody Else\n"
    own = await api.staff("POST", "invitations", raw=raw, headers={"Content-Type": "text/csv"})
    assert own.status == 201, own.body
    async with await browser.new_context(viewport=WIDE, locale="en-GB") as context:
        page = await context.new_page()
        complaints = Complaints()
        complaints.listen(page)
        await page.goto(f"{api.base}/halls/demo/partner?lang=en")
        await expect(page.locator("#title")).to_have_text("This page needs its key")
        assert await faults(page) == []

        await page.goto(f"{api.base}/halls/demo/partner?lang=en#key={key}")
        await expect(page.locator("#batches")).to_contain_text("None yet")
        assert key not in page.url
        await send(page, MENDED)
        await expect(page.locator("#batch tbody tr")).to_have_count(4)
        await page.reload()

        await expect(page.locator("#batches tbody tr")).to_have_count(1)
        assert await faults(page) == []
        await page.locator("#batches .button").first.click()
        await expect(page.locator("#batch tbody tr")).to_have_count(4)
        await picture(page, tmp_path, "partner-en.png", WIDE)
        await page.get_by_role("link", name="中文").click()
        await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        await expect(page.locator("#batches tbody tr")).to_have_count(1)
        await page.locator("#batches .button").first.click()
        await expect(page.locator("#batch tbody tr")).to_have_count(4)
        await picture(page, tmp_path, "partner.png", WIDE)
        assert complaints == []
        await page.locator("#forget").click()
        await expect(page.locator("#title")).to_have_text("打开本页需要密钥")
    manage = await Manage.open(office, api, "invitations")
    await expect(manage.page.locator("#batches tbody tr")).to_have_count(2)
    await expect(manage.page.locator("#batches")).to_contain_text("第一中学")
    await manage.page.locator("#batches .button").first.click()
    await expect(manage.page.locator("#batch tbody tr")).to_have_count(4)
    await expect(manage.page.locator("#batch")).not_to_contain_text("赵敏")


async def at_partner(service: Service, context: BrowserContext) -> Page:
    """Open the page of a partner, in English."""
    page = await context.new_page()
    await page.goto(f"{service.api.base}/halls/demo/partner?lang=en#key={await partner(service.api)}")
    await expect(page.locator("#batches")).to_contain_text("None yet")
    return page


async def to_chinese(page: Page) -> None:
    await page.get_by_role("link", name="中文").click()
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")


async def test_what_was_chosen_for_a_list_stays_when_the_language_is_switched(
    service: Service, office: BrowserContext
) -> None:
    page = await at_partner(service, office)
    await page.locator("#invite-file").set_input_files(sheet(BAD))
    await page.locator("#invite-mode").select_option("good")
    await page.locator("#invite-releases").fill("2026-11-30T12:00")

    await to_chinese(page)

    await expect(page.locator("#invite-file-name")).to_have_text("名单.csv")
    await expect(page.locator("#invite-mode")).to_have_value("good")
    await expect(page.locator("#invite-releases")).to_have_value("2026-11-30T12:00")
    await page.locator("#invite-send").click()
    await expect(page.locator("#invite-result")).to_contain_text("已邀请 1 人")
    await expect(page.locator("#batches tbody tr")).to_contain_text("11月30日")


async def test_a_list_that_is_answered_after_the_language_was_switched_says_what_became_of_it(
    service: Service, office: BrowserContext
) -> None:
    gate = asyncio.Event()
    page = await at_partner(service, office)

    async def wait(route: Route) -> None:
        if route.request.method == "POST":
            await gate.wait()
        await route.continue_()

    await page.route(IMPORTS, wait)
    async with page.expect_request(IMPORTS):
        await send(page, MENDED)
    await to_chinese(page)
    await expect(page.locator("#invite-file-name")).to_have_text("名单.csv")
    await expect(page.locator("#invite-send")).to_have_attribute("aria-busy", "true")

    gate.set()

    await expect(page.locator("#invite-result")).to_contain_text("已邀请 4 人")
    await expect(page.locator("#batch tbody tr")).to_have_count(4)
    await page.get_by_role("link", name="EN").click()
    await expect(page.locator("#invite-result")).to_contain_text("4 people are invited")
    await expect(page.locator("#batch tbody tr")).to_have_count(4)


async def test_a_list_of_which_it_is_not_known_whether_it_came_through_is_imported_once(
    service: Service, office: BrowserContext
) -> None:
    await office.clock.install()
    page = await at_partner(service, office)
    done, given_up = asyncio.Event(), asyncio.Event()

    async def lose(route: Route) -> None:
        if route.request.method != "POST":
            await route.continue_()
            return
        await route.fetch()
        done.set()
        await given_up.wait()
        with suppress(Error):  # the page has removed it from the address
            await route.abort()

    await page.route(IMPORTS, lose)
    await send(page, MENDED)
    await done.wait()
    await page.clock.fast_forward(130_000)
    await expect(page.locator("#invite-send")).not_to_have_attribute("aria-busy", "true")
    given_up.set()
    await page.unroute(IMPORTS)

    await page.locator("#invite-send").click()

    await expect(page.locator("#invite-result")).to_contain_text("4 people are invited")
    await expect(page.locator("#batches tbody tr")).to_have_count(1)


async def test_nothing_of_a_list_is_left_for_another_partner(service: Service, office: BrowserContext) -> None:
    page = await at_partner(service, office)
    await page.locator("#invite-file").set_input_files(sheet(MENDED))
    await expect(page.locator("#invite-file-name")).to_have_text("名单.csv")
    other = await partner(service.api, "第二中学")

    await page.evaluate("(key) => { location.hash = `key=${key}`; }", other)

    await expect(page.locator("#invite-file-name")).to_have_text("Choose a file first.")


async def test_a_partner_whose_key_was_taken_back_is_asked_for_another(
    service: Service, office: BrowserContext
) -> None:
    key = await partner(service.api)
    [device] = (await service.api.staff("GET", "devices")).body["items"]
    assert (await service.api.staff("DELETE", f"devices/{device['id']}")).status == 204
    page = await office.new_page()

    await page.goto(f"{service.api.base}/halls/demo/partner?lang=zh#key={key}")

    await expect(page.locator("#title")).to_have_text("打开本页需要密钥")
    assert key not in await page.evaluate("JSON.stringify(localStorage)")


async def test_a_manager_makes_a_partner_and_gets_the_address_of_its_page(
    service: Service, office: BrowserContext
) -> None:
    manage = await Manage.open(office, service.api, "people")
    page = manage.page

    await page.locator("#device-add").click()
    await page.locator("#device-name").fill("第一中学")
    await page.locator("#device-role").select_option("partner")
    await page.locator("dialog .primary").click()
    address = await page.locator("#secret").inner_text()
    await confirm(page)

    assert address.startswith(f"{service.api.base}/halls/demo/partner#key=")
    opened = await office.new_page()
    await opened.goto(address)
    await expect(opened.locator("#batches")).to_contain_text("还没有")
