"""Learn from the facts of past days: durations of services, no-shows, punctuality and giving up.

The mean and spread of a service are shrunk to the values of the hall document, as if those had been observed
`PRIOR_DURATIONS` times. A new hall therefore begins with its document, and the document's weight falls as the hall
observes more. The share of no-shows and the punctuality are shrunk to usual values in the same way. The rate of giving
up is the number of people who gave up, divided by all hours that people waited.

Durations are learned for each stage separately. Probably forgotten finishes are left out: of the visits longer than
four medians (more in a service that varies more), only as many count as chance explains. Mean and spread are computed
from the durations themselves; with their logarithms, a few very short visits make a service seem longer and more
variable than it is.

Source: ALGORITHMS 4.2 (service model); DESIGN 6.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from statistics import median, quantiles

from service.domain.calendar.day_plan import NO_WORKED_WEEKENDS, expected_duration
from service.domain.calendar.learned import ExpectedDuration, Learned, Leaving
from service.domain.hall.document import HallDocument, main_stage_of, optional_stages_of
from service.domain.model import (
    ServiceId,
    StageId,
)
from service.domain.stats.day_facts import DayFacts, Lasted
from service.domain.stats.facts_observer import people_by_service
from service.domain.stats.learned_week import USUAL, LearnedWeek
from service.domain.stats.walk_in_learning import learned_walk_ins

DAYS_LEARNED_FROM = 60
"""Number of days before the present one whose facts count. Earlier days belong to another season."""

PRIOR_DURATIONS = 20

PRIOR_PEOPLE = 20
"""How many observations the document's duration, and the usual share of no-shows and punctuality, are worth."""

PRIOR_WAITED_H = 10.0
"""Hours of waiting without anybody giving up that count as observed: twenty people for half an hour."""

FORGOTTEN_AFTER_MEDIANS = 4

FORGOTTEN_AFTER_SDS = 2.5

QUARTILES_OF = 20
"""The smallest number of visits whose quartiles are used."""

SLIP_S = 3
"""A shorter visit is an operating error and is left out."""

_MAD_TO_SD = 1.4826
"""Standard deviation of a normal distribution divided by its median absolute deviation."""

_QUARTILE_DISTANCE_SD = 1.349
"""Distance of the quartiles of a normal distribution, in standard deviations."""


def learn(
    days: Sequence[DayFacts], document: HallDocument, on: date, worked: Mapping[date, int] = NO_WORKED_WEEKENDS
) -> LearnedWeek:
    """Learn from the days before a date.

    Args:
        days: facts of days, in any order. Days from `on` on and days too long ago do not count.
        document: the hall document, with the durations assumed before anything was observed.
        on: the date on which the hall learns.
        worked: weekend days that were worked in return for a free weekday, and the ISO weekday that each was like.
    """
    recent = sorted(
        (day for day in days if on - timedelta(days=DAYS_LEARNED_FROM) <= day.on < on), key=lambda day: day.on
    )
    came, missed = sum(day.came for day in recent), sum(day.missed for day in recent)
    mean_s, sd_s = learned_punctuality([seconds for day in recent for seconds in day.late_s])
    optional = optional_stages_of(document)
    durations: dict[ServiceId, ExpectedDuration] = {}
    mains: dict[ServiceId, StageId] = {}
    at_stages: dict[ServiceId, dict[StageId, ExpectedDuration]] = {}
    for service in document.services:
        main = main_stage_of(service.stages, optional)
        for stage in service.stages:
            observed = [lasted for day in recent if (lasted := _lasted_at(day, service.id, stage, main)) is not None]
            duration = learned_duration(
                [seconds for lasted in observed for seconds in lasted.plain_s],
                [seconds for lasted in observed for seconds in lasted.prechecked_s],
                expected_duration(service, stage, optional),
            )
            if duration is not None and stage == main:
                durations[service.id], mains[service.id] = duration, main
            elif duration is not None:
                at_stages.setdefault(service.id, {})[stage] = duration
    every = Learned(
        durations=durations,
        main=mains,
        at_stages=at_stages,
        no_show=(USUAL.no_show * PRIOR_PEOPLE + missed) / (PRIOR_PEOPLE + came + missed),
        punctuality_mean_s=mean_s,
        punctuality_sd_s=sd_s,
        mix=_walk_in_mix(recent, document),
        leaving=learned_leaving(recent),
    )
    open_on = {weekday for hours in document.hours for weekday in hours.weekdays}
    return LearnedWeek(every=every, walk_ins=learned_walk_ins(recent, on, open_on, worked), days=len(recent))


def _lasted_at(day: DayFacts, service: ServiceId, stage: StageId, main: StageId) -> Lasted | None:
    """Return the durations that a day observed at a stage of a service.

    `main` is today's main stage; it is assumed for a day that does not name its main stage.
    """
    if stage == day.main.get(service, main):
        return Lasted(day.lasted_s.get(service, []), day.prechecked_lasted_s.get(service, []))
    return day.at_stages.get(service, {}).get(stage)


def learned_duration(
    seconds: Sequence[int], prechecked: Sequence[int], prior: ExpectedDuration
) -> ExpectedDuration | None:
    """Return the duration of a service, learned from observed seconds; None without observations."""
    plain, checked = without_outliers(seconds), without_outliers(prechecked)
    if not plain and not checked:
        return None
    mean_s = _shrunk_mean(plain, prior.mean_s)
    checked_mean_s = _shrunk_mean(checked, prior.prechecked_mean_s or mean_s)
    squares = _relative_squares(plain) + _relative_squares(checked)
    variance = (PRIOR_DURATIONS * prior.cv**2 + squares) / (PRIOR_DURATIONS + len(plain) + len(checked))
    knows_checked = bool(checked) or prior.prechecked_mean_s is not None
    return ExpectedDuration(mean_s, math.sqrt(variance), checked_mean_s if knows_checked else None)


def without_outliers(seconds: Sequence[int]) -> list[int]:
    """Return the durations without operating errors and forgotten finishes, sorted.

    Four medians are 2.5 standard deviations of the logarithms at the usual spread of 0.6. If the quartiles show a
    larger spread, the limit is further away, because the long visits of such a service are real. Some longer visits are
    real in any case: as many as chance explains are counted with the length of the limit. Otherwise every mean would be
    some percent too short.
    """
    kept = sorted(duration for duration in seconds if duration >= SLIP_S)
    if len(kept) < QUARTILES_OF:
        return kept[: bisect_right(kept, FORGOTTEN_AFTER_MEDIANS * median(kept))] if kept else []
    low, middle, high = quantiles(kept, n=4)
    sigma = math.log(high / low) / _QUARTILE_DISTANCE_SD
    limit_log = max(math.log(FORGOTTEN_AFTER_MEDIANS), FORGOTTEN_AFTER_SDS * sigma)
    limit_s = middle * math.exp(limit_log)
    by_chance = len(kept) * math.erfc(limit_log / sigma / math.sqrt(2)) / 2 if sigma else 0.0
    within = kept[: bisect_right(kept, limit_s)]
    return within + [round(limit_s)] * min(round(by_chance), len(kept) - len(within))


def _shrunk_mean(observed: Sequence[int], prior: float) -> float:
    return (PRIOR_DURATIONS * prior + sum(observed)) / (PRIOR_DURATIONS + len(observed))


def _relative_squares(observed: Sequence[int]) -> float:
    """Return the sum of squared deviations from the mean, each relative to the mean."""
    mean = sum(observed) / len(observed) if observed else 1.0
    return sum((seconds / mean - 1) ** 2 for seconds in observed)


def learned_punctuality(late_s: Sequence[int]) -> tuple[float, float]:
    """Return mean and standard deviation, in seconds, of arrival minus slot start.

    They are estimated by the median and the median absolute deviation.
    """
    if not late_s:
        return USUAL.punctuality_mean_s, USUAL.punctuality_sd_s
    middle = median(late_s)
    sd_s = _MAD_TO_SD * median(abs(late - middle) for late in late_s)
    n = len(late_s)
    mean_s = (PRIOR_PEOPLE * USUAL.punctuality_mean_s + n * middle) / (PRIOR_PEOPLE + n)
    variance = (PRIOR_PEOPLE * USUAL.punctuality_sd_s**2 + n * sd_s**2) / (PRIOR_PEOPLE + n)
    return mean_s, math.sqrt(variance)


def learned_leaving(days: Iterable[DayFacts]) -> Leaving:
    """Return the rates at which waiting people give up: those who say so, and those who are called in vain."""
    waited_h, left = PRIOR_WAITED_H, 0
    absent_s: list[int] = []
    for day in days:
        waited_h += day.waited_s / 3600
        left += day.left
        absent_s += day.absent_s
    return Leaving(left / waited_h, len(absent_s) / waited_h, median(absent_s) if absent_s else 0.0)


def _walk_in_mix(days: Sequence[DayFacts], document: HallDocument) -> dict[ServiceId, float]:
    """Return the share of walk-ins by service."""
    people = people_by_service((service, count) for day in days for service, count in day.walk_ins.items())
    offered = {service.id: people.get(service.id, 0) for service in document.services}
    total = sum(offered.values())
    return {service: count / total for service, count in offered.items() if count} if total else {}
