"""The hall document: what its types reject, what `check` finds, and the demo hall.

Source: CONTRACT 3.
"""

from copy import deepcopy
from typing import Any

import msgspec
import pytest

from service.domain.hall.demo import DEMO, demo_document
from service.domain.hall.document import HallDocument, Rules, check, minutes_of
from tests.domain.halls import TOWN, town


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the town hall's document with one field set, by a path such as `services.0.prefix`."""
    document = deepcopy(TOWN)
    at: Any = document
    *parents, last = (int(step) if step.isdigit() else step for step in path.split("."))
    for step in parents:
        at = at[step]
    at[last] = value
    return document


def faults(path: str, value: object) -> list[tuple[str, str]]:
    return check(msgspec.convert(changed(path, value), HallDocument))


def test_a_sound_document_has_no_faults() -> None:
    assert check(town()) == []


@pytest.mark.parametrize(
    ("path", "value", "where", "why"),
    [
        ("time_zone", "Mars/Olympus", "time_zone", "no time zone is named 'Mars/Olympus'"),
        ("time_zone", "../../etc/passwd", "time_zone", "no time zone is named '../../etc/passwd'"),
        ("time_zone", "Asia", "time_zone", "no time zone is named 'Asia'"),
        ("day_starts_at_local", "24:00", "day_starts_at_local", "a day starts between 00:00 and 23:59"),
        ("hours.0.to", "09:00", "hours[0]", "09:00 to 09:00 is not a span within a day that starts at 00:00"),
        ("hours.0.to", "08:00", "hours[0]", "09:00 to 08:00 is not a span within a day that starts at 00:00"),
        ("hours.0.from", "24:00", "hours[0]", "24:00 to 17:00 is not a span within a day that starts at 00:00"),
        (
            "staffing",
            [{"weekdays": [1], "from": "12:00", "to": "11:00", "counters": 1}],
            "staffing[0]",
            "12:00 to 11:00 is not a span within a day that starts at 00:00",
        ),
        ("exceptions", [{"on": "2026-12-25"}], "exceptions[0]", "give either closed, or both from and to"),
        (
            "exceptions",
            [{"on": "2026-12-25", "from": "09:00"}],
            "exceptions[0]",
            "give either closed, or both from and to",
        ),
        (
            "exceptions",
            [{"on": "2026-12-25", "closed": True, "from": "09:00", "to": "10:00"}],
            "exceptions[0]",
            "a closed day has no times",
        ),
        (
            "exceptions",
            [{"on": "2026-12-25", "from": "10:00", "to": "09:00"}],
            "exceptions[0]",
            "10:00 to 09:00 is not a span within a day that starts at 00:00",
        ),
        ("zones", [*TOWN["zones"], {"id": "main"}], "zones", "'main' appears more than once"),
        ("stages", [*TOWN["stages"], {"id": "window"}], "stages", "'window' appears more than once"),
        (
            "services",
            [*TOWN["services"], {**TOWN["services"][0], "prefix": "X"}],
            "services",
            "'passport' appears more than once",
        ),
        ("counters", [*TOWN["counters"], TOWN["counters"][0]], "counters", "'1' appears more than once"),
        ("services.1.prefix", "P", "services.prefix", "'P' appears more than once"),
        ("languages", ["en", "en"], "languages", "'en' appears more than once"),
        ("codes", {"reasons": ["other", "other"]}, "codes.reasons", "'other' appears more than once"),
        ("codes", {"missing": ["photo", "photo"]}, "codes.missing", "'photo' appears more than once"),
        (
            "services.0.papers",
            [{"id": "photo"}, {"id": "photo"}],
            "services[0].papers",
            "'photo' appears more than once",
        ),
        ("counters.0.services", ["passport", "passport"], "counters[0].services", "'passport' appears more than once"),
        ("services.0.stages", ["window", "roof"], "services[0].stages", "no stage is named 'roof'"),
        ("services.2.stages", ["window", "window"], "services[2].stages", "'window' appears more than once"),
        ("counters.0.zone", "roof", "counters[0].zone", "no zone is named 'roof'"),
        ("counters.3.stage", "roof", "counters[3].stage", "no stage is named 'roof'"),
        ("counters.4.services", ["haircut"], "counters[4].services", "no service is named 'haircut'"),
    ],
)
def test_each_fault_is_found_where_it_is(path: str, value: object, where: str, why: str) -> None:
    assert faults(path, value) == [(where, why)]


def test_all_faults_are_told_at_once() -> None:
    document = msgspec.convert({**changed("counters.0.zone", "roof"), "time_zone": "Nowhere"}, HallDocument)

    assert [path for path, _ in check(document)] == ["time_zone", "counters[0].zone"]


@pytest.mark.parametrize(
    ("starts", "from_", "to"),
    [
        ("00:00", "00:00", "24:00"),
        ("00:00", "00:00", "00:00"),
        ("00:00", "09:00", "00:00"),
        ("04:00", "04:00", "04:00"),
        ("04:00", "22:00", "02:00"),
        ("04:00", "22:00", "24:00"),
        ("04:00", "00:30", "03:59"),
        ("04:00", "03:59", "04:00"),
    ],
)
def test_a_span_within_the_day_is_sound(starts: str, from_: str, to: str) -> None:
    hours = [{"weekdays": [1], "from": from_, "to": to}]

    assert check(town(day_starts_at_local=starts, hours=hours)) == []


@pytest.mark.parametrize("days", [{}, {"weekdays": [1], "on": "2026-11-23"}])
def test_a_band_of_staff_is_of_weekdays_or_of_a_date(days: dict[str, object]) -> None:
    band = {"from": "09:00", "to": "10:00", "counters": 1}

    assert [path for path, _ in check(town(staffing=[{**band, **days}]))] == ["staffing[0]"]
    assert check(town(staffing=[{**band, "weekdays": [1]}, {**band, "on": "2026-11-23"}])) == []


BY_HAND = {"weekdays": [1], "from": "09:00", "to": "12:00", "every_min": 10, "places": 2}
KEPT = {"partner": "school-1", "weekdays": [1], "from": "09:00", "to": "12:00", "share": 0.5}


def test_places_by_hand_and_shares_for_partners_are_sound() -> None:
    some = {**BY_HAND, "services": ["passport"]}

    assert check(town(booking={"places": [BY_HAND, some], "reserved": [KEPT]})) == []


@pytest.mark.parametrize(
    ("booking", "where", "why"),
    [
        ({"places": [{**BY_HAND, "on": "2026-11-23"}]}, "booking.places[0]", "give either weekdays or a date"),
        ({"reserved": [KEPT, {**KEPT, "weekdays": None}]}, "booking.reserved[1]", "give either weekdays or a date"),
        (
            {"places": [{**BY_HAND, "to": "09:00"}]},
            "booking.places[0]",
            "09:00 to 09:00 is not a span within a day that starts at 00:00",
        ),
        (
            {"reserved": [{**KEPT, "from": "13:00"}]},
            "booking.reserved[0]",
            "13:00 to 12:00 is not a span within a day that starts at 00:00",
        ),
        (
            {"places": [{**BY_HAND, "services": ["passport", "visa"]}]},
            "booking.places[0].services",
            "no service is named 'visa'",
        ),
    ],
)
def test_faults_of_booking_are_found_where_they_are(booking: dict[str, object], where: str, why: str) -> None:
    assert check(town(booking=booking)) == [(where, why)]


@pytest.mark.parametrize(
    "booking",
    [
        {"late_share": 1.1},
        {"late_before_s": -1},
        {"places": [{**BY_HAND, "every_min": 0}]},
        {"places": [{**BY_HAND, "places": -1}]},
        {"places": [{**BY_HAND, "services": []}]},
        {"reserved": [{**KEPT, "share": 0}]},
        {"reserved": [{**KEPT, "share": 1.5}]},
        {"reserved": [{**KEPT, "partner": "two words"}]},
    ],
)
def test_what_cannot_be_booking_is_refused(booking: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        town(booking=booking)


@pytest.mark.parametrize(("from_", "to"), [("02:00", "05:00"), ("22:00", "04:01"), ("05:00", "05:00")])
def test_a_span_over_the_start_of_a_day_is_none(from_: str, to: str) -> None:
    hours = [{"weekdays": [1], "from": from_, "to": to}]

    found = check(town(day_starts_at_local="04:00", hours=hours))

    assert [path for path, _ in found] == ["hours[0]"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("colour", "red"),
        ("rules", {"colour": "red"}),
        ("rules", {"credit_s": {"walk_in": 60}}),
        ("rules", {"promise": {"points": 1}}),
        ("booking", {"colour": "red"}),
        ("codes", {"colours": []}),
        ("hours.0.colour", "red"),
        ("zones.0.colour", "red"),
        ("stages.0.colour", "red"),
        ("services.0.colour", "red"),
        ("services.0.duration_s.median", 3),
        ("services.0.papers.0.colour", "red"),
        ("counters.0.colour", "red"),
        ("exceptions", [{"on": "2026-12-25", "closed": True, "why": "Christmas"}]),
        ("staffing", [{"weekdays": [1], "from": "09:00", "to": "10:00", "counters": 1, "colour": "red"}]),
    ],
)
def test_unknown_fields_are_refused_everywhere(path: str, value: object) -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert(changed(path, value), HallDocument)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("services.0.id", "Passport"),
        ("services.0.id", ""),
        ("services.0.id", "passport\n"),
        ("services.0.prefix", "p"),
        ("services.0.prefix", "P1"),
        ("services.0.prefix", "P\n"),
        ("services.0.stages", []),
        ("services.0.count_max", 0),
        ("services.0.duration_s", {"mean": 0}),
        ("services.0.online_url", "javascript:alert(1)"),
        ("counters.0.id", "1/2"),
        ("counters.0.id", "1\n"),
        ("counters.0.services", []),
        ("zones", []),
        ("zones.0.id", "Main"),
        ("stages.0.id", "pre check"),
        ("hours.0.from", "9:00"),
        ("hours.0.from", "25:00"),
        ("hours.0.to", "24:01"),
        ("hours.0.to", "24:00\n"),
        ("hours.0.weekdays", [0]),
        ("hours.0.weekdays", [8]),
        ("hours.0.weekdays", []),
        ("day_starts_at_local", "4"),
        ("languages", []),
        ("languages", ["zh_CN"]),
        ("country", "cn"),
        ("admission", "none"),
        ("codes", {"reasons": ["Very urgent"]}),
        ("rules", {"grace_s": -1}),
        ("booking", {"z": 6}),
        ("staffing", [{"weekdays": [1], "from": "09:00", "to": "10:00", "counters": -1}]),
    ],
)
def test_what_cannot_be_is_refused(path: str, value: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(changed(path, value), HallDocument)


def test_minutes_are_counted_from_midnight() -> None:
    assert [minutes_of(local) for local in ("00:00", "09:30", "24:00")] == [0, 570, 1440]


# Default rules and the demo hall.


def test_the_rules_of_a_hall_that_sets_none_are_the_designs() -> None:
    rules = Rules()

    assert (rules.credit_s.green, rules.credit_s.appointment, rules.credit_s.returning) == (5400, 3600, 3600)
    assert (rules.grace_s, rules.early_s, rules.doors_before_s) == (600, 300, 1800)
    assert (rules.no_show_after_s, rules.auto_no_show, rules.park_penalty_s) == (120, False, 600)
    assert rules.promise.step_min == 5
    assert rules.max_walk_in_wait_s is None


@pytest.mark.parametrize("always_open", [False, True])
def test_the_demo_hall_is_sound(always_open: bool) -> None:  # noqa: FBT001  (a column of the table)
    document = demo_document(always_open=always_open)

    assert check(document) == []
    assert msgspec.json.decode(msgspec.json.encode(document), type=HallDocument) == document
    codes = document.codes
    assert {*codes.reasons, *codes.missing, *codes.ratings} == document.texts.keys()
    assert all(words.keys() == set(document.languages) for words in document.texts.values())


def test_the_demo_hall_is_the_contracts() -> None:
    document = demo_document(always_open=False)

    assert (DEMO, document.time_zone, document.languages) == ("demo", "Asia/Shanghai", ["zh-CN", "en"])
    assert [(stage.id, stage.optional) for stage in document.stages] == [("precheck", True), ("window", False)]
    services = {service.id: service for service in document.services}
    assert {name: service.prefix for name, service in services.items()} == {
        "loan-first": "A",
        "enquiry": "B",
        "loan-renewal": "C",
    }
    first, enquiry, renewal = services.values()
    assert (first.stages, first.duration_s.mean, first.duration_s.cv) == (["precheck", "window"], 300, 0.6)
    assert (enquiry.stages, enquiry.duration_s.mean) == (["window"], 180)
    assert [service.online_url is not None for service in (first, enquiry, renewal)] == [False, False, True]
    assert [(one.id, one.stage, set(one.services)) for one in document.counters] == [
        *((name, "window", services.keys()) for name in "12345"),
        ("P1", "precheck", {"loan-first"}),
    ]
    (hours,) = document.hours
    assert (hours.weekdays, hours.from_, hours.to) == ([1, 2, 3, 4, 5, 6, 7], "09:00", "17:30")
    assert [(band.from_, band.to, band.counters) for band in document.staffing] == [
        ("09:00", "12:00", 5),
        ("12:00", "13:30", 3),
        ("13:30", "17:30", 5),
    ]
    assert renewal.online_url is not None


def test_the_demo_hall_that_is_always_open_runs_around_the_clock_with_all_counters() -> None:
    document = demo_document(always_open=True)

    (hours,) = document.hours
    (band,) = document.staffing
    assert (hours.weekdays, hours.from_, hours.to) == ([1, 2, 3, 4, 5, 6, 7], "00:00", "24:00")
    assert (band.weekdays, band.from_, band.to, band.counters) == (hours.weekdays, "00:00", "24:00", 5)
    assert document.admission == "all"
