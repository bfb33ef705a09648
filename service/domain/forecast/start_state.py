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
