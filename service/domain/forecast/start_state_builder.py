"""Build the start state of a forecast from a day at an instant.

A hall that is suspended without a known end has no start state, because its waits cannot be known.

Source: DESIGN 6, "Waits"; ALGORITHMS 4.2.
"""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise, repeat
from operator import itemgetter

from service.domain.day import Day
from service.domain.forecast.arrival_streams import arrival_streams
from service.domain.forecast.stage_speed import current_speed
from service.domain.forecast.start_state import (
    ExpectedVisit,
    HallPart,
    LongWaitRule,
    PlannedRaise,
    Punctuality,
    StartState,
    Step,
    VisitAtCounter,
    WaitingVisit,
)
from service.domain.forecast.visit_routes import RemainingVisit, RouteFinder, remaining_visit_of
from service.domain.model import MISSED_AFTER_S, Admission, Ticket, TicketClass, TicketId, TicketState
from service.domain.queue.arriving_work import show_probability
from service.domain.queue.counter_rates import calls_resume_at, calls_resume_in_s
from service.domain.queue.dispatch import largest_credit_s, waiting_in_order
from service.domain.queue.waiting_lines import place_of

STANDBY_RANK = 1e6
"""Added to the rank of standby tickets: they come after people who came too early, in the order of issue."""


def start_state_of(day: Day, now_at: datetime) -> StartState | None:
    """Return the start state of a day; None if it is closed, or suspended without a known end."""
    suspension = day.suspended_at(now_at)
    if day.closed or (suspension is not None and suspension.until_at is None):
        return None
    return _StateBuilder(day, now_at).build()


def all_waiting(day: Day) -> list[Ticket]:
    """Return all waiting tickets: first those in the order of calls, then those on standby."""
    found = list(waiting_in_order(day))
    if sum(day.queue.counts.values()) > len(found):
        listed = {ticket.id for ticket in found}
        found += [
            ticket for ticket in day.tickets.values() if ticket.state is TicketState.WAITING and ticket.id not in listed
        ]
    return found


def _long_wait_rule_of(day: Day, now_at: datetime) -> LongWaitRule | None:
    most_s = day.plan.rules.max_walk_in_wait_s
    credit_s = largest_credit_s(day.plan)
    if most_s is None or not credit_s:
        return None
    return LongWaitRule(float(most_s), float(credit_s), calls_resume_in_s(day, now_at) or 0.0)


class _StateBuilder:
    """Builds the start state of one day at one instant."""

    def __init__(self, day: Day, now_at: datetime) -> None:
        self.day = day
        self.now_at = now_at
        self.routes = RouteFinder(day, now_at)
        self.waiting = all_waiting(day)
        self.guard = _long_wait_rule_of(day, now_at)
        self.key_s, self.raised_key_s = self._keys()

    def build(self) -> StartState:
        """Return the start state."""
        day, plan, now_at = self.day, self.day.plan, self.now_at
        waiting, unreachable = self._waiting()
        closings = [window.closes_at for window in plan.windows if window.closes_at > now_at]
        doors = [
            window.opens_at - timedelta(seconds=plan.rules.doors_before_s)
            for window in plan.windows
            if window.closes_at > now_at
        ]
        present = tuple(self._present())
        expected = tuple(self._expected())
        streams = arrival_streams(day, now_at, dict(self.routes.walk_in_routes()))
        firsts = {service: route[0] for service, route in self.routes.walk_in_routes()}
        newcomers = {step[:2]: step for step in firsts.values()}
        kinds = list(newcomers)
        return StartState(
            hall=day.hall,
            day=day.on,
            seq=day.seq,
            made_at=now_at,
            waiting=waiting,
            present=present,
            expected=expected,
            streams=streams,
            newcomers=tuple(newcomers.values()),
            newcomer_of={service: kinds.index(step[:2]) for service, step in firsts.items()},
            parts=tuple(
                HallPart(
                    tuple(part),
                    tuple(self.routes.pauses[counter] for counter in part),
                    tuple(self.routes.groups[n]),
                    *current_speed(day, day.counters[part[0]].stage, now_at),  # all counters of a part are of one stage
                )
                for n, part in enumerate(self.routes.counters)
            ),
            punctuality=Punctuality(
                plan.learned.punctuality_mean_s,
                plan.learned.punctuality_sd_s,
                plan.credit_s(TicketClass.APPOINTMENT),
                plan.rules.grace_s,
                plan.rules.early_s,
            ),
            guard=self.guard,
            leaving=plan.learned.leaving,
            unreachable=unreachable,
            doors_s=max(0.0, self._seconds(min(doors))) if doors else 0.0,
            closing_s=self._seconds(closings[-1]) if closings else None,
            staffed_s=self._staffed_s(),
        )

    def _seconds(self, at: datetime) -> float:
        return (at - self.now_at).total_seconds()

    def _keys(self) -> tuple[dict[TicketId, float], dict[TicketId, float]]:
        """Return the keys of all tickets that are here, and the keys of walk-ins after a raise.

        A key is the queue time in seconds from now. Equal queue times get slightly different keys, in the order of
        calls.
        """
        at_counters = [
            self.day.tickets[counter.ticket] for counter in self.day.counters.values() if counter.ticket is not None
        ]
        keys: dict[TicketId, float] = {}
        raised: dict[TicketId, float] = {}
        places = [(place_of(ticket), keys) for ticket in (*at_counters, *self.waiting)]
        if self.guard is not None:
            credit = timedelta(seconds=self.guard.credit_s)
            places += [
                (place._replace(queue_at=place.queue_at - credit), raised)
                for place, _ in places
                if self.day.tickets[place.ticket].may_be_raised
            ]
        last_s = -math.inf
        for place, target in sorted(places, key=itemgetter(0)):
            last_s = max(self._seconds(place.queue_at), math.nextafter(last_s, math.inf))
            target[place.ticket] = last_s
        return keys, raised

    def _raise_of(self, ticket: Ticket) -> PlannedRaise | None:
        """Return when a ticket will be raised because of a long wait, and its key then; None for never."""
        key_s = self.raised_key_s.get(ticket.id)
        if self.guard is None or key_s is None:
            return None
        left_s = self.guard.most_s - self.day.unsuspended_s(ticket.queue_at, self.now_at)
        return PlannedRaise(self.guard.from_s + left_s if left_s > 0 else 0.0, key_s)

    def _waiting(self) -> tuple[tuple[WaitingVisit, ...], tuple[TicketId, ...]]:
        waiting: list[WaitingVisit] = []
        unreachable: list[TicketId] = []
        for ticket in self.waiting:
            route = self.routes.route(remaining_visit_of(ticket))
            if not route:
                unreachable.append(ticket.id)
                continue
            active_s, rank = self._active_s_and_rank(ticket)
            since_s = active_s or min(0.0, self._seconds(ticket.waiting_since_at))
            waiting.append(
                WaitingVisit(
                    ticket.id,
                    self.key_s[ticket.id],
                    since_s,
                    active_s,
                    rank,
                    self._appointment_counts_s(ticket),
                    None if ticket.admission is Admission.STANDBY else self._raise_of(ticket),
                    route,
                )
            )
        return tuple(waiting), tuple(unreachable)

    def _active_s_and_rank(self, ticket: Ticket) -> tuple[float, float | None]:
        """Return when a ticket is called in order, and its rank for calls before that; None for no earlier call."""
        if ticket.admission is Admission.STANDBY:
            return math.inf, STANDBY_RANK + ticket.n
        active_s = max(0.0, self._seconds(self.day.queue.due_at(ticket)))
        may_be_early = ticket.not_before_at is None or ticket.not_before_at <= self.now_at
        return active_s, active_s if active_s and may_be_early else None

    def _appointment_counts_s(self, ticket: Ticket) -> float:
        return max(0.0, self._seconds(self.day.queue.appointment_counts_from(ticket)))

    def _present(self) -> Iterator[VisitAtCounter]:
        plan = self.day.plan
        for counter in self.day.counters.values():
            if counter.ticket is None or counter.id not in self.routes.pauses:
                continue
            ticket = self.day.tickets[counter.ticket]
            service = plan.services[ticket.service]
            began_at = ticket.started_at or ticket.called_at or self.now_at
            now = Step(
                self.routes.part_of[counter.id],
                0,
                service.expected_s(ticket.stage, ticket.count, prechecked=ticket.prechecked),
                service.variance(ticket.stage, ticket.count, prechecked=ticket.prechecked),
            )
            yield VisitAtCounter(
                self.routes.index[counter.id],
                self.day.unsuspended_s(began_at, self.now_at),
                self.key_s[ticket.id],
                self._appointment_counts_s(ticket),
                self._raise_of(ticket),
                now,
                tuple(
                    step
                    for step in self.routes.route(self.routes.following(remaining_visit_of(ticket)))
                    if step.part >= now.part
                ),
            )

    def _expected(self) -> Iterator[ExpectedVisit]:
        day, now_at = self.day, self.now_at
        missed_at = now_at - timedelta(seconds=MISSED_AFTER_S)
        resumes_at = calls_resume_at(day, now_at) or now_at
        for slot_at, moved_at in day.expected_late(missed_at, None, now_at):
            if moved_at == missed_at:
                continue
            shows = show_probability(day.plan.learned, moved_at, now_at)
            slot_s, late_from_s = self._seconds(moved_at), self._seconds(day.late_from(slot_at, resumes_at))
            for visit, number in day.appointment_index.expected[slot_at].items():
                stage = day.plan.services[visit.service].first_stage(prechecked=visit.prechecked)
                rest = RemainingVisit(visit.service, stage, people=visit.count, prechecked=visit.prechecked)
                route = self.routes.route(rest)
                if route:
                    yield from repeat(ExpectedVisit(slot_s, late_from_s, shows, route), number)

    def _staffed_s(self) -> float | None:
        """Return when the last planned counter stops, in seconds; None if that is not ahead."""
        counters = len(self.day.counters)
        rates = self.day.plan.staff_levels(counters, counters) if counters else ()
        ends = [following.from_at for rate, following in pairwise(rates) if rate.counters and not following.counters]
        return self._seconds(ends[-1]) if ends and ends[-1] > self.now_at else None
