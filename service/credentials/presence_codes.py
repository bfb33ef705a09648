"""Entrance codes: what the screen at the door shows shows that somebody stands there.

A code is derived from the secret, the hall and the minute, so every process knows it and none stores it. It is let in
during its own minute and the next, for people take their time between the screen and the button.
"""

import hmac
from datetime import UTC, datetime, timedelta

from service.domain.model import HallId
from service.primitives.ids import CODE_LENGTH, CROCKFORD, code_as_typed

WINDOW_S = 60
GRACE_WINDOWS = 1


class Entrance:
    """Makes and knows codes; the first secret makes, all let in."""

    def __init__(self, secrets: tuple[bytes, ...]) -> None:
        self._secrets = secrets

    def code(self, hall: HallId, now_at: datetime) -> str:
        """The code of this minute."""
        return _code(self._secrets[0], hall, _window(now_at))

    def let_in(self, hall: HallId, code: str, now_at: datetime) -> str | None:
        """The code that somebody typed, as we write it, if it is of this minute or of the one before; else None."""
        typed = code_as_typed(code).encode()
        window = _window(now_at)
        known = [_code(secret, hall, window - ago) for secret in self._secrets for ago in range(GRACE_WINDOWS + 1)]
        return next((one for one in known if hmac.compare_digest(one.encode(), typed)), None)

    def shown_until(self, now_at: datetime) -> datetime:
        """When the next code takes this one's place on the screen."""
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=(_window(now_at) + 1) * WINDOW_S)


def _window(now_at: datetime) -> int:
    return int(now_at.timestamp() // WINDOW_S)


def _code(secret: bytes, hall: HallId, window: int) -> str:
    number = int.from_bytes(hmac.digest(secret, f"{hall}|entrance|{window}".encode(), "sha256")[:5])
    return "".join(CROCKFORD[number >> shift & 31] for shift in reversed(range(0, 5 * CODE_LENGTH, 5)))
