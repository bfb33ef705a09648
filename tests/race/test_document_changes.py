"""A document that changes while a day is opened gets into the plan of the day, in either order."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg
import msgspec
import pytest

from service.clock import FakeClock
from service.domain.hall.demo import DEMO, demo_document
from service.journal import day_opening
from service.runtime.hall import Hall
from service.runtime.halls import Halls
from service.runtime.lane import IDLE_AFTER_S
from tests.proxy import Proxy
from tests.race.process import WITHIN_S, Process, kinds_in, one_story, process_on, renamed, until_blocked

NAME = "Changed Hall"


@asynccontextmanager
async def changing(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Change the hall's document in a transaction; commit at the end of the context."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            document = msgspec.json.encode(renamed(demo_document(always_open=True), NAME)).decode()
            await connection.execute(
                "UPDATE halls SET document = $1, revision = revision + 1, changed_at = clock_timestamp()", document
            )
            yield connection
    finally:
        await connection.close()


async def change(one: Process, other: Process) -> None:
    """Change the document in the other process, and refresh this one."""
    await other.replace(renamed(demo_document(always_open=True), NAME))
    await one.halls.refresh()


async def test_a_day_opened_while_its_document_changes_waits_for_the_new_one(one: Process, dsn: str) -> None:
    async with changing(dsn):
        opening = asyncio.create_task(one.lane())
        await until_blocked(dsn)

    async with asyncio.timeout(WITHIN_S):
        lane = await opening
    assert lane.committed.plan.names.hall == {"en": NAME}
    assert lane.committed.plan.revision == 2


async def test_without_the_lock_of_the_hall_a_day_begins_with_a_document_that_is_no_more(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql: Mapping[str, str] = day_opening._SQL
    unlocked = {**sql, "document_held": sql["document_held"].replace("FOR NO KEY UPDATE", "")}
    monkeypatch.setattr(day_opening, "_SQL", unlocked)
    async with process_on(dsn) as one:
        async with changing(dsn):
            lane = await one.lane()

        assert lane.committed.plan.revision == 1


async def test_a_document_that_changes_while_a_day_is_loaded_reaches_it(one: Process, other: Process, dsn: str) -> None:
    await other.halls.get(DEMO)
    one.journal.first["load"] = lambda: change(one, other)

    lane = await one.lane()
    await one.followed()

    assert await kinds_in(dsn) == ["day_opened", "plan_changed"]
    assert lane.committed.plan.revision == 2
    await one_story([one, other])


async def test_a_day_that_follows_only_the_document_it_was_opened_for_misses_the_change(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with process_on(dsn) as one, process_on(dsn) as other:
        opened_for = await one.halls.get(DEMO)
        await other.halls.get(DEMO)

        async def get(_halls: Halls, _hall: object) -> Hall:
            return opened_for

        one.journal.first["load"] = lambda: change(one, other)
        monkeypatch.setattr(Halls, "get", get)

        lane = await one.lane()
        await one.followed()

        assert lane.committed.plan.revision == 1


async def test_a_document_that_changes_when_a_day_is_open_reaches_it_once(
    one: Process, other: Process, dsn: str
) -> None:
    await one.lane()
    await other.lane()

    await change(one, other)
    await other.lanes.follow_document_now(await other.halls.read(DEMO))
    await one.followed()
    await other.followed()

    assert await kinds_in(dsn) == ["day_opened", "plan_changed"]
    await one_story([one, other])


async def test_a_document_replaced_while_a_day_is_opened_waits_for_it(one: Process, dsn: str) -> None:
    hall = await one.halls.get(DEMO)
    holder = await hold_hall(dsn)
    replacing = asyncio.create_task(one.replace(renamed(hall.document, NAME)))
    await until_blocked(dsn)

    assert not replacing.done()
    await holder.close()

    async with asyncio.timeout(WITHIN_S):
        assert (await replacing).revision == 2


async def hold_hall(dsn: str) -> asyncpg.Connection:
    """Lock the hall's row as the opening of a day does."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"BEGIN; {day_opening._SQL['document_held'].replace('$1', repr('demo'))}")
    return connection


async def test_a_plan_that_could_not_follow_its_document_follows_later(
    proxy: Proxy, far: Process, other: Process, dsn: str
) -> None:
    lane = await far.lane()
    changed = await other.replace(renamed(demo_document(always_open=True), NAME))
    await far.halls.refresh()
    await far.followed()
    assert lane.committed.plan.revision == 2
    again = await other.replace(changed.document)
    await proxy.go_away()
    far.halls._add(again)  # it learns of the change, but the database cannot be reached
    await far.followed()
    await proxy.come_back()
    assert lane.committed.plan.revision == 2

    await far.lanes.sweep()
    await far.followed()

    assert lane.committed.plan.revision == 3
    assert (await kinds_in(dsn)).count("plan_changed") == 2


async def test_a_day_that_left_memory_follows_its_document_when_it_comes_back(one: Process, other: Process) -> None:
    await one.lane()
    assert isinstance(one.clock, FakeClock)
    one.clock.advance(IDLE_AFTER_S + 1)
    await one.lanes.sweep()
    await change(one, other)
    assert one.lanes.in_use() == []

    lane = await one.lane()
    await one.followed()

    assert lane.committed.plan.revision == 2
