"""Webhooks: each message to one address of the operator's, which sends it on, most often as a text message.

The address and its secret are settings and not part of any hall document: who manages a hall must not be able to make
this service ask things of its own network. Messages are signed as Standard Webhooks says, with the outbox's id as
`webhook-id`. The receiver knows by it what it has already, so what is of unknown end is simply sent again.

Source: Standard Webhooks 1.0 (2xx is taken; 410 wants no more; everything else is tried again).
"""

from datetime import datetime
from typing import Self

import aiohttp
import msgspec
from msgspec import Struct
from standardwebhooks import Webhook

from service.domain.calendar.times import stamp
from service.notify.content import RenderedMessage
from service.notify.delivery import DELIVERY_TIMEOUT_S, DeliveryResult, Rejected, Sent, TemporaryFailure, UnknownOutcome
from service.notify.model import Kind, Message, Person
from service.primitives.personal_data import Personal

RESPONSE_TIMEOUT_S = 15.0
"""How long the receiver's answer is waited for, as Standard Webhooks advises."""

GONE = 410

_encode = msgspec.json.Encoder().encode


class WebhookData(Personal, frozen=True, kw_only=True):
    """What the message is about. `to` is the phone number, `text` all that is to be sent to it, in `language`."""

    hall: str
    kind: Kind
    to: str
    language: str
    text: str
    subject: str


class WebhookBody(Struct, frozen=True, kw_only=True):
    """A webhook's body; `timestamp` is when the message was made ready."""

    type: str
    timestamp: str
    data: WebhookData


class Gateway:
    """Hands messages to the receiver of webhooks. Use it as `async with Gateway(…) as gateway`."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._webhook = Webhook(secret)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=min(RESPONSE_TIMEOUT_S, DELIVERY_TIMEOUT_S)),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    def reaches(self, person: Person) -> bool:
        """Tell whether a person has a phone number."""
        return bool(person.phone)

    async def hand_over(
        self, message: Message, letter: RenderedMessage, person: Person, now_at: datetime
    ) -> DeliveryResult:
        """Hand one message over."""
        assert self._session is not None, "a gateway is used inside `async with`"
        assert person.phone, "who cannot be reached is not written to"
        body = _encode(webhook_body_of(message, letter, person.phone, now_at)).decode()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(now_at.timestamp())),
            "webhook-signature": self._webhook.sign(message.id, now_at, body),
        }
        try:
            async with self._session.post(
                self._url, data=body.encode(), headers=headers, allow_redirects=False
            ) as response:
                status = response.status
        except TimeoutError:
            return UnknownOutcome("timeout")
        except (aiohttp.ClientError, OSError):
            return UnknownOutcome("unreachable")
        if 200 <= status < 300:
            return Sent()
        return (Rejected if status == GONE else TemporaryFailure)(f"http {status}")


def webhook_body_of(message: Message, letter: RenderedMessage, phone: str, now_at: datetime) -> WebhookBody:
    """Write a message as a webhook's body."""
    about = "ticket" if message.facts.number is not None else "appointment"
    return WebhookBody(
        type=f"{about}.{message.kind}",
        timestamp=stamp(now_at),
        data=WebhookData(
            hall=message.hall,
            kind=message.kind,
            to=phone,
            language=letter.language,
            text=letter.text,
            subject=message.subject,
        ),
    )
