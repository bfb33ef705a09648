"""Pages that stay open overnight: the positions of a new day start again, and count as newer."""

from playwright.async_api import BrowserContext, expect

from tests.browser.clock import RunningClock
from tests.browser.desk import Desk
from tests.browser.manage import Manage
from tests.browser.screen import Screen
from tests.service import Service


async def test_both_pages_show_the_new_day_when_its_seq_is_lower_and_no_socket_says_so(
    service: Service, office: BrowserContext, clock: RunningClock
) -> None:
    await office.route_web_socket("**/board", lambda socket: socket.on_message(lambda _: None))
    await service.api.open("1", "3")
    for _ in range(5):
        await service.api.take("enquiry")
    clock.advance(13 * 3600)
    manage = await Manage.open(office, service.api, lang="en")
    desk = await Desk.open(office, service.api.base, "3", "?lang=en")
    await desk.is_view("idle")
    await expect(manage.page.locator('[data-counter="1"] .tag')).to_have_text("Open")

    clock.advance(6 * 3600)

    await desk.is_view("closed")
    await expect(manage.page.locator('[data-counter="1"] .tag')).to_have_text("Closed")


async def test_a_question_whether_to_end_the_day_is_about_the_day_it_was_asked_of(
    service: Service, office: BrowserContext, clock: RunningClock
) -> None:
    clock.advance(13 * 3600)
    manage = await Manage.open(office, service.api)
    dialog = manage.page.locator("dialog")
    await manage.page.locator("#day-close").click()
    await expect(dialog.locator("h2")).to_have_text("结束 11月23日 周一 的办理？")
    clock.advance(2 * 3600)
    assert (await service.api.call("GET", "board")).body["day"] == "2026-11-24"

    await dialog.locator("button[type=submit]").click()

    await expect(dialog.locator(".message")).to_have_text("11月23日 周一 已经过去，没有做任何更改。")
    await expect(manage.page.locator(".head p")).to_have_text("11月24日 周二")
    board = (await service.api.call("GET", "board")).body
    assert (board["day"], board["doors"] != []) == ("2026-11-24", True)
    assert manage.complaints == []


async def test_a_suspension_that_ends_on_another_day_says_which(service: Service, office: BrowserContext) -> None:
    until_at = {"until_at": "2026-11-24T06:00:00Z"}
    await service.api.staff("PUT", "suspension", {"text": "停电", **until_at})

    manage = await Manage.open(office, service.api)
    screen = await Screen.open(office, service.api.base)

    await expect(manage.page.locator("#suspension-now")).to_contain_text("预计 11月24日 14:00 恢复")
    await expect(screen.page.locator("#message")).to_contain_text("预计明天 14:00 恢复")
    await expect(screen.page.locator("#message")).to_contain_text("Expected back tomorrow 14:00")
