"""A PostgreSQL with fsync, for faults that kill it."""

from collections.abc import Iterator

import pytest

from tests.postgres import PostgresServer, running


@pytest.fixture(scope="module")
def durable() -> Iterator[PostgresServer]:
    """Run a server for one test module."""
    with running(durable=True) as server:
        yield server
