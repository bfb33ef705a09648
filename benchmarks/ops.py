"""Queries of the operations page: 500 halls at once, the page itself, a hall's present day, a report of two months."""

import asyncio
import time
from datetime import date, timedelta

import msgspec
from playwright.async_api import Browser, Page, StorageState, async_playwright

from benchmarks.browser import THREAD_TICKS, launched, processor_ms
from benchmarks.harness import KNOWN_WITHIN_S, TOKEN, Served, serving
from benchmarks.load_plan import Stream
from benchmarks.pages import WALL
from benchmarks.result import BenchmarkFailed, Options, Result, row
from service.domain.model import HallId
from service.domain.stats.day_figures import Figures
from service.journal.database import Database
from service.journal.sql_files import statements
from service.reports.day_reports import PACKAGE, SPAN_DAYS_MAX

HALLS = 500
WAITING = 20
"""Waiting tickets in each hall."""

VISITS = 200
"""Visits of the present day of one hall, and of each day of its report."""

HALL = "hall-0"


def run(options: Options) -> Result:
    """Run the benchmark."""
    names = [f"hall-{n}" for n in range(options.sized(HALLS))]
    found: dict[str, list[float]] = {"list": [], "one": [], "day": [], "report": [], "today": []}
    with serving() as served:
        served.make_halls(names)
        time.sleep(KNOWN_WITHIN_S)
        for halls, count in ((names, WAITING * len(names)), ([HALL], VISITS)):
            stream = Stream(name="fill", script="take", port=served.port, halls=halls, connections=32, count=count)
            served.load(stream, seconds=300.0, warm_up_s=0.0)
        moved, still = asyncio.run(_page(served, names, options.rounds))
        asyncio.run(_past_days(served.dsn, date.fromisoformat(served.call("GET", f"/v1/halls/{HALL}/board")["day"])))
        for _ in range(options.rounds * 4):
            found["list"].append(_ms(served, "/v1/ops"))
            found["one"].append(_ms(served, "/v1/ops?limit=1"))
            found["day"].append(_ms(served, f"/v1/halls/{HALL}/ops"))
            found["report"].append(_ms(served, f"/v1/halls/{HALL}/report?from={_first()}"))
            found["today"].append(_ms(served, f"/v1/halls/{HALL}/report"))
    return Result(
        name="ops",
        ours="many halls, many days",
        other="one hall, one day",
        rows=[
            row(f"{len(names):,} halls at once", found["list"], found["one"], "ms", "ours ≤ 50 ms"),
            row(f"the page, {len(names):,} halls moved", moved, still, "ms", "ours ≤ 50 ms"),
            row("the present day of a hall", found["day"], [], "ms"),
            row(f"a report of {SPAN_DAYS_MAX} days", found["report"], found["today"], "ms", "ours ≤ 250 ms"),
        ],
        notes=[
            f"{WAITING} wait in each hall; {VISITS} visits a day in the report",
            "the page: processor time of its main thread from one reading to the next; other: nothing has moved",
        ],
    )


async def _page(served: Served, halls: list[str], rounds: int) -> tuple[list[float], list[float]]:
    """Measure the processor time of one refresh of the page, in ms: after an event in each hall, and without events."""
    moved: list[float] = []
    still: list[float] = []
    async with async_playwright() as playwright:
        browser = await launched(playwright)
        context = await browser.new_context(viewport=WALL, storage_state=await _signed_in(browser, served))
        tab = await context.new_page()
        devtools = await context.new_cdp_session(tab)
        await devtools.send("Performance.enable", THREAD_TICKS)
        await tab.goto(f"{served.url}/ops")
        await tab.locator("body[data-facts=read]").wait_for()
        await _reading(tab)
        for _ in range(rounds):
            for costs in (moved, still):
                before_ms = await processor_ms(devtools)
                if costs is moved:
                    await asyncio.to_thread(_move, served, halls)
                await _reading(tab)
                costs.append(await processor_ms(devtools) - before_ms)
        await browser.close()
    return moved, still


async def _signed_in(browser: Browser, served: Served) -> StorageState:
    """Sign in as administrator; return the browser's state."""
    async with await browser.new_context(extra_http_headers={"Sec-Fetch-Site": "same-origin"}) as context:
        answer = await context.request.post(f"{served.url}/v1/session", data={"name": "admin", "password": TOKEN})
        if not answer.ok:
            raise BenchmarkFailed(f"signing in: {answer.status} {await answer.text()}")
        return await context.storage_state()


def _move(served: Served, halls: list[str]) -> None:
    """Take a ticket in each hall."""
    takes = Stream(name="move", script="take", port=served.port, halls=halls, connections=8, count=len(halls))
    served.load(takes, seconds=60.0, warm_up_s=0.0)


async def _reading(tab: Page) -> None:
    """Wait until the page has read all halls once more and has painted them."""
    async with tab.expect_response(lambda response: response.url.endswith("/v1/ops")) as read:
        pass
    await (await read.value).finished()
    await tab.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def _first() -> date:
    return date.today() - timedelta(days=SPAN_DAYS_MAX - 2)  # noqa: DTZ011  (a day more or less is no matter)


def _ms(served: Served, path: str) -> float:
    began_s = time.perf_counter()
    served.call("GET", path)
    return (time.perf_counter() - began_s) * 1000


async def _past_days(dsn: str, today: date) -> None:
    """Days that have ended, with figures like those of a real one."""
    async with Database(dsn) as database:
        rows = await database.fetch(statements("reports.sql", PACKAGE)["days"], HALL, today, today)
        assert rows, "the present day has begun"
        for back in range(1, SPAN_DAYS_MAX):
            on = today - timedelta(days=back)
            await database.fetch(_DAY, HALL, on)
            figures = msgspec.json.encode(_figures(on)).decode()
            await database.fetch(
                statements("archive.sql", "service.day_archive")["store"], HallId(HALL), on, 1, "{}", figures
            )


_DAY = """
WITH day AS (
    INSERT INTO hall_days (hall_id, day, seq, head, opened_at, begun_at)
    VALUES ($1, $2, 1, gen_random_uuid(), now(), now())
    RETURNING hall_id, day, head
)
INSERT INTO events (hall_id, day, seq, append_id, command_id, part, at, actor, kind, body)
SELECT hall_id, day, 1, head, 'end', 0, now(), 'service', 'day_ended', '{}'
FROM day
"""


def _figures(on: date) -> Figures:
    half = {"booked": 6, "walk_ins": 6, "calls": 12, "ends": 12, "waiting_most": 20, "open_s": 9000}
    seconds = list(range(0, VISITS * 6, 12))
    return msgspec.convert(
        {
            "on": on,
            "visits": [
                ["loan-first", class_, channel, "admitted", end, 10, 10]
                for class_ in ("appointment", "walk_in")
                for channel in ("web", "kiosk")
                for end in ("done", "conditional", "no_show", "self", "unserved")
            ],
            "waits": [["loan-first", class_, seconds] for class_ in ("appointment", "walk_in")],
            "lasted": [["loan-first", class_, seconds] for class_ in ("appointment", "walk_in")],
            "counters": {str(n): {"open_s": 30_000, "serving_s": 25_000} for n in range(1, 6)},
            "halves": {f"{9 + n // 2:02d}:{n % 2 * 30:02d}": half for n in range(17)},
        },
        Figures,
    )
