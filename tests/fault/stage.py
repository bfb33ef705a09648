"""Processes of `serve` for fault tests, each behind a faulty network, on a PostgreSQL with fsync.

A process keeps its number over restarts; clients address it by this number. The output of processes goes to files, and
each error in it is a fault.
"""

import asyncio
import itertools
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec

from service.domain.hall.demo import demo_document
from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.journal import hall_documents as stored
from service.journal.database import Database
from service.journal.migrate import migrate
from service.journal.records import record_of
from service.journal.verify import Verifier
from tests.fault.history import Journal, PutBack
from tests.fault.served import OFFSET
from tests.postgres import PostgresServer
from tests.proxy import Fault, Proxy
from tests.serve.program import ROOT, SECRET, Program, alive, until
from tests.service import ADMIN

HALL = "noon"

APPEND_MIN_BYTES = 700
"""Least size of the Bind message of an append; those of reads are shorter."""

_EVENTS = """
SELECT seq, at, actor, command_id, part, fingerprint, kind, body, day FROM events WHERE hall_id = $1 ORDER BY day, seq
"""

_TABLES = (
    "hall_days",
    "day_sums",
    "day_sum_changes",
    "events",
    "tickets",
    "appointments",
    "invitation_uses",
    "applicants",
)


class Cutter(Proxy):
    """A faulty network whose faults apply to appends only."""

    def __init__(self, upstream: Path) -> None:
        super().__init__(upstream)
        self._cut_during = False
        self._cutting: asyncio.Task[None] | None = None

    def arm_during(self) -> None:
        """Cut all connections as soon as the next append is sent."""
        self.struck.clear()
        self._cut_during = True

    def disarm(self) -> None:
        """Remove a fault that has not been applied."""
        self._fault = None
        self._cut_during = False
        self.release()

    def strike(self, statement: bytes) -> Fault | None:
        """Return the fault for a message of a client."""
        if statement[:1] != b"B" or int.from_bytes(statement[1:5]) < APPEND_MIN_BYTES:
            return None
        if self._cut_during:
            self._cut_during = False
            self._cutting = asyncio.get_running_loop().create_task(self._lose())
        return super().strike(statement)

    async def _lose(self) -> None:
        await self.cut()
        self.struck.set()


class Process(Program):
    """A process of `serve` with a clock that can be shifted, and optionally a bug."""

    module = "tests.fault.served"
    url = ""
    sockets = ""

    async def ready(self) -> None:
        """Wait until it is ready."""
        line = await self.line("ready")
        self.url, self.sockets = line["url"], line["sockets"]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    @property
    def errors(self) -> list[str]:
        """Return its log lines above the level warning."""
        lines = [line for line in self.said.split("\n")[:-1] if line]
        return [
            line for line in lines if not line.startswith("{") or json.loads(line)["level"] in {"error", "critical"}
        ]


def noon() -> HallDocument:
    """Return the document of a hall that never closes, in a zone where it is about noon, so that no day ends."""
    offset = datetime.now(UTC).hour - 12  # Etc/GMT+5 is five hours behind
    zone = "Etc/GMT" if offset == 0 else f"Etc/GMT{offset:+d}"
    return msgspec.structs.replace(demo_document(always_open=True), time_zone=zone)


class Stage:
    """One hall, its database, and its processes."""

    def __init__(self, server: PostgresServer, database: str, folder: Path, bugs: tuple[str, ...]) -> None:
        self.server = server
        self.database = database
        self.document = noon()
        self.processes: list[Process | None] = []
        self.put_back: PutBack | None = None
        self.networks: list[Cutter] = []
        self._folder = folder
        self._bugs = bugs
        self._numbers = itertools.count(1)
        self._all: list[Process] = []

    @property
    def dsn(self) -> str:
        """Return the URL of the database without a faulty network."""
        return self.server.dsn(self.database)

    @property
    def faults(self) -> list[str]:
        """Return the errors in the logs of all processes."""
        return [line for process in self._all for line in process.errors]

    def at(self, number: int) -> Process:
        """Return a process; it must be running."""
        process = self.processes[number]
        assert process is not None, f"process {number} was killed"
        return process

    # Processes.

    def check(self) -> None:
        """Assert that every process runs, except those that a fault has killed."""
        for process in self.processes:
            assert process is None or alive(process.pid), f"a process ended by itself: {process.said[-4000:]}"

    async def begin(self, number: int) -> None:
        """Start a process, or restart a killed one, and wait until it is ready."""
        process = self._start(number)
        await process.ready()
        self.processes[number] = process

    def _start(self, number: int) -> Process:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PAIHAO_")}
        chosen = {
            "DATABASE_URL": self.server.dsn(self.database, host=self.networks[number].directory),
            "DATA_DIR": str(self._folder / "var"),
            "PORT": "0",
            "DISPLAY_PORT": "0",
            "ADMIN_TOKEN": ADMIN,
            "SECRET": SECRET,
        }
        environment |= {f"PAIHAO_{name}": value for name, value in chosen.items()}
        environment |= {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
        clock = self._clock_of(number)
        if not clock.exists():
            self.shift(number, 0.0)
        process = Process((str(clock), *self._bugs), environment, self._folder, next(self._numbers))
        self._all.append(process)
        return process

    async def kill(self, number: int) -> None:
        """Kill a process by SIGKILL."""
        process, self.processes[number] = self.at(number), None
        await process.killed()

    def _clock_of(self, number: int) -> Path:
        return self._folder / f"clock-{number}"

    def shift(self, number: int, offset_s: float) -> None:
        """Set the offset of a process's clock."""
        path = self._clock_of(number)
        if not path.exists():
            path.write_bytes(OFFSET.pack(offset_s))
        with path.open("r+b") as file:
            file.write(OFFSET.pack(offset_s))

    async def end(self) -> None:
        """Stop all processes normally."""
        for process in self._all:
            await process.end()

    # The database.

    async def execute(self, *statements: str) -> None:
        """Execute statements as administrator, one by one."""
        connection = await asyncpg.connect(self.dsn)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Query the database directly."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetch(sql, *arguments)
        finally:
            await connection.close()

    async def kill_postmaster(self) -> None:
        """Kill PostgreSQL by SIGKILL, and wait until all its processes have ended."""
        process = self.server._process
        assert process is not None, "it runs"
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.server._process = None
        data = self.server._data.resolve()

        async def gone() -> bool:
            return not any(_works_in(pid, data) for pid in _pids())

        await until(gone, "the end of PostgreSQL's processes")

    async def copy(self) -> None:
        """Copy the database, as a standby or a backup does."""
        connection = await asyncpg.connect(self.dsn)
        try:
            async with connection.transaction(isolation="repeatable_read"):
                await connection.execute("CREATE SCHEMA earlier")
                for table in _TABLES:
                    await connection.execute(f"CREATE TABLE earlier.{table} AS TABLE {table}")
        finally:
            await connection.close()

    async def restore(self) -> None:
        """Restore the copy in one transaction, and keep the previous content for the checker."""
        connection = await asyncpg.connect(self.dsn)
        try:
            began_s = time.monotonic()
            async with connection.transaction():
                await connection.execute("LOCK TABLE hall_days, events, tickets, appointments IN EXCLUSIVE MODE")
                held = await connection.fetch(_EVENTS, HALL)
                for table in _TABLES:
                    await connection.execute(f"DELETE FROM {table}")  # noqa: S608  (table names of this project)
                    await connection.execute(f"INSERT INTO {table} TABLE earlier.{table}")
                await connection.execute("DROP SCHEMA earlier CASCADE")
            self.put_back = PutBack([(row["day"], record_of(row)) for row in held], began_s, time.monotonic())
        finally:
            await connection.close()

    async def journal(self) -> Journal:
        """Return all events of the hall."""
        return [(row["day"], record_of(row)) for row in await self.fetch(_EVENTS, HALL)]

    async def last(self) -> tuple[str, int]:
        """Return the day and seq of the last event."""
        rows = await self.fetch("SELECT day, seq FROM hall_days WHERE hall_id = $1 ORDER BY day DESC LIMIT 1", HALL)
        return rows[0]["day"].isoformat(), rows[0]["seq"]

    async def events(self) -> int:
        """Return the number of events."""
        rows = await self.fetch("SELECT count(*) FROM events WHERE hall_id = $1", HALL)
        return int(rows[0][0])

    async def differences(self) -> list[str]:
        """Return the inconsistencies that `verify` finds."""
        async with Database(self.dsn) as database:
            return [str(difference) async for difference in Verifier(database).differences()]


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path("/proc", str(pid), "cwd").readlink() == folder and alive(pid)
    except OSError:
        return False


@asynccontextmanager
async def staged(
    server: PostgresServer, folder: Path, processes: int, bugs: tuple[str, ...] = ()
) -> AsyncIterator[Stage]:
    """Run processes for a fresh hall."""
    database = await server.create_database()
    stage = Stage(server, database, folder, bugs)
    await migrate(stage.dsn)
    async with Database(stage.dsn) as opened:
        await stored.HallStore(opened).create_if_absent(HallId(HALL), stage.document)
    async with AsyncExitStack() as stack:
        for _ in range(processes):
            stage.networks.append(await stack.enter_async_context(Cutter(server.socket)))
            stage.processes.append(None)
        stack.push_async_callback(stage.end)
        async with asyncio.TaskGroup() as group:
            for number in range(processes):
                group.create_task(stage.begin(number))
        yield stage
    await server.drop_database(database)
