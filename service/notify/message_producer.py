"""Create messages in the outbox from new events of the journal.

Each opened day has a cursor, also future days, because bookings are events of their day. One transaction locks the
cursor, reads the events after it, withdraws outdated messages, inserts the new ones and moves the cursor. If a process
dies in it, nothing has happened. If another process holds the cursor, the day is skipped. The unique key of messages
prevents duplicates. Outbox and journal are in the same database, so a restored backup restores both.

Only days with new events are read. Days that this process appends to are marked at once (`mark_changed`). All other
days are found by a scan of all halls every `SCAN_EVERY_S`, which also finds days whose mark was lost.

No event says that a ticket is near its call: this follows from the order of calls, which the lanes hold in memory. So
each run also checks the days in memory that have changed. The key of such a message has seq 0, so it is sent once, even
if several processes create it.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import structlog

from service.clock import Clock
from service.domain.day import Day
from service.domain.model import HallId
from service.domain.refusals import HallNotFound
from service.errors import StorageUnavailable as RimUnavailable
from service.journal.database import Database
from service.journal.faults import StorageUnavailable
from service.notify.model import Kind, MessageChannel
from service.notify.outbox import MessageSource, NewMessage, Outbox, Writer, new_messages
from service.notify.rules import NEAR_GRACE, DueMessage, facts_of_ticket, messages_of, tickets_near_call
from service.runtime.fault_isolation import isolated
from service.runtime.hall import Hall
from service.runtime.halls import Halls

SCAN_EVERY_S = 10.0
"""Interval of the scan: the delay of a message whose event another process appended without creating the message."""

SCAN_PAST_DAYS = timedelta(days=2)
"""Number of past days that are scanned; earlier days are over in every time zone."""

log = structlog.get_logger(__name__)


class MessageProducer:
    """Reads days and fills the outbox for the configured channels. `days` returns the days in use in this process."""

    def __init__(  # noqa: PLR0913, PLR0917  (its parts)
        self,
        database: Database,
        outbox: Outbox,
        halls: Halls,
        clock: Clock,
        channels: Collection[MessageChannel],
        days: Callable[[], Iterable[Day]],
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._halls = halls
        self._clock = clock
        self._channels = channels
        self._days = days
        self._changed: set[tuple[HallId, date]] = set()
        self._scanned_s = float("-inf")
        self._near_checked: dict[tuple[HallId, date], tuple[int, set[str]]] = {}

    def mark_changed(self, hall: HallId, on: date) -> None:
        """Note that this process appended events to a day. Never blocks."""
        self._changed.add((hall, on))

    async def run_once(self) -> None:
        """Create the messages of all days with new events. Raises the journal's StorageUnavailable."""
        changed, self._changed = self._changed, set()
        try:
            if self._clock.monotonic_s() - self._scanned_s >= SCAN_EVERY_S:
                scanned_s = self._clock.monotonic_s()
                known = [hall.id for hall in self._halls.known()]
                changed |= set(await self._outbox.changed_days(known, self.first_scanned_day()))
                self._scanned_s = scanned_s
            for hall, on in sorted(changed):
                # an internal error skips this day only; the next scan tries it again
                with isolated("gather_fault", hall, reraise=StorageUnavailable, day=str(on)):
                    await self.produce(hall, on)
                changed.discard((hall, on))
        finally:
            self._changed |= changed  # days not reached because of a fault are read in the next run
        days = [day for day in self._days() if day.opened and not day.ended and day.tickets]
        in_use = {(day.hall, day.on) for day in days}
        self._near_checked = {key: checked for key, checked in self._near_checked.items() if key in in_use}
        for day in days:
            with isolated("gather_fault", day.hall, reraise=StorageUnavailable, day=str(day.on)):
                await self._produce_near_call(day)

    def first_scanned_day(self) -> date:
        """Return the first day that is scanned."""
        return self._clock.now_at().date() - SCAN_PAST_DAYS

    async def produce(self, hall_id: HallId, on: date) -> int:
        """Create the messages of one day; return their number. Raises the journal's StorageUnavailable."""
        try:
            hall = await self._halls.get(hall_id)
        except HallNotFound:
            return 0
        except RimUnavailable as error:
            raise StorageUnavailable("the hall cannot be read") from error
        async with self._database.reading() as connection, connection.transaction():
            seq = await self._outbox.lock_cursor(connection, hall_id, on)
            return 0 if seq is None else await self._produce_after(connection, hall, on, seq)

    async def _produce_after(self, writer: Writer, hall: Hall, on: date, seq: int) -> int:
        now_at = self._clock.now_at()
        zone = ZoneInfo(hall.document.time_zone)
        day_seq, updates = await self._outbox.updates(writer, hall.id, on, seq)
        new: list[NewMessage] = []
        for update in updates:
            if update.applicant is not None and update.facts is not None:
                source = MessageSource(update.appointment, update.seq, update.applicant, update.facts)
                for due in messages_of(update, zone, now_at):
                    new += new_messages(source, due, self._channels)
        count = 0
        if updates:
            await self._outbox.withdraw(writer, hall.id, on, updates, now_at)
        if new:
            count = await self._outbox.insert(writer, hall.id, on, new, now_at)
        await self._outbox.move_cursor(writer, hall.id, on, day_seq)
        return count

    async def _produce_near_call(self, day: Day) -> None:
        """Create messages for the tickets near their call, if the day has changed since the last check."""
        seq, notified = self._near_checked.get((day.hall, day.on), (0, set()))
        if seq == day.seq:
            return
        now_at = self._clock.now_at()
        day_seq = day.seq
        found = [(ticket, ahead) for ticket, ahead in tickets_near_call(day, now_at) if ticket.id not in notified]
        new: list[NewMessage] = []
        for ticket, ahead in found:
            assert ticket.applicant is not None, "tickets_near_call yields tickets with an applicant"
            source = MessageSource(ticket.id, 0, ticket.applicant, facts_of_ticket(ticket, ahead))
            new += new_messages(source, DueMessage(Kind.NEAR, now_at, now_at + NEAR_GRACE), self._channels)
        if new:
            async with self._database.reading() as connection:
                await self._outbox.insert(connection, day.hall, day.on, new, now_at)
        else:
            await asyncio.sleep(0)  # let other tasks run between many halls
        self._near_checked[day.hall, day.on] = day_seq, notified | {ticket.id for ticket, _ in found}
