"""Spending: nearly always in memory, asked of the database only by those who ask for much.

The first tenth of a window is each process's own to give, so that almost nobody costs a round trip. Who goes on is
counted in the shared table, from the first one on, in blocks of a twentieth; near the limit, where a whole block is not
left, one by one. Who is refused is remembered until there is room again: a flood costs two round trips, then nothing.
Several processes together may so give a tenth more for each beyond the first, and less by what others hold, a block
for each.

When the database is away nobody is refused by a limit: whatever needs the database is refused by that.
"""

import asyncio
import math
from collections import OrderedDict

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from service.clock import Clock
from service.errors import RateLimited
from service.journal.faults import StorageUnavailable
from service.limits.allowances import Allowances
from service.limits.rules import Limit

KNOWN_MAX = 50_000
"""Keys a process remembers, about 300 bytes each; the one unused for longest is forgotten and begins anew."""

SWEEP_EVERY_S = 60.0
"""How often ended rows are deleted; a missed pass only keeps them longer."""

log = structlog.get_logger(__name__)


class _Purse:
    """What this process knows of one key in one window."""

    __slots__ = ("asking", "given", "held", "refused_until_s", "shared", "window")

    def __init__(self) -> None:
        self.window = -1
        self.given = 0
        self.held = 0
        self.shared = False
        self.refused_until_s = 0.0
        self.asking = asyncio.Lock()


class Limits:
    """Lets pass or refuses."""

    def __init__(self, allowances: Allowances, clock: Clock) -> None:
        self._allowances = allowances
        self._strategy = SlidingWindowCounterRateLimiter(allowances)
        self._clock = clock
        self._purses: OrderedDict[tuple[str, str], _Purse] = OrderedDict()

    async def spend(self, limit: Limit, who: str) -> None:
        """Count one more. Raises RateLimited."""
        purse = self._purse(limit, who)
        self._turn(purse, limit)
        self._require_room(purse)
        if not purse.shared and purse.given < limit.own:
            purse.given += 1
            return
        if purse.held == 0:
            async with purse.asking:  # of many at once the first asks for all
                self._require_room(purse)
                if purse.held == 0:
                    await self._ask(purse, limit, who)
        purse.held = max(0, purse.held - 1)

    def require_room(self, limit: Limit, who: str) -> None:
        """Refuse whom this process has refused and for whom there is no room yet. Raises RateLimited."""
        known = self._purses.get((limit.name, who))
        if known is not None:
            self._require_room(known)

    async def keep_small(self) -> None:
        """Delete ended rows each minute, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                await self._allowances.sweep()
            except StorageUnavailable:
                log.warning("limits_not_swept")

    def _purse(self, limit: Limit, who: str) -> _Purse:
        key = limit.name, who
        purse = self._purses.get(key)
        if purse is None:
            purse = self._purses[key] = _Purse()
            if len(self._purses) > KNOWN_MAX:
                self._purses.popitem(last=False)
        else:
            self._purses.move_to_end(key)
        return purse

    def _turn(self, purse: _Purse, limit: Limit) -> None:
        """Begin a window; of the one just before, what was spent still weighs, and what is held may still be given."""
        window = int(self._now_s() // limit.within_s)
        if window != purse.window:
            if window != purse.window + 1:
                purse.shared, purse.held = False, 0
            purse.window, purse.given = window, 0

    def _require_room(self, purse: _Purse) -> None:
        left_s = purse.refused_until_s - self._now_s()
        if left_s > 0:
            raise RateLimited(math.ceil(left_s))

    async def _ask(self, purse: _Purse, limit: Limit, who: str) -> None:
        """Get a block, or one, of what all processes share; what was given without asking is counted with it."""
        given = 0 if purse.shared else purse.given
        window = purse.window
        for wanted in dict.fromkeys((limit.block, 1)):
            try:
                got = await self._strategy.hit(_item(limit), limit.name, who, cost=given + wanted)
            except StorageUnavailable:
                purse.held = 1
                return
            if got:
                if purse.window == window:
                    purse.shared = True
                purse.held = wanted
                return
        wait_s = await self._room_in_s(limit, who)
        purse.refused_until_s = self._now_s() + wait_s
        raise RateLimited(math.ceil(wait_s))

    async def _room_in_s(self, limit: Limit, who: str) -> float:
        """Seconds until one more may be spent, if nobody else spends meanwhile."""
        most, expiry = limit.most, limit.within_s
        try:
            key = _item(limit).key_for(limit.name, who)
            before, left_s, spent, _ = await self._allowances.get_sliding_window(key, expiry)
        except StorageUnavailable:
            return 1.0
        if spent < most:  # room comes as the window before goes
            return max(1.0, left_s - expiry * (most - spent) / max(before, 1))
        return left_s + expiry * max(0.0, 1 - (most - 1) / spent)

    def _now_s(self) -> float:
        return self._clock.now_at().timestamp()


def _item(limit: Limit) -> RateLimitItemPerSecond:
    """A limit as the package has it."""
    return RateLimitItemPerSecond(limit.most, limit.within_s)
