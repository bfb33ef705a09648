"""Lanes: the one place where a hall's day changes.

A lane belongs to one (hall, day) in one process. Commands that arrive while an append is under way wait in its queue;
when the append is done they are decided together, in order, and all their events go to the journal in one call: one
round trip and one commit for many commands. That is group commit, and it is where the speed comes from.

**Two folds.** `decided` runs ahead: command two of a batch is decided on what command one has done. `committed` holds
what the journal has confirmed; reads and answers see nothing else, so nobody is told what might still not happen.
Values are frozen, so after a lost race `decided` is made anew from `committed` by a shallow copy.

**Races.** An append claims the day's `seq` and `head`. If another process was first, nothing was written: the lane
reads what it missed, folds it, and decides its batch again. Pure optimism starves the slower process, so the try after
a lost race holds the row lock of the day while it reads, decides and appends.

**Refusals are checked too.** A refusal, or an empty answer, appends nothing, so nothing was compared: it may rest on a
fold that another process has left behind. A batch that appends nothing reads the day's position before it answers.

**Poisoned batches.** `decide` runs per command, so an exception costs that command alone. When the journal rejects an
append, the batch is halved and decided again until the offender stands alone: a known constraint becomes its refusal,
anything else a fault. A rule over several days (how many appointments a person may have) may be broken by what another
day's lane has just written: the command is tried a few times before it is refused.

**Answers that did not come.** The journal sends a statement again until it knows. Whoever waits is told
`outcome-unknown` after `ANSWER_WITHIN_S`, or `storage-unavailable` when nothing of it was sent, and then it is never
carried out: an append that is about to leave with such a command is withdrawn, and the rest decided again.

**Idempotency** is part of the fold: a command id that is known gets the answer of its own events again. What changes
nothing has an event too, when it came with a key.

**Days.** A day begins only when the one before it has ended; a command that meets an ended day goes once to the next
one. Days ahead are opened by bookings. Idle days leave memory.

**A journal put back** to an earlier copy is not the one remembered: the day is dropped and folded anew. In the copy it
may not have begun, and the day before may go on, with other keys. So a day that had begun is asked of `Keeper` again,
and what waits here for its turn is decided only then. A day that was opened ahead of its time begins without an event,
if nothing goes on: `seq` and `head` are then those of a copy of the evening before. So the first append after its
beginning holds the row and looks whether it has begun; those that follow claim a head that no such copy has.

Source: JOURNAL 1 to 6.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import date, datetime
from itertools import islice
from typing import Protocol

import msgspec
import structlog
from msgspec import Struct

from service.clock import Clock
from service.domain.commands import Command
from service.domain.day import Day, Done, Part
from service.domain.decide.decide import decide, decide_once
from service.domain.events import DayClosed, DayEnded, PlanChanged, Record
from service.domain.evolve import appointments
from service.domain.evolve.evolve import advance, evolve
from service.domain.model import AppointmentId, HallId
from service.domain.refusals import AlreadyBooked, Busy, CodeNotFound, CodeUsed, KeyReused, Refusal
from service.errors import Fault, OutcomeUnknown, StorageUnavailable
from service.journal.append import Sent
from service.journal.faults import ConstraintBroken, RecordsRefused, Rewritten, UnknownKind
from service.journal.faults import StorageUnavailable as Unavailable
from service.journal.journal import Journal
from service.journal.values import Append, Applicant, Claimed, Lost, Position
from service.primitives.ids import NIL, new_id
from service.primitives.tasks import retrieve

QUEUE_MAX = 8_192
"""Commands waiting for one lane; one more is told `busy`. When booking opens, 5,000 people ask in the same second."""

BATCH_MAX = 64
"""Commands in one append; more wait for the next."""

ANSWER_WITHIN_S = 5.0
"""How long a command waits for its answer; then it is told that nothing is known, or that nothing was done."""

RETRY_FIRST_S = 0.02
RETRY_MOST_S = 1.0
"""Pauses between tries while the database cannot be reached."""

CHANGES_ALL_SUMS = frozenset({PlanChanged, DayClosed, DayEnded})
"""The events after which the sums of the day's bookings are written whole."""

SUM_CHANGES_MAX = 32
"""So many appends write only what they have changed of the sums; then one writes them whole, lest readers have to take
over more and more."""

IDLE_AFTER_S = 600.0
"""A lane nobody has used for so long leaves memory."""

FRESH_FOR_S = 0.2
"""A read looks at the day's position unless the lane did so this recently."""

REFUSAL_OF_CONSTRAINT: dict[str, Callable[[], Refusal]] = {
    "code_once_per_hall": Busy,  # one in a million draws of a code; the client's next try draws another
    "appointment_code_once_per_hall": Busy,
    "person_limit_kept": AlreadyBooked,
    "person_within_limit": AlreadyBooked,
    "person_once_per_start": AlreadyBooked,
    "conditional_used_once": CodeUsed,
    "invitation_used_once": CodeUsed,
    "revoked_is_unused": CodeNotFound,  # taken back since it was read
    "booking_done_once": KeyReused,  # on another day: it was another request
}
"""Which refusal a constraint of the database becomes; one that is not here can only break by a fault of ours.

`slot_not_oversold` is not here: whoever claims the day has decided on all of its bookings. Nor is `command_done_once`:
whoever claims the day has looked for the key among all of its commands, and what broke it would be the same request as
well as another, which is no refusal but an answer.
"""

OF_OTHER_DAYS = frozenset({"person_limit_kept"})
"""What another day's append may have broken a moment ago: the ordinal that was free is not, another may be."""

TRIES_MOST = 4
"""How often such a command is tried: of days that book for one person at once, one gets on with each try."""

log = structlog.get_logger(__name__)


class Key(Struct, frozen=True, kw_only=True):
    """By what a request is known again.

    `command_id` is drawn from (credential, route, key) when the request carried an idempotency key, else at random;
    `fingerprint` is the keyed hash of its body, None without a key; `fingerprints_before` are those by older secrets.
    """

    command_id: str
    fingerprint: bytes | None = None
    fingerprints_before: tuple[bytes, ...] = ()

    def says(self, fingerprint: bytes | None) -> bool:
        """Tell whether a request with the same key that left this fingerprint said the same."""
        return fingerprint == self.fingerprint or fingerprint in self.fingerprints_before


class Request(Key, frozen=True, kw_only=True):
    """A command with what belongs to it from the rim on; `now_at` is read once."""

    command: Command
    actor: str
    now_at: datetime
    applicant: Applicant | None = None


class Answer(Struct, frozen=True):
    """What came of a request on a day: `done` is None when there was nothing to do; `seq` is the day's, after it."""

    day: Day
    seq: int
    done: Done | None


def answered(day: Day, key: Key) -> Answer | None:
    """What a day answered before to a request with this idempotency key. Raises KeyReused when it was another one."""
    done = None if key.fingerprint is None else day.find_done(key.command_id)
    if done is None:
        return None
    if not key.says(done.fingerprint):
        raise KeyReused
    return Answer(day, done.seq, done)


class Watcher(Protocol):
    """Who hears of a lane's work: metrics, and the bell."""

    def committed(self, day: Day, parts: list[Part], append_s: float, commands: int) -> None:
        """Events of this process are in the journal and in the committed fold."""

    def appended(self, written: Append, at: datetime) -> None:
        """An append of a lane is in the journal since `at`, by the database's clock: told in the order of the day."""

    def raced(self, day: Day) -> None:
        """An append was not first."""


class Keeper(Protocol):
    """Who begins the days of lanes."""

    def put_back(self) -> None:
        """Hear that a lane has found the journal put back to an earlier copy."""

    async def begin_anew(self, lane: "Lane") -> None:
        """Begin the day of a lane again, unless it has begun in the journal as it is now. Raises Refusal."""


class _Pending:
    """A request that waits for its answer; `copy` is the lane's, by which its day had begun."""

    __slots__ = ("abandoned", "answer", "copy", "request", "sent", "tries")

    def __init__(self, request: Request, answer: "asyncio.Future[Answer]", copy: int) -> None:
        self.request = request
        self.answer = answer
        self.copy = copy
        self.sent = False
        self.abandoned = False
        self.tries = 1
        """How often it was tried, for a rule over several days was broken."""

    def not_done(self) -> None:
        """Note that what was sent was not done; when nobody waits for it any more, it never will be."""
        self.sent = False
        self.abandoned = self.answer.done()

    def settle(self, outcome: Answer | Exception) -> None:
        """Give the answer, if anybody still waits for it."""
        if self.answer.done():
            return
        if isinstance(outcome, Exception):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


class _Patience:
    """Gives up on requests that are not answered within `ANSWER_WITHIN_S`.

    All wait equally long, so they are due in the order they came, and one timer does for all of them: a timer for each
    costs as much as deciding it.
    """

    def __init__(self, give_up: Callable[[_Pending], None]) -> None:
        self._give_up = give_up
        self._waiting: deque[tuple[float, _Pending]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, pending: _Pending) -> None:
        """Give up on a request when its time has come, unless it is answered by then."""
        waiting = self._waiting
        while waiting and waiting[0][1].answer.done():
            waiting.popleft()
        loop = asyncio.get_running_loop()
        due_s = loop.time() + ANSWER_WITHIN_S
        waiting.append((due_s, pending))
        if self._timer is None:
            self._timer = loop.call_at(due_s, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        waiting = self._waiting
        while waiting and (waiting[0][1].answer.done() or waiting[0][0] <= loop.time()):
            _, pending = waiting.popleft()
            if not pending.answer.done():
                self._give_up(pending)
        if waiting:
            self._timer = loop.call_at(waiting[0][0], self._look, loop)


class _Withdrawn(Exception):  # noqa: N818  (it names what happened, and never leaves the lane)
    """Somebody in the batch is out of it, and nothing was sent: the rest has to be decided again."""


class _PutBack(Exception):  # noqa: N818  (likewise)
    """The day had begun when this was asked, and may not have in the copy of the journal that is there now."""


class _Decision(Struct):
    """What was decided about one request: its events, or an answer that rests on the fold alone."""

    pending: _Pending
    records: list[Record]
    outcome: Done | Exception | None = None


class Lane:
    """The group-commit loop of one hall's day."""

    def __init__(  # noqa: PLR0913, PLR0917  (its parts)
        self, hall: HallId, on: date, journal: Journal, clock: Clock, watcher: Watcher, keeper: Keeper | None = None
    ) -> None:
        self.hall = hall
        self.on = on
        self.committed = Day(hall, on)
        self.used_s = clock.monotonic_s()
        self.gone = False
        """Whether the journal, put back to an earlier copy, has no such day: it has to be opened anew."""
        self.begun = False
        """Whether it is known to have begun: a day ahead takes bookings, and nothing else is asked of it."""
        self._copy = 0
        """How often the journal was put back after the day had begun."""
        self._closed = False
        self._decided = self.committed.copy()
        self._head = NIL
        self._journal = journal
        self._clock = clock
        self._watcher = watcher
        self._keeper = keeper
        self._queue: deque[_Pending] = deque()
        self._patience = _Patience(self._give_up)
        self._work = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._sum_changes = SUM_CHANGES_MAX
        self._looked_s = float("-inf")
        self._look: asyncio.Task[None] | None = None
        self._folding = asyncio.Lock()

    # What others may ask.

    async def load(self) -> None:
        """Fold the whole day from the journal. Raises Rewritten when there is no such day, and Unavailable."""
        asked_s = self._clock.monotonic_s()
        position = await self._journal.position(self.hall, self.on)
        if position is None:
            raise Rewritten(f"{self.hall} has no day {self.on}")
        day = Day(self.hall, self.on)
        async for records in self._journal.load(self.hall, self.on, position):
            for record in records:
                evolve(day, record)
            await asyncio.sleep(0)  # other halls have their turn between the chunks
        day.done_yesterday = self.committed.done_yesterday
        self.committed = day
        self.gone = False
        self._head = position.head
        self._sum_changes = SUM_CHANGES_MAX
        self._clock.follow(position.at, asked_s)
        self._looked_s = asked_s
        self._forget_decided()

    async def do(self, request: Request) -> Answer:
        """Carry a request out and answer when it is in the journal.

        Cancelled before it was sent, it is withdrawn; afterwards it may go on without the asker.

        Raises:
            Refusal: the rules, or the state of the service, do not allow it.
        """
        while True:
            try:
                return await self._do(request)
            except _PutBack:
                assert self._keeper is not None, "a day that nobody keeps does not begin"
                await self._keeper.begin_anew(self)

    async def _do(self, request: Request) -> Answer:
        if self._closed or len(self._queue) >= QUEUE_MAX:
            raise Busy
        pending = _Pending(request, asyncio.get_running_loop().create_future(), self._copy)
        self._queue.append(pending)
        self._quiet.clear()
        self._work.set()
        self.used_s = self._clock.monotonic_s()
        self._patience.begin(pending)
        try:
            return await pending.answer
        except asyncio.CancelledError:
            pending.abandoned = not pending.sent
            raise

    async def fresh(self, *, now: bool = False) -> Day:
        """The committed day, no older than the journal was `FRESH_FOR_S` ago; with `now`, than it is at the call.

        Raises:
            StorageUnavailable: the database cannot be reached.
        """
        self.used_s = asked_s = self._clock.monotonic_s()
        try:
            if now:
                await asyncio.shield(self._look_anew())
            while not now and asked_s - self._looked_s > FRESH_FOR_S:  # twice, where a look under way began long ago
                look = self._look
                await asyncio.shield(self._look_anew() if look is None or look.done() else look)
        except (Unavailable, UnknownKind, TimeoutError) as error:
            raise StorageUnavailable from error
        self.committed.wake(self._clock.now_at())
        return self.committed

    @property
    def head(self) -> str:
        """The id of the append at which the committed day stands."""
        return self._head

    @property
    def idle(self) -> bool:
        """Tell whether nobody has used the lane for long and nothing is under way."""
        return self._quiet.is_set() and self._clock.monotonic_s() - self.used_s > IDLE_AFTER_S

    def close(self) -> None:
        """Take no more requests; those there are get their answers."""
        self._closed = True

    async def drained(self) -> None:
        """Wait until every request has its answer."""
        await self._quiet.wait()

    def snapshot(self) -> tuple[Day, str]:
        """The committed day, to go on with apart from the lane, and the id of the append that it stands at."""
        return self.committed.copy(), self._head

    def know_yesterday(self, done: dict[str, Done]) -> None:
        """Take over the keyed commands of the day before: their keys hold for one day more."""
        self.committed.done_yesterday = self._decided.done_yesterday = done

    # The loop.

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

    def _take(self) -> list[_Pending]:
        batch: list[_Pending] = []
        while self._queue and len(batch) < BATCH_MAX:
            pending = self._queue.popleft()
            if not pending.abandoned:
                batch.append(pending)
        return batch

    def _give_up(self, pending: _Pending) -> None:
        if not pending.sent:
            pending.abandoned = True
        pending.settle(OutcomeUnknown() if pending.sent else StorageUnavailable())

    async def _settle(self, batch: list[_Pending]) -> None:
        """Decide, append and answer a batch; try until it is settled."""
        locked = self._begun_by_its_row_alone
        pause_s = RETRY_FIRST_S
        while batch := self._of_this_copy(batch):
            try:
                if await self._attempt(batch, locked=locked):
                    return
            except (ConstraintBroken, RecordsRefused) as rejected:
                await self._settle_rejected(batch, rejected)
                return
            except _Withdrawn:
                self._forget_decided()
            except Unavailable:
                self._forget_decided()
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, RETRY_MOST_S)
            except Exception as error:
                log.exception("lane_fault", hall=self.hall, day=str(self.on))
                self._forget_decided()
                for pending in batch:
                    # a journal with events of a newer release stops this hall in this process, and only here
                    pending.settle(StorageUnavailable() if isinstance(error, UnknownKind) else Fault())
                return
            batch = [pending for pending in batch if not pending.abandoned]
            locked = True

    @property
    def _begun_by_its_row_alone(self) -> bool:
        """Tell whether nothing has happened since the day has begun: its events are those of before its time."""
        return self.begun and self.committed.at < self.committed.plan.starts_at

    def _of_this_copy(self, batch: list[_Pending]) -> list[_Pending]:
        """Those asked since the journal was put back; to the others it is told."""
        for pending in batch:
            if pending.copy != self._copy:
                pending.settle(_PutBack())
        return [pending for pending in batch if pending.copy == self._copy]

    async def _attempt(self, batch: list[_Pending], *, locked: bool) -> bool:
        """One try; False when another process was first, or the day had to be folded anew."""
        try:
            return await (self._try_locked(batch) if locked else self._try(batch))
        except Rewritten:
            log.warning("journal_rewritten", hall=self.hall, day=str(self.on))
            async with self._folding:
                await self._reload()
            return False

    async def _settle_rejected(self, batch: list[_Pending], rejected: ConstraintBroken | RecordsRefused) -> None:
        """Halve a batch that the journal refuses, until the offender stands alone."""
        self._forget_decided()
        if len(batch) == 1:
            (offender,) = batch
            if offender.tries < TRIES_MOST and _rule(rejected) in OF_OTHER_DAYS:
                offender.tries += 1
                await self._settle(batch)
            else:
                offender.settle(refusal_of(rejected, self.hall, self.on))
            return
        half = len(batch) // 2
        await self._settle(batch[:half])
        await self._settle(batch[half:])

    async def _try(self, batch: list[_Pending]) -> bool:
        """One optimistic try; False when another process was first."""
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

    async def _try_locked(self, batch: list[_Pending]) -> bool:
        """One try that holds the day's row: read what was missed, decide, append, in one transaction."""
        async with self._folding, self._journal.claim(self.hall, self.on) as claim:
            if claim is None:
                raise Rewritten
            require_begun(claim.position, had_begun=self.begun)
            if claim.position.head != self._head:
                asked_s = self._clock.monotonic_s()
                records, position = await claim.since(self.committed.seq, self._head)
                self._take_over(records, position, asked_s)
            decisions = self._decide(batch)
            if any(decision.records for decision in decisions):
                return await self._append(decisions, claim.append)
            self._answer(decisions, [])
            return True

    def _decide(self, batch: Iterable[_Pending]) -> list[_Decision]:
        return [self._decide_one(pending) for pending in batch]

    def _decide_one(self, pending: _Pending) -> _Decision:
        request = pending.request
        day = self._decided
        if request.fingerprint is not None and (done := day.find_done(request.command_id)) is not None:
            again = done if request.says(done.fingerprint) else KeyReused()
            return _Decision(pending, [], again)
        at = max(request.now_at, day.at)
        try:
            decided = (decide if request.fingerprint is None else decide_once)(day, request.command, at)
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
            raise _Withdrawn from error  # the fold that runs ahead is broken: the others are decided on a new one
        return _Decision(pending, records)

    async def _append(
        self, decisions: list[_Decision], append: Callable[[Append, Sent], Awaitable[Claimed | Lost]]
    ) -> bool:
        """Write what was decided and answer; False when another append was first."""
        records = [record for decision in decisions for record in decision.records]
        applicants = [
            decision.pending.request.applicant
            for decision in decisions
            if decision.records and decision.pending.request.applicant is not None
        ]
        before = self.committed if self._sum_changes < SUM_CHANGES_MAX else None
        written = append_of(self._decided, self.committed.seq, self._head, records, applicants, before)

        def sent(_attempt: int) -> None:
            pendings = [decision.pending for decision in decisions]
            if any(pending.abandoned and not pending.sent for pending in pendings):
                raise _Withdrawn  # somebody was told that nothing was done
            for pending in pendings:
                pending.sent = True

        began_s = self._clock.monotonic_s()
        outcome = await append(written, sent)
        if isinstance(outcome, Lost):
            for decision in decisions:
                decision.pending.not_done()
            self._watcher.raced(self.committed)
            self._forget_decided()
            return False
        self._clock.follow(outcome.at, began_s)
        self._head = written.append_id
        self._sum_changes = 0 if written.booked is not None else self._sum_changes + (written.sum_change is not None)
        self._looked_s = began_s
        parts = [advance(self.committed, record) for record in records]
        self._answer(decisions, parts)
        self._watcher.appended(written, outcome.at)
        self._watcher.committed(self.committed, parts, self._clock.monotonic_s() - began_s, len(decisions))
        return True

    def _answer(self, decisions: list[_Decision], parts: list[Part]) -> None:
        rest = iter(parts)
        for decision in decisions:
            outcome = decision.outcome
            if decision.records:
                mine = tuple(islice(rest, len(decision.records)))
                outcome = Done(decision.pending.request.fingerprint, mine)
            if isinstance(outcome, Exception):
                decision.pending.settle(outcome)
            else:
                seq = outcome.seq if outcome else self.committed.seq
                decision.pending.settle(Answer(self.committed, seq, outcome))

    # Keeping up with other processes.

    def _look_anew(self) -> asyncio.Task[None]:
        self._look = asyncio.create_task(self._catch_up_if_behind(), name=f"look {self.hall} {self.on}")
        self._look.add_done_callback(retrieve)
        return self._look

    async def _behind(self) -> bool:
        asked_s, had_begun = self._clock.monotonic_s(), self.begun
        position = await self._journal.position(self.hall, self.on)
        if position is None:
            raise Rewritten
        require_begun(position, had_begun=had_begun)
        self._clock.follow(position.at, asked_s)
        if (position.seq, position.head) != (self.committed.seq, self._head):
            return True
        self.gone = False
        self._looked_s = asked_s  # not when the answer was heard: a process that had no time may hear it late
        return False

    async def _catch_up(self) -> None:
        asked_s = self._clock.monotonic_s()
        records, position = await self._journal.since(self.hall, self.on, self.committed.seq, self._head)
        self._take_over(records, position, asked_s)
        self._looked_s = asked_s

    async def _catch_up_if_behind(self) -> None:
        async with asyncio.timeout(ANSWER_WITHIN_S), self._folding:
            try:
                if await self._behind():
                    await self._catch_up()
            except Rewritten:
                await self._reload()

    def _take_over(self, records: list[Record], position: Position, asked_s: float) -> None:
        for record in records:
            evolve(self.committed, record)
            if type(record.event) in CHANGES_ALL_SUMS:  # of a release that writes no sums, perhaps
                self._sum_changes = SUM_CHANGES_MAX
        self._head = position.head
        self._clock.follow(position.at, asked_s)
        self._forget_decided()

    async def _reload(self) -> None:
        """Drop the day and fold it anew: the journal is not the one we remember, nor are its keys of the day before.

        Raises:
            Unavailable: the database cannot be reached, or has no such day any more; what is remembered is not true.
        """
        if self._keeper is not None:
            self._keeper.put_back()
        if self.begun:
            self.begun = False
            self._copy += 1
            self.know_yesterday({})
        try:
            await self.load()
        except Rewritten as gone:
            log.warning("reload_failed", hall=self.hall, day=str(self.on))
            self.gone = True
            raise Unavailable(str(gone)) from gone

    def _forget_decided(self) -> None:
        self._decided = self.committed.copy()


def require_begun(position: Position, *, had_begun: bool) -> None:
    """Raise Rewritten where a day had begun and has not: the journal is an earlier copy."""
    if had_begun and not position.begun:
        raise Rewritten("the day has not begun any more")


def append_of(  # noqa: PLR0913, PLR0917  (an append)
    day: Day, seq: int, head: str, records: list[Record], applicants: list[Applicant], before: Day | None = None
) -> Append:
    """What is written of events: these, the last states of what they are about, and the sums that they changed.

    Args:
        day: the day as the events have left it.
        seq: the number of the event before them.
        head: the id of the append before this one.
        records: the events.
        applicants: who is new.
        before: the day as it was before them; without it the sums are written whole.
    """
    tickets = {ticket for record in records if (ticket := getattr(record.event, "ticket", None)) is not None}
    kinds = {type(record.event) for record in records}
    touched: set[AppointmentId] = set()
    if not kinds.isdisjoint(appointments.EVOLVERS):
        touched = {one for record in records if (one := getattr(record.event, "appointment", None)) is not None}
    booked = sum_change = None
    if not kinds.isdisjoint(CHANGES_ALL_SUMS) or (touched and before is None):
        booked = msgspec.json.encode(day.booked)
    elif touched and before is not None:
        sum_change = _sum_change(before, day, touched)
    return Append(
        hall=day.hall,
        day=day.on,
        seq=seq,
        head=head,
        append_id=new_id(),
        records=records,
        tickets=[day.tickets[ticket] for ticket in tickets],
        appointments=[day.appointments[one] for one in touched if one in day.appointments],  # else it is another day's
        applicants=applicants,
        revision=day.regular.revision if PlanChanged in kinds else None,
        booked=booked,
        sum_change=sum_change,
    )


def _sum_change(before: Day, after: Day, touched: set[AppointmentId]) -> bytes | None:
    """What has changed of the sums by appointments, as JSON; None when nothing has."""
    values = [one for day in (before, after) for each in touched if (one := day.appointments.get(each)) is not None]
    change = after.booked.changes_since(before.booked, after.regular, values)
    return None if change is None else msgspec.json.encode(change)


def refusal_of(rejected: ConstraintBroken | RecordsRefused, hall: HallId, on: date) -> Exception:
    """What is told to who asked for what the journal refused."""
    if isinstance(rejected, ConstraintBroken) and rejected.name in REFUSAL_OF_CONSTRAINT:
        return REFUSAL_OF_CONSTRAINT[rejected.name]()
    log.error("append_rejected", hall=hall, day=str(on), why=type(rejected).__name__, rule=_rule(rejected))
    return Fault()


def _rule(rejected: ConstraintBroken | RecordsRefused) -> str | None:
    return rejected.name if isinstance(rejected, ConstraintBroken) else rejected.sqlstate
