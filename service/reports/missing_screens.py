"""Detect missing lobby screens.

A manager can give a screen a key: a named device with the role `kiosk`. The page of the screen then reports every half
minute that its display is up to date. A screen that has reported once and stops reporting while the hall is open counts
as missing, until its key is revoked. Screens without a key are not monitored.
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
"""A screen is missing after three reports in a row were not received."""

_SQL = statements("reports.sql", PACKAGE)

log = structlog.get_logger(__name__)


class Screen(Struct, frozen=True):
    """A screen with a key; `zone` None shows the whole hall; `seen_at` is the time of its last report."""

    hall: HallId
    device: str
    name: str
    zone: str | None
    seen_at: datetime

    def is_missing(self, now_at: datetime) -> bool:
        """Tell whether the last report is older than `MISSING_AFTER`."""
        return now_at - self.seen_at > MISSING_AFTER


class Screens:
    """The screens of all halls, as read at most `REFRESH_EVERY_S` ago."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        report_missing: Callable[[Mapping[tuple[str, str], float]], None],
        open_now: Callable[[], Collection[HallId]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._report_missing = report_missing
        self._open_now = open_now
        self._health = Health("screens")
        self._known: dict[HallId, list[Screen]] = {}

    def of(self, hall: HallId) -> list[Screen]:
        """Return the screens of a hall, sorted by name."""
        return self._known.get(hall, [])

    async def record_report(self, hall: HallId, device: str, zone: str | None) -> None:
        """Record a report of a screen. Raises `service.errors.StorageUnavailable`."""
        try:
            await self._database.fetch(_SQL["record_screen"], hall, device, zone, self._clock.now_at())
        except faults.StorageUnavailable as fault:
            raise StorageUnavailable from fault

    async def delete_revoked(self) -> None:
        """Delete the screens whose key was revoked. Repeated, because a late report can insert such a screen again."""
        try:
            await self._database.fetch(_SQL["delete_revoked_screens"])
        except faults.StorageUnavailable:
            log.warning("screens_not_forgotten")

    async def refresh(self) -> None:
        """Read all screens and report the missing ones to the metrics; without a database nothing changes."""
        try:
            rows = await self._database.fetch(_SQL["screens"])
        except faults.StorageUnavailable as error:
            self._health.failed(error)
            return
        self._health.worked()
        known: dict[HallId, list[Screen]] = {}
        for row in rows:
            hall = HallId(row["hall_id"])
            known.setdefault(hall, []).append(
                Screen(hall, str(row["device"]), row["name"], row["zone"], row["seen_at"])
            )
        self._known = known
        now_at = self._clock.now_at()
        self._report_missing(
            {
                (hall, screen.device): (now_at - screen.seen_at).total_seconds()
                for hall in (self._open_now() if known else ())
                for screen in known.get(hall, ())
                if screen.is_missing(now_at)
            }
        )
