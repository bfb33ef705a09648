"""Public holidays of a hall."""

from datetime import date, timedelta
from functools import lru_cache

import structlog

from service.domain.calendar.day_plan import REOPENS_WITHIN_DAYS
from service.domain.calendar.public_holidays import HolidayYear, holiday_year, unknown_years
from service.domain.hall.document import HallDocument

UNKNOWN_REGIONS_MAX = 1_000
"""How many countries and regions without known holidays are remembered, so that each is logged once. Beyond it the one
used longest ago is forgotten, and logged again when it is used again."""

log = structlog.get_logger(__name__)


def known_calendar(document: HallDocument, first: date, last: date) -> HolidayYear:
    """Return the public holidays of a hall between two dates; none if this release does not know its region.

    `document_faults` rejects such a document, but an older one may be stored. It must neither stop its hall nor the
    list of all halls.
    """
    try:
        return holiday_calendar(document, first, last)
    except NotImplementedError:
        _log_unknown_region(str(document.country), document.region)
        return HolidayYear(frozenset(), {})


@lru_cache(UNKNOWN_REGIONS_MAX)
def _log_unknown_region(country: str, region: str | None) -> None:
    """Log once per process that no holidays are known: each sweep asks again for every day in memory."""
    log.error("holidays_unknown", country=country, region=region)


def holiday_calendar(document: HallDocument, first: date, last: date) -> HolidayYear:
    """Return the public holidays of a hall in all years between two dates.

    Raises:
        NotImplementedError: this release does not know the holidays of its country or region.
    """
    if not document.holidays:
        return HolidayYear(frozenset(), {})
    years = range(first.year, last.year + 1)
    found = [holiday_year(str(document.country), document.region, year) for year in years]
    return HolidayYear(
        frozenset().union(*(year.off for year in found)),
        {day: weekday for year in found for day, weekday in year.worked.items()},
    )


def years_without_holidays(document: HallDocument, today: date) -> list[int]:
    """Return the years, as far as people can book, whose public holidays are not all known yet; ascending."""
    if not document.holidays:
        return []
    ahead = timedelta(days=max(document.booking.horizon_days, REOPENS_WITHIN_DAYS))
    years = range(today.year, (today + ahead).year + 1)
    return unknown_years(str(document.country), document.region, years, today.year)
