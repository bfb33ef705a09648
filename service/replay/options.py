"""What a replay is told."""

from datetime import date
from math import isfinite
from pathlib import Path

from msgspec import Struct

from service.replay.errors import ReplayError

CONNECTIONS = 64
"""Requests under way at once; the load shares its machine with the server, and more would only wait elsewhere."""


class Options(Struct, frozen=True, kw_only=True):
    """A replay.

    `speed` is how many seconds of the trace pass in one of ours; None is as fast as the server takes it. `on` is the
    day of the file to replay, the first if None. `token` is a manager's. `force` replays into a hall that has people.
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
    """Read a speed as people type it: a number above 0, or `max`, which is None. Raises ReplayError."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not (isfinite(speed) and speed > 0):
        raise ReplayError(f"the speed is a number above 0, or max, not {text!r}")
    return speed
