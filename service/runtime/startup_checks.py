"""Errors outside the program that prevent a start; the command line prints each as one line.

Not part of `service.app`, so that short commands do not import the whole service.
"""

import asyncpg

from service.journal.migrate import migrate


class CannotServe(Exception):  # noqa: N818  (named after the event; the CLI prints it as one line)
    """A condition outside the program prevents the service from starting, or a command from working."""


class TaskFailed(Exception):  # noqa: N818  (likewise)
    """A background task ended by an error of the program; the log contains it."""


async def migrated(dsn: str) -> list[str]:
    """Migrate a database to this version and return the applied migrations.

    Raises:
        CannotServe: the database cannot be used.
        MigrationFault: its schema does not match this program.
    """
    try:
        return await migrate(dsn)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        why = str(error).partition("\n")[0] or type(error).__name__  # hints follow in further lines
        raise CannotServe(f"the database cannot be used: {why}") from error
