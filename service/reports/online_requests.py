"""Requests for what is done online, by hall, day and service: counted here, added to the table now and then.

A process that is killed loses the last seconds of them; they are figures, and nobody waits for them.
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
    """Counts them."""

    def __init__(self, database: Database, halls: Halls, clock: Clock) -> None:
        self._database = database
        self._halls = halls
        self._clock = clock
        self._well = Health("counting who is sent online")
        self._counted: Tally[tuple[HallId, date, str]] = Tally()

    def count(self, hall_id: HallId, service: str) -> None:
        """Count one, today."""
        hall = self._halls.find(hall_id)
        assert hall is not None, "who was told where it is done online asked a hall"
        self._counted[hall_id, hall.day_at(self._clock.now_at()), service] += 1

    async def flush(self) -> None:
        """Add what was counted to the table; kept for the next pass when the database is away."""
        if not self._counted:
            return
        counted, self._counted = self._counted, Tally()
        halls, days, services = zip(*counted, strict=True)
        try:
            await self._database.fetch(_SQL["count_online"], halls, days, services, list(counted.values()))
        except StorageUnavailable as error:
            self._well.failed(error)
            self._counted.update(counted)
        else:
            self._well.worked()
