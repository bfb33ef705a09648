"""Run many days, on several cores if wanted. The results do not depend on the number of cores."""

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
from service.simulate.day_run import DayRun, Promiser
from service.simulate.estimate import Portion
from service.simulate.hall_setup import HallSetup, setup_of_scenario, setup_with_plan
from service.simulate.learning_halls import learn_before, with_guessed_durations
from service.simulate.measures import REFUSED_FITTING, by_quarter, measure, turned_away, would_have_fitted
from service.simulate.options import Options, Promises, Way
from service.simulate.people import People, draw_people
from service.simulate.promises import answered_wait, forecast_wait, with_oracle
from service.simulate.scenario import ON, POLICIES, SCENARIOS, Scenario, document_of
from service.simulate.trace_days import TraceLessons, learn, people_of_trace, read_trace_days, setup_of_trace, split

DAYS_AT_ONCE = 5
"""Days given to a process at a time."""

SETTINGS_KEPT = 200
"""Hall setups kept in the cache: more than a season's days, in two ways, each with both kinds of admission."""

DRAWN = (TicketClass.WALK_IN, TicketClass.APPOINTMENT)
"""The classes shown in the chart."""


class Measured(Struct, frozen=True):
    """A day run in one way: its measures, and the waits for the chart."""

    portions: dict[str, Portion | None]
    waits: list[tuple[TicketClass, int, float]]


class Result(Struct, frozen=True):
    """A day run in each way; `lives` is the number of runs, `cpu_s` their processor time."""

    ways: list[Measured]
    lives: int
    cpu_s: float


def scenario_of(options: Options) -> Scenario:
    """Return the scenario, with another number of counters if the options say so."""
    scenario = SCENARIOS[options.scenario]
    if options.counters is None:
        return scenario
    missing = scenario.counters - scenario.at_work
    return replace(scenario, counters=options.counters, at_work=max(1, options.counters - missing))


def ways_of(options: Options) -> list[Way]:
    """Return the ways to run each day: one, two to compare, or halls that learned and one with true parameters."""
    if options.trace is None and options.learn:
        return [*(replace(options.way, learned=days) for days in options.learn), options.way]
    return [options.way] if options.against is None else [options.way, options.against]


def run_days(options: Options) -> Iterator[Result]:
    """Run all days, in order. Raises SimulateError if the trace cannot be used."""
    days = range(number_of_days(options))
    chunks = [days[begin : begin + DAYS_AT_ONCE] for begin in range(0, len(days), DAYS_AT_ONCE)]
    if options.jobs == 1:
        for chunk in chunks:
            yield from _run_chunk(options, chunk)
        return
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for results in pool.map(_run_chunk, [options] * len(chunks), chunks):
            yield from results


def number_of_days(options: Options) -> int:
    """Return the number of days. Raises SimulateError if the trace cannot be used."""
    return options.days if options.trace is None else len(trace_lessons(options)[1])


def trace_lessons(options: Options) -> tuple[TraceLessons, Sequence[Trace]]:
    """Learn from the first days of the trace; return the result and the other days. Raises SimulateError."""
    assert options.trace is not None, "only traces teach"
    return _lesson(options.trace, next(iter(options.learn), None))


@lru_cache(1)
def _lesson(path: Path, number: int | None) -> tuple[TraceLessons, Sequence[Trace]]:
    first, later = split(read_trace_days(path), number)
    return learn(first), later


def _run_chunk(options: Options, days: Sequence[int]) -> list[Result]:
    return [run_day(options, day) for day in days]


def run_day(options: Options, day: int) -> Result:
    """Run one day in each way; `day` counts from 0."""
    began_s = time.process_time()
    people, setups = _trace_day(options, day) if options.trace is not None else _scenario_day(options, day)
    lives = len(setups) + sum(way.learned or 0 for way in ways_of(options))
    found = []
    for setup, admitting in setups:
        record = DayRun(setup, people, promiser_of(options, setup, people)).run()
        portions = measure(record)
        portions[REFUSED_FITTING] = None
        if admitting is not None and turned_away(record):
            lives += 1
            portions[REFUSED_FITTING] = would_have_fitted(record, DayRun(admitting, people).run())
        found.append(Measured(portions, by_quarter(record, DRAWN)))
    return Result(found, lives, time.process_time() - began_s)


def _scenario_day(options: Options, day: int) -> tuple[People, list[tuple[HallSetup, HallSetup | None]]]:
    """Return the people of a scenario's day, and for each way the hall and the same hall if it admits everybody."""
    scenario = scenario_of(options).on_day(day)
    setups: list[tuple[HallSetup, HallSetup | None]] = []
    for way in ways_of(options):
        true, admitting = _setup(scenario, way, options.admission), _setup(scenario, way, "all")
        setups.append((true, admitting) if way.learned is None else _learned_setups(options, way, day, true.plan))
    return draw_people(scenario, options.seed, day), setups


def _learned_setups(options: Options, way: Way, day: int, truth: Plan) -> tuple[HallSetup, HallSetup]:
    """Return the hall of a day that learned from earlier days, and the same hall if it admits everybody."""
    assert way.learned is not None, "a way without `learned` knows the true parameters"
    usual, policy = scenario_of(options), POLICIES[way.policy]
    document, admitting = (
        document_of(with_guessed_durations(usual, day), policy, way.constant, admission)
        for admission in (options.admission, "all")
    )
    week = learn_before(usual, document, policy, options.seed, day, way.learned)
    by_document, by_admitting = (plan_of(one, 1, ON, learned=week.on(ON)) for one in (document, admitting))
    scenario = usual.on_day(day)
    return setup_with_plan(scenario, policy, by_document, truth), setup_with_plan(scenario, policy, by_admitting)


def _trace_day(options: Options, day: int) -> tuple[People, list[tuple[HallSetup, HallSetup | None]]]:
    """Return the people and halls of a day of a trace, whose hall already admits everybody."""
    lessons, days = trace_lessons(options)
    trace = days[day]
    setups = [setup_of_trace(trace, lessons, POLICIES[way.policy]) for way in ways_of(options)]
    return people_of_trace(trace, lessons, options.seed), [(setup, None) for setup in setups]


@lru_cache(SETTINGS_KEPT)
def _setup(scenario: Scenario, way: Way, admission: str) -> HallSetup:
    return setup_of_scenario(scenario, POLICIES[way.policy], way.constant, admission)


def promiser_of(options: Options, setup: HallSetup, people: People) -> Promiser:
    """Return the function that promises waits."""
    promiser = forecast_wait if options.promises is Promises.FORECAST else answered_wait
    return with_oracle(promiser, setup, people, options.oracle) if options.oracle else promiser
