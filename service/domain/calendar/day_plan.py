"""Make the plan of a date from the hall document, public holidays and what history says."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from service.domain.calendar.learned import HOUR, NOTHING_LEARNED, ExpectedDuration, Learned
from service.domain.calendar.local_times import instant, span_of
from service.domain.calendar.plan import (
    Band,
    DisplayNames,
    ExpectedWalkIns,
    FixedPlaces,
    Plan,
    PlannedCounter,
    PlannedService,
    ReservedShare,
    Window,
    override_bands,
)
from service.domain.hall.document import (
    HallDocument,
    Places,
    Reservation,
    Service,
    main_stage_of,
    minutes_of,
    optional_stages_of,
)
from service.domain.model import StageId

NO_WORKED_WEEKENDS: Mapping[date, int] = MappingProxyType({})
"""A calendar without worked weekend days."""

REOPENS_WITHIN_DAYS = 62
"""How many days ahead the next opening is searched. If the hall opens later, no time of opening is shown."""

OPTIONAL_SHARE = 3 / 8
"""Mean duration of an optional stage as a share of the service's mean, if it is neither configured nor learned.

The value comes from the study: three minutes for a pre-check, eight at the window. An optional stage only prepares the
main stage, so it takes less time."""


def plan_of(  # noqa: PLR0913, PLR0917  (all inputs of a plan)
    document: HallDocument,
    revision: int,
    on: date,
    holidays: Iterable[date] = (),
    learned: Learned = NOTHING_LEARNED,
    worked: Mapping[date, int] = NO_WORKED_WEEKENDS,
) -> Plan:
    """Resolve a hall document for one date.

    Args:
        document: a valid document (`document.check` found no problem).
        revision: its revision, kept in the plan.
        on: the hall's date.
        holidays: dates on which a hall that keeps public holidays is closed.
        learned: parameters from the hall's history for such a date; its durations replace those of the document.
        worked: weekend days worked in return for a free weekday, with the ISO weekday whose hours, staffing, places and
            reservations apply; only used if the hall keeps public holidays.

    Returns:
        The plan; it has no windows if the hall is closed on that date.
    """
    closed = frozenset(holidays) if document.holidays else frozenset()
    worked = worked if document.holidays else {}
    weekday = weekday_of(on, worked)
    optional = optional_stages_of(document)
    starts_at, ends_at = span_of(document, on)
    windows = _windows(document, on, closed, worked)
    reopens = (_windows(document, on + timedelta(days=n), closed, worked) for n in range(1, REOPENS_WITHIN_DAYS + 1))
    usual, dated = (
        [
            Band(*_span(document, on, band.from_, band.to), counters=band.counters)
            for band in document.staffing
            if (band.on == on if is_dated else band.on is None and weekday in (band.weekdays or ()))
        ]
        for is_dated in (False, True)
    )
    if dated and not usual:
        usual = [
            Band(starts_at, ends_at, len(document.counters))
        ]  # without a plan for the weekday, all counters are at work
    return Plan(
        revision=revision,
        day=on,
        time_zone=document.time_zone,
        starts_at=starts_at,
        ends_at=ends_at,
        windows=windows,
        reopens_at=next((found[0].opens_at for found in reopens if found), None),
        bands=override_bands(usual, dated),
        services={
            service.id: PlannedService(
                id=service.id,
                prefix=service.prefix,
                stages=tuple(service.stages),
                mean_s=lasting.mean_s,
                cv=lasting.cv,
                prechecked_mean_s=lasting.prechecked_mean_s,
                online_url=service.online_url,
                count_max=service.count_max,
                papers=tuple(paper.id for paper in service.papers),
                name=dict(service.name),
                bookable=service.bookable,
                at_stages={
                    stage: expected_duration(service, stage, optional, learned)
                    for stage in service.stages
                    if stage != main
                },
            )
            for service in document.services
            for main in (main_stage_of(service.stages, optional),)
            for lasting in (expected_duration(service, main, optional, learned),)
        },
        counters={
            counter.id: PlannedCounter(
                id=counter.id, zone=counter.zone, stage=counter.stage, services=tuple(counter.services)
            )
            for counter in document.counters
        },
        optional_stages=optional,
        rules=document.rules,
        admission=document.admission,
        languages=tuple(document.languages),
        reasons=frozenset(document.codes.reasons),
        missing=frozenset(document.codes.missing),
        ratings=frozenset(document.codes.ratings),
        names=DisplayNames(
            hall=dict(document.name),
            zones={zone_.id: dict(zone_.name) for zone_ in document.zones},
            stages={stage.id: dict(stage.name) for stage in document.stages},
        ),
        overtime=document.overtime,
        booking=document.booking,
        booking_opens_at=span_of(document, on - timedelta(days=document.booking.horizon_days))[0],
        learned=learned,
        booked_by_stage=True,
        held_by_hour=True,
        walk_ins=_walk_ins(document, on, learned, windows),
        places=tuple(
            FixedPlaces(
                *_span(document, on, part.from_, part.to),
                every_s=part.every_min * 60,
                places=part.places,
                services=tuple(part.services or ()),
            )
            for part in document.booking.places
            if _is_on(part, on, weekday)
        ),
        reserved=tuple(
            ReservedShare(
                part.partner,
                *_span(document, on, part.from_, part.to),
                share=part.share,
                release_before_s=part.release_before_s,
            )
            for part in document.booking.reserved
            if _is_on(part, on, weekday)
        ),
    )


def expected_duration(
    service: Service, stage: StageId, optional: Collection[StageId], learned: Learned = NOTHING_LEARNED
) -> ExpectedDuration:
    """Return the expected duration of a stage of a service: as learned, else as configured in the document.

    If neither is known, an optional stage takes `OPTIONAL_SHARE` of the service's duration, and any other stage takes
    all of it.
    """
    known = learned.at_stages.get(service.id, {}).get(stage)
    if known is None and stage == learned.main.get(service.id, main_stage_of(service.stages, optional)):
        known = learned.durations.get(service.id)
    return known or _as_written(service, stage, optional)


def _as_written(service: Service, stage: StageId, optional: Collection[StageId]) -> ExpectedDuration:
    whole = service.duration_s
    said = whole.stages.get(stage)
    if said is not None:
        return ExpectedDuration(said.mean, whole.cv if said.cv is None else said.cv)
    if stage in optional and stage != main_stage_of(service.stages, optional):
        return ExpectedDuration(OPTIONAL_SHARE * whole.mean, whole.cv)
    return ExpectedDuration(whole.mean, whole.cv, whole.prechecked_mean)


def weekday_of(on: date, worked: Mapping[date, int]) -> int:
    """Return the ISO weekday whose rules apply to a date; `worked` maps worked weekend days to theirs."""
    return worked.get(on, on.isoweekday())


def _is_on(part: Places | Reservation, on: date, weekday: int) -> bool:
    return part.on == on if part.on is not None else weekday in (part.weekdays or ())


def _walk_ins(
    document: HallDocument, on: date, learned: Learned, windows: Iterable[Window]
) -> tuple[ExpectedWalkIns, ...]:
    """Return the walk-ins expected in each hour, within the opening hours; people at the door count from the opening.

    An hour skipped by a clock change has no length and no walk-ins. An hour in which the hall is open longer than
    history covers (`up_to_s`) is left out.
    """
    found = []
    for hour, arrivals in learned.walk_ins.items():
        begins_at, ends_at = _span(document, on, f"{hour}:00", f"{int(hour) + 1:02d}:00")
        spans = [(max(begins_at, window.opens_at), min(ends_at, window.closes_at)) for window in windows]
        spans = [(from_at, to_at) for from_at, to_at in spans if from_at < to_at]
        open_s = sum((to_at - from_at).total_seconds() for from_at, to_at in spans)
        if arrivals.up_to_s is None or open_s <= arrivals.up_to_s:
            for from_at, to_at in spans:
                part = (to_at - from_at) / HOUR
                found.append(ExpectedWalkIns(from_at, to_at, part * arrivals.per_h, part * arrivals.sd))
    return tuple(sorted(found, key=lambda span: span.from_at))


def _span(document: HallDocument, on: date, from_: str, to: str) -> tuple[datetime, datetime]:
    """Return the instants of a local span of the day `on`; times before `day_starts_at_local` are on the next date.

    A span that starts in an hour skipped by a clock change and ends soon after it has no length.
    """
    zone = ZoneInfo(document.time_zone)
    starts = minutes_of(document.day_starts_at_local)
    begin, end = minutes_of(from_), minutes_of(to)
    if begin < starts:
        begin += 1440
    if end <= begin:
        end += 1440
    begins_at = instant(on, begin, zone)
    return begins_at, max(begins_at, instant(on, end, zone))


def _windows(
    document: HallDocument, on: date, holidays: frozenset[date], worked: Mapping[date, int]
) -> tuple[Window, ...]:
    special = [exception for exception in document.exceptions if exception.on == on]
    if special:
        spans = [(one.from_, one.to) for one in special if not one.closed]
    elif on in holidays:
        spans = []
    else:
        spans = [(hours.from_, hours.to) for hours in document.hours if weekday_of(on, worked) in hours.weekdays]
    found = sorted(_span(document, on, from_, to) for from_, to in spans if from_ and to)
    merged: list[tuple[datetime, datetime]] = []
    for opens_at, closes_at in found:
        if merged and opens_at <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes_at))
        elif opens_at < closes_at:
            merged.append((opens_at, closes_at))
    return tuple(Window(*span) for span in merged)
