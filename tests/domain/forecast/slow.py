"""A slow simulation of the rest of a day, one path and one event at a time, written from the rules.

It uses nothing of the forecast, only what the hall itself has: tickets, counters, plan and today's speed.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from service.domain.calendar.plan import PlannedService
from service.domain.forecast.stage_speed import current_speed
from service.domain.model import (
    AppointmentState,
    CounterId,
    CounterState,
    ServiceId,
    StageId,
    TicketClass,
    TicketId,
    TicketState,
)
from service.domain.queue.waiting_lines import LineKey
from tests.domain.halls import Hall

Key = tuple[float, float, int]
"""Queue time, check-in and number. The smallest is next."""


@dataclass
class Person:
    """A person who waits or will come."""

    key: Key
    service: ServiceId
    stage: StageId
    count: int
    appears_s: float
    early_s: float = math.inf
    left_s: float = math.inf
    vanished_s: float = math.inf
    prechecked: bool = False
    ticket: TicketId | None = None


@dataclass
class Clerk:
    """A counter, and when it is free."""

    counter: str
    free_s: float
    leaves: Person | None = field(default=None)


def lognormal(random: Random, mean_s: float, cv: float) -> float:
    """Draw a duration."""
    variance = math.log1p(cv * cv)
    return math.exp(random.gauss(math.log(mean_s) - variance / 2, math.sqrt(variance)))


class Slow:
    """Simulates rests of a hall's day. All open counters stay open."""

    def __init__(self, hall: Hall, seed: int) -> None:
        self.hall, self.day, self.random = hall, hall.day, Random(seed)  # noqa: S311  (draws, not secrets)

    def seconds(self, at: datetime) -> float:
        """Return an instant in seconds from now."""
        return (at - self.hall.now_at).total_seconds()

    def starts(self, paths: int) -> dict[TicketId, list[float]]:
        """Return the seconds until the first call of each waiting ticket, on each path; sorted."""
        found: dict[TicketId, list[float]] = {
            ticket.id: [] for ticket in self.day.tickets.values() if ticket.state is TicketState.WAITING
        }
        for _ in range(paths):
            for ticket, at_s in self.path().items():
                found[ticket].append(at_s)
        return {ticket: sorted(times) for ticket, times in found.items()}

    def path(self) -> dict[TicketId, float]:
        """Simulate one rest of the day, until all tickets are called that wait now."""
        day, random = self.day, self.random
        z = random.gauss(0, 1)
        paces = {
            stage: current_speed(day, stage, self.hall.now_at) for stage in {one.stage for one in day.counters.values()}
        }
        f = {stage: speed * math.exp(speed_sd * z) for stage, (speed, speed_sd) in paces.items()}
        people = [*self.waiting(), *self.booked(), *self.coming()]
        clerks: list[Clerk] = []
        for counter in day.counters.values():
            if counter.state is not CounterState.OPEN:
                continue
            clerk = Clerk(counter.id, 0.0)
            if counter.ticket is not None:
                ticket = day.tickets[counter.ticket]
                assert ticket.started_at is not None
                elapsed_s = -self.seconds(ticket.started_at)
                service, stage = day.plan.services[ticket.service], ticket.stage
                whole_s = self.lasts(service, stage, ticket.count, ticket.prechecked, f[stage])
                while whole_s <= elapsed_s:
                    whole_s = self.lasts(service, stage, ticket.count, ticket.prechecked, f[stage])
                clerk.free_s = whole_s - elapsed_s
                clerk.leaves = Person(
                    (self.seconds(ticket.queue_at), self.seconds(ticket.issued_at), ticket.n),
                    ticket.service,
                    ticket.stage,
                    ticket.count,
                    0.0,
                    prechecked=ticket.prechecked,
                )
            clerks.append(clerk)
        found: dict[TicketId, float] = {}
        wanted = sum(person.ticket is not None for person in people)
        while len(found) < wanted:
            clerk = min(clerks, key=lambda one: one.free_s)
            now_s = clerk.free_s
            assert math.isfinite(now_s)
            if clerk.leaves is not None:
                self.send_on(clerk.leaves, now_s, people, clerks)
                clerk.leaves = None
            mine = [one for one in people if self.may(clerk, one)]
            here = [one for one in mine if one.appears_s <= now_s]
            early = [one for one in mine if one.early_s <= now_s]
            if not here and not early:
                later = [at_s for one in mine for at_s in (one.appears_s, one.early_s) if at_s > now_s]
                clerk.free_s = min(later, default=math.inf)
                continue
            person = min(here, key=lambda one: one.key) if here else min(early, key=lambda one: one.appears_s)
            people.remove(person)
            if person.ticket is not None:
                found[person.ticket] = now_s
            if now_s > min(person.left_s, person.vanished_s):
                in_vain_s = day.plan.learned.leaving.no_show_s if person.vanished_s < person.left_s else 0.0
                clerk.free_s = now_s + in_vain_s
                continue
            service = day.plan.services[person.service]
            stage = day.counters[CounterId(clerk.counter)].stage
            clerk.free_s = now_s + self.lasts(service, stage, person.count, person.prechecked, f[stage])
            clerk.leaves = person
        return found

    def lasts(self, service: PlannedService, stage: StageId, count: int, prechecked: bool, f: float) -> float:  # noqa: FBT001
        """Draw how long a person stays at a counter."""
        here = service.at_stages.get(stage, service)
        mean_s = here.prechecked_mean_s if prechecked and here.prechecked_mean_s else here.mean_s
        return f * sum(lognormal(self.random, mean_s, here.cv) for _ in range(count))

    def may(self, clerk: Clerk, person: Person) -> bool:
        """Tell whether a counter may call a person."""
        counter = self.day.counters[clerk.counter]  # type: ignore[index]
        return self.day.pools.draws_from(
            counter, LineKey(person.stage, person.service, None, person.count, prechecked=False)
        )

    def send_on(self, person: Person, now_s: float, people: list[Person], clerks: list[Clerk]) -> None:
        """Let a finished person wait at the next stage; idle counters look again."""
        stages = self.day.plan.services[person.service].stages
        if person.stage == stages[-1]:
            return
        following = stages[stages.index(person.stage) + 1]
        prechecked = person.prechecked or person.stage == "precheck"
        left_s, vanished_s = self.patience(now_s, now_s)
        people.append(
            Person(
                person.key,
                person.service,
                following,
                person.count,
                now_s,
                left_s=left_s,
                vanished_s=vanished_s,
                prechecked=prechecked,
            )
        )
        for clerk in clerks:
            if clerk.leaves is None:
                clerk.free_s = min(clerk.free_s, now_s)

    def patience(self, here_s: float, since_s: float) -> tuple[float, float]:
        """Draw when a person who is here leaves and says so, and when the person leaves without a word."""
        leaving = self.day.plan.learned.leaving

        def drawn(from_s: float, per_h: float) -> float:
            return from_s + self.random.expovariate(per_h / 3600) if per_h else math.inf

        return drawn(here_s, leaving.left_per_h), drawn(since_s, leaving.no_show_per_h)

    def waiting(self) -> list[Person]:
        """Return the people who wait now."""
        found = []
        for one in self.day.tickets.values():
            if one.state is not TicketState.WAITING:
                continue
            appears_s = 0.0 if one.not_before_at is None else self.seconds(one.not_before_at)
            left_s, vanished_s = self.patience(appears_s, appears_s or self.seconds(one.waiting_since_at))
            found.append(
                Person(
                    (self.seconds(one.queue_at), self.seconds(one.issued_at), one.n),
                    one.service,
                    self.day.pools.calling_stage(one.service, one.stage),
                    one.count,
                    appears_s,
                    left_s=left_s,
                    vanished_s=vanished_s,
                    prechecked=one.prechecked,
                    ticket=one.id,
                )
            )
        return found

    def booked(self) -> list[Person]:
        """Return people with an appointment who come; drawn until the draw agrees with their not being here yet."""
        learned, rules = self.day.plan.learned, self.day.plan.rules
        found = []
        for one in self.day.appointments.values():
            if one.state is not AppointmentState.BOOKED:
                continue
            slot_s = self.seconds(one.starts_at)
            while True:
                if self.random.random() < learned.no_show:
                    break
                come_s = slot_s + self.random.gauss(learned.punctuality_mean_s, learned.punctuality_sd_s)
                if come_s <= 0:
                    continue
                if come_s > slot_s + 1800:
                    break
                left_s, vanished_s = self.patience(max(come_s, slot_s - rules.early_s), come_s)
                reference_s = max(come_s, slot_s)
                credit_s = rules.credit_s.appointment if come_s <= slot_s + rules.grace_s else 0
                appears_s = max(come_s, slot_s - rules.early_s)
                found.append(
                    Person(
                        (reference_s - credit_s, come_s, 0),
                        one.service,
                        self.day.pools.calling_stage(one.service, self.day.plan.services[one.service].stages[0]),
                        one.count,
                        appears_s,
                        early_s=come_s if come_s < appears_s else math.inf,
                        left_s=left_s,
                        vanished_s=vanished_s,
                    )
                )
                break
        return found

    def coming(self) -> list[Person]:
        """Draw green-channel people and walk-ins, who come as in the last hour."""
        plan = self.day.plan
        recent = [one for one in self.day.tickets.values() if -self.seconds(one.issued_at) <= 3600]
        greens = sum(one.class_ is TicketClass.GREEN for one in recent)
        doors_s = -self.seconds(plan.windows[0].opens_at) + plan.rules.doors_before_s
        over_s = min(3600.0, max(900.0, doors_s))
        found = []
        for credit_s, number in ((plan.rules.credit_s.green, greens), (0, len(recent) - greens)):
            at_s = 0.0
            while number:
                at_s += self.random.expovariate(number / over_s)
                if at_s > credit_s + 1800:  # longer than any wait in these tests
                    break
                kind = self.random.choice(recent)
                stage = self.day.pools.calling_stage(kind.service, plan.services[kind.service].stages[0])
                left_s, vanished_s = self.patience(at_s, at_s)
                key = (at_s - credit_s, at_s, 0)
                found.append(Person(key, kind.service, stage, 1, at_s, left_s=left_s, vanished_s=vanished_s))
        return found
