"""The record of a simulated day."""

from typing import NamedTuple

from msgspec import Struct

from service.domain.model import Admission, Wait
from service.simulate.bookings import BookedWish
from service.simulate.hall_setup import HallSetup
from service.simulate.people import Person


class PromisedWait(NamedTuple):
    """The wait promised with a ticket, and what two other methods predict, in seconds.

    `position_s` is the position times the average duration. `oracle_s` is the median of the oracle, which knows all
    true distributions; None if it was not computed.
    """

    wait: Wait
    position_s: float
    oracle_s: float | None = None


class Visit:
    """The visit of one person; times are milliseconds of the day, None if it did not happen.

    `admission` is that of the new ticket; `admitted_ms` is when a standby ticket came into the order of calls.
    """

    __slots__ = (
        "admission",
        "admitted_ms",
        "called_ms",
        "came_ms",
        "left_ms",
        "over_ms",
        "person",
        "promise",
        "slot_ms",
    )

    def __init__(
        self, person: Person, admission: Admission, came_ms: int, slot_ms: int | None, promise: PromisedWait | None
    ) -> None:
        self.person = person
        self.admission = admission
        self.came_ms = came_ms
        self.slot_ms = slot_ms
        self.promise = promise
        self.admitted_ms: int | None = None
        self.called_ms: int | None = None
        self.over_ms: int | None = None
        self.left_ms: int | None = None

    @property
    def is_admitted(self) -> bool:
        """Whether the ticket was in the order of calls, from the beginning or later."""
        return self.admission is not Admission.STANDBY or self.admitted_ms is not None

    @property
    def reference_ms(self) -> int:
        """The time of the check-in, or of the slot if that is later."""
        return self.came_ms if self.slot_ms is None else max(self.came_ms, self.slot_ms)


class DayRecord(Struct):
    """A finished day: the visits, the bookings, and the people who were refused, by the problem's code."""

    setup: HallSetup
    visits: list[Visit]
    booked: list[BookedWish]
    refused_wishes: int
    refused: dict[str, list[Person]]
