"""A process of the service for race tests: connections, journal, halls, lanes and a clock, without HTTP.

Two of them on one database act as two processes. Races do not depend on luck: `HookedJournal` runs a hook of the test
before its calls, for example a command of another process, or a wait for an event.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import asyncpg
import msgspec

from service.clock import Clock, FakeClock
from service.domain.command_results import CommandResult, ResultPart
from service.domain.commands import CallNext, Command, Finish, OpenCounter, TakeTicket
from service.domain.day import Day
from service.domain.events import Record
from service.domain.evolve.evolve import evolve
from service.domain.hall.demo import DEMO, demo_document
from service.domain.hall.document import HallDocument
from service.domain.model import Channel, CounterId, HallId, Outcome, ServiceId, TicketId
from service.journal import hall_documents as stored
from service.journal.append_sender import OnSend, ignore_sending
from service.journal.database import Database
from service.journal.day_locks import DayLock, TwoDayLock
from service.journal.day_opening import FirstRecord
from service.journal.journal import Journal
from service.journal.read import LastDay
from service.journal.values import Append, Committed, Lost, Position
from service.primitives.ids import new_code, new_id
from service.runtime.hall import Hall
from service.runtime.halls import Halls
from service.runtime.lane import Lane
from service.runtime.lanes import Lanes
from service.runtime.requests import Answer, Request
from tests.domain.halls import values
from tests.service import NOON_AT

DAY = date(2026, 11, 23)
NEXT_DAY = date(2026, 11, 24)
MIDNIGHT_AT = datetime.combine(DAY, NOON_AT.timetz()) + timedelta(hours=14)
"""The end of `DAY` at the demo hall: 00:00 in Shanghai."""

WITHIN_S = 30.0
"""Time limit of every wait in a test."""

DONE = Finish(Outcome.DONE)

Hook = Callable[[], Awaitable[object]]


class HookedJournal(Journal):
    """A journal that runs a hook before a call: the next time (`first`), or each time (`always`)."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.first: dict[str, Hook] = {}
        self.always: dict[str, Hook] = {}

    async def _run_hook(self, call: str) -> None:
        if (hook := self.first.pop(call, None)) is not None or (hook := self.always.get(call)) is not None:
            await hook()

    async def append(self, append: Append, on_send: OnSend = ignore_sending) -> Committed | Lost:
        """Append after the hook `append`."""
        await self._run_hook("append")
        return await super().append(append, on_send)

    @asynccontextmanager
    async def lock_day(self, hall: HallId, day: date) -> AsyncIterator[DayLock | None]:
        """Lock a day after the hook `lock_day`; the hook `locked` runs when the lock is held."""
        await self._run_hook("lock_day")
        async with super().lock_day(hall, day) as lock:
            await self._run_hook("locked")
            yield lock

    @asynccontextmanager
    async def lock_days(self, hall: HallId, days: tuple[date, date]) -> AsyncIterator[TwoDayLock | None]:
        """Lock two days after the hook `lock_days`."""
        await self._run_hook("lock_days")
        async with super().lock_days(hall, days) as lock:
            yield lock

    async def position(self, hall: HallId, day: date) -> Position | None:
        """Read the position after the hook `position`."""
        await self._run_hook("position")
        return await super().position(hall, day)

    async def load(self, hall: HallId, day: date, position: Position) -> AsyncGenerator[list[Record], None]:
        """Load after the hook `load`."""
        await self._run_hook("load")
        async for records in super().load(hall, day, position):
            yield records

    async def announcements_of(self, hall: HallId, last: LastDay) -> list[Record]:
        """Read the events after the hook `announcements_of`."""
        await self._run_hook("announcements_of")
        return await super().announcements_of(hall, last)

    async def open_day(
        self,
        hall: HallId,
        day: date,
        append_id: str,
        first: FirstRecord,
        *,
        begins: bool = True,
        carried_over: Sequence[Record] = (),
    ) -> bool:
        """Open a day after the hook `open_day`."""
        await self._run_hook("open_day")
        return await super().open_day(hall, day, append_id, first, begins=begins, carried_over=carried_over)


class Blind(HookedJournal):
    """A journal that appends at any position of the day, without a comparison."""

    async def append(self, append: Append, on_send: OnSend = ignore_sending) -> Committed | Lost:
        """Append after the last event in the database."""
        await self._run_hook("append")
        position = await self.position(DEMO, DAY)
        assert position is not None
        records = [msgspec.structs.replace(one, seq=position.seq + nth) for nth, one in enumerate(append.records, 1)]
        moved = msgspec.structs.replace(append, seq=position.seq, head=position.head, records=records)
        return await super().append(moved, on_send)


class Heard:
    """An observer that records the work of lanes."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.races = 0

    def committed(self, _day: Day, _parts: list[ResultPart], _append_s: float, commands: int) -> None:
        """Record the number of commands in one append."""
        self.batches.append(commands)

    def appended(self, _written: Append, _at: datetime) -> None:
        """Do nothing: there is no follower."""

    def raced(self, _day: Day) -> None:
        """Count lost races."""
        self.races += 1


@dataclass
class Process:
    """One process of the service."""

    database: Database
    journal: HookedJournal
    halls: Halls
    lanes: Lanes
    clock: Clock
    heard: Heard = field(default_factory=Heard)

    async def do(self, command: Command, key: str | None = None) -> Answer:
        """Carry out a command on the present day, as a handler does."""
        return await self.lanes.do(DEMO, self.request(command, key))

    def request(self, command: Command, key: str | None = None) -> Request:
        """Return a request as the API makes it."""
        return Request(
            command=command,
            command_id=new_id() if key is None else f"key {key}",
            actor="clerk",
            now_at=self.clock.now_at(),
            fingerprint=None if key is None else repr(command).encode(),
        )

    async def take(self, command: TakeTicket | None = None, key: str | None = None) -> str:
        """Take a ticket and return its number."""
        return number_of(await self.do(command or new_ticket(), key))

    async def open(self, *counters: str) -> None:
        """Open counters."""
        for counter in counters:
            await self.do(OpenCounter(CounterId(counter)))

    async def next(self, counter: str, finish: Finish | None = None) -> TicketId | None:
        """Call the next ticket and return its id; `None` if no ticket waits."""
        return called_by(await self.do(CallNext(CounterId(counter), finish)))

    async def lane(self, on: date = DAY) -> Lane:
        """Return the lane of a day."""
        return await self.lanes.lane(await self.halls.get(DEMO), on)

    async def replace(self, document: HallDocument) -> Hall:
        """Store another document of the hall, without updating the days."""
        return await self.halls.replace(DEMO, document, (await self.halls.read(DEMO)).revision)

    async def followed(self) -> None:
        """Wait until the plans of the days are updated."""
        while self.lanes._plan_updates:
            await asyncio.gather(*self.lanes._plan_updates)


@asynccontextmanager
async def process_on(
    dsn: str, clock: Clock | None = None, journal: type[HookedJournal] = HookedJournal
) -> AsyncIterator[Process]:
    """Run a process on a database; its clock stands at 10:00 of a Monday unless it is given one."""
    async with Database(dsn) as database:
        clock = clock or FakeClock(NOON_AT)
        heard = Heard()
        halls = Halls(stored.HallStore(database))
        meddled = journal(database)
        lanes = Lanes(meddled, halls, clock, heard)
        await halls.create_if_absent(DEMO, demo_document(always_open=True))
        try:
            yield Process(database, meddled, halls, lanes, clock, heard)
        finally:
            meddled.first.clear()
            meddled.always.clear()
            await lanes.stop()


def new_ticket(service: str = "enquiry", code: str | None = None) -> TakeTicket:
    """Return a command that takes a ticket."""
    return TakeTicket(
        ticket=TicketId(new_id()), code=code or new_code(), service=ServiceId(service), channel=Channel.KIOSK
    )


def number_of(answer: Answer) -> str:
    """Return the number of the issued ticket."""
    ticket = _done(answer).parts[-1].ticket
    assert ticket is not None
    return ticket.number


def called_by(answer: Answer) -> TicketId | None:
    """Return the id of the called ticket."""
    ticket = answer.done.parts[-1].ticket if answer.done else None
    return None if ticket is None or ticket.counter is None else ticket.id


def _done(answer: Answer) -> CommandResult:
    assert answer.done is not None, "something was done"
    return answer.done


def renamed(document: HallDocument, name: str) -> HallDocument:
    """Return the document with another name of the hall."""
    return msgspec.structs.replace(document, name={"en": name})


# The content of the journal, read independently of the service.


async def rows_of(dsn: str, sql: str, *arguments: object) -> list[asyncpg.Record]:
    """Query the database as administrator."""
    connection = await asyncpg.connect(dsn)
    try:
        return list(await connection.fetch(sql, *arguments))
    finally:
        await connection.close()


async def kinds_in(dsn: str, on: date = DAY) -> list[str]:
    """Return the kinds of a day's events, in order."""
    return [row[0] for row in await rows_of(dsn, "SELECT kind FROM events WHERE day = $1 ORDER BY seq", on)]


async def commands_in(dsn: str) -> list[str]:
    """Return the ids of the commands in the journal, each as often as it was carried out."""
    rows = await rows_of(dsn, "SELECT command_id FROM events WHERE part = 0 ORDER BY day, seq")
    return [row[0] for row in rows]


async def calls_in(dsn: str) -> list[str]:
    """Return the called tickets, each as often as it was called."""
    rows = await rows_of(dsn, "SELECT body->>'ticket' FROM events WHERE kind = 'ticket_called' ORDER BY day, seq")
    return [row[0] for row in rows]


async def numbers_in(dsn: str) -> list[str]:
    """Return the issued numbers, in order."""
    rows = await rows_of(dsn, "SELECT body->>'number' FROM events WHERE kind = 'ticket_taken' ORDER BY day, seq")
    return [row[0] for row in rows]


async def folded(process: Process, on: date = DAY) -> Day:
    """Return a day, folded from the beginning of its journal."""
    day = Day(DEMO, on)
    position = await Journal.position(process.journal, DEMO, on)
    assert position is not None
    async for records in Journal.load(process.journal, DEMO, on, position):
        for record in records:
            evolve(day, record)
    return day


def equal(one: Day, other: Day) -> bool:
    """Tell whether two folds are equal."""
    at = max(one.at, other.at)
    one.advance_to(at)
    other.advance_to(at)
    return {**values(one), "results_yesterday": {}} == {**values(other), "results_yesterday": {}}


async def one_story(processes: Iterable[Process], on: date = DAY) -> Day:
    """Assert that each process, the journal and the tables agree about the day, and return it."""
    for process in processes:
        fresh = await folded(process, on)
        lane = await process.lane(on)
        assert equal(await lane.fresh(now=True), fresh), "the lane's fold is the journal's"
        rows = await process.database.fetch(
            "SELECT id::text, number, n, code, service, stage, class, state, counter, last_counter, calls, queue_at,"
            " called_at, finished_at, outcome, seq FROM tickets WHERE day = $1",
            on,
        )
        assert {row["id"]: tuple(row)[1:] for row in rows} == {
            ticket.id: (
                ticket.number,
                ticket.n,
                ticket.code,
                ticket.service,
                ticket.stage,
                ticket.class_,
                ticket.state,
                ticket.counter,
                ticket.last_counter,
                ticket.calls,
                ticket.queue_at,
                ticket.called_at,
                ticket.finished_at,
                ticket.outcome,
                ticket.seq,
            )
            for ticket in fresh.tickets.values()
        }, "the tables are the fold"
        ats = await process.database.fetch("SELECT seq, at FROM events WHERE day = $1 ORDER BY seq", on)
        assert [row["seq"] for row in ats] == list(range(1, len(ats) + 1)), "without gaps"
        assert [row["at"] for row in ats] == sorted(row["at"] for row in ats), "time goes forward"
    return fresh


async def until_blocked(dsn: str, how_many: int = 1) -> None:
    """Poll until this number of statements waits for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(WITHIN_S):
            while await connection.fetchval(waiting) < how_many:  # noqa: ASYNC110  (see above)
                await asyncio.sleep(0)
    finally:
        await connection.close()


def leave_connections(process: Process) -> None:
    """Cut the append connections of a process, as when its side of the network fails."""
    for connection in list(process.database._append_connections):
        connection.terminate()
