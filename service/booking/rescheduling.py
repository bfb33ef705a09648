"""Moves: an appointment that goes on on another day of its hall.

Everything else that happens is one day's; a move is two days' at once, and so is an appointment on another day for who
is on standby today. So it is one transaction beside the lanes, which
holds the rows of both days, the earlier first, so that moves in both directions never wait for each other. It brings
both folds up to the rows as they are held, decides its half of the command on each, and writes two appends: both or
neither. To the lanes it is another process: they notice, catch up, and decide again.

The id of the command is in both days, and the answer is the new day's: it says where the appointment is now. Both days
are asked whether it was done before: of requests with one key that name several days one is done, and the others find
the key in the day they would take the appointment from. An answer to the COMMIT that did not come is made certain by
the journal (`TwoDayLock`).

Source: JOURNAL 2 (answers that did not come), 4 (two days at once).
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import partial

import structlog
from msgspec import UNSET, Struct
from msgspec.structs import replace

from service.clock import Clock
from service.domain.command_results import CommandResult, ResultPart
from service.domain.commands import (
    BookAppointment,
    ChangeAppointment,
    Command,
    LeaveForAppointment,
    MoveAppointmentAway,
    TakeOverAppointment,
)
from service.domain.day import Day
from service.domain.decide.decide import decide
from service.domain.events import Record
from service.domain.evolve.evolve import advance
from service.domain.model import HallId
from service.domain.refusals import AppointmentNotFound, Busy, Refusal
from service.errors import Fault, OutcomeUnknown, StorageUnavailable
from service.journal import faults
from service.journal.day_locks import TwoDayLock
from service.journal.journal import Journal
from service.journal.values import Lost
from service.runtime.append_builder import build_append
from service.runtime.journaled_day import require_begun
from service.runtime.lane import Lane, LaneObserver
from service.runtime.lanes import Lanes
from service.runtime.pending_requests import ANSWER_WITHIN_S
from service.runtime.rejected_appends import CROSS_DAY_CONSTRAINTS, refusal_for
from service.runtime.requests import Answer, Request, earlier_answer

TRIES_MAX = 5
"""How often a move begins anew when a day was rewritten, or the appointment went elsewhere, under it; then `busy`."""

log = structlog.get_logger(__name__)


class _Half(Struct):
    """One of the two days: its fold, going ahead of the journal, and what was decided on it."""

    day: Day
    seq: int
    head: str
    records: list[Record]
    parts: list[ResultPart]


_Decided = Callable[[_Half, _Half, Request], bool]
"""Decides a command on both days, the earlier half first; False when what it is about went elsewhere before."""


class Moves:
    """Moves appointments between days."""

    def __init__(self, journal: Journal, lanes: Lanes, clock: Clock, watcher: LaneObserver) -> None:
        self._journal = journal
        self._lanes = lanes
        self._clock = clock
        self._watcher = watcher

    async def move(self, hall: HallId, to_on: date, request: Request, *, asked: bool = False) -> Answer:
        """Carry out a `ChangeAppointment` whose `starts_at` is on `to_on`, whatever day the appointment is on now.

        `asked` is as in `Lanes.do_on`.

        Returns:
            The answer of the day it is on then.

        Raises:
            AppointmentNotFound: no day of the hall has it.
            OutcomeUnknown: the answer to its end did not come in time; repeat it with the same key.
            Refusal: the rules of either day, or the state of the service, do not allow it.
        """
        ask = partial(self._move, hall, to_on, request, asked=asked)
        return await self._lanes.retry_without_expired(hall, request, ask)

    async def _move(self, hall: HallId, to_on: date, request: Request, *, asked: bool) -> Answer:
        command = request.command
        assert isinstance(command, ChangeAppointment), "only a change moves an appointment"
        for nth in range(TRIES_MAX):
            asked = asked and nth == 0
            from_on = await self._lanes.date_of_appointment(hall, command.appointment)
            if from_on is None:
                raise AppointmentNotFound
            if from_on == to_on:
                with suppress(AppointmentNotFound):  # it has moved away since: look again
                    return await self._lanes.do_on(hall, to_on, request, key_checked=asked)
                continue
            known = None if asked else await self._lanes.find_earlier_answer(hall, request, to_on)
            if known is not None:
                return known
            answer = await self._in_time(hall, (from_on, to_on), request, _moved)
            if answer is not None:
                return answer
        raise Busy

    async def book(self, hall: HallId, from_on: date, to_on: date, request: Request, *, asked: bool = False) -> Answer:
        """Carry out a `BookAppointment` on `to_on` for a ticket on standby on `from_on`, which leaves by it.

        `asked` is as in `Lanes.do_on`.

        Returns:
            The answer of the day that is booked.

        Raises:
            OutcomeUnknown: the answer to its end did not come in time; repeat it with the same key.
            Refusal: the rules of either day, or the state of the service, do not allow it.
        """
        ask = partial(self._book, hall, from_on, to_on, request, asked=asked)
        return await self._lanes.retry_without_expired(hall, request, ask)

    async def _book(self, hall: HallId, from_on: date, to_on: date, request: Request, *, asked: bool) -> Answer:
        for nth in range(TRIES_MAX):
            known = None if asked and nth == 0 else await self._lanes.find_earlier_answer(hall, request, to_on)
            if known is not None:
                return known
            answer = await self._in_time(hall, (from_on, to_on), request, _booked_from_standby)
            if answer is not None:
                return answer
        raise Busy

    async def _in_time(
        self, hall: HallId, days: tuple[date, date], request: Request, decided: _Decided
    ) -> Answer | None:
        """One try, `ANSWER_WITHIN_S` long; what was sent then goes on without the asker. None: look again."""
        sent: list[int] = []
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await self._try(hall, days, request, decided, sent)
        except (faults.StorageUnavailable, faults.UnknownKind, TimeoutError) as error:
            raise (OutcomeUnknown if sent else StorageUnavailable) from error
        except faults.Rewritten:
            for on in days:
                await self._lanes.day_on(hall, on, now=True)
            return None
        except (faults.ConstraintBroken, faults.RecordsRefused) as rejected:
            if isinstance(rejected, faults.ConstraintBroken) and rejected.name in CROSS_DAY_CONSTRAINTS:
                return None
            raise refusal_for(rejected, hall, days[1]) from None

    async def _try(
        self, hall: HallId, days: tuple[date, date], request: Request, decided: _Decided, sent: list[int]
    ) -> Answer | None:
        lanes = [await self._lanes.lane_on(hall, on) for on in days]
        away, over = (_half_of(lane) for lane in lanes)
        began_s = self._clock.monotonic_s()
        async with self._journal.lock_days(hall, (min(days), max(days))) as lock:
            if lock is None:
                raise faults.Rewritten
            for lane in lanes:
                require_begun(lock.positions[lane.on], had_begun=lane.begun)
            for half in (away, over):
                await _catch_up(half, lock)
            for half in (over, away):
                if (known := earlier_answer(half.day, request)) is not None:
                    return known
            if not decided(away, over, request):
                return None
            newcomers = [] if request.applicant is None else [request.applicant]
            appends = (
                build_append(away.day, away.seq, away.head, away.records, []),
                build_append(over.day, over.seq, over.head, over.records, newcomers),
            )
            if isinstance(await lock.append(appends, sent.append), Lost):
                return None
        lasted_s = self._clock.monotonic_s() - began_s
        for half in (away, over):
            self._watcher.committed(half.day, half.parts, lasted_s, 1)
        await asyncio.gather(*(lane.fresh(now=True) for lane in lanes), return_exceptions=True)
        return Answer(over.day, over.day.seq, CommandResult(request.fingerprint, tuple(over.parts)))


def _moved(away: _Half, over: _Half, request: Request) -> bool:
    """Decide the change but for the time, and the leaving, on the old day; the coming on the new one."""
    command = request.command
    assert isinstance(command, ChangeAppointment), "only a change moves an appointment"
    if command.appointment not in away.day.appointments:
        return False
    if command.confirm or command.applicant is not UNSET or command.person is not UNSET:
        changes = ChangeAppointment(
            appointment=command.appointment,
            confirm=command.confirm,
            applicant=command.applicant,
            person=command.person,
            staff=command.staff,
        )
        _go_on(away, changes, request)
    appointment = away.day.appointments[command.appointment]
    assert command.starts_at is not UNSET, "a move says when"
    _go_on(away, MoveAppointmentAway(command.appointment, over.day.on), request)
    taken_over = TakeOverAppointment(
        appointment=appointment,
        starts_at=command.starts_at,
        count=appointment.count if command.count is UNSET else command.count,
        staff=command.staff,
    )
    _go_on(over, taken_over, request)
    return True


def _booked_from_standby(away: _Half, over: _Half, request: Request) -> bool:
    """Decide the leaving of the ticket on its day, and the booking on the other."""
    command = request.command
    assert isinstance(command, BookAppointment), "only a booking takes somebody from standby"
    assert command.ticket is not None, "and says whom"
    _go_on(away, LeaveForAppointment(command.ticket), request)
    _go_on(over, replace(command, ticket=None), request)
    return True


def _half_of(lane: Lane) -> _Half:
    day, head = lane.snapshot()
    return _Half(day, day.seq, head, [], [])


async def _catch_up(half: _Half, lock: TwoDayLock) -> None:
    """Fold what the lane has not seen yet, up to the row as it is held."""
    if lock.positions[half.day.on].head != half.head:
        records, position = await lock.read_since(half.day.on, half.seq, half.head)
        for record in records:
            advance(half.day, record)
        half.seq, half.head = position.seq, position.head


def _go_on(half: _Half, command: Command, request: Request) -> None:
    """Decide a command on a day and fold what comes of it. Raises Refusal."""
    day = half.day
    at = max(request.now_at, day.at)
    try:
        events = decide(day, command, at)
        for event in events:
            part = len(half.records)
            record = Record(day.seq + 1, at, request.actor, request.command_id, part, request.fingerprint, event)
            half.records.append(record)
            half.parts.append(advance(day, record))
    except Refusal as refusal:
        refusal.decided = True
        raise
    except Exception as error:
        log.exception("decide_fault", hall=day.hall, day=str(day.on), command=type(command).__name__)
        raise Fault from error
