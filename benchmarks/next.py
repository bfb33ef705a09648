"""The cost of a command with 10, 1,000 and 10,000 people waiting.

At each counter one ticket is taken, then the next person is called and the present visit finished in the same command,
so the queue keeps its length. All tickets are of one service; each queue has its own hall. The median time of an answer
is compared.
"""

from collections import defaultdict

from benchmarks.harness import TOKEN, serving
from benchmarks.load_plan import Stream
from benchmarks.result import Options, Result, row

WAITING = (10, 1_000, 10_000)
COUNTERS = 4


def run(options: Options) -> Result:
    """Run the benchmark."""
    p50_ms: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    p99_ms: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    counters = [str(number) for number in range(1, COUNTERS + 1)]
    with serving() as served:
        served.make_halls([f"waiting-{waiting}" for waiting in WAITING], COUNTERS)
        for waiting in WAITING:
            hall = f"waiting-{waiting}"
            served.fill(hall, max(10, options.sized(waiting)) + COUNTERS)
            for counter in counters:
                served.call("POST", f"/v1/halls/{hall}/counters/{counter}/open")
                served.call("POST", f"/v1/halls/{hall}/counters/{counter}/next")
        for _ in range(options.rounds):
            for waiting in WAITING:
                stream = Stream(
                    name="serve",
                    script="serve",
                    port=served.port,
                    halls=[f"waiting-{waiting}"],
                    connections=COUNTERS,
                    counters=counters,
                    token=TOKEN,
                )
                report = served.load(stream, seconds=options.seconds)
                for operation in ("next", "take"):
                    found = report.of("serve", operation)
                    p50_ms[operation, waiting].append(found.p50_ms)
                    p99_ms[operation, waiting].append(found.p99_ms)
    few, *more = WAITING
    many = more[-1]
    return Result(
        name="next",
        ours="many waiting",
        other=f"{few} waiting",
        rows=[
            row(
                f"p50 of {operation}, {waiting:,} waiting",
                p50_ms[operation, waiting],
                p50_ms[operation, few],
                "ms",
                "≤ 1.5" if waiting == many else "",
            )
            for operation in ("next", "take")
            for waiting in more
        ]
        + [
            row(f"p99 of {operation}, {many:,} waiting", p99_ms[operation, many], p99_ms[operation, few], "ms")
            for operation in ("next", "take")
        ],
        notes=[f"{COUNTERS} counters; per `next` one ticket, so that the line keeps its length"],
    )
