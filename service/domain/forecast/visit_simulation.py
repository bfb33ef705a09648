"""Take all visits through the parts of a hall."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.domain.forecast.call_simulation import (
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
)
from service.domain.forecast.start_state import (
    StartState,
    Step,
)
from service.domain.forecast.visit_groups import VisitGroup, early_appearances

STANDS = -3


MAY_BE_RAISED = -2


NOT_IN_LINE = -1
"""Kinds of people who stand in the order of calls already, without and with those who may be raised, and of those who
are in no line. Others to come in a line are of the kind they were drawn with."""


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


class Simulation:
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
            early_appearances(ready_s, due_s),
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
