"""The people and the staff of a trace, at work.

Each visit takes a number when it arrived in the trace, and leaves again when its patience ends before it is called.
Each counter stands for one server of the trace: it opens at that server's first call, serves each person for as long as
that person was served in the trace, calls the next one in the same command that finishes the present one, and closes at
the server's last finish. The one that closes last stays until everybody was served. Who left in the trace but is called
in time here is served for the mean of their service.

A counter that found nobody rests until somebody comes; of several the one that rests longest is asked. Numbers given
out while it was told that nobody waits are looked at again, so nobody is left between an empty answer and the rest.
"""

import asyncio
from collections import deque
from functools import partial
from math import isfinite

from service.domain.model import TicketState
from service.replay.agenda import Agenda, Due, Order
from service.replay.answers import TicketSeen
from service.replay.document import Setting
from service.replay.errors import ReplayError
from service.replay.hall import HallClient
from service.replay.pace import Pace
from service.replay.told import Call, OnOver, Told
from service.replay.trace import Shift, Visit


class Counter:
    """A counter at work: `told` is who is there, `over` tells that its shift has ended."""

    def __init__(self, counter: str, shift: Shift) -> None:
        self.id = counter
        self.shift = shift
        self.open = False
        self.over = False
        self.told: Told | None = None
        self.free_s = shift.opens_s


class Drive:
    """One day of a trace."""

    def __init__(
        self,
        hall: HallClient,
        setting: Setting,
        pace: Pace,
        *,
        under_way_max: int,
        on_over: OnOver = lambda _: None,
    ) -> None:
        """Make ready.

        Args:
            hall: where it happens.
            setting: what happens, in the hall's words.
            pace: how the time passes.
            under_way_max: commands sent at once.
            on_over: hears of each visit that is over.
        """
        self.told: dict[str, Told] = {}
        self.last_seq = 0
        self._hall = hall
        self._services = setting.services
        self._means_s = setting.means_s
        self._pace = pace
        self._under_way_max = under_way_max
        self._on_over = on_over
        self._agenda = Agenda()
        self._changed = asyncio.Event()
        self._coming: set[asyncio.Task[None]] = set()
        self._came = 0
        self._waiting: set[str] = set()
        self._resting: deque[Counter] = deque()
        shifts = zip(setting.counters, setting.trace.shifts, strict=True)
        self._counters = [Counter(name, shift) for name, shift in shifts]
        for visit in setting.trace.visits:
            self._agenda.put(visit.arrived_s, Order.COMES, partial(self._come, visit))
        for counter in self._counters:
            self._agenda.put(counter.shift.opens_s, Order.COUNTER, partial(self._open, counter))
            if isfinite(counter.shift.closes_s):
                self._agenda.put(counter.shift.closes_s, Order.COUNTER, partial(self._end_shift, counter))

    async def run(self) -> None:
        """Live the day to its end.

        Raises:
            ReplayError: the server refused what the day cannot go on without, or did not answer.
        """
        try:
            async with asyncio.TaskGroup() as group:
                while (due := self._pick()) is not None or self._agenda.first() or self._agenda.under_way:
                    if due is None:
                        await self._something()
                    else:
                        self._agenda.begin(due)
                        group.create_task(self._do(due), name=f"{due.order.name} at {due.at_s:.0f} s")
        except* ReplayError as errors:
            raise first_of(errors) from errors
        for counter in self._counters:
            if counter.open:
                await self._close(counter)

    def _pick(self) -> Due | None:
        return self._pace.pick(self._agenda) if self._agenda.under_way < self._under_way_max else None

    async def _something(self) -> None:
        """Wait until an answer has come, or the next entry is due."""
        full = self._agenda.under_way >= self._under_way_max
        self._changed.clear()
        try:
            async with asyncio.timeout(None if full else self._pace.pause_s(self._agenda)):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _do(self, due: Due) -> None:
        try:
            await due.deed(due.at_s)
        finally:
            self._agenda.ended(due)
            self._changed.set()

    # People.

    async def _come(self, visit: Visit, at_s: float) -> None:
        task = asyncio.current_task()
        assert task is not None, "deeds are tasks"
        self._coming.add(task)
        try:
            ticket = await self._hall.take(self._services[visit.service])
        finally:
            self._coming.discard(task)
        self._heard(ticket.seq)
        service_s = self._means_s[ticket.service] if visit.service_s is None else visit.service_s
        told = Told(taken=ticket, visit=visit, since_s=self._pace.moment_s(at_s), service_s=service_s)
        self.told[ticket.id] = told
        self._waiting.add(ticket.id)
        self._came += 1
        if visit.patience_s is not None:
            ends_s = told.since_s + visit.patience_s
            told.gives_up = self._agenda.put(ends_s, Order.GIVES_UP, partial(self._give_up, told))
        self._ask_a_resting(told.since_s)

    async def _give_up(self, told: Told, _at_s: float) -> None:
        told.gives_up = None
        ticket = await self._hall.leave(told.taken)
        if ticket is None:
            return  # called in this moment: the person goes to the counter
        self._heard(ticket.seq)
        self._waiting.discard(told.taken.id)
        told.left_seq = ticket.seq
        self._end_visit(told, TicketState.LEFT)

    # Staff.

    async def _open(self, counter: Counter, at_s: float) -> None:
        self._heard((await self._hall.open(counter.id)).seq)
        counter.open = True
        await self._call(counter, at_s)

    async def _call(self, counter: Counter, at_s: float) -> None:
        if counter.over:
            await self._close(counter)
            if self._waiting:
                self._ask_a_resting(at_s)
            return
        came = self._came
        present = counter.told
        given = await self._hall.next(counter.id, finish=present is not None)
        if given.seq is not None:
            self._heard(given.seq)
        self._finished(counter, given.seq)
        if given.ticket is not None:
            await self._serve(counter, given.ticket, at_s)
        elif self._came != came and self._waiting:
            self._agenda.put(at_s, Order.COUNTER, partial(self._call, counter))
        elif counter.over:
            await self._close(counter)
        else:
            counter.free_s = at_s
            self._resting.append(counter)

    async def _serve(self, counter: Counter, ticket: TicketSeen, at_s: float) -> None:
        told = await self._told_of(ticket)
        self._waiting.discard(ticket.id)
        told.state = TicketState.CALLED
        if told.gives_up is not None:
            self._agenda.drop(told.gives_up)
            told.gives_up = None
        told.calls.append(Call(counter=counter.id, seq=ticket.seq, ticket=ticket))
        counter.told = told
        begins_s = self._pace.moment_s(max(at_s, told.since_s))
        self._agenda.put(begins_s + told.service_s, Order.COUNTER, partial(self._call, counter))

    async def _told_of(self, ticket: TicketSeen) -> Told:
        """Who was called: their own answer may still be on its way."""
        coming = set(self._coming)
        while ticket.id not in self.told and coming:
            _, coming = await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
        known = self.told.get(ticket.id)
        if known is not None:
            return known
        return Told(taken=ticket, visit=None, since_s=0.0, service_s=self._means_s.get(ticket.service, 0.0))

    async def _end_shift(self, counter: Counter, _at_s: float) -> None:
        counter.over = True
        if counter in self._resting:
            self._resting.remove(counter)
            await self._close(counter)

    async def _close(self, counter: Counter) -> None:
        if counter.told is not None:
            seq = (await self._hall.finish(counter.told.taken)).seq
            self._heard(seq)
            self._finished(counter, seq)
        self._heard((await self._hall.close(counter.id)).seq)
        counter.open = False

    def _ask_a_resting(self, at_s: float) -> None:
        if self._resting:
            counter = self._resting.popleft()
            self._agenda.put(max(at_s, counter.free_s), Order.COUNTER, partial(self._call, counter))

    def _finished(self, counter: Counter, seq: int | None) -> None:
        if counter.told is not None:
            assert seq is not None, "a finish is an event"
            counter.told.calls[-1].over_seq = seq
            self._end_visit(counter.told, TicketState.DONE)
            counter.told = None

    def _end_visit(self, told: Told, state: TicketState) -> None:
        told.state = state
        if told.visit is not None:
            self._on_over(told)

    def _heard(self, seq: int) -> None:
        self.last_seq = max(self.last_seq, seq)


def first_of(errors: BaseExceptionGroup[ReplayError]) -> ReplayError:
    """The first of the errors in a group, however deep."""
    first = errors.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first
