"""Promised waits on simulated days: they are kept as often as they say, and are almost as good as possible.

A few days with a fixed seed. `./paihao bench forecast` simulates more days, with closer bounds.

Source: ALGORITHMS 4.3 and 4.4.
"""

import pytest

from service.simulate.estimate import estimate
from service.simulate.options import Options, Promises, Way
from service.simulate.run import Result, run_days

DAYS = Options(
    scenario="lunch",
    way=Way("credit", None),
    days=8,
    seed=20261123,
    promises=Promises.FORECAST,
    oracle=6,
)
"""Days with unknown speed and clerks, two counters away at lunch, and places computed by the rule."""


@pytest.fixture(scope="module")
def lived() -> list[Result]:
    """Simulate the days once."""
    return list(run_days(DAYS))


def mean(lived: list[Result], measure: str) -> float:
    """Return the mean of a measure over all days."""
    found = estimate(result.ways[0].portions[measure] for result in lived)
    assert found is not None
    return found.mean


@pytest.mark.parametrize("measure", ["promise_coverage_pct", "appointment_coverage_pct"])
def test_four_of_five_promises_hold(lived: list[Result], measure: str) -> None:
    assert 72 <= mean(lived, measure) <= 88


@pytest.mark.parametrize("measure", ["promise_times_oracle", "appointment_times_oracle"])
def test_no_oracle_would_promise_much_better(lived: list[Result], measure: str) -> None:
    assert mean(lived, measure) <= 1.25


def test_position_times_average_would_promise_much_worse(lived: list[Result]) -> None:
    assert mean(lived, "promise_times_position") <= 0.6
