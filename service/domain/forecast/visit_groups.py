"""Draw the visits of a day."""

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
"""Orders those to come, of one queue time, by when they come, and after those who are here."""


class VisitGroup(NamedTuple):
    """People of a kind: their routes, when they are there and their queue times on each path; `again` as in `calls`.

    From `due_s` on their appointments count; before, a counter calls them rather than nobody. None of them is ever
    `raised` where that is None. `in_line` is true when they come, are raised, and are called, in the order they have.
    """

    routes: list[Route]
    appear_s: Floats
    keys: Floats
    again: Reappearances
    due_s: Floats
    raised: Raised | None = None
    in_line: bool = False


class OrderLimits(NamedTuple):
    """What those asked about are, and how far a draw goes.

    They are before `latest_s` in the order, or come to be so; those whom walk-ins to come may overtake, once raised,
    are before `overtaken_s`. Nobody is raised after `until_s`.
    """

    latest_s: float
    overtaken_s: float
    until_s: float


def waiting_group(scene: StartState, paths: int) -> VisitGroup:
    """Those who wait: there at once, or when they wake; some are called before that, rather than nobody."""
    count = len(scene.waiting)
    appear = np.array([one.active_s for one in scene.waiting])
    keys = np.array([one.key_s for one in scene.waiting])
    early = [n for n, one in enumerate(scene.waiting) if one.early_rank is not None]
    ranks = np.array([LAST_RESORT_RANK + (scene.waiting[n].early_rank or 0.0) for n in early])
    return VisitGroup(
        [one.route for one in scene.waiting],
        np.broadcast_to(appear[:, None], (count, paths)),
        np.broadcast_to(keys[:, None], (count, paths)),
        Reappearances(
            np.array(early, dtype=np.intp),
            np.zeros((len(early), paths)),
            np.broadcast_to(ranks[:, None], (len(early), paths)),
        ),
        np.array([one.due_s for one in scene.waiting]),
        _raised_of(scene.waiting, paths),
    )


def _raised_of(people: Sequence[WaitingVisit] | Sequence[VisitAtCounter], paths: int) -> Raised | None:
    """When each of those who are here is raised, alike on all paths."""
    raises = [one.raised for one in people]
    if not any(raises):
        return None
    at_s = np.array([np.inf if one is None else one.at_s for one in raises])
    keys = np.array([0.0 if one is None else one.key_s for one in raises])
    return Raised(*(np.broadcast_to(one[:, None], (len(raises), paths)) for one in (at_s, keys)))


def _raised_by(guard: LongWaitRule | None, come_s: Floats, keys: Floats) -> Raised | None:
    """When walk-ins are raised who will come."""
    if guard is None:
        return None
    return Raised(np.maximum(come_s, guard.from_s) + guard.most_s, keys - guard.credit_s)


def _nobody_again(paths: int) -> Reappearances:
    return Reappearances(np.empty(0, dtype=np.intp), np.empty((0, paths)), np.empty((0, paths)))


def at_counter_group(scene: StartState, draws: Draws, speeds: Sequence[Floats]) -> VisitGroup:
    """Those at counters, who go on to another part when they are done here."""
    rests = np.empty((len(scene.present), draws.paths))
    for n, one in enumerate(scene.present):
        stream = draws.stream(Purpose.REST, one.now.part * 1000 + one.counter)
        rests[n] = remaining_durations_s(one.now.mean_s, one.now.cv, one.elapsed_s, speeds[one.now.part], stream)
    keys = np.array([one.key_s for one in scene.present])
    return VisitGroup(
        [one.route for one in scene.present],
        rests,
        np.broadcast_to(keys[:, None], rests.shape),
        _nobody_again(draws.paths),
        np.array([one.due_s for one in scene.present]),
        _raised_of(scene.present, draws.paths),
    )


def expected_group(scene: StartState, draws: Draws, latest_s: float) -> VisitGroup:
    """Those who have an appointment and are not here, as far as they could be called before `latest_s` in the order."""
    ways = scene.punctuality
    found = [one for one in scene.expected if one.slot_s - ways.credit_s < latest_s]
    slots = np.array([one.slot_s for one in found])
    late_from_s = np.array([one.late_from_s for one in found])[:, None]
    late_z = -(slots + ways.mean_s) / ways.sd_s if ways.sd_s else np.where(slots + ways.mean_s < 0, np.inf, -np.inf)
    chance = np.array([one.shows for one in found])
    shape = (len(found), draws.paths)
    comes = draws.stream(Purpose.SHOW).random(shape) < chance[:, None]
    stream = draws.stream(Purpose.PUNCTUALITY)
    z = stream.standard_normal(shape)
    for n in np.flatnonzero(late_z > -3.5):  # of the others hardly any would be here by now
        z[n] = truncated_normals(late_z[n], 1.0 - stream.random(draws.paths))
    come_s = np.maximum(0.0, slots[:, None] + ways.mean_s + ways.sd_s * z)
    come_s[~comes | (come_s > late_from_s + MISSED_AFTER_S)] = np.inf
    credit_s = np.where(come_s <= late_from_s + ways.grace_s, ways.credit_s, 0.0)
    reference_s = np.maximum(come_s, slots[:, None])
    due_s = slots - ways.early_s
    keys = reference_s - credit_s + TIE_S * _or_0(come_s)
    return VisitGroup(
        [one.route for one in found], np.maximum(come_s, due_s[:, None]), keys, early_appearances(come_s, due_s), due_s
    )


def early_appearances(come_s: Floats, due_s: Floats) -> Reappearances:
    """Those who are there before their appointments count: called rather than nobody, by when these do."""
    before = np.flatnonzero((come_s < due_s[:, None]).any(axis=1))
    come_s, due_s = come_s[before], due_s[before, None]
    return Reappearances(
        before, np.where(come_s < due_s, come_s, np.inf), LAST_RESORT_RANK + due_s + TIE_S * _or_0(come_s)
    )


def _or_0(seconds: Floats) -> Floats:
    return np.where(np.isfinite(seconds), seconds, 0.0)


def _guard_for(scene: StartState, stream: ArrivalStream) -> LongWaitRule | None:
    """The rule for long waits, where it is for the people of a stream."""
    return None if stream.credit_s else scene.guard


def _come_until_s(scene: StartState, stream: ArrivalStream, limits: OrderLimits) -> float:
    """Until when people of a stream come who could be called before some of those asked about."""
    guard = _guard_for(scene, stream)
    come_s = limits.latest_s + stream.credit_s
    if guard is not None:
        come_s = max(come_s, min(limits.overtaken_s + guard.credit_s, limits.until_s - guard.most_s))
    return come_s if scene.closing_s is None else min(scene.closing_s, come_s)


def expected_arrivals(scene: StartState, stream: ArrivalStream, limits: OrderLimits) -> float:
    """How many of a stream are expected to come until then."""
    last_s = _come_until_s(scene, stream, limits)
    return sum(
        span.number * (min(span.to_s, last_s) - span.from_s) / (span.to_s - span.from_s)
        for span in stream.spans
        if span.from_s < last_s
    )


def arrival_group(scene: StartState, draws: Draws, number: int, limits: OrderLimits) -> VisitGroup:
    """Those of a stream, by its number, who come as far as `_come_until_s` says, on each path in that order."""
    stream = scene.streams[number]
    random = draws.stream(Purpose.ARRIVALS, number)
    last_s = _come_until_s(scene, stream, limits)
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
    keys = _or_0(come_s) * (1 + TIE_S) - stream.credit_s
    return VisitGroup(
        [stream.route] * len(come_s),
        come_s,
        keys,
        _nobody_again(draws.paths),
        np.zeros(len(come_s)),
        _raised_by(_guard_for(scene, stream), come_s, keys),
        in_line=True,
    )


def probe_group(guard: LongWaitRule | None, step: Step, come_s: Floats, paths: int) -> VisitGroup:
    """Walk-ins who take no time: they find how long the wait would be, and make nobody wait."""
    shape = (len(come_s), paths)
    times = np.broadcast_to(come_s[:, None], shape)
    looking = step._replace(mean_s=0.0, variance=0.0)
    keys = times + TIE_S * (1 + times)
    raised = _raised_by(guard, times, keys)
    routes: list[Route] = [(looking,)] * len(come_s)
    return VisitGroup(routes, times, keys, _nobody_again(paths), np.zeros(len(come_s)), raised, in_line=True)
