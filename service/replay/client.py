"""An HTTP client that sends each command with an idempotency key, again and again until the answer is definite.

A lost connection, a time-out or a 503 does not tell whether the command was executed. The same request with the same
`Idempotency-Key` finds out, and is never executed twice.
"""

import asyncio
import random
import secrets
from collections import Counter, defaultdict
from enum import StrEnum
from itertools import count
from typing import TypeVar

import aiohttp
import msgspec
from msgspec import Struct

from service.clock import Clock
from service.replay.answers import ProblemSeen
from service.replay.errors import RefusedError, ReplayError

TRIES_MAX = 30
"""Tries of a request. With the pauses they last about a minute: enough for a restart of the server."""

TRIES_OF_FIRST = 2
"""Tries of the very first request, so that a wrong address is reported at once."""

PAUSE_FIRST_S = 0.05
PAUSE_MOST_S = 2.0
ANSWER_WITHIN_S = 15.0
"""A request that is not answered within this time is sent again."""

RETRIED = frozenset({429, 502, 503, 504})
"""Statuses after which a request is sent again; 502 and 504 come from a proxy."""

_encode = msgspec.json.Encoder().encode
_decode_problem = msgspec.json.Decoder(ProblemSeen).decode

Body = TypeVar("Body")


class Kind(StrEnum):
    """The kinds of requests, as the report names them."""

    TAKE = "take"
    LEAVE = "leave"
    OPEN = "open"
    NEXT = "next"
    FINISH = "finish"
    CLOSE = "close"
    DOCUMENT = "document"
    READ = "read"


COMMANDS = frozenset({Kind.TAKE, Kind.LEAVE, Kind.OPEN, Kind.NEXT, Kind.FINISH, Kind.CLOSE})
"""The commands of people and staff. The other kinds only read or prepare."""


class Tally:
    """Counts of a replay: latencies by kind of request, problems by code, retries by cause."""

    def __init__(self) -> None:
        self.latencies_s: defaultdict[Kind, list[float]] = defaultdict(list)
        self.problems: Counter[str] = Counter()
        self.retries: Counter[str] = Counter()


class Reply(Struct, frozen=True):
    """An answer; `problem` is set if the server refused."""

    status: int
    body: bytes
    etag: str | None
    problem: ProblemSeen | None = None


class Request(Struct, frozen=True):
    """A request, the same in every try."""

    kind: Kind
    method: str
    url: str
    data: bytes | None
    headers: dict[str, str]


class Retry(Struct, frozen=True):
    """A try without a definite answer: the cause, and the wait that the server asks for."""

    why: str
    wait_s: float


class Client:
    """Sends requests to one server. The session's connections limit how many are sent at once."""

    def __init__(self, session: aiohttp.ClientSession, url: str, clock: Clock) -> None:
        self.tally = Tally()
        self._session = session
        self._url = url.rstrip("/")
        self._clock = clock

    async def send(  # noqa: PLR0913  (a request has that many parts; all but three by name)
        self,
        kind: Kind,
        method: str,
        path: str,
        *,
        body: object = None,
        token: str | None = None,
        if_match: str | None = None,
        tries: int = TRIES_MAX,
    ) -> Reply:
        """Send a request until it has a definite answer.

        Raises:
            ReplayError: there is none after `tries` tries.
        """
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        if method != "GET":
            headers["Idempotency-Key"] = f"replay-{secrets.token_hex(16)}"
        if if_match is not None:
            headers["If-Match"] = if_match
        data = None if body is None else _encode(body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = Request(kind, method, self._url + path, data, headers)
        for tried in count():
            outcome = await self._try(request)
            if isinstance(outcome, Reply):
                return outcome
            if tried + 1 >= tries:
                raise ReplayError(f"{method} {request.url} has no answer after {tries} tries: {outcome.why}")
            self.tally.retries[outcome.why] += 1
            await asyncio.sleep(max(outcome.wait_s, pause_s(tried)))
        raise AssertionError("counting does not end")

    async def _try(self, request: Request) -> Reply | Retry:
        began_s = self._clock.monotonic_s()
        try:
            async with self._session.request(
                request.method, request.url, data=request.data, headers=request.headers
            ) as response:
                raw = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Retry(type(error).__name__, 0.0)
        problem = _problem(response, raw)
        if problem is not None:
            self.tally.problems[problem.code] += 1
        if response.status in RETRIED:
            return Retry(problem.code if problem is not None else str(response.status), _retry_after_s(response))
        self.tally.latencies_s[request.kind].append(self._clock.monotonic_s() - began_s)
        return Reply(response.status, raw, response.headers.get("ETag"), problem)


def decode_answer(what: str, reply: Reply, form: type[Body]) -> Body:
    """Decode the body of an answer.

    Raises:
        RefusedError: the answer is a problem.
        ReplayError: the body does not match the contract.
    """
    if reply.problem is not None:
        raise RefusedError(what, reply.status, reply.problem.code, reply.problem.title)
    try:
        return msgspec.json.decode(reply.body, type=form)
    except msgspec.MsgspecError as error:
        raise ReplayError(f"the answer to {what} is not what the contract says: {error}") from error


def pause_s(tried: int) -> float:
    """Return the pause after try `tried`, counted from 0: doubled each time, and random so that clients spread."""
    most_s = min(PAUSE_FIRST_S * 2.0 ** min(tried, 10), PAUSE_MOST_S)
    return most_s * random.uniform(0.5, 1.0)  # noqa: S311  (spreads retries, guards nothing)


def _problem(response: aiohttp.ClientResponse, raw: bytes) -> ProblemSeen | None:
    if response.status < 400:
        return None
    try:
        problem = _decode_problem(raw)
    except msgspec.MsgspecError:
        problem = ProblemSeen()
    return problem if problem.code else ProblemSeen(code=str(response.status), title=response.reason or "")


def _retry_after_s(response: aiohttp.ClientResponse) -> float:
    """Return the seconds of Retry-After. A date is ignored, because the clocks of client and server may differ."""
    problem = response.headers.get("Retry-After", "")
    return min(float(problem), ANSWER_WITHIN_S) if problem.isascii() and problem.isdigit() else 0.0
