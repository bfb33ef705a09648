"""Readiness of the service, for `/readyz`."""

import asyncio

from service.journal.database import Database
from service.journal.faults import ReadOnly, StorageUnavailable
from service.journal.health import Health

ANSWER_WITHIN_S = 2.0
"""Time limit of the check. A slower database counts as unreachable, and load balancers do not wait long either."""


class Readiness:
    """The checks of `/readyz`.

    A query tells whether the database answers and accepts changes. Only appends tell whether it has disk space.
    """

    def __init__(self, database: Database, appends: Health) -> None:
        self._database = database
        self._appends = appends
        self.stopping = False

    async def checks(self) -> dict[str, str]:
        """Return the state of each part; all are `ok` if the service is ready."""
        return {
            "database": await self._database_state(),
            "appends": "failing" if self._appends.fails and self._appends.was_reached else "ok",
            "process": "stopping" if self.stopping else "ok",
        }

    async def _database_state(self) -> str:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._database.ready()
        except ReadOnly:
            return "read-only"
        except (StorageUnavailable, TimeoutError):
            return "unreachable"
        return "ok"
