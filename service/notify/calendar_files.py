"""Calendar files of appointments: RFC 5545, sent by RFC 6047.

An appointment keeps its UID however often it moves, and SEQUENCE counts its changes, so that a calendar replaces the
entry it has instead of adding one. Instants are in UTC: a calendar shows them in its owner's zone, and no rule of a
zone can be out of date in the file. Of the person nothing is said but, in a mail, the address it goes to anyway, for
which a calendar looks to see whom the entry is for.
"""

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from msgspec import Struct

from service.domain.model import HallId

PRODUCT = "-//Paihao//Appointments//EN"


class CalendarMethod(StrEnum):
    """What a calendar is to do with the file: show it, take it in, or take it out."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


class CalendarEntry(Struct, frozen=True, kw_only=True):
    """An appointment as calendars show it; `url` is where its person sees and changes it."""

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
        held: whether nobody has confirmed it yet.
        organizer: the address that mails come from.
        attendee: the address that the mail goes to; REQUEST needs it.

    Returns:
        The file in UTF-8, with CRLF at the ends of its lines.

    Source: RFC 5546, 3.2.2 and 3.2.5 (what REQUEST and CANCEL say).
    """
    import icalendar  # noqa: PLC0415  (a twelfth of the start-up, for those who ask for a calendar)

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
    agreed = "TENTATIVE" if held else "CONFIRMED"
    event.add("status", "CANCELLED" if method is CalendarMethod.CANCEL else agreed)
    if organizer is not None:
        said = icalendar.vCalAddress(f"mailto:{organizer}")
        said.params["cn"] = icalendar.vText(entry.location)
        event.add("organizer", said)
    if attendee is not None:
        said = icalendar.vCalAddress(f"mailto:{attendee}")
        said.params["partstat"] = icalendar.vText("ACCEPTED")  # they chose the time: nobody waits for their reply
        said.params["rsvp"] = icalendar.vText("FALSE")
        event.add("attendee", said)
    calendar = icalendar.Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODUCT)
    calendar.add("method", method.value)
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def calendar_uid(hall: HallId, appointment: str) -> str:
    """The name by which calendars know an appointment, for ever."""
    return f"{appointment}@{hall}"


def _utc(at: datetime) -> datetime:
    return at.astimezone(ZoneInfo("UTC")).replace(microsecond=0)
