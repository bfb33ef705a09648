"""The report of a replay."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import ceil

from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.domain.model import TicketState
from service.replay.checks import Check
from service.replay.client import COMMANDS, Kind, Tally
from service.replay.ticket_log import TicketLog


class Summary(Struct, frozen=True):
    """Mean, quantiles and maximum of some values."""

    mean: float
    p50: float
    p90: float
    p99: float
    most: float


class ServiceRow(Struct, frozen=True, kw_only=True):
    """A service: its visits, how many were served and left, and the waits of the called ones in seconds.

    The seconds are those of the trace at a speed, otherwise real seconds. `waits_s` is None if nobody was called.
    """

    service: str
    visits: int
    served: int
    left: int
    waits_s: Summary | None


class KindRow(Struct, frozen=True):
    """A kind of request: the number of answers and their latency in seconds."""

    kind: Kind
    answered: int
    latency_s: Summary


class Report(Struct, frozen=True, kw_only=True):
    """The result of a replay. `traced_on` is the trace's day, `on` the hall's day; `speed` is None if it did not wait.

    `seconds` are real seconds of the day alone, without preparation and checks.
    """

    hall: str
    traced_on: date
    on: date
    speed: float | None
    seconds: float
    services: list[ServiceRow]
    kinds: list[KindRow]
    commands: int
    retries: dict[str, int]
    problems: dict[str, int]
    checks: list[Check]

    @property
    def ok(self) -> bool:
        """Tell whether no check found a difference."""
        return all(check.ok for check in self.checks)

    @property
    def commands_per_s(self) -> float:
        """Answered commands per second."""
        return self.commands / self.seconds if self.seconds else 0.0


def summary(values: Sequence[float]) -> Summary | None:
    """Summarize values by nearest-rank quantiles; None if there are no values."""
    if not values:
        return None
    ranked = sorted(values)

    def rank(share: float) -> float:
        return ranked[max(0, ceil(share * len(ranked)) - 1)]

    return Summary(sum(ranked) / len(ranked), rank(0.5), rank(0.9), rank(0.99), ranked[-1])


def service_rows(logs: Iterable[TicketLog], speed: float | None) -> list[ServiceRow]:
    """Summarize the visits of each service, the most frequent service first."""
    by_service: dict[str, list[TicketLog]] = {}
    for log in logs:
        by_service.setdefault(log.issued.service, []).append(log)
    rows = []
    for service, some in sorted(by_service.items(), key=lambda item: (-len(item[1]), item[0])):
        states = Counter(one.state for one in some)
        waits_s = [wait_s * (speed or 1.0) for one in some if (wait_s := one.wait_s) is not None]
        rows.append(
            ServiceRow(
                service=service,
                visits=len(some),
                served=states[TicketState.DONE],
                left=states[TicketState.LEFT],
                waits_s=summary(waits_s),
            )
        )
    return rows


def kind_rows(latencies_s: Mapping[Kind, Sequence[float]]) -> list[KindRow]:
    """Summarize the latencies of each kind of request."""
    return [
        KindRow(kind, len(latencies_s[kind]), found)
        for kind in Kind
        if (found := summary(latencies_s.get(kind, ()))) is not None
    ]


def commands_of(tally: Tally) -> int:
    """Count the answered commands of people and staff."""
    return sum(len(found) for kind, found in tally.latencies_s.items() if kind in COMMANDS)


def print_report(report: Report, console: Console) -> None:
    """Print a report as tables."""
    at = "as fast as it goes" if report.speed is None else f"{report.speed:g} times as fast"
    console.print(f"[bold]{report.traced_on}[/], {at}, in hall {report.hall} on {report.on}")
    console.print(_services(report))
    console.print(_kinds(report))
    console.print(
        f"{report.commands} commands in {report.seconds:.1f} s: "
        f"[bold]{report.commands_per_s:,.0f} commands a second[/]; "
        f"sent again: {_counts(report.retries)}; problems: {_counts(report.problems)}"
    )
    for check in report.checks:
        console.print(
            f"[green]ok[/]  {escape(check.name)}"
            if check.difference is None
            else f"[red]NO[/]  {escape(check.name)}: {escape(check.difference)}"
        )


def _services(report: Report) -> Table:
    waits = "from number to call, seconds of " + ("the server's clock" if report.speed is None else "the trace")
    table = Table(caption=waits, caption_justify="right")
    for heading in ("service", "visits", "served", "left", "mean", "p50", "p90", "max"):
        table.add_column(heading, justify="left" if heading == "service" else "right")
    digits = 3 if report.speed is None else 0
    for row in report.services:
        waits_s = row.waits_s
        values = () if waits_s is None else (waits_s.mean, waits_s.p50, waits_s.p90, waits_s.most)
        table.add_row(
            row.service, *map(str, (row.visits, row.served, row.left)), *(f"{value:,.{digits}f}" for value in values)
        )
    return table


def _kinds(report: Report) -> Table:
    table = Table(caption="answered requests, milliseconds", caption_justify="right")
    for heading in ("request", "answered", "p50", "p99", "max"):
        table.add_column(heading, justify="left" if heading == "request" else "right")
    for row in report.kinds:
        latency = row.latency_s
        values = (f"{value * 1000:,.1f}" for value in (latency.p50, latency.p99, latency.most))
        table.add_row(row.kind, str(row.answered), *values)
    return table


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"
