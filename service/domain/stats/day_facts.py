"""The facts of a day that a hall learns from. They are stored for each ended day.

Durations are seconds for one person, for each stage separately: a pre-check of papers and the work at the window are
two things.
"""

from datetime import date

from msgspec import Struct

from service.domain.model import (
    ServiceId,
    StageId,
)


class OpenHour(Struct, frozen=True):
    """An hour of a day: the people who came without an appointment, and the seconds that the hall was open.

    The hall does not count as open while it is suspended, nor after a manager has closed the day.
    """

    people: int
    open_s: int


class Lasted(Struct, frozen=True):
    """Durations of visits, in seconds for one person, one for each visit.

    `plain_s` are those of people who were not prechecked, `prechecked_s` those of prechecked people.
    """

    plain_s: list[int] = []
    prechecked_s: list[int] = []


class DayFacts(Struct, frozen=True, kw_only=True):
    """The stored facts of a day.

    `lasted_s` and `prechecked_lasted_s` have, by service, the duration of each visit for one person at the main stage
    of the service; `main` names that stage, as it was on the day. `at_stages` has the durations at the other stages.

    `came` counts the appointments that were checked in, `missed` those missed at a time when the hall was open.
    `late_s` is check-in minus slot start of each appointment. `hours` is by local hour ("09"); `walk_ins` counts the
    people without an appointment by service.

    `waited_s` is the waiting time of all tickets together, at any stage. `left` of them were given back by the person,
    and `absent_s` has the time that the counter waited, for each ticket that was called in vain.
    """

    on: date
    lasted_s: dict[ServiceId, list[int]] = {}
    prechecked_lasted_s: dict[ServiceId, list[int]] = {}
    main: dict[ServiceId, StageId] = {}
    at_stages: dict[ServiceId, dict[StageId, Lasted]] = {}
    came: int = 0
    missed: int = 0
    late_s: list[int] = []
    hours: dict[str, OpenHour] = {}
    walk_ins: dict[ServiceId, int] = {}
    waited_s: int = 0
    left: int = 0
    absent_s: list[int] = []
