"""Mail: each message to the mail server by SMTP, in plain text, with the appointment for the person's calendar.

A mail server takes a message when it answers the end of DATA. What fails before has sent nothing and may be tried
again; what is lost in between may have been taken, and is not sent a second time. So each step is asked for by itself,
and not by one call that only says that something failed.

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
"""Nothing but ASCII goes over the wire, so that it does not matter what the server can do besides."""

STEP_TIMEOUT_S = 20.0
"""How long one answer of the mail server is waited for."""

QUIT_TIMEOUT_S = 2.0

PORT = 587
TLS_PORT = 465
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
"""Where a password may go without TLS: it does not leave the machine."""


class MailServer(NamedTuple):
    """A mail server, as `PAIHAO_SMTP_URL` names it; `start_tls` None takes TLS where it is offered."""

    host: str
    port: int
    username: str | None
    password: str | None
    use_tls: bool
    start_tls: bool | None


def parse_server_url(url: str) -> MailServer:
    """Read a URL that the settings have checked; a password is sent through TLS or to this machine only."""
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
    """Hands messages to a mail server; each by a connection of its own, for servers end those that wait."""

    def __init__(self, url: str, sender: str) -> None:
        self._server = parse_server_url(url)
        self._sender = sender

    def reaches(self, person: Person) -> bool:
        """Tell whether a person has a mail address."""
        return bool(person.email)

    async def hand_over(
        self, message: Message, letter: RenderedMessage, person: Person, now_at: datetime
    ) -> DeliveryResult:
        """Hand one message over."""
        assert person.email, "who cannot be reached is not written to"
        try:
            written = build_mail(message, letter, self._sender, person.email, now_at).as_bytes(policy=SMTP_POLICY)
        except (ValueError, MessageError):  # an address that no header can hold
            return Rejected("address")
        progress = _Progress()
        try:
            async with asyncio.timeout(DELIVERY_TIMEOUT_S):
                return await self._say(person.email, written, progress)
        except SMTPResponseException as error:
            permanent = 500 <= error.code < 600 and progress.sender_taken
            return (Rejected if permanent else TemporaryFailure)(f"smtp {error.code}")
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            if progress.data_begun:
                return UnknownOutcome("unknown")
            if isinstance(error, UnicodeEncodeError):
                return Rejected("address")
            return TemporaryFailure("timeout" if isinstance(error, TimeoutError) else "unreachable")

    async def _say(self, address: str, written: bytes, progress: "_Progress") -> DeliveryResult:
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
            await client.data(written)
            with suppress(SMTPException, OSError, TimeoutError):
                await client.quit(timeout=QUIT_TIMEOUT_S)
            return Sent()
        finally:
            client.close()


class _Progress:
    """How far a conversation with the mail server came: what is refused before it took the sender is about nobody."""

    sender_taken = False
    data_begun = False


def build_mail(
    message: Message, letter: RenderedMessage, sender: str, recipient: str, now_at: datetime
) -> EmailMessage:
    """Write a message as a mail.

    It has the same Message-ID however often it is tried, so that a server or a reader who has it knows. Calendars find
    the appointment as an alternative to the text; people find it as a file as well.

    Raises:
        ValueError, MessageError: an address cannot stand in a header.
    """
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = Address(letter.sender, addr_spec=sender)
    mail["To"] = Address(addr_spec=recipient)
    mail["Subject"] = letter.subject
    mail["Date"] = now_at
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(mail_text(letter))
    if letter.entry is not None:
        method = CalendarMethod.CANCEL if message.kind is Kind.CANCELLED else CalendarMethod.REQUEST
        file = render_calendar_file(letter.entry, method, now_at, organizer=sender, attendee=recipient)
        mail.add_alternative(file.decode(), subtype="calendar", params={"method": method.value})
        mail.add_attachment(file, "application", "ics", filename="appointment.ics")
    mail["Content-Language"] = letter.language  # last: the headers that begin like this go into the parts with the text
    return mail


def mail_text(letter: RenderedMessage) -> str:
    """The text of a mail: greeting, what it is about, what to do, and that nobody reads replies."""
    return "\n\n".join([letter.greeting, letter.text, *letter.more, letter.closing]) + "\n"
