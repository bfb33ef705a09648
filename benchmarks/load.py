"""The generator of requests: a process of its own, so that it costs the server nothing but what a client costs.

It reads a `Plan` as JSON from standard input and writes a `Report` to standard output. Connections are kept and carry
one request at a time; requests are bytes made beforehand, answers are looked at only for their status, their length and
what the next request needs. `Report.cpu_share` tells whether the generator itself was the bottleneck.

A paced stream counts latencies from when a request was due, so that a stall is felt by all who should have come.
"""

import asyncio
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from itertools import count, cycle
from typing import Literal, Protocol, cast

import msgspec
import uvloop
from msgspec import Struct

WARM_UP_S = 0.3
"""Not counted: connections, caches, the fill of a `turnover`."""

GIVE_UP_AFTER_S = 60.0
"""Longer than a plan's seconds, an answer is missing: the generator ends with an error."""

FIRST_PHONE = 8613800000000
"""A number that could be somebody's in China; the people of a benchmark count on from it."""

TICKET_ID = b'"id":"'
TOKEN = b'"token":"'


class Stream(Struct, kw_only=True):
    """Connections that all do the same.

    `take`: tickets, in the halls by turns. `turnover`: tickets, and whenever more than `keep` of ours wait, the oldest
    leaves (or with `leaves` the newest). `serve`: each connection is a counter, and takes a ticket and calls the next
    by turns. `book`: somebody new books one of `starts_at`, by turns; that it is full is an answer too. `slots`: what
    can be booked within 30 days. It ends after the plan's seconds, or after `count` requests. `per_s` paces the whole
    stream.
    """

    name: str
    script: Literal["take", "turnover", "serve", "book", "slots"]
    port: int
    halls: list[str]
    connections: int
    service: str = "enquiry"
    token: str = ""
    counters: list[str] = []
    starts_at: list[str] = []
    first_phone: int = 0
    keep: int = 0
    leaves: Literal["oldest", "newest"] = "oldest"
    per_s: float | None = None
    count: int | None = None


class Plan(Struct, kw_only=True):
    """What to do."""

    streams: list[Stream]
    seconds: float
    warm_up_s: float = WARM_UP_S


class Counted(Struct, frozen=True, kw_only=True):
    """One kind of request of a stream: as answered within the seconds that count."""

    stream: str
    operation: str
    answered: int
    p50_ms: float
    p99_ms: float
    max_ms: float


class Report(Struct, frozen=True, kw_only=True):
    """What was answered in how many seconds; all answers, and those that are `wrong`, by operation and status."""

    seconds: float
    cpu_share: float
    counted: list[Counted]
    statuses: dict[str, int]
    wrong: dict[str, int]

    def per_s(self, stream: str | None = None, operation: str | None = None) -> float:
        """Answers a second; of all streams and operations unless named."""
        return (
            sum(
                one.answered
                for one in self.counted
                if stream in {None, one.stream} and operation in {None, one.operation}
            )
            / self.seconds
        )

    def of(self, stream: str, operation: str) -> Counted:
        """One line. Raises StopIteration when nothing of that kind was answered."""
        return next(one for one in self.counted if (one.stream, one.operation) == (stream, operation))


class Asked(Struct, frozen=True):
    """A request: its name, its bytes, and the status it must get, or those of which it must get one."""

    operation: str
    raw: bytes
    status: bytes | tuple[bytes, ...]


class Script(Protocol):
    """What a stream's connections ask."""

    def ask(self, connection: int) -> Asked:
        """The next request of a connection."""

    def hear(self, asked: Asked, answer: bytes) -> None:
        """Take what later requests need from an answer, headers and all."""


def request(method: str, path: str, body: bytes = b"", token: str = "") -> bytes:
    """Make a request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def taking(hall: str, service: str) -> Asked:
    """Take a ticket."""
    return Asked("take", request("POST", f"/v1/halls/{hall}/tickets", b'{"service":"%s"}' % service.encode()), b"201")


class Take:
    """Tickets, in the halls by turns."""

    def __init__(self, stream: Stream) -> None:
        self._next = cycle([taking(hall, stream.service) for hall in stream.halls])

    def ask(self, _connection: int) -> Asked:
        """The next hall's."""
        return next(self._next)

    def hear(self, asked: Asked, answer: bytes) -> None:
        """Nothing."""


class Turnover:
    """Tickets taken and left, so that about `keep` wait."""

    def __init__(self, stream: Stream) -> None:
        self._path = f"/v1/halls/{stream.halls[0]}/tickets"
        self._take = taking(stream.halls[0], stream.service)
        self._keep = stream.keep
        self._pick = self._waiting_newest if stream.leaves == "newest" else self._waiting_oldest
        self._waiting: deque[tuple[bytes, bytes]] = deque()

    def _waiting_newest(self) -> tuple[bytes, bytes]:
        return self._waiting.pop()

    def _waiting_oldest(self) -> tuple[bytes, bytes]:
        return self._waiting.popleft()

    def ask(self, _connection: int) -> Asked:
        """Somebody comes, or leaves."""
        if len(self._waiting) <= self._keep:
            return self._take
        ticket, token = self._pick()
        return Asked("leave", request("DELETE", f"{self._path}/{ticket.decode()}", token=token.decode()), b"200")

    def hear(self, asked: Asked, answer: bytes) -> None:
        """Know the ticket."""
        if asked is self._take:
            at, token_at = answer.find(TICKET_ID) + len(TICKET_ID), answer.rfind(TOKEN) + len(TOKEN)
            self._waiting.append((answer[at : at + 36], answer[token_at : token_at + 43]))


class Serve:
    """A counter for each connection: one comes, one is called, and who was there is finished in the same command."""

    def __init__(self, stream: Stream) -> None:
        hall = stream.halls[0]
        self._takes = taking(hall, stream.service)
        self._calls = [
            Asked(
                "next",
                request(
                    "POST",
                    f"/v1/halls/{hall}/counters/{counter}/next",
                    b'{"finish":{"outcome":"done"}}',
                    stream.token,
                ),
                b"200",
            )
            for counter in stream.counters
        ]
        self._called = [True] * stream.connections

    def ask(self, connection: int) -> Asked:
        """By turns."""
        called = self._called[connection] = not self._called[connection]
        return self._calls[connection] if called else self._takes

    def hear(self, asked: Asked, answer: bytes) -> None:
        """Nothing."""


class Book:
    """Appointments: each for somebody else, the starts by turns."""

    def __init__(self, stream: Stream) -> None:
        self._path = f"/v1/halls/{stream.halls[0]}/appointments"
        self._service = stream.service
        self._starts = cycle(stream.starts_at)
        self._phones = count(FIRST_PHONE + stream.first_phone)

    def ask(self, _connection: int) -> Asked:
        """The next person and the next start."""
        body = (
            f'{{"service":"{self._service}","starts_at":"{next(self._starts)}",'
            f'"applicant":{{"name":"Li","phone":"+{next(self._phones)}"}}}}'
        )
        return Asked("book", request("POST", self._path, body.encode()), (b"201", b"409"))

    def hear(self, asked: Asked, answer: bytes) -> None:
        """Nothing."""


class Slots:
    """What can be booked within the usual horizon, in the halls by turns."""

    def __init__(self, stream: Stream) -> None:
        paths = [f"/v1/halls/{hall}/slots?service={stream.service}" for hall in stream.halls]
        self._next = cycle([Asked("slots", request("GET", path), b"200") for path in paths])

    def ask(self, _connection: int) -> Asked:
        """The next hall's."""
        return next(self._next)

    def hear(self, asked: Asked, answer: bytes) -> None:
        """Nothing."""


SCRIPTS: dict[str, type[Take] | type[Turnover] | type[Serve] | type[Book] | type[Slots]] = {
    "take": Take,
    "turnover": Turnover,
    "serve": Serve,
    "book": Book,
    "slots": Slots,
}


class Run:
    """One stream under way."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.script: Script = SCRIPTS[stream.script](stream)
        self.left = sys.maxsize if stream.count is None else stream.count
        self.counts_from_s = self.ends_s = 0.0
        self.latencies_s: dict[str, list[float]] = {}
        self.statuses: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()

    def note(self, asked: Asked, status: bytes, since_s: float, now_s: float) -> None:
        """Count an answer."""
        said = f"{asked.operation} {status.decode()}"
        self.statuses[said] += 1
        if status not in asked.status:
            self.wrong[said] += 1
        if now_s < self.counts_from_s:
            return
        if now_s > self.ends_s:
            if asked.operation in self.latencies_s:
                return
            self.ends_s = now_s  # a machine so busy that nothing was answered in time: the first one late counts
        self.latencies_s.setdefault(asked.operation, []).append(now_s - since_s)


class Connection(asyncio.Protocol):
    """One client: asks, waits for the answer, asks again."""

    def __init__(self, run: Run, number: int) -> None:
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loop = asyncio.get_running_loop()
        self._run = run
        self._number = number
        self._every_s = None if run.stream.per_s is None else run.stream.connections / run.stream.per_s
        self._due_s = 0.0
        self._rest = b""
        self._asked = Asked("", b"", b"")
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready."""
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's does not inherit it

    def begin(self) -> None:
        """Ask for the first time; paced connections come one after the other."""
        self._due_s = time.perf_counter()
        if self._every_s is not None:
            self._due_s += self._every_s * self._number / self._run.stream.connections
        self._go_on()

    def data_received(self, data: bytes) -> None:
        """Take an answer when it is whole."""
        if self._rest:
            data = self._rest + data
        head = data.find(b"\r\n\r\n")
        if head < 0 or len(data) < head + 4 + _length(data, head):
            self._rest = data
            return
        self._rest = b""
        self._run.note(self._asked, data[9:12], self._due_s, time.perf_counter())
        self._run.script.hear(self._asked, data)
        if self._every_s is not None:
            self._due_s += self._every_s
        self._go_on()

    def close(self) -> None:
        """Hang up, when it is over."""
        assert self._transport is not None, "connected"
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over; before its time, that is a failure."""
        if not self.over.done():
            self.over.set_exception(exc or ConnectionError("the server closed a connection"))

    def _go_on(self) -> None:
        run = self._run
        now_s = time.perf_counter()
        if self._every_s is None:
            self._due_s = now_s
        if run.left <= 0 or max(now_s, self._due_s) >= run.ends_s:
            if not self.over.done():
                self.over.set_result(None)
        elif self._due_s > now_s:
            self._loop.call_later(self._due_s - now_s, self._send)
        else:
            self._send()

    def _send(self) -> None:
        run = self._run
        run.left -= 1
        self._asked = run.script.ask(self._number)
        assert self._transport is not None, "connected"
        self._transport.write(self._asked.raw)


def _length(data: bytes, head: int) -> int:
    """The bytes of the body that the headers announce."""
    at = data.find(b"Content-Length: ", 0, head)
    return 0 if at < 0 else int(data[at + 16 : data.index(b"\r", at)])


async def carry_out(plan: Plan) -> Report:
    """Do what is planned."""
    runs = [Run(stream) for stream in plan.streams]
    loop = asyncio.get_running_loop()
    connections: list[Connection] = []
    for run in runs:
        for number in range(run.stream.connections):
            _, connection = await loop.create_connection(
                lambda run=run, number=number: Connection(run, number),  # type: ignore[misc]
                "127.0.0.1",
                run.stream.port,
            )
            connections.append(connection)
    began_s = time.perf_counter()
    cpu_s = time.process_time()
    for run in runs:
        run.counts_from_s = began_s + plan.warm_up_s
        run.ends_s = run.counts_from_s + plan.seconds
    for connection in connections:
        connection.begin()
    async with asyncio.timeout(plan.warm_up_s + plan.seconds + GIVE_UP_AFTER_S):
        await asyncio.gather(*(connection.over for connection in connections))
    ended_s = time.perf_counter()
    for connection in connections:
        connection.close()
    return Report(
        seconds=min(ended_s, max(run.ends_s for run in runs)) - began_s - plan.warm_up_s,
        cpu_share=(time.process_time() - cpu_s) / (ended_s - began_s),
        counted=[
            _counted(run.stream.name, operation, sorted(found))
            for run in runs
            for operation, found in run.latencies_s.items()
        ],
        statuses=dict(sum((run.statuses for run in runs), Counter[str]())),
        wrong=dict(sum((run.wrong for run in runs), Counter[str]())),
    )


def _counted(stream: str, operation: str, ranked_s: Sequence[float]) -> Counted:
    def rank_ms(share: float) -> float:
        return ranked_s[min(len(ranked_s) - 1, int(share * len(ranked_s)))] * 1000

    return Counted(
        stream=stream,
        operation=operation,
        answered=len(ranked_s),
        p50_ms=rank_ms(0.5),
        p99_ms=rank_ms(0.99),
        max_ms=ranked_s[-1] * 1000,
    )


def main() -> None:
    """Read a plan, carry it out, report."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(carry_out(plan))))


if __name__ == "__main__":
    main()
