"""The counter's page without network: it shows this, and recovers without a second effect."""

from pathlib import Path

from playwright.async_api import BrowserContext, WebSocketRoute, expect

from tests.browser.clock import RunningClock
from tests.browser.desk import Desk
from tests.service import Service, service_on

HEARD_WITHIN_MS = 30_000
"""A socket counts as silent after 4.5 s; then the board is polled every 3 s."""


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


async def test_a_suspension_is_heard_of_and_lifted_with_a_blocked_socket(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    await context.route_web_socket("**/board", lambda socket: socket.on_message(lambda _: None))
    desk = await Desk.at(context, service.api.base)
    await desk.is_view("idle")

    await service.api.staff("PUT", "suspension", {"text": {"zh-CN": "消防演习"}})
    await expect(desk.message).to_have_text("大厅暂停办理：消防演习", timeout=HEARD_WITHIN_MS)
    await expect(desk.main).to_have_text("暂停叫号")
    await service.api.staff("DELETE", "suspension")

    await expect(desk.message).to_be_hidden(timeout=HEARD_WITHIN_MS)
    await expect(desk.body).to_have_attribute("data-link", "live")
    await desk.press("Enter")
    await desk.is_view("called")


async def test_a_suspension_that_the_socket_told_of_ends_though_it_has_fallen_silent(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    await service.api.staff("PUT", "suspension", {"text": {"zh-CN": "消防演习"}})
    silent = False

    def pass_on(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda frame: None if silent else socket.send(frame))

    await context.route_web_socket("**/board", pass_on)
    desk = await Desk.at(context, service.api.base)
    await expect(desk.main).to_have_text("暂停叫号")

    silent = True
    await service.api.staff("DELETE", "suspension")

    await expect(desk.main).to_contain_text("B001", timeout=HEARD_WITHIN_MS)
    await desk.press("Enter")
    await desk.is_view("called")
