"""Learning: each night a hall's ended day is looked through once, and what plans go by is learned anew.

A day's events are read and folded once, for reports as well (`service.day_archive`); what is remembered of it is a row
of `day_facts`, and of these sixty are read each night. What was learned is a row of `learned` for all days and one for
each weekday. It is written only when it differs from what was known by more than a trifle, for every open day far ahead
takes it over as an event of its own.

Every pass may run twice, in two processes, late or never: the same days teach the same.

Source: ALGORITHMS 2.2, 4.2; DESIGN 3 (a day knows all it needs).
"""

from datetime import date, timedelta
from zlib import crc32

import msgspec
import structlog

from service.clock import Clock
from service.day_archive.archive import look_through
from service.domain.calendar.learned import Learned
from service.domain.model import HallId
from service.domain.stats.day_facts import DayFacts
from service.domain.stats.learned_changes import changed_parts
from service.domain.stats.learned_week import NOTHING_LEARNED, LearnedWeek
from service.domain.stats.learning import DAYS_LEARNED_FROM, learn
from service.journal.database import Database
from service.journal.sql_files import statements
from service.runtime.fault_isolation import isolated
from service.runtime.hall import Hall
from service.runtime.hall_calendar import known_calendar
from service.runtime.halls import Halls
from service.runtime.lanes import Lanes

PACKAGE = "service.learning"

LEARN_SPREAD_S = 1800
"""The halls of one midnight learn one after another within this time, after the ends of their days."""

FACTS_KEPT_DAYS = 400
"""How long a day is remembered: a year can be compared with the one before."""

_SQL = statements("learning.sql", PACKAGE)

log = structlog.get_logger(__name__)


class Learning:
    """The pass; tests call it, the scheduler too."""

    def __init__(self, database: Database, halls: Halls, lanes: Lanes, clock: Clock) -> None:
        self._database = database
        self._halls = halls
        self._lanes = lanes
        self._clock = clock
        self._learned_on: dict[HallId, date] = {}

    async def learn(self) -> None:
        """Learn from the days that have ended, each hall once a day and at its own moment."""
        now_at = self._clock.now_at()
        for hall in self._halls.known():
            with isolated("not_learned", hall.id):
                today = hall.day_at(now_at - timedelta(seconds=crc32(hall.id.encode()) % LEARN_SPREAD_S))
                if self._learned_on.get(hall.id) != today and await self.learn_of(hall, today):
                    self._learned_on[hall.id] = today

    async def learn_of(self, hall: Hall, today: date) -> bool:
        """Learn from a hall's days before a date; tell whether all of them have ended.

        Raises:
            Refusal, JournalFault: not now.
        """
        first, last = today - timedelta(days=DAYS_LEARNED_FROM), today - timedelta(days=1)
        unseen = await self._database.fetch(_SQL["unseen"], hall.id, first, last)
        for row in unseen:
            await look_through(self._database, hall.id, row["day"])
        all_ended = not await self._database.fetch(_SQL["open_before"], hall.id, first, last)
        if unseen or all_ended:  # also when a report, another process, or one that died here, looked through them
            await self._put(hall, today)
        await self._database.fetch(_SQL["forget"], hall.id, today - timedelta(days=FACTS_KEPT_DAYS))
        return all_ended

    async def _put(self, hall: Hall, today: date) -> None:
        first, last = today - timedelta(days=DAYS_LEARNED_FROM), today - timedelta(days=1)
        rows = await self._database.fetch(_SQL["facts"], hall.id, first, last)
        if not rows:
            return
        days = [msgspec.json.decode(row["facts"], type=DayFacts) for row in rows]
        learned = learn(days, hall.document, today, known_calendar(hall.document, first, last).worked)
        weekdays = await self._write(hall.id, learned)
        if weekdays:
            log.info("learned", hall=hall.id, days=learned.days, weekdays=weekdays)
            await self._halls.refresh()
            await self._lanes.follow_document_now(await self._halls.get(hall.id))

    async def _write(self, hall: HallId, learned: LearnedWeek) -> list[int]:
        """Keep what has moved; return of which weekdays, 0 for all days."""
        parts = {
            row["weekday"]: msgspec.json.decode(row["learned"], type=Learned)
            for row in await self._database.fetch(_SQL["known"], hall)
        }
        known = LearnedWeek(
            every=parts.pop(0, NOTHING_LEARNED.every),
            walk_ins={weekday: one.walk_ins for weekday, one in parts.items()},
        )
        news = changed_parts(known, learned)
        for weekday, one in news.items():
            said = msgspec.json.encode(one).decode()
            await self._database.fetch(_SQL["learn"], hall, weekday, said, learned.days)
        return list(news)
