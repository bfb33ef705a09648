"""Count requests that were referred to an online service, by hall, day and service.

The counts are collected in memory and added to the table every `FLUSH_EVERY_S`. A process that is killed loses the
counts of the last seconds, which is acceptable for statistics.
"""

from collections import Counter as Tally
from datetime import date

from service.clock import Clock
from service.domain.model import HallId
from service.journal.database import Database
from service.journal.faults import StorageUnavailable
from service.journal.health import Health
from service.journal.sql_files import statements
from service.reports.day_reports import PACKAGE
from service.runtime.halls import Halls

FLUSH_EVERY_S = 10

_SQL = statements("reports.sql", PACKAGE)


class OnlineRequests:
    """Counts requests that were referred to an online service."""

    def __init__(self, database: Database, halls: Halls, clock: Clock) -> None:
        self._database = database
        self._halls = halls
        self._clock = clock
        self._health = Health("counting who is sent online")
        self._counted: Tally[tuple[HallId, date, str]] = Tally()

    def count(self, hall_id: HallId, service: str) -> None:
        """Count one request, today."""
        hall = self._halls.find(hall_id)
        assert hall is not None, "the request was to a known hall"
        self._counted[hall_id, hall.day_at(self._clock.now_at()), service] += 1

    async def flush(self) -> None:
        """Add the counts to the table; without a database they are kept for the next run."""
        if not self._counted:
            return
        counted, self._counted = self._counted, Tally()
        halls, days, services = zip(*counted, strict=True)
        try:
            await self._database.fetch(_SQL["count_online"], halls, days, services, list(counted.values()))
        except StorageUnavailable as error:
            self._health.failed(error)
            self._counted.update(counted)
        else:
            self._health.worked()
