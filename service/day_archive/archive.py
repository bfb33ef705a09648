"""Archive an ended day: replay its events once, and store its facts and its figures.

Facts (`day_facts`) are the input of learning, figures (`day_figures`) that of reports. One statement stores both, so a
day that learning or a report has archived is not replayed for the other. Archiving is idempotent: another process or a
repeated call stores the same values.
"""

from datetime import date

import msgspec
from msgspec import Struct

from service.domain.day import Day
from service.domain.model import HallId
from service.domain.stats.day_facts import DayFacts
from service.domain.stats.day_figures import Figures
from service.domain.stats.facts_observer import FactsObserver
from service.domain.stats.figures_observer import FiguresObserver
from service.domain.stats.observed_replay import replay_with_observers
from service.journal.database import Database
from service.journal.read import Reader
from service.journal.sql_files import statements

PACKAGE = "service.day_archive"

ENDED_DAYS_EVERY_S = 120
"""Interval of the job that archives ended days."""

_SQL = statements("archive.sql", PACKAGE)


class ArchivedDay(Struct, frozen=True):
    """Facts and figures of an ended day."""

    facts: DayFacts
    figures: Figures


async def archive_day(database: Database, hall: HallId, on: date) -> ArchivedDay:
    """Replay a day that has ended, and store its facts and figures. Raises JournalFault."""
    reader = Reader(database)
    position = await reader.position(hall, on)
    assert position is not None, "the day has ended"
    day = Day(hall, on)
    facts, figures = FactsObserver(hall, on, day), FiguresObserver(hall, on, day)
    async for records in reader.load(hall, on, position):
        replay_with_observers(day, records, facts, figures)
    archived = ArchivedDay(facts.facts(), figures.figures(day.at))
    facts_json, figures_json = (msgspec.json.encode(part).decode() for part in (archived.facts, archived.figures))
    await database.fetch(_SQL["store"], hall, on, position.seq, facts_json, figures_json)
    return archived
