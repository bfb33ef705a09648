"""The blocks of a day: the opening hours in parts of an hour, with the staffed time and the walk-ins of each block.

Times are seconds from the plan's `starts_at`. The last block before a closing may be shorter.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from service.domain.calendar.plan import Plan

BLOCK_S = 3600
"""The length of a block. Within a block, work that arrives at the same time may be done a little later."""


class Block(NamedTuple):
    """A part of the opening hours, in seconds from the plan's `starts_at`."""

    from_s: int
    to_s: int


def seconds_of(plan: Plan, at: datetime) -> int:
    """Return the whole seconds from the plan's `starts_at` to an instant."""
    return math.floor((at - plan.starts_at).total_seconds())


def blocks_of(plan: Plan) -> Iterator[Block]:
    """Yield the blocks of a day: hours from each opening on, the last one up to the closing."""
    for window in plan.windows:
        from_s = round((window.opens_at - plan.starts_at).total_seconds())
        closes_s = round((window.closes_at - plan.starts_at).total_seconds())
        for begin_s in range(from_s, closes_s, BLOCK_S):
            yield Block(begin_s, min(begin_s + BLOCK_S, closes_s))


def staffed_seconds(levels: Sequence[tuple[int, int]], block: Block) -> float:
    """Return the counter seconds staffed in a block; `levels` are pairs of a start in seconds and a counter count."""
    ends = [*(from_s for from_s, _ in levels[1:]), block.to_s]
    return float(
        sum(
            counters * max(0, min(to_s, block.to_s) - max(from_s, block.from_s))
            for (from_s, counters), to_s in zip(levels, ends[: len(levels)], strict=True)
        )
    )


def arrivals_by_block(plan: Plan, blocks: Iterable[Block]) -> list[tuple[float, float]]:
    """Return the expected walk-ins of each block and the variance of that forecast.

    People who come while the hall is closed count in the next block.
    """
    found = []
    since_s = -math.inf
    for block in blocks:
        number = spread = 0.0
        for span in plan.walk_ins:
            from_s, to_s = seconds_of(plan, span.from_at), seconds_of(plan, span.to_at)
            part = max(0.0, min(to_s, block.to_s) - max(from_s, since_s)) / (to_s - from_s)
            number += part * span.number
            spread += (part * span.sd) ** 2
        found.append((number, spread))
        since_s = block.to_s
    return found


def parts_without_history(plan: Plan, blocks: Iterable[Block]) -> list[list[Block]]:
    """Return the parts of each block without learned walk-ins. A share of their staffed time is held for walk-ins."""
    spans = [
        (seconds_of(plan, span.opens_at), seconds_of(plan, span.closes_at)) for span in plan.windows_without_history()
    ]
    return [
        [
            Block(max(block.from_s, begin_s), min(block.to_s, end_s))
            for begin_s, end_s in spans
            if begin_s < block.to_s and block.from_s < end_s
        ]
        for block in blocks
    ]
