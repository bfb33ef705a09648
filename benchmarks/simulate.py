"""The effect of the rules of the hall on simulated peak days, and the cost of a simulated day.

Two ways are compared with the same people on the same days: places by the rule, and nine places each quarter of an hour
whatever walk-ins are expected. In addition, the promises of halls that learned from some days are compared with those
of a hall with the true parameters, each relative to an oracle.
"""

from benchmarks.result import Options, Result, Row
from service.simulate import Options as Simulated
from service.simulate import Report, simulate
from service.simulate.options import Promises
from service.simulate.report import (
    KEPT_LEAST_PCT,
    LEARNED_RATIO_MOST,
    PEAK_RATIO_MOST,
    PROMISES_ON,
    REACHED_BY,
    REFERENCE,
)

DAYS = 400
PROMISED_DAYS = 60
LEARNED_DAYS = 20
ORACLE_EVERY = 4
"""Every n-th promise is compared with the oracle."""

DAYS_PER_CORE_S_LEAST = 20


def run(options: Options) -> Result:
    """Run the benchmark."""
    days = max(3, options.sized(DAYS))
    report = simulate(Simulated(scenario="peak", way=REACHED_BY, against=REFERENCE, days=days))
    rows = [
        _row(report, "walk_in_wait_p95_min", "walk-ins' p95 wait", "min", f"≤ {PEAK_RATIO_MOST}"),
        _row(report, "walk_in_wait_mean_min", "walk-ins' mean wait", "min"),
        _row(report, "kept_pct", "appointments called within 10 min", "%", f"≥ {KEPT_LEAST_PCT:g} %"),
        _row(report, "shift_mean_min", "bookings moved from the wish", "min"),
        Row(
            what="days run in a second of CPU time",
            ours=report.days_per_core_s,
            other=None,
            unit="/s",
            reach=f"≥ {DAYS_PER_CORE_S_LEAST}",
        ),
    ]
    promised_days, learned_days = max(2, options.sized(PROMISED_DAYS)), options.sized(LEARNED_DAYS)
    promised = simulate(
        Simulated(
            scenario=PROMISES_ON,
            way=REACHED_BY,
            days=promised_days,
            learn=(learned_days,),
            promises=Promises.FORECAST,
            oracle=ORACLE_EVERY,
        )
    )
    for who, coverage, times in (
        ("walk-ins'", "promise_coverage_pct", "promise_times_oracle"),
        ("appointments'", "appointment_coverage_pct", "appointment_times_oracle"),
    ):
        rows += [
            _row(promised, times, f"learned: {who} p50, error by the oracle's", "×", f"≤ {LEARNED_RATIO_MOST:g}"),
            _row(promised, coverage, f"learned: {who} promises that held", "%", "77-83 %"),
        ]
    return Result(
        name="simulate",
        ours="places by the rule",
        other="nine places each quarter of an hour; in rows named learned, a hall with the true parameters",
        rows=rows,
        notes=[
            f"{days} peak days of the same people; of each day its p95, then their mean",
            f"promises on {promised_days} days as `simulate --scenario {PROMISES_ON}` runs them",
            f"each by its own hall that learned from {learned_days} days",
            f"the oracle is asked for every {ORACLE_EVERY}th promise",
        ],
    )


def _row(report: Report, measure: str, what: str, unit: str, reach: str = "") -> Row:
    ours, other = (way.measures[measure] for way in report.ways)
    assert ours is not None, "every day has people"
    assert other is not None, "every day has people"
    return Row(what=what, ours=ours.mean, other=other.mean, unit=unit, reach=reach)
