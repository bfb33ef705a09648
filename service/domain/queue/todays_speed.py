"""Today's speed of service."""

import math
from collections import defaultdict
from statistics import fmean

from service.domain.calendar.plan import Plan
from service.domain.day import NO_SERVICE_TIMES, Day
from service.domain.model import StageId

SPEED_PRIOR_S = 160 * 60.0


SPEED_PRIOR_VISITS = 20
"""Work that weighs as much as today's in learning today's speed: about twenty mean services. A stage that is nobody's
main one has visits of its own length: by work it would take a hundred looks at papers to hear what twenty say."""


SPEED_SD = 0.12
"""Spread of a day's speed before anything of the day is known."""


def todays_speed(day: Day, stage: StageId) -> tuple[float, float]:
    """Today's speed at a stage, actual by expected seconds, and its spread."""
    prior_s = speed_prior_s(day.plan, stage)
    spent = day.service_times.get(stage, NO_SERVICE_TIMES)
    speed = (prior_s + spent.actual_s) / (prior_s + spent.expected_s)
    return speed, SPEED_SD * math.sqrt(prior_s / (prior_s + spent.expected_s))


def speed_prior_s(plan: Plan, stage: StageId) -> float:
    """Work that weighs as much as today's in learning today's speed at a stage; less where nobody's main stage is."""
    priors: dict[StageId, float] | None = plan.__dict__.get("speed_priors")
    if priors is None:
        means_s: defaultdict[StageId, list[float]] = defaultdict(list)
        for service in plan.services.values():
            for other, lasting in service.at_stages.items():
                means_s[other].append(lasting.mean_s)
        for main in map(plan.main_stage, plan.services.values()):
            means_s.pop(main, None)
        priors = plan.__dict__["speed_priors"] = {
            other: min(SPEED_PRIOR_S, SPEED_PRIOR_VISITS * fmean(some)) for other, some in means_s.items()
        }
    return priors.get(stage, SPEED_PRIOR_S)
