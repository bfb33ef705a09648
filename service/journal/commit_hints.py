"""Bells: a hint, after the commit, that a hall's day moved.

A NOTIFY inside an append would take a database-wide lock at its commit and cost two thirds of all throughput, so an
append notifies nobody. Who has appended rings; the bell gathers what was rung and tells everybody at most once per
`GATHER_S`, naming days and the seq they reached. A bell promises nothing: a ring may come late, twice or never. Who
hears it reads the journal; who does not is told by the poll (`follow`). Hence a bell that cannot reach its server only
makes following slower, and what was rung meanwhile is told when it is back, once per day.

A server whose machine is lost closes no connection. So one that has been quiet for `QUIET_MAX_S` is asked whether it is
there, or this process would hear nothing any more until somebody starts it anew.

`PostgresBell` is for one PostgreSQL; `NatsBell` for many processes: a subject per hall, `paihao.bell.<hall>`.
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

if TYPE_CHECKING:  # nats is a seventh of the start-up, and most run without it
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

GATHER_S = 0.005  # at most one telling in so long; rings of the meantime go together
PAYLOAD_MAX_BYTES = 7999  # what PostgreSQL carries in one notification
RECONNECT_PAUSE_S = 0.5  # between two attempts to reach the server
TELL_TIMEOUT_S = 5.0  # a server that does not take a telling in so long is left and reached anew
QUIET_MAX_S = 10.0  # after so long without a telling the server is asked whether it is there
WORDS_MAX = 100_000  # days with an untold ring while the server is away; beyond it rings are dropped, the poll is there

CHANNEL = "paihao_bell"
SUBJECT = "paihao.bell."

_NOTIFY = statements("follow.sql")["notify"]

Heard = Callable[[HallId, date, int], None]
"""Told that a hall's day has reached a seq."""


class Bell(Protocol):
    """Rung by who has appended, heard by who follows."""

    def ring(self, hall: HallId, day: date, seq: int) -> None:
        """Say that a committed append brought a day to `seq`. Never waits."""

    def listen(self, heard: Heard) -> None:
        """Say who hears this bell: one in a process."""

    def watch(self, hall: HallId) -> None:
        """Begin to hear of a hall."""

    def unwatch(self, hall: HallId) -> None:
        """Hear of a hall no more."""

    async def run(self) -> None:
        """Carry rings in both directions until cancelled, coming back whenever the server does."""


class _Gathering:
    """What has been rung and not yet told."""

    def __init__(self) -> None:
        self.watched: set[HallId] = set()
        self._heard: Heard | None = None
        self._rung: dict[tuple[HallId, date], int] = {}
        self._something = asyncio.Event()

    def ring(self, hall: HallId, day: date, seq: int) -> None:
        """Say that a committed append brought a day to `seq`. Never waits."""
        if len(self._rung) < WORDS_MAX:
            self._rung[hall, day] = seq
        self._something.set()

    def listen(self, heard: Heard) -> None:
        """Say who hears this bell: one in a process."""
        self._heard = heard

    def watch(self, hall: HallId) -> None:
        """Begin to hear of a hall."""
        self.watched.add(hall)
        self._something.set()

    def unwatch(self, hall: HallId) -> None:
        """Hear of a hall no more."""
        self.watched.discard(hall)
        self._something.set()

    def hear(self, word: str) -> None:
        """Pass on a word `hall/day/seq` from the server; one that is none is somebody else's."""
        hall, _, rest = word.partition("/")
        day, _, seq = rest.partition("/")
        if self._heard is not None and hall in self.watched:
            with suppress(ValueError):
                self._heard(HallId(hall), date.fromisoformat(day), int(seq))

    def wake(self) -> None:
        """Let `gathered` return though nothing was rung."""
        self._something.set()

    async def gathered(self, within_s: float | None = None) -> dict[tuple[HallId, date], int]:
        """Wait for something to do, so long at most, and take what was rung."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._something.wait()
        self._something.clear()
        rung, self._rung = self._rung, {}
        return rung

    def put_back(self, rung: dict[tuple[HallId, date], int]) -> None:
        """Keep what could not be told; later rings of the same days stand."""
        self._rung = rung | self._rung
        self._something.set()


class PostgresBell(_Gathering):
    """NOTIFY and LISTEN on a connection of its own."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self._dsn = dsn
        self._well = Health("bell of PostgreSQL")

    async def run(self) -> None:
        """Carry rings in both directions until cancelled, coming back whenever the server does."""
        while True:
            try:
                await self._serve()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
                self._well.failed(error)
                await asyncio.sleep(RECONNECT_PAUSE_S)

    async def _serve(self) -> None:
        connection = await asyncpg.connect(
            self._dsn, timeout=TELL_TIMEOUT_S, server_settings={"application_name": "paihao bell"}
        )
        try:
            connection.add_termination_listener(lambda _: self.wake())
            await connection.add_listener(CHANNEL, self._notified)
            self._well.worked()
            while True:
                rung = await self.gathered(QUIET_MAX_S)
                telling = list(payloads(rung)) if rung else []  # which tells nobody, and asks the server
                try:
                    await connection.fetch(_NOTIFY, CHANNEL, telling, timeout=TELL_TIMEOUT_S)
                except BaseException:
                    self.put_back(rung)
                    raise
                if connection.is_closed():
                    raise ConnectionResetError
                await asyncio.sleep(GATHER_S)
        finally:
            connection.terminate()

    def _notified(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for word in str(payload).split():
            self.hear(word)


def payloads(rung: dict[tuple[HallId, date], int]) -> Iterator[str]:
    """What was rung as words `hall/day/seq`, in as many payloads as they need."""
    words: list[str] = []
    size = 0
    for (hall, day), seq in rung.items():
        word = f"{hall}/{day}/{seq}"
        if size + len(word) + 1 > PAYLOAD_MAX_BYTES:
            yield " ".join(words)
            words, size = [], 0
        words.append(word)
        size += len(word) + 1
    yield " ".join(words)


class NatsBell(_Gathering):
    """A NATS subject per hall; this process hears only the halls it watches."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._well = Health("bell of NATS")
        self._connecting = True

    async def run(self) -> None:
        """Carry rings in both directions until cancelled, coming back whenever the server does."""
        from nats.errors import Error  # noqa: PLC0415

        while True:
            try:
                await self._serve()
            except (OSError, Error) as error:
                self._well.failed(error)
                await asyncio.sleep(RECONNECT_PAUSE_S)

    async def _serve(self) -> None:
        from nats import connect  # noqa: PLC0415

        self._connecting = True
        client = await connect(
            self._url,
            name="paihao",
            allow_reconnect=False,  # this loop reconnects, and keeps what could not be told
            connect_timeout=TELL_TIMEOUT_S,
            ping_interval=int(QUIET_MAX_S),
            error_cb=self._heard_of,
            closed_cb=self._closed,
        )
        self._connecting = False
        self._well.worked()
        subscriptions: dict[HallId, Subscription] = {}
        self.wake()  # to subscribe to what was watched before
        try:
            while True:
                rung = await self.gathered()
                try:
                    await self._subscribe(client, subscriptions)
                    for (hall, day), seq in rung.items():
                        await client.publish(SUBJECT + hall, f"{hall}/{day}/{seq}".encode())
                    await client.flush(int(TELL_TIMEOUT_S))
                except BaseException:
                    self.put_back(rung)
                    raise
                if client.is_closed:
                    raise ConnectionResetError
                await asyncio.sleep(GATHER_S)
        finally:
            await client.close()

    async def _subscribe(self, client: "Client", subscriptions: dict[HallId, "Subscription"]) -> None:
        """Make the server's list of subjects the list of halls watched."""
        for hall in sorted(self.watched - subscriptions.keys()):
            subscriptions[hall] = await client.subscribe(SUBJECT + hall, cb=self._received)
        for hall in sorted(subscriptions.keys() - self.watched):
            await subscriptions.pop(hall).unsubscribe()

    async def _received(self, message: "Msg") -> None:
        self.hear(message.data.decode())

    async def _heard_of(self, error: Exception) -> None:
        """A lost connection ends `_serve`, which says why; a server that is not there is tried again before."""
        if self._connecting:
            self._well.failed(error)

    async def _closed(self) -> None:
        self.wake()
