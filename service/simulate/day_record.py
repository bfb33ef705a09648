"""What is known of a day when it is over."""

from typing import NamedTuple

from msgspec import Struct

from service.domain.model import Admission, Wait
from service.simulate.bookings import Booked
from service.simulate.hall_setup import Setting
from service.simulate.people import Person


class Told(NamedTuple):
    """What somebody was told with the ticket, and what simpler and better eyes would have said, in seconds.

    `position_s` is position times average; `oracle_s` the median of one who knows all distributions, where it was
    asked.
    """

    wait: Wait
    position_s: float
    oracle_s: float | None = None


class Visit:
    """One person's visit; times in milliseconds of the day, None where it did not come to that.

    `admission` is what the ticket said, `admitted_ms` when somebody on standby was let into the order of calls.
    """

    __slots__ = ("admission", "admitted_ms", "called_ms", "came_ms", "left_ms", "over_ms", "person", "slot_ms", "told")

    def __init__(
        self, person: Person, admission: Admission, came_ms: int, slot_ms: int | None, told: Told | None
    ) -> None:
        self.person = person
        self.admission = admission
        self.came_ms = came_ms
        self.slot_ms = slot_ms
        self.told = told
        self.admitted_ms: int | None = None
        self.called_ms: int | None = None
        self.over_ms: int | None = None
        self.left_ms: int | None = None

    @property
    def is_admitted(self) -> bool:
        """Whether they were in the order of calls, from the beginning or later."""
        return self.admission is not Admission.STANDBY or self.admitted_ms is not None

    @property
    def reference_ms(self) -> int:
        """The check-in, or the slot where that is later."""
        return self.came_ms if self.slot_ms is None else max(self.came_ms, self.slot_ms)


class Lived(Struct):
    """A day that is over: who was given a ticket, who booked, and who was sent away, by the problem's code."""

    setting: Setting
    visits: list[Visit]
    booked: list[Booked]
    refused_wishes: int
    refused: dict[str, list[Person]]
