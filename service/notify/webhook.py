"""Deliver messages as webhooks to one URL of the operator, which forwards them, usually as text messages.

The URL and its secret are settings and not part of a hall document: the manager of a hall must not be able to make this
service send requests into its own network. Messages are signed according to Standard Webhooks, with the outbox id as
`webhook-id`. The receiver recognises duplicates by this id, so a message with an unknown outcome is sent again.

Source: Standard Webhooks 1.0 (2xx: accepted; 410: send no more; everything else: retry).
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
"""Time limit for the receiver's response, as recommended by Standard Webhooks."""

GONE = 410

_encode = msgspec.json.Encoder().encode


class WebhookData(Personal, frozen=True, kw_only=True):
    """The data of a webhook. `to` is the phone number, `text` the complete text message in `language`."""

    hall: str
    kind: Kind
    to: str
    language: str
    text: str
    subject: str


class WebhookBody(Struct, frozen=True, kw_only=True):
    """The body of a webhook; `timestamp` is the time of this delivery attempt."""

    type: str
    timestamp: str
    data: WebhookData


class Gateway:
    """Delivers messages to the receiver of webhooks. Use it as `async with Gateway(…) as gateway`."""

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

    async def deliver(
        self, message: Message, rendered: RenderedMessage, person: Person, now_at: datetime
    ) -> DeliveryResult:
        """Deliver one message."""
        assert self._session is not None, "a gateway is used inside `async with`"
        assert person.phone, "the sender has checked `reaches`"
        body = _encode(webhook_body_of(message, rendered, person.phone, now_at)).decode()
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


def webhook_body_of(message: Message, rendered: RenderedMessage, phone: str, now_at: datetime) -> WebhookBody:
    """Build the webhook body of a message."""
    about = "ticket" if message.facts.number is not None else "appointment"
    return WebhookBody(
        type=f"{about}.{message.kind}",
        timestamp=stamp(now_at),
        data=WebhookData(
            hall=message.hall,
            kind=message.kind,
            to=phone,
            language=rendered.language,
            text=rendered.text,
            subject=message.subject,
        ),
    )
