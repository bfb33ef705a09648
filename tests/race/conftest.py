"""Two processes on one database, and a third behind a faulty network."""

from collections.abc import AsyncIterator

import pytest

from tests.postgres import PostgresServer
from tests.proxy import Proxy
from tests.race.process import Process, process_on


@pytest.fixture
async def one(dsn: str) -> AsyncIterator[Process]:
    """A process."""
    async with process_on(dsn) as process:
        yield process


@pytest.fixture
async def other(dsn: str) -> AsyncIterator[Process]:
    """Another process on the same database."""
    async with process_on(dsn) as process:
        yield process


@pytest.fixture
async def proxy(postgres: PostgresServer) -> AsyncIterator[Proxy]:
    """A faulty network in front of the server."""
    async with Proxy(postgres.socket) as proxy:
        yield proxy


@pytest.fixture
def far_dsn(postgres: PostgresServer, proxy: Proxy, database_name: str) -> str:
    """The URL of the database through the faulty network."""
    return postgres.dsn(database_name, host=proxy.directory)


@pytest.fixture
async def far(far_dsn: str) -> AsyncIterator[Process]:
    """A process behind the faulty network."""
    async with process_on(far_dsn) as process:
        yield process
