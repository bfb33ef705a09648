"""Pages that stay open overnight: the seqs of a new day begin anew, and are newer all the same."""

from playwright.async_api import BrowserContext, expect

from tests.browser.clock import RunningClock
from tests.browser.desk import Desk
from tests.browser.manage import Manage
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
