"""Calendar files of appointments: RFC 5545, sent by RFC 6047.

An appointment keeps its UID when it moves, and SEQUENCE counts its changes. A calendar therefore replaces its entry
instead of adding another. Instants are in UTC, so that the file contains no time zone rules that can be out of date.
The file contains no personal data except, in a mail, the recipient's address (ATTENDEE), which calendars need to
assign the entry.
"""

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from msgspec import Struct

from service.domain.model import HallId

PRODUCT = "-//Paihao//Appointments//EN"


class CalendarMethod(StrEnum):
    """iTIP method: publish the entry, add or update it, or cancel it."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


class CalendarEntry(Struct, frozen=True, kw_only=True):
    """An appointment as a calendar shows it; `url` is the page that shows and changes it."""

    hall: HallId
    appointment: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    about: str
    location: str
    url: str


def render_calendar_file(  # noqa: PLR0913  (the last three by name)
    entry: CalendarEntry,
    method: CalendarMethod,
    now_at: datetime,
    *,
    held: bool = False,
    organizer: str | None = None,
    attendee: str | None = None,
) -> bytes:
    """Write the calendar file of an appointment.

    Args:
        entry: the appointment.
        method: PUBLISH for a file that is fetched; REQUEST and CANCEL for mails.
        now_at: when it is written.
        held: whether the appointment is only held and not confirmed yet.
        organizer: the sender's mail address.
        attendee: the recipient's mail address; required for REQUEST.

    Returns:
        The file in UTF-8, with CRLF line ends.

    Source: RFC 5546, 3.2.2 and 3.2.5 (REQUEST and CANCEL).
    """
    import icalendar  # noqa: PLC0415  (slow to import, and needed only when a calendar file is requested)

    event = icalendar.Event()
    event.add("uid", calendar_uid(entry.hall, entry.appointment))
    event.add("sequence", entry.sequence)
    event.add("dtstamp", _utc(now_at))
    event.add("dtstart", _utc(entry.starts_at))
    event.add("dtend", _utc(entry.ends_at))
    event.add("summary", entry.summary)
    event.add("description", entry.about)
    event.add("location", entry.location)
    event.add("url", entry.url)
    active_status = "TENTATIVE" if held else "CONFIRMED"
    event.add("status", "CANCELLED" if method is CalendarMethod.CANCEL else active_status)
    if organizer is not None:
        address = icalendar.vCalAddress(f"mailto:{organizer}")
        address.params["cn"] = icalendar.vText(entry.location)
        event.add("organizer", address)
    if attendee is not None:
        address = icalendar.vCalAddress(f"mailto:{attendee}")
        address.params["partstat"] = icalendar.vText("ACCEPTED")  # the attendee chose the time: no reply is needed
        address.params["rsvp"] = icalendar.vText("FALSE")
        event.add("attendee", address)
    calendar = icalendar.Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODUCT)
    calendar.add("method", method.value)
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def calendar_uid(hall: HallId, appointment: str) -> str:
    """Return the iCalendar UID of an appointment; it never changes."""
    return f"{appointment}@{hall}"


def _utc(at: datetime) -> datetime:
    return at.astimezone(ZoneInfo("UTC")).replace(microsecond=0)
