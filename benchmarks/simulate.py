"""What the rules of the hall do for people, on simulated peak days, and what a simulated day costs.

The same people want the same on the same days; once the rule of places says what can be booked, once there are nine
places each quarter of an hour whatever walk-ins are expected.
"""

from benchmarks.result import Options, Result, Row
from service.simulate import Options as Simulated
from service.simulate import Report, simulate
from service.simulate.report import KEPT_LEAST_PCT, PEAK_RATIO_MOST, REACHED_BY, REFERENCE

DAYS = 400
DAYS_PER_CORE_S_LEAST = 20


def run(options: Options) -> Result:
    """Measure."""
    days = max(3, options.sized(DAYS))
    report = simulate(Simulated(scenario="peak", way=REACHED_BY, against=REFERENCE, days=days))
    rows = [
        _row(report, "walk_in_wait_p95_min", "walk-ins' p95 wait", "min", f"≤ {PEAK_RATIO_MOST}"),
        _row(report, "walk_in_wait_mean_min", "walk-ins' mean wait", "min"),
        _row(report, "kept_pct", "appointments called within 10 min", "%", f"≥ {KEPT_LEAST_PCT:g} %"),
        _row(report, "shift_mean_min", "bookings moved from the wish", "min"),
        Row(
            what="days lived in a second of CPU time",
            ours=report.days_per_core_s,
            other=None,
            unit="/s",
            reach=f"≥ {DAYS_PER_CORE_S_LEAST}",
        ),
    ]
    return Result(
        name="simulate",
        ours="places by the rule",
        other="nine places each quarter of an hour",
        rows=rows,
        notes=[f"{days} peak days of the same people; of each day its p95, then their mean"],
    )


def _row(report: Report, measure: str, what: str, unit: str, reach: str = "") -> Row:
    ours, other = (way.measures[measure] for way in report.ways)
    assert ours is not None, "every peak day has people"
    assert other is not None, "every peak day has people"
    return Row(what=what, ours=ours.mean, other=other.mean, unit=unit, reach=reach)
