"""Migrate the schema of a database: numbered SQL files, forward only.

Each file is one transaction, recorded in `schema_migrations` with its checksum. An advisory lock makes sure that two
processes that start together migrate once. A migration that cannot get its locks within two seconds is rolled back and
tried again, because all other statements would queue behind its lock requests.
"""

import asyncio
import hashlib
from importlib.resources import files
from itertools import count

import asyncpg

from service.journal.faults import MigrationFault
from service.journal.sql_files import statements

LOCK_KEY = 0x7061_6968_616F  # "paihao"; the same for all releases
TRIES_MAX = 30  # each waits 2 s for its locks, so after about 90 s the migration fails
TRY_PAUSE_S = 1.0

_SQL = statements("migrate.sql")
_pause = asyncio.sleep


def migrations() -> dict[str, str]:
    """Return the SQL of all migration files by name, in order."""
    found = {file.name: file.read_text("utf-8") for file in files("migrations").iterdir() if file.name.endswith(".sql")}
    return dict(sorted(found.items()))


def checksum(sql: str) -> str:
    """Return the SHA-256 of a file, independent of its line endings."""
    return hashlib.sha256("\n".join(sql.splitlines()).encode()).hexdigest()


async def migrate(dsn: str, wanted: dict[str, str] | None = None) -> list[str]:
    """Apply the missing migrations and return their names.

    Args:
        dsn: the URL of the database.
        wanted: SQL by name; by default all migrations of this program.

    Raises:
        MigrationFault: an applied file has changed or is missing (then the database is newer than this program), a
            missing file has a lower number than an applied one, or the locks were not available.
    """
    wanted = migrations() if wanted is None else wanted
    connection = await asyncpg.connect(dsn)
    try:
        await connection.fetchrow(_SQL["session"])
        await connection.fetchrow(_SQL["lock"], LOCK_KEY)
        if not await connection.fetchval(_SQL["listed"]):  # a role that cannot create tables can still run this
            await connection.execute(_SQL["create"])
        applied = {row["name"]: row["checksum"] for row in await connection.fetch(_SQL["applied"])}
        for name, known in applied.items():
            if name not in wanted:
                raise MigrationFault(f"the database is newer than this program: it has {name}")
            if checksum(wanted[name]) != known:
                raise MigrationFault(f"{name} was applied and has changed since; put it back and add a new file")
        missing = [name for name in wanted if name not in applied]
        if missing and applied and missing[0] < max(applied):
            raise MigrationFault(f"{missing[0]} comes before {max(applied)}, which was applied; give it a later number")
        for name in missing:
            await _apply(connection, name, wanted[name])
        return missing
    finally:
        await connection.close()


async def _apply(connection: "asyncpg.Connection[asyncpg.Record]", name: str, sql: str) -> None:
    for tries in count(1):
        try:
            async with connection.transaction():
                await connection.execute(_SQL["lock_timeout"])
                await connection.execute(sql)
                await connection.execute(_SQL["insert"], name, checksum(sql))
        except asyncpg.LockNotAvailableError as error:
            if tries == TRIES_MAX:
                raise MigrationFault(f"{name} could not have its locks; look who holds them for long") from error
            await _pause(TRY_PAUSE_S)
        else:
            return
