"""Page objects of the pages for phones."""

from dataclasses import dataclass
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, Locator, Page, Request, ViewportSize, expect

from tests.browser.desk import VIOLATIONS
from tests.browser.screen import Complaints

PHONE = ViewportSize(width=390, height=844)
NARROW = ViewportSize(width=320, height=640)


async def hand(browser: Browser, locale: str = "zh-CN", size: ViewportSize = PHONE) -> BrowserContext:
    """A new browser context of a phone."""
    return await browser.new_context(viewport=size, locale=locale, has_touch=True, accept_downloads=True)


@dataclass
class Phone:
    """A page on a phone."""

    page: Page
    complaints: Complaints
    asked: list[str]

    @classmethod
    async def open(cls, context: BrowserContext, address: str, *, ready: bool = True) -> Self:
        """Open an address, and wait until the page is drawn."""
        page = await context.new_page()
        complaints, asked = Complaints(), list[str]()
        complaints.listen(page)

        def note(request: Request) -> None:
            asked.append(request.url)

        page.on("request", note)
        await page.add_init_script(VIOLATIONS)
        await page.goto(address)
        phone = cls(page, complaints, asked)
        if ready:
            await phone.is_ready()
        return phone

    async def is_ready(self) -> None:
        """Wait until the page is drawn."""
        await expect(self.body).to_have_attribute("data-ready", "")

    async def reload(self) -> None:
        """Reload the page, as a phone does after a long time."""
        await self.page.reload()
        await self.is_ready()

    @property
    def body(self) -> Locator:
        """The page, with its `data-step`, `data-view` and `data-link`."""
        return self.page.locator("body")

    @property
    def title(self) -> Locator:
        """The title in the bar."""
        return self.page.locator("#bar h1")

    @property
    def main(self) -> Locator:
        """The main part."""
        return self.page.locator("#main")

    @property
    def dock(self) -> Locator:
        """The dock with the buttons."""
        return self.page.locator("#dock")

    @property
    def message(self) -> Locator:
        """The message about a refusal."""
        return self.page.locator("#dock .message")

    async def is_step(self, step: str) -> None:
        """Wait until a step of the hall's page is shown."""
        await expect(self.body).to_have_attribute("data-step", step)

    async def is_view(self, view: str) -> None:
        """Wait until the ticket's page shows a view."""
        await expect(self.body).to_have_attribute("data-view", view)

    async def press(self, control: str) -> None:
        """Press a control of the dock or of the main part."""
        await self.page.locator(f"#{control}").click()

    async def script(self, source: str, argument: Any = None) -> Any:  # noqa: ANN401  (JSON)
        """Evaluate a script in the page."""
        return await self.page.evaluate(source, argument)

    async def is_sound(self) -> None:
        """Assert that the page had no errors and no violations of the content policy."""
        assert self.complaints == []
        assert await self.page.locator("html").get_attribute("data-violated") is None
