"""Gathering: what happened becomes messages in the outbox.

Each day that is opened has a cursor, also those far ahead, for bookings lie there. In one transaction the cursor is
held, what came after it is read, what is not true any more is withdrawn, the new messages are put in and the cursor is
moved. A process that dies anywhere in it has done nothing; another that comes at the same time finds the cursor held
and goes on; and what was put in twice all the same would be refused by its key. Outbox and journal are in one database,
so a database that is put back to an earlier copy has put back both.

Only days that moved are read. Those that this process appends to are known at once (`moved`), all others by a look at
all halls every `SCAN_EVERY_S`, which is the net as well.

That a ticket is near its call is no event: it follows from the order of calls, which the lanes have in memory. Whoever
appends to a day looks after each append; the key of that message has no seq, so it is sent once whoever finds out.
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
"""How late a message may be whose event another process wrote and could not gather."""

SCAN_PAST_DAYS = timedelta(days=2)
"""Days before are over in every zone."""

log = structlog.get_logger(__name__)


class MessageProducer:
    """Reads days and fills the outbox, for the channels there are.

    `days` are the days in use in this process.
    """

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
        self._moved: set[tuple[HallId, date]] = set()
        self._looked_s = float("-inf")
        self._near: dict[tuple[HallId, date], tuple[int, set[str]]] = {}

    def moved(self, hall: HallId, on: date) -> None:
        """Say that this process appended to a day. Never waits."""
        self._moved.add((hall, on))

    async def run_once(self) -> None:
        """Gather from every day that moved. Raises the journal's StorageUnavailable."""
        moved, self._moved = self._moved, set()
        try:
            if self._clock.monotonic_s() - self._looked_s >= SCAN_EVERY_S:
                looked_s = self._clock.monotonic_s()
                moved |= set(await self._outbox.moved([hall.id for hall in self._halls.known()], self.look_from()))
                self._looked_s = looked_s
            for hall, on in sorted(moved):
                # a fault of ours costs this day, not the others, and is met again at the next look
                with isolated("gather_fault", hall, reraise=StorageUnavailable, day=str(on)):
                    await self.gather(hall, on)
                moved.discard((hall, on))
        finally:
            self._moved |= moved  # what a fault left out is gathered next time
        days = [day for day in self._days() if day.opened and not day.ended and day.tickets]
        in_use = {(day.hall, day.on) for day in days}
        self._near = {key: seen for key, seen in self._near.items() if key in in_use}
        for day in days:
            with isolated("gather_fault", day.hall, reraise=StorageUnavailable, day=str(day.on)):
                await self._look_who_is_near(day)

    def look_from(self) -> date:
        """The first day that is still looked at."""
        return self._clock.now_at().date() - SCAN_PAST_DAYS

    async def gather(self, hall_id: HallId, on: date) -> int:
        """Gather from one day; return how many messages are new. Raises the journal's StorageUnavailable."""
        try:
            hall = await self._halls.get(hall_id)
        except HallNotFound:
            return 0
        except RimUnavailable as error:
            raise StorageUnavailable("the hall cannot be read") from error
        async with self._database.reading() as connection, connection.transaction():
            seq = await self._outbox.hold_cursor(connection, hall_id, on)
            return 0 if seq is None else await self._gather_after(connection, hall, on, seq)

    async def _gather_after(self, writer: Writer, hall: Hall, on: date, seq: int) -> int:
        now_at = self._clock.now_at()
        zone = ZoneInfo(hall.document.time_zone)
        day_seq, touched = await self._outbox.news(writer, hall.id, on, seq)
        new: list[NewMessage] = []
        for one in touched:
            if one.applicant is not None and one.facts is not None:
                about = MessageSource(one.appointment, one.seq, one.applicant, one.facts)
                for due in messages_of(one, zone, now_at):
                    new += new_messages(about, due, self._channels)
        count = 0
        if touched:
            await self._outbox.withdraw(writer, hall.id, on, touched, now_at)
        if new:
            count = await self._outbox.put(writer, hall.id, on, new, now_at)
        await self._outbox.move_cursor(writer, hall.id, on, day_seq)
        return count

    async def _look_who_is_near(self, day: Day) -> None:
        """Put in who is near their call now, if the day has moved since it was looked at."""
        seq, told = self._near.get((day.hall, day.on), (0, set()))
        if seq == day.seq:
            return
        now_at = self._clock.now_at()
        day_seq = day.seq
        found = [(ticket, ahead) for ticket, ahead in tickets_near_call(day, now_at) if ticket.id not in told]
        new: list[NewMessage] = []
        for ticket, ahead in found:
            assert ticket.applicant is not None, "messages are for somebody"
            about = MessageSource(ticket.id, 0, ticket.applicant, facts_of_ticket(ticket, ahead))
            new += new_messages(about, DueMessage(Kind.NEAR, now_at, now_at + NEAR_GRACE), self._channels)
        if new:
            async with self._database.reading() as connection:
                await self._outbox.put(connection, day.hall, day.on, new, now_at)
        else:
            await asyncio.sleep(0)  # many halls are looked at one after another: others get their turn
        self._near[day.hall, day.on] = day_seq, told | {ticket.id for ticket, _ in found}
