"""What a simulation tells when it is over."""

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
from service.simulate.run import Result, lesson_of, scenario_of, ways_of
from service.simulate.trace_days import counts, expected_arrivals

PEAK_RATIO_MOST = 0.45
KEPT_LEAST_PCT = 95.0
"""What DESIGN 9 wants of the peak day, against nine places each quarter of an hour."""

TRUE_RATIO_MOST = 1.10
LEARNED_RATIO_MOST = 1.20
"""What DESIGN 9 wants of the promises' error, as a multiple of an oracle's: of a hall that knows what is true of its
people, and of one that has learned."""

PROMISES_ON = "lunch"
LEARNED_FROM_LEAST = 5
"""Of which scenario, and after how many days."""

REFERENCE = Way("credit", 9)
REACHED_BY = Way("credit", None)

WORDS = {one.name: (one.words, one.digits) for one in MEASURES} | {
    REFUSED_FITTING: ("of those sent away, would have fitted, %", 1)
}


class Point(Struct, frozen=True):
    """The waits, in minutes, of those whose time was in a quarter of an hour of the day, counted from midnight."""

    quarter: int
    mean_min: float
    p90_min: float


class WayReport(Struct, frozen=True):
    """A way the hall was run: what it is measured by, and its waits through the day, by class.

    Where halls learn, `lesson` says what this one goes by; `learned` is how many days it had to learn from, and
    `error_times_true` then the mean error of walk-ins' p50 as a multiple of that of a hall that knows what is true, of
    the same people on the same days.
    """

    way: str
    measures: dict[str, Estimate | None]
    waits: dict[str, list[Point]]
    lesson: str | None = None
    learned: int | None = None
    error_times_true: Estimate | None = None


class Reach(Struct, frozen=True):
    """Something that shall be reached: the value, its bound, and whether it is kept."""

    words: str
    value: Estimate
    bound: float
    ok: bool


class LessonReport(Struct, frozen=True, kw_only=True):
    """What the first days of a trace taught.

    `arrivals_off_pct` is how many people more or fewer than expected came in the hours of the other days, in percent of
    those who came.
    """

    days: int
    durations: dict[str, ExpectedDuration]
    gives_up_after_s: float | None
    arrivals_off_pct: float


class Report(Struct, frozen=True, kw_only=True):
    """A simulation; `times` is the first way's walk-in p95 wait as a part of the second's, day by day the same people.

    `days_per_core_s` counts lives: a day that was lived in two ways is two. `seed` is of a scenario's people, or of the
    patience that a trace does not tell.
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
    """Sum up days."""
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
    says = scenario_of(options).says if lesson is None else f"lived after {lesson.days} days to learn from"
    return Report(
        scenario=options.scenario if options.trace is None else options.trace.stem,
        says=says if options.counters is None else f"{says}, but {options.counters} counters",
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
    """A measure of one way as a part of that of another, day by day the same people."""
    return ratio(*([result.ways[way].portions[measure] for result in results] for way in (these, those)))


def _lesson_report(options: Options) -> LessonReport:
    taught, days = lesson_of(options)
    off = came = 0.0
    for trace in days:
        expected, seen = expected_arrivals(taught, trace), counts(trace)
        for begin in range(0, len(seen), 4):
            off += abs(sum(expected[begin : begin + 4]) - sum(seen[begin : begin + 4]))
            came += sum(seen[begin : begin + 4])
    return LessonReport(
        days=taught.days,
        durations=taught.durations,
        gives_up_after_s=taught.gives_up_after_s,
        arrivals_off_pct=100 * off / came,
    )


def _reached(options: Options, report: WayReport, times: Estimate | None) -> list[Reach]:
    kept = report.measures["kept_pct"]
    asked = options.scenario == "peak" and options.way == REACHED_BY and options.against == REFERENCE
    if not asked or times is None or kept is None:
        return []
    return [
        Reach(
            "walk-ins' p95 wait by that of constant:9, at most", times, PEAK_RATIO_MOST, times.mean <= PEAK_RATIO_MOST
        ),
        Reach("appointments within 10 min, %, at least", kept, KEPT_LEAST_PCT, kept.mean >= KEPT_LEAST_PCT),
    ]


def _promised(options: Options, reports: Sequence[WayReport]) -> list[Reach]:
    """How near promises come to the oracle's, of halls that learned enough and of the one that knows."""
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
    """Print a report for people."""
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
            "the promise's error by that of who knows", *(_shown(one.error_times_true, 2) for one in report.ways)
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
    patience = "nobody gives up" if lesson.gives_up_after_s is None else f"patience {lesson.gives_up_after_s:.0f} s"
    console.print(f"learned: {lasting}; {patience}; arrivals by the hour were {lesson.arrivals_off_pct:.0f} % off")


def _shown(value: Estimate | None, digits: int) -> str:
    if value is None:
        return ""
    interval = "" if value.half_width is None else f" ± {value.half_width:.{digits}f}"
    return f"{value.mean:,.{digits}f}{interval}"
