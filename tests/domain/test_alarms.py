"""Silent alarms: raised in any state of the hall, kept until they are cleared, shown on no board."""

import pytest

from display.board import board_of
from service.domain.commands import ClearAlarm, CloseDay, RaiseAlarm, Suspend
from service.domain.model import Alarm, CounterId
from service.domain.refusals import AlarmNotFound, CounterNotFound
from tests.domain.halls import Hall

ONE = CounterId("1")


def test_an_alarm_is_known_until_it_is_cleared() -> None:
    hall = Hall().at("10:00")
    hall.do(RaiseAlarm("a1", ONE))
    hall.after(5).do(RaiseAlarm("a2"))

    assert list(hall.day.alarms.values()) == [
        Alarm("a1", ONE, hall.instant("10:00")),
        Alarm("a2", None, hall.instant("10:00:05")),
    ]
    hall.do(ClearAlarm("a1"))
    assert list(hall.day.alarms) == ["a2"]


@pytest.mark.parametrize("state", [None, Suspend({"en": "Fire alarm"}), CloseDay()])
def test_an_alarm_is_raised_whatever_the_halls_state(state: Suspend | CloseDay | None) -> None:
    hall = Hall(at="06:00")
    if state is not None:
        hall.do(state)

    hall.do(RaiseAlarm("a1", ONE))

    assert list(hall.day.alarms) == ["a1"]


def test_an_alarm_that_nobody_raised_is_not_cleared() -> None:
    hall = Hall()
    hall.do(RaiseAlarm("a1"))
    hall.do(ClearAlarm("a1"))

    assert isinstance(hall.refuses(ClearAlarm("a1")), AlarmNotFound)


def test_an_alarm_comes_from_a_counter_the_hall_has() -> None:
    assert isinstance(Hall().refuses(RaiseAlarm("a1", CounterId("99"))), CounterNotFound)


def test_no_screen_shows_an_alarm() -> None:
    hall = Hall().at("10:00")
    before = board_of(hall.day, None, hall.now_at)

    hall.do(RaiseAlarm("a1", ONE))

    shown = board_of(hall.day, None, hall.now_at)
    assert {name for name in shown.__struct_fields__ if getattr(shown, name) != getattr(before, name)} == {"seq"}
