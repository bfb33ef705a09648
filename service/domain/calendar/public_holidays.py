"""The public holidays of a country: days off, working weekend days, and years that are not yet fully known.

Some governments move working days. China announces each year which Saturdays and Sundays are worked in return for free
weekdays. A worked weekend day is treated like the last working weekday before it: a Friday, if the weekend is Saturday
and Sunday. It has the Friday's hours, staffing, places, reservations and walk-ins, and counts as a Friday in the
history. Before the announcement, a future year has its recurring holidays but not the moved days; `unknown_years`
lists such years.

Source: CONTRACT 3 (country, region, holidays); the `holidays` package.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from msgspec import Struct

YEARS_KEPT_MAX = 1_000
"""Cached years of countries and regions; above it the least recently used year is computed again when needed."""

MOVED_YEARS_MIN = 5
MOVED_WITHIN_YEARS = 3
"""A country is expected to move working days each year if it did in five or more years and in one of the last three."""

_MOVED_TO_WORK = 4
"""Length of a moved day in the `holidays` package: month and day off, month and day worked in return."""


class HolidayYear(Struct, frozen=True):
    """The dates off in a year, and its worked weekend days with the ISO weekday that each is treated like."""

    off: frozenset[date]
    worked: dict[date, int]


@lru_cache(YEARS_KEPT_MAX)
def holiday_year(country: str, region: str | None, year: int) -> HolidayYear:
    """Return the public holidays of a year. Raises NotImplementedError for an unknown country or region."""
    import holidays  # noqa: PLC0415  (a sixth of the start-up time, needed only by halls that keep public holidays)

    found = holidays.country_holidays(country, subdiv=region, years=year)
    return HolidayYear(
        frozenset(on for on in found if on.year == year),
        {on: _like(on, found.weekend) for on in found.weekend_workdays if on.year == year},
    )


def unknown_years(country: str, region: str | None, years: Iterable[int], this_year: int) -> list[int]:
    """Return those of `years` whose public holidays are not completely known, sorted.

    Raises:
        NotImplementedError: the country or region is unknown.
    """
    import holidays  # noqa: PLC0415  (as above)

    found = holidays.country_holidays(country, subdiv=region)
    moved = _years_with_moved_days(getattr(found, "special_public_holidays", {}))
    moves = len(moved) >= MOVED_YEARS_MIN and max(moved) >= this_year - MOVED_WITHIN_YEARS
    return sorted(
        year for year in set(years) if not found.start_year <= year <= found.end_year or (moves and year > max(moved))
    )


def _like(on: date, weekend: Iterable[int]) -> int:
    """Return the ISO weekday of the last date before `on` outside the weekend. `weekend` counts from Monday 0."""
    free = set(weekend)
    return next(before.isoweekday() for n in range(1, 8) if (before := on - timedelta(days=n)).weekday() not in free)


def _years_with_moved_days(special: dict[int, object]) -> set[int]:
    """Return the years whose moved working days were announced."""
    return {
        year
        for year, days in special.items()
        if isinstance(days, tuple) and any(_is_moved(day) for day in (days if isinstance(days[0], tuple) else (days,)))
    }


def _is_moved(day: object) -> bool:
    return isinstance(day, tuple) and len(day) == _MOVED_TO_WORK and all(isinstance(part, int) for part in day)
