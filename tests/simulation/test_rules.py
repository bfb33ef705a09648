"""The rules of the hall hold on every simulated day, and other rules have visible effects."""

from functools import cache
from itertools import pairwise

import pytest

from service.domain.events import TicketCalled
from service.domain.model import TicketClass
from service.simulate.day_record import DayRecord
from service.simulate.day_run import DayRun
from service.simulate.estimate import Estimate, estimate
from service.simulate.hall_setup import setup_of_scenario
from service.simulate.measures import MEASURES, worst_overtaking_min
from service.simulate.people import People, draw_people
from service.simulate.scenario import POLICIES, SCENARIOS

DAYS, DAYS_LONG = 25, 400


@pytest.fixture(scope="module")
def days(*, long: bool) -> range:
    return range(DAYS_LONG if long else DAYS)


@cache
def record(scenario: str, policy: str, days: range, constant: int | None = 9) -> tuple[DayRecord, ...]:
    """Simulate the days. Several tests use the same days, so each set is simulated once."""
    setup = setup_of_scenario(SCENARIOS[scenario], POLICIES[policy], constant, "all")
    return tuple(DayRun(setup, draw_people(SCENARIOS[scenario], 11, day)).run() for day in days)


def mean_of(name: str, some: tuple[DayRecord, ...]) -> float:
    measure = next(measure for measure in MEASURES if measure.name == name)
    found: Estimate | None = estimate(map(measure.of, some))
    assert found is not None, "every day has people"
    return found.mean


@pytest.mark.parametrize("scenario", ["peak", "sick", "surge"])
def test_nobody_is_overtaken_by_a_booking_more_than_its_credit_later(scenario: str, days: range) -> None:
    credit_min = POLICIES["credit"].appointment_s / 60

    worst = [worst_overtaking_min(day) for day in record(scenario, "credit", days)]

    assert max(portion.part for portion in worst if portion is not None) <= credit_min
    beyond = [worst_overtaking_min(day) for day in record(scenario, "strict", days)]
    assert scenario == "peak" or max(portion.part for portion in beyond if portion is not None) > credit_min


def test_without_credits_no_booking_overtakes_anybody(days: range) -> None:
    worst = [worst_overtaking_min(day) for day in record("sick", "fifo", days)]

    assert max(portion.part for portion in worst if portion is not None) == 0


def test_a_credit_keeps_more_appointments_than_none_and_fewer_than_strict_priority(days: range) -> None:
    fifo, credit, strict = (record("sick", policy, days) for policy in ("fifo", "credit", "strict"))

    kept = [mean_of("kept_pct", some) for some in (fifo, credit, strict)]
    longest = [mean_of("walk_in_wait_max_min", some) for some in (fifo, credit, strict)]

    assert kept == sorted(kept)
    assert longest == sorted(longest)
    assert kept[0] < 50
    assert kept[2] > 85


def test_no_rule_makes_or_saves_work(days: range) -> None:
    found = [record("peak", policy, days) for policy in POLICIES]

    assert len({mean_of("served", some) for some in found}) == 1
    assert max(mean_of("utilisation_pct", some) for some in found) - min(
        mean_of("utilisation_pct", some) for some in found
    ) == pytest.approx(0, abs=0.5)


def test_places_by_the_rule_halve_the_longest_waits_and_keep_appointments(days: range) -> None:
    constant, rule = record("peak", "credit", days), record("peak", "credit", days, constant=None)

    assert mean_of("walk_in_wait_p95_min", rule) < 0.6 * mean_of("walk_in_wait_p95_min", constant)
    assert mean_of("kept_pct", rule) >= 95
    assert mean_of("kept_pct", rule) > mean_of("kept_pct", constant)
    assert mean_of("shift_mean_min", rule) < 30


def test_alternation_calls_two_who_are_preferred_and_then_one_who_walked_in() -> None:
    scenario = SCENARIOS["surge"]
    setup = setup_of_scenario(scenario, POLICIES["alternate"], 9, "all")
    day_run = DayRun(setup, draw_people(scenario, 11, 0), keep_journal=True)
    day_run.run()
    of = {ticket.id: ticket.class_ is not TicketClass.WALK_IN for ticket in day_run.hall.day.tickets.values()}
    calls = [of[record.event.ticket] for record in day_run.hall.records if isinstance(record.event, TicketCalled)]

    busy = calls[20:80]  # the hall is full, and both kinds wait
    assert sum(busy) == pytest.approx(40, abs=2)
    assert all(any(not one for one in busy[begin : begin + 3]) for begin in range(len(busy) - 3))


def test_counters_pause_at_noon_and_come_back() -> None:
    scenario = SCENARIOS["lunch"]
    setup = setup_of_scenario(scenario, POLICIES["credit"], None, "all")
    people: People = draw_people(scenario, 11, 0)

    day = DayRun(setup, people).run()

    spans = sorted(
        (visit.called_ms, visit.over_ms)
        for visit in day.visits
        if visit.called_ms is not None and visit.over_ms is not None
    )
    noon_ms, back_ms = 12 * 3_600_000, 13 * 3_600_000 + 1_800_000
    begun = [begin for begin, _ in spans if noon_ms <= begin < back_ms]
    at_once = [sum(begin <= at < end for begin, end in spans) for at in range(noon_ms + 1_200_000, back_ms, 60_000)]
    assert begun
    assert max(at_once) <= 3
    assert all(earlier <= later for earlier, later in pairwise(begun))
    assert max(sum(begin <= at < end for begin, end in spans) for at in range(back_ms, back_ms + 7_200_000, 60_000)) > 3
