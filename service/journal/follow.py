"""Following: what happens on a hall's day, in order and without gaps, as it is committed.

A cursor reads: each hall followed has one position in this process, and reading goes on from it by `seq`. Appends of a
day commit in the order of their seq, so the cursor never meets a gap. Bells (`bell`) only say that reading is worth
while; each second a poll of `hall_days` looks at all halls followed at once, and is the net under bells not heard, the
way back after an outage, and the detector of a journal that was rewritten.

What this process appended itself need not be read: `appended` hands it over. An append is compare-and-set, so a cursor
that stands where it began has missed nothing, and moves on by it; one that stands elsewhere is told by the bell, as of
what others append. A reading that was under way meanwhile is of before, and is done again.

Who follows a hall is first given its day from the beginning (`Loaded`: fold from nothing), then what happens (`Moved`:
fold further). `Loaded` comes again when the hall's next day is the current one, when the journal was rewritten, and to
one who did not take what came for too long. The current day is the earliest of those begun that has not ended; the last
one when all have. Days that were only booked on, ahead of their time, are none of them. Any number may follow a hall in
a process: it is read once.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import date, datetime

from msgspec import Struct

from service.domain.events import DayEnded, Record
from service.domain.model import HallId
from service.journal.commit_hints import Bell
from service.journal.database import Database
from service.journal.faults import Rewritten, StorageUnavailable
from service.journal.health import Health
from service.journal.read import Reader
from service.journal.sql_files import statements
from service.journal.values import Append, DayRow, Position

POLL_S = 1.0  # how late news is when no bell is heard
RETRY_S = 0.5  # between two attempts to load a day
UNTAKEN_MAX = 10_000  # events kept for one who does not take them; beyond it the day is loaded anew

_POLL = statements("follow.sql")["poll"]


class Loaded(Struct, frozen=True):
    """A day from its beginning: forget what was folded before. Who else follows the hall has the same list."""

    day: date
    records: Sequence[Record]
    position: Position


class Moved(Struct, frozen=True):
    """What happened since the last change."""

    records: Sequence[Record]
    position: Position


Change = Loaded | Moved


class Follower:
    """Follows halls. `run` has to run for anything to come.

    `alive_at` is the monotonic time of the last answer of PostgreSQL: what is shown is true as of then.
    """

    def __init__(self, database: Database, bell: Bell, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.alive_at = float("-inf")
        self._database = database
        self._reader = Reader(database)
        self._bell = bell
        self._well = Health("follower")
        self._monotonic = monotonic
        self._halls: dict[HallId, _Hall] = {}
        self._group: asyncio.TaskGroup | None = None
        bell.listen(self._heard)

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
        """Give the changes of a hall, for ever; a hall without a day gives nothing until one is opened.

        Raises:
            UnknownKind: a newer release wrote an event that this one cannot read.
            Exception: the hall cannot be read, as where a block of the disk is damaged.
        """
        hall = self._halls.get(name)
        if hall is None:
            hall = self._halls[name] = _Hall(name, self._reader, self._answered)
            self._bell.watch(name)
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
                self._bell.unwatch(name)

    async def poll(self) -> None:
        """Look once whether anything moved, and wake who has to read."""
        halls = list(self._halls.values())
        try:
            rows = await self._database.fetch(
                _POLL,
                [hall.name for hall in halls],
                [hall.day or date.min for hall in halls],
                [hall.day is None or hall.ended for hall in halls],
            )
        except StorageUnavailable as error:
            self._well.failed(error)
            return
        self._well.worked()
        self._answered()
        found = {(row["hall_id"], row["day"]): (row["seq"], str(row["head"])) for row in rows}
        moved = {name for name, _ in found.keys() - {(hall.name, hall.day) for hall in halls}}
        for hall in halls:
            known = hall.position and (hall.position.seq, hall.position.head)
            if hall.name in moved or found.get((hall.name, hall.day)) != known:
                hall.woken.set()

    def appended(self, written: Append, at: datetime) -> None:
        """Take over an append of this process that is in the journal since `at`, by the database's clock."""
        hall = self._halls.get(written.hall)
        if hall is not None:
            hall.appended(written, at)

    def _heard(self, name: HallId, day: date, seq: int) -> None:
        hall = self._halls.get(name)
        if hall is not None and not hall.knows(day, seq):
            hall.woken.set()

    def _answered(self) -> None:
        self.alive_at = self._monotonic()


class _Hall:
    """A hall as this process follows it: one cursor, whoever follows."""

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
        """Read whenever woken."""
        self._task = group.create_task(self._run(), name=f"follow {self.name}")

    def end(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
        for loading in self._loading.values():
            loading.cancel()

    def knows(self, day: date, seq: int) -> bool:
        """Tell whether a ring brings no news; a later day's may, for this one may have ended."""
        if self.day is None or self.position is None:
            return False
        return day < self.day or (day == self.day and seq <= self.position.seq)

    def appended(self, written: Append, at: datetime) -> None:
        """Move on by an append that began at the cursor; any other is read when the bell tells."""
        stands = self.position
        if stands is None or (self.day, stands.seq, stands.head) != (written.day, written.seq, written.head):
            return
        self._answered()
        self._move_on(written.records, Position(written.seq + len(written.records), written.append_id, at))
        if self.ended:
            self.woken.set()  # the next day may have begun

    def _move_on(self, records: Sequence[Record], position: Position) -> None:
        """Give all who follow what happened up to a position."""
        self.position = position
        if records:
            self.ended = isinstance(records[-1].event, DayEnded)
            for inbox in self.inboxes:
                inbox.put(records, position)

    async def load(self, day: date, position: Position) -> list[Record]:
        """The day up to a position, read once for all who want it now."""
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
                await self._look()
            except StorageUnavailable:
                continue  # the poll wakes us when PostgreSQL is back
            except Exception as fault:  # noqa: BLE001  (who follows this hall gets it; the other halls go on)
                for inbox in self.inboxes:
                    inbox.stop(fault)
            self._answered()

    async def _look(self) -> None:
        """Read what is new, and turn to the current day when it is another."""
        if self.day is not None and self.position is not None:
            asked = self.position
            try:
                records, position = await self._reader.since(self.name, self.day, asked.seq, asked.head)
            except Rewritten:
                self.day = self.position = None
            else:
                if self.position is not asked:  # moved on by an append of our own
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
    """The earliest begun day that has not ended; the last when all have; `days` are the newest first."""
    begun = [row for row in days if row.begun]
    return next((row for row in reversed(begun) if not row.ended), begun[0] if begun else None)


class _Inbox:
    """What one who follows has not taken yet."""

    def __init__(self, hall: _Hall) -> None:
        self._hall = hall
        self._behind = True  # the day has to be loaded
        self._records: list[Record] = []
        self._position: Position | None = None
        self._fault: Exception | None = None
        self._something = asyncio.Event()
        if hall.position is not None:
            self._something.set()

    def put(self, records: Sequence[Record], position: Position) -> None:
        """Add what happened."""
        self._records += records
        self._position = position
        if len(self._records) > UNTAKEN_MAX:
            self.restart()
        self._something.set()

    def restart(self) -> None:
        """Drop everything: the day is loaded anew."""
        self._behind = True
        self._records = []
        self._something.set()

    def stop(self, fault: Exception) -> None:
        """End with a fault."""
        self._fault = fault
        self._something.set()

    async def take(self) -> Change:
        """Wait for something to happen and take it."""
        while True:
            await self._something.wait()
            self._something.clear()
            if self._fault is not None:
                raise self._fault
            if self._behind:
                loaded = await self._load()
                if loaded is not None:
                    return loaded
            elif self._records and self._position is not None:
                records, self._records = self._records, []
                return Moved(records, self._position)

    async def _load(self) -> Loaded | None:
        """Load the day up to where the hall stands; None when the hall had to begin anew, or cannot be read now."""
        day, position = self._hall.day, self._hall.position
        if day is None or position is None:
            return None
        self._behind = False  # from here on what happens is after `position`
        self._records = []
        try:
            records = await self._hall.load(day, position)
        except (StorageUnavailable, Rewritten):
            self._behind = True
            self._hall.woken.set()
            await asyncio.sleep(RETRY_S)
            self._something.set()
            return None
        if self._records:
            self._something.set()
        return None if self._behind else Loaded(day, records, position)
