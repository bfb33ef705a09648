"""Retries: the same request with the same key, until there is a definite answer."""

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from service.clock import Clock
from service.replay.answers import TicketSeen
from service.replay.client import PAUSE_FIRST_S, PAUSE_MOST_S, Client, Kind, decode_answer, pause_s
from service.replay.errors import RefusedError, ReplayError
from service.replay.hall_client import HallClient

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """A server that gives prepared answers in order, and remembers the requests."""

    def __init__(self, *answers: web.Response | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, str | None, bytes]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer; None closes the connection instead."""
        key = request.headers.get("Idempotency-Key")
        self.asked.append((request.method, request.path, key, await request.read()))
        answer = self.answers.pop(0)
        if answer is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return answer


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client's connections."""
    async with aiohttp.ClientSession() as session:
        yield session


async def client_of(server: Server, session: aiohttp.ClientSession, run: Callable[[Client], Awaitable[None]]) -> None:
    """Run a function with a client of a server."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.handle)
    async with TestServer(app) as running:
        await run(Client(session, str(running.make_url("")), Clock()))


def problem(status: int, code: str, **headers: str) -> web.Response:
    """Return a problem document."""
    body = {"type": f"/problems/{code}", "title": "Not now.", "status": status, "code": code}
    return web.json_response(body, status=status, content_type="application/problem+json", headers=headers)


async def test_a_lost_answer_is_asked_for_again_with_the_same_key_and_body(session: aiohttp.ClientSession) -> None:
    server = Server(None, problem(503, "outcome-unknown", **{"Retry-After": "0"}), web.json_response({"done": 1}))

    async def run(client: Client) -> None:
        reply = await client.send(Kind.TAKE, "POST", "/v1/x", body={"service": "ps"})

        assert reply.body == b'{"done": 1}'
        assert client.tally.retries["outcome-unknown"] == 1
        assert client.tally.retries.total() == 2
        assert client.tally.problems == {"outcome-unknown": 1}
        assert len(client.tally.latencies_s[Kind.TAKE]) == 1

    await client_of(server, session, run)
    assert len(server.asked) == 3
    assert len(set(server.asked)) == 1
    assert server.asked[0][2] is not None
    assert len(server.asked[0][2]) >= 16


async def test_each_command_has_a_key_of_its_own_and_reading_has_none(session: aiohttp.ClientSession) -> None:
    server = Server(*(web.json_response({}) for _ in range(3)))

    async def run(client: Client) -> None:
        await client.send(Kind.OPEN, "POST", "/v1/x")
        await client.send(Kind.LEAVE, "DELETE", "/v1/x")
        await client.send(Kind.READ, "GET", "/v1/x")

    await client_of(server, session, run)
    keys = [key for _, _, key, _ in server.asked]
    assert keys[0] != keys[1]
    assert keys[2] is None


async def test_after_some_tries_it_gives_up_and_says_why(session: aiohttp.ClientSession) -> None:
    server = Server(*(problem(503, "busy") for _ in range(2)))

    async def run(client: Client) -> None:
        with pytest.raises(ReplayError, match="has no answer after 2 tries: busy"):
            await client.send(Kind.READ, "GET", "/v1/x", tries=2)

    await client_of(server, session, run)


async def test_a_refusal_is_an_answer_and_is_not_sent_again(session: aiohttp.ClientSession) -> None:
    server = Server(problem(409, "counter-busy"))

    async def run(client: Client) -> None:
        reply = await client.send(Kind.NEXT, "POST", "/v1/x")

        with pytest.raises(RefusedError, match="next was refused: 409 counter-busy Not now") as caught:
            decode_answer("next", reply, TicketSeen)
        assert caught.value.code == "counter-busy"

    await client_of(server, session, run)
    assert len(server.asked) == 1


async def test_an_answer_that_the_contract_does_not_know_is_an_error(session: aiohttp.ClientSession) -> None:
    server = Server(web.json_response({"id": 7}), web.Response(status=500, text="<html>"))

    async def run(client: Client) -> None:
        with pytest.raises(ReplayError, match="the answer to a ticket is not what the contract says"):
            decode_answer("a ticket", await client.send(Kind.READ, "GET", "/v1/x"), TicketSeen)
        with pytest.raises(RefusedError, match="500"):
            decode_answer("a ticket", await client.send(Kind.READ, "GET", "/v1/x"), TicketSeen)

    await client_of(server, session, run)


async def test_a_hall_that_does_not_exist_names_the_command_that_makes_it(session: aiohttp.ClientSession) -> None:
    server = Server(problem(404, "hall-not-found"))

    async def run(client: Client) -> None:
        with pytest.raises(ReplayError, match=r"\./paihao hall apply bank FILE makes it"):
            await HallClient(client, "bank", "token").document()

    await client_of(server, session, run)


async def test_who_was_called_in_the_moment_of_leaving_stays(session: aiohttp.ClientSession) -> None:
    ticket = {
        "id": "t",
        "code": "c",
        "number": "A001",
        "day": "2026-11-23",
        "service": "ps",
        "state": "waiting",
        "counter": None,
        "calls": 0,
        "issued_at": "2026-11-23T09:00:00.000Z",
        "called_at": None,
        "outcome": None,
        "seq": 2,
        "token": "mine",
        "ahead": 0,
    }
    server = Server(web.json_response(ticket, status=201), problem(409, "wrong-state"))

    async def run(client: Client) -> None:
        hall = HallClient(client, "bank", "token")
        assert await hall.leave(await hall.take("ps")) is None

    await client_of(server, session, run)
    assert [(method, path) for method, path, _, _ in server.asked] == [
        ("POST", "/v1/halls/bank/tickets"),
        ("DELETE", "/v1/halls/bank/tickets/t"),
    ]


async def test_a_history_is_read_to_its_last_page(session: aiohttp.ClientSession) -> None:
    event = {"seq": 2, "kind": "ticket_taken", "data": {}}
    pages = [{"items": [event], "next_cursor": "2"}, {"items": [{**event, "seq": 5}], "next_cursor": None}]
    server = Server(*(web.json_response(page) for page in pages))

    async def run(client: Client) -> None:
        assert [one.seq for one in await HallClient(client, "bank", "token").history("t")] == [2, 5]

    await client_of(server, session, run)
    assert len(server.asked) == 2


@pytest.mark.parametrize("tried", [0, 1, 5, 1000])
def test_pauses_grow_to_a_limit_and_differ(tried: int) -> None:
    most_s = min(PAUSE_FIRST_S * 2.0 ** min(tried, 10), PAUSE_MOST_S)

    pauses = {pause_s(tried) for _ in range(20)}

    assert all(most_s / 2 <= pause <= most_s for pause in pauses)
    assert len(pauses) > 1
