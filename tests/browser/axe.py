"""Accessibility faults of a page, found by axe-core."""

from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

SETTLED = "Promise.allSettled(document.getAnimations().map(({ finished }) => finished)).then(() => null)"

ABOUT_COLOURS = ["color-contrast", "link-in-text-block"]
"""All rules of axe-core that depend on colours, of those it applies by default (its tag `cat.color`)."""

CHOOSE_THEME = """(theme) => {
  if (theme === null) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}"""

_axe = Axe()


async def faults(page: Page, *, only_colours: bool = False) -> list[str]:
    """Return violations of WCAG and best practices, one line for each element.

    Args:
        page: the page, as it is shown when its animations have ended.
        only_colours: apply only the rules about colours. For a page that was checked whole in another theme: a theme
            changes colours, outlines and borders, so the other rules find the same again.
    """
    await page.evaluate(SETTLED)
    if not await page.evaluate("'axe' in window"):  # half a megabyte of source: once in each document
        await page.evaluate(_axe.axe_script)
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if only_colours:
        options["runOnly"] = {"type": "rule", "values": ABOUT_COLOURS}
    found: dict[str, Any] = await page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{violation['id']}: {node['html'][:160]} ({'; '.join(check['message'] for check in node['any'])})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


async def faults_by_theme(page: Page) -> dict[str, list[str]]:
    """What axe-core finds in each theme in which it finds something; the page keeps no theme of its own after it."""
    found = {}
    for theme in ("light", "dark", "contrast"):
        await page.evaluate(CHOOSE_THEME, theme)
        found[theme] = await faults(page, only_colours=theme != "light")
    await page.evaluate(CHOOSE_THEME, None)
    return {theme: lines for theme, lines in found.items() if lines}
