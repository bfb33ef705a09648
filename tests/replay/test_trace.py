"""Reading traces."""

from datetime import date
from math import inf
from pathlib import Path

import pytest

from service.replay.errors import TraceError
from service.replay.trace import Shift, Visit, read_days, read_trace
from tests.replay.days import HEADER, MORNING, trace_of, write

GOOD = "1999-02-01,09:00:00,PS,served,5,300,s01"


def test_visits_are_sorted_by_arrival(tmp_path: Path) -> None:
    trace = trace_of(tmp_path, reversed(MORNING))

    assert [visit.arrived_s for visit in trace.visits] == [32400, 32460, 32520, 32580, 32640, 34200]
    assert trace.on == date(1999, 2, 1)


def test_who_was_served_waits_for_ever_and_who_left_has_patience(tmp_path: Path) -> None:
    served, left = trace_of(tmp_path, [GOOD, "1999-02-01,09:03:00,PS,left,60,7,s01"]).visits

    assert served == Visit(arrived_s=32400, service="PS", patience_s=None, service_s=300, server="s01", called_s=32405)
    assert left == Visit(arrived_s=32580, service="PS", patience_s=60, service_s=None, server=None, called_s=None)


def test_a_shift_is_from_the_first_call_to_the_last_finish_and_the_last_one_has_no_end(tmp_path: Path) -> None:
    assert trace_of(tmp_path).shifts == (Shift(32400, 32880), Shift(32460, inf))


def test_somebody_serves_although_no_server_is_named(tmp_path: Path) -> None:
    trace = trace_of(tmp_path, ["1999-02-01,09:00:00,PS,served,5,300,"])

    assert trace.shifts == (Shift(32405, inf),)


def test_nobody_works_when_nobody_was_served(tmp_path: Path) -> None:
    trace = trace_of(tmp_path, ["1999-02-01,09:00:00,PS,left,5,0,"])

    assert trace.shifts == ()
    assert trace.span_s == (32400, 32405)


def test_the_first_day_is_taken_or_the_one_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, ["1999-02-03,10:00:00,NW,served,0,5,s01", GOOD])

    assert read_trace(path).on == date(1999, 2, 1)
    assert [visit.service for visit in read_trace(path, date(1999, 2, 3)).visits] == ["NW"]
    with pytest.raises(TraceError, match="no visits on 1999-02-02; it has 1999-02-01 to 1999-02-03"):
        read_trace(path, date(1999, 2, 2))


def test_services_are_in_the_order_of_their_visits(tmp_path: Path) -> None:
    assert trace_of(tmp_path).services == ("PS", "NW")


def test_columns_may_stand_in_any_order_with_others_between(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        ["s01,1,300,5,served,PS,09:00:00,1999-02-01"],
        "server,line,service_s,wait_s,outcome,service,arrived,date",
    )

    assert read_trace(path).visits == trace_of(tmp_path, [GOOD]).visits


def test_whom_the_hall_preferred_is_kept_where_it_is_said(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        ["s01,2,300,5,served,PS,09:00:00,1999-02-01"],
        "server,priority,service_s,wait_s,outcome,service,arrived,date",
    )

    assert [visit.priority for visit in read_trace(path).visits] == ["2"]
    assert [visit.priority for visit in trace_of(tmp_path, [GOOD]).visits] == [""]


def test_all_days_of_a_trace_are_read_in_their_order(tmp_path: Path) -> None:
    path = write(tmp_path, ["1999-02-03,10:00:00,NW,served,0,5,s01", GOOD])

    days = read_days(path)

    assert [day.on for day in days] == [date(1999, 2, 1), date(1999, 2, 3)]
    assert days[0] == read_trace(path)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("1999-02-30,09:00:00,PS,served,5,300,s01", "day"),
        ("1999-02-01,9 o'clock,PS,served,5,300,s01", 'arrived is HH:MM:SS, not "9 o\'clock"'),
        ("1999-02-01,09:00,PS,served,5,300,s01", "arrived is HH:MM:SS"),
        ("1999-02-01,24:00:01,PS,served,5,300,s01", "hour"),
        ("1999-02-01,09:00:00,,served,5,300,s01", "service is empty"),
        ("1999-02-01,09:00:00,PS,vanished,5,300,s01", "outcome must be served or left, not 'vanished'"),
        ("1999-02-01,09:00:00,PS,served,-5,300,s01", "wait_s is whole seconds from 0 to 86400, not '-5'"),
        ("1999-02-01,09:00:00,PS,served,5,1.5,s01", "service_s is whole seconds from 0 to 86400, not '1.5'"),
        ("1999-02-01,09:00:00,PS,served,5,86401,s01", "service_s is whole seconds"),
        ("1999-02-01,09:00:00,PS,served,5", "5 cells under 7 columns"),
        ('1999-02-01,09:00:00,"PS"x,served,5,300,s01', "',' expected"),
    ],
)
def test_a_bad_line_is_named_with_what_is_wrong(tmp_path: Path, line: str, why: str) -> None:
    path = write(tmp_path, [GOOD, line, GOOD])

    with pytest.raises(TraceError) as caught:
        read_trace(path)

    assert str(caught.value).startswith("trace.csv:3: ")
    assert why in str(caught.value)


def test_a_file_without_a_column_says_which(tmp_path: Path) -> None:
    path = write(tmp_path, [], HEADER.replace(",server", ""))

    with pytest.raises(TraceError, match=r"trace\.csv:1: no column server"):
        read_trace(path)


def test_a_file_without_visits_is_no_trace(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="has no visits"):
        read_trace(write(tmp_path, []))


def test_a_file_that_cannot_be_read_is_said_in_one_line(tmp_path: Path) -> None:
    binary = tmp_path / "trace.bin"
    binary.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(TraceError, match=r"nowhere\.csv cannot be read"):
        read_trace(tmp_path / "nowhere.csv")
    with pytest.raises(TraceError, match=r"trace\.bin cannot be read"):
        read_trace(binary)
