"""Health of a dependency: its current state, and one log line per change.

Waiting code tries again and again, so single failures are not logged. The first failure is logged with the class of the
error and the sqlstate. Another kind of error before the next success is logged once, too: a server that restarts first
refuses connections and then refuses writes. The next success is logged. Texts of errors are left out, because they can
quote a statement or a row.
"""

import asyncio

import asyncpg
import structlog

from service.journal.faults import StorageUnavailable

FAILS_FOR_S = 30.0
"""How long a failure counts. Without another attempt in this time the state is unknown, and counts as working."""

AWAY = frozenset({"08", "57"})
"""Classes of sqlstates of a database that is shutting down or starting."""

log = structlog.get_logger(__name__)


class Health:
    """Health of one dependency of this process; `name` is the field `what` of the log lines.

    `failed_at_s` is the time of the last failure, by the clock of the event loop. `was_reached` tells whether that
    failure was an answer of the server, as when its disk is full.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._failing_since_s: float | None = None
        self.failed_at_s = 0.0
        self.was_reached = False
        self._logged: set[tuple[str, str | None]] = set()

    def failed(self, error: BaseException) -> None:
        """Record a failure; log it unless this kind was logged since the last success."""
        self.failed_at_s = asyncio.get_running_loop().time()
        if self._failing_since_s is None:
            self._failing_since_s = self.failed_at_s
        kind, sqlstate = _kind_of(error)
        self.was_reached = sqlstate is not None and sqlstate[:2] not in AWAY
        if (kind, sqlstate) not in self._logged:
            self._logged.add((kind, sqlstate))
            log.warning("not_working", what=self._name, error=kind, sqlstate=sqlstate)

    def worked(self) -> None:
        """Record a success; log it if the last attempt had failed."""
        if self._failing_since_s is not None:
            after_s = asyncio.get_running_loop().time() - self._failing_since_s
            self._failing_since_s = None
            self._logged.clear()
            log.info("works_again", what=self._name, after_s=round(after_s, 1))

    @property
    def fails(self) -> bool:
        """Tell whether the last attempt failed, at most `FAILS_FOR_S` ago."""
        return self._failing_since_s is not None and asyncio.get_running_loop().time() - self.failed_at_s < FAILS_FOR_S


def _kind_of(error: BaseException) -> tuple[str, str | None]:
    """Return the class name and the sqlstate, if any, of an error; for StorageUnavailable those of its cause."""
    while isinstance(error, StorageUnavailable) and error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__, error.sqlstate if isinstance(error, asyncpg.PostgresError) else None
