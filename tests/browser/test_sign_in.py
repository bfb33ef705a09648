"""Signing in where the browser keeps no session: over plain http from another computer, and without cookies."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, Route, async_playwright, expect

from benchmarks.browser import CHROMIUM_FLAGS, executable
from tests.browser.desk import sign_in
from tests.service import Service

ELSEWHERE = "hall.example"

NEEDS_HTTPS = {
    "zh-CN": "用户名和密码正确，但本页地址以 http 开头，浏览器无法保持登录。"
    "请用以 https 开头的地址打开本页；如果打不开，请联系负责运行本服务的人员开通。",
    "en": "Your name and password are right, but this address begins with http, where the browser does not keep you "
    "signed in. Please open this page with https. If that does not open, ask whoever runs the service to set it up.",
}
NOT_KEPT = "请允许本网址使用 Cookie，然后重新登录。"


@pytest.fixture
async def elsewhere() -> AsyncIterator[BrowserContext]:
    """A browser that reaches this machine by a name that is not localhost's, as any other computer would."""
    rules = f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=[*CHROMIUM_FLAGS, rules])
        yield await browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
        await browser.close()


@pytest.mark.parametrize("path", ["/halls/demo/manage", "/halls/demo/counter/3", "/ops"])
@pytest.mark.parametrize("lang", NEEDS_HTTPS)
async def test_over_plain_http_from_another_computer_the_page_says_why_nobody_is_signed_in(
    service: Service, elsewhere: BrowserContext, path: str, lang: str
) -> None:
    page = await elsewhere.new_page()
    await page.goto(f"http://{ELSEWHERE}:{service.running.http_port}{path}?lang={lang}")

    await sign_in(page, password="a wrong guess")
    await expect(page.locator("sign-in .message")).to_be_visible()
    await expect(page.locator("sign-in .message")).not_to_have_text(NEEDS_HTTPS[lang])
    await sign_in(page)

    await expect(page.locator("sign-in .message")).to_have_text(NEEDS_HTTPS[lang])
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
