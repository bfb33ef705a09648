"""Everybody wants a place at once: so many as there are get one, and all others are told that it is full.

Over HTTP, at two processes on one database: 600 people on 60 places, and with `--long` 5,000 on 500.
"""

import asyncio
from collections import Counter as Tally
from pathlib import Path

import asyncpg
from msgspec import convert

from service.clock import FakeClock
from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from tests.api.booking import by_hand, slots, try_to_book
from tests.api.checked import Checked, at, demo
from tests.service import Reply, service_on

HALL = HallId("rush")
STARTS = 10


async def test_of_ten_people_for_each_place_one_gets_it(
    dsn: str, tmp_path: Path, clock: FakeClock, *, long: bool
) -> None:
    people, places = (5_000, 500) if long else (600, 60)
    document = convert({**demo(), "booking": by_hand(places // STARTS, every_min=30)}, HallDocument)
    starts_at = [at(f"{hour}:{minute}", 24) for hour in range(12, 17) for minute in ("00", "30")]
    async with (
        service_on(dsn, tmp_path / "one", clock) as one,
        service_on(dsn, tmp_path / "other", clock) as other,
        Checked(one.api.base, HALL) as here,
        Checked(other.api.base, HALL) as there,
    ):
        assert await one.running.halls.create_if_absent(HALL, document)
        halls = (here, there)

        async def book(number: int) -> Reply:
            return await try_to_book(halls[number % 2], starts_at[number // 2 % STARTS])

        replies = await asyncio.gather(*(book(number) for number in range(people)))

        told = Tally((reply.status, reply.code) for reply in replies)
        given = [reply.body for reply in replies if reply.status == 201]
        taken = Tally(appointment["starts_at"] for appointment in given)
        assert told == {(201, None): places, (409, "slot-full"): people - places}
        assert taken == dict.fromkeys(taken, places // STARTS)
        assert [slot["free"] for slot in await slots(there) if slot["starts_at"] in taken] == [0] * STARTS
        assert len({appointment["code"] for appointment in given}) == len(given)

    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("SELECT starts_at, place FROM appointments WHERE hall_id = $1", HALL)
    finally:
        await connection.close()
    assert len(rows) == len(given)
    assert len({(row["starts_at"], row["place"]) for row in rows}) == len(given)
