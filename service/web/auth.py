"""Who asks: bearer tokens, and what they allow.

A ticket's token is derived from the secret and never stored, so every process knows it and every answer repeats it.
Until staff have accounts, the admin token is their credential.

Source: CONTRACT 1 (credentials, roles).
"""

import hmac
import re
from base64 import urlsafe_b64encode
from enum import StrEnum
from hashlib import sha256
from itertools import islice
from weakref import WeakKeyDictionary

from aiohttp import web
from msgspec import Struct

from service.config import Secrets
from service.domain.day import Day
from service.domain.model import HallId, TicketId
from service.domain.refusals import TicketNotFound
from service.errors import TokenInvalid, TokenMissing

TOKEN_FORM = re.compile(r"[A-Za-z0-9_-]{43}")
"""What a derived token looks like; one that does not cannot be anybody's."""

KEY_FORM = re.compile(r"[\x21-\x7e]{8,255}")
KEY_LENGTH_WITHOUT_CREDENTIAL = 16


class Role(StrEnum):
    """Who may do something: CONTRACT 1."""

    ANYONE = "anyone"
    APPLICANT = "applicant"
    STAFF = "staff"
    MANAGER = "manager"
    OPS = "ops"


class Caller(Struct, frozen=True):
    """Who sent a request: `actor` is what the journal says, `credential` what idempotency keys belong to."""

    actor: str
    credential: str
    admin: bool
    token: str | None


class Signer:
    """Derives tokens and hashes from the service's secrets; the first secret signs, all verify."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets.secrets
        self._admin = secrets.admin_token.encode()
        self._first = hmac.new(self._secrets[0], digestmod=sha256)
        self._tokens: WeakKeyDictionary[Day, set[str]] = WeakKeyDictionary()

    def ticket_token(self, hall: HallId, ticket: TicketId) -> str:
        """The token of a ticket: base64url HMAC-SHA256(secret, hall|kind|id), without padding."""
        mac = self._first.copy()
        mac.update(f"{hall}|ticket|{ticket}".encode())
        return _text(mac.digest())

    def is_ticket_token(self, hall: HallId, ticket: TicketId, token: str) -> bool:
        """Tell whether a token is this ticket's."""
        return any(hmac.compare_digest(one.encode(), token.encode()) for one in self._tokens_of(hall, ticket))

    def is_token_of_day(self, day: Day, token: str) -> bool:
        """Tell whether a token is that of any ticket of a day; each ticket's are derived once, for all who ask."""
        known = self._tokens.setdefault(day, set())
        for ticket in islice(day.tickets, len(known) // len(self._secrets), None):
            known.update(self._tokens_of(day.hall, ticket))
        return token in known

    def _tokens_of(self, hall: HallId, ticket: TicketId) -> list[str]:
        """By each secret."""
        said = f"{hall}|ticket|{ticket}".encode()
        return [_text(hmac.digest(secret, said, "sha256")) for secret in self._secrets]

    def is_admin_token(self, token: str) -> bool:
        """Tell whether a token is the admin's."""
        return hmac.compare_digest(self._admin, token.encode())

    def fingerprint(self, said: bytes) -> bytes:
        """A keyed hash that tells whether two requests said the same, and nothing about what."""
        mac = self._first.copy()
        mac.update(said)
        return mac.digest()


def _text(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def caller_of(request: web.Request, signer: Signer) -> Caller:
    """Read the credential of a request. Raises TokenInvalid when it cannot be anybody's."""
    header = request.headers.get("Authorization")
    if header is None:
        return Caller("anyone", "", admin=False, token=None)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.isascii():
        raise TokenInvalid
    token = token.strip()
    if signer.is_admin_token(token):
        return Caller("admin", "admin", admin=True, token=None)
    if not TOKEN_FORM.fullmatch(token):
        raise TokenInvalid
    return Caller("applicant", token, admin=False, token=token)


def require_any(caller: Caller) -> None:
    """Let everybody pass who has a credential. Raises TokenMissing."""
    if not caller.admin and caller.token is None:
        raise TokenMissing


def require_staff(caller: Caller) -> None:
    """Let staff pass. Raises TokenMissing, and TokenInvalid for any other credential."""
    require_any(caller)
    if not caller.admin:
        raise TokenInvalid


def require_ticket(caller: Caller, signer: Signer, hall: HallId, ticket: TicketId) -> None:
    """Let staff and the ticket's owner pass.

    Raises:
        TokenMissing: no credential.
        TicketNotFound: somebody else's ticket is answered as one that does not exist.
    """
    require_any(caller)
    if caller.token is not None and not signer.is_ticket_token(hall, ticket, caller.token):
        raise TicketNotFound
