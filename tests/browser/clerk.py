"""Page object of the page for staff who answer the phone."""

from dataclasses import dataclass
from typing import Any, Self

from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.browser.desk import begin_session, sign_in
from tests.browser.screen import Complaints
from tests.browser.staff import PASSWORD
from tests.service import Api


@dataclass
class Clerk:
    """The page, signed in."""

    page: Page
    complaints: Complaints

    @classmethod
    async def open(cls, context: BrowserContext, api: Api, name: str, *, lang: str = "zh") -> Self:
        """Open the page of the demo hall, and sign in."""
        await begin_session(context, api.base, name, PASSWORD)
        page = await context.new_page()
        complaints = Complaints()
        complaints.listen(page)
        await page.goto(f"{api.base}/halls/{api.hall}/desk?lang={lang}")
        await page.locator("#sign-in-name, #title").first.wait_for()
        if await page.locator("#sign-in-name").is_visible():
            await sign_in(page, name, PASSWORD)
        clerk = cls(page, complaints)
        await clerk.is_ready()
        return clerk

    async def is_ready(self) -> None:
        """Wait until the bookable times are shown."""
        await expect(self.page.locator("#times button").first).to_be_visible()

    @property
    def book(self) -> Locator:
        """The main button."""
        return self.page.locator("#b-book")

    @property
    def card(self) -> Locator:
        """The card of the booked or moved appointment."""
        return self.page.locator("#made .booked-card")

    async def choose(self, on: str, time: str) -> None:
        """Choose a day and a time."""
        await self.page.locator(f"#day-{on}").click()
        await self.page.locator("#times button", has_text=time).click()

    async def for_whom(self, name: str, phone: str) -> None:
        """Fill in the person."""
        await self.page.locator("#b-name").fill(name)
        await self.page.locator("#b-phone").fill(phone)

    async def find(self, said: str) -> Locator:
        """Search; return the rows of the results."""
        await self.page.locator("#b-search").fill(said)
        await self.page.locator("#b-search").press("Enter")
        return self.page.locator("#found tbody tr")

    async def act(self, row: Locator, key: str) -> None:
        """Open a row, and press the key of an act."""
        await row.locator("button").click()
        await expect(self.page.locator("dialog")).to_be_visible()
        await self.page.keyboard.press(key)


async def appointments_on(api: Api, on: str) -> list[dict[str, Any]]:
    """Return the appointments of a day."""
    reply = await api.staff("GET", f"appointments?on={on}")
    assert reply.status == 200, reply.body
    items: list[dict[str, Any]] = reply.body["items"]
    return items
