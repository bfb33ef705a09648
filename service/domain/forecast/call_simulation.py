"""Simulate the calls of one part of a hall, on all paths at once.

Each step takes, on each path, the counter that is free first, and the ticket that it calls: the smallest queue time
among those it may serve, ties by check-in, as in `dispatch.choose_next`. People who already wait stand in a line, and
so do arrivals of one kind that come one after the other; only the front of a line must be compared. Others appear at an
instant of their own. A counter without anybody to call looks again when somebody appears.

A person in a line is raised after everybody ahead in the same line, and moves up as far as they did. The line therefore
keeps its order, and only the key of its front changes.

A call costs some thirty operations on arrays with one element for each path, whatever the lengths of the lines.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.domain.forecast.random_draws import Floats
from service.domain.forecast.start_state import HallPart

Indexes = NDArray[np.intp]

LAST_RESORT_RANK = 1e9
"""Added to the rank of people who are called only if a counter has nobody else: they come after everybody in order."""


class Raised(NamedTuple):
    """When each person is raised because of a long wait, and the key from then on; infinite for never."""

    at_s: Floats
    keys: Floats


class Lines(NamedTuple):
    """People who are called in the order in which they stand.

    `groups` has the group of each line, `line_of` the line of each person. `appear_s` and `keys` say, for each person
    (rows) and path (columns), when the person appears and with which key; nobody appears before the person ahead.
    `raised` is None if nobody in any line is ever raised.
    """

    groups: Indexes
    line_of: Indexes
    appear_s: Floats
    keys: Floats
    raised: Raised | None


class LaterArrivals(NamedTuple):
    """People who appear later: their groups; and for each person (rows) and path (columns), when and with which key."""

    groups: Indexes
    appear_s: Floats
    keys: Floats


class Abandonment(NamedTuple):
    """People who leave before they are called; people by paths.

    `from_s` is when they are gone, `keeps_s` how long the counter that calls them waits.
    """

    from_s: Floats
    keeps_s: Floats


class Reappearances(NamedTuple):
    """Second appearances of some of the later arrivals (`who`), with another key. A call that happened stays."""

    who: Indexes
    appear_s: Floats
    keys: Floats


def simulate_calls(  # noqa: PLR0913, PLR0915, PLR0917  (one loop and its arrays)
    part: HallPart,
    free_s: Floats,
    lines: Lines,
    others: LaterArrivals,
    again: Reappearances,
    durations_s: Floats,
    gone: Abandonment | None,
    wanted: NDArray[np.bool_],
) -> Floats:
    """Find when everybody is called.

    Args:
        part: the counters.
        free_s: when each counter (columns) is free on each path (rows).
        lines: the people who already wait, or arrive in a line.
        others: everybody else, who comes later.
        again: appearances of the others before their place in the order, or after a raise.
        durations_s: duration of each visit (rows: the lines, then the others) on each path (columns).
        gone: people (rows as in `durations_s`) who leave before their call; None if nobody does.
        wanted: the people (in the same order) who must be called before the simulation ends.

    Returns:
        Seconds until the call of each person (columns) on each path (rows). Infinite if the person is not called, or is
        called after the end of the simulation.
    """
    paths, counters = free_s.shape
    lined, coming, fronts_of = len(lines.line_of), len(others.groups), len(lines.groups)
    people = lined + coming
    columns = 1 + fronts_of + coming  # column 0 is nobody; then the fronts of the lines; then the others
    rows = np.arange(paths)

    follower, fronts = _followers(lines, people)
    column_of = 1 + np.append(lines.line_of, np.arange(fronts_of, fronts_of + coming))
    keys, appear_s = _table(lines.keys, people), _table(lines.appear_s, people)
    live = np.full((paths, columns), np.inf)
    who = np.empty((paths, columns), dtype=np.intp)
    who[:, 0] = people
    who[:, 1 : fronts_of + 1] = fronts
    who[:, fronts_of + 1 :] = np.arange(lined, people)
    live[:, 1 : fronts_of + 1] = np.where(appear_s[:, fronts] <= 0.0, keys[:, fronts], np.inf)

    times, whose, values = _appearances(lines, others, again)
    events = times.shape[1]
    durations = np.zeros((paths, people + 1))
    durations[:, :people] = durations_s.T
    starts = np.full((paths, people + 1), np.inf)
    never = ~np.isfinite(np.concatenate([lines.appear_s, others.appear_s]))
    if len(again.who):
        never[lined + again.who] &= ~np.isfinite(again.appear_s)
    left = np.count_nonzero(wanted) - np.count_nonzero(never & wanted[:, None], axis=0)
    counts = np.append(wanted, False).astype(np.int64)

    pauses = _Pauses(part.pauses)
    raising = None if lines.raised is None else _Raising(lines.raised, people, live[:, 1 : fronts_of + 1])
    fronts_now = who[:, 1 : fronts_of + 1]
    not_allowed = _not_allowed(part, lines, others)
    free = pauses.free_after_pauses(np.ascontiguousarray(free_s))
    free_flat, live_flat, who_flat = free.reshape(-1), live.reshape(-1), who.reshape(-1)
    times_flat, whose_flat, values_flat = times.reshape(-1), whose.reshape(-1), values.reshape(-1)
    keys_flat, appear_flat = keys.reshape(-1), appear_s.reshape(-1)
    durations_flat, starts_flat = durations.reshape(-1), starts.reshape(-1)
    gone_flat = None if gone is None else _by_path(gone)
    free_base, live_base, people_base = rows * counters, rows * columns, rows * (people + 1)
    event = rows * events

    while left.any():
        counter = free.argmin(axis=1)
        at_free = free_base + counter
        at_s = free_flat[at_free]
        following_s = times_flat[event]
        due = (following_s <= at_s) & (following_s < np.inf)
        while due.any():
            path = np.flatnonzero(due)
            of_path = event[path]
            appearing = whose_flat[of_path]
            seat = live_base[path] + column_of[appearing]
            live_flat[seat] = np.where(who_flat[seat] == appearing, values_flat[of_path], live_flat[seat])
            event[path] = of_path + 1
            following_s = times_flat[event]
            due = (following_s <= at_s) & (following_s < np.inf)
        if raising is not None:
            raising.raise_fronts(at_s, fronts_now)
        choices = live if not_allowed is None else live + not_allowed[counter]
        seat = choices.argmin(axis=1)
        called = choices.reshape(-1)[live_base + seat] < np.inf
        seat += live_base
        person = np.where(called, who_flat[seat], people)
        of_person = people_base + person
        starts_flat[of_person] = at_s
        left -= counts[person]
        left *= at_s < np.inf  # no counter works from then on
        lasts_s = durations_flat[of_person]
        if gone_flat is not None:
            lasts_s = np.where(at_s > gone_flat.from_s[of_person], gone_flat.keeps_s[of_person], lasts_s)
        until_s = np.where(called, at_s + lasts_s, following_s)
        free_flat[at_free] = pauses.counter_free_after_pauses(counter, until_s)
        next_person = follower[person]
        of_next = people_base + next_person
        key = np.where(appear_flat[of_next] <= at_s, keys_flat[of_next], np.inf)
        if not_allowed is None:
            live_flat[seat] = key
            who_flat[seat] = next_person
        else:
            live_flat[seat] = np.where(called, key, live_flat[seat])
            who_flat[seat] = np.where(called, next_person, who_flat[seat])
    return starts[:, :people]


def _by_path(gone: Abandonment) -> Abandonment:
    """Return the abandonment path after path, with one more row for nobody."""
    return Abandonment(*(np.pad(values, ((0, 1), (0, 0))).T.reshape(-1) for values in gone))


def _table(of_lines: Floats, people: int) -> Floats:
    """Return values of the people in lines, path after path (rows); infinite for the others and for nobody."""
    lined, paths = of_lines.shape
    table = np.full((paths, people + 1), np.inf)
    table[:, :lined] = of_lines.T
    return table


def _followers(lines: Lines, people: int) -> tuple[Indexes, Indexes]:
    """Return the person behind each person in a line, and the front of each line; `people` means nobody."""
    follower = np.full(people + 1, people, dtype=np.intp)
    fronts = np.empty(len(lines.groups), dtype=np.intp)
    for number in range(len(lines.groups)):
        line = np.flatnonzero(lines.line_of == number)
        fronts[number] = line[0]
        follower[line[:-1]] = line[1:]
    return follower, fronts


def _appearances(lines: Lines, others: LaterArrivals, again: Reappearances) -> tuple[Floats, Indexes, Floats]:
    """Return all later appearances on each path (rows) in the order of time: when, who, and with which key."""
    later = np.flatnonzero((lines.appear_s > 0.0).any(axis=1))
    lined = len(lines.line_of)
    when = np.concatenate([lines.appear_s[later], others.appear_s, again.appear_s]).T
    values = np.concatenate([lines.keys[later], others.keys, again.keys]).T
    people = np.concatenate([later, np.arange(lined, lined + len(others.groups)), lined + again.who])
    order = np.argsort(when, axis=1)
    paths, events = when.shape
    times = np.full((paths, events + 1), np.inf)
    times[:, :events] = np.take_along_axis(when, order, axis=1)
    sorted_values = np.full((paths, events + 1), np.inf)
    sorted_values[:, :events] = np.take_along_axis(values, order, axis=1)
    whose = np.zeros((paths, events + 1), dtype=np.intp)
    whose[:, :events] = people[order]
    return times, whose, sorted_values


def _not_allowed(part: HallPart, lines: Lines, others: LaterArrivals) -> Floats | None:
    """Return infinity where a counter (rows) must not serve a column, else 0; None if every counter may serve all."""
    allowed = np.zeros((len(part.counters), len(part.groups)), dtype=bool)
    for group, members in enumerate(part.groups):
        allowed[list(members), group] = True
    groups = np.concatenate([lines.groups, others.groups]).astype(np.intp)
    if allowed[:, np.unique(groups)].all():
        return None
    return np.where(allowed[:, np.append(0, groups)], 0.0, np.inf)


class _Raising:
    """Raises the fronts of lines when they have waited too long, by writing their keys into `live`."""

    def __init__(self, raised: Raised, people: int, live: Floats) -> None:
        at_s = _table(raised.at_s, people)
        self.at_s, self.keys = at_s.reshape(-1), _table(raised.keys, people).reshape(-1)
        self.live = live
        self.first_s = float(at_s.min())
        self.base = np.arange(len(at_s))[:, None] * (people + 1)

    def raise_fronts(self, at_s: Floats, fronts: Indexes) -> None:
        """Raise the fronts (columns) whose time has come on each path (rows)."""
        if at_s.max() >= self.first_s:
            of_fronts = self.base + fronts
            np.copyto(self.live, self.keys[of_fronts], where=self.at_s[of_fronts] <= at_s[:, None])


class _Pauses:
    """Moves the time at which a counter is free to the end of a pause."""

    def __init__(self, pauses: tuple[tuple[tuple[float, float], ...], ...]) -> None:
        deepest = max(map(len, pauses), default=0)
        self.from_s = np.full((deepest, len(pauses)), np.inf)
        self.to_s = np.full((deepest, len(pauses)), np.inf)
        for counter, spans in enumerate(pauses):
            for n, (from_s, to_s) in enumerate(spans):
                self.from_s[n, counter], self.to_s[n, counter] = from_s, to_s
        self.first_s = float(self.from_s.min(initial=np.inf))

    def free_after_pauses(self, free_s: Floats) -> Floats:
        """Return when all counters (columns) may call, given when they are free."""
        for from_s, to_s in zip(self.from_s, self.to_s, strict=True):
            free_s = np.where((free_s >= from_s) & (free_s < to_s), to_s, free_s)
        return free_s

    def counter_free_after_pauses(self, counter: Indexes, free_s: Floats) -> Floats:
        """Return when one counter of each path may call, given when it is free."""
        if free_s.max() < self.first_s:
            return free_s
        for from_s, to_s in zip(self.from_s, self.to_s, strict=True):
            free_s = np.where((free_s >= from_s[counter]) & (free_s < to_s[counter]), to_s[counter], free_s)
        return free_s
