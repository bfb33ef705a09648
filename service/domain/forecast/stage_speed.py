"""Today's speed at each stage, as far as it can be told from what is done and from what is not.

The short services of the morning are done first: reckoned from them alone every day would begin fast. So a service
under way counts as well, with as long as it is expected to take given that it is not done (one step after the other of
expectation and maximization). And who took more than four means is left out as a forgotten finish; what that cuts off
the mean of the others is put back. Whom a suspension interrupted says nothing of the speed, done or not.

Source: ALGORITHMS 4.2, "Speed learning"; Dempster, Laird and Rubin 1977.
"""

import math
from datetime import datetime
from typing import NamedTuple

from service.domain.day import NO_SERVICE_TIMES, Day
from service.domain.evolve.visits import FORGOTTEN_AFTER_MEANS
from service.domain.model import StageId
from service.domain.queue.distributions import remaining_s
from service.domain.queue.todays_speed import speed_prior_s, todays_speed

STEPS = 4
"""Of expectation and maximization; the rest of a service changes little with the speed."""


class RunningService(NamedTuple):
    """A service that is not done: seconds expected at usual speed, the coefficient of variation, seconds until now."""

    mean_s: float
    cv: float
    elapsed_s: float


def current_speed(day: Day, stage: StageId, now_at: datetime) -> tuple[float, float]:
    """Today's speed at a stage, actual by expected seconds, and its spread."""
    _, speed_sd = todays_speed(day, stage)
    spent = day.service_times.get(stage, NO_SERVICE_TIMES)
    prior_s = speed_prior_s(day.plan, stage)
    expected_s = prior_s + spent.expected_s * _kept(day, stage)
    running = [
        one for one in running_services(day, stage, now_at) if one.elapsed_s < FORGOTTEN_AFTER_MEANS * one.mean_s
    ]
    usual_s = expected_s + sum(one.mean_s for one in running)
    speed = (prior_s + spent.actual_s) / expected_s
    for _ in range(STEPS):
        lasting_s = sum(
            one.elapsed_s + speed * remaining_s(one.mean_s, one.cv, one.elapsed_s / speed) for one in running
        )
        speed = (prior_s + spent.actual_s + lasting_s) / usual_s
    return speed, speed_sd


def running_services(day: Day, stage: StageId, now_at: datetime) -> list[RunningService]:
    """What the people at the counters of a stage are there for, but for whom a suspension has interrupted."""
    found = []
    for counter in day.counters.values():
        if counter.ticket is None or counter.stage != stage:
            continue
        ticket = day.tickets[counter.ticket]
        service = day.plan.services[ticket.service]
        mean_s = service.expected_s(stage, ticket.count, prechecked=ticket.prechecked)
        variance = service.variance(stage, ticket.count, prechecked=ticket.prechecked)
        began_at = ticket.started_at or ticket.called_at or now_at
        if day.suspended_s(began_at, now_at):
            continue
        found.append(RunningService(mean_s, math.sqrt(variance) / mean_s, (now_at - began_at).total_seconds()))
    return found


def _kept(day: Day, stage: StageId) -> float:
    """The mean of the services that are not taken for forgotten at a stage, by that of all."""
    kept = [
        mean_ratio_kept(service.at_stages.get(stage, service).cv)
        for service in day.plan.services.values()
        if service.online_url is None and stage in service.stages
    ]
    return sum(kept) / len(kept) if kept else 1.0


def mean_ratio_kept(cv: float) -> float:
    """E[X | X <= 4 m] / m of a lognormal duration."""
    if cv == 0:
        return 1.0
    sigma = math.sqrt(math.log1p(cv * cv))
    z = math.log(FORGOTTEN_AFTER_MEANS) / sigma
    return _below(z - sigma / 2) / _below(z + sigma / 2)


def _below(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))
