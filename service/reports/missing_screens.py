"""Lobby screens that are missed when they are gone.

A manager gives a screen a key, a device of role `kiosk` with a name; its page then says every half minute that what it
shows is true. Who has said so once and does not any more while the hall is open is missed, until its key is taken back.
Screens without a key are nobody's to miss.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

import structlog
from msgspec import Struct

from service.clock import Clock
from service.domain.model import HallId
from service.errors import StorageUnavailable
from service.journal import faults
from service.journal.database import Database
from service.journal.health import Health
from service.journal.sql_files import statements
from service.reports.day_reports import PACKAGE

REFRESH_EVERY_S = 10
SWEEP_EVERY_S = 3600

MISSING_AFTER = timedelta(seconds=90)
"""Three times that a screen has not said that it is there."""

_SQL = statements("reports.sql", PACKAGE)

log = structlog.get_logger(__name__)


class Screen(Struct, frozen=True):
    """A screen with a name, the zone it shows (None: the whole hall), and when it last showed what is true."""

    hall: HallId
    device: str
    name: str
    zone: str | None
    seen_at: datetime

    def gone(self, now_at: datetime) -> bool:
        """Tell whether it has been silent for too long."""
        return now_at - self.seen_at > MISSING_AFTER


class Screens:
    """The screens of all halls, as they were some seconds ago."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        missed: Callable[[Mapping[tuple[str, str], float]], None],
        open_now: Callable[[], Collection[HallId]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._missed = missed
        self._open_now = open_now
        self._well = Health("screens")
        self._known: dict[HallId, list[Screen]] = {}

    def of(self, hall: HallId) -> list[Screen]:
        """The screens of a hall, by name."""
        return self._known.get(hall, [])

    async def seen(self, hall: HallId, device: str, zone: str | None) -> None:
        """Note that a screen shows what is true. Raises the service's StorageUnavailable."""
        try:
            await self._database.fetch(_SQL["screen_seen"], hall, device, zone, self._clock.now_at())
        except faults.StorageUnavailable as fault:
            raise StorageUnavailable from fault

    async def forget(self) -> None:
        """Remove the screens whose key was taken back; again and again, for one may be heard of once more after it."""
        try:
            await self._database.fetch(_SQL["forget_screens"])
        except faults.StorageUnavailable:
            log.warning("screens_not_forgotten")

    async def look(self) -> None:
        """Read all of them, and tell the metrics for how long each has been gone; an outage changes nothing."""
        try:
            rows = await self._database.fetch(_SQL["screens"])
        except faults.StorageUnavailable as error:
            self._well.failed(error)
            return
        self._well.worked()
        known: dict[HallId, list[Screen]] = {}
        for row in rows:
            hall = HallId(row["hall_id"])
            known.setdefault(hall, []).append(
                Screen(hall, str(row["device"]), row["name"], row["zone"], row["seen_at"])
            )
        self._known = known
        now_at = self._clock.now_at()
        self._missed(
            {
                (hall, screen.device): (now_at - screen.seen_at).total_seconds()
                for hall in (self._open_now() if known else ())
                for screen in known.get(hall, ())
                if screen.gone(now_at)
            }
        )
