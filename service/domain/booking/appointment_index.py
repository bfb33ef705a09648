"""The diary: what is reckoned of a day's appointments, so that a booking costs no look at all of them.

Everything here can be made anew from the appointments; `Day.put_appointment` keeps it.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from msgspec import Struct
from sortedcontainers import SortedDict

from service.domain.booking.booking_totals import Booked
from service.domain.booking.slots import Slots
from service.domain.calendar.plan import Plan
from service.domain.model import LIVE, Appointment, AppointmentId, AppointmentState, ServiceId

QUESTIONS_MAX = 64
"""Questions for free starts that are kept; at one more all are forgotten."""


class Visit(Struct, frozen=True, gc=False):
    """What people come for who are expected, or go on with it later."""

    service: ServiceId
    count: int
    prechecked: bool


def visit_of(appointment: Appointment) -> Visit:
    """What an appointment is for."""
    return Visit(appointment.service, appointment.count, appointment.prechecked)


@dataclass
class AppointmentIndex:
    """Sums and indexes of the live appointments.

    `places` says which appointment has which place of a start, `of_person`, `of_holder` and `of_invitation` whose they
    are, and `expected`, in the order of starts, how many visits are booked whose people have not come yet. `free` keeps
    the starts that somebody was told of, until the next change: thousands who want a full day are told alike.
    """

    booked: Booked = field(default_factory=Booked)
    places: dict[datetime, dict[int, AppointmentId]] = field(default_factory=dict)
    of_person: dict[str, frozenset[AppointmentId]] = field(default_factory=dict)
    of_holder: dict[str, frozenset[AppointmentId]] = field(default_factory=dict)
    of_invitation: dict[str, frozenset[AppointmentId]] = field(default_factory=dict)
    expected: "SortedDict[datetime, dict[Visit, int]]" = field(default_factory=SortedDict)
    free: dict[Hashable, Slots] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, plan: Plan, appointments: Iterable[Appointment], *, closed: bool) -> "AppointmentIndex":
        """The diary of a plan's day, made anew; `closed` when nothing can be booked any more."""
        diary = cls(Booked.of(plan))
        diary.booked.closed = closed
        for appointment in appointments:
            diary.put(plan, None, appointment)
        return diary

    def copy(self) -> "AppointmentIndex":
        """A diary of its own."""
        expected: SortedDict[datetime, dict[Visit, int]] = SortedDict(
            (starts_at, dict(visits)) for starts_at, visits in self.expected.items()
        )
        places = {starts_at: dict(taken) for starts_at, taken in self.places.items()}
        return AppointmentIndex(
            self.booked.copy(),
            places,
            dict(self.of_person),
            dict(self.of_holder),
            dict(self.of_invitation),
            expected,
        )

    def slots(self, question: Hashable, find: Callable[[], Slots]) -> Slots:
        """The starts that were found: found once for each question, until an appointment changes."""
        found = self.free.get(question)
        if found is None:
            if len(self.free) >= QUESTIONS_MAX:
                self.free.clear()
            found = self.free[question] = find()
        return found

    def put(self, plan: Plan, before: Appointment | None, after: Appointment | None) -> None:
        """Take over an appointment's new value; None when there was none before, or is none any more."""
        self.free.clear()
        self.booked.put(plan, before, after)
        if before is not None:
            self._index(before, add=False)
        if after is not None:
            self._index(after, add=True)

    def lowest_free(self, starts_at: datetime, but: Iterable[AppointmentId] = ()) -> int:
        """The lowest free place of a start, as if some of its appointments were gone."""
        taken = self.places.get(starts_at, {})
        gone = set(but)
        place = 1
        while place in taken and taken[place] not in gone:
            place += 1
        return place

    def _index(self, one: Appointment, *, add: bool) -> None:
        if one.state not in LIVE:
            return
        if add:
            self.places.setdefault(one.starts_at, {})[one.place] = one.id
        else:
            _drop(self.places, one.starts_at, one.place)
        for index, key in (
            (self.of_person, one.person),
            (self.of_holder, one.holder),
            (self.of_invitation, one.invitation),
        ):
            if key is not None:
                ids = index.get(key, frozenset())
                index[key] = ids | {one.id} if add else ids - {one.id}
                if not index[key]:
                    del index[key]
        if one.state is AppointmentState.BOOKED:
            visit = visit_of(one)
            visits = self.expected.setdefault(one.starts_at, {})
            visits[visit] = visits.get(visit, 0) + (1 if add else -1)
            if not visits[visit]:
                _drop(self.expected, one.starts_at, visit)


def _drop(of: Any, outer: datetime, inner: object) -> None:  # noqa: ANN401  (a dictionary of dictionaries)
    """Take a key out of an inner dictionary, and the inner one with its last."""
    del of[outer][inner]
    if not of[outer]:
        del of[outer]
