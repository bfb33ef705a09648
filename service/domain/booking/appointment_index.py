"""Index of a day's live appointments, so that a booking need not read all of them.

It can be rebuilt from the appointments at any time; `Day.store_appointment` keeps it up to date.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from msgspec import Struct
from sortedcontainers import SortedDict

from service.domain.booking.booking_totals import BookingTotals
from service.domain.booking.slots import Slots
from service.domain.calendar.plan import Plan
from service.domain.model import LIVE, Appointment, AppointmentId, AppointmentState, ServiceId

QUERIES_CACHED_MAX = 64
"""Cached queries for free starts; one more query clears the cache."""


class Visit(Struct, frozen=True, gc=False):
    """What one appointment or follow-on service is for: the service, the number of people, and checked papers."""

    service: ServiceId
    count: int
    prechecked: bool


def visit_of(appointment: Appointment) -> Visit:
    """Return the visit that an appointment is for."""
    return Visit(appointment.service, appointment.count, appointment.prechecked)


@dataclass
class AppointmentIndex:
    """Totals and indexes of the live appointments.

    `places` maps a start and a place number to the appointment. `of_person`, `of_holder` and `of_invitation` map to the
    appointments of a person, a holder and an invitation. `expected` counts, by start, the booked visits of people who
    have not checked in yet. `free` caches the answers to queries for free starts until an appointment changes: when
    thousands of people ask for a full day, all get the cached answer.
    """

    booked: BookingTotals = field(default_factory=BookingTotals)
    places: dict[datetime, dict[int, AppointmentId]] = field(default_factory=dict)
    of_person: dict[str, frozenset[AppointmentId]] = field(default_factory=dict)
    of_holder: dict[str, frozenset[AppointmentId]] = field(default_factory=dict)
    of_invitation: dict[str, frozenset[AppointmentId]] = field(default_factory=dict)
    expected: "SortedDict[datetime, dict[Visit, int]]" = field(default_factory=SortedDict)
    free: dict[Hashable, Slots] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, plan: Plan, appointments: Iterable[Appointment], *, closed: bool) -> "AppointmentIndex":
        """Build the index of a day from its appointments; `closed` is true if the day takes no more bookings."""
        index = cls(BookingTotals.of(plan))
        index.booked.closed = closed
        for appointment in appointments:
            index.update(plan, None, appointment)
        return index

    def copy(self) -> "AppointmentIndex":
        """Return an independent index with the same values; the cache starts empty."""
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

    def slots(self, query: Hashable, find: Callable[[], Slots]) -> Slots:
        """Return the free starts for a query; call `find` once per query until an appointment changes."""
        found = self.free.get(query)
        if found is None:
            if len(self.free) >= QUERIES_CACHED_MAX:
                self.free.clear()
            found = self.free[query] = find()
        return found

    def update(self, plan: Plan, before: Appointment | None, after: Appointment | None) -> None:
        """Update the index for a changed appointment: `before` is None if it is new, `after` if it was removed."""
        self.free.clear()
        self.booked.update(plan, before, after)
        if before is not None:
            self._index(before, add=False)
        if after is not None:
            self._index(after, add=True)

    def lowest_free(self, starts_at: datetime, ignoring: Iterable[AppointmentId] = ()) -> int:
        """Return the lowest free place number of a start, with some appointments ignored. Numbers start at 1."""
        taken = self.places.get(starts_at, {})
        ignored = set(ignoring)
        place = 1
        while place in taken and taken[place] not in ignored:
            place += 1
        return place

    def _index(self, appointment: Appointment, *, add: bool) -> None:
        if appointment.state not in LIVE:
            return
        if add:
            self.places.setdefault(appointment.starts_at, {})[appointment.place] = appointment.id
        else:
            _drop(self.places, appointment.starts_at, appointment.place)
        for index, key in (
            (self.of_person, appointment.person),
            (self.of_holder, appointment.holder),
            (self.of_invitation, appointment.invitation),
        ):
            if key is not None:
                ids = index.get(key, frozenset())
                index[key] = ids | {appointment.id} if add else ids - {appointment.id}
                if not index[key]:
                    del index[key]
        if appointment.state is AppointmentState.BOOKED:
            visit = visit_of(appointment)
            visits = self.expected.setdefault(appointment.starts_at, {})
            visits[visit] = visits.get(visit, 0) + (1 if add else -1)
            if not visits[visit]:
                _drop(self.expected, appointment.starts_at, visit)


def _drop(of: Any, outer: datetime, inner: object) -> None:  # noqa: ANN401  (a dictionary of dictionaries)
    """Remove a key from an inner dictionary, and the inner dictionary when it becomes empty."""
    del of[outer][inner]
    if not of[outer]:
        del of[outer]
