"""From the journal to the screen: real PostgreSQL, a real follower, real sockets, and random commands."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from display.board import board_of, encode
from display.server import DisplayServer, Right
from service.clock import FakeClock
from service.domain.calendar.day_plan import plan_of
from service.domain.commands import (
    CallNext,
    ChangeTicket,
    CloseCounter,
    Command,
    Finish,
    FinishTicket,
    LeaveQueue,
    MarkNoShow,
    OpenCounter,
    ParkTicket,
    PauseCounter,
    RecallTicket,
    ResumeTicket,
    StartTicket,
    TakeTicket,
    TransferTicket,
    UndoTicket,
)
from service.domain.day import Day
from service.domain.decide.decide import decide
from service.domain.events import DayOpened, Record
from service.domain.evolve.evolve import evolve
from service.domain.hall.demo import DEMO, demo_document
from service.domain.model import Channel, CounterId, Outcome, ServiceId, TicketId, ZoneId
from service.domain.refusals import Refusal
from service.domain.view import ticket_view
from service.journal.append import Appender
from service.journal.commit_hints import PostgresHints
from service.journal.database import Database
from service.journal.follow import Follower
from service.journal.hall_documents import HallStore
from service.journal.values import Append, Committed
from service.primitives.ids import new_code, new_id
from tests.domain.halls import MONDAY
from tests.service import NOON_AT

WITHIN_S = 20.0  # what a test waits for happens within it, or the test fails
COUNTERS = [CounterId(name) for name in ("1", "2", "3", "P1")]
SERVICES = [ServiceId("loan-first"), ServiceId("enquiry")]


class PacedClock(FakeClock):
    """A clock whose dates the test moves, while its monotonic time is real."""

    def monotonic_s(self) -> float:
        """Return real monotonic seconds."""
        return time.monotonic()


class Hall:
    """The demo hall on a real journal, and its screens."""

    def __init__(self, appender: Appender, hints: PostgresHints, clock: FakeClock) -> None:
        self.day = Day(DEMO, MONDAY)
        self.clock = clock
        self.head = new_id()
        self._appender = appender
        self._hints = hints

    async def open(self) -> None:
        """Open the day."""
        document = demo_document(always_open=True)
        opened = Record(1, NOON_AT, "system", new_id(), 0, None, DayOpened(plan=plan_of(document, 1, MONDAY)))
        assert await self._appender.open_day(DEMO, MONDAY, self.head, lambda _document, _revision: opened)
        evolve(self.day, opened)

    async def do(self, command: Command) -> None:
        """Execute a command, unless the rules refuse it."""
        try:
            decided = decide(self.day, command, self.clock.now_at())
        except Refusal:
            return
        command_id = new_id()
        records = [
            Record(self.day.seq + nth, self.clock.now_at(), "clerk", command_id, nth - 1, None, event)
            for nth, event in enumerate(decided, 1)
        ]
        seq = self.day.seq
        for record in records:
            evolve(self.day, record)
        touched = {ticket for record in records if (ticket := getattr(record.event, "ticket", None))}
        if records:
            append_id = new_id()
            append = Append(
                hall=DEMO,
                day=MONDAY,
                seq=seq,
                head=self.head,
                append_id=append_id,
                records=records,
                tickets=[self.day.tickets[ticket] for ticket in touched],
            )
            assert isinstance(await self._appender.append(append), Committed)
            self.head = append_id
            self._hints.publish(DEMO, MONDAY, self.day.seq)

    def something(self, draw: random.Random) -> Command:
        """Return a random command that may be refused."""
        counter = draw.choice(COUNTERS)
        ticket = draw.choice([*self.day.tickets, TicketId(new_id())])
        kinds: list[Callable[[], Command]] = [
            *[lambda: self.new_ticket(draw)] * 4,
            *[lambda: CallNext(counter, draw.choice([None, Finish(Outcome.DONE)]))] * 6,
            lambda: OpenCounter(counter),
            lambda: PauseCounter(counter, release=True),
            lambda: CloseCounter(counter, release=True),
            lambda: RecallTicket(ticket),
            lambda: StartTicket(ticket),
            lambda: FinishTicket(ticket, Finish(Outcome.REFERRED)),
            lambda: MarkNoShow(ticket),
            lambda: ParkTicket(ticket),
            lambda: ResumeTicket(ticket),
            lambda: TransferTicket(ticket, counter=counter),
            lambda: UndoTicket(ticket),
            lambda: LeaveQueue(ticket),
            lambda: ChangeTicket(ticket, not_before_at=self.clock.now_at() + timedelta(minutes=draw.randrange(9))),
        ]
        return draw.choice(kinds)()

    def new_ticket(self, draw: random.Random) -> TakeTicket:
        """Return a command that takes a ticket."""
        service = draw.choice(SERVICES)
        return TakeTicket(ticket=TicketId(new_id()), code=new_code(), service=service, channel=Channel.WEB)


@pytest.fixture
async def hall_and_port(dsn: str) -> AsyncIterator[tuple[Hall, DisplayServer]]:
    clock = PacedClock(NOON_AT)

    async def known(_hall: str) -> bool:
        return True

    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(dsn))
        await HallStore(database).create_if_absent(DEMO, demo_document(always_open=True))
        hints = PostgresHints(dsn)
        follower = Follower(database, hints, clock.monotonic_s)
        runs = [asyncio.create_task(run) for run in (hints.run(), follower.run())]
        hall = Hall(Appender(database), hints, clock)
        await hall.open()
        server = DisplayServer(follower=follower, clock=clock, hall_exists=known, verify=lambda *_: Right(None))
        async with server:
            yield hall, server
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)


@pytest.mark.parametrize("seed", range(3))
async def test_what_screens_show_is_what_happened(hall_and_port: tuple[Hall, DisplayServer], seed: int) -> None:
    hall, server = hall_and_port
    draw = random.Random(seed)  # noqa: S311  (a day that can be lived again)
    for counter in COUNTERS:
        await hall.do(OpenCounter(counter))
    mine = hall.new_ticket(draw)
    await hall.do(mine)
    base = f"ws://127.0.0.1:{server.port}/v1/halls/{DEMO}"

    async def last_of(client: Any, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:  # noqa: ANN401
        """The last board or ticket, when it is the one waited for; seqs never go back."""
        async with asyncio.timeout(WITHIN_S):
            last: dict[str, Any] = {}
            seqs = [0]
            while not last or not done(last):
                frame = json.loads(await client.recv())
                seqs.append(frame["seq"])
                last = frame if frame.get("type") != "alive" else last
            assert seqs == sorted(seqs)
            return last

    async with (
        connect(f"{base}/board", subprotocols=[Subprotocol("paihao.board.v1")], proxy=None) as whole,
        connect(f"{base}/board?zone=main", subprotocols=[Subprotocol("paihao.board.v1")], proxy=None) as zone,
        connect(
            f"{base}/tickets/{mine.ticket}",
            subprotocols=[Subprotocol("paihao.ticket.v1"), Subprotocol("bearer.any")],
            proxy=None,
        ) as phone,
    ):
        for _ in range(150):
            hall.clock.advance(draw.uniform(0, 30))
            await hall.do(hall.something(draw))
        await hall.do(hall.new_ticket(draw))

        for client, zone_id in ((whole, None), (zone, ZoneId("main"))):
            shown = await last_of(client, lambda frame: frame["seq"] == hall.day.seq)
            hall.day.advance_to(hall.clock.now_at())
            assert shown == json.loads(encode(board_of(hall.day, zone_id, hall.clock.now_at())))
        view = ticket_view(hall.day, hall.day.tickets[mine.ticket], hall.clock.now_at())
        shown = await last_of(phone, lambda frame: (frame["state"], frame["calls"]) == (view.state, view.calls))
        assert (shown["number"], shown["counter"]) == (view.number, view.counter)
