"""Two `serve` processes on one hall: how evenly they share it, and the longest time of a command.

They are compared with one process and the same clients. Every command of either process competes for the day's row.
"""

import math

from benchmarks.harness import Served, serving
from benchmarks.load_plan import Stream
from benchmarks.result import Options, Result, row

CLIENTS = 16
"""Clients of each process."""

NAMES = ("first", "second")


def run(options: Options) -> Result:
    """Run the benchmark."""
    together: list[float] = []
    alone: list[float] = []
    uneven: list[float] = []
    p99_ms: list[float] = []
    worst_ms: list[float] = []
    worst_alone_ms: list[float] = []
    with serving() as first:
        second = Served(first.folder, database_url=first.dsn)
        try:
            second.wait_until_ready()
            first.make_halls([f"{kind}-{index}" for kind in ("one", "two") for index in range(options.rounds)])
            for index in range(options.rounds):
                hall = f"two-{index}"
                first.open_day(hall)
                second.open_day(hall)
                report = first.load(
                    *(_taking(name, served, hall) for name, served in zip(NAMES, (first, second), strict=True)),
                    seconds=options.seconds,
                )
                shares = [report.per_s(name) for name in NAMES]
                together.append(sum(shares))
                uneven.append(max(shares) / min(shares) if min(shares) else math.inf)
                p99_ms.append(max(found.p99_ms for found in report.counted))
                worst_ms.append(max(found.max_ms for found in report.counted))
                hall = f"one-{index}"
                first.open_day(hall)
                report = first.load(*(_taking(name, first, hall) for name in NAMES), seconds=options.seconds)
                alone.append(report.per_s())
                worst_alone_ms.append(max(found.max_ms for found in report.counted))
        finally:
            second.process.stop()
    return Result(
        name="processes",
        ours="two processes on one hall",
        other="one process",
        rows=[
            row("tickets", together, alone, "1/s"),
            row("longest wait for an answer", worst_ms, worst_alone_ms, "ms", "ours ≤ 100"),
            row("larger share by the smaller", uneven, [], "", "ours ≤ 1.35"),
        ],
        notes=[
            f"{CLIENTS} clients each",
            f"longest of all rounds {max(worst_ms):.0f} ms, p99 {max(p99_ms):.0f} ms",
            f"most uneven round {max(uneven):.2f}",
        ],
    )


def _taking(name: str, served: Served, hall: str) -> Stream:
    return Stream(name=name, script="take", port=served.port, halls=[hall], connections=CLIENTS)
