"""The forecasts that are kept, as this process knows them.

Whoever tells people their wait asks `promises_of`; what is asked for is read again each second, all halls at once.
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
"""Between two forecasts of a day."""

AGE_MAX = timedelta(seconds=30)
"""How old a forecast gets while nothing happens: services go on, and people come late."""

READ_EVERY_S = 1.0

READ_FOR_S = 60.0
"""A day nobody asked about for so long is not read any more."""

NEVER = datetime(1970, 1, 1, tzinfo=UTC)

PACKAGE = "service.forecasts"

_SQL = statements("forecasts.sql", PACKAGE)


class StoredForecast(Struct, frozen=True, kw_only=True):
    """What is kept of a day: what people are told, and the rest of the day, which is looked at less often.

    `ahead` is what the look at `ahead_at` found: None where nobody can tell.
    """

    promises: Promises
    ahead: DayAhead | None
    ahead_at: datetime | None = None


_decode = msgspec.json.Decoder(StoredForecast | None).decode
_encode = msgspec.json.Encoder().encode


def _kept_of(body: str) -> StoredForecast | None:
    """What a row says; None where nothing was made yet, or another release made it in words that this one cannot read.

    Then it is made anew, as if there were none: nothing that happened is in it.
    """
    try:
        kept: StoredForecast | None = _decode(body)
    except msgspec.ValidationError:
        return None
    return kept


class Forecasts:
    """The rows of `forecasts`, and what this process knows of them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._kept: dict[tuple[HallId, date], StoredForecast] = {}
        self._asked_s: dict[tuple[HallId, date], float] = {}

    def promises_of(self, hall: HallId, on: date) -> Promises | None:
        """What people are told on a day, as far as this process knows; it is kept up to date from now on."""
        kept = self.of(hall, on)
        return None if kept is None else kept.promises

    def of(self, hall: HallId, on: date) -> StoredForecast | None:
        """All that is kept of a day; likewise."""
        self._asked_s[hall, on] = self._clock.monotonic_s()
        return self._kept.get((hall, on))

    def known(self) -> dict[tuple[HallId, date], StoredForecast]:
        """What this process knows."""
        return dict(self._kept)

    async def read(self) -> None:
        """Read what is new of the days that were asked about; an outage changes nothing."""
        now_s = self._clock.monotonic_s()
        for key, asked_s in list(self._asked_s.items()):
            if now_s - asked_s > READ_FOR_S:
                del self._asked_s[key]
                self._kept.pop(key, None)
        keys = list(self._asked_s)
        if not keys:
            return
        made = [self._kept[key].promises.made_at if key in self._kept else NEVER for key in keys]
        try:
            rows = await self._database.fetch(_SQL["newer"], [hall for hall, _ in keys], [on for _, on in keys], made)
        except StorageUnavailable:
            return
        for row in rows:
            kept = _kept_of(row["body"])
            if kept is not None:
                self._kept[HallId(row["hall_id"]), row["day"]] = kept

    async def claim(self, hall: HallId, on: date, seq: int, now_at: datetime) -> bool:
        """Set out to make a day's forecast; False when it is good still, or another process does.

        Raises the journal's StorageUnavailable.
        """
        rows = await self._database.fetch(_SQL["claim"], hall, on, seq, now_at, UPDATE_INTERVAL, AGE_MAX)
        if not rows:
            return False
        kept = _kept_of(rows[0]["body"])
        if kept is not None:
            self._kept[hall, on] = kept
        return True

    async def keep(self, hall: HallId, kept: StoredForecast, claimed_at: datetime) -> bool:
        """Keep what was made after a claim; False when another has claimed since. Raises StorageUnavailable."""
        promises = kept.promises
        rows = await self._database.fetch(
            _SQL["keep"], hall, promises.day, promises.seq, promises.made_at, claimed_at, _encode(kept).decode()
        )
        if rows:
            self._kept[hall, promises.day] = kept
        return bool(rows)

    async def forget(self, before_at: datetime) -> None:
        """Drop what nobody looks at any more. Raises StorageUnavailable."""
        await self._database.fetch(_SQL["forget"], before_at)
