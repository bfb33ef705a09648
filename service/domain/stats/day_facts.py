"""The facts of a day that a hall learns from."""

from datetime import date

from msgspec import Struct

from service.domain.model import (
    ServiceId,
    StageId,
)


class OpenHour(Struct, frozen=True):
    """An hour of a day: the people who came without an appointment, and for how long the hall was open.

    It is not open while it is suspended, nor after a manager has closed the day.
    """

    people: int
    open_s: int


class Lasted(Struct, frozen=True):
    """How long visits lasted, in seconds, one for each, for one person: of people not prechecked, and prechecked."""

    plain_s: list[int] = []
    prechecked_s: list[int] = []


class DayFacts(Struct, frozen=True, kw_only=True):
    """What is remembered of a day.

    `lasted_s` and `prechecked_lasted_s` by service, one for each visit, for one person, at its main stage: that of the
    day, as `main` says; `at_stages` has the others. `late_s` is check-in minus
    start of those who came with an appointment; `hours` by local hour; `walk_ins` are the people by service.
    `waited_s` is how long all waited together, at any stage; `left` of them said that they leave, and `absent_s` has,
    for each who was called in vain, how long the counter waited. `missed` are those who did not come to a time at which
    the hall was open.
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
