"""What a hall learns from its days: how long services last, who comes, how punctually, and how many just come.

`FactsObserver` lives a day again and keeps what it saw as `DayFacts`; `learn` makes of many days what a plan goes by. A
service's mean and spread are drawn to what the hall document says, as if that had been seen `PRIOR_DURATIONS` times, so
that a new hall begins with its document and forgets it as it sees more; likewise the share of those who come, and how
punctual they are. Walk-ins are the median of the last eight same weekdays by the hour, once two weeks were seen;
before, and once five days were, that of all days. Of an hour in which the hall is open for minutes it is the mean, for
as many minutes. A weekend day that is worked in return for a free one counts as the weekday it is like. An hour that an
alarm or a closed day cut short counts as far as the hall was open. How soon people give up waiting is how many did, by
all the hours that people waited.

Durations are seconds for one person, of each stage by itself: a look at papers and the work at the window are two
things. What a clerk forgot to end is left out: what the day's end had to end, and of what lasted longer than four
medians, or more where the service varies more, all but as many as chance makes so long. Mean and spread are those of
the durations themselves: by their logarithms, a few very short visits make a service seem longer and wilder than it is.
A visit during which the hall was suspended does not say how long one lasts.

Source: ALGORITHMS 2.2 (walk-ins), 4.2 (service model); DESIGN 6.
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
from service.domain.stats.facts_observer import sums
from service.domain.stats.learned_week import USUAL, LearnedWeek
from service.domain.stats.walk_in_learning import learned_walk_ins

DAYS_LEARNED_FROM = 60
"""Days before the present one whose facts count; what was before is of another season."""


PRIOR_DURATIONS = 20


PRIOR_PEOPLE = 20
"""How many times the document's duration, and the usual share and punctuality, count as seen."""


PRIOR_WAITED_H = 10.0
"""Hours of waiting in which nobody gave up, that count as seen: twenty people by half an hour."""


FORGOTTEN_AFTER_MEDIANS = 4


FORGOTTEN_AFTER_SDS = 2.5


QUARTILES_OF = 20
"""Visits of which the quartiles are believed."""


SLIP_S = 3
"""A visit that lasted less is a slip of the finger."""


_TO_SD = 1.4826
"""A normal distribution's standard deviation by its median absolute deviation."""


_QUARTILES_APART = 1.349
"""By how many of its standard deviations the quartiles of a normal distribution are apart."""


def learn(
    days: Sequence[DayFacts], document: HallDocument, on: date, worked: Mapping[date, int] = NO_WORKED_WEEKENDS
) -> LearnedWeek:
    """Learn from the days before a date.

    Args:
        days: facts of days, in any order; those from `on` on, and those too long ago, do not count.
        document: what is believed of durations before anything was seen.
        on: the date it is learned on.
        worked: weekend days that were worked in return for a free one, and the ISO weekday they were like.
    """
    known = sorted(
        (day for day in days if on - timedelta(days=DAYS_LEARNED_FROM) <= day.on < on), key=lambda day: day.on
    )
    came, missed = sum(day.came for day in known), sum(day.missed for day in known)
    mean_s, sd_s = learned_punctuality([seconds for day in known for seconds in day.late_s])
    optional = optional_stages_of(document)
    durations: dict[ServiceId, ExpectedDuration] = {}
    mains: dict[ServiceId, StageId] = {}
    at_stages: dict[ServiceId, dict[StageId, ExpectedDuration]] = {}
    for service in document.services:
        main = main_stage_of(service.stages, optional)
        for stage in service.stages:
            seen = [one for day in known if (one := _lasted_at(day, service.id, stage, main)) is not None]
            lasting = learned_duration(
                [seconds for one in seen for seconds in one.plain_s],
                [seconds for one in seen for seconds in one.prechecked_s],
                expected_duration(service, stage, optional),
            )
            if lasting is not None and stage == main:
                durations[service.id], mains[service.id] = lasting, main
            elif lasting is not None:
                at_stages.setdefault(service.id, {})[stage] = lasting
    every = Learned(
        durations=durations,
        main=mains,
        at_stages=at_stages,
        no_show=(USUAL.no_show * PRIOR_PEOPLE + missed) / (PRIOR_PEOPLE + came + missed),
        punctuality_mean_s=mean_s,
        punctuality_sd_s=sd_s,
        mix=_mix(known, document),
        leaving=learned_leaving(known),
    )
    open_on = {weekday for hours in document.hours for weekday in hours.weekdays}
    return LearnedWeek(every=every, walk_ins=learned_walk_ins(known, on, open_on, worked), days=len(known))


def _lasted_at(day: DayFacts, service: ServiceId, stage: StageId, main: StageId) -> Lasted | None:
    """What a day saw of a stage; `main` is today's main stage, and was so on a day that does not say it."""
    if stage == day.main.get(service, main):
        return Lasted(day.lasted_s.get(service, []), day.prechecked_lasted_s.get(service, []))
    return day.at_stages.get(service, {}).get(stage)


def learned_duration(
    seconds: Sequence[int], prechecked: Sequence[int], prior: ExpectedDuration
) -> ExpectedDuration | None:
    """How long a service lasts, by what was seen of it; None when nothing was."""
    plain, checked = without_outliers(seconds), without_outliers(prechecked)
    if not plain and not checked:
        return None
    mean_s = _drawn(plain, prior.mean_s)
    checked_mean_s = _drawn(checked, prior.prechecked_mean_s or mean_s)
    squares = _squares(plain) + _squares(checked)
    variance = (PRIOR_DURATIONS * prior.cv**2 + squares) / (PRIOR_DURATIONS + len(plain) + len(checked))
    knows_checked = bool(checked) or prior.prechecked_mean_s is not None
    return ExpectedDuration(mean_s, math.sqrt(variance), checked_mean_s if knows_checked else None)


def without_outliers(seconds: Sequence[int]) -> list[int]:
    """The durations that are no slips, and whose end was not forgotten.

    Four medians are 2.5 standard deviations of the logarithms at the usual spread of 0.6; where a service spreads more,
    as its quartiles say, those are further away, for its long visits are real ones. So are some beyond: as many as
    chance makes count as that long, or every mean would be some percent too short.
    """
    kept = sorted(one for one in seconds if one >= SLIP_S)
    if len(kept) < QUARTILES_OF:
        return kept[: bisect_right(kept, FORGOTTEN_AFTER_MEDIANS * median(kept))] if kept else []
    low, middle, high = quantiles(kept, n=4)
    sigma = math.log(high / low) / _QUARTILES_APART
    apart = max(math.log(FORGOTTEN_AFTER_MEDIANS), FORGOTTEN_AFTER_SDS * sigma)
    most = middle * math.exp(apart)
    by_chance = len(kept) * math.erfc(apart / sigma / math.sqrt(2)) / 2 if sigma else 0.0
    within = kept[: bisect_right(kept, most)]
    return within + [round(most)] * min(round(by_chance), len(kept) - len(within))


def _drawn(seen: Sequence[int], prior: float) -> float:
    return (PRIOR_DURATIONS * prior + sum(seen)) / (PRIOR_DURATIONS + len(seen))


def _squares(seen: Sequence[int]) -> float:
    """The squared deviations from the mean, each as a share of it."""
    mean = sum(seen) / len(seen) if seen else 1.0
    return sum((one / mean - 1) ** 2 for one in seen)


def learned_punctuality(late_s: Sequence[int]) -> tuple[float, float]:
    """How long after the start people come, and the spread of that, by median and median deviation."""
    if not late_s:
        return USUAL.punctuality_mean_s, USUAL.punctuality_sd_s
    middle = median(late_s)
    sd_s = _TO_SD * median(abs(one - middle) for one in late_s)
    n = len(late_s)
    mean_s = (PRIOR_PEOPLE * USUAL.punctuality_mean_s + n * middle) / (PRIOR_PEOPLE + n)
    variance = (PRIOR_PEOPLE * USUAL.punctuality_sd_s**2 + n * sd_s**2) / (PRIOR_PEOPLE + n)
    return mean_s, math.sqrt(variance)


def learned_leaving(days: Iterable[DayFacts]) -> Leaving:
    """How people who wait give up: who says so, and who is called in vain."""
    waited_h, left = PRIOR_WAITED_H, 0
    absent_s: list[int] = []
    for day in days:
        waited_h += day.waited_s / 3600
        left += day.left
        absent_s += day.absent_s
    return Leaving(left / waited_h, len(absent_s) / waited_h, median(absent_s) if absent_s else 0.0)


def _mix(days: Sequence[DayFacts], document: HallDocument) -> dict[ServiceId, float]:
    """Which share of the walk-ins comes for each service."""
    people = sums((service, count) for day in days for service, count in day.walk_ins.items())
    offered = {service.id: people.get(service.id, 0) for service in document.services}
    total = sum(offered.values())
    return {service: count / total for service, count in offered.items() if count} if total else {}
