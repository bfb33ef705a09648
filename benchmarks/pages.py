"""The time until each page is usable in a new browser profile, and its size on the wire.

A page marks the moment itself (`display/page/usable.js`): its main content can be read and pressed. It is compared with
a page of only text from the same service, which shows the cost of the browser. Nothing is cached: each page is opened
in its own profile. Staff have signed in before, and devices have their key.
"""

import asyncio
from statistics import median
from typing import Any

from msgspec import Struct
from playwright.async_api import Browser, StorageState, ViewportSize, async_playwright

from benchmarks.browser import THREAD_TICKS, launched, processor_ms
from benchmarks.harness import Served, serving
from benchmarks.result import BenchmarkFailed, Options, Result, Row, row

HALL = "demo"
WAITING = 40
USABLE_WITHIN_S = 30.0
PASSWORD = "quiet-lake-at-noon"  # noqa: S105  (of a hall that lives for a minute)

PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=900)
UPRIGHT = ViewportSize(width=1080, height=1920)
WALL = ViewportSize(width=1920, height=1080)

USABLE = """
window.usableAt_ms = new Promise((resolve) => {
  const take = (list) => {
    const mark = list.getEntries().find(({ name }) => name === "paihao:usable");
    if (mark) resolve(mark.startTime);
  };
  new PerformanceObserver(take).observe({ type: "mark", buffered: true });
});
"""
LOADED = """new Promise((resolve) => {
  const look = () => {
    const [{ loadEventEnd }] = performance.getEntriesByType("navigation");
    if (loadEventEnd > 0) resolve(loadEventEnd);
    else setTimeout(look, 1);
  };
  look();
})"""


class Opened(Struct, frozen=True):
    """One opening of a page: time until usable, processor time of its main thread, kilobytes on the wire."""

    usable_ms: float
    processor_ms: float
    kilobytes: float


class Page(Struct, frozen=True):
    """A page, and how it is opened."""

    name: str
    path: str
    size: ViewportSize
    signed_in: bool = False
    until: str = "window.usableAt_ms"


BARE = Page("words alone", "/sign-on/failed", PHONE, until=LOADED)


def run(options: Options) -> Result:
    """Run the benchmark."""
    with serving() as served:
        pages = _pages(served, options)
        found = asyncio.run(_open_all(served, [BARE, *pages], options.rounds))
    bare = found[BARE.name]
    rows: list[Row] = []
    for page in pages:
        usable_ms, bare_ms = ([one.usable_ms for one in of] for of in (found[page.name], bare))
        rows.append(row(f"{page.name}: usable", usable_ms, bare_ms, "ms", "ours ≤ 300 ms"))
    for page in pages:
        ours, other = ([one.kilobytes for one in of] for of in (found[page.name], bare))
        rows.append(row(f"{page.name}: over the wire", ours, other, "KB", "ours ≤ 150 KB"))
    processor = ", ".join(f"{name} {median(one.processor_ms for one in of):.0f}" for name, of in found.items())
    return Result(
        name="pages",
        ours="a page, nothing cached",
        other="a page of words alone",
        rows=rows,
        notes=[f"processor time of the main thread, ms: {processor}"],
    )


def _pages(served: Served, options: Options) -> list[Page]:
    """Return all pages of a hall with a queue and a visit, each with the credential of its users."""
    served.fill(HALL, options.sized(WAITING))
    for act in ("open", "next"):
        served.call("POST", f"/v1/halls/{HALL}/counters/1/{act}")
    ticket = served.call("POST", f"/v1/halls/{HALL}/tickets", {"service": "loan-first"})
    kiosk, partner = (
        served.call("POST", f"/v1/halls/{HALL}/devices", {"name": role, "role": role})["token"]
        for role in ("kiosk", "partner")
    )
    at = f"/halls/{HALL}"
    return [
        Page("applicant", at, PHONE),
        Page("ticket", f"/t/{ticket['id']}#{ticket['token']}", PHONE),
        Page("kiosk", f"{at}/kiosk#key={kiosk}", UPRIGHT),
        Page("lobby screen", f"{at}/screen", WALL),
        Page("rules on the wall", f"{at}/wall", DESK),
        Page("counter", f"{at}/counter/1", DESK, signed_in=True),
        Page("bookings desk", f"{at}/desk", DESK, signed_in=True),
        Page("manager", f"{at}/manage", DESK, signed_in=True),
        Page("operations", "/ops", DESK, signed_in=True),
        Page("partner", f"{at}/partner#key={partner}", DESK),
    ]


async def _open_all(served: Served, pages: list[Page], rounds: int) -> dict[str, list[Opened]]:
    """Open each page once in each round."""
    found: dict[str, list[Opened]] = {page.name: [] for page in pages}
    async with async_playwright() as playwright:
        browser = await launched(playwright)
        session = await _signed_in(browser, served)
        await _open(browser, served, BARE, session)  # the first page of a browser is slower, and not counted
        for _ in range(rounds):
            for page in pages:
                found[page.name].append(await _open(browser, served, page, session))
        await browser.close()
    return found


async def _signed_in(browser: Browser, served: Served) -> StorageState:
    """Sign in as manager; return the browser's state."""
    member = {"name": "manager", "display_name": "Manager", "role": "manager"}
    once = served.call("POST", f"/v1/halls/{HALL}/staff", member)["password"]
    async with await browser.new_context(extra_http_headers={"Sec-Fetch-Site": "same-origin"}) as context:
        calls = context.request
        await calls.post(f"{served.url}/v1/session", data={"name": "manager", "password": once})
        changed = await calls.put(f"{served.url}/v1/session/password", data={"current": once, "new": PASSWORD})
        if not changed.ok:
            raise BenchmarkFailed(f"signing in: {changed.status} {await changed.text()}")
        return await context.storage_state()


async def _open(browser: Browser, served: Served, page: Page, session: StorageState) -> Opened:
    """Open a page in a new profile. Raises BenchmarkFailed if it is not usable in time."""
    state = session if page.signed_in else None
    async with await browser.new_context(viewport=page.size, locale="zh-CN", storage_state=state) as context:
        tab = await context.new_page()
        await tab.add_init_script(USABLE)
        devtools = await context.new_cdp_session(tab)
        bytes_loaded: list[float] = []

        def count(finished: dict[str, Any]) -> None:
            bytes_loaded.append(finished["encodedDataLength"])

        devtools.on("Network.loadingFinished", count)
        await devtools.send("Network.enable")
        await devtools.send("Performance.enable", THREAD_TICKS)
        await tab.goto(served.url + page.path, wait_until="commit")
        try:
            async with asyncio.timeout(USABLE_WITHIN_S):
                usable_ms: float = await tab.evaluate(page.until)
        except TimeoutError as error:
            raise BenchmarkFailed(f"{page.name} could not be used within {USABLE_WITHIN_S:.0f} s") from error
        await tab.wait_for_load_state("load")
        return Opened(usable_ms, await processor_ms(devtools), sum(bytes_loaded) / 1000)
