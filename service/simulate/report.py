"""The report of a simulation."""

from collections.abc import Sequence

from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.domain.calendar.learned import ExpectedDuration
from service.domain.model import TicketClass
from service.simulate.estimate import Estimate, estimate, rank, ratio
from service.simulate.measures import MEASURES, REFUSED_FITTING
from service.simulate.options import Options, Promises, Way
from service.simulate.run import Result, scenario_of, trace_lessons, ways_of
from service.simulate.trace_days import arrival_counts, expected_arrivals

PEAK_RATIO_MOST = 0.45
KEPT_LEAST_PCT = 95.0
"""Targets for the peak day, compared with nine places each quarter of an hour. Source: DESIGN 9."""

TRUE_RATIO_MOST = 1.10
LEARNED_RATIO_MOST = 1.20
"""Targets for the promises' error as a multiple of the oracle's, of a hall with the true parameters and of one that has
learned. Source: DESIGN 9."""

PROMISES_ON = "lunch"
LEARNED_FROM_LEAST = 5
"""The scenario, and the least number of days learned from, to which these targets apply."""

REFERENCE = Way("credit", 9)
REACHED_BY = Way("credit", None)

WORDS = {one.name: (one.words, one.digits) for one in MEASURES} | {
    REFUSED_FITTING: ("of those sent away, would have fitted, %", 1)
}


class Point(Struct, frozen=True):
    """The waits, in minutes, of the people of a quarter of an hour of the day, counted from midnight."""

    quarter: int
    mean_min: float
    p90_min: float


class WayReport(Struct, frozen=True):
    """The result of one way to run the hall: its measures, and its waits through the day by class.

    If halls learn, `lesson` says what this hall knows, and `learned` is the number of days it learned from.
    `error_times_true` is then the mean error of walk-ins' p50, as a multiple of that of a hall that knows the true
    parameters, with the same people on the same days.
    """

    way: str
    measures: dict[str, Estimate | None]
    waits: dict[str, list[Point]]
    lesson: str | None = None
    learned: int | None = None
    error_times_true: Estimate | None = None


class Reach(Struct, frozen=True):
    """A target: the value, its bound, and whether it is met."""

    words: str
    value: Estimate
    bound: float
    ok: bool


class LessonReport(Struct, frozen=True, kw_only=True):
    """What was learned from the first days of a trace.

    `arrivals_off_pct` is the difference between expected and actual arrivals by hour on the other days, in percent of
    the arrivals.
    """

    days: int
    durations: dict[str, ExpectedDuration]
    gives_up_after_s: float | None
    arrivals_off_pct: float


class Report(Struct, frozen=True, kw_only=True):
    """The result of a simulation; `times` is the ratio of walk-ins' p95 wait of the first way and the second.

    `days_per_core_s` counts a day that was run in two ways twice. `seed` is the seed of a scenario's people, or of the
    patience that a trace does not contain.
    """

    scenario: str
    says: str
    days: int
    seed: int
    promises: str
    ways: list[WayReport]
    lesson: LessonReport | None
    times: Estimate | None
    reached: list[Reach]
    days_per_core_s: float


def report_of(options: Options, results: Sequence[Result]) -> Report:
    """Summarize the days."""
    ways = ways_of(options)
    reports = [
        WayReport(
            way=way.words,
            measures={name: estimate(result.ways[i].portions[name] for result in results) for name in WORDS},
            waits=_points(results, i),
            lesson=way.lesson if any(one.learned is not None for one in ways) else None,
            learned=way.learned,
            error_times_true=None if way.learned is None else _ratio(results, "promise_error_min", i, len(ways) - 1),
        )
        for i, way in enumerate(ways)
    ]
    times = None if options.against is None else _ratio(results, "walk_in_wait_p95_min", 0, 1)
    lesson = None if options.trace is None else _lesson_report(options)
    description = scenario_of(options).description if lesson is None else f"run after learning from {lesson.days} days"
    return Report(
        scenario=options.scenario if options.trace is None else options.trace.stem,
        says=description if options.counters is None else f"{description}, but {options.counters} counters",
        days=len(results),
        seed=options.seed,
        promises=options.promises,
        ways=reports,
        lesson=lesson,
        times=times,
        reached=[*_reached(options, reports[0], times), *_promised(options, reports)],
        days_per_core_s=sum(result.lives for result in results) / sum(result.cpu_s for result in results),
    )


def _ratio(results: Sequence[Result], measure: str, these: int, those: int) -> Estimate | None:
    """Return the ratio of a measure in two ways, day by day with the same people."""
    return ratio(*([result.ways[way].portions[measure] for result in results] for way in (these, those)))


def _lesson_report(options: Options) -> LessonReport:
    lessons, days = trace_lessons(options)
    off = came = 0.0
    for trace in days:
        expected, seen = expected_arrivals(lessons, trace), arrival_counts(trace)
        for begin in range(0, len(seen), 4):
            off += abs(sum(expected[begin : begin + 4]) - sum(seen[begin : begin + 4]))
            came += sum(seen[begin : begin + 4])
    return LessonReport(
        days=lessons.days,
        durations=lessons.durations,
        gives_up_after_s=lessons.gives_up_after_s,
        arrivals_off_pct=100 * off / came,
    )


def _reached(options: Options, report: WayReport, times: Estimate | None) -> list[Reach]:
    kept = report.measures["kept_pct"]
    commands = options.scenario == "peak" and options.way == REACHED_BY and options.against == REFERENCE
    if not commands or times is None or kept is None:
        return []
    return [
        Reach(
            "walk-ins' p95 wait by that of constant:9, at most", times, PEAK_RATIO_MOST, times.mean <= PEAK_RATIO_MOST
        ),
        Reach("appointments within 10 min, %, at least", kept, KEPT_LEAST_PCT, kept.mean >= KEPT_LEAST_PCT),
    ]


def _promised(options: Options, reports: Sequence[WayReport]) -> list[Reach]:
    """Return the targets of the promises' error: halls that learned enough, and one with the true parameters."""
    if options.trace is not None or options.scenario != PROMISES_ON or options.promises is not Promises.FORECAST:
        return []
    found = []
    for report in reports:
        if report.learned is not None and report.learned < LEARNED_FROM_LEAST:
            continue
        knows = "what is true" if report.learned is None else f"what {report.learned} days taught"
        bound = TRUE_RATIO_MOST if report.learned is None else LEARNED_RATIO_MOST
        for who, measure in (("walk-ins'", "promise_times_oracle"), ("appointments'", "appointment_times_oracle")):
            value = report.measures[measure]
            if value is not None:
                words = f"{who} p50 by {knows}, its error by the oracle's, at most"
                found.append(Reach(words, value, bound, value.mean <= bound))
    return found


def _points(results: Sequence[Result], way: int) -> dict[str, list[Point]]:
    waits: dict[TicketClass, dict[int, list[float]]] = {}
    for result in results:
        for class_, quarter, wait_min in result.ways[way].waits:
            waits.setdefault(class_, {}).setdefault(quarter, []).append(wait_min)
    return {
        str(class_): [
            Point(quarter, sum(found) / len(found), rank(sorted(found), 0.9)) for quarter, found in sorted(some.items())
        ]
        for class_, some in sorted(waits.items())
    }


def print_report(report: Report, console: Console) -> None:
    """Print a report as a table."""
    console.print(f"[bold]{report.scenario}[/]: {escape(report.says)}; {report.days} days, seed {report.seed}")
    table = Table(caption="mean over days ± half of the 95 % interval", caption_justify="right")
    table.add_column("")
    for way in report.ways:
        table.add_column(way.way if way.lesson is None else way.lesson, justify="right")
    for name, (words, digits) in WORDS.items():
        found = [way.measures[name] for way in report.ways]
        if any(one is not None for one in found):
            table.add_row(escape(words), *(_shown(one, digits) for one in found))
    if any(way.error_times_true is not None for way in report.ways):
        table.add_row(
            "the promise's error by that of the hall with true parameters",
            *(_shown(one.error_times_true, 2) for one in report.ways),
        )
    console.print(table)
    if report.times is not None:
        console.print(f"walk-ins' p95 wait: {_shown(report.times, 3)} of the other way's, with the same people")
    for reach in report.reached:
        console.print(
            f"{'[green]reached[/]' if reach.ok else '[red]MISSED[/] '}  {escape(reach.words)} {reach.bound:g}: "
            f"{_shown(reach.value, 3)}"
        )
    if report.lesson is not None:
        _print_lesson(report.lesson, console)
    console.print(f"promises: {report.promises}; {report.days_per_core_s:.0f} days a second a core")


def _print_lesson(lesson: LessonReport, console: Console) -> None:
    lasting = ", ".join(
        f"{escape(name)} {one.mean_s:.0f} s (cv {one.cv:.2f})" for name, one in sorted(lesson.durations.items())
    )
    patience = "no one gives up" if lesson.gives_up_after_s is None else f"patience {lesson.gives_up_after_s:.0f} s"
    console.print(f"learned: {lasting}; {patience}; arrivals by the hour were {lesson.arrivals_off_pct:.0f} % off")


def _shown(value: Estimate | None, digits: int) -> str:
    if value is None:
        return ""
    interval = "" if value.half_width is None else f" ± {value.half_width:.{digits}f}"
    return f"{value.mean:,.{digits}f}{interval}"
