"""The plan of a day: wall times as instants, opening hours with holidays and exceptions, staff and booking.

Source: CONTRACT 3; DESIGN 2, "day".
"""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.domain.calendar.day_plan import plan_of
from service.domain.calendar.learned import ExpectedDuration, Learned, LearnedArrivals
from service.domain.calendar.local_times import day_of, instant
from service.domain.calendar.plan import ExpectedWalkIns, FixedPlaces, Plan, ReservedShare, StaffLevel, Window
from service.domain.hall.document import HallDocument
from service.domain.model import Overtime, ServiceId, StageId, TicketClass
from tests.domain.halls import MONDAY, TOWN, town

EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
BERLIN = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hall_in(zone: str, from_: str = "00:00", to: str = "24:00", starts: str = "00:00") -> HallDocument:
    hours = [{"weekdays": EVERY_DAY, "from": from_, "to": to}]
    return town(time_zone=zone, hours=hours, day_starts_at_local=starts)


def windows(plan: Plan) -> list[tuple[datetime, datetime]]:
    return [(window.opens_at, window.closes_at) for window in plan.windows]


# Wall clocks.


def test_a_wall_time_is_an_instant_of_its_zone() -> None:
    assert instant(MONDAY, 9 * 60, ZoneInfo("Asia/Shanghai")) == utc("2026-11-23T01:00")
    assert instant(MONDAY, 1440, BERLIN) == utc("2026-11-23T23:00")


def test_a_wall_time_the_clock_jumps_over_is_read_as_if_it_had_not_jumped() -> None:
    assert instant(SPRING, 2 * 60, BERLIN) == utc("2026-03-29T01:00")
    assert instant(SPRING, 2 * 60 + 30, BERLIN) == utc("2026-03-29T01:30")
    assert instant(SPRING, 3 * 60, BERLIN) == utc("2026-03-29T01:00")


def test_a_wall_time_that_comes_twice_is_the_first() -> None:
    assert instant(AUTUMN, 2 * 60 + 30, BERLIN) == utc("2026-10-25T00:30")
    assert instant(AUTUMN, 3 * 60, BERLIN) == utc("2026-10-25T02:00")


@pytest.mark.parametrize(("on", "hours"), [(SPRING, 23), (AUTUMN, 25), (MONDAY, 24)])
def test_a_day_is_as_long_as_the_clock_makes_it(on: date, hours: int) -> None:
    plan = plan_of(hall_in("Europe/Berlin"), 1, on)

    assert plan.ends_at - plan.starts_at == timedelta(hours=hours)
    assert windows(plan) == [(plan.starts_at, plan.ends_at)]


def test_opening_hours_keep_to_the_wall_clock_when_it_jumps() -> None:
    document = hall_in("Europe/Berlin", "01:00", "09:00")

    assert windows(plan_of(document, 1, SPRING)) == [(utc("2026-03-29T00:00"), utc("2026-03-29T07:00"))]
    assert windows(plan_of(document, 1, AUTUMN)) == [(utc("2026-10-24T23:00"), utc("2026-10-25T08:00"))]


def test_opening_hours_within_the_hour_that_is_left_out_are_the_hour_after_it() -> None:
    plan = plan_of(hall_in("Europe/Berlin", "02:00", "02:30"), 1, SPRING)

    assert windows(plan) == [(utc("2026-03-29T01:00"), utc("2026-03-29T01:30"))]


# A day that does not start at midnight.


def test_a_day_that_starts_at_four_has_its_night_at_its_end() -> None:
    plan = plan_of(hall_in("Asia/Shanghai", "22:00", "02:00", starts="04:00"), 1, MONDAY)

    assert (plan.starts_at, plan.ends_at) == (utc("2026-11-22T20:00"), utc("2026-11-23T20:00"))
    assert windows(plan) == [(utc("2026-11-23T14:00"), utc("2026-11-23T18:00"))]


def test_times_before_the_start_of_the_day_are_the_next_dates() -> None:
    plan = plan_of(hall_in("Asia/Shanghai", "00:30", "03:00", starts="04:00"), 1, MONDAY)

    assert windows(plan) == [(utc("2026-11-23T16:30"), utc("2026-11-23T19:00"))]


@pytest.mark.parametrize(("from_", "to"), [("04:00", "04:00"), ("04:00", "24:00"), ("23:00", "24:00")])
def test_a_span_ends_at_the_start_of_the_next_day_or_at_midnight(from_: str, to: str) -> None:
    plan = plan_of(hall_in("Asia/Shanghai", from_, to, starts="04:00"), 1, MONDAY)

    ((_, closes_at),) = windows(plan)
    assert closes_at == (plan.ends_at if to == "04:00" else utc("2026-11-23T16:00"))


@pytest.mark.parametrize(
    ("local", "on"),
    [
        ("2026-11-24T03:59:59", MONDAY),
        ("2026-11-24T04:00:00", MONDAY + timedelta(days=1)),
        ("2026-11-23T04:00", MONDAY),
    ],
)
def test_the_date_changes_when_the_day_starts(local: str, on: date) -> None:
    now_at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Asia/Shanghai"))

    assert day_of(hall_in("Asia/Shanghai", starts="04:00"), now_at) == on


def test_the_date_changes_at_midnight_of_the_hall_and_not_of_anybody_else() -> None:
    document = hall_in("Asia/Shanghai")

    assert day_of(document, utc("2026-11-23T15:59:59.999")) == MONDAY
    assert day_of(document, utc("2026-11-23T16:00")) == MONDAY + timedelta(days=1)


ZONES = [
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",  # clock changes at midnight until 2018
    "America/St_Johns",  # clock changes at 00:01
    "America/Havana",  # clock goes back from 01:00 to 00:00
    "Asia/Beirut",  # clock changes at midnight
    "Africa/Casablanca",  # clock goes back for Ramadan
    "Australia/Lord_Howe",  # clock changes by half an hour
    "Pacific/Apia",  # had no 2011-12-30
    "Asia/Kathmandu",  # 05:45
    "Antarctica/Troll",  # clock changes by two hours
    "UTC",
]
INSTANTS = st.datetimes(datetime(2005, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
STARTS = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))


@given(st.sampled_from(ZONES), STARTS, INSTANTS)
@example(
    "America/St_Johns", "00:00", datetime(2006, 10, 29, 3, 0, tzinfo=UTC)
)  # the clock goes back to 23:01, so 00:00 exists twice
def test_every_instant_belongs_to_the_one_day_whose_span_has_it(zone: str, starts: str, now_at: datetime) -> None:
    document = hall_in(zone, starts, starts, starts)

    on = day_of(document, now_at)

    plan = plan_of(document, 1, on)
    assert plan.starts_at <= now_at < plan.ends_at
    assert plan.open_at(now_at)


@given(st.sampled_from(ZONES), STARTS, st.dates(date(2005, 1, 1), date(2029, 12, 30)))
def test_a_day_ends_where_the_next_one_starts(zone: str, starts: str, on: date) -> None:
    document = hall_in(zone, starts=starts)

    today, tomorrow = plan_of(document, 1, on), plan_of(document, 1, on + timedelta(days=1))

    assert today.ends_at == tomorrow.starts_at
    assert timedelta(0) <= today.ends_at - today.starts_at <= timedelta(hours=26)
    if today.starts_at < today.ends_at:
        assert day_of(document, today.starts_at) == on
        assert day_of(document, today.ends_at - timedelta(microseconds=1)) == on


LOCAL = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
HOURS = st.lists(st.tuples(st.sets(st.sampled_from(EVERY_DAY), min_size=1), LOCAL, LOCAL), max_size=4)


@given(st.sampled_from(ZONES), HOURS, st.dates(date(2005, 1, 1), date(2029, 12, 30)))
def test_windows_are_in_order_and_apart(zone: str, hours: list[tuple[set[int], str, str]], on: date) -> None:
    spans = [{"weekdays": sorted(days), "from": min(a, b), "to": max(a, b)} for days, a, b in hours if a != b]

    plan = plan_of(town(time_zone=zone, hours=spans), 1, on)

    assert all(window.opens_at < window.closes_at for window in plan.windows)
    assert all(first.closes_at < second.opens_at for first, second in pairwise(plan.windows))
    assert all(window.opens_at.tzinfo is UTC for window in plan.windows)


# Opening hours by date.


def test_hours_hold_on_their_weekdays() -> None:
    week = [bool(plan_of(town(), 1, MONDAY + timedelta(days=n)).windows) for n in range(7)]

    assert week == [True] * 5 + [False] * 2


def test_hours_that_touch_or_overlap_are_one_window() -> None:
    hours = [
        {"weekdays": [1], "from": "13:00", "to": "15:00"},
        {"weekdays": [1], "from": "09:00", "to": "12:00"},
        {"weekdays": [1], "from": "12:00", "to": "12:30"},
        {"weekdays": [1], "from": "10:00", "to": "11:00"},
    ]

    plan = plan_of(town(hours=hours), 1, MONDAY)

    assert windows(plan) == [
        (utc("2026-11-23T01:00"), utc("2026-11-23T04:30")),
        (utc("2026-11-23T05:00"), utc("2026-11-23T07:00")),
    ]


def test_an_exception_replaces_the_hours_of_its_date() -> None:
    document = town(
        exceptions=[
            {"on": "2026-11-23", "from": "10:00", "to": "11:00"},
            {"on": "2026-11-23", "from": "14:00", "to": "15:00"},
            {"on": "2026-11-24", "closed": True},
            {"on": "2026-11-28", "from": "10:00", "to": "12:00"},
        ]
    )

    assert windows(plan_of(document, 1, MONDAY)) == [
        (utc("2026-11-23T02:00"), utc("2026-11-23T03:00")),
        (utc("2026-11-23T06:00"), utc("2026-11-23T07:00")),
    ]
    assert windows(plan_of(document, 1, date(2026, 11, 24))) == []
    assert len(windows(plan_of(document, 1, date(2026, 11, 28)))) == 1


def test_a_hall_that_keeps_holidays_is_closed_on_them_unless_an_exception_opens_it() -> None:
    open_on_tuesday = [{"on": "2026-11-24", "from": "10:00", "to": "12:00"}]
    keeping = town(holidays=True, exceptions=open_on_tuesday)
    holidays = {MONDAY, MONDAY + timedelta(days=1)}

    assert windows(plan_of(keeping, 1, MONDAY, holidays)) == []
    assert len(windows(plan_of(keeping, 1, MONDAY + timedelta(days=1), holidays))) == 1
    assert len(windows(plan_of(town(), 1, MONDAY, holidays))) == 1


def test_the_next_opening_is_the_first_that_is_left_today_or_on_a_later_date() -> None:
    hours = [{"weekdays": [1], "from": "09:00", "to": "12:00"}, {"weekdays": [1], "from": "14:00", "to": "17:00"}]
    plan = plan_of(town(hours=hours), 1, MONDAY)

    assert plan.opens_at(utc("2026-11-23T00:59")) == utc("2026-11-23T01:00")
    assert plan.opens_at(utc("2026-11-23T01:00")) == utc("2026-11-23T06:00")
    assert plan.opens_at(utc("2026-11-23T06:00")) == plan.reopens_at == utc("2026-11-30T01:00")


def test_the_next_opening_passes_over_holidays_and_closed_days() -> None:
    document = town(holidays=True, exceptions=[{"on": "2026-11-24", "closed": True}])

    plan = plan_of(document, 1, MONDAY, {date(2026, 11, 25)})

    assert plan.reopens_at == utc("2026-11-26T01:00")


def test_a_hall_that_does_not_open_for_two_months_tells_no_time() -> None:
    document = town(hours=[], exceptions=[{"on": "2027-01-25", "from": "09:00", "to": "10:00"}])

    assert plan_of(document, 1, MONDAY).reopens_at is None
    assert plan_of(document, 1, MONDAY + timedelta(days=1)).reopens_at == utc("2027-01-25T01:00")


def test_the_end_of_the_present_or_next_window_is_known() -> None:
    plan = plan_of(town(), 1, MONDAY)

    assert plan.closing_at(utc("2026-11-23T00:00")) == utc("2026-11-23T09:00")
    assert plan.closing_at(utc("2026-11-23T09:00")) is None


# Staff.


def staffed(*bands: tuple[str, str, int]) -> HallDocument:
    return town(staffing=[{"weekdays": [1], "from": a, "to": b, "counters": n} for a, b, n in bands])


def test_bands_are_those_of_the_weekday_in_order() -> None:
    document = town(
        staffing=[
            {"weekdays": [1], "from": "12:00", "to": "17:00", "counters": 2},
            {"weekdays": [1, 2], "from": "09:00", "to": "12:00", "counters": 3},
            {"weekdays": [2], "from": "12:00", "to": "17:00", "counters": 9},
        ]
    )

    plan = plan_of(document, 1, MONDAY)

    assert [(band.from_at, band.to_at, band.counters) for band in plan.bands] == [
        (utc("2026-11-23T01:00"), utc("2026-11-23T04:00"), 3),
        (utc("2026-11-23T04:00"), utc("2026-11-23T09:00"), 2),
    ]


def test_planned_rates_follow_the_bands_within_opening_hours() -> None:
    plan = plan_of(staffed(("08:00", "12:00", 4), ("12:00", "13:00", 2), ("14:00", "20:00", 4)), 1, MONDAY)

    assert plan.staff_levels(4, 4) == (
        StaffLevel(utc("2026-11-23T00:00"), 0),
        StaffLevel(utc("2026-11-23T01:00"), 4),
        StaffLevel(utc("2026-11-23T04:00"), 2),
        StaffLevel(utc("2026-11-23T05:00"), 0),
        StaffLevel(utc("2026-11-23T06:00"), 4),
        StaffLevel(utc("2026-11-23T09:00"), 0),
        StaffLevel(utc("2026-11-23T12:00"), 0),
    )


def test_bands_that_overlap_add_up() -> None:
    plan = plan_of(staffed(("09:00", "17:00", 2), ("10:00", "12:00", 1)), 1, MONDAY)

    assert [rate.counters for rate in plan.staff_levels(4, 4)] == [2, 3, 2, 0]


@pytest.mark.parametrize(
    ("counters", "of_stage", "staff", "planned"),
    [(4, 4, 3, 3), (2, 4, 2, 1), (1, 4, 1, 1), (1, 4, 0, 0), (2, 4, 9, 2), (0, 4, 4, 0), (0, 0, 4, 0)],
)
def test_staff_is_shared_out_but_nobody_who_is_planned_at_all_is_planned_away(
    counters: int, of_stage: int, staff: int, planned: int
) -> None:
    plan = plan_of(staffed(("09:00", "17:00", staff)), 1, MONDAY)

    assert [rate.counters for rate in plan.staff_levels(counters, of_stage)] == [planned, 0]


DATED = {"on": "2026-11-23", "from": "10:45", "to": "14:00", "counters": 2}


def dated(*bands: dict[str, object]) -> HallDocument:
    usual = [
        {"weekdays": EVERY_DAY, "from": "09:00", "to": "12:00", "counters": 5},
        {"weekdays": EVERY_DAY, "from": "12:00", "to": "13:30", "counters": 3},
        {"weekdays": EVERY_DAY, "from": "13:30", "to": "17:00", "counters": 5},
    ]
    return town(staffing=[*usual, *bands])


def local_bands(plan: Plan) -> list[tuple[str, str, int]]:
    zone = ZoneInfo(plan.time_zone)
    return [
        (f"{band.from_at.astimezone(zone):%H:%M}", f"{band.to_at.astimezone(zone):%H:%M}", band.counters)
        for band in plan.bands
    ]


def test_a_band_of_a_date_takes_the_place_of_the_usual_ones_within_its_span() -> None:
    plan = plan_of(dated(DATED), 1, MONDAY)

    assert local_bands(plan) == [("09:00", "10:45", 5), ("10:45", "14:00", 2), ("14:00", "17:00", 5)]


def test_a_band_of_a_date_counts_on_no_other() -> None:
    tuesday = MONDAY + timedelta(days=1)

    assert plan_of(dated(DATED), 1, tuesday).bands == plan_of(dated(), 1, tuesday).bands


def test_bands_of_a_date_add_up_with_each_other() -> None:
    plan = plan_of(dated(DATED, {**DATED, "from": "13:00", "counters": 1}), 1, MONDAY)

    assert local_bands(plan)[1:3] == [("10:45", "14:00", 2), ("13:00", "14:00", 1)]
    assert [rate.counters for rate in plan.staff_levels(5, 5)] == [5, 2, 3, 5, 0]


def test_a_band_of_a_date_may_stand_where_there_is_no_usual_one() -> None:
    plan = plan_of(dated({**DATED, "from": "16:30", "to": "18:00"}), 1, MONDAY)

    assert local_bands(plan)[-2:] == [("13:30", "16:30", 5), ("16:30", "18:00", 2)]


def test_a_band_of_a_date_from_the_hour_that_is_left_out_doubles_nobody() -> None:
    """A band from 02:30, which is 03:30 in that night, to 03:10."""
    usual = {"weekdays": EVERY_DAY, "from": "00:00", "to": "09:00", "counters": 2}
    dated_ = {"on": SPRING.isoformat(), "from": "02:30", "to": "03:10", "counters": 1}
    hours = [{"weekdays": EVERY_DAY, "from": "00:00", "to": "09:00"}]
    document = town(time_zone="Europe/Berlin", hours=hours, staffing=[usual, dated_])

    assert {rate.counters for rate in plan_of(document, 1, SPRING).staff_levels(4, 4)} == {2, 0}


def test_in_a_hall_without_staffing_a_band_of_a_date_leaves_all_counters_around_it() -> None:
    plan = plan_of(town(staffing=[DATED]), 1, MONDAY)

    assert [rate.counters for rate in plan.staff_levels(3, 4)] == [0, 3, 2, 3, 0, 0]


def test_a_hall_without_staffing_plans_all_its_counters() -> None:
    assert [rate.counters for rate in plan_of(town(), 1, MONDAY).staff_levels(3, 4)] == [3, 0]


# The rest of the plan.


def test_the_plan_has_what_the_document_says() -> None:
    plan = plan_of(town(codes={"reasons": ["urgent"], "missing": ["photo"]}), 7, MONDAY)

    assert (plan.revision, plan.day, plan.time_zone) == (7, MONDAY, "Asia/Shanghai")
    assert list(plan.services) == [service["id"] for service in TOWN["services"]]
    assert list(plan.counters) == [counter["id"] for counter in TOWN["counters"]]
    assert plan.optional_stages == {"precheck"}
    assert (set(plan.reasons), set(plan.missing)) == ({"urgent"}, {"photo"})
    assert [plan.credit_s(class_) for class_ in TicketClass] == [3600, 0, 5400, 3600]


def test_the_plan_survives_the_journal() -> None:
    plan = plan_of(staffed(("09:00", "17:00", 2)), 1, MONDAY)

    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


WINDOW = StageId("window")


def test_a_service_is_expected_to_take_longer_for_more_people_and_shorter_after_a_precheck() -> None:
    passport = next(iter(plan_of(town(), 1, MONDAY).services.values()))

    assert passport.expected_s(WINDOW, 1, prechecked=False) == 300
    assert passport.expected_s(WINDOW, 3, prechecked=True) == 600
    assert passport.variance(WINDOW, 3, prechecked=True) == pytest.approx(3 * (0.6 * 200) ** 2)


# Booking.


def test_places_and_shares_of_the_day_become_instants() -> None:
    by_hand = {"from": "09:00", "to": "12:00", "every_min": 10, "places": 2}
    kept = {"partner": "school-1", "from": "09:00", "to": "24:00", "share": 0.5, "release_before_s": 60}
    booking = {
        "places": [
            {**by_hand, "weekdays": [1], "services": ["passport"]},
            {**by_hand, "weekdays": [2]},
            {**by_hand, "on": "2026-11-23", "to": "10:00"},
            {**by_hand, "on": "2026-11-24"},
        ],
        "reserved": [{**kept, "weekdays": [1, 2]}, {**kept, "on": "2026-11-22"}],
    }

    plan = plan_of(town(booking=booking), 1, MONDAY)

    assert plan.places == (
        FixedPlaces(utc("2026-11-23T01:00"), utc("2026-11-23T04:00"), 600, 2, (ServiceId("passport"),)),
        FixedPlaces(utc("2026-11-23T01:00"), utc("2026-11-23T02:00"), 600, 2),
    )
    assert plan.reserved == (ReservedShare("school-1", utc("2026-11-23T01:00"), utc("2026-11-23T16:00"), 0.5, 60),)


def test_a_day_can_be_booked_from_so_many_of_the_halls_dates_before() -> None:
    document = town(time_zone="Europe/Berlin", booking={"horizon_days": 30}, day_starts_at_local="04:00")

    plan = plan_of(document, 1, date(2026, 11, 1))

    assert plan.booking_opens_at == utc("2026-10-02T02:00")  # summer time on that date


def test_what_was_learned_is_in_the_plan() -> None:
    passport = ServiceId("passport")
    learned = Learned(
        durations={passport: ExpectedDuration(400.0, 0.3, 250.0)},
        walk_ins={"10": LearnedArrivals(12.0, 2.0), "09": LearnedArrivals(20.0)},
    )

    plan = plan_of(town(), 1, MONDAY, (), learned)

    service = plan.services[passport]
    assert (service.mean_s, service.cv, service.prechecked_mean_s) == (400.0, 0.3, 250.0)
    assert plan.services[ServiceId("enquiry")].mean_s == 180
    assert plan.learned == learned
    assert plan.walk_ins == (
        ExpectedWalkIns(utc("2026-11-23T01:00"), utc("2026-11-23T02:00"), 20.0, 0.0),
        ExpectedWalkIns(utc("2026-11-23T02:00"), utc("2026-11-23T03:00"), 12.0, 2.0),
    )


def test_people_come_in_the_part_of_an_hour_in_which_the_hall_is_open() -> None:
    hours = [
        {"weekdays": EVERY_DAY, "from": "09:30", "to": "12:00"},
        {"weekdays": EVERY_DAY, "from": "13:15", "to": "14:00"},
    ]
    learned = Learned(walk_ins={f"{hour:02d}": LearnedArrivals(20.0, 4.0) for hour in range(8, 16)})

    plan = plan_of(town(hours=hours), 1, MONDAY, (), learned)

    assert [(one.from_at, one.number, one.sd) for one in plan.walk_ins] == [
        (utc("2026-11-23T01:30"), 10.0, 2.0),
        (utc("2026-11-23T02:00"), 20.0, 4.0),
        (utc("2026-11-23T03:00"), 20.0, 4.0),
        (utc("2026-11-23T05:15"), 15.0, 3.0),
    ]


def test_open_hours_that_history_lacks_are_not_foreseen() -> None:
    hours = [
        {"weekdays": EVERY_DAY, "from": "08:30", "to": "12:00"},
        {"weekdays": EVERY_DAY, "from": "13:30", "to": "20:00"},
    ]
    learned = Learned(walk_ins={f"{hour:02d}": LearnedArrivals(0.0) for hour in range(9, 17) if hour != 11})

    plan = plan_of(town(hours=hours), 1, MONDAY, (), learned)

    assert plan.windows_without_history() == (
        Window(utc("2026-11-23T00:30"), utc("2026-11-23T01:00")),
        Window(utc("2026-11-23T03:00"), utc("2026-11-23T04:00")),
        Window(utc("2026-11-23T09:00"), utc("2026-11-23T12:00")),
    )
    assert plan_of(town(hours=hours), 1, MONDAY).windows_without_history() == plan.windows
    assert plan_of(town(hours=hours[:0]), 1, MONDAY, (), learned).windows_without_history() == ()


def test_a_short_part_of_an_hour_is_foreseen_as_far_as_history_knows_it() -> None:
    def hours_until(to: str, *more: dict[str, Any]) -> Plan:
        hours = [{"weekdays": EVERY_DAY, "from": "16:00", "to": to}, *more]
        learned = Learned(walk_ins={"16": LearnedArrivals(20.0), "17": LearnedArrivals(6.0, 3.0, 600)})
        return plan_of(town(hours=hours), 1, MONDAY, (), learned)

    as_ever, shorter, longer = (hours_until(to) for to in ("17:10", "17:05", "17:40"))
    in_two = hours_until("17:10", {"weekdays": EVERY_DAY, "from": "17:50", "to": "18:00"})

    assert [(one.number, one.sd) for one in as_ever.walk_ins] == [(20.0, 0.0), (1.0, 0.5)]
    assert [(one.number, one.sd) for one in shorter.walk_ins] == [(20.0, 0.0), (0.5, 0.25)]
    assert as_ever.windows_without_history() == shorter.windows_without_history() == ()
    assert longer.windows_without_history() == (Window(utc("2026-11-23T09:00"), utc("2026-11-23T09:40")),)
    assert len(longer.walk_ins) == len(in_two.walk_ins) == 1
    assert len(in_two.windows_without_history()) == 2
    overtime = as_ever.with_overtime(Overtime(utc("2026-11-23T10:30"), None))
    assert overtime.windows_without_history() == (Window(utc("2026-11-23T09:10"), utc("2026-11-23T10:30")),)


def test_overtime_that_history_lacks_is_not_foreseen() -> None:
    learned = Learned(walk_ins={f"{hour:02d}": LearnedArrivals(20.0) for hour in range(9, 17)})

    plan = plan_of(town(), 1, MONDAY, (), learned).with_overtime(Overtime(utc("2026-11-23T10:30"), None))

    assert plan.windows_without_history() == (Window(utc("2026-11-23T09:00"), utc("2026-11-23T10:30")),)


def test_a_plan_of_before_foresees_nobody_in_an_hour_that_history_lacks_unless_it_lacks_all() -> None:
    of_morning = msgspec.to_builtins(plan_of(town(), 1, MONDAY, (), Learned(walk_ins={"09": LearnedArrivals(20.0)})))
    of_new_hall = msgspec.to_builtins(plan_of(town(), 1, MONDAY))
    for plan in (of_morning, of_new_hall):
        del plan["held_by_hour"]

    assert msgspec.convert(of_morning, Plan).windows_without_history() == ()
    assert msgspec.convert(of_new_hall, Plan).windows_without_history() == plan_of(town(), 1, MONDAY).windows


def test_an_hour_the_clock_jumps_over_brings_nobody() -> None:
    learned = Learned(walk_ins={f"{hour:02d}": LearnedArrivals(1.0) for hour in range(24)})

    always = hall_in("Europe/Berlin", "04:00", "04:00", starts="04:00")
    plan = plan_of(always, 1, SPRING - timedelta(days=1), (), learned)

    assert len(plan.walk_ins) == 23
    assert plan.walk_ins[0].from_at == plan.starts_at
    assert plan.walk_ins[-1].to_at == plan.ends_at
    assert all(one.to_at == later.from_at for one, later in pairwise(plan.walk_ins))
