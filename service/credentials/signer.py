"""Tokens and hashes that are derived from the service's secrets.

A ticket's or an appointment's token is derived and never stored, so every process knows it and every answer repeats it.

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
"""What a derived token looks like; one that does not cannot be anybody's."""

Kind = Literal["ticket", "appointment"]

TOKENS_REMEMBERED = 16_384
"""Tokens that are not derived again: whoever has taken a number watches it, or gives it up, a little later."""


class _Known(Struct):
    """The tokens of a day, derived so far: of how many tickets, and of which appointments."""

    tokens: set[str] = field(default_factory=set)
    tickets: int = 0
    appointments: set[str] = field(default_factory=set)


class Signer:
    """Derives tokens and hashes from the service's secrets; the first secret signs, all verify."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets.secrets
        self._admin = secrets.admin_token.encode()
        self._first = hmac.new(self._secrets[0], digestmod=sha256)
        self._known: WeakKeyDictionary[Day, _Known] = WeakKeyDictionary()
        self._token = lru_cache(TOKENS_REMEMBERED)(partial(_derived, self._secrets[0]))

    def ticket_token(self, hall: HallId, ticket: TicketId) -> str:
        """The token of a ticket: base64url HMAC-SHA256(secret, hall|kind|id), without padding."""
        return self._token(hall, "ticket", ticket)

    def appointment_token(self, hall: HallId, appointment: AppointmentId) -> str:
        """The token of an appointment, likewise: it stays when the appointment moves to another day."""
        return self._token(hall, "appointment", appointment)

    def is_ticket_token(self, hall: HallId, ticket: TicketId, token: str) -> bool:
        """Tell whether a token is this ticket's."""
        return _is_among(token, self._tokens_of(hall, "ticket", ticket))

    def is_appointment_token(self, hall: HallId, appointment: AppointmentId, token: str) -> bool:
        """Tell whether a token is this appointment's."""
        return _is_among(token, self._tokens_of(hall, "appointment", appointment))

    def is_token_of_day(self, day: Day, token: str) -> bool:
        """Tell whether a token is that of any ticket or appointment of a day; each is derived once, for all who ask."""
        known = self._known.setdefault(day, _Known())
        for ticket in islice(day.tickets, known.tickets, None):
            known.tokens.update(self._tokens_of(day.hall, "ticket", ticket))
        known.tickets = len(day.tickets)
        for appointment in day.appointments.keys() - known.appointments:  # some move to other days
            known.tokens.update(self._tokens_of(day.hall, "appointment", appointment))
            known.appointments.add(appointment)
        return token in known.tokens

    def tokens(self, hall: HallId, kind: Kind, ids: Iterable[str]) -> list[str]:
        """The tokens of tickets or appointments by every secret; who asks keeps them."""
        return [_derived(secret, hall, kind, one) for one in ids for secret in self._secrets]

    def _tokens_of(self, hall: HallId, kind: Kind, name: str) -> list[str]:
        """By each secret."""
        first = self._token(hall, kind, name)
        return [first, *(_derived(secret, hall, kind, name) for secret in self._secrets[1:])]

    def is_admin_token(self, token: str) -> bool:
        """Tell whether a token is the admin's."""
        return hmac.compare_digest(self._admin, token.encode())

    def fingerprint(self, said: bytes) -> bytes:
        """A keyed hash that tells whether two requests said the same, and nothing about what."""
        mac = self._first.copy()
        mac.update(said)
        return mac.digest()

    def fingerprints(self, said: bytes) -> list[bytes]:
        """The same by every secret, the one that signs first."""
        return [self.fingerprint(said), *self.fingerprints_before(said)]

    def fingerprints_before(self, said: bytes) -> list[bytes]:
        """The same by the older secrets that are still accepted."""
        return [hmac.digest(secret, said, "sha256") for secret in self._secrets[1:]]

    def admin_keys(self) -> list[bytes]:
        """What the admin's sessions are kept with, by every secret; it is another when the admin token is."""
        return self.fingerprints(b"admin session|" + self._admin)


def _derived(secret: bytes, hall: HallId, kind: Kind, name: str) -> str:
    """base64url HMAC-SHA256(secret, hall|kind|id), without padding."""
    digest = hmac.digest(secret, f"{hall}|{kind}|{name}".encode(), "sha256")
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _is_among(token: str, known: list[str]) -> bool:
    return any(hmac.compare_digest(one.encode(), token.encode()) for one in known)
