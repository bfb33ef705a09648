"""Appending: compare-and-set on a day's seq and head, until the answer is definite.

An answer that did not come says nothing: the statement may have committed, or be on its way. So it is sent again, the
same in every byte, on another connection, until one answer is definite. That is safe because an append can be claimed
once only: it moves `seq` and puts its own id into `head`. Claimed: done. Not claimed, and sent more than once: the
event after `seq` carries our append id, so an earlier sending landed, or another's, and ours is dead for ever. Not
claimed at the first sending: another was first. A deadlock or a failed serialization wrote nothing and is sent again
likewise.

An append has no timeout and is never cancelled: a cancelled wait for a synchronous standby *has* committed, so a
cancellation cannot be believed. It runs in a task of its own to its definite end, whatever becomes of who asked for it;
`sent` tells the asker when it is past recall. Before that, cancelling the asker withdraws it.

Who lost a race makes the next append under a `Claim`: the day's row is locked first, what was missed is read by a
separate statement (inside the locking one it would be seen as of before the wait), then decide, append, commit. A
holder that stalls is ended by the server after two seconds, so that the others go on.

What concerns two days at once, an appointment moved from one to the other, is a `DoubleClaim`: one transaction that
locks both rows, the earlier day's first, and makes two appends. When its COMMIT is not answered, both rows are locked
again: that waits for the end of the transaction that held them, and then both of its appends are there or neither.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date, datetime
from typing import Any

import asyncpg
import msgspec
from msgspec.structs import replace

from service.domain.events import Record
from service.domain.hall.document import HallDocument
from service.domain.model import LIVE, HallId
from service.journal.database import (
    Connection,
    Database,
    patiently,
    to_the_end,
    unavailable_when_unreachable,
    unreachable,
)
from service.journal.faults import (
    AppendRejected,
    ConstraintBroken,
    DayPassed,
    HallMissing,
    RecordsRefused,
    StorageUnavailable,
)
from service.journal.hall_documents import document_of
from service.journal.health import Well
from service.journal.read import continued
from service.journal.records import body_of, row_of
from service.journal.sql_files import statements
from service.journal.values import Append, Claimed, Lost, Position, Use
from service.primitives.ids import NIL
from service.primitives.tasks import start_eagerly

RESEND_PAUSE_MAX_S = 1.0  # between two sendings, after doubling from RESEND_PAUSE_S; there is no last one
RESEND_PAUSE_S = 0.02

_BEGIN = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '2s'"
_SQL = statements("append.sql")
_SINCE = statements("read.sql")["since"]
_encode = msgspec.json.Encoder().encode

_CONSTRAINT = re.compile(r'constraint "([^"]+)"')
_SHARD = re.compile(r"_\d{6,}$")

Sent = Callable[[int], None]
"""Told 1 just before an append is sent for the first time, 2 before the second sending, and so on.

What it raises when told 1 withdraws the append: nothing was sent, and the asker gets the exception.
"""


def _tell_nobody(_attempt: int) -> None:
    pass


class Appender:
    """Writes to the journal; `well` knows whether that works."""

    def __init__(self, database: Database) -> None:
        self.well = Well("appends")
        self._database = database
        self._unanswered: set[str] = set()  # appends that failed, and are sent again

    async def append(self, append: Append, sent: Sent = _tell_nobody) -> Claimed | Lost:
        """Write, and give the definite answer, however long it takes.

        Cancelled before it was sent, it is withdrawn; afterwards it goes on without the asker.

        Raises:
            ConstraintBroken: a rule kept by the database would be broken; nothing is written.
            RecordsRefused: a value cannot be stored; nothing is written.
            AppendRejected: the database refused it for another reason; nothing is written.
            StorageUnavailable: the database was closed by us before an answer came.
        """
        attempts = 0

        def tell(attempt: int) -> None:
            nonlocal attempts
            attempts = attempt
            sent(attempt)

        outcome: asyncio.Future[Claimed | Lost] = asyncio.get_running_loop().create_future()
        work = _told(outcome, self.until_definite(append, _arguments(append), tell))
        name = f"append {append.append_id}"
        # with a connection at hand the statement leaves now, and not after all that is ready to run
        task = start_eagerly(work, name) if self._database.at_hand else asyncio.create_task(work, name=name)
        self._database.keep(task)
        try:
            return await outcome
        except asyncio.CancelledError:
            if not attempts:
                task.cancel()
            raise

    async def until_definite(
        self, append: Append, arguments: tuple[object, ...], sent: Sent, attempt: int = 1
    ) -> Claimed | Lost:
        """Send until an answer is definite; `attempt` is the number of the next sending.

        To be run in a task of its own that is not cancelled once `sent` was told.
        """
        try:
            outcome = await self._sent_until_definite(append, arguments, sent, attempt)
        finally:
            self._unanswered.discard(append.append_id)
        if isinstance(outcome, Claimed):
            self.worked()
        return outcome

    async def _sent_until_definite(
        self, append: Append, arguments: tuple[object, ...], sent: Sent, attempt: int
    ) -> Claimed | Lost:
        pauses = _pauses()
        while True:
            try:
                connection = await self._database.take()
            except StorageUnavailable as error:
                if self._database.closing:
                    raise
                self._goes_on_failing(append, error)
                await asyncio.sleep(next(pauses))
                continue
            try:
                sent(attempt)
                attempt += 1
                at = await _claimed_at(connection, arguments)
                if at is not None:
                    return Claimed(at)
                if attempt == 2:
                    return Lost()
                return await _landed(connection, append)
            except Exception as error:
                if unreachable(error):
                    connection.terminate()
                else:
                    _raise_if_definite(error)
                if self._database.closing:
                    raise StorageUnavailable("closed before an append was answered") from error
                if unreachable(error):
                    self._goes_on_failing(append, error)
            finally:
                self._database.give_back(connection)
            await asyncio.sleep(next(pauses))

    def _goes_on_failing(self, append: Append, error: Exception) -> None:
        self._unanswered.add(append.append_id)
        self.failed(error)

    def failed(self, error: Exception) -> None:
        """Note that the database did not take what was to be written."""
        self._database.tell(error)
        self.well.failed(error)

    def worked(self) -> None:
        """Note that something was written; appends work when no other is unanswered."""
        if not self._unanswered:
            self.well.worked()

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Note that the database cannot be used inside, unless it is we who close it."""
        try:
            yield
        except StorageUnavailable as error:
            if not self._database.closing:
                self.failed(error)
            raise

    @asynccontextmanager
    async def claim(self, hall: HallId, day: date) -> AsyncIterator["Claim | None"]:
        """Hold a day's row, waiting for it if need be, for one append; None when the day is not opened.

        Raises:
            StorageUnavailable: no answer; nothing is written.
        """
        with self._noting():
            claim = Claim(self, self._database, hall, day, await self._database.take())
            try:
                yield claim if await claim.hold() else None
                await claim.let_go()
            finally:
                claim.leave()

    @asynccontextmanager
    async def claim_both(self, hall: HallId, days: tuple[date, date]) -> AsyncIterator["DoubleClaim | None"]:
        """Hold the rows of two days, the earlier first, for an append to each; None when one is not opened.

        Raises:
            StorageUnavailable: no answer; nothing is written.
        """
        with self._noting():
            claim = DoubleClaim(self, self._database, hall, days, await self._database.take())
            try:
                yield claim if await claim.hold() else None
                await claim.let_go()
            finally:
                claim.leave()

    async def open_day(  # noqa: PLR0913  (the last two by name)
        self,
        hall: HallId,
        day: date,
        append_id: str,
        first: Callable[[HallDocument, int], Record],
        *,
        begins: bool = True,
        goes_on: Sequence[Record] = (),
    ) -> bool:
        """Open a day with the event made from the hall's document and revision, unless it is open; begin it, too.

        The document cannot change between its reading and the day's opening. Days are opened in any order, for people
        book far ahead, but they begin in order: the hall's row is held, so that of two processes that begin two days at
        once the second sees what the first has begun. What goes on from the day before is written by whoever begins it,
        in the same transaction: nobody else's command is there before, and a day that has begun has all of it.

        Args:
            hall: whose day.
            day: which one.
            append_id: a new UUID, for the append of its first event, or of what goes on.
            first: makes that event.
            begins: whether it is the present day, which begins; else it is only booked on.
            goes_on: what is in force from its beginning, in order; `seq` and `at` become those that follow there.

        Returns:
            Whether this call opened it.

        Raises:
            HallMissing: there is no such hall.
            UnknownKind: a newer release wrote its document.
            DayPassed: it has not begun, and a later one has: who asks has a late clock.
            StorageUnavailable: no answer; the day may be open, and begun, or not: ask again.
        """
        with self._noting():
            opened = await self._open_day(hall, day, append_id, first, goes_on, begins=begins)
        if opened:
            self.worked()
        return opened

    async def _open_day(  # noqa: PLR0913  (as `open_day`)
        self,
        hall: HallId,
        day: date,
        append_id: str,
        first: Callable[[HallDocument, int], Record],
        goes_on: Sequence[Record],
        *,
        begins: bool,
    ) -> bool:
        async with self._database.reading() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL["document_held"], hall)
            if row is None:
                raise HallMissing(hall)
            if await connection.fetchrow(_SQL["open_day"], hall, day, begins) is None:
                if begins:
                    begun_now = await connection.fetchrow(_SQL["begin_day"], hall, day)
                    if begun_now is not None and goes_on:
                        seq, head = begun_now["seq"], str(begun_now["head"])
                        at = await connection.fetchval(_SQL["at"], hall, day, seq)
                        records = _following(goes_on, seq, at)
                        append = Append(hall=hall, day=day, seq=seq, head=head, append_id=append_id, records=records)
                        written = await connection.fetchval(_SQL["append"], *_arguments(append))
                        assert written is not None, "the row of a day begun in this transaction is held by it"
                has_begun = await connection.fetchval(_SQL["begun"], hall, day)
                if has_begun is None or (begins and not has_begun):
                    raise DayPassed(f"{hall} has begun a day after {day}")
                return False
            record = first(document_of(hall, row["document"]), row["revision"])
            append = Append(
                hall=hall,
                day=day,
                seq=0,
                head=NIL,
                append_id=append_id,
                records=[record, *(_following(goes_on, record.seq, record.at) if begins else ())],
                revision=row["revision"],
            )
            at = await connection.fetchval(_SQL["append"], *_arguments(append))
            assert at is not None, "a day begun in this transaction is nobody else's"
            return True


def _following(records: Sequence[Record], seq: int, at: datetime) -> list[Record]:
    """Events as they follow one of a day: numbered from there, and never before it."""
    return [replace(record, seq=nth, at=max(record.at, at)) for nth, record in enumerate(records, seq + 1)]


class _Holding:
    """A connection whose transaction holds rows, until it is let go or has appended."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection: Connection | None = connection

    async def let_go(self) -> None:
        """End the claim, if it has not appended."""
        if self._connection is not None:
            await _roll_back(self._connection)
            self._database.give_back(self._connection)
            self._connection = None

    def leave(self) -> None:
        """End the claim whatever its connection is doing, if it has not appended: the server lets go by itself."""
        if self._connection is not None:
            self._connection.terminate()
            self._database.give_back(self._connection)
            self._connection = None

    def _held(self) -> Connection:
        assert self._connection is not None, "the claim is over"
        return self._connection


class Claim(_Holding):
    """A day's row, held: until it is let go or has appended nobody else appends to this day."""

    position: Position

    def __init__(self, appender: Appender, database: Database, hall: HallId, day: date, connection: Connection) -> None:
        super().__init__(database, connection)
        self._appender = appender
        self._hall = hall
        self._day = day

    async def hold(self) -> bool:
        """Lock the row; tell whether there is one."""
        await self._execute(_BEGIN)
        rows = await self._fetch(_SQL["claim"], self._hall, self._day)
        if rows:
            self.position = Position(rows[0]["seq"], str(rows[0]["head"]), rows[0]["at"], rows[0]["begun"])
        return bool(rows)

    async def since(self, seq: int, head: str) -> tuple[list[Record], Position]:
        """Read what came after the events the reader knows, up to the row as it is held.

        Raises:
            Rewritten: the journal is not the one the reader knows.
            UnknownKind: a newer release wrote an event.
            StorageUnavailable: no answer; the claim is over.
        """
        return continued(await self._fetch(_SINCE, self._hall, self._day, seq), head)

    async def append(self, append: Append, sent: Sent = _tell_nobody) -> Claimed | Lost:
        """Write, commit and let go; the answer is definite, as `Appender.append`'s is. The claim is over then.

        Raises:
            ConstraintBroken, RecordsRefused, AppendRejected, StorageUnavailable: as `Appender.append`.
        """
        arguments = _arguments(append)
        connection, self._connection = self._held(), None
        outcome: asyncio.Future[Claimed | Lost] = asyncio.get_running_loop().create_future()
        work = _told(outcome, self._append_and_commit(connection, append, arguments, sent))
        self._database.keep(start_eagerly(work, f"claimed append {append.append_id}"))
        return await outcome

    async def _append_and_commit(
        self, connection: Connection, append: Append, arguments: tuple[object, ...], sent: Sent
    ) -> Claimed | Lost:
        try:
            sent(1)
            at = await _claimed_at(connection, arguments)
            if at is None:
                await _roll_back(connection)
                return Lost()
            await patiently(connection, connection.execute("COMMIT"))
            self._appender.worked()
            return Claimed(at)
        except Exception as error:  # noqa: BLE001  (what is not worth another sending is raised again)
            if unreachable(error):
                connection.terminate()
                self._appender.failed(error)
            else:
                await _roll_back(connection)
                _raise_if_definite(error)
        finally:
            self._database.give_back(connection)
        # the outcome is unknown, and the row is no longer ours: from here on it is an append like any other
        return await self._appender.until_definite(append, arguments, sent, attempt=2)

    async def _execute(self, sql: str) -> None:
        connection = self._held()
        with unavailable_when_unreachable():
            await to_the_end(connection, connection.execute(sql))

    async def _fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        connection = self._held()
        with unavailable_when_unreachable():
            return await to_the_end(connection, connection.fetch(sql, *arguments))


class DoubleClaim(_Holding):
    """The rows of two days of a hall, held: until they are let go or have been appended to, nobody else appends."""

    def __init__(
        self, appender: Appender, database: Database, hall: HallId, days: tuple[date, date], connection: Connection
    ) -> None:
        assert days[0] < days[1], "rows are locked in date order, or two moves could wait for each other"
        super().__init__(database, connection)
        self._appender = appender
        self._hall = hall
        self._days = days
        self.positions: dict[date, Position] = {}

    async def hold(self) -> bool:
        """Lock both rows; tell whether they exist."""
        connection = self._held()
        with unavailable_when_unreachable():
            self.positions = await to_the_end(connection, _hold_both(connection, self._hall, self._days))
        return len(self.positions) == len(self._days)

    async def since(self, day: date, seq: int, head: str) -> tuple[list[Record], Position]:
        """Read what came on a day after the events the reader knows, up to its row as it is held.

        Raises:
            Rewritten: the journal is not the one the reader knows.
            UnknownKind: a newer release wrote an event.
            StorageUnavailable: no answer; the claim is over.
        """
        connection = self._held()
        with unavailable_when_unreachable():
            rows = await to_the_end(connection, connection.fetch(_SINCE, self._hall, day, seq))
        return continued(rows, head)

    async def append(self, appends: tuple[Append, Append], sent: Sent = _tell_nobody) -> Claimed | Lost:
        """Write both, commit and let go; the answer is definite, however long it takes. The claim is over then.

        Returns:
            Claimed with both written, or Lost with neither.

        Raises:
            ConstraintBroken, RecordsRefused, AppendRejected: as `Appender.append`; nothing is written.
            StorageUnavailable: the database was closed by us before an answer came.
        """
        arguments = [_arguments(append) for append in appends]
        connection, self._connection = self._held(), None
        outcome: asyncio.Future[Claimed | Lost] = asyncio.get_running_loop().create_future()
        work = _told(outcome, self._append_and_commit(connection, appends, arguments, sent))
        self._database.keep(start_eagerly(work, f"double append {appends[0].append_id}"))
        return await outcome

    async def _append_and_commit(
        self,
        connection: Connection,
        appends: tuple[Append, Append],
        arguments: list[tuple[object, ...]],
        sent: Sent,
    ) -> Claimed | Lost:
        try:
            sent(1)
            ats = [await _claimed_at(connection, one) for one in arguments]
            if None in ats:
                await _roll_back(connection)
                return Lost()
            await patiently(connection, connection.execute("COMMIT"))
            assert ats[-1] is not None
            self._appender.worked()
            return Claimed(ats[-1])
        except Exception as error:  # noqa: BLE001  (what is not worth another look is raised again)
            if unreachable(error):
                connection.terminate()
                self._appender.failed(error)
            else:
                await _roll_back(connection)
                _raise_if_definite(error)
        finally:
            self._database.give_back(connection)
        return await self._look(appends)

    async def _look(self, appends: tuple[Append, Append]) -> Claimed | Lost:
        """Find out what became of a transaction whose end was not answered.

        It held both rows from its beginning on. Who has them is alone: that transaction is over, and cannot come back.
        """
        for pause_s in _pauses():
            await asyncio.sleep(pause_s)
            try:
                connection = await self._database.take()
            except StorageUnavailable as error:
                if self._database.closing:
                    raise
                self._appender.failed(error)
                continue
            try:
                await patiently(connection, _hold_both(connection, self._hall, self._days))
                landed = [await _landed(connection, append) for append in appends]
                await _roll_back(connection)
            except Exception as error:
                if unreachable(error):
                    connection.terminate()
                else:
                    await _roll_back(connection)
                    _raise_if_definite(error)
                if self._database.closing:
                    raise StorageUnavailable("closed before a move was answered") from error
                if unreachable(error):
                    self._appender.failed(error)
            else:
                assert landed.count(Lost()) in {0, len(landed)}, "both were written, or neither"
                return landed[-1]
            finally:
                self._database.give_back(connection)
        raise AssertionError("there is no last pause")


async def _hold_both(connection: Connection, hall: HallId, days: tuple[date, date]) -> dict[date, Position]:
    """Begin a transaction and lock the days' rows in it; the positions of those there are."""
    await connection.execute(_BEGIN)
    positions = {}
    for day in days:
        for row in await connection.fetch(_SQL["claim"], hall, day):
            positions[day] = Position(row["seq"], str(row["head"]), row["at"], row["begun"])
    return positions


def _pauses() -> Iterator[float]:
    """Between two sendings: none at first, for the server is often there and only the connection was lost."""
    yield 0.0
    pause_s = RESEND_PAUSE_S
    while True:
        yield pause_s
        pause_s = min(pause_s * 2, RESEND_PAUSE_MAX_S)


async def _told(outcome: "asyncio.Future[Claimed | Lost]", work: Coroutine[Any, Any, Claimed | Lost]) -> None:
    """Tell what came of the work to who waits for it, if somebody still does."""
    try:
        definite = await work
    except asyncio.CancelledError:
        outcome.cancel()
        raise
    except Exception as error:  # noqa: BLE001  (it is the asker's)
        if not outcome.done():
            outcome.set_exception(error)
    else:
        if not outcome.done():
            outcome.set_result(definite)


async def _claimed_at(connection: Connection, arguments: tuple[object, ...]) -> datetime | None:
    rows = await patiently(connection, connection.fetch(_SQL["append"], *arguments))
    at: datetime | None = rows[0][0]
    return at


async def _landed(connection: Connection, append: Append) -> Claimed | Lost:
    """The answer to an append that was sent more than once and did not claim this time."""
    rows = await patiently(
        connection,
        connection.fetch(_SQL["landed"], append.hall, append.day, append.seq + 1, append.append_id),
    )
    return Claimed(rows[0]["at"]) if rows[0]["landed"] else Lost()


async def _roll_back(connection: Connection) -> None:
    try:
        await to_the_end(connection, connection.execute("ROLLBACK"))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        connection.terminate()  # the server rolls back as well


def _raise_if_definite(error: Exception) -> None:
    """Raise what a refusal by the database means; return for one that is worth another sending.

    The database's own words are left out: they may quote a row, and a row may hold personal data.
    """
    if isinstance(error, asyncpg.PostgresError):
        sqlstate = error.sqlstate or ""
        match sqlstate[:2]:
            case "40" | "55":  # deadlock, failed serialization, lock not available
                return
            case "23":
                name = _rule(error)
                raise ConstraintBroken(name, f"{name} would be broken", sqlstate) from None
            case "22" | "54":  # not storable, larger than the limits
                raise RecordsRefused(f"a value cannot be stored ({sqlstate})", sqlstate) from None
            case _:
                raise AppendRejected(f"{type(error).__name__} ({sqlstate})", sqlstate) from None
    if isinstance(error, ValueError):  # asyncpg cannot encode it
        raise RecordsRefused("a value is not what its column holds") from None
    raise error


def _rule(error: asyncpg.PostgresError) -> str:
    """The constraint's name, without the shard number Citus adds; a column's where a value is missing."""
    quoted = _CONSTRAINT.search(str(error.args[0]) if error.args else "")
    name = error.constraint_name or (quoted[1] if quoted else None) or error.column_name or "unnamed"
    return _SHARD.sub("", str(name))


def _uses(append: Append) -> list[Use]:
    """Whose invitations are used and given back; the ticket of an appointment uses the appointment's."""
    return [
        Use(one.invitation, one.id, one.state in LIVE) for one in append.appointments if one.invitation is not None
    ] + [
        Use(ticket.invitation, ticket.appointment or ticket.id, used=True)
        for ticket in append.tickets
        if ticket.invitation is not None
    ]


def _arguments(append: Append) -> tuple[object, ...]:
    """The statement's arguments: the rows as JSON."""
    records = append.records
    assert records, "an append has events"
    assert records[0].seq == append.seq + 1, "events are numbered from the one after seq"
    try:
        return (
            append.hall,
            append.day,
            append.seq,
            records[-1].seq,
            append.head,
            append.append_id,
            _encode([row_of(record) for record in records]).decode(),
            [body_of(record.event) for record in records],
            _encode(append.tickets).decode() if append.tickets else None,
            _encode(append.applicants).decode() if append.applicants else None,
            _encode(append.appointments).decode() if append.appointments else None,
            _encode(uses).decode() if (uses := _uses(append)) else None,
            append.revision,
            None if append.booked is None else append.booked.decode(),
            None if append.sum_change is None else append.sum_change.decode(),
        )
    except ValueError:
        raise RecordsRefused("a text is not Unicode") from None
