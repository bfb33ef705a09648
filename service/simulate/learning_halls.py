"""Halls that have to learn: they start with guessed parameters and learn from the journals of simulated days.

A simulated hall usually knows the true parameters of its people. A real hall starts with guesses: durations in whole
minutes, a quarter too long or a fifth too short, with the document's default spread, and the default assumptions about
arrivals and punctuality. Then days are simulated. After each of them the journal is evaluated as in a real hall, by
`FactsObserver` and `learn`, for the plan of the next day. After a given number of such days the measured day is run.

Each measured day has its own hall with its own days before it, because what a hall happens to learn is random too and
belongs to the interval.

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
from service.simulate.day_run import DayRun
from service.simulate.hall_setup import setup_with_plan
from service.simulate.people import HOUR_MS, draw_people
from service.simulate.scenario import ON, Policy, Scenario
from service.simulate.simulated_hall import HALL

LEARN_DAYS_MAX = DAYS_LEARNED_FROM
"""A hall learns from no more days than these."""

GUESSES = (1.25, 0.8)
"""Factors by which guessed durations are wrong; services, and halls, take them in turn."""

MINUTE_S = 60
USUAL_CV = Duration(mean=MINUTE_S).cv

LESSON_DAYS_FROM = 1_000_000
"""Days to learn from are numbered from here, above all measured days, so that their people differ."""


def with_guessed_durations(scenario: Scenario, hall: int) -> Scenario:
    """Return a scenario with guessed durations. `hall` is the number of the hall: halls differ in their errors."""
    kinds = tuple(
        replace(kind, mean_s=_whole_minutes_s(kind.mean_s * GUESSES[(n + hall) % len(GUESSES)]), cv=USUAL_CV)
        for n, kind in enumerate(scenario.kinds)
    )
    return replace(scenario, kinds=kinds)


def _whole_minutes_s(seconds: float) -> float:
    return float(MINUTE_S * max(1, round(seconds / MINUTE_S)))


def learn_before(  # noqa: PLR0913, PLR0917  (the inputs of a run)
    scenario: Scenario, document: HallDocument, policy: Policy, seed: int, day: int, days: int
) -> LearnedWeek:
    """Run the days before a day, and learn after each of them as a real hall does at night.

    Args:
        scenario: the people, and the staff at work.
        document: the document with which the hall started.
        policy: the order of calls.
        seed: the seed of the people.
        day: the number of the measured day.
        days: the number of days before it.
    """
    week = NOTHING_LEARNED
    facts: list[DayFacts] = []
    for back in range(days, 0, -1):
        on = ON - timedelta(days=back)
        usual = scenario.on_day(day - back)
        setup = setup_with_plan(usual, policy, plan_of(document, 1, on, learned=week.on(on)))
        day_run = DayRun(
            setup, draw_people(usual, seed, LESSON_DAYS_FROM + day * LEARN_DAYS_MAX + back), keep_journal=True
        )
        day_run.run()
        day_run.hall.do(EndDay(), 24 * HOUR_MS)
        facts.append(facts_of(day_run.hall.records, on))
        week = after_night(week, facts, document, on + timedelta(days=1))
    return week


def facts_of(records: Iterable[Record], on: date) -> DayFacts:
    """Return the stored facts of a day's journal."""
    observer = FactsObserver(HALL, on)
    observer.replay(records)
    return observer.facts()


def after_night(week: LearnedWeek, facts: Sequence[DayFacts], document: HallDocument, today: date) -> LearnedWeek:
    """Return the parameters of a hall when a date begins: the earlier ones with the changes of the earlier days."""
    learned = learn(facts, document, today)
    night_at = datetime.combine(today, time(), UTC)
    for weekday, part in changed_parts(week, learned).items():
        week = week.with_part(weekday, part, learned.days, night_at)
    return week
