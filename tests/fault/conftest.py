"""A PostgreSQL whose commits are on disk, for faults that kill it."""

from collections.abc import Iterator

import pytest

from tests.postgres import PostgresServer, running


@pytest.fixture(scope="module")
def durable() -> Iterator[PostgresServer]:
    """A server of this module's own."""
    with running(durable=True) as server:
        yield server
