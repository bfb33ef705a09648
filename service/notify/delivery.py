"""The interface of message transports (mail, webhook) and the possible results of a delivery."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from service.notify.content import RenderedMessage
from service.notify.model import Message, Person

DELIVERY_TIMEOUT_S = 60.0
"""Time limit of one delivery, enforced by every transport."""


class Sent(Struct, frozen=True):
    """The other side accepted the message."""


class Rejected(Struct, frozen=True):
    """The other side will never accept the message. `reason` is a code shown to managers; it contains no address."""

    reason: str


class TemporaryFailure(Struct, frozen=True):
    """The message was not accepted now, and it is certain that it was not sent."""

    reason: str


class UnknownOutcome(Struct, frozen=True):
    """It is unknown whether the message was accepted."""

    reason: str


DeliveryResult = Sent | Rejected | TemporaryFailure | UnknownOutcome


class Transport(Protocol):
    """Delivers messages to a mail server or to the receiver of webhooks."""

    def reaches(self, person: Person) -> bool:
        """Tell whether the person has a contact that this transport needs."""

    async def deliver(
        self, message: Message, rendered: RenderedMessage, person: Person, now_at: datetime
    ) -> DeliveryResult:
        """Deliver one message. Faults of the other side are returned as a result, never raised."""
