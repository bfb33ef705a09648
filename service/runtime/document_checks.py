"""Checks of a hall document before it is stored."""

from datetime import date, datetime

from service.domain.calendar.local_times import day_of
from service.domain.hall.document import HallDocument, check
from service.journal.hall_documents import DatesInUse
from service.runtime.hall_calendar import holiday_calendar


def document_faults(document: HallDocument) -> list[tuple[str, str]]:
    """Return all faults of a document as `(path, reason)`: those of `check`, or a region with unknown holidays."""
    faults_found = check(document)
    if not faults_found:
        try:
            holiday_calendar(document, date(2026, 1, 1), date(2026, 1, 1))
        except NotImplementedError:
            faults_found.append(("region", "no public holidays are known for this country and region"))
    return faults_found


def changes_dates(before: HallDocument, after: HallDocument) -> bool:
    """Tell whether the days of a hall begin at other instants with the new document."""
    return (before.time_zone, before.day_starts_at_local) != (after.time_zone, after.day_starts_at_local)


def date_change_fault(
    before: HallDocument, after: HallDocument, used: DatesInUse, now_at: datetime
) -> tuple[str, str] | None:
    """Return why a document that `changes_dates` cannot be stored now, as `(path, reason)`; `None` if it can.

    Days begin in order and keep their dates, and so do appointments. With other dates a day that has begun could lie
    ahead or be over, and an appointment could belong to another day.
    """
    path = "time_zone" if before.time_zone != after.time_zone else "day_starts_at_local"
    last, on = used.last_begun, day_of(after, now_at)
    if last is not None:
        is_present = last == day_of(before, now_at)
        if on < last or (on == last and used.ended) or (on > last and is_present and not used.ended):
            return path, f"the day {last} has begun here, and now it would be {on}: change it while both are the same"
    moved = sum(day_of(after, starts_at) != day for day, starts_at in used.starts)
    if moved:
        return path, f"what is booked would be on another date, at {moved} times"
    return None
