"""The requests that the connections of a stream send, and what they remember of the answers."""

from collections import deque
from itertools import count, cycle
from typing import Protocol

from msgspec import Struct

from benchmarks.load_plan import Stream

FIRST_PHONE = 8613800000000
"""The first phone number of a benchmark's people; the others count on from it."""

TICKET_ID = b'"id":"'
TOKEN = b'"token":"'


class Request(Struct, frozen=True):
    """A request: its operation, its bytes, and the status or statuses that its answer must have."""

    operation: str
    raw: bytes
    status: bytes | tuple[bytes, ...]


class Script(Protocol):
    """The requests of a stream's connections."""

    def next_request(self, connection: int) -> Request:
        """Return the next request of a connection."""

    def handle(self, request: Request, answer: bytes) -> None:
        """Keep what later requests need from an answer, which is given with its headers."""


def request_bytes(method: str, path: str, body: bytes = b"", token: str = "") -> bytes:
    """Return a request as it is sent."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def take_request(hall: str, service: str) -> Request:
    """Return the request that takes a ticket."""
    return Request(
        "take", request_bytes("POST", f"/v1/halls/{hall}/tickets", b'{"service":"%s"}' % service.encode()), b"201"
    )


class Take:
    """Takes tickets, in the halls in turn."""

    def __init__(self, stream: Stream) -> None:
        self._next = cycle([take_request(hall, stream.service) for hall in stream.halls])

    def next_request(self, _connection: int) -> Request:
        """Return the request for the next hall."""
        return next(self._next)

    def handle(self, request: Request, answer: bytes) -> None:
        """Do nothing."""


class Turnover:
    """Takes tickets and leaves again, so that about `keep` wait."""

    def __init__(self, stream: Stream) -> None:
        self._path = f"/v1/halls/{stream.halls[0]}/tickets"
        self._take = take_request(stream.halls[0], stream.service)
        self._keep = stream.keep
        self._pick = self._waiting_newest if stream.leaves == "newest" else self._waiting_oldest
        self._waiting: deque[tuple[bytes, bytes]] = deque()

    def _waiting_newest(self) -> tuple[bytes, bytes]:
        return self._waiting.pop()

    def _waiting_oldest(self) -> tuple[bytes, bytes]:
        return self._waiting.popleft()

    def next_request(self, _connection: int) -> Request:
        """Take a ticket, or leave with one."""
        if len(self._waiting) <= self._keep:
            return self._take
        ticket, token = self._pick()
        return Request(
            "leave", request_bytes("DELETE", f"{self._path}/{ticket.decode()}", token=token.decode()), b"200"
        )

    def handle(self, request: Request, answer: bytes) -> None:
        """Remember the ticket."""
        if request is self._take:
            at, token_at = answer.find(TICKET_ID) + len(TICKET_ID), answer.rfind(TOKEN) + len(TOKEN)
            self._waiting.append((answer[at : at + 36], answer[token_at : token_at + 43]))


class Serve:
    """A counter for each connection: takes a ticket, then finishes the visit and calls the next in one command."""

    def __init__(self, stream: Stream) -> None:
        hall = stream.halls[0]
        self._takes = take_request(hall, stream.service)
        self._calls = [
            Request(
                "next",
                request_bytes(
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

    def next_request(self, connection: int) -> Request:
        """Take a ticket and call the next, in turn."""
        called = self._called[connection] = not self._called[connection]
        return self._calls[connection] if called else self._takes

    def handle(self, request: Request, answer: bytes) -> None:
        """Do nothing."""


class Book:
    """Books appointments, each for another person, at the starts in turn."""

    def __init__(self, stream: Stream) -> None:
        self._path = f"/v1/halls/{stream.halls[0]}/appointments"
        self._service = stream.service
        self._starts = cycle(stream.starts_at)
        self._phones = count(FIRST_PHONE + stream.first_phone)

    def next_request(self, _connection: int) -> Request:
        """Book for the next person at the next start."""
        body = (
            f'{{"service":"{self._service}","starts_at":"{next(self._starts)}",'
            f'"applicant":{{"name":"Li","phone":"+{next(self._phones)}"}}}}'
        )
        return Request("book", request_bytes("POST", self._path, body.encode()), (b"201", b"409"))

    def handle(self, request: Request, answer: bytes) -> None:
        """Do nothing."""


class Slots:
    """Reads what can be booked within the usual horizon, in the halls in turn."""

    def __init__(self, stream: Stream) -> None:
        paths = [f"/v1/halls/{hall}/slots?service={stream.service}" for hall in stream.halls]
        self._next = cycle([Request("slots", request_bytes("GET", path), b"200") for path in paths])

    def next_request(self, _connection: int) -> Request:
        """Return the request for the next hall."""
        return next(self._next)

    def handle(self, request: Request, answer: bytes) -> None:
        """Do nothing."""


SCRIPTS: dict[str, type[Take] | type[Turnover] | type[Serve] | type[Book] | type[Slots]] = {
    "take": Take,
    "turnover": Turnover,
    "serve": Serve,
    "book": Book,
    "slots": Slots,
}
