"""The same load on 1, 10, 100 and 1,000 halls, and the memory of an idle hall."""

import time
from collections import defaultdict

from benchmarks.harness import KNOWN_WITHIN_S, CpuShares, serving
from benchmarks.load_plan import Stream
from benchmarks.result import Options, Result, row

HALLS = (1, 10, 100, 1_000)
CLIENTS = 32


def run(options: Options) -> Result:
    """Run the benchmark."""
    sizes = sorted({options.sized(size) for size in HALLS})
    names = [f"hall-{number}" for number in range(sizes[-1])]
    rates: defaultdict[int, list[float]] = defaultdict(list)
    p99_ms: defaultdict[int, list[float]] = defaultdict(list)
    shares: dict[int, str] = {}
    with serving() as served:
        served.open_day("demo")
        before_kb = served.process.memory_kb
        served.make_halls(names)
        time.sleep(KNOWN_WITHIN_S)
        known_kb = served.process.memory_kb
        for name in names:
            served.open_day(name)
        opened_kb = served.process.memory_kb
        for _ in range(options.rounds):
            for size in sizes:
                stream = Stream(name="take", script="take", port=served.port, halls=names[:size], connections=CLIENTS)
                counted = CpuShares(served)
                counted.begin()
                report = served.load(stream, seconds=options.seconds)
                shares[size] = counted.words()
                rates[size].append(report.per_s())
                p99_ms[size].append(report.of("take", "take").p99_ms)
    return Result(
        name="halls",
        ours="many halls",
        other=f"{sizes[0]} hall",
        rows=[
            *(row(f"tickets, {size:,} halls", rates[size], rates[sizes[0]], "1/s") for size in sizes),
            *(row(f"p99, {size:,} halls", p99_ms[size], p99_ms[sizes[0]], "ms") for size in sizes),
            row("memory per hall known", [(known_kb - before_kb) / len(names)], [], "KB"),
            row("memory per hall with its day", [(opened_kb - before_kb) / len(names)], [], "KB"),
        ],
        notes=[f"{CLIENTS} clients", *(f"{size:,} halls: {words}" for size, words in shares.items())],
    )
