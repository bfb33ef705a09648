"""Whether a thing works: known to who asks, and in the log once when it changes.

Whoever waits for the database, or for NATS, asks again and again, and each failure by itself is no news. So a thing
that does not work is one line, with the kind of the error and PostgreSQL's code for it, another line for each other
kind of error until it works again (a server that was stopped is starting up, and then takes no writes), and one line
when it does. Texts of errors are left out: they may quote a statement or a row.
"""

import asyncio

import asyncpg
import structlog

from service.journal.faults import StorageUnavailable

FAILS_FOR_S = 30.0
"""A failure says so long that things do not work, unless something worked since; then somebody has to try again."""

AWAY = frozenset({"08", "57"})
"""Classes of sqlstates with which a database says that it is not there: it shuts down, or starts."""

log = structlog.get_logger(__name__)


class Well:
    """One thing that this process needs, by the name that the log calls it.

    `failed_at_s` is the loop's time of the last failure, and `was_reached` says whether it was an answer: of a database
    that is there and does not do it, as when it has no room.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._since_s: float | None = None
        self.failed_at_s = 0.0
        self.was_reached = False
        self._told: set[tuple[str, str | None]] = set()

    def failed(self, error: BaseException) -> None:
        """Note that it did not work just now; log it unless it was logged since it worked."""
        self.failed_at_s = asyncio.get_running_loop().time()
        if self._since_s is None:
            self._since_s = self.failed_at_s
        kind, sqlstate = kind_of(error)
        self.was_reached = sqlstate is not None and sqlstate[:2] not in AWAY
        if (kind, sqlstate) not in self._told:
            self._told.add((kind, sqlstate))
            log.warning("not_working", what=self._what, error=kind, sqlstate=sqlstate)

    def worked(self) -> None:
        """Note that it worked just now; log it if it did not before."""
        if self._since_s is not None:
            after_s = asyncio.get_running_loop().time() - self._since_s
            self._since_s = None
            self._told.clear()
            log.info("works_again", what=self._what, after_s=round(after_s, 1))

    @property
    def fails(self) -> bool:
        """Tell whether it did not work when it was tried last, within `FAILS_FOR_S`."""
        return self._since_s is not None and asyncio.get_running_loop().time() - self.failed_at_s < FAILS_FOR_S


def kind_of(error: BaseException) -> tuple[str, str | None]:
    """An error's class, and its sqlstate where PostgreSQL says one; of what was raised from another, the other's."""
    while isinstance(error, StorageUnavailable) and error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__, error.sqlstate if isinstance(error, asyncpg.PostgresError) else None
