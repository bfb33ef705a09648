"""The rest of the day: how long the lines get, and whether everybody is served.

The draws are those of the waits, continued: with all who have an appointment, and walk-ins as history or the last hour
says, until everybody is served who comes before closing. In every quarter of an hour a walk-in who takes no time looks
how long they would wait.

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
    """An instant ahead: people who wait, at whatever stage, and of a walk-in who comes then the p90 of the wait.

    `fits` is the probability that this walk-in is called before closing. Both are those of the services that are the
    worst off; null before the doors open, and where no walk-in can be served.
    """

    at: datetime
    waiting_p10: int
    waiting_p50: int
    waiting_p90: int
    wait_p90_s: int | None
    fits: float | None


class DayAhead(Struct, frozen=True, kw_only=True):
    """The rest of a day, as of `made_at`, from the day after event `seq`.

    `served` is the probability that all who wait, or come before closing, are called before the planned staff stops.
    `intake_closes_at` is when a walk-in begins to fit in with less than 0.8, null when that is not before closing.
    `overtime_s` are the seconds of counters' work expected after closing, `overtime_p90_s` their p90. All of them null
    on a day without opening hours ahead.
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
    """Look at the rest of a day; without quarters when the hall is closed for today, or suspended without an end.

    Raises TooManyArrivals.
    """
    scene = start_state_of(day, now_at)
    if scene is None or scene.closing_s is None:
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
    return day_outlook_of(scene, paths)


def day_outlook_of(scene: StartState, paths: int = PATHS) -> DayAhead:
    """The rest of the day of a scene that has a closing ahead. Raises TooManyArrivals."""
    assert scene.closing_s is not None, "a day without a closing has no outlook"
    rest = simulate_day(scene, paths, ahead=True)
    last_s = _last_call_s(rest)
    overtime = _overtime_s(rest, scene.closing_s)
    staffed_s = scene.closing_s if scene.staffed_s is None else scene.staffed_s
    quarters = _quarters(scene, rest)
    return DayAhead(
        hall=scene.hall,
        day=scene.day,
        seq=scene.seq,
        made_at=scene.made_at,
        closing_at=_at(scene, scene.closing_s),
        quarters=quarters,
        served=float(np.mean(last_s <= staffed_s)),
        intake_closes_at=_intake_closes_at(quarters),
        overtime_s=round(float(overtime.mean())),
        overtime_p90_s=round(float(np.quantile(overtime, 0.9))),
    )


def _at(scene: StartState, seconds: float) -> datetime:
    return scene.made_at + timedelta(seconds=seconds)


def _last_call_s(rest: SimulatedDay) -> Floats:
    """When the last of all who come and stay is called, on each path; infinite when one of them never is."""
    last_s = np.zeros(rest.paths)
    for called in rest.calls:
        real = called.visits < rest.people
        starts = called.starts_s[real]
        come = np.isfinite(called.ready_s[real])
        gave_up = np.isfinite(starts) & np.isinf(called.ends_s[real])
        last_s = np.maximum(last_s, np.where(come & ~gave_up, starts, 0.0).max(axis=0, initial=0.0))
    return last_s


def _overtime_s(rest: SimulatedDay, closing_s: float) -> Floats:
    """Counter time after closing, on each path."""
    late: Floats = np.maximum(0.0, rest.under_way_s - closing_s).sum(axis=0)
    for called in rest.calls:
        real = called.visits < rest.people
        starts = np.where(np.isfinite(called.starts_s[real]), called.starts_s[real], 0.0)
        ends = np.where(np.isfinite(called.ends_s[real]), called.ends_s[real], 0.0)
        late += np.maximum(0.0, ends - np.maximum(starts, closing_s)).sum(axis=0)
    return late


def _quarters(scene: StartState, rest: SimulatedDay) -> list[Quarter]:
    assert scene.closing_s is not None
    come_s = rest.probes_s
    times = quarter_hours_s(scene.made_at.timestamp(), scene.closing_s)
    lengths = np.zeros((len(times), rest.paths), dtype=np.int64)
    waits: list[Floats] = []
    for called in rest.calls:
        real = called.visits < rest.people
        ready, over = called.ready_s[real], called.over_s[real]
        for n, at_s in enumerate(times):
            lengths[n] += ((ready <= at_s) & (over > at_s)).sum(axis=0)
        probes = np.flatnonzero(~real)
        if len(probes):
            of_step, when = np.divmod(called.visits[probes] - rest.people, len(come_s))
            for step in np.unique(of_step):
                mine = probes[of_step == step]
                found = np.full((len(come_s), rest.paths), np.inf)
                found[when[of_step == step]] = called.starts_s[mine]
                waits.append(found - come_s[:, None])
    low, middle, high = np.quantile(lengths, (0.1, 0.5, 0.9), axis=1, method="inverted_cdf")
    quarters = []
    for n, at_s in enumerate(times):
        probe = np.flatnonzero(come_s == at_s)
        p90_s, fits = _worst(scene.closing_s, at_s, [one[probe[0]] for one in waits]) if len(probe) else (None, None)
        quarters.append(
            Quarter(
                at=_at(scene, at_s),
                waiting_p10=int(low[n]),
                waiting_p50=int(middle[n]),
                waiting_p90=int(high[n]),
                wait_p90_s=p90_s,
                fits=fits,
            )
        )
    return quarters


def _worst(closing_s: float, at_s: float, waits: list[Floats]) -> tuple[int | None, float | None]:
    """The longest p90 of the services, and the smallest chance to be called before closing."""
    if not waits:
        return None, None
    p90s = [float(np.quantile(one, 0.9, method="inverted_cdf")) for one in waits]
    fits = min(float(np.mean(at_s + one < closing_s)) for one in waits)
    longest = max(p90s)
    return (round(longest) if math.isfinite(longest) else None), fits


def _intake_closes_at(quarters: list[Quarter]) -> datetime | None:
    """The minute from which on a walk-in fits in with less than 0.8, between two quarters by a straight line."""
    looked = [(one.at, one.fits) for one in quarters if one.fits is not None]
    below = next((n for n, (_, fits) in enumerate(looked) if fits < FITS_MIN), None)
    if below is None:
        return None
    at, fits = looked[below]
    if below == 0:
        return at
    (before_at, before), _ = list(pairwise(looked))[below - 1]
    part = (before - FITS_MIN) / (before - fits)
    minutes = math.floor((at - before_at).total_seconds() * part / 60)
    return before_at + timedelta(minutes=minutes)
