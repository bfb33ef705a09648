"""Migrations: applied once, in order, by one process at a time, and never changed afterwards."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date

import asyncpg
import pytest

from service.journal import migrate as migrate_module
from service.journal.faults import MigrationFault
from service.journal.migrate import migrate, migrations
from tests.postgres import PostgresServer

FIRST = {"0001_a.sql": "CREATE TABLE a (id integer);"}
SECOND = FIRST | {"0002_b.sql": "ALTER TABLE a ADD COLUMN b text;"}


@pytest.fixture
async def empty(postgres: PostgresServer) -> AsyncIterator[str]:
    """Return the URL of an empty database."""
    name = await postgres.create_database()
    yield postgres.dsn(name)
    await postgres.drop_database(name)


async def test_migrations_are_applied_once(empty: str) -> None:
    assert await migrate(empty) == list(migrations())
    assert await migrate(empty) == []


async def test_migrations_of_two_processes_at_once_are_applied_once(empty: str) -> None:
    applied = await asyncio.gather(*(migrate(empty) for _ in range(4)))

    assert sorted(applied, key=len) == [[], [], [], list(migrations())]


async def test_a_migration_takes_as_long_as_it_takes(empty: str) -> None:
    assert await migrate(f"{empty}&statement_timeout=20", {"0001_a.sql": "SELECT pg_sleep(0.1);"}) == ["0001_a.sql"]


async def test_a_migration_that_stalls_is_ended(empty: str) -> None:
    told = "CREATE TABLE told AS SELECT current_setting('idle_in_transaction_session_timeout') AS within;"
    await migrate(empty, {"0001_told.sql": told})

    connection = await asyncpg.connect(empty)
    try:
        assert await connection.fetchval("SELECT within FROM told") == "10s"
    finally:
        await connection.close()


async def test_a_role_that_may_not_make_tables_finds_nothing_missing(empty: str) -> None:
    await migrate(empty, FIRST)
    connection = await asyncpg.connect(empty)
    try:
        await connection.execute("CREATE ROLE guest; GRANT SELECT ON schema_migrations TO guest")

        assert await migrate(f"{empty}&role=guest", FIRST) == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await migrate(f"{empty}&role=guest", FIRST | {"0002_c.sql": "CREATE TABLE c (id integer);"})
    finally:
        await connection.execute("DROP OWNED BY guest; DROP ROLE guest")
        await connection.close()


async def test_new_migrations_are_applied_after_the_old(empty: str) -> None:
    await migrate(empty, FIRST)

    assert await migrate(empty, SECOND) == ["0002_b.sql"]


async def test_a_migration_that_changed_after_it_was_applied_is_refused(empty: str) -> None:
    await migrate(empty, FIRST)

    with pytest.raises(MigrationFault, match=r"0001_a\.sql was applied and has changed"):
        await migrate(empty, {"0001_a.sql": "CREATE TABLE a (id bigint);"})


async def test_line_ends_are_no_change(empty: str) -> None:
    await migrate(empty, {"0001_a.sql": "CREATE TABLE a (\n    id integer\n);\n"})

    assert await migrate(empty, {"0001_a.sql": "CREATE TABLE a (\r\n    id integer\r\n);\r\n"}) == []


async def test_a_database_newer_than_the_program_is_refused(empty: str) -> None:
    await migrate(empty, SECOND)

    with pytest.raises(MigrationFault, match=r"newer than this program: it has 0002_b\.sql"):
        await migrate(empty, FIRST)


async def test_a_migration_that_comes_late_is_refused(empty: str) -> None:
    await migrate(empty, {"0002_b.sql": "CREATE TABLE b (id integer);"})

    with pytest.raises(MigrationFault, match=r"give it a later number"):
        await migrate(empty, FIRST | {"0002_b.sql": "CREATE TABLE b (id integer);"})


async def test_a_migration_that_fails_leaves_nothing(empty: str) -> None:
    broken = FIRST | {"0002_b.sql": "CREATE TABLE b (id integer); SELECT 1 / 0;"}

    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty, broken)

    assert await migrate(empty, SECOND) == ["0002_b.sql"]


async def test_a_migration_gives_way_to_work_and_tries_again(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await migrate(empty, FIRST)
    gave_way = asyncio.Event()
    worker = await asyncpg.connect(empty)
    try:
        await worker.execute("BEGIN; LOCK TABLE a IN ROW EXCLUSIVE MODE")

        async def pause(_seconds: float) -> None:
            if not gave_way.is_set():
                gave_way.set()
                await worker.execute("COMMIT")

        monkeypatch.setattr(migrate_module, "_pause", pause)

        assert await migrate(empty, SECOND) == ["0002_b.sql"]
    finally:
        await worker.close()
    assert gave_way.is_set()


async def test_a_migration_that_never_has_its_locks_says_so(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate_module, "TRIES_MAX", 1)
    await migrate(empty, FIRST)
    worker = await asyncpg.connect(empty)
    try:
        await worker.execute("BEGIN; LOCK TABLE a IN ROW EXCLUSIVE MODE")

        with pytest.raises(MigrationFault, match=r"0002_b\.sql could not have its locks"):
            await migrate(empty, SECOND)
    finally:
        await worker.close()


async def test_days_of_the_release_before_have_begun_and_its_processes_go_on(empty: str) -> None:
    await migrate(empty, {name: sql for name, sql in migrations().items() if name < "0007"})
    connection = await asyncpg.connect(empty)
    day = "INSERT INTO hall_days (hall_id, day, seq, head, opened_at) VALUES ('demo', $1, $2, gen_random_uuid(), now())"
    event = (
        "INSERT INTO events (hall_id, day, seq, append_id, command_id, part, at, actor, kind, body)"
        " VALUES ('demo', '2026-11-23', $1, gen_random_uuid(), 'command ' || $1::integer, 0, now(), 'system', $2, $3)"
    )
    try:
        await connection.execute(day, date(2026, 11, 23), 3)
        await connection.execute(event, 1, "day_opened", '{"plan":{"revision":3}}')
        await connection.execute(event, 2, "plan_changed", '{"plan":{"revision":4}}')
        await connection.execute(event, 3, "ticket_left", '{"ticket":"nul \\u0000"}')

        await migrate(empty)
        await connection.execute(day, date(2026, 11, 24), 0)  # as a process of that release opens its present day
        written = await connection.fetchval(
            "SELECT append_1('demo', '2026-11-24', 0, 1, head, gen_random_uuid(),"
            " json_build_array(json_build_object('seq', 1, 'command_id', 'c', 'part', 0, 'at', now(), 'actor', 'a',"
            " 'kind', 'day_closed')), ARRAY['{}']::json[], NULL, NULL) FROM hall_days WHERE day = '2026-11-24'"
        )

        rows = await connection.fetch("SELECT begun_at IS NOT NULL, revision, seq FROM hall_days ORDER BY day")
    finally:
        await connection.close()
    assert written is not None
    assert [tuple(row) for row in rows] == [(True, 4, 3), (True, None, 1)]


def test_migrations_are_numbered_without_gaps() -> None:
    assert [int(name[:4]) for name in migrations()] == list(range(1, len(migrations()) + 1))
