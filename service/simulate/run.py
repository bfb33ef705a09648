"""Days lived one after the other, on as many cores as one likes: the results do not depend on how many."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from service.domain.calendar.day_plan import plan_of
from service.domain.calendar.plan import Plan
from service.domain.model import TicketClass
from service.replay.trace import Trace
from service.simulate.day_run import Life, Promiser
from service.simulate.estimate import Portion
from service.simulate.hall_setup import Setting, setting_by, setting_of
from service.simulate.learning_halls import believed, learned_before
from service.simulate.measures import REFUSED_FITTING, by_quarter, measure, sent_away, would_have_fitted
from service.simulate.options import Options, Promises, Way
from service.simulate.people import People, draw
from service.simulate.promises import as_answered, as_forecast, with_oracle
from service.simulate.scenario import ON, POLICIES, SCENARIOS, Scenario, document_of
from service.simulate.trace_days import Taught, days_of, learn, people_of_trace, setting_of_trace, split

DAYS_AT_ONCE = 5
"""Days that a process is given at a time."""

SETTINGS_KEPT = 200
"""Halls made ready that are kept: more than the days of a season, in two ways, letting everybody in or not."""

DRAWN = (TicketClass.WALK_IN, TicketClass.APPOINTMENT)
"""The classes in the chart."""


class Measured(Struct, frozen=True):
    """A day, lived in one way: what it is measured by, and the waits that the chart draws."""

    portions: dict[str, Portion | None]
    waits: list[tuple[TicketClass, int, float]]


class Result(Struct, frozen=True):
    """A day, lived in each way; `lives` counts them, `cpu_s` is what they took."""

    ways: list[Measured]
    lives: int
    cpu_s: float


def scenario_of(options: Options) -> Scenario:
    """The scenario, with other counters where they are asked for."""
    scenario = SCENARIOS[options.scenario]
    if options.counters is None:
        return scenario
    missing = scenario.counters - scenario.at_work
    return replace(scenario, counters=options.counters, at_work=max(1, options.counters - missing))


def ways_of(options: Options) -> list[Way]:
    """The way, and the one it is compared with; halls that learn, and the one that knows."""
    if options.trace is None and options.learn:
        return [*(replace(options.way, learned=days) for days in options.learn), options.way]
    return [options.way] if options.against is None else [options.way, options.against]


def live_days(options: Options) -> Iterator[Result]:
    """Live all days, in order. Raises SimulateError when a trace is none."""
    days = range(number_of_days(options))
    chunks = [days[begin : begin + DAYS_AT_ONCE] for begin in range(0, len(days), DAYS_AT_ONCE)]
    if options.jobs == 1:
        for chunk in chunks:
            yield from _live_some(options, chunk)
        return
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for results in pool.map(_live_some, [options] * len(chunks), chunks):
            yield from results


def number_of_days(options: Options) -> int:
    """How many days are lived. Raises SimulateError when a trace is none."""
    return options.days if options.trace is None else len(lesson_of(options)[1])


def lesson_of(options: Options) -> tuple[Taught, Sequence[Trace]]:
    """What the first days of the trace teach, and the days to live. Raises SimulateError."""
    assert options.trace is not None, "only traces teach"
    return _lesson(options.trace, next(iter(options.learn), None))


@lru_cache(1)
def _lesson(path: Path, number: int | None) -> tuple[Taught, Sequence[Trace]]:
    first, later = split(days_of(path), number)
    return learn(first), later


def _live_some(options: Options, days: Sequence[int]) -> list[Result]:
    return [live_day(options, day) for day in days]


def live_day(options: Options, day: int) -> Result:
    """Live one day in each way; `day` counts from 0."""
    began_s = time.process_time()
    people, settings = _traced(options, day) if options.trace is not None else _drawn(options, day)
    lives = len(settings) + sum(way.learned or 0 for way in ways_of(options))
    found = []
    for setting, admitting in settings:
        lived = Life(setting, people, promiser_of(options, setting, people)).run()
        portions = measure(lived)
        portions[REFUSED_FITTING] = None
        if admitting is not None and sent_away(lived):
            lives += 1
            portions[REFUSED_FITTING] = would_have_fitted(lived, Life(admitting, people).run())
        found.append(Measured(portions, by_quarter(lived, DRAWN)))
    return Result(found, lives, time.process_time() - began_s)


def _drawn(options: Options, day: int) -> tuple[People, list[tuple[Setting, Setting | None]]]:
    """The people of a scenario's day, and for each way its hall, and that hall if it let everybody in."""
    scenario = scenario_of(options).on_day(day)
    settings: list[tuple[Setting, Setting | None]] = []
    for way in ways_of(options):
        true, admitting = _setting(scenario, way, options.admission), _setting(scenario, way, "all")
        settings.append((true, admitting) if way.learned is None else _learned(options, way, day, true.plan))
    return draw(scenario, options.seed, day), settings


def _learned(options: Options, way: Way, day: int, truth: Plan) -> tuple[Setting, Setting]:
    """The hall of a day that had others to learn from, and that hall if it let everybody in."""
    assert way.learned is not None, "who knows what is true has not learned"
    usual, policy = scenario_of(options), POLICIES[way.policy]
    document, admitting = (
        document_of(believed(usual, day), policy, way.constant, admission) for admission in (options.admission, "all")
    )
    week = learned_before(usual, document, policy, options.seed, day, way.learned)
    by_document, by_admitting = (plan_of(one, 1, ON, learned=week.on(ON)) for one in (document, admitting))
    scenario = usual.on_day(day)
    return setting_by(scenario, policy, by_document, truth), setting_by(scenario, policy, by_admitting)


def _traced(options: Options, day: int) -> tuple[People, list[tuple[Setting, Setting | None]]]:
    """The same of a day of a trace, whose hall lets everybody in."""
    taught, days = lesson_of(options)
    trace = days[day]
    settings = [setting_of_trace(trace, taught, POLICIES[way.policy]) for way in ways_of(options)]
    return people_of_trace(trace, taught, options.seed), [(setting, None) for setting in settings]


@lru_cache(SETTINGS_KEPT)
def _setting(scenario: Scenario, way: Way, admission: str) -> Setting:
    return setting_of(scenario, POLICIES[way.policy], way.constant, admission)


def promiser_of(options: Options, setting: Setting, people: People) -> Promiser:
    """Who tells people their wait."""
    promiser = as_forecast if options.promises is Promises.FORECAST else as_answered
    return with_oracle(promiser, setting, people, options.oracle) if options.oracle else promiser
