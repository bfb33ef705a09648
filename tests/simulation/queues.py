"""Halls that are queues of theory: Poisson arrivals, exponential durations, and a day that never closes."""

from collections.abc import Sequence

import numpy as np
from msgspec import convert

from service.domain.calendar.day_plan import plan_of
from service.domain.hall.document import HallDocument
from service.domain.model import ServiceId, TicketClass
from service.simulate.day_record import DayRecord
from service.simulate.day_run import DayRun
from service.simulate.estimate import Estimate, Portion, estimate
from service.simulate.hall_setup import HallSetup, Shift
from service.simulate.people import MINUTE_MS, People, Person
from service.simulate.scenario import ON

DAY_MS = 24 * 60 * MINUTE_MS
WARM_MS = 3 * 60 * MINUTE_MS
"""A day begins empty, so people who come before this time are not counted."""

SERVICE = ServiceId("any")
SERVICE_S = 60.0


def hall_of(counters: int, green_s: int = 0) -> HallSetup:
    """Return a hall that is open around the clock, with a credit for the green channel."""
    all_day = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "24:00"}
    said = {
        "time_zone": "UTC",
        "languages": ["en"],
        "name": {"en": "Queue"},
        "hours": [all_day],
        "zones": [{"id": "main"}],
        "stages": [{"id": "window"}],
        "services": [
            {"id": SERVICE, "prefix": "A", "stages": ["window"], "duration_s": {"mean": SERVICE_S, "cv": 1.0}}
        ],
        "counters": [
            {"id": str(n), "zone": "main", "stage": "window", "services": [SERVICE]} for n in range(1, counters + 1)
        ],
        "rules": {"credit_s": {"green": green_s}},
        "admission": "all",
        "codes": {"reasons": ["urgent"]},
    }
    plan = plan_of(convert(said, HallDocument), 1, ON)
    return HallSetup(plan=plan, shifts={counter: (Shift(0),) for counter in plan.counters})


def people_of(counters: int, load: float, green: float, seed: int, day: int) -> People:
    """Return Poisson arrivals that keep the counters busy for a share `load` of the time; a share of them is green."""
    draws = np.random.default_rng([seed, day])
    gap_ms = SERVICE_S * 1000 / (counters * load)
    times = np.cumsum(draws.exponential(gap_ms, round(DAY_MS / gap_ms * 1.2)))
    people = [
        Person(
            n=n,
            class_=TicketClass.GREEN if is_green else TicketClass.WALK_IN,
            service=SERVICE,
            service_ms=max(1, round(service_ms)),
            arrives_ms=round(arrives_ms),
        )
        for n, (arrives_ms, service_ms, is_green) in enumerate(
            zip(
                times[times < DAY_MS].tolist(),
                draws.exponential(SERVICE_S * 1000, len(times)).tolist(),
                (draws.random(len(times)) < green).tolist(),
                strict=False,
            )
        )
    ]
    return People((), tuple(people), (1.0,) * counters)


def live(setup: HallSetup, people: People) -> DayRecord:
    """Run a day."""
    return DayRun(setup, people).run()


def mean_wait_s(days: Sequence[DayRecord], class_: TicketClass) -> Estimate:
    """Return the mean wait of a class, after the warm-up."""
    found = estimate(_waits_s(record, class_) for record in days)
    assert found is not None, "somebody came"
    return found


def _waits_s(record: DayRecord, class_: TicketClass) -> Portion:
    waits = [
        (visit.called_ms - visit.came_ms) / 1000
        for visit in record.visits
        if visit.called_ms is not None and visit.came_ms >= WARM_MS and visit.person.class_ is class_
    ]
    return Portion(sum(waits), len(waits))


def erlang_c(counters: int, load: float) -> float:
    """Return the share of people who wait at all: M/M/c with each counter busy for a share `load` of the time."""
    offered = counters * load
    blocked = 1.0
    for busy in range(1, counters + 1):
        blocked = offered * blocked / (busy + offered * blocked)
    return counters * blocked / (counters - offered * (1 - blocked))


def agrees(found: Estimate, value: float) -> bool:
    """Tell whether a value lies within three standard errors; with two, one seed in twenty would fail."""
    assert found.half_width is not None, "an interval needs days"
    return abs(found.mean - value) <= 1.5 * found.half_width
