"""Bringing a database's schema up to this program's: numbered SQL files, forward only.

Each file is one transaction, noted in `schema_migrations` with its checksum. Whoever migrates holds an advisory lock,
so that two processes that start together do it once. A migration that cannot have its locks within two seconds gives
way to the hall's work and tries again, rather than making everybody queue behind it.
"""

import asyncio
import hashlib
from importlib.resources import files
from itertools import count

import asyncpg

from service.journal.faults import MigrationFault
from service.journal.sql_files import statements

LOCK_KEY = 0x7061_6968_616F  # "paihao": one key for all releases
TRIES_MAX = 30  # each waits 2 s for its locks: after about a minute and a half the operator has to look
TRY_PAUSE_S = 1.0

_SQL = statements("migrate.sql")
_pause = asyncio.sleep


def migrations() -> dict[str, str]:
    """The schema's files in order: name to SQL."""
    found = {file.name: file.read_text("utf-8") for file in files("migrations").iterdir() if file.name.endswith(".sql")}
    return dict(sorted(found.items()))


def checksum(sql: str) -> str:
    """What says that a file is the one that was applied, whatever its line ends."""
    return hashlib.sha256("\n".join(sql.splitlines()).encode()).hexdigest()


async def migrate(dsn: str, wanted: dict[str, str] | None = None) -> list[str]:
    """Apply what is missing and return its names; nothing when the database is up to date.

    Raises:
        MigrationFault: a file that was applied has changed or is gone (the database is newer than this program), one
            has to be applied before others that were, or the locks could not be had.
    """
    wanted = migrations() if wanted is None else wanted
    connection = await asyncpg.connect(dsn)
    try:
        await connection.fetchrow(_SQL["session"])
        await connection.fetchrow(_SQL["lock"], LOCK_KEY)
        if not await connection.fetchval(_SQL["listed"]):  # who may not make tables may use them, if nothing is missing
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
                await connection.execute(_SQL["note"], name, checksum(sql))
        except asyncpg.LockNotAvailableError as error:
            if tries == TRIES_MAX:
                raise MigrationFault(f"{name} could not have its locks; look who holds them for long") from error
            await _pause(TRY_PAUSE_S)
        else:
            return
