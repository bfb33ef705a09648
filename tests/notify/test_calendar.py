"""Tests of calendar files that applicants download."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from service.domain.model import HallId
from service.notify.calendar_files import CalendarEntry, CalendarMethod, render_calendar_file
from tests.notify.calendars import read_calendar

ENTRY = CalendarEntry(
    hall=HallId("demo"),
    appointment="0198a000-0000-7000-8000-000000000001",
    sequence=3,
    starts_at=datetime(2026, 11, 25, 1, 20, tzinfo=UTC),
    ends_at=datetime(2026, 11, 25, 1, 25, tzinfo=UTC),
    summary="First loan contract · Student Loan Hall",
    about="Code A3K9QXRT.\nPlease bring: ID card; form, signed",
    location="Student Loan Hall, 3rd floor",
    url="https://paihao.example/halls/demo",
)
NOW_AT = datetime(2026, 11, 23, 2, 0, 0, 123_000, tzinfo=UTC)


def test_a_downloaded_file_contains_no_personal_data() -> None:
    written = render_calendar_file(ENTRY, CalendarMethod.PUBLISH, NOW_AT)

    method, event = read_calendar(written)
    assert method == "PUBLISH"
    assert "ATTENDEE" not in event
    assert "ORGANIZER" not in event
    assert event["DTSTAMP"].dt == NOW_AT.replace(microsecond=0)
    assert event["SEQUENCE"] == 3


def test_texts_with_commas_line_breaks_and_semicolons_survive_a_round_trip() -> None:
    _, event = read_calendar(render_calendar_file(ENTRY, CalendarMethod.PUBLISH, NOW_AT))

    assert event["DESCRIPTION"] == ENTRY.about
    assert event["LOCATION"] == ENTRY.location
    assert event["SUMMARY"] == ENTRY.summary


def test_the_lines_of_a_file_conform_to_rfc_5545() -> None:
    written = render_calendar_file(
        ENTRY, CalendarMethod.CANCEL, NOW_AT, organizer="hall@city.example", attendee="wang@home.example"
    )

    assert written.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in written.replace(b"\r\n", b"")
    assert max(len(line) for line in written.split(b"\r\n")) <= 75
    assert b"STATUS:CANCELLED\r\n" in written


def test_an_instant_in_a_zone_is_written_in_utc() -> None:

    starts_at = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)
    entry = replace(ENTRY, starts_at=starts_at, ends_at=starts_at.astimezone(UTC) + timedelta(minutes=5))

    _, event = read_calendar(render_calendar_file(entry, CalendarMethod.PUBLISH, NOW_AT))

    assert event["DTSTART"].dt == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(minutes=5)
