"""Whether the service can do its work."""

import asyncio

from service.journal.database import Database
from service.journal.faults import ReadOnly, StorageUnavailable
from service.journal.health import Health

ANSWER_WITHIN_S = 2.0
"""A database that takes longer to say the time is no database to work with; those who ask do not wait long either."""


class Readiness:
    """What `/readyz` asks.

    Whether the database is there and takes a change is asked of it; whether it has the room for one, only appends find
    out.
    """

    def __init__(self, database: Database, appends: Health) -> None:
        self._database = database
        self._appends = appends
        self.stopping = False

    async def checks(self) -> dict[str, str]:
        """Each part and its state; all are `ok` when the service is ready."""
        return {
            "database": await self._of_database(),
            "appends": "failing" if self._appends.fails and self._appends.was_reached else "ok",
            "process": "stopping" if self.stopping else "ok",
        }

    async def _of_database(self) -> str:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._database.ready()
        except ReadOnly:
            return "read-only"
        except (StorageUnavailable, TimeoutError):
            return "unreachable"
        return "ok"
