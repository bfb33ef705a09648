"""The hall that a day of a trace needs: its counters, its services and their durations."""

import re
from collections.abc import Sequence
from itertools import islice, product
from math import sqrt
from string import ascii_uppercase
from typing import Any

from msgspec import Struct, ValidationError, convert

from service.domain.hall.document import HallDocument, check
from service.replay.errors import TraceError
from service.replay.trace import Trace

SAMPLES_MIN = 5
"""A service with fewer visits gets the average duration of all services of the day."""

MEAN_WITHOUT_SAMPLES_S = 120.0
CV_WITHOUT_SAMPLES = 0.6
CV_MAX = 5.0
MEAN_MIN_S = 0.001
MEAN_MAX_S = 28_800.0

_EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
_ALL_DAY = {"weekdays": _EVERY_DAY, "from": "00:00", "to": "24:00"}


class DurationFit(Struct, frozen=True):
    """Mean and coefficient of variation of a service's duration in a trace."""

    mean_s: float
    cv: float


class TraceHall(Struct, frozen=True, kw_only=True):
    """A day of a trace, and the hall for it.

    `services` maps the trace's names of services to codes; `counters` are the ids of the counters, one for each shift.
    `prefixes` and `means_s` (in seconds of the trace) are by the service's code.
    """

    trace: Trace
    services: dict[str, str]
    counters: list[str]
    prefixes: dict[str, str]
    means_s: dict[str, float]
    document: HallDocument


def hall_for_trace(trace: Trace, time_zone: str, speed: float | None = None) -> TraceHall:
    """Build the hall for a day of a trace.

    The hall is open around the clock and admits everybody, because the replay runs today at any hour. It has one
    counter for each server of that day, and each counter serves all services. At a speed, people are served faster than
    in the trace; the document contains these shorter durations, so that the promised waits fit.

    Args:
        trace: the day.
        time_zone: the time zone of the hall.
        speed: seconds of the trace in one real second; None if the replay does not wait.

    Raises:
        TraceError: a hall document cannot express the trace.
    """
    services = service_ids(trace)
    prefixes = dict(zip(services.values(), letters(len(services)), strict=True))
    fitted = {code: fit(trace, name) for name, code in services.items()}
    parts = [
        {
            "id": code,
            "name": {"en": name},
            "prefix": prefixes[code],
            "stages": ["window"],
            "duration_s": {"mean": _within_bounds(fitted[code].mean_s / (speed or 1)), "cv": fitted[code].cv},
            "bookable": False,
        }
        for name, code in services.items()
    ]
    counters = [str(number) for number in range(1, len(trace.shifts) + 1)]
    return TraceHall(
        trace=trace,
        services=services,
        counters=counters,
        prefixes=prefixes,
        means_s={code: one.mean_s for code, one in fitted.items()},
        document=_document(f"Replay of {trace.on}", time_zone, parts, counters),
    )


def _document(name: str, time_zone: str, services: list[dict[str, Any]], counters: Sequence[str]) -> HallDocument:
    fields = {
        "time_zone": time_zone,
        "languages": ["en"],
        "name": {"en": name},
        "hours": [_ALL_DAY],
        "staffing": [{**_ALL_DAY, "counters": len(counters)}],
        "zones": [{"id": "main", "name": {"en": "Main hall"}}],
        "stages": [{"id": "window", "name": {"en": "Counter"}}],
        "services": services,
        "counters": [
            {"id": counter, "zone": "main", "stage": "window", "services": [service["id"] for service in services]}
            for counter in counters
        ],
        "admission": "all",
    }
    try:
        document = convert(fields, HallDocument)
    except ValidationError as error:
        raise TraceError(f"the trace cannot be expressed as a hall: {error}") from error
    for path, why in check(document):
        raise TraceError(f"the trace cannot be expressed as a hall: {path}: {why}")
    return document


def _within_bounds(mean_s: float) -> float:
    return min(max(mean_s, MEAN_MIN_S), MEAN_MAX_S)


def service_ids(trace: Trace) -> dict[str, str]:
    """Return the code of each service of a trace.

    Raises:
        TraceError: two services would get the same code.
    """
    codes: dict[str, str] = {}
    for name in trace.services:
        code = re.sub("[^a-z0-9-]", "-", name.lower())[:32]
        if code in codes.values():
            raise TraceError(f"two services of the trace would both be called {code!r}")
        codes[name] = code
    return codes


def letters(wanted: int) -> list[str]:
    """Return the first ticket prefixes: A to Z, then AA, AB and so on."""
    all_of_them = ("".join(some) for length in (1, 2, 3) for some in product(ascii_uppercase, repeat=length))
    return list(islice(all_of_them, wanted))


def fit(trace: Trace, service: str) -> DurationFit:
    """Estimate the duration of a service from its own visits, or from all visits if it has too few."""
    own = [visit.service_s for visit in trace.visits if visit.service == service and visit.service_s is not None]
    if len(own) < SAMPLES_MIN:
        own = [visit.service_s for visit in trace.visits if visit.service_s is not None]
    return _fit(own)


def _fit(samples: Sequence[float]) -> DurationFit:
    mean_s = sum(samples) / len(samples) if samples else 0.0
    if len(samples) < SAMPLES_MIN or mean_s == 0:
        return DurationFit(mean_s or MEAN_WITHOUT_SAMPLES_S, CV_WITHOUT_SAMPLES)
    variance = sum((sample - mean_s) ** 2 for sample in samples) / len(samples)
    return DurationFit(mean_s, min(sqrt(variance) / mean_s, CV_MAX))
