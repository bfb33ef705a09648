"""Lanes: the only code that changes the day of a hall.

A lane belongs to one (hall, day) in one process. Commands that arrive during an append wait in its queue. After the
append they are decided together, in order, and all their events go to the journal in one call: one round trip and one
commit for many commands (group commit).

**Races.** An append is a compare-and-set on `seq` and `head` of the day. If another process was first, nothing is
written: the lane reads the missing events, folds them, and decides the batch again. Without locks the slower process
would starve, so after a lost race the next attempt locks the row of the day while it reads, decides and appends.

**Refusals are checked, too.** A refusal or an empty answer appends nothing, so no position is compared, and it may rest
on an outdated fold. A batch that appends nothing reads the position of the day before it answers.

**Rejected batches.** `decide` runs per command, so an exception affects that command only. If the database rejects an
append, the batch is halved and decided again until the rejected command is alone. A known constraint becomes its
refusal, anything else a fault. A constraint across days may be violated by an append of another day a moment ago: such
a command is tried a few times before it is refused.

**Lost answers.** The journal sends a statement again until its outcome is definite. After `ANSWER_WITHIN_S` the client
gets `outcome-unknown`, or `storage-unavailable` if nothing of the command was sent. A command with the latter answer is
never carried out: an append that contains it is withdrawn before it is sent, and the rest is decided again.

**Idempotency** is part of the fold: a known command id gets the answer of its own events. A keyed command that changes
nothing therefore also has an event.

**Days.** A day begins after the day before has ended. A command for an ended day goes once to the next day. Days ahead
are opened by bookings. Idle days leave memory.

**A replaced journal** (a restored copy) makes the day load again, see `journaled_day`. Commands that waited for a day
that had begun are decided after it has begun again. A day that was opened ahead and begins without carried-over events
has in the copy the same `seq` and `head` as here. So the first append after its beginning holds the row and checks that
the day has begun; later appends compare a head that the copy does not have.

Source: JOURNAL 1 to 6.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import date, datetime
from itertools import islice
from typing import Protocol

import structlog
from msgspec import Struct

from service.clock import Clock
from service.domain.command_results import CommandResult, ResultPart
from service.domain.day import Day
from service.domain.decide.decide import decide, decide_with_key
from service.domain.events import Record
from service.domain.evolve.evolve import advance, evolve
from service.domain.model import HallId
from service.domain.refusals import Busy, KeyReused, Refusal
from service.errors import Fault, OutcomeUnknown, StorageUnavailable
from service.journal.append_sender import OnSend
from service.journal.faults import ConstraintBroken, RecordsRefused, Rewritten, UnknownKind
from service.journal.faults import StorageUnavailable as JournalUnavailable
from service.journal.journal import Journal
from service.journal.values import Append, Committed, Lost
from service.runtime.append_builder import build_append
from service.runtime.journaled_day import TOTALS_CHANGES_MAX, JournaledDay, LaneOwner, require_begun
from service.runtime.pending_requests import AnswerDeadlines, PendingRequest
from service.runtime.rejected_appends import CROSS_DAY_CONSTRAINTS, refusal_for, violated_rule
from service.runtime.requests import Answer, Request

QUEUE_MAX = 8_192
"""Commands waiting in one lane; further ones get `busy`. When booking opens, 5,000 people ask in the same second."""

BATCH_MAX = 64
"""Commands in one append; the others wait for the next append."""

RETRY_FIRST_S = 0.02
RETRY_MOST_S = 1.0
"""Pauses between attempts while the database cannot be reached: the first, doubled up to the longest."""

IDLE_AFTER_S = 600.0
"""A lane without use for this time leaves memory."""

TRIES_MOST = 4
"""Attempts of a command that violates a constraint across days. Each attempt lets one competing day succeed."""

log = structlog.get_logger(__name__)


class LaneObserver(Protocol):
    """Observes the work of lanes, for metrics and for hints to followers."""

    def committed(self, day: Day, parts: list[ResultPart], append_s: float, commands: int) -> None:
        """Note that events of this process are in the journal and in the committed fold."""

    def appended(self, written: Append, at: datetime) -> None:
        """Note an append of a lane, committed at `at` by the database's clock; called in the order of the day."""

    def raced(self, day: Day) -> None:
        """Note that an append lost a race."""


class _Withdrawn(Exception):  # noqa: N818  (it names an event, and never leaves the lane)
    """A command left the batch before anything was sent: the rest must be decided again."""


class _JournalReplaced(Exception):  # noqa: N818  (likewise)
    """The day had begun when the command arrived, and may not have begun in the journal that replaced it."""


class _Decision(Struct):
    """The decision about one request: its events, or an outcome that rests on the fold alone."""

    pending: PendingRequest
    records: list[Record]
    outcome: CommandResult | Exception | None = None


class Lane(JournaledDay):
    """The group-commit loop of one hall's day."""

    def __init__(  # noqa: PLR0913, PLR0917  (its parts)
        self,
        hall: HallId,
        on: date,
        journal: Journal,
        clock: Clock,
        observer: LaneObserver,
        owner: LaneOwner | None = None,
    ) -> None:
        super().__init__(hall, on, journal, clock, owner)
        self._observer = observer
        self._closed = False
        self._queue: deque[PendingRequest] = deque()
        self._deadlines = AnswerDeadlines(self._give_up)
        self._work = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()

    async def do(self, request: Request) -> Answer:
        """Carry out a request, and answer after its events are in the journal.

        If the caller is cancelled before the request was sent, it is withdrawn; afterwards it may still be carried out.

        Raises:
            Refusal: the rules, or the state of the service, do not allow it.
        """
        while True:
            try:
                return await self._do(request)
            except _JournalReplaced:
                assert self._owner is not None, "a day without an owner does not begin"
                await self._owner.begin_again(self)

    async def _do(self, request: Request) -> Answer:
        if self._closed or len(self._queue) >= QUEUE_MAX:
            raise Busy
        pending = PendingRequest(request, asyncio.get_running_loop().create_future(), self._generation)
        self._queue.append(pending)
        self._quiet.clear()
        self._work.set()
        self.used_s = self._clock.monotonic_s()
        self._deadlines.add(pending)
        try:
            return await pending.answer
        except asyncio.CancelledError:
            pending.abandoned = not pending.sent
            raise

    @property
    def idle(self) -> bool:
        """Tell whether the lane has no work and was not used for `IDLE_AFTER_S`."""
        return self._quiet.is_set() and self._clock.monotonic_s() - self.used_s > IDLE_AFTER_S

    def close(self) -> None:
        """Accept no more requests; those in the queue still get their answers."""
        self._closed = True

    async def drained(self) -> None:
        """Wait until every request has its answer."""
        await self._quiet.wait()

    async def run(self) -> None:
        """Settle batches until cancelled."""
        while True:
            await self._work.wait()
            batch = self._take()
            if batch:
                await self._settle(batch)
            if not self._queue:
                self._work.clear()
                self._quiet.set()

    def _take(self) -> list[PendingRequest]:
        batch: list[PendingRequest] = []
        while self._queue and len(batch) < BATCH_MAX:
            pending = self._queue.popleft()
            if not pending.abandoned:
                batch.append(pending)
        return batch

    def _give_up(self, pending: PendingRequest) -> None:
        if not pending.sent:
            pending.abandoned = True
        pending.settle(OutcomeUnknown() if pending.sent else StorageUnavailable())

    async def _settle(self, batch: list[PendingRequest]) -> None:
        """Decide, append and answer a batch; try until it is settled."""
        locked = self._has_no_event_since_it_began
        pause_s = RETRY_FIRST_S
        while batch := self._of_this_generation(batch):
            try:
                if await self._attempt(batch, locked=locked):
                    return
            except (ConstraintBroken, RecordsRefused) as rejected:
                await self._settle_rejected(batch, rejected)
                return
            except _Withdrawn:
                self._forget_decided()
            except JournalUnavailable:
                self._forget_decided()
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, RETRY_MOST_S)
            except Exception as error:
                log.exception("lane_fault", hall=self.hall, day=str(self.on))
                self._forget_decided()
                for pending in batch:
                    # events of a newer release stop this hall, in this process only
                    pending.settle(StorageUnavailable() if isinstance(error, UnknownKind) else Fault())
                return
            batch = [pending for pending in batch if not pending.abandoned]
            locked = True

    @property
    def _has_no_event_since_it_began(self) -> bool:
        """Tell whether all events of the day are from before its beginning."""
        return self.begun and self.committed.at < self.committed.plan.starts_at

    def _of_this_generation(self, batch: list[PendingRequest]) -> list[PendingRequest]:
        """Return the requests that arrived after the journal was last replaced; tell the others about it."""
        for pending in batch:
            if pending.generation != self._generation:
                pending.settle(_JournalReplaced())
        return [pending for pending in batch if pending.generation == self._generation]

    async def _attempt(self, batch: list[PendingRequest], *, locked: bool) -> bool:
        """Try once; return False if another process was first or the day had to be folded again."""
        try:
            return await (self._try_locked(batch) if locked else self._try(batch))
        except Rewritten:
            log.warning("journal_rewritten", hall=self.hall, day=str(self.on))
            async with self._folding:
                await self._reload()
            return False

    async def _settle_rejected(self, batch: list[PendingRequest], rejected: ConstraintBroken | RecordsRefused) -> None:
        """Halve a batch that the database rejects, until the rejected command is alone."""
        self._forget_decided()
        if len(batch) == 1:
            (pending,) = batch
            if pending.tries < TRIES_MOST and violated_rule(rejected) in CROSS_DAY_CONSTRAINTS:
                pending.tries += 1
                await self._settle(batch)
            else:
                pending.settle(refusal_for(rejected, self.hall, self.on))
            return
        half = len(batch) // 2
        await self._settle(batch[:half])
        await self._settle(batch[half:])

    async def _try(self, batch: list[PendingRequest]) -> bool:
        """Try once without a lock; return False if another process was first."""
        async with self._folding:
            decisions = self._decide(batch)
            if any(decision.records for decision in decisions):
                if await self._append(decisions, self._journal.append):
                    return True
                await self._catch_up()
                return False
            if await self._behind():
                await self._catch_up()
                return False
            self._answer(decisions, [])
            return True

    async def _try_locked(self, batch: list[PendingRequest]) -> bool:
        """Try once with the row of the day locked: read missing events, decide and append in one transaction."""
        async with self._folding, self._journal.lock_day(self.hall, self.on) as lock:
            if lock is None:
                raise Rewritten
            require_begun(lock.position, had_begun=self.begun)
            if lock.position.head != self._head:
                asked_s = self._clock.monotonic_s()
                records, position = await lock.read_since(self.committed.seq, self._head)
                self._take_over(records, position, asked_s)
            decisions = self._decide(batch)
            if any(decision.records for decision in decisions):
                return await self._append(decisions, lock.append)
            self._answer(decisions, [])
            return True

    def _decide(self, batch: Iterable[PendingRequest]) -> list[_Decision]:
        return [self._decide_one(pending) for pending in batch]

    def _decide_one(self, pending: PendingRequest) -> _Decision:
        request = pending.request
        day = self._decided
        if request.fingerprint is not None and (done := day.find_result(request.command_id)) is not None:
            again = done if request.matches(done.fingerprint) else KeyReused()
            return _Decision(pending, [], again)
        at = max(request.now_at, day.at)
        try:
            decided = (decide if request.fingerprint is None else decide_with_key)(day, request.command, at)
        except Refusal as refusal:
            refusal.decided = True
            return _Decision(pending, [], refusal)
        except Exception:
            log.exception("decide_fault", hall=self.hall, day=str(self.on), command=type(request.command).__name__)
            return _Decision(pending, [], Fault())
        records = [
            Record(day.seq + part + 1, at, request.actor, request.command_id, part, request.fingerprint, event)
            for part, event in enumerate(decided)
        ]
        try:
            for record in records:
                evolve(day, record)
        except Exception as error:
            log.exception("evolve_fault", hall=self.hall, day=str(self.on), command=type(request.command).__name__)
            pending.settle(Fault())
            pending.abandoned = True
            raise _Withdrawn from error  # `_decided` is broken: the other commands are decided on a new copy
        return _Decision(pending, records)

    async def _append(
        self, decisions: list[_Decision], append: Callable[[Append, OnSend], Awaitable[Committed | Lost]]
    ) -> bool:
        """Write the decided events and answer; return False if another append was first."""
        records = [record for decision in decisions for record in decision.records]
        applicants = [
            decision.pending.request.applicant
            for decision in decisions
            if decision.records and decision.pending.request.applicant is not None
        ]
        before = self.committed if self._totals_changes < TOTALS_CHANGES_MAX else None
        written = build_append(self._decided, self.committed.seq, self._head, records, applicants, before)

        def on_send(_attempt: int) -> None:
            pendings = [decision.pending for decision in decisions]
            if any(pending.abandoned and not pending.sent for pending in pendings):
                raise _Withdrawn  # the client of one command was answered that nothing was done
            for pending in pendings:
                pending.sent = True

        began_s = self._clock.monotonic_s()
        outcome = await append(written, on_send)
        if isinstance(outcome, Lost):
            for decision in decisions:
                decision.pending.mark_not_done()
            self._observer.raced(self.committed)
            self._forget_decided()
            return False
        self._clock.follow(outcome.at, began_s)
        self._head = written.append_id
        totals_changed = written.sum_change is not None
        self._totals_changes = 0 if written.booked is not None else self._totals_changes + totals_changed
        self._checked_s = began_s
        parts = [advance(self.committed, record) for record in records]
        self._answer(decisions, parts)
        self._observer.appended(written, outcome.at)
        self._observer.committed(self.committed, parts, self._clock.monotonic_s() - began_s, len(decisions))
        return True

    def _answer(self, decisions: list[_Decision], parts: list[ResultPart]) -> None:
        rest = iter(parts)
        for decision in decisions:
            outcome = decision.outcome
            if decision.records:
                own = tuple(islice(rest, len(decision.records)))
                outcome = CommandResult(decision.pending.request.fingerprint, own)
            if isinstance(outcome, Exception):
                decision.pending.settle(outcome)
            else:
                seq = outcome.seq if outcome else self.committed.seq
                decision.pending.settle(Answer(self.committed, seq, outcome))
