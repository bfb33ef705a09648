"""The shown range: rounded outward, and stable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.forecast.wait_quantiles import RANGE_HYSTERESIS_MIN, stabilized_range
from service.domain.model import Shown

MINUTES = st.floats(0, 300)


def minutes(before: Shown | None, low_min: float, high_min: float, step_min: int = 5) -> tuple[int, int]:
    shown = stabilized_range(before, low_min * 60, high_min * 60, step_min)
    return shown.from_min, shown.to_min


@pytest.mark.parametrize(
    ("low", "high", "step", "shown"),
    [
        (0, 0, 5, (0, 5)),
        (4.9, 5.1, 5, (0, 10)),
        (10, 25, 5, (10, 25)),
        (10, 10, 5, (10, 15)),
        (11, 24, 5, (10, 25)),
        (11.5, 24.5, 1, (11, 25)),
        (11, 24, 10, (10, 30)),
    ],
)
def test_the_first_range_is_rounded_outward(low: float, high: float, step: int, shown: tuple[int, int]) -> None:
    assert minutes(None, low, high, step) == shown


@pytest.mark.parametrize(("low", "high"), [(10, 25), (14.9, 20.1), (9.9, 25.1), (8, 27), (17, 18)])
def test_a_range_stays_while_its_ends_move_by_less_than_five_minutes(low: float, high: float) -> None:
    assert minutes(Shown(10, 25), low, high) == (10, 25)


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [(7.5, 22, (5, 25)), (17.5, 22, (15, 25)), (12, 27.5, (10, 30)), (12, 17.5, (10, 20)), (0, 1, (0, 5))],
)
def test_a_range_is_made_anew_when_an_end_has_moved_by_five_minutes(
    low: float, high: float, shown: tuple[int, int]
) -> None:
    assert minutes(Shown(10, 25), low, high) == shown


def test_who_is_next_is_not_told_of_minutes_that_are_over() -> None:
    assert minutes(Shown(5, 10), 0, 2) == (0, 5)


@given(MINUTES, MINUTES, MINUTES, MINUTES, st.sampled_from([1, 5, 10, 30]))
def test_what_is_shown_is_never_far_from_what_is_known(
    low: float, width: float, next_low: float, next_width: float, step: int
) -> None:
    before = stabilized_range(None, low * 60, (low + width) * 60, step)

    shown = stabilized_range(before, next_low * 60, (next_low + next_width) * 60, step)

    assert shown.from_min < shown.to_min
    assert shown.from_min % step == shown.to_min % step == 0
    keeps = max(RANGE_HYSTERESIS_MIN, step / 2) + step / 2
    assert abs(shown.from_min - next_low) <= keeps
    assert abs(shown.to_min - (next_low + next_width)) <= keeps + step / 2
