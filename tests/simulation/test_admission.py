"""The quality of admission on the study's day: 290 people and five counters, so that not everybody fits.

Source: ALGORITHMS 4.5: of the admitted 0.4 percent late.
"""

import pytest

from service.simulate.estimate import Portion
from service.simulate.options import Options, Way
from service.simulate.run import Result, run_days

DAYS, SEED = 20, 20261123
LATE_PCT_MAX = 0.5


@pytest.fixture(scope="module", params=[None, 9], ids=["places by the rule", "nine in each quarter of an hour"])
def record(request: pytest.FixtureRequest) -> list[Result]:
    """The days, run once in each way."""
    return list(run_days(Options(scenario="full", days=DAYS, seed=SEED, way=Way("credit", request.param))))


def over_all(record: list[Result], measure: str) -> Portion:
    """Return a measure over all people of all days."""
    found = [portion for result in record if (portion := result.ways[0].portions[measure]) is not None]
    return Portion(sum(one.part for one in found), sum(one.whole for one in found))


def test_of_the_admitted_at_most_one_in_two_hundred_is_called_after_closing(record: list[Result]) -> None:
    late = over_all(record, "admitted_late_pct")

    assert late.whole > 1500
    assert late.part / late.whole <= LATE_PCT_MAX


def test_most_of_those_on_standby_are_called(record: list[Result]) -> None:
    called = over_all(record, "standby_called_pct")

    assert called.whole >= 15
    assert called.part / called.whole >= 50


def test_most_of_those_sent_away_would_not_have_been_called(record: list[Result]) -> None:
    fitting = over_all(record, "refused_fitting_pct")

    assert fitting.whole >= 15
    assert fitting.part / fitting.whole <= 50
