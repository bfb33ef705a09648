"""Bugs that the fault tests have found, each reproduced alone and deterministically."""

from datetime import timedelta

import pytest

from service.clock import FakeClock
from service.domain.commands import CallNext, EndDay, OpenCounter
from service.domain.hall.demo import DEMO
from service.domain.model import CounterId
from service.journal.database import Database
from service.journal.faults import StorageUnavailable
from tests.race.process import DAY, MIDNIGHT_AT, NEXT_DAY, process_on


async def test_a_read_whose_connection_is_lost_under_it_says_that_storage_is_unavailable(dsn: str) -> None:
    async with Database(dsn) as database:
        with pytest.raises(StorageUnavailable):
            await database.fetch("SELECT pg_terminate_backend(pg_backend_pid())")

        assert await database.ping()


async def test_a_hall_that_never_closes_is_open_for_a_process_to_which_midnight_comes_a_moment_late(dsn: str) -> None:
    late = FakeClock(MIDNIGHT_AT - timedelta(seconds=1))
    async with process_on(dsn, late) as process:
        await process.do(OpenCounter(CounterId("1")))
        lane = await process.lanes.lane(await process.halls.get(DEMO), DAY)
        await lane.do(process.request(EndDay()))  # by another process, whose clock has passed midnight

        await process.do(OpenCounter(CounterId("1")))
        answer = await process.do(CallNext(CounterId("1")))

        assert answer.day.on == NEXT_DAY
        assert answer.done is None, "nobody waits, and it is not closed"
