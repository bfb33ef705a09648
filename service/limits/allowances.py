"""What was spent, in PostgreSQL, shared by all processes: a bucket for each key, which fills steadily.

One row per key says when its bucket is full again, which says how much is in it now (the generic cell rate algorithm).
It is changed by one statement; the row's lock makes two processes spend one after the other. The time is the service's,
which all processes take from the database. Keys are hashed before they are stored.

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
    """Rows of `allowances`. Everything here raises the journal's StorageUnavailable when PostgreSQL does not answer.

    Args:
        database: where they are.
        clock: the service's.
        hashed: a keyed hash for keys.
    """

    def __init__(self, database: Database, clock: Clock, hashed: Callable[[bytes], bytes]) -> None:
        self._database = database
        self._clock = clock
        self._hashed = hashed

    async def spend(self, limit: Limit, who: str, wanted: int) -> tuple[int, float]:
        """Take what is wanted, or what there is of it; return how many that is, and in how many seconds all is there.

        Args:
            limit: how large the bucket is, and how fast it fills.
            who: whose it is.
            wanted: at most what a bucket holds.
        """
        assert 1 <= wanted <= limit.most, "nobody gets more than all"
        now_at = self._clock.now_at()
        key = self._hashed(f"{limit.name}|{who}".encode())
        rows = await self._database.fetch(_SQL["spend"], key, now_at, wanted, limit.each_us, limit.most)
        full_at: datetime = rows[0]["full_at"]
        return rows[0]["granted"], max(0.0, (full_at - now_at) / timedelta(seconds=1))

    async def sweep(self) -> int:
        """Forget the buckets that are full again; gives how many that were."""
        return len(await self._database.fetch(_SQL["clear_full"], self._clock.now_at()))
