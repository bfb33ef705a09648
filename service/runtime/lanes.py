"""All lanes of a process: which day a command belongs to, and the days' beginnings and ends.

A hall's day is chosen by its clock, but it ends by its last event, `day_ended`, not by the clock: a day begins only
when the one before it has ended, so the lanes end it first if nobody has. A command that meets an ended day goes once
to the next one; so does one that meets a day which can never begin, for the next has begun already by a clock that is
further. Opening reads the hall's document under a lock, so that a document changed in the same moment is either in the
plan of the new day or comes to it as an event, and so that of two days begun at once the later one is seen. A day
begins with what was in force at the end of the last that began: a suspension that nobody has lifted and whose end has
not come, and the notices. Whoever begins it writes that with its beginning, in one transaction, so it is there once,
before anybody's command, and what a manager takes back afterwards does not come again.

A command goes on to the next day because what it asks is as good there: a number, a counter opened, a notice, an alarm,
a suspension until an instant; or because it can do nothing there: tickets are of one day, counters are closed in the
morning, overtime ends by an instant of one day. What would do harm on another day is asked of one day alone: closing it
(`do_only_on`), its plan (`follow_document_now`), its end, and what is booked on it (`do_on`).

Bookings are commands of the day of their slot, which may be far ahead: such a day is opened, in any order, but does not
begin. It takes no tickets, for its plan has the doors shut until its own morning. When it becomes the present day it
begins like any other, with what was booked on it.

Source: JOURNAL 3 (keys of the day before), 6 (time and days).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from msgspec import UNSET
from msgspec.structs import replace

from service.clock import Clock
from service.domain.calendar.carry_over import in_force
from service.domain.calendar.local_times import span_of
from service.domain.command_results import CommandResult
from service.domain.commands import ChangeAppointment, ChangePlan, Command, EndDay, SweepAppointments
from service.domain.day import Day
from service.domain.events import DayOpened, Event, Record
from service.domain.hall.document import HallDocument
from service.domain.model import AppointmentId, HallId, TicketId
from service.domain.refusals import (
    AlreadyBooked,
    AppointmentNotFound,
    Busy,
    DayHasEnded,
    HallNotFound,
    SlotNotOffered,
    TicketNotFound,
    WrongDay,
    WrongState,
)
from service.errors import OutcomeUnknown, StorageUnavailable
from service.journal import faults
from service.journal.journal import Journal
from service.journal.read import TicketPlace
from service.primitives.ids import new_id
from service.runtime.fault_isolation import apart
from service.runtime.hall import Hall, plan_from
from service.runtime.halls import Halls
from service.runtime.lane import Lane, LaneObserver
from service.runtime.pending_requests import ANSWER_WITHIN_S
from service.runtime.requests import Answer, Request, RequestKey, earlier_answer

SYSTEM = "system"
"""The actor of what nobody asked for: days that begin and end, plans that follow a document."""

GOES_ON = "goes on"
"""With the date, the id of the command by which a day begins with what is in force: one for all processes, so that the
database would refuse a second."""

DRAIN_S = 10.0
"""How long a stop waits for the answers under way."""

LOOKS_MAX = 3
"""How often an appointment is looked for that moves to another day in the same moment."""

_NOT_OPENED = (faults.StorageUnavailable, faults.Rewritten, faults.UnknownKind)
"""What keeps a day from being opened or read here for now; what was asked of it was not done."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Lanes:
    """The lanes of the days in use."""

    def __init__(self, journal: Journal, halls: Halls, clock: Clock, watcher: LaneObserver) -> None:
        self._journal = journal
        self._halls = halls
        self._clock = clock
        self._watcher = watcher
        self._lanes: dict[tuple[HallId, date], Lane] = {}
        self._opening: dict[tuple[HallId, date], asyncio.Task[Lane]] = {}
        self._beginning: dict[tuple[HallId, date], asyncio.Task[Lane]] = {}
        self._loops: dict[tuple[HallId, date], asyncio.Task[None]] = {}
        self._following: set[asyncio.Task[None]] = set()
        self._said_before: dict[HallId, tuple[str, list[Record]]] = {}
        """What was said of suspensions and notices on the last day that began before the present one, by its head."""
        self._stopping = False
        self.journal_generation = 1
        """By how many copies of the journal its lanes have gone: one more each time it is found put back."""
        halls.on_change(self._follow_document)

    # Commands and reads.

    async def do(self, hall_id: HallId, request: Request) -> Answer:
        """Carry a request out on the hall's present day.

        Raises:
            Refusal: the rules, or the state of the service, do not allow it.
        """
        hall = await self._halls.get(hall_id)
        on = hall.day_at(self._clock.now_at())
        try:
            try:
                return await (await self.lane(hall, on)).do(request)
            except DayHasEnded:
                following = on + timedelta(days=1)
                # who ended the day was further than this clock is: it cannot be earlier than the next day's beginning
                begun_at = max(request.now_at, span_of(hall.document, following)[0])
                return await (await self.lane(hall, following)).do(replace(request, now_at=begun_at))
        except TicketNotFound:
            ticket = getattr(request.command, "ticket", None)
            found = None if ticket is None else await self._find_ticket(hall_id, ticket)
            if found is None:
                raise
            raise WrongState(found.state) from None  # of a day that has ended

    async def do_only_on(self, hall_id: HallId, on: date, request: Request) -> Answer:
        """Carry a request out that is meant for one date: on that day while it is one that began, and on no other.

        An idempotency key that was used on another day gets that day's answer.

        Raises:
            DayHasEnded: it is over, or never was.
            WrongDay: it has not begun.
            Refusal: the rules, or the state of the service, do not allow it.
        """
        known = await self.done_before(hall_id, request, on)
        if known is not None:
            return known
        hall = await self._halls.get(hall_id)
        today = hall.day_at(self._clock.now_at())
        if on != today and not await self._asked(self._journal.begun(hall_id, on)):
            raise DayHasEnded if on < today else WrongDay(on.isoformat())
        return await (await self.lane(hall, on)).do(request)

    async def do_on(self, hall_id: HallId, on: date, request: Request, *, asked: bool = False) -> Answer:
        """Carry a request out on a day of the hall: the present one, one ahead that is opened for it, or one of before.

        An idempotency key that was used on another day gets that day's answer; an appointment that has moved to another
        day is looked for there, unless the command gives it a time on this one: `Moves` brings it back. A person's
        places of other days that are over do not count.

        Args:
            hall_id: the hall.
            on: the day.
            request: the request.
            asked: whether `done_before` was asked for its key a moment ago. What another process has done with it since
                is found by the day itself.

        Raises:
            AppointmentNotFound: no day has it, or another has and the command gives it a time on this one.
            Busy: it moves to and fro; or while stopping.
            SlotNotOffered: the day is further ahead than the hall takes bookings.
            DayHasEnded: it is over, or never was.
            Refusal: the rules, or the state of the service, do not allow it.
        """
        ask = partial(self._do_on, hall_id, on, request, asked=asked)
        return await self.with_rights_of_person(hall_id, request, ask)

    async def _do_on(self, hall_id: HallId, on: date, request: Request, *, asked: bool) -> Answer:
        known = None if asked else await self.done_before(hall_id, request, on)
        if known is not None:
            return known
        for _ in range(LOOKS_MAX):
            try:
                return await (await self.lane_on(hall_id, on)).do(request)
            except AppointmentNotFound:
                appointment = getattr(request.command, "appointment", None)
                there = None if appointment is None else await self.on_of_appointment(hall_id, appointment)
                if there is None or (there != on and _names_a_time(request.command)):
                    raise
                on = there  # the same day, where it came back between the two looks
        raise Busy

    async def with_rights_of_person(
        self, hall_id: HallId, request: Request, ask: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Ask for what a person may have so many of, once more where some of theirs are over.

        A day knows what is over on it by its clock; that it is over on another day counts when that day has written it
        down, so that is asked for first. Then the limit is what the table says, whoever else books for the person.

        Raises:
            Refusal: as `ask`.
        """
        try:
            return await ask()
        except AlreadyBooked:
            person, now_at = getattr(request.command, "person", None), self._clock.now_at()
            if not isinstance(person, str):
                raise
            days = await self._asked(self._journal.days_over_of_person(hall_id, person, now_at))
            if not days:
                raise
        hall = await self._halls.get(hall_id)
        for on in days:
            with suppress(DayHasEnded):  # it has written down what was over
                await (await self.opened_lane(hall, on)).do(self._own(SweepAppointments()))
        return await ask()

    async def lane_on(self, hall_id: HallId, on: date) -> Lane:
        """The lane of a day for what is booked on it, opened if it lies ahead. Raises as `do_on`."""
        hall = await self._halls.get(hall_id)
        today = hall.day_at(self._clock.now_at())
        if on == today:
            return await self.lane(hall, on)
        beyond = on > today + timedelta(days=hall.document.booking.horizon_days)
        if (beyond or on < today) and await self._asked(self._journal.begun(hall.id, on)) is None:
            raise SlotNotOffered if beyond else DayHasEnded
        return await self.opened_lane(hall, on)

    async def day_on(self, hall_id: HallId, on: date, *, now: bool = False) -> Day:
        """A day of the hall as the journal has it, opened if it lies ahead. Raises as `do_on`."""
        return await (await self.lane_on(hall_id, on)).fresh(now=now)

    async def day_of_appointment(self, hall_id: HallId, appointment: AppointmentId) -> Day:
        """The day an appointment belongs to.

        Raises:
            AppointmentNotFound: no day of this hall has it.
            StorageUnavailable: the database cannot be reached.
        """
        hall = await self._halls.get(hall_id)
        for _ in range(LOOKS_MAX):
            on = await self.on_of_appointment(hall_id, appointment)
            if on is None:
                break
            lane = await self.opened_lane(hall, on)
            for now in (False, True):
                day = await lane.fresh(now=now)
                if appointment in day.appointments:
                    return day
        raise AppointmentNotFound

    async def holds_over(self, now_at: datetime) -> list[tuple[HallId, date]]:
        """The days, of every hall, with places still held though the time is over. Raises StorageUnavailable."""
        return await self._asked(self._journal.holds_over(now_at))

    async def on_of_appointment(self, hall_id: HallId, appointment: AppointmentId) -> date | None:
        """The date of an appointment; None when the hall has none of this id. Raises StorageUnavailable."""
        return await self._asked(self._journal.find_appointment(hall_id, appointment))

    async def done_before(self, hall_id: HallId, key: RequestKey, on: date | None = None) -> Answer | None:
        """What was answered to a request with this idempotency key; None for a new one, or one without a key.

        Keys hold until tomorrow, so what was done since yesterday is known, on whatever day it was asked for. Of a key
        that no fold here knows the journal is asked, for another process may know.

        Args:
            hall_id: the hall.
            key: by what the request is known again.
            on: the day whose answer it is of what was done on two; today, if it is not said.

        Raises:
            KeyReused: it was another request.
            StorageUnavailable: the database cannot be reached.
        """
        if key.fingerprint is None:
            return None
        hall = await self._halls.get(hall_id)
        today = hall.day_at(self._clock.now_at())
        preferred = on or today
        day = self.in_memory(hall_id, preferred)
        known_on = None if day is None else _day_that_knows(day, key)
        if known_on is None:
            yesterday = today - timedelta(days=1)
            known_on = await self._asked(self._journal.day_of_command(hall_id, yesterday, key.command_id, preferred))
        return None if known_on is None else await self._answered_on(hall, known_on, key)

    async def done_today(self, hall_id: HallId, key: RequestKey) -> Answer | None:
        """The same of what the present day was asked for, as of a moment ago (`Lane.fresh`): no round trip of its own.

        Raises as `done_before`.
        """
        day = await self.day(hall_id)
        known_on = _day_that_knows(day, key)
        return None if known_on is None else await self._answered_on(await self._halls.get(hall_id), known_on, key)

    async def _answered_on(self, hall: Hall, on: date, key: RequestKey) -> Answer | None:
        lane = await self.opened_lane(hall, on)
        return earlier_answer(await lane.fresh(), key) or earlier_answer(await lane.fresh(now=True), key)

    async def _asked(self, read: Awaitable[T]) -> T:
        """What the journal says. Raises StorageUnavailable, the service's."""
        try:
            return await read
        except faults.StorageUnavailable as error:
            raise StorageUnavailable from error

    async def day(self, hall_id: HallId, *, now: bool = False) -> Day:
        """The hall's present day as the journal has it; see `Lane.fresh`. Raises HallNotFound, StorageUnavailable."""
        hall = await self._halls.get(hall_id)
        on = hall.day_at(self._clock.now_at())
        try:
            lane = await self.lane(hall, on)
        except DayHasEnded:
            lane = await self.lane(hall, on + timedelta(days=1))
        day = await lane.fresh(now=now)
        if not lane.begun:  # the journal was put back, as it was found out by looking
            await self.begin_again(lane)
            day = await lane.fresh(now=now)
        return day

    async def day_if_begun(self, hall: Hall) -> Day | None:
        """The hall's present day as the journal has it, if it has begun. Raises StorageUnavailable, Busy."""
        on = hall.day_at(self._clock.now_at())
        lane = self._lanes.get((hall.id, on))
        begun = lane is not None and lane.begun and not lane.gone
        if not begun and not await self._asked(self._journal.begun(hall.id, on)):
            return None
        return await (await self.lane(hall, on)).fresh()

    async def going_on(self, hall_id: HallId, on: date) -> tuple[Event, ...]:
        """What a day would begin with now, of what is in force on the last that began. Raises StorageUnavailable.

        That day is read once, for everybody who looks at a hall whose day has not begun asks for it.
        """
        last = await self._asked(self._journal.last_before(hall_id, on))
        if last is None:
            return ()
        head, said = self._said_before.get(hall_id, (None, []))
        if head != last.head:
            said = await self._asked(self._journal.said_on(hall_id, last))
            self._said_before[hall_id] = (last.head, said)
        return in_force(said, self._clock.now_at())

    async def day_of_ticket(self, hall_id: HallId, ticket: TicketId) -> Day:
        """The day a ticket belongs to: today, or an earlier one that the journal knows.

        Raises:
            TicketNotFound: no day of this hall has it.
            StorageUnavailable: the database cannot be reached.
        """
        day = await self.day(hall_id)
        if ticket in day.tickets:
            return day
        day = await self.day(hall_id, now=True)
        if ticket in day.tickets:
            return day
        found = await self._find_ticket(hall_id, ticket)
        if found is None:
            raise TicketNotFound
        hall = await self._halls.get(hall_id)
        return await (await self.opened_lane(hall, found.day)).fresh()

    async def records_of_ticket(self, day: Day, ticket: TicketId, *, after_seq: int, limit: int) -> list[Record]:
        """What happened to a ticket on a day after one of its events, in order. Raises StorageUnavailable."""
        return await self._asked(self._journal.of_ticket(day.hall, day.on, ticket, after_seq=after_seq, limit=limit))

    async def _find_ticket(self, hall_id: HallId, ticket: TicketId) -> TicketPlace | None:
        return await self._asked(self._journal.find_ticket(hall_id, ticket))

    def in_memory(self, hall: HallId, on: date) -> Day | None:
        """The committed day of a lane in memory, whatever opened it; another process may have gone on with it."""
        lane = self._lanes.get((hall, on))
        return None if lane is None or lane.gone else lane.committed

    def head_of(self, hall: HallId, on: date) -> str | None:
        """The id of the append at which a day in memory stands; None when it is not in memory."""
        lane = self._lanes.get((hall, on))
        return None if lane is None or lane.gone else lane.head

    def in_use(self) -> list[Day]:
        """The committed days of the lanes in memory, but for those that only bookings have opened."""
        return [lane.committed for lane in self._lanes.values() if lane.begun]

    # Lanes.

    def journal_replaced(self) -> None:
        """Hear that a lane has found the journal put back to an earlier copy."""
        self.journal_generation += 1

    async def begin_again(self, lane: Lane) -> None:
        """Begin the day of a lane again, unless it has begun in the journal as it is now. Raises as `lane`."""
        await self.lane(await self._halls.get(lane.hall), lane.on)

    async def lane(self, hall: Hall, on: date) -> Lane:
        """The lane of a day that is, or was, the present one: opened, begun and loaded if need be.

        Raises:
            DayHasEnded: it never began, and a later one has.
            StorageUnavailable: the database cannot be reached.
            Busy: while stopping.
        """
        lane = self._lanes.get((hall.id, on))
        if lane is not None and lane.begun and not lane.gone and not self._stopping:
            return lane
        return await self._shared(self._beginning, (hall.id, on), lambda: self._begin_on(hall, on))

    async def opened_lane(self, hall: Hall, on: date) -> Lane:
        """The lane of any day, opened and loaded if need be; it does not begin by that. Raises as `lane`."""
        lane = self._lanes.get((hall.id, on))
        if lane is not None and not lane.gone and not self._stopping:
            return lane
        return await self._shared(self._opening, (hall.id, on), lambda: self._open(hall, on))

    async def _shared(
        self,
        under_way: dict[tuple[HallId, date], asyncio.Task[Lane]],
        key: tuple[HallId, date],
        work: Callable[[], Coroutine[Any, Any, Lane]],
    ) -> Lane:
        """Wait for a lane that is made once for all who want it now."""
        if self._stopping:
            raise Busy
        task = under_way.get(key)
        if task is None:
            task = under_way[key] = asyncio.create_task(work(), name=f"open {key[0]} {key[1]}")
            task.add_done_callback(lambda done: _over(under_way, key, done))
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await asyncio.shield(task)
        except faults.DayPassed as passed:
            raise DayHasEnded from passed
        except faults.HallMissing as missing:  # it was made after the copy that the database was put back to
            raise HallNotFound from missing
        except (*_NOT_OPENED, TimeoutError, OutcomeUnknown) as error:  # unknown is whether the day before has ended
            raise StorageUnavailable from error

    async def _begin_on(self, hall: Hall, on: date) -> Lane:
        if not await self._journal.begun(hall.id, on):
            await self.end_days_before(hall, on)
            await self._open_day(hall.id, on, await self.going_on(hall.id, on), begins=True)
        lane = await self.opened_lane(hall, on)
        if not lane.begun:
            await lane.fresh(now=True)  # what it begins with was not written by the lane
            lane.set_done_yesterday(await self._keys_of(hall.id, on - timedelta(days=1)))
            lane.begun = True
        return lane

    async def _open(self, hall: Hall, on: date) -> Lane:
        if await self._journal.position(hall.id, on) is None:
            await self._open_day(hall.id, on, (), begins=False)
        known = self._lanes.get((hall.id, on))
        if known is not None:  # it was gone from a journal put back to an earlier copy, and is there again
            await known.fresh(now=True)
            return known
        lane = Lane(hall.id, on, self._journal, self._clock, self._watcher, self)
        await lane.load()
        self._lanes[hall.id, on] = lane
        self._loops[hall.id, on] = asyncio.create_task(lane.run(), name=f"lane {hall.id} {on}")
        await self._follow_first(hall.id, lane)
        return lane

    async def _follow_first(self, hall_id: HallId, lane: Lane) -> None:
        """Have a day that comes into memory take its plan of now before anything is asked of it.

        Until then it was listed by that plan, if by any; what is decided first must not go by another.
        """
        hall = await self._halls.get(hall_id)
        with apart("plan_not_changed", hall_id, day=str(lane.on)):
            if _is_behind(hall, lane):
                await self._follow_as_stored(hall_id, lane.on)

    async def _open_day(self, hall_id: HallId, on: date, goes_on: Sequence[Event], *, begins: bool) -> None:
        now_at = self._clock.now_at()
        command_id = new_id()
        learned = self._halls.learned(hall_id)

        def first(document: HallDocument, revision: int) -> Record:
            opened = DayOpened(plan=plan_from(document, revision, on, learned))
            return Record(1, now_at, SYSTEM, command_id, 0, None, opened)

        with_it = [
            Record(2 + part, now_at, SYSTEM, f"{GOES_ON} {on}", part, None, event) for part, event in enumerate(goes_on)
        ]
        if await self._journal.open_day(hall_id, on, new_id(), first, begins=begins, carried_over=with_it):
            log.info("day_opened", hall=hall_id, day=str(on), begins=begins)

    async def end_days_before(self, hall: Hall, on: date) -> None:
        """End the days before one that are still open; another process doing the same does no harm."""
        for row in reversed(await self._journal.latest_days(hall.id)):
            if row.day < on and not row.ended:
                lane = await self.opened_lane(hall, row.day)
                try:
                    await lane.do(self._own(EndDay()))
                    log.info("day_ended", hall=hall.id, day=str(row.day))
                except DayHasEnded:
                    continue

    async def _keys_of(self, hall_id: HallId, on: date) -> dict[str, CommandResult]:
        """The keyed commands of a day, for the day after it."""
        lane = self._lanes.get((hall_id, on))
        if lane is None:
            if await self._journal.position(hall_id, on) is None:
                return {}
            lane = Lane(hall_id, on, self._journal, self._clock, self._watcher)
            await lane.load()
        elif not lane.committed.ended:
            await lane.fresh(now=True)  # another process may have gone on with it, and ended it
        return lane.committed.results

    def _own(self, command: Command, actor: str = SYSTEM) -> Request:
        return Request(command=command, command_id=new_id(), actor=actor, now_at=self._clock.now_at())

    # Documents.

    def _follow_document(self, hall: Hall) -> None:
        """Take a changed document over into the days in memory that do not have it yet."""
        for hall_id, on in self._lanes:
            if hall_id == hall.id:
                self._follow_on(hall, on)

    def _follow_on(self, hall: Hall, on: date) -> None:
        with apart("plan_not_changed", hall.id, day=str(on)):
            if _is_behind(hall, self._lanes[hall.id, on]):
                task = asyncio.create_task(self._follow_as_stored(hall.id, on), name=f"plan {hall.id} {on}")
                self._following.add(task)
                task.add_done_callback(self._following.discard)

    async def follow_document_now(self, hall: Hall, actor: str = SYSTEM) -> None:
        """Take a changed document over into every opened day from today on; one ahead that cannot now is asked again.

        Raises:
            Busy: today's has too much to do, or is stopping.
            StorageUnavailable: the database cannot be reached.
        """
        today = hall.day_at(self._clock.now_at())
        for on in await self._asked(self._journal.open_days_from(hall.id, today)):
            if on == today:
                await self._take_plan(hall, on, actor)
            else:
                with apart("plan_not_changed", hall.id, day=str(on)):
                    await self._take_plan(hall, on, actor)

    async def _follow_as_stored(self, hall_id: HallId, on: date) -> None:
        """Take the document over that the database has: the one in memory may be of a copy that is no more."""
        with apart("plan_not_changed", hall_id, day=str(on)):
            await self._take_plan(await self._halls.read(hall_id), on)

    async def _take_plan(self, hall: Hall, on: date, actor: str = SYSTEM) -> None:
        """Have a day take its own plan: a plan is of one date, and never goes on to the next with its command."""
        with suppress(DayHasEnded):
            await (await self.opened_lane(hall, on)).do(self._own(ChangePlan(hall.plan(on)), actor))

    # Life.

    async def sweep(self) -> None:
        """Let idle lanes leave memory; ask again for plans that could not follow their document."""
        for key, lane in list(self._lanes.items()):
            if lane.idle:
                lane.close()
                self._lanes.pop(key, None)
                await self._end_loop(key)
        halls = {hall.id: hall for hall in self._halls.known()}
        for hall_id, on in self._lanes:
            if hall_id in halls:
                self._follow_on(halls[hall_id], on)
        await self._follow_on_days_behind(halls)

    async def _follow_on_days_behind(self, halls: dict[HallId, Hall]) -> None:
        """Take documents over into days ahead that nobody has in memory: who changed one may have died before that."""
        now_at = self._clock.now_at()
        try:
            behind = await self._journal.days_behind(now_at.date() - timedelta(days=1))
        except faults.StorageUnavailable:
            log.warning("days_behind_not_read")
            return
        for hall_id, on in behind:
            hall = halls.get(hall_id)
            with apart("plan_not_changed", hall_id, day=str(on)):
                if hall is not None and on >= hall.day_at(now_at) and (hall_id, on) not in self._lanes:
                    await self._follow_as_stored(hall_id, on)

    async def stop(self) -> None:
        """Take no more, wait for the answers under way, end the loops."""
        self._stopping = True
        await _wait_for([*self._opening.values(), *self._beginning.values()])
        for lane in self._lanes.values():
            lane.close()
        await _wait_for([asyncio.create_task(lane.drained()) for lane in self._lanes.values()])
        await _wait_for(self._following)
        self._lanes.clear()
        for key in list(self._loops):
            await self._end_loop(key)

    async def _end_loop(self, key: tuple[HallId, date]) -> None:
        loop = self._loops.pop(key, None)
        if loop is not None:
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)


def _day_that_knows(day: Day, key: RequestKey) -> date | None:
    """The day on which a keyed command was done, this one or the one before it, as far as its fold knows."""
    if key.command_id in day.results:
        return day.on
    return day.on - timedelta(days=1) if key.command_id in day.results_yesterday else None


def _is_behind(hall: Hall, lane: Lane) -> bool:
    """Tell whether a day that has not ended would have another plan now."""
    day = lane.committed
    return day.opened and not day.ended and hall.is_newer(day.plan)


def _names_a_time(command: Command) -> bool:
    """Tell whether it changes when an appointment is: then it is meant for the day of that time alone."""
    return isinstance(command, ChangeAppointment) and command.starts_at is not UNSET


def _over(
    under_way: dict[tuple[HallId, date], asyncio.Task[Lane]], key: tuple[HallId, date], done: asyncio.Task[Lane]
) -> None:
    del under_way[key]
    if not done.cancelled():
        done.exception()  # whoever waits gets it; when nobody does any more it is not a warning


async def _wait_for(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Wait `DRAIN_S` for tasks, and give up those that last longer."""
    tasks = list(tasks)
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=DRAIN_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
