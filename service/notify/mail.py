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

from service.notify.calendar_files import Method, ics_of
from service.notify.content import Letter
from service.notify.delivery import HAND_OVER_S, HandedOver, Later, Refused, Sent, Unknown
from service.notify.model import Kind, Message, Person

RULES = RULES_OF_SMTP.clone(cte_type="7bit")
"""Nothing but ASCII goes over the wire, so that it does not matter what the server can do besides."""

STEP_S = 20.0
"""How long one answer of the mail server is waited for."""

QUIT_S = 2.0

PORT = 587
PORT_OF_TLS = 465
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
"""Where a password may go without TLS: it does not leave the machine."""


class Server(NamedTuple):
    """A mail server, as `PAIHAO_SMTP_URL` names it; `start_tls` None takes TLS where it is offered."""

    host: str
    port: int
    username: str | None
    password: str | None
    use_tls: bool
    start_tls: bool | None


def server_of(url: str) -> Server:
    """Read a URL that the settings have checked; a password is sent through TLS or to this machine only."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    use_tls = parts.scheme == "smtps"
    username = unquote(parts.username) if parts.username else None
    return Server(
        host,
        parts.port or (PORT_OF_TLS if use_tls else PORT),
        username,
        unquote(parts.password or "") if username else None,
        use_tls,
        True if username and not use_tls and host not in LOCAL else None,
    )


class Mailer:
    """Hands messages to a mail server; each by a connection of its own, for servers end those that wait."""

    def __init__(self, url: str, sender: str) -> None:
        self._server = server_of(url)
        self._sender = sender

    def reaches(self, person: Person) -> bool:
        """Tell whether a person has a mail address."""
        return bool(person.email)

    async def hand_over(self, message: Message, letter: Letter, person: Person, now_at: datetime) -> HandedOver:
        """Hand one message over."""
        assert person.email, "who cannot be reached is not written to"
        try:
            written = mail_of(message, letter, self._sender, person.email, now_at).as_bytes(policy=RULES)
        except (ValueError, MessageError):  # an address that no header can hold
            return Refused("address")
        progress = _Progress()
        try:
            async with asyncio.timeout(HAND_OVER_S):
                return await self._say(person.email, written, progress)
        except SMTPResponseException as error:
            permanent = 500 <= error.code < 600 and progress.sender_taken
            return (Refused if permanent else Later)(f"smtp {error.code}")
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            if progress.data_begun:
                return Unknown("unknown")
            if isinstance(error, UnicodeEncodeError):
                return Refused("address")
            return Later("timeout" if isinstance(error, TimeoutError) else "unreachable")

    async def _say(self, address: str, written: bytes, progress: "_Progress") -> HandedOver:
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.use_tls,
            start_tls=server.start_tls,
            timeout=STEP_S,
        )
        try:
            await client.connect()
            await client.mail(self._sender)
            progress.sender_taken = True
            await client.rcpt(address)
            progress.data_begun = True
            await client.data(written)
            with suppress(SMTPException, OSError, TimeoutError):
                await client.quit(timeout=QUIT_S)
            return Sent()
        finally:
            client.close()


class _Progress:
    """How far a conversation with the mail server came: what is refused before it took the sender is about nobody."""

    sender_taken = False
    data_begun = False


def mail_of(message: Message, letter: Letter, sender: str, recipient: str, now_at: datetime) -> EmailMessage:
    """Write a message as a mail.

    It has the same Message-ID however often it is tried, so that a server or a reader who has it knows. Calendars find
    the appointment as an alternative to the text; people find it as a file as well.

    Raises:
        ValueError, MessageError: an address cannot stand in a header.
    """
    mail = EmailMessage(policy=RULES)
    mail["From"] = Address(letter.sender, addr_spec=sender)
    mail["To"] = Address(addr_spec=recipient)
    mail["Subject"] = letter.subject
    mail["Date"] = now_at
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text_of(letter))
    if letter.entry is not None:
        method = Method.CANCEL if message.kind is Kind.CANCELLED else Method.REQUEST
        file = ics_of(letter.entry, method, now_at, organizer=sender, attendee=recipient)
        mail.add_alternative(file.decode(), subtype="calendar", params={"method": method.value})
        mail.add_attachment(file, "application", "ics", filename="appointment.ics")
    mail["Content-Language"] = letter.language  # last: the headers that begin like this go into the parts with the text
    return mail


def text_of(letter: Letter) -> str:
    """The text of a mail: greeting, what it is about, what to do, and that nobody reads replies."""
    return "\n\n".join([letter.greeting, letter.text, *letter.more, letter.closing]) + "\n"
