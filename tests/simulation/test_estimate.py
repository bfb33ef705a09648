"""Confidence intervals have the stated coverage."""

import random
from statistics import mean, stdev

import pytest

from service.simulate.estimate import Portion, estimate, rank, ratio, t95


def test_a_mean_over_days_is_their_mean_with_students_interval() -> None:
    days = [3.0, 5.0, 4.0, 8.0]

    found = estimate(Portion(day) for day in days)

    assert found is not None
    assert found.mean == mean(days)
    assert found.half_width == pytest.approx(3.182 * stdev(days) / 2, rel=0.01)
    assert found.days == 4


def test_a_share_weighs_days_by_their_people() -> None:
    found = estimate([Portion(1, 1), Portion(0, 99)])

    assert found is not None
    assert found.mean == 0.01


def test_days_that_have_nothing_to_say_are_left_out() -> None:
    assert estimate([None, Portion(0, 0)]) is None

    found = estimate([None, Portion(2.0), Portion(0, 0)])

    assert found is not None
    assert (found.mean, found.half_width, found.days) == (2.0, None, 1)


def test_the_interval_of_a_share_holds_the_truth_nineteen_times_in_twenty() -> None:
    draws = random.Random(1)  # noqa: S311  (a test)
    held = 0
    for _ in range(1000):
        days = []
        for _ in range(20):
            people = draws.randint(5, 40)
            days.append(Portion(sum(draws.random() < 0.3 for _ in range(people)), people))
        found = estimate(days)
        assert found is not None
        held += found.holds(0.3)

    assert 0.93 <= held / 1000 <= 0.97


def test_the_same_people_lived_otherwise_are_compared_day_by_day() -> None:
    those = [Portion(10.0), Portion(30.0), Portion(50.0)]
    these = [Portion(5.0), Portion(15.0), Portion(25.0)]

    found = ratio(these, those)

    assert found is not None
    assert found.mean == 0.5
    assert found.half_width == pytest.approx(0.0)


@pytest.mark.parametrize(("freedom", "value"), [(4, 2.7764), (5, 2.5706), (10, 2.2281), (30, 2.0423), (1000, 1.9623)])
def test_students_quantile_is_that_of_the_tables(freedom: int, value: float) -> None:
    assert t95(freedom) == pytest.approx(value, rel=0.003)


def test_a_quantile_lies_between_two_values() -> None:
    assert rank([1.0, 2.0, 3.0, 4.0, 5.0], 0.5) == 3.0
    assert rank([1.0, 2.0], 0.95) == pytest.approx(1.95)
    assert rank([7.0], 0.95) == 7.0
