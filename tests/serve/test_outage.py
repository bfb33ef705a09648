"""The database goes away and comes back while the service runs: 503 meanwhile, then all goes on by itself."""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

from service.domain.document import HallDocument
from service.domain.model import HallId
from service.journal import halls as stored
from service.journal.database import Database
from service.journal.migrate import migrate
from tests.postgres import PostgresServer, running
from tests.serve.program import Client, Json, Programs, Served, alive, postmaster_of, same_board, until

TOLD = {"storage-unavailable", "outcome-unknown"}
KEY = "a-key-of-the-outage-0001"
PERSON = {"name": "Outage Wang", "phone": "+8613912345678", "email": "outage.wang@example.org"}


async def test_when_the_embedded_postmaster_is_killed_the_service_starts_another(
    programs: Programs, data_dir: Path
) -> None:
    served = await programs.serve(demo_always_open=1)
    postmaster = postmaster_of(data_dir)
    assert postmaster is not None
    away = data_dir / "postgres.away"

    def begin() -> None:
        (data_dir / "postgres").rename(away)  # so that no other can be started until the folder is back
        os.kill(postmaster, signal.SIGKILL)

    await _live_through(served, begin, lambda: shutil.move(away, data_dir / "postgres"))

    assert not alive(postmaster)
    assert postmaster_of(data_dir) not in {None, postmaster}
    assert served.program.lines("postgres is back")


async def test_when_an_external_postgresql_is_stopped_the_service_waits_for_it(
    programs: Programs, document: HallDocument
) -> None:
    with running(durable=True) as postgres:
        await _make_noon(postgres, document)
        served = await programs.serve(database_url=postgres.dsn())

        await _live_through(served, postgres.stop, postgres.start)

        await served.program.end()


async def _make_noon(postgres: PostgresServer, document: HallDocument) -> None:
    await migrate(postgres.dsn())
    async with Database(postgres.dsn()) as database:
        await stored.Halls(database).create_if_absent(HallId("noon"), document)


async def _live_through(served: Served, begin: Callable[[], object], end: Callable[[], object]) -> None:
    """Watch and ask before, while and after the database is away."""
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
