"""The report: the figures of a day, or of many days together, in the contract's words.

Means and quantiles are computed from all visits of the period; the p50 of two days is not the mean of their p50s. A
quantile is the smallest value that this share of the visits does not exceed.

Source: CONTRACT 5 (`GET …/report`).
"""

import math
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import merge
from itertools import chain
from typing import TypeVar

from msgspec import Struct, field

from service.domain.model import Channel, CounterId, LeftReason, Outcome, ServiceId, TicketClass
from service.domain.stats.day_figures import GRADES, AtCounter, Figures, Half, Rated, Seconds, Visits

Name = TypeVar("Name", TicketClass, Channel)


class Left(Struct, frozen=True):
    """Tickets that left without service: by choice, at the end of the day, or from standby for an appointment."""

    self_: int = field(name="self", default=0)
    unserved: int = 0
    booked: int = 0


class VisitsSeen(Struct, frozen=True, kw_only=True):
    """Tickets by the end of their visits, and their people; `open` visits have not ended.

    Each of the `issued` tickets is in exactly one of served, no_show, left and open.
    """

    issued: int = 0
    people: int = 0
    served: int = 0
    no_show: int = 0
    left: Left = Left()
    open: int = 0


class Outcomes(Struct, frozen=True):
    """Served visits by outcome."""

    done: int = 0
    conditional: int = 0
    referred: int = 0


class SpreadSeen(Struct, frozen=True, kw_only=True):
    """Distribution of the seconds of `number` visits. All values are null without visits."""

    number: int = 0
    mean_s: int | None = None
    p50_s: int | None = None
    p90_s: int | None = None
    max_s: int | None = None


class OfService(Struct, frozen=True, kw_only=True):
    """The visits of a service: how they ended, waits by class, and durations at a counter."""

    service: str
    visits: VisitsSeen
    waits: dict[TicketClass, SpreadSeen]
    lasted: SpreadSeen


class AppointmentsSeen(Struct, frozen=True, kw_only=True):
    """Booked appointments; `called_in_time` counts those called within ten minutes of their time."""

    booked: int = 0
    checked_in: int = 0
    missed: int = 0
    cancelled: int = 0
    called_in_time: int = 0


class OvertimeWorked(Struct, frozen=True):
    """Tickets admitted to overtime, and seconds that people were at counters after the regular closing."""

    tickets: int = 0
    serving_s: int = 0


class CounterWorked(Struct, frozen=True, kw_only=True):
    """Seconds that a counter was open, was on a break, and had a person."""

    counter: str
    open_s: int
    paused_s: int
    serving_s: int


class Exceptions(Struct, frozen=True):
    """Decisions of clerks out of the order, by reason code: chosen calls and changes to the green channel."""

    chosen: dict[str, int]
    green: dict[str, int]


class PromisesSeen(Struct, frozen=True):
    """First calls of tickets with a promised wait: all (`scored`), and those between its p10 and p90 (`held`)."""

    scored: int = 0
    held: int = 0


class RatingsSeen(Struct, frozen=True, kw_only=True):
    """Ratings of visits: the number of grades 1 to 5, in this order, and the number of each reason, by code."""

    number: int = 0
    mean: float | None = None
    grades: list[int]
    reasons: dict[str, int]


class HourSeen(Struct, frozen=True, kw_only=True):
    """An hour of the days, by local time: arrivals, calls, finished visits, and open seconds of all counters.

    `waiting_most` is the largest number of tickets that waited at once.
    """

    hour: str
    booked: int
    walk_ins: int
    calls: int
    ends: int
    waiting_most: int
    open_s: int


class Period(Struct, frozen=True, kw_only=True):
    """The report of a day, or of several days together."""

    days: int
    visits: VisitsSeen
    outcomes: Outcomes
    classes: dict[TicketClass, VisitsSeen]
    channels: dict[Channel, VisitsSeen]
    services: list[OfService]
    waits: SpreadSeen
    lasted: SpreadSeen
    appointments: AppointmentsSeen
    overtime: OvertimeWorked
    counters: list[CounterWorked]
    exceptions: Exceptions
    sent_online: dict[str, int]
    promises: PromisesSeen
    ratings: RatingsSeen
    hours: list[HourSeen]


def period_of(days: Sequence[Figures], sent_online: Mapping[str, int]) -> Period:
    """Combine days into one report.

    `sent_online` counts, by service, the requests that were answered with a link to the online service.
    """
    visits = list(chain.from_iterable(day.visits for day in days))
    waits = list(chain.from_iterable(day.waits for day in days))
    lasted = list(chain.from_iterable(day.lasted for day in days))
    names = sorted({one.service for one in chain(waits, lasted)} | {one.service for one in visits})
    return Period(
        days=len(days),
        visits=visits_of(visits),
        outcomes=Outcomes(**{outcome: _count_ended(visits, outcome) for outcome in Outcome}),
        classes=_group_by(visits, lambda visit: visit.class_),
        channels=_group_by(visits, lambda visit: visit.channel),
        services=[_of_service(name, visits, waits, lasted) for name in names],
        waits=spread_of(waits),
        lasted=spread_of(lasted),
        appointments=AppointmentsSeen(
            booked=sum(day.booked.booked for day in days),
            checked_in=sum(day.booked.checked_in for day in days),
            missed=sum(day.booked.missed for day in days),
            cancelled=sum(day.booked.cancelled for day in days),
            called_in_time=sum(day.booked.called_in_time for day in days),
        ),
        overtime=OvertimeWorked(sum(day.overtime.tickets for day in days), sum(day.overtime.serving_s for day in days)),
        counters=_counters(day.counters for day in days),
        exceptions=Exceptions(_sums(day.chosen for day in days), _sums(day.green for day in days)),
        sent_online=dict(sorted(sent_online.items())),
        promises=PromisesSeen(sum(day.promises.scored for day in days), sum(day.promises.held for day in days)),
        ratings=_ratings([day.rated for day in days]),
        hours=_hours(day.halves for day in days),
    )


def visits_of(visits: Iterable[Visits]) -> VisitsSeen:
    """Count visits by their end."""
    ends: Tally[str] = Tally()
    people = 0
    for one in visits:
        ends[one.end] += one.tickets
        people += one.people
    return VisitsSeen(
        issued=ends.total(),
        people=people,
        served=sum(ends[outcome] for outcome in Outcome),
        no_show=ends["no_show"],
        left=Left(ends[LeftReason.SELF], ends[LeftReason.UNSERVED], ends[LeftReason.BOOKED]),
        open=ends["open"],
    )


def spread_of(parts: Iterable[Seconds]) -> SpreadSeen:
    """Return the distribution of seconds. Each part must be sorted."""
    seconds = list(merge(*(part.seconds for part in parts)))
    if not seconds:
        return SpreadSeen()
    return SpreadSeen(
        number=len(seconds),
        mean_s=round(sum(seconds) / len(seconds)),
        p50_s=_quantile(seconds, 0.5),
        p90_s=_quantile(seconds, 0.9),
        max_s=seconds[-1],
    )


def _quantile(seconds: Sequence[int], share: float) -> int:
    return seconds[max(0, math.ceil(share * len(seconds)) - 1)]


def _count_ended(visits: Iterable[Visits], end: str) -> int:
    return sum(one.tickets for one in visits if one.end == end)


def _group_by(visits: Iterable[Visits], key: Callable[[Visits], Name]) -> dict[Name, VisitsSeen]:
    found: dict[Name, list[Visits]] = {}
    for one in visits:
        found.setdefault(key(one), []).append(one)
    return {name: visits_of(found[name]) for name in sorted(found)}


def _of_service(
    name: ServiceId, visits: Iterable[Visits], waits: Iterable[Seconds], lasted: Iterable[Seconds]
) -> OfService:
    by_class: dict[TicketClass, list[Seconds]] = {}
    for one in waits:
        if one.service == name:
            by_class.setdefault(one.class_, []).append(one)
    return OfService(
        service=name,
        visits=visits_of(one for one in visits if one.service == name),
        waits={class_: spread_of(by_class[class_]) for class_ in sorted(by_class)},
        lasted=spread_of(one for one in lasted if one.service == name),
    )


def _counters(days: Iterable[Mapping[CounterId, AtCounter]]) -> list[CounterWorked]:
    found: dict[CounterId, list[AtCounter]] = {}
    for day in days:
        for counter, one in day.items():
            found.setdefault(counter, []).append(one)
    return [
        CounterWorked(
            counter=counter,
            open_s=sum(one.open_s for one in worked),
            paused_s=sum(one.paused_s for one in worked),
            serving_s=sum(one.serving_s for one in worked),
        )
        for counter, worked in sorted(found.items())
    ]


def _ratings(days: Sequence[Rated]) -> RatingsSeen:
    grades = [sum(day.grades[n] for day in days) for n in range(GRADES)]
    number = sum(grades)
    return RatingsSeen(
        number=number,
        mean=round(sum(count * (n + 1) for n, count in enumerate(grades)) / number, 2) if number else None,
        grades=grades,
        reasons=_sums(day.reasons for day in days),
    )


def _sums(days: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: Tally[str] = Tally()
    for day in days:
        found.update(day)
    return dict(sorted(found.items()))


def _hours(days: Iterable[Mapping[str, Half]]) -> list[HourSeen]:
    found: dict[str, list[Half]] = {}
    for day in days:
        for local, half in day.items():
            found.setdefault(local[:2], []).append(half)
    return [
        HourSeen(
            hour=hour,
            booked=sum(half.booked for half in halves),
            walk_ins=sum(half.walk_ins for half in halves),
            calls=sum(half.calls for half in halves),
            ends=sum(half.ends for half in halves),
            waiting_most=max(half.waiting_most for half in halves),
            open_s=sum(half.open_s for half in halves),
        )
        for hour, halves in sorted(found.items())
    ]
