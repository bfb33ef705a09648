"""Hints to followers, sent after the commit: a day of a hall has reached a `seq`.

A NOTIFY inside an append would take a lock of the whole database at its commit, and cost two thirds of the throughput.
So the process that appended publishes a hint after the commit. Hints are collected and sent at most once per
`COLLECT_S`, one per day.

A hint may come late, twice or never. The receiver reads the journal; without a hint it finds the events by its poll
(`follow`). So if the server of the hints cannot be reached, followers are only slower. The hints of that time are sent
after the reconnection.

A host that is lost closes no connection. So after `QUIET_MAX_S` without a hint the connection is tested. Otherwise this
process could wait forever for hints.

`PostgresHints` uses LISTEN and NOTIFY. `NatsHints` is for many processes and uses one subject per hall,
`paihao.bell.<hall>`.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Protocol

import asyncpg

from service.domain.model import HallId
from service.journal.health import Health
from service.journal.sql_files import statements

if TYPE_CHECKING:  # the import takes a seventh of the start-up time, and most installations do not use NATS
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

COLLECT_S = 0.005  # hints are sent at most this often; those in between are sent together
PAYLOAD_MAX_BYTES = 7999  # limit of PostgreSQL for one notification
RECONNECT_PAUSE_S = 0.5  # pause between two attempts to reach the server
SEND_TIMEOUT_S = 5.0  # a server that does not accept hints in this time is connected again
QUIET_MAX_S = 10.0  # after this time without a hint the connection is tested
WAITING_MAX = 100_000  # days with a hint that waits for the server; further hints are dropped, and the poll finds them

CHANNEL = "paihao_bell"
SUBJECT = "paihao.bell."

_NOTIFY = statements("follow.sql")["notify"]

OnHint = Callable[[HallId, date, int], None]
"""Called when a day of a hall has reached a seq."""


class CommitHints(Protocol):
    """Publishes hints for the processes that append, and receives them for the followers."""

    def publish(self, hall: HallId, day: date, seq: int) -> None:
        """Publish that a committed append brought a day to `seq`. Never waits."""

    def listen(self, on_hint: OnHint) -> None:
        """Set the receiver of hints, one per process."""

    def watch(self, hall: HallId) -> None:
        """Receive hints of a hall."""

    def unwatch(self, hall: HallId) -> None:
        """Receive no more hints of a hall."""

    async def run(self) -> None:
        """Send and receive hints until cancelled; reconnect when the connection is lost."""


class _HintQueue:
    """Hints that are not sent yet, and the receiver of hints."""

    def __init__(self) -> None:
        self.watched: set[HallId] = set()
        self._on_hint: OnHint | None = None
        self._waiting: dict[tuple[HallId, date], int] = {}
        self._changed = asyncio.Event()

    def publish(self, hall: HallId, day: date, seq: int) -> None:
        """Publish that a committed append brought a day to `seq`. Never waits."""
        if len(self._waiting) < WAITING_MAX:
            self._waiting[hall, day] = seq
        self._changed.set()

    def listen(self, on_hint: OnHint) -> None:
        """Set the receiver of hints, one per process."""
        self._on_hint = on_hint

    def watch(self, hall: HallId) -> None:
        """Receive hints of a hall."""
        self.watched.add(hall)
        self._changed.set()

    def unwatch(self, hall: HallId) -> None:
        """Receive no more hints of a hall."""
        self.watched.discard(hall)
        self._changed.set()

    def receive(self, text: str) -> None:
        """Call the receiver with a hint `hall/day/seq`; ignore any other text."""
        hall, _, rest = text.partition("/")
        day, _, seq = rest.partition("/")
        if self._on_hint is not None and hall in self.watched:
            with suppress(ValueError):
                self._on_hint(HallId(hall), date.fromisoformat(day), int(seq))

    def wake(self) -> None:
        """Let `next_hints` return without a hint."""
        self._changed.set()

    async def next_hints(self, within_s: float | None = None) -> dict[tuple[HallId, date], int]:
        """Wait for a hint, at most `within_s`, and take all waiting hints."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._changed.wait()
        self._changed.clear()
        hints, self._waiting = self._waiting, {}
        return hints

    def requeue(self, hints: dict[tuple[HallId, date], int]) -> None:
        """Put back hints that could not be sent. Newer hints of the same days replace them."""
        self._waiting = hints | self._waiting
        self._changed.set()


class PostgresHints(_HintQueue):
    """Hints by NOTIFY and LISTEN, on a connection of its own."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self._dsn = dsn
        self._health = Health("bell of PostgreSQL")

    async def run(self) -> None:
        """Send and receive hints until cancelled; reconnect when the connection is lost."""
        while True:
            try:
                await self._serve()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
                self._health.failed(error)
                await asyncio.sleep(RECONNECT_PAUSE_S)

    async def _serve(self) -> None:
        connection = await asyncpg.connect(
            self._dsn, timeout=SEND_TIMEOUT_S, server_settings={"application_name": "paihao bell"}
        )
        try:
            connection.add_termination_listener(lambda _: self.wake())
            await connection.add_listener(CHANNEL, self._notified)
            self._health.worked()
            while True:
                hints = await self.next_hints(QUIET_MAX_S)
                texts = list(payloads(hints)) if hints else []  # without a hint the query only tests the connection
                try:
                    await connection.fetch(_NOTIFY, CHANNEL, texts, timeout=SEND_TIMEOUT_S)
                except BaseException:
                    self.requeue(hints)
                    raise
                if connection.is_closed():
                    raise ConnectionResetError
                await asyncio.sleep(COLLECT_S)
        finally:
            connection.terminate()

    def _notified(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for text in str(payload).split():
            self.receive(text)


def payloads(hints: dict[tuple[HallId, date], int]) -> Iterator[str]:
    """Yield the hints as texts `hall/day/seq`, separated by spaces, in payloads of at most `PAYLOAD_MAX_BYTES`."""
    texts: list[str] = []
    size = 0
    for (hall, day), seq in hints.items():
        text = f"{hall}/{day}/{seq}"
        if size + len(text) + 1 > PAYLOAD_MAX_BYTES:
            yield " ".join(texts)
            texts, size = [], 0
        texts.append(text)
        size += len(text) + 1
    yield " ".join(texts)


class NatsHints(_HintQueue):
    """Hints by NATS, one subject per hall. This process subscribes only to the halls that it watches."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._health = Health("bell of NATS")
        self._connecting = True

    async def run(self) -> None:
        """Send and receive hints until cancelled; reconnect when the connection is lost."""
        from nats.errors import Error  # noqa: PLC0415

        while True:
            try:
                await self._serve()
            except (OSError, Error) as error:
                self._health.failed(error)
                await asyncio.sleep(RECONNECT_PAUSE_S)

    async def _serve(self) -> None:
        from nats import connect  # noqa: PLC0415

        self._connecting = True
        client = await connect(
            self._url,
            name="paihao",
            allow_reconnect=False,  # this loop reconnects, and keeps the hints that could not be sent
            connect_timeout=SEND_TIMEOUT_S,
            ping_interval=int(QUIET_MAX_S),
            error_cb=self._failed,
            closed_cb=self._closed,
        )
        self._connecting = False
        self._health.worked()
        subscriptions: dict[HallId, Subscription] = {}
        self.wake()  # subscribes to the watched halls
        try:
            while True:
                hints = await self.next_hints()
                try:
                    await self._subscribe(client, subscriptions)
                    for (hall, day), seq in hints.items():
                        await client.publish(SUBJECT + hall, f"{hall}/{day}/{seq}".encode())
                    await client.flush(int(SEND_TIMEOUT_S))
                except BaseException:
                    self.requeue(hints)
                    raise
                if client.is_closed:
                    raise ConnectionResetError
                await asyncio.sleep(COLLECT_S)
        finally:
            await client.close()

    async def _subscribe(self, client: "Client", subscriptions: dict[HallId, "Subscription"]) -> None:
        """Subscribe to the watched halls, and unsubscribe from the others."""
        for hall in sorted(self.watched - subscriptions.keys()):
            subscriptions[hall] = await client.subscribe(SUBJECT + hall, cb=self._received)
        for hall in sorted(subscriptions.keys() - self.watched):
            await subscriptions.pop(hall).unsubscribe()

    async def _received(self, message: "Msg") -> None:
        self.receive(message.data.decode())

    async def _failed(self, error: Exception) -> None:
        """Record a failed attempt to connect. The failure of a lost connection is recorded at the end of `_serve`."""
        if self._connecting:
            self._health.failed(error)

    async def _closed(self) -> None:
        self.wake()
