"""Decide which learned values changed enough to update the plans of the days ahead."""

from collections.abc import Mapping
from typing import Any

from service.domain.calendar.learned import ExpectedDuration, Learned, LearnedArrivals
from service.domain.stats.learned_week import LearnedWeek

CHANGE_MIN = 0.02
"""A value that changed by less than this share of itself counts as unchanged, and the days ahead are not updated."""

LEAVING_PER_H = 0.02

NO_SHOW_S = 10.0
"""A smaller change than these does not move a wait that is shown in steps of five minutes."""


def changed_parts(known: LearnedWeek, learned: LearnedWeek) -> dict[int, Learned]:
    """Return the learned parts that the days ahead must be updated with, by weekday, 0 for all days."""
    parts = {0: learned.every} if has_changed(known.every, learned.every) else {}
    for weekday in range(1, 8):
        learned_walk_ins = learned.walk_ins.get(weekday, {})
        if walk_ins_changed(known.walk_ins.get(weekday, {}), learned_walk_ins):
            parts[weekday] = Learned(walk_ins=learned_walk_ins)
    return parts


def has_changed(before: Learned, after: Learned) -> bool:
    """Tell whether any learned value changed enough to update the days ahead."""
    return not (
        _near(before.no_show, after.no_show)
        and _near(before.punctuality_mean_s, after.punctuality_mean_s, 30.0)
        and _near(before.punctuality_sd_s, after.punctuality_sd_s)
        and _same_durations(before.durations, after.durations)
        and before.main == after.main
        and before.at_stages.keys() == after.at_stages.keys()
        and all(_same_durations(stages, after.at_stages[name]) for name, stages in before.at_stages.items())
        and before.mix.keys() == after.mix.keys()
        and all(_near(share, after.mix[name], CHANGE_MIN) for name, share in before.mix.items())
        and _near(before.leaving.left_per_h, after.leaving.left_per_h, LEAVING_PER_H)
        and _near(before.leaving.no_show_per_h, after.leaving.no_show_per_h, LEAVING_PER_H)
        and _near(before.leaving.no_show_s, after.leaving.no_show_s, NO_SHOW_S)
        and not walk_ins_changed(before.walk_ins, after.walk_ins)
    )


def walk_ins_changed(before: dict[str, LearnedArrivals], after: dict[str, LearnedArrivals]) -> bool:
    """Tell whether the expected walk-ins of any hour changed, or its hours."""
    return before.keys() != after.keys() or not all(
        _near(arrivals.per_h, after[hour].per_h)
        and _near(arrivals.sd, after[hour].sd, 1.0)
        and arrivals.up_to_s == after[hour].up_to_s
        for hour, arrivals in before.items()
    )


def _same_durations(before: Mapping[Any, ExpectedDuration], after: Mapping[Any, ExpectedDuration]) -> bool:
    return before.keys() == after.keys() and all(
        _same_duration(duration, after[name]) for name, duration in before.items()
    )


def _same_duration(before: ExpectedDuration, after: ExpectedDuration) -> bool:
    if (before.prechecked_mean_s is None) != (after.prechecked_mean_s is None):
        return False
    return (
        _near(before.mean_s, after.mean_s)
        and _near(before.cv, after.cv)
        and _near(before.prechecked_mean_s or 0.0, after.prechecked_mean_s or 0.0)
    )


def _near(before: float, after: float, tolerance: float = 0.0) -> bool:
    return abs(before - after) <= max(tolerance, CHANGE_MIN * abs(before))
