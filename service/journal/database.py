"""Connections to PostgreSQL: a pool for reads, and a few connections for appends.

A read may fail, time out and be cancelled; the caller gets `StorageUnavailable`. An append must not be interrupted, so
it has a connection without timeouts. These connections do not belong to a pool, because the reset of a pool between two
uses costs two fifths of an append. Both kinds reconnect when PostgreSQL is back.

A transaction on a connection of the pool can lock rows that others wait for: opening a day locks the hall's row. If the
process stalls or the host is lost, the server ends the transaction after `IDLE_IN_TRANSACTION`. This is longer than for
the lock on a day, because the plan of a day is computed under the lock. Other processes still get the row in time.

A database that is being restored in place lacks tables for some time. This is treated as an outage. It looks like a
wrong statement in this program, so the missing object is logged as an error.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from typing import Any, Self, TypeAlias, TypeVar

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from service.journal.faults import Incomplete, ReadOnly, StorageUnavailable
from service.journal.sql_files import statements
from service.primitives.tasks import consume_exception

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
T = TypeVar("T")

APPEND_CONNECTIONS = 6  # more lanes wait for one: an append takes milliseconds, and PostgreSQL commits in groups
READ_CONNECTIONS_MAX = 8  # more reads wait
READ_TIMEOUT_S = 5.0  # time limit of a read, and of the wait for a connection; then the answer is 503
CONNECT_TIMEOUT_S = 5.0  # time limit of one attempt to connect
STUCK_AFTER_S = 15.0  # an append without an answer loses its connection after this time, and is sent again
ABANDONED_AFTER = "5s"  # the server looks this often whether the client of a running statement has disconnected
IDLE_IN_TRANSACTION = "4s"  # the server ends a transaction whose client sends nothing for this time
CLOSE_S = 10.0  # time limit of `close` for running appends, before and after their connections are terminated
LOG_INCOMPLETE_EVERY_S = 60.0  # the same missing object is logged again after this time

INCOMPLETE = frozenset({"3F000", "42501", "42883", "42P01", "42P10"})
"""Sqlstates for a missing schema, right, function, table or key, as during a restore."""

NOT_ON_A_STANDBY = "0A000"
"""Sqlstate for an unlogged table on a standby. Also for a cached plan that a restore has invalidated."""

_SQL = statements("read.sql")

log = structlog.get_logger(__name__)


def unreachable(error: BaseException) -> bool:
    """Tell whether an error means that the server, the database or the network failed, and not the statement."""
    if isinstance(error, asyncpg.PostgresError):
        # 08 connection, 25 read-only or idle in transaction, 53 resources, 57 shutdown, 58 system
        away = (error.sqlstate or "")[:2] in {"08", "25", "53", "57", "58"} or error.sqlstate == NOT_ON_A_STANDBY
        return away or incomplete(error)
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # a ValueError means that an argument cannot be encoded
    return isinstance(error, OSError | asyncpg.InternalClientError)


def incomplete(error: BaseException) -> bool:
    """Tell whether an error means that a table, a function or a right is missing."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate in INCOMPLETE


def error_text(error: BaseException) -> str:
    """Return the text of an error, or its class name if it has none, as a timeout."""
    return str(error) or type(error).__name__


@contextmanager
def unavailable_when_unreachable() -> Iterator[None]:
    """Turn errors of the server, the database or the network into `StorageUnavailable` or `Incomplete`."""
    try:
        yield
    except Exception as error:
        if unreachable(error):
            raise (Incomplete if incomplete(error) else StorageUnavailable)(error_text(error)) from error
        raise


async def with_stuck_limit(connection: Connection, statement: Coroutine[Any, Any, T]) -> T:
    """Run a statement; after `STUCK_AFTER_S` without an answer terminate the connection, so that the statement fails.

    Use it in a task that is never cancelled: on cancellation asyncpg asks the server to cancel the statement.
    """
    give_up = asyncio.get_running_loop().call_later(STUCK_AFTER_S, connection.terminate)
    try:
        return await statement
    finally:
        give_up.cancel()


async def run_to_end(connection: Connection, statement: Coroutine[Any, Any, T]) -> T:
    """Run a statement to its end in a task of its own, even if the caller is cancelled; see `with_stuck_limit`."""
    task = asyncio.ensure_future(with_stuck_limit(connection, statement))
    task.add_done_callback(consume_exception)
    await asyncio.wait({task})
    return await task


async def _no_reset(_connection: Connection) -> None:
    """Do nothing between two uses of a connection: reads do not change its state."""


class Database:
    """Connections to one PostgreSQL database, made on demand. Use it as `async with Database(dsn) as database`."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.closing = False
        self._running: set[asyncio.Future[Any]] = set()
        self._append_connections: set[Connection] = set()
        self._idle: asyncio.LifoQueue[Connection | None] = asyncio.LifoQueue()  # last used first; None: not connected
        for _ in range(APPEND_CONNECTIONS):
            self._idle.put_nowait(None)
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._logged_s: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        self._pool = await asyncpg.create_pool(
            self.dsn,
            min_size=0,
            max_size=READ_CONNECTIONS_MAX,
            max_cached_statement_lifetime=0,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=READ_TIMEOUT_S,
            reset=_no_reset,
            server_settings={
                "application_name": "paihao",
                "client_connection_check_interval": ABANDONED_AFTER,
                "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,
                "jit": "off",
            },
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Wait up to `CLOSE_S` for running appends, then terminate all connections."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=CLOSE_S)
        self.closing = True
        for connection in list(self._append_connections):
            connection.terminate()
        if self._running:
            await asyncio.wait(set(self._running), timeout=CLOSE_S)
        assert self._pool is not None
        self._pool.terminate()

    async def ping(self) -> datetime:
        """Return the database's clock.

        Raises:
            StorageUnavailable: no answer.
        """
        rows = await self.fetch(_SQL["ping"])
        at: datetime = rows[0][0]
        return at

    async def ready(self) -> None:
        """Check that the database accepts changes.

        Raises:
            ReadOnly: it does not. The connection is closed, because a new one may reach another server.
            StorageUnavailable: no answer.
        """
        async with self.reading() as connection:
            if await connection.fetchval(_SQL["ready"]):
                raise ReadOnly("transactions are read-only")

    async def fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Execute a query on the pool and return its rows.

        Raises:
            StorageUnavailable: no connection or no answer within `READ_TIMEOUT_S`.
        """
        async with self.reading() as connection:
            return await connection.fetch(sql, *arguments)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["PoolConnectionProxy[asyncpg.Record]"]:
        """Borrow a connection of the pool. Errors of the connection inside the context become `StorageUnavailable`."""
        assert self._pool is not None, "a database is used inside `async with`"
        try:
            connection = await self._pool.acquire(timeout=READ_TIMEOUT_S)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            raise StorageUnavailable(error_text(error)) from error
        try:
            with unavailable_when_unreachable():
                yield connection
        except (StorageUnavailable, asyncio.CancelledError) as error:
            self.log_if_incomplete(error)
            with suppress(asyncpg.InterfaceError):  # the connection was lost and is back in the pool
                connection.terminate()  # the pool would wait for a server that hangs
            raise
        finally:
            await self._pool.release(connection)

    def log_if_incomplete(self, error: BaseException) -> None:
        """Log the missing object if an error means that; again after `LOG_INCOMPLETE_EVERY_S`."""
        if not (isinstance(error, Incomplete) or incomplete(error)):
            return
        missing = str(error).partition("\n")[0]  # the first line names the object and quotes no row; hints follow
        now_s = asyncio.get_running_loop().time()
        if now_s - self._logged_s.get(missing, float("-inf")) >= LOG_INCOMPLETE_EVERY_S:
            self._logged_s[missing] = now_s
            log.error("database_incomplete", why=missing)

    async def take(self) -> Connection:
        """Wait for an append connection, and connect it if necessary. Return it by `give_back`.

        Raises:
            StorageUnavailable: PostgreSQL cannot be reached, or this object is being closed; nothing was sent.
        """
        connection = await self._idle.get()
        if self.closing:
            self._idle.put_nowait(connection)
            raise StorageUnavailable("closing")
        if connection is not None and not connection.is_closed():
            return connection
        if connection is not None:
            self._append_connections.discard(connection)
        try:
            connection = await asyncpg.connect(
                self.dsn,
                timeout=CONNECT_TIMEOUT_S,
                max_cached_statement_lifetime=0,
                server_settings={
                    "application_name": "paihao append",
                    "client_connection_check_interval": ABANDONED_AFTER,
                    "jit": "off",
                },
            )
        except BaseException as error:
            self._idle.put_nowait(None)
            if isinstance(
                error, OSError | asyncpg.PostgresError | asyncpg.InterfaceError | asyncpg.InternalClientError
            ):
                raise StorageUnavailable(error_text(error)) from error
            raise
        self._append_connections.add(connection)
        return connection

    @property
    def has_idle_connection(self) -> bool:
        """Tell whether `take` would return an open connection at once."""
        if self.closing or self._idle.empty():
            return False
        connection = self._idle.get_nowait()
        self._idle.put_nowait(connection)
        return connection is not None and not connection.is_closed()

    def give_back(self, connection: Connection) -> None:
        """Return an append connection; if it is closed, `take` connects again."""
        self._idle.put_nowait(connection)

    def track(self, task: "asyncio.Future[Any]") -> None:
        """Keep a reference to a task that must end even if no caller waits for it; closing waits for it."""
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(consume_exception)
