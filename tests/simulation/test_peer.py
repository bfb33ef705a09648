"""An independent program of the same hall agrees with the simulation, within both intervals."""

from collections.abc import Callable, Sequence
from math import hypot

import pytest

from service.domain.model import TicketClass
from service.simulate.day_record import DayRecord
from service.simulate.day_run import DayRun
from service.simulate.estimate import Estimate, Portion, estimate
from service.simulate.hall_setup import setup_of_scenario
from service.simulate.measures import MEASURES
from service.simulate.people import draw_people
from service.simulate.scenario import POLICIES, SCENARIOS
from tests.simulation.peer import Hall, Person

DAYS, DAYS_LONG = 120, 1000


@pytest.fixture(scope="module")
def record(*, long: bool) -> list[DayRecord]:
    scenario = SCENARIOS["peak"]
    setup = setup_of_scenario(scenario, POLICIES["credit"], 9, "all")
    return [DayRun(setup, draw_people(scenario, 7, day)).run() for day in range(DAYS_LONG if long else DAYS)]


@pytest.fixture(scope="module")
def peers(*, long: bool) -> list[list[Person]]:
    return [Hall(day).live() for day in range(DAYS_LONG if long else DAYS)]


def mean_wait_of(*kinds: str) -> Callable[[Sequence[Person]], Portion]:
    def of(people: Sequence[Person]) -> Portion:
        waits = [person.wait for person in people if person.kind in kinds]
        return Portion(sum(waits), len(waits))

    return of


def kept(people: Sequence[Person]) -> Portion:
    booked = [person for person in people if person.slot is not None]
    return Portion(
        100 * sum(person.called <= person.slot + 10 for person in booked if person.slot is not None), len(booked)
    )


def mean_wait_min(class_: TicketClass) -> Callable[[DayRecord], Portion]:
    def of(record: DayRecord) -> Portion:
        waits = [
            max(0, visit.called_ms - max(visit.reference_ms, record.setup.opens_ms)) / 60_000
            for visit in record.visits
            if visit.called_ms is not None and visit.person.class_ is class_
        ]
        return Portion(sum(waits), len(waits))

    return of


def measured(name: str) -> Callable[[DayRecord], Portion | None]:
    return next(measure.of for measure in MEASURES if measure.name == name)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (mean_wait_min(TicketClass.WALK_IN), mean_wait_of("walk-in")),
        (mean_wait_min(TicketClass.APPOINTMENT), mean_wait_of("booked")),
        (mean_wait_min(TicketClass.GREEN), mean_wait_of("urgent")),
        (measured("kept_pct"), kept),
    ],
    ids=["walk-ins wait", "appointments wait", "the green channel waits", "appointments are kept"],
)
def test_a_program_written_independently_finds_the_same(
    ours: Callable[[DayRecord], Portion | None],
    theirs: Callable[[Sequence[Person]], Portion],
    record: list[DayRecord],
    peers: list[list[Person]],
) -> None:
    one = known(estimate(map(ours, record)))
    other = known(estimate(map(theirs, peers)))

    assert one.half_width is not None
    assert other.half_width is not None
    assert abs(one.mean - other.mean) <= 1.5 * hypot(one.half_width, other.half_width), (one, other)


def known(found: Estimate | None) -> Estimate:
    assert found is not None, "every day has people"
    return found
