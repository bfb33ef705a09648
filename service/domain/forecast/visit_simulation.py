"""Take all visits through the parts of a hall, one part after the other.

Source: DESIGN 6, "Waits"; ALGORITHMS 4.2.
"""

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
"""Kinds of visits in the lines of a part: those that stand in the order of calls now, without (`STANDS`) and with
(`MAY_BE_RAISED`) a possible raise, and those in no line. Arrivals in a line have the number of their group instead."""


class PartResult(NamedTuple):
    """The result of one part, for its visits (by index): when they were ready, called and finished; visits by paths.

    A person who gave up has no end: `starts_s` is then the call in vain, or the call that would have come had the
    person not said that they leave. `over_s` is when the person no longer waits, as far as the hall knows.
    """

    part: int
    visits: NDArray[np.intp]
    ready_s: Floats
    starts_s: Floats
    over_s: Floats
    ends_s: Floats


def _all_raised(kinds: Sequence[VisitGroup], paths: int, until_s: float) -> Raised | None:
    """Return the raises of the visits of all groups until `until_s`; None if there are none."""
    never = [np.broadcast_to(np.inf, (len(kind.routes), paths)) for kind in kinds]
    at_s = np.concatenate(
        [no_raise if kind.raised is None else kind.raised.at_s for kind, no_raise in zip(kinds, never, strict=True)]
    )
    in_time = np.isfinite(at_s) & (at_s <= until_s)
    if not in_time.any():
        return None
    return Raised(
        np.where(in_time, at_s, np.inf),
        np.concatenate([kind.keys if kind.raised is None else kind.raised.keys for kind in kinds]),
    )


class Simulation:
    """All visits of all groups, and the state of their way through the parts."""

    def __init__(  # noqa: PLR0913, PLR0917  (all that was drawn)
        self,
        state: StartState,
        draws: Draws,
        speeds: Sequence[Floats],
        kinds: list[VisitGroup],
        people: int,
        until_s: float,
    ) -> None:
        self.state = state
        self.draws = draws
        self.speeds = speeds
        self.waiting = len(state.waiting)
        self.here = self.waiting + len(state.present)
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
        for visit, ticket in enumerate(state.waiting):
            if ticket.active_s == 0:
                self.standing[visit] = True
                self.since_s[visit] = ticket.since_s
                self.kind[visit] = MAY_BE_RAISED if ticket.raised is not None else STANDS
        self.under_way_s = kinds[1].appear_s
        steps: list[list[tuple[int, int, Step]]] = [[] for _ in state.parts]
        for visit, route in enumerate(self.routes):
            for number, step in enumerate(route):
                steps[step.part].append((visit, number, step))
        self.steps = steps
        self.people = people
        self.asked = {visit.route[0].part for visit in state.waiting} | {
            route[0].part for route in self.routes[people:]
        }

    def simulate_part(self, part: int, *, ahead: bool, deferred: bool) -> PartResult:
        """Simulate a part for all visits that come to it."""
        paths = self.draws.paths
        here = self.steps[part]
        wanted = [number == 0 and not self.waiting <= visit < self.people for visit, number, _ in here]
        feeds = any(step.part in self.asked for visit, number, _ in here for step in self.routes[visit][number + 1 :])
        if not here or not (ahead or any(wanted) or feeds):
            nothing = np.empty((0, paths))
            return PartResult(part, np.empty(0, dtype=np.intp), nothing, nothing, nothing, nothing)
        return self._simulate(part, here, np.array(wanted), all_of_them=ahead or feeds, deferred=deferred)

    def _simulate(
        self,
        part: int,
        here: list[tuple[int, int, Step]],
        wanted: NDArray[np.bool_],
        *,
        all_of_them: bool,
        deferred: bool,
    ) -> PartResult:
        state, paths = self.state, self.draws.paths
        visits = np.array([visit for visit, _, _ in here], dtype=np.intp)
        first = np.array([number == 0 for _, number, _ in here])
        groups = np.array([step.group for _, _, step in here], dtype=np.intp)
        means = np.array([step.mean_s for _, _, step in here])
        cvs = np.array([step.cv if step.mean_s else 0.0 for _, _, step in here])
        standing = first & self.standing[visits]
        if not all_of_them and not deferred:
            # a person after the last of those asked about in the order does not make them wait
            last_key_s = self.keys[visits[wanted], 0].max()
            kept = standing | (self.keys[visits] <= last_key_s).any(axis=1)
            if self.raised is not None:
                kept |= ((self.raised.keys[visits] <= last_key_s) & np.isfinite(self.raised.at_s[visits])).any(axis=1)
            visits, groups, means, cvs = visits[kept], groups[kept], means[kept], cvs[kept]
            first, standing, wanted = first[kept], standing[kept], wanted[kept]
        in_line = first & (self.kind[visits] != NOT_IN_LINE)
        standing_now = np.flatnonzero(standing)
        standing_now = standing_now[np.argsort(self.keys[visits[standing_now], 0], kind="stable")]
        order = np.concatenate([standing_now, np.flatnonzero(in_line & ~standing), np.flatnonzero(~in_line)])
        visits, first, wanted, groups = visits[order], first[order], wanted[order], groups[order]
        standing_count, lined_count = len(standing_now), np.count_nonzero(in_line)
        normals = np.concatenate(
            [
                self.draws.stream(Purpose.WAITING, part).standard_normal((standing_count, paths)),
                self.draws.stream(Purpose.OTHERS, part).standard_normal((len(visits) - standing_count, paths)),
            ]
        )
        durations = lognormals(means[order], cvs[order], normals)
        durations *= self.speeds[part]
        abandonment = self._abandonment(part, visits, first, standing_count)
        others, again = self._appearing(visits[lined_count:], groups[lined_count:], first[lined_count:])
        starts = simulate_calls(
            state.parts[part],
            self._free_s(part),
            self._lines(visits[:lined_count], groups[:lined_count]),
            others,
            again,
            durations,
            abandonment,
            np.isfinite(self.ready_s[visits]).any(axis=1) if all_of_them else wanted,
        ).T
        self.last_s = max(self.last_s, float(starts[wanted].max(initial=-np.inf)))
        ready = self.ready_s[visits]
        ends = starts + durations
        over = starts
        if abandonment is not None:
            ends[starts > abandonment.from_s] = np.inf
            over = np.where(abandonment.keeps_s > 0, starts, np.minimum(starts, abandonment.from_s))
        self.ready_s[visits] = ends
        return PartResult(part, visits, ready, starts, over, ends)

    def _lines(self, visits: NDArray[np.intp], groups: NDArray[np.intp]) -> Lines:
        """Return the lines of people at their first step: one line for each kind in each group of counters."""
        names, line_of = np.unique(np.stack([groups, self.kind[visits]]), axis=1, return_inverse=True)
        raised = None if self.raised is None else Raised(self.raised.at_s[visits], self.raised.keys[visits])
        return Lines(names[0], line_of, self.ready_s[visits], self.keys[visits], raised)

    def _appearing(
        self, coming: NDArray[np.intp], groups: NDArray[np.intp], first: NDArray[np.bool_]
    ) -> tuple[LaterArrivals, Reappearances]:
        """Return the people who come into a part's order, and their second appearances.

        At their first step they appear as drawn; people who come from a counter appear when they are finished there.
        Nobody has two second appearances, because a person with an appointment is never raised.
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

    def _abandonment(
        self, part: int, visits: NDArray[np.intp], first: NDArray[np.bool_], lined: int
    ) -> Abandonment | None:
        """Return who of the visits of a part gives up before the call. The first `lined` visits stand in the lines.

        A person who says so is removed from the line, so nobody who stands there now has. A person who leaves without a
        word may have done so long ago.
        """
        leaving = self.state.leaving
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
        free = np.zeros((self.draws.paths, len(self.state.parts[part].counters)))
        for n, visit in enumerate(self.state.present):
            if visit.now.part == part:
                free[:, visit.counter] = self.under_way_s[n]
        return free
