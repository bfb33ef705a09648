"""Days of a trace: the first ones are learned from, the others are run."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from service.domain.model import CounterId, TicketClass
from service.simulate.day_run import DayRun
from service.simulate.errors import SimulateError
from service.simulate.hall_setup import Shift
from service.simulate.scenario import POLICIES
from service.simulate.trace_days import (
    expected_arrivals,
    learn,
    people_of_trace,
    read_trace_days,
    server_work_of,
    setup_of_trace,
    split,
)

HEADER = "date,arrived,service,priority,outcome,wait_s,service_s,server"
MONDAY = (
    "1999-02-01,09:00:00,PS,0,served,0,300,s01",
    "1999-02-01,09:02:00,PS,2,served,180,120,s01",  # called at 09:05:00, until 09:07:00
    "1999-02-01,09:03:00,NW,0,left,60,0,",
    "1999-02-01,09:06:00,NW,0,served,180,60,s01",  # called at 09:09:00: two minutes after, while somebody waited
    "1999-02-01,09:12:00,PS,0,served,1080,60,s01",  # called at 09:30:00: away
    "1999-02-01,09:50:00,PS,0,served,0,9000,s02",  # forgotten
)
TUESDAY = (
    "1999-02-02,10:00:00,PS,0,served,0,100,s01",
    "1999-02-02,10:00:30,PS,0,served,70,100,s01",
    "1999-02-02,10:01:00,PS,2,served,140,100,s01",
    "1999-02-02,10:01:10,NW,0,left,30,0,",
)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "bank.csv"
    path.write_text("\n".join((HEADER, *MONDAY, *TUESDAY, "")), encoding="utf-8")
    return path


def test_who_lets_somebody_wait_works_on_for_some_minutes_and_is_away_when_it_is_longer(trace: Path) -> None:
    monday = read_trace_days(trace)[0]

    worked = server_work_of(monday)

    nine_ms, minute_ms = 9 * 3_600_000, 60_000
    assert worked.lasted_s == (300.0, 240.0, None, 60.0, 60.0, 9000.0)
    assert worked.shifts[0] == (
        Shift(nine_ms, nine_ms + 10 * minute_ms),
        Shift(nine_ms + 30 * minute_ms, nine_ms + 31 * minute_ms),
    )
    assert worked.shifts[1][-1].closes_ms is None


def test_durations_are_drawn_towards_those_of_the_hall_and_forgotten_ones_teach_nothing(trace: Path) -> None:
    lessons = learn(read_trace_days(trace)[:1])

    everything_s = (300 + 240 + 60 + 60) / 4
    assert lessons.everything.mean_s == pytest.approx(everything_s)
    assert lessons.durations["NW"].mean_s == pytest.approx((60 + 20 * everything_s) / 21)
    assert lessons.durations["PS"].mean_s < 400


def test_patience_is_the_time_waited_for_each_who_gave_up(trace: Path) -> None:
    lessons = learn(read_trace_days(trace)[:1])

    assert lessons.gives_up_after_s == 180 + 60 + 180 + 1080


def test_a_weekday_that_was_not_seen_is_expected_to_be_like_the_others(trace: Path) -> None:
    monday, tuesday = read_trace_days(trace)

    expected = expected_arrivals(learn([monday]), tuesday)

    assert sum(expected) == 6
    assert expected[36] == 5


def test_a_later_day_is_lived_by_its_own_people_under_the_rules_of_the_hall(trace: Path) -> None:
    monday, tuesday = read_trace_days(trace)
    lessons = replace(learn([monday]), gives_up_after_s=None)
    setup = setup_of_trace(tuesday, lessons, POLICIES["credit"])
    people = people_of_trace(tuesday, lessons, 1)

    record = DayRun(setup, people).run()

    by_person = {visit.person.n: visit for visit in record.visits}
    assert [person.class_ for person in people.unscheduled].count(TicketClass.GREEN) == 1
    assert by_person[3].called_ms is None
    assert by_person[3].left_ms == people.unscheduled[3].arrives_ms + 30_000
    second, preferred = by_person[1].called_ms, by_person[2].called_ms
    assert second is not None
    assert preferred is not None
    assert preferred < second  # came half a minute later, with a credit of one and a half
    assert list(setup.shifts) == [CounterId("1")]


def test_learning_needs_some_days_and_leaves_some(trace: Path, tmp_path: Path) -> None:
    days = read_trace_days(trace)

    assert [len(part) for part in split(days, None)] == [1, 1]
    with pytest.raises(SimulateError, match="learn from 1 to 1"):
        split(days, 2)
    one = tmp_path / "one.csv"
    one.write_text("\n".join((HEADER, *TUESDAY, "")), encoding="utf-8")
    with pytest.raises(SimulateError, match="has one day"):
        read_trace_days(one)
    with pytest.raises(SimulateError, match="cannot be read"):
        read_trace_days(tmp_path / "none.csv")
