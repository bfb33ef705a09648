"""The processes under test: a real `serve` on an empty folder, with the embedded PostgreSQL as it is shipped.

All are child processes on free ports. They write their output to a file in a temporary folder.
"""

import asyncio
import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from benchmarks.load_plan import Plan, Report, Stream
from benchmarks.result import BenchmarkFailed
from service.domain.hall.demo import demo_document
from service.domain.hall.document import Booking, HallDocument
from service.domain.model import HallId
from service.journal import hall_documents as stored
from service.journal.database import Database
from service.journal.embedded.server import EmbeddedPostgres

ROOT = Path(__file__).parent.parent
TOKEN = "benchmark-admin-token-0123456789"  # noqa: S105  (of a service that lives for a minute)
READY_WITHIN_S = 60.0
STOPPED_WITHIN_S = 60.0
LOOK_EVERY_S = 0.005
KNOWN_WITHIN_S = 1.2
"""A running `serve` looks each second for halls that other processes created."""

FILL_CONNECTIONS = 64
FILL_WITHIN_S = 300.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Process:
    """A child process in its own process group."""

    def __init__(
        self, arguments: Sequence[str], environment: dict[str, str], log: Path, *, talks: bool = False
    ) -> None:
        with log.open("ab") as record:
            self.popen = subprocess.Popen(  # noqa: S603  (our own modules)
                [sys.executable, "-m", *arguments],
                env=environment,
                cwd=log.parent,
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else record,
                stderr=record,
                start_new_session=True,
            )
        self.log = log

    @property
    def memory_kb(self) -> float:
        """Resident memory of the process itself, in KB."""
        pages = int(Path("/proc", str(self.popen.pid), "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024

    @property
    def cpu_s(self) -> float:
        """Processor time of the process itself so far."""
        return _cpu_s(self.popen.pid)

    def line(self) -> str:
        """Read the next line of its output."""
        assert self.popen.stdout is not None
        line: bytes = self.popen.stdout.readline()
        if not line:
            raise BenchmarkFailed(f"{self.log.name}: {self.log.read_text()[-2000:]}")
        return line.decode().strip()

    def stop(self) -> None:
        """Terminate it and wait for its end."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(STOPPED_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe is not None:
                pipe.close()


def _cpu_s(pid: int) -> float:
    fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def environment_with(**settings: object) -> dict[str, str]:
    """Return the environment of a child: only these settings, named without prefix and in lower case."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PAIHAO_")}
    environment |= {f"PAIHAO_{name.upper()}": str(value) for name, value in settings.items()}
    return environment | {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}


class Served:
    """A `serve` process."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.data_dir = folder / "var"
        chosen: dict[str, object] = {
            "data_dir": self.data_dir,
            "port": 0,
            "display_port": 0,
            "admin_token": TOKEN,
            "demo_always_open": 1,
            **settings,
        }
        self.dsn = EmbeddedPostgres(self.data_dir).dsn
        log = folder / f"serve-{len(list(folder.glob('serve-*')))}"
        self.process = Process(["service", "serve"], environment_with(**chosen), log)
        self.url = ""
        self.port = self.display_port = 0

    def wait_until_ready(self) -> None:
        """Wait for the log line `ready`. Raises BenchmarkFailed."""
        until_s = time.monotonic() + READY_WITHIN_S
        while not self.url:
            if self.process.popen.poll() is not None or time.monotonic() > until_s:
                raise BenchmarkFailed(f"serve did not start: {self.process.log.read_text()[-2000:]}")
            for line in self.process.log.read_text().split("\n")[:-1]:
                record = msgspec.json.decode(line) if line.startswith("{") else {}
                if record.get("event") == "ready":
                    self.url = record["url"]
                    self.port = int(record["url"].rpartition(":")[2])
                    self.display_port = int(record["sockets"].rpartition(":")[2])
            time.sleep(LOOK_EVERY_S)

    def postgres_cpu_s(self) -> float:
        """Return the processor time of the present processes of PostgreSQL."""
        postmaster = int((self.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
        children = Path("/proc", str(postmaster), "task", str(postmaster), "children").read_text().split()
        return sum(_cpu_s(int(pid)) for pid in children)

    def call(self, method: str, path: str, body: object = None, *, statuses: Sequence[int] = (200, 201, 204)) -> Any:  # noqa: ANN401  (any JSON)
        """Send one request as staff and return the JSON of the answer. Raises BenchmarkFailed for other statuses."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=READY_WITHIN_S)
        try:
            raw = None if body is None else msgspec.json.encode(body)
            headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
            connection.request(method, path, raw, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status not in statuses:
            raise BenchmarkFailed(f"{method} {path}: {answer.status} {text.decode()}")
        return msgspec.json.decode(text) if text else None

    def make_halls(self, names: Sequence[str], counters: int = 5, document: HallDocument | None = None) -> None:
        """Create halls, open around the clock unless a document is given, and wait until `serve` knows them."""
        document = document or hall_document(counters)

        async def make() -> None:
            async with Database(self.dsn) as database:
                halls = stored.HallStore(database)
                for name in names:
                    await halls.create_if_absent(HallId(name), document)

        asyncio.run(make())
        time.sleep(KNOWN_WITHIN_S)

    def open_day(self, hall: str) -> None:
        """Open a hall's day and load it into memory."""
        self.call("GET", f"/v1/halls/{hall}/board")

    def fill(self, hall: str, tickets: int) -> None:
        """Take tickets, so that people wait."""
        stream = Stream(
            name="fill", script="take", port=self.port, halls=[hall], connections=FILL_CONNECTIONS, count=tickets
        )
        self.load(stream, seconds=FILL_WITHIN_S, warm_up_s=0.0)

    def load(self, *streams: Stream, seconds: float, warm_up_s: float | None = None) -> Report:
        """Run the load generator."""
        return generate(self.folder, *streams, seconds=seconds, warm_up_s=warm_up_s)


def generate(folder: Path, *streams: Stream, seconds: float, warm_up_s: float | None = None) -> Report:
    """Run the load generator as its own process. Raises BenchmarkFailed if an answer has a wrong status."""
    plan = Plan(streams=list(streams), seconds=seconds)
    if warm_up_s is not None:
        plan.warm_up_s = warm_up_s
    generator = Process(["benchmarks.load"], environment_with(), folder / "load", talks=True)
    try:
        out, _ = generator.popen.communicate(msgspec.json.encode(plan))
    finally:
        generator.stop()
    if generator.popen.returncode:
        raise BenchmarkFailed(f"the load generator: {generator.log.read_text()[-2000:]}")
    report = msgspec.json.decode(out, type=Report)
    if report.wrong:
        raise BenchmarkFailed(f"answers with a wrong status: {report.wrong}")
    return report


def hall_document(counters: int = 5, booking: Booking | None = None) -> HallDocument:
    """Return the demo hall, open around the clock, with so many counters and optionally other booking rules."""
    demo = demo_document(always_open=True)
    window = next(counter for counter in demo.counters if counter.stage == "window")
    return msgspec.structs.replace(
        demo,
        counters=[msgspec.structs.replace(window, id=str(number)) for number in range(1, counters + 1)],
        staffing=[msgspec.structs.replace(shift, counters=counters) for shift in demo.staffing],
        booking=booking or demo.booking,
    )


@contextmanager
def temporary() -> Iterator[Path]:
    """Make a folder for one benchmark."""
    folder = Path(tempfile.mkdtemp(prefix="paihao-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def serving(**settings: object) -> Iterator[Served]:
    """Run a `serve` on an empty folder during the context."""
    with ExitStack() as stack:
        folder = stack.enter_context(temporary())
        served = Served(folder, **settings)
        stack.callback(served.process.stop)
        served.wait_until_ready()
        yield served


@contextmanager
def helper(folder: Path, *arguments: str) -> Iterator[tuple[Process, int]]:
    """Run a helper process that prints its port."""
    process = Process(arguments, environment_with(), folder / arguments[0], talks=True)
    try:
        yield process, int(process.line())
    finally:
        process.stop()


class CpuShares(Struct):
    """Processor time of the service and of its PostgreSQL."""

    served: Served
    since_s: float = 0.0
    service_s: float = 0.0
    postgres_s: float = 0.0

    def begin(self) -> None:
        """Start to measure."""
        self.since_s = time.monotonic()
        self.service_s, self.postgres_s = self.served.process.cpu_s, self.served.postgres_cpu_s()

    def words(self) -> str:
        """Return the shares of one core since `begin`, as text."""
        took_s = time.monotonic() - self.since_s
        service = (self.served.process.cpu_s - self.service_s) / took_s
        postgres = (self.served.postgres_cpu_s() - self.postgres_s) / took_s
        return f"service {service:.0%}, PostgreSQL {postgres:.0%} of a core"
