"""A database that lacks a table or a function: an outage for callers, and an error in the log for the operator."""

import asyncio

import asyncpg
import pytest
from structlog.testing import capture_logs

from service.journal.database import Database, unavailable_when_unreachable
from service.journal.faults import Incomplete, StorageUnavailable
from service.journal.values import Committed
from tests.journal.samples import WITHIN_S, Writer, until


async def execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("sql", "missing"),
    [
        ("SELECT seq FROM hall_dayz", 'relation "hall_dayz" does not exist'),
        ("SELECT append_0()", "function append_0() does not exist"),
        ("SELECT seq FROM away.events", 'relation "away.events" does not exist'),
    ],
)
async def test_what_is_missing_is_an_outage_and_is_said_as_an_error_once(dsn: str, sql: str, missing: str) -> None:
    async with Database(dsn) as database:
        with capture_logs() as lines:
            for _ in range(2):
                with pytest.raises(Incomplete):
                    await database.fetch(sql)

    assert [(line["event"], line["log_level"], line["why"]) for line in lines] == [
        ("database_incomplete", "error", missing)
    ]


@pytest.mark.parametrize("sql", ["SELECT seqq FROM events", "SELECT seq FRM events", "SELECT 1 / 0"])
async def test_a_mistake_in_a_statement_is_no_outage(dsn: str, sql: str) -> None:
    async with Database(dsn) as database:
        with pytest.raises(asyncpg.PostgresError) as mistake:
            await database.fetch(sql)

    assert not isinstance(mistake.value, StorageUnavailable)


def test_an_answer_that_did_not_come_in_time_is_named() -> None:
    with pytest.raises(StorageUnavailable, match="TimeoutError"), unavailable_when_unreachable():
        raise TimeoutError


async def test_what_a_standby_does_not_have_is_an_outage(dsn: str) -> None:
    async with Database(dsn) as database:
        with pytest.raises(StorageUnavailable, match="unlogged"):  # as for the table `forecasts`
            await database.fetch(
                "DO $$ BEGIN RAISE 'cannot access unlogged relations during recovery' USING ERRCODE = '0A000'; END $$"
            )


async def test_an_append_waits_for_the_table_it_is_for(writer: Writer, dsn: str) -> None:
    async def refused() -> bool:
        return writer.appender.health.fails

    await execute(dsn, "ALTER TABLE tickets RENAME TO put_aside")
    with capture_logs() as lines:
        appending = asyncio.create_task(writer.appender.append(writer.next()))
        await until(refused)
        await execute(dsn, "ALTER TABLE put_aside RENAME TO tickets")
        async with asyncio.timeout(WITHIN_S):
            assert isinstance(await appending, Committed)

    assert [line["why"] for line in lines if line["event"] == "database_incomplete"] == [
        'relation "tickets" does not exist'
    ]
