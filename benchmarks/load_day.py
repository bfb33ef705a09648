"""The time to load a busy day: 20,000 events are read from the journal and folded.

It is compared with reading the same rows without decoding. People take tickets and leave: these events have the most
content.
"""

import asyncio
import time
from datetime import date, datetime

import asyncpg

from benchmarks.harness import FILL_CONNECTIONS, FILL_WITHIN_S, Served, serving
from benchmarks.load_plan import Stream
from benchmarks.result import Options, Result, row
from service.clock import Clock
from service.domain.command_results import ResultPart
from service.domain.day import Day
from service.domain.model import HallId
from service.journal.database import Database
from service.journal.journal import Journal
from service.journal.sql_files import statements
from service.journal.values import Append
from service.runtime.lane import Lane

EVENTS = 20_000
HALL = "busy"


def run(options: Options) -> Result:
    """Run the benchmark."""
    events = options.sized(EVENTS)
    loads_s: list[float] = []
    reads_s: list[float] = []
    restarts_s: list[float] = []
    with serving() as served:
        served.make_halls([HALL])
        stream = Stream(
            name="day",
            script="turnover",
            port=served.port,
            halls=[HALL],
            connections=FILL_CONNECTIONS,
            keep=events // 10,
            count=events,
        )
        served.load(stream, seconds=FILL_WITHIN_S, warm_up_s=0.0)
        on = date.fromisoformat(served.call("GET", f"/v1/halls/{HALL}/board")["day"])
        for _ in range(options.rounds):
            load_s, read_s = asyncio.run(_load(served.dsn, on))
            loads_s.append(load_s)
            reads_s.append(read_s)
        served.process.stop()
        again = Served(served.folder)
        try:
            again.wait_until_ready()
            began_s = time.monotonic()
            again.call("GET", f"/v1/halls/{HALL}/board")
            restarts_s.append(time.monotonic() - began_s)
        finally:
            again.process.stop()
    return Result(
        name="load-day",
        ours=f"a day of {events:,} events loaded",
        other="its rows read",
        rows=[
            row("read and folded", loads_s, reads_s, "s", "ours ≤ 1 s"),
            row("first board after a restart", restarts_s, [], "s"),
        ],
        notes=[],
    )


class _NoObserver:
    def committed(self, day: Day, parts: list[ResultPart], append_s: float, commands: int) -> None:
        """Do nothing."""

    def appended(self, written: Append, at: datetime) -> None:
        """Do nothing."""

    def raced(self, day: Day) -> None:
        """Do nothing."""


async def _load(dsn: str, on: date) -> tuple[float, float]:
    async with Database(dsn) as database:
        lane = Lane(HallId(HALL), on, Journal(database), Clock(), _NoObserver())
        began_s = time.monotonic()
        await lane.load()
        load_s = time.monotonic() - began_s
        events = lane.committed.seq
    connection = await asyncpg.connect(dsn)
    try:
        began_s = time.monotonic()
        rows = await connection.fetch(statements("read.sql")["chunk"], HALL, on, 0, events)
        assert len(rows) == events, "a day has no gaps"
        return load_s, time.monotonic() - began_s
    finally:
        await connection.close()
