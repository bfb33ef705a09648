"""What the load generator does and what it reports, as JSON between two processes."""

from typing import Literal

from msgspec import Struct

WARM_UP_S = 0.3
"""Time before the measurement, in which connections and caches are filled, and the queue of a `turnover`."""


class Stream(Struct, kw_only=True):
    """Connections that all do the same.

    `take` takes tickets, in the halls in turn. `turnover` takes tickets, and whenever more than `keep` of its tickets
    wait, the oldest leaves (or with `leaves` the newest). `serve`: each connection is a counter, and takes a ticket and
    calls the next person in turn. `book`: a new person books one of `starts_at`, in turn; that the slot is full is a
    valid answer too. `slots` reads what can be booked within 30 days. A stream ends after the plan's seconds, or after
    `count` requests. `per_s` is the request rate of the whole stream; None means as fast as possible.
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
    """The streams to run, and for how long."""

    streams: list[Stream]
    seconds: float
    warm_up_s: float = WARM_UP_S


class Counted(Struct, frozen=True, kw_only=True):
    """The answers to one kind of request of a stream within the measured time."""

    stream: str
    operation: str
    answered: int
    p50_ms: float
    p99_ms: float
    max_ms: float


class Report(Struct, frozen=True, kw_only=True):
    """The result of a plan: the measured seconds, all answers by operation and status, and those that are `wrong`."""

    seconds: float
    cpu_share: float
    counted: list[Counted]
    statuses: dict[str, int]
    wrong: dict[str, int]

    def per_s(self, stream: str | None = None, operation: str | None = None) -> float:
        """Return the answers a second, of all streams and operations unless named."""
        return (
            sum(
                one.answered
                for one in self.counted
                if stream in {None, one.stream} and operation in {None, one.operation}
            )
            / self.seconds
        )

    def of(self, stream: str, operation: str) -> Counted:
        """Return the answers to one kind of request. Raises StopIteration if there are none."""
        return next(one for one in self.counted if (one.stream, one.operation) == (stream, operation))
