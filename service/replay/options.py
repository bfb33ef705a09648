"""The options of a replay."""

from datetime import date
from math import isfinite
from pathlib import Path

from msgspec import Struct

from service.replay.errors import ReplayError

CONNECTIONS = 64
"""Requests sent at once. The replay shares its machine with the server; more requests would only wait elsewhere."""


class Options(Struct, frozen=True, kw_only=True):
    """What to replay, and where.

    `speed` is the number of trace seconds in one real second; None means as fast as the server answers. `on` is the day
    of the file, None for the first day. `token` is a manager's. `force` allows a hall that already has people.
    """

    trace: Path
    hall: str
    token: str
    speed: float | None
    on: date | None = None
    url: str = "http://127.0.0.1:8080"
    display: str = "ws://127.0.0.1:8081"
    connections: int = CONNECTIONS
    force: bool = False
    progress: bool = True


def speed_of(text: str) -> float | None:
    """Parse a speed: a number above 0, or `max`, which gives None.

    Raises:
        ReplayError: it is neither.
    """
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not (isfinite(speed) and speed > 0):
        raise ReplayError(f"the speed is a number above 0, or max, not {text!r}")
    return speed
