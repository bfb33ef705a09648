"""`./paihao verify`: the consistency of a whole database."""

import typer

from service.cli.command_database import command_database
from service.cli.process import run
from service.config.settings import Settings
from service.journal.database import Database
from service.journal.verify import Verifier
from service.runtime.startup_checks import CannotServe


def verify() -> None:
    """Check that the tables of the whole database agree with its journal.

    Exits with code 1 and prints the first difference if they do not.
    """
    run(_verify)


async def _verify(settings: Settings) -> None:
    async with command_database(settings) as dsn, Database(dsn) as database:
        verifier = Verifier(database)
        async for difference in verifier.differences():
            raise CannotServe(f"inconsistent: {difference}")
    counts = verifier.verified
    typer.echo(f"consistent: {counts.days} days, {counts.events} events, {counts.tickets} tickets")
