"""Page object of the manager's page."""

import re
from dataclasses import dataclass, field
from typing import Any, Self

from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.browser.desk import begin_session, sign_in
from tests.browser.screen import Complaints
from tests.service import ADMIN, Api

CLICK_S = 1.35 + 1.1 + 0.2
FIELD_S = 1.35 + 1.1 + 0.2 + 2 * 0.4
KEY_S = 0.28
"""Times of a click, a field and a key for an average typist: think, point, press, and move the hand between mouse and
keyboard. Source: Card, Moran and Newell, The Psychology of Human-Computer Interaction, 8."""

HANDS = """
addEventListener("click", (event) => event.isTrusted && event.detail > 0 && globalThis.handled("click", "", 0), true);
addEventListener("input", ({ target }) => globalThis.handled("field", target.id, target.value.length), true);
"""

SECTIONS = (
    "today",
    "bookings",
    "hours",
    "places",
    "booking",
    "rules",
    "invitations",
    "notices",
    "messages",
    "people",
    "find",
    "history",
    "learned",
    "privacy",
)


@dataclass
class Hands:
    """Counts the user's actions in a browser: clicks, and typed characters in each field."""

    clicks: int = 0
    letters: dict[str, int] = field(default_factory=dict)

    @classmethod
    async def watch(cls, context: BrowserContext) -> Self:
        """Count on all pages of a browser from now on."""
        hands = cls()
        await context.expose_function("handled", hands._handled)
        await context.add_init_script(HANDS)
        return hands

    def _handled(self, what: str, name: str, letters: int) -> None:
        if what == "click":
            self.clicks += 1
        else:
            self.letters[name] = letters

    @property
    def needed_s(self) -> float:
        """Return the time that a trained user needs for these actions, in seconds."""
        return self.clicks * CLICK_S + sum(FIELD_S + letters * KEY_S for letters in self.letters.values())


@dataclass
class Manage:
    """The page, signed in."""

    page: Page
    complaints: Complaints
    base: str

    @classmethod
    async def open(
        cls,
        context: BrowserContext,
        api: Api,
        section: str = "today",
        *,
        lang: str = "zh",
        name: str = "admin",
        password: str = ADMIN,
    ) -> Self:
        """Open the demo hall's page, sign in if necessary, and wait until the section is drawn."""
        await begin_session(context, api.base, name, password)
        page = await context.new_page()
        complaints = Complaints()
        complaints.listen(page)
        manage = cls(page, complaints, api.base)
        await page.goto(f"{api.base}/halls/{api.hall}/manage?lang={lang}#{section}")
        await page.locator("#sign-in-name, #title").first.wait_for()
        if await page.locator("#sign-in-name").is_visible():
            await sign_in(page, name, password)
        await manage.is_drawn(section)
        return manage

    async def is_drawn(self, section: str) -> None:
        """Wait until a section and the facts of the hall are shown."""
        await expect(self.page.locator("body")).to_have_attribute("data-section", section)
        await expect(self.page.locator("#title")).to_be_visible()
        await expect(self.page.locator("body")).to_have_attribute("data-facts", "read")

    async def go(self, section: str) -> None:
        """Go to another section by its link."""
        link = self.page.locator(f"#to-{section}")
        if not await link.is_visible():
            await self.page.locator("#side-menu").click()
        await link.click()
        await self.is_drawn(section)

    def field(self, *path: str) -> Locator:
        """The control of a path of the document."""
        return self.page.locator(f'[id="f-{"-".join(path)}"]')

    @property
    def save(self) -> Locator:
        """The Save button."""
        return self.page.locator("#save")

    async def is_tried_out(self) -> None:
        """Wait until the effect of the current form is shown."""
        await expect(self.page.locator("#save")).to_be_enabled()

    async def save_now(self) -> None:
        """Save, and wait until it is saved."""
        await self.is_tried_out()
        await self.save.click()
        await expect(self.page.locator("#discard")).to_be_hidden()

    async def unfold(self, *path: str) -> None:
        """Unfold an item of a list."""
        summary = self.field(*path)
        if await summary.locator("xpath=..").get_attribute("open") is None:
            await summary.click()

    async def edit_green_credit(self, minutes: str) -> None:
        """Change the credit of the green channel in the section of rules."""
        await self.field("rules", "credit_s", "green").fill(minutes)

    async def is_told(self, words: str | re.Pattern[str]) -> None:
        """Wait until the page shows this note."""
        await expect(self.page.locator("#said")).to_contain_text(words)


async def document_of(api: Api) -> dict[str, Any]:
    """Return the hall document."""
    reply = await api.staff("GET", "document")
    assert reply.status == 200, reply.body
    document: dict[str, Any] = reply.body
    return document


async def put_document(api: Api, document: dict[str, Any]) -> None:
    """Replace the document, like another manager."""
    reply = await api.staff("PUT", "document", document, headers={"If-Match": "*"})
    assert reply.status == 200, reply.body


async def revision_of(api: Api) -> int:
    """Return the revision of the document."""
    headers = (await api.staff("GET", "document")).headers
    return int(next(value for name, value in headers.items() if name.lower() == "etag").strip('"'))


async def confirm(page: Page) -> None:
    """Press the main button of the dialog, and wait until it is closed."""
    await page.locator("dialog button[type=submit]").click()
    await expect(page.locator("dialog")).to_have_count(0)
