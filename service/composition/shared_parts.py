"""What `serve` and `display` have in common: database, secrets, commit hints, follower and forecasts."""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from service.clock import Clock
from service.composition.background import background_task
from service.config.secret_files import Secrets
from service.config.settings import Settings
from service.credentials import secret_check
from service.credentials.signer import Signer
from service.forecasts.stored_forecasts import READ_EVERY_S, Forecasts
from service.journal.commit_hints import CommitHints, NatsHints, PostgresHints
from service.journal.database import Database
from service.journal.embedded.server import EmbeddedPostgres
from service.journal.faults import StorageUnavailable
from service.journal.follow import Follower
from service.journal.health import Health
from service.runtime.startup_checks import migrated

DATABASE_RETRY_S = 1.0
"""Pause between attempts of a `display` to reach its database at the start."""


class SharedParts(NamedTuple):
    """The parts that both programs use."""

    database: Database
    hints: CommitHints
    follower: Follower
    embedded: EmbeddedPostgres | None
    clock: Clock
    secrets: Secrets
    signer: Signer
    forecasts: Forecasts


@asynccontextmanager
async def shared_parts(settings: Settings, clock: Clock, *, is_display: bool) -> AsyncIterator[SharedParts]:
    """Run the shared parts as long as the context lasts.

    `serve` starts the embedded PostgreSQL, migrates the database and registers its secret. `display` waits until a
    `serve` has done so.

    Raises:
        CannotServe: the database cannot be used.
        CannotStart: the embedded server does not start.
        SettingsError: the database was created with another secret.
    """
    _raise_open_files_limit()
    async with AsyncExitStack() as stack:
        embedded: EmbeddedPostgres | None = None
        dsn = settings.database_url
        if dsn is None:
            embedded = EmbeddedPostgres(settings.data_dir)
            dsn = embedded.dsn
            if not is_display:
                await stack.enter_async_context(embedded)
                await stack.enter_async_context(background_task(embedded.watch(), "postgres"))
        if not is_display:
            await migrated(dsn)
        database = await stack.enter_async_context(Database(dsn))
        secrets = await (_wait_for_secrets if is_display else secret_check.register)(database, settings)
        hints: CommitHints = PostgresHints(dsn) if settings.nats_url is None else NatsHints(settings.nats_url)
        await stack.enter_async_context(background_task(hints.run(), "commit hints"))
        follower = Follower(database, hints, clock.monotonic_s)
        await stack.enter_async_context(background_task(follower.run(), "follower"))
        forecasts = Forecasts(database, clock)
        yield SharedParts(database, hints, follower, embedded, clock, secrets, Signer(secrets), forecasts)


async def read_forecasts(forecasts: Forecasts) -> None:
    """Read the forecasts of other processes again and again until cancelled."""
    while True:
        await forecasts.read()
        await asyncio.sleep(READ_EVERY_S)


def _raise_open_files_limit() -> None:
    """Raise the limit of open files to the maximum: each connection needs one, and the default is often 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _wait_for_secrets(database: Database, settings: Settings) -> Secrets:
    """Wait until the database answers and a `serve` has prepared it. Returns the secrets of the settings.

    Raises:
        SettingsError: the database was created with another secret.
    """
    health = Health("database")
    while True:
        try:
            secrets = await secret_check.compare(database, settings)
        except StorageUnavailable as error:
            health.failed(error)
            await asyncio.sleep(DATABASE_RETRY_S)
        else:
            health.worked()
            return secrets
