"""Send the due messages of the outbox, each at most once (a webhook possibly again with the same id).

Each channel has its own sender, so that a slow mail server does not delay text messages.

A message is sent in three steps, each committed before the next:

1. It is claimed. Other senders skip it until the lease ends; if this sender dies, another one claims it then.
2. It becomes `sending`, if it still waits and the claim is still valid. From now on it may have been sent. Newer
   messages about the same appointment on this channel wait until the delivery has ended.
3. It is delivered, and the result is recorded.

If the sender dies in step 3, it is unknown whether the message arrived. A mail is not sent again: it becomes a dead
letter with the reason `unknown`, and a manager decides. A webhook is sent again: its receiver recognises the id. Two
senders never send the same message: claiming skips locked rows, and only the holder of the claim can set it to
`sending`. A sender delayed beyond its lease fails there. If it was delayed in step 3, the outcome of the message was
already recorded as unknown.

The recipient is read just before the delivery. If their data was erased, the message is deleted. An outdated message is
withdrawn, in case `message_producer` is behind. The opening of the hall is read from the events of the day: a reminder
says if the hall is closed at that time, no message asks to check in before the doors open or to take a ticket after
closing, and while the hall is suspended messages that ask people to come are postponed.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from msgspec.structs import replace

from service.clock import Clock
from service.domain.model import AppointmentState, HallId, TicketState
from service.domain.refusals import HallNotFound
from service.errors import StorageUnavailable as RimUnavailable
from service.journal.faults import StorageUnavailable, UnknownKind
from service.notify.content import Links, render_message
from service.notify.delivery import (
    DELIVERY_TIMEOUT_S,
    DeliveryResult,
    Rejected,
    Sent,
    TemporaryFailure,
    Transport,
    UnknownOutcome,
)
from service.notify.model import (
    DEPENDS_ON_OPENING,
    ONLY_WHILE_BOOKED,
    TICKET_KINDS,
    Kind,
    Message,
    MessageChannel,
    Person,
    State,
)
from service.notify.outbox import Outbox, Recipient
from service.notify.rules import RECHECK_INTERVAL, Postpone, SendAs, apply_opening
from service.primitives.ids import new_id
from service.primitives.tasks import consume_exception
from service.runtime.hall import Hall
from service.runtime.halls import Halls

CLAIM_MAX = 20
"""Messages of a hall that are claimed at a time; halls take turns."""

CONCURRENT_MAX = 4
"""Messages of a channel that one process delivers at the same time."""

CLAIM_LEASE = timedelta(minutes=5)
"""After this time other senders may claim a message whose delivery has not begun."""

SENDING_LEASE = timedelta(seconds=2 * DELIVERY_TIMEOUT_S)
"""After this time a delivery without a result has lost its sender: no delivery lasts half as long."""

BACKOFF_S = (60, 300, 900, 1800, 3600, 10_800, 21_600)
"""Seconds between a failed try and the next one; if the try after the last of them fails, the message is dead."""

TRIES_MAX = len(BACKOFF_S) + 1

log = structlog.get_logger(__name__)


class DeliveryMetrics(Protocol):
    """The metrics that senders update."""

    def message(self, kind: Kind, channel: MessageChannel, outcome: str) -> None:
        """Count one message by outcome: sent, retried, dead, dropped (no recipient any more) or withdrawn."""

    def messages_waiting(self, overdue: Mapping[tuple[str, str], int]) -> None:
        """Set the number of messages that are due and not sent, by channel and age class."""


class Sender:
    """Sends the messages of one channel."""

    def __init__(  # noqa: PLR0913, PLR0917  (its parts)
        self,
        outbox: Outbox,
        halls: Halls,
        clock: Clock,
        channel: MessageChannel,
        transport: Transport,
        links: Links,
        metrics: DeliveryMetrics,
    ) -> None:
        self._outbox = outbox
        self._halls = halls
        self._clock = clock
        self._channel = channel
        self._transport = transport
        self._links = links
        self._metrics = metrics
        self._slots = asyncio.Semaphore(CONCURRENT_MAX)
        self._under_way: set[asyncio.Task[None]] = set()
        self._unrecorded: list[tuple[Message, str, DeliveryResult]] = []
        self._stopping = False

    async def run_once(self) -> None:
        """Send until no message is due. Raises the journal's StorageUnavailable."""
        await self._record_remaining()
        now_at = self._clock.now_at()
        for kind, channel in await self._outbox.withdraw_expired(now_at):
            self._metrics.message(kind, channel, "withdrawn")
        for kind, channel, state in await self._outbox.recover_abandoned(now_at, TRIES_MAX):
            self._metrics.message(kind, channel, "dead" if state is State.DEAD else "retried")
        self._metrics.messages_waiting(await self._outbox.count_overdue(self._channel, now_at))
        taken = 1
        while taken and not self._stopping:
            halls = await self._outbox.halls_due(self._channel, self._clock.now_at())
            taken = sum([await self._send_or_log(hall) for hall in halls])
        self._metrics.messages_waiting(await self._outbox.count_overdue(self._channel, self._clock.now_at()))

    async def _send_or_log(self, hall: HallId) -> int:
        """Do the same as `_send_of`; log an internal error, which skips only this hall."""
        try:
            return await self._send_of(hall)
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  (its text may contain an address: only its place is logged)
            log.error("send_fault", hall=hall, fault=type(error).__name__, at=_place(error))  # noqa: TRY400  (likewise)
            return 0

    async def _send_of(self, hall: HallId) -> int:
        """Send some messages of a hall, and return how many were claimed.

        The deliveries continue if this coroutine is cancelled.
        """
        claim, now_at = new_id(), self._clock.now_at()
        messages = await self._outbox.claim(
            hall, claim, self._channel, until_at=now_at + CLAIM_LEASE, now_at=now_at, limit=CLAIM_MAX
        )
        tasks = [asyncio.create_task(self._send(message, claim), name=f"send {message.id}") for message in messages]
        self._under_way.update(tasks)
        for task in tasks:
            task.add_done_callback(self._under_way.discard)
            task.add_done_callback(consume_exception)
        if tasks:
            await asyncio.wait(tasks)
        for task in tasks:
            task.result()  # raises the exception of the task
        return len(tasks)

    async def _send(self, message: Message, claim: str) -> None:
        async with self._slots:
            if self._stopping:
                return  # another process claims the message when the lease ends
            recipient = await self._outbox.recipient(message)
            if recipient is None:
                return
            if recipient.person is None or not self._transport.reaches(recipient.person):
                await self._outbox.delete_claimed(message, claim)
                self._metrics.message(message.kind, message.channel, "dropped")
                return
            hall = await self._hall_of(message)
            if hall is None or not is_still_valid(message, recipient):
                await self._outbox.withdraw_claimed(message, claim, "superseded", self._clock.now_at())
                self._metrics.message(message.kind, message.channel, "withdrawn")
                return
            current = await self._adapted_to_opening(message, recipient)
            now_at = self._clock.now_at()
            if current is None:
                await self._outbox.withdraw_claimed(message, claim, "superseded", now_at)
                self._metrics.message(message.kind, message.channel, "withdrawn")
                return
            if isinstance(current, Postpone):
                await self._outbox.postpone(message, claim, current, now_at)
                return
            if await self._outbox.begin_delivery(current, claim, now_at + SENDING_LEASE, now_at):
                result = await self._deliver(current, hall, recipient.person)
                await self._record_result(current, claim, result)

    async def _adapted_to_opening(self, message: Message, recipient: Recipient) -> Message | Postpone | None:
        """Adapt the message to the opening of the hall; None if it is not to be sent."""
        if message.kind not in DEPENDS_ON_OPENING:
            return message
        now_at = self._clock.now_at()
        try:
            opening = await self._outbox.day_opening(message)
        except UnknownKind:
            return Postpone(now_at + RECHECK_INTERVAL, now_at)  # a process of the newer release can read the event
        decision = apply_opening(
            message.kind, message.facts.starts_at, opening, now_at, closure_announced=recipient.closure_announced
        )
        if isinstance(decision, SendAs):
            facts = replace(message.facts, closed=decision.closed, doors_at=decision.doors_at, over=decision.over)
            return replace(message, kind=decision.kind, facts=facts)
        return decision

    async def _hall_of(self, message: Message) -> Hall | None:
        try:
            return await self._halls.get(message.hall)
        except HallNotFound:
            return None
        except RimUnavailable as error:
            raise StorageUnavailable("the hall cannot be read") from error

    async def _deliver(self, message: Message, hall: Hall, person: Person) -> DeliveryResult:
        """Render and deliver a message. An internal error affects only this message."""
        try:
            rendered = render_message(message, person, hall.document, self._links)
            return await self._transport.deliver(message, rendered, person, self._clock.now_at())
        except Exception as error:  # noqa: BLE001  (its text may contain an address: only its place is logged)
            log.error(  # noqa: TRY400  (likewise)
                "message_fault", hall=message.hall, message=message.id, fault=type(error).__name__, at=_place(error)
            )
            return UnknownOutcome("fault") if message.channel is MessageChannel.WEBHOOK else Rejected("fault")

    async def _record_result(self, message: Message, claim: str, result: DeliveryResult) -> None:
        """Record the result of a delivery; if the database is unavailable, keep it for the next run."""
        state, reason, next_at = self._next_state(message, result)
        try:
            recorded = await self._outbox.record_result(
                message, claim, state, reason=reason, next_at=next_at, now_at=self._clock.now_at()
            )
        except StorageUnavailable:
            self._unrecorded.append((message, claim, result))
            raise
        if recorded:
            outcome = {State.SENT: "sent", State.WAITING: "retried"}.get(state, "dead")
            self._metrics.message(message.kind, message.channel, outcome)
            if state is State.DEAD:
                log.warning("message_dead", hall=message.hall, message=message.id, kind=message.kind, reason=reason)

    async def _record_remaining(self) -> None:
        remaining, self._unrecorded = self._unrecorded, []
        while remaining:
            message, claim, result = remaining[0]
            try:
                await self._record_result(message, claim, result)
            except StorageUnavailable:
                self._unrecorded += remaining[1:]
                raise
            remaining.pop(0)

    def _next_state(self, message: Message, result: DeliveryResult) -> tuple[State, str | None, datetime | None]:
        """Return the state after a delivery, its reason, and the time of the next try."""
        match result:
            case Sent():
                return State.SENT, None, None
            case Rejected(reason):
                return State.DEAD, reason, None
            case UnknownOutcome(reason) if message.channel is MessageChannel.MAIL:
                return State.DEAD, "unknown", None
            case TemporaryFailure(reason) | UnknownOutcome(reason):
                if message.tries >= TRIES_MAX:
                    return State.DEAD, reason, None
                return State.WAITING, reason, self._clock.now_at() + timedelta(seconds=BACKOFF_S[message.tries - 1])

    async def stop(self) -> None:
        """Begin no more deliveries, and wait for those in progress."""
        self._stopping = True
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=DELIVERY_TIMEOUT_S)


def is_still_valid(message: Message, recipient: Recipient) -> bool:
    """Tell whether the ticket still waits, or the appointment is still as the message says."""
    if message.kind in TICKET_KINDS:
        return recipient.ticket_state == TicketState.WAITING
    if message.kind in ONLY_WHILE_BOOKED:
        return recipient.appointment_state == AppointmentState.BOOKED and recipient.sequence == message.facts.sequence
    return True


def _place(error: BaseException) -> str:
    """Return where an exception was raised, as `module:line`."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
