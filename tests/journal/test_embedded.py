"""The embedded PostgreSQL as real processes: creation, restarts, kills, ownership and permissions."""

import asyncio
import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from unittest.mock import DEFAULT, Mock

import asyncpg
import pytest
from structlog.testing import capture_logs

from service.journal.embedded import binaries, postmaster, server, sockets
from service.journal.embedded.accounts import Account, choose_account
from service.journal.embedded.data_folder import lock_data_folder
from service.journal.embedded.errors import DataFolderInUse, PostgresFailed
from service.journal.embedded.postmaster import is_postmaster, pid_file
from service.journal.embedded.server import EmbeddedPostgres
from service.journal.embedded.sockets import socket_folder, socket_lock

REPOSITORY = Path(__file__).parents[2]

OWNER = """
import asyncio, sys
from pathlib import Path
from service.journal.embedded.server import EmbeddedPostgres

async def own() -> None:
    async with EmbeddedPostgres(Path(sys.argv[1])) as postgres:
        print(postgres.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(own())
"""


ELSEWHERE = {
    "PGHOST": "db.example",
    "PGPORT": "6432",
    "PGUSER": "zhou",
    "PGDATABASE": "other",
    "PGSSLMODE": "verify-full",
    "PGTARGETSESSIONATTRS": "read-only",
}


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """Return a data folder below a private folder, as below /root."""
    tmp_path.chmod(0o700)
    yield tmp_path / "var"
    leave_nothing(tmp_path / "var")


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """Return a data folder that every account can reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "var"


@pytest.fixture
def deep_dir(tmp_path: Path) -> Iterator[Path]:
    """Return a data folder whose path is too long for a socket."""
    folder = tmp_path / ("deep" * 30) / "var"
    yield folder
    shutil.rmtree(socket_folder(folder / "postgres"), ignore_errors=True)


def leave_nothing(data_dir: Path) -> None:
    """Kill the postmaster that a failed test left running."""
    lines = pid_file(data_dir / "postgres")
    if lines and is_postmaster(int(lines[0]), data_dir / "postgres"):
        os.kill(int(lines[0]), signal.SIGKILL)


def names(folder: Path) -> set[str]:
    """Return the names in a folder."""
    return {path.name for path in folder.iterdir()}


def write(path: Path, text: str) -> None:
    """Write a file and create its parent folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@asynccontextmanager
async def connected(postgres: EmbeddedPostgres) -> AsyncIterator[asyncpg.Connection]:
    """Connect to the server."""
    connection = await asyncpg.connect(postgres.dsn)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def owner_process(data_dir: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Start a process that owns the data folder; yield it and the pid of its postmaster."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, str(data_dir), stdout=asyncio.subprocess.PIPE, cwd=REPOSITORY
    )
    assert process.stdout is not None
    try:
        yield process, int(await process.stdout.readline())
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@asynccontextmanager
async def watched(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[asyncio.Queue[int]]:
    """Watch the server; yield a queue that gets the pid after each restart."""
    pids: asyncio.Queue[int] = asyncio.Queue()
    launch = postgres._launch

    async def launch_and_tell() -> None:
        await launch()
        pids.put_nowait(postgres.pid)

    monkeypatch.setattr(postgres, "_launch", launch_and_tell)
    watch = asyncio.create_task(postgres.watch())
    try:
        yield pids
    finally:
        watch.cancel()
        await asyncio.wait([watch])


@pytest.mark.parametrize("where", ["data_dir", "open_dir", "deep_dir"])
async def test_an_empty_folder_becomes_a_server_whose_data_is_kept(where: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(where)

    async with EmbeddedPostgres(folder) as first, connected(first) as connection:
        await connection.execute("CREATE TABLE kept AS SELECT '排号' AS word")
    async with EmbeddedPostgres(folder) as second, connected(second) as connection:
        word = await connection.fetchval("SELECT word FROM kept")

    assert word == "排号"


async def test_commits_are_durable_and_the_server_is_reached_through_its_socket_only(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as postgres, connected(postgres) as connection:
        settings = {
            name: await connection.fetchval("SELECT current_setting($1)", name)
            for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums", "listen_addresses")
        }
        encoding = await connection.fetchval("SHOW server_encoding")
        version = await connection.fetchval("SHOW server_version_num")

    assert settings.pop("listen_addresses") == ""
    assert set(settings.values()) == {"on"}
    assert encoding == "UTF8"
    assert version.startswith("18")


async def test_the_server_has_no_rights_of_root_and_nobody_else_gets_any(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as postgres:
        process = os.stat(f"/proc/{postgres.pid}")  # noqa: PTH116  (Path.stat would do the same; `os.stat` is the usual call for /proc)
        cluster = (data_dir / "postgres").stat()
        parent = data_dir.parent.stat()
        private_log = (data_dir / "postgres.log").stat()

    assert process.st_uid != 0
    assert cluster.st_uid == process.st_uid
    assert stat.S_IMODE(cluster.st_mode) == 0o700
    assert stat.S_IMODE(parent.st_mode) == 0o700
    assert stat.S_IMODE(private_log.st_mode) == 0o600


async def test_ctrl_c_in_the_terminal_does_not_reach_the_server(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as postgres:
        session = os.getsid(postgres.pid)

    assert session != os.getsid(0)


async def test_the_log_of_the_server_names_nobody(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as postgres, connected(postgres) as connection:
        await connection.execute("CREATE TABLE people (name text PRIMARY KEY)")
        await connection.execute("INSERT INTO people VALUES ('Zhang San')")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("INSERT INTO people VALUES ('Zhang San')")
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            await connection.execute("SELECT 'Zhang San'::uuid")

    assert "Zhang San" not in (data_dir / "postgres.log").read_text()


async def test_a_killed_server_is_started_again_with_what_was_committed(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with EmbeddedPostgres(data_dir) as postgres, watched(postgres, monkeypatch) as restarts:
        async with connected(postgres) as connection:
            await connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
        killed = postgres.pid

        os.kill(killed, signal.SIGKILL)
        restarted = await restarts.get()

        assert restarted == postgres.pid != killed
        async with connected(postgres) as connection:
            assert await connection.fetchval("SELECT n FROM kept") == 1


async def test_the_watch_survives_every_kill(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "RESTART_FIRST_S", 0.0)

    async with EmbeddedPostgres(data_dir) as postgres, watched(postgres, monkeypatch) as restarts:
        pids = [postgres.pid]
        for _ in range(3):
            os.kill(pids[-1], signal.SIGKILL)
            pids.append(await restarts.get())

        assert len(set(pids)) == 4
        async with connected(postgres) as connection:
            assert await connection.fetchval("SELECT 1") == 1


async def test_the_watch_tries_again_when_a_start_fails(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "RESTART_FIRST_S", 0.0)
    async with EmbeddedPostgres(data_dir) as postgres:
        launch, failures = postgres._launch, iter(range(3))

        async def fail_at_first() -> None:
            if next(failures, None) is not None:
                raise PostgresFailed("no memory")
            await launch()

        monkeypatch.setattr(postgres, "_launch", fail_at_first)
        with capture_logs() as logs:
            async with watched(postgres, monkeypatch) as restarts:
                os.kill(postgres.pid, signal.SIGKILL)
                await restarts.get()

    events = [line["event"] for line in logs]
    assert events.count("postgres did not start") >= 3  # more can fail while its child processes end
    assert events[-1] == "postgres is back"


async def test_the_watch_ends_with_a_stop(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    await postgres.start()
    watch = asyncio.create_task(postgres.watch())

    await postgres.stop()
    await watch

    assert pid_file(data_dir / "postgres") == []


async def test_a_second_owner_is_refused_and_told_the_first(data_dir: Path) -> None:
    async with owner_process(data_dir) as (owner, postmaster):
        with pytest.raises(DataFolderInUse) as refused:
            await EmbeddedPostgres(data_dir).start()

        assert str(refused.value) == f"{data_dir} is in use by another paihao (pid {owner.pid})"
        assert is_postmaster(postmaster, data_dir / "postgres")


@pytest.mark.parametrize("short_lived", [True, False])
async def test_an_owner_that_ends_soon_is_waited_for(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, *, short_lived: bool
) -> None:
    in_use = asyncio.Event()
    lock = lock_data_folder

    def lock_or_tell(folder: Path, *, short_lived: bool) -> int:
        try:
            return lock(folder, short_lived=short_lived)
        except DataFolderInUse:
            in_use.set()
            raise

    second = EmbeddedPostgres(data_dir, short_lived=short_lived)
    async with EmbeddedPostgres(data_dir, short_lived=True):
        monkeypatch.setattr(server, "lock_data_folder", lock_or_tell)
        waiting = asyncio.create_task(second.start())
        await in_use.wait()
        assert not waiting.done()
    await waiting
    async with connected(second) as connection:
        assert await connection.fetchval("SELECT 1") == 1
    await second.stop()


async def test_an_owner_that_ends_soon_is_not_waited_for_for_ever(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "OWNER_WAIT_S", 0)

    async with EmbeddedPostgres(data_dir, short_lived=True):
        with pytest.raises(DataFolderInUse, match=rf"\(pid {os.getpid()}\)$"):
            await EmbeddedPostgres(data_dir).start()


async def test_a_process_that_is_not_the_owner_can_connect_whatever_server_its_environment_names(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value)

    async with owner_process(data_dir), connected(EmbeddedPostgres(data_dir)) as connection:
        assert await connection.fetchval("SELECT 1") == 1


async def test_what_a_killed_owner_left_is_stopped_and_its_data_is_there(data_dir: Path) -> None:
    async with owner_process(data_dir) as (owner, leftover):
        connection = await asyncpg.connect(EmbeddedPostgres(data_dir).dsn)
        await connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
        owner.kill()
        await owner.wait()
        assert is_postmaster(leftover, data_dir / "postgres")

        async with EmbeddedPostgres(data_dir) as postgres, connected(postgres) as successor:
            assert not is_postmaster(leftover, data_dir / "postgres")
            assert postgres.pid != leftover
            assert await successor.fetchval("SELECT n FROM kept") == 1

        connection.terminate()


async def test_a_pid_that_is_another_process_by_now_is_left_alone(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir):
        lines = pid_file(data_dir / "postgres")
    stale = [str(os.getpid()), *lines[1:]]
    (data_dir / "postgres" / "postmaster.pid").write_text("\n".join(stale) + "\n")
    with unrelated_process(choose_account(data_dir / "postgres")) as pid:
        socket_lock(data_dir / "postgres").write_text("\n".join([pid, *lines[1:6]]) + "\n")

        async with EmbeddedPostgres(data_dir) as postgres, connected(postgres) as connection:
            assert postgres.pid != os.getpid()
            assert await connection.fetchval("SELECT 1") == 1


@contextmanager
def unrelated_process(account: Account | None) -> Iterator[str]:
    """Yield the pid of an unrelated process that runs as the account of the server."""
    user = None if account is None else account.uid
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, user=user) as process:
        yield str(process.pid)


async def test_a_cluster_that_was_never_finished_is_made_anew(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(data_dir / "postgres.new-1" / "PG_VERSION", "18\n")
    rmtree_effects = [OSError(errno.ENOTEMPTY, "Directory not empty"), DEFAULT]  # initdb still writes to it
    monkeypatch.setattr(shutil, "rmtree", Mock(wraps=shutil.rmtree, side_effect=rmtree_effects))

    async with EmbeddedPostgres(data_dir) as postgres, connected(postgres) as connection:
        assert await connection.fetchval("SELECT 1") == 1

    assert names(data_dir) == {"postgres", "postgres.log", "serve.lock"}


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"\xff\n"], ids=["empty", "zeros", "no text"])
async def test_a_file_of_a_postmaster_that_names_none_is_forgotten(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "postmaster.pid").write_bytes(content)

    await postmaster.stop_leftover(tmp_path)

    assert not (tmp_path / "postmaster.pid").exists()


async def test_files_of_somebody_else_are_never_overwritten(data_dir: Path) -> None:
    write(data_dir / "postgres" / "thesis.txt", "unsaved elsewhere")

    with pytest.raises(PostgresFailed, match="is neither empty nor a PostgreSQL cluster: move it away"):
        await EmbeddedPostgres(data_dir).start()

    assert (data_dir / "postgres" / "thesis.txt").read_text() == "unsaved elsewhere"


async def test_a_server_that_cannot_start_says_why_in_one_line_and_lets_the_folder_go(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir):
        pass
    version = data_dir / "postgres" / "PG_VERSION"
    version.write_text("9.6\n")

    with pytest.raises(PostgresFailed, match=r"PostgreSQL did not start: .*incompatible with server") as refused:
        await EmbeddedPostgres(data_dir).start()

    assert "\n" not in str(refused.value)
    version.write_text("18\n")
    async with EmbeddedPostgres(data_dir) as postgres, connected(postgres) as connection:
        assert await connection.fetchval("SELECT 1") == 1


async def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    write(tmp_path / "file", "")

    with pytest.raises(PostgresFailed, match=r"the data folder .*/file/var cannot be used: Not a directory"):
        await EmbeddedPostgres(tmp_path / "file" / "var").start()


async def test_a_folder_with_a_comma_has_its_socket_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "hall, the first" / "var"
    async with EmbeddedPostgres(folder) as postgres, connected(postgres) as connection:
        assert await connection.fetchval("SELECT 1") == 1
    shutil.rmtree(socket_folder(folder / "postgres"))


def test_a_folder_whose_name_is_no_unicode_has_its_socket_elsewhere() -> None:
    folder = Path(os.fsdecode(b"/srv/\xca\xfd\xbe\xdd/postgres"))  # in GB18030

    assert socket_folder(folder).parent == sockets.PRIVATE_FOLDERS


async def test_a_disk_without_room_is_told_in_one_line(data_dir: Path) -> None:
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); sys.argv[1:] = ['migrate'];"
        "from service.__main__ import main; main()"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        stderr=asyncio.subprocess.PIPE,
        cwd=REPOSITORY,
        env={"PATH": os.defpath, "PAIHAO_DATA_DIR": str(data_dir)},
    )
    _, said = await process.communicate()

    assert (process.returncode, said.decode()) == (
        1,
        f"paihao: the data folder {data_dir} cannot be used: File too large\n",
    )


async def test_a_log_that_grew_too_long_is_emptied(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LOG_MAX_BYTES", 10)
    write(data_dir / "postgres.log", "an old line")

    async with EmbeddedPostgres(data_dir):
        pass

    assert "an old line" not in (data_dir / "postgres.log").read_text()


async def test_a_folder_for_the_socket_that_others_may_enter_is_refused(deep_dir: Path) -> None:
    folder = socket_folder(deep_dir / "postgres")
    folder.mkdir()
    folder.chmod(0o755)

    with pytest.raises(PostgresFailed, match=f"{folder}, the folder for the database's socket, is not private"):
        await EmbeddedPostgres(deep_dir).start()


async def test_the_programs_run_from_their_copy(open_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "BINARIES_CACHE", open_dir.parent / "cache")
    wheel = binaries.binaries_for(None).parents[1]
    usual = os.umask(0o077)

    try:
        copies = {binaries.copied_binaries(wheel), binaries.copied_binaries(wheel)}
    finally:
        os.umask(usual)

    (copied,) = copies
    monkeypatch.setattr(server, "binaries_for", lambda _account: copied)
    async with EmbeddedPostgres(open_dir) as postgres, connected(postgres) as connection:
        assert await connection.fetchval("SELECT 1") == 1
        assert os.readlink(f"/proc/{postgres.pid}/exe") == str(copied / "postgres")  # noqa: PTH115  (likewise)


async def test_a_server_that_does_not_stop_is_stopped_harder(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FAST_STOP_WAIT_S", "QUIT_WAIT_S", "KILL_WAIT_S"):
        monkeypatch.setattr(postmaster, name, 0)
    sent: list[int] = []

    with capture_logs() as logs:
        await postmaster.shut_down(sent.append, asyncio.Event().wait)

    assert sent == [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL]
    assert [line["signal"] for line in logs] == ["SIGINT", "SIGQUIT", "SIGKILL"]
