"""Create, start, watch and stop the embedded PostgreSQL.

If the account of the server cannot reach the data folder (below `/root`, for example), this process opens the folder
and passes the descriptor on. The server then uses `/proc/self/fd/N`, which needs no permission on the parent folders;
its child processes inherit the descriptor.
"""

import asyncio
import os
import pwd
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from service.journal.embedded.accounts import Account, choose_account
from service.journal.embedded.binaries import binaries_for
from service.journal.embedded.clusters import INITDB, is_cluster, move_into_place, remove_unfinished
from service.journal.embedded.data_folder import lock_data_folder, opened, release_data_folder
from service.journal.embedded.errors import (
    CannotStart,
    DataFolderInUse,
    NoCluster,
    PostgresFailed,
    data_folder_unusable,
)
from service.journal.embedded.postmaster import LOOK_EVERY_S, failure_reason, is_ready, shut_down, stop_leftover
from service.journal.embedded.server_settings import ENVIRONMENT, server_arguments, server_url
from service.journal.embedded.sockets import make_private, socket_folder, socket_lock

START_WAIT_S = 120
"""Time limit of a start, crash recovery included. Then the server is stopped and the start fails."""

OWNER_WAIT_S, SHORT_LIVED_OWNER_WAIT_S = 30, 120
"""How long `serve`, and how long a short-lived command, waits for a short-lived owner. A command may have to wait for
several others."""

OWNER_LOOK_EVERY_S = 0.05
"""Pause between attempts to lock the data folder. A blocking lock could not be cancelled."""

RESTART_FIRST_S, RESTART_MAX_S = 0.1, 5.0
"""Pauses before restarts of the postmaster: none, then `RESTART_FIRST_S`, then doubled up to `RESTART_MAX_S`."""

RESTART_RESET_S = 10
"""After a run of at least this time, the next restart has no pause again."""

LOG_MAX_BYTES = 10 * 1024 * 1024
"""A longer `postgres.log` is emptied at the next start."""

log = structlog.get_logger()


class EmbeddedPostgres:
    """A PostgreSQL server under the data folder: an async context manager, or `start` and `stop`.

    `dsn` is valid without a start. A process that gets `DataFolderInUse` can use the owner's server by it.
    """

    def __init__(self, data_dir: Path, *, short_lived: bool = False, may_create: bool = True) -> None:
        """Take the data folder.

        Args:
            data_dir: the data folder; it need not exist.
            short_lived: this process stops the server soon, so other processes must not use it.
            may_create: create a cluster if there is none.
        """
        self._data_dir = data_dir.resolve()
        self._short_lived = short_lived
        self._may_create = may_create
        self._folder = self._data_dir / "postgres"
        self._log_path = self._data_dir / "postgres.log"
        self._socket_folder = socket_folder(self._folder)
        self._account: Account | None = None
        self._binaries = Path()
        self._lock: int | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._changing = asyncio.Lock()
        self._stopping = False

    @property
    def dsn(self) -> str:
        """The URL of the database, for asyncpg and psql."""
        return server_url(self._socket_folder)

    @property
    def pid(self) -> int:
        """The process id of the postmaster; it changes with each restart."""
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
        """Lock the data folder, create the cluster if there is none, and start the server; return when it is ready.

        Raises:
            DataFolderInUse: another process owns the folder, and did not release it in time if it is short-lived.
            NoCluster: there is no cluster, and this object may not create one.
            PostgresFailed: the cluster cannot be created, or the server does not start.
        """
        assert self._lock is None, "started already"
        if not (self._may_create or self._data_dir.exists()):
            raise NoCluster(self._data_dir)
        self._lock = await self._lock_when_free()
        self._stopping = False
        try:
            self._prepare()
            for unfinished in self._data_dir.glob("postgres.new-*"):
                await remove_unfinished(unfinished)
            await self._remove_leftovers()
            if not is_cluster(self._folder):
                await self._initialise()
            await self._launch()
        except BaseException as reason:
            self._release()
            if isinstance(reason, OSError):
                raise data_folder_unusable(self._data_dir, reason) from reason
            raise

    async def _lock_when_free(self) -> int:
        """Lock the data folder; wait for a short-lived owner to end. Raises DataFolderInUse, PostgresFailed."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + (SHORT_LIVED_OWNER_WAIT_S if self._short_lived else OWNER_WAIT_S)
        logged = False
        while True:
            try:
                return lock_data_folder(self._data_dir, short_lived=self._short_lived)
            except DataFolderInUse as in_use:
                if not in_use.owner_ends_soon or loop.time() >= until_s:
                    raise
                if not logged:
                    log.info("waiting for the data folder", why=str(in_use))
                    logged = True
            await asyncio.sleep(OWNER_LOOK_EVERY_S)

    async def stop(self) -> None:
        """Stop the server (open transactions are rolled back) and release the data folder."""
        self._stopping = True
        async with self._changing:
            if self._process is not None and self._process.returncode is None:
                await shut_down(self._process.send_signal, self._process.wait)
            self._release()

    async def watch(self) -> None:
        """Restart the server each time its postmaster ends, until cancelled or stopped."""
        loop = asyncio.get_running_loop()
        wait_s = 0.0
        while not self._stopping:
            assert self._process is not None, "not started"
            started_s = loop.time()
            status = await self._process.wait()
            if self._stopping:
                return
            if loop.time() - started_s >= RESTART_RESET_S:
                wait_s = 0.0
            log.error("postgres ended, starting it again", status=status, in_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(max(2 * wait_s, RESTART_FIRST_S), RESTART_MAX_S)
            await self._restart()

    async def _restart(self) -> None:
        """Start the server again. A failure is logged; `watch` tries again because the process has ended."""
        async with self._changing:
            if self._stopping:
                return
            try:
                await self._remove_leftovers()
                await self._launch()
            except (CannotStart, OSError) as failure:
                log.error("postgres did not start", why=str(failure))  # noqa: TRY400  (the message is complete)
            else:
                log.info("postgres is back", pid=self.pid)

    def _prepare(self) -> None:
        """Choose the account and the programs, create the folder of the socket, and empty a long log."""
        self._account = choose_account(self._folder)
        self._binaries = binaries_for(self._account)
        if self._socket_folder != self._folder:
            make_private(self._socket_folder, self._account)
        if self._log_path.exists() and self._log_path.stat().st_size > LOG_MAX_BYTES:
            os.truncate(self._log_path, 0)

    async def _remove_leftovers(self) -> None:
        """Stop a postmaster without an owner, and remove the lock of the socket.

        PostgreSQL respects that lock if any process has the pid in it. In a container another process often has it, and
        in a copy of a running cluster the original server has it.
        """
        await stop_leftover(self._folder)
        socket_lock(self._socket_folder).unlink(missing_ok=True)

    async def _initialise(self) -> None:
        """Create an empty cluster under another name, then rename it. Raises NoCluster, PostgresFailed."""
        if not self._may_create:
            raise NoCluster(self._data_dir)
        new = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self._data_dir))
        if self._account is not None:
            os.chown(new, *self._account)
        with opened(new) as folder_fd:
            process = await self._spawn("initdb", folder_fd, "-D", self._server_path(new, folder_fd), *INITDB)
            try:
                status = await process.wait()
            except asyncio.CancelledError:
                process.kill()
                raise
            if status != 0:
                raise PostgresFailed(f"PostgreSQL could not make {self._folder}: {failure_reason(self._log_path)}")
        move_into_place(new, self._folder)

    async def _launch(self) -> None:
        """Start the server and wait until it accepts connections.

        Raises:
            PostgresFailed: it ended, or it was not ready in time and was stopped.
        """
        with opened(self._folder) as folder_fd:
            folder = self._server_path(self._folder, folder_fd)
            sockets = folder if self._socket_folder == self._folder else str(self._socket_folder)
            self._process = process = await self._spawn("postgres", folder_fd, "-D", folder, *server_arguments(sockets))
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
            raise PostgresFailed(f"PostgreSQL did not start: {failure_reason(self._log_path)}")

    async def _spawn(self, program: str, folder_fd: int, *arguments: str) -> asyncio.subprocess.Process:
        """Start a PostgreSQL program as the account, in a session of its own that Ctrl-C does not reach."""
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

    def _server_path(self, folder: Path, folder_fd: int) -> str:
        """Return the path by which the server reaches a folder: its own, or `/proc/self/fd/N` if that is not possible.

        Raises:
            PostgresFailed: the system has no `/proc/self/fd`.
        """
        if self._account is None or self._account.can_reach(folder):
            return str(folder)
        descriptor_path = Path(f"/proc/self/fd/{folder_fd}")
        if not descriptor_path.exists():
            name = pwd.getpwuid(self._account.uid).pw_name
            raise PostgresFailed(f"{folder} cannot be reached by the account {name}: set PAIHAO_DATA_DIR elsewhere")
        return str(descriptor_path)

    def _release(self) -> None:
        if self._lock is not None:
            release_data_folder(self._lock)
            self._lock = None
