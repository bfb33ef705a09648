"""A screen without connection says so in words, without the colour of calls, and recovers by itself."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.clock import RunningClock
from tests.browser.screen import Screen
from tests.postgres import running
from tests.service import NOON_AT, Service, service_on

AMBER = """() => {
  const ambers = ["rgb(255, 194, 51)", "rgb(255, 208, 105)"];
  const painted = ["color", "backgroundColor", "borderTopColor", "boxShadow", "fill", "stroke"];
  const isAmber = (style) => painted.some((name) => ambers.some((amber) => style[name].includes(amber)));
  return [...document.querySelectorAll("body *")]
    .filter((element) => element.checkVisibility() && isAmber(getComputedStyle(element)))
    .map((element) => element.className);
}"""

LISTEN = """
document.addEventListener("paihao:spoken", ({ detail }) => {
  document.documentElement.dataset.spoken = detail.number;
});
"""


@pytest.fixture
async def office(dsn: str, tmp_path: Path, clock: RunningClock) -> AsyncIterator[Service]:
    """A second server of the same hall, which works while the screen's server is down."""
    async with service_on(dsn, tmp_path, clock) as office:
        yield office


async def shown_by(server: Service, context: BrowserContext) -> Screen:
    """A connected screen with A001 in its banner and one waiting person; its clock is stopped."""
    screen = await Screen.prepare(context)
    await screen.page.clock.install(time=NOON_AT)
    await screen.page.add_init_script(LISTEN)
    await screen.go(server.api.base)
    await server.api.open("1", "2")
    await server.api.take()
    await server.api.next("1")
    await expect(screen.banner).to_have_attribute("data-number", "A001")
    await screen.page.locator("#sound").click()
    await expect(screen.page.locator("body")).to_have_attribute("data-sound", "on")
    await screen.hold()
    await server.api.take("enquiry")
    await expect(screen.page.locator('[data-service="enquiry"] .people b')).to_have_text("1")  # received just now
    return screen


async def test_a_screen_that_lost_its_server_says_how_old_it_is_within_five_seconds_and_then_heals(
    dsn: str, tmp_path: Path, clock: RunningClock, office: Service, context: BrowserContext
) -> None:
    async with service_on(dsn, tmp_path, clock) as server:
        screen = await shown_by(server, context)
        ports = {"port": server.running.http_port, "display_port": server.running.display_port}
    band = screen.page.locator("#band")

    await screen.page.clock.run_for(4000)
    await screen.is_link("live")
    await screen.settle()
    assert await screen.script(AMBER) != []
    await screen.page.clock.run_for(1000)

    assert await screen.page.locator("body").get_attribute("data-link") == "stale"
    await expect(band).to_contain_text("本屏暂停更新，以下为 10:00 的信息（不到 1 分钟前）")
    await expect(band).to_contain_text("This screen is not updating. It shows 10:00 (less than a minute ago).")
    assert await screen.script(AMBER) == []
    await expect(screen.call("A001")).to_be_visible()
    assert "您的号码仍然有效" in await screen.text()
    assert await screen.page.locator(".range").count() == 0
    await screen.page.clock.run_for(120_000)
    await expect(band).to_contain_text("2 分钟前")

    meanwhile = await office.api.next("2")
    assert meanwhile is not None
    async with service_on(dsn, tmp_path, clock, **ports):
        await screen.page.clock.resume()

        await screen.is_link("live")
        await expect(band).to_be_hidden()
        await expect(screen.banner).to_have_attribute("data-number", meanwhile["number"])
        await expect(screen.call("A001")).to_be_visible()
        await screen.settle()
        assert await screen.script(AMBER) != []
        await expect(screen.page.locator("html")).to_have_attribute("data-spoken", meanwhile["number"])


async def test_after_ten_minutes_of_silence_the_numbers_are_taken_away(
    dsn: str, tmp_path: Path, clock: RunningClock, context: BrowserContext
) -> None:
    async with service_on(dsn, tmp_path, clock) as server:
        screen = await shown_by(server, context)

    await screen.page.clock.fast_forward(9 * 60_000)
    await screen.is_link("stale")
    await screen.page.clock.fast_forward(61_000)

    await screen.is_link("lost")
    assert "A001" not in await screen.text()
    assert "本屏已停止更新" in await screen.text()
    assert "您的号码仍然有效" in await screen.text()


async def test_a_screen_is_stale_while_the_database_is_dead_and_heals_when_it_is_back(
    tmp_path: Path, clock: RunningClock, context: BrowserContext
) -> None:
    with running() as postgres:
        dsn = postgres.dsn(await postgres.create_database())
        async with service_on(dsn, tmp_path, clock) as service:
            screen = await Screen.open(context, service.api.base)
            closed: list[str] = []
            screen.page.on("websocket", lambda socket: closed.append(socket.url))
            await service.api.open("1")
            await service.api.take()

            await asyncio.to_thread(postgres.kill)
            await screen.is_link("stale")
            assert closed == [], "the socket is open, and silent"

            await asyncio.to_thread(postgres.start)
            await screen.is_link("live")
            await service.api.next("1")
            await expect(screen.banner).to_have_attribute("data-number", "A001")
