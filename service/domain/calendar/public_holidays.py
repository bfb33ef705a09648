"""The public holidays of a country: days off, weekend days that are worked in return, and years nobody knows yet.

Where a government moves working days (China does, each year anew), a Saturday or Sunday that is worked makes good for a
free day in the week. Such a day is like the last working weekday before it, a Friday where Saturday and Sunday are the
weekend: its hours, staffing, places, reservations and walk-ins are a Friday's, whatever the hall does on other
weekends, and it teaches what Fridays are like. What is announced each year is not known before: the recurring holidays
of such a year are reckoned, what is moved is missing, and `unknown_years` says so.

Source: CONTRACT 3 (country, region, holidays); the `holidays` package.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from msgspec import Struct

YEARS_KEPT_MAX = 1_000
"""Years of countries and regions that are remembered; beyond it the one asked for longest ago is reckoned anew."""

MOVED_YEARS_MIN = 5
MOVED_WITHIN_YEARS = 3
"""A country moves working days each year that did so in five years at least, and in one of the last three."""

_MOVED_TO_WORK = 4
"""A free day in place of another is kept as (month, day, month worked, day worked)."""


class HolidayYear(Struct, frozen=True):
    """A year: the dates off, and the ISO weekday that each worked weekend day is like."""

    off: frozenset[date]
    worked: dict[date, int]


@lru_cache(YEARS_KEPT_MAX)
def holiday_year(country: str, region: str | None, year: int) -> HolidayYear:
    """The public holidays of a year. Raises NotImplementedError for a country or region that is not known."""
    import holidays  # noqa: PLC0415  (a sixth of the start-up, for those halls alone that keep them)

    found = holidays.country_holidays(country, subdiv=region, years=year)
    return HolidayYear(
        frozenset(on for on in found if on.year == year),
        {on: _like(on, found.weekend) for on in found.weekend_workdays if on.year == year},
    )


def unknown_years(country: str, region: str | None, years: Iterable[int], this_year: int) -> list[int]:
    """Those of some years whose public holidays are not, or not all, known; sorted.

    Raises:
        NotImplementedError: none are known of the country or region.
    """
    import holidays  # noqa: PLC0415  (as above)

    found = holidays.country_holidays(country, subdiv=region)
    moved = _years_with_moved_days(getattr(found, "special_public_holidays", {}))
    moves = len(moved) >= MOVED_YEARS_MIN and max(moved) >= this_year - MOVED_WITHIN_YEARS
    return sorted(
        year for year in set(years) if not found.start_year <= year <= found.end_year or (moves and year > max(moved))
    )


def _like(on: date, weekend: Iterable[int]) -> int:
    """The ISO weekday of the last date before that is in no weekend (which counts from Monday 0)."""
    free = set(weekend)
    return next(before.isoweekday() for n in range(1, 8) if (before := on - timedelta(days=n)).weekday() not in free)


def _years_with_moved_days(special: dict[int, object]) -> set[int]:
    """The years of which it was announced what is worked in place of what."""
    return {
        year
        for year, days in special.items()
        if isinstance(days, tuple) and any(_is_moved(day) for day in (days if isinstance(days[0], tuple) else (days,)))
    }


def _is_moved(day: object) -> bool:
    return isinstance(day, tuple) and len(day) == _MOVED_TO_WORK and all(isinstance(part, int) for part in day)
