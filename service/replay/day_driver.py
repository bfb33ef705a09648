"""Carry out the day of a trace: the people and the staff.

Each visit takes a ticket when it arrived in the trace, and leaves when its patience ends before it is called. Each
counter stands for one server of the trace. It opens at that server's first call, serves each person as long as in the
trace, and calls the next person in the same command that finishes the present one. It closes at the server's last
finish; the counter that closes last stays until everybody was served. A person who left in the trace but is called in
time here is served for the mean duration of the service.

A counter that found nobody becomes idle. An arrival makes the counter that has been idle for longest call again. If
tickets were issued while the call was being answered "nobody waits", the counter calls once more. So nobody is missed
between that answer and the moment at which the counter becomes idle.
"""

import asyncio
from collections import deque
from functools import partial
from math import isfinite

from service.domain.model import TicketState
from service.replay.answers import TicketSeen
from service.replay.errors import ReplayError
from service.replay.hall_client import HallClient
from service.replay.pace import Pace
from service.replay.schedule import Entry, Order, Schedule
from service.replay.ticket_log import Call, OnVisitEnd, TicketLog
from service.replay.trace import Shift, Visit
from service.replay.trace_hall import TraceHall


class CounterAtWork:
    """A counter: `present` is the ticket being served, `shift_over` whether its shift has ended."""

    def __init__(self, counter: str, shift: Shift) -> None:
        self.id = counter
        self.shift = shift
        self.open = False
        self.shift_over = False
        self.present: TicketLog | None = None
        self.free_s = shift.opens_s


class DayDriver:
    """Carries out one day of a trace; `logs` are the tickets by id, `last_seq` is the highest seq in an answer."""

    def __init__(
        self,
        hall: HallClient,
        trace_hall: TraceHall,
        pace: Pace,
        *,
        running_max: int,
        on_visit_end: OnVisitEnd = lambda _: None,
    ) -> None:
        """Put the arrivals and shifts of the day on the schedule.

        Args:
            hall: sends the requests.
            trace_hall: the day and its hall.
            pace: how time passes.
            running_max: the maximum number of commands sent at once.
            on_visit_end: is called with each visit that has ended.
        """
        self.logs: dict[str, TicketLog] = {}
        self.last_seq = 0
        self._hall = hall
        self._services = trace_hall.services
        self._means_s = trace_hall.means_s
        self._pace = pace
        self._running_max = running_max
        self._on_visit_end = on_visit_end
        self._schedule = Schedule()
        self._changed = asyncio.Event()
        self._arriving: set[asyncio.Task[None]] = set()
        self._arrived_count = 0
        self._waiting: set[str] = set()
        self._idle: deque[CounterAtWork] = deque()
        shifts = zip(trace_hall.counters, trace_hall.trace.shifts, strict=True)
        self._counters = [CounterAtWork(name, shift) for name, shift in shifts]
        for visit in trace_hall.trace.visits:
            self._schedule.add(visit.arrived_s, Order.ARRIVAL, partial(self._arrive, visit))
        for counter in self._counters:
            self._schedule.add(counter.shift.opens_s, Order.COUNTER, partial(self._open, counter))
            if isfinite(counter.shift.closes_s):
                self._schedule.add(counter.shift.closes_s, Order.COUNTER, partial(self._end_shift, counter))

    async def run(self) -> None:
        """Carry out the whole day.

        Raises:
            ReplayError: the server refused a command that must succeed, or did not answer.
        """
        try:
            async with asyncio.TaskGroup() as group:
                while (entry := self._next_entry()) is not None or self._schedule.first() or self._schedule.running:
                    if entry is None:
                        await self._wait_for_change()
                    else:
                        self._schedule.begin(entry)
                        group.create_task(self._do(entry), name=f"{entry.order.name} at {entry.at_s:.0f} s")
        except* ReplayError as errors:
            raise first_of(errors) from errors
        for counter in self._counters:
            if counter.open:
                await self._close(counter)

    def _next_entry(self) -> Entry | None:
        return self._pace.pick(self._schedule) if self._schedule.running < self._running_max else None

    async def _wait_for_change(self) -> None:
        """Wait until an entry has ended, or the next one is due."""
        full = self._schedule.running >= self._running_max
        self._changed.clear()
        try:
            async with asyncio.timeout(None if full else self._pace.pause_s(self._schedule)):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _do(self, entry: Entry) -> None:
        try:
            await entry.action(entry.at_s)
        finally:
            self._schedule.ended(entry)
            self._changed.set()

    # People.

    async def _arrive(self, visit: Visit, at_s: float) -> None:
        task = asyncio.current_task()
        assert task is not None, "each action runs in a task"
        self._arriving.add(task)
        try:
            ticket = await self._hall.take(self._services[visit.service])
        finally:
            self._arriving.discard(task)
        self._note_seq(ticket.seq)
        service_s = self._means_s[ticket.service] if visit.service_s is None else visit.service_s
        log = TicketLog(issued=ticket, visit=visit, issued_s=self._pace.actual_s(at_s), service_s=service_s)
        self.logs[ticket.id] = log
        self._waiting.add(ticket.id)
        self._arrived_count += 1
        if visit.patience_s is not None:
            ends_s = log.issued_s + visit.patience_s
            log.give_up_entry = self._schedule.add(ends_s, Order.GIVE_UP, partial(self._give_up, log))
        self._call_at_idle_counter(log.issued_s)

    async def _give_up(self, log: TicketLog, _at_s: float) -> None:
        log.give_up_entry = None
        ticket = await self._hall.leave(log.issued)
        if ticket is None:
            return  # called just before: the person goes to the counter
        self._note_seq(ticket.seq)
        self._waiting.discard(log.issued.id)
        log.left_seq = ticket.seq
        self._end_visit(log, TicketState.LEFT)

    # Staff.

    async def _open(self, counter: CounterAtWork, at_s: float) -> None:
        self._note_seq((await self._hall.open(counter.id)).seq)
        counter.open = True
        await self._call(counter, at_s)

    async def _call(self, counter: CounterAtWork, at_s: float) -> None:
        if counter.shift_over:
            await self._close(counter)
            if self._waiting:
                self._call_at_idle_counter(at_s)
            return
        arrived_before = self._arrived_count
        present = counter.present
        called = await self._hall.next(counter.id, finish=present is not None)
        if called.seq is not None:
            self._note_seq(called.seq)
        self._note_finish(counter, called.seq)
        if called.ticket is not None:
            await self._serve(counter, called.ticket, at_s)
        elif self._arrived_count != arrived_before and self._waiting:
            self._schedule.add(at_s, Order.COUNTER, partial(self._call, counter))
        elif counter.shift_over:
            await self._close(counter)
        else:
            counter.free_s = at_s
            self._idle.append(counter)

    async def _serve(self, counter: CounterAtWork, ticket: TicketSeen, at_s: float) -> None:
        log = await self._log_of(ticket)
        self._waiting.discard(ticket.id)
        log.state = TicketState.CALLED
        if log.give_up_entry is not None:
            self._schedule.cancel(log.give_up_entry)
            log.give_up_entry = None
        log.calls.append(Call(counter=counter.id, seq=ticket.seq, ticket=ticket))
        counter.present = log
        begins_s = self._pace.actual_s(max(at_s, log.issued_s))
        self._schedule.add(begins_s + log.service_s, Order.COUNTER, partial(self._call, counter))

    async def _log_of(self, ticket: TicketSeen) -> TicketLog:
        """Return the log of a called ticket. The answer to its own request may still be on its way."""
        still_arriving = set(self._arriving)
        while ticket.id not in self.logs and still_arriving:
            _, still_arriving = await asyncio.wait(still_arriving, return_when=asyncio.FIRST_COMPLETED)
        log_found = self.logs.get(ticket.id)
        if log_found is not None:
            return log_found
        return TicketLog(issued=ticket, visit=None, issued_s=0.0, service_s=self._means_s.get(ticket.service, 0.0))

    async def _end_shift(self, counter: CounterAtWork, _at_s: float) -> None:
        counter.shift_over = True
        if counter in self._idle:
            self._idle.remove(counter)
            await self._close(counter)

    async def _close(self, counter: CounterAtWork) -> None:
        if counter.present is not None:
            seq = (await self._hall.finish(counter.present.issued)).seq
            self._note_seq(seq)
            self._note_finish(counter, seq)
        self._note_seq((await self._hall.close(counter.id)).seq)
        counter.open = False

    def _call_at_idle_counter(self, at_s: float) -> None:
        if self._idle:
            counter = self._idle.popleft()
            self._schedule.add(max(at_s, counter.free_s), Order.COUNTER, partial(self._call, counter))

    def _note_finish(self, counter: CounterAtWork, seq: int | None) -> None:
        if counter.present is not None:
            assert seq is not None, "a finish is an event"
            counter.present.calls[-1].end_seq = seq
            self._end_visit(counter.present, TicketState.DONE)
            counter.present = None

    def _end_visit(self, log: TicketLog, state: TicketState) -> None:
        log.state = state
        if log.visit is not None:
            self._on_visit_end(log)

    def _note_seq(self, seq: int) -> None:
        self.last_seq = max(self.last_seq, seq)


def first_of(errors: BaseExceptionGroup[ReplayError]) -> ReplayError:
    """Return the first error in a group, at any depth."""
    first = errors.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first
