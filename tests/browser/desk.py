"""Page object of the page of a counter."""

from dataclasses import dataclass
from typing import Self

from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.browser.screen import Complaints
from tests.service import ADMIN

VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  document.documentElement.dataset.violated = event.violatedDirective;
});
"""

RESTED = """new Promise((done) => {
  const main = document.getElementById("main");
  const look = () => {
    if (main.getAttribute("aria-busy") === "true") return;
    changes.disconnect();
    done();
  };
  const changes = new MutationObserver(look);
  changes.observe(main, { attributeFilter: ["aria-busy"] });
  look();
})"""


async def sign_in(page: Page, name: str = "admin", password: str = ADMIN) -> None:
    """Fill in the sign-in form, in either language."""
    await page.locator("#sign-in-name").fill(name)
    await page.locator("#sign-in-password").fill(password)
    await page.locator("sign-in button[type=submit]").click()


async def begin_session(context: BrowserContext, base: str, name: str = "admin", password: str = ADMIN) -> None:
    """Sign a browser in without the form, which tests of its own look at. A browser with cookies is left as it is."""
    if await context.cookies(base):
        return
    reply = await context.request.post(
        f"{base}/v1/session", data={"name": name, "password": password}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert reply.ok, await reply.text()


@dataclass
class Desk:
    """The page of a counter."""

    page: Page
    complaints: Complaints

    @classmethod
    async def open(cls, context: BrowserContext, base: str, counter: str = "3", query: str = "") -> Self:
        """Open the page of a counter of the demo hall, signed out or with the session of this browser."""
        page = await context.new_page()
        complaints = Complaints()
        complaints.listen(page)
        await page.add_init_script(VIOLATIONS)
        await page.goto(f"{base}/halls/demo/counter/{counter}{query}")
        return cls(page, complaints)

    @classmethod
    async def at(
        cls,
        context: BrowserContext,
        base: str,
        counter: str = "3",
        query: str = "",
        *,
        name: str = "admin",
        password: str = ADMIN,
    ) -> Self:
        """Open it in a browser that has signed in, as the admin or as a member of the hall."""
        reply = await context.request.post(
            f"{base}/v1/session", data={"name": name, "password": password}, headers={"Sec-Fetch-Site": "same-origin"}
        )
        assert reply.ok, await reply.text()
        desk = await cls.open(context, base, counter, query)
        await desk.is_live()
        return desk

    async def is_live(self) -> None:
        """Wait until the page shows the current state of the counter."""
        await expect(self.body).to_have_attribute("data-link", "live")
        await expect(self.main).to_be_visible()

    @property
    def body(self) -> Locator:
        """The page, with its `data-view` and `data-link`."""
        return self.page.locator("body")

    @property
    def main(self) -> Locator:
        """The main button, which Enter presses."""
        return self.page.locator("#main")

    @property
    def number(self) -> Locator:
        """The number of the person at the counter, or of the next one."""
        return self.page.locator("#person .number")

    @property
    def message(self) -> Locator:
        """The message about the last act."""
        return self.page.locator("#message")

    @property
    def toast(self) -> Locator:
        """The toast with the undo."""
        return self.page.locator("#toast")

    @property
    def rows(self) -> Locator:
        """The queue."""
        return self.page.locator("#line li button")

    def act(self, name: str) -> Locator:
        """A button of the grid."""
        return self.page.locator(f'[data-act="{name}"]')

    async def is_view(self, view: str) -> None:
        """Wait until the page shows this view. After a call the main button rests for a second."""
        await expect(self.body).to_have_attribute("data-view", view)

    async def press(self, *keys: str) -> None:
        """Press keys one after another, each after the previous one was answered."""
        for key in keys:
            await self.rested()
            await self.page.keyboard.press(key)

    async def rested(self) -> None:
        """Wait until the main button accepts a press. `expect` would notice it up to a second later."""
        await self.page.evaluate(RESTED)
