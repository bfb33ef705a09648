"""Learn how many walk-ins come."""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from statistics import median

from service.domain.calendar.day_plan import NO_WORKED_WEEKENDS, weekday_of
from service.domain.calendar.learned import LearnedArrivals
from service.domain.stats.day_facts import DayFacts, OpenHour

SAME_WEEKDAYS = 8


DAYS_BEFORE_WALK_INS = 14
"""History that has to be there before walk-ins are foreseen weekday by weekday."""


WORKED_BEFORE_WALK_INS = 5
"""Days that have to be there before they are foreseen at all: of fewer, one day of trying things out would say it."""


HOUR_MIN_S = 900
"""A part of an hour in which the hall is open that says nothing about the hour when it is shorter: only something about
parts no longer than it, and only together with those of other days."""


def learned_walk_ins(
    days: Sequence[DayFacts],
    on: date,
    open_on: Collection[int] = range(1, 8),
    worked: Mapping[date, int] = NO_WORKED_WEEKENDS,
) -> dict[int, dict[str, LearnedArrivals]]:
    """Walk-ins by weekday and hour, of days in order.

    In the first two weeks a weekday is like all days, as far apart as they are from each other: a hall that expected
    nobody would let bookings take the walk-ins' time.

    Args:
        days: what was seen, in order.
        on: the date they are learned on.
        open_on: the weekdays on which the hall opens.
        worked: weekend days that were worked in return for a free one, and the ISO weekday they were like.
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
    """Walk-ins by the hour of the last of some days, where it was open twice at least."""
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


def _per_h(seen: OpenHour) -> float:
    return seen.people * 3600 / seen.open_s


def _arrivals(per_h: Sequence[float]) -> LearnedArrivals:
    """The median; its spread is what the days differ by beyond chance, and what so few days leave open."""
    middle = median(per_h)
    variance = sum((one - middle) ** 2 for one in per_h) / (len(per_h) - 1)
    return LearnedArrivals(middle, forecast_sd(middle, math.sqrt(max(0.0, variance - middle)), len(per_h)))


def _arrivals_of_parts(seen: Sequence[OpenHour]) -> LearnedArrivals:
    """What short parts of an hour say together about parts that are no longer: the mean, its spread as in `_arrivals`.

    The middle of a few counts as small as these would most often be nobody.
    """
    open_h = sum(one.open_s for one in seen) / 3600
    per_h = sum(one.people for one in seen) / open_h
    variance = sum((_per_h(one) - per_h) ** 2 for one in seen) / (len(seen) - 1)
    beyond_chance = max(0.0, variance - per_h * len(seen) / open_h)
    sd = math.sqrt(beyond_chance + beyond_chance / len(seen) + per_h / open_h)
    return LearnedArrivals(per_h, sd, max(one.open_s for one in seen))


def forecast_sd(per_h: float, apart: float, days: int = SAME_WEEKDAYS) -> float:
    """How far a forecast of arrivals may be off, beyond chance.

    Args:
        per_h: the median of so many `days`.
        apart: what days differ by beyond chance, as a standard deviation.
        days: how many were seen. The median of n draws has pi / 2n of the variance of one.
    """
    return math.sqrt(apart**2 + math.pi / 2 * (per_h + apart**2) / days)
