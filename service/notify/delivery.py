"""What can come of handing a message over, whatever carries it."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from service.notify.content import RenderedMessage
from service.notify.model import Message, Person

DELIVERY_TIMEOUT_S = 60.0
"""Longer than this no hand-over lasts, whatever the other side does."""


class Sent(Struct, frozen=True):
    """It was taken."""


class Rejected(Struct, frozen=True):
    """It will never be taken: `reason` is a code for managers, without any address."""

    reason: str


class TemporaryFailure(Struct, frozen=True):
    """It was not taken now; it is certain that nothing was sent."""

    reason: str


class UnknownOutcome(Struct, frozen=True):
    """Whether it was taken cannot be known."""

    reason: str


DeliveryResult = Sent | Rejected | TemporaryFailure | UnknownOutcome


class Transport(Protocol):
    """Hands messages over: to a mail server, or to the receiver of webhooks."""

    def reaches(self, person: Person) -> bool:
        """Tell whether there is a way to a person."""

    async def hand_over(
        self, message: Message, letter: RenderedMessage, person: Person, now_at: datetime
    ) -> DeliveryResult:
        """Hand one message over. Raises nothing that the other side can cause."""
