"""Send messages by SMTP as plain text, with the appointment as a calendar file.

A mail server accepts a message when it answers the end of DATA. If an earlier step fails, nothing was sent and the
message may be retried. If the connection breaks during DATA, the message may have been accepted, so it is not sent a
second time. For this distinction each SMTP step is called separately.

Source: RFC 5321 (4.2.1: 4yz is temporary, 5yz permanent), RFC 3834 (Auto-Submitted), RFC 6047 (calendars in mail).
"""

import asyncio
from contextlib import suppress
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as RULES_OF_SMTP
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from service.notify.calendar_files import CalendarMethod, render_calendar_file
from service.notify.content import RenderedMessage
from service.notify.delivery import DELIVERY_TIMEOUT_S, DeliveryResult, Rejected, Sent, TemporaryFailure, UnknownOutcome
from service.notify.model import Kind, Message, Person

SMTP_POLICY = RULES_OF_SMTP.clone(cte_type="7bit")
"""Mails are encoded as 7-bit ASCII, so that no SMTP extension of the server is needed."""

STEP_TIMEOUT_S = 20.0
"""Time limit for one reply of the mail server."""

QUIT_TIMEOUT_S = 2.0

PORT = 587
TLS_PORT = 465
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts to which a password may be sent without TLS, because the connection does not leave the machine."""


class MailServer(NamedTuple):
    """The mail server of `PAIHAO_SMTP_URL`. With `start_tls` None, STARTTLS is used if the server offers it."""

    host: str
    port: int
    username: str | None
    password: str | None
    use_tls: bool
    start_tls: bool | None


def parse_server_url(url: str) -> MailServer:
    """Parse a URL that the settings have validated.

    With a password, STARTTLS or TLS is mandatory unless the server is on this machine.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    use_tls = parts.scheme == "smtps"
    username = unquote(parts.username) if parts.username else None
    return MailServer(
        host,
        parts.port or (TLS_PORT if use_tls else PORT),
        username,
        unquote(parts.password or "") if username else None,
        use_tls,
        True if username and not use_tls and host not in LOCAL_HOSTS else None,
    )


class Mailer:
    """Delivers messages to a mail server. Each message has its own connection, because servers close idle ones."""

    def __init__(self, url: str, sender: str) -> None:
        self._server = parse_server_url(url)
        self._sender = sender

    def reaches(self, person: Person) -> bool:
        """Tell whether a person has a mail address."""
        return bool(person.email)

    async def deliver(
        self, message: Message, rendered: RenderedMessage, person: Person, now_at: datetime
    ) -> DeliveryResult:
        """Deliver one message."""
        assert person.email, "the sender has checked `reaches`"
        try:
            content = build_mail(message, rendered, self._sender, person.email, now_at).as_bytes(policy=SMTP_POLICY)
        except (ValueError, MessageError):  # the address is not valid in a header
            return Rejected("address")
        progress = _Progress()
        try:
            async with asyncio.timeout(DELIVERY_TIMEOUT_S):
                return await self._transmit(person.email, content, progress)
        except SMTPResponseException as error:
            permanent = 500 <= error.code < 600 and progress.sender_taken
            return (Rejected if permanent else TemporaryFailure)(f"smtp {error.code}")
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            if progress.data_begun:
                return UnknownOutcome("unknown")
            if isinstance(error, UnicodeEncodeError):
                return Rejected("address")
            return TemporaryFailure("timeout" if isinstance(error, TimeoutError) else "unreachable")

    async def _transmit(self, address: str, content: bytes, progress: "_Progress") -> DeliveryResult:
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.use_tls,
            start_tls=server.start_tls,
            timeout=STEP_TIMEOUT_S,
        )
        try:
            await client.connect()
            await client.mail(self._sender)
            progress.sender_taken = True
            await client.rcpt(address)
            progress.data_begun = True
            await client.data(content)
            with suppress(SMTPException, OSError, TimeoutError):
                await client.quit(timeout=QUIT_TIMEOUT_S)
            return Sent()
        finally:
            client.close()


class _Progress:
    """How far the SMTP dialogue came.

    A permanent refusal before the server accepted the sender does not concern the recipient: it is retried.
    """

    sender_taken = False
    data_begun = False


def build_mail(
    message: Message, rendered: RenderedMessage, sender: str, recipient: str, now_at: datetime
) -> EmailMessage:
    """Build the mail of a message.

    The Message-ID is the same for every try, so that servers and mail programs recognise duplicates. The calendar file
    is included twice: as an alternative to the text, for mail programs, and as an attachment, for people.

    Raises:
        ValueError, MessageError: an address is not valid in a header.
    """
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = Address(rendered.sender, addr_spec=sender)
    mail["To"] = Address(addr_spec=recipient)
    mail["Subject"] = rendered.subject
    mail["Date"] = now_at
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(mail_text(rendered))
    if rendered.entry is not None:
        method = CalendarMethod.CANCEL if message.kind is Kind.CANCELLED else CalendarMethod.REQUEST
        file = render_calendar_file(rendered.entry, method, now_at, organizer=sender, attendee=recipient)
        mail.add_alternative(file.decode(), subtype="calendar", params={"method": method.value})
        mail.add_attachment(file, "application", "ics", filename="appointment.ics")
    # set last: `add_alternative` moves the headers that begin with `Content-` into the text part
    mail["Content-Language"] = rendered.language
    return mail


def mail_text(rendered: RenderedMessage) -> str:
    """Join the paragraphs of a mail: greeting, text, further paragraphs, and the note that replies are not read."""
    return "\n\n".join([rendered.greeting, rendered.text, *rendered.more, rendered.closing]) + "\n"
