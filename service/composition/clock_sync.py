"""Keeping this process's clock in step with the clock of the database."""

import asyncio
from contextlib import suppress

from service.clock import Clock
from service.journal.database import Database
from service.journal.faults import StorageUnavailable

CLOCK_EVERY_S = 1.0
"""How often the database's clock is read."""


async def synchronise(database: Database, clock: Clock) -> None:
    """Set the clock from the database's.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    asked_s = clock.monotonic_s()
    clock.follow(await database.ping(), asked_s)


async def keep_synchronised(database: Database, clock: Clock) -> None:
    """Synchronise the clock every second until cancelled, so that it is right even if nothing is appended."""
    while True:
        with suppress(StorageUnavailable):
            await synchronise(database, clock)
        await asyncio.sleep(CLOCK_EVERY_S)
