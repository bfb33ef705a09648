"""The parts of a hall, and the routes of visits through them.

Counters that may serve the same service at a stage belong to one part, directly or through other counters. Parts are
numbered in the order of the stages.

Source: ALGORITHMS 4.2.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from service.domain.calendar.plan import PRECHECK
from service.domain.day import Day
from service.domain.forecast.staffing import Pauses, pauses_of
from service.domain.forecast.start_state import Route, Step
from service.domain.model import Counter, CounterId, ServiceId, StageId, Ticket
from service.domain.queue.waiting_lines import LineKey


class RemainingVisit(NamedTuple):
    """The rest of a visit from a stage on; `counter` is set if only that counter may call it."""

    service: ServiceId
    stage: StageId
    then: tuple[ServiceId, ...] = ()
    people: int = 1
    counter: CounterId | None = None
    prechecked: bool = False


def remaining_visit_of(ticket: Ticket) -> RemainingVisit:
    """Return the rest of a ticket's visit, the present stage included."""
    return RemainingVisit(
        ticket.service, ticket.stage, ticket.then, ticket.count, ticket.for_counter, prechecked=ticket.prechecked
    )


class RouteFinder:
    """The parts of a hall at an instant, and the routes of visits through them.

    `pauses` has the counters that have a visit now or will call again today; `part_of` is the part of each. `counters`
    lists the counters of each part, `index` the position of a counter in its part. `groups` has, for each part, the
    sets of counters used so far with their indexes; `route` adds to it.
    """

    def __init__(self, day: Day, now_at: datetime) -> None:
        self.day = day
        self.pauses: dict[CounterId, Pauses] = {}
        self.serving: defaultdict[tuple[StageId, ServiceId], list[Counter]] = defaultdict(list)
        stages: defaultdict[StageId, list[Counter]] = defaultdict(list)
        for counter in day.counters.values():
            stages[counter.stage].append(counter)
        for at_stage in stages.values():
            self.pauses.update(pauses_of(day, at_stage, now_at))
        for counter in day.counters.values():
            if counter.id in self.pauses:
                for name in counter.services:
                    self.serving[counter.stage, name].append(counter)
        self.part_of, parts = self._parts()
        self.counters = [[counter for counter in day.counters if self.part_of.get(counter) == n] for n in range(parts)]
        self.index = {counter: n for part in self.counters for n, counter in enumerate(part)}
        self.groups: list[dict[frozenset[int], int]] = [{} for _ in range(parts)]
        self._routes: dict[RemainingVisit | None, Route] = {}

    def route(self, visit: RemainingVisit | None) -> Route:
        """Return the steps of a visit.

        Consecutive steps in the same part are merged, because the visit is next again there. A route ends before it
        would go back to an earlier part.
        """
        found = self._routes.get(visit)
        if found is None:
            steps: list[Step] = []
            for step in self._steps(visit):
                last = steps[-1] if steps else None
                if last is None or step.part > last.part:
                    steps.append(step)
                elif step.part == last.part:
                    steps[-1] = last._replace(mean_s=last.mean_s + step.mean_s, variance=last.variance + step.variance)
                else:
                    break
            found = self._routes[visit] = tuple(steps)
        return found

    def walk_in_routes(self) -> Iterator[tuple[ServiceId, Route]]:
        """Return the route of a walk-in of each service that walk-ins may ask for and that a counter serves."""
        for service in self.day.plan.services.values():
            if service.offered and service.online_url is None:
                route = self.route(RemainingVisit(service.id, service.stages[0]))
                if route:
                    yield service.id, route

    def following(self, visit: RemainingVisit) -> RemainingVisit | None:
        """Return the rest of a visit after its present stage: next stage, or next service; None after the last."""
        services = self.day.plan.services
        stages = services[visit.service].stages
        after = visit._replace(counter=None, prechecked=visit.prechecked or visit.stage == PRECHECK)
        if visit.stage in stages[:-1]:
            return after._replace(stage=stages[stages.index(visit.stage) + 1])
        then = tuple(name for name in visit.then if name in services)
        if not then:
            return None
        prechecked = after.prechecked and then[0] == visit.service  # other services need other papers
        return after._replace(service=then[0], stage=services[then[0]].stages[0], then=then[1:], prechecked=prechecked)

    def _steps(self, visit: RemainingVisit | None) -> Iterator[Step]:
        """Yield all steps of a visit, until no counter can serve the next one."""
        while visit is not None:
            visit = visit._replace(stage=self.day.pools.calling_stage(visit.service, visit.stage))
            step = self._step(visit)
            if step is None:
                return
            yield step
            visit = self.following(visit)

    def _step(self, visit: RemainingVisit) -> Step | None:
        """Return the step at the present stage of a visit; None if no counter serves it today."""
        service, people, prechecked = self.day.plan.services[visit.service], visit.people, visit.prechecked
        key = LineKey(visit.stage, visit.service, visit.counter, people, prechecked)
        candidates = [
            counter
            for counter in self.serving.get((visit.stage, visit.service), ())
            if self.day.pools.draws_from(counter, key)
        ]
        if not candidates:
            return None
        part = self.part_of[candidates[0].id]
        members = frozenset(self.index[counter.id] for counter in candidates)
        group = self.groups[part].setdefault(members, len(self.groups[part]))
        mean_s = service.expected_s(visit.stage, people, prechecked=prechecked)
        return Step(part, group, mean_s, service.variance(visit.stage, people, prechecked=prechecked))

    def _parts(self) -> tuple[dict[CounterId, int], int]:
        """Return the part of each counter, and the number of parts, in the order of the stages."""
        root = {counter: counter for counter in self.pauses}

        def find(counter: CounterId) -> CounterId:
            while root[counter] != counter:
                root[counter] = root[root[counter]]
                counter = root[counter]
            return counter

        for candidates in self.serving.values():
            for other in candidates[1:]:
                root[find(other.id)] = find(candidates[0].id)
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
            for part in ready or [
                next(part for part in before if part not in order)
            ]:  # cyclic: some services use these parts in opposite order
                order[part] = len(order)
        return {counter: order[find(counter)] for counter in root}, len(order)
