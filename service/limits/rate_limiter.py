"""Apply rate limits, mostly in memory; only heavy use needs a query.

Each process may grant a tenth of a bucket by itself; this local share refills in the same time as the whole bucket. So
almost no request needs a round trip. When the local share is used up, the process takes tokens from the shared bucket,
first those that it granted locally, then a block of a twentieth for the following requests (or what is left). A refusal
is kept in memory for at least a second, so a flood of requests causes only a few queries per second. When the shared
bucket must be full again, the process uses its local share again. With several processes the real limit can be higher
by a tenth for each process beyond the first, and lower by the blocks that other processes hold.

If the database is unavailable, no request is refused by a limit; requests that need the database fail anyway.
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
"""Buckets in the memory of a process, about 300 bytes each; beyond it the least recently used one is removed."""

SWEEP_EVERY_S = 60.0
"""Interval of deleting full buckets; a missed run only keeps rows longer."""

REFUSAL_MIN_S = 1.0
"""Minimum duration of a refusal; `Retry-After` is in whole seconds anyway."""

log = structlog.get_logger(__name__)


class _LocalBucket:
    """The state of one bucket in this process."""

    __slots__ = ("at_s", "full_again_s", "granted", "local_left", "refilling", "refused_until_s", "unreported")

    def __init__(self, limit: Limit, now_s: float) -> None:
        self.at_s = now_s
        self.local_left = float(limit.local)
        """Tokens of the local share."""

        self.unreported = 0.0
        """Tokens granted from the local share that would be missing in the shared bucket now."""

        self.granted = 0
        """Tokens taken from the shared bucket and not used yet."""

        self.full_again_s = 0.0
        """Monotonic time when the shared bucket is full again; until then the local share is not used."""

        self.refused_until_s = 0.0
        self.refilling = asyncio.Lock()

    def advance(self, now_s: float, limit: Limit) -> None:
        """Apply the time that has passed."""
        elapsed_s = now_s - self.at_s
        if elapsed_s > 0:
            self.at_s = now_s
            self.local_left = min(limit.local, self.local_left + limit.local * elapsed_s / limit.within_s)
            self.unreported = max(0.0, self.unreported - limit.most * elapsed_s / limit.within_s)
        if now_s >= self.full_again_s:
            self.granted = 0

    def has_local(self) -> bool:
        """Tell whether a token of the local share may be used."""
        return self.local_left >= 1 and self.at_s >= self.full_again_s

    def require_not_refused(self, now_s: float) -> None:
        """Repeat a refusal that is still valid. Raises RateLimited."""
        left_s = self.refused_until_s - now_s
        if left_s > 0:
            raise RateLimited(math.ceil(left_s))


class RateLimiter:
    """Counts requests against limits and refuses those beyond."""

    def __init__(self, allowances: Allowances, clock: Clock) -> None:
        self._allowances = allowances
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], _LocalBucket] = OrderedDict()

    async def spend(self, limit: Limit, who: str) -> None:
        """Count one use of a limit by `who`. Raises RateLimited."""
        now_s = self._now_s()
        bucket = self._bucket(limit, who, now_s)
        bucket.advance(now_s, limit)
        bucket.require_not_refused(now_s)
        if bucket.granted == 0:
            if bucket.has_local():
                bucket.local_left -= 1
                bucket.unreported += 1
                return
            async with bucket.refilling:  # of concurrent callers the first one takes a block for all
                bucket.require_not_refused(self._now_s())
                if bucket.granted == 0:
                    await self._refill(bucket, limit, who)
        bucket.granted -= 1

    async def sweep_periodically(self) -> None:
        """Delete full buckets every `SWEEP_EVERY_S`, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                await self._allowances.sweep()
            except StorageUnavailable:
                log.warning("limits_not_swept")

    def _bucket(self, limit: Limit, who: str, now_s: float) -> _LocalBucket:
        key = limit.name, who
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _LocalBucket(limit, now_s)
            if len(self._buckets) > BUCKETS_MAX:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket

    async def _refill(self, bucket: _LocalBucket, limit: Limit, who: str) -> None:
        """Take the unreported tokens and a block, or what is left, from the shared bucket. Raises RateLimited."""
        unreported, bucket.unreported = math.floor(bucket.unreported), 0.0
        try:
            granted, full_in_s = await self._allowances.spend(limit, who, unreported + limit.block)
        except StorageUnavailable:
            bucket.granted = 1
            return
        now_s = self._now_s()
        bucket.full_again_s = now_s + full_in_s
        bucket.granted = max(0, granted - unreported)
        if bucket.granted == 0:
            wait_s = max(REFUSAL_MIN_S, full_in_s - (limit.most - 1) * limit.each_s)
            bucket.refused_until_s = now_s + wait_s
            raise RateLimited(math.ceil(wait_s))

    def _now_s(self) -> float:
        return self._clock.monotonic_s()
