"""Traces: the visits of a real hall, one visit in a line of a CSV file.

The columns are `date`, `arrived` (wall time), `service`, `outcome` (`served` or `left`), `wait_s`, `service_s` and
`server` (may be empty), and optionally `priority`. Other columns are ignored. A file may contain several days.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from itertools import groupby
from math import inf
from pathlib import Path

from msgspec import Struct

from service.replay.errors import TraceError

COLUMNS = ("date", "arrived", "service", "outcome", "wait_s", "service_s", "server")
OUTCOMES = ("served", "left")

SECONDS_MAX = 86_400
"""A wait or a service of more than a day is an error in the file."""


class Visit(Struct, frozen=True, kw_only=True):
    """The visit of one person; times are seconds since the midnight at which the day began.

    `patience_s` is how long the person waits before giving up; None for a person who was served. `service_s` is the
    duration of the service; None for a person who left. `server` is the server and `priority` the hall's priority, if
    they were recorded.
    """

    arrived_s: int
    service: str
    patience_s: int | None
    service_s: int | None
    server: str | None
    called_s: int | None
    priority: str = ""


class Shift(Struct, frozen=True):
    """The time from a server's first call to the last finish.

    The shift that ends last has no end, so that everybody is served.
    """

    opens_s: float
    closes_s: float


class Trace(Struct, frozen=True, kw_only=True):
    """A day of a trace: visits in order of arrival, and one shift for each server, in order of the servers' names."""

    on: date
    visits: tuple[Visit, ...]
    shifts: tuple[Shift, ...]

    @property
    def services(self) -> tuple[str, ...]:
        """The services of the visits, the most frequent first, then by name."""
        visits = Counter(visit.service for visit in self.visits)
        return tuple(sorted(visits, key=lambda name: (-visits[name], name)))

    @property
    def span_s(self) -> tuple[float, float]:
        """The times of the first and the last thing that happens in the trace."""
        times = [float(visit.arrived_s) for visit in self.visits]
        times += [visit.arrived_s + (visit.patience_s or 0) for visit in self.visits]
        times += [visit.called_s + (visit.service_s or 0) for visit in self.visits if visit.called_s is not None]
        times += [shift.opens_s for shift in self.shifts]
        return min(times), max(times)


def read_trace(path: Path, on: date | None = None) -> Trace:
    """Read and check a whole file; return one day of it.

    Args:
        path: the file.
        on: the day; None for the earliest.

    Raises:
        TraceError: it cannot be read, a line contains an impossible value, or it has no such day.
    """
    days = _read(path)
    wanted = min(days) if on is None else on
    if wanted not in days:
        raise TraceError(f"{path.name} has no visits on {wanted}; it has {min(days)} to {max(days)}")
    return _trace(wanted, days[wanted])


def read_days(path: Path) -> list[Trace]:
    """Read and check a whole file; return all its days, in order. Raises TraceError as `read_trace` does."""
    return [_trace(on, visits) for on, visits in sorted(_read(path).items())]


def _read(path: Path) -> dict[date, list[Visit]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            days = _days(path.name, file)
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"{path.name} cannot be read: {error}") from error
    if not days:
        raise TraceError(f"{path.name} has no visits")
    return days


def _trace(on: date, visits: Iterable[Visit]) -> Trace:
    in_order = tuple(sorted(visits, key=lambda visit: visit.arrived_s))
    return Trace(on=on, visits=in_order, shifts=_shifts(in_order))


def _days(name: str, lines: Iterable[str]) -> dict[date, list[Visit]]:
    days: dict[date, list[Visit]] = {}
    for line, row in _rows(name, lines):
        try:
            days.setdefault(date.fromisoformat(row["date"]), []).append(_visit(row))
        except ValueError as error:
            raise TraceError(f"{name}:{line}: {error}") from error
    return days


def _rows(name: str, lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
        missing = [column for column in COLUMNS if column not in header]
        if missing:
            raise TraceError(f"{name}:1: no column {', '.join(missing)}; a trace has {', '.join(COLUMNS)}")
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                raise TraceError(f"{name}:{reader.line_num}: {len(cells)} cells under {len(header)} columns")
            yield reader.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise TraceError(f"{name}:{reader.line_num}: {error}") from error


def _visit(row: Mapping[str, str]) -> Visit:
    """Parse a line. Raises ValueError with the reason."""
    outcome = row["outcome"]
    if outcome not in OUTCOMES:
        raise ValueError(f"outcome must be {' or '.join(OUTCOMES)}, not {outcome!r}")
    if not row["service"]:
        raise ValueError("service is empty")
    arrived_s = _second_of_day(row["arrived"])
    wait_s, service_s = _seconds(row, "wait_s"), _seconds(row, "service_s")
    served = outcome == "served"
    return Visit(
        arrived_s=arrived_s,
        service=row["service"],
        patience_s=None if served else wait_s,
        service_s=service_s if served else None,
        server=row["server"] or None if served else None,
        called_s=arrived_s + wait_s if served else None,
        priority=row.get("priority", ""),
    )


def _second_of_day(text: str) -> int:
    at = time.fromisoformat(text) if text.count(":") == 2 else None
    if at is None or at.tzinfo is not None or at.microsecond:
        raise ValueError(f"arrived is HH:MM:SS, not {text!r}")
    return at.hour * 3600 + at.minute * 60 + at.second


def _seconds(row: Mapping[str, str], column: str) -> int:
    text = row[column]
    if not (text.isascii() and text.isdigit() and int(text) <= SECONDS_MAX):
        raise ValueError(f"{column} is whole seconds from 0 to {SECONDS_MAX}, not {text!r}")
    return int(text)


def _shifts(visits: Iterable[Visit]) -> tuple[Shift, ...]:
    """Return one shift for each named server; one shift for all if no server is named."""
    served = [
        (visit.server or "", visit.called_s, visit.service_s or 0) for visit in visits if visit.called_s is not None
    ]
    named = sorted(one for one in served if one[0]) or sorted(served)
    shifts = []
    for _, group in groupby(named, key=lambda one: one[0]):
        spans = [(called_s, called_s + service_s) for _, called_s, service_s in group]
        shifts.append(Shift(min(begin for begin, _ in spans), max(end for _, end in spans)))
    if shifts:
        last = max(range(len(shifts)), key=lambda i: shifts[i].closes_s)
        shifts[last] = Shift(shifts[last].opens_s, inf)
    return tuple(shifts)
