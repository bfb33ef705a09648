"""The chart of a report: an SVG image of waits through the day, drawn without a plotting package."""

from collections.abc import Callable, Sequence
from html import escape
from math import ceil

from service.simulate.report import Point, Report

WIDTH, HEIGHT = 900, 420
LEFT, RIGHT, TOP, BOTTOM = 56, 28, 64, 40
COLOURS = ("#1f5fa8", "#b3541e")
"""Colours of the first and the last way. Both contrast with white, and differ in brightness as well."""

DASHES = {"walk_in": "", "appointment": ' stroke-dasharray="6 4"'}
NAMES = {"walk_in": "walk-ins", "appointment": "appointments"}


def chart_of(report: Report) -> str:
    """Draw the 90th percentile of the wait by quarter of an hour, for each way and class."""
    lines = [
        (way.way, class_, colour, points)
        for way, colour in zip([report.ways[0], *report.ways[1:][-1:]], COLOURS, strict=False)
        for class_, points in way.waits.items()
        if class_ in DASHES and points
    ]
    everything = [point for *_, points in lines for point in points]
    first = min((point.quarter for point in everything), default=36)
    last = max((point.quarter for point in everything), default=68) + 1
    most = max((point.p90_min for point in everything), default=10.0)
    step = _step(most)
    top = ceil(max(most, 1.0) / step) * step

    def x(quarter: float) -> float:
        return LEFT + (quarter - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(minutes: float) -> float:
        return HEIGHT - BOTTOM - minutes / top * (HEIGHT - TOP - BOTTOM)

    title = f"{report.scenario}: 90th percentile of the wait, min; {report.days} days"
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" font-size="15">{escape(title)}</text>',
    ]
    for minutes in range(0, top + 1, step):
        drawn.append(f'<path d="M{LEFT} {y(minutes):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        drawn.append(f'<text font-size="13" x="{LEFT - 8}" y="{y(minutes) + 4:.1f}" text-anchor="end">{minutes}</text>')
    drawn.extend(
        f'<text font-size="13" x="{x(quarter):.1f}" y="{HEIGHT - 14}" text-anchor="middle">{quarter // 4:02d}:00</text>'
        for quarter in range(ceil(first / 4) * 4, last + 1, _hours(last - first) * 4)
    )
    for n, (way, class_, colour, points) in enumerate(lines):
        style = f'fill="none" stroke="{colour}" stroke-width="2"{DASHES[class_]}'
        key_x, key_y = LEFT + n % 2 * 400, 38 + n // 2 * 16
        drawn.append(f'<path d="{_path(points, x, y)}" {style}/>')
        drawn.append(f'<path d="M{key_x} {key_y - 4}h28" {style}/>')
        drawn.append(f'<text font-size="13" x="{key_x + 34}" y="{key_y}">{escape(f"{NAMES[class_]}; {way}")}</text>')
    return "\n".join([*drawn, "</svg>", ""])


def _path(points: Sequence[Point], x: Callable[[float], float], y: Callable[[float], float]) -> str:
    return "M" + "L".join(f"{x(point.quarter + 0.5):.1f} {y(point.p90_min):.1f}" for point in points)


def _hours(quarters: int) -> int:
    """Return the hours between two labels of the time axis: a whole day has no room for a label each hour."""
    return 1 if quarters <= 48 else 3


def _step(most: float) -> int:
    """Return the minutes between two grid lines, so that there are at most eight lines."""
    return next((step for step in (1, 2, 5, 10, 15, 30, 60) if most / step <= 8), 120)
