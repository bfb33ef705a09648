"""Spending: nearly always in memory, asked of the database only by those who ask for much.

A tenth of a bucket is each process's own to give, and comes back as slowly as a whole bucket does, so that almost
nobody costs a round trip. Who goes on is counted in the shared bucket, with what they were given before, in blocks of a
twentieth; near the limit, where a whole block is not left, with what there is. Who is refused is refused in memory for
a second at least: a flood costs a few round trips a second. Once the shared bucket must be full again, a process gives
of its own again. Several processes together may so give a tenth more for each beyond the first, and less by what others
hold, a block for each.

When the database is away nobody is refused by a limit: whatever needs the database is refused by that.
"""

import asyncio
import math
from collections import OrderedDict

import structlog

from service.clock import Clock
from service.errors import RateLimited
from service.journal.faults import StorageUnavailable
from service.limits.allowances import Allowances
from service.limits.rules import Limit

BUCKETS_MAX = 50_000
"""Keys a process remembers, about 300 bytes each; the one unused for longest is forgotten and begins anew."""

SWEEP_EVERY_S = 60.0
"""How often rows of full buckets are deleted; a missed pass only keeps them longer."""

REFUSAL_MIN_S = 1.0
"""How long who is refused is refused at least; `Retry-After` says whole seconds anyway."""

log = structlog.get_logger(__name__)


class _Purse:
    """What this process knows of one key."""

    __slots__ = ("asking", "at_s", "full_again_s", "held", "owed", "own_left", "refused_until_s")

    def __init__(self, limit: Limit, now_s: float) -> None:
        self.at_s = now_s
        self.own_left = float(limit.own)
        self.owed = 0.0
        """What was given of its own and would be missing in the shared bucket now."""

        self.held = 0
        """What was asked for and not given yet."""

        self.full_again_s = 0.0
        """When the shared bucket is full again; until then all is asked for."""

        self.refused_until_s = 0.0
        self.asking = asyncio.Lock()

    def pass_to(self, now_s: float, limit: Limit) -> None:
        """Let the time pass."""
        gone_s = now_s - self.at_s
        if gone_s > 0:
            self.at_s = now_s
            self.own_left = min(limit.own, self.own_left + limit.own * gone_s / limit.within_s)
            self.owed = max(0.0, self.owed - limit.most * gone_s / limit.within_s)
        if now_s >= self.full_again_s:
            self.held = 0

    def has_own(self) -> bool:
        """Tell whether it may give of its own."""
        return self.own_left >= 1 and self.at_s >= self.full_again_s

    def require_room(self, now_s: float) -> None:
        """Refuse who was refused a moment ago. Raises RateLimited."""
        left_s = self.refused_until_s - now_s
        if left_s > 0:
            raise RateLimited(math.ceil(left_s))


class RateLimiter:
    """Lets pass or refuses."""

    def __init__(self, allowances: Allowances, clock: Clock) -> None:
        self._allowances = allowances
        self._clock = clock
        self._purses: OrderedDict[tuple[str, str], _Purse] = OrderedDict()

    async def spend(self, limit: Limit, who: str) -> None:
        """Count one more. Raises RateLimited."""
        now_s = self._now_s()
        purse = self._purse(limit, who, now_s)
        purse.pass_to(now_s, limit)
        purse.require_room(now_s)
        if purse.held == 0:
            if purse.has_own():
                purse.own_left -= 1
                purse.owed += 1
                return
            async with purse.asking:  # of many at once the first asks for all
                purse.require_room(self._now_s())
                if purse.held == 0:
                    await self._ask(purse, limit, who)
        purse.held -= 1

    async def keep_small(self) -> None:
        """Delete full buckets each minute, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                await self._allowances.sweep()
            except StorageUnavailable:
                log.warning("limits_not_swept")

    def _purse(self, limit: Limit, who: str, now_s: float) -> _Purse:
        key = limit.name, who
        purse = self._purses.get(key)
        if purse is None:
            purse = self._purses[key] = _Purse(limit, now_s)
            if len(self._purses) > BUCKETS_MAX:
                self._purses.popitem(last=False)
        else:
            self._purses.move_to_end(key)
        return purse

    async def _ask(self, purse: _Purse, limit: Limit, who: str) -> None:
        """Get a block, or what there is, of what all processes share; what was given without asking counts with it."""
        owed, purse.owed = math.floor(purse.owed), 0.0
        try:
            granted, full_in_s = await self._allowances.spend(limit, who, owed + limit.block)
        except StorageUnavailable:
            purse.held = 1
            return
        now_s = self._now_s()
        purse.full_again_s = now_s + full_in_s
        purse.held = max(0, granted - owed)
        if purse.held == 0:
            wait_s = max(REFUSAL_MIN_S, full_in_s - (limit.most - 1) * limit.each_s)
            purse.refused_until_s = now_s + wait_s
            raise RateLimited(math.ceil(wait_s))

    def _now_s(self) -> float:
        return self._clock.monotonic_s()
