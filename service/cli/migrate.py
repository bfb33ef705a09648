"""`./paihao migrate`: the schema of the database."""

import typer

from service.cli.command_database import command_database
from service.cli.process import run
from service.config.settings import Settings
from service.runtime.startup_checks import migrated


def migrate() -> None:
    """Migrate the database to the schema of this version. Prints the name of each migration applied."""
    run(_migrate)


async def _migrate(settings: Settings) -> None:
    async with command_database(settings, may_create=True) as dsn:
        for name in await migrated(dsn):
            typer.echo(name)
