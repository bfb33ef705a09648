"""A database, its journal, and a day of a hall in it."""

from collections.abc import AsyncIterator

import pytest

from service.journal.append import Appender
from service.journal.database import Database
from service.journal.hall_documents import HallStore
from service.journal.read import Reader
from tests.journal.samples import HALL, Writer, document


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """A fresh migrated database."""
    async with Database(dsn) as database:
        yield database


@pytest.fixture
def appender(database: Database) -> Appender:
    """Writes to it."""
    return Appender(database)


@pytest.fixture
def reader(database: Database) -> Reader:
    """Reads from it."""
    return Reader(database)


@pytest.fixture
async def halls(database: Database) -> HallStore:
    """The halls, of which there is one."""
    halls = HallStore(database)
    await halls.create_if_absent(HALL, document())
    return halls


@pytest.fixture
async def writer(appender: Appender, halls: HallStore) -> Writer:
    """Writes one append after another to an opened day."""
    assert await halls.get(HALL) is not None
    return await Writer(appender).open()
