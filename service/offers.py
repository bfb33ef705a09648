"""What can be booked: the slots of many days, from one row of each.

The journal keeps beside each opened day the running sums of its bookings, so a question for a month reads a row per day
in one round trip and counts nothing; a day nobody has booked on yet is as its plan says. A day that is in memory and no
older than its row is asked itself.

What was reckoned for a day is kept, as text, while the row has the same head and the clock has not come to where the
answer changes by itself: a start comes too near, a hold is over, what was kept back is released. Most questions so cost
the round trip and the joining of texts.

Source: ALGORITHMS 2.2; JOURNAL 6.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

import msgspec
from msgspec import Struct

from service.clock import Clock
from service.domain.day import Day
from service.domain.model import HallId, ServiceId
from service.domain.plan import Plan
from service.domain.slots import Booked, Slot, slots_of
from service.domain.times import stamp
from service.errors import StorageUnavailable
from service.halls import Hall
from service.journal import faults
from service.journal.journal import Journal
from service.journal.values import Summary
from service.lanes import Lanes

DAYS_KNOWN_MAX = 5_000
"""Days of all halls whose plans and answers are kept, about 30 KB each; the one asked for longest ago is forgotten."""

ANSWERS_OF_DAY_MAX = 50
"""Answers kept of one day, for services, numbers of people and askers; beyond it all of the day are reckoned anew."""

NEAREST = 3
"""Free slots that are offered in place of a full one."""

NEAREST_WITHIN_DAYS = 14

_ENCODER = msgspec.json.Encoder()
_DECODE = msgspec.json.Decoder(Booked).decode


class Asked(Struct, frozen=True):
    """For what: a service, for so many people, with staff's rights, or as a partner's guests."""

    service: ServiceId
    count: int = 1
    staff: bool = False
    partner: str | None = None


class SlotSeen(Struct, frozen=True, gc=False):
    """A start that can be booked, in the contract's words.

    `places` is how many bookings it takes, `free` how many more this very start would accept if nobody booked elsewhere.
    """

    service: str
    starts_at: str
    ends_at: str
    places: int
    free: int


class _Answer(Struct, frozen=True):
    """The slots of a day, also as text; true from `from_at` until before `until_at`, if that is not None."""

    slots: list[Slot]
    text: bytes
    from_at: datetime
    until_at: datetime | None

    def holds_at(self, now_at: datetime) -> bool:
        return self.from_at <= now_at and (self.until_at is None or now_at < self.until_at)


class _Known(Struct):
    """What is remembered of a day: its plan as reckoned `today`, and the answers on the journal's head (None: none)."""

    today: date
    revision: int
    plan: Plan
    head: str | None = None
    answers: dict[Asked, _Answer] = {}


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

    async def nearest(self, hall: Hall, asked: Asked, after: date) -> list[Slot]:
        """The first free slots of the days after one. Raises StorageUnavailable."""
        found: list[Slot] = []
        async for answer in self._answers(
            hall, [asked], after + timedelta(days=1), after + timedelta(days=NEAREST_WITHIN_DAYS)
        ):
            found += [slot for slot in answer.slots if slot.free > 0]
            if len(found) >= NEAREST:
                break
        return found[:NEAREST]

    async def _answers(self, hall: Hall, asked: list[Asked], first: date, last: date):  # noqa: ANN202
        now_at = self._clock.now_at()
        today = hall.day_at(now_at)
        first = max(first, today)
        last = min(last, today + timedelta(days=hall.document.booking.horizon_days))
        if first > last:
            return
        try:
            rows = {row.day: row for row in await self._journal.summaries(hall.id, first, last)}
        except faults.StorageUnavailable as error:
            raise StorageUnavailable from error
        for on in (first + timedelta(days=days) for days in range((last - first).days + 1)):
            known = self._remembered(hall, on, today)
            row = rows.get(on)
            reckoned = False
            for one in asked:
                answer = known.answers.get(one) if known.head == (row and row.head) else None
                if answer is None or not answer.holds_at(now_at):
                    answer = await self._reckon(hall, known, row, one, now_at)
                    reckoned = True
                yield answer
            if reckoned:
                await asyncio.sleep(0)  # others have their turn between the days
