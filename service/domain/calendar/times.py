"""Instants as the HTTP API writes them (RFC 3339), and a lower bound for instants."""

from datetime import UTC, datetime
from functools import lru_cache

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""An instant before any day."""

STAMPS_CACHED = 4096
"""Instants whose text is cached: an answer contains the same instant several times, and so does the next answer."""


@lru_cache(STAMPS_CACHED)
def stamp(at: datetime) -> str:
    """Write an instant as RFC 3339 in UTC with milliseconds and `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def stamp_or_none(at: datetime | None) -> str | None:
    """Write an instant like `stamp`; None stays None."""
    return None if at is None else stamp(at)
