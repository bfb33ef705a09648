"""The time from `serve` to the first ticket, on an empty folder and on a used one.

It is compared with the embedded PostgreSQL alone: creating and starting a cluster, which is the lower bound.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.harness import Served, temporary
from benchmarks.result import Options, Result, row
from service.journal.embedded.server import EmbeddedPostgres


def run(options: Options) -> Result:
    """Run the benchmark."""
    empty_s: list[float] = []
    used_s: list[float] = []
    postgres_empty_s: list[float] = []
    postgres_used_s: list[float] = []
    for _ in range(options.rounds):
        with temporary() as folder:
            empty_s.append(_first_ticket_s(folder))
            used_s.append(_first_ticket_s(folder))
        with temporary() as folder:
            postgres_empty_s.append(_timed(lambda folder=folder: asyncio.run(_start(folder))))  # type: ignore[misc]
            postgres_used_s.append(_timed(lambda folder=folder: asyncio.run(_start(folder))))  # type: ignore[misc]
    return Result(
        name="startup",
        ours="serve until the first ticket",
        other="PostgreSQL alone",
        rows=[
            row("on an empty folder", empty_s, postgres_empty_s, "s", "ours ≤ 3 s"),
            row("on a used folder", used_s, postgres_used_s, "s"),
        ],
        notes=["PostgreSQL alone includes its stop"],
    )


def _first_ticket_s(folder: Path) -> float:
    began_s = time.monotonic()
    served = Served(folder)
    try:
        served.wait_until_ready()
        served.call("POST", "/v1/halls/demo/tickets", {"service": "loan-first"}, statuses=[201])
        return time.monotonic() - began_s
    finally:
        served.process.stop()


def _timed(work: Callable[[], None]) -> float:
    began_s = time.monotonic()
    work()
    return time.monotonic() - began_s


async def _start(folder: Path) -> None:
    async with EmbeddedPostgres(folder / "var"):
        pass
