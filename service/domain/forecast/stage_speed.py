"""Today's speed at each stage, estimated from finished and running services.

The short services of the morning are finished first, so finished services alone would make every day look fast at its
beginning. Therefore a running service counts too, with its expected duration given that it is not finished (expectation
and maximization in turn). Running services longer than four means are left out as forgotten finishes, and so are
finished ones; the mean of the others is corrected for what this cuts off. Services interrupted by a suspension do not
count.

Source: ALGORITHMS 4.2, "Speed learning"; Dempster, Laird and Rubin 1977.
"""

import math
from datetime import datetime
from typing import NamedTuple

from service.domain.day import NO_SERVICE_TIMES, Day
from service.domain.evolve.visits import FORGOTTEN_AFTER_MEANS
from service.domain.model import StageId
from service.domain.queue.distributions import normal_cdf, remaining_s
from service.domain.queue.todays_speed import speed_prior_s, todays_speed

STEPS = 4
"""Number of steps of expectation and maximization. The remaining time of a service changes little with the speed."""


class RunningService(NamedTuple):
    """A running service: expected seconds at usual speed, coefficient of variation, and elapsed seconds."""

    mean_s: float
    cv: float
    elapsed_s: float


def current_speed(day: Day, stage: StageId, now_at: datetime) -> tuple[float, float]:
    """Return today's speed at a stage, actual by expected seconds, and its standard deviation."""
    _, speed_sd = todays_speed(day, stage)
    times = day.service_times.get(stage, NO_SERVICE_TIMES)
    prior_s = speed_prior_s(day.plan, stage)
    expected_s = prior_s + times.expected_s * _mean_kept_share(day, stage)
    running = [
        service
        for service in running_services(day, stage, now_at)
        if service.elapsed_s < FORGOTTEN_AFTER_MEANS * service.mean_s
    ]
    usual_s = expected_s + sum(service.mean_s for service in running)
    speed = (prior_s + times.actual_s) / expected_s
    for _ in range(STEPS):
        running_s = sum(
            service.elapsed_s + speed * remaining_s(service.mean_s, service.cv, service.elapsed_s / speed)
            for service in running
        )
        speed = (prior_s + times.actual_s + running_s) / usual_s
    return speed, speed_sd


def running_services(day: Day, stage: StageId, now_at: datetime) -> list[RunningService]:
    """Return the running services at the counters of a stage, without those that a suspension interrupted."""
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


def _mean_kept_share(day: Day, stage: StageId) -> float:
    """Return the mean of the services not taken for forgotten at a stage, divided by the mean of all."""
    kept = [
        mean_ratio_kept(service.at_stages.get(stage, service).cv)
        for service in day.plan.services.values()
        if service.online_url is None and stage in service.stages
    ]
    return sum(kept) / len(kept) if kept else 1.0


def mean_ratio_kept(cv: float) -> float:
    """Return E[X | X <= 4 m] / m of a lognormal duration X with mean m."""
    if cv == 0:
        return 1.0
    sigma = math.sqrt(math.log1p(cv * cv))
    z = math.log(FORGOTTEN_AFTER_MEANS) / sigma
    return normal_cdf(z - sigma / 2) / normal_cdf(z + sigma / 2)
