"""The people of a simulated day, drawn before the day is run.

They depend only on the seed, the day and the scenario. Under all rules the same people want the same and take equally
long (common random numbers), so two runs differ only by their rules. Each kind of draw has its own random stream, so
that more draws of one kind do not change another.
"""

from enum import IntEnum

import numpy as np
from msgspec import Struct
from numpy.random import Generator

from service.domain.model import ServiceId, TicketClass
from service.simulate.scenario import OPENS_MIN, Kind, Scenario

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

BEFORE_DOOR_MS = 20 * MINUTE_MS
"""People who wait at the door come at most this long before the opening."""

BOOKS_BEFORE_DAYS = 14
BOOKS_THAT_MORNING = 0.1
"""The share of bookings that are made on the day itself, before the opening."""

MORNING_MS = 7 * HOUR_MS


class Stream(IntEnum):
    """The independent random streams. Their numbers determine what a seed produces, so they must not change."""

    DAY = 0
    WALK_INS = 1
    GREEN = 2
    WISHES = 3
    DURATIONS = 4
    CLERKS = 5


class Person(Struct, frozen=True, gc=False, kw_only=True):
    """A person; times are milliseconds of the day, from its midnight.

    `arrives_ms` is when a person without a booking comes. A person with a booking comes `late_ms` after the slot (often
    negative), if `shows`. After `patience_ms` a waiting person gives up; None means never.
    """

    n: int
    class_: TicketClass
    service: ServiceId
    service_ms: int
    arrives_ms: int = 0
    patience_ms: int | None = None
    wish_ms: int = 0
    books_ms: int = 0
    late_ms: int = 0
    shows: bool = True


class People(Struct, frozen=True):
    """All people of a day: bookings in the order in which they are made, the others in the order of arrival.

    `pace` are factors on durations, one for each counter: the speed of the day times that of the clerk. `volume` is the
    factor on the number of people without a booking, `green` the share of the green channel among them.
    """

    bookings: tuple[Person, ...]
    unscheduled: tuple[Person, ...]
    pace: tuple[float, ...]
    volume: float = 1.0
    green: float = 0.0


def stream(seed: int, day: int, which: Stream) -> Generator:
    """Return the random stream of one kind on one day."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, day, int(which)])))


def draw_people(scenario: Scenario, seed: int, day: int) -> People:
    """Draw the people of a day; `day` counts from 0."""
    of_day = stream(seed, day, Stream.DAY)
    speed = _lognormal_factor(of_day, scenario.speed_sd)
    volume = _lognormal_factor(of_day, scenario.volume_sd)
    clerks = stream(seed, day, Stream.CLERKS)
    pace = tuple(speed * _lognormal_factor(clerks, scenario.clerk_sd) for _ in range(scenario.counters))
    durations = stream(seed, day, Stream.DURATIONS)
    bookings = _bookings(scenario, stream(seed, day, Stream.WISHES), durations)
    unscheduled = [
        *_unscheduled(
            scenario, TicketClass.WALK_IN, scenario.walk_ins * volume, stream(seed, day, Stream.WALK_INS), len(bookings)
        )
    ]
    unscheduled += _unscheduled(
        scenario,
        TicketClass.GREEN,
        scenario.green * volume,
        stream(seed, day, Stream.GREEN),
        len(bookings) + len(unscheduled),
    )
    unscheduled.sort(key=lambda person: (person.arrives_ms, person.n))
    green = scenario.green / (scenario.walk_ins + scenario.green)
    return People(tuple(bookings), tuple(unscheduled), pace, volume, green)


def _lognormal_factor(draws: Generator, sd: float) -> float:
    """Draw a factor with mean 1 and this relative standard deviation."""
    variance = float(np.log1p(sd * sd))
    return float(np.exp(draws.standard_normal() * variance**0.5 - variance / 2))


def _bookings(scenario: Scenario, draws: Generator, durations: Generator) -> list[Person]:
    wishes = scenario.wishes
    hours = draws.choice(len(scenario.wish_hours), wishes, p=_shares(scenario.wish_hours))
    within = draws.random(wishes)
    before = draws.random(wishes)
    late_s = draws.normal(scenario.punctual_mean_s, scenario.punctual_sd_s, wishes)
    shows = draws.random(wishes) >= scenario.no_show
    wanted = _services(scenario.kinds, durations, wishes)
    people = [
        Person(
            n=n,
            class_=TicketClass.APPOINTMENT,
            service=service,
            service_ms=service_ms,
            wish_ms=OPENS_MIN * MINUTE_MS + int((int(hours[n]) + float(within[n])) * HOUR_MS),
            books_ms=_books_ms(float(before[n])),
            late_ms=round(float(late_s[n]) * 1000),
            shows=bool(shows[n]),
        )
        for n, (service, service_ms) in enumerate(wanted)
    ]
    return sorted(people, key=lambda person: (person.books_ms, person.n))


def _books_ms(drawn: float) -> int:
    """Return when a booking is made: a few on the morning of the day, the others in the two weeks before."""
    if drawn < BOOKS_THAT_MORNING:
        return MORNING_MS + round(drawn / BOOKS_THAT_MORNING * HOUR_MS)
    return -round((drawn - BOOKS_THAT_MORNING) / (1 - BOOKS_THAT_MORNING) * BOOKS_BEFORE_DAYS * 24 * HOUR_MS)


def _unscheduled(
    scenario: Scenario, class_: TicketClass, expected: float, draws: Generator, first_n: int
) -> list[Person]:
    """Draw the people without a booking: a Poisson number, at independent times of the day's profile."""
    number = int(draws.poisson(expected))
    shares = _shares((scenario.before_door, *scenario.walk_in_hours))
    when = draws.choice(len(shares), number, p=shares)
    within = draws.random(number)
    wanted = _services(scenario.kinds, draws, number)
    return [
        Person(
            n=first_n + i,
            class_=class_,
            service=service,
            service_ms=service_ms,
            arrives_ms=_arrives_ms(int(when[i]), float(within[i])),
        )
        for i, (service, service_ms) in enumerate(wanted)
    ]


def _arrives_ms(when: int, within: float) -> int:
    """Return a time in a part of the day: part 0 is before the door, part k the k-th hour of opening."""
    opens_ms = OPENS_MIN * MINUTE_MS
    if when == 0:
        return opens_ms - round((1 - within) * BEFORE_DOOR_MS)
    return opens_ms + int((when - 1 + within) * HOUR_MS)


def _services(kinds: tuple[Kind, ...], draws: Generator, number: int) -> list[tuple[ServiceId, int]]:
    """Draw the service of each person, and its duration in milliseconds at usual speed."""
    chosen = draws.choice(len(kinds), number, p=_shares([kind.share for kind in kinds]))
    normal = draws.standard_normal(number)
    found = []
    for which, drawn in zip(chosen.tolist(), normal.tolist(), strict=True):
        kind = kinds[which]
        variance = float(np.log1p(kind.cv * kind.cv))
        service_s = kind.mean_s * float(np.exp(drawn * variance**0.5 - variance / 2))
        found.append((kind.id, max(1, round(service_s * 1000))))
    return found


def _shares(weights: tuple[float, ...] | list[float]) -> list[float]:
    total = sum(weights)
    return [weight / total for weight in weights]
