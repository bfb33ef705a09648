"""Provide the database of a command, with or without a running `serve`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from service.config.settings import Settings
from service.journal.database import Database
from service.journal.embedded.errors import DataFolderInUse
from service.journal.embedded.server import EmbeddedPostgres
from service.journal.faults import StorageUnavailable

SERVE_TRIES_MAX, SERVE_TRY_PAUSE_S = 150, 0.2
"""Attempts to reach the server of a `serve` that is starting or stopping: 30 s in all."""


@asynccontextmanager
async def command_database(settings: Settings, *, may_create: bool = False) -> AsyncIterator[str]:
    """Provide the DSN of the database inside the context.

    Starts the embedded PostgreSQL unless a `serve` on the same data folder runs it, and stops it at the end.

    Args:
        settings: choose the database.
        may_create: create the embedded database if the data folder has none.

    Raises:
        CannotStart: the embedded server cannot be started.
        DataFolderInUse: another command, which stops its server when it is done, uses the data folder for too long.
        StorageUnavailable: a `serve` owns the data folder, but its server does not answer.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    embedded = EmbeddedPostgres(settings.data_dir, short_lived=True, may_create=may_create)
    started = await _start_or_reach(embedded)
    try:
        yield embedded.dsn
    finally:
        if started:
            await embedded.stop()


async def _start_or_reach(embedded: EmbeddedPostgres) -> bool:
    """Start the server, or wait for the running one. Returns whether it was started here."""
    for tries in count(1):
        try:
            await embedded.start()
        except DataFolderInUse as in_use:
            if in_use.owner_ends_soon:
                raise
        else:
            return True
        try:
            async with Database(embedded.dsn) as database:
                await database.ping()
        except StorageUnavailable:  # the owning `serve` is starting or stopping
            if tries == SERVE_TRIES_MAX:
                raise
        else:
            return False
        await asyncio.sleep(SERVE_TRY_PAUSE_S)
    raise AssertionError("`count` does not end")
