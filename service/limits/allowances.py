"""Token buckets in PostgreSQL, shared by all processes; each bucket refills at a constant rate.

The row of a bucket contains the time when it will be full again, from which its present content follows (generic cell
rate algorithm). One statement updates it; the row lock serializes concurrent processes. The time is the service's
clock, which all processes take from the database. Keys are stored as keyed hashes.

Source: ITU-T I.371, annex A.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from service.clock import Clock
from service.journal.database import Database
from service.journal.sql_files import statements
from service.limits.rules import Limit

_SQL = statements("limits.sql", "service.limits")


class Allowances:
    """The table `allowances`. Methods raise the journal's StorageUnavailable if PostgreSQL does not answer.

    Args:
        database: the database.
        clock: the clock of the service.
        hashed: keyed hash of the keys.
    """

    def __init__(self, database: Database, clock: Clock, hashed: Callable[[bytes], bytes]) -> None:
        self._database = database
        self._clock = clock
        self._hashed = hashed

    async def spend(self, limit: Limit, who: str, wanted: int) -> tuple[int, float]:
        """Take up to `wanted` tokens from a bucket; return the number granted, and the seconds until it is full.

        Args:
            limit: the limit, with size and refill time of the bucket.
            who: the owner of the bucket, for example an address.
            wanted: 1 to the size of the bucket.
        """
        assert 1 <= wanted <= limit.most, "a bucket cannot grant more than its size"
        now_at = self._clock.now_at()
        key = self._hashed(f"{limit.name}|{who}".encode())
        rows = await self._database.fetch(_SQL["spend"], key, now_at, wanted, limit.each_us, limit.most)
        full_at: datetime = rows[0]["full_at"]
        return rows[0]["granted"], max(0.0, (full_at - now_at) / timedelta(seconds=1))

    async def sweep(self) -> int:
        """Delete the buckets that are full again; return their number."""
        return len(await self._database.fetch(_SQL["clear_full"], self._clock.now_at()))
