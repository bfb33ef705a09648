"""Today's speed of service: how long visits take today, compared with what was expected of them.

Source: ALGORITHMS 4.2, "Speed learning".
"""

import math
from collections import defaultdict
from statistics import fmean

from service.domain.calendar.plan import Plan
from service.domain.day import NO_SERVICE_TIMES, Day
from service.domain.model import StageId

SPEED_PRIOR_S = 160 * 60.0

SPEED_PRIOR_VISITS = 20
"""Weight of the prior speed of 1: this much expected work, about twenty mean services. A stage that is the main stage
of no service has visits of another length; there the prior is as long as twenty visits of that stage. Otherwise it
would take, for example, a hundred looks at papers to learn what twenty already show."""

SPEED_SD = 0.12
"""Standard deviation of a day's speed before anything of the day is known."""


def todays_speed(day: Day, stage: StageId) -> tuple[float, float]:
    """Return today's speed at a stage, actual seconds by expected seconds, and its standard deviation."""
    prior_s = speed_prior_s(day.plan, stage)
    times = day.service_times.get(stage, NO_SERVICE_TIMES)
    speed = (prior_s + times.actual_s) / (prior_s + times.expected_s)
    return speed, SPEED_SD * math.sqrt(prior_s / (prior_s + times.expected_s))


def speed_prior_s(plan: Plan, stage: StageId) -> float:
    """Return the weight of the prior speed at a stage, in expected seconds of work. Cached in the plan."""
    priors: dict[StageId, float] | None = plan.__dict__.get("speed_priors")
    if priors is None:
        means_s: defaultdict[StageId, list[float]] = defaultdict(list)
        for service in plan.services.values():
            for other, duration in service.at_stages.items():
                means_s[other].append(duration.mean_s)
        for main in map(plan.main_stage, plan.services.values()):
            means_s.pop(main, None)
        priors = plan.__dict__["speed_priors"] = {
            other: min(SPEED_PRIOR_S, SPEED_PRIOR_VISITS * fmean(some)) for other, some in means_s.items()
        }
    return priors.get(stage, SPEED_PRIOR_S)
