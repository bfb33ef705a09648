"""Learn how many walk-ins come, by weekday and hour.

The forecast is the median of the last eight same weekdays by the hour, after two weeks of history. Before that, and
after five days, all weekdays share the median of all days. For an hour in which the hall is open only for minutes it is
the mean, for as many minutes. A weekend day that is worked in return for a free weekday counts as the weekday that it
is like.

Source: ALGORITHMS 2.2 (walk-ins).
"""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from statistics import median

from service.domain.calendar.day_plan import NO_WORKED_WEEKENDS, weekday_of
from service.domain.calendar.learned import LearnedArrivals
from service.domain.stats.day_facts import DayFacts, OpenHour

SAME_WEEKDAYS = 8

DAYS_BEFORE_WALK_INS = 14
"""Days of history needed before walk-ins are forecast for each weekday separately."""

WORKED_BEFORE_WALK_INS = 5
"""Days needed before walk-ins are forecast at all: with fewer, a single day of tests would decide."""

HOUR_MIN_S = 900
"""A shorter opening within an hour says nothing about the whole hour. It is used only for openings no longer than it,
and only together with those of other days."""


def learned_walk_ins(
    days: Sequence[DayFacts],
    on: date,
    open_on: Collection[int] = range(1, 8),
    worked: Mapping[date, int] = NO_WORKED_WEEKENDS,
) -> dict[int, dict[str, LearnedArrivals]]:
    """Return the forecast of walk-ins by ISO weekday and local hour.

    In the first two weeks all weekdays get the same forecast, with a spread as large as the days differ. A hall that
    expected no walk-ins would give their time to bookings.

    Args:
        days: the observed facts, in the order of dates.
        on: the date on which the hall learns.
        open_on: the ISO weekdays on which the hall opens.
        worked: weekend days that were worked in return for a free weekday, and the ISO weekday that each was like.
    """
    seen = [day for day in days if day.hours]
    if not seen or (on - seen[0].on).days < DAYS_BEFORE_WALK_INS:
        usual = _by_hour(seen) if len(seen) >= WORKED_BEFORE_WALK_INS else {}
        return {weekday: usual for weekday in sorted(open_on) if usual}
    by_weekday = (
        (weekday, _by_hour([day for day in seen if weekday_of(day.on, worked) == weekday])) for weekday in range(1, 8)
    )
    return {weekday: arrivals for weekday, arrivals in by_weekday if arrivals}


def _by_hour(days: Sequence[DayFacts]) -> dict[str, LearnedArrivals]:
    """Return the walk-ins by the hour over the last of some days, for hours open on at least two of them."""
    hours: dict[str, list[OpenHour]] = {}
    for day in days[-SAME_WEEKDAYS:]:
        for hour, seen in day.hours.items():
            hours.setdefault(hour, []).append(seen)
    found = {}
    for hour, all_seen in sorted(hours.items()):
        long = [seen for seen in all_seen if seen.open_s >= HOUR_MIN_S]
        short = [seen for seen in all_seen if 0 < seen.open_s < HOUR_MIN_S]
        if len(long) > 1:
            found[hour] = _arrivals([_per_h(seen) for seen in long])
        elif len(short) > 1 and sum(seen.open_s for seen in short) >= HOUR_MIN_S:
            found[hour] = _arrivals_of_parts(short)
    return found


def _per_h(hour: OpenHour) -> float:
    return hour.people * 3600 / hour.open_s


def _arrivals(per_h: Sequence[float]) -> LearnedArrivals:
    """Return the median per hour; its spread is how the days differ beyond chance, plus the error of few days."""
    middle = median(per_h)
    variance = sum((rate - middle) ** 2 for rate in per_h) / (len(per_h) - 1)
    return LearnedArrivals(middle, forecast_sd(middle, math.sqrt(max(0.0, variance - middle)), len(per_h)))


def _arrivals_of_parts(parts: Sequence[OpenHour]) -> LearnedArrivals:
    """Return the forecast for short parts of an hour: the mean over such parts, with a spread as in `_arrivals`.

    A median would most often be zero, because the counts of such short parts are small.
    """
    open_h = sum(part.open_s for part in parts) / 3600
    per_h = sum(part.people for part in parts) / open_h
    variance = sum((_per_h(part) - per_h) ** 2 for part in parts) / (len(parts) - 1)
    beyond_chance = max(0.0, variance - per_h * len(parts) / open_h)
    sd = math.sqrt(beyond_chance + beyond_chance / len(parts) + per_h / open_h)
    return LearnedArrivals(per_h, sd, max(part.open_s for part in parts))


def forecast_sd(per_h: float, apart: float, days: int = SAME_WEEKDAYS) -> float:
    """Return the standard deviation of a forecast of arrivals, beyond chance.

    Args:
        per_h: the median over `days` days.
        apart: the standard deviation between days, beyond chance.
        days: the number of observed days. The median of n draws has pi / 2n of the variance of one draw.
    """
    return math.sqrt(apart**2 + math.pi / 2 * (per_h + apart**2) / days)
