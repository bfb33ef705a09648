"""Follow the events of a hall's present day, in order and without gaps, as they are committed.

**One cursor per hall.** Each followed hall has one position in this process, whatever the number of subscribers. Events
are read from it by `seq`; appends of a day commit in the order of `seq`, so there are no gaps. A hint (`commit_hints`)
only says that reading is worthwhile. A poll each second looks at all followed halls in one query. It finds events whose
hint was lost, continues after an outage, and detects a rewritten journal.

**Own appends** need not be read: `appended` takes them over. An append is a compare-and-set, so a cursor at its start
has missed nothing and moves to its end. A cursor elsewhere waits for the hint, as for appends of other processes. A
read that was running at that time is outdated and is repeated.

**Changes.** A subscriber first gets the whole day (`Loaded`: fold from the beginning), then new events (`Moved`: fold
on). `Loaded` comes again when the next day becomes the current one, when the journal was rewritten, and when the
subscriber did not take its events for too long. The current day is the earliest day that has begun and not ended, or
the last one if all have ended. Days ahead that only have bookings are ignored.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import date, datetime

from msgspec import Struct

from service.domain.events import DayEnded, Record
from service.domain.model import HallId
from service.journal.commit_hints import CommitHints
from service.journal.database import Database
from service.journal.faults import Rewritten, StorageUnavailable
from service.journal.health import Health
from service.journal.read import Reader
from service.journal.sql_files import statements
from service.journal.values import Append, DayRow, Position

POLL_S = 1.0  # longest delay of an event whose hint was lost
RETRY_S = 0.5  # pause between two attempts to load a day
UNTAKEN_MAX = 10_000  # events that wait for one subscriber; beyond it the subscriber loads the day again

_POLL = statements("follow.sql")["poll"]


class Loaded(Struct, frozen=True):
    """All events of a day: start a new fold. Other subscribers of the hall get the same list object."""

    day: date
    records: Sequence[Record]
    position: Position


class Moved(Struct, frozen=True):
    """The events since the last change."""

    records: Sequence[Record]
    position: Position


Change = Loaded | Moved


class Follower:
    """Follows halls. Changes come only while `run` is running.

    `alive_at` is the monotonic time of the last answer of PostgreSQL: boards are correct as of this time.
    """

    def __init__(self, database: Database, hints: CommitHints, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.alive_at = float("-inf")
        self._database = database
        self._reader = Reader(database)
        self._hints = hints
        self._health = Health("follower")
        self._monotonic = monotonic
        self._halls: dict[HallId, _Cursor] = {}
        self._group: asyncio.TaskGroup | None = None
        hints.listen(self._on_hint)

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for hall in self._halls.values():
                hall.begin(group)
            try:
                while True:
                    await self.poll()
                    await asyncio.sleep(POLL_S)
            finally:
                self._group = None

    async def follow(self, name: HallId) -> AsyncGenerator[Change, None]:
        """Yield the changes of a hall, without end; a hall without a day has no changes until one has begun.

        Raises:
            UnknownKind: a newer release wrote an event that this one cannot read.
            Exception: the hall cannot be read, for example because of a damaged disk block.
        """
        hall = self._halls.get(name)
        if hall is None:
            hall = self._halls[name] = _Cursor(name, self._reader, self._answered)
            self._hints.watch(name)
            if self._group is not None:
                hall.begin(self._group)
        inbox = _Inbox(hall)
        hall.inboxes.add(inbox)
        try:
            while True:
                yield await inbox.take()
        finally:
            hall.inboxes.discard(inbox)
            if not hall.inboxes:
                hall.end()
                del self._halls[name]
                self._hints.unwatch(name)

    async def poll(self) -> None:
        """Compare all positions with the database once, and wake the halls that must read."""
        halls = list(self._halls.values())
        try:
            rows = await self._database.fetch(
                _POLL,
                [hall.name for hall in halls],
                [hall.day or date.min for hall in halls],
                [hall.day is None or hall.ended for hall in halls],
            )
        except StorageUnavailable as error:
            self._health.failed(error)
            return
        self._health.worked()
        self._answered()
        found = {(row["hall_id"], row["day"]): (row["seq"], str(row["head"])) for row in rows}
        moved = {name for name, _ in found.keys() - {(hall.name, hall.day) for hall in halls}}
        for hall in halls:
            known = hall.position and (hall.position.seq, hall.position.head)
            if hall.name in moved or found.get((hall.name, hall.day)) != known:
                hall.woken.set()

    def appended(self, written: Append, at: datetime) -> None:
        """Take over an append of this process that was committed at `at`, by the database's clock."""
        hall = self._halls.get(written.hall)
        if hall is not None:
            hall.appended(written, at)

    def _on_hint(self, name: HallId, day: date, seq: int) -> None:
        hall = self._halls.get(name)
        if hall is not None and not hall.knows(day, seq):
            hall.woken.set()

    def _answered(self) -> None:
        self.alive_at = self._monotonic()


class _Cursor:
    """The position of a followed hall, shared by all subscribers of the process."""

    def __init__(self, name: HallId, reader: Reader, answered: Callable[[], None]) -> None:
        self.name = name
        self.day: date | None = None
        self.position: Position | None = None
        self.ended = False
        self.inboxes: set[_Inbox] = set()
        self.woken = asyncio.Event()
        self.woken.set()
        self._reader = reader
        self._answered = answered
        self._task: asyncio.Task[None] | None = None
        self._loading: dict[tuple[date, str], asyncio.Task[list[Record]]] = {}

    def begin(self, group: asyncio.TaskGroup) -> None:
        """Start the task that reads when `woken` is set."""
        self._task = group.create_task(self._run(), name=f"follow {self.name}")

    def end(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
        for loading in self._loading.values():
            loading.cancel()

    def knows(self, day: date, seq: int) -> bool:
        """Tell whether a hint is outdated. A hint of a later day is not: this day may have ended."""
        if self.day is None or self.position is None:
            return False
        return day < self.day or (day == self.day and seq <= self.position.seq)

    def appended(self, written: Append, at: datetime) -> None:
        """Take over an append that starts at the cursor; any other append is read after its hint."""
        stands = self.position
        if stands is None or (self.day, stands.seq, stands.head) != (written.day, written.seq, written.head):
            return
        self._answered()
        self._move_on(written.records, Position(written.seq + len(written.records), written.append_id, at))
        if self.ended:
            self.woken.set()  # a later day may have begun

    def _move_on(self, records: Sequence[Record], position: Position) -> None:
        """Give the events up to `position` to all subscribers."""
        self.position = position
        if records:
            self.ended = isinstance(records[-1].event, DayEnded)
            for inbox in self.inboxes:
                inbox.put(records, position)

    async def load(self, day: date, position: Position) -> list[Record]:
        """Load the day up to a position, once for all subscribers that need it at the same time."""
        key = (day, position.head)
        loading = self._loading.get(key)
        if loading is None:
            loading = self._loading[key] = asyncio.create_task(self._read(day, position), name=f"load {self.name}")
            loading.add_done_callback(lambda _: self._loading.pop(key))
        return await asyncio.shield(loading)

    async def _read(self, day: date, position: Position) -> list[Record]:
        records: list[Record] = []
        async for chunk in self._reader.load(self.name, day, position):
            records += chunk
            self._answered()
        return records

    async def _run(self) -> None:
        while True:
            await self.woken.wait()
            self.woken.clear()
            try:
                await self._read_news()
            except StorageUnavailable:
                continue  # the poll sets `woken` when PostgreSQL is back
            except Exception as fault:  # noqa: BLE001  (the subscribers of this hall get it; other halls are not affected)
                for inbox in self.inboxes:
                    inbox.stop(fault)
            self._answered()

    async def _read_news(self) -> None:
        """Read the new events, and change to the current day if it is another one."""
        if self.day is not None and self.position is not None:
            asked = self.position
            try:
                records, position = await self._reader.since(self.name, self.day, asked.seq, asked.head)
            except Rewritten:
                self.day = self.position = None
            else:
                if self.position is not asked:  # an append of this process has moved the cursor meanwhile
                    self.woken.set()
                    return
                self._move_on(records, position)
        if self.day is None or self.ended:
            current = _current(await self._reader.latest_days(self.name))
            if current is not None and current.day != self.day:
                self.day, self.position, self.ended = current.day, current.position, current.ended
                for inbox in self.inboxes:
                    inbox.restart()


def _current(days: list[DayRow]) -> DayRow | None:
    """Return the earliest begun day that has not ended, or the last begun day; `days` are newest first."""
    begun = [row for row in days if row.begun]
    return next((row for row in reversed(begun) if not row.ended), begun[0] if begun else None)


class _Inbox:
    """The changes that one subscriber has not taken yet."""

    def __init__(self, cursor: _Cursor) -> None:
        self._cursor = cursor
        self._must_load = True
        self._records: list[Record] = []
        self._position: Position | None = None
        self._fault: Exception | None = None
        self._changed = asyncio.Event()
        if cursor.position is not None:
            self._changed.set()

    def put(self, records: Sequence[Record], position: Position) -> None:
        """Add events."""
        self._records += records
        self._position = position
        if len(self._records) > UNTAKEN_MAX:
            self.restart()
        self._changed.set()

    def restart(self) -> None:
        """Drop all events; the day is loaded again."""
        self._must_load = True
        self._records = []
        self._changed.set()

    def stop(self, fault: Exception) -> None:
        """Let `take` raise a fault."""
        self._fault = fault
        self._changed.set()

    async def take(self) -> Change:
        """Wait for the next change and return it."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._fault is not None:
                raise self._fault
            if self._must_load:
                loaded = await self._load()
                if loaded is not None:
                    return loaded
            elif self._records and self._position is not None:
                records, self._records = self._records, []
                return Moved(records, self._position)

    async def _load(self) -> Loaded | None:
        """Load the day up to the cursor; `None` if the cursor was reset meanwhile, or the day cannot be read now."""
        day, position = self._cursor.day, self._cursor.position
        if day is None or position is None:
            return None
        self._must_load = False  # events that arrive from now on are after `position`
        self._records = []
        try:
            records = await self._cursor.load(day, position)
        except (StorageUnavailable, Rewritten):
            self._must_load = True
            self._cursor.woken.set()
            await asyncio.sleep(RETRY_S)
            self._changed.set()
            return None
        if self._records:
            self._changed.set()
        return None if self._must_load else Loaded(day, records, position)
