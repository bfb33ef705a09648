"""A real mail server and a real receiver of webhooks for tests; both record the messages they receive."""

import asyncio
import email
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


class PostOffice:
    """A mail server. `refuses` maps addresses (also the sender's) to replies; `answer` is the reply to a whole message.

    While `open` is not set, it does not reply to messages. `arrived` is set when a whole message has arrived. With
    `hangs_up` it accepts a message and closes the connection without a reply.
    """

    def __init__(self) -> None:
        self.url = ""
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.refuses: dict[str, str] = {}
        self.answer = "250 OK"
        self.hangs_up = False
        self.open = asyncio.Event()
        self.open.set()
        self.arrived = asyncio.Event()

    async def handle_MAIL(  # noqa: N802  (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Accept or refuse a sender."""
        if address in self.refuses:
            return self.refuses[address]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Accept or refuse a recipient."""
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  (likewise)
        """Accept or refuse a message."""
        assert isinstance(envelope.content, bytes)
        if self.answer.startswith("250"):
            mail = email.message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.envelopes.append(envelope)
        self.arrived.set()
        if self.hangs_up:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        await self.open.wait()
        return self.answer


@asynccontextmanager
async def post_office() -> AsyncIterator[PostOffice]:
    """Run a mail server on a free port."""
    office = PostOffice()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(office, loop=loop, ident="test"), "127.0.0.1", 0)
    office.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield office
    finally:
        office.open.set()
        server.close()
        await server.wait_closed()


class Receiver:
    """A receiver of webhooks. It answers with `statuses` in turn, then with 204."""

    def __init__(self) -> None:
        self.url = ""
        self.bodies: list[dict[str, Any]] = []
        self.raw: list[tuple[dict[str, str], str]] = []
        self.statuses: list[int] = []
        self.arrived = asyncio.Event()

    async def hook(self, request: web.Request) -> web.Response:
        """Record a webhook."""
        body = await request.text()
        self.raw.append((dict(request.headers), body))
        self.arrived.set()
        self.bodies.append(json.loads(body))
        status = self.statuses.pop(0) if self.statuses else 204
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status in {301, 302, 307} else {})


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """Run a receiver on a free port."""
    found = Receiver()
    app = web.Application()
    app.router.add_post("/hook", found.hook)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield found
    finally:
        await runner.cleanup()
