"""What is outside the program and may keep it from working, as the command line says it: one line each.

Apart from `service.app`, so that commands that only look something up do not load all that serves.
"""

import asyncpg

from service.journal.migrate import migrate


class CannotServe(Exception):  # noqa: N818  (it names what happened; the CLI prints it as one line)
    """Something outside keeps the service from starting, or a command from doing what it is for."""


class TaskFailed(Exception):  # noqa: N818  (likewise)
    """A task that must run for ever ended by a fault of ours; the log says which."""


async def migrated(dsn: str) -> list[str]:
    """Bring a database up to this version. Raises CannotServe where it cannot be reached, and MigrationFault."""
    try:
        return await migrate(dsn)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        why = str(error).partition("\n")[0] or type(error).__name__  # what follows are hints
        raise CannotServe(f"the database cannot be used: {why}") from error
