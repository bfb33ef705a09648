"""An independent program of the same hall: simpy, its own random draws and its own queue, and no code of the service.

Five counters are open from nine to five. 138 people wish for one of nine places in a quarter of an hour, 88 walk in, 11
are urgent. Durations are lognormal with mean 8 min and cv 0.6. The smallest queue time is called: for a booking 60 min
before its time (from 5 min before it, and only if checked in by 10 min after it), for the urgent 90 min before their
arrival. A counter that has nobody else calls a booking early. Times are minutes from the opening.
"""

import math
import random
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy

COUNTERS = 5
CLOSES = 480.0
WALK_IN_HOURS = [4, 21, 21, 15, 7, 9, 12, 7, 4]
"""Percent; the first share comes in the twenty minutes before the door opens."""

WISH_HOURS = [16, 18, 14, 7, 10, 14, 12, 9]


@dataclass
class Person:
    """A person."""

    kind: str
    comes: float
    slot: float | None
    lasts: float
    called: float = math.nan

    @property
    def reference(self) -> float:
        """The start of the wait: for a booking not before its time."""
        return self.comes if self.slot is None else max(self.comes, self.slot)

    @property
    def wait(self) -> float:
        """Minutes of waiting, counted from the opening at the earliest."""
        return max(0.0, self.called - max(0.0, self.reference))

    @property
    def queue_time(self) -> float:
        """The queue time; the smallest is called first."""
        if self.kind == "urgent":
            return self.comes - 90
        if self.slot is not None and self.comes <= self.slot + 10:
            return self.reference - 60
        return self.reference


class Hall:
    """One day."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  (a day, not a secret)
        self.clock = simpy.Environment(initial_time=-60)
        self.waiting: list[Person] = []
        self.everybody: list[Person] = []
        self.comes = self.clock.event()

    def live(self) -> list[Person]:
        """Run the day; return everybody who was called."""
        for person in [*self._booked(), *self._others("walk-in", 88), *self._others("urgent", 11)]:
            self.clock.process(self._come(person))
        for _ in range(COUNTERS):
            self.clock.process(self._counter())
        self.clock.run(until=CLOSES + 600)
        return [person for person in self.everybody if not math.isnan(person.called)]

    def _lasts(self) -> float:
        variance = math.log(1 + 0.6**2)
        return self.random.lognormvariate(math.log(8) - variance / 2, math.sqrt(variance))

    def _booked(self) -> list[Person]:
        taken = [0] * 32
        people = []
        for _ in range(138):
            hour = self.random.choices(range(8), WISH_HOURS)[0]
            wish = hour * 60 + self.random.uniform(0, 60)
            free = [n for n in range(32) if taken[n] < 9]
            quarter = min(free, key=lambda n: (abs(n - wish // 15), n))
            taken[quarter] += 1
            lasts, late, shows = self._lasts(), self.random.gauss(-5, 8), self.random.random() >= 0.12
            if shows and late <= 30:  # later, and the appointment is missed
                people.append(Person("booked", max(-30.0, quarter * 15 + late), float(quarter * 15), lasts))
        return people

    def _others(self, kind: str, expected: float) -> list[Person]:
        people = []
        at = self.random.expovariate(expected)
        while at < 1:  # a Poisson number: the points of a Poisson process in one unit of time
            part = self.random.choices(range(9), WALK_IN_HOURS)[0]
            comes = self.random.uniform(-20, 0) if part == 0 else self.random.uniform((part - 1) * 60, part * 60)
            people.append(Person(kind, comes, None, self._lasts()))
            at += self.random.expovariate(expected)
        return people

    def _come(self, person: Person) -> Generator[simpy.Event, Any, None]:
        yield self.clock.timeout(person.comes - self.clock.now)
        if person.comes < CLOSES:
            self.everybody.append(person)
            self.waiting.append(person)
            self.comes.succeed()
            self.comes = self.clock.event()

    def _counter(self) -> Generator[simpy.Event, Any, None]:
        yield self.clock.timeout(-self.clock.now)
        while True:
            while not self.waiting:
                yield self.comes
            now = self.clock.now
            awake = [person for person in self.waiting if person.slot is None or now >= person.slot - 5]
            person = (
                min(awake, key=lambda one: (one.queue_time, one.comes))
                if awake
                else min(self.waiting, key=lambda one: (one.reference, one.comes))
            )
            self.waiting.remove(person)
            person.called = now
            yield self.clock.timeout(person.lasts)
