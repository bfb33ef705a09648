"""Whether the service can do its work."""

import asyncio

from service.journal.database import Database
from service.journal.faults import StorageUnavailable

ANSWER_WITHIN_S = 2.0
"""A database that takes longer to say the time is no database to work with; those who ask do not wait long either."""


class Readiness:
    """What `/readyz` asks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.stopping = False

    async def checks(self) -> dict[str, str]:
        """Each part and its state; all are `ok` when the service is ready."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._database.ping()
            database = "ok"
        except (StorageUnavailable, TimeoutError):
            database = "unreachable"
        return {"database": database, "process": "stopping" if self.stopping else "ok"}
