"""One day of a hall in memory, folded from its journal and kept up to date with it.

**Two folds.** `committed` holds what the journal has confirmed; reads and answers use only this one. `_decided` runs
ahead of it with the effects of the append under way. Its values are frozen, so after a lost race it is made again from
`committed` by a shallow copy.

**A restored database** may hold an earlier copy of the journal than the one in memory. The position of each read
(`seq` and `head`) is compared; on a mismatch the day is dropped and folded again. In the copy the day may not have
begun, and the day before may still be open and know other keys. So a day that had begun here must begin again
(`LaneOwner.begin_again`) before it takes commands.

Source: JOURNAL 3 and 4.
"""

import asyncio
from datetime import date
from typing import TYPE_CHECKING, Protocol

import structlog

from service.clock import Clock
from service.domain.command_results import CommandResult
from service.domain.day import Day
from service.domain.events import Record
from service.domain.evolve.evolve import evolve
from service.domain.model import HallId
from service.errors import StorageUnavailable
from service.journal.faults import Rewritten, UnknownKind
from service.journal.faults import StorageUnavailable as JournalUnavailable
from service.journal.journal import Journal
from service.journal.values import Position
from service.primitives.ids import NIL
from service.primitives.tasks import consume_exception
from service.runtime.append_builder import TOTALS_REWRITTEN_BY
from service.runtime.pending_requests import ANSWER_WITHIN_S

if TYPE_CHECKING:
    from service.runtime.lane import Lane

TOTALS_CHANGES_MAX = 32
"""Appends that write only the change of the booking totals; the next one writes them in full.

Readers add up the changes, so their number is limited."""

FRESH_FOR_S = 0.2
"""A read compares the day with the journal, unless that was done within this time."""

log = structlog.get_logger(__name__)


class LaneOwner(Protocol):
    """Begins the days of lanes."""

    def journal_replaced(self) -> None:
        """Note that a lane found an earlier copy of the journal in the database."""

    async def begin_again(self, lane: "Lane") -> None:
        """Begin the day of a lane, unless it has begun in the journal as it is now. Raises Refusal."""


class JournaledDay:
    """A day of a hall in memory."""

    def __init__(self, hall: HallId, on: date, journal: Journal, clock: Clock, owner: LaneOwner | None = None) -> None:
        self.hall = hall
        self.on = on
        self.committed = Day(hall, on)
        self.used_s = clock.monotonic_s()
        self.gone = False
        """Whether a restored journal has no such day; then it must be opened again."""
        self.begun = False
        """Whether the day is known to have begun. A day ahead only takes bookings."""
        self._generation = 0
        """How often the journal was replaced after the day had begun."""
        self._decided = self.committed.copy()
        self._head = NIL
        self._journal = journal
        self._clock = clock
        self._owner = owner
        self._totals_changes = TOTALS_CHANGES_MAX
        self._checked_s = float("-inf")
        """When the day was last compared with the journal, by the monotonic clock."""
        self._catching_up: asyncio.Task[None] | None = None
        self._folding = asyncio.Lock()

    async def load(self) -> None:
        """Fold the whole day from the journal.

        Raises:
            Rewritten: the journal has no such day.
            JournalUnavailable: the database cannot be reached.
        """
        asked_s = self._clock.monotonic_s()
        position = await self._journal.position(self.hall, self.on)
        if position is None:
            raise Rewritten(f"{self.hall} has no day {self.on}")
        day = Day(self.hall, self.on)
        async for records in self._journal.load(self.hall, self.on, position):
            for record in records:
                evolve(day, record)
            await asyncio.sleep(0)  # lets other halls work between chunks
        day.results_yesterday = self.committed.results_yesterday
        self.committed = day
        self.gone = False
        self._head = position.head
        self._totals_changes = TOTALS_CHANGES_MAX
        self._clock.follow(position.at, asked_s)
        self._checked_s = asked_s
        self._forget_decided()

    async def fresh(self, *, now: bool = False) -> Day:
        """Return the committed day, at most `FRESH_FOR_S` behind the journal; with `now`, as of this call or later.

        Raises:
            StorageUnavailable: the database cannot be reached.
        """
        self.used_s = asked_s = self._clock.monotonic_s()
        try:
            if now:
                await asyncio.shield(self._start_catching_up())
            while not now and asked_s - self._checked_s > FRESH_FOR_S:  # a task under way may have begun too early
                task = self._catching_up
                await asyncio.shield(self._start_catching_up() if task is None or task.done() else task)
        except (JournalUnavailable, UnknownKind, TimeoutError) as error:
            raise StorageUnavailable from error
        self.committed.advance_to(self._clock.now_at())
        return self.committed

    @property
    def head(self) -> str:
        """The id of the last append in the committed day."""
        return self._head

    def snapshot(self) -> tuple[Day, str]:
        """Return a copy of the committed day, and the id of its last append."""
        return self.committed.copy(), self._head

    def set_results_yesterday(self, done: dict[str, CommandResult]) -> None:
        """Take over the keyed commands of the day before: idempotency keys stay valid for one more day."""
        self.committed.results_yesterday = self._decided.results_yesterday = done

    def _start_catching_up(self) -> asyncio.Task[None]:
        self._catching_up = asyncio.create_task(self._catch_up_if_behind(), name=f"catch up {self.hall} {self.on}")
        self._catching_up.add_done_callback(consume_exception)
        return self._catching_up

    async def _behind(self) -> bool:
        """Tell whether the journal has events that the committed day lacks. Raises Rewritten."""
        asked_s, had_begun = self._clock.monotonic_s(), self.begun
        position = await self._journal.position(self.hall, self.on)
        if position is None:
            raise Rewritten
        require_begun(position, had_begun=had_begun)
        self._clock.follow(position.at, asked_s)
        if (position.seq, position.head) != (self.committed.seq, self._head):
            return True
        self.gone = False
        self._checked_s = asked_s  # the time of the question: a busy process may read the answer much later
        return False

    async def _catch_up(self) -> None:
        asked_s = self._clock.monotonic_s()
        records, position = await self._journal.since(self.hall, self.on, self.committed.seq, self._head)
        self._take_over(records, position, asked_s)
        self._checked_s = asked_s

    async def _catch_up_if_behind(self) -> None:
        async with asyncio.timeout(ANSWER_WITHIN_S), self._folding:
            try:
                if await self._behind():
                    await self._catch_up()
            except Rewritten:
                await self._reload()

    def _take_over(self, records: list[Record], position: Position, asked_s: float) -> None:
        """Fold events of other processes into the committed day."""
        for record in records:
            evolve(self.committed, record)
            if type(record.event) in TOTALS_REWRITTEN_BY:  # an older release may have written no totals
                self._totals_changes = TOTALS_CHANGES_MAX
        self._head = position.head
        self._clock.follow(position.at, asked_s)
        self._forget_decided()

    async def _reload(self) -> None:
        """Fold the day again from a journal that was replaced; the keys of the day before are dropped, too.

        Raises:
            JournalUnavailable: the database cannot be reached, or has no such day; the day in memory is then invalid.
        """
        if self._owner is not None:
            self._owner.journal_replaced()
        if self.begun:
            self.begun = False
            self._generation += 1
            self.set_results_yesterday({})
        try:
            await self.load()
        except Rewritten as gone:
            log.warning("reload_failed", hall=self.hall, day=str(self.on))
            self.gone = True
            raise JournalUnavailable(str(gone)) from gone

    def _forget_decided(self) -> None:
        self._decided = self.committed.copy()


def require_begun(position: Position, *, had_begun: bool) -> None:
    """Raise Rewritten if a day that had begun has not begun in the journal: the journal is an earlier copy."""
    if had_begun and not position.begun:
        raise Rewritten("the day has not begun any more")
