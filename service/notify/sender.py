"""Sending: what is due in the outbox is handed over, once.

Each channel has a sender of its own, so that a mail server that takes its time holds up no text message.

A message is sent in three steps, each committed before the next begins. It is claimed: others leave it alone until the
lease ends, and if its sender dies here, somebody else takes it then. It becomes `sending`, if it still waits and is
still ours: from now on it may be on its way, and what is newer of the same appointment waits for its end. It is handed
over, and what came of it is written down.

If the sender dies in the last step, nobody knows whether the message arrived. A mail that may have arrived is not sent
again: it becomes a dead letter with the reason `unknown`, and a manager decides. A webhook is sent again, for its
receiver knows it by its id. Two senders never have one message in hand: the claim skips rows that another is claiming,
and only who has the claim can make it `sending`. A sender that was held up for longer than its lease finds that out
there, or, in the last step, was given up already and sends nothing twice either.

Whom a message is for is read just before it is handed over. Who was erased gets nothing, and the row goes. What is not
true any more is withdrawn there too, should the gathering be behind. When the hall is open is looked at there as well,
by the day's own events: a reminder of a time at which nobody is there says that, nobody is told to check in before the
doors open or to take a number after they have closed, and while the hall is suspended nobody is asked to come to it.
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
"""Messages of a hall that are taken at a time; halls take turns."""

CONCURRENT_MAX = 4
"""Messages of a channel that one process hands over at the same time."""

CLAIM_LEASE = timedelta(minutes=5)
"""A claimed message that was not begun by then is anybody's again."""

SENDING_LEASE = timedelta(seconds=2 * DELIVERY_TIMEOUT_S)
"""A hand-over that has no end by then has lost its sender: none lasts half as long."""

BACKOFF_S = (60, 300, 900, 1800, 3600, 10_800, 21_600)
"""How long after each try the next one follows; after the last it is a dead letter."""

TRIES_MAX = len(BACKOFF_S) + 1

log = structlog.get_logger(__name__)


class DeliveryMetrics(Protocol):
    """Told what becomes of messages."""

    def message(self, kind: Kind, channel: MessageChannel, outcome: str) -> None:
        """Count: sent, retried, dead, dropped (the person is erased) or withdrawn."""

    def messages_waiting(self, overdue: Mapping[tuple[str, str], int]) -> None:
        """Say how many are due and not sent, by channel and by how long they are."""


class Sender:
    """Hands the messages of one channel over."""

    def __init__(  # noqa: PLR0913, PLR0917  (its parts)
        self,
        outbox: Outbox,
        halls: Halls,
        clock: Clock,
        channel: MessageChannel,
        carrier: Transport,
        links: Links,
        watcher: DeliveryMetrics,
    ) -> None:
        self._outbox = outbox
        self._halls = halls
        self._clock = clock
        self._channel = channel
        self._carrier = carrier
        self._links = links
        self._watcher = watcher
        self._places = asyncio.Semaphore(CONCURRENT_MAX)
        self._under_way: set[asyncio.Task[None]] = set()
        self._unsettled: list[tuple[Message, str, DeliveryResult]] = []
        self._stopping = False

    async def run_once(self) -> None:
        """Send what is due, until nothing is. Raises the journal's StorageUnavailable."""
        await self._settle_what_is_left()
        now_at = self._clock.now_at()
        for kind, channel in await self._outbox.late(now_at):
            self._watcher.message(kind, channel, "withdrawn")
        for kind, channel, state in await self._outbox.abandoned(now_at, TRIES_MAX):
            self._watcher.message(kind, channel, "dead" if state is State.DEAD else "retried")
        self._watcher.messages_waiting(await self._outbox.waiting(self._channel, now_at))
        taken = 1
        while taken and not self._stopping:
            halls = await self._outbox.halls_due(self._channel, self._clock.now_at())
            taken = sum([await self._send_or_say(hall) for hall in halls])
        self._watcher.messages_waiting(await self._outbox.waiting(self._channel, self._clock.now_at()))

    async def _send_or_say(self, hall: HallId) -> int:
        """The same as `_send_of`; a fault of ours costs this hall its turn, and no other hall."""
        try:
            return await self._send_of(hall)
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  (its text may quote an address: the log gets the place alone)
            log.error("send_fault", hall=hall, fault=type(error).__name__, at=_place(error))  # noqa: TRY400  (likewise)
            return 0

    async def _send_of(self, hall: HallId) -> int:
        """Send some messages of a hall, and return how many were taken.

        What is being handed over goes on though nobody waits for it any more.
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
            task.result()  # raises what it raised
        return len(tasks)

    async def _send(self, message: Message, claim: str) -> None:
        async with self._places:
            if self._stopping:
                return  # the lease ends, and another process takes it
            whom = await self._outbox.whom(message)
            if whom is None:
                return
            if whom.person is None or not self._carrier.reaches(whom.person):
                await self._outbox.drop(message, claim)
                self._watcher.message(message.kind, message.channel, "dropped")
                return
            hall = await self._hall_of(message)
            if hall is None or not is_still_valid(message, whom):
                await self._outbox.give_up(message, claim, "superseded", self._clock.now_at())
                self._watcher.message(message.kind, message.channel, "withdrawn")
                return
            told = await self._as_it_opens(message, whom)
            now_at = self._clock.now_at()
            if told is None:
                await self._outbox.give_up(message, claim, "superseded", now_at)
                self._watcher.message(message.kind, message.channel, "withdrawn")
                return
            if isinstance(told, Postpone):
                await self._outbox.put_off(message, claim, told, now_at)
                return
            message = told
            if await self._outbox.hand_over(message, claim, now_at + SENDING_LEASE, now_at):
                handed = await self._hand_over(message, hall, whom.person)
                await self._settle(message, claim, handed)

    async def _as_it_opens(self, message: Message, whom: Recipient) -> Message | Postpone | None:
        """The message as it is to be sent, by when the hall takes people; None when there is nothing to say."""
        if message.kind not in DEPENDS_ON_OPENING:
            return message
        now_at = self._clock.now_at()
        try:
            opening = await self._outbox.opening(message)
        except UnknownKind:
            return Postpone(now_at + RECHECK_INTERVAL, now_at)  # a process of the newer release knows what it says
        told = apply_opening(message.kind, message.facts.starts_at, opening, now_at, told_closed=whom.told_closed)
        if isinstance(told, SendAs):
            facts = replace(message.facts, closed=told.closed, doors_at=told.doors_at, over=told.over)
            return replace(message, kind=told.kind, facts=facts)
        return told

    async def _hall_of(self, message: Message) -> Hall | None:
        try:
            return await self._halls.get(message.hall)
        except HallNotFound:
            return None
        except RimUnavailable as error:
            raise StorageUnavailable("the hall cannot be read") from error

    async def _hand_over(self, message: Message, hall: Hall, person: Person) -> DeliveryResult:
        """Hand over. A fault of ours costs this message, not those behind it."""
        try:
            letter = render_message(message, person, hall.document, self._links)
            return await self._carrier.hand_over(message, letter, person, self._clock.now_at())
        except Exception as error:  # noqa: BLE001  (its text may quote an address: the log gets the place alone)
            log.error(  # noqa: TRY400  (likewise)
                "message_fault", hall=message.hall, message=message.id, fault=type(error).__name__, at=_place(error)
            )
            return UnknownOutcome("fault") if message.channel is MessageChannel.WEBHOOK else Rejected("fault")

    async def _settle(self, message: Message, claim: str, handed: DeliveryResult) -> None:
        """Write down what came of a hand-over; where the database is away, before the next ones."""
        state, reason, next_at = self._judged(message, handed)
        try:
            settled = await self._outbox.settle(
                message, claim, state, reason=reason, next_at=next_at, now_at=self._clock.now_at()
            )
        except StorageUnavailable:
            self._unsettled.append((message, claim, handed))
            raise
        if settled:
            outcome = {State.SENT: "sent", State.WAITING: "retried"}.get(state, "dead")
            self._watcher.message(message.kind, message.channel, outcome)
            if state is State.DEAD:
                log.warning("message_dead", hall=message.hall, message=message.id, kind=message.kind, reason=reason)

    async def _settle_what_is_left(self) -> None:
        left, self._unsettled = self._unsettled, []
        while left:
            message, claim, handed = left[0]
            try:
                await self._settle(message, claim, handed)
            except StorageUnavailable:
                self._unsettled += left[1:]
                raise
            left.pop(0)

    def _judged(self, message: Message, handed: DeliveryResult) -> tuple[State, str | None, datetime | None]:
        """The state that follows, why, and when the next try is."""
        match handed:
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
        """Begin nothing more, and wait for the hand-overs under way."""
        self._stopping = True
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=DELIVERY_TIMEOUT_S)


def is_still_valid(message: Message, whom: Recipient) -> bool:
    """Tell whether a message still says what is so."""
    if message.kind in TICKET_KINDS:
        return whom.ticket_state == TicketState.WAITING
    if message.kind in ONLY_WHILE_BOOKED:
        return whom.appointment_state == AppointmentState.BOOKED and whom.sequence == message.facts.sequence
    return True


def _place(error: BaseException) -> str:
    """Where an exception was raised: module and line."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
