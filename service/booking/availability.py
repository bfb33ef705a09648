"""What can be booked: the slots of many days, from one row of each.

The journal keeps beside each opened day the running sums of its bookings, so a question for a month reads a row per day
in one round trip and counts nothing; a day nobody has booked on yet is as its plan says. A day that is in memory and no
older than its row is asked itself. It is older, too, when it stands where it stood before the row was read and the row
has another head: the journal was put back to an earlier copy, whatever its numbers say.

What was reckoned for a day is kept, as text, while the row has the same head and the clock has not come to where the
answer changes by itself: a start comes too near, a hold is over, what was kept back is released. Most questions so cost
the round trip, which brings no sums of days that are known, and the joining of texts.

Source: ALGORITHMS 2.2; JOURNAL 6.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

import msgspec
from msgspec import Struct, field

from service.clock import Clock
from service.domain.booking.booking_totals import BookingTotals
from service.domain.booking.grid import grid_of
from service.domain.booking.slots import Slot, over_capacity, places_of_day, slots_of
from service.domain.calendar.plan import Plan
from service.domain.model import TO_COME, AppointmentId, CounterId, HallId, ServiceId
from service.domain.view import SlotView, slot_view
from service.errors import StorageUnavailable
from service.journal import faults
from service.journal.journal import Journal
from service.journal.read import Summary
from service.runtime.hall import Hall
from service.runtime.lanes import Lanes

DAYS_KNOWN_MAX = 3_000
"""Days of all halls whose answers are kept, about 16 KB each; of the day asked for longest ago they are forgotten."""

ANSWERS_OF_DAY_MAX = 50
"""Answers kept of one day, for services, numbers of people and askers; beyond it all of the day are reckoned anew."""

HORIZON_DAYS_MAX = 366
"""How far ahead a hall document may let people book."""

NEAREST = 3
"""Free slots that are offered in place of a full one."""

NEAREST_WITHIN_DAYS = 14

_ENCODER = msgspec.json.Encoder()
_SLOTS = msgspec.json.Decoder(list[SlotView]).decode


class Asked(Struct, frozen=True):
    """For what: a service, for so many people, with staff's rights, as a partner's guests, with papers looked at."""

    service: ServiceId
    count: int = 1
    staff: bool = False
    partner: str | None = None
    prechecked: bool = False


_TICK = timedelta(microseconds=1)
"""The smallest step of a clock."""


class Beyond(NamedTuple):
    """Appointments that a day has more than it would take: by the plan it has, and by another."""

    now: set[AppointmentId]
    then: set[AppointmentId]


class _Answer(Struct, frozen=True):
    """The slots of a day as text; true from `from_at` until before `until_at`, if that is not None."""

    text: bytes
    from_at: datetime
    until_at: datetime | None

    def holds_at(self, now_at: datetime) -> bool:
        """Tell whether it is still true."""
        return self.from_at <= now_at and (self.until_at is None or now_at < self.until_at)


class _Known(Struct):
    """What is remembered of a day: answers by what `hall` says, on the journal's head (None: it has no row).

    A hall whose document changed, or that has learned something, is another `Hall`. Plans and what is reckoned from
    them are six times as large: they are made again when something has changed.
    """

    hall: Hall
    head: str | None = None
    answers: dict[Asked, _Answer] = field(default_factory=dict)

    def is_of(self, row: Summary | None) -> bool:
        """Tell whether the answers are of the journal as a row has it."""
        return self.head == (None if row is None else row.head)


class Offers:
    """Answers what can be booked."""

    def __init__(self, journal: Journal, lanes: Lanes, clock: Clock) -> None:
        self._journal = journal
        self._lanes = lanes
        self._clock = clock
        self._known: OrderedDict[tuple[HallId, date], _Known] = OrderedDict()

    async def text(self, hall: Hall, asked: Iterable[Asked], first: date, last: date) -> bytes:
        """The slots of the days from the first to the last, as the members of a JSON array, by day and question.

        Raises:
            StorageUnavailable: the database cannot be reached.
        """
        found = [answer.text async for answer in self._answers(hall, list(asked), first, last)]
        return b",".join(text for text in found if text)

    async def nearest(self, hall: Hall, asked: Asked, after: date) -> list[SlotView]:
        """The first free slots of the days after one. Raises StorageUnavailable."""
        found: list[SlotView] = []
        days = (after + timedelta(days=1), after + timedelta(days=NEAREST_WITHIN_DAYS))
        async for answer in self._answers(hall, [asked], *days):
            found += [slot for slot in _SLOTS(b"[" + answer.text + b"]") if slot.free > 0]
            if len(found) >= NEAREST:
                break
        return found[:NEAREST]

    async def beyond(self, hall: Hall, plan_on: Callable[[date], Plan]) -> Beyond:
        """The appointments to come that their days would not take, by their own plans and by others.

        Raises:
            StorageUnavailable: the database cannot be reached.
        """
        today = hall.day_at(self._clock.now_at())
        last = today + timedelta(days=HORIZON_DAYS_MAX)  # some may have been booked when the hall looked further ahead
        now, then = set[AppointmentId](), set[AppointmentId]()
        for row in await self._rows(hall, today, last):
            sums = row.sums()
            if sums is None or not sums.everybody.number:
                continue
            day = await self._lanes.day_on(hall.id, row.day)
            to_come = [one for one in day.appointments.values() if one.state in TO_COME]
            now.update(over_capacity(day.regular_plan, to_come))
            then.update(over_capacity(plan_on(row.day), to_come))
            await asyncio.sleep(0)
        return Beyond(now, then)

    async def over_capacity_on(self, hall: Hall, on: date) -> set[AppointmentId]:
        """The appointments to come that a day would not take by its own plan. Raises StorageUnavailable."""
        if on < hall.day_at(self._clock.now_at()):
            return set()
        day = await self._lanes.day_on(hall.id, on)
        return set(over_capacity(day.regular_plan, [one for one in day.appointments.values() if one.state in TO_COME]))

    async def _rows(self, hall: Hall, first: date, last: date, known: Collection[str] = ()) -> list[Summary]:
        try:
            return await self._journal.summaries(hall.id, first, last, known)
        except faults.StorageUnavailable as error:
            raise StorageUnavailable from error

    async def _answers(self, hall: Hall, asked: list[Asked], first: date, last: date) -> AsyncIterator[_Answer]:
        now_at = self._clock.now_at()
        today = hall.day_at(now_at)
        first = max(first, today)
        last = min(last, today + timedelta(days=hall.document.booking.horizon_days))
        if first > last:
            return
        days = [first + timedelta(days=days) for days in range((last - first).days + 1)]
        kept = {on: all_of for on in days if (all_of := self._kept(hall, on, asked, now_at)) is not None}
        heads = [head for head, _ in kept.values() if head is not None]
        stood = {on: self._lanes.head_of(hall.id, on) for on in days}
        rows = {row.day: row for row in await self._rows(hall, first, last, heads)}
        for on in days:
            row = rows.get(on)
            if on in kept and kept[on][0] == (None if row is None else row.head):
                for answer in kept[on][1]:
                    yield answer
                continue
            known, reckoned = self._remembered(hall, on), False
            for one in asked:
                found = known.answers.get(one) if known.is_of(row) else None
                if found is None or not found.holds_at(now_at):
                    found = await self._reckon(known, row, stood[on], on, one, now_at)
                    reckoned = True
                yield found
            if reckoned:
                await asyncio.sleep(0)  # others have their turn between the days

    def _kept(
        self, hall: Hall, on: date, asked: list[Asked], now_at: datetime
    ) -> tuple[str | None, list[_Answer]] | None:
        """The answers to all that is asked of a day, and on which head they are; None unless there are all."""
        known = self._remembered(hall, on)
        answers = [found for one in asked if (found := known.answers.get(one)) is not None and found.holds_at(now_at)]
        return (known.head, answers) if len(answers) == len(asked) else None

    def _remembered(self, hall: Hall, on: date) -> _Known:
        key = (hall.id, on)
        known = self._known.get(key)
        if known is None or known.hall is not hall:
            known = self._known[key] = _Known(hall)
            if len(self._known) > DAYS_KNOWN_MAX:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return known

    async def _reckon(  # noqa: PLR0913, PLR0917  (what is known of the day)
        self, known: _Known, row: Summary | None, stood: str | None, on: date, asked: Asked, now_at: datetime
    ) -> _Answer:
        """Reckon the slots of a day, and remember them unless they are newer than the row that was read."""
        plan, booked, is_of_row = await self._sums(known.hall, row, stood, on)
        slots = slots_of(
            plan,
            booked,
            asked.service,
            asked.count,
            now_at,
            prechecked=asked.prechecked,
            partner=asked.partner,
            staff=asked.staff,
        ).all()
        until_at = _changes_at(plan, booked, slots, now_at, staff=asked.staff)
        answer = _Answer(_ENCODER.encode([slot_view(slot) for slot in slots])[1:-1], now_at, until_at)
        if is_of_row:
            if not known.is_of(row) or len(known.answers) >= ANSWERS_OF_DAY_MAX:
                known.head, known.answers = None if row is None else row.head, {}
            known.answers[asked] = answer
        return answer

    async def _sums(
        self, hall: Hall, row: Summary | None, stood: str | None, on: date
    ) -> tuple[Plan, BookingTotals, bool]:
        """The plan and the sums of a day, and whether they are of the row that was read, or of later.

        `stood` is the head of the day in memory before the row was read.
        """
        day = None if row is None else self._lanes.in_memory(hall.id, on)
        head = self._lanes.head_of(hall.id, on)
        if row is not None and (day is None or day.seq < row.seq or (head == stood and head != row.head)):
            if row.revision != hall.revision:
                day = await self._lanes.day_on(hall.id, on, now=True)  # its plan has still to follow the document
            else:
                day = None
        if day is None:
            plan = hall.plan(on)
            sums = None if row is None else row.sums()
            if sums is None or sums.counts_stages_like(plan):
                return plan, sums or BookingTotals.of(plan), True
            day = await self._lanes.day_on(hall.id, on, now=True)  # its plan is of a release that counted otherwise
        return day.regular_plan, day.booking_totals, row is not None and self._lanes.head_of(hall.id, on) == row.head


def places_altogether(plan: Plan) -> int:
    """How many bookings a day takes while nobody has booked; of services that share counters, their mean."""
    kinds: list[tuple[frozenset[CounterId], list[int]]] = []
    for service, own in grid_of(plan).bookable().items():
        counters, places = own, [places_of_day(plan, service)]
        for kind in [kind for kind in kinds if kind[0] & counters]:
            kinds.remove(kind)
            counters, places = counters | kind[0], places + kind[1]
        kinds.append((counters, places))
    return sum(round(sum(places) / len(places)) for _, places in kinds)


def _changes_at(
    plan: Plan, booked: BookingTotals, slots: list[Slot], now_at: datetime, *, staff: bool
) -> datetime | None:
    """When an answer is not true any more though nothing happens; None when it stays true."""
    notice = timedelta(seconds=0 if staff else plan.booking.notice_s)
    changes = [slot.starts_at - notice + _TICK for slot in slots]  # as near as the notice is not too near
    released_s = [reserved.release_before_s for reserved in plan.reserved]
    if plan.booking.late_share:
        released_s.append(plan.booking.late_before_s)
    changes += [slot.starts_at - timedelta(seconds=seconds) for slot in slots for seconds in released_s]
    changes += [hold.expires_at for hold in booked.holds.values()]
    if plan.booking_opens_at is not None:
        changes.append(plan.booking_opens_at)
    return min((at for at in changes if at > now_at), default=None)
