"""What a forecast starts from: a day at an instant, as plain numbers.

Seconds are counted from the instant. A `HallPart` is a set of counters that compete for the same people, directly or
through other counters. The group of a ticket is the set of counters that may serve it; all services of the same
counters form one group. Parts are in the order of the stages, because visits go from one to the next. A visit that
would go back to an earlier part is not counted there a second time.

Source: DESIGN 6, "Waits"; ALGORITHMS 4.2.
"""

import math
from datetime import date, datetime
from typing import NamedTuple

from msgspec import Struct

from service.domain.calendar.learned import Leaving
from service.domain.forecast.staffing import Pauses
from service.domain.model import CounterId, HallId, ServiceId, TicketId


class Step(NamedTuple):
    """One visit to a counter of a part: the group of counters that may serve it, and its duration at usual speed."""

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
    """A hall's rule for long waits: a walk-in who has waited for `most_s`, without suspensions, gets `credit_s`.

    `from_s` is when the present suspension ends.
    """

    most_s: float
    credit_s: float
    from_s: float


class PlannedRaise(NamedTuple):
    """When a walk-in is raised because of a long wait, and its key from then on."""

    at_s: float
    key_s: float


class WaitingVisit(NamedTuple):
    """A waiting ticket, waiting since `since_s`.

    It is called in order from `active_s` on. Before that it may be called only if a counter has nobody else, by the
    smallest `early_rank`; None for never. `due_s` is when its appointment counts, also at later stages. `raised` is the
    raise by the rule for long waits; None if there will be none.
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
    """An expected appointment: its person has not come yet, but comes with the probability `shows`.

    `slot_s` is the slot, later by the time that the hall was suspended after it. `late_from_s` is when the grace period
    begins; during a suspension it is later by what is left of the suspension too.
    """

    slot_s: float
    late_from_s: float
    shows: float
    route: Route


class ArrivalSpan(NamedTuple):
    """A span of arrivals without an appointment: expected number, and standard deviation of that forecast."""

    from_s: float
    to_s: float
    number: float
    sd: float


class ArrivalStream(NamedTuple):
    """Arrivals of one kind without an appointment. A stream without credit consists of walk-ins."""

    credit_s: float
    route: Route
    spans: tuple[ArrivalSpan, ...]


class HallPart(NamedTuple):
    """Counters that compete for the same people.

    `pauses` has, for each counter, the spans in seconds in which it does not call. `groups` has sets of counters, as
    indexes. `speed` is today's speed at their stage, with its standard deviation.
    """

    counters: tuple[CounterId, ...]
    pauses: tuple[Pauses, ...]
    groups: tuple[frozenset[int], ...]
    speed: float
    speed_sd: float


class Punctuality(NamedTuple):
    """Arrival of people with appointments relative to the slot, and the rules for their place; all in seconds."""

    mean_s: float
    sd_s: float
    credit_s: float
    grace_s: float
    early_s: float


class StartState(Struct, frozen=True, kw_only=True):
    """A day at the instant `made_at`.

    `waiting` is in the order of calls; without raises, the keys of the tickets give the same order and are all
    different. `newcomers` are the first steps of walk-ins, one for each set of counters where a walk-in may begin;
    `newcomer_of` maps a service to its index in it. `closing_s` is when the doors close for the last time, `staffed_s`
    when the last planned counter stops; both are None on a day without opening hours ahead.
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
