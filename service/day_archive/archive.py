"""Days that have ended: each is read and folded once, for what is learned of it and for what reports say of it.

Both are kept in the same statement, `day_facts` and `day_figures`: who looks through a day for one has done so for the
other. Looking again, in two processes or after a restart, finds and keeps the same.
"""

from datetime import date

import msgspec
from msgspec import Struct

from service.domain.day import Day
from service.domain.model import HallId
from service.domain.stats import facts_observer, figures_observer
from service.domain.stats.day_facts import DayFacts
from service.domain.stats.day_figures import Figures
from service.domain.stats.observed_replay import replay_with_observers
from service.journal.database import Database
from service.journal.read import Reader
from service.journal.sql_files import statements

PACKAGE = "service.day_archive"

ENDED_DAYS_EVERY_S = 120
"""How often it is looked for days that have ended."""

_SQL = statements("archive.sql", PACKAGE)


class Seen(Struct, frozen=True):
    """What there is to say of a day that has ended."""

    facts: DayFacts
    figures: Figures


async def look_through(database: Database, hall: HallId, on: date) -> Seen:
    """Look through a day that has ended, and keep what is to be said of it. Raises JournalFault."""
    reader = Reader(database)
    position = await reader.position(hall, on)
    assert position is not None, "the day has ended"
    day = Day(hall, on)
    of_facts, of_figures = facts_observer.FactsObserver(hall, on, day), figures_observer.FiguresObserver(hall, on, day)
    async for records in reader.load(hall, on, position):
        replay_with_observers(day, records, of_facts, of_figures)
    seen = Seen(of_facts.facts(), of_figures.figures(day.at))
    facts_json, figures_json = (msgspec.json.encode(one).decode() for one in (seen.facts, seen.figures))
    await database.fetch(_SQL["keep"], hall, on, position.seq, facts_json, figures_json)
    return seen
