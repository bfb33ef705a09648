"""A hall in memory that answers a replay's requests by the real rules, without network or database."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import count

import msgspec

from display.board import board_of
from service.domain import commands
from service.domain.calendar.day_plan import plan_of
from service.domain.commands import CallNext, CloseCounter, Command, FinishTicket, LeaveQueue, OpenCounter, TakeTicket
from service.domain.day import Day
from service.domain.decide.decide import decide
from service.domain.events import DayOpened, Event, Record, TicketCalled
from service.domain.evolve.evolve import evolve
from service.domain.hall.document import HallDocument
from service.domain.model import Channel, CounterId, HallId, Outcome, ServiceId, TicketId, TicketState
from service.domain.refusals import WrongState
from service.domain.view import counter_view, ticket_view
from service.replay.answers import BoardSeen, CounterSeen, EventSeen, NextSeen, QueueSeen, TicketSeen
from service.replay.checks import ticket_events
from service.replay.day_driver import DayDriver
from service.replay.hall_client import HallClient
from service.replay.server_state import CheckInput, Snapshot

TODAY = date(2026, 11, 23)
NOON_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
DONE = commands.Finish(Outcome.DONE)


class HallInMemory(HallClient):
    """A hall whose clock advances a second with each command; with `slow`, answers come after later requests."""

    def __init__(self, document: HallDocument, slow: int = 0) -> None:
        self.id = "memory"
        self.day = Day(HallId("memory"), TODAY)
        self.records: list[Record] = []
        self.asked: list[str] = []
        self.slow = slow
        self._ids = count(1)
        self._append([DayOpened(plan=plan_of(document, 1, TODAY))])

    async def events(self, hall: HallId, day: date) -> list[Record]:
        """Return the journal."""
        assert (hall, day) == (self.day.hall, self.day.on)
        return self.records

    async def take(self, service: str) -> TicketSeen:
        """Take a ticket."""
        self.asked.append(f"take {service}")
        n = next(self._ids)
        ticket = TicketId(f"ticket-{n}")
        self._do(TakeTicket(ticket=ticket, code=f"CODE{n:04d}", service=ServiceId(service), channel=Channel.WEB))
        seen = self._seen(ticket)
        for _ in range(self.slow):
            await asyncio.sleep(0)
        return seen

    async def leave(self, ticket: TicketSeen) -> TicketSeen | None:
        """Leave the queue, unless the ticket was called."""
        self.asked.append(f"leave {ticket.number}")
        await asyncio.sleep(0)
        try:
            self._do(LeaveQueue(TicketId(ticket.id)))
        except WrongState:
            return None
        return self._seen(TicketId(ticket.id))

    async def open(self, counter: str) -> CounterSeen:
        """Open a counter."""
        self.asked.append(f"open {counter}")
        self._do(OpenCounter(CounterId(counter)))
        return self._counter(counter)

    async def close(self, counter: str, *, release: bool = False) -> CounterSeen:
        """Close a counter."""
        self.asked.append(f"close {counter}")
        self._do(CloseCounter(CounterId(counter), release))
        return self._counter(counter)

    async def next(self, counter: str, *, finish: bool) -> NextSeen:
        """Finish the present visit if asked to, and call the next person."""
        done = self._do(CallNext(CounterId(counter), DONE if finish else None))
        called = [event.ticket for event in done if isinstance(event, TicketCalled)]
        seen = self._seen(called[0]) if called else None
        self.asked.append(f"next {counter} {'finish ' if finish else ''}-> {seen.number if seen else 'nobody'}")
        seq = self.day.seq if done else None
        await asyncio.sleep(0)
        return NextSeen(ticket=seen, seq=seq)

    async def finish(self, ticket: TicketSeen) -> TicketSeen:
        """End a visit."""
        self.asked.append(f"finish {ticket.number}")
        self._do(FinishTicket(TicketId(ticket.id), DONE))
        return self._seen(TicketId(ticket.id))

    async def queue(self) -> QueueSeen:
        """Return all tickets that have not ended."""
        by_state = {
            state: [self._seen(ticket.id) for ticket in self.day.tickets.values() if ticket.state is state]
            for state in TicketState
        }
        called = by_state[TicketState.CALLED] + by_state[TicketState.SERVING]
        return QueueSeen(called, by_state[TicketState.WAITING], [], by_state[TicketState.PARKED], self.day.seq)

    async def board(self) -> tuple[BoardSeen, bytes]:
        """Return the board, decoded and as bytes."""
        raw = msgspec.json.encode(board_of(self.day, None, self.day.at))
        return msgspec.json.decode(raw, type=BoardSeen), raw

    async def ticket(self, ticket: str) -> TicketSeen:
        """Return a ticket."""
        return self._seen(TicketId(ticket))

    async def history(self, ticket: str) -> list[EventSeen]:
        """Return the events of a ticket."""
        return [
            EventSeen(record.seq, str(record.event.__struct_config__.tag), msgspec.to_builtins(record.event))
            for record in self.records
            if getattr(record.event, "ticket", None) == ticket
        ]

    def _do(self, command: Command) -> list[Event]:
        done = decide(self.day, command, self.day.at + timedelta(seconds=1))
        self._append(done)
        return done

    def _append(self, events: list[Event]) -> None:
        now_at = NOON_AT if not self.records else self.day.at + timedelta(seconds=1)
        for event in events:
            record = Record(self.day.seq + 1, now_at, "test", f"command-{self.day.seq}", 0, None, event)
            self.records.append(record)
            evolve(self.day, record)

    def _seen(self, ticket: TicketId) -> TicketSeen:
        view = ticket_view(self.day, self.day.tickets[ticket], self.day.at, token="token")
        return msgspec.convert(msgspec.to_builtins(view), TicketSeen)

    def _counter(self, counter: str) -> CounterSeen:
        view = counter_view(self.day, self.day.counters[CounterId(counter)])
        return msgspec.convert(msgspec.to_builtins(view), CounterSeen)


async def check_input_of(hall: HallInMemory, driver: DayDriver) -> CheckInput:
    """Return everything that the checks compare after a day."""
    board, raw = await hall.board()
    snapshot = Snapshot(
        board=board, http=raw, queue=await hall.queue(), socket=raw, socket_error=None, journal=hall.records
    )
    logs = list(driver.logs.values())
    return CheckInput(
        hall=hall.id,
        on=TODAY,
        prefixes={"ps": "A", "nw": "B"},
        logs=logs,
        tickets={log.issued.id: await hall.ticket(log.issued.id) for log in logs},
        histories={log.issued.id: ticket_events(await hall.history(log.issued.id)) for log in logs},
        snapshot=snapshot,
    )
