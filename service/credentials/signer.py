"""Derive tokens and keyed hashes from the service's secrets.

Tokens of tickets and appointments are derived and never stored, so every process can compute them and a repeated
request gets the same token.

Source: CONTRACT 1 (credentials).
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from functools import lru_cache, partial
from hashlib import sha256
from itertools import islice
from typing import Literal
from weakref import WeakKeyDictionary

from msgspec import Struct, field

from service.config.secret_files import Secrets
from service.domain.day import Day
from service.domain.model import AppointmentId, HallId, TicketId

TOKEN_FORM = re.compile(r"[A-Za-z0-9_-]{43}")
"""The form of every derived token: base64url of 32 bytes, without padding."""

Kind = Literal["ticket", "appointment"]

TOKENS_REMEMBERED = 16_384
"""Size of the cache of derived tokens; a ticket's page asks for the same token repeatedly."""


class _DayTokens(Struct):
    """The tokens of a day derived so far: of the first `tickets` tickets, and of the ids in `appointments`."""

    tokens: set[str] = field(default_factory=set)
    tickets: int = 0
    appointments: set[str] = field(default_factory=set)


class Signer:
    """Derives tokens and keyed hashes from the service's secrets: makes them with the first, verifies with all."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets.secrets
        self._admin = secrets.admin_token.encode()
        self._first = hmac.new(self._secrets[0], digestmod=sha256)
        self._of_days: WeakKeyDictionary[Day, _DayTokens] = WeakKeyDictionary()
        self._token = lru_cache(TOKENS_REMEMBERED)(partial(_derived, self._secrets[0]))

    def ticket_token(self, hall: HallId, ticket: TicketId) -> str:
        """Return the token of a ticket: base64url HMAC-SHA256(secret, hall|kind|id), without padding."""
        return self._token(hall, "ticket", ticket)

    def appointment_token(self, hall: HallId, appointment: AppointmentId) -> str:
        """Return the token of an appointment; it stays the same when the appointment moves to another day."""
        return self._token(hall, "appointment", appointment)

    def is_ticket_token(self, hall: HallId, ticket: TicketId, token: str) -> bool:
        """Tell whether a token belongs to this ticket."""
        return _is_among(token, self._tokens_of(hall, "ticket", ticket))

    def is_appointment_token(self, hall: HallId, appointment: AppointmentId, token: str) -> bool:
        """Tell whether a token belongs to this appointment."""
        return _is_among(token, self._tokens_of(hall, "appointment", appointment))

    def is_token_of_day(self, day: Day, token: str) -> bool:
        """Tell whether a token belongs to any ticket or appointment of a day. Each token is derived only once."""
        known = self._of_days.setdefault(day, _DayTokens())
        for ticket in islice(day.tickets, known.tickets, None):
            known.tokens.update(self._tokens_of(day.hall, "ticket", ticket))
        known.tickets = len(day.tickets)
        for appointment in day.appointments.keys() - known.appointments:  # some move to other days
            known.tokens.update(self._tokens_of(day.hall, "appointment", appointment))
            known.appointments.add(appointment)
        return token in known.tokens

    def tokens(self, hall: HallId, kind: Kind, ids: Iterable[str]) -> list[str]:
        """Return the tokens of tickets or appointments with every secret; they are not cached here."""
        return [_derived(secret, hall, kind, id_) for id_ in ids for secret in self._secrets]

    def _tokens_of(self, hall: HallId, kind: Kind, name: str) -> list[str]:
        """Return the token with each secret, the signing one first."""
        first = self._token(hall, kind, name)
        return [first, *(_derived(secret, hall, kind, name) for secret in self._secrets[1:])]

    def is_admin_token(self, token: str) -> bool:
        """Tell whether a token is the admin token."""
        return hmac.compare_digest(self._admin, token.encode())

    def fingerprint(self, content: bytes) -> bytes:
        """Return the HMAC-SHA256 of `content` with the signing secret; it reveals nothing about the content."""
        mac = self._first.copy()
        mac.update(content)
        return mac.digest()

    def fingerprints(self, content: bytes) -> list[bytes]:
        """Return the fingerprints with every secret, the signing one first."""
        return [self.fingerprint(content), *self.fingerprints_before(content)]

    def fingerprints_before(self, content: bytes) -> list[bytes]:
        """Return the fingerprints with the older secrets that are still accepted."""
        return [hmac.digest(secret, content, "sha256") for secret in self._secrets[1:]]

    def admin_keys(self) -> list[bytes]:
        """Return the keys stored with sessions of the admin, one per secret. They change with the admin token."""
        return self.fingerprints(b"admin session|" + self._admin)


def _derived(secret: bytes, hall: HallId, kind: Kind, name: str) -> str:
    """base64url HMAC-SHA256(secret, hall|kind|id), without padding."""
    digest = hmac.digest(secret, f"{hall}|{kind}|{name}".encode(), "sha256")
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _is_among(token: str, valid: list[str]) -> bool:
    return any(hmac.compare_digest(candidate.encode(), token.encode()) for candidate in valid)
