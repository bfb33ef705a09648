"""Possible rests of a day: who is called when, on many paths.

Source: DESIGN 6, "Waits"; ALGORITHMS 4.2.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.domain.forecast.call_simulation import (
    LAST_RESORT_RANK,
    Abandonment,
    LaterArrivals,
    Lines,
    Raised,
    Reappearances,
    simulate_calls,
)
from service.domain.forecast.random_draws import (
    Draws,
    Floats,
    Purpose,
    lognormals,
    remaining_durations_s,
    truncated_normals,
)
from service.domain.forecast.staffing import Pauses
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

ARRIVALS_MAX = 3_000
"""People expected without an appointment in a forecast's order: more than on the busiest day of any hall known. Where
visits have several stages the work grows with their square, and a flood of requests would have a forecast take
minutes."""

BOUND_MARGIN = 1.5
"""A bound is this much later than what the last call is thought, or was found, to be, lest it is looked for again."""

STANDS, MAY_BE_RAISED, NOT_IN_LINE = -3, -2, -1
"""Kinds of people who stand in the order of calls already, without and with those who may be raised, and of those who
are in no line. Others to come in a line are of the kind they were drawn with."""

QUARTER_S = 900.0
"""Between two instants ahead; at each a walk-in only looks how long they would wait."""


class TooManyArrivals(Exception):  # noqa: N818  (it names what happened)
    """More are expected than can be drawn in good time."""


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


class _OrderLimits(NamedTuple):
    """What those asked about are, and how far a draw goes.

    They are before `latest_s` in the order, or come to be so; those whom walk-ins to come may overtake, once raised,
    are before `overtaken_s`. Nobody is raised after `until_s`.
    """

    latest_s: float
    overtaken_s: float
    until_s: float


class PartResult(NamedTuple):
    """What came of a part: for its visits (by index) when they were there, called, and done, people by paths.

    Who gave up is never done: `starts_s` is when they are called in vain, or would have been had they not said that
    they leave. `over_s` is when they do not wait any more, as far as the hall knows.
    """

    part: int
    visits: NDArray[np.intp]
    ready_s: Floats
    starts_s: Floats
    over_s: Floats
    ends_s: Floats


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
    limits = _OrderLimits(latest_s, min(latest_s, overtaken_s), until_s)
    if sum(_number_of(scene, stream, limits) for stream in scene.streams) > ARRIVALS_MAX:
        raise TooManyArrivals
    kinds = [
        _waiting(scene, paths),
        _present(scene, draws, speeds),
        _expected(scene, draws, latest_s),
        *(_coming(scene, draws, n, limits) for n in range(len(scene.streams))),
    ]
    people = sum(len(kind.routes) for kind in kinds)
    probes_s = np.zeros(int(newcomers and not ahead))
    if ahead and scene.closing_s is not None:
        probes_s = quarter_hours_s(scene.made_at.timestamp(), scene.closing_s)
        probes_s = probes_s[(probes_s >= scene.doors_s) & (probes_s < scene.closing_s)]
    if len(probes_s):
        kinds.extend(_probes(scene.guard, step, probes_s, paths) for step in scene.newcomers)
    everybody = _Simulation(scene, draws, speeds, kinds, people, until_s)
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


def _waiting(scene: StartState, paths: int) -> VisitGroup:
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


def _present(scene: StartState, draws: Draws, speeds: Sequence[Floats]) -> VisitGroup:
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


def _expected(scene: StartState, draws: Draws, latest_s: float) -> VisitGroup:
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
        [one.route for one in found], np.maximum(come_s, due_s[:, None]), keys, _early(come_s, due_s), due_s
    )


def _early(come_s: Floats, due_s: Floats) -> Reappearances:
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


def _come_until_s(scene: StartState, stream: ArrivalStream, limits: _OrderLimits) -> float:
    """Until when people of a stream come who could be called before some of those asked about."""
    guard = _guard_for(scene, stream)
    come_s = limits.latest_s + stream.credit_s
    if guard is not None:
        come_s = max(come_s, min(limits.overtaken_s + guard.credit_s, limits.until_s - guard.most_s))
    return come_s if scene.closing_s is None else min(scene.closing_s, come_s)


def _number_of(scene: StartState, stream: ArrivalStream, limits: _OrderLimits) -> float:
    """How many of a stream are expected to come until then."""
    last_s = _come_until_s(scene, stream, limits)
    return sum(
        span.number * (min(span.to_s, last_s) - span.from_s) / (span.to_s - span.from_s)
        for span in stream.spans
        if span.from_s < last_s
    )


def _coming(scene: StartState, draws: Draws, number: int, limits: _OrderLimits) -> VisitGroup:
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


def _probes(guard: LongWaitRule | None, step: Step, come_s: Floats, paths: int) -> VisitGroup:
    """Walk-ins who take no time: they find how long the wait would be, and make nobody wait."""
    shape = (len(come_s), paths)
    times = np.broadcast_to(come_s[:, None], shape)
    looking = step._replace(mean_s=0.0, variance=0.0)
    keys = times + TIE_S * (1 + times)
    raised = _raised_by(guard, times, keys)
    routes: list[Route] = [(looking,)] * len(come_s)
    return VisitGroup(routes, times, keys, _nobody_again(paths), np.zeros(len(come_s)), raised, in_line=True)


def _all_raised(kinds: Sequence[VisitGroup], paths: int, until_s: float) -> Raised | None:
    """When people of all kinds are raised, as far as that is by `until_s`; None when nobody is."""
    never = [np.broadcast_to(np.inf, (len(kind.routes), paths)) for kind in kinds]
    at_s = np.concatenate(
        [one if kind.raised is None else kind.raised.at_s for kind, one in zip(kinds, never, strict=True)]
    )
    in_time = np.isfinite(at_s) & (at_s <= until_s)
    if not in_time.any():
        return None
    return Raised(
        np.where(in_time, at_s, np.inf),
        np.concatenate([kind.keys if kind.raised is None else kind.raised.keys for kind in kinds]),
    )


class _Simulation:
    """All visits of all kinds, taken through the parts one after the other."""

    def __init__(  # noqa: PLR0913, PLR0917  (what was drawn)
        self,
        scene: StartState,
        draws: Draws,
        speeds: Sequence[Floats],
        kinds: list[VisitGroup],
        people: int,
        until_s: float,
    ) -> None:
        self.scene = scene
        self.draws = draws
        self.speeds = speeds
        self.waiting = len(scene.waiting)
        self.here = self.waiting + len(scene.present)
        self.routes = [route for kind in kinds for route in kind.routes]
        self.keys = np.concatenate([kind.keys for kind in kinds])
        self.ready_s = np.concatenate([kind.appear_s for kind in kinds])
        firsts = np.cumsum([0, *(len(kind.routes) for kind in kinds)])
        self.again = Reappearances(
            np.concatenate([kind.again.who + first for kind, first in zip(kinds, firsts, strict=False)]),
            np.concatenate([kind.again.appear_s for kind in kinds]),
            np.concatenate([kind.again.keys for kind in kinds]),
        )
        self.due_s = np.concatenate([kind.due_s for kind in kinds])
        self.raised = _all_raised(kinds, draws.paths, until_s)
        self.last_s = -np.inf
        self.standing = np.zeros(len(self.routes), dtype=bool)
        self.since_s = np.zeros(len(self.routes))
        self.kind = np.full(len(self.routes), NOT_IN_LINE)
        for number, kind in enumerate(kinds):
            if kind.in_line:
                self.kind[firsts[number] : firsts[number + 1]] = number
        for visit, one in enumerate(scene.waiting):
            if one.active_s == 0:
                self.standing[visit] = True
                self.since_s[visit] = one.since_s
                self.kind[visit] = MAY_BE_RAISED if one.raised is not None else STANDS
        self.under_way_s = kinds[1].appear_s
        steps: list[list[tuple[int, int, Step]]] = [[] for _ in scene.parts]
        for visit, route in enumerate(self.routes):
            for number, step in enumerate(route):
                steps[step.part].append((visit, number, step))
        self.steps = steps
        self.people = people
        self.asked = {one.route[0].part for one in scene.waiting} | {route[0].part for route in self.routes[people:]}

    def at(self, part: int, *, ahead: bool, sleeping: bool) -> PartResult:
        """Take everybody through a part who comes to it."""
        paths = self.draws.paths
        here = self.steps[part]
        wanted = [number == 0 and not self.waiting <= visit < self.people for visit, number, _ in here]
        feeds = any(step.part in self.asked for visit, number, _ in here for step in self.routes[visit][number + 1 :])
        if not here or not (ahead or any(wanted) or feeds):
            nothing = np.empty((0, paths))
            return PartResult(part, np.empty(0, dtype=np.intp), nothing, nothing, nothing, nothing)
        return self._through(part, here, np.array(wanted), all_of_them=ahead or feeds, sleeping=sleeping)

    def _through(
        self,
        part: int,
        here: list[tuple[int, int, Step]],
        wanted: NDArray[np.bool_],
        *,
        all_of_them: bool,
        sleeping: bool,
    ) -> PartResult:
        scene, paths = self.scene, self.draws.paths
        visits = np.array([visit for visit, _, _ in here], dtype=np.intp)
        first = np.array([number == 0 for _, number, _ in here])
        groups = np.array([step.group for _, _, step in here], dtype=np.intp)
        means = np.array([step.mean_s for _, _, step in here])
        cvs = np.array([step.cv if step.mean_s else 0.0 for _, _, step in here])
        standing = first & self.standing[visits]
        if not all_of_them and not sleeping:
            # whoever comes after the last of those asked about in the order does not make them wait
            last_key_s = self.keys[visits[wanted], 0].max()
            kept = standing | (self.keys[visits] <= last_key_s).any(axis=1)
            if self.raised is not None:
                kept |= ((self.raised.keys[visits] <= last_key_s) & np.isfinite(self.raised.at_s[visits])).any(axis=1)
            visits, groups, means, cvs = visits[kept], groups[kept], means[kept], cvs[kept]
            first, standing, wanted = first[kept], standing[kept], wanted[kept]
        lined = first & (self.kind[visits] != NOT_IN_LINE)
        here_already = np.flatnonzero(standing)
        here_already = here_already[np.argsort(self.keys[visits[here_already], 0], kind="stable")]
        order = np.concatenate([here_already, np.flatnonzero(lined & ~standing), np.flatnonzero(~lined)])
        visits, first, wanted, groups = visits[order], first[order], wanted[order], groups[order]
        standing_count, lined_count = len(here_already), np.count_nonzero(lined)
        normals = np.concatenate(
            [
                self.draws.stream(Purpose.WAITING, part).standard_normal((standing_count, paths)),
                self.draws.stream(Purpose.OTHERS, part).standard_normal((len(visits) - standing_count, paths)),
            ]
        )
        durations = lognormals(means[order], cvs[order], normals)
        durations *= self.speeds[part]
        gone = self._gone(part, visits, first, standing_count)
        others, again = self._appearing(visits[lined_count:], groups[lined_count:], first[lined_count:])
        starts = simulate_calls(
            scene.parts[part],
            self._free_s(part),
            self._lines(visits[:lined_count], groups[:lined_count]),
            others,
            again,
            durations,
            gone,
            np.isfinite(self.ready_s[visits]).any(axis=1) if all_of_them else wanted,
        ).T
        self.last_s = max(self.last_s, float(starts[wanted].max(initial=-np.inf)))
        ready = self.ready_s[visits]
        ends = starts + durations
        over = starts
        if gone is not None:
            ends[starts > gone.from_s] = np.inf
            over = np.where(gone.keeps_s > 0, starts, np.minimum(starts, gone.from_s))
        self.ready_s[visits] = ends
        return PartResult(part, visits, ready, starts, over, ends)

    def _lines(self, visits: NDArray[np.intp], groups: NDArray[np.intp]) -> Lines:
        """Those at their first step who stand in lines, or will: a line for each kind of them in each group."""
        names, line_of = np.unique(np.stack([groups, self.kind[visits]]), axis=1, return_inverse=True)
        raised = None if self.raised is None else Raised(self.raised.at_s[visits], self.raised.keys[visits])
        return Lines(names[0], line_of, self.ready_s[visits], self.keys[visits], raised)

    def _appearing(
        self, coming: NDArray[np.intp], groups: NDArray[np.intp], first: NDArray[np.bool_]
    ) -> tuple[LaterArrivals, Reappearances]:
        """Those who come into a part's order: at their `first` step as was drawn, but who comes from a counter.

        Nobody appears again twice: who has an appointment is not raised.
        """
        first = first & ((coming < self.waiting) | (coming >= self.here))
        place = np.full(len(self.routes), -1, dtype=np.intp)
        place[coming[first]] = np.flatnonzero(first)
        seen = np.flatnonzero(place[self.again.who] >= 0)
        ready_s = self.ready_s[coming]
        due_s = np.where(first, 0.0, self.due_s[coming])
        appear_s, keys = np.maximum(ready_s, due_s[:, None]), self.keys[coming]
        again = [
            Reappearances(place[self.again.who[seen]], self.again.appear_s[seen], self.again.keys[seen]),
            _early(ready_s, due_s),
        ]
        if self.raised is not None:
            at_s, raised_keys = self.raised.at_s[coming], self.raised.keys[coming]
            keys = np.where(at_s <= appear_s, raised_keys, keys)
            at_s = np.where(appear_s < at_s, at_s, np.inf)
            later = np.flatnonzero(np.isfinite(at_s).any(axis=1))
            again.append(Reappearances(later, at_s[later], raised_keys[later]))
        return LaterArrivals(groups, appear_s, keys), Reappearances(*map(np.concatenate, zip(*again, strict=True)))

    def _gone(self, part: int, visits: NDArray[np.intp], first: NDArray[np.bool_], lined: int) -> Abandonment | None:
        """Who of the visits of a part gives up before they are called; the first of them stand in the lines.

        Who says so is not in the lines any more, so nobody who stands there has; who does not may have gone long ago.
        """
        leaving = self.scene.leaving
        if not leaving.left_per_s and not leaving.no_show_per_s:
            return None
        here_s = self.ready_s[visits]
        left_s, absent_s = (
            np.concatenate(
                [
                    self.draws.spans_s(purpose, 2 * part, per_s, lined),
                    self.draws.spans_s(purpose, 2 * part + 1, per_s, len(visits) - lined),
                ]
            )
            for purpose, per_s in (
                (Purpose.LEFT, leaving.left_per_s),
                (Purpose.NO_SHOW, leaving.no_show_per_s),
            )
        )
        left_s += here_s
        absent_s += here_s
        absent_s += np.where(first, self.since_s[visits], 0.0)[:, None]
        from_s = np.minimum(left_s, absent_s)
        from_s[visits >= self.people] = np.inf
        return Abandonment(from_s, np.where(left_s <= absent_s, 0.0, leaving.no_show_s))

    def _free_s(self, part: int) -> Floats:
        free = np.zeros((self.draws.paths, len(self.scene.parts[part].counters)))
        for n, one in enumerate(self.scene.present):
            if one.now.part == part:
                free[:, one.counter] = self.under_way_s[n]
        return free
