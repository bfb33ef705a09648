"""Possible rests of a day: who is called when, on many paths.

Source: DESIGN 6, "Waits"; ALGORITHMS 4.2.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np

from service.domain.forecast.random_draws import (
    Draws,
    Floats,
)
from service.domain.forecast.staffing import Pauses
from service.domain.forecast.start_state import (
    StartState,
)
from service.domain.forecast.visit_groups import (
    TIE_S,
    OrderLimits,
    arrival_group,
    at_counter_group,
    expected_arrivals,
    expected_group,
    probe_group,
    waiting_group,
)
from service.domain.forecast.visit_simulation import PartResult, Simulation

ARRIVALS_MAX = 3_000
"""People expected without an appointment in a forecast's order: more than on the busiest day of any hall known. Where
visits have several stages the work grows with their square, and a flood of requests would have a forecast take
minutes."""


BOUND_MARGIN = 1.5
"""A bound is this much later than what the last call is thought, or was found, to be, lest it is looked for again."""


QUARTER_S = 900.0
"""Between two instants ahead; at each a walk-in only looks how long they would wait."""


class TooManyArrivals(Exception):  # noqa: N818  (it names what happened)
    """More are expected than can be drawn in good time."""


class SimulatedDay(NamedTuple):
    """Rests of the day: what came of all visits at each part.

    The first `people` visits are real, the others only look: one at each of `probes_s` for each of the newcomers.
    `under_way_s` is when those at counters now are done.
    """

    paths: int
    people: int
    calls: list[PartResult]
    probes_s: Floats
    under_way_s: Floats


def simulate_day(scene: StartState, paths: int, *, ahead: bool, newcomers: bool = False) -> SimulatedDay:
    """Draw possible rests of a day.

    Args:
        scene: the day at an instant.
        paths: how many.
        ahead: until everybody is served who comes before closing; otherwise until those are called who wait now, at the
            stages where they are.
        newcomers: find as well how long those would wait who came now; `ahead` does so for every quarter of an hour.

    Raises:
        TooManyArrivals: more than `ARRIVALS_MAX`.
    """
    # a bound, as nearly always nobody to come can be raised before the last is called whom that would make wait
    overtaken_s = np.inf if ahead else _overtaken_s(scene)
    until_s = np.inf
    if scene.guard is not None and np.isfinite(overtaken_s):
        until_s = max(scene.guard.from_s + scene.guard.most_s, BOUND_MARGIN * _about_last_s(scene))
    while True:
        rest, last_s = _drawn_until(scene, paths, overtaken_s, until_s, ahead=ahead, newcomers=newcomers)
        if last_s <= until_s:
            return rest
        until_s = BOUND_MARGIN * last_s


def _drawn_until(  # noqa: PLR0913  (what was asked, with limits)
    scene: StartState, paths: int, overtaken_s: float, until_s: float, *, ahead: bool, newcomers: bool
) -> tuple[SimulatedDay, float]:
    """The same, with nobody raised after `until_s`, and when the last of those asked about is called.

    If that is not later, it is what comes without a limit: what happens after a call does not move it.
    """
    draws = Draws(scene, paths)
    speeds = [draws.speeds(part.speed, part.speed_sd) for part in scene.parts]
    last_key_s = np.inf if ahead else max((one.key_s for one in scene.waiting), default=-np.inf)
    if newcomers:
        last_key_s = max(last_key_s, TIE_S)
    sleeping = any(one.active_s > 0 for one in scene.waiting)
    latest_s = last_key_s
    if sleeping and not ahead:
        # whoever comes before the last of them may be called is called, or on standby all who come at all
        latest_s = max(last_key_s, *(one.active_s for one in scene.waiting))
    limits = OrderLimits(latest_s, min(latest_s, overtaken_s), until_s)
    if sum(expected_arrivals(scene, stream, limits) for stream in scene.streams) > ARRIVALS_MAX:
        raise TooManyArrivals
    kinds = [
        waiting_group(scene, paths),
        at_counter_group(scene, draws, speeds),
        expected_group(scene, draws, latest_s),
        *(arrival_group(scene, draws, n, limits) for n in range(len(scene.streams))),
    ]
    people = sum(len(kind.routes) for kind in kinds)
    probes_s = np.zeros(int(newcomers and not ahead))
    if ahead and scene.closing_s is not None:
        probes_s = quarter_hours_s(scene.made_at.timestamp(), scene.closing_s)
        probes_s = probes_s[(probes_s >= scene.doors_s) & (probes_s < scene.closing_s)]
    if len(probes_s):
        kinds.extend(probe_group(scene.guard, step, probes_s, paths) for step in scene.newcomers)
    everybody = Simulation(scene, draws, speeds, kinds, people, until_s)
    calls = [everybody.at(part, ahead=ahead, sleeping=sleeping) for part in range(len(scene.parts))]
    return SimulatedDay(paths, people, calls, probes_s, everybody.under_way_s), everybody.last_s


def _overtaken_s(scene: StartState) -> float:
    """Up to which queue time walk-ins to come go before those who wait, once they are raised, that is with that credit.

    They never go before a walk-in who waits now and who is raised before them.
    """
    return max(
        (
            max(one.key_s, one.active_s) if one.active_s > 0 else one.key_s
            for one in scene.waiting
            if one.raised is None or one.active_s > 0
        ),
        default=-np.inf,
    )


def _about_last_s(scene: StartState) -> float:
    """About when the last is called of those who are here: when the work of all of them is done."""
    works: defaultdict[tuple[int, frozenset[int]], float] = defaultdict(float)
    for people in (scene.waiting, scene.present, scene.expected):
        for step in chain.from_iterable(one.route for one in people):
            part = scene.parts[step.part]
            for counters in {part.groups[step.group], frozenset(range(len(part.counters)))}:
                works[step.part, counters] += step.mean_s * part.speed
    return max(
        (
            _done_s([scene.parts[part].pauses[counter] for counter in counters], work_s)
            for (part, counters), work_s in works.items()
        ),
        default=0.0,
    )


def _done_s(pauses: Sequence[Pauses], work_s: float) -> float:
    """When counters with these pauses have done some work; infinite when they never have."""
    edges = sorted({0.0, *(edge for spans in pauses for span in spans for edge in span if 0.0 < edge < np.inf)})
    for from_s, to_s in pairwise([*edges, np.inf]):
        working = sum(not any(pause_s <= from_s < end_s for pause_s, end_s in spans) for spans in pauses)
        if working and work_s <= working * (to_s - from_s):
            return from_s + work_s / working
        work_s -= working * (to_s - from_s) if working else 0.0
    return np.inf


def quarter_hours_s(made_s: float, until_s: float) -> Floats:
    """Seconds from an instant, `made_s` after some midnight in UTC, to itself and the quarters of hours until then."""
    return np.concatenate([[0.0], np.arange(QUARTER_S - made_s % QUARTER_S, until_s + 1.0, QUARTER_S)])
