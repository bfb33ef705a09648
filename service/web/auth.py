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

from aiohttp import web
from msgspec import Struct

from service.config import Secrets
from service.domain.model import HallId, TicketId
from service.domain.refusals import TicketNotFound
from service.errors import Forbidden, TokenInvalid, TokenMissing

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

    def ticket_token(self, hall: HallId, ticket: TicketId) -> str:
        """The token of a ticket: base64url HMAC-SHA256(secret, hall|kind|id), without padding."""
        mac = self._first.copy()
        mac.update(f"{hall}|ticket|{ticket}".encode())
        return _text(mac.digest())

    def is_ticket_token(self, hall: HallId, ticket: TicketId, token: str) -> bool:
        """Tell whether a token is this ticket's."""
        said = f"{hall}|ticket|{ticket}".encode()
        return any(
            hmac.compare_digest(_text(hmac.digest(secret, said, "sha256")).encode(), token.encode())
            for secret in self._secrets
        )

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


def require_staff(caller: Caller, signer: Signer, hall: HallId | None = None, ticket: TicketId | None = None) -> None:
    """Let staff pass.

    Raises:
        TokenMissing: no credential.
        Forbidden: the credential of the ticket itself.
        TokenInvalid: any other.
    """
    if caller.admin:
        return
    if caller.token is None:
        raise TokenMissing
    if hall is not None and ticket is not None and signer.is_ticket_token(hall, ticket, caller.token):
        raise Forbidden
    raise TokenInvalid


def require_ticket(caller: Caller, signer: Signer, hall: HallId, ticket: TicketId) -> None:
    """Let staff and the ticket's owner pass.

    Raises:
        TokenMissing: no credential.
        TicketNotFound: somebody else's ticket is answered as one that does not exist.
    """
    if caller.admin:
        return
    if caller.token is None:
        raise TokenMissing
    if not signer.is_ticket_token(hall, ticket, caller.token):
        raise TicketNotFound
