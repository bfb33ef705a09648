"""Connections to PostgreSQL: a pool for reading, and a few kept for appending.

Reads may fail, be cancelled and time out: whoever asked is told that storage is unavailable. Appends may not, so they
have connections of their own that no timeout touches; these are never given back to a pool, whose reset between uses
costs two fifths of an append. Both kinds come back by themselves when PostgreSQL does.

A transaction on a connection of the pool may hold rows that others wait for, a hall's when a day of it is opened. A
process that stalls inside one, or a host that is lost, is ended by the server like the holder of a day's row, but it is
given longer: a day's plan is reckoned while its hall's row is held. Who waits for the row still gets it in time.

A database that is restored in place lacks its tables for a while. That is an outage like any other, and not a mistake
in a statement of ours; but from one it cannot be told, so what is missing is said in the log as an error.
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

APPEND_CONNECTIONS = 6  # lanes beyond it wait for one: an append takes milliseconds, and PostgreSQL commits in groups
READ_CONNECTIONS_MAX = 8  # reads beyond it wait
READ_TIMEOUT_S = 5.0  # a read that takes longer, or waits longer for a connection, is answered with 503
CONNECT_TIMEOUT_S = 5.0  # then another attempt
STUCK_AFTER_S = 15.0  # an append without an answer for so long is left by closing its socket, and sent again
ABANDONED_AFTER = "5s"  # the server ends a statement whose client has left, so that stuck ones do not pile up
IDLE_IN_TRANSACTION = "4s"  # the server ends a transaction whose client says nothing for so long: others wait for it
CLOSE_S = 10.0  # how long closing waits for appends under way
TELL_EVERY_S = 60.0  # what is missing in the database is said again after so long

INCOMPLETE = frozenset({"3F000", "42501", "42883", "42P01", "42P10"})
"""Sqlstates of a database that lacks a schema, a right, a function, a table or a key, as while it is restored."""

NOT_ON_A_STANDBY = "0A000"
"""Sqlstate of a standby that is asked for an unlogged table; of a plan that a restore has outdated, too."""

_SQL = statements("read.sql")

log = structlog.get_logger(__name__)


def unreachable(error: BaseException) -> bool:
    """Tell whether an error says that the server, its database or the way to it failed, and not what was asked."""
    if isinstance(error, asyncpg.PostgresError):
        # 08 connection, 25 read-only or timed out in a transaction, 53 resources, 57 shut down, 58 system
        away = (error.sqlstate or "")[:2] in {"08", "25", "53", "57", "58"} or error.sqlstate == NOT_ON_A_STANDBY
        return away or incomplete(error)
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # which says that an argument cannot be encoded
    return isinstance(error, OSError | asyncpg.InternalClientError)


def incomplete(error: BaseException) -> bool:
    """Tell whether an error says that the database is not whole: a table, a function or a right is not there."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate in INCOMPLETE


def said(error: BaseException) -> str:
    """What an error says, or else its name: an answer that did not come in time says nothing."""
    return str(error) or type(error).__name__


@contextmanager
def unavailable_when_unreachable() -> Iterator[None]:
    """Turn what says that the server, its database or the way to it failed into `StorageUnavailable`."""
    try:
        yield
    except Exception as error:
        if unreachable(error):
            raise (Incomplete if incomplete(error) else StorageUnavailable)(said(error)) from error
        raise


async def patiently(connection: Connection, statement: Coroutine[Any, Any, T]) -> T:
    """Run a statement in a task that nobody cancels, for asyncpg would ask the server to cancel it as well.

    One without an answer after `STUCK_AFTER_S` loses its connection, and fails as if the network had.
    """
    give_up = asyncio.get_running_loop().call_later(STUCK_AFTER_S, connection.terminate)
    try:
        return await statement
    finally:
        give_up.cancel()


async def to_the_end(connection: Connection, statement: Coroutine[Any, Any, T]) -> T:
    """Run a statement `patiently` in a task of its own, whatever becomes of who asked for it."""
    task = asyncio.ensure_future(patiently(connection, statement))
    task.add_done_callback(consume_exception)
    await asyncio.wait({task})
    return await task


async def _no_reset(_connection: Connection) -> None:
    """Reads leave nothing behind on a connection."""


class Database:
    """A PostgreSQL database, by its URL. Use it as `async with Database(dsn) as database`: it connects when needed."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.closing = False
        self._under_way: set[asyncio.Future[Any]] = set()
        self._open: set[Connection] = set()
        self._places: asyncio.LifoQueue[Connection | None] = asyncio.LifoQueue()  # the warmest first
        for _ in range(APPEND_CONNECTIONS):
            self._places.put_nowait(None)
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._told_s: dict[str, float] = {}

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
        """Let appends under way end, for `CLOSE_S` at most, then leave all connections."""
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=CLOSE_S)
        self.closing = True
        for connection in list(self._open):
            connection.terminate()
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=CLOSE_S)
        assert self._pool is not None
        self._pool.terminate()

    async def ping(self) -> datetime:
        """Give the database's clock.

        Raises:
            StorageUnavailable: no answer.
        """
        rows = await self.fetch(_SQL["ping"])
        at: datetime = rows[0][0]
        return at

    async def ready(self) -> None:
        """Ask whether the database would take a change.

        Raises:
            ReadOnly: it would not. The connection that said so is left: another one may be told otherwise.
            StorageUnavailable: no answer.
        """
        async with self.reading() as connection:
            if await connection.fetchval(_SQL["ready"]):
                raise ReadOnly("transactions are read-only")

    async def fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Read.

        Raises:
            StorageUnavailable: no connection or no answer within `READ_TIMEOUT_S`.
        """
        async with self.reading() as connection:
            return await connection.fetch(sql, *arguments)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["PoolConnectionProxy[asyncpg.Record]"]:
        """Lend a connection of the pool; whatever goes wrong with it inside is `StorageUnavailable` outside."""
        assert self._pool is not None, "a database is used inside `async with`"
        try:
            connection = await self._pool.acquire(timeout=READ_TIMEOUT_S)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            raise StorageUnavailable(said(error)) from error
        try:
            with unavailable_when_unreachable():
                yield connection
        except (StorageUnavailable, asyncio.CancelledError) as error:
            self.tell(error)
            with suppress(asyncpg.InterfaceError):  # it was lost, and is the pool's again
                connection.terminate()  # a server that hangs would take no cancellation, and the pool would wait for it
            raise
        finally:
            await self._pool.release(connection)

    def tell(self, error: BaseException) -> None:
        """Log what the database lacks, if an error says that, in PostgreSQL's words; again after `TELL_EVERY_S`."""
        if not (isinstance(error, Incomplete) or incomplete(error)):
            return
        missing = str(error).partition("\n")[0]  # it names a table or a function, and quotes no row; then come hints
        now_s = asyncio.get_running_loop().time()
        if now_s - self._told_s.get(missing, float("-inf")) >= TELL_EVERY_S:
            self._told_s[missing] = now_s
            log.error("database_incomplete", why=missing)

    async def take(self) -> Connection:
        """Wait for an append connection, connecting if it has to be made; `give_back` it.

        Raises:
            StorageUnavailable: PostgreSQL cannot be reached, or the database is being closed; nothing was sent.
        """
        connection = await self._places.get()
        if self.closing:
            self._places.put_nowait(connection)
            raise StorageUnavailable("closing")
        if connection is not None and not connection.is_closed():
            return connection
        if connection is not None:
            self._open.discard(connection)
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
            self._places.put_nowait(None)
            if isinstance(
                error, OSError | asyncpg.PostgresError | asyncpg.InterfaceError | asyncpg.InternalClientError
            ):
                raise StorageUnavailable(said(error)) from error
            raise
        self._open.add(connection)
        return connection

    @property
    def at_hand(self) -> bool:
        """Tell whether `take` would give an open connection at once."""
        if self.closing or self._places.empty():
            return False
        connection = self._places.get_nowait()
        self._places.put_nowait(connection)
        return connection is not None and not connection.is_closed()

    def give_back(self, connection: Connection) -> None:
        """Return an append connection; one that is closed makes place for another."""
        self._places.put_nowait(connection)

    def keep(self, task: "asyncio.Future[Any]") -> None:
        """Hold on to a task that must end even when nobody waits for it any more; closing waits for it."""
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        task.add_done_callback(consume_exception)
