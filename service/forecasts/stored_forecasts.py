"""The table `forecasts`, and a cache of its rows in this process.

`promises_of` returns the promised waits of a day. Days that were requested are read again every second, all halls in
one query.
"""

from datetime import UTC, date, datetime, timedelta

import msgspec
from msgspec import Struct

from service.clock import Clock
from service.domain.forecast.day_outlook import DayAhead
from service.domain.model import HallId
from service.domain.queue.promises import Promises
from service.journal.database import Database
from service.journal.faults import StorageUnavailable
from service.journal.sql_files import statements

UPDATE_INTERVAL = timedelta(seconds=1)
"""Minimum time between two forecasts of a day."""

AGE_MAX = timedelta(seconds=30)
"""Age at which a forecast is replaced without a new event, because services continue and people are late."""

READ_EVERY_S = 1.0

READ_FOR_S = 60.0
"""A day that was not requested for this time is not read any more."""

NEVER = datetime(1970, 1, 1, tzinfo=UTC)

PACKAGE = "service.forecasts"

_SQL = statements("forecasts.sql", PACKAGE)


class StoredForecast(Struct, frozen=True, kw_only=True):
    """The stored forecast of a day: the promised waits, and the outlook of the rest of the day.

    `ahead` is the outlook computed at `ahead_at`; None if it could not be computed.
    """

    promises: Promises
    ahead: DayAhead | None
    ahead_at: datetime | None = None


_decode = msgspec.json.Decoder(StoredForecast | None).decode
_encode = msgspec.json.Encoder().encode


def _decode_row(body: str) -> StoredForecast | None:
    """Decode a row; None if it has no forecast yet, or one of another release in a different form.

    A forecast in a different form is computed again. It contains no facts that could be lost.
    """
    try:
        stored: StoredForecast | None = _decode(body)
    except msgspec.ValidationError:
        return None
    return stored


class Forecasts:
    """Reads and writes the table `forecasts`, with a cache."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._cached: dict[tuple[HallId, date], StoredForecast] = {}
        self._requested_s: dict[tuple[HallId, date], float] = {}

    def promises_of(self, hall: HallId, on: date) -> Promises | None:
        """Return the cached promises of a day, and read the day from now on; None if there are none."""
        stored = self.of(hall, on)
        return None if stored is None else stored.promises

    def of(self, hall: HallId, on: date) -> StoredForecast | None:
        """Return the cached forecast of a day, and read the day from now on; None if there is none."""
        self._requested_s[hall, on] = self._clock.monotonic_s()
        return self._cached.get((hall, on))

    def cached(self) -> dict[tuple[HallId, date], StoredForecast]:
        """Return all cached forecasts."""
        return dict(self._cached)

    async def read(self) -> None:
        """Read newer forecasts of the requested days; without a database the cache stays as it is."""
        now_s = self._clock.monotonic_s()
        for key, requested_s in list(self._requested_s.items()):
            if now_s - requested_s > READ_FOR_S:
                del self._requested_s[key]
                self._cached.pop(key, None)
        keys = list(self._requested_s)
        if not keys:
            return
        made = [self._cached[key].promises.made_at if key in self._cached else NEVER for key in keys]
        try:
            rows = await self._database.fetch(_SQL["newer"], [hall for hall, _ in keys], [on for _, on in keys], made)
        except StorageUnavailable:
            return
        for row in rows:
            stored = _decode_row(row["body"])
            if stored is not None:
                self._cached[HallId(row["hall_id"]), row["day"]] = stored

    async def claim(self, hall: HallId, on: date, seq: int, now_at: datetime) -> bool:
        """Claim the computation of a day's forecast; False if it is not due or another process has claimed it.

        Raises:
            StorageUnavailable: the journal's; the database cannot be reached.
        """
        rows = await self._database.fetch(_SQL["claim"], hall, on, seq, now_at, UPDATE_INTERVAL, AGE_MAX)
        if not rows:
            return False
        stored = _decode_row(rows[0]["body"])
        if stored is not None:
            self._cached[hall, on] = stored
        return True

    async def store(self, hall: HallId, forecast: StoredForecast, claimed_at: datetime) -> bool:
        """Store a claimed forecast; False if another process has claimed the day since. Raises StorageUnavailable."""
        promises = forecast.promises
        rows = await self._database.fetch(
            _SQL["store"], hall, promises.day, promises.seq, promises.made_at, claimed_at, _encode(forecast).decode()
        )
        if rows:
            self._cached[hall, promises.day] = forecast
        return bool(rows)

    async def delete_old(self, before_at: datetime) -> None:
        """Delete forecasts claimed before an instant. Raises StorageUnavailable."""
        await self._database.fetch(_SQL["delete_old"], before_at)
