"""Records of requests, answers, reads and boards as clients saw them, and the journal to compare them with."""

from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from math import inf
from typing import Any

from service.domain.events import Record

Json = dict[str, Any]

UNANSWERED = 0
"""The status of a try without an answer."""

NOTHING_DONE = frozenset({"storage-unavailable", "busy"})
"""Problems that guarantee that nothing was done and nothing will be."""

UNKNOWN = "outcome-unknown"

ROUTES: dict[str, tuple[str, str]] = {
    "take": ("POST", "/v1/halls/{hall}/tickets"),
    "leave": ("DELETE", "/v1/halls/{hall}/tickets/{ticket}"),
    "recall": ("POST", "/v1/halls/{hall}/tickets/{ticket}/recall"),
    "start": ("POST", "/v1/halls/{hall}/tickets/{ticket}/start"),
    "finish": ("POST", "/v1/halls/{hall}/tickets/{ticket}/finish"),
    "no-show": ("POST", "/v1/halls/{hall}/tickets/{ticket}/no-show"),
    "park": ("POST", "/v1/halls/{hall}/tickets/{ticket}/park"),
    "resume": ("POST", "/v1/halls/{hall}/tickets/{ticket}/resume"),
    "transfer": ("POST", "/v1/halls/{hall}/tickets/{ticket}/transfer"),
    "undo": ("POST", "/v1/halls/{hall}/tickets/{ticket}/undo"),
    "open": ("POST", "/v1/halls/{hall}/counters/{counter}/open"),
    "pause": ("POST", "/v1/halls/{hall}/counters/{counter}/pause"),
    "close": ("POST", "/v1/halls/{hall}/counters/{counter}/close"),
    "next": ("POST", "/v1/halls/{hall}/counters/{counter}/next"),
    "notice": ("POST", "/v1/halls/{hall}/notices"),
    "unnotice": ("DELETE", "/v1/halls/{hall}/notices/{notice}"),
    "suspend": ("PUT", "/v1/halls/{hall}/suspension"),
    "lift": ("DELETE", "/v1/halls/{hall}/suspension"),
}
"""The commands by name."""


@dataclass
class Try:
    """One sending of a request to one process; `status` is `UNANSWERED` without an answer."""

    process: int
    began_s: float
    ended_s: float = inf
    status: int = UNANSWERED
    body: Any = None

    @property
    def done(self) -> bool:
        """Tell whether the answer reports success."""
        return 200 <= self.status < 300

    @property
    def code(self) -> str | None:
        """The problem's code."""
        return self.body.get("code") if self.status >= 400 and isinstance(self.body, dict) else None

    @property
    def refused(self) -> bool:
        """Tell whether the answer is a refusal by the rules of the hall."""
        return 400 <= self.status < 500

    @property
    def nothing_done(self) -> bool:
        """Tell whether the answer guarantees that this try did nothing and will do nothing."""
        return self.refused or self.code in NOTHING_DONE


@dataclass
class Asked:
    """A command of a client with all its tries; tries with one key are one command."""

    client: str
    what: str
    names: dict[str, str] = field(default_factory=dict)
    body: Json | None = None
    key: str | None = None
    token: str | None = None
    credential: str = ""
    tries: list[Try] = field(default_factory=list)

    @property
    def method(self) -> str:
        """The HTTP method."""
        return ROUTES[self.what][0]

    @property
    def route(self) -> str:
        """The template of the path."""
        return ROUTES[self.what][1]

    @property
    def command_id(self) -> str | None:
        """The command id in the journal; known only with a key."""
        if self.key is None:
            return None
        return sha256(f"{self.credential}\n{self.method} {self.route}\n{self.key}".encode()).hexdigest()

    @property
    def began_s(self) -> float:
        """The time of the first try."""
        return min(one.began_s for one in self.tries)

    def __str__(self) -> str:
        key = "without a key" if self.key is None else f"key {self.key[:8]}"
        return f"{self.client}: {self.what} {' '.join(self.names.values())} ({key})"


@dataclass
class Read:
    """The answer of a process to a read; `what` is queue, board or ticket."""

    what: str
    process: int
    began_s: float
    ended_s: float
    body: Json


@dataclass
class Frame:
    """A board on a screen; each connection of a screen has its own number."""

    screen: str
    connection: int
    at_s: float
    board: Json


@dataclass
class History:
    """All records of the clients."""

    asked: list[Asked] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)


Journal = list[tuple[date, Record]]
"""All events of a hall, day by day, each day in order."""


@dataclass
class PutBack:
    """A restore to an earlier copy: the journal until then, and its monotonic time."""

    journal: Journal
    began_s: float
    ended_s: float


@dataclass
class Evidence:
    """The data of a run for the checker.

    `differences` are the findings of `verify`, `faults` the errors in the logs of the processes, `silent` the processes
    and screens without a final answer.
    """

    history: History
    journal: Journal
    put_back: PutBack | None = None
    differences: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
