"""The entrance code on the lobby screen: needs a key, changes each minute, and is hidden while it has no use."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import segno
from playwright.async_api import BrowserContext, Locator, expect

from tests.browser.clock import RunningClock
from tests.browser.halls import calls_of_every_kind
from tests.browser.pictures import picture
from tests.browser.screen import Screen
from tests.service import NOON_AT, Service, service_on

PUBLIC_URL = "https://hall.example"
PICTURES = {"lobby-door.png": (1600, 900), "lobby-door-portrait.png": (900, 1600), "lobby-door-4x3.png": (1024, 768)}
KEPT = {"lobby-door.png"}

MODULES = """(svg) => {
  const size = svg.viewBox.baseVal.width - 8;
  const path = svg.querySelector(".dark");
  const dark = (x, y) => path.isPointInFill(new DOMPoint(x + 0.5, y + 0.5));
  return Array.from({ length: size }, (_, y) => Array.from({ length: size }, (_, x) => +dark(x, y)).join(""));
}"""


@pytest.fixture
async def service(dsn: str, tmp_path: Path, clock: RunningClock) -> AsyncIterator[Service]:
    """A service with a public address."""
    async with service_on(dsn, tmp_path, clock, public_url=PUBLIC_URL) as running:
        yield running


@pytest.fixture
async def device(service: Service) -> dict[str, str]:
    """The kiosk device of the screen."""
    reply = await service.api.staff("POST", "devices", {"name": "Door", "role": "kiosk"})
    assert reply.status == 201, reply.body
    made: dict[str, str] = reply.body
    return made


async def screen_with(key: str, context: BrowserContext, service: Service) -> Screen:
    """The hall's screen opened with a key, without randomness."""
    screen = await Screen.prepare(context)
    await screen.page.add_init_script("Math.random = () => 0")
    await screen.go(service.api.base, f"?zone=main#key={key}")
    return screen


def qr(screen: Screen) -> Locator:
    """The QR code."""
    return screen.page.locator("svg.qr")


async def test_the_door_shows_the_code_of_this_minute_and_keeps_its_key_to_itself(
    service: Service, context: BrowserContext, device: dict[str, str]
) -> None:
    screen = await screen_with(device["token"], context, service)

    await expect(qr(screen)).to_be_visible()
    code = (await service.api.staff("GET", "entrance")).body["code"]
    await expect(qr(screen)).to_have_attribute("data-code", code)
    drawn = await qr(screen).evaluate(MODULES)

    made = segno.make_qr(f"{PUBLIC_URL}/halls/demo?entrance={code}", error="m")
    assert drawn == ["".join(map(str, row)) for row in made.matrix]
    assert screen.page.url == f"{service.api.base}/halls/demo/screen?zone=main"
    assert device["token"] not in await screen.page.content()
    assert screen.complaints == []


async def test_a_screen_that_had_its_key_once_has_it_after_a_restart(
    service: Service, context: BrowserContext, device: dict[str, str]
) -> None:
    screen = await screen_with(device["token"], context, service)
    await expect(qr(screen)).to_be_visible()

    again = await Screen.open(context, service.api.base)

    await expect(qr(again)).to_be_visible()


async def test_each_minute_there_is_another_code(
    service: Service, context: BrowserContext, device: dict[str, str], clock: RunningClock
) -> None:
    screen = await screen_with(device["token"], context, service)
    await expect(qr(screen)).to_be_visible()
    first = await qr(screen).get_attribute("data-code")
    assert first

    clock.advance(60)

    await expect(qr(screen)).not_to_have_attribute("data-code", re.compile(first))
    second = await qr(screen).get_attribute("data-code")
    assert second == (await service.api.staff("GET", "entrance")).body["code"]
    assert screen.complaints == []


async def test_without_a_key_there_is_no_code_and_none_is_asked_for(service: Service, context: BrowserContext) -> None:
    screen = await Screen.prepare(context)
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.url))
    await screen.go(service.api.base)
    await service.api.open("1")
    await service.api.take()
    await service.api.next("1")

    await expect(screen.banner).to_have_attribute("data-number", "A001")
    assert await qr(screen).count() == 0
    assert not [url for url in asked if url.endswith("/entrance")]


async def test_a_key_that_was_taken_back_is_forgotten(
    service: Service, context: BrowserContext, device: dict[str, str], clock: RunningClock
) -> None:
    screen = await screen_with(device["token"], context, service)
    await expect(qr(screen)).to_be_visible()

    assert (await service.api.staff("DELETE", f"devices/{device['id']}")).status == 204
    clock.advance(60)

    await expect(qr(screen)).to_have_count(0)
    assert await screen.script("localStorage.length") == 0
    await screen.is_link("live")


async def test_a_screen_that_is_not_live_shows_no_code(
    dsn: str, tmp_path: Path, clock: RunningClock, context: BrowserContext
) -> None:
    async with service_on(dsn, tmp_path, clock) as server:
        made = await server.api.staff("POST", "devices", {"name": "Door", "role": "kiosk"})
        screen = await Screen.prepare(context)
        await screen.page.clock.install(time=NOON_AT)
        await screen.go(server.api.base, f"#key={made.body['token']}")
        await expect(qr(screen)).to_be_visible()
        await screen.hold()

    await screen.page.clock.run_for(5500)

    await screen.is_link("stale")
    assert await qr(screen).count() == 0


async def test_the_door_of_a_full_hall_is_pictured(
    service: Service, clock: RunningClock, context: BrowserContext, device: dict[str, str], tmp_path: Path
) -> None:
    newest = await calls_of_every_kind(service.api, clock)
    screen = await screen_with(device["token"], context, service)
    await screen.page.locator("#sound").click()
    await expect(screen.banner).to_have_attribute("data-number", newest)
    await expect(qr(screen)).to_be_visible()

    for name, (width, height) in PICTURES.items():
        await screen.page.set_viewport_size({"width": width, "height": height})
        await screen.settle()
        await picture(screen.page, tmp_path, name, kept=name in KEPT)

        box = await screen.script("document.querySelector('svg.qr').getBoundingClientRect().toJSON()")
        assert box["width"] > 0
        assert box["left"] >= 0
        assert box["right"] <= width
        assert box["bottom"] <= height
