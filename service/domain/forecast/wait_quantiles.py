"""What people who wait are told: quantiles of the wait, and the range that is shown."""

import math
from datetime import date, datetime

import numpy as np
from msgspec import Struct

from service.domain.day import Day
from service.domain.forecast.day_simulation import SimulatedDay, simulate_day
from service.domain.forecast.random_draws import Floats
from service.domain.forecast.start_state import StartState
from service.domain.forecast.start_state_builder import all_waiting, start_state_of
from service.domain.model import HallId, ServiceId, Shown, TicketId

PATHS = 200
"""Rests of the day that are drawn: each quantile then stands within 3 percent of its place."""

QUANTILES = (0.05, 0.1, 0.5, 0.9)

RANGE_HYSTERESIS_MIN = 5
"""An end of the range shown stays where it is until it has moved by this much."""


class Quantiles(Struct, frozen=True, gc=False, array_like=True):
    """Seconds until the call at the present stage; who comes back by p5 misses it once in twenty times."""

    p5_s: int | None
    p10_s: int | None
    p50_s: int | None
    p90_s: int | None


NEVER = Quantiles(None, None, None, None)
"""Nobody can tell: no counter for it is open or planned today, or the hall is suspended without an end."""


class Forecast(Struct, frozen=True, kw_only=True):
    """The waits of all who wait, as of `made_at`, from the day after event `seq`."""

    hall: HallId
    day: date
    seq: int
    made_at: datetime
    waits: dict[TicketId, Quantiles]


def forecast(day: Day, now_at: datetime, paths: int = PATHS) -> Forecast:
    """Forecast the waits of all who wait, as of `now_at`; the same day at the same instant gives the same answer.

    Raises TooManyArrivals.
    """
    scene = start_state_of(day, now_at)
    waits = (
        dict.fromkeys((ticket.id for ticket in all_waiting(day)), NEVER) if scene is None else waits_of(scene, paths)
    )
    return Forecast(hall=day.hall, day=day.on, seq=day.seq, made_at=now_at, waits=waits)


class WaitsAndNewcomers(Struct, frozen=True):
    """The waits of all who wait in a scene, and of walk-ins of each service who would come now."""

    waits: dict[TicketId, Quantiles]
    newcomers: dict[ServiceId, Quantiles]


def waits_and_newcomers_of(scene: StartState, paths: int = PATHS) -> WaitsAndNewcomers:
    """The waits of all who wait in a scene, and of newcomers. Raises TooManyArrivals."""
    rest = simulate_day(scene, paths, ahead=False, newcomers=True)
    newcomers = [NEVER] * len(scene.newcomers)
    for called in rest.calls:
        looking = called.visits >= rest.people
        for visit, row in zip(
            called.visits[looking].tolist(), quantiles_of(called.starts_s[looking]).tolist(), strict=True
        ):
            newcomers[visit - rest.people] = _told(row)
    return WaitsAndNewcomers(
        _waits_in(scene, rest), {name: newcomers[index] for name, index in scene.newcomer_of.items()}
    )


def waits_of(scene: StartState, paths: int = PATHS) -> dict[TicketId, Quantiles]:
    """The waits of all who wait in a scene. Raises TooManyArrivals."""
    return _waits_in(scene, simulate_day(scene, paths, ahead=False)) if scene.waiting else _unreachable(scene)


def _unreachable(scene: StartState) -> dict[TicketId, Quantiles]:
    return dict.fromkeys(scene.unreachable, NEVER)


def _waits_in(scene: StartState, rest: SimulatedDay) -> dict[TicketId, Quantiles]:
    waits = _unreachable(scene)
    for called in rest.calls:
        mine = np.flatnonzero(called.visits < len(scene.waiting))
        mine = mine[[scene.waiting[visit].route[0].part == called.part for visit in called.visits[mine].tolist()]]
        found = quantiles_of(called.starts_s[mine])
        for visit, row in zip(called.visits[mine].tolist(), found.tolist(), strict=True):
            waits[scene.waiting[visit].ticket] = _told(row)
    return waits


def _told(row: list[float]) -> Quantiles:
    return Quantiles(*map(round, row)) if all(map(math.isfinite, row)) else NEVER


def quantiles_of(seconds: Floats) -> Floats:
    """The quantiles (columns) of what was drawn for each (rows)."""
    paths = seconds.shape[1]
    ranks = [min(max(round(part * (paths + 1)) - 1, 0), paths - 1) for part in QUANTILES]
    return np.partition(seconds, ranks, axis=1)[:, ranks]


def stabilized_range(before: Shown | None, low_s: float, high_s: float, step_min: int) -> Shown:
    """The range to show: rounded outward, and the one shown before as long as neither end has moved by 5 minutes.

    An end that was rounded stands for the middle of its step.

    Args:
        before: what is shown now.
        low_s: p10 of the wait.
        high_s: p90 of the wait.
        step_min: what the ends are multiples of, in minutes.
    """
    half = step_min / 2
    keeps = max(RANGE_HYSTERESIS_MIN, half)
    low_min, high_min = max(0.0, low_s) / 60, max(0.0, high_s) / 60
    if (
        before is not None
        and abs(before.from_min + half - low_min) < keeps
        and abs(before.to_min - half - high_min) < keeps
    ):
        return before
    from_min = int(low_min // step_min) * step_min
    return Shown(from_min, max(math.ceil(high_min / step_min) * step_min, from_min + step_min))
