"""Learn from ended days every night: durations, arrivals and other values that the plans of a hall use.

The events of a day are replayed only once, for learning and for reports (`service.day_archive`); the result is a row of
`day_facts`. Each night learning reads the facts of the last `DAYS_LEARNED_FROM` days. The learned values are rows of
`learned`: one for all days and one for each weekday. They are stored only if they differ enough from the present
values, because every opened future day takes them over by an event of its own.

A pass is idempotent. It may run twice, in two processes, late or not at all; the same days give the same values.

Source: ALGORITHMS 2.2, 4.2; DESIGN 3 (a day knows all it needs).
"""

from datetime import date, timedelta
from zlib import crc32

import msgspec
import structlog

from service.clock import Clock
from service.day_archive.archive import archive_day
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
"""The halls of one time zone learn at different moments within this time after midnight."""

FACTS_KEPT_DAYS = 400
"""How long the facts of a day are kept: a year can be compared with the one before."""

_SQL = statements("learning.sql", PACKAGE)

log = structlog.get_logger(__name__)


class Learning:
    """Updates the learned values of all halls; called by the scheduler."""

    def __init__(self, database: Database, halls: Halls, lanes: Lanes, clock: Clock) -> None:
        self._database = database
        self._halls = halls
        self._lanes = lanes
        self._clock = clock
        self._learned_on: dict[HallId, date] = {}

    async def learn(self) -> None:
        """Learn from ended days, each hall once a day and at its own moment."""
        now_at = self._clock.now_at()
        for hall in self._halls.known():
            with isolated("not_learned", hall.id):
                today = hall.day_at(now_at - timedelta(seconds=crc32(hall.id.encode()) % LEARN_SPREAD_S))
                if self._learned_on.get(hall.id) != today and await self.learn_hall(hall, today):
                    self._learned_on[hall.id] = today

    async def learn_hall(self, hall: Hall, today: date) -> bool:
        """Learn from a hall's days before a date; tell whether all of them have ended.

        Raises:
            Refusal, JournalFault: learning is not possible now.
        """
        first, last = today - timedelta(days=DAYS_LEARNED_FROM), today - timedelta(days=1)
        without_facts = await self._database.fetch(_SQL["without_facts"], hall.id, first, last)
        for row in without_facts:
            await archive_day(self._database, hall.id, row["day"])
        all_ended = not await self._database.fetch(_SQL["unfinished"], hall.id, first, last)
        if without_facts or all_ended:  # a report, another process or an interrupted pass may have archived the days
            await self._update(hall, today)
        await self._database.fetch(_SQL["delete_old_facts"], hall.id, today - timedelta(days=FACTS_KEPT_DAYS))
        return all_ended

    async def _update(self, hall: Hall, today: date) -> None:
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
        """Store the learned values that have changed; return their weekdays (0: all days)."""
        parts = {
            row["weekday"]: msgspec.json.decode(row["learned"], type=Learned)
            for row in await self._database.fetch(_SQL["learned"], hall)
        }
        known = LearnedWeek(
            every=parts.pop(0, NOTHING_LEARNED.every),
            walk_ins={weekday: part.walk_ins for weekday, part in parts.items()},
        )
        changed = changed_parts(known, learned)
        for weekday, part in changed.items():
            encoded = msgspec.json.encode(part).decode()
            await self._database.fetch(_SQL["store_learned"], hall, weekday, encoded, learned.days)
        return list(changed)
