"""The busiest day of a trace, replayed over HTTP as fast as the server answers: commands a second, and their p99.

It is compared with real time. The trace is a file (`--trace`); without one, a day of similar shape is generated, always
the same. The people, the staff and the checks run in this process.
"""

import asyncio
import csv
import random
from collections import Counter
from datetime import date
from pathlib import Path

from benchmarks.harness import TOKEN, serving
from benchmarks.result import BenchmarkFailed, Options, Result, row
from service.domain.model import HallId
from service.journal.database import Database
from service.journal.read import Reader
from service.replay import Options as ReplayOptions
from service.replay import Report, replay
from service.replay.client import Kind
from service.replay.trace import COLUMNS, read_trace

VISITS = 1_900
SERVERS = 25
GENERATED_ON = date(1999, 2, 3)
OPENS_S, CLOSES_S = 7 * 3600, 23 * 3600


def run(options: Options) -> Result:
    """Run the benchmark."""
    reports: list[Report] = []
    with serving() as served:
        trace = options.trace
        if trace is None:
            trace = served.folder / "generated.csv"
            generate_trace(trace, max(20, options.sized(VISITS)))
        on = busiest(trace)
        visits = read_trace(trace, on).visits
        halls = [f"trace-{index}" for index in range(options.rounds)]
        served.make_halls(halls)
        for hall in halls:
            replay_options = ReplayOptions(
                trace=trace,
                hall=HallId(hall),
                token=TOKEN,
                speed=None,
                on=on,
                url=served.url,
                display=f"ws://127.0.0.1:{served.display_port}",
                progress=False,
            )
            reports.append(asyncio.run(_replayed(served.dsn, replay_options)))
    trace_s = float(visits[-1].arrived_s - visits[0].arrived_s)
    for report in reports:
        if not report.ok:
            raise BenchmarkFailed(f"checks that failed: {[check for check in report.checks if not check.ok]}")

    def p99_ms(kind: Kind) -> list[float]:
        return [1000 * line.latency_s.p99 for report in reports for line in report.kinds if line.kind is kind]

    return Result(
        name="replay",
        ours="a day replayed",
        other="in real time",
        rows=[
            row(
                "commands",
                [report.commands_per_s for report in reports],
                [report.commands / trace_s for report in reports],
                "1/s",
            ),
            row("p99 of take", p99_ms(Kind.TAKE), [], "ms"),
            row("p99 of next", p99_ms(Kind.NEXT), [], "ms"),
        ],
        notes=[
            f"{len(visits):,} visits of {on}{'' if options.trace else ', made'}; {reports[-1].commands:,} commands",
            f"all {len(reports[-1].checks)} checks held",
        ],
    )


async def _replayed(dsn: str, options: ReplayOptions) -> Report:
    async with Database(dsn) as database:
        return await replay(options, Reader(database))


def busiest(trace: Path) -> date:
    """Return the day of a trace with the most visits."""
    with trace.open(newline="", encoding="utf-8") as file:
        days = Counter(line["date"] for line in csv.DictReader(file))
    return date.fromisoformat(days.most_common(1)[0][0])


def generate_trace(path: Path, visits: int) -> None:
    """Write a generated day: two peaks, some people who leave, services of a minute and more."""
    draw = random.Random(19990203)  # noqa: S311  (the same day each time)
    arrivals = sorted(
        min(max(draw.gauss(draw.choice((10.5, 17.5)) * 3600, 2.5 * 3600), OPENS_S), CLOSES_S) for _ in range(visits)
    )
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        for nth, at_s in enumerate(arrivals):
            hour, rest = divmod(int(at_s), 3600)
            service = draw.choices(("PS", "NE", "NW", "IN"), (60, 20, 12, 8))[0]
            left = draw.random() < 0.15 and nth > SERVERS
            lines.writerow(
                (
                    GENERATED_ON,
                    f"{hour:02}:{rest // 60:02}:{rest % 60:02}",
                    service,
                    "left" if left else "served",
                    round(draw.expovariate(1 / 120)),
                    0 if left else round(draw.lognormvariate(5, 0.8)),
                    "" if left else f"s{nth % SERVERS:02}",
                )
            )
