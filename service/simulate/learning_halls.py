"""Halls that have to learn: a document that somebody typed, the days lived by it, and what their journals teach.

A simulated hall knows what is true of its people. A real one begins with what somebody believes: durations in whole
minutes, a quarter too long or a fifth too short, with the spread that a document has when nobody says one; who comes,
how punctually and when, as every new hall believes it. Then it has days. Each night its journal goes the way of a real
one, from `day_facts` by `learn` into the plan of the next day, and after so many of them a day is lived to be measured.

Every measured day has a hall of its own, with days of its own before it: what a hall happened to see is chance as
well, and belongs in the interval.

Source: `service.learning.nightly` (the nights of a real hall); ALGORITHMS 4.3 (with fitted inputs).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from msgspec.structs import replace

from service.domain.calendar.day_plan import plan_of
from service.domain.commands import EndDay
from service.domain.events import Record
from service.domain.hall.document import Duration, HallDocument
from service.domain.stats.day_facts import DayFacts
from service.domain.stats.facts_observer import FactsObserver
from service.domain.stats.learned_changes import changed_parts
from service.domain.stats.learned_week import NOTHING_LEARNED, LearnedWeek
from service.domain.stats.learning import DAYS_LEARNED_FROM, learn
from service.simulate.day_run import Life
from service.simulate.hall_setup import setting_by
from service.simulate.people import HOUR_MS, draw
from service.simulate.scenario import ON, Policy, Scenario
from service.simulate.simulated_hall import HALL

LEARN_DAYS_MAX = DAYS_LEARNED_FROM
"""A hall goes by no more days than these."""

GUESSES = (1.25, 0.8)
"""How many times as long as they are durations are believed to be, by turns of the services, and of the halls."""

MINUTE_S = 60
USUAL_CV = Duration(mean=MINUTE_S).cv

LESSONS_FROM = 1_000_000
"""Days that teach are numbered from here, beyond all days that are measured: they have other people."""


def believed(scenario: Scenario, hall: int) -> Scenario:
    """A scenario as somebody writes it down who never measured; `hall` counts halls, for not all of them err alike."""
    kinds = tuple(
        replace(kind, mean_s=_whole_minutes_s(kind.mean_s * GUESSES[(n + hall) % len(GUESSES)]), cv=USUAL_CV)
        for n, kind in enumerate(scenario.kinds)
    )
    return replace(scenario, kinds=kinds)


def _whole_minutes_s(seconds: float) -> float:
    return float(MINUTE_S * max(1, round(seconds / MINUTE_S)))


def learned_before(  # noqa: PLR0913, PLR0917  (what a life depends on)
    scenario: Scenario, document: HallDocument, policy: Policy, seed: int, day: int, days: int
) -> LearnedWeek:
    """Live the days before a day, and learn after each of them what the nights of a real hall would.

    Args:
        scenario: the people, and who is at work.
        document: what the hall began with.
        policy: who is called next.
        seed: of the people.
        day: the number of the day that comes after.
        days: how many there are before it.
    """
    week = NOTHING_LEARNED
    facts: list[DayFacts] = []
    for back in range(days, 0, -1):
        on = ON - timedelta(days=back)
        usual = scenario.on_day(day - back)
        setting = setting_by(usual, policy, plan_of(document, 1, on, learned=week.on(on)))
        life = Life(setting, draw(usual, seed, LESSONS_FROM + day * LEARN_DAYS_MAX + back), keeps=True)
        life.run()
        life.hall.do(EndDay(), 24 * HOUR_MS)
        facts.append(facts_of(life.hall.records, on))
        week = after_night(week, facts, document, on + timedelta(days=1))
    return week


def facts_of(records: Iterable[Record], on: date) -> DayFacts:
    """What is remembered of a day's journal."""
    observer = FactsObserver(HALL, on)
    observer.see(records)
    return observer.facts()


def after_night(week: LearnedWeek, facts: Sequence[DayFacts], document: HallDocument, today: date) -> LearnedWeek:
    """What a hall knows when a date begins: what it knew, with what has moved by the days before."""
    learned = learn(facts, document, today)
    night_at = datetime.combine(today, time(), UTC)
    for weekday, part in changed_parts(week, learned).items():
        week = week.having(weekday, part, learned.days, night_at)
    return week
