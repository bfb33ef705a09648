"""Outages of the database while the service runs: 503 meanwhile, then everything works again without a restart.

This includes a database that accepts no writes: its disk is full, or it is read-only. Each failing part is logged once,
and its recovery is logged once.
"""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import asyncpg

from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.journal import hall_documents as stored
from service.journal.database import Database
from service.journal.migrate import migrate
from tests.postgres import PostgresServer, running
from tests.proxy import Proxy
from tests.serve.program import (
    ROOT,
    Client,
    Json,
    Program,
    Programs,
    Served,
    alive,
    free_port,
    postmaster_of,
    same_board,
    until,
)

TOLD = {"storage-unavailable", "outcome-unknown"}
KEY = "a-key-of-the-outage-0001"
PERSON = {"name": "Outage Wang", "phone": "+8613912345678", "email": "outage.wang@example.org"}

NO_ROOM = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full';
END $$;
CREATE TRIGGER no_room BEFORE INSERT ON events EXECUTE FUNCTION no_room();
"""
"""Makes appends fail as on a full disk."""

MOVE_TABLES = """
DO $$
DECLARE
    name text;
BEGIN
    CREATE SCHEMA IF NOT EXISTS away;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '{here}' LOOP
        EXECUTE format('ALTER TABLE {here}.%I SET SCHEMA {there}', name);
    END LOOP;
END $$;
"""
"""Removes the tables for a while, as a restore in place does."""


async def test_when_the_embedded_postmaster_is_killed_the_service_starts_another(
    programs: Programs, data_dir: Path
) -> None:
    served = await programs.serve(demo_always_open=1)
    postmaster = postmaster_of(data_dir)
    assert postmaster is not None
    away = data_dir / "postgres.away"

    def begin() -> None:
        (data_dir / "postgres").rename(away)  # so that the watch cannot start another until the folder is back
        os.kill(postmaster, signal.SIGKILL)

    await _live_through(served, begin, lambda: shutil.move(away, data_dir / "postgres"))

    assert not alive(postmaster)
    assert postmaster_of(data_dir) not in {None, postmaster}
    assert served.program.lines("postgres is back")
    _says_once(served.program, "follower", "halls", "bell of PostgreSQL")


async def test_when_an_external_postgresql_is_stopped_the_service_waits_for_it(
    programs: Programs, document: HallDocument
) -> None:
    with running(durable=True) as postgres:
        await _make_noon(postgres, document)
        served = await programs.serve(database_url=postgres.dsn())

        await _live_through(served, postgres.stop, postgres.start)

        await served.program.end()
        _says_once(served.program, "follower", "halls", "bell of PostgreSQL")


async def test_a_database_without_room_is_said_once_and_makes_the_service_unready_until_there_is_some(
    programs: Programs, noon: str
) -> None:
    served = await programs.serve(database_url=noon, metrics_open=1)
    async with served.client() as client:
        await client.take("enquiry")
        await _execute(noon, NO_ROOM)

        refused = await client.call("POST", "tickets", {"service": "enquiry", "applicant": PERSON}, key=KEY)
        unready = await client.call("GET", "/readyz")
        await _execute(noon, "DROP TRIGGER no_room ON events")
        await until(lambda: _is(client, "/readyz", 200), "/readyz 200")
        taken = await _taken(client)

    assert (refused.status, refused.code in TOLD) == (503, True)
    assert (unready.status, unready.body["checks"]) == (503, {"database": "ok", "appends": "failing", "process": "ok"})
    assert (taken or {})["number"] == "B002"
    (line,) = served.program.lines("not_working")
    assert (line["what"], line["error"], line["sqlstate"]) == ("appends", "DiskFullError", "53100")
    assert [line["what"] for line in served.program.lines("works_again")] == ["appends"]


async def test_a_read_only_database_makes_the_service_unready_until_it_takes_changes_again(
    programs: Programs, noon: str
) -> None:
    name = urlsplit(noon).path.removeprefix("/")
    served = await programs.serve(database_url=noon, metrics_open=1)
    async with served.client() as client:
        await client.take("enquiry")
        await _execute(noon, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await _execute(
            noon,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )

        await until(lambda: _is(client, "/readyz", 503), "/readyz 503")
        refused = await client.call("POST", "tickets", {"service": "enquiry", "applicant": PERSON}, key=KEY)
        unready = await client.call("GET", "/readyz")
        await _execute(noon, f"SET transaction_read_only = off; ALTER DATABASE {name} RESET ALL")
        await until(lambda: _is(client, "/readyz", 200), "/readyz 200")
        taken = await until(lambda: _taken(client), "the ticket of the outage")

    assert (refused.status, refused.code in TOLD) == (503, True)
    assert (unready.status, unready.body["checks"]["database"]) == (503, "read-only")
    assert taken["number"] == "B002"
    told = [line["sqlstate"] for line in served.program.lines("not_working") if line["what"] == "appends"]
    assert told.count("25006") == 1


async def test_a_database_whose_tables_are_missing_for_a_while_is_waited_for(programs: Programs, noon: str) -> None:
    served = await programs.serve(database_url=noon, metrics_open=1)
    program = served.program

    async def is_said(event: str) -> bool:
        return {line["what"] for line in program.lines(event)} >= {"appends", "follower", "halls"}

    async with served.client() as client, served.board() as screen:
        await client.take("enquiry")
        await screen.shows(lambda board: bool(board["waiting"][1]["count"] == 1))
        await _execute(noon, MOVE_TABLES.format(here="public", there="away"))

        refused = await client.call("POST", "tickets", {"service": "enquiry", "applicant": PERSON}, key=KEY)
        unready = await client.call("GET", "/readyz")
        await until(lambda: is_said("not_working"), "each loop to have met it")
        await screen.silent()
        await _execute(noon, MOVE_TABLES.format(here="away", there="public"))
        taken = await until(lambda: _taken(client), "the ticket of the restore")
        await screen.shows(lambda board: bool(board["waiting"][1]["count"] == 2))
        await until(lambda: _is(client, "/readyz", 200), "/readyz 200")
        await until(lambda: is_said("works_again"), "each loop to be at work again")

    assert (refused.status, refused.code in TOLD) == (503, True)
    assert (unready.status, unready.body["checks"]["appends"]) == (503, "failing")
    assert taken["number"] == "B002"
    missing = [line["why"] for line in program.lines("database_incomplete")]
    assert 'relation "hall_days" does not exist' in missing
    assert len(missing) == len(set(missing)), "each is said once"
    _says_once(program, "appends", "follower", "halls")


async def test_a_display_waits_for_its_database_and_says_when_it_is_lost(
    programs: Programs, noon: str, far_dsn: str, proxy: Proxy
) -> None:
    served = await programs.serve(database_url=noon)  # the same database, without the proxy
    await proxy.go_away()
    port = free_port()
    program = programs.begin("display", database_url=far_dsn, display_port=port)
    missing = await program.line("not_working")
    said = list(program.lines("screens ready"))

    await proxy.come_back()
    await program.line("screens ready")
    await until(lambda: _answers(port, 200), "/readyz 200")
    healthy = await _healthy_display(port)
    await proxy.go_away()
    await until(lambda: _answers(port, 503), "/readyz 503")
    unhealthy = await _healthy_display(port)
    await proxy.come_back()
    await until(lambda: _answers(port, 200), "/readyz 200 again")

    assert served.program.lines("not_working") == []
    assert (missing["what"], said) == ("database", [])
    assert (healthy, unhealthy) == (0, 1)
    _says_once(program, "database", "follower")


async def test_a_nats_server_that_is_not_there_is_said(programs: Programs, noon: str) -> None:
    served = await programs.serve(database_url=noon, nats_url=f"nats://127.0.0.1:{free_port()}")

    line = await served.program.line("not_working")

    assert line["what"] == "bell of NATS"
    assert line["error"]


async def _execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def _says_once(program: Program, *things: str) -> None:
    """Assert that each kind of error and each recovery of these parts was logged once."""
    for what in things:
        kinds = [(line["error"], line["sqlstate"]) for line in program.lines("not_working") if line["what"] == what]
        assert kinds, what
        assert len(kinds) == len(set(kinds)), kinds
        assert [line["what"] for line in program.lines("works_again")].count(what) == 1, what


async def _answers(port: int, status: int) -> bool:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/readyz") as reply:
        return reply.status == status


async def _healthy_display(port: int) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, ROOT / "deploy" / "healthy.py", "display", env={"PAIHAO_DISPLAY_PORT": str(port)}
    )
    return await process.wait()


async def _make_noon(postgres: PostgresServer, document: HallDocument) -> None:
    await migrate(postgres.dsn())
    async with Database(postgres.dsn()) as database:
        await stored.HallStore(database).create_if_absent(HallId("noon"), document)


async def _live_through(served: Served, begin: Callable[[], object], end: Callable[[], object]) -> None:
    """Watch boards and send requests before, during and after an outage of the database."""
    async with served.client() as client, served.board() as screen:
        await client.open("1")
        before = await client.take("enquiry", applicant=PERSON)
        async with served.ticket(before) as phone:
            begin()
            await until(lambda: _is(client, "/readyz", 503), "/readyz 503")
            await until(lambda: _is(client, "board", 503), "no board from memory")
            await asyncio.gather(_is_told_503(client, before), screen.silent(), phone.silent())

            end()
            await until(lambda: _is(client, "/readyz", 200), "/readyz 200")
            during = await until(lambda: _taken(client), "the ticket of the outage")
            called = await client.next("1")
            assert called is not None
            assert called["number"] == before["number"] == "B001"
            assert during["number"] == "B002"
            assert (await _taken(client) or {})["id"] == during["id"]
            await phone.shows(lambda ticket: bool(ticket["state"] == "called"))
            await screen.shows(lambda board: [one["number"] for one in board["called"]] == ["B001"])
            await screen.shows(lambda board: bool(board["waiting"][1]["count"] == 1))
            assert same_board(screen.seen, (await client.call("GET", "board")).body)


async def _is_told_503(client: Client, ticket: Json) -> None:
    own = f"tickets/{ticket['id']}"
    asked: list[tuple[str, str, Json | None]] = [
        ("GET", "board", None),
        ("GET", "queue", None),
        ("GET", own, None),
        ("GET", f"{own}/history", None),
        ("GET", "document", None),
        ("GET", "/v1/halls/noon", None),
        ("GET", "/v1/halls/unknown/board", None),
        ("POST", "counters/2/open", {}),
        ("POST", "tickets", {"service": "no-such-service"}),
    ]
    replies = await asyncio.gather(
        client.call("POST", "tickets", {"service": "enquiry", "applicant": PERSON}, key=KEY),
        *(client.staff(*request) for request in asked),
    )
    for request, reply in zip([("POST", "tickets"), *asked], replies, strict=True):
        assert (reply.status, reply.code in TOLD) == (503, True), (request, reply)
        assert int(reply.headers["Retry-After"]) >= 1
    assert (await client.call("GET", "/healthz")).status == 200
    assert (await client.call("GET", "/halls/noon/screen")).status == 200


async def _is(client: Client, path: str, status: int) -> bool:
    return (await client.call("GET", path)).status == status


async def _taken(client: Client) -> Json | None:
    reply = await client.call("POST", "tickets", {"service": "enquiry", "applicant": PERSON}, key=KEY)
    assert reply.status in {201, 503}, reply.body
    ticket: Json = reply.body
    return ticket if reply.status == 201 else None
