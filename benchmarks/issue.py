"""Durable tickets over HTTP at one hall: 1, 32 and 256 clients, also with 200 people waiting.

They are compared with pgbench issuing the same ticket under a row lock on the same server, and with the same aiohttp
giving a constant answer. With tickets alone nobody leaves, so the queue grows to some ten thousand in a run; each run
has its own hall. With 200 waiting, the oldest ticket leaves for each new one. Then answered commands are counted,
because both are one request and one event of the journal; the tickets alone, half of them, are shown below.
"""

import asyncio
from collections import defaultdict

from benchmarks import pgbench
from benchmarks.harness import CpuShares, generate, helper, serving
from benchmarks.load_plan import Report, Stream
from benchmarks.result import Options, Result, row

CLIENTS = (1, 32, 256)
WAITING = 200
SAMPLE = 32
"""The number of clients to which the targets apply."""

VARIANTS: tuple[pgbench.Variant, ...] = ("steps", "statement")


def run(options: Options) -> Result:
    """Run the benchmark."""
    rates: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    shares: list[str] = []
    slow: list[str] = []

    def note(what: str, clients: int, report: Report) -> None:
        rates[what, clients].append(report.per_s())
        rates["generator", clients].append(report.cpu_share)

    sizes = sorted({options.sized(clients) for clients in CLIENTS})
    sample = options.sized(SAMPLE)
    larger = [clients for clients in sizes if clients >= sample]
    with (
        serving() as served,
        helper(served.folder, "benchmarks.constant_server", "aiohttp") as (_, constant_port),
        helper(served.folder, "benchmarks.constant_server", "raw") as (_, raw_port),
    ):
        asyncio.run(pgbench.prepare(served.dsn))
        halls = [
            f"{kind}{clients}-{index}"
            for kind, some in (("b", sizes), ("turn", larger))
            for clients in some
            for index in range(options.rounds)
        ]
        served.make_halls(halls)

        def taking(port: int, hall: str, clients: int) -> Stream:
            return Stream(name="take", script="take", port=port, halls=[hall], connections=clients)

        for index in range(options.rounds):
            for clients in sizes:
                hall = f"b{clients}-{index}"
                served.open_day(hall)
                counted = CpuShares(served)
                counted.begin()
                report = served.load(taking(served.port, hall, clients), seconds=options.seconds)
                note("tickets", clients, report)
                if index == options.rounds - 1:
                    took = report.of("take", "take")
                    shares.append(f"{clients}: {counted.words()}, generator {report.cpu_share:.0%}")
                    slow.append(f"{clients}: {took.p50_ms:.1f} / {took.p99_ms:.1f} ms")
                for variant in VARIANTS if clients == sample else VARIANTS[:1]:
                    rates[variant, clients].append(
                        pgbench.tickets_per_s(served.dsn, served.folder, variant, clients, options.seconds)
                    )
                note(
                    "constant",
                    clients,
                    generate(served.folder, taking(constant_port, hall, clients), seconds=options.seconds),
                )
            for clients in larger:
                hall = f"turn{clients}-{index}"
                served.open_day(hall)
                turnover = Stream(
                    name="turnover",
                    script="turnover",
                    port=served.port,
                    halls=[hall],
                    connections=clients,
                    keep=options.sized(WAITING),
                )
                report = served.load(turnover, seconds=options.seconds)
                rates["commands", clients].append(report.per_s())
                rates["of which tickets", clients].append(report.per_s(operation="take"))
        alone = generate(served.folder, taking(raw_port, "raw", sample), seconds=options.seconds)

    rows = [
        row(
            f"tickets, {clients} clients, by pgbench's transaction",
            rates["tickets", clients],
            rates["steps", clients],
            "1/s",
            "≥ 4" if clients == sample else "",
        )
        for clients in sizes
    ]
    rows.append(
        row(
            f"tickets, {sample} clients, by pgbench's one statement",
            rates["tickets", sample],
            rates["statement", sample],
            "1/s",
        )
    )
    rows += [
        row(
            f"tickets, {clients} clients, by a constant answer",
            rates["tickets", clients],
            rates["constant", clients],
            "1/s",
        )
        for clients in sizes
    ]
    for clients in larger:
        with_waiting = f"{WAITING} waiting, {clients} clients:"
        constant = rates["constant", clients]
        rows += [
            row(f"{with_waiting} commands, by a constant answer", rates["commands", clients], constant, "1/s", "≥ 0.3"),
            row(f"{with_waiting} tickets of these", rates["of which tickets", clients], constant, "1/s"),
        ]
    used = max(rates["generator", sample])
    return Result(
        name="issue",
        ours="tickets over HTTP",
        other="pgbench, or aiohttp with a constant answer",
        rows=rows,
        notes=[
            f"generator alone: {alone.per_s():,.0f}/s, used at most at {used:.0%} of a core with {sample} clients",
            f"pgbench connects {pgbench.CONNECTIONS_MAX} times at most",
            f"p50 / p99 by clients: {'; '.join(slow)}",
            f"busy, by clients: {'; '.join(shares)}",
        ],
    )
