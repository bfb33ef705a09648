"""Fixtures: a database, its journal, and an opened day of a hall."""

from collections.abc import AsyncIterator

import pytest

from service.journal.append import Appender
from service.journal.database import Database
from service.journal.hall_documents import HallStore
from service.journal.read import Reader
from tests.journal.samples import HALL, Writer, document


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """Connect to a fresh migrated database."""
    async with Database(dsn) as database:
        yield database


@pytest.fixture
def appender(database: Database) -> Appender:
    """Return an appender of the database."""
    return Appender(database)


@pytest.fixture
def reader(database: Database) -> Reader:
    """Return a reader of the database."""
    return Reader(database)


@pytest.fixture
async def halls(database: Database) -> HallStore:
    """Return the store of halls, with one hall."""
    halls = HallStore(database)
    await halls.create_if_absent(HALL, document())
    return halls


@pytest.fixture
async def writer(appender: Appender, halls: HallStore) -> Writer:
    """Return a writer of an opened day."""
    assert await halls.get(HALL) is not None
    return await Writer(appender).open()
