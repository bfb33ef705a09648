"""What whoever watches asks for: 500 halls at once, a hall's present day, and a report of two months."""

import asyncio
import time
from datetime import date, timedelta

import msgspec

from benchmarks.harness import KNOWN_WITHIN_S, Served, serving
from benchmarks.load import Stream
from benchmarks.result import Options, Result, row
from service.domain.figures import Figures
from service.domain.model import HallId
from service.journal.database import Database
from service.journal.statements import statements
from service.reports.reports import PACKAGE, SPAN_DAYS_MAX

HALLS = 500
WAITING = 20
"""Tickets in each hall, all waiting."""

VISITS = 200
"""Of the present day of one hall, and of each day of its report."""

HALL = "hall-0"


def run(options: Options) -> Result:
    """Measure."""
    names = [f"hall-{n}" for n in range(options.sized(HALLS))]
    found: dict[str, list[float]] = {"list": [], "one": [], "day": [], "report": [], "today": []}
    with serving() as served:
        served.make_halls(names)
        time.sleep(KNOWN_WITHIN_S)
        for halls, count in ((names, WAITING * len(names)), ([HALL], VISITS)):
            stream = Stream(name="fill", script="take", port=served.port, halls=halls, connections=32, count=count)
            served.load(stream, seconds=300.0, warm_up_s=0.0)
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
            row("the present day of a hall", found["day"], [], "ms"),
            row(f"a report of {SPAN_DAYS_MAX} days", found["report"], found["today"], "ms", "ours ≤ 250 ms"),
        ],
        notes=[f"{WAITING} wait in each hall; {VISITS} visits a day in the report"],
    )


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
            await database.fetch(statements("ended.sql", "service")["keep"], HallId(HALL), on, 1, "{}", figures)


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
