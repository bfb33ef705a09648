"""Find the parts of a hall and the routes of visits through them."""

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


class RouteFinder:
    """The parts of a hall at an instant, and the routes of visits through them.

    Each counter that serves a visit now, or calls again today, belongs to one part; parts are numbered in the order of
    the stages. `groups` holds, for each part, the sets of counters in use and their indexes.
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

    def route(self, errand: RemainingVisit | None) -> Route:
        """The steps of a visit: what it does next at the same part is one step with it, for it is next there."""
        found = self._routes.get(errand)
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
            found = self._routes[errand] = tuple(steps)
        return found

    def walk_in_routes(self) -> Iterator[tuple[ServiceId, Route]]:
        """Return the route of a walk-in of each service that walk-ins may ask for and that a counter serves."""
        for service in self.day.plan.services.values():
            if service.offered and service.online_url is None:
                route = self.route(RemainingVisit(service.id, service.stages[0]))
                if route:
                    yield service.id, route

    def following(self, errand: RemainingVisit) -> RemainingVisit | None:
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

    def _steps(self, errand: RemainingVisit | None) -> Iterator[Step]:
        """All that a visit still has to do, until nobody can go on with it."""
        while errand is not None:
            errand = errand._replace(stage=self.day.pools.calling_stage(errand.service, errand.stage))
            step = self._step(errand)
            if step is None:
                return
            yield step
            errand = self.following(errand)

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

    def _parts(self) -> tuple[dict[CounterId, int], int]:
        """The part of each counter that works, and how many there are; in the order of the stages."""
        root = {counter: counter for counter in self.pauses}

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
