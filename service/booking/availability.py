"""Compute the slots of many days, from one row of the journal per day.

The journal stores the running totals of the bookings beside each opened day. A query for a month reads one row per day
in one round trip. A day without bookings has no row; its slots follow from its plan. If a day is in memory and not
older than its row, its totals in memory are used. A day in memory is also older if its head has not changed while the
row was read and the row has another head: then the journal was restored from an earlier copy.

The slots of a day are cached as JSON text. They are valid while the row has the same head and until the time when they
change by themselves: a start comes too near, a hold expires, reserved places are released. A cached query costs one
round trip, which returns no totals of cached days, and the concatenation of texts.

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
"""Cached days of all halls, about 16 KB each; beyond it the least recently used day is removed."""

ANSWERS_OF_DAY_MAX = 50
"""Cached queries of one day (services, numbers of people, rights); beyond it all of the day are removed."""

HORIZON_DAYS_MAX = 366
"""The largest booking horizon that a hall document may set."""

NEAREST = 3
"""Number of free slots that are offered instead of a full one."""

NEAREST_WITHIN_DAYS = 14

_ENCODER = msgspec.json.Encoder()
_SLOTS = msgspec.json.Decoder(list[SlotView]).decode


class SlotQuery(Struct, frozen=True):
    """A query for slots: the service, the number of people, and the rights of the applicant.

    `staff`: with the rights of staff. `partner`: may use the places reserved for this partner. `prechecked`: the papers
    have been checked.
    """

    service: ServiceId
    count: int = 1
    staff: bool = False
    partner: str | None = None
    prechecked: bool = False


_TICK = timedelta(microseconds=1)
"""The smallest step of a clock."""


class OverCapacity(NamedTuple):
    """Appointments beyond the capacity of their days: by the current plan, and by a changed plan."""

    by_current: set[AppointmentId]
    by_changed: set[AppointmentId]


class _Answer(Struct, frozen=True):
    """The slots of a day as JSON text, valid from `from_at` until before `until_at` (None: without end)."""

    text: bytes
    from_at: datetime
    until_at: datetime | None

    def holds_at(self, now_at: datetime) -> bool:
        """Tell whether the slots are valid at an instant."""
        return self.from_at <= now_at and (self.until_at is None or now_at < self.until_at)


class _CachedDay(Struct):
    """Cached slots of one day, valid for one `Hall` and one journal head (None: the day has no row).

    A hall with a changed document or new learned values is another `Hall` object. Plans are not cached, because they
    are six times as large.
    """

    hall: Hall
    head: str | None = None
    answers: dict[SlotQuery, _Answer] = field(default_factory=dict)

    def is_of(self, row: Summary | None) -> bool:
        """Tell whether the cached slots belong to the journal head of a row."""
        return self.head == (None if row is None else row.head)


class Availability:
    """Computes and caches slots."""

    def __init__(self, journal: Journal, lanes: Lanes, clock: Clock) -> None:
        self._journal = journal
        self._lanes = lanes
        self._clock = clock
        self._days: OrderedDict[tuple[HallId, date], _CachedDay] = OrderedDict()

    async def slots_json(self, hall: Hall, queries: Iterable[SlotQuery], first: date, last: date) -> bytes:
        """Return the slots of the days from first to last, as the elements of a JSON array, by day and query.

        Raises:
            StorageUnavailable: the database cannot be reached.
        """
        found = [answer.text async for answer in self._answers(hall, list(queries), first, last)]
        return b",".join(text for text in found if text)

    async def nearest_free(self, hall: Hall, query: SlotQuery, after: date) -> list[SlotView]:
        """Return the first `NEAREST` free slots within `NEAREST_WITHIN_DAYS` after a day. Raises StorageUnavailable."""
        found: list[SlotView] = []
        days = (after + timedelta(days=1), after + timedelta(days=NEAREST_WITHIN_DAYS))
        async for answer in self._answers(hall, [query], *days):
            found += [slot for slot in _SLOTS(b"[" + answer.text + b"]") if slot.free > 0]
            if len(found) >= NEAREST:
                break
        return found[:NEAREST]

    async def find_over_capacity(self, hall: Hall, plan_on: Callable[[date], Plan]) -> OverCapacity:
        """Find the future appointments beyond the capacity of their days, by the current plans and by `plan_on`.

        Raises:
            StorageUnavailable: the database cannot be reached.
        """
        today = hall.day_at(self._clock.now_at())
        last = today + timedelta(days=HORIZON_DAYS_MAX)  # appointments may lie beyond the present horizon
        by_current, by_changed = set[AppointmentId](), set[AppointmentId]()
        for row in await self._rows(hall, today, last):
            totals = row.sums()
            if totals is None or not totals.everybody.number:
                continue
            day = await self._lanes.day_on(hall.id, row.day)
            to_come = [appointment for appointment in day.appointments.values() if appointment.state in TO_COME]
            by_current.update(over_capacity(day.regular_plan, to_come))
            by_changed.update(over_capacity(plan_on(row.day), to_come))
            await asyncio.sleep(0)
        return OverCapacity(by_current, by_changed)

    async def find_over_capacity_on(self, hall: Hall, on: date) -> set[AppointmentId]:
        """Find the future appointments of a day beyond its capacity, by its own plan. Raises StorageUnavailable."""
        if on < hall.day_at(self._clock.now_at()):
            return set()
        day = await self._lanes.day_on(hall.id, on)
        to_come = [appointment for appointment in day.appointments.values() if appointment.state in TO_COME]
        return set(over_capacity(day.regular_plan, to_come))

    async def _rows(self, hall: Hall, first: date, last: date, known: Collection[str] = ()) -> list[Summary]:
        try:
            return await self._journal.summaries(hall.id, first, last, known)
        except faults.StorageUnavailable as error:
            raise StorageUnavailable from error

    async def _answers(self, hall: Hall, queries: list[SlotQuery], first: date, last: date) -> AsyncIterator[_Answer]:
        now_at = self._clock.now_at()
        today = hall.day_at(now_at)
        first = max(first, today)
        last = min(last, today + timedelta(days=hall.document.booking.horizon_days))
        if first > last:
            return
        days = [first + timedelta(days=days) for days in range((last - first).days + 1)]
        cached = {on: complete for on in days if (complete := self._cached(hall, on, queries, now_at)) is not None}
        heads = [head for head, _ in cached.values() if head is not None]
        heads_before = {on: self._lanes.head_of(hall.id, on) for on in days}
        rows = {row.day: row for row in await self._rows(hall, first, last, heads)}
        for on in days:
            row = rows.get(on)
            if on in cached and cached[on][0] == (None if row is None else row.head):
                for answer in cached[on][1]:
                    yield answer
                continue
            day, has_computed = self._cached_day(hall, on), False
            for query in queries:
                found = day.answers.get(query) if day.is_of(row) else None
                if found is None or not found.holds_at(now_at):
                    found = await self._compute(day, row, heads_before[on], on, query, now_at)
                    has_computed = True
                yield found
            if has_computed:
                await asyncio.sleep(0)  # let other tasks run between days

    def _cached(
        self, hall: Hall, on: date, queries: list[SlotQuery], now_at: datetime
    ) -> tuple[str | None, list[_Answer]] | None:
        """Return the journal head and the cached slots of all queries for a day; None if one of them is missing."""
        day = self._cached_day(hall, on)
        answers = [
            found for query in queries if (found := day.answers.get(query)) is not None and found.holds_at(now_at)
        ]
        return (day.head, answers) if len(answers) == len(queries) else None

    def _cached_day(self, hall: Hall, on: date) -> _CachedDay:
        key = (hall.id, on)
        day = self._days.get(key)
        if day is None or day.hall is not hall:
            day = self._days[key] = _CachedDay(hall)
            if len(self._days) > DAYS_KNOWN_MAX:
                self._days.popitem(last=False)
        self._days.move_to_end(key)
        return day

    async def _compute(  # noqa: PLR0913, PLR0917  (the state of the day and the query)
        self,
        cached: _CachedDay,
        row: Summary | None,
        head_before: str | None,
        on: date,
        query: SlotQuery,
        now_at: datetime,
    ) -> _Answer:
        """Compute the slots of a day; cache them unless they are newer than the row that was read."""
        plan, booked, is_of_row = await self._totals(cached.hall, row, head_before, on)
        slots = slots_of(
            plan,
            booked,
            query.service,
            query.count,
            now_at,
            prechecked=query.prechecked,
            partner=query.partner,
            staff=query.staff,
        ).all()
        until_at = _changes_at(plan, booked, slots, now_at, staff=query.staff)
        answer = _Answer(_ENCODER.encode([slot_view(slot) for slot in slots])[1:-1], now_at, until_at)
        if is_of_row:
            if not cached.is_of(row) or len(cached.answers) >= ANSWERS_OF_DAY_MAX:
                cached.head, cached.answers = None if row is None else row.head, {}
            cached.answers[query] = answer
        return answer

    async def _totals(
        self, hall: Hall, row: Summary | None, head_before: str | None, on: date
    ) -> tuple[Plan, BookingTotals, bool]:
        """Return the plan and the booking totals of a day, and whether they are those of the row (else they are newer).

        `head_before` is the head of the day in memory before the row was read.
        """
        day = None if row is None else self._lanes.in_memory(hall.id, on)
        head = self._lanes.head_of(hall.id, on)
        if row is not None and (day is None or day.seq < row.seq or (head == head_before and head != row.head)):
            if row.revision != hall.revision:
                day = await self._lanes.day_on(hall.id, on, now=True)  # its plan does not follow the new document yet
            else:
                day = None
        if day is None:
            plan = hall.plan(on)
            totals = None if row is None else row.sums()
            if totals is None or totals.counts_stages_like(plan):
                return plan, totals or BookingTotals.of(plan), True
            day = await self._lanes.day_on(hall.id, on, now=True)  # the totals were counted by another release
        return day.regular_plan, day.booking_totals, row is not None and self._lanes.head_of(hall.id, on) == row.head


def total_places(plan: Plan) -> int:
    """Count the places of a day without bookings. Services that share counters are counted with their mean."""
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
    """Return when the slots change without an event; None if they do not."""
    notice = timedelta(seconds=0 if staff else plan.booking.notice_s)
    changes = [slot.starts_at - notice + _TICK for slot in slots]  # exactly at the notice a slot can still be booked
    released_s = [reserved.release_before_s for reserved in plan.reserved]
    if plan.booking.late_share:
        released_s.append(plan.booking.late_before_s)
    changes += [slot.starts_at - timedelta(seconds=seconds) for slot in slots for seconds in released_s]
    changes += [hold.expires_at for hold in booked.holds.values()]
    if plan.booking_opens_at is not None:
        changes.append(plan.booking_opens_at)
    return min((at for at in changes if at > now_at), default=None)
