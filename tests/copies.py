"""Copy a database, as a backup does, and restore it in place while services run."""

import asyncpg

_TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations' ORDER BY tablename
"""


async def copy(dsn: str) -> None:
    """Copy all rows of all tables."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read"):
            tables = [row["tablename"] for row in await connection.fetch(_TABLES)]
            await connection.execute("CREATE SCHEMA earlier")
            for table in tables:
                await connection.execute(f"CREATE TABLE earlier.{table} AS TABLE {table}")
    finally:
        await connection.close()


async def restore(dsn: str) -> None:
    """Restore the copy in one transaction."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            tables = [row["tablename"] for row in await connection.fetch(_TABLES)]
            for table in tables:
                await connection.execute(f"DELETE FROM {table}")  # noqa: S608  (table names of this project)
            for table in tables:
                await connection.execute(f"INSERT INTO {table} TABLE earlier.{table}")
            await connection.execute("DROP SCHEMA earlier CASCADE")
    finally:
        await connection.close()
