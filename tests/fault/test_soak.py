"""A busy hall for a minute, or with `--long` for ten minutes: nothing grows except the day itself.

People take tickets, repeat their requests, look at their place, leave or are served; staff call; screens and phones
come and go. In the last third of the time only reads, repetitions and refused commands are sent. So the journal does
not grow, and the memory must not grow either.

**What is asserted.** Memory may grow by a number of bytes per event while there are events, and per request while there
are none. The slope is the Theil-Sen estimate: the median of the slopes between all pairs of samples, which outliers do
not change. Files, threads, connections and locks are compared before and after, without load. The times of answers are
printed, but not asserted, because they depend on the machine.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import combinations, count
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeAlias

import asyncpg
import pytest

from service.journal.database import APPEND_CONNECTIONS, READ_CONNECTIONS_MAX
from tests.fault.crowd import HALL, Crowd, busy_hall, crowd_at, memory_of, tell
from tests.serve.program import Client, Json, Served, until
from tests.service import ADMIN

SOAK_S = 60.0
LONG_SOAK_S = 600.0
WARM_S = 6.0
"""Time before the first sample, until connections, caches and the allocator's pools have their final size."""

QUIET_SHARE = 1 / 3
"""Share of the time, at its end, without new events."""

SAMPLES = 40
"""Samples in each of the two phases."""

VISITORS = 6
SCREENS = 20
COUNTERS = ("1", "2", "3", "4")
CLOSED = "5"

PAUSE_S = 0.1
"""Pause of a client between two actions; it determines the load."""

EVENT_MAX_BYTES = 8 * 1024
"""Limit of the memory per event: three folds, the ticket, and the result of its key.

Measured: 1,800 to 2,600.
"""

REQUEST_MAX_BYTES = 512
"""Limit of the memory growth per request that changes nothing.

Measured: 11 over ten minutes, 50 to 140 over one. Sockets that are kept after their screens have gone make it 2,400.
"""

CONNECTIONS_MAX = APPEND_CONNECTIONS + READ_CONNECTIONS_MAX + 1
"""Connections to PostgreSQL; one is for the commit hints."""

HELD = """
SELECT count(DISTINCT a.pid)                                         AS connections,
       count(DISTINCT a.pid) FILTER (WHERE a.state LIKE 'idle in %') AS left_open,
       count(l.pid)                                                  AS locks,
       count(l.pid) FILTER (WHERE NOT l.granted)                     AS waited_for
FROM pg_stat_activity AS a
LEFT JOIN pg_locks AS l USING (pid)
WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
"""
"""Connections and locks of all clients except this query."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

Act = Callable[[], Awaitable[None]]


@asynccontextmanager
async def database(dsn: str) -> AsyncIterator[Connection]:
    """Connect for the samples."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


class Sample(NamedTuple):
    """Resources of the service at one moment."""

    seq: int
    requests: int
    memory: int
    files: int
    threads: int
    connections: int
    left_open: int
    locks: int
    waited_for: int

    @property
    def kept_open(self) -> int:
        """Open files and sockets without the connections to the database, whose number varies."""
        return self.files - self.connections


def _entries(folder: str) -> int:
    return sum(1 for _ in Path(folder).iterdir())


class Watch:
    """Samples the resources of a process and of its database connections."""

    def __init__(self, pid: int, connection: Connection, people: "People") -> None:
        self._pid = pid
        self._samples: list[Sample] = []
        self._connection = connection
        self._people = people

    async def look(self) -> None:
        """Take a sample."""
        self._samples.append(await self.sample())

    def taken(self) -> list[Sample]:
        """Return the samples since the last call."""
        taken, self._samples = self._samples, []
        return taken

    async def sample(self) -> Sample:
        """Return the resources that are in use now."""
        held = await self._connection.fetchrow(HELD)
        assert held is not None
        return Sample(
            self._people.seq,
            len(self._people.took_s),
            memory_of(self._pid),
            _entries(f"/proc/{self._pid}/fd"),
            _entries(f"/proc/{self._pid}/task"),
            *held,
        )

    async def rest(self, nobody: Sample) -> Sample:
        """Wait until as few files as before the load are open and no lock is held; return the resources then."""

        async def still() -> Sample | None:
            now = await self.sample()
            left = now.kept_open <= nobody.kept_open
            return now if left and now.locks == now.left_open == 0 else None

        return await until(still, f"a service at rest, as when it held {nobody}")


class People:
    """The clients of the hall: applicants and staff."""

    def __init__(self, served: Served) -> None:
        self.took_s: list[float] = []
        self.seq = 0
        self._served = served
        self._keys = count(1)
        self._taken: list[tuple[str, Json]] = []
        self._until_s = 0.0

    # Parts of the day.

    async def busy(self, seconds: float, watch: "Watch") -> None:
        """Take, call and leave tickets for a time."""
        async with self._served.client() as client, crowd_at(self._served.sockets) as crowd:
            visitors = [partial(self._visit, client)] * VISITORS
            desks = [partial(self._desk, client, counter) for counter in COUNTERS]
            await self._all(crowd, seconds, watch, [*visitors, *desks, partial(self._ask, client)])

    async def quiet(self, seconds: float, watch: "Watch") -> None:
        """Send as many requests for a time, without new events."""
        async with self._served.client() as client, crowd_at(self._served.sockets) as crowd:
            for counter in COUNTERS:
                await self._staff(client, "POST", f"counters/{counter}/close", {"release": True})
            visitors = [partial(self._repeat, client)] * (VISITORS + len(COUNTERS))
            await self._all(crowd, seconds, watch, [*visitors, partial(self._ask, client)])

    async def _all(self, crowd: Crowd, seconds: float, watch: "Watch", acts: Sequence[Act]) -> None:
        screens = await crowd.screens(SCREENS)
        self._until_s = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            everybody: list[Act] = [*acts, partial(self._pass_by, crowd)]
            for act in everybody:
                group.create_task(self._again(act, PAUSE_S))
            group.create_task(self._again(watch.look, seconds / SAMPLES))
        assert not any(screen.gone for screen in screens)
        assert all(screen.frames for screen in screens)

    async def _again(self, act: Act, pause_s: float) -> None:
        while time.monotonic() < self._until_s:
            await act()
            await asyncio.sleep(pause_s)

    # Actions.

    async def _visit(self, client: Client) -> None:
        """Take a ticket and repeat the request with its key; one in three leaves, the others look at their place."""
        n = next(self._keys)
        key = f"a-key-of-the-soak-{n:08d}"
        ticket = await self._take(client, key)
        assert (await self._take(client, key))["id"] == ticket["id"]
        path = f"tickets/{ticket['id']}"
        if n % 3 == 0:
            await self._call(client, "DELETE", path, {200, 409}, token=ticket["token"])
        elif n % 3 == 1:
            async with self._served.ticket(ticket):
                await self._call(client, "GET", path, {200}, token=ticket["token"])
        self._taken = [*self._taken[-99:], (key, ticket)]

    async def _repeat(self, client: Client) -> None:
        """Repeat the request for a ticket, read it, and send a command that is refused."""
        key, ticket = self._taken[next(self._keys) % len(self._taken)]
        assert (await self._take(client, key))["id"] == ticket["id"]
        async with self._served.ticket(ticket):
            await self._call(client, "GET", f"tickets/{ticket['id']}", {200}, token=ticket["token"])
        await self._call(client, "POST", "tickets", {404}, {"service": "no-such-service"})
        await self._staff(client, "POST", f"counters/{CLOSED}/next", {}, 409)

    async def _desk(self, client: Client, counter: str) -> None:
        """Finish a ticket and call the next."""
        await self._staff(client, "POST", f"counters/{counter}/next", {"finish": {"outcome": "done"}})

    async def _ask(self, client: Client) -> None:
        """Read all views of the hall."""
        _, ticket = self._taken[-1] if self._taken else ("", None)
        for path in ("board", "queue", "document", *([f"tickets/{ticket['id']}/history"] if ticket else [])):
            await self._staff(client, "GET", path)
        for path in ("/metrics", "/readyz", "/openapi.json", f"/v1/halls/{HALL}", f"/halls/{HALL}/screen"):
            await self._call(client, "GET", path, {200})

    async def _pass_by(self, crowd: Crowd) -> None:
        """Connect and disconnect screens, some with a closing handshake and some without."""
        for screen in await crowd.screens(2):
            crowd.forget(screen)
        async with self._served.board():
            pass

    # Requests.

    async def _take(self, client: Client, key: str) -> Json:
        ticket: Json = await self._call(client, "POST", "tickets", {201}, {"service": "enquiry"}, key=key)
        return ticket

    async def _staff(self, client: Client, method: str, path: str, body: Json | None = None, refused: int = 0) -> None:
        await self._call(client, method, path, {refused} if refused else {200, 204}, body, token=ADMIN)

    async def _call(
        self,
        client: Client,
        method: str,
        path: str,
        allowed: set[int],
        body: Json | None = None,
        *,
        token: str | None = None,
        key: str | None = None,
    ) -> Json:
        began_s = time.monotonic()
        reply = await client.call(method, path, body, token=token, key=key)
        self.took_s.append(time.monotonic() - began_s)
        assert reply.status in allowed, (method, path, reply)
        seen: Json = reply.body if isinstance(reply.body, dict) else {}
        self.seq = max(self.seq, seen.get("seq") or 0)
        return seen


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the Theil-Sen slope of the second values over the first."""
    slopes = [(y - b) / (x - a) for (a, b), (x, y) in combinations(sorted(points), 2) if x > a]
    assert slopes, "the first grows"
    return median(slopes)


def test_a_slope_is_not_moved_by_a_few_odd_samples() -> None:
    points = [(float(x), 3.0 * x + (1000.0 if x % 9 == 0 else 0.0)) for x in range(30)]

    assert slope(points) == 3.0


async def test_nothing_grows_but_the_day_itself(
    dsn: str,
    tmp_path: Path,
    long: bool,  # noqa: FBT001  (a fixture)
    capsys: pytest.CaptureFixture[str],
) -> None:
    seconds = LONG_SOAK_S if long else SOAK_S
    async with busy_hall(dsn, tmp_path) as served, database(dsn) as connection:
        people = People(served)
        watch = Watch(served.program.pid, connection, people)
        nobody = await watch.sample()
        async with served.client() as client:
            await client.open(*COUNTERS)
        await people.busy(WARM_S, watch)
        await watch.rest(nobody)
        warm = watch.taken()[-1]

        await people.busy(seconds * (1 - QUIET_SHARE), watch)
        busy = watch.taken()
        await people.quiet(seconds * QUIET_SHARE, watch)
        quiet = watch.taken()
        rest = await watch.rest(nobody)

        for line in told(people.took_s, [warm, *busy, *quiet, rest]):
            tell(capsys, line)
        later = busy[len(busy) // 2 :]
        event_bytes = slope([(sample.seq, sample.memory) for sample in later])
        request_bytes = slope([(sample.requests, sample.memory) for sample in quiet])
        tell(capsys, f"{event_bytes:.0f} bytes an event, {request_bytes:.0f} bytes a request without one")
        assert len({sample.seq for sample in quiet[1:]}) == 1, "nothing new happened"
        assert event_bytes <= EVENT_MAX_BYTES
        assert request_bytes <= REQUEST_MAX_BYTES
        assert rest.threads <= warm.threads
        for sample in (*busy, *quiet, rest):
            assert sample.connections <= CONNECTIONS_MAX
        at_their_tickets = VISITORS + len(COUNTERS)  # each has a socket open from time to time
        most = max(sample.kept_open for sample in busy) + at_their_tickets
        assert median(sample.kept_open for sample in quiet) <= most


def told(took_s: Sequence[float], samples: Sequence[Sample]) -> Iterator[str]:
    """Return the measurements as text, in a few lines."""
    quarter = len(took_s) // 4
    halves = [f"{median(took_s[begin : begin + quarter]) * 1000:.1f}" for begin in range(0, quarter * 4, quarter)]
    yield f"{len(took_s)} requests, the median of each quarter {', '.join(halves)} ms"
    for sample in samples[:: max(1, len(samples) // 10)]:
        yield str(sample)
