"""Entrance codes prove presence: the screen at the door displays a rotating code that the applicant must enter.

A code is derived from the secret, the hall and the minute, so every process can compute it and none stores it. A code
is accepted in its own minute and in the next one, because people need time to type it.
"""

import hmac
from datetime import UTC, datetime, timedelta

from service.domain.model import HallId
from service.primitives.ids import CODE_LENGTH, CROCKFORD, normalized_code

WINDOW_S = 60
GRACE_WINDOWS = 1


class Entrance:
    """Makes and checks entrance codes: makes them with the first secret, accepts those of all secrets."""

    def __init__(self, secrets: tuple[bytes, ...]) -> None:
        self._secrets = secrets

    def code(self, hall: HallId, now_at: datetime) -> str:
        """Return the code of the present minute."""
        return _code(self._secrets[0], hall, _window(now_at))

    def accept(self, hall: HallId, code: str, now_at: datetime) -> str | None:
        """Return the typed code in its normal form if it belongs to this minute or the one before; else None."""
        typed = normalized_code(code).encode()
        window = _window(now_at)
        valid = [_code(secret, hall, window - ago) for secret in self._secrets for ago in range(GRACE_WINDOWS + 1)]
        return next((candidate for candidate in valid if hmac.compare_digest(candidate.encode(), typed)), None)

    def shown_until(self, now_at: datetime) -> datetime:
        """Return when the next code replaces this one on the screen."""
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=(_window(now_at) + 1) * WINDOW_S)


def _window(now_at: datetime) -> int:
    return int(now_at.timestamp() // WINDOW_S)


def _code(secret: bytes, hall: HallId, window: int) -> str:
    number = int.from_bytes(hmac.digest(secret, f"{hall}|entrance|{window}".encode(), "sha256")[:5])
    return "".join(CROCKFORD[number >> shift & 31] for shift in reversed(range(0, 5 * CODE_LENGTH, 5)))
