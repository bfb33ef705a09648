"""Quantiles of the waits from the simulated day, and the range shown to people."""

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
"""Number of simulated rests of the day. Each quantile is then within 3 percent of its rank."""

QUANTILES = (0.05, 0.1, 0.5, 0.9)

RANGE_HYSTERESIS_MIN = 5
"""An end of the shown range stays where it is until it has moved by this many minutes."""


class Quantiles(Struct, frozen=True, gc=False, array_like=True):
    """Seconds until the call at the present stage.

    A person who comes back by p5 misses the call once in twenty times.
    """

    p5_s: int | None
    p10_s: int | None
    p50_s: int | None
    p90_s: int | None


NEVER = Quantiles(None, None, None, None)
"""The wait is unknown: no counter for it is open or planned today, or the hall is suspended without a known end."""


class Forecast(Struct, frozen=True, kw_only=True):
    """The waits of all waiting tickets, made at `made_at` from the day after event `seq`."""

    hall: HallId
    day: date
    seq: int
    made_at: datetime
    waits: dict[TicketId, Quantiles]


def forecast(day: Day, now_at: datetime, paths: int = PATHS) -> Forecast:
    """Forecast the waits of all waiting tickets. The same day and instant give the same result.

    Raises:
        TooManyArrivals: too many people are expected to simulate them in good time.
    """
    state = start_state_of(day, now_at)
    waits = (
        dict.fromkeys((ticket.id for ticket in all_waiting(day)), NEVER) if state is None else waits_of(state, paths)
    )
    return Forecast(hall=day.hall, day=day.on, seq=day.seq, made_at=now_at, waits=waits)


class WaitsAndNewcomers(Struct, frozen=True):
    """The waits of all waiting tickets of a start state, and of a walk-in of each service who comes now."""

    waits: dict[TicketId, Quantiles]
    newcomers: dict[ServiceId, Quantiles]


def waits_and_newcomers_of(state: StartState, paths: int = PATHS) -> WaitsAndNewcomers:
    """Return the waits of all waiting tickets and of newcomers.

    Raises:
        TooManyArrivals: too many people are expected to simulate them in good time.
    """
    simulated = simulate_day(state, paths, ahead=False, newcomers=True)
    newcomers = [NEVER] * len(state.newcomers)
    for called in simulated.calls:
        looking = called.visits >= simulated.people
        for visit, row in zip(
            called.visits[looking].tolist(), quantiles_of(called.starts_s[looking]).tolist(), strict=True
        ):
            newcomers[visit - simulated.people] = _rounded(row)
    return WaitsAndNewcomers(
        _waits_in(state, simulated), {name: newcomers[index] for name, index in state.newcomer_of.items()}
    )


def waits_of(state: StartState, paths: int = PATHS) -> dict[TicketId, Quantiles]:
    """Return the waits of all waiting tickets of a start state.

    Raises:
        TooManyArrivals: too many people are expected to simulate them in good time.
    """
    return _waits_in(state, simulate_day(state, paths, ahead=False)) if state.waiting else _unreachable(state)


def _unreachable(state: StartState) -> dict[TicketId, Quantiles]:
    return dict.fromkeys(state.unreachable, NEVER)


def _waits_in(state: StartState, simulated: SimulatedDay) -> dict[TicketId, Quantiles]:
    waits = _unreachable(state)
    for called in simulated.calls:
        mine = np.flatnonzero(called.visits < len(state.waiting))
        mine = mine[[state.waiting[visit].route[0].part == called.part for visit in called.visits[mine].tolist()]]
        found = quantiles_of(called.starts_s[mine])
        for visit, row in zip(called.visits[mine].tolist(), found.tolist(), strict=True):
            waits[state.waiting[visit].ticket] = _rounded(row)
    return waits


def _rounded(row: list[float]) -> Quantiles:
    return Quantiles(*map(round, row)) if all(map(math.isfinite, row)) else NEVER


def quantiles_of(seconds: Floats) -> Floats:
    """Return the quantiles (columns) of the simulated seconds of each visit (rows)."""
    paths = seconds.shape[1]
    ranks = [min(max(round(part * (paths + 1)) - 1, 0), paths - 1) for part in QUANTILES]
    return np.partition(seconds, ranks, axis=1)[:, ranks]


def stabilized_range(before: Shown | None, low_s: float, high_s: float, step_min: int) -> Shown:
    """Return the range to show: rounded outward; unchanged while neither end has moved by 5 minutes.

    A rounded end stands for the middle of its step.

    Args:
        before: the range shown now.
        low_s: p10 of the wait.
        high_s: p90 of the wait.
        step_min: the ends are multiples of this many minutes.
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
