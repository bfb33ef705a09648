"""Sign-in with obstacles: plain http, no cookies, an unreachable service."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Route, expect

from tests.browser.booth import WITHIN_S
from tests.browser.conftest import ELSEWHERE
from tests.browser.desk import sign_in
from tests.service import Service

NEEDS_HTTPS = {
    "zh-CN": "用户名和密码正确，但本页地址以 http 开头，浏览器无法保持登录。"
    "请用以 https 开头的地址打开本页；如果打不开，请联系负责运行本服务的人员开通。",
    "en": "Your name and password are right, but this address begins with http, where the browser does not keep you "
    "signed in. Please open this page with https. If that does not open, ask whoever runs the service to set it up.",
}
NOT_THERE_YET = "暂时连不上服务，正在再试。"
NOT_KEPT = "请允许本网址使用 Cookie，然后重新登录。"


@pytest.fixture
async def elsewhere(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that reaches this machine by a name that is not localhost's."""
    async with await browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN") as context:
        yield context


@pytest.mark.parametrize("path", ["/halls/demo/manage", "/halls/demo/counter/3", "/ops"])
async def test_over_plain_http_from_another_computer_the_page_says_why_nobody_is_signed_in(
    service: Service, elsewhere: BrowserContext, path: str
) -> None:
    page = await elsewhere.new_page()
    for lang, needs_https in NEEDS_HTTPS.items():
        await page.goto(f"http://{ELSEWHERE}:{service.running.http_port}{path}?lang={lang}")

        await sign_in(page, password="a wrong guess")
        await expect(page.locator("sign-in .message")).to_be_visible()
        await expect(page.locator("sign-in .message")).not_to_have_text(needs_https)
        await sign_in(page)

        await expect(page.locator("sign-in .message")).to_have_text(needs_https)
        await expect(page.locator("#sign-in-name")).to_have_value("admin")


async def test_a_browser_that_keeps_no_cookies_is_told_so(service: Service, context: BrowserContext) -> None:
    async def forget(route: Route) -> None:
        response = await route.fetch()
        kept = {name: value for name, value in response.headers.items() if name != "set-cookie"}
        await context.clear_cookies()
        await route.fulfill(response=response, headers=kept)

    await context.route("**/v1/session", forget)
    page = await context.new_page()
    await page.goto(f"{service.api.base}/halls/demo/counter/3")

    await sign_in(page)

    await expect(page.locator("sign-in .message")).to_contain_text(NOT_KEPT)


async def away(route: Route) -> None:
    """Answer like a service without its database."""
    problem = '{"type": "/problems/storage-unavailable", "title": "", "status": 503, "code": "storage-unavailable"}'
    await route.fulfill(status=503, content_type="application/problem+json", body=problem)


async def lost(route: Route) -> None:
    """Give no answer."""
    await route.abort()


async def until_seen(words: Locator, context: BrowserContext) -> None:
    """Advance the time until these elements are visible."""
    async with asyncio.timeout(WITHIN_S):
        while not await words.is_visible():
            await context.clock.run_for(1000)


async def test_a_page_that_is_opened_before_the_service_is_reached_says_so_and_goes_on(
    service: Service, context: BrowserContext
) -> None:
    await context.clock.install()
    page = await context.new_page()
    for path, answer, then in [
        ("/counter/3", away, page.locator("#sign-in-name")),
        ("/manage", away, page.locator("#sign-in-name")),
        ("/desk", away, page.locator("#sign-in-name")),
        ("/partner", away, page.get_by_text("打开本页需要密钥")),
        ("?lang=zh", lost, page.locator("body[data-ready]")),
    ]:
        await context.route("**/v1/**", answer)
        await page.goto(f"{service.api.base}/halls/demo{path}")

        await until_seen(page.get_by_text(NOT_THERE_YET), context)
        await page.get_by_role("link", name="English").click()
        await expect(page.get_by_text("The service is not reached just now.")).to_be_visible()
        await page.get_by_role("link", name="中文").click()
        await expect(page.get_by_text(NOT_THERE_YET)).to_be_visible()
        await context.unroute("**/v1/**")

        await until_seen(then, context)
        assert await page.get_by_text(NOT_THERE_YET).count() == 0, path
        assert await page.locator("#stale:visible").count() == 0, path


async def test_what_is_typed_before_the_service_is_reached_stays_in_its_field(
    service: Service, context: BrowserContext
) -> None:
    await context.clock.install()
    await context.route("**/v1/session", away)
    page = await context.new_page()
    await page.goto(f"{service.api.base}/halls/demo/counter/3")
    await until_seen(page.get_by_text(NOT_THERE_YET), context)
    asked: list[object] = []
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108  (playwright marks what it calls)
    await page.locator("#sign-in-password").press_sequentially("half of a ")

    async with asyncio.timeout(WITHIN_S):
        while len(asked) < 2:
            await context.clock.run_for(1000)
    await context.unroute("**/v1/session")
    async with asyncio.timeout(WITHIN_S):
        while await page.get_by_text(NOT_THERE_YET).is_visible():
            await context.clock.run_for(1000)
    await page.keyboard.type("password")

    await expect(page.locator("#sign-in-name")).to_have_value("")
    await expect(page.locator("#sign-in-password")).to_have_value("half of a password")
    await page.get_by_role("link", name="English").press("Enter")
    await expect(page.get_by_text("This page is for the staff")).to_be_visible()
    await expect(page.get_by_role("link", name="English")).to_be_focused()
