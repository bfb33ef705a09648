"""Accessibility of the public pages: axe-core finds nothing in both languages and all themes."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.axe import CHOOSE_THEME, faults
from tests.browser.clock import RunningClock
from tests.browser.desk import VIOLATIONS, sign_in
from tests.browser.halls import calls_of_every_kind
from tests.browser.screen import Complaints, Screen
from tests.browser.staff import account
from tests.browser.test_pages import SIDEWAYS
from tests.service import OPENS_AT, Service, service_on

LANGUAGES = ("zh", "en")
PHONE = ViewportSize(width=320, height=640)

SHOWN = (
    "/v1/halls",
    "/v1/halls/{hall}/document",
    "/v1/halls/{hall}/tickets",
    "/v1/halls/{hall}/tickets/{ticket}",
)
"""Calls of each form. All calls are drawn by the same code, and would take axe-core ten times as long."""


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser of a visitor."""
    async with await browser.new_context(viewport=ViewportSize(width=1280, height=900), locale="zh-CN") as context:
        await context.add_init_script(VIOLATIONS)
        yield context


async def faults_in_every_light(page: Page) -> dict[str, list[str]]:
    """Return the faults in each theme, set by the system and chosen by the person."""
    lights: dict[str, tuple[Literal["light", "dark"], Literal["no-preference", "more"], str | None]] = {
        "light": ("light", "no-preference", None),
        "dark": ("dark", "no-preference", None),
        "more contrast": ("light", "more", None),
        "dark by choice": ("light", "no-preference", "dark"),
        "contrast by choice": ("light", "no-preference", "contrast"),
    }
    found, grounds = {}, set()
    for light, (scheme, contrast, theme) in lights.items():
        await page.emulate_media(color_scheme=scheme, contrast=contrast)
        await page.evaluate(CHOOSE_THEME, theme)
        grounds.add(await page.evaluate("getComputedStyle(document.body).backgroundColor"))
        found[light] = await faults(page, only_colours=light != "light")
    await page.emulate_media(color_scheme="light", contrast="no-preference")
    await page.evaluate(CHOOSE_THEME, None)
    assert len(grounds) == 3, "light, dark and high contrast were not shown"
    return {light: lines for light, lines in found.items() if lines}


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_axe_finds_nothing_on_the_list_of_halls(
    quiet_service: Service, context: BrowserContext, lang: str
) -> None:
    page = await context.new_page()
    await page.goto(f"{quiet_service.api.base}/?lang={lang}")
    await page.locator("#halls li").first.wait_for()
    await page.locator("#halls summary").click()
    await page.locator("#halls .staff a").first.wait_for()

    assert await faults_in_every_light(page) == {}


@pytest.mark.parametrize(("lang", "search"), [("zh", "查找"), ("en", "Search")])
async def test_axe_finds_nothing_in_the_reference(
    quiet_service: Service, context: BrowserContext, lang: str, search: str
) -> None:
    described = (await quiet_service.api.call("GET", "/openapi.json")).body
    described["paths"] = {path: described["paths"][path] for path in SHOWN}
    described["components"]["schemas"] = {
        name: described["components"]["schemas"][name] for name in sorted(described["components"]["schemas"])[::10]
    }
    page = await context.new_page()
    await page.route("**/openapi.json", lambda route: route.fulfill(json=described))
    await page.goto(f"{quiet_service.api.base}/docs?lang={lang}")
    await page.locator("#operations article").first.wait_for()
    await page.get_by_label(search).fill("t")
    await expect(page.locator("#found")).to_contain_text(re.compile(r"\d"))

    assert await faults_in_every_light(page) == {}


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_axe_finds_nothing_on_the_form_to_sign_in_and_to_choose_a_password(
    service: Service, context: BrowserContext, lang: str
) -> None:
    once = await account(service.api, "chen", "staff", "陈老师")
    page = await context.new_page()
    await page.goto(f"{service.api.base}/halls/demo/counter/3?lang={lang}")
    await page.locator("#sign-in-name").wait_for()
    assert await faults_in_every_light(page) == {}
    await sign_in(page, "chen", "a wrong guess")
    await expect(page.locator("sign-in .message")).to_be_visible()
    assert await faults(page) == []

    await sign_in(page, "chen", once)
    await page.locator("#password-new").wait_for()

    assert await faults_in_every_light(page) == {}
    await expect(page.locator("sign-in [autocomplete=username]")).to_have_value("chen")  # for password managers


@pytest.mark.parametrize("path", ["/halls/demo/manage", "/halls/demo/desk", "/ops"])
async def test_axe_finds_nothing_on_a_page_that_asks_who_is_there(
    quiet_service: Service, context: BrowserContext, path: str
) -> None:
    page = await context.new_page()
    await page.goto(f"{quiet_service.api.base}{path}")
    await page.locator("#sign-in-name").wait_for()

    assert await faults(page) == []


@pytest.mark.parametrize("path", ["/sign-on/failed", "/sign-on/no-role"])
async def test_axe_finds_nothing_on_the_pages_after_single_sign_on(
    quiet_service: Service, context: BrowserContext, path: str
) -> None:
    page = await context.new_page()
    complaints = Complaints()
    complaints.listen(page)
    await page.goto(quiet_service.api.base + path)

    assert await faults_in_every_light(page) == {}
    await page.set_viewport_size(PHONE)
    assert await page.evaluate(SIDEWAYS) == []
    assert complaints == []


async def test_who_chose_high_contrast_at_work_has_it_on_every_page(
    quiet_service: Service, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(f"{quiet_service.api.base}/halls/demo/counter/3")
    await page.locator("#sign-in-name").wait_for()
    await page.evaluate('import("/pages/theme.js").then(({ useTheme }) => useTheme("contrast"))')

    for path in ("/", "/docs", "/sign-on/failed", "/sign-on/no-role"):
        await page.goto(quiet_service.api.base + path)

        await expect(page.locator("html")).to_have_attribute("data-theme", "contrast")


async def test_axe_finds_nothing_on_the_lobby_screen_full_and_suspended(
    dsn: str, tmp_path: Path, context: BrowserContext
) -> None:
    clock = RunningClock(OPENS_AT)
    async with service_on(dsn, tmp_path, clock) as service:
        await calls_of_every_kind(service.api, clock)
        screen = await Screen.open(context, service.api.base)
        await expect(screen.page.locator("#sound")).to_be_visible()
        full = await faults(screen.page)
        reply = await service.api.staff("PUT", "suspension", {"text": {"zh-CN": "消防演练", "en": "Fire drill"}})
        assert reply.status == 200, reply.body
        await expect(screen.page.locator("body")).to_have_attribute("data-view", "suspended")

        assert [*full, *await faults(screen.page)] == []
