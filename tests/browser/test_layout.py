"""Layout of the lobby screen: nothing is cut off, numbers are large, and motion can be switched off."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.clock import RunningClock
from tests.browser.halls import WINDOWS, calls_of_every_kind
from tests.browser.pictures import picture
from tests.browser.screen import Screen
from tests.service import OPENS_AT, Service, service_on

SIZES = [(1280, 720), (1920, 1080), (3840, 2160), (1080, 1920), (720, 1280), (1024, 768), (1280, 1024)]

CALLED_MIN = 110 / 1080
STALE_MIN = 100 / 1080
SMALLEST_MIN = 2.2 / 108
"""Minimum sizes of letters as a fraction of the screen's short side."""

WIDTH_LEFT = {(1024, 768): 0.7, (1280, 1024): 0.65}
"""On screens narrower than 16:10 letters may be smaller by this factor."""

ROUNDING = 0.0005

REDRAW_MS = 260

COUNT_MOTION = """() => {
  const { dataset } = document.documentElement;
  for (const kind of ["animationstart", "transitionrun"]) {
    document.addEventListener(kind, (event) => {
      dataset.moved = `${dataset.moved ?? ""} ${event.animationName ?? event.propertyName}`;
    });
  }
}"""

OVERFLOWING = """() => {
  const BOXES = ".who, .where, .wait, .extra, .door, .notice, .band, .head, .as-of, .sound";
  const faults = [];
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight) faults.push("the page scrolls");
  for (const element of document.querySelectorAll("body *")) {
    if (!element.checkVisibility() || element.closest("svg")) continue;
    const name = `${element.tagName}.${element.className} ${element.textContent.slice(0, 20)}`;
    const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const { overflow, fontSize } = getComputedStyle(element);
    const overhang = 0.35 * parseFloat(fontSize); // of glyphs over a tight line; a line that is cut off is thrice that
    const { scrollWidth, clientWidth, scrollHeight, clientHeight } = element;
    const isCut = scrollWidth > clientWidth + 1 || scrollHeight > clientHeight + overhang;
    // what hides its overflow must have none to hide; notches of a stub stand out of it by design
    if (overflow === "hidden" && isCut && !element.matches(".call")) faults.push(`cut off: ${name}`);
    for (const node of own) {
      const range = document.createRange();
      range.selectNodeContents(node);
      const text = range.getBoundingClientRect();
      const box = (element.closest(BOXES) ?? element).getBoundingClientRect();
      if (text.left < box.left - 1 || text.right > box.right + 1) faults.push(`wider than its box: ${name}`);
      if (text.left < 0 || text.right > innerWidth + 1) faults.push(`beyond the screen: ${name}`);
      if (text.bottom > innerHeight + 1) faults.push(`below the screen: ${name}`);
    }
  }
  return faults;
}"""

LETTERS = """() => {
  const short = Math.min(innerWidth, innerHeight);
  const size = (element) => parseFloat(getComputedStyle(element).fontSize) / short;
  const isText = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim();
  const all = [...document.querySelectorAll("body *:not(svg, svg *)")]
    .filter((element) => element.checkVisibility() && [...element.childNodes].some(isText));
  const numbers = all.filter((element) => element.matches(".call .number"));
  return { numbers: numbers.map(size), smallest: Math.min(...all.map(size)) };
}"""


@pytest.fixture
def clock() -> RunningClock:
    """A clock that starts when the hall opens."""
    return RunningClock(OPENS_AT)


async def busy(service: Service, clock: RunningClock, context: BrowserContext) -> Screen:
    """The screen of a full hall with every kind of content; the test controls its clock."""
    newest = await calls_of_every_kind(service.api, clock)
    screen = await Screen.prepare(context)
    await screen.page.clock.install(time=clock.now_at())
    await screen.go(service.api.base)
    await expect(screen.banner).to_have_attribute("data-number", newest)
    await expect(screen.stubs).to_have_count(len(WINDOWS))
    return screen


async def letters_at(screen: Screen, size: tuple[int, int]) -> dict[str, Any]:
    """Show the screen in a size, check that everything fits, and return the sizes of its letters."""
    await screen.page.set_viewport_size({"width": size[0], "height": size[1]})
    await screen.page.clock.run_for(REDRAW_MS)
    faults: list[str] = await screen.script(OVERFLOWING)
    assert faults == [], f"at {size}: {faults}"
    letters: dict[str, Any] = await screen.script(LETTERS)
    return letters


async def test_on_every_wall_all_calls_fit_and_are_read_from_ten_metres(
    service: Service, clock: RunningClock, context: BrowserContext
) -> None:
    screen = await busy(service, clock, context)

    for size in SIZES:
        letters = await letters_at(screen, size)

        assert len(letters["numbers"]) == 2 * (1 + len(WINDOWS)), f"at {size}"
        assert min(letters["numbers"]) >= CALLED_MIN * WIDTH_LEFT.get(size, 1) - ROUNDING, f"at {size}"
        assert letters["smallest"] >= SMALLEST_MIN * WIDTH_LEFT.get(size, 1) - ROUNDING, f"at {size}"


async def test_a_stale_screen_fits_every_wall_and_is_pictured(
    dsn: str, tmp_path: Path, context: BrowserContext
) -> None:
    clock = RunningClock(OPENS_AT)
    async with service_on(dsn, tmp_path, clock) as service:
        screen = await busy(service, clock, context)
        await screen.hold()
    await screen.page.clock.run_for(5000)
    await screen.is_link("stale")

    for size in SIZES:
        letters = await letters_at(screen, size)
        await picture(screen.page, tmp_path, "lobby-stale.png", kept=size == (1920, 1080))

        assert min(letters["numbers"]) >= STALE_MIN * WIDTH_LEFT.get(size, 1) - ROUNDING, f"at {size}"
        assert letters["smallest"] >= SMALLEST_MIN * WIDTH_LEFT.get(size, 1) - ROUNDING, f"at {size}"


async def test_a_call_flashes_twice_at_most_and_not_at_all_where_motion_is_reduced(
    service: Service, context: BrowserContext, browser: Browser
) -> None:
    moved = await Screen.open(context, service.api.base)
    still_context = await browser.new_context(reduced_motion="reduce")
    still = await Screen.open(still_context, service.api.base)
    for screen in (moved, still):
        await screen.script(COUNT_MOTION)
    await service.api.open("1", "2")
    await service.api.take("enquiry")
    await service.api.take("enquiry")

    await service.api.next("1")
    await service.api.next("2")

    for screen in (moved, still):
        await expect(screen.banner).to_have_attribute("data-number", "B002")
        await expect(screen.stubs).to_have_count(1)
    await expect(moved.page.locator("html")).to_have_attribute("data-moved", re.compile("flash"))
    motions = await moved.script("document.getAnimations().map(motion => motion.effect.getComputedTiming())")
    assert all(motion["iterations"] <= 2 and motion["activeDuration"] <= 2000 for motion in motions)
    assert await still.page.locator("html").get_attribute("data-moved") is None
    await still_context.close()
