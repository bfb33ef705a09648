"""The hall document: the complete configuration of a hall.

The types decode and validate documents. `check` validates what types cannot express: references, spans and time zones.
Weekdays are ISO numbers, Monday 1 to Sunday 7. Local times are `HH:MM`, and `24:00` is the end of the day.

Source: CONTRACT 3.
"""

import re
from collections.abc import Collection, Sequence
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct, field

from service.domain.model import CounterId, ServiceId, StageId, Texts, ZoneId

END = r"$(?!\n)"  # in Python, `$` alone also matches before a final line feed; JSON Schema has no `\Z`
CODE = "^[a-z0-9-]{1,32}" + END

ServiceCode = Annotated[ServiceId, Meta(pattern=CODE)]
StageCode = Annotated[StageId, Meta(pattern=CODE)]
ZoneCode = Annotated[ZoneId, Meta(pattern=CODE)]
CounterCode = Annotated[CounterId, Meta(pattern="^[A-Za-z0-9-]{1,16}" + END)]
ReasonCode = Annotated[str, Meta(pattern=CODE)]
PartnerCode = Annotated[str, Meta(pattern="^[A-Za-z0-9-]{1,64}" + END)]
LocalTime = Annotated[str, Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)" + END)]
Weekday = Annotated[int, Meta(ge=1, le=7)]
Seconds = Annotated[int, Meta(ge=0, le=86_400)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Language = Annotated[str, Meta(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*" + END)]

SERVICES_MAX = 200  # prefixes are limited; a hall with more services should be several halls
COUNTERS_MAX = 500


class DocumentPart(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all parts of the document; unknown fields are refused."""


class Hours(DocumentPart, frozen=True, kw_only=True):
    """Opening hours on some weekdays."""

    weekdays: Annotated[list[Weekday], Meta(min_length=1, max_length=7)]
    from_: LocalTime = field(name="from")
    to: LocalTime


class ExceptionDay(DocumentPart, frozen=True, kw_only=True):
    """A date with other hours than its weekday: closed, or open at other times."""

    on: date
    closed: bool = False
    from_: LocalTime | None = field(name="from", default=None)
    to: LocalTime | None = None


class Zone(DocumentPart, frozen=True, kw_only=True):
    """A part of the lobby with its own screens."""

    id: ZoneCode
    name: dict[Language, Name] = {}


class Stage(DocumentPart, frozen=True, kw_only=True):
    """A stage of services. An optional stage is skipped while no counter is open for it."""

    id: StageCode
    optional: bool = False
    name: dict[Language, Name] = {}


class StageDuration(DocumentPart, frozen=True, kw_only=True):
    """Duration of a stage for one person: mean in seconds, and coefficient of variation (default: the service's)."""

    mean: Annotated[float, Meta(gt=0, le=28_800)]
    cv: Annotated[float, Meta(ge=0, le=5)] | None = None


class Duration(DocumentPart, frozen=True, kw_only=True):
    """Duration of a service for one person: mean in seconds and coefficient of variation.

    They apply to the main stage, which is the last stage that is not optional. `stages` holds the durations of others.
    """

    mean: Annotated[float, Meta(gt=0, le=28_800)]
    cv: Annotated[float, Meta(ge=0, le=5)] = 0.6
    prechecked_mean: Annotated[float, Meta(gt=0, le=28_800)] | None = None
    stages: Annotated[dict[StageCode, StageDuration], Meta(max_length=8)] = {}


class Paper(DocumentPart, frozen=True, kw_only=True):
    """A document that people bring."""

    id: ReasonCode
    name: dict[Language, Name] = {}


class Service(DocumentPart, frozen=True, kw_only=True):
    """A service that people come for."""

    id: ServiceCode
    name: dict[Language, Name] = {}
    prefix: Annotated[str, Meta(pattern="^[A-Z]{1,3}" + END)]
    stages: Annotated[list[StageCode], Meta(min_length=1, max_length=8)]
    duration_s: Duration
    online_url: Annotated[str, Meta(pattern="^https?://", max_length=500)] | None = None
    bookable: bool = True
    papers: Annotated[list[Paper], Meta(max_length=50)] = []
    count_max: Annotated[int, Meta(ge=1, le=99)] = 1


class CounterPlace(DocumentPart, frozen=True, kw_only=True):
    """A counter: its zone, its stage and its services."""

    id: CounterCode
    zone: ZoneCode
    stage: StageCode
    services: Annotated[list[ServiceCode], Meta(min_length=1, max_length=SERVICES_MAX)]


class Staffing(DocumentPart, frozen=True, kw_only=True):
    """The number of staffed counters in a span, on weekdays or on one date; a date overrides the weekdays."""

    weekdays: Annotated[list[Weekday], Meta(min_length=1, max_length=7)] | None = None
    on: date | None = None
    from_: LocalTime = field(name="from")
    to: LocalTime
    counters: Annotated[int, Meta(ge=0, le=COUNTERS_MAX)]


class Credit(DocumentPart, frozen=True, kw_only=True):
    """Credit of each class: the seconds by which it counts as having come earlier. Walk-ins have none."""

    appointment: Seconds = 3600
    green: Seconds = 5400
    returning: Seconds = 3600


class Promise(DocumentPart, frozen=True, kw_only=True):
    """How waits are shown: rounded outward to steps of `step_min` minutes."""

    step_min: Annotated[int, Meta(ge=1, le=30)] = 5


class Rules(DocumentPart, frozen=True, kw_only=True):
    """Rules that a hall can set. A walk-in that has waited `max_walk_in_wait_s` goes before all who came later."""

    credit_s: Credit = Credit()
    grace_s: Seconds = 600
    early_s: Seconds = 300
    doors_before_s: Seconds = 1800
    no_show_after_s: Seconds = 120
    auto_no_show: bool = False
    park_penalty_s: Seconds = 600
    max_walk_in_wait_s: Annotated[int, Meta(ge=60, le=86_400)] | None = None
    promise: Promise = Promise()


class Places(DocumentPart, frozen=True, kw_only=True):
    """A fixed number of places in a span, at starts `every_min` minutes apart; by default for all services."""

    weekdays: Annotated[list[Weekday], Meta(min_length=1, max_length=7)] | None = None
    on: date | None = None
    from_: LocalTime = field(name="from")
    to: LocalTime
    every_min: Annotated[int, Meta(ge=5, le=480)]
    places: Annotated[int, Meta(ge=0, le=1000)]
    services: Annotated[list[ServiceCode], Meta(min_length=1, max_length=SERVICES_MAX)] | None = None


class Reservation(DocumentPart, frozen=True, kw_only=True):
    """A share of the places of a span, reserved for people invited by a partner until `release_before_s` before."""

    partner: PartnerCode
    weekdays: Annotated[list[Weekday], Meta(min_length=1, max_length=7)] | None = None
    on: date | None = None
    from_: LocalTime = field(name="from")
    to: LocalTime
    share: Annotated[float, Meta(gt=0, le=1)]
    release_before_s: Annotated[int, Meta(ge=0, le=31_622_400)] = 86_400


class Booking(DocumentPart, frozen=True, kw_only=True):
    """The rules of booking. A share `late_share` of the places is offered only `late_before_s` before the start."""

    horizon_days: Annotated[int, Meta(ge=0, le=366)] = 30
    notice_s: Seconds = 3600
    z: Annotated[float, Meta(ge=0, le=5)] = 0.5
    held_share_of_walk_ins: Annotated[float, Meta(ge=0, le=1)] = 0.4
    per_person: Annotated[int, Meta(ge=1, le=50)] = 2
    late_share: Annotated[float, Meta(ge=0, le=1)] = 0.0
    late_before_s: Annotated[int, Meta(ge=0, le=31_622_400)] = 86_400
    places: Annotated[list[Places], Meta(max_length=200)] = []
    reserved: Annotated[list[Reservation], Meta(max_length=200)] = []


class Codes(DocumentPart, frozen=True, kw_only=True):
    """The codes that clerks choose from, and those for ratings; `texts` holds their texts."""

    reasons: Annotated[list[ReasonCode], Meta(max_length=200)] = []
    missing: Annotated[list[ReasonCode], Meta(max_length=200)] = []
    ratings: Annotated[list[ReasonCode], Meta(max_length=50)] = []


class HallDocument(DocumentPart, frozen=True, kw_only=True):
    """The configuration of a hall."""

    time_zone: Annotated[str, Meta(min_length=1, max_length=64)]
    day_starts_at_local: LocalTime = "00:00"
    country: Annotated[str, Meta(pattern="^[A-Z]{2}" + END)] | None = None
    region: Annotated[str, Meta(max_length=16)] | None = None
    languages: Annotated[list[Language], Meta(min_length=1, max_length=8)]
    name: dict[Language, Name]
    hours: Annotated[list[Hours], Meta(max_length=100)] = []
    exceptions: Annotated[list[ExceptionDay], Meta(max_length=1000)] = []
    holidays: bool = False
    zones: Annotated[list[Zone], Meta(min_length=1, max_length=50)]
    stages: Annotated[list[Stage], Meta(min_length=1, max_length=20)]
    services: Annotated[list[Service], Meta(min_length=1, max_length=SERVICES_MAX)]
    counters: Annotated[list[CounterPlace], Meta(max_length=COUNTERS_MAX)] = []
    staffing: Annotated[list[Staffing], Meta(max_length=200)] = []
    rules: Rules = Rules()
    booking: Booking = Booking()
    admission: Literal["fit", "all"] = "fit"
    overtime: bool = True
    entrance: bool = False
    codes: Codes = Codes()
    texts: dict[ReasonCode, Texts] = {}


def main_stage_of(stages: Sequence[StageId], optional: Collection[StageId]) -> StageId:
    """Return the stage that a service is booked for: the last that is not optional, or the last if all are."""
    return next((stage for stage in reversed(stages) if stage not in optional), stages[-1])


def optional_stages_of(document: HallDocument) -> frozenset[StageId]:
    """Return the stages that are skipped while no counter is open for them."""
    return frozenset(stage.id for stage in document.stages if stage.optional)


def minutes_of(local: str) -> int:
    """Return the minutes of a local time since 00:00; 1440 for `24:00`."""
    hours, minutes = local.split(":")
    return int(hours) * 60 + int(minutes)


def _repeated(values: list[str]) -> list[str]:
    return sorted({value for value in values if values.count(value) > 1})


def check(document: HallDocument) -> list[tuple[str, str]]:
    """Find the faults that the types cannot express.

    Returns:
        Pairs of path and reason, in the order of the document; empty if the document is valid.
    """
    faults: list[tuple[str, str]] = []
    try:
        ZoneInfo(document.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults.append(("time_zone", f"no time zone is named {document.time_zone!r}"))
    if document.day_starts_at_local == "24:00":
        faults.append(("day_starts_at_local", "a day starts between 00:00 and 23:59"))
    if document.holidays and document.country is None:
        faults.append(("country", "a hall that keeps public holidays names its country"))
    faults.extend(_faults_of_times(document))
    named: list[tuple[str, list[str]]] = [
        ("zones", [zone.id for zone in document.zones]),
        ("stages", [stage.id for stage in document.stages]),
        ("services", [service.id for service in document.services]),
        ("counters", [counter.id for counter in document.counters]),
        ("services.prefix", [service.prefix for service in document.services]),
        ("languages", document.languages),
        ("codes.reasons", document.codes.reasons),
        ("codes.missing", document.codes.missing),
        ("codes.ratings", document.codes.ratings),
        *((f"services[{i}].papers", [paper.id for paper in one.papers]) for i, one in enumerate(document.services)),
        *((f"counters[{i}].services", [str(name) for name in one.services]) for i, one in enumerate(document.counters)),
    ]
    for path, ids in named:
        faults.extend((path, f"{value!r} appears more than once") for value in _repeated(ids))
    faults.extend(_faults_of_references(document))
    return faults


def _faults_of_times(document: HallDocument) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    starts = minutes_of(document.day_starts_at_local)

    def day_minutes(local: str) -> int:
        minutes = minutes_of(local)
        return minutes if minutes >= starts else minutes + 1440

    some_days: list[tuple[str, Staffing | Places | Reservation]] = [
        *((f"staffing[{i}]", band) for i, band in enumerate(document.staffing)),
        *((f"booking.places[{i}]", places) for i, places in enumerate(document.booking.places)),
        *((f"booking.reserved[{i}]", reserved) for i, reserved in enumerate(document.booking.reserved)),
    ]
    faults.extend(
        (path, "give either weekdays or a date")
        for path, part in some_days
        if (part.weekdays is None) == (part.on is None)
    )
    spans = [(f"hours[{i}]", hours.from_, hours.to) for i, hours in enumerate(document.hours)]
    spans += [(path, part.from_, part.to) for path, part in some_days]
    for i, exception in enumerate(document.exceptions):
        if exception.closed and (exception.from_ or exception.to):
            faults.append((f"exceptions[{i}]", "a closed day has no times"))
        elif not exception.closed and not (exception.from_ and exception.to):
            faults.append((f"exceptions[{i}]", "give either closed, or both from and to"))
        elif exception.from_ and exception.to:
            spans.append((f"exceptions[{i}]", exception.from_, exception.to))
    for path, from_, to in spans:
        end = day_minutes(to)
        if to == document.day_starts_at_local:
            end = starts + 1440
        if end <= day_minutes(from_):
            faults.append(
                (path, f"{from_} to {to} is not a span within a day that starts at {document.day_starts_at_local}")
            )
    return faults


def _faults_of_references(document: HallDocument) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    zones = {zone.id for zone in document.zones}
    stages = {stage.id for stage in document.stages}
    services = {service.id for service in document.services}
    optional = optional_stages_of(document)
    for i, service in enumerate(document.services):
        faults.extend(
            (f"services[{i}].stages", f"no stage is named {stage!r}") for stage in service.stages if stage not in stages
        )
        faults.extend(
            (f"services[{i}].stages", f"{twice!r} appears more than once") for twice in _repeated(list(service.stages))
        )
        main = main_stage_of(service.stages, optional)
        for stage in service.duration_s.stages:
            if stage not in service.stages:
                faults.append((f"services[{i}].duration_s.stages", f"the service has no stage {stage!r}"))
            elif stage == main:
                faults.append(
                    (f"services[{i}].duration_s.stages", f"{stage!r} is its main stage, whose duration is mean")
                )
    for i, counter in enumerate(document.counters):
        if counter.zone not in zones:
            faults.append((f"counters[{i}].zone", f"no zone is named {counter.zone!r}"))
        if counter.stage not in stages:
            faults.append((f"counters[{i}].stage", f"no stage is named {counter.stage!r}"))
        faults.extend(
            (f"counters[{i}].services", f"no service is named {name!r}")
            for name in counter.services
            if name not in services
        )
    for i, places in enumerate(document.booking.places):
        faults.extend(
            (f"booking.places[{i}].services", f"no service is named {name!r}")
            for name in places.services or ()
            if name not in services
        )
    return faults


CODE_OF_HALL = re.compile(r"[a-z0-9-]{1,32}")
"""The format of a hall id."""
