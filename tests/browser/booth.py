"""Page object of the kiosk's page."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any, Self

from playwright.async_api import BrowserContext, Locator, Page, Route, ViewportSize, expect

from tests.browser.desk import VIOLATIONS
from tests.browser.screen import Complaints
from tests.service import Api, Service

STANDING = ViewportSize(width=1080, height=1920)
"""The screen of a kiosk: portrait, full HD."""

WITHIN_S = 20
LOOK_EVERY_S = 0.03
"""Without a pause the processor would be busy with the looks, and the page slower."""

PRINTS = """
window.printed = 0;
window.print = () => { window.printed += 1; };
"""
SCRIPTS = re.compile(r"\.js(\?.*)?$")
KEPT = """
caches.match(location.pathname).then((page) => page !== undefined && navigator.serviceWorker.controller !== null)
"""


async def kiosk_key(api: Api, name: str = "at the door") -> tuple[str, str]:
    """Register a kiosk; return its id and key."""
    added = await api.staff("POST", "devices", {"name": name, "role": "kiosk"})
    assert added.status == 201, added.body
    return added.body["id"], added.body["token"]


async def numbers(service: Service) -> list[str]:
    """Return the numbers of all waiting tickets, in the order of calls."""
    queue = (await service.api.staff("GET", "queue")).body
    return [ticket["number"] for ticket in queue["waiting"]]


Left = tuple[str, str]
"""A piece of the page's scripts, and its replacement."""


async def leave_out(context: BrowserContext, *left: Left) -> None:
    """Serve the page's scripts without some guards, to test that these are needed."""

    async def serve(route: Route) -> None:
        text = await (await route.fetch()).text()
        for guard, instead in left:
            assert guard in text or "/packed/kiosk.js" not in route.request.url, guard

            text = text.replace(guard, instead)

        await route.fulfill(body=text, content_type="text/javascript")

    await context.route(SCRIPTS, serve)


@dataclass
class Booth:
    """A kiosk in its own page."""

    page: Page
    complaints: Complaints
    base: str

    @classmethod
    async def open(cls, context: BrowserContext, base: str, key: str | None, query: str = "?lang=zh") -> Self:
        """Open the demo hall's kiosk with a key, or without one."""
        page = await context.new_page()
        complaints = Complaints()
        complaints.listen(page)
        await page.add_init_script(VIOLATIONS)
        await page.add_init_script(PRINTS)
        booth = cls(page, complaints, base)
        await page.goto(f"{base}/halls/demo/kiosk{query}{f'#key={key}' if key else ''}")
        return booth

    @classmethod
    async def at(cls, context: BrowserContext, api: Api, query: str = "?lang=zh") -> Self:
        """Register and open a kiosk of a hall, and wait until it is ready."""
        _, key = await kiosk_key(api)
        booth = await cls.open(context, api.base, key, query)
        await booth.is_ready()
        return booth

    async def is_ready(self) -> None:
        """Wait until it accepts presses, has numbers in stock, and has cached its page."""
        await self.takes_presses()
        await self.until(KEPT)

    async def takes_presses(self) -> None:
        """Wait until it accepts presses and has numbers in stock."""
        await self.is_view("start")
        await self.is_link("live")
        await self.has_stock(50)

    async def until(self, source: str, argument: Any = None) -> None:  # noqa: ANN401  (JSON)
        """Evaluate a script until it returns true. Playwright's own wait is forbidden by the page's content policy."""
        async with asyncio.timeout(WITHIN_S):
            while not await self.page.evaluate(source, argument):  # noqa: ASYNC110  (a page has no other way to tell)
                await asyncio.sleep(LOOK_EVERY_S)

    async def has_stock(self, left: int) -> None:
        """Wait until this many numbers are in stock."""
        await self.until(STOCK, left)

    async def untold(self, count: int) -> None:
        """Wait until this many numbers are given out but not reported."""
        await self.until(UNTOLD, count)

    async def is_view(self, view: str) -> None:
        """Wait until it shows this view."""
        await expect(self.page.locator("body")).to_have_attribute("data-view", view)

    async def is_link(self, link: str) -> None:
        """Wait until its link to the hall is in this state."""
        await expect(self.page.locator("body")).to_have_attribute("data-link", link, timeout=20_000)

    def service(self, name: str) -> Locator:
        """The button of a service."""
        return self.page.locator(f'[data-service="{name}"]')

    async def take(self, name: str = "enquiry") -> str:
        """Press a service; return the shown number."""
        await self.service(name).click()
        await self.is_view("ticket")
        return await self.number()

    async def number(self) -> str:
        """Return the shown number."""
        number = await self.page.locator(".ticket-view").get_attribute("data-number")
        assert number is not None
        return number

    async def print_on(self, width: str) -> None:
        """Choose a roll in the settings, by its width in mm."""
        await self.page.locator("#settings").click()
        await self.page.locator(f'input[value="{width}"]').check()
        await self.page.locator("#settings-done").click()

    async def home(self) -> None:
        """Go back to the start."""
        await self.page.locator("#leave").click()
        await self.is_view("start")

    async def scan(self, text: str, *, swallowed: bool = False) -> None:
        """Scan a text: fast keys, Enter. `swallowed`: an input method takes the characters; only key codes remain."""
        await self.page.evaluate(SCAN, [_key(character, swallowed=swallowed) for character in [*text, "Enter"]])

    async def script(self, source: str, argument: Any = None) -> Any:  # noqa: ANN401  (JSON)
        """Evaluate a script in the page."""
        return await self.page.evaluate(source, argument)


_ROWS = """
new Promise((resolve, reject) => {
  const request = indexedDB.open("paihao.kiosk.demo");
  request.onerror = reject;
  request.onsuccess = () => {
    const asked = request.result.transaction("slips").objectStore("slips").getAll();
    asked.onsuccess = () => { request.result.close(); resolve(asked.result); };
    asked.onerror = reject;
  };
})
"""
STOCK = f"(left) => {_ROWS}.then((rows) => rows.filter(({{ state }}) => state === 'free').length === left)"
UNTOLD = f"(count) => {_ROWS}.then((rows) => rows.filter(({{ state }}) => state === 'given').length === count)"
SCAN = """
(keys) => {
  const target = document.activeElement ?? document.body;
  for (const key of keys) {
    target.dispatchEvent(new KeyboardEvent("keydown", { ...key, bubbles: true, cancelable: true }));
  }
}
"""

_PLACES = {":": ("Semicolon", True), "/": ("Slash", False), ".": ("Period", False), "-": ("Minus", False)}
_PLACES |= {"_": ("Minus", True), "#": ("Digit3", True), "&": ("Digit7", True), "=": ("Equal", False)}
"""Key code and Shift of the other characters of an address, on a scanner's keyboard."""


def _key(key: str, *, swallowed: bool) -> dict[str, str | bool]:
    if not swallowed:
        return {"key": key}
    if key.isalnum() and len(key) == 1:
        code, shifted = (f"Digit{key}", False) if key.isdigit() else (f"Key{key.upper()}", key.isupper())
    else:
        code, shifted = _PLACES.get(key, (key, False))
    return {"key": "Process", "code": code, "shiftKey": shifted}
