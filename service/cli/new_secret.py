"""`./paihao new-secret`: replace a lost secret."""

import typer

from service.cli.command_database import command_database
from service.cli.process import run
from service.config.secret_files import secret_source
from service.config.settings import Settings
from service.credentials import secret_check
from service.journal.database import Database
from service.runtime.startup_checks import migrated


def new_secret() -> None:
    """Register the current secret with the database after the old one was lost.

    All tokens and links derived from the old secret become invalid.
    """
    run(_new_secret)


async def _new_secret(settings: Settings) -> None:
    async with command_database(settings) as dsn:
        await migrated(dsn)
        async with Database(dsn) as database:
            await secret_check.replace_all(database, settings)
    typer.echo(
        f"the database now accepts only the secret from {secret_source(settings)}: restart `serve` and add all devices "
        "again; links to tickets and appointments given out before are invalid"
    )
