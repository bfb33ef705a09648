"""Helpers to read and change the tables of this package.

A change is one transaction. If the database does not answer, the change may have been made or not (OutcomeUnknown); the
client repeats the request with the same idempotency key.
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
    """Run a query. Raises `service.errors.StorageUnavailable`."""
    try:
        return await database.fetch(sql, *arguments)
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error


async def record_use(database: Database, sql: str, *arguments: object) -> bool:
    """Run a statement that records a use; tell whether it succeeded.

    A lookup must not fail because this statement fails, for example while the database is read-only. A later use is
    recorded.
    """
    try:
        await database.fetch(sql, *arguments)
    except faults.StorageUnavailable:
        return False
    return True


@asynccontextmanager
async def transaction(database: Database) -> AsyncIterator[Writer]:
    """Provide a connection inside a transaction that commits at the end.

    Raises:
        StorageUnavailable: the transaction has not begun.
        OutcomeUnknown: it is unknown whether the transaction was committed.
    """
    entered = False
    try:
        async with database.reading() as connection, connection.transaction():
            entered = True
            yield connection
    except faults.StorageUnavailable as error:
        raise (OutcomeUnknown if entered else StorageUnavailable) from error


def as_strings(values: Any) -> list[str]:  # noqa: ANN401  (an array of the driver's)
    """Convert an array of ids or codes to strings."""
    return [str(value) for value in values]
