"""Halls that have to learn: they begin with guesses and use what the nights of a real hall learn."""

from datetime import timedelta
from pathlib import Path

import pytest

from service.clock import FakeClock
from service.domain.calendar.day_plan import plan_of
from service.domain.commands import EndDay
from service.domain.day import NO_SERVICE_TIMES
from service.domain.hall.document import HallDocument
from service.domain.model import HallId, StageId
from service.domain.stats.learned_week import NOTHING_LEARNED, LearnedWeek
from service.journal.database import Database
from service.journal.hall_documents import HallStore
from service.simulate.day_record import PromisedWait
from service.simulate.day_run import DayRun
from service.simulate.hall_setup import setup_of_scenario, setup_with_plan
from service.simulate.learning_halls import (
    LESSON_DAYS_FROM,
    after_night,
    facts_of,
    learn_before,
    with_guessed_durations,
)
from service.simulate.options import DAYS_MAX, Options, Promises, Way
from service.simulate.people import HOUR_MS, draw_people
from service.simulate.promises import answered_wait
from service.simulate.run import run_day, run_days
from service.simulate.scenario import ON, POLICIES, SCENARIOS, Scenario, document_of
from service.simulate.simulated_hall import SimulatedHall
from tests.service import service_on
from tests.simulation.test_journal import FEW, HALL, DayRecord

WINDOW = StageId("window")
CREDIT = POLICIES["credit"]
SICK = SCENARIOS["sick"].times(0.3)
"""Three services, and some people of each."""

SEED = 5


def document(scenario: Scenario, hall: int = 0) -> HallDocument:
    return document_of(with_guessed_durations(scenario, hall), CREDIT, None, "fit")


def week_after(scenario: Scenario, days: int) -> LearnedWeek:
    return learn_before(scenario, document(scenario), CREDIT, SEED, 0, days)


def test_what_is_believed_is_whole_minutes_and_a_fifth_to_a_third_off() -> None:
    for scenario in SCENARIOS.values():
        for hall in range(2):
            off = [
                one.mean_s / kind.mean_s
                for one, kind in zip(with_guessed_durations(scenario, hall).kinds, scenario.kinds, strict=True)
            ]

            assert all(1.1 <= one <= 1.35 or 0.7 <= one <= 0.9 for one in off), (scenario.name, off)
    assert [one.mean_s for one in with_guessed_durations(SICK, 0).kinds] == [360, 360, 1200]
    assert [one.mean_s for one in with_guessed_durations(SICK, 1).kinds] == [240, 600, 780]
    assert {one.cv for one in with_guessed_durations(SICK, 0).kinds} == {0.6}


def test_the_days_that_teach_are_others_than_those_that_are_measured() -> None:
    assert LESSON_DAYS_FROM > DAYS_MAX
    assert draw_people(SICK, SEED, LESSON_DAYS_FROM) != draw_people(SICK, SEED, 0)


def test_a_hall_that_has_lived_learns_what_is_true() -> None:
    begun, lessons = week_after(SICK, 0), week_after(SICK, 12)

    assert begun == NOTHING_LEARNED
    assert lessons.days == 12
    for kind in SICK.kinds:
        lasting = lessons.every.durations[kind.id]
        assert lasting.mean_s == pytest.approx(kind.mean_s, rel=0.07)
        assert lasting.cv < 0.45, "the document says 0.6"
        assert lessons.every.mix[kind.id] == pytest.approx(kind.share, abs=0.1)


def test_walk_ins_are_foreseen_after_a_hall_has_seen_enough_of_them() -> None:
    lessons = week_after(SICK, 16)

    arrivals = lessons.on(ON).walk_ins
    expected = SICK.unscheduled_by_hour()
    assert set(arrivals) == {f"{hour:02d}" for hour in range(9, 17)}
    assert sum(one.per_h for one in arrivals.values()) == pytest.approx(sum(expected), rel=0.25)


async def test_a_simulated_night_teaches_what_the_night_of_a_real_hall_does(dsn: str, tmp_path: Path) -> None:
    """The same commands over HTTP, the day ended and looked through by the jobs."""
    started = document(FEW)
    on = ON - timedelta(days=1)
    day_run = DayRun(
        setup_with_plan(FEW, CREDIT, plan_of(started, 1, on)),
        draw_people(FEW, SEED, LESSON_DAYS_FROM + 1),
        keep_journal=True,
    )
    day_run.run()
    day_run.hall.do(EndDay(), 24 * HOUR_MS)
    async with Database(dsn) as database:
        await HallStore(database).create_if_absent(HallId(HALL), started)
    clock = FakeClock(day_run.hall.commands[0][0])

    async with service_on(dsn, tmp_path, clock, rate_limit=False) as service:
        service.api.hall = HALL
        again = DayRecord(service)
        for at, command in day_run.hall.commands:
            clock.put(at)
            if isinstance(command, EndDay):
                clock.advance(3600)  # after all spreads
                await service.running.jobs.end_days()
            else:
                await again.ask(command)
        await service.running.learning.learn()
        real = (await service.running.halls.get(HallId(HALL))).learned

    simulated = learn_before(FEW, started, CREDIT, SEED, 0, 1)
    assert real.every.durations
    assert (real.every, real.walk_ins, real.days) == (simulated.every, simulated.walk_ins, 1)
    assert simulated == after_night(NOTHING_LEARNED, [facts_of(day_run.hall.records, on)], started, ON)


def test_the_oracle_goes_by_the_truth_where_the_hall_does_not() -> None:
    truth = setup_of_scenario(SICK, CREDIT, None, "fit").plan
    wrong = plan_of(document(SICK), 1, ON)
    people = draw_people(SICK, SEED, 0)
    seen: list[tuple[float, float]] = []

    def looking(hall: SimulatedHall, ticket: object) -> PromisedWait | None:
        assert hall.truth.tickets.keys() == hall.day.tickets.keys(), ticket
        assert hall.truth.queue.deferred == hall.day.queue.deferred
        assert [len(line.places) for line in hall.truth.queue.lines.values()]
        believed_s, true_s = (
            one.service_times.get(WINDOW, NO_SERVICE_TIMES).expected_s for one in (hall.day, hall.truth)
        )
        seen.append((believed_s, true_s))
        return None

    DayRun(setup_with_plan(SICK, CREDIT, wrong, truth), people, looking).run()

    assert seen[-1][0] != seen[-1][1]
    assert {name: one.mean_s for name, one in truth.services.items()} == {one.id: one.mean_s for one in SICK.kinds}


def test_a_truth_that_is_the_plan_changes_nothing() -> None:
    setup = setup_of_scenario(SICK, CREDIT, None, "fit")
    people = draw_people(SICK, SEED, 0)

    record = [
        DayRun(setup_with_plan(SICK, CREDIT, setup.plan, truth), people, answered_wait).run()
        for truth in (None, setup.plan)
    ]

    calls = [[(visit.called_ms, visit.promise) for visit in one.visits] for one in record]
    assert calls[0] == calls[1]


def test_halls_that_learn_are_measured_beside_the_one_that_knows_on_the_same_days() -> None:
    options = Options(scenario="loan", days=1, seed=SEED, learn=(0, 2))
    alone = Options(scenario="loan", days=1, seed=SEED)

    both, knows = run_day(options, 0), run_day(alone, 0)

    assert len(both.ways) == 3
    assert both.ways[-1] == knows.ways[0]
    assert both.ways[0] != both.ways[1]
    assert both.lives >= 3 + 2


def test_what_was_learned_does_not_depend_on_how_many_processes_there_are() -> None:
    options = Options(scenario="loan", days=6, seed=SEED, learn=(1,), way=Way("credit", 9))
    together = Options(scenario="loan", days=6, seed=SEED, learn=(1,), way=Way("credit", 9), jobs=2)

    assert [one.ways for one in run_days(options)] == [one.ways for one in run_days(together)]


def test_promises_of_a_hall_that_has_learned_are_not_much_worse_than_an_oracles() -> None:
    options = Options(scenario="sick", days=1, learn=(5,), promises=Promises.FORECAST, oracle=8, seed=SEED)

    learned, knows = run_day(options, 0).ways

    for way in (learned, knows):
        portion = way.portions["promise_times_oracle"]
        assert portion is not None
        assert portion.part < 2 * portion.whole
