"""Page object of the lobby screen."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Response, expect

FOUND_WITHIN_MS = 15_000
"""Time limit for expected content. Generous, because no test measures this time."""

expect.set_options(timeout=FOUND_WITHIN_MS)


class Complaints(list[str]):
    """Problems that a browser reports about a page: errors, warnings, failed and refused requests."""

    def listen(self, page: Page) -> None:
        """Record the problems of a page from now on."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.append(f"uncaught: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.append(f"{message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # cancelled by the page itself in favour of a newer request
            self.append(f"failed: {request.method} {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.append(f"{response.status}: {response.url}")


@dataclass
class Screen:
    """A lobby screen in its own page."""

    page: Page
    complaints: Complaints

    @classmethod
    async def open(cls, context: BrowserContext, base: str, query: str = "", *, link: str = "live") -> Self:
        """Open the demo hall's screen, and wait for a state of its link."""
        screen = await cls.prepare(context)
        await screen.go(base, query, link=link)
        return screen

    @classmethod
    async def prepare(cls, context: BrowserContext) -> Self:
        """Make an empty page."""
        page = await context.new_page()
        complaints = Complaints()
        complaints.listen(page)
        return cls(page, complaints)

    async def go(self, base: str, query: str = "", *, link: str = "live") -> None:
        """Show the demo hall's screen."""
        await self.page.goto(f"{base}/halls/demo/screen{query}")
        await self.is_link(link)

    async def is_link(self, state: str) -> None:
        """Wait until the link to the hall is in this state."""
        await expect(self.page.locator("body")).to_have_attribute("data-link", state)

    async def hold(self) -> None:
        """Stop the page's clock shortly after now. The clock must be installed before the page is opened."""
        now_s = await self.script("Date.now()") / 1000
        await self.page.clock.pause_at(datetime.fromtimestamp(now_s, UTC) + timedelta(seconds=1))

    async def settle(self) -> None:
        """Wait until all animations have ended."""
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
        """The call of a number, in the banner or below it."""
        return self.page.locator(f'.call[data-number="{number}"]')

    async def text(self) -> str:
        """Return the whole text of the screen."""
        return await self.page.locator("body").inner_text()

    async def script(self, source: str, argument: Any = None) -> Any:  # noqa: ANN401  (JSON)
        """Evaluate a script in the page."""
        return await self.page.evaluate(source, argument)
