"""Appends under a row lock: of one day after a lost race, or of two days at once.

**`DayLock`.** The row of the day is locked first. Then a separate statement reads the missed events: inside the locking
statement it would see the state of before the wait for the lock. Then the caller decides, appends and commits. The
server ends a holder that sends nothing for two seconds, so that others can go on.

**`TwoDayLock`** moves an appointment from one day to another: one transaction locks both rows, that of the earlier day
first, and makes two appends. If its COMMIT gets no answer, both rows are locked again. This waits for the end of the
first transaction; then either both appends are there or neither.
"""

import asyncio
from datetime import date

import asyncpg

from service.domain.events import Record
from service.domain.model import HallId
from service.journal.append_sender import AppendSender, OnSend, deliver_outcome, ignore_sending, resend_pauses
from service.journal.append_statement import append_arguments, execute_append, find_landed, raise_if_definite, roll_back
from service.journal.database import (
    Connection,
    Database,
    run_to_end,
    unavailable_when_unreachable,
    unreachable,
    with_stuck_limit,
)
from service.journal.faults import StorageUnavailable
from service.journal.read import records_after
from service.journal.sql_files import statements
from service.journal.values import Append, Committed, Lost, Position
from service.primitives.tasks import start_eagerly

_BEGIN = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '2s'"
_SQL = statements("append.sql")
_EVENTS_SINCE = statements("read.sql")["since"]


class _RowLock:
    """A connection whose transaction locks rows, until it is released or has appended."""

    def __init__(self, sender: AppendSender, database: Database, hall: HallId, connection: Connection) -> None:
        self._sender = sender
        self._database = database
        self._hall = hall
        self._connection: Connection | None = connection

    async def release(self) -> None:
        """Roll the transaction back, unless it has appended."""
        if self._connection is not None:
            await roll_back(self._connection)
            self._database.give_back(self._connection)
            self._connection = None

    def abandon(self) -> None:
        """Close the connection, unless it has appended. The server releases the lock."""
        if self._connection is not None:
            self._connection.terminate()
            self._database.give_back(self._connection)
            self._connection = None

    def _locked_connection(self) -> Connection:
        assert self._connection is not None, "the lock is released"
        return self._connection

    async def _read_since(self, day: date, seq: int, head: str) -> tuple[list[Record], Position]:
        connection = self._locked_connection()
        with unavailable_when_unreachable():
            rows = await run_to_end(connection, connection.fetch(_EVENTS_SINCE, self._hall, day, seq))
        return records_after(rows, head)


class DayLock(_RowLock):
    """The locked row of a day: no other append to the day commits until the lock is released or has appended."""

    position: Position

    def __init__(
        self, sender: AppendSender, database: Database, hall: HallId, day: date, connection: Connection
    ) -> None:
        super().__init__(sender, database, hall, connection)
        self._day = day

    async def acquire(self) -> bool:
        """Wait for the lock and set `position`; return False if the day is not opened."""
        await self._execute(_BEGIN)
        rows = await self._fetch(_SQL["lock_day"], self._hall, self._day)
        if rows:
            self.position = Position(rows[0]["seq"], str(rows[0]["head"]), rows[0]["at"], rows[0]["begun"])
        return bool(rows)

    async def read_since(self, seq: int, head: str) -> tuple[list[Record], Position]:
        """Read the events after `seq`, up to the locked row.

        Raises:
            Rewritten: the event `seq` of the journal is not of the append `head`.
            UnknownKind: a newer release wrote an event.
            StorageUnavailable: no answer; the lock is lost.
        """
        return await self._read_since(self._day, seq, head)

    async def append(self, append: Append, on_send: OnSend = ignore_sending) -> Committed | Lost:
        """Write, commit and release the lock. The outcome is definite, as that of `Appender.append`.

        Raises:
            ConstraintBroken, RecordsRefused, AppendRejected, StorageUnavailable: as `Appender.append`.
        """
        arguments = append_arguments(append)
        connection, self._connection = self._locked_connection(), None
        outcome: asyncio.Future[Committed | Lost] = asyncio.get_running_loop().create_future()
        work = deliver_outcome(outcome, self._append_and_commit(connection, append, arguments, on_send))
        self._database.track(start_eagerly(work, f"locked append {append.append_id}"))
        return await outcome

    async def _append_and_commit(
        self, connection: Connection, append: Append, arguments: tuple[object, ...], on_send: OnSend
    ) -> Committed | Lost:
        try:
            on_send(1)
            at = await execute_append(connection, arguments)
            if at is None:
                await roll_back(connection)
                return Lost()
            await with_stuck_limit(connection, connection.execute("COMMIT"))
            self._sender.worked()
            return Committed(at)
        except Exception as error:  # noqa: BLE001  (a definite error is raised again)
            if unreachable(error):
                connection.terminate()
                self._sender.failed(error)
            else:
                await roll_back(connection)
                raise_if_definite(error)
        finally:
            self._database.give_back(connection)
        # The outcome is unknown and the lock is lost: go on as with an append without a lock.
        return await self._sender.until_definite(append, arguments, on_send, attempt=2)

    async def _execute(self, sql: str) -> None:
        connection = self._locked_connection()
        with unavailable_when_unreachable():
            await run_to_end(connection, connection.execute(sql))

    async def _fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        connection = self._locked_connection()
        with unavailable_when_unreachable():
            return await run_to_end(connection, connection.fetch(sql, *arguments))


class TwoDayLock(_RowLock):
    """The locked rows of two days of a hall: no other append to them commits until this lock is released."""

    def __init__(
        self, sender: AppendSender, database: Database, hall: HallId, days: tuple[date, date], connection: Connection
    ) -> None:
        assert days[0] < days[1], "rows are locked in date order, otherwise two moves could deadlock"
        super().__init__(sender, database, hall, connection)
        self._days = days
        self.positions: dict[date, Position] = {}

    async def acquire(self) -> bool:
        """Wait for both locks and set `positions`; return False if one of the days is not opened."""
        connection = self._locked_connection()
        with unavailable_when_unreachable():
            self.positions = await run_to_end(connection, _lock_both(connection, self._hall, self._days))
        return len(self.positions) == len(self._days)

    async def read_since(self, day: date, seq: int, head: str) -> tuple[list[Record], Position]:
        """Read the events of a day after `seq`, up to its locked row. Raises as `DayLock.read_since`."""
        return await self._read_since(day, seq, head)

    async def append(self, appends: tuple[Append, Append], on_send: OnSend = ignore_sending) -> Committed | Lost:
        """Write both, commit and release the lock. The outcome is definite, however long it takes.

        Returns:
            `Committed` if both are written, `Lost` if neither is.

        Raises:
            ConstraintBroken, RecordsRefused, AppendRejected: as `Appender.append`; nothing is written.
            StorageUnavailable: this process closed the database before an answer came.
        """
        arguments = [append_arguments(append) for append in appends]
        connection, self._connection = self._locked_connection(), None
        outcome: asyncio.Future[Committed | Lost] = asyncio.get_running_loop().create_future()
        work = deliver_outcome(outcome, self._append_and_commit(connection, appends, arguments, on_send))
        self._database.track(start_eagerly(work, f"double append {appends[0].append_id}"))
        return await outcome

    async def _append_and_commit(
        self,
        connection: Connection,
        appends: tuple[Append, Append],
        arguments: list[tuple[object, ...]],
        on_send: OnSend,
    ) -> Committed | Lost:
        try:
            on_send(1)
            ats = [await execute_append(connection, of_one_day) for of_one_day in arguments]
            if None in ats:
                await roll_back(connection)
                return Lost()
            await with_stuck_limit(connection, connection.execute("COMMIT"))
            assert ats[-1] is not None
            self._sender.worked()
            return Committed(ats[-1])
        except Exception as error:  # noqa: BLE001  (a definite error is raised again)
            if unreachable(error):
                connection.terminate()
                self._sender.failed(error)
            else:
                await roll_back(connection)
                raise_if_definite(error)
        finally:
            self._database.give_back(connection)
        return await self._find_outcome(appends)

    async def _find_outcome(self, appends: tuple[Append, Append]) -> Committed | Lost:
        """Find out how a transaction ended whose end was not answered.

        It had locked both rows from its beginning. A new lock on both is granted only after it is over.
        """
        for pause_s in resend_pauses():
            await asyncio.sleep(pause_s)
            try:
                connection = await self._database.take()
            except StorageUnavailable as error:
                if self._database.closing:
                    raise
                self._sender.failed(error)
                continue
            try:
                await with_stuck_limit(connection, _lock_both(connection, self._hall, self._days))
                landed = [await find_landed(connection, append) for append in appends]
                await roll_back(connection)
            except Exception as error:
                if unreachable(error):
                    connection.terminate()
                else:
                    await roll_back(connection)
                    raise_if_definite(error)
                if self._database.closing:
                    raise StorageUnavailable("closed before a move was answered") from error
                if unreachable(error):
                    self._sender.failed(error)
            else:
                assert landed.count(Lost()) in {0, len(landed)}, "both were written, or neither"
                return landed[-1]
            finally:
                self._database.give_back(connection)
        raise AssertionError("there is no last pause")


async def _lock_both(connection: Connection, hall: HallId, days: tuple[date, date]) -> dict[date, Position]:
    """Begin a transaction, lock the rows of the days in this order, and return the positions of those that exist."""
    await connection.execute(_BEGIN)
    positions = {}
    for day in days:
        for row in await connection.fetch(_SQL["lock_day"], hall, day):
            positions[day] = Position(row["seq"], str(row["head"]), row["at"], row["begun"])
    return positions
