"""Simulate the rest of a day on many paths: who is called when.

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
"""The most people without an appointment that a forecast may expect: more than on the busiest day of any known hall. If
visits have several stages, the work grows with the square of this number, and a flood of requests would make a forecast
take minutes."""

BOUND_MARGIN = 1.5
"""Factor by which the bound exceeds the estimated, or found, last call, so that it rarely has to be raised."""

QUARTER_S = 900.0
"""Seconds between two probes ahead."""


class TooManyArrivals(Exception):  # noqa: N818  (it names what happened)
    """More people are expected than can be simulated in good time."""


class SimulatedDay(NamedTuple):
    """The simulated rests of a day: the result of each part.

    The first `people` visits are real. The others are probes: one at each of `probes_s` for each of the newcomers of
    the start state. `under_way_s` is when each visit that is at a counter now ends; visits by paths.
    """

    paths: int
    people: int
    calls: list[PartResult]
    probes_s: Floats
    under_way_s: Floats


def simulate_day(state: StartState, paths: int, *, ahead: bool, newcomers: bool = False) -> SimulatedDay:
    """Simulate the rest of a day.

    Args:
        state: the day at an instant.
        paths: the number of paths.
        ahead: simulate until everybody is served who comes before closing; otherwise until the people who wait now are
            called at their present stage.
        newcomers: also find how long a walk-in would wait who came now; with `ahead`, at every quarter of an hour.

    Raises:
        TooManyArrivals: more than `ARRIVALS_MAX` people are expected.
    """
    # A bound saves work: a later walk-in is hardly ever raised before the last call of those asked about.
    overtaken_s = np.inf if ahead else _overtaken_s(state)
    until_s = np.inf
    if state.guard is not None and np.isfinite(overtaken_s):
        until_s = max(state.guard.from_s + state.guard.most_s, BOUND_MARGIN * _estimate_last_call_s(state))
    while True:
        simulated, last_s = _simulate_until(state, paths, overtaken_s, until_s, ahead=ahead, newcomers=newcomers)
        if last_s <= until_s:
            return simulated
        until_s = BOUND_MARGIN * last_s


def _simulate_until(  # noqa: PLR0913  (the question and its limits)
    state: StartState, paths: int, overtaken_s: float, until_s: float, *, ahead: bool, newcomers: bool
) -> tuple[SimulatedDay, float]:
    """Simulate with nobody raised after `until_s`; return the result, and the last call of those asked about.

    If that call is not later than `until_s`, the result is the same as without the limit, because nothing that happens
    after a call changes it.
    """
    draws = Draws(state, paths)
    speeds = [draws.speeds(part.speed, part.speed_sd) for part in state.parts]
    last_key_s = np.inf if ahead else max((visit.key_s for visit in state.waiting), default=-np.inf)
    if newcomers:
        last_key_s = max(last_key_s, TIE_S)
    deferred = any(visit.active_s > 0 for visit in state.waiting)
    latest_s = last_key_s
    if deferred and not ahead:
        # everybody who comes before the last of them may be called is called first; with standby, everybody who comes
        latest_s = max(last_key_s, *(visit.active_s for visit in state.waiting))
    limits = OrderLimits(latest_s, min(latest_s, overtaken_s), until_s)
    if sum(expected_arrivals(state, stream, limits) for stream in state.streams) > ARRIVALS_MAX:
        raise TooManyArrivals
    kinds = [
        waiting_group(state, paths),
        at_counter_group(state, draws, speeds),
        expected_group(state, draws, latest_s),
        *(arrival_group(state, draws, n, limits) for n in range(len(state.streams))),
    ]
    people = sum(len(kind.routes) for kind in kinds)
    probes_s = np.zeros(int(newcomers and not ahead))
    if ahead and state.closing_s is not None:
        probes_s = quarter_hours_s(state.made_at.timestamp(), state.closing_s)
        probes_s = probes_s[(probes_s >= state.doors_s) & (probes_s < state.closing_s)]
    if len(probes_s):
        kinds.extend(probe_group(state.guard, step, probes_s, paths) for step in state.newcomers)
    simulation = Simulation(state, draws, speeds, kinds, people, until_s)
    calls = [simulation.simulate_part(part, ahead=ahead, deferred=deferred) for part in range(len(state.parts))]
    return SimulatedDay(paths, people, calls, probes_s, simulation.under_way_s), simulation.last_s


def _overtaken_s(state: StartState) -> float:
    """Return the latest queue time of a waiting ticket that a raised later walk-in may overtake.

    A later walk-in never overtakes a walk-in who waits now and is raised before.
    """
    return max(
        (
            max(visit.key_s, visit.active_s) if visit.active_s > 0 else visit.key_s
            for visit in state.waiting
            if visit.raised is None or visit.active_s > 0
        ),
        default=-np.inf,
    )


def _estimate_last_call_s(state: StartState) -> float:
    """Estimate when the last person who is here is called: when all their work is done."""
    works: defaultdict[tuple[int, frozenset[int]], float] = defaultdict(float)
    for people in (state.waiting, state.present, state.expected):
        for step in chain.from_iterable(visit.route for visit in people):
            part = state.parts[step.part]
            for counters in {part.groups[step.group], frozenset(range(len(part.counters)))}:
                works[step.part, counters] += step.mean_s * part.speed
    return max(
        (
            _done_s([state.parts[part].pauses[counter] for counter in counters], work_s)
            for (part, counters), work_s in works.items()
        ),
        default=0.0,
    )


def _done_s(pauses: Sequence[Pauses], work_s: float) -> float:
    """Return when counters with these pauses have done some work; infinite if never."""
    edges = sorted({0.0, *(edge for spans in pauses for span in spans for edge in span if 0.0 < edge < np.inf)})
    for from_s, to_s in pairwise([*edges, np.inf]):
        working = sum(not any(pause_s <= from_s < end_s for pause_s, end_s in spans) for spans in pauses)
        if working and work_s <= working * (to_s - from_s):
            return from_s + work_s / working
        work_s -= working * (to_s - from_s) if working else 0.0
    return np.inf


def quarter_hours_s(made_s: float, until_s: float) -> Floats:
    """Return 0 and the seconds from now to each quarter of an hour until `until_s`.

    `made_s` is the time of the forecast as a UTC timestamp.
    """
    return np.concatenate([[0.0], np.arange(QUARTER_S - made_s % QUARTER_S, until_s + 1.0, QUARTER_S)])
