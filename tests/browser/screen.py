"""The lobby screen as a test sees it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Response, expect

FOUND_WITHIN_MS = 15_000
"""How long a page may take to show what it must: generous, as no test measures it."""

expect.set_options(timeout=FOUND_WITHIN_MS)


class Complaints(list[str]):
    """All a browser objected to on a page: errors, warnings, requests that failed or were refused."""

    def listen(self, page: Page) -> None:
        """Note what happens on a page from now on."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.append(f"uncaught: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.append(f"{message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # given up by the page itself, for another that is newer
            self.append(f"failed: {request.method} {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.append(f"{response.status}: {response.url}")


@dataclass
class Screen:
    """A lobby screen in a page of its own."""

    page: Page
    complaints: Complaints

    @classmethod
    async def open(cls, context: BrowserContext, base: str, query: str = "", *, link: str = "live") -> Self:
        """Open the demo hall's screen, and wait until its link is as expected."""
        screen = await cls.prepare(context)
        await screen.go(base, query, link=link)
        return screen

    @classmethod
    async def prepare(cls, context: BrowserContext) -> Self:
        """A page that is still empty."""
        page = await context.new_page()
        complaints = Complaints()
        complaints.listen(page)
        return cls(page, complaints)

    async def go(self, base: str, query: str = "", *, link: str = "live") -> None:
        """Show the demo hall's screen."""
        await self.page.goto(f"{base}/halls/demo/screen{query}")
        await self.is_link(link)

    async def is_link(self, state: str) -> None:
        """Wait until the page's link to the hall is so."""
        await expect(self.page.locator("body")).to_have_attribute("data-link", state)

    async def hold(self) -> None:
        """Stop the page's time, a moment from now; it must have been installed before the page was opened."""
        now_s = await self.script("Date.now()") / 1000
        await self.page.clock.pause_at(datetime.fromtimestamp(now_s, UTC) + timedelta(seconds=1))

    async def settle(self) -> None:
        """Wait until nothing moves any more."""
        motions = "document.getAnimations().map(({ finished }) => finished)"
        await self.script(f"Promise.allSettled({motions}).then(() => null)")

    @property
    def banner(self) -> Locator:
        """The newest call."""
        return self.page.locator("#newest")

    @property
    def stubs(self) -> Locator:
        """The calls before it."""
        return self.page.locator("#list > li:not(.ghost)")

    def call(self, number: str) -> Locator:
        """Where a number is shown, in the banner or below it."""
        return self.page.locator(f'.call[data-number="{number}"]')

    async def text(self) -> str:
        """All that is written on the screen."""
        return await self.page.locator("body").inner_text()

    async def script(self, source: str, argument: Any = None) -> Any:  # noqa: ANN401  (JSON)
        """Ask the page something."""
        return await self.page.evaluate(source, argument)
