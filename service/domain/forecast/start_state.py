"""What a forecast starts from: a day at an instant, as plain numbers.

Seconds are counted from the instant. A `HallPart` is a set of counters that compete for the same people, directly or
through other counters. The group of a ticket is the set of counters that may serve it; all services of the same
counters form one group. Parts are in the order of the stages, because visits go from one to the next. A visit that
would go back to an earlier part is not counted there a second time.

A hall that is suspended without an end has no start state, because its waits cannot be known.

Source: DESIGN 6, "Waits"; ALGORITHMS 4.2.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise, repeat
from operator import itemgetter
from typing import NamedTuple

from msgspec import Struct

from service.domain.calendar.learned import Leaving
from service.domain.calendar.plan import PRECHECK, ExpectedWalkIns
from service.domain.day import Day
from service.domain.forecast.staffing import Pauses, pauses_of
from service.domain.forecast.stage_speed import current_speed
from service.domain.model import (
    MISSED_AFTER_S,
    Admission,
    Counter,
    CounterId,
    HallId,
    ServiceId,
    StageId,
    Ticket,
    TicketClass,
    TicketId,
    TicketState,
)
from service.domain.queue.dispatch import largest_credit_s, waiting_in_order
from service.domain.queue.recent_arrivals import recent_arrivals
from service.domain.queue.waiting_lines import LineKey, place_of
from service.domain.queue.waits import calls_resume_at, calls_resume_in_s, show_probability

STANDBY_RANK = 1e6
"""Who is on standby is called after those who came too early, in the order of issue."""


class Step(NamedTuple):
    """A visit to a counter of a part: who may serve it, and for how long, at usual speed."""

    part: int
    group: int
    mean_s: float
    variance: float

    @property
    def cv(self) -> float:
        """The coefficient of variation."""
        return math.sqrt(self.variance) / self.mean_s


Route = tuple[Step, ...]


class LongWaitRule(NamedTuple):
    """A hall's rule for long waits: a walk-in who has waited for `most_s`, but for suspensions, gets `credit_s`.

    `from_s` is when the present suspension ends.
    """

    most_s: float
    credit_s: float
    from_s: float


class PlannedRaise(NamedTuple):
    """That somebody is raised as they have waited too long: when, and their key from then on."""

    at_s: float
    key_s: float


class WaitingVisit(NamedTuple):
    """Who waits, since `since_s`: not called before `active_s`, or rather than nobody by `early_rank`, lowest first.

    From `due_s` on their appointment counts, also where they go next; `raised` is what the hall's rule for long waits
    will do for a walk-in.
    """

    ticket: TicketId
    key_s: float
    since_s: float
    active_s: float
    early_rank: float | None
    due_s: float
    raised: PlannedRaise | None
    route: Route


class VisitAtCounter(NamedTuple):
    """A visit at a counter: how long it has lasted without suspensions, and its next stages."""

    counter: int
    elapsed_s: float
    key_s: float
    due_s: float
    raised: PlannedRaise | None
    now: Step
    route: Route


class ExpectedVisit(NamedTuple):
    """Who has an appointment and has not come yet, but does with the probability `shows`.

    `slot_s` is the slot, later by as long as the hall was suspended after it. `late_from_s`, when the grace begins, is
    later still while it is, by what is left of that.
    """

    slot_s: float
    late_from_s: float
    shows: float
    route: Route


class ArrivalSpan(NamedTuple):
    """People without an appointment who come in a span: how many are expected, and the spread of that forecast."""

    from_s: float
    to_s: float
    number: float
    sd: float


class ArrivalStream(NamedTuple):
    """People of a kind who come without an appointment; those without a credit are walk-ins."""

    credit_s: float
    route: Route
    spans: tuple[ArrivalSpan, ...]


class HallPart(NamedTuple):
    """Counters that compete for the same people.

    `pauses` has the spans, in seconds, in which each of them calls nobody; `groups` has sets of counters, by their
    index; `speed` is today's at their stage, with its spread.
    """

    counters: tuple[CounterId, ...]
    pauses: tuple[Pauses, ...]
    groups: tuple[frozenset[int], ...]
    speed: float
    speed_sd: float


class Punctuality(NamedTuple):
    """How people with appointments come, after the slot, and what that means for their place; all in seconds."""

    mean_s: float
    sd_s: float
    credit_s: float
    grace_s: float
    early_s: float


class StartState(Struct, frozen=True, kw_only=True):
    """A day at an instant, `made_at`.

    `waiting` is in the order of calls, by keys that no two share, as long as nobody is raised. `newcomers` are the
    first steps of walk-ins, one for each set of counters that they may begin at, and `newcomer_of` says which of them
    is a service's. `closing_s` and `staffed_s` are when the doors close for the last time and when nobody is planned to
    work any more; None on a day without opening hours ahead.
    """

    hall: HallId
    day: date
    seq: int
    made_at: datetime
    parts: tuple[HallPart, ...]
    waiting: tuple[WaitingVisit, ...]
    present: tuple[VisitAtCounter, ...]
    expected: tuple[ExpectedVisit, ...]
    streams: tuple[ArrivalStream, ...]
    newcomers: tuple[Step, ...]
    newcomer_of: dict[ServiceId, int]
    punctuality: Punctuality
    guard: LongWaitRule | None
    leaving: Leaving
    unreachable: tuple[TicketId, ...]
    doors_s: float
    closing_s: float | None
    staffed_s: float | None


def start_state_of(day: Day, now_at: datetime) -> StartState | None:
    """Look at a day at an instant; None while nobody can tell when calls go on."""
    suspension = day.suspended_at(now_at)
    if day.closed or (suspension is not None and suspension.until_at is None):
        return None
    return _StateBuilder(day, now_at).scene()


def all_waiting(day: Day) -> list[Ticket]:
    """All who wait, in the order of calls, then those outside of it."""
    found = list(waiting_in_order(day))
    if sum(day.queue.counts.values()) > len(found):
        known = {ticket.id for ticket in found}
        found += [
            ticket for ticket in day.tickets.values() if ticket.state is TicketState.WAITING and ticket.id not in known
        ]
    return found


def _guard_of(day: Day, now_at: datetime) -> LongWaitRule | None:
    most_s = day.plan.rules.max_walk_in_wait_s
    credit_s = largest_credit_s(day.plan)
    if most_s is None or not credit_s:
        return None
    return LongWaitRule(float(most_s), float(credit_s), calls_resume_in_s(day, now_at) or 0.0)


class RemainingVisit(NamedTuple):
    """What somebody still has to do, from a stage of a service on; `counter` is set when only that one may call."""

    service: ServiceId
    stage: StageId
    then: tuple[ServiceId, ...] = ()
    people: int = 1
    counter: CounterId | None = None
    prechecked: bool = False


def remaining_visit_of(ticket: Ticket) -> RemainingVisit:
    """What is left of a ticket's visit, with its present stage."""
    return RemainingVisit(
        ticket.service, ticket.stage, ticket.then, ticket.count, ticket.for_counter, prechecked=ticket.prechecked
    )


class _StateBuilder:
    """One look at a day: what is asked of it again and again is found once."""

    def __init__(self, day: Day, now_at: datetime) -> None:
        self.day = day
        self.now_at = now_at
        self.working: dict[CounterId, Pauses] = {}
        self.serving: defaultdict[tuple[StageId, ServiceId], list[Counter]] = defaultdict(list)
        stages: defaultdict[StageId, list[Counter]] = defaultdict(list)
        for counter in day.counters.values():
            stages[counter.stage].append(counter)
        for at_stage in stages.values():
            self.working.update(pauses_of(day, at_stage, now_at))
        for counter in day.counters.values():
            if counter.id in self.working:
                for name in counter.services:
                    self.serving[counter.stage, name].append(counter)
        self.waiting = all_waiting(day)
        self.guard = _guard_of(day, now_at)
        self.key_s, self.raised_key_s = self._keys()
        self.part_of, parts = self._parts()
        self.counters = [[counter for counter in day.counters if self.part_of.get(counter) == n] for n in range(parts)]
        self.index = {counter: n for part in self.counters for n, counter in enumerate(part)}
        self.groups: list[dict[frozenset[int], int]] = [{} for _ in range(parts)]
        self.routes: dict[RemainingVisit | None, Route] = {}

    def scene(self) -> StartState:
        """All of it."""
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
        streams = self._streams()
        firsts = {service: route[0] for service, route in self._walk_in_routes()}
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
                    tuple(self.working[counter] for counter in part),
                    tuple(self.groups[n]),
                    *current_speed(day, day.counters[part[0]].stage, now_at),  # who competes is of one stage
                )
                for n, part in enumerate(self.counters)
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
        """The queue times of all who are here, in seconds from now; those that are equal told apart as by the order.

        Beside them those that walk-ins will have when they have waited too long.
        """
        here = [self.day.tickets[one.ticket] for one in self.day.counters.values() if one.ticket is not None]
        found: dict[TicketId, float] = {}
        raised: dict[TicketId, float] = {}
        places = [(place_of(ticket), found) for ticket in (*here, *self.waiting)]
        if self.guard is not None:
            credit = timedelta(seconds=self.guard.credit_s)
            places += [
                (place._replace(queue_at=place.queue_at - credit), raised)
                for place, _ in places
                if self.day.tickets[place.ticket].may_be_raised
            ]
        last_s = -math.inf
        for place, keys in sorted(places, key=itemgetter(0)):
            last_s = max(self._seconds(place.queue_at), math.nextafter(last_s, math.inf))
            keys[place.ticket] = last_s
        return found, raised

    def _raise_of(self, ticket: Ticket) -> PlannedRaise | None:
        """When somebody will have waited too long, and the key they have then; None where that is never."""
        key_s = self.raised_key_s.get(ticket.id)
        if self.guard is None or key_s is None:
            return None
        left_s = self.guard.most_s - self.day.unsuspended_s(ticket.queue_at, self.now_at)
        return PlannedRaise(self.guard.from_s + left_s if left_s > 0 else 0.0, key_s)

    def _parts(self) -> tuple[dict[CounterId, int], int]:
        """The part of each counter that works, and how many there are; in the order of the stages."""
        root = {counter: counter for counter in self.working}

        def find(counter: CounterId) -> CounterId:
            while root[counter] != counter:
                root[counter] = root[root[counter]]
                counter = root[counter]
            return counter

        for rivals in self.serving.values():
            for one in rivals[1:]:
                root[find(one.id)] = find(rivals[0].id)
        before: dict[CounterId, set[CounterId]] = {find(counter): set() for counter in root}
        for service in self.day.plan.services.values():
            line = [
                find(self.serving[stage, service.id][0].id)
                for stage in service.stages
                if self.serving.get((stage, service.id))
            ]
            for first, second in pairwise(line):
                if first != second:
                    before[second].add(first)
        order: dict[CounterId, int] = {}
        while len(order) < len(before):
            ready = [part for part, others in before.items() if part not in order and others <= order.keys()]
            for part in ready or [next(part for part in before if part not in order)]:  # services that go both ways
                order[part] = len(order)
        return {counter: order[find(counter)] for counter in root}, len(order)

    def _step(self, errand: RemainingVisit) -> Step | None:
        """The step at the stage of an errand; None when no counter for it works today."""
        service, people, prechecked = self.day.plan.services[errand.service], errand.people, errand.prechecked
        key = LineKey(errand.stage, errand.service, errand.counter, people, prechecked)
        rivals = [
            one for one in self.serving.get((errand.stage, errand.service), ()) if self.day.pools.draws_from(one, key)
        ]
        if not rivals:
            return None
        part = self.part_of[rivals[0].id]
        members = frozenset(self.index[one.id] for one in rivals)
        group = self.groups[part].setdefault(members, len(self.groups[part]))
        mean_s = service.expected_s(errand.stage, people, prechecked=prechecked)
        return Step(part, group, mean_s, service.variance(errand.stage, people, prechecked=prechecked))

    def _steps(self, errand: RemainingVisit | None) -> Iterator[Step]:
        """All that a visit still has to do, until nobody can go on with it."""
        while errand is not None:
            errand = errand._replace(stage=self.day.pools.calling_stage(errand.service, errand.stage))
            step = self._step(errand)
            if step is None:
                return
            yield step
            errand = self._following(errand)

    def _following(self, errand: RemainingVisit) -> RemainingVisit | None:
        """What comes after a stage: the next one, then the next service; None after the last."""
        services = self.day.plan.services
        stages = services[errand.service].stages
        after = errand._replace(counter=None, prechecked=errand.prechecked or errand.stage == PRECHECK)
        if errand.stage in stages[:-1]:
            return after._replace(stage=stages[stages.index(errand.stage) + 1])
        then = tuple(name for name in errand.then if name in services)
        if not then:
            return None
        prechecked = after.prechecked and then[0] == errand.service  # other services want other papers
        return after._replace(service=then[0], stage=services[then[0]].stages[0], then=then[1:], prechecked=prechecked)

    def _route(self, errand: RemainingVisit | None) -> Route:
        """The steps of a visit: what it does next at the same part is one step with it, for it is next there."""
        found = self.routes.get(errand)
        if found is None:
            steps: list[Step] = []
            for step in self._steps(errand):
                last = steps[-1] if steps else None
                if last is None or step.part > last.part:
                    steps.append(step)
                elif step.part == last.part:
                    steps[-1] = last._replace(mean_s=last.mean_s + step.mean_s, variance=last.variance + step.variance)
                else:
                    break
            found = self.routes[errand] = tuple(steps)
        return found

    def _waiting(self) -> tuple[tuple[WaitingVisit, ...], tuple[TicketId, ...]]:
        waiting: list[WaitingVisit] = []
        unreachable: list[TicketId] = []
        for ticket in self.waiting:
            route = self._route(remaining_visit_of(ticket))
            if not route:
                unreachable.append(ticket.id)
                continue
            active_s, rank = self._due(ticket)
            since_s = active_s or min(0.0, self._seconds(ticket.waiting_since_at))
            waiting.append(
                WaitingVisit(
                    ticket.id,
                    self.key_s[ticket.id],
                    since_s,
                    active_s,
                    rank,
                    self._counts_s(ticket),
                    None if ticket.admission is Admission.STANDBY else self._raise_of(ticket),
                    route,
                )
            )
        return tuple(waiting), tuple(unreachable)

    def _due(self, ticket: Ticket) -> tuple[float, float | None]:
        """From when on somebody is called at their place, and by what rank before that rather than nobody."""
        if ticket.admission is Admission.STANDBY:
            return math.inf, STANDBY_RANK + ticket.n
        active_s = max(0.0, self._seconds(self.day.queue.due_at(ticket)))
        may_be_early = ticket.not_before_at is None or ticket.not_before_at <= self.now_at
        return active_s, active_s if active_s and may_be_early else None

    def _counts_s(self, ticket: Ticket) -> float:
        return max(0.0, self._seconds(self.day.queue.appointment_counts_from(ticket)))

    def _present(self) -> Iterator[VisitAtCounter]:
        plan = self.day.plan
        for counter in self.day.counters.values():
            if counter.ticket is None or counter.id not in self.working:
                continue
            ticket = self.day.tickets[counter.ticket]
            service = plan.services[ticket.service]
            began_at = ticket.started_at or ticket.called_at or self.now_at
            now = Step(
                self.part_of[counter.id],
                0,
                service.expected_s(ticket.stage, ticket.count, prechecked=ticket.prechecked),
                service.variance(ticket.stage, ticket.count, prechecked=ticket.prechecked),
            )
            yield VisitAtCounter(
                self.index[counter.id],
                self.day.unsuspended_s(began_at, self.now_at),
                self.key_s[ticket.id],
                self._counts_s(ticket),
                self._raise_of(ticket),
                now,
                tuple(
                    step for step in self._route(self._following(remaining_visit_of(ticket))) if step.part >= now.part
                ),
            )

    def _expected(self) -> Iterator[ExpectedVisit]:
        day, now_at = self.day, self.now_at
        missed_at = now_at - timedelta(seconds=MISSED_AFTER_S)
        on_at = calls_resume_at(day, now_at) or now_at
        for slot_at, moved_at in day.expected_late(missed_at, None, now_at):
            if moved_at == missed_at:
                continue
            shows = show_probability(day.plan.learned, moved_at, now_at)
            slot_s, late_from_s = self._seconds(moved_at), self._seconds(day.late_from(slot_at, on_at))
            for visit, number in day.appointment_index.expected[slot_at].items():
                stage = day.plan.services[visit.service].first_stage(prechecked=visit.prechecked)
                errand = RemainingVisit(visit.service, stage, people=visit.count, prechecked=visit.prechecked)
                route = self._route(errand)
                if route:
                    yield from repeat(ExpectedVisit(slot_s, late_from_s, shows, route), number)

    # Who comes without an appointment.

    def _walk_in_routes(self) -> Iterator[tuple[ServiceId, Route]]:
        for service in self.day.plan.services.values():
            if service.offered and service.online_url is None:
                route = self._route(RemainingVisit(service.id, service.stages[0]))
                if route:
                    yield service.id, route

    def _streams(self) -> tuple[ArrivalStream, ...]:
        """Walk-ins and green ones until closing, a stream for each way through the hall."""
        plan = self.day.plan
        seen, greens, over_s = self._seen()
        everybody = sum(seen.values())
        routes = dict(self._walk_in_routes())
        spans = [self._ahead(one) for one in plan.walk_ins if one.to_at > self.now_at]
        spans += [
            ArrivalSpan(from_s, to_s, everybody / over_s * (to_s - from_s), 0.0)
            for from_s, to_s in (self._clipped(one.opens_at, one.closes_at) for one in plan.windows_without_history())
            if from_s < to_s
        ]
        mix = (plan.learned.mix or dict.fromkeys(routes, 1.0)) if plan.walk_ins else dict(seen)
        mix = {name: share for name, share in mix.items() if name in routes and share > 0}
        spans = [one for one in spans if one.number > 0]
        if not mix or not spans:
            return ()
        total = sum(mix.values())
        kinds: defaultdict[tuple[tuple[int, int], ...], list[tuple[float, Route]]] = defaultdict(list)
        for name, share in mix.items():
            kinds[tuple(step[:2] for step in routes[name])].append((share / total, routes[name]))
        green = greens / everybody if everybody else 0.0
        return tuple(
            ArrivalStream(
                credit_s,
                _mixed(kind),
                tuple(one._replace(number=one.number * share * of_all, sd=one.sd * share * of_all) for one in spans),
            )
            for kind in kinds.values()
            for share in (sum(weight for weight, _ in kind),)
            for credit_s, of_all in ((0.0, 1 - green), (float(plan.credit_s(TicketClass.GREEN)), green))
            if of_all > 0
        )

    def _clipped(self, from_at: datetime, to_at: datetime) -> tuple[float, float]:
        return max(0.0, self._seconds(from_at)), max(0.0, self._seconds(to_at))

    def _ahead(self, span: ExpectedWalkIns) -> ArrivalSpan:
        """What is still to come of a span of the plan."""
        part = (span.to_at - max(span.from_at, self.now_at)) / (span.to_at - span.from_at)
        return ArrivalSpan(*self._clipped(span.from_at, span.to_at), span.number * part, span.sd * part)

    def _seen(self) -> tuple[dict[ServiceId, float], int, float]:
        """Who came without an appointment in the last hour the doors were open: by service, how many green, seconds."""
        tickets, over_s = recent_arrivals(self.day, self.now_at)
        seen: defaultdict[ServiceId, float] = defaultdict(float)
        greens = 0
        for ticket in tickets:
            if ticket.class_ in (TicketClass.WALK_IN, TicketClass.GREEN):
                seen[ticket.service] += 1
                greens += ticket.class_ is TicketClass.GREEN
        return seen, greens, over_s

    def _staffed_s(self) -> float | None:
        """When the last planned counter stops."""
        counters = len(self.day.counters)
        rates = self.day.plan.staff_levels(counters, counters) if counters else ()
        ends = [following.from_at for rate, following in pairwise(rates) if rate.counters and not following.counters]
        return self._seconds(ends[-1]) if ends and ends[-1] > self.now_at else None


def _mixed(kinds: Sequence[tuple[float, Route]]) -> Route:
    """One route for several that go the same way: the mixture's mean and variance at each step."""
    total = sum(weight for weight, _ in kinds)
    steps = []
    for same in zip(*(route for _, route in kinds), strict=True):
        weights = [weight / total for weight, _ in kinds]
        mean_s = sum(weight * step.mean_s for weight, step in zip(weights, same, strict=True))
        squares = sum(weight * (step.mean_s**2 + step.variance) for weight, step in zip(weights, same, strict=True))
        steps.append(same[0]._replace(mean_s=mean_s, variance=max(0.0, squares - mean_s**2)))
    return tuple(steps)
