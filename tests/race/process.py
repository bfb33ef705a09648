"""A process of the service as far as races go: connections, journal, halls, lanes and a clock, without HTTP.

Two of them on one database are two processes. Nothing here waits for luck: `Meddled` is a journal in front of whose
calls a test puts what another process does at that moment, or an event that it waits for.
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
"""What a test waits for happens within it, or the test fails."""

DONE = Finish(Outcome.DONE)

Meddling = Callable[[], Awaitable[object]]


class Meddled(Journal):
    """A journal before whose calls something else happens: once, or each time, as a test says."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.first: dict[str, Meddling] = {}
        self.always: dict[str, Meddling] = {}

    async def _meddle(self, call: str) -> None:
        if (meddling := self.first.pop(call, None)) is not None or (meddling := self.always.get(call)) is not None:
            await meddling()

    async def append(self, append: Append, on_send: OnSend = ignore_sending) -> Committed | Lost:
        """Append, after what a test puts before `append`."""
        await self._meddle("append")
        return await super().append(append, on_send)

    @asynccontextmanager
    async def lock_day(self, hall: HallId, day: date) -> AsyncIterator[DayLock | None]:
        """Lock a day after the hook `lock_day`; the hook `locked` runs when the lock is held."""
        await self._meddle("lock_day")
        async with super().lock_day(hall, day) as lock:
            await self._meddle("locked")
            yield lock

    @asynccontextmanager
    async def lock_days(self, hall: HallId, days: tuple[date, date]) -> AsyncIterator[TwoDayLock | None]:
        """Lock two days after the hook `lock_days`."""
        await self._meddle("lock_days")
        async with super().lock_days(hall, days) as lock:
            yield lock

    async def position(self, hall: HallId, day: date) -> Position | None:
        """Read the position, after what a test puts before `position`."""
        await self._meddle("position")
        return await super().position(hall, day)

    async def load(self, hall: HallId, day: date, position: Position) -> AsyncGenerator[list[Record], None]:
        """Load, after what a test puts before `load`."""
        await self._meddle("load")
        async for records in super().load(hall, day, position):
            yield records

    async def announcements_of(self, hall: HallId, last: LastDay) -> list[Record]:
        """Read what was said, after what a test puts before `announcements_of`."""
        await self._meddle("announcements_of")
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
        """Begin a day, after what a test puts before `open_day`."""
        await self._meddle("open_day")
        return await super().open_day(hall, day, append_id, first, begins=begins, carried_over=carried_over)


class Blind(Meddled):
    """A journal that appends wherever the day stands, without comparing."""

    async def append(self, append: Append, on_send: OnSend = ignore_sending) -> Committed | Lost:
        """Append after whatever is there."""
        await self._meddle("append")
        position = await self.position(DEMO, DAY)
        assert position is not None
        records = [msgspec.structs.replace(one, seq=position.seq + nth) for nth, one in enumerate(append.records, 1)]
        moved = msgspec.structs.replace(append, seq=position.seq, head=position.head, records=records)
        return await super().append(moved, on_send)


class Heard:
    """What a lane told of its work."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.races = 0

    def committed(self, _day: Day, _parts: list[ResultPart], _append_s: float, commands: int) -> None:
        """Note how many commands one append carried."""
        self.batches.append(commands)

    def appended(self, _written: Append, _at: datetime) -> None:
        """Follow nothing."""

    def raced(self, _day: Day) -> None:
        """Count lost races."""
        self.races += 1


@dataclass
class Process:
    """One process of the service."""

    database: Database
    journal: Meddled
    halls: Halls
    lanes: Lanes
    clock: Clock
    heard: Heard = field(default_factory=Heard)

    async def do(self, command: Command, key: str | None = None) -> Answer:
        """Carry a command out on the present day, as a handler asks for it."""
        return await self.lanes.do(DEMO, self.request(command, key))

    def request(self, command: Command, key: str | None = None) -> Request:
        """A request as the rim makes it."""
        return Request(
            command=command,
            command_id=new_id() if key is None else f"key {key}",
            actor="clerk",
            now_at=self.clock.now_at(),
            fingerprint=None if key is None else repr(command).encode(),
        )

    async def take(self, command: TakeTicket | None = None, key: str | None = None) -> str:
        """Take a number and return it."""
        return number_of(await self.do(command or new_ticket(), key))

    async def open(self, *counters: str) -> None:
        """Open counters."""
        for counter in counters:
            await self.do(OpenCounter(CounterId(counter)))

    async def next(self, counter: str, finish: Finish | None = None) -> TicketId | None:
        """Call the next person and return the ticket's id; None when nobody waits."""
        return called_by(await self.do(CallNext(CounterId(counter), finish)))

    async def lane(self, on: date = DAY) -> Lane:
        """The lane of a day."""
        return await self.lanes.lane(await self.halls.get(DEMO), on)

    async def replace(self, document: HallDocument) -> Hall:
        """Store another document of the hall, and do no more about it."""
        return await self.halls.replace(DEMO, document, (await self.halls.read(DEMO)).revision)

    async def followed(self) -> None:
        """Wait until the days follow the documents."""
        while self.lanes._plan_updates:
            await asyncio.gather(*self.lanes._plan_updates)


@asynccontextmanager
async def process_on(dsn: str, clock: Clock | None = None, journal: type[Meddled] = Meddled) -> AsyncIterator[Process]:
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
    """A command to take a number."""
    return TakeTicket(
        ticket=TicketId(new_id()), code=code or new_code(), service=ServiceId(service), channel=Channel.KIOSK
    )


def number_of(answer: Answer) -> str:
    """The number that was given."""
    ticket = _done(answer).parts[-1].ticket
    assert ticket is not None
    return ticket.number


def called_by(answer: Answer) -> TicketId | None:
    """The ticket that was called."""
    ticket = answer.done.parts[-1].ticket if answer.done else None
    return None if ticket is None or ticket.counter is None else ticket.id


def _done(answer: Answer) -> CommandResult:
    assert answer.done is not None, "something was done"
    return answer.done


def renamed(document: HallDocument, name: str) -> HallDocument:
    """The document with another name for the hall."""
    return msgspec.structs.replace(document, name={"en": name})


# What the journal says, read by a way of its own.


async def rows_of(dsn: str, sql: str, *arguments: object) -> list[asyncpg.Record]:
    """Ask the database as an administrator."""
    connection = await asyncpg.connect(dsn)
    try:
        return list(await connection.fetch(sql, *arguments))
    finally:
        await connection.close()


async def kinds_in(dsn: str, on: date = DAY) -> list[str]:
    """The kinds of a day's events, in order."""
    return [row[0] for row in await rows_of(dsn, "SELECT kind FROM events WHERE day = $1 ORDER BY seq", on)]


async def commands_in(dsn: str) -> list[str]:
    """The commands in the journal, each as often as it was done."""
    rows = await rows_of(dsn, "SELECT command_id FROM events WHERE part = 0 ORDER BY day, seq")
    return [row[0] for row in rows]


async def calls_in(dsn: str) -> list[str]:
    """The tickets called, each as often as it was."""
    rows = await rows_of(dsn, "SELECT body->>'ticket' FROM events WHERE kind = 'ticket_called' ORDER BY day, seq")
    return [row[0] for row in rows]


async def numbers_in(dsn: str) -> list[str]:
    """The numbers given, in order."""
    rows = await rows_of(dsn, "SELECT body->>'number' FROM events WHERE kind = 'ticket_taken' ORDER BY day, seq")
    return [row[0] for row in rows]


async def folded(process: Process, on: date = DAY) -> Day:
    """A day folded from the journal's beginning."""
    day = Day(DEMO, on)
    position = await Journal.position(process.journal, DEMO, on)
    assert position is not None
    async for records in Journal.load(process.journal, DEMO, on, position):
        for record in records:
            evolve(day, record)
    return day


def equal(one: Day, other: Day) -> bool:
    """Tell whether two folds know the same."""
    at = max(one.at, other.at)
    one.advance_to(at)
    other.advance_to(at)
    return {**values(one), "results_yesterday": {}} == {**values(other), "results_yesterday": {}}


async def one_story(processes: Iterable[Process], on: date = DAY) -> Day:
    """Demand that each process, the journal and the tables tell the same, and return it."""
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
    """Wait until so many statements wait for a lock; nothing but asking tells."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(WITHIN_S):
            while await connection.fetchval(waiting) < how_many:  # noqa: ASYNC110  (see above)
                await asyncio.sleep(0)
    finally:
        await connection.close()


def leave_connections(process: Process) -> None:
    """Let a process lose its append connections, as when its side of the network fails."""
    for connection in list(process.database._append_connections):
        connection.terminate()
