"""One service for the whole folder: each test has a hall of its own there, and sets the clock.

Tests that need a database, a process or a day to themselves take `service` of `tests/service.py` instead.
"""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
from msgspec import convert

from service.clock import FakeClock
from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from tests.api.checked import Checked, demo
from tests.postgres import PostgresServer
from tests.service import NOON_AT, Service, quick_hashes, service_on

_numbers = itertools.count(1)

Founder = Callable[..., Awaitable[Checked]]


@pytest.fixture(scope="package", autouse=True)
def _quick_hashes() -> Iterator[None]:
    with quick_hashes():
        yield


@pytest.fixture(scope="package")
async def house(
    postgres: PostgresServer, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """The service that the folder shares."""
    name = await postgres.create_database(migrated)
    async with service_on(postgres.dsn(name), tmp_path_factory.mktemp("house"), FakeClock(NOON_AT)) as running:
        yield running
    await postgres.drop_database(name)


@pytest.fixture
def now(house: Service) -> FakeClock:
    """The shared service's clock, at 10:00 of a Monday at the demo hall."""
    assert isinstance(house.clock, FakeClock)
    house.clock.put(NOON_AT)
    return house.clock


@pytest.fixture
async def found(house: Service, now: FakeClock) -> AsyncIterator[Founder]:
    """Founds halls like the demo hall, but for the fields that are given."""
    assert now.now_at() == NOON_AT
    async with AsyncExitStack() as stack:

        async def make(**fields: object) -> Checked:
            name = HallId(f"hall-{next(_numbers)}")
            assert await house.running.halls.create_if_absent(name, convert({**demo(), **fields}, HallDocument))
            return await stack.enter_async_context(Checked(house.api.base, name))

        yield make


@pytest.fixture
async def hall(found: Founder) -> Checked:
    """A client of a hall that is like the demo hall, and new."""
    return await found()


@pytest.fixture
async def own(service: Service) -> AsyncIterator[Checked]:
    """A client of the demo hall in a service of one's own."""
    async with Checked(service.api.base) as api:
        yield api
