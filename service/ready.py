"""Whether the service can do its work."""

from service.journal.database import Database
from service.journal.faults import StorageUnavailable


class Readiness:
    """What `/readyz` asks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.stopping = False

    async def checks(self) -> dict[str, str]:
        """Each part and its state; all are `ok` when the service is ready."""
        try:
            await self._database.ping()
            database = "ok"
        except StorageUnavailable:
            database = "unreachable"
        return {"database": database, "process": "stopping" if self.stopping else "ok"}
