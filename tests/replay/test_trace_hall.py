"""The hall that a trace needs."""

from datetime import UTC, datetime
from math import isclose
from pathlib import Path

import msgspec
import pytest

from service.domain.calendar.day_plan import plan_of
from service.domain.calendar.local_times import day_of
from service.domain.hall.document import HallDocument, check
from service.replay.errors import TraceError
from service.replay.trace_hall import fit, hall_for_trace, letters
from tests.replay.days import trace_hall_of, trace_of

NOON_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_the_document_is_sound_and_survives_json(tmp_path: Path) -> None:
    document = trace_hall_of(tmp_path).document

    assert check(document) == []
    assert msgspec.json.decode(msgspec.json.encode(document), type=HallDocument) == document


def test_a_counter_stands_for_each_server_and_serves_everything(tmp_path: Path) -> None:
    setting = trace_hall_of(tmp_path)

    assert setting.counters == ["1", "2"]
    assert [(counter.id, counter.services) for counter in setting.document.counters] == [
        ("1", ["ps", "nw"]),
        ("2", ["ps", "nw"]),
    ]


def test_the_hall_is_open_and_fully_staffed_at_any_hour_and_admits_everybody(tmp_path: Path) -> None:
    document = trace_hall_of(tmp_path).document
    plan = plan_of(document, 1, day_of(document, NOON_AT))

    assert plan.open_at(plan.starts_at)
    assert plan.closing_at(plan.starts_at) == plan.ends_at
    assert {rate.counters for rate in plan.staff_levels(2, 2)[:-1]} == {2}
    assert document.admission == "all"


def test_services_get_codes_and_prefixes_of_their_own(tmp_path: Path) -> None:
    setting = trace_hall_of(tmp_path, [f"1999-02-01,09:00:00,{name},served,0,5,s" for name in ("P S", "Ü", "a")])

    assert setting.services == {"P S": "p-s", "a": "a", "Ü": "-"}
    assert sorted(setting.prefixes.values()) == ["A", "B", "C"]
    assert letters(28)[25:] == ["Z", "AA", "AB"]


def test_two_services_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    trace = trace_of(tmp_path, ["1999-02-01,09:00:00,ps,left,0,0,", "1999-02-01,09:00:00,PS,left,0,0,"])

    with pytest.raises(TraceError, match="'ps'"):
        hall_for_trace(trace, "Asia/Jerusalem")


def test_an_unknown_time_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="time_zone"):
        hall_for_trace(trace_of(tmp_path), "Asia/Nowhere")


def test_durations_are_those_of_the_trace_and_shrink_with_the_speed(tmp_path: Path) -> None:
    lines = [f"1999-02-01,09:00:00,PS,served,0,{seconds},s01" for seconds in (60, 60, 120, 180, 180)]
    setting, fast = trace_hall_of(tmp_path, lines), trace_hall_of(tmp_path, lines, 60)

    (service,), (faster,) = setting.document.services, fast.document.services
    assert service.duration_s.mean == 120
    assert isclose(service.duration_s.cv, (2880**0.5) / 120)
    assert faster.duration_s.mean == 2
    assert setting.means_s == fast.means_s == {"ps": 120}


def test_a_rare_service_takes_as_long_as_all_on_average(tmp_path: Path) -> None:
    lines = [f"1999-02-01,09:00:00,PS,served,0,{seconds},s01" for seconds in (100, 100, 100, 100, 100)]
    trace = trace_of(tmp_path, [*lines, "1999-02-01,09:00:00,NW,served,0,700,s01"])

    assert fit(trace, "NW").mean_s == 200


def test_a_day_without_servers_has_a_document_all_the_same(tmp_path: Path) -> None:
    setting = trace_hall_of(tmp_path, ["1999-02-01,09:00:00,PS,left,5,0,"])

    assert setting.document.counters == []
    assert check(setting.document) == []
