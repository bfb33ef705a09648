"""How many counters work from now on, through the day."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime

from service.domain.calendar.plan import StaffLevel
from service.domain.day import Day
from service.domain.queue.shared_counters import Staffing


def counter_rates(day: Day, staffing: Staffing, now_at: datetime, extra_counters: int = 0) -> Sequence[StaffLevel]:
    """Return how many counters of a staffing work from now on, as staff levels in the order of time.

    The counters open now work until the plan next changes the staff level. A counter on a break does not work until the
    break ends. No counter works before the opening or while the hall is suspended; if a suspension has no known end,
    the result is empty.

    Args:
        day: the day.
        staffing: the counters.
        now_at: the present instant.
        extra_counters: added to the number of counters at work now (`counters_at_work`); may be negative. Ignored
            before the hall opens.
    """
    resumes_at = calls_resume_at(day, now_at)
    if resumes_at is None:
        return ()
    rates = staffing.planned[bisect_right(staffing.planned, now_at, key=_from_at) :]
    windows = day.plan.windows
    if not windows or now_at >= windows[0].opens_at:
        rates = (StaffLevel(now_at, max(0, counters_at_work(staffing, now_at) + extra_counters)), *rates)
    if staffing.back_at:
        rates = _with_breaks(rates, staffing)
    return _levels_since(rates, resumes_at) if resumes_at > now_at else rates


def counters_at_work(staffing: Staffing, now_at: datetime) -> int:
    """Count the counters of a staffing that are open or on a break with an end; if there are none, as planned."""
    return len(staffing.open) + len(staffing.back_at) + (counters_at(staffing.others, now_at) if staffing.others else 0)


def _with_breaks(rates: tuple[StaffLevel, ...], staffing: Staffing) -> tuple[StaffLevel, ...]:
    """Return the levels without the counters that are on a break, each until its break ends.

    If a level has fewer counters than there are, the open counters work and those on a break are the surplus. After the
    last level with counters, that level continues, returned counters included.
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
    """Return when the suspension ends; `now_at` without a suspension, None if the end is not known."""
    suspension = day.suspended_at(now_at)
    return now_at if suspension is None else suspension.until_at


def calls_resume_in_s(day: Day, now_at: datetime) -> float | None:
    """Return the seconds until calls resume; 0 without a suspension, None if the end is not known."""
    resumes_at = calls_resume_at(day, now_at)
    return None if resumes_at is None else (resumes_at - now_at).total_seconds()


def _levels_since(rates: Sequence[StaffLevel], at: datetime) -> Sequence[StaffLevel]:
    """Return the levels from an instant on. Without counters planned after it, the last staffed level continues."""
    begun = bisect_right(rates, at, key=_from_at)
    before, after = rates[:begun], rates[begun:]
    if not before:
        return rates
    at_work = before[-1].counters
    if not at_work and not any(rate.counters for rate in after):
        at_work = next((rate.counters for rate in reversed(before) if rate.counters), 0)
    return (StaffLevel(at, at_work), *after)


def counters_at(rates: Sequence[StaffLevel], at: datetime) -> int:
    """Return the number of counters at an instant; 0 before the first level."""
    begun = bisect_right(rates, at, key=_from_at)
    return rates[begun - 1].counters if begun else 0


def _from_at(rate: StaffLevel) -> datetime:
    return rate.from_at
