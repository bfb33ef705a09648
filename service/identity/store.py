"""Reading and changing the tables of identity.

A change is one transaction. When no answer comes it may have been done or not: whoever asked is told so, and asks
again with the same idempotency key.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from service.errors import OutcomeUnknown, StorageUnavailable
from service.journal import faults
from service.journal.database import Database

PACKAGE = "service.identity"

Writer: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"


async def read(database: Database, sql: str, *arguments: object) -> list[asyncpg.Record]:
    """Read. Raises the rim's StorageUnavailable."""
    try:
        return await database.fetch(sql, *arguments)
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error


async def record_use(database: Database, sql: str, *arguments: object) -> bool:
    """Write down that something is in use; tell whether it was.

    Where the database takes no changes now, whoever looks something up goes on without: a later use is written down.
    """
    try:
        await database.fetch(sql, *arguments)
    except faults.StorageUnavailable:
        return False
    return True


@asynccontextmanager
async def transaction(database: Database) -> AsyncIterator[Writer]:
    """Lend a connection inside a transaction that commits at the end.

    Raises:
        StorageUnavailable: nothing was sent.
        OutcomeUnknown: whether it was done is not known.
    """
    entered = False
    try:
        async with database.reading() as connection, connection.transaction():
            entered = True
            yield connection
    except faults.StorageUnavailable as error:
        raise (OutcomeUnknown if entered else StorageUnavailable) from error


def as_strings(values: Any) -> list[str]:  # noqa: ANN401  (an array of the driver's)
    """An array of ids or codes as texts."""
    return [str(value) for value in values]
