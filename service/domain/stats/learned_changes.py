"""Which learned values have changed."""

from collections.abc import Mapping
from typing import Any

from service.domain.calendar.learned import ExpectedDuration, Learned, LearnedArrivals
from service.domain.stats.learned_week import LearnedWeek

CHANGE_MIN = 0.02
"""What has changed by less than this share of itself has not: days far ahead need not hear of it."""


LEAVING_PER_H = 0.02


NO_SHOW_S = 10.0
"""By less than this neither moves a wait that is told in steps of five minutes."""


def changed_parts(known: LearnedWeek, learned: LearnedWeek) -> dict[int, Learned]:
    """The parts of what was learned that are worth telling the days ahead, by weekday, 0 for all days."""
    parts = {0: learned.every} if has_changed(known.every, learned.every) else {}
    for weekday in range(1, 8):
        learned_walk_ins = learned.walk_ins.get(weekday, {})
        if walk_ins_changed(known.walk_ins.get(weekday, {}), learned_walk_ins):
            parts[weekday] = Learned(walk_ins=learned_walk_ins)
    return parts


def has_changed(before: Learned, after: Learned) -> bool:
    """Tell whether something was learned that is worth telling the days ahead; what both say is otherwise kept."""
    return not (
        _near(before.no_show, after.no_show)
        and _near(before.punctuality_mean_s, after.punctuality_mean_s, 30.0)
        and _near(before.punctuality_sd_s, after.punctuality_sd_s)
        and _are_like(before.durations, after.durations)
        and before.main == after.main
        and before.at_stages.keys() == after.at_stages.keys()
        and all(_are_like(stages, after.at_stages[name]) for name, stages in before.at_stages.items())
        and before.mix.keys() == after.mix.keys()
        and all(_near(share, after.mix[name], CHANGE_MIN) for name, share in before.mix.items())
        and _near(before.leaving.left_per_h, after.leaving.left_per_h, LEAVING_PER_H)
        and _near(before.leaving.no_show_per_h, after.leaving.no_show_per_h, LEAVING_PER_H)
        and _near(before.leaving.no_show_s, after.leaving.no_show_s, NO_SHOW_S)
        and not walk_ins_changed(before.walk_ins, after.walk_ins)
    )


def walk_ins_changed(before: dict[str, LearnedArrivals], after: dict[str, LearnedArrivals]) -> bool:
    """Tell whether an hour is expected to be another."""
    return before.keys() != after.keys() or not all(
        _near(one.per_h, after[hour].per_h)
        and _near(one.sd, after[hour].sd, 1.0)
        and one.up_to_s == after[hour].up_to_s
        for hour, one in before.items()
    )


def _are_like(before: Mapping[Any, ExpectedDuration], after: Mapping[Any, ExpectedDuration]) -> bool:
    return before.keys() == after.keys() and all(_is_like(one, after[name]) for name, one in before.items())


def _is_like(one: ExpectedDuration, other: ExpectedDuration) -> bool:
    if (one.prechecked_mean_s is None) != (other.prechecked_mean_s is None):
        return False
    return (
        _near(one.mean_s, other.mean_s)
        and _near(one.cv, other.cv)
        and _near(one.prechecked_mean_s or 0.0, other.prechecked_mean_s or 0.0)
    )


def _near(one: float, other: float, apart: float = 0.0) -> bool:
    return abs(one - other) <= max(apart, CHANGE_MIN * abs(one))
