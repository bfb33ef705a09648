"""Reading calendar files."""

from typing import Any

import icalendar


def read_calendar(written: bytes) -> tuple[str, Any]:
    """The method of a calendar file, and its one event: what stands in it by the names of RFC 5545."""
    calendar: Any = icalendar.Calendar.from_ical(written)
    (event,) = calendar.events
    return str(calendar["METHOD"]), event
