"""Which counters call people, and when.

Until the plan next changes the staff level, open counters work, and paused counters work from the end of their break.
After that, as many counters work as planned, first those already at work. The last counters continue until nobody
waits.
"""

import math
from collections.abc import Sequence
from datetime import datetime

from service.domain.day import Day
from service.domain.model import Counter, CounterId, CounterState
from service.domain.queue.counter_rates import calls_resume_in_s

Pauses = tuple[tuple[float, float], ...]
"""The spans in which a counter does not call: seconds from now, in order, without overlap."""


def pauses_of(day: Day, at_stage: Sequence[Counter], now_at: datetime) -> dict[CounterId, Pauses]:
    """Return the pauses of each counter of a stage, without counters that have no visit and do not call again."""
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
    """Return the periods in which the same counters of a stage work: begin and end in seconds, and the counters."""
    rates = day.plan.staff_levels(len(at_stage), len(at_stage))
    begun = [rate for rate in rates if rate.from_at <= now_at]
    ahead = [rate for rate in rates if rate.from_at > now_at]
    open_now = [counter for counter in at_stage if counter.state is CounterState.OPEN]
    back_soon = [counter for counter in at_stage if counter.back_at is not None]
    others = [counter for counter in at_stage if counter.state is CounterState.PAUSED and counter.back_at is None]
    closed = [
        counter
        for counter in at_stage
        if counter.state is CounterState.CLOSED and day.plan.counters[counter.id].offered
    ]
    preferred = [*open_now, *back_soon, *others, *closed]
    windows = day.plan.windows
    planned = begun[-1].counters if begun else 0
    if windows and now_at < windows[0].opens_at:
        working: list[Counter] = []
    elif open_now or back_soon:
        working = _covering([*open_now, *back_soon], preferred, planned)
    else:
        working = _choose(preferred, planned)
    periods: list[tuple[float, float, frozenset[CounterId]]] = []
    edges = [now_at, *(rate.from_at for rate in ahead)]
    for number, from_at in enumerate(edges):
        if number:
            wanted = ahead[number - 1].counters
            if wanted:
                before = {counter.id for counter in working}
                working = _choose([*working, *(counter for counter in preferred if counter.id not in before)], wanted)
            elif any(rate.counters for rate in ahead[number - 1 :]):
                working = []  # the hall is closed until the next opening
            else:
                break
        to_s = (edges[number + 1] - now_at).total_seconds() if number + 1 < len(edges) else math.inf
        periods.append(((from_at - now_at).total_seconds(), to_s, frozenset(counter.id for counter in working)))
    last_from, _, last = periods[-1]
    periods[-1] = (last_from, math.inf, last)
    return periods


def _choose(preferred: Sequence[Counter], wanted: int) -> list[Counter]:
    """Choose `wanted` counters that together serve as many services of the preferred counters as possible."""
    return _covering([], preferred, wanted, fill=True)


def _covering(
    working: Sequence[Counter], preferred: Sequence[Counter], planned: int, *, fill: bool = False
) -> list[Counter]:
    """Return the working counters, and preferred ones for services that none of them serves, as far as planned."""
    chosen = list(working)
    covered = {name for counter in chosen for name in counter.services}
    taken = {counter.id for counter in chosen}
    for counter in preferred:
        if len(chosen) < planned and counter.id not in taken and not covered.issuperset(counter.services):
            chosen.append(counter)
            taken.add(counter.id)
            covered.update(counter.services)
    if fill:
        rest = [counter for counter in preferred if counter.id not in taken]
        chosen.extend(rest[: max(0, planned - len(chosen))])
    return chosen
