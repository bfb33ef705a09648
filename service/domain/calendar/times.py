"""Instants in the contract's words."""

from datetime import UTC, datetime
from functools import lru_cache

REMEMBERED = 4096
"""An answer says one instant several times, and the next answer about the same ticket says it again."""


@lru_cache(REMEMBERED)
def stamp(at: datetime) -> str:
    """Write an instant as RFC 3339 in UTC with milliseconds and `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def stamp_or_none(at: datetime | None) -> str | None:
    """Write an instant that may be missing."""
    return None if at is None else stamp(at)
