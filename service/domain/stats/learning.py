"""What a hall learns from its days: how long services last, who comes, how punctually, and how many just come.

`FactsObserver` lives a day again and keeps what it saw as `DayFacts`; `learn` makes of many days what a plan goes by. A
service's mean and spread are drawn to what the hall document says, as if that had been seen `PRIOR_DURATIONS` times, so
that a new hall begins with its document and forgets it as it sees more; likewise the share of those who come, and how
punctual they are. Walk-ins are the median of the last eight same weekdays by the hour, once two weeks were seen;
before, and once five days were, that of all days. Of an hour in which the hall is open for minutes it is the mean, for
as many minutes. A weekend day that is worked in return for a free one counts as the weekday it is like. An hour that an
alarm or a closed day cut short counts as far as the hall was open. How soon people give up waiting is how many did, by
all the hours that people waited.

Durations are seconds for one person, of each stage by itself: a look at papers and the work at the window are two
things. What a clerk forgot to end is left out: what the day's end had to end, and of what lasted longer than four
medians, or more where the service varies more, all but as many as chance makes so long. Mean and spread are those of
the durations themselves: by their logarithms, a few very short visits make a service seem longer and wilder than it is.
A visit during which the hall was suspended does not say how long one lasts.

Source: ALGORITHMS 2.2 (walk-ins), 4.2 (service model); DESIGN 6.
"""

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import chain
from statistics import median, quantiles
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from service.domain import events
from service.domain.calendar.day_plan import NO_WORKED_WEEKENDS, expected_duration, weekday_of
from service.domain.calendar.learned import ExpectedDuration, Learned, LearnedArrivals, Leaving
from service.domain.calendar.plan import Plan
from service.domain.day import Day
from service.domain.events import Record
from service.domain.hall.document import HallDocument, main_stage_of, optional_stages_of
from service.domain.model import (
    Admission,
    AppointmentState,
    HallId,
    LeftReason,
    ServiceId,
    StageId,
    Ticket,
    TicketClass,
    TicketId,
    TicketState,
)
from service.domain.stats.observed_replay import replay_with_observers, ticket_in

DAYS_LEARNED_FROM = 60
"""Days before the present one whose facts count; what was before is of another season."""

PRIOR_DURATIONS = 20
PRIOR_PEOPLE = 20
"""How many times the document's duration, and the usual share and punctuality, count as seen."""

PRIOR_WAITED_H = 10.0
"""Hours of waiting in which nobody gave up, that count as seen: twenty people by half an hour."""

FORGOTTEN_AFTER_MEDIANS = 4
FORGOTTEN_AFTER_SDS = 2.5
QUARTILES_OF = 20
"""Visits of which the quartiles are believed."""

SLIP_S = 3
"""A visit that lasted less is a slip of the finger."""

SAME_WEEKDAYS = 8
DAYS_BEFORE_WALK_INS = 14
"""History that has to be there before walk-ins are foreseen weekday by weekday."""

WORKED_BEFORE_WALK_INS = 5
"""Days that have to be there before they are foreseen at all: of fewer, one day of trying things out would say it."""

HOUR_MIN_S = 900
"""A part of an hour in which the hall is open that says nothing about the hour when it is shorter: only something about
parts no longer than it, and only together with those of other days."""

CUT_SHORT_MAX = 0.5
"""The share of its time that an hour may lose to an alarm or a closed day; one that loses more says nothing, for those
who stood outside meanwhile come at once."""

CHANGE_MIN = 0.02
"""What has changed by less than this share of itself has not: days far ahead need not hear of it."""

LEAVING_PER_H = 0.02
NO_SHOW_S = 10.0
"""By less than this neither moves a wait that is told in steps of five minutes."""

USUAL = Learned()

_TO_SD = 1.4826
"""A normal distribution's standard deviation by its median absolute deviation."""

_QUARTILES_APART = 1.349
"""By how many of its standard deviations the quartiles of a normal distribution are apart."""


class OpenHour(Struct, frozen=True):
    """An hour of a day: the people who came without an appointment, and for how long the hall was open.

    It is not open while it is suspended, nor after a manager has closed the day.
    """

    people: int
    open_s: int


class Lasted(Struct, frozen=True):
    """How long visits lasted, in seconds, one for each, for one person: of people not prechecked, and prechecked."""

    plain_s: list[int] = []
    prechecked_s: list[int] = []


class DayFacts(Struct, frozen=True, kw_only=True):
    """What is remembered of a day.

    `lasted_s` and `prechecked_lasted_s` by service, one for each visit, for one person, at its main stage: that of the
    day, as `main` says; `at_stages` has the others. `late_s` is check-in minus
    start of those who came with an appointment; `hours` by local hour; `walk_ins` are the people by service.
    `waited_s` is how long all waited together, at any stage; `left` of them said that they leave, and `absent_s` has,
    for each who was called in vain, how long the counter waited. `missed` are those who did not come to a time at which
    the hall was open.
    """

    on: date
    lasted_s: dict[ServiceId, list[int]] = {}
    prechecked_lasted_s: dict[ServiceId, list[int]] = {}
    main: dict[ServiceId, StageId] = {}
    at_stages: dict[ServiceId, dict[StageId, Lasted]] = {}
    came: int = 0
    missed: int = 0
    late_s: list[int] = []
    hours: dict[str, OpenHour] = {}
    walk_ins: dict[ServiceId, int] = {}
    waited_s: int = 0
    left: int = 0
    absent_s: list[int] = []


class _Visit(Struct, frozen=True):
    service: ServiceId
    stage: StageId
    prechecked: bool
    seconds: int
    interrupted: bool


class FactsObserver:
    """Lives a day again, chunk by chunk."""

    def __init__(self, hall: HallId, on: date, day: Day | None = None) -> None:
        """Begin before the first event; with a `day` who watches it is told of its events by who folds them."""
        self._day = Day(hall, on) if day is None else day
        self._visits: dict[TicketId, list[_Visit]] = {}
        self._late_s: list[int] = []
        self._unplanned: list[tuple[datetime, ServiceId, int]] = []
        self._waiting_since: dict[TicketId, datetime] = {}
        self._waited_s = 0.0
        self._left = 0
        self._absent_s: dict[TicketId, list[int]] = {}
        self._missed = 0
        self._closed_at: datetime | None = None

    def see(self, records: Iterable[Record]) -> None:
        """Take the next events of the day, in order."""
        replay_with_observers(self._day, records, self)

    def before(self, record: Record) -> None:
        """See the day before an event: nothing is learned from what was."""

    def after(self, record: Record, ticket: Ticket | None) -> None:
        """See it with the event; `ticket` is as it was before."""
        self._note(record, ticket)
        if isinstance(record.event, events.DayClosed):
            self._closed_at = record.at
        if isinstance(record.event, events.AppointmentMissed):
            starts_at = self._day.appointments[record.event.appointment].starts_at
            self._missed += self._day.plan.open_at(starts_at) and not self._day.closed  # else who came met nobody

    def _note(self, record: Record, before: Ticket | None) -> None:
        match record.event:
            case events.TicketTaken() as taken:
                came_at = taken.issued_at or record.at
                if taken.class_ in {TicketClass.WALK_IN, TicketClass.GREEN}:
                    self._unplanned.append((came_at, taken.service, taken.count))
                elif taken.slot_at is not None:
                    self._late_s.append(round((came_at - taken.slot_at).total_seconds()))
            case events.TicketFinished(forgotten=False) | events.TicketAdvanced():
                self._note_visit(before)
            case events.TicketUndone(ticket=ticket) if before is not None and before.finished_at is not None:
                if self._visits.get(ticket):
                    self._visits[ticket].pop()
            case events.TicketUndone(ticket=ticket) if self._absent_s.get(ticket):
                self._absent_s[ticket].pop()
            case events.TicketNoShow(ticket=ticket):
                assert before is not None, "who did not come was called"
                assert before.called_at is not None, "who did not come was called"
                absent_s = self._day.unsuspended_s(before.called_at, record.at)
                self._absent_s.setdefault(ticket, []).append(round(absent_s))
            case events.TicketLeft(reason=LeftReason.SELF):
                self._left += _is_in_order(before)
            case _:
                pass
        self._note_wait(record, before)

    def _note_wait(self, record: Record, before: Ticket | None) -> None:
        after = ticket_in(self._day, record)
        was, is_now = _is_in_order(before), _is_in_order(after)
        if was and before is not None and not is_now:
            since_at = self._waiting_since.pop(before.id, record.at)
            self._waited_s += (record.at - since_at).total_seconds()
        elif is_now and after is not None and not was:
            self._waiting_since[after.id] = after.waiting_since_at if before is None else record.at

    def _note_visit(self, before: Ticket | None) -> None:
        assert before is not None, "who is served has a ticket"
        after = self._day.tickets[before.id]
        assert after.served is not None, "an end says what was ended"
        seconds = round(after.served.seconds / before.count)
        visit = _Visit(before.service, before.stage, before.prechecked, seconds, after.served.interrupted)
        self._visits.setdefault(before.id, []).append(visit)

    def facts(self) -> DayFacts:
        """What is to be remembered of the day so far."""
        visits = [visit for visit in chain.from_iterable(self._visits.values()) if not visit.interrupted]
        plan = self._day.plan if visits else None
        main = {} if plan is None else {one.id: plan.main_stage(one) for one in plan.services.values()}
        lasted: dict[bool, dict[ServiceId, list[int]]] = {False: {}, True: {}}
        at_stages: dict[ServiceId, dict[StageId, Lasted]] = {}
        for visit in visits:
            if visit.stage == main.get(visit.service, visit.stage):
                lasted[visit.prechecked].setdefault(visit.service, []).append(visit.seconds)
            else:
                there = at_stages.setdefault(visit.service, {}).setdefault(visit.stage, Lasted([], []))
                (there.prechecked_s if visit.prechecked else there.plain_s).append(visit.seconds)
        states = Counter(one.state for one in self._day.appointments.values())
        return DayFacts(
            on=self._day.on,
            lasted_s=lasted[False],
            prechecked_lasted_s=lasted[True],
            main={visit.service: main[visit.service] for visit in visits if visit.service in main},
            at_stages=at_stages,
            came=states[AppointmentState.CHECKED_IN],
            missed=self._missed,
            late_s=self._late_s,
            hours=self._hours() if self._day.issued else {},  # a day nobody took a number on was not worked with us
            walk_ins=_sums((service, count) for _, service, count in self._unplanned),
            waited_s=round(self._waited_s),
            left=self._left,
            absent_s=[seconds for some in self._absent_s.values() for seconds in some],
        )

    def _hours(self) -> dict[str, OpenHour]:
        plan = self._day.plan
        came: Counter[str] = Counter()
        for at, _, count in self._unplanned:
            came[_hour(plan, _counted_at(plan, at))] += count
        open_s = self._open_s()
        return {
            hour: OpenHour(came[hour], round(open_s[hour]))
            for hour, planned_s in open_hours(plan).items()
            if open_s[hour] >= (1 - CUT_SHORT_MAX) * planned_s
        }

    def _open_s(self) -> defaultdict[str, float]:
        """For how many seconds of each local hour the hall was open, alarms and a closed day left out."""
        found: defaultdict[str, float] = defaultdict(float)
        for hour, from_at, planned_until_at in _parts_of_hours(self._day.plan):
            until_at = min(planned_until_at, self._closed_at or planned_until_at)
            if from_at < until_at:
                found[hour] += self._day.unsuspended_s(from_at, until_at)
        return found


def _is_in_order(ticket: Ticket | None) -> bool:
    """Tell whether somebody waits to be called; who is on standby may hope for it."""
    return ticket is not None and ticket.state is TicketState.WAITING and ticket.admission is not Admission.STANDBY


def open_hours(plan: Plan) -> dict[str, int]:
    """For how many seconds of each local hour the hall is planned to be open."""
    found: Counter[str] = Counter()
    for hour, from_at, until_at in _parts_of_hours(plan):
        found[hour] += round((until_at - from_at).total_seconds())
    return dict(found)


def _parts_of_hours(plan: Plan) -> Iterator[tuple[str, datetime, datetime]]:
    """The local hours through which the hall is planned to be open, each with the span in which it is."""
    for window in plan.windows:
        at = window.opens_at
        while at < window.closes_at:
            local = at.astimezone(ZoneInfo(plan.time_zone))
            until_at = min(window.closes_at, at + timedelta(seconds=3600 - local.minute * 60 - local.second))
            yield f"{local.hour:02d}", at, until_at
            at = until_at


def _counted_at(plan: Plan, at: datetime) -> datetime:
    """When somebody counts as having come: who is at the door before it opens, at its opening."""
    if plan.open_at(at):
        return at
    return next((window.opens_at for window in plan.windows if window.opens_at > at), at)


def _hour(plan: Plan, at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(plan.time_zone)).hour:02d}"


def _sums(parts: Iterable[tuple[ServiceId, int]]) -> dict[ServiceId, int]:
    found: Counter[ServiceId] = Counter()
    for service, count in parts:
        found[service] += count
    return dict(found)


class LearnedWeek(Struct, frozen=True, kw_only=True):
    """What a hall has learned: of all days, and the walk-ins of each weekday, Monday 1 to Sunday 7.

    `learned_at` says when each changed last, 0 for all days; `days` is how many days it was learned from.
    """

    every: Learned = USUAL
    walk_ins: dict[int, dict[str, LearnedArrivals]] = {}
    learned_at: dict[int, datetime] = {}
    days: int = 0

    def on(self, day: date, worked: Mapping[date, int] = NO_WORKED_WEEKENDS) -> Learned:
        """What counts for a date; `worked` has the weekend days that are worked, and the ISO weekday they are like.

        It is no older than what was learned of the weekday that the date is: a plan by that, as the release before made
        it of a worked weekend day, is then older than one by this, for both releases.
        """
        weekday = weekday_of(day, worked)
        known = [self.learned_at[one] for one in (0, weekday, day.isoweekday()) if one in self.learned_at]
        return replace(self.every, walk_ins=self.walk_ins.get(weekday, {}), learned_at=max(known, default=None))

    def having(self, weekday: int, part: Learned, days: int, learned_at: datetime) -> "LearnedWeek":
        """The same with a part in the place of what was known of a weekday, 0 for all days, learned from `days`."""
        known_at = self.learned_at | {weekday: learned_at}
        if weekday == 0:
            return replace(self, every=part, learned_at=known_at, days=days)
        return replace(self, walk_ins=self.walk_ins | {weekday: part.walk_ins}, learned_at=known_at)


NOTHING_LEARNED = LearnedWeek()


def learn(
    days: Sequence[DayFacts], document: HallDocument, on: date, worked: Mapping[date, int] = NO_WORKED_WEEKENDS
) -> LearnedWeek:
    """Learn from the days before a date.

    Args:
        days: facts of days, in any order; those from `on` on, and those too long ago, do not count.
        document: what is believed of durations before anything was seen.
        on: the date it is learned on.
        worked: weekend days that were worked in return for a free one, and the ISO weekday they were like.
    """
    known = sorted(
        (day for day in days if on - timedelta(days=DAYS_LEARNED_FROM) <= day.on < on), key=lambda day: day.on
    )
    came, missed = sum(day.came for day in known), sum(day.missed for day in known)
    mean_s, sd_s = learned_punctuality([seconds for day in known for seconds in day.late_s])
    optional = optional_stages_of(document)
    durations: dict[ServiceId, ExpectedDuration] = {}
    mains: dict[ServiceId, StageId] = {}
    at_stages: dict[ServiceId, dict[StageId, ExpectedDuration]] = {}
    for service in document.services:
        main = main_stage_of(service.stages, optional)
        for stage in service.stages:
            seen = [one for day in known if (one := _lasted_at(day, service.id, stage, main)) is not None]
            lasting = learned_duration(
                [seconds for one in seen for seconds in one.plain_s],
                [seconds for one in seen for seconds in one.prechecked_s],
                expected_duration(service, stage, optional),
            )
            if lasting is not None and stage == main:
                durations[service.id], mains[service.id] = lasting, main
            elif lasting is not None:
                at_stages.setdefault(service.id, {})[stage] = lasting
    every = Learned(
        durations=durations,
        main=mains,
        at_stages=at_stages,
        no_show=(USUAL.no_show * PRIOR_PEOPLE + missed) / (PRIOR_PEOPLE + came + missed),
        punctuality_mean_s=mean_s,
        punctuality_sd_s=sd_s,
        mix=_mix(known, document),
        leaving=learned_leaving(known),
    )
    open_on = {weekday for hours in document.hours for weekday in hours.weekdays}
    return LearnedWeek(every=every, walk_ins=learned_walk_ins(known, on, open_on, worked), days=len(known))


def _lasted_at(day: DayFacts, service: ServiceId, stage: StageId, main: StageId) -> Lasted | None:
    """What a day saw of a stage; `main` is today's main stage, and was so on a day that does not say it."""
    if stage == day.main.get(service, main):
        return Lasted(day.lasted_s.get(service, []), day.prechecked_lasted_s.get(service, []))
    return day.at_stages.get(service, {}).get(stage)


def learned_duration(
    seconds: Sequence[int], prechecked: Sequence[int], prior: ExpectedDuration
) -> ExpectedDuration | None:
    """How long a service lasts, by what was seen of it; None when nothing was."""
    plain, checked = without_outliers(seconds), without_outliers(prechecked)
    if not plain and not checked:
        return None
    mean_s = _drawn(plain, prior.mean_s)
    checked_mean_s = _drawn(checked, prior.prechecked_mean_s or mean_s)
    squares = _squares(plain) + _squares(checked)
    variance = (PRIOR_DURATIONS * prior.cv**2 + squares) / (PRIOR_DURATIONS + len(plain) + len(checked))
    knows_checked = bool(checked) or prior.prechecked_mean_s is not None
    return ExpectedDuration(mean_s, math.sqrt(variance), checked_mean_s if knows_checked else None)


def without_outliers(seconds: Sequence[int]) -> list[int]:
    """The durations that are no slips, and whose end was not forgotten.

    Four medians are 2.5 standard deviations of the logarithms at the usual spread of 0.6; where a service spreads more,
    as its quartiles say, those are further away, for its long visits are real ones. So are some beyond: as many as
    chance makes count as that long, or every mean would be some percent too short.
    """
    kept = sorted(one for one in seconds if one >= SLIP_S)
    if len(kept) < QUARTILES_OF:
        return kept[: bisect_right(kept, FORGOTTEN_AFTER_MEDIANS * median(kept))] if kept else []
    low, middle, high = quantiles(kept, n=4)
    sigma = math.log(high / low) / _QUARTILES_APART
    apart = max(math.log(FORGOTTEN_AFTER_MEDIANS), FORGOTTEN_AFTER_SDS * sigma)
    most = middle * math.exp(apart)
    by_chance = len(kept) * math.erfc(apart / sigma / math.sqrt(2)) / 2 if sigma else 0.0
    within = kept[: bisect_right(kept, most)]
    return within + [round(most)] * min(round(by_chance), len(kept) - len(within))


def _drawn(seen: Sequence[int], prior: float) -> float:
    return (PRIOR_DURATIONS * prior + sum(seen)) / (PRIOR_DURATIONS + len(seen))


def _squares(seen: Sequence[int]) -> float:
    """The squared deviations from the mean, each as a share of it."""
    mean = sum(seen) / len(seen) if seen else 1.0
    return sum((one / mean - 1) ** 2 for one in seen)


def learned_punctuality(late_s: Sequence[int]) -> tuple[float, float]:
    """How long after the start people come, and the spread of that, by median and median deviation."""
    if not late_s:
        return USUAL.punctuality_mean_s, USUAL.punctuality_sd_s
    middle = median(late_s)
    sd_s = _TO_SD * median(abs(one - middle) for one in late_s)
    n = len(late_s)
    mean_s = (PRIOR_PEOPLE * USUAL.punctuality_mean_s + n * middle) / (PRIOR_PEOPLE + n)
    variance = (PRIOR_PEOPLE * USUAL.punctuality_sd_s**2 + n * sd_s**2) / (PRIOR_PEOPLE + n)
    return mean_s, math.sqrt(variance)


def learned_leaving(days: Iterable[DayFacts]) -> Leaving:
    """How people who wait give up: who says so, and who is called in vain."""
    waited_h, left = PRIOR_WAITED_H, 0
    absent_s: list[int] = []
    for day in days:
        waited_h += day.waited_s / 3600
        left += day.left
        absent_s += day.absent_s
    return Leaving(left / waited_h, len(absent_s) / waited_h, median(absent_s) if absent_s else 0.0)


def learned_walk_ins(
    days: Sequence[DayFacts],
    on: date,
    open_on: Collection[int] = range(1, 8),
    worked: Mapping[date, int] = NO_WORKED_WEEKENDS,
) -> dict[int, dict[str, LearnedArrivals]]:
    """Walk-ins by weekday and hour, of days in order.

    In the first two weeks a weekday is like all days, as far apart as they are from each other: a hall that expected
    nobody would let bookings take the walk-ins' time.

    Args:
        days: what was seen, in order.
        on: the date they are learned on.
        open_on: the weekdays on which the hall opens.
        worked: weekend days that were worked in return for a free one, and the ISO weekday they were like.
    """
    seen = [day for day in days if day.hours]
    if not seen or (on - seen[0].on).days < DAYS_BEFORE_WALK_INS:
        usual = _by_hour(seen) if len(seen) >= WORKED_BEFORE_WALK_INS else {}
        return {weekday: usual for weekday in sorted(open_on) if usual}
    by_weekday = (
        (weekday, _by_hour([day for day in seen if weekday_of(day.on, worked) == weekday])) for weekday in range(1, 8)
    )
    return {weekday: arrivals for weekday, arrivals in by_weekday if arrivals}


def _by_hour(days: Sequence[DayFacts]) -> dict[str, LearnedArrivals]:
    """Walk-ins by the hour of the last of some days, where it was open twice at least."""
    hours: dict[str, list[OpenHour]] = {}
    for day in days[-SAME_WEEKDAYS:]:
        for hour, seen in day.hours.items():
            hours.setdefault(hour, []).append(seen)
    found = {}
    for hour, all_seen in sorted(hours.items()):
        long = [seen for seen in all_seen if seen.open_s >= HOUR_MIN_S]
        short = [seen for seen in all_seen if 0 < seen.open_s < HOUR_MIN_S]
        if len(long) > 1:
            found[hour] = _arrivals([_per_h(seen) for seen in long])
        elif len(short) > 1 and sum(seen.open_s for seen in short) >= HOUR_MIN_S:
            found[hour] = _arrivals_of_parts(short)
    return found


def _per_h(seen: OpenHour) -> float:
    return seen.people * 3600 / seen.open_s


def _arrivals(per_h: Sequence[float]) -> LearnedArrivals:
    """The median; its spread is what the days differ by beyond chance, and what so few days leave open."""
    middle = median(per_h)
    variance = sum((one - middle) ** 2 for one in per_h) / (len(per_h) - 1)
    return LearnedArrivals(middle, forecast_sd(middle, math.sqrt(max(0.0, variance - middle)), len(per_h)))


def _arrivals_of_parts(seen: Sequence[OpenHour]) -> LearnedArrivals:
    """What short parts of an hour say together about parts that are no longer: the mean, its spread as in `_arrivals`.

    The middle of a few counts as small as these would most often be nobody.
    """
    open_h = sum(one.open_s for one in seen) / 3600
    per_h = sum(one.people for one in seen) / open_h
    variance = sum((_per_h(one) - per_h) ** 2 for one in seen) / (len(seen) - 1)
    beyond_chance = max(0.0, variance - per_h * len(seen) / open_h)
    sd = math.sqrt(beyond_chance + beyond_chance / len(seen) + per_h / open_h)
    return LearnedArrivals(per_h, sd, max(one.open_s for one in seen))


def forecast_sd(per_h: float, apart: float, days: int = SAME_WEEKDAYS) -> float:
    """How far a forecast of arrivals may be off, beyond chance.

    Args:
        per_h: the median of so many `days`.
        apart: what days differ by beyond chance, as a standard deviation.
        days: how many were seen. The median of n draws has pi / 2n of the variance of one.
    """
    return math.sqrt(apart**2 + math.pi / 2 * (per_h + apart**2) / days)


def _mix(days: Sequence[DayFacts], document: HallDocument) -> dict[ServiceId, float]:
    """Which share of the walk-ins comes for each service."""
    people = _sums((service, count) for day in days for service, count in day.walk_ins.items())
    offered = {service.id: people.get(service.id, 0) for service in document.services}
    total = sum(offered.values())
    return {service: count / total for service, count in offered.items() if count} if total else {}


def changed_parts(known: LearnedWeek, learned: LearnedWeek) -> dict[int, Learned]:
    """The parts of what was learned that are worth telling the days ahead, by weekday, 0 for all days."""
    parts = {0: learned.every} if has_changed(known.every, learned.every) else {}
    for weekday in range(1, 8):
        learned_walk_ins = learned.walk_ins.get(weekday, {})
        if walk_ins_changed(known.walk_ins.get(weekday, {}), learned_walk_ins):
            parts[weekday] = Learned(walk_ins=learned_walk_ins)
    return parts


def has_changed(before: Learned, after: Learned) -> bool:
    """Tell whether something was learned that is worth telling the days ahead; what both say is otherwise kept."""
    return not (
        _near(before.no_show, after.no_show)
        and _near(before.punctuality_mean_s, after.punctuality_mean_s, 30.0)
        and _near(before.punctuality_sd_s, after.punctuality_sd_s)
        and _are_like(before.durations, after.durations)
        and before.main == after.main
        and before.at_stages.keys() == after.at_stages.keys()
        and all(_are_like(stages, after.at_stages[name]) for name, stages in before.at_stages.items())
        and before.mix.keys() == after.mix.keys()
        and all(_near(share, after.mix[name], CHANGE_MIN) for name, share in before.mix.items())
        and _near(before.leaving.left_per_h, after.leaving.left_per_h, LEAVING_PER_H)
        and _near(before.leaving.no_show_per_h, after.leaving.no_show_per_h, LEAVING_PER_H)
        and _near(before.leaving.no_show_s, after.leaving.no_show_s, NO_SHOW_S)
        and not walk_ins_changed(before.walk_ins, after.walk_ins)
    )


def walk_ins_changed(before: dict[str, LearnedArrivals], after: dict[str, LearnedArrivals]) -> bool:
    """Tell whether an hour is expected to be another."""
    return before.keys() != after.keys() or not all(
        _near(one.per_h, after[hour].per_h)
        and _near(one.sd, after[hour].sd, 1.0)
        and one.up_to_s == after[hour].up_to_s
        for hour, one in before.items()
    )


def _are_like(before: Mapping[Any, ExpectedDuration], after: Mapping[Any, ExpectedDuration]) -> bool:
    return before.keys() == after.keys() and all(_is_like(one, after[name]) for name, one in before.items())


def _is_like(one: ExpectedDuration, other: ExpectedDuration) -> bool:
    if (one.prechecked_mean_s is None) != (other.prechecked_mean_s is None):
        return False
    return (
        _near(one.mean_s, other.mean_s)
        and _near(one.cv, other.cv)
        and _near(one.prechecked_mean_s or 0.0, other.prechecked_mean_s or 0.0)
    )


def _near(one: float, other: float, apart: float = 0.0) -> bool:
    return abs(one - other) <= max(apart, CHANGE_MIN * abs(one))
