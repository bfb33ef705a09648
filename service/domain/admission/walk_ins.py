"""Admission of walk-ins: admitted, on standby, or refused because the hall is full.

A walk-in is admitted when a counter is likely to be free for one more person before closing, after everybody who is
here and everybody who is still expected with an appointment has been served. A walk-in therefore never takes the time
of a booked person. The likelihood is at least `FITS_MIN` for admission and at least `STANDBY_MIN` for standby. Below
that, the answer is that the hall is full, with the slots that can be booked instead. A visit with several stages or
several services is as likely to fit as its last stage, which begins after all others.

People on standby are outside the order of calls, in the order of issue. When work is finished early, the same command
admits as many of them as fit at that moment. A later number is not admitted before an earlier number on standby if that
would make the earlier one wait longer, at the first or the last stage of the visit; a person with nothing to do at that
stage does not delay them. While overtime is open, its end counts as closing, and people who fit only because of it have
the admission `overtime`.

Source: DESIGN 6, "Admission of a walk-in" and "Standby"; ALGORITHMS 3 and 4.5.
"""

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from operator import add
from typing import NamedTuple

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from service.domain import events
from service.domain.booking.appointment_index import Visit
from service.domain.booking.slots import Slots, slots_of
from service.domain.calendar.plan import PRECHECK, Plan, PlannedService
from service.domain.calendar.times import stamp
from service.domain.day import Day
from service.domain.events import Event, Record
from service.domain.evolve.evolve import evolve
from service.domain.model import Admission, Fit, ServiceId, StageId, Ticket
from service.domain.queue.counter_pools import Pool
from service.domain.queue.follow_on_services import follow_on_visits
from service.domain.queue.shared_counters import CounterSharing
from service.domain.queue.waits import (
    NO_WORK,
    CounterFree,
    Work,
    all_arrivals,
    counter_free_for,
    duration_at,
    expected_work,
    follow_on_need_at,
    follow_on_work,
    has_stage_ahead,
    outlook_of,
    probability_below,
    todays_speed,
    work_brought_by,
)
from service.domain.refusals import HallFull
from service.domain.view import slot_view

FITS_MIN = 0.8
"""A walk-in who is at least this likely to be called before closing is admitted."""

STANDBY_MIN = 0.3
"""One who is at least this likely stands by."""

LATER_S = 1.0
"""By less nobody on standby would be served later."""

SLOTS_OFFERED = 3
"""How many free starts somebody is told of who finds the hall full."""

GIVES_WORK_BACK: frozenset[type[Event]] = frozenset(
    {
        events.TicketFinished,
        events.TicketAdvanced,
        events.TicketLeft,
        events.TicketNoShow,
        events.TicketParked,
        events.TicketCalled,
        events.AppointmentCancelled,
        events.AppointmentChanged,
        events.AppointmentExpired,
        events.AppointmentMissed,
        events.AppointmentMovedAway,
        events.AppointmentCheckedIn,
        events.CounterOpened,
        events.PlanChanged,
        events.OvertimeOpened,
    }
)
"""The events after which somebody on standby may fit."""

_COMMAND = "admission"
"""What the records of a fold are of that nobody keeps."""


class Visitor(Struct, frozen=True):
    """Who asks to be let in: for which service, from which stage on, how many, and after which others on standby.

    `then` are the services of the same visit after it. As a guest of `partner` they may be offered what is kept for its
    guests.
    """

    service: ServiceId
    stage: StageId
    count: int
    prechecked: bool
    n: int
    then: tuple[ServiceId, ...] = ()
    partner: str | None = None


class Verdict(NamedTuple):
    """How somebody is let in, and what that was reckoned from; None where the hall lets everybody in."""

    admission: Admission
    fit: Fit | None


class StageNeed(NamedTuple):
    """A stage that is ahead of a visit: who competes there, and what the visit needs, by mean and variance."""

    pool: Pool
    mean_s: float
    variance: float


_Kind = tuple[CounterSharing, int]
"""A kind of work, of those that share counters."""


class _Start(NamedTuple):
    """When a counter is free: seconds from now, and their spread."""

    mean_s: float
    sd_s: float


def admit(day: Day, visitor: Visitor, now_at: datetime) -> Verdict:
    """Decide how a walk-in comes in.

    Raises:
        HallFull: they are too unlikely to be served today; with the next starts of today that can be booked.
    """
    verdict = verdict_on(day, visitor, now_at)
    if verdict is None:
        raise _full(day, visitor, now_at)
    return verdict


def verdict_on(day: Day, visitor: Visitor, now_at: datetime) -> Verdict | None:
    """How a walk-in comes in; None when they do not."""
    if day.plan.admission == "all":
        return Verdict(day.admission_at(now_at), None)
    legs = _legs_of(day, visitor)
    frees = FreeTimes(visitor.n, now_at)
    start = _start_after_all(day, legs, frees)
    speed, _ = todays_speed(day, legs[-1].pool.stage)
    fit = _fit(start, speed, _closing(day.regular_plan), now_at)
    admission = day.admission_at(now_at)
    if day.overtime is not None and (fit.p is None or fit.p < FITS_MIN):
        fit = _fit(start, speed, _closing(day.plan), now_at)
        admission = Admission.OVERTIME
    if fit.p is not None and fit.p < STANDBY_MIN:
        return None
    if fit.p is None or fit.p < FITS_MIN or _after_others(day, visitor, legs, frees):
        return Verdict(Admission.STANDBY, fit)
    return Verdict(admission, fit)


def verdict_key(day: Day, visitor: Visitor) -> Hashable:
    """What it depends on who a visitor is: of those who are alike in it `verdict_on` says the same at an instant."""
    legs = _legs_of(day, visitor)
    before = tuple((mean_s, variance) for _, mean_s, variance in legs[:-1])
    return visitor.n, before, tuple((pool.stage, pool.kind, id(pool.sharing)) for pool, _, _ in legs)


def admitted_from_standby(day: Day, now_at: datetime, decided: Iterable[Event] = ()) -> tuple[list[Event], Day]:
    """Admit as many of those on standby as fit, in the order of issue.

    Args:
        day: awake at `now_at`.
        now_at: the present instant.
        decided: what has been decided on the day and is not folded yet.

    Returns:
        The admissions, and the day after all of it: the same one when there is nothing.
    """
    after = day
    for event in decided:
        after = day_with_event(day, after, event, now_at)
    admitted: list[Event] = []
    if after.closed or not after.queue.standby:
        return admitted, after
    staying: set[Visitor] = set()
    kinds: set[_Kind] = set()
    for _, ticket_id in list(after.queue.standby):
        ticket = after.tickets[ticket_id]
        visitor = visitor_of(ticket)
        errand = _errand_of(visitor)
        if errand in staying:
            continue
        legs = _legs_of(after, visitor)
        if any((leg.pool.sharing, leg.pool.kind) in kinds for leg in legs):
            staying.add(errand)
            continue
        verdict = verdict_on(after, visitor, now_at)
        if verdict is None or verdict.admission is Admission.STANDBY:
            staying.add(errand)
            only = _only_kind(legs)
            if only is not None:
                kinds.add(only)
            continue
        event = admitted_as(after, ticket, verdict, now_at)
        admitted.append(event)
        after = day_with_event(day, after, event, now_at)
    return admitted, after


def admitted_as(day: Day, ticket: Ticket, verdict: Verdict, now_at: datetime) -> events.TicketAdmitted:
    """Let a ticket on standby into the order of calls, at the place of its queue time."""
    ahead, wait = outlook_of(day, replace(ticket, admission=verdict.admission), now_at)
    return events.TicketAdmitted(ticket=ticket.id, admission=verdict.admission, fit=verdict.fit, ahead=ahead, wait=wait)


def visitor_of(ticket: Ticket) -> Visitor:
    """What a ticket still asks for."""
    return Visitor(ticket.service, ticket.stage, ticket.count, ticket.prechecked, ticket.n, ticket.then)


def next_visitor(  # noqa: PLR0913  (the last ones by name)
    day: Day,
    service: PlannedService,
    count: int,
    *,
    prechecked: bool,
    then: tuple[ServiceId, ...] = (),
    partner: str | None = None,
) -> Visitor:
    """Who would take the next number."""
    stage = service.first_stage(prechecked=prechecked)
    return Visitor(service.id, stage, count, prechecked, day.issued + 1, then, partner)


def day_with_event(day: Day, after: Day, event: Event, now_at: datetime) -> Day:
    """The day after an event that is decided on `day`, folded beside it: `after` is the day so far."""
    if after is day:
        after = day.copy()
    return evolve(after, Record(after.seq + 1, now_at, _COMMAND, _COMMAND, 0, None, event))


def _closing(plan: Plan) -> datetime | None:
    """When a day's doors close for the last time."""
    return plan.windows[-1].closes_at if plan.windows else None


def _fit(start: _Start | None, speed: float, closes_at: datetime | None, now_at: datetime) -> Fit:
    if start is None or closes_at is None:
        return Fit(None, None, None, round(speed, 3), closes_at)
    left_s = (closes_at - now_at).total_seconds()
    p = probability_below(left_s, start.mean_s, start.sd_s) if left_s > 0 else 0.0
    return Fit(round(p, 3), round(start.mean_s), round(start.sd_s), round(speed, 3), closes_at)


class FreeTimes:
    """When a counter of each pool is free for who comes after all, on standby after those before the number `n`.

    `also` are the stages of one more visit before them. Whoever is asked about, the work of those in the order is the
    same: it is summed up once, and `behind` hands it on.
    """

    def __init__(self, n: int, now_at: datetime) -> None:
        self.n = n
        self.now_at = now_at
        self.also: Sequence[StageNeed] = ()
        self._known: dict[_Kind, CounterFree | None] = {}
        self._in_order: dict[CounterSharing, Sequence[Work]] = {}

    def behind(self, n: int, also: Sequence[StageNeed] = ()) -> "FreeTimes":
        """The same for another on standby, with one more visit before them."""
        other = FreeTimes(n, self.now_at)
        other.also = also
        other._in_order = self._in_order
        return other

    def at(self, day: Day, pool: Pool) -> CounterFree | None:
        """When a counter of the pool is free for one more person; None when no counter serves it."""
        which = pool.sharing, pool.kind
        if which not in self._known:
            self._known[which] = self._free_at(day, pool)
        return self._known[which]

    def _free_at(self, day: Day, pool: Pool) -> CounterFree | None:
        in_order = self._in_order.get(pool.sharing)
        if in_order is None:
            nobody = [NO_WORK] * len(pool.sharing.kinds)
            in_order = _with(nobody, chain(_in_lines(day, pool), _to_come_here(day, pool), _going_on(day, pool)))
            self._in_order[pool.sharing] = in_order
        standby = chain.from_iterable(work_brought_by(day, pool, ticket) for ticket in day.queue.standby_before(self.n))
        also = (
            (other.kind, expected_work(1, 1.0, mean_s, variance))
            for other, mean_s, variance in self.also
            if other.sharing is pool.sharing
        )
        waiting = _with(in_order, chain(standby, also))
        return counter_free_for(day, pool, waiting, all_arrivals(day, pool, self.now_at), self.now_at)


def _with(waiting: Sequence[Work], more: Iterable[tuple[int, Work]]) -> Sequence[Work]:
    """The work that waits, by kind, and more of it."""
    found = list(waiting)
    for kind, work in more:
        found[kind] = Work(*map(add, found[kind], work))
    return found


def _start_after_all(day: Day, legs: Iterable[StageNeed], frees: FreeTimes) -> _Start | None:
    """When the last counter of a visit is free for who comes after all others; None when nobody can tell."""
    start: _Start | None = None
    own_s = own_variance = 0.0
    for pool, mean_s, variance in legs:
        free = frees.at(day, pool)
        if free is None:
            return None
        here = _Start(free.mean_s, free.sd_s)
        if start is not None:  # they come out of the stage before
            here = max(here, _Start(start.mean_s + own_s, math.hypot(start.sd_s, math.sqrt(own_variance))))
        start, own_s, own_variance = here, mean_s, variance
    return start


def _after_others(day: Day, visitor: Visitor, legs: Sequence[StageNeed], frees: FreeTimes) -> bool:
    """Tell whether somebody stands by, and was here before, whose time they would take.

    Of several with the same errand it is the first: the others come after that one.
    """
    own = _errand_of(visitor)
    seen: set[Visitor] = set()
    for ticket in day.queue.standby_before(visitor.n):
        other = visitor_of(ticket)
        errand = _errand_of(other)
        if errand not in seen:
            seen.add(errand)
            if errand == own or _takes_from(day, legs, frees, other):
                return True
    return False


def _takes_from(day: Day, legs: Sequence[StageNeed], frees: FreeTimes, other: Visitor) -> bool:
    """Tell whether somebody on standby would be served later if a visit of these stages were let in before them."""
    theirs = _legs_of(day, other)
    if not {leg.pool.sharing for leg in theirs} & {leg.pool.sharing for leg in legs}:
        return False
    only = _only_kind(theirs)
    if only is not None:
        found = (frees.at(day, leg.pool) for leg in legs if leg.pool.sharing is only[0])
        return any(free is not None and only[1] in free.kinds for free in found)
    start = _start_after_all(day, theirs, frees.behind(other.n))
    then = _start_after_all(day, theirs, frees.behind(other.n, legs))
    return start is not None and then is not None and then.mean_s > start.mean_s + LATER_S


def _only_kind(legs: Sequence[StageNeed]) -> _Kind | None:
    """The kind of work that all stages of a visit are; None when they are of several."""
    kinds = {(leg.pool.sharing, leg.pool.kind) for leg in legs}
    return kinds.pop() if len(kinds) == 1 else None


def _errand_of(visitor: Visitor) -> Visitor:
    """What somebody asks for, whoever it is."""
    return replace(visitor, n=0, partner=None)


def _legs_of(day: Day, visitor: Visitor) -> list[StageNeed]:
    """Each stage of what is still to be done, from the present one on; one at least."""
    service, count, prechecked = visitor.service, visitor.count, visitor.prechecked
    legs = list(_legs_from(day, visitor.stage, Visit(service, count, prechecked)))
    for visit in follow_on_visits(day.plan, service, visitor.then, count, prechecked=prechecked):
        legs += _legs_from(day, day.plan.services[visit.service].stages[0], visit)
    return legs


def _legs_from(day: Day, begins: StageId, visit: Visit) -> Iterator[StageNeed]:
    stages = day.plan.services[visit.service].stages
    here = day.pools.calling_stage(visit.service, begins)
    for stage in stages[stages.index(here) :]:
        if day.pools.calling_stage(visit.service, stage) == stage:  # else nobody is at this optional one
            lasts = duration_at(day, stage, visit.service, begins, visit.count, prechecked=visit.prechecked)
            assert lasts is not None, "it is still ahead"
            yield StageNeed(day.pools.pool_of(visit.service, stage), *lasts)


def _in_lines(day: Day, pool: Pool) -> Iterator[tuple[int, Work]]:
    """The work, by kind, of all who wait for a pool's counters or share its work, at its stage or before."""
    for key, line in day.queue.lines.items():
        kind = pool.sharing.kind_of.get(key.service)
        if kind is not None and line.places:
            lasts = duration_at(day, pool.stage, key.service, key.stage, key.people, prechecked=key.prechecked)
            if lasts is not None:
                yield kind, expected_work(len(line.places), 1.0, *lasts)


def _to_come_here(day: Day, pool: Pool) -> Iterator[tuple[int, Work]]:
    """The work of who is at a counter of an earlier stage."""
    for counter in day.counters.values():
        if counter.ticket is None or counter.stage == pool.stage:
            continue
        ticket = day.tickets[counter.ticket]
        kind = pool.sharing.kind_of.get(ticket.service)
        service = day.plan.services[ticket.service]
        if kind is not None and has_stage_ahead(service, counter.stage, pool.stage):
            prechecked = ticket.prechecked or counter.stage == PRECHECK
            mean_s = service.expected_s(pool.stage, ticket.count, prechecked=prechecked)
            yield kind, expected_work(1, 1.0, mean_s, service.variance(pool.stage, ticket.count, prechecked=prechecked))


def _going_on(day: Day, pool: Pool) -> Iterator[tuple[int, Work]]:
    """The work, by kind, that all who are in a line or at a counter bring when they go on."""
    for what, places in day.queue.follow_ons.items():
        further = follow_on_need_at(day, pool, what)
        if further is not None:
            yield follow_on_work(further, len(places))


def _full(day: Day, visitor: Visitor, now_at: datetime) -> HallFull:
    """The refusal, with the next free starts of today as of the whole second: who asks within it is told alike."""
    second_at = now_at.replace(microsecond=0)

    def find() -> Slots:
        return slots_of(
            day.regular_plan,
            day.booking_totals,
            visitor.service,
            visitor.count,
            second_at,
            prechecked=visitor.prechecked,
            partner=visitor.partner,
        )

    question = (visitor.service, visitor.count, visitor.prechecked, visitor.partner, second_at)
    free = day.appointment_index.slots(question, find).first_free(SLOTS_OFFERED)
    overtime = day.overtime
    return HallFull(
        [to_builtins(slot_view(slot)) for slot in free],
        None if overtime is None else {"until_at": stamp(overtime.until_at), "counters": overtime.counters},
    )
