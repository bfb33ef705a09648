"""Where messages go in tests: a real mail server and a real receiver of webhooks, which remember what they got."""

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
    """A mail server. `refuses` says what it answers to an address, the sender's too, `answer` what to a whole message.

    While `open` is not set it answers no message; `arrived` is set as soon as it has a whole one. `hangs_up` lets it
    take a message and leave without an answer.
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
        """Take a sender, or not."""
        if address in self.refuses:
            return self.refuses[address]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take an address, or not."""
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  (likewise)
        """Take a message."""
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
    """A mail server on a free port."""
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
    """A receiver of webhooks; it answers `statuses` one after another, then 204."""

    def __init__(self) -> None:
        self.url = ""
        self.bodies: list[dict[str, Any]] = []
        self.raw: list[tuple[dict[str, str], str]] = []
        self.statuses: list[int] = []
        self.arrived = asyncio.Event()

    async def hook(self, request: web.Request) -> web.Response:
        """Take a webhook."""
        body = await request.text()
        self.raw.append((dict(request.headers), body))
        self.arrived.set()
        self.bodies.append(json.loads(body))
        status = self.statuses.pop(0) if self.statuses else 204
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status in {301, 302, 307} else {})


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
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
