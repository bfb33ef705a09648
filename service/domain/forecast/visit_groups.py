"""Draw the visits of a day, in groups of one kind: waiting, at a counter, expected, arriving, and probes.

Source: DESIGN 6, "Waits"; ALGORITHMS 4.2.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from service.domain.forecast.call_simulation import (
    LAST_RESORT_RANK,
    Raised,
    Reappearances,
)
from service.domain.forecast.random_draws import (
    Draws,
    Floats,
    Purpose,
    remaining_durations_s,
    truncated_normals,
)
from service.domain.forecast.start_state import (
    ArrivalStream,
    LongWaitRule,
    Route,
    StartState,
    Step,
    VisitAtCounter,
    WaitingVisit,
)
from service.domain.model import MISSED_AFTER_S

TIE_S = 1e-7
"""Orders future people with the same queue time by when they come, after the people who are here."""


class VisitGroup(NamedTuple):
    """Visits of one kind: their routes, and when they appear with which queue times on each path (visits by paths).

    From `due_s` on their appointments count; before that a counter calls them only if it has nobody else, by the second
    appearances in `again`. `raised` is None if none of them is ever raised. `in_line` is true if they come, are raised
    and are called in the order that they have.
    """

    routes: list[Route]
    appear_s: Floats
    keys: Floats
    again: Reappearances
    due_s: Floats
    raised: Raised | None = None
    in_line: bool = False


class OrderLimits(NamedTuple):
    """How far the arrivals must be drawn.

    The people asked about are, or will be, before `latest_s` in the order. Of them, the people whom later walk-ins may
    overtake after a raise are before `overtaken_s`. Nobody is raised after `until_s`.
    """

    latest_s: float
    overtaken_s: float
    until_s: float


def waiting_group(state: StartState, paths: int) -> VisitGroup:
    """Return the waiting people: present now, or when they are due; some may be called early as a last resort."""
    count = len(state.waiting)
    appear = np.array([visit.active_s for visit in state.waiting])
    keys = np.array([visit.key_s for visit in state.waiting])
    early = [n for n, visit in enumerate(state.waiting) if visit.early_rank is not None]
    ranks = np.array([LAST_RESORT_RANK + (state.waiting[n].early_rank or 0.0) for n in early])
    return VisitGroup(
        [visit.route for visit in state.waiting],
        np.broadcast_to(appear[:, None], (count, paths)),
        np.broadcast_to(keys[:, None], (count, paths)),
        Reappearances(
            np.array(early, dtype=np.intp),
            np.zeros((len(early), paths)),
            np.broadcast_to(ranks[:, None], (len(early), paths)),
        ),
        np.array([visit.due_s for visit in state.waiting]),
        _raised_of(state.waiting, paths),
    )


def _raised_of(people: Sequence[WaitingVisit] | Sequence[VisitAtCounter], paths: int) -> Raised | None:
    """Return the raises of people who are here, the same on all paths; None if there are none."""
    raises = [visit.raised for visit in people]
    if not any(raises):
        return None
    at_s = np.array([np.inf if planned is None else planned.at_s for planned in raises])
    keys = np.array([0.0 if planned is None else planned.key_s for planned in raises])
    return Raised(*(np.broadcast_to(values[:, None], (len(raises), paths)) for values in (at_s, keys)))


def _raised_by(rule: LongWaitRule | None, come_s: Floats, keys: Floats) -> Raised | None:
    """Return the raises of walk-ins who will come; None in a hall without a rule for long waits."""
    if rule is None:
        return None
    return Raised(np.maximum(come_s, rule.from_s) + rule.most_s, keys - rule.credit_s)


def _no_reappearances(paths: int) -> Reappearances:
    return Reappearances(np.empty(0, dtype=np.intp), np.empty((0, paths)), np.empty((0, paths)))


def at_counter_group(state: StartState, draws: Draws, speeds: Sequence[Floats]) -> VisitGroup:
    """Return the people at counters, who appear at their next part when they are finished here."""
    remaining_s = np.empty((len(state.present), draws.paths))
    for n, visit in enumerate(state.present):
        stream = draws.stream(Purpose.REST, visit.now.part * 1000 + visit.counter)
        remaining_s[n] = remaining_durations_s(
            visit.now.mean_s, visit.now.cv, visit.elapsed_s, speeds[visit.now.part], stream
        )
    keys = np.array([visit.key_s for visit in state.present])
    return VisitGroup(
        [visit.route for visit in state.present],
        remaining_s,
        np.broadcast_to(keys[:, None], remaining_s.shape),
        _no_reappearances(draws.paths),
        np.array([visit.due_s for visit in state.present]),
        _raised_of(state.present, draws.paths),
    )


def expected_group(state: StartState, draws: Draws, latest_s: float) -> VisitGroup:
    """Draw the arrivals of expected appointments, as far as they could be called before `latest_s` in the order."""
    punctuality = state.punctuality
    found = [visit for visit in state.expected if visit.slot_s - punctuality.credit_s < latest_s]
    slots = np.array([visit.slot_s for visit in found])
    late_from_s = np.array([visit.late_from_s for visit in found])[:, None]
    late_z = (
        -(slots + punctuality.mean_s) / punctuality.sd_s
        if punctuality.sd_s
        else np.where(slots + punctuality.mean_s < 0, np.inf, -np.inf)
    )
    chance = np.array([visit.shows for visit in found])
    shape = (len(found), draws.paths)
    comes = draws.stream(Purpose.SHOW).random(shape) < chance[:, None]
    stream = draws.stream(Purpose.PUNCTUALITY)
    z = stream.standard_normal(shape)
    for n in np.flatnonzero(late_z > -3.5):  # for the others it hardly changes the distribution
        z[n] = truncated_normals(late_z[n], 1.0 - stream.random(draws.paths))
    come_s = np.maximum(0.0, slots[:, None] + punctuality.mean_s + punctuality.sd_s * z)
    come_s[~comes | (come_s > late_from_s + MISSED_AFTER_S)] = np.inf
    credit_s = np.where(come_s <= late_from_s + punctuality.grace_s, punctuality.credit_s, 0.0)
    reference_s = np.maximum(come_s, slots[:, None])
    due_s = slots - punctuality.early_s
    keys = reference_s - credit_s + TIE_S * _finite_or_zero(come_s)
    return VisitGroup(
        [visit.route for visit in found],
        np.maximum(come_s, due_s[:, None]),
        keys,
        early_appearances(come_s, due_s),
        due_s,
    )


def early_appearances(come_s: Floats, due_s: Floats) -> Reappearances:
    """Return the appearances of people who come before their appointment counts, ranked by when it does."""
    before = np.flatnonzero((come_s < due_s[:, None]).any(axis=1))
    come_s, due_s = come_s[before], due_s[before, None]
    return Reappearances(
        before, np.where(come_s < due_s, come_s, np.inf), LAST_RESORT_RANK + due_s + TIE_S * _finite_or_zero(come_s)
    )


def _finite_or_zero(seconds: Floats) -> Floats:
    return np.where(np.isfinite(seconds), seconds, 0.0)


def _long_wait_rule_for(state: StartState, stream: ArrivalStream) -> LongWaitRule | None:
    """Return the rule for long waits if it holds for the people of a stream."""
    return None if stream.credit_s else state.guard


def _arrivals_until_s(state: StartState, stream: ArrivalStream, limits: OrderLimits) -> float:
    """Return until when people of a stream come who could be called before some of those asked about."""
    rule = _long_wait_rule_for(state, stream)
    come_s = limits.latest_s + stream.credit_s
    if rule is not None:
        come_s = max(come_s, min(limits.overtaken_s + rule.credit_s, limits.until_s - rule.most_s))
    return come_s if state.closing_s is None else min(state.closing_s, come_s)


def expected_arrivals(state: StartState, stream: ArrivalStream, limits: OrderLimits) -> float:
    """Return the expected number of people of a stream who come until then."""
    last_s = _arrivals_until_s(state, stream, limits)
    return sum(
        span.number * (min(span.to_s, last_s) - span.from_s) / (span.to_s - span.from_s)
        for span in stream.spans
        if span.from_s < last_s
    )


def arrival_group(state: StartState, draws: Draws, number: int, limits: OrderLimits) -> VisitGroup:
    """Draw the arrivals of a stream, given by its number, as far as `_arrivals_until_s`; on each path in that order."""
    stream = state.streams[number]
    random = draws.stream(Purpose.ARRIVALS, number)
    last_s = _arrivals_until_s(state, stream, limits)
    found: list[Floats] = []
    factor = random.standard_normal(draws.paths)
    for span in stream.spans:
        end_s = min(span.to_s, last_s)
        if end_s <= span.from_s:
            continue
        share = (end_s - span.from_s) / (span.to_s - span.from_s)
        expected = np.maximum(0.0, span.number + span.sd * factor) * share
        counts = random.poisson(expected)
        most = int(counts.max(initial=0))
        come_s = span.from_s + (end_s - span.from_s) * random.random((most, draws.paths))
        come_s[np.arange(most)[:, None] >= counts] = np.inf
        found.append(come_s)
    come_s = np.sort(np.concatenate(found), axis=0) if found else np.empty((0, draws.paths))
    keys = _finite_or_zero(come_s) * (1 + TIE_S) - stream.credit_s
    return VisitGroup(
        [stream.route] * len(come_s),
        come_s,
        keys,
        _no_reappearances(draws.paths),
        np.zeros(len(come_s)),
        _raised_by(_long_wait_rule_for(state, stream), come_s, keys),
        in_line=True,
    )


def probe_group(rule: LongWaitRule | None, step: Step, come_s: Floats, paths: int) -> VisitGroup:
    """Return probes: walk-ins who take no time. They find how long the wait would be and make nobody wait."""
    shape = (len(come_s), paths)
    times = np.broadcast_to(come_s[:, None], shape)
    no_time = step._replace(mean_s=0.0, variance=0.0)
    keys = times + TIE_S * (1 + times)
    raised = _raised_by(rule, times, keys)
    routes: list[Route] = [(no_time,)] * len(come_s)
    return VisitGroup(routes, times, keys, _no_reappearances(paths), np.zeros(len(come_s)), raised, in_line=True)
