"""Conversion of a hall's dates and local times to UTC instants; done here and nowhere else.

A local time that does not exist, because the clock jumps over it, is read with the offset from before the jump. Of a
local time that exists twice, the first is taken.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from service.domain.hall.document import (
    HallDocument,
    minutes_of,
)


def day_of(document: HallDocument, now_at: datetime) -> date:
    """Return the hall's date at an instant. The date changes at `day_starts_at_local`, not at midnight."""
    zone = ZoneInfo(document.time_zone)
    today = now_at.astimezone(zone).date()
    starts = minutes_of(document.day_starts_at_local)
    if now_at < instant(today, starts, zone):
        return today - timedelta(days=1)
    # if the clock jumps over the start of the day, the wall time may be before it and the instant after it
    tomorrow = today + timedelta(days=1)
    return tomorrow if now_at >= instant(tomorrow, starts, zone) else today


def span_of(document: HallDocument, on: date) -> tuple[datetime, datetime]:
    """Return the first instant of a date of the hall, and the first instant of the next date."""
    zone = ZoneInfo(document.time_zone)
    starts = minutes_of(document.day_starts_at_local)
    return instant(on, starts, zone), instant(on, starts + 1440, zone)


def instant(on: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of the wall time `minutes` after 00:00 of `on`; 1440 and more belong to the next date.

    A wall time skipped by a clock change is read with the offset from before the change, so the instant is as long
    after the change as the wall time is after the start of the skipped hour.
    """
    days, minute = divmod(minutes, 1440)
    local = datetime(on.year, on.month, on.day, minute // 60, minute % 60, tzinfo=zone) + timedelta(days=days)
    return local.astimezone(UTC)
