"""Move an appointment to another day of its hall, or book another day for a ticket on standby.

Both concern two days at once; every other command concerns one. A move is one transaction outside of the lanes. It
locks the rows of both days, the earlier first, so that moves in opposite directions cannot deadlock. It brings copies
of both days up to the locked rows, decides one part of the command on each, and writes two appends, both or neither.
For the lanes this is like an append by another process: they notice it, catch up and decide again.

The command id is stored in both days, and the answer is that of the new day. Both days are searched for an earlier
answer: of several requests with one key that name different days only one is executed, and the others find the key on
the day from which they would take the appointment. If the answer to the COMMIT is lost, the journal finds out the
outcome (`TwoDayLock`).

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
"""Tries of a move while the journal of a day is rewritten or the appointment is moved elsewhere; then `busy`."""

log = structlog.get_logger(__name__)


class _Half(Struct):
    """One of the two days: a copy with the new events applied, and the records and results decided on it."""

    day: Day
    seq: int
    head: str
    records: list[Record]
    parts: list[ResultPart]


_DecideOnBoth = Callable[[_Half, _Half, Request], bool]
"""Decides a command on the day it leaves and the day it goes to; False if the appointment was moved away before."""


class Moves:
    """Moves appointments between days."""

    def __init__(self, journal: Journal, lanes: Lanes, clock: Clock, observer: LaneObserver) -> None:
        self._journal = journal
        self._lanes = lanes
        self._clock = clock
        self._observer = observer

    async def move(self, hall: HallId, to_on: date, request: Request, *, key_checked: bool = False) -> Answer:
        """Execute a `ChangeAppointment` whose `starts_at` is on `to_on`; the appointment may be on any day.

        `key_checked` is as in `Lanes.do_on`.

        Returns:
            The answer of the appointment's new day.

        Raises:
            AppointmentNotFound: no day of the hall has the appointment.
            OutcomeUnknown: the database did not confirm the commit in time; repeat it with the same key.
            Refusal: the rules of either day, or the state of the service, do not allow the change.
        """
        attempt = partial(self._move, hall, to_on, request, key_checked=key_checked)
        return await self._lanes.retry_without_expired(hall, request, attempt)

    async def _move(self, hall: HallId, to_on: date, request: Request, *, key_checked: bool) -> Answer:
        command = request.command
        assert isinstance(command, ChangeAppointment), "only a change moves an appointment"
        for nth in range(TRIES_MAX):
            key_checked = key_checked and nth == 0
            from_on = await self._lanes.date_of_appointment(hall, command.appointment)
            if from_on is None:
                raise AppointmentNotFound
            if from_on == to_on:
                with suppress(AppointmentNotFound):  # it was moved meanwhile: try again
                    return await self._lanes.do_on(hall, to_on, request, key_checked=key_checked)
                continue
            known = None if key_checked else await self._lanes.find_earlier_answer(hall, request, to_on)
            if known is not None:
                return known
            answer = await self._try_in_time(hall, (from_on, to_on), request, _moved)
            if answer is not None:
                return answer
        raise Busy

    async def book(
        self, hall: HallId, from_on: date, to_on: date, request: Request, *, key_checked: bool = False
    ) -> Answer:
        """Execute a `BookAppointment` on `to_on` for a ticket on standby on `from_on`; the ticket leaves.

        `key_checked` is as in `Lanes.do_on`.

        Returns:
            The answer of the booked day.

        Raises:
            OutcomeUnknown: the database did not confirm the commit in time; repeat it with the same key.
            Refusal: the rules of either day, or the state of the service, do not allow the booking.
        """
        attempt = partial(self._book, hall, from_on, to_on, request, key_checked=key_checked)
        return await self._lanes.retry_without_expired(hall, request, attempt)

    async def _book(self, hall: HallId, from_on: date, to_on: date, request: Request, *, key_checked: bool) -> Answer:
        for nth in range(TRIES_MAX):
            known = None if key_checked and nth == 0 else await self._lanes.find_earlier_answer(hall, request, to_on)
            if known is not None:
                return known
            answer = await self._try_in_time(hall, (from_on, to_on), request, _booked_from_standby)
            if answer is not None:
                return answer
        raise Busy

    async def _try_in_time(
        self, hall: HallId, days: tuple[date, date], request: Request, decide_on_both: _DecideOnBoth
    ) -> Answer | None:
        """Try once, for at most `ANSWER_WITHIN_S`; an append already sent continues after that. None: try again."""
        sent: list[int] = []
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await self._try(hall, days, request, decide_on_both, sent)
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
        self, hall: HallId, days: tuple[date, date], request: Request, decide_on_both: _DecideOnBoth, sent: list[int]
    ) -> Answer | None:
        lanes = [await self._lanes.lane_on(hall, on) for on in days]
        leaving, arriving = (_half_of(lane) for lane in lanes)
        began_s = self._clock.monotonic_s()
        async with self._journal.lock_days(hall, (min(days), max(days))) as lock:
            if lock is None:
                raise faults.Rewritten
            for lane in lanes:
                require_begun(lock.positions[lane.on], had_begun=lane.begun)
            for half in (leaving, arriving):
                await _catch_up(half, lock)
            for half in (arriving, leaving):
                if (known := earlier_answer(half.day, request)) is not None:
                    return known
            if not decide_on_both(leaving, arriving, request):
                return None
            newcomers = [] if request.applicant is None else [request.applicant]
            appends = (
                build_append(leaving.day, leaving.seq, leaving.head, leaving.records, []),
                build_append(arriving.day, arriving.seq, arriving.head, arriving.records, newcomers),
            )
            if isinstance(await lock.append(appends, sent.append), Lost):
                return None
        lasted_s = self._clock.monotonic_s() - began_s
        for half in (leaving, arriving):
            self._observer.committed(half.day, half.parts, lasted_s, 1)
        await asyncio.gather(*(lane.fresh(now=True) for lane in lanes), return_exceptions=True)
        return Answer(arriving.day, arriving.day.seq, CommandResult(request.fingerprint, tuple(arriving.parts)))


def _moved(leaving: _Half, arriving: _Half, request: Request) -> bool:
    """Decide the other changes and the leaving on the old day, and the arrival on the new one."""
    command = request.command
    assert isinstance(command, ChangeAppointment), "only a change moves an appointment"
    if command.appointment not in leaving.day.appointments:
        return False
    if command.confirm or command.applicant is not UNSET or command.person is not UNSET:
        changes = ChangeAppointment(
            appointment=command.appointment,
            confirm=command.confirm,
            applicant=command.applicant,
            person=command.person,
            staff=command.staff,
        )
        _execute(leaving, changes, request)
    appointment = leaving.day.appointments[command.appointment]
    assert command.starts_at is not UNSET, "a move has a new time"
    _execute(leaving, MoveAppointmentAway(command.appointment, arriving.day.on), request)
    taken_over = TakeOverAppointment(
        appointment=appointment,
        starts_at=command.starts_at,
        count=appointment.count if command.count is UNSET else command.count,
        staff=command.staff,
    )
    _execute(arriving, taken_over, request)
    return True


def _booked_from_standby(leaving: _Half, arriving: _Half, request: Request) -> bool:
    """Decide the leaving of the ticket on its day, and the booking on the other day."""
    command = request.command
    assert isinstance(command, BookAppointment), "only a booking ends a wait on standby"
    assert command.ticket is not None, "the booking names the ticket"
    _execute(leaving, LeaveForAppointment(command.ticket), request)
    _execute(arriving, replace(command, ticket=None), request)
    return True


def _half_of(lane: Lane) -> _Half:
    day, head = lane.snapshot()
    return _Half(day, day.seq, head, [], [])


async def _catch_up(half: _Half, lock: TwoDayLock) -> None:
    """Apply the events that the lane has not read yet, up to the locked row."""
    if lock.positions[half.day.on].head != half.head:
        records, position = await lock.read_since(half.day.on, half.seq, half.head)
        for record in records:
            advance(half.day, record)
        half.seq, half.head = position.seq, position.head


def _execute(half: _Half, command: Command, request: Request) -> None:
    """Decide a command on a day and apply its events. Raises Refusal."""
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
