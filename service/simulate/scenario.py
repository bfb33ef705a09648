"""Scenarios: a hall, and the people who come on a day.

`peak`, `sick` and `surge` are scenarios A, B and C of the study behind the rules of the hall; `full` is the one in
which it evaluated the admission of walk-ins. `loan` is the student-loan hall on a busy day, `season` its two months.
`lunch` is the day for which waits are forecast: three counters at noon, and unknown speeds of the day and of each
clerk.

Source: ALGORITHMS, "The simulated day", 1.2, 1.3, 4.3 and 5.2.
"""

from datetime import date
from itertools import pairwise
from math import exp
from typing import Any

from msgspec import Struct, convert
from msgspec.structs import replace

from service.domain.hall.document import HallDocument
from service.domain.model import ServiceId

ON = date(2026, 11, 23)
"""A Monday. Simulated days are independent, so all have this date."""

OPENS_MIN = 9 * 60
CLOSES_MIN = 17 * 60

ALTERNATE_CODE = "alternation"
"""The reason code of calls out of the hall's order."""

_EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]


class Kind(Struct, frozen=True):
    """A service: the share of people who want it, and its lognormal duration."""

    id: ServiceId
    share: float
    mean_s: float
    cv: float


class Scenario(Struct, frozen=True, kw_only=True):
    """A hall's day and its people.

    `counters` are planned, `at_work` come to work; each of `bands` is a minute of the day and the number of counters at
    work from then on. Of the `wishes` to book the share `no_show` does not come; `walk_ins` and `green` are expected
    numbers. `walk_in_hours` and `wish_hours` are weights by hour of opening; `before_door` is the weight of people who
    come before it. `speed_sd`, `clerk_sd` and `volume_sd` are relative standard deviations that the hall does not know.
    """

    name: str
    description: str
    counters: int = 5
    at_work: int = 5
    bands: tuple[tuple[int, int], ...] = ()
    kinds: tuple[Kind, ...]
    wishes: int = 138
    walk_ins: float = 88.0
    green: float = 11.0
    no_show: float = 0.12
    punctual_mean_s: float = -300.0
    punctual_sd_s: float = 480.0
    walk_in_hours: tuple[float, ...] = (0.21, 0.21, 0.15, 0.07, 0.09, 0.12, 0.07, 0.04)
    before_door: float = 0.04
    wish_hours: tuple[float, ...] = (0.16, 0.18, 0.14, 0.07, 0.10, 0.14, 0.12, 0.09)
    speed_sd: float = 0.0
    clerk_sd: float = 0.0
    volume_sd: float = 0.0
    season: tuple[float, ...] = ()

    @property
    def expected(self) -> float:
        """The expected number of people who come."""
        return self.wishes * (1 - self.no_show) + self.walk_ins + self.green

    def on_day(self, day: int) -> "Scenario":
        """Return the scenario of a day of the season; itself if all days are alike."""
        return self if not self.season else self.times(self.season[day % len(self.season)] / self.expected)

    def times(self, factor: float) -> "Scenario":
        """Return the same day with `factor` times the people."""
        return replace(
            self,
            wishes=round(self.wishes * factor),
            walk_ins=self.walk_ins * factor,
            green=self.green * factor,
        )

    def staffed(self, minute: int, most: int) -> int:
        """Return how many of `most` counters are at work at a minute of the day."""
        now = most
        for from_min, counters in self.bands:
            if minute >= from_min:
                now = min(counters, most)
        return now

    def unscheduled_by_hour(self) -> tuple[float, ...]:
        """Return the expected people without a booking by hour of opening; the first hour includes those before it."""
        everybody = self.walk_ins + self.green
        hours = [share * everybody for share in self.walk_in_hours]
        hours[0] += self.before_door * everybody
        return tuple(hours)


def season(visits: int, days: int, peak_on: int, most: float, base: float) -> tuple[float, ...]:
    """Return the visits of each day of a season with one bell-shaped peak; they add up to `visits`."""
    width = (visits - base * days) / (most - base) / 2.5066
    bell = [base + (most - base) * exp(-(((day - peak_on) / width) ** 2) / 2) for day in range(days)]
    return tuple(visits * one / sum(bell) for one in bell)


_ONE = (Kind(ServiceId("permit"), 1.0, 480.0, 0.6),)
_THREE = (
    Kind(ServiceId("enquiry"), 0.457, 270.0, 0.237),
    Kind(ServiceId("permit"), 0.343, 480.0, 0.237),
    Kind(ServiceId("licence"), 0.200, 960.0, 0.237),
)
"""4.5, 8 and 16 min with the mean and spread that `_ONE` has."""

_LOAN = (Kind(ServiceId("loan-first"), 1.0, 300.0, 0.6),)

_PEAK = Scenario(name="peak", description="220 people of 8 min, 5 counters", kinds=_ONE)
_LOAN_DAY = Scenario(
    name="loan",
    description="210 people of 5 min, 3 counters",
    counters=3,
    at_work=3,
    kinds=_LOAN,
    wishes=131,
    walk_ins=84.0,
    green=10.5,
)

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        _PEAK,
        replace(
            _PEAK, name="sick", description="220 people, 5 counters planned and 4 at work", at_work=4, kinds=_THREE
        ),
        replace(_PEAK.times(280 / 220), name="surge", description="280 people of 8 min, 5 counters"),
        replace(_PEAK.times(290 / 220), name="full", description="290 people of 8 min, 5 counters: not all fit"),
        replace(
            _PEAK,
            name="lunch",
            description="220 people of 8 min, 5 counters and 3 from 12:00 to 13:30; days and clerks of unknown speed",
            bands=((12 * 60, 3), (13 * 60 + 30, 5)),
            speed_sd=0.10,
            clerk_sd=0.15,
            volume_sd=0.20,
        ),
        _LOAN_DAY,
        replace(
            _LOAN_DAY,
            name="season",
            description="3,424 visits of 5 min on 44 days, 3 counters",
            season=season(3424, 44, peak_on=27, most=212.0, base=45.0),
        ),
    )
}


class Policy(Struct, frozen=True):
    """The order of calls: the credits in seconds, or the alternating dispatcher."""

    appointment_s: int
    green_s: int
    alternates: bool = False


POLICIES: dict[str, Policy] = {
    "credit": Policy(3600, 5400),
    "fifo": Policy(0, 0),
    "strict": Policy(43_200, 86_400),  # longer than any opening hours: no check-in is early enough to compensate
    "alternate": Policy(0, 0, alternates=True),
}


def document_of(scenario: Scenario, policy: Policy, constant: int | None, admission: str) -> HallDocument:
    """Return the hall document of a scenario.

    Args:
        scenario: the hall.
        policy: its credits.
        constant: places at each quarter of an hour; None means by the rule.
        admission: of walk-ins, `fit` or `all`.
    """
    hours = {"weekdays": _EVERY_DAY, "from": local(OPENS_MIN), "to": local(CLOSES_MIN)}
    edges = [OPENS_MIN, *(from_min for from_min, _ in scenario.bands), CLOSES_MIN]
    services = [kind.id for kind in scenario.kinds]
    fields: dict[str, Any] = {
        "time_zone": "Asia/Shanghai",
        "languages": ["en"],
        "name": {"en": f"Simulated hall: {scenario.name}"},
        "hours": [hours],
        "staffing": [
            {
                "weekdays": _EVERY_DAY,
                "from": local(begin),
                "to": local(end),
                "counters": scenario.staffed(begin, scenario.counters),
            }
            for begin, end in pairwise(edges)
        ],
        "zones": [{"id": "main"}],
        "stages": [{"id": "window"}],
        "services": [
            {
                "id": kind.id,
                "prefix": chr(ord("A") + number),
                "stages": ["window"],
                "duration_s": {"mean": kind.mean_s, "cv": kind.cv},
            }
            for number, kind in enumerate(scenario.kinds)
        ],
        "counters": [
            {"id": str(number), "zone": "main", "stage": "window", "services": services}
            for number in range(1, scenario.counters + 1)
        ],
        "rules": {"credit_s": {"appointment": policy.appointment_s, "green": policy.green_s}},
        "admission": admission,
        "codes": {"reasons": ["urgent", ALTERNATE_CODE, "break"]},
    }
    if constant is not None:
        fields["booking"] = {"places": [{**hours, "every_min": 15, "places": constant}]}
    return convert(fields, HallDocument)


def local(minute: int) -> str:
    """Format a minute of the day as hall documents write it."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
