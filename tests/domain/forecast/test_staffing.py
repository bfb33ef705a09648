"""Which counters the forecast assumes to work, and when."""

import math
from datetime import timedelta
from typing import Any

from service.domain.commands import CloseCounter, OpenOvertime, PauseCounter, Suspend
from service.domain.forecast.staffing import Pauses, pauses_of
from service.domain.model import CounterId, StageId
from tests.domain.halls import Hall, town

MINUTE = 60.0


def pauses(hall: Hall, stage: str = "window") -> dict[str, Pauses]:
    """Return the pauses of each counter of a stage, by its id."""
    at_stage = [one for one in hall.day.counters.values() if one.stage == StageId(stage)]
    return {str(counter): found for counter, found in pauses_of(hall.day, at_stage, hall.now_at).items()}


def band(from_: str, to: str, counters: int) -> dict[str, Any]:
    """Return planned staff on the day of the tests."""
    return {"weekdays": [1], "from": from_, "to": to, "counters": counters}


LUNCH = [band("09:00", "12:00", 4), band("12:00", "13:30", 2), band("13:30", "17:00", 4)]


def test_the_counters_that_are_open_go_on() -> None:
    hall = Hall(town())
    hall.open("1", "3")

    assert pauses(hall) == {"1": (), "3": ()}


def test_at_lunch_those_stop_that_are_too_many_and_come_back() -> None:
    hall = Hall(town(staffing=LUNCH), at="11:00")
    hall.open("1", "2", "3", "4")

    away = ((60 * MINUTE, 150 * MINUTE),)
    assert pauses(hall) == {"1": (), "2": (), "3": away, "4": away}


def test_at_lunch_one_stays_for_each_service() -> None:
    services = {"1": ["enquiry"], "2": ["enquiry"], "3": ["passport", "enquiry"], "4": ["enquiry"]}
    counters = [{"id": n, "zone": "main", "stage": "window", "services": names} for n, names in services.items()]
    hall = Hall(town(staffing=LUNCH, counters=counters), at="11:00")
    hall.open("1", "2", "3", "4")

    assert [counter for counter, found in pauses(hall).items() if not found] == ["1", "3"]


def test_counters_that_are_closed_open_with_the_next_change_of_the_plan() -> None:
    staffing = [band("09:00", "10:00", 1), band("10:00", "17:00", 3)]
    hall = Hall(town(staffing=staffing))
    hall.open("2")

    joins = ((0.0, 60 * MINUTE),)
    assert pauses(hall) == {"2": (), "1": joins, "3": joins}


def test_while_none_is_open_as_many_work_as_planned() -> None:
    hall = Hall(town(staffing=[band("09:00", "17:00", 2)]))

    assert pauses(hall) == {"1": (), "2": ()}


def test_a_service_that_no_open_counter_does_has_one_if_the_plan_has_more() -> None:
    hall = Hall(town(staffing=[band("09:00", "17:00", 2)]))
    hall.open("4")

    assert pauses(hall) == {"1": (), "4": ()}


def test_before_the_opening_nobody_is_called() -> None:
    hall = Hall(town(), at="08:30")
    hall.open("1")

    assert set(pauses(hall).values()) == {((0.0, 30 * MINUTE),)}


def test_after_closing_those_who_are_open_go_on() -> None:
    hall = Hall(town(staffing=LUNCH), at="16:50")
    hall.open("1", "2")

    assert pauses(hall) == {"1": (), "2": ()}
    hall.at("17:20").do(CloseCounter(CounterId("2")))
    assert pauses(hall) == {"1": ()}
    hall.do(CloseCounter(CounterId("1")))
    assert pauses(hall) == {}


def test_between_two_openings_nobody_calls() -> None:
    hours = [{"weekdays": [1], "from": "09:00", "to": "12:00"}, {"weekdays": [1], "from": "13:00", "to": "17:00"}]
    hall = Hall(town(hours=hours), at="11:00")
    hall.open("1")

    found = pauses(hall)

    assert found["1"] == ((60 * MINUTE, 120 * MINUTE),)
    assert found["2"] == ((0.0, 120 * MINUTE),)


def test_overtime_goes_on_with_the_counters_it_names() -> None:
    hall = Hall(town(staffing=LUNCH), at="16:00")
    hall.open("1", "2", "3", "4")
    hall.do(OpenOvertime(hall.instant("18:00"), counters=2))

    assert pauses(hall) == {"1": (), "2": (), "3": ((60 * MINUTE, math.inf),), "4": ((60 * MINUTE, math.inf),)}


def test_a_break_ends_when_it_says_and_one_without_an_end_with_the_plan() -> None:
    hall = Hall(town(staffing=LUNCH), at="11:00")
    hall.open("1", "2", "3", "4")
    hall.do(PauseCounter(CounterId("1"), until_at=hall.now_at + timedelta(minutes=20)))
    hall.do(PauseCounter(CounterId("2")))

    found = pauses(hall)

    assert found["1"] == ((0.0, 20 * MINUTE), (60 * MINUTE, 150 * MINUTE))
    assert found["2"] == ((0.0, 150 * MINUTE),)
    assert found["3"] == ()


def test_a_suspension_holds_everybody_until_its_end() -> None:
    hall = Hall(town(), at="11:00")
    hall.open("1")
    hall.do(Suspend(text={"en": "Fire alarm"}, until_at=hall.now_at + timedelta(minutes=15)))

    assert pauses(hall) == {"1": ((0.0, 15 * MINUTE),)}
