"""The delay from a call to 500 screens, while the hall has 500 commands a second, of which 20 are calls.

It is compared with the same calls without other commands. The delay is measured from when the call was due, over HTTP,
until a screen's process has read the number. The other commands are people who take tickets and leave.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.harness import TOKEN, CpuShares, Served, serving
from benchmarks.load_plan import Report, Stream
from benchmarks.result import BenchmarkFailed, Options, Result, row
from benchmarks.screen_clients import Watch
from benchmarks.screens import COUNTER, SPARE, prepare, watched

SCREENS = 500
CALLS_PER_S = 20
OTHERS_PER_S = 480
CONNECTIONS = 16
CONNECTING_S = 3.0
"""The screens connect while the load is already running."""


def run(options: Options) -> Result:
    """Run the benchmark."""
    calls = max(2, round(CALLS_PER_S * options.seconds))
    screens = max(2, options.sized(SCREENS))
    busy: list[list[float]] = []
    quiet: list[list[float]] = []
    shares: list[str] = []
    reports: list[Report] = []
    with serving() as served:
        prepare(served, "demo", 2 * calls * options.rounds + SPARE)
        number = 1
        for _ in range(options.rounds):
            for delays in (busy, quiet):
                watch = Watch(
                    mode="paced",
                    hall="demo",
                    display_port=served.display_port,
                    port=served.port,
                    token=TOKEN,
                    counter=COUNTER,
                    screens=screens,
                    calls=calls,
                    first=number,
                    per_s=CALLS_PER_S,
                )
                number += calls
                if delays is busy:
                    counted = CpuShares(served)
                    counted.begin()
                    with _others(served, options.seconds + CONNECTING_S * options.scale, reports):
                        seen, _ = watched(served, watch)
                    shares.append(f"{counted.words()}, screens' process {seen.cpu_share:.0%}")
                else:
                    seen, _ = watched(served, watch)
                delays.append(sorted(seen.screens_s))

    def at(share: float) -> Callable[[list[float]], float]:
        return lambda ranked: 1000 * ranked[min(len(ranked) - 1, int(share * len(ranked)))]

    rows = [
        row(name, list(map(at(share), busy)), list(map(at(share), quiet)), "ms", reach)
        for name, share, reach in (("p50", 0.5, ""), ("p99", 0.99, "ours ≤ 50"), ("longest", 1.0, ""))
    ]
    return Result(
        name="latency",
        ours=f"{screens} screens, {OTHERS_PER_S + CALLS_PER_S} commands/s",
        other="calls alone",
        rows=rows,
        notes=[
            f"{CALLS_PER_S} calls/s; other commands done: {reports[-1].per_s():.0f}/s",
            shares[-1],
        ],
    )


@contextmanager
def _others(served: Served, seconds: float, reports: list[Report]) -> Iterator[None]:
    """Run the other commands in a thread during the context."""
    stream = Stream(
        name="others",
        script="turnover",
        port=served.port,
        halls=["demo"],
        connections=CONNECTIONS,
        leaves="newest",
        per_s=OTHERS_PER_S,
    )
    load = threading.Thread(target=lambda: reports.append(served.load(stream, seconds=seconds)), name="others")
    load.start()
    known = len(reports)
    try:
        yield
    finally:
        load.join()
    if len(reports) == known:
        raise BenchmarkFailed("the other commands were not executed")
