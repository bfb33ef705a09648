"""What axe-core finds on a page: nothing, or where and why."""

from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

SETTLED = "Promise.allSettled(document.getAnimations().map(({ finished }) => finished)).then(() => null)"


async def faults(page: Page) -> list[str]:
    """All that axe-core finds against WCAG and good practice, one line for each element."""
    await page.evaluate(SETTLED)
    found: dict[str, Any] = (await Axe().run(page)).response
    return [
        f"{violation['id']}: {node['html'][:160]} ({'; '.join(check['message'] for check in node['any'])})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
