"""The outlook for the rest of a day: how many people will wait, and whether everybody is served.

It continues the simulation of the waits with all expected appointments and walk-ins, until everybody is served who
comes before closing. Walk-ins come as history or the last hour says. In every quarter of an hour a probe, a walk-in who
takes no time, measures how long a walk-in would wait.

Source: ALGORITHMS 5.3; DESIGN 6, "Waits".
"""

import math
from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
from msgspec import Struct

from service.domain.admission.walk_ins import FITS_MIN
from service.domain.day import Day
from service.domain.forecast.day_simulation import SimulatedDay, quarter_hours_s, simulate_day
from service.domain.forecast.random_draws import Floats
from service.domain.forecast.start_state import StartState
from service.domain.forecast.start_state_builder import start_state_of
from service.domain.forecast.wait_quantiles import PATHS
from service.domain.model import HallId


class Quarter(Struct, frozen=True, kw_only=True):
    """An instant ahead: the number of waiting people at all stages, and the p90 of the wait of a walk-in.

    `fits` is the probability that this walk-in is called before closing. Both are those of the worst service. They are
    null before the doors open, and if no walk-in can be served.
    """

    at: datetime
    waiting_p10: int
    waiting_p50: int
    waiting_p90: int
    wait_p90_s: int | None
    fits: float | None


class DayAhead(Struct, frozen=True, kw_only=True):
    """The rest of a day, made at `made_at` from the day after event `seq`.

    `served` is the probability that everybody who waits, or comes before closing, is called before the planned staff
    stops. `intake_closes_at` is when the probability that a walk-in fits falls below 0.8; null if it does not before
    closing. `overtime_s` is the expected work of all counters after closing in seconds, `overtime_p90_s` its p90. All
    are null on a day without opening hours ahead.
    """

    hall: HallId
    day: date
    seq: int
    made_at: datetime
    closing_at: datetime | None
    quarters: list[Quarter]
    served: float | None
    intake_closes_at: datetime | None
    overtime_s: int | None
    overtime_p90_s: int | None


def day_ahead(day: Day, now_at: datetime, paths: int = PATHS) -> DayAhead:
    """Return the outlook of a day; without quarters if it is closed, or suspended without a known end.

    Raises:
        TooManyArrivals: too many people are expected to simulate them in good time.
    """
    state = start_state_of(day, now_at)
    if state is None or state.closing_s is None:
        return DayAhead(
            hall=day.hall,
            day=day.on,
            seq=day.seq,
            made_at=now_at,
            closing_at=None,
            quarters=[],
            served=None,
            intake_closes_at=None,
            overtime_s=None,
            overtime_p90_s=None,
        )
    return day_outlook_of(state, paths)


def day_outlook_of(state: StartState, paths: int = PATHS) -> DayAhead:
    """Return the outlook of a start state that has a closing ahead.

    Raises:
        TooManyArrivals: too many people are expected to simulate them in good time.
    """
    assert state.closing_s is not None, "a day without a closing has no outlook"
    simulated = simulate_day(state, paths, ahead=True)
    last_s = _last_call_s(simulated)
    overtime = _overtime_s(simulated, state.closing_s)
    staffed_s = state.closing_s if state.staffed_s is None else state.staffed_s
    quarters = _quarters(state, simulated)
    return DayAhead(
        hall=state.hall,
        day=state.day,
        seq=state.seq,
        made_at=state.made_at,
        closing_at=_at(state, state.closing_s),
        quarters=quarters,
        served=float(np.mean(last_s <= staffed_s)),
        intake_closes_at=_intake_closes_at(quarters),
        overtime_s=round(float(overtime.mean())),
        overtime_p90_s=round(float(np.quantile(overtime, 0.9))),
    )


def _at(state: StartState, seconds: float) -> datetime:
    return state.made_at + timedelta(seconds=seconds)


def _last_call_s(simulated: SimulatedDay) -> Floats:
    """Return the last call, on each path, of all who come and do not give up; infinite if one is never called."""
    last_s = np.zeros(simulated.paths)
    for called in simulated.calls:
        real = called.visits < simulated.people
        starts = called.starts_s[real]
        come = np.isfinite(called.ready_s[real])
        gave_up = np.isfinite(starts) & np.isinf(called.ends_s[real])
        last_s = np.maximum(last_s, np.where(come & ~gave_up, starts, 0.0).max(axis=0, initial=0.0))
    return last_s


def _overtime_s(simulated: SimulatedDay, closing_s: float) -> Floats:
    """Return the counter time after closing, on each path."""
    late: Floats = np.maximum(0.0, simulated.under_way_s - closing_s).sum(axis=0)
    for called in simulated.calls:
        real = called.visits < simulated.people
        starts = np.where(np.isfinite(called.starts_s[real]), called.starts_s[real], 0.0)
        ends = np.where(np.isfinite(called.ends_s[real]), called.ends_s[real], 0.0)
        late += np.maximum(0.0, ends - np.maximum(starts, closing_s)).sum(axis=0)
    return late


def _quarters(state: StartState, simulated: SimulatedDay) -> list[Quarter]:
    assert state.closing_s is not None
    probes_s = simulated.probes_s
    times = quarter_hours_s(state.made_at.timestamp(), state.closing_s)
    lengths = np.zeros((len(times), simulated.paths), dtype=np.int64)
    waits: list[Floats] = []
    for called in simulated.calls:
        real = called.visits < simulated.people
        ready, over = called.ready_s[real], called.over_s[real]
        for n, at_s in enumerate(times):
            lengths[n] += ((ready <= at_s) & (over > at_s)).sum(axis=0)
        probes = np.flatnonzero(~real)
        if len(probes):
            of_step, when = np.divmod(called.visits[probes] - simulated.people, len(probes_s))
            for step in np.unique(of_step):
                mine = probes[of_step == step]
                found = np.full((len(probes_s), simulated.paths), np.inf)
                found[when[of_step == step]] = called.starts_s[mine]
                waits.append(found - probes_s[:, None])
    low, middle, high = np.quantile(lengths, (0.1, 0.5, 0.9), axis=1, method="inverted_cdf")
    quarters = []
    for n, at_s in enumerate(times):
        probe = np.flatnonzero(probes_s == at_s)
        p90_s, fits = _worst(state.closing_s, at_s, [wait[probe[0]] for wait in waits]) if len(probe) else (None, None)
        quarters.append(
            Quarter(
                at=_at(state, at_s),
                waiting_p10=int(low[n]),
                waiting_p50=int(middle[n]),
                waiting_p90=int(high[n]),
                wait_p90_s=p90_s,
                fits=fits,
            )
        )
    return quarters


def _worst(closing_s: float, at_s: float, waits: list[Floats]) -> tuple[int | None, float | None]:
    """Return the longest p90 of the services, and the smallest probability of a call before closing."""
    if not waits:
        return None, None
    p90s = [float(np.quantile(wait, 0.9, method="inverted_cdf")) for wait in waits]
    fits = min(float(np.mean(at_s + wait < closing_s)) for wait in waits)
    longest = max(p90s)
    return (round(longest) if math.isfinite(longest) else None), fits


def _intake_closes_at(quarters: list[Quarter]) -> datetime | None:
    """Return the minute from which a walk-in fits with less than 0.8, interpolated between two quarters."""
    measured = [(quarter.at, quarter.fits) for quarter in quarters if quarter.fits is not None]
    below = next((n for n, (_, fits) in enumerate(measured) if fits < FITS_MIN), None)
    if below is None:
        return None
    at, fits = measured[below]
    if below == 0:
        return at
    (before_at, before), _ = list(pairwise(measured))[below - 1]
    part = (before - FITS_MIN) / (before - fits)
    minutes = math.floor((at - before_at).total_seconds() * part / 60)
    return before_at + timedelta(minutes=minutes)
