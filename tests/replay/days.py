"""Small traces for tests, and the halls made from them."""

from collections.abc import Iterable
from pathlib import Path

from service.replay.trace import COLUMNS, Trace, read_trace
from service.replay.trace_hall import TraceHall, hall_for_trace

HEADER = ",".join(COLUMNS)

MORNING = (
    "1999-02-01,09:00:00,PS,served,0,300,s01",
    "1999-02-01,09:01:00,PS,served,0,600,s02",
    "1999-02-01,09:02:00,NW,served,180,120,s01",
    "1999-02-01,09:03:00,PS,left,60,0,",
    "1999-02-01,09:04:00,NW,served,180,60,s01",
    "1999-02-01,09:30:00,PS,served,0,30,",
)
"""Two servers; four people who are served, one who gives up, and one whose server was not recorded."""


def write(folder: Path, lines: Iterable[str], header: str = HEADER) -> Path:
    """Write a trace file."""
    path = folder / "trace.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def trace_of(folder: Path, lines: Iterable[str] = MORNING) -> Trace:
    """Read a day of a trace from its lines."""
    return read_trace(write(folder, lines))


def trace_hall_of(folder: Path, lines: Iterable[str] = MORNING, speed: float | None = None) -> TraceHall:
    """Return the hall of a day of a trace."""
    return hall_for_trace(trace_of(folder, lines), "Asia/Jerusalem", speed)
