"""Pictures of the pages, taken by tests when pytest runs with `--pictures` or `--long`.

They go into `PICTURES`, which git ignores. The documentation keeps a small, optimised selection in `docs/pictures`;
CONTRIBUTING.md says how these are refreshed.
"""

import asyncio
from pathlib import Path

from playwright.async_api import Download, Page, ViewportSize

PICTURES = Path(__file__).parents[2] / "var" / "pictures"
PHONE = ViewportSize(width=390, height=844)

SETTLED = "Promise.allSettled(document.getAnimations().map(({ finished }) => finished)).then(() => null)"


class Camera:
    """Whether pictures are taken. `tests/browser/conftest.py` switches it on by the options of pytest."""

    on = False


async def saved_bytes(download: Download) -> bytes:
    """Return the content of a download."""
    return await asyncio.to_thread(Path(await download.path()).read_bytes)


async def picture(page: Page, folder: Path, name: str, size: ViewportSize | None = None, *, kept: bool = True) -> None:
    """Take a picture of the page once its animations have ended, without focus ring and pointer, if pictures are on.

    With a `size` the window is resized and scrolled to the top, also when pictures are off. A picture that is `kept`
    goes into `PICTURES`, any other into `folder`.
    """
    await page.mouse.move(0, 0)
    await page.evaluate("document.activeElement?.blur()")
    if size is not None:
        await page.set_viewport_size(size)
        await page.evaluate("scrollTo(0, 0)")
    await page.evaluate(SETTLED)
    if not Camera.on:
        return
    taken = await page.screenshot(path=(PICTURES if kept else folder) / name)

    assert taken.startswith(b"\x89PNG")
