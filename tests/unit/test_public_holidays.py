"""Public holidays: days off, working weekend days in return, and years that are not known yet."""

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from service.domain.calendar.day_plan import plan_of
from service.domain.calendar.learned import Learned, LearnedArrivals
from service.domain.calendar.public_holidays import holiday_year, unknown_years
from service.domain.model import HallId
from service.domain.stats.learned_week import LearnedWeek
from service.runtime.hall import Hall, plan_from
from service.runtime.hall_calendar import holiday_calendar, years_without_holidays
from tests.domain.halls import town

SATURDAY = date(2026, 10, 10)
"""A working Saturday, in return for the Wednesday before, which belongs to the holidays of the National Day."""

OTHER_SATURDAY = date(2026, 10, 17)

EVERY_DAY = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "09:00", "to": "17:00"}]
WORKDAYS = [{"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "to": "17:00"}]


def test_a_free_day_in_the_week_is_made_good_for_by_a_saturday_that_is_like_a_friday() -> None:
    year = holiday_year("CN", None, 2026)

    assert date(2026, 10, 7) in year.off
    assert year.worked[SATURDAY] == 5
    assert SATURDAY not in year.off


def test_a_worked_sunday_is_like_a_friday_too() -> None:
    assert holiday_year("CN", None, 2026).worked[date(2026, 9, 20)] == 5


def test_a_country_that_moves_no_days_has_none() -> None:
    assert holiday_year("DE", "BY", 2026).worked == {}


def test_a_worked_saturday_has_a_fridays_hours_and_any_other_its_own() -> None:
    keeping = town(holidays=True, country="CN", hours=WORKDAYS)

    worked, other = plan_from(keeping, 1, SATURDAY), plan_from(keeping, 1, OTHER_SATURDAY)

    assert [(one.opens_at.hour, one.closes_at.hour) for one in worked.windows] == [(1, 9)]
    assert other.windows == ()
    assert plan_from(keeping, 1, date(2026, 10, 7)).windows == ()


def test_a_worked_saturday_has_a_fridays_staffing_places_and_reservations() -> None:
    friday = {"weekdays": [5], "from": "09:00", "to": "12:00"}
    keeping = town(
        holidays=True,
        country="CN",
        hours=WORKDAYS,
        staffing=[{**friday, "counters": 2}],
        booking={
            "places": [{**friday, "every_min": 30, "places": 3}],
            "reserved": [{**friday, "partner": "school-1", "share": 0.5}],
        },
    )

    plan, usual = plan_from(keeping, 1, SATURDAY), plan_from(keeping, 1, OTHER_SATURDAY)

    assert (len(plan.bands), len(plan.places), len(plan.reserved)) == (1, 1, 1)
    assert (len(usual.bands), len(usual.places), len(usual.reserved)) == (0, 0, 0)


def test_on_a_worked_saturday_people_come_as_on_a_friday() -> None:
    keeping = town(holidays=True, country="CN", hours=EVERY_DAY)
    night_at = datetime(2026, 10, 8, 17, tzinfo=UTC)
    week = LearnedWeek(
        walk_ins={5: {"09": LearnedArrivals(20.0)}, 6: {"09": LearnedArrivals(5.0)}},
        learned_at={5: night_at, 6: night_at + timedelta(days=1)},
    )

    worked, other = (plan_from(keeping, 1, on, week) for on in (SATURDAY, OTHER_SATURDAY))

    assert [one.number for one in worked.walk_ins] == [20.0]
    assert [one.number for one in other.walk_ins] == [5.0]
    hall = Hall(HallId("town"), 1, keeping, week)
    assert not hall.is_newer(worked), "what is learned of Saturdays does not concern it"
    assert not hall.is_newer(other)
    later = week.with_part(5, Learned(walk_ins={"09": LearnedArrivals(22.0)}), 40, night_at + timedelta(days=7))
    assert Hall(HallId("town"), 1, keeping, later).is_newer(worked)


@pytest.mark.parametrize("last", [0, 5, 6])
def test_a_worked_saturday_by_saturdays_follows_once_and_does_not_go_to_and_fro(last: int) -> None:
    """A process of the previous release uses the values of Saturdays, and does not know the flag for worked days."""
    keeping = town(holidays=True, country="CN", hours=EVERY_DAY)
    night_at = datetime(2026, 10, 8, 17, tzinfo=UTC)
    week = LearnedWeek(
        walk_ins={5: {"09": LearnedArrivals(20.0)}, 6: {"09": LearnedArrivals(5.0)}},
        learned_at=dict.fromkeys((0, 5, 6), night_at) | {last: night_at + timedelta(days=1)},
    )
    before = replace(plan_of(keeping, 1, SATURDAY, learned=week.on(SATURDAY)), held_by_hour=False)
    hall = Hall(HallId("town"), 1, keeping, week)

    followed = hall.plan(SATURDAY)

    assert hall.is_newer(before)
    assert followed.version > before.version
    assert not hall.is_newer(followed)
    assert before.version[:2] <= followed.version[:2], "the release before compares these"


def test_holidays_that_nobody_knows_are_logged_once_however_often_they_are_asked_for() -> None:
    strange = town(holidays=True, country="ZZ", region="once", hours=EVERY_DAY)
    hall = Hall(HallId("town"), 1, strange)

    with capture_logs() as logs:
        plan = hall.plan(SATURDAY)
        asked = [hall.is_newer(plan) for _ in range(3)]

    assert asked == [False] * 3
    assert [(line["event"], line["country"], line["region"]) for line in logs] == [("holidays_unknown", "ZZ", "once")]


def test_an_exception_says_more_than_the_calendar() -> None:
    closed = town(holidays=True, country="CN", hours=WORKDAYS, exceptions=[{"on": "2026-10-10", "closed": True}])

    assert plan_from(closed, 1, SATURDAY).windows == ()


def test_a_hall_that_keeps_no_holidays_has_its_saturdays_as_ever() -> None:
    free = town(hours=WORKDAYS, country="CN")

    assert plan_from(free, 1, SATURDAY).windows == ()
    assert plan_of(free, 1, SATURDAY, worked={SATURDAY: 5}).windows == ()
    assert years_without_holidays(free, SATURDAY) == []


def test_the_next_opening_may_be_a_worked_saturday() -> None:
    keeping = town(holidays=True, country="CN", hours=[{"weekdays": [5], "from": "09:00", "to": "17:00"}])

    reopens_at = plan_from(keeping, 1, date(2026, 10, 9)).reopens_at

    assert reopens_at is not None
    assert reopens_at.date() == SATURDAY


def test_a_year_whose_moved_days_are_not_announced_yet_is_told() -> None:
    assert unknown_years("CN", None, (2026, 2027), 2026) == [2027]
    assert unknown_years("DE", "BY", (2026, 2027), 2026) == []
    assert unknown_years("CN", None, (2026, 3000), 2026) == [3000]


@pytest.mark.parametrize(("today", "told"), [(date(2026, 6, 1), []), (date(2026, 11, 23), [2027])])
def test_a_hall_is_told_as_far_ahead_as_people_can_book(today: date, told: list[int]) -> None:
    assert years_without_holidays(town(holidays=True, country="CN"), today) == told


def test_around_the_turn_of_the_year_both_years_are_kept() -> None:
    calendar = holiday_calendar(town(holidays=True, country="CN"), date(2026, 12, 1), date(2027, 1, 31))

    assert {date(2026, 10, 1), date(2027, 1, 1)} <= calendar.off
