"""The plan of a day: what the hall document means for one date.

`day_opened` carries it, so that a day knows all it needs: two versions of tzdata, or a document changed at noon, cannot
make two processes decide differently. Local times become instants here and nowhere else: a local time that does not
exist (the clock jumps over it) is read as if the clock had not jumped yet; one that exists twice is the first.

Source: DESIGN 3, JOURNAL 6.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from service.domain.hall.document import (
    Booking,
    Credit,
    HallDocument,
    Places,
    Reservation,
    Rules,
    Service,
    main_stage_of,
    minutes_of,
    optional_stages_of,
)
from service.domain.model import CounterId, Overtime, ServiceId, StageId, Texts, TicketClass, ZoneId

HOUR_S = 3600
HOUR = timedelta(seconds=HOUR_S)

NEVER = datetime(1970, 1, 1, tzinfo=UTC)

NOTHING_MOVED: Mapping[date, int] = MappingProxyType({})
"""No weekend day is worked in return for a free one."""

REOPENS_WITHIN_DAYS = 62
"""How far ahead the next opening is looked for; beyond it nobody is told a time."""


OPTIONAL_SHARE = 3 / 8
"""An optional stage's mean by its service's, where nothing is said nor learned of it: the study's three minutes of a
pre-check by eight at the window. A stage that may be left out is a look at something beforehand; what is needed is done
at the main stage, so it takes less than that."""

PRECHECK = "precheck"
"""The stage whose `done` makes a ticket prechecked, and which prechecked people need not pass."""

DUE_AFTER_DAYS = 14
"""How long a right to return lasts when nothing says until when."""

DUE_AFTER_DAYS_MAX = 366
"""How long it lasts at most; who has one is kept until then, so a slip of the pen must not mean for ever."""


class Window(Struct, frozen=True):
    """A span in which the hall is open."""

    opens_at: datetime
    closes_at: datetime


class Band(Struct, frozen=True):
    """A span with a planned number of staffed counters."""

    from_at: datetime
    to_at: datetime
    counters: int


class Rate(NamedTuple):
    """Counters at work from an instant on, until the next rate begins."""

    from_at: datetime
    counters: int


class Lasting(Struct, frozen=True):
    """How long a stage of a service lasts for one person: means in seconds, and the coefficient of variation."""

    mean_s: float
    cv: float
    prechecked_mean_s: float | None = None


class PlannedService(Struct, frozen=True, kw_only=True):
    """A service as today offers it; one that left the document while people wait for it is kept, not `offered`.

    `mean_s`, `cv` and `prechecked_mean_s` are those of its main stage, and of all that `at_stages` does not name.
    """

    id: ServiceId
    prefix: str
    stages: tuple[StageId, ...]
    mean_s: float
    cv: float
    prechecked_mean_s: float | None
    online_url: str | None
    count_max: int
    papers: tuple[str, ...]
    name: Texts
    offered: bool = True
    bookable: bool = True
    at_stages: dict[StageId, Lasting] = {}

    def first_stage(self, *, prechecked: bool) -> StageId:
        """Where a visit begins."""
        begin = 1 if prechecked and self.stages[0] == PRECHECK and len(self.stages) > 1 else 0
        return self.stages[begin]

    def expected_s(self, stage: StageId, count: int, *, prechecked: bool) -> float:
        """Seconds of a counter's time at a stage that `count` people on one ticket are expected to need."""
        here = self.at_stages.get(stage, self)
        return count * (here.prechecked_mean_s if prechecked and here.prechecked_mean_s else here.mean_s)

    def variance(self, stage: StageId, count: int, *, prechecked: bool) -> float:
        """Variance of that time in square seconds."""
        cv = self.at_stages.get(stage, self).cv
        return (cv * self.expected_s(stage, count, prechecked=prechecked)) ** 2 / count


class PlannedCounter(Struct, frozen=True, kw_only=True):
    """A counter as the document has it; one that left the document while a person is at it is kept, not `offered`."""

    id: CounterId
    zone: ZoneId
    stage: StageId
    services: tuple[ServiceId, ...]
    offered: bool = True


class Names(Struct, frozen=True, kw_only=True):
    """The words of the hall for pages and screens."""

    hall: Texts
    zones: dict[ZoneId, Texts]
    stages: dict[StageId, Texts]


class LearnedArrivals(Struct, frozen=True):
    """Walk-ins in an hour of the day; `sd` is the spread of the forecast, over what chance alone makes of `per_h`.

    Where history has seen no more of the hour than a short part, `up_to_s` is how long that is: those who come in ten
    minutes, or stand at the door before them, are no sixth of those who would come in the hour.
    """

    per_h: float
    sd: float = 0.0
    up_to_s: int | None = None


class Leaving(Struct, frozen=True):
    """How people who wait give up, in an hour of one person's waiting: some say so, others are called in vain.

    `no_show_s` is how long a counter waits for somebody who has gone and did not say so.
    """

    left_per_h: float = 0.0
    no_show_per_h: float = 0.0
    no_show_s: float = 0.0

    @property
    def left_per_s(self) -> float:
        """The same in a second."""
        return self.left_per_h / HOUR_S

    @property
    def no_show_per_s(self) -> float:
        """The same in a second."""
        return self.no_show_per_h / HOUR_S


class Learned(Struct, frozen=True, kw_only=True):
    """What the hall's history says of a day.

    `durations` are those of each service's main stage: of the one that `main` names, which was it when they were
    learned, and of whatever is it now where nothing is named. `at_stages` are those of its others. `walk_ins` by local
    hour of the day, `"09"`; of an hour that is missing there is no history, and a share of its time is held for them.
    `mix` says which part of them comes for a service, even shares where it is empty. `punctuality_*` is how long after
    the start people with an appointment come; `no_show` is the share of them who do not. `leaving` is about all who
    wait. `learned_at` tells a newer one from an older.
    """

    durations: dict[ServiceId, Lasting] = {}
    main: dict[ServiceId, StageId] = {}
    at_stages: dict[ServiceId, dict[StageId, Lasting]] = {}
    no_show: float = 0.12
    punctuality_mean_s: float = -300.0
    punctuality_sd_s: float = 480.0
    walk_ins: dict[str, LearnedArrivals] = {}
    mix: dict[ServiceId, float] = {}
    leaving: Leaving = Leaving()
    learned_at: datetime | None = None


NOTHING_LEARNED = Learned()

Version = tuple[int, datetime, bool, bool]
"""What tells a newer plan of a day from an older one: the document's revision, what was learned, how both are read."""


def version_of(revision: int, learned: Learned) -> Version:
    """The version of a plan that is made now."""
    return revision, learned.learned_at or NEVER, True, True


class ExpectedWalkIns(Struct, frozen=True):
    """How many walk-ins come in a span, and the spread of that forecast."""

    from_at: datetime
    to_at: datetime
    number: float
    sd: float


class PlacesByHand(Struct, frozen=True):
    """A span in which the places are set by hand; of all services when `services` is empty."""

    from_at: datetime
    to_at: datetime
    every_s: int
    places: int
    services: tuple[ServiceId, ...] = ()


class ReservedShare(Struct, frozen=True):
    """A share of a span kept for those whom a partner invites."""

    partner: str
    from_at: datetime
    to_at: datetime
    share: float
    release_before_s: int


class Plan(Struct, frozen=True, kw_only=True, dict=True):
    """A day of a hall, resolved: `windows` are sorted and apart, `bands` are sorted and add up where they overlap.

    `booked_by_stage` says that bookings count at every stage of a service that is not optional; in plans of before they
    counted at its main stage alone, and so do the sums that are kept of their days. `held_by_hour` says that time is
    held for walk-ins in every hour of which history says nothing; in plans of before, only on a day of which it says
    nothing, and nobody was expected in such an hour of another day.

    `booking_opens_at` is when the day comes within the horizon of booking. `places` and `reserved` are in the order of
    the document. Its `__dict__` holds what is computed from it once.
    """

    revision: int
    day: date
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    windows: tuple[Window, ...]
    reopens_at: datetime | None
    bands: tuple[Band, ...]
    services: dict[ServiceId, PlannedService]
    counters: dict[CounterId, PlannedCounter]
    optional_stages: frozenset[StageId]
    rules: Rules
    admission: str
    languages: tuple[str, ...]
    reasons: frozenset[str]
    missing: frozenset[str]
    names: Names
    overtime: bool = True
    booking: Booking = Booking()
    booking_opens_at: datetime | None = None
    learned: Learned = NOTHING_LEARNED
    walk_ins: tuple[ExpectedWalkIns, ...] = ()
    places: tuple[PlacesByHand, ...] = ()
    reserved: tuple[ReservedShare, ...] = ()
    ratings: frozenset[str] = frozenset()
    booked_by_stage: bool = False
    held_by_hour: bool = False

    @property
    def version(self) -> Version:
        """What tells it from a newer one: a plan of a release before is older than one made now of the same."""
        return self.revision, self.learned.learned_at or NEVER, self.booked_by_stage, self.held_by_hour

    def main_stage(self, service: PlannedService) -> StageId:
        """The stage that a service is booked for: the last that is not optional."""
        return main_stage_of(service.stages, self.optional_stages)

    @cached_property
    def final_stages(self) -> frozenset[StageId]:
        """The stages where visits end: of each service the last stage that is not optional."""
        return frozenset(
            self.main_stage(service)
            for service in self.services.values()
            if service.offered and service.online_url is None
        )

    @cached_property
    def _final_stage_rates(self) -> tuple[tuple[Rate, ...], ...]:
        counters = Counter(counter.stage for counter in self.counters.values() if counter.offered)
        return tuple(self.rates(counters[stage], counters[stage]) for stage in self.final_stages)

    def counters_planned_at(self, at: datetime) -> int:
        """How many counters of the final stages are planned to work at an instant."""
        return sum(
            next((rate.counters for rate in reversed(rates) if rate.from_at <= at), 0)
            for rates in self._final_stage_rates
        )

    def opens_at(self, now_at: datetime) -> datetime | None:
        """The next opening after `now_at`, today or later; None when none is known."""
        later = [window.opens_at for window in self.windows if window.opens_at > now_at]
        return later[0] if later else self.reopens_at

    def open_at(self, now_at: datetime) -> bool:
        """Tell whether `now_at` is within opening hours."""
        return any(window.opens_at <= now_at < window.closes_at for window in self.windows)

    def doors_open_at(self, now_at: datetime) -> bool:
        """Tell whether tickets are issued at `now_at`: from `doors_before_s` before an opening until closing."""
        doors_at = now_at + timedelta(seconds=self.rules.doors_before_s)
        return any(window.opens_at <= doors_at and now_at < window.closes_at for window in self.windows)

    def doors_for(self, starts_at: datetime) -> datetime | None:
        """When the doors open for whoever comes at an instant of the opening hours; None for any other."""
        before = timedelta(seconds=self.rules.doors_before_s)
        hours = (window for window in self.windows if window.opens_at <= starts_at < window.closes_at)
        return next((max(window.opens_at - before, self.starts_at) for window in hours), None)

    def doors(self) -> tuple[Window, ...]:
        """The spans in which tickets are issued unless the day is closed, sorted and apart: see `doors_open_at`."""
        before = timedelta(seconds=self.rules.doors_before_s)
        spans: list[Window] = []
        for window in self.windows:
            opens_at = window.opens_at - before
            if spans and opens_at <= spans[-1].closes_at:
                spans[-1] = replace(spans[-1], closes_at=window.closes_at)
            else:
                spans.append(Window(opens_at, window.closes_at))
        return tuple(spans)

    def closing_at(self, now_at: datetime) -> datetime | None:
        """The end of the window open at `now_at`, or of the next one today."""
        return next((window.closes_at for window in self.windows if now_at < window.closes_at), None)

    def closing_before(self, until_at: datetime) -> datetime | None:
        """The closing that overtime until `until_at` goes on after: of the last window that opens before."""
        opened = [window for window in self.windows if window.opens_at < until_at]
        return opened[-1].closes_at if opened and opened[-1].closes_at < until_at else None

    def with_overtime(self, overtime: Overtime) -> "Plan":
        """The plan with its closing moved to the end of overtime, and staff for it; itself when that is no later."""
        closes_at = self.closing_before(overtime.until_at)
        if closes_at is None:
            return self
        windows = tuple(
            replace(window, closes_at=overtime.until_at) if window.closes_at == closes_at else window
            for window in self.windows
        )
        bands = self.bands or (Band(self.starts_at, self.ends_at, len(self.counters)),)
        staff = overtime.counters
        if staff is None:
            staff = sum(band.counters for band in bands if band.from_at < closes_at <= band.to_at)
        late = Band(closes_at, overtime.until_at, staff)
        return replace(self, windows=windows, bands=overridden(bands, [late]))

    def unforeseen(self) -> tuple[Window, ...]:
        """The open spans of which history does not say how many walk-ins come, sorted and apart."""
        if not self.walk_ins:
            return self.windows
        if not self.held_by_hour:
            return ()
        left = list(self.windows)
        for span in self.walk_ins:
            left = list(chain.from_iterable(_window_without(one, span) for one in left))
        return tuple(left)

    def rates(self, counters: int, of_stage: int) -> tuple[Rate, ...]:
        """How many of `counters` are planned to work through the day; they share the staff with all `of_stage`."""
        edges = {at for window in self.windows for at in (window.opens_at, window.closes_at)}
        edges.update(at for band in self.bands for at in (band.from_at, band.to_at))
        return tuple(Rate(at, self._staffed(at, counters, of_stage)) for at in sorted(edges))

    def _staffed(self, at: datetime, counters: int, of_stage: int) -> int:
        if not counters or not self.open_at(at):
            return 0
        if not self.bands:
            return counters
        staff = sum(band.counters for band in self.bands if band.from_at <= at < band.to_at)
        share = round(staff * counters / of_stage)
        return min(counters, max(share, 1 if staff else 0))

    def credit_s(self, class_: TicketClass) -> int:
        """Seconds by which a class counts as having come earlier."""
        credit: Credit = self.rules.credit_s
        match class_:
            case TicketClass.APPOINTMENT:
                return credit.appointment
            case TicketClass.GREEN:
                return credit.green
            case TicketClass.RETURNING:
                return credit.returning
            case TicketClass.WALK_IN:
                return 0


def overridden(bands: Iterable[Band], by: Iterable[Band]) -> tuple[Band, ...]:
    """Bands of which some override the others within their span; sorted."""
    left, by = list(bands), list(by)
    for band in by:
        left = list(chain.from_iterable(_without(one, band) for one in left))
    return tuple(sorted((*left, *by), key=lambda band: (band.from_at, band.to_at)))


def _without(band: Band, gone: Band) -> list[Band]:
    """What is left of a band outside the span of another."""
    before = Band(band.from_at, min(band.to_at, gone.from_at), band.counters)
    after = Band(max(band.from_at, gone.to_at), band.to_at, band.counters)
    return [part for part in (before, after) if part.from_at < part.to_at]


def _window_without(window: Window, gone: ExpectedWalkIns) -> list[Window]:
    """What is left of a window outside a span."""
    before = Window(window.opens_at, min(window.closes_at, gone.from_at))
    after = Window(max(window.opens_at, gone.to_at), window.closes_at)
    return [part for part in (before, after) if part.opens_at < part.closes_at]


def day_of(document: HallDocument, now_at: datetime) -> date:
    """The hall's date at an instant: it changes at `day_starts_at_local`, not at midnight."""
    zone = ZoneInfo(document.time_zone)
    today = now_at.astimezone(zone).date()
    starts = minutes_of(document.day_starts_at_local)
    if now_at < instant(today, starts, zone):
        return today - timedelta(days=1)
    # a clock that jumps over the start of a day may put us before it by the wall and after it by the instant
    tomorrow = today + timedelta(days=1)
    return tomorrow if now_at >= instant(tomorrow, starts, zone) else today


def span_of(document: HallDocument, on: date) -> tuple[datetime, datetime]:
    """The instants between which it is a date of the hall; the second is the next date's first."""
    zone = ZoneInfo(document.time_zone)
    starts = minutes_of(document.day_starts_at_local)
    return instant(on, starts, zone), instant(on, starts + 1440, zone)


def instant(on: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The UTC instant of local wall time `minutes` after 00:00 of `on`; 1440 and more are the next date's.

    A wall time that a jump of the clock leaves out is read with the offset from before the jump, which gives the
    instant as long after the jump as the time lies behind it.
    """
    days, minute = divmod(minutes, 1440)
    local = datetime(on.year, on.month, on.day, minute // 60, minute % 60, tzinfo=zone) + timedelta(days=days)
    return local.astimezone(UTC)


def plan_of(  # noqa: PLR0913, PLR0917  (what makes a day)
    document: HallDocument,
    revision: int,
    on: date,
    holidays: Iterable[date] = (),
    learned: Learned = NOTHING_LEARNED,
    worked: Mapping[date, int] = NOTHING_MOVED,
) -> Plan:
    """Resolve a hall document for one date.

    Args:
        document: a sound document (`document.check` found nothing).
        revision: its revision, kept in the plan.
        on: the hall's date.
        holidays: dates on which a hall that keeps public holidays is closed.
        learned: what the hall's history says of such a date; its durations take the place of the document's.
        worked: weekend days that a hall that keeps public holidays works in return for a free one, and the ISO weekday
            whose hours, staffing, places and reservations they have.

    Returns:
        The plan; without windows when the hall is closed on that date.
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
        usual = [Band(starts_at, ends_at, len(document.counters))]  # where nothing is planned all are at work
    return Plan(
        revision=revision,
        day=on,
        time_zone=document.time_zone,
        starts_at=starts_at,
        ends_at=ends_at,
        windows=windows,
        reopens_at=next((found[0].opens_at for found in reopens if found), None),
        bands=overridden(usual, dated),
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
                    stage: expected_lasting(service, stage, optional, learned)
                    for stage in service.stages
                    if stage != main
                },
            )
            for service in document.services
            for main in (main_stage_of(service.stages, optional),)
            for lasting in (expected_lasting(service, main, optional, learned),)
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
        names=Names(
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
            PlacesByHand(
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


def expected_lasting(
    service: Service, stage: StageId, optional: Collection[StageId], learned: Learned = NOTHING_LEARNED
) -> Lasting:
    """How long a stage of a service lasts, by what was learned and, where nothing was, by its document.

    Where that says nothing either, an optional stage takes `OPTIONAL_SHARE` of the main one; of one that everybody
    passes nothing is known, and it takes as long as the main one.
    """
    known = learned.at_stages.get(service.id, {}).get(stage)
    if known is None and stage == learned.main.get(service.id, main_stage_of(service.stages, optional)):
        known = learned.durations.get(service.id)
    return known or _as_written(service, stage, optional)


def _as_written(service: Service, stage: StageId, optional: Collection[StageId]) -> Lasting:
    whole = service.duration_s
    said = whole.stages.get(stage)
    if said is not None:
        return Lasting(said.mean, whole.cv if said.cv is None else said.cv)
    if stage in optional and stage != main_stage_of(service.stages, optional):
        return Lasting(OPTIONAL_SHARE * whole.mean, whole.cv)
    return Lasting(whole.mean, whole.cv, whole.prechecked_mean)


def weekday_of(on: date, worked: Mapping[date, int]) -> int:
    """The ISO weekday that a date is like; `worked` has those of worked weekend days, which are like another."""
    return worked.get(on, on.isoweekday())


def _is_on(part: Places | Reservation, on: date, weekday: int) -> bool:
    return part.on == on if part.on is not None else weekday in (part.weekdays or ())


def _walk_ins(
    document: HallDocument, on: date, learned: Learned, windows: Iterable[Window]
) -> tuple[ExpectedWalkIns, ...]:
    """Who comes in the hours of the day, as far as the hall is open in them: those at the door come with its opening.

    An hour that a jump of the clock leaves out has no length, and nobody comes. Nothing is said of one in which the
    hall is open for longer than history knows.
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
    """The instants of a local span of the day `on`, whose times before `day_starts_at_local` are the next date's.

    One that begins in an hour that a jump of the clock leaves out, and ends soon after it, has no length.
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
