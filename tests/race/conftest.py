"""Fixtures: two processes on one database, and a third behind a faulty network."""

from collections.abc import AsyncIterator

import pytest

from tests.race.process import Process, process_on


@pytest.fixture
async def one(dsn: str) -> AsyncIterator[Process]:
    """Run a process."""
    async with process_on(dsn) as process:
        yield process


@pytest.fixture
async def other(dsn: str) -> AsyncIterator[Process]:
    """Run another process on the same database."""
    async with process_on(dsn) as process:
        yield process


@pytest.fixture
async def far(far_dsn: str) -> AsyncIterator[Process]:
    """Run a process behind the faulty network."""
    async with process_on(far_dsn) as process:
        yield process
