"""The counter's page without its service: it says so, and heals without a second effect."""

from pathlib import Path

from playwright.async_api import BrowserContext, expect

from tests.browser.clock import RunningClock
from tests.browser.desk import Desk
from tests.service import service_on


async def test_a_counter_that_lost_its_service_says_so_and_sends_what_was_pressed_once_it_is_back(
    dsn: str, tmp_path: Path, clock: RunningClock, context: BrowserContext
) -> None:
    async with service_on(dsn, tmp_path, clock) as server:
        await server.api.open("3")
        for _ in range(2):
            await server.api.take("enquiry")
        desk = await Desk.at(context, server.api.base)
        await expect(desk.number).to_have_text("B001")
        ports = {"port": server.running.http_port, "display_port": server.running.display_port}
    band = desk.page.locator("#stale")

    await expect(band).to_contain_text("未连接，以下为 10:00 的信息")
    await expect(desk.number).to_have_text("B001")
    await desk.press("Enter")
    await expect(desk.message).to_have_text("正在确认，不会重复办理")
    async with service_on(dsn, tmp_path, clock, **ports) as server:
        await expect(band).to_be_hidden()
        await desk.is_view("called")
        await expect(desk.number).to_have_text("B001")

        queue = (await server.api.staff("GET", "queue")).body
        assert [ticket["number"] for ticket in queue["called"]] == ["B001"]
        assert [ticket["number"] for ticket in queue["waiting"]] == ["B002"]


async def test_a_call_that_may_be_over_loses_its_amber(
    dsn: str, tmp_path: Path, clock: RunningClock, context: BrowserContext
) -> None:
    async with service_on(dsn, tmp_path, clock) as server:
        await server.api.open("3")
        await server.api.take("enquiry")
        desk = await Desk.at(context, server.api.base)
        await desk.press("Enter")
        await desk.is_view("called")
        await expect(desk.page.locator("#person .stub")).to_have_css("border-style", "solid")

    await expect(desk.page.locator("#stale")).to_be_visible()

    await expect(desk.page.locator("#person .stub")).to_have_css("border-style", "dashed")
    await expect(desk.page.locator("#person .stub")).to_have_css("background-color", "rgba(0, 0, 0, 0)")


async def test_a_blocked_socket_costs_freshness_and_not_the_work(
    dsn: str, tmp_path: Path, clock: RunningClock, context: BrowserContext
) -> None:
    async with service_on(dsn, tmp_path, clock) as server:
        await server.api.open("3")
        await context.route_web_socket("**/board", lambda socket: socket.on_message(lambda _: None))
        desk = await Desk.at(context, server.api.base)
        await desk.is_view("idle")

        await server.api.take("enquiry")

        await expect(desk.number).to_have_text("B001")
        await expect(desk.body).to_have_attribute("data-link", "live")
        await desk.press("Enter")
        await desk.is_view("called")
