"""Appends to the journal: compare-and-set on `seq` and `head` of a day.

`append_sender` explains how every append gets a definite outcome, `day_locks` how a day is locked after a lost race,
and `day_opening` how a day begins.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date

from service.domain.events import Record
from service.domain.model import HallId
from service.journal.append_sender import AppendSender, OnSend, deliver_outcome, ignore_sending
from service.journal.append_statement import append_arguments
from service.journal.day_locks import DayLock, TwoDayLock
from service.journal.day_opening import DayOpening, FirstRecord, open_day
from service.journal.faults import StorageUnavailable
from service.journal.values import Append, Committed, Lost
from service.primitives.tasks import start_eagerly


class Appender(AppendSender):
    """Writes to the journal; `health` tells whether that works."""

    async def append(self, append: Append, on_send: OnSend = ignore_sending) -> Committed | Lost:
        """Write, and return the definite outcome, however long it takes.

        A caller that is cancelled before the first sending withdraws the append. Afterwards the append goes on without
        the caller.

        Raises:
            ConstraintBroken: a constraint of the database would be violated; nothing is written.
            RecordsRefused: a value cannot be stored; nothing is written.
            AppendRejected: the database rejected it for another reason; nothing is written.
            StorageUnavailable: this process closed the database before an answer came.
        """
        attempts = 0

        def count_and_call(attempt: int) -> None:
            nonlocal attempts
            attempts = attempt
            on_send(attempt)

        outcome: asyncio.Future[Committed | Lost] = asyncio.get_running_loop().create_future()
        work = deliver_outcome(outcome, self.until_definite(append, append_arguments(append), count_and_call))
        name = f"append {append.append_id}"
        # With an idle connection the statement is sent now, and not after all tasks that are ready to run.
        task = start_eagerly(work, name) if self._database.has_idle_connection else asyncio.create_task(work, name=name)
        self._database.track(task)
        try:
            return await outcome
        except asyncio.CancelledError:
            if not attempts:
                task.cancel()
            raise

    @asynccontextmanager
    async def lock_day(self, hall: HallId, day: date) -> AsyncIterator[DayLock | None]:
        """Lock the row of a day for one append; `None` if the day is not opened.

        Raises:
            StorageUnavailable: no answer; nothing is written.
        """
        with self._recording_failures():
            lock = DayLock(self, self._database, hall, day, await self._database.take())
            try:
                yield lock if await lock.acquire() else None
                await lock.release()
            finally:
                lock.abandon()

    @asynccontextmanager
    async def lock_days(self, hall: HallId, days: tuple[date, date]) -> AsyncIterator[TwoDayLock | None]:
        """Lock the rows of two days, the earlier first, for an append to each; `None` if one is not opened.

        Raises:
            StorageUnavailable: no answer; nothing is written.
        """
        with self._recording_failures():
            lock = TwoDayLock(self, self._database, hall, days, await self._database.take())
            try:
                yield lock if await lock.acquire() else None
                await lock.release()
            finally:
                lock.abandon()

    async def open_day(  # noqa: PLR0913  (the last two by name)
        self,
        hall: HallId,
        day: date,
        append_id: str,
        first: FirstRecord,
        *,
        begins: bool = True,
        carried_over: Sequence[Record] = (),
    ) -> bool:
        """Open a day with its first event, unless it is open; begin it if `begins`.

        Args:
            hall: the hall.
            day: the date.
            append_id: a new UUID, for the append of the first event or of the events that carry over.
            first: makes the first event from the hall's document and revision.
            begins: whether this is the present day; otherwise the day can only be booked.
            carried_over: events in force from the beginning of the day, in order; they get the next `seq` of the day,
                and an `at` that is not before the event before them.

        Returns:
            Whether this call opened it.

        Raises:
            HallMissing: the hall does not exist.
            UnknownKind: a newer release wrote its document.
            DayPassed: a later day has begun, and this one has not: the caller's clock is late.
            StorageUnavailable: no answer; the day may be open and begun, or not: call again.
        """
        opening = DayOpening(hall, day, append_id, first, begins, carried_over)
        with self._recording_failures():
            async with self._database.reading() as connection, connection.transaction():
                opened = await open_day(connection, opening)
        if opened:
            self.worked()
        return opened

    @contextmanager
    def _recording_failures(self) -> Iterator[None]:
        """Record that the database cannot be used, unless this process is closing it."""
        try:
            yield
        except StorageUnavailable as error:
            if not self._database.closing:
                self.failed(error)
            raise
