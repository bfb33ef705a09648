"""Build the messaging part of the service: a transport for each configured channel, and the periodic jobs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, timedelta

import structlog

from service.clock import Clock
from service.config.settings import Settings
from service.domain.day import Day
from service.domain.model import HallId
from service.journal.database import Database
from service.journal.faults import StorageUnavailable
from service.journal.health import Health
from service.notify.content import Links
from service.notify.delivery import Transport
from service.notify.mail import Mailer
from service.notify.message_producer import MessageProducer
from service.notify.model import MessageChannel
from service.notify.outbox import Outbox
from service.notify.sender import DeliveryMetrics, Sender
from service.notify.webhook import Gateway
from service.runtime.halls import Halls

PRODUCE_EVERY_S = 2
SEND_EVERY_S = 2
SWEEP_EVERY_S = 3600

STOP_TIMEOUT_S = 5.0
"""How long a stop waits for results to be recorded after the deliveries have ended."""

RETENTION = timedelta(days=30)
"""How long finished messages are kept; a manager can retry a dead message within this time."""

log = structlog.get_logger(__name__)


class Messages:
    """Creates and sends messages. If the database is unavailable, a run does nothing and the next run continues."""

    def __init__(self, producer: MessageProducer, senders: Sequence[Sender], outbox: Outbox, clock: Clock) -> None:
        self._producer = producer
        self._senders = senders
        self._outbox = outbox
        self._clock = clock
        self._sending: dict[Sender, asyncio.Task[None]] = {}
        self._producing, self._delivering = Health("making messages"), Health("sending messages")

    def mark_changed(self, hall: HallId, on: date) -> None:
        """Note that this process appended events to a day. Never blocks."""
        self._producer.mark_changed(hall, on)

    async def produce(self) -> None:
        """Create messages from new events."""
        await _run_pass(self._producer.run_once, self._producing)

    async def send(self) -> None:
        """Send the messages that are due, on all channels."""
        await asyncio.gather(*map(self._send, self._senders))

    async def start_sending(self) -> None:
        """Start a task for each channel that sends its due messages; skip channels whose task is still running.

        A slow mail server then does not delay the other channel or the scheduler.
        """
        for sender in self._senders:
            under_way = self._sending.get(sender)
            if under_way is None or under_way.done():
                self._sending[sender] = task = asyncio.create_task(self._send(sender), name="send messages")
                task.add_done_callback(_log_failure)

    async def stop(self) -> None:
        """Begin no more deliveries, and wait for those in progress."""
        await asyncio.gather(*(sender.stop() for sender in self._senders))
        if self._sending:
            await asyncio.wait(self._sending.values(), timeout=STOP_TIMEOUT_S)
            for task in self._sending.values():
                task.cancel()

    async def sweep(self) -> None:
        """Delete finished messages older than `RETENTION`, and the cursors of past days."""
        try:
            await self._outbox.sweep(self._clock.now_at() - RETENTION, self._producer.first_scanned_day())
        except StorageUnavailable:
            log.warning("messages_not_swept")

    async def _send(self, sender: Sender) -> None:
        await _run_pass(sender.run_once, self._delivering)

    def passes(self) -> list[tuple[str, Callable[[], Awaitable[None]], int]]:
        """List the periodic jobs: name, function, interval in seconds."""
        return [
            ("gather_messages", self.produce, PRODUCE_EVERY_S),
            ("send_messages", self.start_sending, SEND_EVERY_S),
            ("sweep_messages", self.sweep, SWEEP_EVERY_S),
        ]


@asynccontextmanager
async def messaging(  # noqa: PLR0913, PLR0917  (its parts)
    settings: Settings,
    database: Database,
    halls: Halls,
    clock: Clock,
    days: Callable[[], Iterable[Day]],
    links: Links,
    metrics: DeliveryMetrics,
) -> AsyncIterator[Messages | None]:
    """Build messaging for the channels in the settings; yield None if no channel is configured.

    On exit, waits for deliveries in progress.
    """
    transports: dict[MessageChannel, Transport] = {}
    async with AsyncExitStack() as stack:
        if settings.smtp_url is not None:
            assert settings.mail_from is not None, "the settings were checked"
            transports[MessageChannel.MAIL] = Mailer(settings.smtp_url, settings.mail_from)
        if settings.webhook_url is not None:
            assert settings.webhook_secret is not None, "the settings were checked"
            gateway = Gateway(settings.webhook_url, settings.webhook_secret)
            transports[MessageChannel.WEBHOOK] = await stack.enter_async_context(gateway)
        if not transports:
            yield None
            return
        outbox = Outbox(database)
        senders = [Sender(outbox, halls, clock, *by, links, metrics) for by in transports.items()]
        producer = MessageProducer(database, outbox, halls, clock, transports.keys(), days)
        messages = Messages(producer, senders, outbox, clock)
        stack.push_async_callback(messages.stop)
        yield messages


async def _run_pass(work: Callable[[], Awaitable[object]], well: Health) -> None:
    """Run one pass; if the database is unavailable, report that once and leave the work to the next pass."""
    try:
        await work()
    except StorageUnavailable as error:
        well.failed(error)
    else:
        well.worked()


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("send_fault", exc_info=error)
