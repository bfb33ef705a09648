"""Fixtures: a hall with a journal and an outbox, a mail server, and a receiver of webhooks."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.clock import FakeClock
from service.domain.day import Day
from service.domain.hall.demo import DEMO, demo_document
from service.domain.model import HallId
from service.journal import hall_documents as stored
from service.journal.database import Database
from service.notify.delivery import Transport
from service.notify.mail import Mailer
from service.notify.message_producer import MessageProducer
from service.notify.model import Kind, MessageChannel
from service.notify.outbox import Outbox
from service.notify.sender import Sender
from service.notify.webhook import Gateway
from service.runtime.halls import Halls
from tests.notify.post import SECRET, PostOffice, Receiver, post_office, receiver
from tests.notify.story import Story

SENDER = "hall@city.example"
SHANGHAI = ZoneInfo("Asia/Shanghai")


class PlainLinks:
    """URLs of pages without tokens, so that tests can predict them."""

    def hall(self, hall: HallId) -> str:
        """Return the URL of the booking page."""
        return f"https://paihao.example/halls/{hall}"

    def appointment(self, hall: HallId, appointment: str) -> str:
        """Return the URL of an appointment."""
        return f"https://paihao.example/halls/{hall}#{appointment}"

    def ticket(self, hall: HallId, ticket: str) -> str:
        """Return the URL of a ticket."""
        return f"https://paihao.example/halls/{hall}#{ticket}"


class Counted:
    """Records the calls of `DeliveryMetrics`."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[str, str, str]] = []
        self.overdue: dict[tuple[str, str], int] = {}

    def message(self, kind: Kind, channel: MessageChannel, outcome: str) -> None:
        """Remember."""
        self.outcomes.append((str(kind), str(channel), outcome))

    def messages_waiting(self, overdue: Mapping[tuple[str, str], int]) -> None:
        """Remember."""
        self.overdue |= overdue


@dataclass
class Office:
    """All parts of the messages package on one database."""

    database: Database
    halls: Halls
    clock: FakeClock
    transports: dict[MessageChannel, Transport]
    days: list[Day] = field(default_factory=list)
    counted: Counted = field(default_factory=Counted)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.database)
        self.producer = self.another_producer()
        self.sender = self.another_sender()

    def another_producer(self) -> MessageProducer:
        """Build the producer of another process."""
        return MessageProducer(
            self.database, self.outbox, self.halls, self.clock, self.transports.keys(), lambda: self.days
        )

    def another_sender(self, outbox: Outbox | None = None, channel: MessageChannel | None = None) -> Sender:
        """Build the sender of another process, by default for the first channel."""
        chosen = channel or next(iter(self.transports))
        by = chosen, self.transports[chosen]
        return Sender(outbox or self.outbox, self.halls, self.clock, *by, PlainLinks(), self.counted)

    async def produce(self) -> None:
        """Scan all halls and create messages."""
        await self.another_producer().run_once()

    async def run(self) -> None:
        """Create and send messages."""
        await self.produce()
        for channel in self.transports:
            await self.another_sender(channel=channel).run_once()

    async def run_at(self, at: datetime) -> None:
        """Create and send messages at an instant."""
        self.clock.put(at)
        await self.run()

    async def rows(self, *columns: str) -> list[Any]:
        """Return the rows of the outbox by due time: kind and state, or the given columns."""
        chosen = columns or ("kind", "state")
        rows = await self.database.fetch(f"SELECT {', '.join(chosen)} FROM outbox ORDER BY due_at, made_at, id")  # noqa: S608  (a test's own columns)
        return [row[0] if len(chosen) == 1 else tuple(row) for row in rows]

    async def execute(self, sql: str, *arguments: object) -> None:
        """Run a statement that the service never runs."""
        await self.database.fetch(sql, *arguments)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """Provide a new migrated database."""
    async with Database(dsn) as database:
        yield database


@pytest.fixture
async def halls(database: Database) -> Halls:
    """Provide the halls; the demo hall exists."""
    halls = Halls(stored.HallStore(database))
    await halls.create_if_absent(DEMO, demo_document(always_open=False))
    return halls


@pytest.fixture
def story(database: Database, halls: Halls, clock: FakeClock) -> Story:
    """Provide a writer of events in the demo hall."""
    return Story(database, DEMO, halls.known()[0].document, clock)


@pytest.fixture
async def mails() -> AsyncIterator[PostOffice]:
    """Provide a mail server."""
    async with post_office() as office:
        yield office


@pytest.fixture
async def hooks() -> AsyncIterator[Receiver]:
    """Provide a receiver of webhooks."""
    async with receiver() as found:
        yield found


@pytest.fixture
async def office(database: Database, halls: Halls, clock: FakeClock, mails: PostOffice) -> Office:
    """Provide messages by mail."""
    return Office(database, halls, clock, {MessageChannel.MAIL: Mailer(mails.url, SENDER)})


@pytest.fixture
async def hooked(database: Database, halls: Halls, clock: FakeClock, hooks: Receiver) -> AsyncIterator[Office]:
    """Provide messages by webhook."""
    async with Gateway(hooks.url, SECRET) as gateway:
        yield Office(database, halls, clock, {MessageChannel.WEBHOOK: gateway})


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return an instant of November 2026, given in Shanghai time."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)
