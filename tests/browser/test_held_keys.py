"""A key that is held down counts as one press."""

from playwright.async_api import BrowserContext, Request, expect

from tests.browser.desk import Desk
from tests.browser.manage import Manage
from tests.browser.test_counter import states
from tests.service import Service


async def test_a_key_that_is_held_calls_again_once(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    await service.api.next("3")
    desk = await Desk.at(context, service.api.base)
    recalls: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/recall"):
            recalls.append(request.url)

    desk.page.on("request", note)
    await desk.page.keyboard.down("r")
    await expect(desk.message).to_have_text("B001 已再叫一次，共 2 次")
    for _ in range(5):
        await desk.page.keyboard.down("r")
    await desk.page.keyboard.up("r")
    await desk.press("s")
    await desk.is_view("serving")

    assert len(recalls) == 1


async def test_enter_that_is_held_does_not_end_the_day(service: Service, office: BrowserContext) -> None:
    await service.api.take("enquiry")
    manage = await Manage.open(office, service.api)
    page = manage.page
    dialog = page.locator("dialog")

    await page.locator("#day-close").focus()
    await page.keyboard.down("Enter")
    await expect(dialog).to_be_visible()
    for _ in range(5):
        await page.keyboard.down("Enter")
    await page.keyboard.up("Enter")

    await expect(dialog).to_be_visible()
    await expect(dialog.locator("button[type=submit]")).not_to_be_focused()
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(page.locator("#day-close")).to_be_focused()
    assert await states(service.api) == {"B001": "waiting"}


async def test_enter_that_is_held_goes_through_no_form(service: Service, office: BrowserContext) -> None:
    manage = await Manage.open(office, service.api)
    page = manage.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url.rpartition('/')[2]}"))
    await page.locator("#overtime").focus()

    await page.keyboard.down("Enter")
    await expect(page.locator("#overtime-until")).to_be_focused()
    for _ in range(5):
        await page.keyboard.down("Enter")
    await page.keyboard.up("Enter")
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)

    assert "PUT overtime" not in sent
