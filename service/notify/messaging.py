"""Everything of messages that the composition root needs: the carriers of the settings, and the passes of the jobs."""

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

GATHER_EVERY_S = 2
SEND_EVERY_S = 2
SWEEP_EVERY_S = 3600

STOP_TIMEOUT_S = 5.0
"""How long a stop waits for outcomes to be written down after the hand-overs."""

RETENTION = timedelta(days=30)
"""How long it is known what became of a message, and how long a manager can have a dead one tried again."""

log = structlog.get_logger(__name__)


class Messages:
    """Gathers and sends. A pass that meets no database leaves its work to the next one."""

    def __init__(self, gatherer: MessageProducer, senders: Sequence[Sender], outbox: Outbox, clock: Clock) -> None:
        self._gatherer = gatherer
        self._senders = senders
        self._outbox = outbox
        self._clock = clock
        self._sending: dict[Sender, asyncio.Task[None]] = {}
        self._made, self._sent = Health("making messages"), Health("sending messages")

    def moved(self, hall: HallId, on: date) -> None:
        """Say that this process appended to a day. Never waits."""
        self._gatherer.moved(hall, on)

    async def gather(self) -> None:
        """Make messages of what happened."""
        await _once(self._gatherer.run_once, self._made)

    async def send(self) -> None:
        """Send what is due."""
        await asyncio.gather(*map(self._send, self._senders))

    async def send_apart(self) -> None:
        """Send what is due, each channel in a task of its own unless that is under way: a server may take its time."""
        for sender in self._senders:
            under_way = self._sending.get(sender)
            if under_way is None or under_way.done():
                self._sending[sender] = task = asyncio.create_task(self._send(sender), name="send messages")
                task.add_done_callback(_look_at)

    async def stop(self) -> None:
        """Hand nothing more over, and wait for what is being handed over."""
        await asyncio.gather(*(sender.stop() for sender in self._senders))
        if self._sending:
            await asyncio.wait(self._sending.values(), timeout=STOP_TIMEOUT_S)
            for task in self._sending.values():
                task.cancel()

    async def sweep(self) -> None:
        """Remove what is over."""
        try:
            await self._outbox.sweep(self._clock.now_at() - RETENTION, self._gatherer.look_from())
        except StorageUnavailable:
            log.warning("messages_not_swept")

    async def _send(self, sender: Sender) -> None:
        await _once(sender.run_once, self._sent)

    def passes(self) -> list[tuple[str, Callable[[], Awaitable[None]], int]]:
        """What the scheduler runs: name, pass, how often in seconds."""
        return [
            ("gather_messages", self.gather, GATHER_EVERY_S),
            ("send_messages", self.send_apart, SEND_EVERY_S),
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
    watcher: DeliveryMetrics,
) -> AsyncIterator[Messages | None]:
    """Messages by the channels that the settings name; None where they name none. Leaving waits for hand-overs."""
    carriers: dict[MessageChannel, Transport] = {}
    async with AsyncExitStack() as stack:
        if settings.smtp_url is not None:
            assert settings.mail_from is not None, "the settings were checked"
            carriers[MessageChannel.MAIL] = Mailer(settings.smtp_url, settings.mail_from)
        if settings.webhook_url is not None:
            assert settings.webhook_secret is not None, "the settings were checked"
            gateway = Gateway(settings.webhook_url, settings.webhook_secret)
            carriers[MessageChannel.WEBHOOK] = await stack.enter_async_context(gateway)
        if not carriers:
            yield None
            return
        outbox = Outbox(database)
        senders = [Sender(outbox, halls, clock, *by, links, watcher) for by in carriers.items()]
        gatherer = MessageProducer(database, outbox, halls, clock, carriers.keys(), days)
        messages = Messages(gatherer, senders, outbox, clock)
        stack.push_async_callback(messages.stop)
        yield messages


async def _once(work: Callable[[], Awaitable[object]], well: Health) -> None:
    """Do what a pass is for, or leave it to the next one."""
    try:
        await work()
    except StorageUnavailable as error:
        well.failed(error)
    else:
        well.worked()


def _look_at(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("send_fault", exc_info=error)
