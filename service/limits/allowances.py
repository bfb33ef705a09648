"""What was spent, in PostgreSQL: a storage for the `limits` package, shared by all processes.

One row per key, changed by one statement; the row's lock makes two processes spend one after the other. The windows
are those of the service's clock, which all processes take from the database. Keys are hashed before they are stored.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from limits.aio.storage import SlidingWindowCounterSupport, Storage

from service.clock import Clock
from service.journal.database import Database
from service.journal.faults import StorageUnavailable
from service.journal.statements import statements

UNLIMITED = 2**31 - 1

_SQL = statements("limits.sql", "service.limits")


class Allowances(Storage, SlidingWindowCounterSupport):
    """Rows of `allowances`. Everything here raises the journal's StorageUnavailable when PostgreSQL does not answer.

    Args:
        database: where they are.
        clock: the service's.
        hashed: a keyed hash for keys.
    """

    STORAGE_SCHEME = None

    def __init__(self, database: Database, clock: Clock, hashed: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self._database = database
        self._clock = clock
        self._hashed = hashed

    @property
    def base_exceptions(self) -> type[Exception]:
        """What it raises when the database is away."""
        return StorageUnavailable

    # Windows that slide, which is what we use.

    async def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Spend an amount, all of it or nothing."""
        return await self._spend(key, limit, expiry, amount) is not None

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """What was spent in the window before and in this one, and for how many seconds each counts."""
        window, gone_s = self._window(expiry)
        left_s = expiry - gone_s
        rows = await self._database.fetch(_SQL["spent"], self._hashed(key.encode()))
        before, spent = 0, 0
        if rows:
            known = rows[0]["window_no"]
            if known >= window:
                before, spent = rows[0]["spent_before"], rows[0]["spent"]
            elif known == window - 1:
                before = rows[0]["spent"]
        return before, left_s, spent, expiry + left_s

    async def clear_sliding_window(self, key: str, expiry: int) -> None:  # noqa: ARG002  (of all windows)
        """Forget a key."""
        await self.clear(key)

    # What every storage of the package has.

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Spend without a limit; gives what is spent in this window."""
        return await self._spend(key, UNLIMITED, expiry, amount) or 0

    async def get(self, key: str) -> int:
        """What was spent in the newest window."""
        rows = await self._database.fetch(_SQL["spent"], self._hashed(key.encode()))
        return int(rows[0]["spent"]) if rows and rows[0]["ends_at"] > self._clock.now_at() else 0

    async def get_expiry(self, key: str) -> float:
        """When a key is forgotten, in seconds since 1970."""
        rows = await self._database.fetch(_SQL["spent"], self._hashed(key.encode()))
        ends_at: datetime = rows[0]["ends_at"] if rows else self._clock.now_at()
        return ends_at.timestamp()

    async def check(self) -> bool:
        """Whether the database answers."""
        try:
            await self._database.ping()
        except StorageUnavailable:
            return False
        return True

    async def reset(self) -> int:
        """Forget everything; gives how many keys that were."""
        return len(await self._database.fetch(_SQL["clear_all"]))

    async def clear(self, key: str) -> None:
        """Forget a key."""
        await self._database.fetch(_SQL["clear"], self._hashed(key.encode()))

    async def sweep(self) -> int:
        """Forget what counts for nothing any more; gives how many keys that were."""
        return len(await self._database.fetch(_SQL["clear_ended"], self._clock.now_at()))

    async def _spend(self, key: str, limit: int, expiry: int, amount: int) -> int | None:
        if amount > limit:
            return None
        window, gone_s = self._window(expiry)
        ends_at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=(window + 2) * expiry)
        share = 1 - gone_s / expiry
        rows = await self._database.fetch(
            _SQL["spend"], self._hashed(key.encode()), window, share, limit, amount, ends_at
        )
        return int(rows[0]["spent"]) if rows else None

    def _window(self, expiry: int) -> tuple[int, float]:
        window, gone_s = divmod(self._clock.now_at().timestamp(), expiry)
        return int(window), gone_s
