"""Pictures of the pages: tests take them, and `docs/` has them anew when `WRITE_PICTURES=1`."""

import asyncio
import os
import shutil
from pathlib import Path

from playwright.async_api import Download, Page, ViewportSize

DOCS = Path(__file__).parents[2] / "docs"
PHONE = ViewportSize(width=390, height=844)

SETTLED = "Promise.allSettled(document.getAnimations().map(({ finished }) => finished)).then(() => null)"


async def saved_bytes(download: Download) -> bytes:
    """What a page gave to be kept."""
    return await asyncio.to_thread(Path(await download.path()).read_bytes)


async def picture(page: Page, folder: Path, name: str, size: ViewportSize | None = None, *, kept: bool = True) -> None:
    """Take a picture of what is settled, from the top, without the ring of the focus and without a pointer.

    Without a size the window stays as it is, and so does where it has been scrolled to.
    """
    await page.mouse.move(0, 0)
    await page.evaluate("document.activeElement?.blur()")
    if size is not None:
        await page.set_viewport_size(size)
        await page.evaluate("scrollTo(0, 0)")
    await page.evaluate(SETTLED)
    taken = await page.screenshot(path=folder / name)

    assert taken.startswith(b"\x89PNG")
    if kept and os.environ.get("WRITE_PICTURES"):
        shutil.copy(folder / name, DOCS / name)
