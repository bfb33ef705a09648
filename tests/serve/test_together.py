"""Several processes on one database: two `serve` and a `display`."""

import asyncio
import resource
from typing import Any

import aiohttp

from service.metrics.metrics import CONTENT_TYPE
from tests.serve.program import Client, Programs, Watched, same_board, until
from tests.service import ADMIN


async def test_two_serves_on_one_database_are_one_hall(programs: Programs, noon: str) -> None:
    one, two = await asyncio.gather(programs.serve(database_url=noon), programs.serve(database_url=noon))
    async with one.client() as here, two.client() as there, two.board() as screen:
        await there.open("1")

        taken = await here.take("enquiry")
        own = f"tickets/{taken['id']}"
        seen = await there.call("GET", own, token=taken["token"])
        called = await there.next("1")

        async def called_here() -> bool:
            seen = (await here.call("GET", own, token=taken["token"])).body
            return (seen["state"], seen["counter"]) == ("called", "1")

        await until(called_here, "the call at the other process")
        board = await screen.shows(lambda board: bool(board["called"]))

        assert seen.body["number"] == "B001"
        assert called is not None
        assert called["id"] == taken["id"]
        assert board["called"][0]["number"] == "B001"

        await _take_once_with_one_key_at_both(here, there)
        await _change_the_document(here, there)


async def _take_once_with_one_key_at_both(here: Client, there: Client) -> None:
    key = "one-key-for-both-0001"
    body = {"service": "enquiry"}
    replies = await asyncio.gather(
        *(client.call("POST", "tickets", body, key=key) for _ in range(4) for client in (here, there))
    )
    assert {reply.status for reply in replies} == {201}
    assert len({reply.body["id"] for reply in replies}) == 1
    assert (await here.take("enquiry"))["number"] == "B003"


async def _change_the_document(here: Client, there: Client) -> None:
    found = await there.staff("GET", "document")
    document: dict[str, Any] = found.body
    added = {**document["services"][1], "id": "added", "prefix": "D"}
    document["services"].append(added)
    document["counters"][0]["services"].append("added")
    before = await there.call("POST", "tickets", {"service": "added"})
    replaced = await here.staff("PUT", "document", document, headers={"If-Match": found.headers["Etag"]})
    late = await there.staff("PUT", "document", document, headers={"If-Match": found.headers["Etag"]})

    assert (before.status, before.code) == (404, "service-not-found")
    assert replaced.status == 200, replaced.body
    assert (late.status, late.code) == (412, "document-conflict")
    assert (await there.take("added"))["number"] == "D001"


async def test_a_display_of_its_own_shows_what_serve_says_and_outlives_it(programs: Programs, noon: str) -> None:
    served, shown = await asyncio.gather(programs.serve(database_url=noon), programs.display(database_url=noon))
    async with served.client() as client:
        await client.open("1")
        ticket = await client.take("enquiry")
        async with shown.board() as screen, shown.ticket(ticket) as phone, served.board() as own:
            await client.take("loan-first")
            await client.next("1")
            await _all_show(client, screen, own)
            mine = await client.call("GET", f"tickets/{ticket['id']}", token=ticket["token"])
            await phone.shows(lambda seen: bool(seen["seq"] >= mine.body["seq"]))
            assert {**phone.seen, "wait": None, "token": None} == {**mine.body, "wait": None, "token": None}

            await served.program.end()
            again = await programs.serve(database_url=noon)
            async with again.client() as after, again.board() as fresh:
                await after.next("1", "done")
                await phone.shows(lambda seen: bool(seen["state"] == "done"))
                await _all_show(after, screen, fresh)


async def test_a_display_of_its_own_says_its_metrics_to_ops_alone(programs: Programs, noon: str) -> None:
    watch = await programs.run("token", "add", "watch", "--role", "ops", database_url=noon)
    door = await programs.run("token", "add", "door", "--role", "kiosk", "--hall", "noon", database_url=noon)
    ops, kiosk = watch.out.strip(), door.out.strip()
    programs.private |= {ops, kiosk}
    shown = await programs.display(database_url=noon)
    statuses, told = [], []

    async with aiohttp.ClientSession(shown.sockets.replace("ws", "http", 1)) as session:
        for credential in (
            None,
            f"Bearer {kiosk}",
            f"Bearer {ops}x",
            f"Basic {ops}",
            f"Bearer {ops}",
            f"bearer {ADMIN}",
        ):
            headers = {} if credential is None else {"Authorization": credential}
            async with session.get("/metrics", headers=headers) as reply:
                statuses.append(reply.status)
                told.append("paihao_screens 0.0" in await reply.text())

    assert statuses == [401, 401, 401, 401, 200, 200]
    assert told == [False, False, False, False, True, True]


async def test_where_metrics_are_open_those_of_a_display_are_too(programs: Programs, noon: str) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))  # the usual default, for the started programs
    try:
        _, shown = await asyncio.gather(
            programs.serve(database_url=noon), programs.display(database_url=noon, metrics_open=1)
        )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    async with (
        aiohttp.ClientSession(shown.sockets.replace("ws", "http", 1)) as session,
        session.get("/metrics") as reply,
    ):
        text = await reply.text()

    assert reply.headers["Content-Type"] == CONTENT_TYPE
    assert (reply.status, text.endswith("\n"), "paihao_build_info" in text) == (200, True, True)
    (files,) = (float(line.split()[1]) for line in text.splitlines() if line.startswith("process_max_fds "))
    assert files == hard  # each screen needs one


async def _all_show(client: Client, *screens: Watched) -> None:
    """Assert that the screens show the board of GET."""
    for screen in screens:

        async def same(screen: Watched = screen) -> bool:
            return same_board(screen.seen, (await client.call("GET", "board")).body) or not await screen.frame()

        await until(same, "a screen like the board")
