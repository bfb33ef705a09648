"""HTTP as a careful client does it: every command has a key, and is sent again with it until an answer is definite.

A lost connection, a time-out or a 503 says nothing about whether the command was done; the same request with the same
`Idempotency-Key` finds out, and never does it twice.
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
"""With the pauses between them about a minute: enough for a server to be started again."""

TRIES_OF_FIRST = 2
"""Of the first request: whoever mistyped the address shall not wait for a minute."""

PAUSE_FIRST_S = 0.05
PAUSE_MOST_S = 2.0
ANSWER_WITHIN_S = 15.0
"""A request without an answer for so long is sent again."""

RETRIED = frozenset({429, 502, 503, 504})
"""Statuses that ask for another try; 502 and 504 are a proxy's."""

_encode = msgspec.json.Encoder().encode
_decode_problem = msgspec.json.Decoder(ProblemSeen).decode

Body = TypeVar("Body")


class Kind(StrEnum):
    """What was asked for, in the report's words."""

    TAKE = "take"
    LEAVE = "leave"
    OPEN = "open"
    NEXT = "next"
    FINISH = "finish"
    CLOSE = "close"
    DOCUMENT = "document"
    READ = "read"


COMMANDS = frozenset({Kind.TAKE, Kind.LEAVE, Kind.OPEN, Kind.NEXT, Kind.FINISH, Kind.CLOSE})
"""What people and staff do; the rest only looks, or prepares."""


class Tally:
    """What was sent and what came of it: seconds per answer and kind, problems by code, retries by cause."""

    def __init__(self) -> None:
        self.latencies_s: defaultdict[Kind, list[float]] = defaultdict(list)
        self.problems: Counter[str] = Counter()
        self.retries: Counter[str] = Counter()


class Reply(Struct, frozen=True):
    """An answer: `problem` is set when it is a refusal."""

    status: int
    body: bytes
    etag: str | None
    problem: ProblemSeen | None = None


class Asked(Struct, frozen=True):
    """A request, the same at every try."""

    kind: Kind
    method: str
    url: str
    data: bytes | None
    headers: dict[str, str]


class Again(Struct, frozen=True):
    """A try without a definite answer: why, and how long the server asks to wait."""

    why: str
    wait_s: float


class Client:
    """Sends requests to one server, at most as many at once as its session has connections."""

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
            ReplayError: there is none after `tries`.
        """
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        if method != "GET":
            headers["Idempotency-Key"] = f"replay-{secrets.token_hex(16)}"
        if if_match is not None:
            headers["If-Match"] = if_match
        data = None if body is None else _encode(body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        asked = Asked(kind, method, self._url + path, data, headers)
        for tried in count():
            given = await self._try(asked)
            if isinstance(given, Reply):
                return given
            if tried + 1 >= tries:
                raise ReplayError(f"{method} {asked.url} has no answer after {tries} tries: {given.why}")
            self.tally.retries[given.why] += 1
            await asyncio.sleep(max(given.wait_s, pause_s(tried)))
        raise AssertionError("counting does not end")

    async def _try(self, asked: Asked) -> Reply | Again:
        began_s = self._clock.monotonic_s()
        try:
            async with self._session.request(
                asked.method, asked.url, data=asked.data, headers=asked.headers
            ) as response:
                raw = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Again(type(error).__name__, 0.0)
        problem = _problem(response, raw)
        if problem is not None:
            self.tally.problems[problem.code] += 1
        if response.status in RETRIED:
            return Again(problem.code if problem is not None else str(response.status), _retry_after_s(response))
        self.tally.latencies_s[asked.kind].append(self._clock.monotonic_s() - began_s)
        return Reply(response.status, raw, response.headers.get("ETag"), problem)


def decoded(what: str, reply: Reply, form: type[Body]) -> Body:
    """The body of an answer.

    Raises:
        RefusedError: it is a refusal.
        ReplayError: it is not what the contract says.
    """
    if reply.problem is not None:
        raise RefusedError(what, reply.status, reply.problem.code, reply.problem.title)
    try:
        return msgspec.json.decode(reply.body, type=form)
    except msgspec.MsgspecError as error:
        raise ReplayError(f"the answer to {what} is not what the contract says: {error}") from error


def pause_s(tried: int) -> float:
    """How long to wait after try `tried`, counted from 0: twice as long each time, and never for all the same."""
    most_s = min(PAUSE_FIRST_S * 2.0 ** min(tried, 10), PAUSE_MOST_S)
    return most_s * random.uniform(0.5, 1.0)  # noqa: S311  (spreads retries, guards nothing)


def _problem(response: aiohttp.ClientResponse, raw: bytes) -> ProblemSeen | None:
    if response.status < 400:
        return None
    try:
        said = _decode_problem(raw)
    except msgspec.MsgspecError:
        said = ProblemSeen()
    return said if said.code else ProblemSeen(code=str(response.status), title=response.reason or "")


def _retry_after_s(response: aiohttp.ClientResponse) -> float:
    """The seconds a server asks for; dates are not reckoned, for our clocks may differ."""
    said = response.headers.get("Retry-After", "")
    return min(float(said), ANSWER_WITHIN_S) if said.isascii() and said.isdigit() else 0.0
