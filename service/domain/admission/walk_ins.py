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

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import to_builtins
from msgspec.structs import replace

from service.domain import events
from service.domain.admission.remaining_capacity import (
    FreeTimes,
    SharedKind,
    StartEstimate,
    single_kind,
    start_of_last_stage,
)
from service.domain.admission.walk_in_requests import StageNeed, WalkInRequest, anonymous, request_of, stages_needed
from service.domain.booking.slots import Slots, slots_of
from service.domain.calendar.plan import Plan
from service.domain.calendar.times import stamp
from service.domain.day import Day
from service.domain.events import Event, Record
from service.domain.evolve.evolve import evolve
from service.domain.model import Admission, Fit, Ticket
from service.domain.queue.distributions import probability_below
from service.domain.queue.todays_speed import todays_speed
from service.domain.queue.waits import outlook_of
from service.domain.refusals import HallFull
from service.domain.view import slot_view

FITS_MIN = 0.8
"""The smallest probability of a call before closing at which a walk-in is admitted."""

STANDBY_MIN = 0.3
"""The smallest probability at which a walk-in gets a standby ticket."""

LATER_S = 1.0
"""A delay of fewer seconds than this does not count as making a standby ticket wait longer."""

SLOTS_OFFERED = 3
"""How many free starts the refusal `HallFull` offers."""

FREES_CAPACITY: frozenset[type[Event]] = frozenset(
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
"""The events after which a standby ticket may fit."""

_COMMAND = "admission"
"""Actor and command id of temporary records that are never stored."""


class AdmissionDecision(NamedTuple):
    """How a walk-in is admitted, and the estimate behind it; `fit` is None in a hall that admits everybody."""

    admission: Admission
    fit: Fit | None


def admit(day: Day, request: WalkInRequest, now_at: datetime) -> AdmissionDecision:
    """Decide how a walk-in is admitted.

    Raises:
        HallFull: the walk-in is too unlikely to be served today. The refusal offers the next free starts of today.
    """
    decision = admission_of(day, request, now_at)
    if decision is None:
        raise _full(day, request, now_at)
    return decision


def admission_of(day: Day, request: WalkInRequest, now_at: datetime) -> AdmissionDecision | None:
    """Return how a walk-in is admitted; None if the hall is full."""
    if day.plan.admission == "all":
        return AdmissionDecision(day.admission_at(now_at), None)
    needs = stages_needed(day, request)
    free_times = FreeTimes(request.n, now_at)
    start = start_of_last_stage(day, needs, free_times)
    speed, _ = todays_speed(day, needs[-1].pool.stage)
    fit = _fit(start, speed, _closing(day.regular_plan), now_at)
    admission = day.admission_at(now_at)
    if day.overtime is not None and (fit.p is None or fit.p < FITS_MIN):
        fit = _fit(start, speed, _closing(day.plan), now_at)
        admission = Admission.OVERTIME
    if fit.p is not None and fit.p < STANDBY_MIN:
        return None
    if fit.p is None or fit.p < FITS_MIN or _delays_standby(day, request, needs, free_times):
        return AdmissionDecision(Admission.STANDBY, fit)
    return AdmissionDecision(admission, fit)


def admission_key(day: Day, request: WalkInRequest) -> Hashable:
    """Return a cache key: `admission_of` gives equal answers for requests with equal keys at one instant."""
    needs = stages_needed(day, request)
    before = tuple((mean_s, variance) for _, mean_s, variance in needs[:-1])
    return request.n, before, tuple((pool.stage, pool.kind, id(pool.sharing)) for pool, _, _ in needs)


def admitted_from_standby(day: Day, now_at: datetime, decided: Iterable[Event] = ()) -> tuple[list[Event], Day]:
    """Admit as many standby tickets as fit, in the order of issue.

    Args:
        day: the day, advanced to `now_at`.
        now_at: the present instant.
        decided: events already decided on the day that are not folded yet.

    Returns:
        The admissions, and the day after all these events; `day` itself if there are none.
    """
    after = day
    for event in decided:
        after = day_with_event(day, after, event, now_at)
    admitted: list[Event] = []
    if after.closed or not after.queue.standby:
        return admitted, after
    staying: set[WalkInRequest] = set()
    kinds: set[SharedKind] = set()
    for _, ticket_id in list(after.queue.standby):
        ticket = after.tickets[ticket_id]
        request = request_of(ticket)
        wanted = anonymous(request)
        if wanted in staying:
            continue
        needs = stages_needed(after, request)
        if any((need.pool.sharing, need.pool.kind) in kinds for need in needs):
            staying.add(wanted)
            continue
        decision = admission_of(after, request, now_at)
        if decision is None or decision.admission is Admission.STANDBY:
            staying.add(wanted)
            only = single_kind(needs)
            if only is not None:
                kinds.add(only)
            continue
        event = admitted_as(after, ticket, decision, now_at)
        admitted.append(event)
        after = day_with_event(day, after, event, now_at)
    return admitted, after


def admitted_as(day: Day, ticket: Ticket, decision: AdmissionDecision, now_at: datetime) -> events.TicketAdmitted:
    """Return the event that admits a standby ticket to the order of calls, at the place of its queue time."""
    ahead, wait = outlook_of(day, replace(ticket, admission=decision.admission), now_at)
    return events.TicketAdmitted(
        ticket=ticket.id, admission=decision.admission, fit=decision.fit, ahead=ahead, wait=wait
    )


def day_with_event(day: Day, after: Day, event: Event, now_at: datetime) -> Day:
    """Fold a decided event without changing `day`.

    Args:
        day: the day that must stay unchanged.
        after: `day` itself, or its copy with the earlier events.
        event: the event.
        now_at: the present instant.

    Returns:
        The copy after the event.
    """
    if after is day:
        after = day.copy()
    return evolve(after, Record(after.seq + 1, now_at, _COMMAND, _COMMAND, 0, None, event))


def _closing(plan: Plan) -> datetime | None:
    """Return the last closing of a day; None if it has no opening hours."""
    return plan.windows[-1].closes_at if plan.windows else None


def _fit(start: StartEstimate | None, speed: float, closes_at: datetime | None, now_at: datetime) -> Fit:
    if start is None or closes_at is None:
        return Fit(None, None, None, round(speed, 3), closes_at)
    left_s = (closes_at - now_at).total_seconds()
    p = probability_below(left_s, start.mean_s, start.sd_s) if left_s > 0 else 0.0
    return Fit(round(p, 3), round(start.mean_s), round(start.sd_s), round(speed, 3), closes_at)


def _delays_standby(day: Day, request: WalkInRequest, needs: Sequence[StageNeed], free_times: FreeTimes) -> bool:
    """Tell whether admitting a request would delay a standby ticket issued before it.

    Of several tickets with equal requests, only the first is checked: the others come after it.
    """
    own = anonymous(request)
    seen: set[WalkInRequest] = set()
    for ticket in day.queue.standby_before(request.n):
        other = request_of(ticket)
        wanted = anonymous(other)
        if wanted not in seen:
            seen.add(wanted)
            if wanted == own or _would_delay(day, needs, free_times, other):
                return True
    return False


def _would_delay(day: Day, needs: Sequence[StageNeed], free_times: FreeTimes, other: WalkInRequest) -> bool:
    """Tell whether a standby request would be served later if a visit with these stages came before it."""
    other_needs = stages_needed(day, other)
    if not {need.pool.sharing for need in other_needs} & {need.pool.sharing for need in needs}:
        return False
    only = single_kind(other_needs)
    if only is not None:
        found = (free_times.at(day, need.pool) for need in needs if need.pool.sharing is only[0])
        return any(free is not None and only[1] in free.kinds for free in found)
    start = start_of_last_stage(day, other_needs, free_times.behind(other.n))
    then = start_of_last_stage(day, other_needs, free_times.behind(other.n, needs))
    return start is not None and then is not None and then.mean_s > start.mean_s + LATER_S


def _full(day: Day, request: WalkInRequest, now_at: datetime) -> HallFull:
    """Make the refusal with the next free starts of today, as of the whole second so that the answer can be cached."""
    second_at = now_at.replace(microsecond=0)

    def find() -> Slots:
        return slots_of(
            day.regular_plan,
            day.booking_totals,
            request.service,
            request.count,
            second_at,
            prechecked=request.prechecked,
            partner=request.partner,
        )

    query = (request.service, request.count, request.prechecked, request.partner, second_at)
    free = day.appointment_index.slots(query, find).first_free(SLOTS_OFFERED)
    overtime = day.overtime
    return HallFull(
        [to_builtins(slot_view(slot)) for slot in free],
        None if overtime is None else {"until_at": stamp(overtime.until_at), "counters": overtime.counters},
    )
