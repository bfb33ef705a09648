"""Which counters call people, and when.

Until the plan's next change those work that are open, and paused ones from the end of their break; then as many as
planned, those at work first. The last that work go on until nobody waits.
"""

import math
from collections.abc import Sequence
from datetime import datetime

from service.domain.day import Day
from service.domain.model import Counter, CounterId, CounterState
from service.domain.queue.counter_rates import calls_resume_in_s

Pauses = tuple[tuple[float, float], ...]
"""Spans in which a counter calls nobody: seconds from now, apart and in order."""


def pauses_of(day: Day, at_stage: Sequence[Counter], now_at: datetime) -> dict[CounterId, Pauses]:
    """When each counter of a stage calls nobody; only those are there that have somebody or will call again."""
    periods = _periods(day, at_stage, now_at)
    first_s = calls_resume_in_s(day, now_at) or 0.0
    found: dict[CounterId, Pauses] = {}
    for counter in at_stage:
        back_at = counter.back_at
        begins_s = max(first_s, (back_at - now_at).total_seconds() if back_at is not None else 0.0)
        pauses: list[tuple[float, float]] = [(0.0, begins_s)] if begins_s > 0 else []
        for from_s, to_s, working in periods:
            if counter.id in working or to_s <= begins_s:
                continue
            begin_s = max(from_s, begins_s)
            if pauses and pauses[-1][1] >= begin_s:
                pauses[-1] = (pauses[-1][0], to_s)
            else:
                pauses.append((begin_s, to_s))
        if pauses != [(0.0, math.inf)] or counter.ticket is not None:
            found[counter.id] = tuple(pauses)
    return found


def _periods(
    day: Day, at_stage: Sequence[Counter], now_at: datetime
) -> list[tuple[float, float, frozenset[CounterId]]]:
    """From when to when, in seconds, which counters of a stage work."""
    rates = day.plan.staff_levels(len(at_stage), len(at_stage))
    begun = [rate for rate in rates if rate.from_at <= now_at]
    ahead = [rate for rate in rates if rate.from_at > now_at]
    open_now = [one for one in at_stage if one.state is CounterState.OPEN]
    back_soon = [one for one in at_stage if one.back_at is not None]
    others = [one for one in at_stage if one.state is CounterState.PAUSED and one.back_at is None]
    closed = [one for one in at_stage if one.state is CounterState.CLOSED and day.plan.counters[one.id].offered]
    preferred = [*open_now, *back_soon, *others, *closed]
    windows = day.plan.windows
    planned = begun[-1].counters if begun else 0
    if windows and now_at < windows[0].opens_at:
        working: list[Counter] = []
    elif open_now or back_soon:
        working = _covering([*open_now, *back_soon], preferred, planned)
    else:
        working = _chosen(preferred, planned)
    periods: list[tuple[float, float, frozenset[CounterId]]] = []
    edges = [now_at, *(rate.from_at for rate in ahead)]
    for number, from_at in enumerate(edges):
        if number:
            wanted = ahead[number - 1].counters
            if wanted:
                before = {one.id for one in working}
                working = _chosen([*working, *(one for one in preferred if one.id not in before)], wanted)
            elif any(rate.counters for rate in ahead[number - 1 :]):
                working = []  # closed over lunch
            else:
                break
        to_s = (edges[number + 1] - now_at).total_seconds() if number + 1 < len(edges) else math.inf
        periods.append(((from_at - now_at).total_seconds(), to_s, frozenset(one.id for one in working)))
    last_from, _, last = periods[-1]
    periods[-1] = (last_from, math.inf, last)
    return periods


def _chosen(preferred: Sequence[Counter], wanted: int) -> list[Counter]:
    """So many counters, and among them, if it can be, one for each service that any of them does."""
    return _covering([], preferred, wanted, fill=True)


def _covering(
    working: Sequence[Counter], preferred: Sequence[Counter], planned: int, *, fill: bool = False
) -> list[Counter]:
    """Counters at work, and of those preferred as many more as the plan allows, for services that none of them does."""
    chosen = list(working)
    covered = {name for one in chosen for name in one.services}
    taken = {one.id for one in chosen}
    for one in preferred:
        if len(chosen) < planned and one.id not in taken and not covered.issuperset(one.services):
            chosen.append(one)
            taken.add(one.id)
            covered.update(one.services)
    if fill:
        rest = [one for one in preferred if one.id not in taken]
        chosen.extend(rest[: max(0, planned - len(chosen))])
    return chosen
