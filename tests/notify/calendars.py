"""Parse calendar files."""

from typing import Any

import icalendar


def read_calendar(written: bytes) -> tuple[str, Any]:
    """Return the method of a calendar file, and its only event with the property names of RFC 5545."""
    calendar: Any = icalendar.Calendar.from_ical(written)
    (event,) = calendar.events
    return str(calendar["METHOD"]), event
