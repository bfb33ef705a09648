"""The plan of a day: the hall document resolved for one date.

The event `day_opened` carries the plan, so a day contains all that its decisions need: different versions of tzdata, or
a document changed at noon, cannot make two processes decide differently.

Source: DESIGN 3, JOURNAL 6.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from service.domain.calendar.learned import NOTHING_LEARNED, ExpectedDuration, Learned
from service.domain.calendar.times import LONG_AGO
from service.domain.hall.document import (
    Booking,
    Credit,
    Rules,
    main_stage_of,
)
from service.domain.model import CounterId, Overtime, ServiceId, StageId, Texts, TicketClass, ZoneId

PRECHECK = "precheck"
"""The stage that makes a ticket prechecked when it is done. Prechecked people skip it."""

DUE_AFTER_DAYS = 14
"""How many days a right to return lasts if no due date is given."""

DUE_AFTER_DAYS_MAX = 366
"""The longest right to return, in days. Personal data is kept until it ends: a mistyped year must not extend it."""


class Window(Struct, frozen=True):
    """A span of opening hours."""

    opens_at: datetime
    closes_at: datetime


class Band(Struct, frozen=True):
    """A span with a planned number of staffed counters."""

    from_at: datetime
    to_at: datetime
    counters: int


class StaffLevel(NamedTuple):
    """The number of counters at work from an instant until the next level begins."""

    from_at: datetime
    counters: int


class PlannedService(Struct, frozen=True, kw_only=True):
    """A service of the day.

    A service removed from the document while people wait for it stays in the plan with `offered` false. `mean_s`, `cv`
    and `prechecked_mean_s` apply to the main stage and to all stages that are not in `at_stages`.
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
    at_stages: dict[StageId, ExpectedDuration] = {}

    def first_stage(self, *, prechecked: bool) -> StageId:
        """Return the first stage of a visit: prechecked people skip a pre-check."""
        begin = 1 if prechecked and self.stages[0] == PRECHECK and len(self.stages) > 1 else 0
        return self.stages[begin]

    def expected_s(self, stage: StageId, count: int, *, prechecked: bool) -> float:
        """Return the seconds of a counter's time that a ticket of `count` people is expected to need at a stage."""
        here = self.at_stages.get(stage, self)
        return count * (here.prechecked_mean_s if prechecked and here.prechecked_mean_s else here.mean_s)

    def variance(self, stage: StageId, count: int, *, prechecked: bool) -> float:
        """Return the variance of that time, in seconds squared."""
        cv = self.at_stages.get(stage, self).cv
        return (cv * self.expected_s(stage, count, prechecked=prechecked)) ** 2 / count


class PlannedCounter(Struct, frozen=True, kw_only=True):
    """A counter of the day. One removed from the document while a person is there stays, with `offered` false."""

    id: CounterId
    zone: ZoneId
    stage: StageId
    services: tuple[ServiceId, ...]
    offered: bool = True


class DisplayNames(Struct, frozen=True, kw_only=True):
    """Names of the hall, its zones and its stages in several languages, for pages and screens."""

    hall: Texts
    zones: dict[ZoneId, Texts]
    stages: dict[StageId, Texts]


Version = tuple[int, datetime, bool, bool]
"""Orders the plans of a day: document revision, time of learning, and two flags of how a release makes plans."""


def version_of(revision: int, learned: Learned) -> Version:
    """Return the version of a plan that this release makes."""
    return revision, learned.learned_at or LONG_AGO, True, True


class ExpectedWalkIns(Struct, frozen=True):
    """The number of walk-ins expected in a span, and the standard deviation of that forecast."""

    from_at: datetime
    to_at: datetime
    number: float
    sd: float


class FixedPlaces(Struct, frozen=True):
    """A span in which the document fixes the number of places; for all services if `services` is empty."""

    from_at: datetime
    to_at: datetime
    every_s: int
    places: int
    services: tuple[ServiceId, ...] = ()


class ReservedShare(Struct, frozen=True):
    """A share of the places of a span, reserved for people invited by a partner."""

    partner: str
    from_at: datetime
    to_at: datetime
    share: float
    release_before_s: int


class Plan(Struct, frozen=True, kw_only=True, dict=True):
    """A day of a hall with all times resolved to instants.

    `windows` are sorted and do not touch. `bands` are sorted; overlapping bands add up. `places` and `reserved` are in
    the order of the document. `booking_opens_at` is when the day comes within the booking horizon. Values computed once
    from a plan are cached in its `__dict__`.

    Plans in old journals differ in two flags. With `booked_by_stage`, a booking counts at every stage of its service
    that is not optional; older plans, and the stored totals of their days, count the main stage only. With
    `held_by_hour`, time is held for walk-ins in each hour without history; older plans hold time only on days without
    any history, and expect no walk-ins in a single hour without it.
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
    names: DisplayNames
    overtime: bool = True
    booking: Booking = Booking()
    booking_opens_at: datetime | None = None
    learned: Learned = NOTHING_LEARNED
    walk_ins: tuple[ExpectedWalkIns, ...] = ()
    places: tuple[FixedPlaces, ...] = ()
    reserved: tuple[ReservedShare, ...] = ()
    ratings: frozenset[str] = frozenset()
    booked_by_stage: bool = False
    held_by_hour: bool = False

    @property
    def version(self) -> Version:
        """The version, to compare plans: a plan of an older release is older than a new plan of the same inputs."""
        return self.revision, self.learned.learned_at or LONG_AGO, self.booked_by_stage, self.held_by_hour

    def main_stage(self, service: PlannedService) -> StageId:
        """Return the stage that a service is booked for: its last stage that is not optional."""
        return main_stage_of(service.stages, self.optional_stages)

    @cached_property
    def final_stages(self) -> frozenset[StageId]:
        """The stages where visits end: the main stages of all services offered here."""
        return frozenset(
            self.main_stage(service)
            for service in self.services.values()
            if service.offered and service.online_url is None
        )

    @cached_property
    def _final_stage_rates(self) -> tuple[tuple[StaffLevel, ...], ...]:
        counters = Counter(counter.stage for counter in self.counters.values() if counter.offered)
        return tuple(self.staff_levels(counters[stage], counters[stage]) for stage in self.final_stages)

    def counters_planned_at(self, at: datetime) -> int:
        """Return how many counters of the final stages are planned to work at an instant."""
        return sum(
            next((rate.counters for rate in reversed(rates) if rate.from_at <= at), 0)
            for rates in self._final_stage_rates
        )

    def opens_at(self, now_at: datetime) -> datetime | None:
        """Return the next opening after `now_at`, today or later; None if none is known."""
        later = [window.opens_at for window in self.windows if window.opens_at > now_at]
        return later[0] if later else self.reopens_at

    def open_at(self, now_at: datetime) -> bool:
        """Tell whether `now_at` is within opening hours."""
        return any(window.opens_at <= now_at < window.closes_at for window in self.windows)

    def doors_open_at(self, now_at: datetime) -> bool:
        """Tell whether tickets are issued at `now_at`: from `doors_before_s` before an opening until closing."""
        doors_at = now_at + timedelta(seconds=self.rules.doors_before_s)
        return any(window.opens_at <= doors_at and now_at < window.closes_at for window in self.windows)

    def doors_open_for(self, starts_at: datetime) -> datetime | None:
        """Return when the doors open for the opening hours that contain `starts_at`; None outside opening hours."""
        before = timedelta(seconds=self.rules.doors_before_s)
        hours = (window for window in self.windows if window.opens_at <= starts_at < window.closes_at)
        return next((max(window.opens_at - before, self.starts_at) for window in hours), None)

    def door_spans(self) -> tuple[Window, ...]:
        """Return the spans in which tickets are issued (see `doors_open_at`), sorted and joined where they touch."""
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
        """Return the closing of the window open at `now_at`, or else of the next window today."""
        return next((window.closes_at for window in self.windows if now_at < window.closes_at), None)

    def closing_before(self, until_at: datetime) -> datetime | None:
        """Return the closing that overtime until `until_at` extends: that of the last window opened before, or None."""
        opened = [window for window in self.windows if window.opens_at < until_at]
        return opened[-1].closes_at if opened and opened[-1].closes_at < until_at else None

    def with_overtime(self, overtime: Overtime) -> "Plan":
        """Return the plan with closing moved to the end of overtime, and staff planned for it.

        The plan itself is returned if the overtime ends before the closing.
        """
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
        return replace(self, windows=windows, bands=override_bands(bands, [late]))

    def windows_without_history(self) -> tuple[Window, ...]:
        """Return the parts of the opening hours without learned walk-ins, sorted; they do not touch."""
        if not self.walk_ins:
            return self.windows
        if not self.held_by_hour:
            return ()
        left = list(self.windows)
        for span in self.walk_ins:
            left = list(chain.from_iterable(_window_without(one, span) for one in left))
        return tuple(left)

    def staff_levels(self, counters: int, of_stage: int) -> tuple[StaffLevel, ...]:
        """Return how many of `counters` counters are planned to work through the day.

        They get a proportional share of the staff planned for all `of_stage` counters of the stage.
        """
        edges = {at for window in self.windows for at in (window.opens_at, window.closes_at)}
        edges.update(at for band in self.bands for at in (band.from_at, band.to_at))
        return tuple(StaffLevel(at, self._staffed(at, counters, of_stage)) for at in sorted(edges))

    def _staffed(self, at: datetime, counters: int, of_stage: int) -> int:
        if not counters or not self.open_at(at):
            return 0
        if not self.bands:
            return counters
        staff = sum(band.counters for band in self.bands if band.from_at <= at < band.to_at)
        share = round(staff * counters / of_stage)
        return min(counters, max(share, 1 if staff else 0))

    def credit_s(self, class_: TicketClass) -> int:
        """Return the credit of a class: by how many seconds it counts as having come earlier."""
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


def override_bands(bands: Iterable[Band], by: Iterable[Band]) -> tuple[Band, ...]:
    """Return the bands with those of `by` in place of the others within their spans; sorted."""
    left, by = list(bands), list(by)
    for band in by:
        left = list(chain.from_iterable(_without(one, band) for one in left))
    return tuple(sorted((*left, *by), key=lambda band: (band.from_at, band.to_at)))


def _without(band: Band, gone: Band) -> list[Band]:
    """Return the parts of a band outside the span of another."""
    before = Band(band.from_at, min(band.to_at, gone.from_at), band.counters)
    after = Band(max(band.from_at, gone.to_at), band.to_at, band.counters)
    return [part for part in (before, after) if part.from_at < part.to_at]


def _window_without(window: Window, gone: ExpectedWalkIns) -> list[Window]:
    """Return the parts of a window outside a span."""
    before = Window(window.opens_at, min(window.closes_at, gone.from_at))
    after = Window(max(window.opens_at, gone.to_at), window.closes_at)
    return [part for part in (before, after) if part.opens_at < part.closes_at]
