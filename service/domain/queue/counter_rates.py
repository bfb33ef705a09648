"""How many counters work from now on."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime

from service.domain.calendar.plan import StaffLevel
from service.domain.day import Day
from service.domain.queue.shared_counters import Staffing


def counter_rates(day: Day, staffing: Staffing, now_at: datetime, more: int = 0) -> Sequence[StaffLevel]:
    """How many counters work from now on: those open now, until the plan says something else; none during its break.

    They call nobody before the opening, nor while the hall is suspended; where nobody knows until when, there are none.
    So many `more` than there are (`counters_at_work`) are reckoned with now, or fewer; not before the opening.
    """
    on_at = calls_resume_at(day, now_at)
    if on_at is None:
        return ()
    rates = staffing.planned[bisect_right(staffing.planned, now_at, key=_from_at) :]
    windows = day.plan.windows
    if not windows or now_at >= windows[0].opens_at:
        rates = (StaffLevel(now_at, max(0, counters_at_work(staffing, now_at) + more)), *rates)
    if staffing.back_at:
        rates = _with_breaks(rates, staffing)
    return _rates_since(rates, on_at) if on_at > now_at else rates


def counters_at_work(staffing: Staffing, now_at: datetime) -> int:
    """Count the counters of a staffing that are open or on a break with an end; if there are none, as planned."""
    return len(staffing.open) + len(staffing.back_at) + (counters_at(staffing.others, now_at) if staffing.others else 0)


def _with_breaks(rates: tuple[StaffLevel, ...], staffing: Staffing) -> tuple[StaffLevel, ...]:
    """The rates without those that are on a break, each until its end; of fewer than there are the open ones work.

    Where nobody is planned any more, the last at work go on, and so do those who come back.
    """
    staffed = [index for index, rate in enumerate(rates) if rate.counters]
    if not staffed:
        return rates
    rates = rates[: staffed[-1] + 1]
    edges = {rate.from_at for rate in rates}
    edges.update(at for at in staffing.back_at if at > rates[0].from_at)
    found = []
    for at in sorted(edges):
        counters = counters_at(rates, at)
        wanted = min(len(staffing.back_at), max(0, counters - len(staffing.open)))
        found.append(StaffLevel(at, counters - max(0, wanted - bisect_right(staffing.back_at, at))))
    return tuple(found)


def calls_resume_at(day: Day, now_at: datetime) -> datetime | None:
    """When a suspension ends; now without one, None when nobody knows."""
    suspension = day.suspended_at(now_at)
    return now_at if suspension is None else suspension.until_at


def calls_resume_in_s(day: Day, now_at: datetime) -> float | None:
    """The same in seconds from now."""
    on_at = calls_resume_at(day, now_at)
    return None if on_at is None else (on_at - now_at).total_seconds()


def _rates_since(rates: Sequence[StaffLevel], at: datetime) -> Sequence[StaffLevel]:
    """The rates from an instant on; when nobody is planned after it, the last at work go on."""
    begun = bisect_right(rates, at, key=_from_at)
    before, after = rates[:begun], rates[begun:]
    if not before:
        return rates
    at_work = before[-1].counters
    if not at_work and not any(rate.counters for rate in after):
        at_work = next((rate.counters for rate in reversed(before) if rate.counters), 0)
    return (StaffLevel(at, at_work), *after)


def counters_at(rates: Sequence[StaffLevel], at: datetime) -> int:
    """How many counters rates say are at work at an instant; none before the first."""
    begun = bisect_right(rates, at, key=_from_at)
    return rates[begun - 1].counters if begun else 0


def _from_at(rate: StaffLevel) -> datetime:
    return rate.from_at
