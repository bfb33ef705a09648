"""Size of the pages: all transferred bytes until a page is usable, in both languages."""

import pytest
from playwright.async_api import BrowserContext, Request, expect

from tests.browser.test_invitations import partner
from tests.service import ADMIN, Service

WIRE_BYTES_MAX = 150 * 1024

READY = {
    "/": "#halls li",
    "/halls/demo/screen": "body[data-link=live]",
    "/docs": "#operations article",
    "/halls/demo/counter/3": "body[data-view=closed]",
    "/halls/demo/manage": "body[data-facts=read] #title",
    "/halls/demo/desk": "#times button",
    "/halls/demo/partner": "#invite-file",
    "/ops": "body[data-facts=read] #sums div",
}
"""Selectors of elements that are shown when a page is usable."""


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", READY)
async def test_a_page_is_light_over_the_wire(
    quiet_service: Service, office: BrowserContext, path: str, lang: str
) -> None:
    api, finished = quiet_service.api, list[Request]()
    page = await office.new_page()
    address = f"{api.base}{path}?lang={lang}"
    if path.endswith("/partner"):
        address += f"#key={await partner(api, f'a school, {lang}')}"
    else:
        whose = {"name": "admin", "password": ADMIN}
        await office.request.post(f"{api.base}/v1/session", data=whose, headers={"Sec-Fetch-Site": "same-origin"})
    page.on("requestfinished", lambda request: finished.append(request))  # noqa: PLW0108  (playwright takes no built-in)

    await page.goto(address)
    await expect(page.locator(READY[path]).first).to_be_visible()
    await page.wait_for_load_state("networkidle")
    loaded = {request.url.partition("#")[0]: request for request in finished}
    sizes = {url: (await request.sizes())["responseBodySize"] for url, request in loaded.items()}

    assert sum(sizes.values()) <= WIRE_BYTES_MAX, sorted(sizes.items(), key=lambda one: -one[1])[:8]
